/* Claims of a batch are shown, demanded and published; requesters name delegates. */
#include "bisection/commitment/request.h"
#include "bisection/commitment/tensor.h"
#include "bisection/game/inside.h"
#include "bisection/game/signed.h"
#include "bisection/merkle/append.h"

enum crux_status crux_path_root(uint8_t root[32], uint64_t count, uint64_t index,
                                const uint8_t leaf[32], struct crux_cursor *cursor) {
    uint8_t hash[1][32];
    if (cursor->status != CRUX_OK) return cursor->status;
    crux_copy(hash[0], leaf, 32);
    return crux_merkle_root_from_proof(root, count, &index, (const uint8_t(*)[32])hash, 1, cursor);
}

enum crux_status crux_play_published(struct crux_cursor *cursor, const uint8_t root[32],
                                     uint32_t count) {
    struct crux_tensor list;
    struct crux_merkle_append append;
    uint8_t page[CRUX_STEP_PAGE_BYTES], leaf[32], found[32];
    if (count > CRUX_MOVE_BYTES_MAX / 4) return CRUX_E_TRUNCATED; /* no move is so long */
    list.elements = crux_get_bytes(cursor, (size_t)count * 4);
    if (list.elements == NULL) return cursor->status;
    crux_layout_model(&list.layout, CRUX_U32, count);
    crux_merkle_append_init(&append);
    for (uint64_t i = 0; i < list.layout.pages; i++) {
        uint32_t length = crux_tensor_page(page, &list, i);
        crux_merkle_leaf_hash(leaf, page, length);
        enum crux_status status = crux_merkle_append_leaf(&append, leaf);
        if (status != CRUX_OK) return status;
    }
    crux_merkle_append_root(found, &append);
    return crux_equal(found, root, 32) ? CRUX_OK : CRUX_E_PUBLICATION_MISMATCH;
}

/* spec/70-game.md#batches-and-claims: "The request is the claim's; its nonce is H(tag "crux-asker-v1" || requester ||
 * salt); the signature is the requester's over the cancellation below" */
static enum crux_status check_cancellation(const struct crux_game *game,
                                           const struct crux_claim *claim, const uint8_t *bytes,
                                           struct crux_cursor *cursor) {
    struct crux_account requester;
    struct crux_request request;
    uint8_t hash[32], nonce[32], digest[32];
    if (bytes == NULL) bytes = crux_get_bytes(cursor, CRUX_REQUEST_BYTES);
    const uint8_t *account = crux_get_bytes(cursor, sizeof requester.b);
    const uint8_t *salt = crux_get_bytes(cursor, 32);
    const uint8_t *signature = crux_get_bytes(cursor, CRUX_SIGNATURE_BYTES);
    if (cursor->status != CRUX_OK) return cursor->status;
    crux_copy(requester.b, account, sizeof requester.b);
    crux_request_hash(hash, bytes);
    crux_request_read(&request, bytes);
    crux_game_requester_nonce(nonce, &requester, salt);
    crux_game_cancel_digest(digest, game, claim->request_hash, claim->cancelled);
    bool holds = crux_equal(hash, claim->request_hash, 32) &&
                 crux_equal(nonce, request.nonce, 32) && game->verify != NULL &&
                 game->verify(game->verify_ctx, &requester, digest, signature);
    return holds ? CRUX_OK : CRUX_E_CANCELLATION_INVALID;
}

enum crux_status crux_play_admit(struct crux_play *play, uint32_t *layers,
                                 const struct crux_claim *claim, const uint8_t *request,
                                 struct crux_cursor *cursor) {
    struct crux_game_model model;
    enum crux_status status = crux_game_get_model(play->game, claim->model_root, &model);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_E_MODEL_UNKNOWN : status;
    *layers = model.layers;
    if (claim->cancelled == 0) return CRUX_OK;
    return check_cancellation(play->game, claim, request, cursor);
}

/* spec/70-game.md#batches-and-claims: "It is shown in time iff now + move + demand + clock <= window end, or a demand for it
 * is open and its deadline not over" */
static bool is_shown_in_time(const struct crux_play *play) {
    const struct crux_game_parameters *p = &play->batch.parameters;
    if (play->claim.demand == CRUX_DEMAND_OPEN) return play->now <= play->claim.demand_deadline;
    return play->now + p->move_seconds + p->demand_seconds + p->clock_seconds <=
           crux_batch_window_end(&play->batch);
}

enum crux_status crux_play_show(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_claim claim;
    struct crux_cursor cursor;
    uint8_t hash[32], root[32];
    enum crux_status status = crux_play_load_claim(play);
    if (status == CRUX_OK) status = crux_claim_decode(&claim, move->claim_bytes, CRUX_CLAIM_BYTES);
    if (status != CRUX_OK) return status;
    crux_claim_hash(hash, &claim);
    if (play->claim.shown)
        return crux_equal(hash, play->claim.hash, 32) ? crux_play_repeated(play)
                                                      : CRUX_E_CLAIM_MISMATCH;
    if (play->claim.fallen) return CRUX_E_CLAIM_FALLEN;
    if (!is_shown_in_time(play)) return CRUX_E_WINDOW_CLOSED;
    crux_cursor_init(&cursor, move->rest, move->rest_bytes);
    status = crux_play_admit(play, &play->claim.layers, &claim, NULL, &cursor);
    if (status == CRUX_OK)
        status = crux_path_root(root, play->batch.count, move->claim.member, hash, &cursor);
    if (status == CRUX_OK) status = crux_cursor_finish(&cursor);
    if (status != CRUX_OK) return status;
    if (!crux_equal(root, play->batch.root, 32)) return CRUX_E_PROOF_ROOT_MISMATCH;
    crux_copy(play->claim.hash, hash, 32);
    play->claim.claim = claim;
    play->claim.shown = 1;
    return crux_play_save_claim(play);
}

enum crux_status crux_play_may_dispute(const struct crux_play *play) {
    struct crux_game_delegate delegate;
    if (play->batch.mode != CRUX_MODE_PRIVATE) return CRUX_OK;
    if (crux_account_equal(play->sender, &play->batch.requester)) return CRUX_OK;
    crux_zero(&delegate, sizeof delegate);
    delegate.key.requester = play->batch.requester;
    delegate.key.delegate = *play->sender;
    enum crux_status status = crux_play_get(play, CRUX_TABLE_DELEGATE, &delegate.key, &delegate);
    if (status != CRUX_OK && status != CRUX_E_NOT_FOUND) return status;
    return status == CRUX_OK && delegate.is_one ? CRUX_OK : CRUX_E_NOT_PERMITTED;
}

enum crux_status crux_play_delegate(struct crux_play *play) {
    struct crux_game_delegate delegate;
    crux_zero(&delegate, sizeof delegate);
    delegate.key.requester = *play->sender;
    crux_copy(delegate.key.delegate.b, play->move->account, sizeof delegate.key.delegate.b);
    enum crux_status status = crux_play_get(play, CRUX_TABLE_DELEGATE, &delegate.key, &delegate);
    if (status != CRUX_OK && status != CRUX_E_NOT_FOUND) return status;
    if (delegate.is_one == play->move->flag) return crux_play_repeated(play);
    delegate.is_one = play->move->flag;
    status = crux_play_put(play, CRUX_TABLE_DELEGATE, &delegate);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

enum crux_status crux_play_demand(struct crux_play *play) {
    struct crux_game_claim *claim = &play->claim;
    enum crux_status status = crux_play_load_claim(play);
    if (status != CRUX_OK) return status;
    const struct crux_game_parameters *p = &play->batch.parameters;
    if (claim->demand == CRUX_DEMAND_OPEN && crux_account_equal(play->sender, &claim->demander))
        return crux_play_repeated(play);
    if (claim->fallen) return CRUX_E_CLAIM_FALLEN;
    /* spec/70-game.md#demands: "in time iff now + demand + clock <= window end" */
    if (play->now + p->demand_seconds + p->clock_seconds > crux_batch_window_end(&play->batch))
        return CRUX_E_WINDOW_CLOSED;
    status = crux_play_may_dispute(play);
    if (status != CRUX_OK) return status;
    if (claim->demand == CRUX_DEMAND_MET) return CRUX_E_ALREADY_PUBLISHED;
    if (claim->demand == CRUX_DEMAND_OPEN) return CRUX_E_ALREADY_DEMANDED;
    status = crux_play_take(play, p->demand_fee);
    if (status != CRUX_OK) return status;
    play->chain.fees += p->demand_fee;
    if (!crux_claim_is_open(claim)) play->batch.open++;
    claim->demand = CRUX_DEMAND_OPEN;
    claim->demander = *play->sender;
    claim->demand_deadline = play->now + p->demand_seconds;
    return crux_play_save_claim(play);
}

enum crux_status crux_play_publish(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_claim *claim = &play->claim;
    struct crux_request request;
    struct crux_cursor cursor;
    uint8_t hash[32];
    enum crux_status status = crux_play_load_claim(play);
    if (status != CRUX_OK) return status;
    bool is_due = claim->demand == CRUX_DEMAND_OPEN;
    if (claim->fallen) return CRUX_E_CLAIM_FALLEN;
    if (is_due && play->now > claim->demand_deadline) return CRUX_E_TOO_LATE;
    if (!claim->shown) return CRUX_E_CLAIM_NOT_SHOWN;
    crux_request_hash(hash, move->request);
    if (!crux_equal(hash, claim->claim.request_hash, 32)) return CRUX_E_REQUEST_MISMATCH;
    crux_request_read(&request, move->request);
    crux_cursor_init(&cursor, move->rest, move->rest_bytes);
    status = crux_play_published(&cursor, request.tokens_root, request.request_tokens);
    if (status == CRUX_OK) status = crux_cursor_finish(&cursor);
    if (status != CRUX_OK) return status;
    if (claim->demand == CRUX_DEMAND_MET) return crux_play_repeated(play);
    claim->demand = CRUX_DEMAND_MET;
    if (is_due) {
        uint64_t fee = play->batch.parameters.demand_fee;
        if (!crux_claim_is_open(claim)) play->batch.open--;
        play->chain.fees -= fee;
        status = crux_play_pay(play, &play->batch.executor, fee);
        if (status != CRUX_OK) return status;
    }
    return crux_play_save_claim(play);
}
