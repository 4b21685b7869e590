/* The challenger's moves: pick, also a signed one, and jump. Only its index selects. */
#include "bisection/game/inside.h"
#include "bisection/game/signed.h"

/* What tells one choice at a node from another: a signed pick is the pick it signs. */
static void choice_hash(uint8_t out[32], const struct crux_move *move) {
    uint8_t bytes[1 + 4 + 8 + 1 + 32] = {0};
    bool is_jump = move->kind == CRUX_MOVE_JUMP;
    bytes[0] = is_jump;
    if (is_jump) crux_store_u32(bytes + 1, move->count);
    crux_store_u64(bytes + 5, move->index);
    bytes[13] = move->flag;
    if (is_jump) crux_copy(bytes + 14, move->leaf, 32);
    crux_sha256_plain(out, bytes, sizeof bytes);
}

/* Checks up to the stage and the time.  Out: repeated. */
static enum crux_status begin(struct crux_play *play, bool *repeated) {
    const struct crux_move *move = play->move;
    struct crux_game_dispute *dispute = &play->dispute;
    uint8_t choice[32];
    *repeated = false;
    enum crux_status status = crux_play_load_dispute(play);
    if (status != CRUX_OK) return status;
    choice_hash(choice, move);
    if (dispute->round > 0 && move->round == dispute->round - 1 &&
        crux_equal(move->node, dispute->last_node, 32) &&
        crux_equal(choice, dispute->last_move, 32)) {
        *repeated = true;
        return crux_play_repeated(play);
    }
    status = crux_play_running(play);
    if (status != CRUX_OK) return status;
    if (!crux_equal(move->node, dispute->node, 32) || move->round != dispute->round)
        return CRUX_E_NODE_MISMATCH;
    bool is_jump = move->kind == CRUX_MOVE_JUMP;
    bool is_due =
        is_jump ? dispute->stage == CRUX_STAGE_SIDE ||
                      (dispute->stage == CRUX_STAGE_PICK && dispute->place.tree == CRUX_GAME_TRACE)
                : crux_game_turn(dispute) == 1;
    return is_due ? crux_play_in_time(play) : CRUX_E_MOVE_UNEXPECTED;
}

static void remember(struct crux_play *play) {
    struct crux_game_dispute *dispute = &play->dispute;
    dispute->last = dispute->place;
    crux_copy(dispute->last_node, dispute->node, 32);
    choice_hash(dispute->last_move, play->move);
    dispute->round++;
    crux_dispute_stop_clock(dispute, play->now);
}

static void fix(struct crux_game_dispute *dispute, const struct crux_element_id *element) {
    crux_element_encode(dispute->element, element);
    dispute->stage = CRUX_STAGE_PROVE;
}

static enum crux_status pick_node(struct crux_play *play) {
    struct crux_game_dispute *dispute = &play->dispute;
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    struct crux_game_reveal reveal;
    struct crux_game_place place = dispute->place;
    if (play->move->flag) return CRUX_E_PICK_OUTSIDE;
    enum crux_status status =
        crux_game_get_reveal(play->game, &play->claim.key, &dispute->place, &reveal);
    if (status != CRUX_OK) return status;
    if (play->move->index >= reveal.nodes) return CRUX_E_PICK_OUTSIDE;
    uint32_t count =
        crux_game_frontier(nodes, crux_dispute_leaves(&play->claim, dispute, place.tree),
                           crux_dispute_node(dispute, &place), play->batch.parameters.k);
    if (count != reveal.nodes) return CRUX_E_NON_CANONICAL; /* the store is damaged */
    place.level = nodes[play->move->index].level;
    place.index = nodes[play->move->index].index;
    remember(play);
    return crux_dispute_arrive(play, dispute, &place, reveal.data + 32 * play->move->index);
}

static enum crux_status pick_side(struct crux_play *play) {
    struct crux_game_dispute *dispute = &play->dispute;
    struct crux_game_place place = dispute->place;
    uint8_t node[32];
    bool is_tensors = play->move->index == 1;
    if (play->move->flag || play->move->index > 1) return CRUX_E_PICK_OUTSIDE;
    place.tree = is_tensors ? CRUX_GAME_TENSORS : CRUX_GAME_RECORD;
    crux_copy(node, is_tensors ? dispute->tensors_root : dispute->record_root, 32);
    remember(play);
    place.level = crux_merkle_depth(crux_dispute_leaves(&play->claim, dispute, place.tree));
    return crux_dispute_arrive(play, dispute, &place, node);
}

/* Does the flat index lie in the page? */
static bool is_in_page(const struct crux_layout *layout, uint64_t index, uint64_t page) {
    return layout->row_elements > 0 && index / layout->row_elements < layout->rows &&
           crux_layout_offset(layout, index) / layout->page_bytes == page;
}

static enum crux_status pick_element(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_dispute *dispute = &play->dispute;
    const struct crux_game_place *place = &dispute->place;
    struct crux_element_id element = {.kind = CRUX_ELEMENT_OUTPUT, .index = move->index};
    struct crux_layout layout;
    uint64_t page = crux_dispute_node(dispute, place).index;
    if (place->tree == CRUX_GAME_OUTPUT) {
        crux_layout_output(&layout, &play->claim.claim);
        /* any u32 of the page, those of the padding too: section 40, output */
        if (move->flag || move->index >= layout.bytes / 4 ||
            move->index * 4 / layout.page_bytes != page)
            return CRUX_E_PICK_OUTSIDE;
    } else {
        crux_layout_unpack(&layout, &dispute->layout);
        if (move->flag ? move->index != 0 : !is_in_page(&layout, move->index, page))
            return CRUX_E_PICK_OUTSIDE;
        element =
            (struct crux_element_id){.kind = move->flag ? CRUX_ELEMENT_PADDING : CRUX_ELEMENT_VALUE,
                                     .pos = place->pos,
                                     .layer = place->layer,
                                     .op = place->op,
                                     .index = move->flag ? page : move->index};
        crux_copy(element.record_root, dispute->record_root, 32);
        crux_copy(element.tensors_root, dispute->tensors_root, 32);
        crux_copy(element.leaf_hash, dispute->node, 32);
    }
    remember(play);
    fix(dispute, &element);
    return CRUX_OK;
}

static enum crux_status choose(struct crux_play *play) {
    switch ((enum crux_game_stage)play->dispute.stage) {
    case CRUX_STAGE_PICK: return pick_node(play);
    case CRUX_STAGE_SIDE: return pick_side(play);
    case CRUX_STAGE_ELEMENT: return pick_element(play);
    case CRUX_STAGE_QUEUED:
    case CRUX_STAGE_REVEAL:
    case CRUX_STAGE_EXPAND:
    case CRUX_STAGE_PROVE:
    case CRUX_STAGE_WON:
    case CRUX_STAGE_LOST:
    case CRUX_STAGE_REFUNDED: break;
    }
    return CRUX_E_MOVE_UNEXPECTED;
}

enum crux_status crux_play_pick(struct crux_play *play) {
    bool repeated;
    enum crux_status status = begin(play, &repeated);
    if (status != CRUX_OK || repeated) return status;
    if (!crux_account_equal(play->sender, &play->dispute.challenger)) return CRUX_E_NOT_PERMITTED;
    status = choose(play);
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}

enum crux_status crux_play_signed_pick(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_signed_pick said = {.claim = move->claim,
                                    .dispute = move->dispute,
                                    .round = move->round,
                                    .index = move->index,
                                    .padding = move->flag,
                                    .expiry = move->deadline};
    uint8_t digest[32];
    bool repeated;
    enum crux_status status = begin(play, &repeated);
    if (status != CRUX_OK || repeated) return status;
    if (play->now > move->deadline) return CRUX_E_SIGNATURE_EXPIRED;
    crux_copy(said.node, move->node, 32);
    crux_game_pick_digest(digest, play->game, &said);
    if (play->game->verify == NULL ||
        !play->game->verify(play->game->verify_ctx, &play->dispute.challenger, digest,
                            move->signature))
        return CRUX_E_SIGNATURE_INVALID;
    status = choose(play);
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}

static enum crux_status jump_in_trace(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_dispute *dispute = &play->dispute;
    struct crux_game_place place = dispute->place;
    struct crux_cursor path;
    uint8_t root[32];
    uint64_t leaves = crux_dispute_leaves(&play->claim, dispute, CRUX_GAME_TRACE);
    if (move->count != 0 || move->flag != 0) return CRUX_E_MOVE_MALFORMED;
    if (move->index >= leaves || move->index >> place.level != place.index)
        return CRUX_E_PICK_OUTSIDE;
    crux_cursor_init(&path, move->rest, move->rest_bytes);
    enum crux_status status = crux_path_root(root, leaves, move->index, move->leaf, &path);
    if (status == CRUX_OK) status = crux_cursor_finish(&path);
    if (status != CRUX_OK) return status;
    if (!crux_equal(root, play->claim.claim.trace_root, 32)) return CRUX_E_PROOF_ROOT_MISMATCH;
    place.level = 0;
    place.index = move->index;
    remember(play);
    return crux_dispute_arrive(play, dispute, &place, move->leaf);
}

/* Out: op_root, the leaf of the op that the page leads to; page. */
static enum crux_status jump_to_page(uint8_t op_root[32], uint64_t *page,
                                     const struct crux_move *move, const struct crux_layout *layout,
                                     struct crux_cursor *cursor) {
    *page = 0;
    if (layout->pages == 0) {
        crux_copy(op_root, move->leaf, 32);
        return move->flag && move->index == 0 ? CRUX_OK : CRUX_E_PICK_OUTSIDE;
    }
    if (move->flag) {
        if (move->index >= layout->pages) return CRUX_E_PICK_OUTSIDE;
        *page = move->index;
    } else {
        if (layout->row_elements == 0 || move->index / layout->row_elements >= layout->rows)
            return CRUX_E_PICK_OUTSIDE;
        *page = crux_layout_offset(layout, move->index) / layout->page_bytes;
    }
    return crux_path_root(op_root, layout->pages, *page, move->leaf, cursor);
}

static enum crux_status jump_in_step(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_dispute *dispute = &play->dispute;
    const struct crux_game_layer *layer = &dispute->layer;
    struct crux_game_layout packed;
    struct crux_layout layout;
    struct crux_cursor cursor;
    uint8_t op_root[32], root[32];
    uint64_t page;
    if (move->count >= layer->ops) return CRUX_E_PICK_OUTSIDE;
    uint32_t tensors = layer->ops - layer->stores;
    bool in_record = move->count >= tensors;
    crux_cursor_init(&cursor, move->rest, move->rest_bytes);
    enum crux_status status = crux_op_open(&packed, &cursor, &play->claim, dispute, move->count);
    if (status != CRUX_OK) return status;
    crux_layout_unpack(&layout, &packed);
    status = jump_to_page(op_root, &page, move, &layout, &cursor);
    if (status == CRUX_OK)
        status = crux_path_root(root, in_record ? layer->stores : tensors,
                                in_record ? move->count - tensors : move->count, op_root, &cursor);
    if (status == CRUX_OK) status = crux_cursor_finish(&cursor);
    if (status != CRUX_OK) return status;
    if (!crux_equal(root, in_record ? dispute->record_root : dispute->tensors_root, 32))
        return CRUX_E_PROOF_ROOT_MISMATCH;
    struct crux_element_id element = {.kind =
                                          move->flag ? CRUX_ELEMENT_PADDING : CRUX_ELEMENT_VALUE,
                                      .pos = dispute->place.pos,
                                      .layer = dispute->place.layer,
                                      .op = move->count,
                                      .index = move->index};
    crux_copy(element.record_root, dispute->record_root, 32);
    crux_copy(element.tensors_root, dispute->tensors_root, 32);
    crux_copy(element.leaf_hash, move->leaf, 32);
    remember(play);
    dispute->layout = packed;
    dispute->place.tree = CRUX_GAME_OP;
    dispute->place.op = move->count;
    dispute->place.level = layout.pages <= 1 ? CRUX_GAME_UNOPENED : 0;
    dispute->place.index = page;
    crux_copy(dispute->node, move->leaf, 32);
    fix(dispute, &element);
    return CRUX_OK;
}

enum crux_status crux_play_jump(struct crux_play *play) {
    bool repeated;
    enum crux_status status = begin(play, &repeated);
    if (status != CRUX_OK || repeated) return status;
    if (!crux_account_equal(play->sender, &play->dispute.challenger)) return CRUX_E_NOT_PERMITTED;
    status = play->dispute.stage == CRUX_STAGE_SIDE ? jump_in_step(play) : jump_in_trace(play);
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}
