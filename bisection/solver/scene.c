#include "bisection/solver/inside.h"

enum crux_status crux_scene_load(struct crux_scene *scene, const struct crux_game *game,
                                 const struct crux_claim_id *claim, uint32_t dispute) {
    scene->game = game;
    enum crux_status status = crux_game_get_batch(game, claim->batch, &scene->batch);
    if (status == CRUX_OK) status = crux_game_get_claim(game, claim, &scene->claim);
    if (status != CRUX_OK) return status;
    return crux_game_get_dispute(game, claim, dispute, &scene->dispute);
}

void crux_scene_move(struct crux_solver_move *out, const struct crux_scene *scene,
                     enum crux_move_kind kind) {
    const struct crux_game_dispute *dispute = &scene->dispute;
    crux_zero(&out->move, sizeof out->move);
    out->any = true;
    out->move.kind = (uint8_t)kind;
    out->move.claim = scene->claim.key;
    out->move.dispute = dispute->key.number;
    out->move.round = dispute->round;
    crux_copy(out->node, dispute->node, 32);
    out->move.node = out->node;
    out->move.hash = out->hash;
    out->move.leaf = out->leaf;
    out->move.rest = out->bytes;
}

void crux_solver_rest(struct crux_writer *rest, struct crux_solver_move *out) {
    crux_writer_init(rest, out->bytes, sizeof out->bytes);
}

enum crux_status crux_solver_rest_end(struct crux_solver_move *out,
                                      const struct crux_writer *rest) {
    return crux_writer_finish(rest, &out->move.rest_bytes);
}

enum crux_status crux_solver_page(uint8_t *bytes, size_t *len, const struct crux_provider *provider,
                                  const struct crux_tree_id *tree, uint64_t page) {
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, CRUX_RECORD_PAGE_BYTES);
    enum crux_status status =
        provider->evidence->leaf(provider->evidence->ctx, tree, page, &writer);
    *len = writer.at;
    return status == CRUX_OK ? writer.status : status;
}

void crux_solver_compare_pages(bool *differs, uint64_t *index, bool *padding,
                               const struct crux_layout *layout, uint64_t page,
                               const uint8_t *theirs, const uint8_t *mine, size_t len) {
    size_t at = 0;
    while (at < len && theirs[at] == mine[at]) at++;
    *differs = at < len;
    *index = 0;
    *padding = false;
    if (!*differs) return;
    uint64_t offset = page * layout->page_bytes + at;
    *padding = crux_layout_is_padding(layout, offset);
    *index = *padding ? page
                      : offset / layout->stride_bytes * layout->row_elements +
                            offset % layout->stride_bytes / layout->element_bytes;
}

static enum crux_status differs_at(bool *differs, const struct crux_provider *served,
                                   const struct crux_provider *mine, const struct crux_claim *claim,
                                   const struct crux_tree_id *tree, uint64_t leaves,
                                   struct crux_game_node node) {
    uint8_t x[32], y[32];
    enum crux_status status = served->node(served->ctx, tree, node.level, node.index, x);
    if (status != CRUX_OK) return status;
    status = tree->kind == CRUX_TREE_TRACE ? crux_provider_trace_node(mine, y, claim, leaves, node)
                                           : mine->node(mine->ctx, tree, node.level, node.index, y);
    *differs = status == CRUX_OK && !crux_equal(x, y, 32);
    return status;
}

enum crux_status crux_solver_first_difference(bool *differs, uint64_t *leaf,
                                              const struct crux_provider *served,
                                              const struct crux_provider *mine,
                                              const struct crux_claim *claim,
                                              const struct crux_tree_id *tree, uint64_t leaves) {
    struct crux_game_node node = {crux_merkle_depth(leaves), 0};
    *leaf = 0;
    *differs = false;
    if (leaves == 0) return CRUX_OK;
    enum crux_status status = differs_at(differs, served, mine, claim, tree, leaves, node);
    while (status == CRUX_OK && *differs && node.level > 0) {
        node = (struct crux_game_node){node.level - 1, 2 * node.index};
        status = differs_at(differs, served, mine, claim, tree, leaves, node);
        if (status != CRUX_OK || *differs) continue;
        node.index++; /* then it must be the right child, if the served tree is one */
        if (node.index << node.level >= leaves) return CRUX_OK;
        status = differs_at(differs, served, mine, claim, tree, leaves, node);
    }
    *leaf = node.index;
    return status;
}
