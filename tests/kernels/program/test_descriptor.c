/* Descriptors: one op, one byte string. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/ops/dim.h"
#include "kernels/program/op_check.h"
#include "kernels/program/program.h"
#include "tests/support/random_op.h"

enum { ROUNDS = 20000, FLIP_ROUNDS = 150 };

static struct crux_random_op_shape any_shape(struct crux_random *random, unsigned round) {
    struct crux_random_op_shape shape = {0};
    shape.wild = round % 2 == 0;
    shape.dim_max = shape.wild ? INT32_MAX : 2 + (uint32_t)crux_random_below(random, 20);
    return shape;
}

static void test_random_ops_come_back(void **state) {
    struct crux_random random = {1};
    unsigned seen[CRUX_FIND + 1] = {0};
    size_t longest = 0;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct crux_random_op_shape shape = any_shape(&random, round);
        struct crux_op op, back;
        uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
        size_t used = 0;
        const char *what = "";
        crux_random_op(&random, &op, &shape);
        assert_int_equal(crux_descriptor_encode(bytes, &used, &op), CRUX_OK);
        assert_in_range(used, 1, CRUX_DESCRIPTOR_BYTES);
        assert_int_equal(crux_descriptor_decode(&back, bytes), CRUX_OK);
        if (!crux_op_same(&op, &back, &what)) fail_msg("round %u: %s differs", round, what);
        seen[op.code]++;
        if (used > longest) longest = used;
    }
    for (unsigned code = CRUX_LOAD; code <= CRUX_FIND; code++)
        assert_true(seen[code] > ROUNDS / 40);
    assert_true(longest > 250);
}

/* Every single-bit change either is another op's descriptor, exactly, or is refused. */
static void test_flipped_bits(void **state) {
    struct crux_random random = {2};
    unsigned accepted = 0, refused = 0;
    (void)state;
    for (unsigned round = 0; round < FLIP_ROUNDS; round++) {
        struct crux_random_op_shape shape = any_shape(&random, round);
        struct crux_op op, back;
        uint8_t bytes[CRUX_DESCRIPTOR_BYTES], again[CRUX_DESCRIPTOR_BYTES];
        size_t used;
        crux_random_op(&random, &op, &shape);
        assert_int_equal(crux_descriptor_encode(bytes, &used, &op), CRUX_OK);
        for (unsigned bit = 0; bit < 8 * CRUX_DESCRIPTOR_BYTES; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (crux_descriptor_decode(&back, bytes) == CRUX_OK) {
                assert_int_equal(crux_descriptor_encode(again, &used, &back), CRUX_OK);
                assert_memory_equal(bytes, again, sizeof bytes);
                assert_false(crux_op_same(&op, &back, NULL));
                accepted++;
            } else {
                refused++;
            }
            bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    assert_true(accepted > 1000);
    assert_true(refused > 1000);
}

/* A valid op to spoil: `code` and `func` as asked, drawn until `fits` likes it. */
static struct crux_op make(unsigned code, unsigned func, bool (*fits)(const struct crux_op *)) {
    static struct crux_random random = {3};
    struct crux_random_op_shape shape = {code, func, 9, false};
    struct crux_op op;
    do {
        crux_random_op(&random, &op, &shape);
    } while (fits != NULL && !fits(&op));
    return op;
}

static bool seen_rule[CRUX_RULE_COUNT_OF];

static void expect(const struct crux_op *op, enum crux_op_rule rule) {
    struct crux_op_fault fault;
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    enum crux_status status = crux_op_check(op, &fault);
    if (fault.rule != rule) {
        fail_msg("expected \"%s\", got \"%s\"", crux_op_rule_text(rule),
                 crux_op_rule_text(fault.rule));
    }
    assert_int_equal(status, crux_op_rule_status(rule));
    assert_int_equal(crux_descriptor_encode(bytes, &used, op), status);
    seen_rule[rule] = true;
}

#define EXPECT(code, func, fits, rule, change)                                                     \
    do {                                                                                           \
        struct crux_op op = make(code, func, fits);                                                \
        change;                                                                                    \
        expect(&op, CRUX_RULE_##rule);                                                             \
    } while (0)

static bool first_is(const struct crux_op *op, enum crux_kind kind) {
    return op->nin > 0 && op->in[0].kind == kind;
}
static bool is_step(const struct crux_op *op) {
    return first_is(op, CRUX_KIND_STEP);
}
static bool is_imm(const struct crux_op *op) {
    return first_is(op, CRUX_KIND_IMM);
}
static bool is_model(const struct crux_op *op) {
    return first_is(op, CRUX_KIND_MODEL);
}
static bool is_plain(const struct crux_op *op) {
    return is_model(op) && op->in[0].layout == 0;
}
static bool is_tiled(const struct crux_op *op) {
    return is_model(op) && op->in[0].layout != 0;
}
static bool is_record(const struct crux_op *op) {
    return first_is(op, CRUX_KIND_RECORD);
}
static bool is_token(const struct crux_op *op) {
    return first_is(op, CRUX_KIND_TOKEN);
}
static bool is_param(const struct crux_op *op) {
    return first_is(op, CRUX_KIND_PARAM);
}
static bool is_step_no_x(const struct crux_op *op) {
    return is_step(op) && !op->has_x;
}
static bool has_x(const struct crux_op *op) {
    return op->has_x;
}
static bool two_steps(const struct crux_op *op) {
    return is_step(op) && op->nin == 2 && op->in[1].kind == CRUX_KIND_STEP;
}
static bool starts_with_exponent(const struct crux_op *op) {
    return op->nin > 0 && op->in[0].role == CRUX_ROLE_EXPONENT;
}
static bool factor_then_exponent(const struct crux_op *op) {
    return op->nin == 2 && op->in[0].role == CRUX_ROLE_FACTOR &&
           op->in[1].role == CRUX_ROLE_EXPONENT;
}
static bool has_three(const struct crux_op *op) {
    return op->nin == 3;
}
static bool one_dim_load(const struct crux_op *op) {
    return is_step(op) && op->ndim == 1;
}

static void test_rules_of_function_and_output(void **state) {
    (void)state;
    EXPECT(CRUX_LOAD, 0, NULL, CODE, op.code = 0);
    EXPECT(CRUX_LOAD, 0, NULL, CODE, op.code = CRUX_FIND + 1);
    EXPECT(CRUX_LOAD, 0, NULL, FUNC, op.func = 1);
    EXPECT(CRUX_MAP, 0, NULL, FUNC, op.func = 0);
    EXPECT(CRUX_MAP, 0, NULL, FUNC, op.func = CRUX_MAP_BITLEN + 1);
    EXPECT(CRUX_REDUCE, 0, NULL, FUNC, op.func = CRUX_REDUCE_COUNT + 1);
    EXPECT(CRUX_REDUCE, 0, NULL, CMP, op.cmp = CRUX_CMP_GE + 1);
    EXPECT(CRUX_REDUCE, CRUX_REDUCE_COUNT, NULL, CMP, (op.cmp = 0, op.nin = 0));
    EXPECT(CRUX_MAP, CRUX_MAP_COMPARE, NULL, CMP, op.cmp = 0);
    EXPECT(CRUX_MAP, CRUX_MAP_MIN, NULL, CMP, op.cmp = 1);
    EXPECT(CRUX_DIV, 0, NULL, CMP, op.cmp = 1);
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, NULL, ROUNDING, op.rounding = 2);
    EXPECT(CRUX_MAP, CRUX_MAP_MAX, NULL, ROUNDING, op.rounding = 1);
    EXPECT(CRUX_LOAD, 0, NULL, DTYPE, op.dtype = 0);
    EXPECT(CRUX_LOAD, 0, NULL, DTYPE, op.dtype = CRUX_I64 + 1);
    EXPECT(CRUX_LOAD, 0, NULL, RANGE, (op.dtype = CRUX_U8, op.lo = 0, op.hi = 256));
    EXPECT(CRUX_LOAD, 0, NULL, RANGE, (op.dtype = CRUX_U8, op.lo = -1, op.hi = 255));
    EXPECT(CRUX_LOAD, 0, NULL, RANGE, (op.dtype = CRUX_U8, op.lo = 5, op.hi = 4));
    EXPECT(CRUX_LOAD, 0, NULL, NDIM, op.ndim = 0);
    EXPECT(CRUX_LOAD, 0, NULL, NDIM, op.ndim = 5);
    EXPECT(CRUX_LOAD, 0, NULL, NK, (op.nk = 1, op.kdim[0] = crux_dim_constant(2)));
    EXPECT(CRUX_REDUCE, 0, NULL, NK, op.nk = 0);
    EXPECT(CRUX_CONTRACT, 0, NULL, NK, op.nk = 4);
    EXPECT(CRUX_LOAD, 0, NULL, DIM, op.dim[0] = crux_dim_constant(0));
    EXPECT(CRUX_LOAD, 0, NULL, DIM, op.dim[0] = ((struct crux_dim){1, 1, 1, 1, 4}));
    EXPECT(CRUX_LOAD, 0, NULL, DIM, op.dim[0] = ((struct crux_dim){1, 1, 0, 0, 4}));
    EXPECT(CRUX_LOAD, 0, NULL, DIM, op.dim[0] = ((struct crux_dim){1, 1, 0, 1, 0}));
    EXPECT(CRUX_LOAD, 0, NULL, DIM, op.dim[0] = ((struct crux_dim){INT32_MIN, 1, 0, 1, 4}));
    EXPECT(CRUX_LOAD, 0, NULL, DIM, op.dim[0] = ((struct crux_dim){4, 0, 0, 2, 4}));
    EXPECT(CRUX_REDUCE, 0, NULL, DIM, op.kdim[0].e = 0);
    EXPECT(CRUX_STORE, 0, NULL, STORE_GROWS, op.dim[0] = ((struct crux_dim){1, 1, 0, 1, 4}));
    EXPECT(CRUX_FIND, 0, NULL, FIND_PAIR, op.dim[op.ndim - 1] = crux_dim_constant(3));
    EXPECT(CRUX_FIND, 0, NULL, FIND_PAIR, op.dim[op.ndim - 1] = ((struct crux_dim){2, 1, 0, 1, 2}));
}

static void test_rules_of_attributes(void **state) {
    (void)state;
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, NULL, SHIFT, op.s0 = 257);
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, NULL, SHIFT, op.s0 = -257);
    EXPECT(CRUX_MAP, CRUX_MAP_DYNEXP, NULL, LIMIT, op.limit = 0);
    EXPECT(CRUX_MAP, CRUX_MAP_DYNEXP, NULL, DYNEXP_RANGE, (op.dtype = CRUX_I16, op.lo = -32));
    EXPECT(CRUX_MAP, CRUX_MAP_DYNEXP, NULL, DYNEXP_RANGE, (op.dtype = CRUX_I16, op.hi = 96));
    EXPECT(CRUX_DIV, 0, NULL, SHIFT, op.shift = 63);
    EXPECT(CRUX_SQRT, 0, NULL, SHIFT, op.shift = 63);
    EXPECT(CRUX_LUT, 0, NULL, SHIFT, op.shift = 32);
    EXPECT(CRUX_LUT, 0, NULL, CELLS, op.cells = 0);
    EXPECT(CRUX_LUT, 0, NULL, CELLS, op.cells = 65537);
    EXPECT(CRUX_LUT, 0, NULL, LUT_END, op.left = ((struct crux_lut_end){0, 1, 5}));
    EXPECT(CRUX_LUT, 0, NULL, LUT_END, op.left = ((struct crux_lut_end){2, 0, 5}));
    EXPECT(CRUX_LUT, 0, NULL, LUT_END, op.right = ((struct crux_lut_end){1, 63, 5}));
}

static void test_rules_of_operands(void **state) {
    (void)state;
    EXPECT(CRUX_DIV, 0, NULL, COUNT, op.nin = 1);
    EXPECT(CRUX_CONTRACT, 0, NULL, COUNT, op.nin = 4);
    EXPECT(CRUX_CONTRACT, 0, NULL, COUNT, op.nin = 0);
    EXPECT(CRUX_RAND, 0, NULL, COUNT, op.nin = 1);
    EXPECT(CRUX_MAP, CRUX_MAP_SELECT, NULL, COUNT, op.nin = 2);
    EXPECT(CRUX_LUT, 0, NULL, COUNT, op.nin = 1);
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, NULL, COUNT, op.nin = 5);
    EXPECT(CRUX_STORE, 0, NULL, X, op.has_x = true);
    EXPECT(CRUX_RAND, 0, NULL, X, op.has_x = true);
    EXPECT(CRUX_LOAD, 0, NULL, KIND, op.in[0].kind = CRUX_KIND_IMM);
    EXPECT(CRUX_LOAD, 0, NULL, KIND, op.in[0].kind = CRUX_KIND_PARAM + 1);
    EXPECT(CRUX_STORE, 0, NULL, KIND, op.in[0].kind = CRUX_KIND_MODEL);
    EXPECT(CRUX_SQRT, 0, NULL, KIND, op.in[0].kind = CRUX_KIND_RECORD);
    EXPECT(CRUX_SQRT, 0, NULL, KIND, op.in[0].kind = CRUX_KIND_TOKEN);
    EXPECT(CRUX_SQRT, 0, NULL, KIND, op.in[0].kind = CRUX_KIND_PARAM);
    EXPECT(CRUX_LUT, 0, NULL, KIND, op.in[0].kind = CRUX_KIND_MODEL);
    EXPECT(CRUX_LUT, 0, NULL, KIND, op.in[op.nin - 1].kind = CRUX_KIND_STEP);
    EXPECT(CRUX_DIV, 0, has_x, KIND, op.x.kind = CRUX_KIND_MODEL);
    EXPECT(CRUX_DIV, 0, has_x, FLAGS, op.x.flags = CRUX_FLAG_PAD);
    EXPECT(CRUX_DIV, 0, is_step, FLAGS, op.in[0].flags = CRUX_FLAG_FROM_LAST);
    EXPECT(CRUX_LOAD, 0, is_record, FLAGS, op.in[0].flags = 4);
    EXPECT(CRUX_LOAD, 0, is_token, FLAGS, op.in[0].flags = CRUX_FLAG_PAD);
    EXPECT(CRUX_LUT, 0, NULL, FLAGS, op.in[op.nin - 1].flags = CRUX_FLAG_PAD);
    EXPECT(CRUX_FIND, 0, two_steps, FLAGS, op.in[1].flags = CRUX_FLAG_PAD);
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, factor_then_exponent, ROLE_ORDER, op.in[1].role = 3);
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, factor_then_exponent, ROLE_ORDER,
           (op.in[0].role = CRUX_ROLE_ADD, op.in[1].role = CRUX_ROLE_ADD));
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, factor_then_exponent, ROLE_ORDER,
           (op.in[0].role = CRUX_ROLE_ADD, op.in[1].role = CRUX_ROLE_FACTOR));
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, starts_with_exponent, EXPONENT, op.in[0].coef = 0);
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, starts_with_exponent, EXPONENT, op.in[0].coef = 5);
    EXPECT(CRUX_MAP, CRUX_MAP_REQUANT, starts_with_exponent, EXPONENT, op.in[0].coef = -5);
    EXPECT(CRUX_SQRT, 0, is_step, NUMBER, op.in[0].tensor = CRUX_OPS_MAX);
    EXPECT(CRUX_SQRT, 0, is_model, NUMBER, op.in[0].tensor = CRUX_TENSORS_MAX);
    EXPECT(CRUX_LOAD, 0, is_param, NUMBER, op.in[0].tensor = CRUX_PARAMS);
    EXPECT(CRUX_LOAD, 0, is_record, NUMBER, op.in[0].tensor = op.in[0].stores);
    EXPECT(CRUX_LOAD, 0, is_record, NUMBER, op.in[0].stores = CRUX_STORES_MAX + 1);
    EXPECT(CRUX_LOAD, 0, is_record, NUMBER, op.in[0].layer = CRUX_LAYERS_MAX);
    EXPECT(CRUX_LOAD, 0, is_record, NUMBER, op.in[0].self = CRUX_OPS_MAX);
    EXPECT(CRUX_LOAD, 0, is_token, NUMBER, op.in[0].stores = 0);
    EXPECT(CRUX_SQRT, 0, is_step, OPERAND_DTYPE, op.in[0].dtype = 0);
    EXPECT(CRUX_LOAD, 0, is_token, OPERAND_DTYPE, op.in[0].dtype = CRUX_I64);
    EXPECT(CRUX_LOAD, 0, is_param, OPERAND_DTYPE, op.in[0].dtype = CRUX_U8);
    EXPECT(CRUX_SQRT, 0, is_tiled, OPERAND_DTYPE, op.in[0].dtype = CRUX_I64);
    EXPECT(CRUX_CONTRACT, 0, is_step, WIDE_FACTOR, op.in[0].dtype = CRUX_I64);
    EXPECT(CRUX_SQRT, 0, is_tiled, LAYOUT, op.in[0].layout = 0x32);
    EXPECT(CRUX_SQRT, 0, is_tiled, LAYOUT, op.in[0].layout = 0x42);
    EXPECT(CRUX_SQRT, 0, is_tiled, LAYOUT, op.in[0].layout = 0x10);
    EXPECT(CRUX_SQRT, 0, is_step, OPERAND_RANGE, (op.in[0].dtype = CRUX_I8, op.in[0].lo = -129));
    EXPECT(CRUX_LOAD, 0, is_param, OPERAND_RANGE, op.in[0].hi = (int64_t)INT32_MAX + 1);
    EXPECT(CRUX_SQRT, 0, is_step, VIEW_NDIM, op.in[0].ndim = 0);
    EXPECT(CRUX_SQRT, 0, is_step, VIEW_NDIM, op.in[0].ndim = 5);
    EXPECT(CRUX_SQRT, 0, is_step, VIEW_DIM, op.in[0].dim[0].e = 0);
    EXPECT(CRUX_SQRT, 0, is_plain, VIEW_GROWS,
           op.in[0].dim[0] = ((struct crux_dim){1, 1, 0, 1, 4}));
    EXPECT(CRUX_LOAD, 0, is_record, VIEW_GROWS,
           op.in[0].dim[0] = ((struct crux_dim){1, 1, 0, 1, 4}));
}

static void test_rules_of_index_maps(void **state) {
    (void)state;
    EXPECT(CRUX_SQRT, 0, is_step, COEFFICIENT,
           op.in[0].index[0].coef[CRUX_VAR_POS] = CRUX_COEF_MAX + 1);
    EXPECT(CRUX_SQRT, 0, is_imm, COEFFICIENT, op.in[0].at.coef[CRUX_VAR_POS] = -CRUX_COEF_MAX - 1);
    EXPECT(CRUX_SQRT, 0, is_step, VARIABLE, op.in[0].index[0].coef[CRUX_VAR_K] = 1);
    EXPECT(CRUX_SQRT, 0, is_step_no_x, VARIABLE, op.in[0].index[0].coef[CRUX_VAR_X] = 1);
    EXPECT(CRUX_SQRT, 0, has_x, VARIABLE, op.x.index[0].coef[CRUX_VAR_X] = 1);
    EXPECT(CRUX_REDUCE, 0, has_x, VARIABLE, op.x.index[0].coef[CRUX_VAR_K] = 1);
    EXPECT(CRUX_LOAD, 0, one_dim_load, VARIABLE, op.in[0].index[0].coef[CRUX_VAR_O + 1] = 1);
    EXPECT(CRUX_LOAD, 0, is_record, VARIABLE, op.in[0].at.coef[CRUX_VAR_X] = 1);
    EXPECT(CRUX_FIND, 0, two_steps, VARIABLE, op.in[1].index[0].coef[CRUX_VAR_K] = 1);
    EXPECT(CRUX_LUT, 0, NULL, LUT_TABLE, op.in[op.nin - 1].dim[0] = crux_dim_constant(op.cells));
    EXPECT(CRUX_LUT, 0, has_three, LUT_TABLE, op.in[2].index[0].coef[CRUX_VAR_ONE] = 1);
    EXPECT(CRUX_LUT, 0, NULL, LUT_TABLE,
           (op.in[op.nin - 1].layout = 0x22, op.in[op.nin - 1].dtype = CRUX_I32,
            op.in[op.nin - 1].lo = 0, op.in[op.nin - 1].hi = 1));
}

static void test_every_rule_was_broken(void **state) {
    (void)state;
    for (unsigned rule = CRUX_RULE_NONE + 1; rule < CRUX_RULE_COUNT_OF; rule++) {
        if (!seen_rule[rule])
            fail_msg("no case breaks \"%s\"", crux_op_rule_text((enum crux_op_rule)rule));
    }
}

/* An i8 SQRT of an immediate, by hand: the byte form is what the spec says. */
static const uint8_t sqrt_bytes[] = {8,
                                     0,
                                     0,
                                     0,
                                     1,
                                     1 | 1 << 5,
                                     0,
                                     /* lo -1, hi 2 */ 1,
                                     4,
                                     /* [3] */ 6,
                                     /* s 5 */ 5,
                                     /* imm 7 - o0 */ 0,
                                     3,
                                     14,
                                     1};

static enum crux_status decode_with(struct crux_op *op, unsigned at, const uint8_t *put,
                                    unsigned drop, unsigned len) {
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES] = {0};
    memcpy(bytes, sqrt_bytes, at);
    if (len > 0) memcpy(bytes + at, put, len);
    memcpy(bytes + at + len, sqrt_bytes + at + drop, sizeof sqrt_bytes - at - drop);
    return crux_descriptor_decode(op, bytes);
}

#define DECODE(op, at, drop, ...)                                                                  \
    decode_with(op, at, (const uint8_t[]){__VA_ARGS__}, drop,                                      \
                sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_bytes_by_hand(void **state) {
    struct crux_op op;
    (void)state;
    assert_int_equal(decode_with(&op, 0, NULL, 0, 0), CRUX_OK);
    assert_int_equal(op.code, CRUX_SQRT);
    assert_int_equal(op.lo, -1);
    assert_int_equal(op.hi, 2);
    assert_int_equal(op.dim[0].e, 3);
    assert_int_equal(op.shift, 5);
    assert_int_equal(op.in[0].at.coef[CRUX_VAR_ONE], 7);
    assert_int_equal(op.in[0].at.coef[CRUX_VAR_O], -1);
    assert_int_equal(DECODE(&op, 6, 1, 2), CRUX_E_NON_CANONICAL);            /* has_x 2 */
    assert_int_equal(DECODE(&op, 8, 1, 0x84, 0), CRUX_E_NON_CANONICAL);      /* hi in two bytes */
    assert_int_equal(DECODE(&op, 12, 2, 7, 14, 1, 0), CRUX_E_NON_CANONICAL); /* coefficient 0 */
    assert_int_equal(DECODE(&op, 9, 1, 7), CRUX_E_BAD_DIM);                  /* no such form */
    assert_int_equal(DECODE(&op, 9, 1, 0), CRUX_E_BAD_DIM);
    assert_int_equal(DECODE(&op, 9, 1, 1, 6, 0, 0, 1, 3),
                     CRUX_E_BAD_DIM); /* a constant, written long */
    assert_int_equal(DECODE(&op, 9, 1, 0x80, 0x80, 0x80, 0x80, 0x10), CRUX_E_BAD_DIM); /* 2^31 */
    assert_int_equal(DECODE(&op, 12, 1, 0x80, 0x10), CRUX_E_BAD_INDEX_MAP); /* variable 11 */
    assert_int_equal(DECODE(&op, 13, 1, 0x80, 0x80, 0x80, 0x80, 0x10), CRUX_E_BAD_INDEX_MAP);
    assert_int_equal(DECODE(&op, 13, 1, 0xff, 0xff, 0xff, 0xff, 0x0f), CRUX_OK); /* -2^31 */
    assert_int_equal(DECODE(&op, 10, 1, 0x80, 2), CRUX_E_BAD_RANGE);             /* s 256 */
    assert_int_equal(DECODE(&op, 5, 1, 5 | 1 << 5), CRUX_E_BAD_SHAPE);
    assert_int_equal(DECODE(&op, 5, 1, 1 | 5 << 5), CRUX_E_BAD_OPERAND);
}

static void test_tail_and_length(void **state) {
    struct crux_op op = make(CRUX_LOAD, 0, is_step);
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    (void)state;
    assert_int_equal(crux_descriptor_encode(bytes, &used, &op), CRUX_OK);
    for (size_t at = used; at < sizeof bytes; at++) {
        bytes[at] = 1;
        assert_int_equal(crux_descriptor_decode(&op, bytes), CRUX_E_TRAILING_BYTES);
        bytes[at] = 0;
    }
    struct crux_random random = {4};
    struct crux_random_op_shape shape = {CRUX_CONTRACT, 0, INT32_MAX, true};
    crux_random_op(&random, &op, &shape);
    op.nin = 3;
    op.in[0] = make(CRUX_LOAD, 0, is_model).in[0];
    op.in[0].ndim = 4;
    op.in[0].dtype = CRUX_I32;
    op.in[0].lo = op.in[0].hi = 0;
    for (unsigned i = 0; i < 4; i++) {
        op.in[0].dim[i] = crux_dim_constant(INT32_MAX);
        memset(&op.in[0].index[i], 0, sizeof op.in[0].index[i]);
        op.in[0].index[i].coef[CRUX_VAR_ONE] = op.in[0].index[i].coef[CRUX_VAR_N] = CRUX_COEF_MAX;
        op.in[0].index[i].coef[CRUX_VAR_POS] = CRUX_COEF_MAX;
    }
    op.in[1] = op.in[2] = op.in[0];
    assert_int_equal(crux_op_check(&op, NULL), CRUX_OK);
    assert_int_equal(crux_descriptor_encode(bytes, &used, &op), CRUX_E_DESCRIPTOR_TOO_LONG);
}

/* Fields that are all well formed but go on past the last byte. */
static void test_cut_descriptor(void **state) {
    static const uint8_t start[] = {CRUX_CONTRACT, 0, 0, 0, CRUX_I64, 4 | 3 << 3 | 3 << 5, 0, 1, 2};
    static const uint8_t dim[] = {1,    0xfe, 0xff, 0xff, 0xff, 0x0f, 2,    0,    0xff,
                                  0xff, 0xff, 0xff, 0x07, 0xff, 0xff, 0xff, 0xff, 0x07};
    static const uint8_t imm[] = {CRUX_KIND_IMM, 0x01, 0xfe, 0xff, 0xff, 0xff, 0x0f};
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES + 64] = {0};
    struct crux_op op;
    size_t at = sizeof start;
    (void)state;
    memcpy(bytes, start, sizeof start);
    for (unsigned i = 0; i < 7; i++, at += sizeof dim) memcpy(bytes + at, dim, sizeof dim);
    for (unsigned i = 0; i < 3; i++, at += sizeof imm) memcpy(bytes + at, imm, sizeof imm);
    assert_in_range(at, 0, CRUX_DESCRIPTOR_BYTES);
    assert_int_equal(crux_descriptor_decode(&op, bytes), CRUX_OK);
    /* the same with every variable in each immediate */
    at = sizeof start + 7 * sizeof dim;
    for (unsigned i = 0; i < 3 && at < CRUX_DESCRIPTOR_BYTES; i++) {
        memcpy(bytes + at, (const uint8_t[]){CRUX_KIND_IMM, 0xff, 0x0f}, 3);
        at += 3;
        for (unsigned v = 0; v < CRUX_VARS; v++, at += 4) {
            memcpy(bytes + at, (const uint8_t[]){0x80, 0x80, 0x80, 0x08}, 4); /* 2^23 */
        }
    }
    assert_int_equal(crux_descriptor_decode(&op, bytes), CRUX_E_DESCRIPTOR_TOO_LONG);
}

static void test_unused_fields_are_zero(void **state) {
    struct crux_op op;
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    (void)state;
#define SPOIL(code, func, fits, change)                                                            \
    do {                                                                                           \
        op = make(code, func, fits);                                                               \
        change;                                                                                    \
        assert_int_equal(crux_descriptor_encode(bytes, &used, &op), CRUX_E_NON_CANONICAL);         \
    } while (0)
    SPOIL(CRUX_DIV, 0, NULL, op.c0 = 1);
    SPOIL(CRUX_DIV, 0, NULL, op.m0 = 1);
    SPOIL(CRUX_DIV, 0, NULL, op.s0 = 1);
    SPOIL(CRUX_DIV, 0, NULL, op.limit = 1);
    SPOIL(CRUX_DIV, 0, NULL, op.x0 = 1);
    SPOIL(CRUX_DIV, 0, NULL, op.cells = 1);
    SPOIL(CRUX_DIV, 0, NULL, op.left.value = 1);
    SPOIL(CRUX_DIV, 0, NULL, op.kdim[0] = crux_dim_constant(1));
    SPOIL(CRUX_DIV, 0, NULL, op.in[2].kind = 1);
    SPOIL(CRUX_DIV, 0, is_step_no_x, op.x.tensor = 1);
    SPOIL(CRUX_DIV, 0, is_step, op.in[0].self = CRUX_SELF_NONE);
    SPOIL(CRUX_DIV, 0, is_step, op.in[0].layout = 1);
    SPOIL(CRUX_DIV, 0, is_step, op.in[0].role = 1);
    SPOIL(CRUX_DIV, 0, is_step, op.in[0].root[31] = 1);
    SPOIL(CRUX_DIV, 0, is_imm, op.in[0].dtype = CRUX_I32);
    SPOIL(CRUX_MAP, CRUX_MAP_MIN, NULL, op.shift = 1);
#undef SPOIL
}

static void test_header_and_layer(void **state) {
    struct crux_program_header header = {CRUX_OP_SET, 3, 64, 256, 1}, header_back;
    struct crux_layer layer = {9, 2, CRUX_ACTIVE_FROM_LAST, 0}, layer_back;
    uint8_t bytes[CRUX_HEADER_BYTES], again[CRUX_HEADER_BYTES];
    (void)state;
    assert_int_equal(crux_header_encode(bytes, &header), CRUX_OK);
    assert_int_equal(crux_header_decode(&header_back, bytes), CRUX_OK);
    assert_memory_equal(&header, &header_back, sizeof header);
    for (unsigned bit = 0; bit < 8 * CRUX_HEADER_BYTES; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (crux_header_decode(&header_back, bytes) == CRUX_OK) {
            assert_int_equal(crux_header_encode(again, &header_back), CRUX_OK);
            assert_memory_equal(bytes, again, CRUX_HEADER_BYTES);
        } else if (bit >= 160) {
            assert_int_equal(crux_header_decode(&header_back, bytes), CRUX_E_NON_CANONICAL);
        }
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
#define BAD_HEADER(field, value, status)                                                           \
    do {                                                                                           \
        header_back = header;                                                                      \
        header_back.field = value;                                                                 \
        assert_int_equal(crux_header_encode(again, &header_back), status);                         \
    } while (0)
    BAD_HEADER(op_set, 2, CRUX_E_BAD_VERSION);
    BAD_HEADER(layers, 0, CRUX_E_PROGRAM_INVALID);
    BAD_HEADER(layers, CRUX_LAYERS_MAX + 1, CRUX_E_TOO_MANY_LAYERS);
    BAD_HEADER(context, 0, CRUX_E_BAD_RANGE);
    BAD_HEADER(context, CRUX_CONTEXT_MAX + 1, CRUX_E_BAD_RANGE);
    BAD_HEADER(vocab, 0, CRUX_E_BAD_RANGE);
    BAD_HEADER(vocab, UINT32_C(1) << 31, CRUX_E_BAD_RANGE);
    BAD_HEADER(token_store, CRUX_STORES_MAX, CRUX_E_BAD_TOKEN_SOURCE);
#undef BAD_HEADER
    assert_int_equal(crux_layer_encode(bytes, &layer), CRUX_OK);
    assert_int_equal(crux_layer_decode(&layer_back, bytes), CRUX_OK);
    assert_memory_equal(&layer, &layer_back, sizeof layer);
    for (unsigned bit = 0; bit < 8 * CRUX_LAYER_BYTES; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (crux_layer_decode(&layer_back, bytes) == CRUX_OK) {
            assert_int_equal(crux_layer_encode(again, &layer_back), CRUX_OK);
            assert_memory_equal(bytes, again, CRUX_LAYER_BYTES);
        } else if (bit >= 96) {
            assert_int_equal(crux_layer_decode(&layer_back, bytes), CRUX_E_NON_CANONICAL);
        }
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
#define BAD_LAYER(field, value, status)                                                            \
    do {                                                                                           \
        layer_back = layer;                                                                        \
        layer_back.field = value;                                                                  \
        assert_int_equal(crux_layer_encode(again, &layer_back), status);                           \
    } while (0)
    BAD_LAYER(ops, CRUX_OPS_MAX + 1, CRUX_E_TOO_MANY_OPS);
    BAD_LAYER(stores, 0, CRUX_E_BAD_STORE);
    BAD_LAYER(stores, 9, CRUX_E_BAD_STORE);
    BAD_LAYER(ops, 2, CRUX_E_BAD_STORE);
    BAD_LAYER(active, 2, CRUX_E_BAD_FUNCTION);
#undef BAD_LAYER
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_ops_come_back),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_rules_of_function_and_output),
        cmocka_unit_test(test_rules_of_attributes),
        cmocka_unit_test(test_rules_of_operands),
        cmocka_unit_test(test_rules_of_index_maps),
        cmocka_unit_test(test_every_rule_was_broken),
        cmocka_unit_test(test_bytes_by_hand),
        cmocka_unit_test(test_tail_and_length),
        cmocka_unit_test(test_cut_descriptor),
        cmocka_unit_test(test_unused_fields_are_zero),
        cmocka_unit_test(test_header_and_layer),
    };
    return cmocka_run_group_tests_name("descriptor", tests, NULL, NULL);
}
