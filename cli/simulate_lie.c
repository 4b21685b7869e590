#include "cli/simulate_lie.h"

#include <string.h>

#include "chain-adapter/io/seconds.h"

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

/* The first tries are for small lies, the later ones for what is heard farther. */
static int64_t choose_value(const struct crux_op *op, int64_t v, unsigned tried,
                            struct crux_cli_random *random) {
    enum { SMALL_TRIES = 3 };
    if (tried < SMALL_TRIES) return draw_value(op, v, random);
    return tried % 2 == 0 ? op->hi : op->lo;
}

/* Returns: a position at which the layer is active, the same each time. */
static uint32_t position_of(const struct crux_program *program, const struct crux_run *run,
                            uint32_t layer, uint64_t seed) {
    struct crux_cli_random random = {seed + layer};
    uint32_t first = crux_layer_is_active(program, layer, 0, run->n) ? 0 : run->n - 1;
    return first + (uint32_t)crux_cli_random_below(&random, run->positions - first);
}

/* Elements and values of one op.  Returns: CRUX_E_UNSUPPORTED if no try shows. */
static enum crux_status try_op(struct crux_cli_lie *lie, struct crux_step *step,
                               struct crux_archive *honest, const struct crux_op *op,
                               struct crux_cli_random *random) {
    enum { TRIES = 10 };
    const struct crux_step *known;
    for (unsigned tried = 0; tried < TRIES; tried++) {
        bool shows;
        enum crux_status status = crux_archive_step(honest, lie->pos, lie->layer, &known);
        if (status != CRUX_OK) return status;
        uint64_t elements = known->tensors[lie->op].elements;
        if (elements == 0) return CRUX_E_UNSUPPORTED;
        lie->element = crux_cli_random_below(random, elements);
        lie->honest = crux_step_value(known, lie->op, lie->element);
        lie->value = choose_value(op, lie->honest, tried, random);
        if (lie->value == lie->honest) continue;
        const struct crux_lie planted = crux_cli_lie_plant(lie);
        status = crux_archive_try(step, &shows, honest, &planted);
        if (status != CRUX_OK || shows) return status;
        crux_step_free(step);
    }
    return CRUX_E_UNSUPPORTED;
}

enum crux_status crux_cli_lie_find(struct crux_cli_lie *lie, struct crux_step *step,
                                   double *seconds, struct crux_archive *honest,
                                   const struct crux_program *program,
                                   const struct crux_cli_lie_wish *wish,
                                   struct crux_cli_random *random) {
    enum { OPS_TRIED = 24, POSITIONS_TRIED = 4 };
    const double open_seconds = 1e-3;
    const struct crux_run *run = crux_archive_tokens(honest);
    enum crux_status status = CRUX_E_UNSUPPORTED;
    *step = (struct crux_step){.program = NULL};
    uint32_t first = program->layers[wish->first_layer].first, fitting = 0;
    for (uint32_t i = first; i < program->op_count; i++)
        fitting += crux_cli_lie_fits(&program->ops[i], wish->fault);
    /* at one position as long as there are other ops to try there: its step is open */
    for (unsigned i = 0;
         i < OPS_TRIED && i < POSITIONS_TRIED * fitting && status == CRUX_E_UNSUPPORTED; i++) {
        const struct crux_step *known;
        uint32_t number = draw_op(program, first, wish->fault, random), layer = 0;
        while (number - program->layers[layer].first >= program->layers[layer].ops) layer++;
        *lie = (struct crux_cli_lie){
            .layer = layer,
            .op = number - program->layers[layer].first,
            .pos = position_of(program, run, layer, wish->seed + i / fitting)};
        double start = crux_seconds();
        status = crux_archive_step(honest, lie->pos, layer, &known);
        double took = crux_seconds() - start;
        if (took > open_seconds || *seconds == 0) *seconds = took; /* else it was open already */
        if (status == CRUX_OK) status = try_op(lie, step, honest, &program->ops[number].op, random);
    }
    return status;
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
