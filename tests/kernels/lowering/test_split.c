/* Sums cut into blocks against the same sums over plain arrays: shorter and longer than a block, at growing
 * dimensions too, one level and several. */
#include <string.h>

#include "kernels/lowering/split.h"
#include "tests/support/fused_harness.h"

enum { CONTEXT = 700, ROWS = 3 };

/* What a case works on: value[row][i], i below `used` of `width`. */
struct rows {
    struct crux_value value;
    struct crux_type type;
    const uint8_t *data;
    uint32_t rows, width, used;
};

static int64_t at(const struct rows *rows, uint32_t row, uint32_t i) {
    size_t flat = (size_t)row * rows->width + i;
    return crux_dtype_get(rows->type.dtype, rows->data + flat * crux_dtype_bytes(rows->type.dtype));
}

static struct crux_type random_type(struct harness *h) {
    /* not i64 over its whole range: a sum would not fit */
    static const uint8_t dtypes[] = {CRUX_I8, CRUX_U8, CRUX_I16, CRUX_U16, CRUX_I32, CRUX_U32};
    struct crux_type type = crux_type_full(dtypes[crux_random_below(&h->random, 6)]);
    if (crux_random_one_in(&h->random, 3))
        return crux_type_of(CRUX_I64, -(INT64_C(1) << 40), 1 << 20);
    return type;
}

/* A tensor [rows, width], or [rows, min(pos + 1, width)]: a copy of a model tensor, so that it may grow. */
static struct rows make_rows(struct harness *h, uint32_t pos) {
    bool grows = crux_random_one_in(&h->random, 2);
    struct rows rows = {.rows = harness_extent(h, ROWS, ROWS),
                        .width = harness_extent(h, CONTEXT, 128)};
    rows.type = random_type(h);
    rows.data = harness_array(h, rows.type, (size_t)rows.rows * rows.width);
    struct crux_value table =
        harness_tensor(h, 0, rows.type, CRUX_GRID(rows.rows, rows.width), rows.data,
                       (size_t)rows.rows * rows.width * crux_dtype_bytes(rows.type.dtype));
    struct crux_dim last = grows ? crux_dim_positions(rows.width) : crux_dim_constant(rows.width);
    struct crux_shape shape = CRUX_SHAPE(crux_dim_constant(rows.rows), last);
    rows.used = grows && pos + 1 < rows.width ? pos + 1 : rows.width;
    rows.value = crux_emit(&h->b, "rows",
                           crux_draft_load(shape, CRUX_READ(table, crux_ix_o(0), crux_ix_o(1))));
    return rows;
}

static int64_t plain(const struct rows *rows, uint32_t row, unsigned func) {
    int64_t best = at(rows, row, 0), most = 0, sum = 0, best_at = 0;
    for (uint32_t i = 0; i < rows->used; i++) {
        int64_t v = at(rows, row, i), magnitude = v < 0 ? -v : v;
        if (func == CRUX_REDUCE_MIN ? v < best : v > best) {
            best = v;
            best_at = i;
        }
        if (magnitude > most) most = magnitude;
        sum += v;
    }
    if (func == CRUX_REDUCE_SUM) return sum;
    if (func == CRUX_REDUCE_ABSMAX) return most;
    return func == CRUX_REDUCE_ARGMAX ? best_at : best;
}

/* The number of elements above the row's first. */
static int64_t plain_count(const struct rows *rows, uint32_t row) {
    int64_t count = 0;
    for (uint32_t i = 0; i < rows->used; i++) count += at(rows, row, i) > at(rows, row, 0);
    return count;
}

static void expect_rows(struct harness *h, const char *what, struct crux_value value,
                        const struct rows *rows,
                        int64_t (*plain_at)(const struct rows *, uint32_t, unsigned),
                        unsigned func) {
    uint32_t bytes = crux_dtype_bytes(value.type.dtype);
    uint8_t *want = harness_alloc(h, rows->rows, bytes);
    for (uint32_t r = 0; r < rows->rows; r++)
        crux_dtype_put(want + r * bytes, value.type.dtype, plain_at(rows, r, func));
    harness_expect(h, what, value, want);
}

static int64_t count_at(const struct rows *rows, uint32_t row, unsigned func) {
    (void)func;
    return plain_count(rows, row);
}

/* The sum of squares, of rows of at most 16 bits. */
static int64_t squares_at(const struct rows *rows, uint32_t row, unsigned func) {
    int64_t sum = 0;
    (void)func;
    for (uint32_t i = 0; i < rows->used; i++) sum += at(rows, row, i) * at(rows, row, i);
    return sum;
}

static void one_case(struct harness *h) {
    static const unsigned funcs[] = {CRUX_REDUCE_MAX, CRUX_REDUCE_MIN, CRUX_REDUCE_ABSMAX,
                                     CRUX_REDUCE_SUM};
    uint32_t pos = (uint32_t)crux_random_below(&h->random, CONTEXT);
    uint32_t block = (uint32_t)crux_random_between(&h->random, 3, 200);
    uint8_t dummy[4] = {0, 0, 0, 0};
    struct crux_value last[4], count, argmax, squares = {.kind = CRUX_KIND_IMM};

    harness_begin(h, CONTEXT, 2);
    (void)harness_input(h, crux_type_full(CRUX_I32), CRUX_ROW(1), dummy);
    harness_enter(h);
    struct rows rows = make_rows(h, pos);
    struct crux_operand along = CRUX_READ(rows.value, crux_ix_o(0), crux_ix_k(0));
    struct crux_shape outer = crux_shape_outer(rows.value.shape),
                      k = CRUX_SHAPE(crux_shape_last(&rows.value.shape));
    for (unsigned i = 0; i < 4; i++) last[i] = crux_split_last(&h->b, "last", funcs[i], rows.value);
    struct crux_op counting =
        crux_draft_reduce(rows.type, outer, k, CRUX_REDUCE_COUNT, crux_args_none());
    counting = crux_draft_where(counting, along, CRUX_CMP_GT,
                                CRUX_READ(rows.value, crux_ix_o(0), crux_ix_c(0)));
    count = crux_split(&h->b, "count", counting, 0, block);
    argmax = crux_split_argmax(&h->b, "argmax", rows.value, block);
    bool narrow = crux_dtype_bytes(rows.type.dtype) <= 2;
    if (narrow) {
        struct crux_op square = crux_draft_contract(rows.type, outer, k, CRUX_ARGS(along, along));
        squares = crux_split(&h->b, "squares", square, 0, block);
    }
    harness_run(h, pos, 1);

    for (unsigned i = 0; i < 4; i++) expect_rows(h, "last", last[i], &rows, plain, funcs[i]);
    expect_rows(h, "count", count, &rows, count_at, 0);
    expect_rows(h, "argmax", argmax, &rows, plain, CRUX_REDUCE_ARGMAX);
    if (narrow) expect_rows(h, "squares", squares, &rows, squares_at, 0);
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "split", one_case);
}
