/* The evaluator against the naive one, on random ops, positions, indices and values; and: the places read do not depend on the
 * values read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/ops/eval.h"
#include "kernels/ops/op.h"
#include "tests/kernels/ops/naive.h"
#include "tests/support/random.h"
#include "tests/support/random_op.h"

enum { OPS_OF_A_KIND = 1500, ELEMENTS_OF_AN_OP = 4, PLACES_MAX = 4 * CRUX_K_WORK_MAX + 8 };

static const uint8_t seed_bytes[32] = {1, 2, 3, 250};

/* What stands at a place: any function of the whole place serves, so that a wrong place shows as a wrong value. */
static int64_t value_at(uint64_t world, const struct crux_operand *operand,
                        const struct naive_place *place) {
    struct crux_random random = {world};
    const uint64_t part[] = {place->slot,  place->source, place->tensor,
                             place->layer, place->time,   place->flat};
    for (unsigned i = 0; i < 6; i++) random.state = crux_random_next(&random) ^ part[i];
    return crux_random_edgy(&random, operand->lo, operand->hi);
}

static int64_t naive_read(void *ctx, const struct crux_operand *operand,
                          const struct naive_place *place) {
    return value_at(*(const uint64_t *)ctx, operand, place);
}

struct recorder {
    uint64_t world; /* 0: every value is 0 */
    unsigned count;
    struct naive_place place[PLACES_MAX];
};

static struct naive_place described(const struct crux_place *place) {
    struct naive_place p = {.slot = place->slot, .source = place->source, .tensor = place->tensor};
    switch ((enum crux_source)place->source) { /* what the other fields hold is of no interest */
    case CRUX_FROM_STEP:
    case CRUX_FROM_MODEL: p.flat = place->flat; break;
    case CRUX_FROM_RECORD:
        p.layer = place->layer;
        p.time = place->time;
        p.flat = place->flat;
        break;
    case CRUX_FROM_TOKENS:
        p.tensor = 0;
        p.time = place->time;
        break;
    case CRUX_FROM_PARAM: break;
    }
    return p;
}

static int64_t recorded_read(void *ctx, const struct crux_place *place) {
    struct recorder *recorder = ctx;
    struct naive_place p = described(place);
    assert_true(recorder->count < PLACES_MAX);
    recorder->place[recorder->count++] = p;
    return recorder->world == 0 ? 0 : value_at(recorder->world, place->operand, &p);
}

/* One op at one position. */
struct scene {
    struct crux_op op;
    struct crux_at at;
    struct crux_bound_op bound;
};

static unsigned compared, places_read, tables_read, refused;

static void compare(const struct scene *scene, const uint32_t *index, uint64_t world) {
    static struct recorder recorder;
    const struct crux_reader reader = {&recorder, recorded_read};
    const struct naive_world naive = {&world, naive_read};
    recorder.world = world;
    recorder.count = 0;
    int64_t x = crux_op_x(&scene->bound, index, &reader);
    assert_true(x == naive_x(&scene->op, &scene->at, index, &naive));
    int64_t v = crux_op_element(&scene->bound, index, x, &reader);
    int64_t expected = naive_element(&scene->op, &scene->at, index, x, &naive);
    if (v != expected) {
        fail_msg("code %u func %u: %lld, expected %lld", scene->op.code, scene->op.func,
                 (long long)v, (long long)expected);
    }
    compared++;
    places_read += recorder.count;
}

static bool same_place(const struct naive_place *a, const struct naive_place *b) {
    return a->slot == b->slot && a->source == b->source && a->tensor == b->tensor &&
           a->layer == b->layer && a->time == b->time && a->flat == b->flat;
}

/* Takes a LUT's table out of the record: only its places may depend on values. */
static void forget_table(struct recorder *recorder, const struct crux_op *op) {
    unsigned kept = 0;
    for (unsigned i = 0; i < recorder->count; i++) {
        if (op->code == CRUX_LUT && recorder->place[i].slot == op->nin - 1U)
            tables_read++;
        else
            recorder->place[kept++] = recorder->place[i];
    }
    recorder->count = kept;
}

static void record_places(struct recorder *recorder, const struct scene *scene,
                          const uint32_t *index, int64_t x, uint64_t world) {
    const struct crux_reader reader = {recorder, recorded_read};
    recorder->world = world;
    recorder->count = 0;
    (void)crux_op_x(&scene->bound, index, &reader);
    (void)crux_op_element(&scene->bound, index, x, &reader);
    forget_table(recorder, &scene->op);
}

static void places_do_not_depend_on_values(const struct scene *scene, const uint32_t *index,
                                           uint64_t world, int64_t x) {
    static struct recorder a, b;
    record_places(&a, scene, index, x, world);
    for (uint64_t other = 0; other < 2;
         other++) { /* all zero, as a caller's first pass has it; and others */
        record_places(&b, scene, index, x, other == 0 ? 0 : ~world);
        assert_int_equal(a.count, b.count);
        for (unsigned i = 0; i < a.count; i++) assert_true(same_place(&a.place[i], &b.place[i]));
    }
}

/* Views that an index mostly stays inside of, and values that mostly matter. */
static void tame_operand(struct crux_operand *operand, struct crux_random *random, int64_t lo,
                         int64_t hi) {
    for (unsigned i = 0; i < operand->ndim; i++) {
        operand->dim[i] = crux_dim_constant(60);
        for (unsigned v = 0; v < CRUX_VARS; v++) {
            if (operand->index[i].coef[v] < 0) operand->index[i].coef[v] = 1;
        }
        operand->index[i].coef[CRUX_VAR_ONE] = (int32_t)crux_random_below(random, 20);
    }
    if (operand->kind == CRUX_KIND_IMM) return;
    operand->lo = lo < crux_dtype_lo(operand->dtype) ? crux_dtype_lo(operand->dtype) : lo;
    operand->hi = hi > crux_dtype_hi(operand->dtype) ? crux_dtype_hi(operand->dtype) : hi;
    if (operand->lo > operand->hi) operand->lo = operand->hi;
}

static void tame(struct crux_op *op, struct crux_random *random) {
    int64_t width = op->code == CRUX_LUT ? (int64_t)op->cells << op->shift : 50;
    unsigned views = op->code == CRUX_LUT ? op->nin - 1U : op->nin;
    for (unsigned i = 0; i < views; i++) {
        tame_operand(&op->in[i], random, i == 0 ? op->x0 - width / 4 - 1 : -width / 4 - 1,
                     i == 0 ? op->x0 + width + width / 4 + 1 : width / 4 + 1);
    }
    if (op->has_x) tame_operand(&op->x, random, -1, 9);
}

static bool make_scene(struct scene *scene, struct crux_random *random,
                       const struct crux_random_op_shape *shape) {
    bool far = crux_random_one_in(random, 4);
    crux_random_op(random, &scene->op, shape);
    if (!shape->wild && crux_random_one_in(random, 2)) tame(&scene->op, random);
    scene->at = (struct crux_at){.pos = (uint32_t)crux_random_below(random, far ? 1 << 24 : 8),
                                 .n = 1 + (uint32_t)crux_random_below(random, far ? 1 << 24 : 8),
                                 .layer = (uint32_t)crux_random_below(random, 8),
                                 .sample = (uint32_t)crux_random_next(random),
                                 .seed = seed_bytes};
    enum crux_status status = crux_op_bind(&scene->bound, &scene->op, &scene->at);
    if (status != CRUX_OK) refused++;
    return status == CRUX_OK && scene->bound.elements > 0;
}

static void try_ops(unsigned code, unsigned func, bool wild) {
    const struct crux_random_op_shape shape = {
        .code = code, .func = func, .dim_max = 7, .wild = wild};
    struct crux_random random = {code * 1000 + func * 10 + (wild ? 1 : 0)};
    struct scene scene;
    for (unsigned i = 0; i < OPS_OF_A_KIND; i++) {
        if (!make_scene(&scene, &random, &shape)) continue;
        for (unsigned j = 0; j < ELEMENTS_OF_AN_OP; j++) {
            uint32_t index[CRUX_DIMS_MAX] = {0};
            uint64_t world = crux_random_next(&random) | 1;
            for (unsigned d = 0; d < scene.op.ndim; d++)
                index[d] = (uint32_t)crux_random_below(&random, scene.bound.dim[d]);
            compare(&scene, index, world);
            if (j == 0)
                places_do_not_depend_on_values(&scene, index, world,
                                               crux_random_between(&random, -3, 9));
        }
    }
}

static void equals_the_naive_one(void **state) {
    (void)state;
    for (unsigned wild = 0; wild < 2; wild++) {
        for (unsigned code = CRUX_LOAD; code <= CRUX_FIND; code++) {
            unsigned last = code == CRUX_REDUCE ? CRUX_REDUCE_COUNT
                            : code == CRUX_MAP  ? CRUX_MAP_BITLEN
                                                : 0;
            for (unsigned func = last == 0 ? 0 : 1; func <= last; func++)
                try_ops(code, func, wild == 1);
        }
    }
    print_message(
        "%u elements compared, %u places read, %u of them in tables, %u ops refused to bind\n",
        compared, places_read, tables_read, refused);
    assert_true(compared > 20000 && places_read > compared && tables_read > 1000);
}

/* crux_op_unflatten is the inverse of row-major numbering. */
static void unflatten_inverts(void **state) {
    struct crux_random random = {77};
    const struct crux_random_op_shape shape = {.dim_max = 7};
    struct scene scene;
    unsigned seen = 0;
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        if (!make_scene(&scene, &random, &shape)) continue;
        for (uint64_t flat = 0; flat < scene.bound.elements; flat++) {
            uint32_t index[CRUX_DIMS_MAX];
            uint64_t again = 0;
            crux_op_unflatten(&scene.bound, flat, index);
            for (unsigned d = 0; d < CRUX_DIMS_MAX; d++) {
                if (d >= scene.op.ndim)
                    assert_int_equal(index[d], 0);
                else
                    assert_true(index[d] < scene.bound.dim[d]);
                if (d < scene.op.ndim)
                    again =
                        again * naive_dim(&scene.op.dim[d], scene.at.pos, scene.at.n) + index[d];
            }
            assert_true(again == flat);
            seen++;
        }
    }
    assert_true(seen > 1000);
}

/* Limits of bind: products of extents, taken with no overflow. */
static void bind_refuses_what_is_too_large(void **state) {
    struct crux_random random = {5};
    const struct crux_random_op_shape shape = {.code = CRUX_REDUCE, .dim_max = 2};
    const struct crux_at at = {.pos = 0, .n = 1};
    struct crux_bound_op bound;
    struct crux_op op;
    (void)state;
    crux_random_op(&random, &op, &shape);
    op.ndim = 2;
    op.nk = 1;
    op.dim[0] = op.dim[1] = (struct crux_dim){1 << 20, 0, 0, 1, 1 << 20};
    op.kdim[0] = (struct crux_dim){CRUX_K_WORK_MAX, 0, 0, 1, CRUX_K_WORK_MAX};
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_OK);
    assert_true(bound.elements == UINT64_C(1) << 40);
    assert_int_equal(bound.k_count, CRUX_K_WORK_MAX);
    op.kdim[0].e++;
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_E_WORK_TOO_LARGE);
    op.kdim[0].e = UINT32_C(0x7fffffff);
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_E_WORK_TOO_LARGE);
    op.kdim[0].e = 1;
    op.dim[1].e++;
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_E_TOO_MANY_ELEMENTS);
    op.ndim = 4;
    for (unsigned i = 0; i < 4; i++) op.dim[i].e = UINT32_C(0x7fffffff);
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_E_TOO_MANY_ELEMENTS);
    op.dim[3] =
        (struct crux_dim){0, -1, 0, 1, 7}; /* empty at every position: nothing is too large */
    op.ndim = 1;
    op.dim[0] = op.dim[3];
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_OK);
    assert_true(bound.elements == 0);
    op.dim[0] = (struct crux_dim){1, 0, 0, 1, 1};
    op.in[0].ndim = 2;
    op.in[0].dim[0] = op.in[0].dim[1] = (struct crux_dim){1 << 21, 0, 0, 1, 1 << 21};
    assert_int_equal(crux_op_bind(&bound, &op, &at), CRUX_E_TOO_MANY_ELEMENTS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_naive_one),
                                       cmocka_unit_test(unflatten_inverts),
                                       cmocka_unit_test(bind_refuses_what_is_too_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
