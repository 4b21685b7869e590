#include "bisection/commitment/model.h"

#include "bisection/commitment/preimage.h"

size_t crux_model_tree_bytes(const struct crux_program *program) {
    uint32_t layers = program->header.layers;
    struct crux_merkle_shape shape = crux_merkle_shape_plain(layers);
    size_t bytes = layers * (sizeof(struct crux_merkle_tree) + CRUX_LAYER_LEAF_BYTES) +
                   crux_merkle_tree_bytes(&shape);
    for (uint32_t l = 0; l < layers; l++) {
        shape = crux_merkle_shape_plain(program->layers[l].ops);
        bytes += crux_merkle_tree_bytes(&shape);
    }
    return bytes;
}

static bool is_bound(const struct crux_operand *operand) {
    uint8_t any = 0;
    for (size_t i = 0; i < CRUX_HASH_BYTES; i++) any |= operand->root[i];
    return operand->kind != CRUX_KIND_MODEL || any != 0;
}

static enum crux_status hash_op(uint8_t leaf[32], const struct crux_op *op) {
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    for (unsigned i = 0; i < op->nin; i++) {
        if (!is_bound(&op->in[i])) return CRUX_E_PROGRAM_INVALID;
    }
    enum crux_status status = crux_descriptor_encode(descriptor, &used, op);
    if (status == CRUX_OK) crux_op_leaf(leaf, descriptor);
    return status;
}

static enum crux_status build_layer(struct crux_model_tree *tree,
                                    const struct crux_program *program, uint32_t l) {
    const struct crux_layer *layer = &program->layers[l];
    uint8_t *leaf = tree->layer_leaf[l];
    enum crux_status status;
    for (uint32_t i = 0; i < layer->ops; i++) {
        status = hash_op(tree->ops[l].hash[i], &program->ops[layer->first + i].op);
        if (status != CRUX_OK) return status;
    }
    crux_merkle_tree_build(&tree->ops[l]);
    status = crux_layer_encode(leaf, layer);
    if (status != CRUX_OK) return status;
    crux_merkle_tree_root(leaf + CRUX_LAYER_BYTES, &tree->ops[l]);
    crux_layer_leaf(tree->layers.hash[l], leaf, leaf + CRUX_LAYER_BYTES);
    return CRUX_OK;
}

enum crux_status crux_model_tree_build(struct crux_model_tree *tree,
                                       const struct crux_program *program,
                                       const uint8_t manifest_hash[32], void *memory) {
    uint32_t layers = program->header.layers;
    struct crux_merkle_shape shape = crux_merkle_shape_plain(layers);
    uint8_t *rest = (uint8_t *)memory + layers * sizeof *tree->ops, layers_root[32];
    enum crux_status status = crux_header_encode(tree->header, &program->header);
    if (status != CRUX_OK) return status;
    crux_copy(tree->manifest_hash, manifest_hash, 32);
    tree->ops = memory;
    tree->layer_leaf = (uint8_t(*)[CRUX_LAYER_LEAF_BYTES])rest;
    rest += layers * (size_t)CRUX_LAYER_LEAF_BYTES;
    crux_merkle_tree_init(&tree->layers, &shape, rest);
    rest += crux_merkle_tree_bytes(&shape);
    for (uint32_t l = 0; l < layers; l++) {
        shape = crux_merkle_shape_plain(program->layers[l].ops);
        crux_merkle_tree_init(&tree->ops[l], &shape, rest);
        rest += crux_merkle_tree_bytes(&shape);
        status = build_layer(tree, program, l);
        if (status != CRUX_OK) return status;
    }
    crux_merkle_tree_build(&tree->layers);
    crux_merkle_tree_root(layers_root, &tree->layers);
    crux_model_root(tree->root, tree->header, manifest_hash, layers_root);
    return CRUX_OK;
}

enum crux_status crux_model_prove_layer(struct crux_writer *out, const struct crux_model_tree *tree,
                                        uint32_t layer) {
    uint64_t index = layer;
    return crux_merkle_prove(out, &tree->layers, &index, 1);
}

enum crux_status crux_model_prove_op(struct crux_writer *out, const struct crux_model_tree *tree,
                                     uint32_t layer, uint32_t op) {
    uint64_t index = op;
    if (layer >= tree->layers.leaf_count) return CRUX_E_INDEX_BEYOND_COUNT;
    return crux_merkle_prove(out, &tree->ops[layer], &index, 1);
}
