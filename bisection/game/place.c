/* Where a dispute is, and what stage follows from that. */
#include "bisection/adjudicator/parts.h"
#include "bisection/commitment/trace.h"
#include "bisection/game/inside.h"

void crux_layout_pack(struct crux_game_layout *out, const struct crux_layout *layout) {
    *out = (struct crux_game_layout){layout->rows,  layout->row_elements,  layout->stride_bytes,
                                     layout->pages, layout->element_bytes, layout->page_bytes};
}

void crux_layout_unpack(struct crux_layout *out, const struct crux_game_layout *layout) {
    *out = (struct crux_layout){.rows = layout->rows,
                                .row_elements = layout->row_elements,
                                .stride_bytes = layout->stride_bytes,
                                .bytes = layout->rows * layout->stride_bytes,
                                .pages = layout->pages,
                                .element_bytes = layout->element_bytes,
                                .page_bytes = layout->page_bytes};
}

void crux_layout_output(struct crux_layout *out, const struct crux_claim *claim) {
    crux_layout_model(out, CRUX_U32, claim->chosen_tokens);
}

enum crux_status crux_op_open(struct crux_game_layout *out, struct crux_cursor *cursor,
                              const struct crux_game_claim *claim,
                              const struct crux_game_dispute *dispute, uint32_t number) {
    static const uint8_t seed[32]; /* no extent depends on it */
    struct crux_opened_layer opened = {
        .layer = {.ops = dispute->layer.ops, .stores = dispute->layer.stores}};
    struct crux_at at = {.pos = dispute->place.pos,
                         .n = claim->claim.request_tokens,
                         .layer = dispute->place.layer,
                         .seed = seed};
    struct crux_bound_op bound;
    struct crux_layout layout;
    struct crux_op op;
    crux_copy(opened.ops_root, dispute->layer.ops_root, 32);
    enum crux_status status = crux_part_op(&op, cursor, &opened, number);
    if (status == CRUX_OK) status = crux_op_bind(&bound, &op, &at);
    if (status != CRUX_OK) return status;
    if (op.code == CRUX_STORE)
        crux_layout_record(&layout, op.dtype, op.ndim, bound.dim);
    else
        crux_layout_step(&layout, op.dtype, op.ndim, op.dim, bound.dim);
    crux_layout_pack(out, &layout);
    return CRUX_OK;
}

/* spec/70-game.md#places */
uint64_t crux_dispute_leaves(const struct crux_game_claim *claim,
                             const struct crux_game_dispute *dispute, uint32_t tree) {
    struct crux_layout layout;
    switch ((enum crux_game_tree)tree) {
    case CRUX_GAME_TRACE:
        return crux_trace_leaves(crux_claim_positions(&claim->claim), claim->layers);
    case CRUX_GAME_OUTPUT: crux_layout_output(&layout, &claim->claim); return layout.pages;
    case CRUX_GAME_TENSORS: return dispute->layer.ops - dispute->layer.stores;
    case CRUX_GAME_RECORD: return dispute->layer.stores;
    case CRUX_GAME_OP: return dispute->layout.pages;
    case CRUX_GAME_STEP: break;
    }
    return 0; /* a step has none, and what is no tree neither */
}

struct crux_game_node crux_dispute_node(const struct crux_game_dispute *dispute,
                                        const struct crux_game_place *place) {
    struct crux_game_node root = {crux_merkle_depth(dispute->layout.pages), 0};
    if (place->tree == CRUX_GAME_OP && place->level == CRUX_GAME_UNOPENED)
        return crux_game_lowest(dispute->layout.pages, root);
    return (struct crux_game_node){place->level, place->index};
}

bool crux_place_is_page(const struct crux_game_dispute *dispute,
                        const struct crux_game_place *place) {
    if (place->tree == CRUX_GAME_OUTPUT) return place->level == 0;
    return place->tree == CRUX_GAME_OP && crux_dispute_node(dispute, place).level == 0;
}

/* The element that a tensor without pages comes down to: its root stands for the page. */
static void fix_empty(struct crux_game_dispute *dispute) {
    struct crux_element_id element = {.kind = CRUX_ELEMENT_PADDING,
                                      .pos = dispute->place.pos,
                                      .layer = dispute->place.layer,
                                      .op = dispute->place.op};
    crux_copy(element.record_root, dispute->record_root, 32);
    crux_copy(element.tensors_root, dispute->tensors_root, 32);
    crux_copy(element.leaf_hash, dispute->node, 32);
    crux_element_encode(dispute->element, &element);
}

void crux_dispute_answered(struct crux_game_dispute *dispute, const struct crux_game_batch *batch,
                           const struct crux_game_reveal *reveal) {
    const struct crux_game_place *place = &dispute->place;
    if (place->tree == CRUX_GAME_STEP) {
        uint32_t extension = batch->parameters.extension_seconds;
        dispute->layer = reveal->layer;
        crux_copy(dispute->record_root, dispute->node, 32);
        crux_copy(dispute->tensors_root, reveal->data, 32);
        dispute->left[0] += extension;
        dispute->left[1] += extension;
        dispute->stage = CRUX_STAGE_SIDE;
        return;
    }
    if (place->tree == CRUX_GAME_OP && place->level == CRUX_GAME_UNOPENED) {
        dispute->layout = reveal->layout;
        if (reveal->layout.pages == 0) {
            fix_empty(dispute);
            dispute->stage = CRUX_STAGE_PROVE;
            return;
        }
    }
    dispute->stage = reveal->nodes == 0 ? CRUX_STAGE_ELEMENT : CRUX_STAGE_PICK;
}

/* A leaf of the outer tree becomes the root of an op.  In: place, of tensors or record, level 0. */
static void enter_op(struct crux_game_dispute *dispute) {
    struct crux_game_place *place = &dispute->place;
    uint32_t first =
        place->tree == CRUX_GAME_RECORD ? dispute->layer.ops - dispute->layer.stores : 0;
    place->op = first + (uint32_t)place->index;
    place->tree = CRUX_GAME_OP;
    place->level = CRUX_GAME_UNOPENED;
    place->index = 0;
}

/* A trace leaf is CLOSE, or a step.  In: place, of the trace, level 0. */
static void enter_leaf(const struct crux_game_claim *claim, struct crux_game_dispute *dispute) {
    struct crux_game_place *place = &dispute->place;
    struct crux_element_id close = {.kind = CRUX_ELEMENT_CLOSE};
    if (place->index + 1 == crux_dispute_leaves(claim, dispute, CRUX_GAME_TRACE)) {
        crux_copy(close.leaf_hash, dispute->node, 32);
        crux_element_encode(dispute->element, &close);
        dispute->stage = CRUX_STAGE_PROVE;
        return;
    }
    place->tree = CRUX_GAME_STEP;
    place->pos = (uint32_t)(place->index / claim->layers);
    place->layer = (uint32_t)(place->index % claim->layers);
    place->index = 0;
    dispute->stage = CRUX_STAGE_EXPAND;
}

enum crux_status crux_dispute_arrive(const struct crux_play *play,
                                     struct crux_game_dispute *dispute,
                                     const struct crux_game_place *where, const uint8_t node[32]) {
    struct crux_game_place *place = &dispute->place;
    struct crux_game_reveal reveal;
    dispute->place = *where;
    crux_copy(dispute->node, node, 32);
    struct crux_game_node lowest =
        crux_game_lowest(crux_dispute_leaves(&play->claim, dispute, place->tree),
                         (struct crux_game_node){place->level, place->index});
    place->level = lowest.level;
    place->index = lowest.index;
    dispute->stage = CRUX_STAGE_REVEAL;
    if (place->level == 0) {
        if (place->tree == CRUX_GAME_TRACE) enter_leaf(&play->claim, dispute);
        if (place->tree == CRUX_GAME_TENSORS || place->tree == CRUX_GAME_RECORD) enter_op(dispute);
    }
    if (dispute->stage == CRUX_STAGE_PROVE) return CRUX_OK;
    /* spec/70-game.md#stages: "it answers every dispute that comes there later, at once" */
    enum crux_status status =
        crux_game_get_reveal(play->game, &play->claim.key, &dispute->place, &reveal);
    if (status == CRUX_OK) crux_dispute_answered(dispute, &play->batch, &reveal);
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

enum crux_status crux_dispute_start(struct crux_play *play, struct crux_game_dispute *dispute) {
    struct crux_game_place place = dispute->place;
    uint8_t node[32];
    dispute->since = play->now;
    dispute->left[0] = play->batch.parameters.clock_seconds;
    dispute->left[1] = play->batch.parameters.clock_seconds;
    if (place.tree == 0) {
        dispute->stage = CRUX_STAGE_PROVE;
        return CRUX_OK;
    }
    crux_copy(node, dispute->node, 32);
    return crux_dispute_arrive(play, dispute, &place, node);
}

enum crux_status crux_play_running(const struct crux_play *play) {
    if (play->claim.fallen) return CRUX_E_CLAIM_FALLEN;
    if (play->dispute.stage == CRUX_STAGE_QUEUED) return CRUX_E_DISPUTE_QUEUED;
    return crux_game_turn(&play->dispute) == 2 ? CRUX_E_DISPUTE_OVER : CRUX_OK;
}

enum crux_status crux_play_in_time(const struct crux_play *play) {
    /* a dispute from later than now: the store is damaged */
    if (play->now < play->dispute.since) return CRUX_E_NON_CANONICAL;
    return play->now <= crux_game_deadline(&play->dispute) ? CRUX_OK : CRUX_E_TOO_LATE;
}

void crux_dispute_stop_clock(struct crux_game_dispute *dispute, uint64_t now) {
    unsigned turn = crux_game_turn(dispute);
    CRUX_ASSERT(turn < 2 && now >= dispute->since && now - dispute->since <= dispute->left[turn]);
    dispute->left[turn] -= now - dispute->since;
    dispute->since = now;
}
