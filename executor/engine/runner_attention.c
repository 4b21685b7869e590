/* Attention of a step: keys and values into the cache, then blocks of queries, shared among the threads. */
#include "executor/engine/runner_parts.h"

enum {
    PUT_ROWS = 16 /* positions that share a line of a cache page */
};

/* Query heads of a task. */
static uint32_t heads_of(const struct crux_fused_decoder *config) {
    uint32_t group = config->heads / config->kv_heads;
    uint32_t parts = (group - 1) / CRUX_ATTENTION_QUERIES + 1;
    return (group - 1) / parts + 1;
}

size_t runner_attention_bytes(const struct crux_engine_model *model) {
    size_t most = 0;
    for (uint32_t i = 0; i < model->config.blocks; i++) {
        size_t bytes = crux_fused_attention_scratch_bytes(model->blocks[i].attention,
                                                          heads_of(&model->config));
        if (bytes > most) most = bytes;
    }
    return most;
}

/* ---- runs of a step ---- */

static bool follows(const struct runner_place *place) {
    return place[-1].sequence == place->sequence && place[-1].pos + 1 == place->pos;
}

void runner_attention_begin(struct crux_engine *engine) {
    struct runner_batch *batch = &engine->batch;
    batch->run_count = batch->put_count = 0;
    for (uint32_t row = 0; row < engine->count; row++) {
        bool next = row > 0 && follows(&batch->place[row]);
        if (next)
            batch->runs[batch->run_count - 1].rows++;
        else
            batch->runs[batch->run_count++] = (struct runner_run){row, 1};
        if (next && batch->place[row].pos % PUT_ROWS != 0)
            batch->puts[batch->put_count - 1].rows++;
        else
            batch->puts[batch->put_count++] = (struct runner_run){row, 1};
    }
}

/* ---- into the cache ---- */

static void put_row(const struct crux_engine *engine, uint32_t row, uint32_t kv) {
    const struct runner_batch *batch = &engine->batch;
    const struct crux_fused_decoder *config = &engine->model->config;
    size_t at = runner_layer_row(engine, row) * config->kv_heads + kv, x = at * config->head_width;
    const struct runner_place *place = &batch->place[row];
    uint8_t *page = place->sequence->pages[place->pos / CRUX_RUNNER_PAGE] +
                    runner_cache_offset(&engine->cache, engine->block, kv);
    crux_fused_attention_put(page, config->head_width, place->pos % CRUX_RUNNER_PAGE,
                             batch->k16 + x, batch->ek[at], batch->v16 + x, batch->ev[at]);
}

void runner_attention_put(struct crux_engine *engine, uint32_t row) {
    for (uint32_t kv = 0; kv < engine->model->config.kv_heads; kv++) put_row(engine, row, kv);
}

/* Rows whose positions share lines are one thread's. */
static void put_rows(void *ctx, uint32_t task, unsigned thread) {
    const struct crux_engine *engine = ctx;
    uint32_t kv_heads = engine->model->config.kv_heads;
    const struct runner_run *put = &engine->batch.puts[task / kv_heads];
    (void)thread;
    for (uint32_t i = 0; i < put->rows; i++) put_row(engine, put->row + i, task % kv_heads);
}

/* ---- blocks of queries ---- */

static void attend(void *ctx, uint32_t task, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const struct crux_engine_model *model = engine->model;
    const struct crux_fused_decoder *config = &model->config;
    const struct runner_batch *batch = &engine->batch;
    const struct runner_attend *a = &batch->attend[task];
    const struct runner_place *place = &batch->place[a->row];
    size_t stride = (size_t)config->heads * config->head_width,
           at = a->row * stride + (size_t)a->head * config->head_width;
    struct crux_attention_block block = {
        .config = model->blocks[engine->block].attention,
        .tables = &model->tables,
        .rows = a->rows,
        .heads = a->heads,
        .pos = place->pos,
        .q = batch->q16 + at,
        .eq = batch->eq + (size_t)a->row * config->heads + a->head,
        .q_stride = stride,
        .eq_stride = config->heads,
        .pages = (const uint8_t *const *)place->sequence->pages,
        .page_offset = runner_cache_offset(&engine->cache, engine->block,
                                           a->head / (config->heads / config->kv_heads)),
        .out = batch->q + at};
    model->fused->attention(&block, engine->scratch[thread].attention);
}

/* Tasks for `rows` rows from `row` on: all heads. */
static uint32_t add_tasks(struct crux_engine *engine, uint32_t count, uint32_t row, uint32_t rows) {
    const struct crux_fused_decoder *config = &engine->model->config;
    uint32_t group = config->heads / config->kv_heads, most = heads_of(config);
    for (uint32_t head = 0, heads; head < config->heads; head += heads) {
        uint32_t left = group - head % group;
        heads = left < most ? left : most;
        engine->batch.attend[count++] = (struct runner_attend){row, rows, head, heads};
    }
    return count;
}

void runner_attention(struct crux_engine *engine) {
    const struct runner_batch *batch = &engine->batch;
    const struct crux_engine_model *model = engine->model;
    uint32_t tasks = 0, heads = heads_of(&model->config);
    crux_threads_run(engine->threads, put_rows, engine, batch->put_count * model->config.kv_heads);
    /* the last rows see most, so they go first */
    for (uint32_t i = batch->run_count; i-- > 0;) {
        const struct runner_run *run = &batch->runs[i];
        uint32_t last = batch->place[run->row].pos + run->rows - 1;
        uint32_t most =
            crux_fused_attention_rows(model->blocks[engine->block].attention, heads, last);
        for (uint32_t left = run->rows, rows; left > 0; left -= rows) {
            rows = left < most ? left : most;
            tasks = add_tasks(engine, tasks, run->row + left - rows, rows);
        }
    }
    crux_threads_run(engine->threads, attend, engine, tasks);
}
