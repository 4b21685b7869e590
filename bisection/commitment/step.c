#include "bisection/commitment/step.h"

#include "bisection/commitment/preimage.h"

/* The second tree's memory starts where the first one's ends, aligned like the whole. */
static size_t record_bytes(const struct crux_tensor *stores, uint32_t store_count) {
    size_t align = _Alignof(max_align_t);
    return (crux_nested_bytes(stores, store_count) + align - 1) / align * align;
}

size_t crux_step_tree_bytes(const struct crux_tensor *stores, uint32_t store_count,
                            const struct crux_tensor *tensors, uint32_t tensor_count) {
    return record_bytes(stores, store_count) + crux_nested_bytes(tensors, tensor_count);
}

void crux_step_tree_build(struct crux_step_tree *tree, const struct crux_tensor *stores,
                          uint32_t store_count, const struct crux_tensor *tensors,
                          uint32_t tensor_count, void *memory) {
    uint8_t record_root[32], tensors_root[32];
    crux_nested_build(&tree->record, stores, store_count, memory);
    crux_nested_build(&tree->tensors, tensors, tensor_count,
                      (uint8_t *)memory + record_bytes(stores, store_count));
    crux_nested_root(record_root, &tree->record);
    crux_nested_root(tensors_root, &tree->tensors);
    crux_step_root(tree->root, record_root, tensors_root);
}
