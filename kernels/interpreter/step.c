#include <stdlib.h>
#include <string.h>

#include "kernels/interpreter/interpreter.h"
#include "kernels/interpreter/reader.h"
#include "kernels/ops/dtype.h"
#include "kernels/ops/eval.h"

bool crux_layer_is_active(const struct crux_program *program, uint32_t layer, uint32_t pos,
                          uint32_t n) {
    CRUX_ASSERT(layer < program->header.layers);
    return program->layers[layer].active == CRUX_ACTIVE_ALWAYS || (uint64_t)pos + 1 >= n;
}

/* Row-major successor; false after the last. */
static bool next_index(uint32_t index[CRUX_DIMS_MAX], const struct crux_bound_op *bound) {
    for (unsigned i = bound->op->ndim; i-- > 0;) {
        if (++index[i] < bound->dim[i]) return true;
        index[i] = 0;
    }
    return false;
}

static enum crux_status make_tensor(struct crux_step_tensor *tensor,
                                    const struct crux_bound_op *bound) {
    const struct crux_op *op = bound->op;
    tensor->dtype = op->dtype;
    tensor->ndim = op->ndim;
    tensor->element_bytes = crux_dtype_bytes(op->dtype);
    if (bound->elements > CRUX_STEP_ELEMENTS_MAX) return CRUX_E_TOO_MANY_ELEMENTS;
    tensor->elements = bound->elements;
    for (unsigned i = 0; i < op->ndim; i++) tensor->extent[i] = bound->dim[i];
    if (tensor->elements == 0) return CRUX_OK;
    tensor->bytes = calloc((size_t)tensor->elements, tensor->element_bytes);
    return tensor->bytes == NULL ? CRUX_E_OUT_OF_MEMORY : CRUX_OK;
}

static enum crux_status run_op(struct crux_step_tensor *tensor, struct crux_step_reader *reader,
                               const struct crux_op *op, const struct crux_at *at) {
    const struct crux_reader read = {reader, crux_step_reader_read};
    struct crux_bound_op bound;
    uint32_t index[CRUX_DIMS_MAX] = {0, 0, 0, 0};
    enum crux_status status;
    if ((status = crux_op_bind(&bound, op, at)) != CRUX_OK) return status;
    if ((status = make_tensor(tensor, &bound)) != CRUX_OK) return status;
    if ((status = crux_step_reader_begin(reader, op)) != CRUX_OK) return status;
    if (tensor->elements == 0) return CRUX_OK;
    uint8_t *out = tensor->bytes;
    do {
        int64_t x = crux_op_x(&bound, index, &read);
        crux_dtype_put(out, op->dtype, crux_op_element(&bound, index, x, &read));
        out += tensor->element_bytes;
    } while (next_index(index, &bound));
    CRUX_ASSERT(out == tensor->bytes + tensor->elements * tensor->element_bytes);
    return CRUX_OK;
}

/* ---- a step that is known in part ---- */

/* Is the tensor of `op` as it is in the like step?  In: one that has been computed. */
static bool is_as_known(const struct crux_step *step, const struct crux_step *like, uint32_t op) {
    const struct crux_step_tensor *a = &step->tensors[op], *b = &like->tensors[op];
    return a->elements == b->elements &&
           (a->elements == 0 ||
            memcmp(a->bytes, b->bytes, (size_t)a->elements * a->element_bytes) == 0);
}

static bool reads_changed(const struct crux_operand *operand, const bool *changed) {
    if (operand->kind == CRUX_KIND_STEP) return changed[operand->tensor];
    return operand->kind == CRUX_KIND_RECORD && operand->self != CRUX_SELF_NONE &&
           changed[operand->self];
}

/* An element is a function of the descriptor, the place, and what its operands read (spec/20-ops.md): if none of that has
 * changed, neither has the tensor. */
static bool is_known(const struct crux_op *op, const bool *changed) {
    for (unsigned slot = 0; slot < op->nin; slot++) {
        if (reads_changed(&op->in[slot], changed)) return false;
    }
    return !op->has_x || !reads_changed(&op->x, changed);
}

static enum crux_status copy_tensor(struct crux_step_tensor *tensor,
                                    const struct crux_step_tensor *known) {
    *tensor = *known;
    tensor->bytes = NULL;
    if (known->elements == 0) return CRUX_OK;
    size_t bytes = (size_t)known->elements * known->element_bytes;
    tensor->bytes = malloc(bytes);
    if (tensor->bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(tensor->bytes, known->bytes, bytes);
    return CRUX_OK;
}

static enum crux_status run_ops(struct crux_step *step, const struct crux_world *world,
                                const struct crux_layer *entry, bool *changed) {
    const struct crux_at at = {step->pos, world->n, step->layer, world->sample, world->seed};
    struct crux_step_reader reader = {.step = step, .world = world};
    for (uint32_t i = 0; i < entry->ops; i++) {
        const struct crux_op *op = &step->program->ops[entry->first + i].op;
        step->count = i + 1; /* what may be read so far, and what there is to free */
        enum crux_status status = world->like != NULL && is_known(op, changed)
                                      ? copy_tensor(&step->tensors[i], &world->like->tensors[i])
                                      : run_op(&step->tensors[i], &reader, op, &at);
        if (status != CRUX_OK) return status;
        if (world->computed != NULL) world->computed(world->ctx, step, i);
        if (world->like != NULL) changed[i] = !is_as_known(step, world->like, i);
    }
    return CRUX_OK;
}

enum crux_status crux_step_run(struct crux_step *step, const struct crux_program *program,
                               const struct crux_world *world, uint32_t pos, uint32_t layer) {
    *step = (struct crux_step){.program = program, .pos = pos, .layer = layer, .n = world->n};
    if (layer >= program->header.layers || pos >= program->header.context)
        return CRUX_E_STEP_OUTSIDE;
    if (world->n < 1 || world->n > program->header.context) return CRUX_E_STEP_OUTSIDE;
    if (!crux_layer_is_active(program, layer, pos, world->n)) return CRUX_E_STEP_INACTIVE;
    const struct crux_layer *entry = &program->layers[layer];
    const struct crux_step *like = world->like;
    CRUX_ASSERT(like == NULL || (like->program == program && like->pos == pos &&
                                 like->layer == layer && like->count == entry->ops));
    step->tensors = calloc(entry->ops, sizeof *step->tensors);
    if (step->tensors == NULL) return CRUX_E_OUT_OF_MEMORY;
    step->stores = entry->stores;
    bool *changed = NULL;
    if (like != NULL) {
        changed = calloc(entry->ops, sizeof *changed);
        if (changed == NULL) return CRUX_E_OUT_OF_MEMORY;
    }
    enum crux_status status = run_ops(step, world, entry, changed);
    free(changed);
    return status;
}

void crux_step_free(struct crux_step *step) {
    for (uint32_t i = 0; i < step->count; i++) free(step->tensors[i].bytes);
    free(step->tensors);
    *step = (struct crux_step){.program = NULL};
}

int64_t crux_step_value(const struct crux_step *step, uint32_t op, uint64_t flat) {
    CRUX_ASSERT(op < step->count && flat < step->tensors[op].elements);
    const struct crux_step_tensor *tensor = &step->tensors[op];
    return crux_dtype_get(tensor->dtype, tensor->bytes + flat * tensor->element_bytes);
}

const struct crux_step_tensor *crux_step_store(const struct crux_step *step, uint32_t store) {
    CRUX_ASSERT(store < step->stores && step->stores <= step->count);
    return &step->tensors[step->count - step->stores + store];
}
