#include "executor/engine/committed_model.h"

#include <stdlib.h>
#include <string.h>

static enum crux_status commit_tensor(struct crux_committed_tensor *out,
                                      struct crux_model_tensor *tensor,
                                      const struct crux_model_bytes *bytes) {
    enum crux_status status = crux_model_leaves_init(&out->leaves, tensor);
    if (status != CRUX_OK) return status;
    if (bytes->len != out->leaves.bytes) return CRUX_E_BAD_LAYOUT;
    out->memory = malloc(crux_model_tensor_tree_bytes(&out->leaves) + 1);
    if (out->memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_model_tensor_tree_build(&out->tree, &out->leaves, bytes->bytes, out->memory);
    crux_merkle_tree_root(tensor->root, &out->tree);
    return CRUX_OK;
}

static void bind_operands(struct crux_program *program) {
    for (uint32_t i = 0; i < program->op_count; i++) {
        struct crux_op *op = &program->ops[i].op;
        for (unsigned slot = 0; slot < op->nin; slot++) {
            struct crux_operand *operand = &op->in[slot];
            if (operand->kind != CRUX_KIND_MODEL) continue;
            crux_copy(operand->root, program->tensors[operand->tensor].root, CRUX_HASH_BYTES);
        }
    }
}

enum crux_status crux_committed_model_init(struct crux_committed_model *model,
                                           struct crux_program *program,
                                           const struct crux_model_memory *memory,
                                           const uint8_t *manifest, size_t manifest_bytes) {
    uint8_t manifest_hash[32];
    *model = (struct crux_committed_model){.program = program, .memory = memory};
    if (memory->count != program->tensor_count) return CRUX_E_BAD_LAYOUT;
    model->tensors = calloc(program->tensor_count + 1U, sizeof *model->tensors);
    if (model->tensors == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        enum crux_status status =
            commit_tensor(&model->tensors[i], &program->tensors[i], &memory->tensors[i]);
        if (status != CRUX_OK) return status;
    }
    bind_operands(program);
    crux_manifest_hash(manifest_hash, manifest, manifest_bytes);
    model->tree_memory = malloc(crux_model_tree_bytes(program));
    if (model->tree_memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    return crux_model_tree_build(&model->tree, program, manifest_hash, model->tree_memory);
}

enum crux_status crux_committed_model_init_as(struct crux_committed_model *model,
                                              struct crux_program *program,
                                              const struct crux_model_memory *memory,
                                              const uint8_t *manifest, size_t manifest_bytes,
                                              const uint8_t root[32]) {
    enum crux_status status =
        crux_committed_model_init(model, program, memory, manifest, manifest_bytes);
    if (status == CRUX_OK && memcmp(model->tree.root, root, 32) != 0)
        status = CRUX_E_PROOF_ROOT_MISMATCH;
    if (status != CRUX_OK) crux_committed_model_free(model);
    return status;
}

void crux_committed_model_free(struct crux_committed_model *model) {
    if (model->tensors != NULL) {
        for (uint32_t i = 0; i < model->program->tensor_count; i++) free(model->tensors[i].memory);
    }
    free(model->tensors);
    free(model->tree_memory);
    *model = (struct crux_committed_model){0};
}
