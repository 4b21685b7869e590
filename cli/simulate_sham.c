/* A challenger who disputes what is true: it follows its aim down to an element, or goes wherever the seed says. */
#include <string.h>

#include "cli/simulate_table.h"

static uint64_t covered_from(struct crux_game_node node) {
    return node.index << node.level;
}

static uint64_t leaves_of(const struct crux_cli_table *table, const struct crux_game_dispute *d) {
    const struct crux_claim *claim = &table->claim;
    switch ((enum crux_game_tree)d->place.tree) {
    case CRUX_GAME_TRACE:
        return crux_trace_leaves(crux_claim_positions(claim),
                                 table->play->model->program->header.layers);
    case CRUX_GAME_OUTPUT:
        return ((uint64_t)claim->chosen_tokens * 4 + CRUX_STEP_PAGE_BYTES - 1) /
               CRUX_STEP_PAGE_BYTES;
    case CRUX_GAME_TENSORS: return d->layer.ops - d->layer.stores;
    case CRUX_GAME_RECORD: return d->layer.stores;
    case CRUX_GAME_OP: return d->layout.pages;
    case CRUX_GAME_STEP: break;
    }
    return 1;
}

/* Returns: where the aim's element begins in its tensor's bytes, of whole rows. */
static uint64_t offset_of(const struct crux_cli_aim *aim, const struct crux_game_layout *layout) {
    return aim->element / layout->row_elements * layout->stride_bytes +
           aim->element % layout->row_elements * layout->element_bytes;
}

/* The leaf of the dispute's tree that the aim lies in. */
static uint64_t leaf_aimed_at(const struct crux_cli_table *table,
                              const struct crux_game_dispute *d) {
    const struct crux_cli_aim *aim = &table->play->aim;
    const struct crux_program *program = table->play->model->program;
    const struct crux_layer *layer = &program->layers[d->place.layer];
    uint32_t tensors = layer->ops - layer->stores;
    switch ((enum crux_game_tree)d->place.tree) {
    case CRUX_GAME_TRACE:
        return aim->target == CRUX_TARGET_LEAF
                   ? aim->index
                   : crux_trace_leaf(aim->pos, aim->layer, program->header.layers);
    case CRUX_GAME_TENSORS: return aim->op;
    case CRUX_GAME_RECORD: return aim->op - tensors;
    case CRUX_GAME_OP:
        if (aim->padding) return aim->index;
        return aim->to_element ? offset_of(aim, &d->layout) / d->layout.page_bytes : 0;
    case CRUX_GAME_OUTPUT:
    case CRUX_GAME_STEP: break;
    }
    return 0;
}

/* Returns: the number of the frontier's node that covers the leaf. */
static uint64_t aimed_node(const struct crux_cli_table *table, const struct crux_game_dispute *d) {
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    uint64_t leaves = leaves_of(table, d), leaf = leaf_aimed_at(table, d);
    struct crux_game_node node = {d->place.level, d->place.index};
    if (d->place.level == CRUX_GAME_UNOPENED)
        node = crux_game_lowest(leaves, (struct crux_game_node){crux_merkle_depth(leaves), 0});
    uint32_t count = crux_game_frontier(nodes, leaves, node, table->play->parameters.k), at = 0;
    while (at + 1 < count && covered_from(nodes[at + 1]) <= leaf) at++;
    return at;
}

static bool is_aimed(const struct crux_cli_table *table, const struct crux_game_dispute *d) {
    const struct crux_cli_aim *aim = &table->play->aim;
    if (aim->target == CRUX_TARGET_LEAF) return d->place.tree == CRUX_GAME_TRACE;
    return aim->target == CRUX_TARGET_TRACE && aim->to_element && d->place.tree != CRUX_GAME_OUTPUT;
}

/* The first element of the page that is there; of a page of padding, its padding. */
static void point_in_page(struct crux_move *move, const struct crux_game_dispute *d) {
    uint64_t per_page = d->layout.page_bytes / d->layout.element_bytes;
    uint64_t in_stride = d->layout.stride_bytes / d->layout.element_bytes;
    uint64_t first = d->place.index * per_page; /* of the padded elements */
    move->flag = first % in_stride >= d->layout.row_elements;
    move->index =
        move->flag != 0 ? 0 : first / in_stride * d->layout.row_elements + first % in_stride;
}

/* The same for the same dispute and round, whenever it is asked. */
static uint64_t drawn(const struct crux_cli_table *table, const struct crux_game_dispute *d,
                      uint64_t end) {
    struct crux_cli_random random = {table->sham_seed ^ ((uint64_t)d->key.number << 32 | d->round)};
    return crux_cli_random_below(&random, end);
}

enum crux_status crux_cli_table_sham(struct crux_cli_table *table,
                                     const struct crux_game_dispute *d) {
    const struct crux_cli_aim *aim = &table->play->aim;
    struct crux_solver_move *step = &table->step;
    struct crux_game_reveal reveal;
    bool aimed = is_aimed(table, d);
    const struct crux_layer *layer = &table->play->model->program->layers[d->place.layer];
    memcpy(step->node, d->node, sizeof step->node);
    step->any = true;
    step->move = (struct crux_move){.kind = CRUX_MOVE_PICK,
                                    .claim = table->play->id,
                                    .dispute = d->key.number,
                                    .node = step->node,
                                    .round = d->round};
    if (d->stage == CRUX_STAGE_SIDE) {
        step->move.index = aimed ? aim->op < layer->ops - layer->stores : drawn(table, d, 2);
        return CRUX_OK;
    }
    if (d->stage == CRUX_STAGE_ELEMENT) {
        if (aimed && aim->padding)
            step->move.flag = 1;
        else if (aimed)
            step->move.index = aim->element;
        else if (d->place.tree == CRUX_GAME_OP)
            point_in_page(&step->move, d);
        return CRUX_OK; /* of the output's page: the first slot */
    }
    enum crux_status status =
        crux_game_get_reveal(table->game, &table->play->id, &d->place, &reveal);
    if (status != CRUX_OK) return status;
    step->move.index = aimed ? aimed_node(table, d) : drawn(table, d, reveal.nodes);
    return CRUX_OK;
}
