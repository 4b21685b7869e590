/* LOAD at every case of time, the data-dependent index at its ends, and RAND's known answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kernels/lowering/draft.h"
#include "kernels/ops/eval.h"

enum { POS = 6, LAYER = 3, SELF = 9, VALUE = 4711 };

struct seen {
    unsigned count;
    struct crux_place place;
};

static int64_t see(void *ctx, const struct crux_place *place) {
    struct seen *seen = ctx;
    seen->count++;
    seen->place = *place;
    return VALUE;
}

static struct crux_op load(struct crux_operand operand) {
    struct crux_op op = {.code = CRUX_LOAD,
                         .dtype = CRUX_I64,
                         .ndim = 1,
                         .nin = 1,
                         .lo = INT64_MIN,
                         .hi = INT64_MAX};
    op.dim[0] = (struct crux_dim){1, 0, 0, 1, 1};
    op.in[0] = operand;
    return op;
}

static int64_t eval(struct seen *seen, const struct crux_op *op, uint32_t n) {
    const struct crux_at at = {.pos = POS, .n = n, .layer = LAYER};
    const struct crux_reader reader = {seen, see};
    const uint32_t index[CRUX_DIMS_MAX] = {0};
    struct crux_bound_op bound;
    *seen = (struct seen){.count = 0};
    assert_int_equal(crux_op_bind(&bound, op, &at), CRUX_OK);
    return crux_op_element(&bound, index, 0, &reader);
}

static struct crux_operand record(uint32_t layer, int32_t time, bool self, bool from_last) {
    struct crux_operand o = {.kind = CRUX_KIND_RECORD,
                             .dtype = CRUX_I32,
                             .ndim = 1,
                             .tensor = 2,
                             .stores = 4,
                             .layer = layer};
    o.self = self ? SELF : CRUX_SELF_NONE;
    o.flags = from_last ? CRUX_FLAG_FROM_LAST : 0;
    o.lo = INT32_MIN;
    o.hi = INT32_MAX;
    o.at.coef[CRUX_VAR_ONE] = time;
    o.dim[0] = (struct crux_dim){8, 0, 0, 1, 8};
    o.index[0].coef[CRUX_VAR_ONE] = 5;
    return o;
}

static void assert_nothing(const struct crux_op *op, uint32_t n) {
    struct seen seen;
    assert_int_equal(eval(&seen, op, n), 0);
    assert_int_equal(seen.count, 0);
}

static void assert_reads(const struct crux_op *op, uint32_t n, struct crux_place expected) {
    struct seen seen;
    assert_int_equal(eval(&seen, op, n), VALUE);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.place.source, expected.source);
    assert_int_equal(seen.place.tensor, expected.tensor);
    assert_int_equal(seen.place.flat, expected.flat);
    if (expected.source == CRUX_FROM_STEP) return;
    assert_int_equal(seen.place.time, expected.time);
    if (expected.source == CRUX_FROM_RECORD) assert_int_equal(seen.place.layer, expected.layer);
}

static void loads_records(void **state) {
    (void)state;
    for (unsigned bits = 0; bits < 4; bits++) {
        bool self = (bits & 1) != 0, from_last = (bits & 2) != 0;
        for (uint32_t layer = LAYER - 1; layer <= LAYER + 1; layer++) {
            for (int32_t time = -2; time <= POS + 2; time++) {
                for (uint32_t n = 1; n <= POS + 3; n++) {
                    struct crux_op op = load(record(layer, time, self, from_last));
                    bool is_null = from_last && time < (int32_t)n - 1;
                    if (time < 0 || time > POS) {
                        assert_nothing(&op, n);
                    } else if (time == POS &&
                               self) { /* whatever the layer: a program check sees to that */
                        assert_reads(&op, n,
                                     (struct crux_place){
                                         .source = CRUX_FROM_STEP, .tensor = SELF, .flat = 5});
                    } else if (is_null || (time == POS && layer >= LAYER)) {
                        assert_nothing(&op, n);
                    } else {
                        assert_reads(&op, n,
                                     (struct crux_place){.source = CRUX_FROM_RECORD,
                                                         .tensor = 2,
                                                         .layer = layer,
                                                         .time = (uint32_t)time,
                                                         .flat = 5});
                    }
                }
            }
        }
    }
    struct crux_op outside = load(record(0, 1, false, false));
    outside.in[0].index[0].coef[CRUX_VAR_ONE] = 8;
    assert_nothing(&outside, 1);
    outside.in[0].index[0].coef[CRUX_VAR_ONE] = -1;
    assert_nothing(&outside, 1);
}

static void loads_tokens(void **state) {
    (void)state;
    for (int32_t time = -2; time <= POS + 2; time++) {
        for (uint32_t n = 1; n <= POS + 3; n++) {
            struct crux_operand o = {.kind = CRUX_KIND_TOKEN,
                                     .dtype = CRUX_I32,
                                     .layer = 7,
                                     .tensor = 1,
                                     .stores = 2,
                                     .hi = 99};
            o.at.coef[CRUX_VAR_ONE] = time;
            struct crux_op op = load(o);
            struct crux_place request = {
                .source = CRUX_FROM_TOKENS, .tensor = 1, .time = (uint32_t)time};
            struct crux_place chosen = {
                .source = CRUX_FROM_RECORD, .tensor = 1, .layer = 7, .time = (uint32_t)time - 1};
            if (time < 0 || time > POS)
                assert_nothing(&op, n);
            else
                assert_reads(&op, n, time < (int32_t)n ? request : chosen);
        }
    }
}

static void loads_a_parameter(void **state) {
    struct crux_op op =
        load((struct crux_operand){.kind = CRUX_KIND_PARAM, .dtype = CRUX_I32, .tensor = 15});
    (void)state;
    assert_reads(&op, 3, (struct crux_place){.source = CRUX_FROM_PARAM, .tensor = 15});
}

/* spec/20-ops.md#operands: "An x below -2^31 or not below 2^31 makes every index that uses it outside." */
static void x_beyond_32_bits_is_outside(void **state) {
    static const int64_t outside[] = {INT64_MIN, INT32_MIN - INT64_C(1), INT32_MAX + INT64_C(1),
                                      INT64_MAX};
    const struct crux_at at = {.pos = 0, .n = 1};
    const uint32_t index[CRUX_DIMS_MAX] = {0};
    struct seen seen;
    const struct crux_reader reader = {&seen, see};
    struct crux_bound_op bound;
    struct crux_operand o = {.kind = CRUX_KIND_STEP, .dtype = CRUX_I32, .ndim = 1};
    (void)state;
    o.dim[0] = (struct crux_dim){INT32_MAX, 0, 0, 1, INT32_MAX};
    o.index[0].coef[CRUX_VAR_X] = 1;
    struct crux_op op = load(o);
    op.has_x = true;
    op.x = o;
    op.x.index[0].coef[CRUX_VAR_X] = 0;
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_OK);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(outside); i++) {
        seen.count = 0;
        assert_int_equal(crux_op_element(&bound, index, outside[i], &reader), 0);
        assert_int_equal(seen.count, 0);
    }
    seen.count = 0;
    assert_int_equal(crux_op_element(&bound, index, INT32_MAX - 1, &reader), VALUE);
    assert_int_equal(seen.place.flat, INT32_MAX - 1);
    assert_int_equal(crux_op_element(&bound, index, INT32_MAX, &reader), 0);
    op.in[0].index[0] = (struct crux_affine){{0}}; /* an index that does not use x does not care */
    assert_int_equal(crux_op_element(&bound, index, INT64_MAX, &reader), VALUE);
    assert_int_equal(crux_op_x(&bound, index, &reader), VALUE);
    op.has_x = false;
    seen.count = 0;
    assert_int_equal(crux_op_x(&bound, index, &reader), 0);
    assert_int_equal(seen.count, 0);
}

/* Answers from another SHA-256 (Python's hashlib). */
static void rand_has_known_answers(void **state) {
    static const struct {
        uint32_t pos, sample, flat;
        int64_t expected;
    } cases[] = {
        {0, 0, 0, 1038928857}, {7, 2, 5, 562890012}, {(1 << 24) - 1, UINT32_MAX, 3, 150507505}};
    uint8_t seed[32];
    struct crux_op op = crux_draft_rand(CRUX_GRID(2, 3));
    (void)state;
    for (uint8_t i = 0; i < 32; i++) seed[i] = i;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        const struct crux_at at = {
            .pos = cases[i].pos, .n = 1, .sample = cases[i].sample, .seed = seed};
        const uint32_t index[CRUX_DIMS_MAX] = {cases[i].flat / 3, cases[i].flat % 3};
        struct crux_bound_op bound;
        assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_OK);
        assert_int_equal(crux_op_element(&bound, index, 0, NULL),
                         cases[i].expected); /* it reads nothing */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_records), cmocka_unit_test(loads_tokens),
        cmocka_unit_test(loads_a_parameter), cmocka_unit_test(x_beyond_32_bits_is_outside),
        cmocka_unit_test(rand_has_known_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
