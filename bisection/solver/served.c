/* Where the executor has served its trace: straight to the leaf, and straight to the element. What is served is checked
 * here as the chain will check it; what does not hold is as good as not served. */
#include "bisection/commitment/trace.h"
#include "bisection/solver/inside.h"

static enum crux_status put_path(struct crux_writer *rest, const struct crux_provider *served,
                                 const struct crux_tree_id *tree, uint64_t leaf) {
    return served->evidence->prove(served->evidence->ctx, tree, &leaf, 1, rest);
}

static enum crux_status own_node(const struct crux_provider *own, uint8_t out[32],
                                 const struct crux_claim *claim, const struct crux_tree_id *tree,
                                 uint64_t leaves, struct crux_game_node node) {
    return claim != NULL ? crux_provider_trace_node(own, out, claim, leaves, node)
                         : own->node(own->ctx, tree, node.level, node.index, out);
}

/* spec/70-game.md#honest-players: "Pick the first node that differs from your own"
 * Nodes that were asked for on the way may have been anything. What the path says is committed: the leaf must differ from
 * the own one, and all that lies before it must be the own.
 * Returns: is it so?  In: hash, of the leaf; path, of it, which leads to the root; claim, of a trace, else NULL. */
static bool is_first(const struct crux_provider *own, const struct crux_claim *claim,
                     const struct crux_tree_id *tree, uint64_t leaves, uint64_t leaf,
                     const uint8_t hash[32], struct crux_cursor path) {
    uint8_t mine[32];
    if (own_node(own, mine, claim, tree, leaves, (struct crux_game_node){0, leaf}) != CRUX_OK ||
        crux_equal(mine, hash, 32))
        return false;
    /* a proof has its hashes from left to right: those before the leaf come first, the topmost of them first */
    for (unsigned level = crux_merkle_depth(leaves); level-- > 0;) {
        uint64_t at = leaf >> level;
        if (at % 2 == 0) continue;
        const uint8_t *before = crux_get_bytes(&path, 32);
        const struct crux_game_node node = {level, at - 1};
        if (before == NULL || own_node(own, mine, claim, tree, leaves, node) != CRUX_OK ||
            !crux_equal(mine, before, 32))
            return false;
    }
    return true;
}

/* Out: out->any, whether the path leads from the leaf to the trace root. */
static enum crux_status jump_to_leaf(struct crux_solver_move *out, const struct crux_claim *claim,
                                     uint64_t leaves, const struct crux_provider *own,
                                     const struct crux_provider *served) {
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    struct crux_writer rest;
    struct crux_cursor cursor;
    uint8_t root[32];
    uint64_t leaf;
    bool differs;
    out->any = false;
    enum crux_status status =
        crux_solver_first_difference(&differs, &leaf, served, own, claim, &trace, leaves);
    if (status != CRUX_OK || !differs) return status;
    status = served->node(served->ctx, &trace, 0, leaf, out->leaf);
    if (status != CRUX_OK) return status;
    crux_solver_rest(&rest, out);
    status = put_path(&rest, served, &trace, leaf);
    if (status == CRUX_OK) status = crux_solver_rest_end(out, &rest);
    if (status != CRUX_OK) return status;
    crux_cursor_init(&cursor, out->bytes, out->move.rest_bytes);
    out->any = crux_path_root(root, leaves, leaf, out->leaf, &cursor) == CRUX_OK &&
               crux_cursor_finish(&cursor) == CRUX_OK && crux_equal(root, claim->trace_root, 32);
    out->move.index = leaf;
    crux_cursor_init(&cursor, out->bytes, out->move.rest_bytes);
    out->any = out->any && is_first(own, claim, &trace, leaves, leaf, out->leaf, cursor);
    return CRUX_OK;
}

enum crux_status crux_solver_open(struct crux_solver_move *out, const struct crux_claim_id *id,
                                  const struct crux_claim *claim, enum crux_target target,
                                  uint64_t index, uint32_t nonce, uint64_t most, uint32_t layers,
                                  const struct crux_provider *own,
                                  const struct crux_provider *served) {
    struct crux_move *move = &out->move;
    crux_zero(move, sizeof *move);
    crux_zero(out->leaf, sizeof out->leaf);
    move->kind = CRUX_MOVE_OPEN;
    move->claim = *id;
    move->hash = out->hash;
    move->leaf = out->leaf;
    move->rest = out->bytes;
    move->count = nonce;
    move->amount = most;
    crux_claim_hash(out->hash, claim);
    if (target == CRUX_TARGET_TRACE && served != NULL) {
        uint64_t leaves = crux_trace_leaves(crux_claim_positions(claim), layers);
        enum crux_status status = jump_to_leaf(out, claim, leaves, own, served);
        if (status == CRUX_OK && out->any) {
            move->flag = CRUX_TARGET_LEAF;
            return CRUX_OK;
        }
        crux_zero(out->leaf, sizeof out->leaf);
        move->rest_bytes = 0;
    }
    move->flag = (uint8_t)target;
    move->index = index;
    out->any = true;
    return CRUX_OK;
}

struct step_trees {
    struct crux_tree_id outer, inner;
    const uint8_t *root; /* in dispute */
    uint64_t count;      /* leaves of the outer tree */
    uint64_t number;     /* the leaf of the op */
};

/* spec/70-game.md#honest-players: "at side the tensors, if their root differs, else the record"
 * Out: trees; differs. */
static enum crux_status find_op(struct step_trees *trees, bool *differs,
                                const struct crux_scene *scene, const struct crux_provider *own,
                                const struct crux_provider *served) {
    const struct crux_game_dispute *dispute = &scene->dispute;
    const struct crux_game_place *place = &dispute->place;
    uint32_t tensors = dispute->layer.ops - dispute->layer.stores;
    *trees = (struct step_trees){
        .outer = {CRUX_TREE_TENSORS, place->pos, place->layer, 0},
        .inner = {CRUX_TREE_TENSOR, place->pos, place->layer, 0},
        .root = dispute->tensors_root,
        .count = tensors,
    };
    enum crux_status status = crux_solver_first_difference(differs, &trees->number, served, own,
                                                           NULL, &trees->outer, trees->count);
    if (status == CRUX_OK && !*differs) {
        trees->outer.kind = CRUX_TREE_RECORD;
        trees->inner.kind = CRUX_TREE_STORE;
        trees->root = dispute->record_root;
        trees->count = dispute->layer.stores;
        status = crux_solver_first_difference(differs, &trees->number, served, own, NULL,
                                              &trees->outer, trees->count);
    }
    trees->inner.number = (uint32_t)trees->number;
    return status;
}

/* Out: the element, and the hash of its page, or of the op's root if there is none.  differs. */
static enum crux_status find_element(struct crux_solver_move *out, bool *differs, uint64_t *page,
                                     const struct crux_layout *layout,
                                     const struct step_trees *trees,
                                     const struct crux_provider *own,
                                     const struct crux_provider *served) {
    uint8_t theirs[CRUX_RECORD_PAGE_BYTES], mine[CRUX_RECORD_PAGE_BYTES];
    size_t len, my_len;
    bool padding = true;
    *page = 0;
    if (layout->pages == 0) {
        *differs = true;
        out->move.flag = 1;
        out->move.index = 0;
        return served->node(served->ctx, &trees->outer, 0, trees->number, out->leaf);
    }
    enum crux_status status = crux_solver_first_difference(differs, page, served, own, NULL,
                                                           &trees->inner, layout->pages);
    if (status != CRUX_OK || !*differs) return status;
    status = crux_solver_page(theirs, &len, served, &trees->inner, *page);
    if (status == CRUX_OK) status = crux_solver_page(mine, &my_len, own, &trees->inner, *page);
    if (status != CRUX_OK) return status;
    *differs = false;
    if (len != my_len) return CRUX_OK; /* not a page of this tensor */
    crux_solver_compare_pages(differs, &out->move.index, &padding, layout, *page, theirs, mine,
                              len);
    out->move.flag = padding;
    crux_merkle_leaf_hash(out->leaf, theirs, len);
    return CRUX_OK;
}

/* Would the chain take it, and is it the first op that differs? */
static bool leads_there(const struct crux_solver_move *out, size_t at,
                        const struct crux_layout *layout, uint64_t page,
                        const struct step_trees *trees, const struct crux_provider *own) {
    struct crux_cursor cursor, outer;
    uint8_t op_root[32], root[32];
    crux_cursor_init(&cursor, out->bytes + at, out->move.rest_bytes - at);
    crux_copy(op_root, out->leaf, 32);
    if (layout->pages > 0 &&
        crux_path_root(op_root, layout->pages, page, out->leaf, &cursor) != CRUX_OK)
        return false;
    outer = cursor;
    return crux_path_root(root, trees->count, trees->number, op_root, &cursor) == CRUX_OK &&
           crux_cursor_finish(&cursor) == CRUX_OK && crux_equal(root, trees->root, 32) &&
           is_first(own, NULL, &trees->outer, trees->count, trees->number, op_root, outer);
}

/* spec/70-game.md#honest-players: "at side the tensors, if their root differs, else the record"
 * By what is on the chain, not by what was served. */
static bool tensors_are_own(const struct crux_game_dispute *dispute,
                            const struct crux_provider *own) {
    const struct crux_tree_id tensors = {CRUX_TREE_TENSORS, dispute->place.pos,
                                         dispute->place.layer, 0};
    uint32_t count = dispute->layer.ops - dispute->layer.stores;
    uint8_t root[32];
    return count == 0 ||
           (own->node(own->ctx, &tensors, crux_merkle_depth(count), 0, root) == CRUX_OK &&
            crux_equal(root, dispute->tensors_root, 32));
}

enum crux_status crux_solver_jump(struct crux_solver_move *out, const struct crux_scene *scene,
                                  const struct crux_provider *own,
                                  const struct crux_provider *served) {
    const struct crux_game_place *place = &scene->dispute.place;
    struct crux_game_layout packed;
    struct crux_layout layout;
    struct step_trees trees;
    struct crux_cursor cursor;
    struct crux_writer rest;
    uint64_t page;
    bool differs;
    crux_scene_move(out, scene, CRUX_MOVE_JUMP);
    out->any = false;
    enum crux_status status = find_op(&trees, &differs, scene, own, served);
    if (status != CRUX_OK || !differs) return status;
    bool in_record = trees.outer.kind == CRUX_TREE_RECORD;
    if (in_record && !tensors_are_own(&scene->dispute, own)) return CRUX_OK;
    uint32_t first = in_record ? scene->dispute.layer.ops - scene->dispute.layer.stores : 0;
    out->move.count = first + trees.inner.number;
    crux_solver_rest(&rest, out);
    status = crux_witness_put_op(&rest, own->evidence, place->layer, out->move.count);
    if (status != CRUX_OK) return status;
    size_t at = rest.at;
    crux_cursor_init(&cursor, out->bytes, at);
    status = crux_op_open(&packed, &cursor, &scene->claim, &scene->dispute, out->move.count);
    if (status != CRUX_OK) return status;
    crux_layout_unpack(&layout, &packed);
    status = find_element(out, &differs, &page, &layout, &trees, own, served);
    if (status != CRUX_OK || !differs) return status;
    if (layout.pages > 0) status = put_path(&rest, served, &trees.inner, page);
    if (status == CRUX_OK) status = put_path(&rest, served, &trees.outer, trees.number);
    if (status == CRUX_OK) status = crux_solver_rest_end(out, &rest);
    if (status != CRUX_OK) return status;
    out->any = leads_there(out, at, &layout, page, &trees, own);
    return CRUX_OK;
}
