/* A program's tensors and their roots. */
#include <stdlib.h>

#include "bisection/bisection.h"
#include "executor/engine/model_file.h"

enum crux_status crux_model_bind(struct crux_program *program, uint32_t number,
                                 const uint8_t *bytes, uint64_t len) {
    struct crux_model_leaves leaves;
    struct crux_merkle_tree tree;
    enum crux_status status = crux_model_leaves_init(&leaves, &program->tensors[number]);
    if (status != CRUX_OK) return status;
    if (leaves.bytes != len) return CRUX_E_BAD_LAYOUT;
    void *memory = malloc(crux_model_tensor_tree_bytes(&leaves) + 1);
    if (memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_model_tensor_tree_build(&tree, &leaves, bytes, memory);
    crux_merkle_tree_root(program->tensors[number].root, &tree);
    free(memory);
    return CRUX_OK;
}

void crux_model_bind_operands(struct crux_program *program) {
    for (uint32_t i = 0; i < program->op_count; i++) {
        struct crux_op *op = &program->ops[i].op;
        for (unsigned slot = 0; slot < op->nin; slot++) {
            struct crux_operand *operand = &op->in[slot];
            if (operand->kind != CRUX_KIND_MODEL || operand->tensor >= program->tensor_count)
                continue;
            crux_copy(operand->root, program->tensors[operand->tensor].root, CRUX_HASH_BYTES);
        }
    }
}
