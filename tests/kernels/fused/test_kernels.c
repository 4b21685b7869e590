/* Each instruction set's kernels against the plain ones, byte for byte: every width from 1 to 70, and those of real
 * models; ordinary rows and rows of nothing but ends. What is written beyond a row is found, too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kernels/fused/known.h"
#include "tests/support/random.h"

enum { ROWS = 3, WIDTH_MAX = 8192, BEYOND = 64, ALL = ROWS * WIDTH_MAX + BEYOND };

static const uint32_t real_widths[] = {576, 960, 1536, 2048, 8191, 8192};
enum { WIDTHS = 70 + CRUX_ARRAY_LEN(real_widths), TIMES = 12 };

static uint32_t width_of(unsigned number) {
    return number < 70 ? number + 1 : real_widths[number - 70];
}

/* Room for operands, and for what the plain and the other kernel make of them. */
static int32_t a[ALL], b[ALL], plain32[ALL], other32[ALL];
static int16_t w[ALL], plain16[ALL], other16[ALL];
static int64_t wide[ALL];
static int8_t plain8[BEYOND], other8[BEYOND];

/* Numbers in [lo, hi]: all of that range, a narrow part of it, ends alone, or one number among zeros. */
static void fill(struct crux_random *random, int32_t *v, size_t count, int64_t lo, int64_t hi) {
    unsigned kind = (unsigned)crux_random_below(random, 5);
    int64_t narrow = INT64_C(1) << crux_random_below(random, 31);
    for (size_t i = 0; i < count; i++) {
        int64_t n = kind == 0   ? crux_random_between(random, lo, hi)
                    : kind == 1 ? crux_random_edgy(random, lo, hi)
                    : kind == 2 ? crux_random_between(random, -narrow, narrow)
                    : kind == 3 ? (crux_random_one_in(random, 2) ? lo : hi)
                                : 0;
        v[i] = (int32_t)(n < lo ? lo : n > hi ? hi : n);
    }
    if (kind == 4) v[crux_random_below(random, count)] = (int32_t)crux_random_edgy(random, lo, hi);
}

static void fill16(struct crux_random *random, int16_t *v, size_t count) {
    for (size_t i = 0; i < count; i++)
        v[i] = (int16_t)crux_random_edgy(random, INT16_MIN, INT16_MAX);
}

static void clear(void) {
    memset(plain32, 0x55, sizeof plain32);
    memset(other32, 0x55, sizeof other32);
    memset(plain16, 0x55, sizeof plain16);
    memset(other16, 0x55, sizeof other16);
    memset(plain8, 0x55, sizeof plain8);
    memset(other8, 0x55, sizeof other8);
}

static void same(void) {
    assert_memory_equal(plain32, other32, sizeof plain32);
    assert_memory_equal(plain16, other16, sizeof plain16);
    assert_memory_equal(plain8, other8, sizeof plain8);
}

typedef void compare(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                     struct crux_random *random, uint32_t width);

static void quant_rows(const struct crux_fused_kernels *plain,
                       const struct crux_fused_kernels *other, struct crux_random *random,
                       uint32_t width) {
    static const int32_t limits[] = {1, 7, 4095, CRUX_LIMIT_LINEAR, CRUX_LIMIT_WIDE};
    int32_t limit = limits[crux_random_below(random, 5)];
    int e_max = crux_random_one_in(random, 4) ? (int)crux_random_below(random, 20) : 63;
    fill(random, a, (size_t)ROWS * width, INT32_MIN, INT32_MAX);
    plain->quant_rows(plain16, plain8, a, ROWS, width, limit, e_max);
    other->quant_rows(other16, other8, a, ROWS, width, limit, e_max);
    same();
}

static bool norm_constants(struct crux_norm_constants *constants, struct crux_random *random,
                           uint32_t width, bool layernorm) {
    struct crux_fused_norm config = {
        .width = width,
        .eps_m = crux_random_one_in(random, 5) ? 0 : crux_random_between(random, 1, 1 << 24),
        .eps_shift = (int32_t)crux_random_between(random, 28, 63),
        .in_bits = (int32_t)crux_random_between(random, 8, 16),
        .weight_bits = (int32_t)crux_random_between(random, 6, 15),
        .out_bits = (int32_t)crux_random_between(random, 6, 20),
        .weight_most = INT16_MAX + 1};
    return (layernorm ? crux_fused_layernorm_constants(constants, &config)
                      : crux_fused_rmsnorm_constants(constants, &config)) == CRUX_OK;
}

static void rmsnorm(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                    struct crux_random *random, uint32_t width) {
    struct crux_norm_constants constants;
    int16_t *y = (int16_t *)(void *)wide;
    if (!norm_constants(&constants, random, width, false)) return;
    fill(random, a, (size_t)ROWS * width, INT32_MIN, INT32_MAX);
    fill16(random, w, width);
    plain->rmsnorm(plain32, y, &constants, a, ROWS, width, 63, w);
    other->rmsnorm(other32, y, &constants, a, ROWS, width, 63, w);
    same();
    other->rmsnorm(a, y, &constants, a, ROWS, width, 63, w); /* in place */
    assert_memory_equal(a, plain32, ROWS * width * sizeof *a);
}

static void layernorm(const struct crux_fused_kernels *plain,
                      const struct crux_fused_kernels *other, struct crux_random *random,
                      uint32_t width) {
    struct crux_norm_constants constants;
    int16_t *z = plain16;
    if (!norm_constants(&constants, random, width, true)) return;
    struct crux_type out = crux_fused_layernorm_out(&constants, INT32_MAX / 2);
    fill(random, a, (size_t)ROWS * width, -INT32_MAX, INT32_MAX);
    fill(random, b, width, -INT32_MAX / 2, INT32_MAX / 2);
    fill16(random, w, width);
    if (crux_random_one_in(random, 3)) { /* almost nothing is left after centring */
        for (size_t i = 1; i < (size_t)ROWS * width; i++) a[i] = a[0] / 2 + (int32_t)(i % 2);
    }
    plain->layernorm(plain32, z, wide, &constants, out, a, ROWS, width, 63, w, b);
    other->layernorm(other32, z, wide, &constants, out, a, ROWS, width, 63, w, b);
    memset(plain16, 0x55, sizeof plain16);
    same();
}

static void rope(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                 struct crux_random *random, uint32_t width) {
    const struct crux_type types[] = {{CRUX_I32, INT32_MIN, INT32_MAX}, {CRUX_I32, -1000, 70000}};
    struct crux_fused_rope config = {crux_random_one_in(random, 2) ? CRUX_ROPE_HALF_SPLIT
                                                                   : CRUX_ROPE_INTERLEAVED,
                                     types[crux_random_below(random, 2)]};
    width *= 2;
    if (width > WIDTH_MAX) return;
    fill(random, a, (size_t)ROWS * width, INT32_MIN, INT32_MAX);
    fill(random, b, (size_t)width / 2 * 3, -(1 << CRUX_ROPE_BITS), 1 << CRUX_ROPE_BITS);
    plain->rope(plain32, &config, a, ROWS, width, b);
    other->rope(other32, &config, a, ROWS, width, b);
    same();
    other->rope(a, &config, a, ROWS, width, b); /* in place */
    assert_memory_equal(a, plain32, ROWS * width * sizeof *a);
}

/* Tables as models have them, and arbitrary ones. */
static struct crux_fused_activation curve(struct crux_random *random, int32_t *table) {
    struct crux_fused_activation config = {.a = {CRUX_I32, INT32_MIN, INT32_MAX},
                                           .h = {CRUX_I32, INT32_MIN, INT32_MAX}};
    unsigned fraction = (unsigned)crux_random_between(random, 8, 24);
    struct crux_table_grid grid = crux_table_activation_grid(fraction);
    bool real = crux_random_one_in(random, 2);
    config.s = (int32_t)(real ? (int64_t)fraction : crux_random_between(random, -2, 66));
    config.lut = (struct crux_lut){grid.x0, grid.shift, grid.cells, crux_lut_constant(0),
                                   crux_lut_line(1, 0)};
    crux_table_activation(table, CRUX_TABLE_SILU, fraction, fraction);
    if (real) return config;
    if (crux_random_one_in(random, 2)) config.a = (struct crux_type){CRUX_I32, -100000, 1 << 20};
    config.lut.shift = (unsigned)crux_random_below(random, 31);
    config.lut.x0 = crux_random_edgy(random, INT32_MIN, INT32_MAX);
    if (crux_random_one_in(random, 3))
        config.lut.right = crux_lut_constant(crux_random_edgy(random, INT32_MIN, INT32_MAX));
    if (crux_random_one_in(random, 3)) config.lut.left = crux_lut_line(3, 1);
    fill(random, table, CRUX_TABLE_ENTRIES, INT32_MIN, INT32_MAX);
    return config;
}

static void activation(const struct crux_fused_kernels *plain,
                       const struct crux_fused_kernels *other, struct crux_random *random,
                       uint32_t width) {
    static int32_t table[CRUX_TABLE_ENTRIES];
    struct crux_fused_activation config = curve(random, table);
    const int32_t *u = crux_random_one_in(random, 4) ? NULL : b;
    int64_t end = config.lut.x0 + ((int64_t)config.lut.cells << config.lut.shift);
    fill(random, a, width, INT32_MIN, INT32_MAX);
    fill(random, b, width, INT32_MIN, INT32_MAX);
    for (uint32_t i = 0; i < width; i++) { /* most arguments within the table, or next to it */
        int64_t on = crux_random_between(random, config.lut.x0 - 2, end + 2);
        if (crux_random_below(random, 4) != 0 && on >= INT32_MIN && on <= INT32_MAX)
            a[i] = (int32_t)on;
    }
    plain->activation(plain32, &config, a, u, width, table);
    other->activation(other32, &config, a, u, width, table);
    same();
    other->activation(a, &config, a, u, width, table); /* in place */
    assert_memory_equal(a, plain32, width * sizeof *a);
}

static void residual(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                     struct crux_random *random, uint32_t width) {
    struct crux_fused_residual config = {(int32_t)crux_random_between(random, -31, 31),
                                         {CRUX_I32, INT32_MIN, INT32_MAX}};
    if (crux_random_one_in(random, 2)) config.out = (struct crux_type){CRUX_I32, -70000, 1 << 20};
    fill(random, a, width, INT32_MIN, INT32_MAX);
    fill(random, b, width, INT32_MIN, INT32_MAX);
    plain->residual(plain32, &config, a, b, width);
    other->residual(other32, &config, a, b, width);
    same();
}

static void mix(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                struct crux_random *random, uint32_t width) {
    enum { USED = 3 };
    struct crux_fused_mix config = {
        USED, (int32_t)crux_random_between(random, 1, 50), {CRUX_I32, -INT32_MAX, INT32_MAX}};
    const int32_t *d[USED] = {a, a + width, b};
    int32_t share[USED];
    fill(random, share, USED, 0, 1 << CRUX_EXPERTS_SHARE_BITS);
    fill(random, a, (size_t)2 * width, INT32_MIN, INT32_MAX);
    fill(random, b, width, INT32_MIN, INT32_MAX);
    fill(random, plain32, width, INT32_MIN, INT32_MAX);
    memcpy(other32, plain32, sizeof other32);
    plain->mix(plain32, &config, share, d, width);
    other->mix(other32, &config, share, d, width);
    same();
}

/* As matrices leave sums, and as they could at the worst. */
static void finish(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                   struct crux_random *random, uint32_t width) {
    struct crux_fused_linear config = {(int32_t)crux_random_between(random, 30, 110),
                                       {CRUX_I32, -INT32_MAX, INT32_MAX}};
    unsigned bits = (unsigned)crux_random_between(random, 1, 63);
    const int32_t *bias = crux_random_one_in(random, 2) ? b : NULL;
    static int32_t rowmul[WIDTH_MAX];
    int8_t e[ROWS];
    for (size_t i = 0; i < (size_t)ROWS * width; i++)
        wide[i] = (int64_t)crux_random_next(random) >> (63 - bits);
    for (unsigned r = 0; r < ROWS; r++) e[r] = (int8_t)crux_random_between(random, 0, 16);
    fill(random, rowmul, width, crux_random_one_in(random, 8) ? INT32_MIN : 0, INT32_MAX);
    fill(random, b, width, INT32_MIN, INT32_MAX);
    fill(random, a, (size_t)ROWS * width, INT32_MIN, INT32_MAX);
    struct crux_fused_finish f = {&config, rowmul, bias, NULL, width, e, 1};
    uint32_t o0 = (uint32_t)crux_random_below(random, width);
    if (crux_random_one_in(random, 2)) o0 = 0;
    plain->finish(plain32, width, &f, wide, width, ROWS, o0, width);
    other->finish(other32, width, &f, wide, width, ROWS, o0, width);
    same();
    memcpy(plain32, a, (size_t)ROWS * width * sizeof *a); /* the residual stream, in place */
    memcpy(other32, a, (size_t)ROWS * width * sizeof *a);
    f.residual = plain32;
    plain->finish(plain32, width, &f, wide, width, ROWS, o0, width);
    f.residual = other32;
    other->finish(other32, width, &f, wide, width, ROWS, o0, width);
    same();
}

static void greedy(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                   struct crux_random *random, uint32_t width) {
    struct crux_fused_sample config = {.vocab = width, .block = CRUX_SAMPLE_BLOCK};
    fill(random, a, width, INT32_MIN, INT32_MAX);
    assert_int_equal(other->greedy(&config, a), plain->greedy(&config, a));
}

/* Logits as models have them (the greatest ones are few), all alike, or anything. */
static void choose_logits(struct crux_random *random, int32_t *logits, uint32_t vocab,
                          int32_t fraction) {
    unsigned kind = (unsigned)crux_random_below(random, 4);
    int64_t unit = INT64_C(1) << fraction, middle = crux_random_between(random, -5, 5) * unit;
    if (kind == 0) {
        fill(random, logits, vocab, INT32_MIN, INT32_MAX);
        return;
    }
    for (uint32_t v = 0; v < vocab; v++) {
        int64_t at = middle;
        for (unsigned i = 0; i < 8 && kind != 3; i++) /* a bell, with a width of 1 or 16 */
            at += crux_random_between(random, -unit, unit) * (kind == 1 ? 1 : 16) / 8;
        logits[v] = (int32_t)(at < INT32_MIN ? INT32_MIN : at > INT32_MAX ? INT32_MAX : at);
    }
}

/* A sixth of vocabularies as large as real ones are. */
static void sample(const struct crux_fused_kernels *plain, const struct crux_fused_kernels *other,
                   struct crux_random *random, uint32_t width) {
    enum { VOCAB_MAX = 50000 };
    static int32_t logits[VOCAB_MAX], adjusted[VOCAB_MAX];
    static uint16_t weight[VOCAB_MAX], exp2[CRUX_TABLE_ENTRIES];
    static uint32_t count[CRUX_SAMPLE_WEIGHTS];
    struct crux_sample_scratch scratch = {adjusted, weight, count, 0};
    struct crux_fused_sample config = {.vocab = crux_random_one_in(random, 6) ? VOCAB_MAX - width
                                                                              : width,
                                       .block = CRUX_SAMPLE_BLOCK,
                                       .fraction = (int32_t)crux_random_between(random, 0, 26)};
    int32_t params[CRUX_SAMPLE_PARAMS], recent[CRUX_SAMPLE_RECENT];
    uint32_t draw = (uint32_t)crux_random_below(random, UINT32_C(1) << 30);
    for (unsigned i = 0; i < CRUX_SAMPLE_PARAMS; i++) {
        struct crux_sample_range range = crux_fused_sample_range((enum crux_sample_param)i);
        params[i] = (int32_t)crux_random_edgy(random, range.lo, range.hi);
    }
    if (crux_random_below(random, 4) != 0)
        params[CRUX_SAMPLE_TEMPERATURE] = (int32_t)crux_random_between(random, 1000, 200000);
    if (crux_random_one_in(random, 2)) params[CRUX_SAMPLE_TOP_K] = 40;
    if (crux_random_one_in(random, 2)) params[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
    for (unsigned i = 0; i < CRUX_SAMPLE_RECENT; i++)
        recent[i] = (int32_t)crux_random_below(random, config.vocab);
    crux_table_exp2(exp2);
    choose_logits(random, logits, config.vocab, config.fraction);
    uint32_t want =
        plain->sample(&scratch, &config, logits, params, recent, CRUX_SAMPLE_RECENT, draw, exp2);
    assert_int_equal(
        other->sample(&scratch, &config, logits, params, recent, CRUX_SAMPLE_RECENT, draw, exp2),
        want);
}

static void every_width(compare *one) {
    const struct crux_fused_kernels *plain = crux_fused_kernels(CRUX_ISA_PLAIN);
    for (unsigned isa = CRUX_ISA_PLAIN + 1; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *other = crux_fused_kernels((enum crux_isa)isa);
        struct crux_random random = {41};
        if (other == NULL) print_message("skipped: this processor lacks set %u\n", isa);
        for (unsigned n = 0; n < WIDTHS && other != NULL; n++) {
            clear();
            for (unsigned i = 0; i < TIMES; i++) one(plain, other, &random, width_of(n));
        }
    }
}

#define EVERY_WIDTH(op)                                                                            \
    static void test_##op(void **state CRUX_UNUSED) {                                              \
        every_width(op);                                                                           \
    }
EVERY_WIDTH(quant_rows)
EVERY_WIDTH(rmsnorm)
EVERY_WIDTH(layernorm)
EVERY_WIDTH(rope)
EVERY_WIDTH(activation)
EVERY_WIDTH(residual)
EVERY_WIDTH(mix)
EVERY_WIDTH(finish)
EVERY_WIDTH(greedy)
EVERY_WIDTH(sample)

/* A kernel that is wrong somewhere: what known answers are there to find. */
static void too_much(int32_t *out, const struct crux_fused_residual *config, const int32_t *r,
                     const int32_t *y, uint32_t count) {
    crux_fused_residual_reference(out, config, r, y, count);
    out[count - 1]++;
}

static void known_answers_find_a_wrong_kernel(void **state CRUX_UNUSED) {
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        struct crux_fused_kernels wrong = *k;
        assert_int_equal(crux_fused_known_answers(k), CRUX_OK);
        wrong.residual = too_much;
        assert_int_equal(crux_fused_known_answers(&wrong), CRUX_E_KNOWN_ANSWER_FAILED);
    }
}

static void every_table_is_whole(void **state CRUX_UNUSED) {
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        assert_int_equal(k->isa, isa);
        assert_non_null(k->name);
        assert_true(k->quant_rows != NULL && k->rmsnorm != NULL && k->layernorm != NULL &&
                    k->rope != NULL && k->activation != NULL && k->residual != NULL &&
                    k->finish != NULL && k->mix != NULL && k->attention != NULL &&
                    k->embed != NULL && k->sample != NULL && k->greedy != NULL);
    }
    assert_non_null(crux_fused_kernels(CRUX_ISA_PLAIN));
    assert_non_null(crux_fused_kernels(crux_isa_best()));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_whole),
        cmocka_unit_test(known_answers_find_a_wrong_kernel),
        cmocka_unit_test(test_quant_rows),
        cmocka_unit_test(test_rmsnorm),
        cmocka_unit_test(test_layernorm),
        cmocka_unit_test(test_rope),
        cmocka_unit_test(test_activation),
        cmocka_unit_test(test_residual),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_finish),
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
