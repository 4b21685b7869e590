/* Every block type against a decoder in doubles, written from the formats' definitions alone; values must be equal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/blocks.h"
#include "tests/support/random.h"

static double f16(const uint8_t *p) {
    unsigned bits = p[0] | (unsigned)p[1] << 8;
    double sign = bits >> 15 ? -1 : 1;
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    if (exponent == 31) return INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

/* As llama.cpp's get_scale_min_k4 is documented: 6-bit pairs in 12 bytes. */
static void pair_of(const uint8_t *s, int j, double *scale, double *min) {
    if (j < 4) {
        *scale = s[j] % 64;
        *min = s[j + 4] % 64;
    } else {
        *scale = s[j + 4] % 16 + s[j - 4] / 64 * 16;
        *min = s[j + 4] / 16 + s[j] / 64 * 16;
    }
}

static void plain_q5(double *y, const uint8_t *block, int has_min) {
    double d = f16(block), m = has_min ? f16(block + 2) : 0;
    const uint8_t *qh = block + (has_min ? 4 : 2), *qs = qh + 4;
    for (int i = 0; i < 32; i++) {
        int low = i < 16 ? qs[i] % 16 : qs[i - 16] / 16, high = qh[i / 8] >> (i % 8) & 1;
        y[i] = has_min ? d * (low + 16 * high) + m : d * (low + 16 * high - 16);
    }
}

static void plain_q5_k(double *y, const uint8_t *block) {
    const uint8_t *ql = block + 48, *qh = block + 16;
    for (int i = 0; i < 256; i++) {
        int group = i / 32, at = group / 2 * 32 + i % 32;
        int low = group % 2 == 0 ? ql[at] % 16 : ql[at] / 16;
        double scale, min;
        pair_of(block + 4, group, &scale, &min);
        y[i] = f16(block) * scale * (low + 16 * (qh[i % 32] >> group & 1)) - f16(block + 2) * min;
    }
}

static void plain_q6_k(double *y, const uint8_t *block) {
    for (int i = 0; i < 256; i++) {
        int half = i / 128, within = i % 128, column = within % 32, quarter = within / 32;
        int byte = block[64 * half + column + (quarter % 2) * 32];
        int low = quarter < 2 ? byte % 16 : byte / 16;
        int high = block[128 + 32 * half + column] >> (2 * quarter) & 3;
        y[i] = f16(block + 208) * (int8_t)block[192 + i / 16] * (low + 16 * high - 32);
    }
}

static void plain(double *y, const struct crux_block_type *type, const uint8_t *block) {
    double d = f16(block);
    uint32_t bits;
    float f;
    switch (type->number) {
    case CRUX_BLOCK_F32:
        memcpy(&f, block, 4);
        *y = f;
        return;
    case CRUX_BLOCK_F16: *y = d; return;
    case CRUX_BLOCK_BF16:
        bits = (uint32_t)(block[0] | block[1] << 8) << 16;
        memcpy(&f, &bits, 4);
        *y = f;
        return;
    case CRUX_BLOCK_Q8_0:
        for (int i = 0; i < 32; i++) y[i] = d * (int8_t)block[2 + i];
        return;
    case CRUX_BLOCK_Q4_0:
        for (int i = 0; i < 32; i++)
            y[i] = d * ((i < 16 ? block[2 + i] % 16 : block[2 + i - 16] / 16) - 8);
        return;
    case CRUX_BLOCK_Q4_1:
        for (int i = 0; i < 32; i++)
            y[i] = d * (i < 16 ? block[4 + i] % 16 : block[4 + i - 16] / 16) + f16(block + 2);
        return;
    case CRUX_BLOCK_Q5_0: plain_q5(y, block, 0); return;
    case CRUX_BLOCK_Q5_1: plain_q5(y, block, 1); return;
    case CRUX_BLOCK_Q4_K:
        for (int i = 0; i < 256; i++) {
            double scale, min;
            int at = i / 64 * 32 + i % 32;
            int q = i % 64 < 32 ? block[16 + at] % 16 : block[16 + at] / 16;
            pair_of(block + 4, i / 32, &scale, &min);
            y[i] = d * scale * q - f16(block + 2) * min;
        }
        return;
    case CRUX_BLOCK_Q5_K: plain_q5_k(y, block); return;
    case CRUX_BLOCK_Q6_K: plain_q6_k(y, block); return;
    }
}

static const uint32_t numbers[] = {0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 30};

static int is_finite_block(const double *y, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (!isfinite(y[i])) return 0;
    return 1;
}

/* Where an f16 lies in a block; -1: nowhere. */
static int half_at(const struct crux_block_type *type, int which) {
    if (type->group == 0) return -1;
    if (type->number == CRUX_BLOCK_Q6_K) return which == 0 ? 208 : -1;
    if (which == 0) return 0;
    return type->has_offsets && type->number != CRUX_BLOCK_Q4_0 ? 2 : -1;
}

static int any_half_is_infinite(const struct crux_block_type *type, const uint8_t *block) {
    for (int which = 0; which < 2; which++) {
        int at = half_at(type, which);
        if (at >= 0 && (block[at + 1] & 0x7c) == 0x7c) return 1;
    }
    return 0;
}

/* Values of f16 times integers up to 12 bits, and sums of two: exact in a double. */
static void blocks_have_their_values(void **state) {
    (void)state;
    for (size_t t = 0; t < CRUX_ARRAY_LEN(numbers); t++) {
        const struct crux_block_type *type = crux_block_type_of(numbers[t]);
        struct crux_random random = {t};
        unsigned finite = 0;
        assert_non_null(type);
        for (int round = 0; round < 4000; round++) {
            uint8_t block[256];
            double expected[256], got[256];
            for (unsigned i = 0; i < type->bytes; i++)
                block[i] = (uint8_t)crux_random_next(&random);
            if (round % 3 == 0 && type->group != 0) { /* scales of ordinary size */
                for (int which = 0; which < 2; which++) {
                    int at = half_at(type, which);
                    if (at >= 0) block[at + 1] = (uint8_t)((block[at + 1] & 0x83) | 0x30);
                }
            }
            enum crux_status status = crux_block_doubles(got, type, block, type->inputs);
            if (any_half_is_infinite(type, block)) {
                assert_int_equal(status, CRUX_E_BAD_RANGE);
                continue;
            }
            plain(expected, type, block);
            if (!is_finite_block(expected, type->inputs)) { /* of a float type */
                assert_int_equal(status, CRUX_E_BAD_RANGE);
                continue;
            }
            finite++;
            assert_int_equal(status, CRUX_OK);
            for (unsigned i = 0; i < type->inputs; i++) {
                if (expected[i] != got[i])
                    fail_msg("%s round %d input %u: %.17g, not %.17g", type->name, round, i, got[i],
                             expected[i]);
            }
        }
        assert_true(finite > 3000);
    }
}

static void q_and_scales_are_within_their_bounds(void **state) {
    struct crux_random random = {7};
    (void)state;
    for (size_t t = 0; t < CRUX_ARRAY_LEN(numbers); t++) {
        const struct crux_block_type *type = crux_block_type_of(numbers[t]);
        if (type->group == 0) continue;
        for (int round = 0; round < 500; round++) {
            uint8_t block[256];
            int8_t q[CRUX_BLOCK_INPUTS_MAX];
            struct crux_block_group group[CRUX_BLOCK_GROUPS_MAX];
            for (unsigned i = 0; i < type->bytes; i++)
                block[i] = (uint8_t)crux_random_next(&random);
            if (round < 8) { /* the greatest numbers there are */
                memset(block, round % 2 == 0 ? 0xff : 0x7f, type->bytes);
                for (int which = 0; which < 2; which++) {
                    int at = half_at(type, which);
                    if (at >= 0) block[at + 1] = (uint8_t)(round & 4 ? 0xfb : 0x7b);
                }
            }
            if (crux_block_decode(type, q, group, block) != CRUX_OK) continue;
            for (unsigned i = 0; i < type->inputs; i++) {
                if (type->is_q4) assert_true(q[i] >= 0 && q[i] <= 15);
                int64_t scale = group[i / type->group].scale,
                        offset = group[i / type->group].offset;
                assert_true(llabs(scale) < INT64_C(1) << 52 && llabs(offset) < INT64_C(1) << 52);
                if (!type->has_offsets) assert_true(offset == 0);
            }
        }
    }
}

static void unknown_types_are_unknown(void **state) {
    (void)state;
    for (uint32_t number = 0; number < 100; number++) {
        size_t known = 0;
        for (size_t t = 0; t < CRUX_ARRAY_LEN(numbers); t++) known += numbers[t] == number;
        assert_int_equal(crux_block_type_of(number) != NULL, known);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_have_their_values),
        cmocka_unit_test(q_and_scales_are_within_their_bounds),
        cmocka_unit_test(unknown_types_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
