#include "bisection/game/store.h"

#include "bisection/game/inside.h"

/* No gap in any record: a store may compare and copy them as bytes. Sums of the fields as records.h has them. */
_Static_assert(sizeof(struct crux_game_parameters) == 88, "gap");
_Static_assert(sizeof(struct crux_game_chain) == 88 + 88, "gap");
_Static_assert(sizeof(struct crux_game_account) == 56, "gap");
_Static_assert(sizeof(struct crux_game_delegate) == 48, "gap");
_Static_assert(sizeof(struct crux_game_model) == 48, "gap");
_Static_assert(sizeof(struct crux_game_batch) == 120 + 88, "gap");
_Static_assert(sizeof(struct crux_game_batch_of) == 64, "gap");
_Static_assert(sizeof(struct crux_claim) == 140, "gap");
_Static_assert(sizeof(struct crux_game_claim) == 240, "gap");
_Static_assert(sizeof(struct crux_game_place) == 32, "gap");
_Static_assert(sizeof(struct crux_game_reveal) == 48 + 40 + 40 + 16 + 2048, "gap");
_Static_assert(sizeof(struct crux_game_dispute) == 544, "gap");
_Static_assert(sizeof(struct crux_game_dispute_of) == 48, "gap");
_Static_assert(sizeof(struct crux_game_blob) == 56 + 4096, "gap");
_Static_assert(sizeof(struct crux_game_escrow) == 112, "gap");
_Static_assert(sizeof(struct crux_game_pledge) == 88, "gap");
_Static_assert(sizeof(struct crux_game_promise) == 168, "gap");

static const struct {
    size_t key, record;
} size[CRUX_GAME_TABLES] = {
    [CRUX_TABLE_CHAIN] = {8, sizeof(struct crux_game_chain)},
    [CRUX_TABLE_ACCOUNT] = {20, sizeof(struct crux_game_account)},
    [CRUX_TABLE_DELEGATE] = {40, sizeof(struct crux_game_delegate)},
    [CRUX_TABLE_MODEL] = {32, sizeof(struct crux_game_model)},
    [CRUX_TABLE_BATCH] = {8, sizeof(struct crux_game_batch)},
    [CRUX_TABLE_BATCH_OF] = {52, sizeof(struct crux_game_batch_of)},
    [CRUX_TABLE_CLAIM] = {16, sizeof(struct crux_game_claim)},
    [CRUX_TABLE_DISPUTE] = {16, sizeof(struct crux_game_dispute)},
    [CRUX_TABLE_DISPUTE_OF] = {40, sizeof(struct crux_game_dispute_of)},
    [CRUX_TABLE_REVEAL] = {48, sizeof(struct crux_game_reveal)},
    [CRUX_TABLE_BLOB] = {48, sizeof(struct crux_game_blob)},
    [CRUX_TABLE_ESCROW] = {72, sizeof(struct crux_game_escrow)},
    [CRUX_TABLE_PLEDGE] = {20, sizeof(struct crux_game_pledge)},
    [CRUX_TABLE_PROMISE] = {32, sizeof(struct crux_game_promise)},
};

size_t crux_game_key_bytes(enum crux_game_table table) {
    CRUX_ASSERT((unsigned)table < CRUX_GAME_TABLES && size[table].key != 0);
    return size[table].key;
}

size_t crux_game_record_bytes(enum crux_game_table table) {
    CRUX_ASSERT((unsigned)table < CRUX_GAME_TABLES && size[table].key != 0);
    return size[table].record;
}

enum crux_status crux_play_get(const struct crux_play *play, enum crux_game_table table,
                               const void *key, void *record) {
    return play->game->store.get(play->game->store.ctx, table, key, record);
}

enum crux_status crux_play_put(const struct crux_play *play, enum crux_game_table table,
                               const void *record) {
    return play->game->store.put(play->game->store.ctx, table, record);
}

static enum crux_status instead(enum crux_status status, enum crux_status unknown) {
    return status == CRUX_E_NOT_FOUND ? unknown : status;
}

enum crux_status crux_play_load_claim(struct crux_play *play) {
    const struct crux_claim_id *id = &play->move->claim;
    enum crux_status status = crux_game_get_batch(play->game, id->batch, &play->batch);
    if (status == CRUX_OK) status = crux_game_get_claim(play->game, id, &play->claim);
    if (status != CRUX_OK) return instead(status, CRUX_E_CLAIM_UNKNOWN);
    play->out->claim = *id;
    return CRUX_OK;
}

enum crux_status crux_play_load_dispute(struct crux_play *play) {
    const struct crux_move *move = play->move;
    enum crux_status status = crux_play_load_claim(play);
    if (status != CRUX_OK) return status;
    status = crux_game_get_dispute(play->game, &move->claim, move->dispute, &play->dispute);
    if (status != CRUX_OK) return instead(status, CRUX_E_DISPUTE_UNKNOWN);
    play->out->dispute = move->dispute;
    return CRUX_OK;
}

enum crux_status crux_play_save_chain(struct crux_play *play) {
    play->chain.time = play->now;
    return crux_play_put(play, CRUX_TABLE_CHAIN, &play->chain);
}

enum crux_status crux_play_save_claim(struct crux_play *play) {
    enum crux_status status = crux_play_save_chain(play);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_BATCH, &play->batch);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_CLAIM, &play->claim);
    return status;
}

enum crux_status crux_play_save_dispute(struct crux_play *play) {
    enum crux_status status = crux_play_save_claim(play);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_DISPUTE, &play->dispute);
    return status;
}

enum crux_status crux_play_repeated(struct crux_play *play) {
    play->out->repeated = true;
    return CRUX_OK;
}

bool crux_account_equal(const struct crux_account *a, const struct crux_account *b) {
    return crux_equal(a->b, b->b, sizeof a->b);
}
