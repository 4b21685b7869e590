#include "kernels/interpreter/run.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/ops/dtype.h"

/* What crux_world's functions see. */
struct source {
    const struct crux_run *run;
    const struct crux_model_memory *model;
    const struct crux_run_hook *hook; /* may be NULL */
};

static const uint8_t *get_model(void *ctx, uint32_t tensor, size_t *len) {
    const struct source *source = ctx;
    return crux_model_memory_get((void *)(uintptr_t)source->model, tensor, len);
}

static int64_t get_record(void *ctx, uint32_t time, uint32_t layer, uint32_t store, uint64_t flat) {
    const struct source *source = ctx;
    return crux_run_value(source->run, time, layer, store, flat);
}

static void watch(void *ctx, struct crux_step *step, uint32_t op) {
    const struct source *source = ctx;
    if (source->hook != NULL && source->hook->computed != NULL)
        source->hook->computed(source->hook->ctx, step, op);
}

static struct crux_world make_world(struct source *source, const struct crux_run_request *request) {
    struct crux_world world = {.ctx = source,
                               .model = get_model,
                               .record = get_record,
                               .computed = watch,
                               .tokens = request->tokens,
                               .n = request->n,
                               .seed = request->seed,
                               .sample = request->sample};
    memcpy(world.params, request->params, sizeof world.params);
    return world;
}

enum crux_status crux_run_begin(struct crux_run *run, const struct crux_program *program,
                                const struct crux_run_request *request) {
    const struct crux_program_header *header = &program->header;
    *run = (struct crux_run){.program = program, .n = request->n};
    if (request->n < 1 || request->n > header->context || request->limit < 1)
        return CRUX_E_REQUEST_INVALID;
    if (request->stop_count > CRUX_STOPS_MAX) return CRUX_E_REQUEST_INVALID;
    run->tokens = calloc((size_t)header->context - request->n + 1, sizeof *run->tokens);
    run->first_store = calloc((size_t)header->layers + 1, sizeof *run->first_store);
    if (run->tokens == NULL || run->first_store == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t l = 0; l < header->layers; l++) {
        run->first_store[l] = run->stores;
        run->stores += program->layers[l].stores; /* at most 2^12 * 2^6 */
    }
    run->first_store[header->layers] = run->stores;
    return CRUX_OK;
}

/* Room for position `pos`. */
static enum crux_status grow(struct crux_run *run, uint32_t pos) {
    uint32_t cap = run->position_cap == 0 ? 16 : run->position_cap;
    if (pos < run->position_cap) return CRUX_OK;
    while (cap <= pos) cap *= 2; /* context is at most 2^24 */
    size_t bytes = (size_t)cap * run->stores * sizeof *run->records;
    struct crux_run_record *records = realloc(run->records, bytes);
    if (records == NULL) return CRUX_E_OUT_OF_MEMORY;
    size_t held = (size_t)run->position_cap * run->stores;
    memset(records + held, 0, bytes - held * sizeof *records);
    run->records = records;
    run->position_cap = cap;
    return CRUX_OK;
}

static struct crux_run_record *record_at(const struct crux_run *run, uint32_t pos, uint32_t layer,
                                         uint32_t store) {
    CRUX_ASSERT(pos < run->position_cap && layer < run->program->header.layers);
    CRUX_ASSERT(store < run->program->layers[layer].stores);
    return &run->records[(size_t)pos * run->stores + run->first_store[layer] + store];
}

enum crux_status crux_run_keep(struct crux_run *run, uint32_t pos, uint32_t layer, uint32_t store,
                               const uint8_t *bytes, uint64_t elements) {
    const struct crux_layer *entry = &run->program->layers[layer];
    unsigned dtype = run->program->ops[entry->first + entry->ops - entry->stores + store].op.dtype;
    size_t len = (size_t)elements * crux_dtype_bytes(dtype);
    enum crux_status status = grow(run, pos);
    if (status != CRUX_OK) return status;
    struct crux_run_record *record = record_at(run, pos, layer, store);
    CRUX_ASSERT(record->bytes == NULL);
    record->bytes = malloc(len);
    if (record->bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(record->bytes, bytes, len);
    record->elements = elements;
    if (run->positions <= pos) run->positions = pos + 1;
    return CRUX_OK;
}

bool crux_run_choose(struct crux_run *run, const struct crux_run_request *request, uint32_t token) {
    CRUX_ASSERT(run->n + run->chosen <= run->program->header.context);
    run->tokens[run->chosen++] = token;
    return crux_run_is_done(run->program, request, run->chosen - 1, token);
}

static enum crux_status keep(struct crux_run *run, const struct crux_step *step) {
    enum crux_status status = CRUX_OK;
    for (uint32_t i = 0; status == CRUX_OK && i < step->stores; i++) {
        const struct crux_step_tensor *tensor = crux_step_store(step, i);
        status = crux_run_keep(run, step->pos, step->layer, i, tensor->bytes, tensor->elements);
    }
    return status;
}

static enum crux_status run_position(struct crux_run *run, const struct crux_world *world,
                                     uint32_t pos, const struct crux_run_hook *hook) {
    for (uint32_t layer = 0; layer < run->program->header.layers; layer++) {
        struct crux_step step;
        if (!crux_layer_is_active(run->program, layer, pos, run->n)) continue;
        enum crux_status status = crux_step_run(&step, run->program, world, pos, layer);
        if (status == CRUX_OK) status = keep(run, &step);
        if (status == CRUX_OK && hook != NULL && hook->step != NULL)
            status = hook->step(hook->ctx, &step);
        crux_step_free(&step);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

static bool is_stop(const struct crux_run_request *request, uint32_t token) {
    for (uint32_t i = 0; i < request->stop_count; i++) {
        if (request->stop[i] == token) return true;
    }
    return false;
}

/* spec/40-adjudicator.md#done: "done holds if the token is one of the stops, or index+1 = limit, or P+index = context,
 * or index+1 = cancelled." */
bool crux_run_is_done(const struct crux_program *program, const struct crux_run_request *request,
                      uint32_t index, uint32_t token) {
    return is_stop(request, token) || (uint64_t)index + 1 == request->limit ||
           (uint64_t)request->n + index == program->header.context ||
           (uint64_t)index + 1 == request->cancelled;
}

enum crux_status crux_run_all(struct crux_run *run, const struct crux_program *program,
                              const struct crux_model_memory *model,
                              const struct crux_run_request *request,
                              const struct crux_run_hook *hook) {
    struct source source = {run, model, hook};
    struct crux_world world = make_world(&source, request);
    uint32_t last = program->header.layers - 1;
    enum crux_status status = crux_run_begin(run, program, request);
    if (status != CRUX_OK) return status;
    for (uint32_t pos = 0; pos < program->header.context; pos++) {
        if ((status = run_position(run, &world, pos, hook)) != CRUX_OK) return status;
        if (pos + 1 < run->n) continue;
        int64_t token = crux_run_value(run, pos, last, program->header.token_store, 0);
        /* its declared range is [0, vocab-1] */
        if (crux_run_choose(run, request, (uint32_t)token)) break;
    }
    return CRUX_OK;
}

void crux_run_free(struct crux_run *run) {
    size_t held = (size_t)run->position_cap * run->stores;
    for (size_t i = 0; i < held; i++) free(run->records[i].bytes);
    free(run->records);
    free(run->tokens);
    free(run->first_store);
    *run = (struct crux_run){.program = NULL};
}

const struct crux_run_record *crux_run_record_at(const struct crux_run *run, uint32_t pos,
                                                 uint32_t layer, uint32_t store) {
    const struct crux_run_record *record = record_at(run, pos, layer, store);
    return record->bytes == NULL ? NULL : record;
}

int64_t crux_run_value(const struct crux_run *run, uint32_t pos, uint32_t layer, uint32_t store,
                       uint64_t flat) {
    const struct crux_run_record *record = record_at(run, pos, layer, store);
    const struct crux_layer *entry = &run->program->layers[layer];
    unsigned dtype = run->program->ops[entry->first + entry->ops - entry->stores + store].op.dtype;
    CRUX_ASSERT(record->bytes != NULL && flat < record->elements);
    return crux_dtype_get(dtype, record->bytes + flat * crux_dtype_bytes(dtype));
}

enum crux_status crux_run_step(struct crux_step *step, const struct crux_run *run,
                               const struct crux_model_memory *model,
                               const struct crux_run_request *request,
                               const struct crux_run_hook *hook, uint32_t pos, uint32_t layer) {
    struct source source = {run, model, hook};
    struct crux_world world = make_world(&source, request);
    if (pos >= run->positions) {
        *step = (struct crux_step){.program = run->program};
        return CRUX_E_STEP_OUTSIDE;
    }
    if (hook != NULL) world.like = hook->like;
    return crux_step_run(step, run->program, &world, pos, layer);
}
