#include "cli/simulate_fault_draw.h"

#include <string.h>

/* A value of the dtype beyond the declared range.  Returns: false if there is none. */
static bool find_beyond(int64_t *value, const struct crux_op *op) {
    uint8_t bytes[8] = {0};
    crux_dtype_put(bytes, op->dtype, op->hi == INT64_MAX ? op->hi : op->hi + 1);
    *value = crux_dtype_get(op->dtype, bytes);
    if (*value > op->hi) return true;
    crux_dtype_put(bytes, op->dtype, op->lo == INT64_MIN ? op->lo : op->lo - 1);
    *value = crux_dtype_get(op->dtype, bytes);
    return *value < op->lo;
}

/* Does the page serve?  PADDING: its last byte is padding.  RANGE: its first element could lie outside of its range. */
static bool fits_page(struct crux_cli_fault *fault, const struct crux_op *op,
                      const struct crux_layout *layout) {
    uint64_t begin = fault->at * layout->page_bytes, end = begin + layout->page_bytes;
    uint64_t all = layout->rows * layout->stride_bytes;
    if (end > all) end = all;
    if (fault->kind == CRUX_CLI_FAULT_PADDING) return crux_layout_is_padding(layout, end - 1);
    fault->dtype = op->dtype;
    fault->element = begin / layout->stride_bytes * layout->row_elements +
                     begin % layout->stride_bytes / layout->element_bytes;
    return !crux_layout_is_padding(layout, begin) && find_beyond(&fault->value, op);
}

/* A page of a record.  Returns: CRUX_E_UNSUPPORTED if the model has none that serves. */
static enum crux_status draw_page(struct crux_cli_fault *fault, const struct crux_program *program,
                                  const struct crux_run *run, struct crux_cli_random *random) {
    enum { TRIES = 2000 };
    for (unsigned i = 0; i < TRIES; i++) {
        struct crux_layout layout;
        uint32_t extent[CRUX_DIMS_MAX] = {0};
        fault->layer = (uint32_t)crux_cli_random_below(random, program->header.layers);
        fault->pos = (uint32_t)crux_cli_random_below(random, run->positions);
        const struct crux_layer *layer = &program->layers[fault->layer];
        if (!crux_layer_is_active(program, fault->layer, fault->pos, run->n)) continue;
        fault->lie.op = (uint32_t)crux_cli_random_below(random, layer->stores);
        const struct crux_op *op =
            &program->ops[layer->first + layer->ops - layer->stores + fault->lie.op].op;
        for (unsigned d = 0; d < op->ndim; d++) extent[d] = crux_dim_value(&op->dim[d], 0, 1);
        crux_layout_record(&layout, op->dtype, op->ndim, extent);
        if (layout.pages == 0) continue;
        fault->at = crux_cli_random_below(random, layout.pages);
        if (fits_page(fault, op, &layout)) return CRUX_OK;
    }
    return CRUX_E_UNSUPPORTED;
}

/* A leaf of the trace: any; that of a head which is skipped; the one that closes it. */
static enum crux_status draw_leaf(struct crux_cli_fault *fault, const struct crux_program *program,
                                  const struct crux_run *run, struct crux_cli_random *random) {
    uint32_t layers = program->header.layers;
    uint64_t leaves = crux_trace_leaves(run->positions, layers);
    if (fault->kind == CRUX_CLI_FAULT_LEAF) fault->at = crux_cli_random_below(random, leaves);
    if (fault->kind == CRUX_CLI_FAULT_CLOSE) fault->at = leaves - 1;
    if (fault->kind == CRUX_CLI_FAULT_NULL) {
        if (run->n < 2 || crux_layer_is_active(program, layers - 1, 0, run->n))
            return CRUX_E_UNSUPPORTED;
        uint32_t pos = (uint32_t)crux_cli_random_below(random, run->n - 1);
        fault->at = crux_trace_leaf(pos, layers - 1, layers);
    }
    fault->pos = (uint32_t)(fault->at / layers);
    fault->layer = (uint32_t)(fault->at % layers);
    return CRUX_OK;
}

static bool is_weights(const struct crux_model_tensor *tensor) {
    return tensor->layout != 0; /* tiles */
}

static enum crux_status draw_weights(struct crux_cli_fault *fault,
                                     const struct crux_program *program,
                                     const struct crux_model_memory *memory,
                                     struct crux_cli_random *random) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->tensor_count; i++) count += is_weights(&program->tensors[i]);
    if (count == 0) return CRUX_E_UNSUPPORTED;
    uint64_t number = crux_cli_random_below(random, count);
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        if (is_weights(&program->tensors[i]) && number-- == 0) fault->tensor = i;
    }
    fault->at = crux_cli_random_below(random, memory->tensors[fault->tensor].len);
    return CRUX_OK;
}

/* A false element that changes the record of its step. */
static enum crux_status draw_lie(struct crux_cli_fault *fault, struct crux_archive *honest,
                                 const struct crux_program *program, uint64_t seed,
                                 struct crux_cli_random *random) {
    bool samples = fault->kind == CRUX_CLI_FAULT_SAMPLING;
    const struct crux_cli_lie_wish wish = {.fault = samples ? "random" : fault->op,
                                           .first_layer = samples ? program->header.layers - 1 : 0,
                                           .seed = seed};
    return crux_cli_lie_find(&fault->lie, &fault->step, &fault->step_seconds, honest, program,
                             &wish, random);
}

enum crux_status crux_cli_fault_draw(struct crux_cli_fault *fault,
                                     const struct crux_cli_simulate_model *model,
                                     struct crux_archive *honest, uint64_t seed,
                                     struct crux_cli_random *random) {
    const struct crux_program *program = crux_cli_simulate_program(model);
    const struct crux_run *run = crux_archive_tokens(honest);
    switch (fault->kind) {
    case CRUX_CLI_FAULT_OP:
    case CRUX_CLI_FAULT_SAMPLING: return draw_lie(fault, honest, program, seed, random);
    case CRUX_CLI_FAULT_TOKEN: fault->at = crux_cli_random_below(random, run->chosen); break;
    case CRUX_CLI_FAULT_LEAF:
    case CRUX_CLI_FAULT_NULL:
    case CRUX_CLI_FAULT_CLOSE: return draw_leaf(fault, program, run, random);
    case CRUX_CLI_FAULT_RANGE:
    case CRUX_CLI_FAULT_PADDING: return draw_page(fault, program, run, random);
    case CRUX_CLI_FAULT_WEIGHTS: return draw_weights(fault, program, model->model.memory, random);
    case CRUX_CLI_FAULT_STALE:
        memcpy(fault->request_hash, crux_archive_claim(honest)->request_hash, 32);
        break;
    case CRUX_CLI_FAULT_NONE:
    case CRUX_CLI_FAULT_OUTPUT:
    case CRUX_CLI_FAULT_COUNT:
    case CRUX_CLI_FAULT_EARLY:
    case CRUX_CLI_FAULT_LATE:
    case CRUX_CLI_FAULTS: break;
    }
    return CRUX_OK;
}
