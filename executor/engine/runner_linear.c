/* Products of several matrices with their rows, cut into pieces of outputs. A piece's values depend on nothing but its
 * own weights and rows, so how they are cut and who computes them does not matter. */
#include "executor/engine/runner_parts.h"

/* Measured: decode by two threads was 10% slower with four pieces a thread, 17% with eight; with two, a core that another
 * process keeps half busy still left 78% of the rate. */
enum { GRAIN = 16, PIECES_PER_THREAD = 2, PIECE_LEAST = 64 };

/* A piece of more sums than stay in the second cache beside its rows, or of so many outputs that rows are read often
 * enough for each time they are fetched, gains nothing: 1% of prefill, by steps of 64 rows. */
enum { SUMS_NEAR = 1 << 14, PIECE_NEAR = 256 };

struct work {
    struct crux_engine *engine;
    const struct runner_part *parts;
    uint32_t piece;
    uint32_t *first; /* piece of each part, and the number of all */
};

static uint32_t alone_outputs(const struct crux_backend *backend,
                              const struct crux_backend_matrix *w) {
    return backend->alone_outputs == NULL ? w->outputs : backend->alone_outputs(w);
}

static void one_piece(void *ctx, uint32_t task, unsigned thread) {
    const struct work *work = ctx;
    const struct crux_engine *engine = work->engine;
    struct runner_scratch *scratch = &engine->scratch[thread];
    uint32_t number = 0;
    while (task >= work->first[number + 1]) number++;
    const struct runner_part *part = &work->parts[number];
    const struct runner_matrix *matrix = part->product.matrix;
    uint32_t outputs = matrix->packed.outputs, o0 = (task - work->first[number]) * work->piece;
    uint32_t o1 = outputs - o0 < work->piece ? outputs : o0 + work->piece;
    struct crux_fused_finish finish = {.config = &matrix->linear,
                                       .rowmul = matrix->rowmul,
                                       .bias = matrix->bias,
                                       .residual = part->product.residual,
                                       .residual_stride = outputs,
                                       .e = part->e,
                                       .e_stride = 1};
    uint32_t some =
        part->rows == 1 ? alone_outputs(engine->model->backend, &matrix->packed) : o1 - o0;
    for (uint32_t o = o0, end; o < o1; o = end) {
        end = o1 - o < some ? o1 : o + some;
        engine->model->backend->matmul(scratch->acc, end - o, &matrix->packed, part->x, part->rows,
                                       o, end, scratch->matmul);
        engine->model->fused->finish(part->product.y, outputs, &finish, scratch->acc, end - o,
                                     part->rows, o, end);
    }
}

/* Pieces small enough for every thread to have some, and for the sums to fit. */
static uint32_t piece_of(const struct crux_engine *engine, uint32_t outputs, uint32_t rows) {
    unsigned threads = crux_threads_count(engine->threads);
    uint32_t piece = threads == 1 ? outputs : outputs / (threads * PIECES_PER_THREAD);
    uint32_t most = RUNNER_ACC / rows, near = SUMS_NEAR / rows;
    if (near < PIECE_NEAR) near = PIECE_NEAR;
    if (most > near) most = near;
    if (piece < PIECE_LEAST) piece = PIECE_LEAST;
    if (piece > most) piece = most;
    piece = piece / GRAIN * GRAIN;
    return piece < GRAIN ? GRAIN : piece;
}

void runner_multiply_parts(struct crux_engine *engine, const struct runner_part *parts,
                           uint32_t count) {
    struct work work = {.engine = engine, .parts = parts, .first = engine->batch.first_piece};
    uint32_t outputs = 0, rows = 1;
    for (uint32_t i = 0; i < count; i++) {
        outputs += parts[i].product.matrix->packed.outputs;
        if (parts[i].rows > rows) rows = parts[i].rows;
    }
    work.piece = piece_of(engine, outputs, rows);
    work.first[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t pieces = (parts[i].product.matrix->packed.outputs - 1) / work.piece + 1;
        work.first[i + 1] = work.first[i] + pieces;
    }
    crux_threads_run(engine->threads, one_piece, &work, work.first[count]);
}

void runner_multiply(struct crux_engine *engine, const struct runner_product *products,
                     uint32_t count, uint32_t rows) {
    struct runner_part parts[RUNNER_PRODUCTS];
    CRUX_ASSERT(count <= RUNNER_PRODUCTS);
    for (uint32_t i = 0; i < count; i++)
        parts[i] = (struct runner_part){products[i], engine->batch.x, engine->batch.e, rows};
    runner_multiply_parts(engine, parts, count);
}
