/* The committed tables against long double libm, and their bytes against pinned hashes. libm is only the witness
 * here: the tables themselves never touch it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/base/bytes.h"
#include "kernels/base/sha256.h"
#include "kernels/lowering/tables.h"

/* Half a unit of rounding, and what libm and the last bit of a tie may add. */
static const long double unit_max = 0.5L + 0x1p-12L;

static const long double pi = 3.14159265358979323846264338327950288L;

static void near_entry(long double want, int64_t got, const char *what, unsigned i) {
    if (fabsl(want - (long double)got) <= unit_max) return;
    fail_msg("%s[%u]: %lld, wanted %.6Lf", what, i, (long long)got, want);
}

static void expect_hash(const char *want, const int32_t *entry, size_t count, const char *what) {
    uint8_t bytes[4], hash[32];
    char hex[65];
    struct crux_sha256_ctx ctx;
    crux_sha256_init(&ctx);
    for (size_t i = 0; i < count; i++) {
        crux_store_u32(bytes, (uint32_t)entry[i]);
        crux_sha256_update(&ctx, bytes, sizeof bytes);
    }
    crux_sha256_final(&ctx, hash);
    for (unsigned i = 0; i < 32; i++) (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    if (strcmp(hex, want) != 0) fail_msg("%s drifted: its SHA-256 is now %s", what, hex);
}

static void exp2_is_nearest(void **state) {
    uint16_t table[CRUX_TABLE_ENTRIES];
    int32_t wide[CRUX_TABLE_ENTRIES];
    struct crux_table_grid grid = crux_table_exp2_grid();
    (void)state;
    crux_table_exp2(table);
    assert_int_equal(grid.x0 + ((int64_t)grid.cells << grid.shift), 0);
    assert_int_equal(table[CRUX_TABLE_CELLS], 65535);
    for (unsigned i = 0; i < CRUX_TABLE_ENTRIES; i++) {
        long double x = (long double)(grid.x0 + ((int64_t)i << grid.shift)) / 65536;
        near_entry(65535 * exp2l(x), table[i], "exp2", i);
        if (i > 0) assert_true(table[i] >= table[i - 1]);
        wide[i] = table[i];
    }
    expect_hash("4db20c26d33274339814a9d5ae6619f0c45852128c963a629fe03ce181f707c1", wide,
                CRUX_TABLE_ENTRIES, "exp2");
}

static long double silu(long double x) {
    return x / (1 + expl(-x));
}
static long double gelu_tanh(long double x) {
    return 0.5L * x * (1 + tanhl(sqrtl(2 / pi) * (x + 0.044715L * x * x * x)));
}
static long double gelu_erf(long double x) {
    return 0.5L * x * erfcl(-x / sqrtl(2));
}

static void check_activation(enum crux_table_activation function, long double (*want)(long double),
                             const char *name, const char *hash) {
    static const unsigned fractions[][2] = {{14, 14}, {7, 0},  {10, 20},
                                            {24, 24}, {16, 3}, {20, 14}};
    int32_t table[CRUX_TABLE_ENTRIES];
    for (unsigned f = 0; f < CRUX_ARRAY_LEN(fractions); f++) {
        unsigned in = fractions[f][0], out = fractions[f][1];
        struct crux_table_grid grid = crux_table_activation_grid(in);
        crux_table_activation(table, function, in, out);
        for (unsigned i = 0; i < CRUX_TABLE_ENTRIES; i++) {
            long double x = ldexpl((long double)(grid.x0 + ((int64_t)i << grid.shift)), -(int)in);
            near_entry(ldexpl(want(x), (int)out), table[i], name, i);
        }
        /* where the LUT's ends take over there is no visible step: 16 / (e^16 + 1) < 2^-19 */
        int64_t step = ((INT64_C(1) << out) >> 19) + 1;
        assert_true(((int64_t)16 << out) - table[CRUX_TABLE_CELLS] <= step);
        assert_true(table[0] <= 0 && table[0] >= -step);
        if (f == 0) expect_hash(hash, table, CRUX_TABLE_ENTRIES, name);
    }
}

static void activations_are_nearest(void **state) {
    (void)state;
    check_activation(CRUX_TABLE_SILU, silu, "silu",
                     "c78630365dd5b005460ab5b98e5d4f96ca90aae20c71a5aa13207285dc9d99c1");
    check_activation(CRUX_TABLE_GELU_TANH, gelu_tanh, "gelu_tanh",
                     "16e7e8a1ade71593b4fee6d04f3a6d227dfed54c5c1f995ad7a877a36c0adbb7");
    check_activation(CRUX_TABLE_GELU_ERF, gelu_erf, "gelu_erf",
                     "713f583e0ad38607ac20c49ee328c8222799a686ddbfd433b9c9649aa8f60ec1");
}

static void softcap_is_nearest(void **state) {
    /* 4727380: 50 in log2 units with 16 fraction bits (Gemma 2's attention) */
    static const int32_t caps[] = {4727380, 1, 2, 3, 511, 512, 513, 65536, (1 << 30) - 1};
    int32_t table[CRUX_TABLE_ENTRIES];
    (void)state;
    for (unsigned c = 0; c < CRUX_ARRAY_LEN(caps); c++) {
        struct crux_table_grid grid = crux_table_softcap_grid(caps[c]);
        crux_table_softcap(table, caps[c]);
        assert_true(((int64_t)CRUX_TABLE_CELLS / 2 << grid.shift) >= 8 * (int64_t)caps[c]);
        assert_true(grid.shift <= 31);
        for (unsigned i = 0; i < CRUX_TABLE_ENTRIES; i++) {
            long double x = (long double)(grid.x0 + ((int64_t)i << grid.shift));
            near_entry(caps[c] * tanhl(x / caps[c]), table[i], "softcap", i);
            assert_int_equal(table[i], -table[CRUX_TABLE_CELLS - i]);
        }
        if (c == 0)
            expect_hash("133d69c20fb99bea67dd0edf37d35ccb64d5db2859dd35604a5803b4940c449b", table,
                        CRUX_TABLE_ENTRIES, "softcap");
    }
}

enum { PAIRS_MAX = CRUX_TABLE_ROPE_DIMS_MAX / 2, SPAN = 64 };

static void rope_is_nearest(void **state) {
    static const uint32_t bases[] = {10000, 1, 2, 500000, 1000000, 4294967295U};
    static const uint32_t dims[] = {64, 2, 6, 128, 80, 256, CRUX_TABLE_ROPE_DIMS_MAX};
    static const uint32_t firsts[] = {0, 8128, 131072, (1 << 24) - SPAN};
    static uint64_t turns[PAIRS_MAX];
    static int32_t table[SPAN * PAIRS_MAX * 3];
    (void)state;
    for (unsigned b = 0; b < CRUX_ARRAY_LEN(bases); b++) {
        for (unsigned d = 0; d < CRUX_ARRAY_LEN(dims); d++) {
            uint32_t pairs = dims[d] / 2;
            crux_table_rope_turns(turns, bases[b], dims[d]);
            for (uint32_t i = 0; i < pairs; i++) {
                long double want = powl(bases[b], -2.0L * i / dims[d]) / (2 * pi);
                long double got = ldexpl((long double)turns[i], -64);
                if (fabsl(want - got) > 0x1p-62L)
                    fail_msg("turns[%u]: %.20Lg, wanted %.20Lg", i, got, want);
            }
            for (unsigned f = 0; f < CRUX_ARRAY_LEN(firsts); f++) {
                crux_table_rope(table, turns, pairs, firsts[f], SPAN);
                for (uint32_t k = 0; k < SPAN * pairs; k++) {
                    /* in turns, so that the argument of sinl stays small and exact to 2^-39 */
                    long double turn = (long double)(firsts[f] + k / pairs) *
                                       powl(bases[b], -2.0L * (k % pairs) / dims[d]);
                    long double angle = fmodl(turn, 2 * pi);
                    long double slack = ldexpl((long double)firsts[f] + SPAN,
                                               -32); /* units: 2^30 * 2^-62 a position */
                    long double s = sinl(angle) * 0x1p30L, c = cosl(angle) * 0x1p30L;
                    assert_int_equal(table[3 * k], -table[3 * k + 2]);
                    if (fabsl(c - table[3 * k + 1]) > unit_max + slack ||
                        fabsl(s - table[3 * k + 2]) > unit_max + slack) {
                        fail_msg("rope base %u dims %u position %u pair %u: (%d, %d), wanted "
                                 "(%.4Lf, %.4Lf)",
                                 bases[b], dims[d], firsts[f] + k / pairs, k % pairs,
                                 table[3 * k + 1], table[3 * k + 2], c, s);
                    }
                }
            }
        }
    }
    crux_table_rope_turns(turns, 10000, 64);
    crux_table_rope(table, turns, 32, 0, SPAN);
    expect_hash("2e4c8b03923e8f9c4d2ab206c6a144731c805958f8ac71a522a7909be6ea2f2c", table,
                SPAN * 32 * 3, "rope");
}

static void rope_pieces_join(void **state) {
    static int32_t whole[SPAN * 3 * 3], piece[SPAN * 3 * 3];
    uint64_t turns[3];
    (void)state;
    crux_table_rope_turns(turns, 10000, 6);
    crux_table_rope(whole, turns, 3, 0, SPAN);
    for (uint32_t t = 0; t < SPAN; t++) crux_table_rope(piece + t * 9, turns, 3, t, 1);
    assert_memory_equal(whole, piece, sizeof whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp2_is_nearest),    cmocka_unit_test(activations_are_nearest),
        cmocka_unit_test(softcap_is_nearest), cmocka_unit_test(rope_is_nearest),
        cmocka_unit_test(rope_pieces_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
