/* The executor's answers: reveal and expand. */
#include "bisection/adjudicator/parts.h"
#include "bisection/game/inside.h"
#include "bisection/merkle/proof.h"

static void answer_key(struct crux_game_reveal *reveal, const struct crux_play *play,
                       const struct crux_game_place *place) {
    crux_zero(reveal, sizeof *reveal);
    reveal->key.claim.batch = play->claim.key.batch;
    reveal->key.claim.member = play->claim.key.member;
    reveal->key.place = *place;
    reveal->at = play->now;
}

static enum crux_status take_page(struct crux_game_reveal *reveal, struct crux_cursor *cursor,
                                  const struct crux_layout *layout, uint64_t page,
                                  const uint8_t node[32]) {
    uint8_t hash[32];
    uint32_t length = crux_layout_page_length(layout, page);
    const uint8_t *bytes = crux_get_bytes(cursor, length);
    if (bytes == NULL) return cursor->status;
    CRUX_ASSERT(length <= sizeof reveal->data);
    crux_merkle_leaf_hash(hash, bytes, length);
    crux_copy(reveal->data, bytes, length);
    reveal->page_bytes = length;
    return crux_equal(hash, node, 32) ? CRUX_OK : CRUX_E_REVEAL_MISMATCH;
}

static enum crux_status take_frontier(struct crux_game_reveal *reveal, struct crux_cursor *cursor,
                                      uint64_t leaves, struct crux_game_node at, uint32_t k,
                                      const uint8_t node[32]) {
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    uint8_t hashes[CRUX_GAME_K_MAX][32], hash[32];
    reveal->nodes = crux_game_frontier(nodes, leaves, at, k);
    const uint8_t *bytes = crux_get_bytes(cursor, (size_t)reveal->nodes * 32);
    if (bytes == NULL) return cursor->status;
    crux_copy(reveal->data, bytes, (size_t)reveal->nodes * 32);
    crux_copy(hashes, bytes, (size_t)reveal->nodes * 32);
    crux_game_frontier_hash(hash, leaves, at, k, (const uint8_t(*)[32])hashes);
    return crux_equal(hash, node, 32) ? CRUX_OK : CRUX_E_REVEAL_MISMATCH;
}

/* Reads and checks the answer for a place of the dispute's.  Out: reveal; opened, the dispute with the op's layout. */
static enum crux_status take_answer(struct crux_game_reveal *reveal,
                                    struct crux_game_dispute *opened, const struct crux_play *play,
                                    const struct crux_game_place *place, const uint8_t node[32]) {
    struct crux_cursor cursor;
    struct crux_layout layout;
    enum crux_status status = CRUX_OK;
    answer_key(reveal, play, place);
    *opened = play->dispute;
    crux_cursor_init(&cursor, play->move->rest, play->move->rest_bytes);
    bool is_op = place->tree == CRUX_GAME_OP;
    if (is_op && place->level == CRUX_GAME_UNOPENED) {
        status = crux_op_open(&opened->layout, &cursor, &play->claim, &play->dispute, place->op);
        if (status != CRUX_OK) return status;
        reveal->layout = opened->layout;
        if (opened->layout.pages == 0) return crux_cursor_finish(&cursor);
    }
    struct crux_game_node at = crux_dispute_node(opened, place);
    if (crux_place_is_page(opened, place)) {
        if (is_op)
            crux_layout_unpack(&layout, &opened->layout);
        else
            crux_layout_output(&layout, &play->claim.claim);
        status = take_page(reveal, &cursor, &layout, at.index, node);
    } else {
        status =
            take_frontier(reveal, &cursor, crux_dispute_leaves(&play->claim, opened, place->tree),
                          at, play->batch.parameters.k, node);
    }
    return status == CRUX_OK ? crux_cursor_finish(&cursor) : status;
}

static bool is_revealed(const struct crux_game_place *place) {
    return place->tree != 0 && place->tree != CRUX_GAME_STEP;
}

/* A reveal that the dispute has had, at its place or where its last pick was made. There is only one right answer, so a
 * right one is the same one. */
static enum crux_status again(struct crux_play *play, const struct crux_game_place *place,
                              const uint8_t node[32]) {
    struct crux_game_reveal reveal;
    struct crux_game_dispute opened;
    enum crux_status status = take_answer(&reveal, &opened, play, place, node);
    return status == CRUX_OK ? crux_play_repeated(play) : status;
}

static bool was_revealed(const struct crux_play *play) {
    const struct crux_game_dispute *dispute = &play->dispute;
    struct crux_game_reveal reveal;
    return dispute->stage != CRUX_STAGE_REVEAL && is_revealed(&dispute->place) &&
           crux_equal(play->move->node, dispute->node, 32) &&
           crux_game_get_reveal(play->game, &play->claim.key, &dispute->place, &reveal) == CRUX_OK;
}

enum crux_status crux_play_reveal(struct crux_play *play) {
    struct crux_game_dispute *dispute = &play->dispute, opened;
    struct crux_game_reveal reveal;
    enum crux_status status = crux_play_load_dispute(play);
    if (status != CRUX_OK) return status;
    if (was_revealed(play)) return again(play, &dispute->place, dispute->node);
    if (is_revealed(&dispute->last) && crux_equal(play->move->node, dispute->last_node, 32))
        return again(play, &dispute->last, dispute->last_node);
    status = crux_play_running(play);
    if (status != CRUX_OK) return status;
    if (!crux_equal(play->move->node, dispute->node, 32)) return CRUX_E_NODE_MISMATCH;
    if (dispute->stage != CRUX_STAGE_REVEAL) return CRUX_E_MOVE_UNEXPECTED;
    status = crux_play_in_time(play);
    if (status != CRUX_OK) return status;
    status = take_answer(&reveal, &opened, play, &dispute->place, dispute->node);
    if (status != CRUX_OK) return status;
    crux_dispute_stop_clock(dispute, play->now);
    crux_dispute_answered(dispute, &play->batch, &reveal);
    status = crux_play_put(play, CRUX_TABLE_REVEAL, &reveal);
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}

enum crux_status crux_play_expand(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_dispute *dispute = &play->dispute;
    struct crux_opened_layer opened;
    struct crux_game_reveal reveal;
    struct crux_cursor cursor;
    enum crux_status status = crux_play_load_dispute(play);
    if (status != CRUX_OK) return status;
    if (dispute->layer.ops != 0 && crux_equal(move->node, dispute->record_root, 32))
        return crux_equal(move->hash, dispute->tensors_root, 32) ? crux_play_repeated(play)
                                                                 : CRUX_E_ANSWER_DIFFERS;
    status = crux_play_running(play);
    if (status != CRUX_OK) return status;
    if (!crux_equal(move->node, dispute->node, 32)) return CRUX_E_NODE_MISMATCH;
    if (dispute->stage != CRUX_STAGE_EXPAND) return CRUX_E_MOVE_UNEXPECTED;
    status = crux_play_in_time(play);
    if (status != CRUX_OK) return status;
    /* spec/70-game.md#stages: "Only the executor may expand: nothing proves a tensors root." */
    if (!crux_account_equal(play->sender, &play->batch.executor)) return CRUX_E_NOT_PERMITTED;
    crux_cursor_init(&cursor, move->rest, move->rest_bytes);
    status = crux_part_layer(&opened, &cursor, &play->claim.claim, &dispute->place.layer);
    if (status == CRUX_OK) status = crux_cursor_finish(&cursor);
    if (status != CRUX_OK) return status;
    if (!crux_layer_active(&opened.layer, dispute->place.pos, play->claim.claim.request_tokens))
        return CRUX_E_STEP_INACTIVE;
    answer_key(&reveal, play, &dispute->place);
    reveal.layer.ops = opened.layer.ops;
    reveal.layer.stores = opened.layer.stores;
    crux_copy(reveal.layer.ops_root, opened.ops_root, 32);
    reveal.nodes = 1;
    crux_copy(reveal.data, move->hash, 32);
    crux_dispute_stop_clock(dispute, play->now);
    crux_dispute_answered(dispute, &play->batch, &reveal);
    status = crux_play_put(play, CRUX_TABLE_REVEAL, &reveal);
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}
