#include "kernels/program/text_source.h"

#include <string.h>

#include "kernels/ops/dim.h"

void crux_text_token_source(struct crux_operand *operand, const struct crux_program *program) {
    operand->layer = program->header.layers == 0 ? 0 : program->header.layers - 1;
    operand->tensor = program->header.token_store;
}

static void fill_view(struct crux_operand *operand, unsigned ndim, const struct crux_dim *dim) {
    operand->ndim = (uint8_t)(ndim <= CRUX_DIMS_MAX ? ndim : CRUX_DIMS_MAX);
    memset(operand->dim, 0, sizeof operand->dim);
    for (unsigned i = 0; i < operand->ndim; i++) operand->dim[i] = dim[i];
}

static void fill_from_op(struct crux_operand *operand, const struct crux_op *op) {
    operand->dtype = op->dtype;
    operand->lo = op->lo;
    operand->hi = op->hi;
    fill_view(operand, op->ndim, op->dim);
}

static void fill_from_tensor(struct crux_operand *operand, const struct crux_model_tensor *t) {
    struct crux_dim dim[CRUX_DIMS_MAX];
    operand->dtype = t->dtype;
    operand->layout = t->layout;
    operand->lo = t->lo;
    operand->hi = t->hi;
    memcpy(operand->root, t->root, CRUX_HASH_BYTES);
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) dim[i] = crux_dim_constant(t->dim[i]);
    fill_view(operand, t->ndim, dim);
}

/* The layer read, for record and token. */
static const struct crux_layer *fill_from_layer(struct crux_operand *operand,
                                                const struct crux_program *program) {
    if (operand->layer >= program->header.layers) return NULL;
    const struct crux_layer *layer = &program->layers[operand->layer];
    if (operand->tensor >= layer->stores || layer->stores > layer->ops) return NULL;
    operand->stores = layer->stores;
    operand->flags = (uint8_t)(operand->flags & ~CRUX_FLAG_FROM_LAST);
    if (layer->active == CRUX_ACTIVE_FROM_LAST) operand->flags |= CRUX_FLAG_FROM_LAST;
    return layer;
}

bool crux_text_source(struct crux_operand *operand, const struct crux_program *program,
                      uint32_t layer) {
    const struct crux_layer *source = NULL;
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM:
    case CRUX_KIND_PARAM: return false;
    case CRUX_KIND_STEP:
        source = &program->layers[layer];
        if (operand->tensor >= source->ops) return false;
        fill_from_op(operand, &program->ops[source->first + operand->tensor].op);
        return true;
    case CRUX_KIND_MODEL:
        if (operand->tensor >= program->tensor_count) return false;
        fill_from_tensor(operand, &program->tensors[operand->tensor]);
        return true;
    case CRUX_KIND_RECORD:
        source = fill_from_layer(operand, program);
        if (source == NULL) return false;
        fill_from_op(
            operand,
            &program->ops[source->first + source->ops - source->stores + operand->tensor].op);
        return true;
    case CRUX_KIND_TOKEN:
        if (fill_from_layer(operand, program) == NULL) return false;
        operand->dtype = CRUX_I32;
        operand->lo = 0;
        operand->hi = (int64_t)program->header.vocab - 1;
        return true;
    }
    return false;
}
