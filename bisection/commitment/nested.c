#include "bisection/commitment/nested.h"

size_t crux_nested_bytes(const struct crux_tensor *tensors, uint32_t count) {
    struct crux_merkle_shape outer = crux_merkle_shape_plain(count);
    size_t bytes = count * sizeof(struct crux_merkle_tree) + crux_merkle_tree_bytes(&outer);
    for (uint32_t i = 0; i < count; i++) bytes += crux_tensor_tree_bytes(&tensors[i].layout);
    return bytes;
}

void crux_nested_build(struct crux_nested *nested, const struct crux_tensor *tensors,
                       uint32_t count, void *memory) {
    struct crux_merkle_shape outer = crux_merkle_shape_plain(count);
    uint8_t *hashes = (uint8_t *)memory + count * sizeof(struct crux_merkle_tree);
    nested->count = count;
    nested->inner = memory;
    crux_merkle_tree_init(&nested->outer, &outer, hashes);
    hashes += crux_merkle_tree_bytes(&outer);
    for (uint32_t i = 0; i < count; i++) {
        crux_tensor_tree_build(&nested->inner[i], &tensors[i], hashes);
        crux_merkle_tree_root(nested->outer.hash[i], &nested->inner[i]);
        hashes += crux_tensor_tree_bytes(&tensors[i].layout);
    }
    crux_merkle_tree_build(&nested->outer);
}

void crux_nested_root(uint8_t out[32], const struct crux_nested *nested) {
    crux_merkle_tree_root(out, &nested->outer);
}

static enum crux_status check(const struct crux_nested *nested,
                              const struct crux_nested_leaf *leaves, size_t n) {
    if (n > CRUX_NESTED_LEAVES_MAX) return CRUX_E_TOO_MANY_LEAVES;
    for (size_t i = 0; i < n; i++) {
        const struct crux_nested_leaf *leaf = &leaves[i];
        if (leaf->tensor >= nested->count || leaf->leaf >= nested->inner[leaf->tensor].leaf_count) {
            return CRUX_E_INDEX_BEYOND_COUNT;
        }
        if (i == 0 || leaf[-1].tensor < leaf->tensor) continue;
        if (leaf[-1].tensor > leaf->tensor || leaf[-1].leaf >= leaf->leaf)
            return CRUX_E_NON_CANONICAL;
    }
    return CRUX_OK;
}

enum crux_status crux_nested_prove(struct crux_writer *out, const struct crux_nested *nested,
                                   const struct crux_nested_leaf *leaves, size_t n) {
    uint64_t inner[CRUX_NESTED_LEAVES_MAX], outer[CRUX_NESTED_LEAVES_MAX];
    size_t tensors = 0;
    enum crux_status status = check(nested, leaves, n);
    if (status != CRUX_OK) return status;
    for (size_t first = 0, end = 0; first < n; first = end) {
        uint32_t tensor = leaves[first].tensor;
        for (; end < n && leaves[end].tensor == tensor; end++)
            inner[end - first] = leaves[end].leaf;
        status = crux_merkle_prove(out, &nested->inner[tensor], inner, end - first);
        if (status != CRUX_OK) return status;
        outer[tensors++] = tensor;
    }
    return crux_merkle_prove(out, &nested->outer, outer, tensors);
}
