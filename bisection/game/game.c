#include "bisection/game/game.h"

#include "bisection/game/inside.h"

static crux_play_move *const moves[] = {
    [CRUX_MOVE_REGISTER] = crux_play_register, [CRUX_MOVE_POST] = crux_play_post,
    [CRUX_MOVE_SETTLE] = crux_play_settle,     [CRUX_MOVE_SHOW] = crux_play_show,
    [CRUX_MOVE_DEMAND] = crux_play_demand,     [CRUX_MOVE_PUBLISH] = crux_play_publish,
    [CRUX_MOVE_OPEN] = crux_play_open,         [CRUX_MOVE_REVEAL] = crux_play_reveal,
    [CRUX_MOVE_PICK] = crux_play_pick,         [CRUX_MOVE_SIGNED_PICK] = crux_play_signed_pick,
    [CRUX_MOVE_JUMP] = crux_play_jump,         [CRUX_MOVE_EXPAND] = crux_play_expand,
    [CRUX_MOVE_PUT] = crux_play_put_blob,      [CRUX_MOVE_PROVE] = crux_play_prove,
    [CRUX_MOVE_TIMEOUT] = crux_play_timeout,   [CRUX_MOVE_REFUND] = crux_play_refund,
    [CRUX_MOVE_FINALISE] = crux_play_finalise, [CRUX_MOVE_ESCROW] = crux_play_escrow,
    [CRUX_MOVE_BIND] = crux_play_bind_move,    [CRUX_MOVE_PAY] = crux_play_pay_move,
    [CRUX_MOVE_DELEGATE] = crux_play_delegate, [CRUX_MOVE_WITHDRAW] = crux_play_withdraw,
    [CRUX_MOVE_PLEDGE] = crux_play_pledge,     [CRUX_MOVE_LEAVE] = crux_play_leave,
    [CRUX_MOVE_RELEASE] = crux_play_release,   [CRUX_MOVE_CALL] = crux_play_call,
    [CRUX_MOVE_KEEP] = crux_play_keep,         [CRUX_MOVE_LAPSE] = crux_play_lapse,
    [CRUX_MOVE_CONVICT] = crux_play_convict,   [CRUX_MOVE_PAYEE] = crux_play_payee,
    [CRUX_MOVE_COLLECT] = crux_play_collect,
};

enum crux_status crux_game_configure(struct crux_game *game,
                                     const struct crux_game_parameters *parameters) {
    struct crux_game_chain chain;
    enum crux_status status = crux_game_parameters_check(parameters);
    if (status != CRUX_OK) return status;
    status = crux_game_get_chain(game, &chain);
    if (status == CRUX_E_NOT_FOUND)
        crux_zero(&chain, sizeof chain);
    else if (status != CRUX_OK)
        return status;
    chain.parameters = *parameters;
    return game->store.put(game->store.ctx, CRUX_TABLE_CHAIN, &chain);
}

/* Returns: CRUX_E_NOT_FOUND before the store is configured. */
static enum crux_status begin(struct crux_play *play, struct crux_game *game) {
    crux_zero(play, sizeof *play);
    play->game = game;
    return crux_game_get_chain(game, &play->chain);
}

enum crux_status crux_game_deposit(struct crux_game *game, const struct crux_account *account,
                                   uint64_t amount) {
    struct crux_play play;
    enum crux_status status = begin(&play, game);
    if (status != CRUX_OK) return status;
    if (amount == 0 || amount > CRUX_GAME_AMOUNT_MAX - play.chain.deposited)
        return CRUX_E_AMOUNT_INVALID;
    play.chain.deposited += amount;
    status = crux_play_pay(&play, account, amount);
    if (status != CRUX_OK) return status;
    return crux_play_put(&play, CRUX_TABLE_CHAIN, &play.chain);
}

enum crux_status crux_game_apply(struct crux_game *game, const struct crux_account *sender,
                                 uint64_t now, const struct crux_move *move,
                                 struct crux_game_outcome *outcome) {
    struct crux_play play;
    crux_zero(outcome, sizeof *outcome);
    if (move->kind >= CRUX_ARRAY_LEN(moves) || moves[move->kind] == NULL)
        return CRUX_E_MOVE_MALFORMED;
    enum crux_status status = begin(&play, game);
    if (status != CRUX_OK) return status;
    /* spec/70-game.md#70-the-game: "Times are seconds, below 2^40, and never run backwards (`time_invalid`)." */
    if (now < play.chain.time || now >= CRUX_GAME_TIME_MAX) return CRUX_E_TIME_INVALID;
    play.sender = sender;
    play.now = now;
    play.move = move;
    play.out = outcome;
    return moves[move->kind](&play);
}

enum crux_status crux_game_move(struct crux_game *game, const struct crux_account *sender,
                                uint64_t now, const uint8_t *move, size_t move_bytes,
                                struct crux_game_outcome *outcome) {
    struct crux_move decoded;
    enum crux_status status = crux_move_decode(&decoded, move, move_bytes);
    crux_zero(outcome, sizeof *outcome);
    return status == CRUX_OK ? crux_game_apply(game, sender, now, &decoded, outcome) : status;
}
