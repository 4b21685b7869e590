/* Attention of a step: keys and values into the cache, then blocks of queries, shared among the threads. */
#include "executor/engine/runner_parts.h"

enum {
    PUT_ROWS = 16,     /* positions that share a line of a cache page */
    FEW_PER_THREAD = 4 /* tasks: with more, those left at the end matter little */
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
        if (model->blocks[i].attention == NULL) continue; /* not open */
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

/* The pieces whose rows are to be put by one thread; a row alone is put by the thread that makes it. */
static void keep_long_puts(struct runner_batch *batch) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->put_count; i++) {
        batch->place[batch->puts[i].row].alone = batch->puts[i].rows == 1;
        if (batch->puts[i].rows > 1) batch->puts[kept++] = batch->puts[i];
    }
    batch->put_count = kept;
}

void runner_attention_begin(struct crux_engine *engine) {
    struct runner_batch *batch = &engine->batch;
    batch->run_count = batch->put_count = 0;
    for (uint32_t row = 0; row < engine->count; row++) {
        bool next = row > 0 && follows(&batch->place[row]);
        batch->place[row].alone = false;
        if (next)
            batch->runs[batch->run_count - 1].rows++;
        else
            batch->runs[batch->run_count++] = (struct runner_run){row, 1};
        if (next && batch->place[row].pos % PUT_ROWS != 0)
            batch->puts[batch->put_count - 1].rows++;
        else
            batch->puts[batch->put_count++] = (struct runner_run){row, 1};
    }
    keep_long_puts(batch);
}

/* ---- into the cache ---- */

static void put_head(const struct crux_engine *engine, uint32_t row, uint32_t kv) {
    const struct runner_batch *batch = &engine->batch;
    const struct crux_fused_decoder *config = &engine->model->config;
    size_t at = runner_layer_row(engine, row) * config->kv_heads + kv, x = at * config->head_width;
    const struct runner_place *place = &batch->place[row];
    uint8_t *page = place->sequence->pages[place->pos / CRUX_RUNNER_PAGE] +
                    runner_cache_offset(&engine->cache, engine->block, kv);
    crux_fused_attention_put(page, config->head_width, place->pos % CRUX_RUNNER_PAGE,
                             batch->k16 + x, batch->ek[at], batch->v16 + x, batch->ev[at]);
}

void runner_attention_put(const struct crux_engine *engine, uint32_t row) {
    for (uint32_t kv = 0; kv < engine->model->config.kv_heads; kv++) put_head(engine, row, kv);
}

/* Rows whose positions share lines are one thread's. */
static void put_rows(void *ctx, uint32_t task, unsigned thread) {
    const struct crux_engine *engine = ctx;
    uint32_t kv_heads = engine->model->config.kv_heads;
    const struct runner_run *put = &engine->batch.puts[task / kv_heads];
    (void)thread;
    for (uint32_t i = 0; i < put->rows; i++) put_head(engine, put->row + i, task % kv_heads);
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

/* Adds tasks for all heads of these rows, at most `most` heads each.  Returns: tasks now. */
static uint32_t add_tasks(struct crux_engine *engine, uint32_t tasks, uint32_t row, uint32_t rows,
                          uint32_t most) {
    const struct crux_fused_decoder *config = &engine->model->config;
    uint32_t group = config->heads / config->kv_heads;
    for (uint32_t head = 0, heads; head < config->heads; head += heads) {
        uint32_t left = group - head % group;
        heads = left < most ? left : most;
        engine->batch.attend[tasks++] = (struct runner_attend){row, rows, head, heads};
    }
    return tasks;
}

/* With few tasks, those that are left when each thread has had as many as every other are cut by heads: keys are read
 * twice then, but all threads read.  Returns: tasks now. */
static uint32_t cut_last(struct crux_engine *engine, uint32_t tasks) {
    struct runner_attend *attend = engine->batch.attend;
    uint32_t threads = crux_threads_count(engine->threads), left = tasks % threads;
    if (left == 0 || tasks >= FEW_PER_THREAD * threads) return tasks;
    for (uint32_t i = tasks - left, end = tasks; i < end; i++) {
        uint32_t parts = (threads - 1) / left + 1, heads = attend[i].heads;
        uint32_t each = parts < heads ? (heads - 1) / parts + 1 : 1;
        attend[i].heads = each;
        for (uint32_t at = each; at < heads; at += each)
            attend[tasks++] =
                (struct runner_attend){attend[i].row, attend[i].rows, attend[i].head + at,
                                       heads - at < each ? heads - at : each};
    }
    return tasks;
}

void runner_attention(struct crux_engine *engine) {
    const struct runner_batch *batch = &engine->batch;
    const struct crux_engine_model *model = engine->model;
    const struct crux_fused_attention *config = model->blocks[engine->block].attention;
    uint32_t tasks = 0, heads = heads_of(&model->config);
    crux_threads_run(engine->threads, put_rows, engine, batch->put_count * model->config.kv_heads);
    /* the last rows see most, so they go first */
    for (uint32_t i = batch->run_count; i-- > 0;) {
        const struct runner_run *run = &batch->runs[i];
        uint32_t last = batch->place[run->row].pos + run->rows - 1;
        uint32_t most = crux_fused_attention_rows(config, heads, last);
        for (uint32_t left = run->rows, rows; left > 0; left -= rows) {
            rows = left < most ? left : most;
            tasks = add_tasks(engine, tasks, run->row + left - rows, rows, heads);
        }
    }
    crux_threads_run(engine->threads, attend, engine, cut_last(engine, tasks));
}
