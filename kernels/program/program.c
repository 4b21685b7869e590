/* A program's memory: three arrays that double. */
#include "kernels/program/program.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/program/letters.h"

enum { CAP_FIRST = 16, PROGRAM_OPS_MAX = CRUX_LAYERS_MAX * CRUX_OPS_MAX };

static enum crux_status reserve(void **array, uint32_t *cap, uint32_t count, size_t element_bytes) {
    if (count < *cap) return CRUX_OK;
    uint32_t more = *cap == 0 ? CAP_FIRST : 2 * *cap; /* at most 2^25 */
    void *grown = realloc(*array, more * element_bytes);
    if (grown == NULL) return CRUX_E_OUT_OF_MEMORY;
    *array = grown;
    *cap = more;
    return CRUX_OK;
}

void crux_program_free(struct crux_program *program) {
    free(program->layers);
    free(program->tensors);
    free(program->ops);
    memset(program, 0, sizeof *program);
}

enum crux_status crux_program_add_tensor(struct crux_program *program,
                                         const struct crux_model_tensor *tensor, uint32_t *number) {
    void *array = program->tensors;
    if (program->tensor_count == CRUX_TENSORS_MAX) return CRUX_E_TOO_MANY_TENSORS;
    enum crux_status status =
        reserve(&array, &program->tensor_cap, program->tensor_count, sizeof *tensor);
    program->tensors = array;
    if (status != CRUX_OK) return status;
    if (number != NULL) *number = program->tensor_count;
    program->tensors[program->tensor_count++] = *tensor;
    return CRUX_OK;
}

enum crux_status crux_program_add_layer(struct crux_program *program, enum crux_active active) {
    void *array = program->layers;
    if (program->header.layers == CRUX_LAYERS_MAX) return CRUX_E_TOO_MANY_LAYERS;
    enum crux_status status =
        reserve(&array, &program->layer_cap, program->header.layers, sizeof *program->layers);
    program->layers = array;
    if (status != CRUX_OK) return status;
    program->layers[program->header.layers++] =
        (struct crux_layer){0, 0, active, program->op_count};
    return CRUX_OK;
}

enum crux_status crux_program_add_op(struct crux_program *program, const struct crux_op *op,
                                     const char *label, uint32_t *number) {
    void *array = program->ops;
    if (program->header.layers == 0) return CRUX_E_USAGE;
    struct crux_layer *layer = &program->layers[program->header.layers - 1];
    if (layer->ops == CRUX_OPS_MAX || program->op_count == PROGRAM_OPS_MAX)
        return CRUX_E_TOO_MANY_OPS;
    if (label != NULL && !crux_letters_fit(label, CRUX_LABEL_BYTES)) return CRUX_E_SYNTAX;
    enum crux_status status =
        reserve(&array, &program->op_cap, program->op_count, sizeof *program->ops);
    program->ops = array;
    if (status != CRUX_OK) return status;
    struct crux_labelled_op *slot = &program->ops[program->op_count++];
    memset(slot, 0, sizeof *slot);
    slot->op = *op;
    if (label != NULL) memcpy(slot->label, label, strlen(label));
    if (number != NULL) *number = layer->ops;
    layer->ops++;
    layer->stores += op->code == CRUX_STORE;
    return CRUX_OK;
}
