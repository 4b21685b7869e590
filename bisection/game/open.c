/* A dispute is opened, on the trace, the output, or what the claim says otherwise. */
#include "bisection/game/inside.h"
#include "bisection/merkle/proof.h"

/* Only what tells one opening from another; a path can have one form only. */
static void opening_hash(uint8_t out[32], const struct crux_move *move) {
    uint8_t bytes[1 + 8 + 32];
    bytes[0] = move->flag;
    crux_store_u64(bytes + 1, move->index);
    crux_copy(bytes + 9, move->leaf, 32);
    crux_sha256_plain(out, bytes, sizeof bytes);
}

static bool is_zero(const uint8_t hash[32]) {
    uint8_t any = 0;
    for (size_t i = 0; i < 32; i++) any |= hash[i];
    return any == 0;
}

/* An element that needs no narrowing. The dispute's node is the claim's hash: there is no other. */
static enum crux_status fix(struct crux_play *play, enum crux_element_kind kind, uint64_t count) {
    struct crux_element_id element = {.kind = (uint8_t)kind, .index = play->move->index};
    if (element.index >= count) return CRUX_E_ELEMENT_OUTSIDE;
    crux_element_encode(play->dispute.element, &element);
    crux_copy(play->dispute.node, play->claim.hash, 32);
    return CRUX_OK;
}

static void start_at(struct crux_play *play, enum crux_game_tree tree, uint64_t leaves,
                     const uint8_t root[32]) {
    play->dispute.place.tree = (uint32_t)tree;
    play->dispute.place.level = crux_merkle_depth(leaves);
    crux_copy(play->dispute.node, root, 32);
}

/* spec/70-game.md#opening */
static enum crux_status begin(struct crux_play *play) {
    const struct crux_move *move = play->move;
    const struct crux_claim *claim = &play->claim.claim;
    struct crux_layout output;
    struct crux_cursor path;
    uint8_t root[32];
    uint64_t trace = crux_dispute_leaves(&play->claim, &play->dispute, CRUX_GAME_TRACE);
    bool has_leaf = move->flag == CRUX_TARGET_LEAF;
    bool has_index = has_leaf || move->flag == CRUX_TARGET_TOKEN || move->flag == CRUX_TARGET_DONE;
    if ((!has_leaf && (move->rest_bytes != 0 || !is_zero(move->leaf))) ||
        (!has_index && move->index != 0))
        return CRUX_E_MOVE_MALFORMED;
    crux_layout_output(&output, claim);
    switch ((enum crux_target)move->flag) {
    case CRUX_TARGET_TRACE:
        start_at(play, CRUX_GAME_TRACE, trace, claim->trace_root);
        return CRUX_OK;
    case CRUX_TARGET_OUTPUT:
        start_at(play, CRUX_GAME_OUTPUT, output.pages, claim->output_root);
        return CRUX_OK;
    case CRUX_TARGET_COUNT: return fix(play, CRUX_ELEMENT_COUNT, 1);
    case CRUX_TARGET_TOKEN: return fix(play, CRUX_ELEMENT_OUTPUT, output.bytes / 4);
    case CRUX_TARGET_DONE: return fix(play, CRUX_ELEMENT_DONE, claim->chosen_tokens);
    case CRUX_TARGET_LEAF: {
        crux_cursor_init(&path, move->rest, move->rest_bytes);
        enum crux_status status = crux_path_root(root, trace, move->index, move->leaf, &path);
        if (status == CRUX_OK) status = crux_cursor_finish(&path);
        if (status != CRUX_OK) return status;
        if (!crux_equal(root, claim->trace_root, 32)) return CRUX_E_PROOF_ROOT_MISMATCH;
        play->dispute.place.tree = CRUX_GAME_TRACE;
        play->dispute.place.index = move->index;
        crux_copy(play->dispute.node, move->leaf, 32);
        return CRUX_OK;
    }
    }
    return CRUX_E_MOVE_MALFORMED;
}

/* spec/70-game.md#opening: "If fewer than D disputes of the claim run and none is queued, it runs at once" */
static enum crux_status enlist(struct crux_play *play) {
    struct crux_game_claim *claim = &play->claim;
    bool runs =
        claim->started == claim->disputes && claim->running < play->batch.parameters.running_max;
    if (!crux_claim_is_open(claim)) play->batch.open++;
    claim->disputes++;
    claim->open++;
    play->dispute.stage = CRUX_STAGE_QUEUED;
    if (!runs) return CRUX_OK;
    claim->started++;
    claim->running++;
    return crux_dispute_start(play, &play->dispute);
}

/* Out: found, whether the challenger has opened a dispute of this nonce here. */
static enum crux_status find(struct crux_play *play, struct crux_game_dispute_of *of, bool *found) {
    uint8_t opening[32];
    crux_zero(of, sizeof *of);
    of->key.batch = play->move->claim.batch;
    of->key.member = play->move->claim.member;
    of->key.nonce = play->move->count;
    of->key.challenger = *play->sender;
    enum crux_status status = crux_play_get(play, CRUX_TABLE_DISPUTE_OF, &of->key, of);
    *found = status == CRUX_OK;
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
    if (status != CRUX_OK) return status;
    status = crux_game_get_dispute(play->game, &play->claim.key, of->number, &play->dispute);
    if (status != CRUX_OK) return status;
    opening_hash(opening, play->move);
    play->out->dispute = of->number;
    return crux_equal(opening, play->dispute.opening, 32) ? crux_play_repeated(play)
                                                          : CRUX_E_ANSWER_DIFFERS;
}

enum crux_status crux_play_open(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_dispute *dispute = &play->dispute;
    struct crux_game_dispute_of of;
    bool found;
    enum crux_status status = crux_play_load_claim(play);
    if (status == CRUX_OK) status = find(play, &of, &found);
    if (status != CRUX_OK || found) return status;
    if (play->claim.fallen) return CRUX_E_CLAIM_FALLEN;
    if (play->now > crux_batch_window_end(&play->batch)) return CRUX_E_WINDOW_CLOSED;
    status = crux_play_may_dispute(play);
    if (status != CRUX_OK) return status;
    if (!play->claim.shown) return CRUX_E_CLAIM_NOT_SHOWN;
    if (!crux_equal(move->hash, play->claim.hash, 32)) return CRUX_E_CLAIM_MISMATCH;
    status = begin(play);
    if (status != CRUX_OK) return status;
    dispute->key.batch = move->claim.batch;
    dispute->key.member = move->claim.member;
    dispute->key.number = play->claim.disputes;
    dispute->challenger = *play->sender;
    dispute->nonce = move->count;
    dispute->bond = crux_game_bond(&play->batch, &play->claim);
    opening_hash(dispute->opening, move);
    if (dispute->bond > CRUX_GAME_AMOUNT_MAX || dispute->bond > move->amount ||
        play->claim.disputes == UINT32_MAX)
        return CRUX_E_BOND_TOO_SMALL;
    status = crux_play_take(play, dispute->bond);
    if (status != CRUX_OK) return status;
    play->chain.stakes += dispute->bond;
    of.number = dispute->key.number;
    play->out->dispute = of.number;
    status = enlist(play);
    if (status == CRUX_OK) status = crux_play_put(play, CRUX_TABLE_DISPUTE_OF, &of);
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}
