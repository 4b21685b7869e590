#include "bisection/solver/provider.h"

#include "bisection/commitment/preimage.h"

struct crux_tree_id crux_provider_tree(const struct crux_program *program,
                                       const struct crux_game_place *place) {
    struct crux_tree_id tree = {0, place->pos, place->layer, 0};
    switch ((enum crux_game_tree)place->tree) {
    case CRUX_GAME_TRACE: return (struct crux_tree_id){.kind = CRUX_TREE_TRACE};
    case CRUX_GAME_OUTPUT: return (struct crux_tree_id){.kind = CRUX_TREE_OUTPUT};
    case CRUX_GAME_TENSORS: tree.kind = CRUX_TREE_TENSORS; return tree;
    case CRUX_GAME_RECORD: tree.kind = CRUX_TREE_RECORD; return tree;
    case CRUX_GAME_OP: {
        const struct crux_layer *layer = &program->layers[place->layer];
        uint32_t tensors = layer->ops - layer->stores;
        bool is_store = place->op >= tensors;
        tree.kind = is_store ? CRUX_TREE_STORE : CRUX_TREE_TENSOR;
        tree.number = is_store ? place->op - tensors : place->op;
        return tree;
    }
    case CRUX_GAME_STEP: break;
    }
    CRUX_ASSERT(false);
    return tree;
}

enum crux_status crux_provider_trace_node(const struct crux_provider *provider, uint8_t out[32],
                                          const struct crux_claim *claim, uint64_t leaves,
                                          struct crux_game_node node) {
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    uint64_t last = leaves - 1;
    uint8_t left[32];
    if (last >> node.level != node.index)
        return provider->node(provider->ctx, &trace, node.level, node.index, out);
    crux_close_leaf(out, claim->request_tokens, claim->chosen_tokens, claim->cancelled,
                    claim->output_root);
    for (uint32_t v = 0; v < node.level; v++) {
        uint64_t at = last >> v;
        if (at % 2 == 0) continue; /* an only child */
        enum crux_status status = provider->node(provider->ctx, &trace, v, at - 1, left);
        if (status != CRUX_OK) return status;
        crux_merkle_node_hash(out, left, out);
    }
    return CRUX_OK;
}
