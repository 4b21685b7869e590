/* Models, claims and batches come onto the chain. */
#include "bisection/commitment/model.h"
#include "bisection/commitment/preimage.h"
#include "bisection/game/inside.h"

enum crux_status crux_play_register(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_program_header header;
    struct crux_game_model model, found;
    enum crux_status status = crux_header_decode(&header, move->header);
    if (status != CRUX_OK) return status;
    crux_zero(&model, sizeof model);
    crux_model_root(model.key, move->header, move->manifest_hash, move->layers_root);
    model.layers = header.layers;
    model.context = header.context;
    model.vocab = header.vocab;
    status = crux_game_get_model(play->game, model.key, &found);
    if (status == CRUX_OK) return crux_play_repeated(play);
    if (status != CRUX_E_NOT_FOUND) return status;
    status = crux_play_put(play, CRUX_TABLE_MODEL, &model);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

/* Fills in the batch of the sender, as a new one; or finds that it is not new.
 * Out: is_new; if not, the move repeats, or CRUX_E_ALREADY_POSTED. */
static enum crux_status begin_batch(struct crux_play *play, bool *is_new, enum crux_game_mode mode,
                                    const uint8_t root[32], uint32_t count,
                                    const struct crux_account *requester) {
    struct crux_game_batch *batch = &play->batch;
    struct crux_game_batch_of of;
    crux_zero(&of, sizeof of);
    of.key.executor = *play->sender;
    crux_copy(of.key.root, root, 32);
    enum crux_status status = crux_play_get(play, CRUX_TABLE_BATCH_OF, &of.key, &of);
    *is_new = status == CRUX_E_NOT_FOUND;
    if (status == CRUX_OK) {
        status = crux_game_get_batch(play->game, of.batch, batch);
        if (status != CRUX_OK) return status;
        bool same = batch->mode == (uint32_t)mode && batch->count == count &&
                    batch->bond == play->move->amount &&
                    crux_account_equal(&batch->requester, requester);
        play->out->claim.batch = of.batch;
        return same ? crux_play_repeated(play) : CRUX_E_ALREADY_POSTED;
    }
    if (!*is_new) return status;
    crux_zero(batch, sizeof *batch);
    batch->key = play->chain.batches;
    batch->executor = *play->sender;
    batch->requester = *requester;
    crux_copy(batch->root, root, 32);
    batch->posted_at = play->now;
    batch->bond = play->move->amount;
    batch->count = count;
    batch->mode = (uint32_t)mode;
    batch->parameters = play->chain.parameters;
    return crux_game_parameters_check(&batch->parameters);
}

/* spec/70-game.md#batches-and-claims: "The bonds of all members are taken from the executor's balance at posting." */
static enum crux_status end_batch(struct crux_play *play) {
    struct crux_game_batch *batch = &play->batch;
    struct crux_game_batch_of of;
    if (batch->bond > CRUX_GAME_AMOUNT_MAX / batch->count) return CRUX_E_AMOUNT_INVALID;
    if (batch->bond < batch->parameters.executor_bond) return CRUX_E_BOND_TOO_SMALL;
    uint64_t amount = batch->bond * batch->count;
    enum crux_status status = crux_play_take(play, amount);
    if (status != CRUX_OK) return status;
    play->chain.bonds += amount;
    play->chain.batches++;
    play->out->claim.batch = batch->key;
    crux_zero(&of, sizeof of);
    of.key.executor = batch->executor;
    crux_copy(of.key.root, batch->root, 32);
    of.batch = batch->key;
    return crux_play_put(play, CRUX_TABLE_BATCH_OF, &of);
}

static struct crux_account account_of(const uint8_t *bytes) {
    struct crux_account account;
    crux_copy(account.b, bytes, sizeof account.b);
    return account;
}

static bool is_nobody(const struct crux_account *account) {
    static const struct crux_account nobody;
    return crux_account_equal(account, &nobody);
}

enum crux_status crux_play_settle(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_account requester = account_of(move->account);
    bool is_new;
    if (move->flag == 0 && !is_nobody(&requester)) return CRUX_E_MOVE_MALFORMED;
    if (move->count < 1 || move->count > CRUX_GAME_BATCH_MAX) return CRUX_E_CLAIM_INVALID;
    enum crux_status status =
        begin_batch(play, &is_new, move->flag ? CRUX_MODE_PRIVATE : CRUX_MODE_BATCHED, move->hash,
                    move->count, &requester);
    if (status != CRUX_OK || !is_new) return status;
    status = end_batch(play);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_BATCH, &play->batch);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

/* Request, tokens and output stand in the move.  Returns: CRUX_E_REQUEST_MISMATCH, CRUX_E_PUBLICATION_MISMATCH ... */
static enum crux_status check_full(struct crux_play *play, const struct crux_claim *claim) {
    const struct crux_move *move = play->move;
    struct crux_request request;
    struct crux_cursor cursor;
    uint8_t hash[32];
    crux_request_hash(hash, move->request);
    if (!crux_equal(hash, claim->request_hash, 32)) return CRUX_E_REQUEST_MISMATCH;
    crux_request_read(&request, move->request);
    crux_cursor_init(&cursor, move->rest, move->rest_bytes);
    enum crux_status status =
        crux_play_published(&cursor, request.tokens_root, request.request_tokens);
    if (status == CRUX_OK)
        status = crux_play_published(&cursor, claim->output_root, claim->chosen_tokens);
    if (status == CRUX_OK)
        status = crux_play_admit(play, &play->claim.layers, claim, move->request, &cursor);
    return status == CRUX_OK ? crux_cursor_finish(&cursor) : status;
}

enum crux_status crux_play_post(struct crux_play *play) {
    static const struct crux_account nobody;
    const struct crux_move *move = play->move;
    struct crux_account requester = account_of(move->account);
    struct crux_game_escrow escrow;
    struct crux_claim claim;
    uint8_t hash[32];
    bool is_new;
    if (move->flag == 0 && !is_nobody(&requester)) return CRUX_E_MOVE_MALFORMED;
    enum crux_status status = crux_claim_decode(&claim, move->claim_bytes, CRUX_CLAIM_BYTES);
    if (status != CRUX_OK) return status;
    crux_claim_hash(hash, &claim);
    status = begin_batch(play, &is_new, CRUX_MODE_FULL, hash, 1, &nobody);
    if (status != CRUX_OK || !is_new) return status;
    status = check_full(play, &claim);
    if (status != CRUX_OK) return status;
    play->claim.key.batch = play->batch.key;
    crux_copy(play->claim.hash, hash, 32);
    play->claim.claim = claim;
    play->claim.shown = 1;
    play->claim.demand = CRUX_DEMAND_MET;
    if (move->flag) {
        status = crux_play_bind(play, &escrow, &requester, play->sender, claim.request_hash,
                                &play->claim.key);
        if (status != CRUX_OK) return status;
    }
    status = end_batch(play);
    if (status == CRUX_OK && move->flag) status = crux_play_put(play, CRUX_TABLE_ESCROW, &escrow);
    return status == CRUX_OK ? crux_play_save_claim(play) : status;
}
