#include "executor/engine/archive_provider.h"

static enum crux_status give_node(void *ctx, const struct crux_tree_id *id, unsigned level,
                                  uint64_t index, uint8_t out[32]) {
    const struct crux_merkle_tree *tree;
    enum crux_status status = crux_archive_tree(ctx, id, &tree);
    if (status != CRUX_OK) return status;
    if (level > tree->depth || index >= tree->leaf_count || index << level >= tree->leaf_count)
        return CRUX_E_INDEX_BEYOND_COUNT;
    crux_merkle_tree_node(out, tree, level, index);
    return CRUX_OK;
}

void crux_archive_provider(struct crux_archive_provider *out, struct crux_archive *archive) {
    crux_archive_evidence(archive, &out->evidence);
    out->provider = (struct crux_provider){&out->evidence, archive, give_node};
}
