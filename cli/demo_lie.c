#include "cli/demo_lie.h"

#include <string.h>

bool crux_cli_lie_fits(const struct crux_labelled_op *op, const char *fault) {
    return strcmp(fault, "random") == 0 || strcmp(fault, crux_opcode_name(op->op.code)) == 0 ||
           strcmp(fault, op->label) == 0;
}

bool crux_cli_lie_fits_any(const struct crux_program *program, const char *fault) {
    for (uint32_t i = 0; i < program->op_count; i++) {
        if (crux_cli_lie_fits(&program->ops[i], fault)) return true;
    }
    return false;
}

/* Returns: the number of a fitting op in program->ops, of those from `first` on. */
static uint32_t draw_op(const struct crux_program *program, uint32_t first, const char *fault,
                        struct crux_cli_random *random) {
    uint32_t fitting = 0, drawn = UINT32_MAX;
    for (uint32_t i = first; i < program->op_count; i++)
        fitting += crux_cli_lie_fits(&program->ops[i], fault);
    CRUX_ASSERT(fitting > 0);
    uint64_t number = crux_cli_random_below(random, fitting);
    for (uint32_t i = first; i < program->op_count; i++) {
        if (!crux_cli_lie_fits(&program->ops[i], fault)) continue;
        if (number-- == 0) drawn = i;
    }
    return drawn;
}

static int64_t draw_value(const struct crux_op *op, int64_t v, struct crux_cli_random *random) {
    uint64_t width = (uint64_t)op->hi - (uint64_t)op->lo; /* hi - lo, below 2^64 */
    switch (crux_cli_random_below(random, 6)) {
    case 0: return v < op->hi ? v + 1 : v;
    case 1: return v > op->lo ? v - 1 : v;
    case 2: return v != INT64_MIN && -v >= op->lo && -v <= op->hi ? -v : v;
    case 3: return op->lo;
    case 4: return op->hi;
    }
    if (width == UINT64_MAX) return (int64_t)crux_cli_random_next(random);
    return (int64_t)((uint64_t)op->lo + crux_cli_random_below(random, width + 1));
}

enum crux_status crux_cli_lie_draw(struct crux_cli_lie *lie, struct crux_archive *honest,
                                   const struct crux_program *program, uint32_t first_layer,
                                   const char *fault, struct crux_cli_random *random) {
    enum { TRIES_MAX = 1000 };
    const struct crux_run *run = crux_archive_tokens(honest);
    for (unsigned i = 0; i < TRIES_MAX; i++) {
        uint32_t number = draw_op(program, program->layers[first_layer].first, fault, random);
        uint32_t layer = 0;
        while (number - program->layers[layer].first >= program->layers[layer].ops) layer++;
        *lie = (struct crux_cli_lie){.layer = layer, .op = number - program->layers[layer].first};
        lie->pos = (uint32_t)crux_cli_random_below(random, run->positions);
        if (!crux_layer_is_active(program, layer, lie->pos, run->n)) continue;
        const struct crux_step *step;
        enum crux_status status = crux_archive_step(honest, lie->pos, layer, &step);
        if (status != CRUX_OK) return status;
        uint64_t elements = step->tensors[lie->op].elements;
        if (elements == 0) continue;
        lie->element = crux_cli_random_below(random, elements);
        lie->honest = crux_step_value(step, lie->op, lie->element);
        lie->value = draw_value(&program->ops[number].op, lie->honest, random);
        if (lie->value != lie->honest) return CRUX_OK;
    }
    return CRUX_E_UNSUPPORTED;
}

static void plant(void *ctx, struct crux_step *step, uint32_t op) {
    const struct crux_cli_lie *lie = ctx;
    if (op != lie->op) return;
    const struct crux_step_tensor *tensor = &step->tensors[op];
    crux_dtype_put(tensor->bytes + lie->element * tensor->element_bytes, tensor->dtype, lie->value);
}

struct crux_lie crux_cli_lie_plant(struct crux_cli_lie *lie) {
    return (struct crux_lie){
        .ctx = lie, .computed = plant, .one_step = true, .pos = lie->pos, .layer = lie->layer};
}
