/* The reference kernel against textbook attention in doubles: constants, signs and scales mean what they should.
 *
 * A weight is off by less than 4 units of 2^-16 of the greatest (table, its two roundings, the shift to E, and the
 * score's own 2^-17), so a mean over J positions is off by less than J * 2^-14 of the greatest |v|; a cap's table adds
 * less than 2^-10 of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "kernels/fused/attention/attention.h"
#include "kernels/lowering/tables.h"
#include "tests/support/random.h"

enum { HEADS = 4, KV = 2, WIDTH = 64, POSITIONS = 50, BITS = 14, OUT_BITS = 12 };

static int16_t q[HEADS * WIDTH], k[POSITIONS * KV * WIDTH], v[POSITIONS * KV * WIDTH];
static int8_t eq[HEADS], ek[POSITIONS * KV], ev[POSITIONS * KV];

static void fill(struct crux_random *random, int16_t *x, int8_t *e, size_t rows, int64_t limit,
                 int e_max) {
    for (size_t r = 0; r < rows; r++) {
        e[r] = (int8_t)crux_random_between(random, 0, e_max);
        for (size_t i = 0; i < WIDTH; i++)
            x[r * WIDTH + i] = (int16_t)crux_random_between(random, -limit, limit);
    }
}

static double real(int16_t x, int8_t e) {
    return ldexp(x, e - BITS);
}

static double textbook(uint32_t h, uint32_t i, double cap, double *greatest_v) {
    double score[POSITIONS], greatest = -INFINITY, sum = 0, mean = 0;
    *greatest_v = 0;
    for (uint32_t t = 0; t < POSITIONS; t++) {
        uint32_t row = t * KV + h / (HEADS / KV);
        score[t] = 0;
        for (uint32_t d = 0; d < WIDTH; d++) {
            score[t] += real(q[h * WIDTH + d], eq[h]) * real(k[row * WIDTH + d], ek[row]);
            *greatest_v = fmax(*greatest_v, fabs(real(v[row * WIDTH + d], ev[row])));
        }
        score[t] /= sqrt(WIDTH);
        if (cap > 0) score[t] = cap * tanh(score[t] / cap);
        greatest = fmax(greatest, score[t]);
    }
    for (uint32_t t = 0; t < POSITIONS; t++) {
        uint32_t row = t * KV + h / (HEADS / KV);
        double weight = exp(score[t] - greatest);
        sum += weight;
        mean += weight * real(v[row * WIDTH + i], ev[row]);
    }
    return mean / sum;
}

static void check(uint64_t seed, double cap) {
    static int32_t out[HEADS * WIDTH], score[POSITIONS], softcap[CRUX_TABLE_ENTRIES];
    static uint16_t weight[POSITIONS], exp2_table[CRUX_TABLE_ENTRIES];
    struct crux_random random = {seed};
    struct crux_fused_attention config = {.heads = HEADS,
                                          .kv_heads = KV,
                                          .width = WIDTH,
                                          .context = POSITIONS,
                                          .s1 = BITS - OUT_BITS,
                                          .chunk = 256};
    struct crux_attention_cache cache = {k, ek, v, ev, POSITIONS};
    struct crux_attention_tables tables = {exp2_table, softcap};
    crux_fused_attention_scale(&config, (uint64_t)WIDTH << CRUX_DIVISOR_BITS, 2 * BITS);
    config.softcap = (int32_t)lround(cap * 1.4426950408889634 * (1 << CRUX_SCORE_BITS));
    crux_table_exp2(exp2_table);
    if (cap > 0) crux_table_softcap(softcap, config.softcap);
    fill(&random, q, eq, HEADS, 5000, 4);
    fill(&random, k, ek, POSITIONS * KV, 5000, 4);
    fill(&random, v, ev, POSITIONS * KV, 32767, 3);
    crux_fused_attention_reference(out, score, weight, &config, q, eq, &cache, &tables);
    for (uint32_t h = 0; h < HEADS; h++) {
        for (uint32_t i = 0; i < WIDTH; i++) {
            double greatest_v, want = textbook(h, i, cap, &greatest_v);
            double slack =
                greatest_v * (POSITIONS * 0x1p-14 + (cap > 0 ? 0x1p-10 : 0)) + ldexp(1, -OUT_BITS);
            double got = ldexp(out[h * WIDTH + i], -OUT_BITS);
            if (fabs(got - want) > slack)
                fail_msg("head %u, %u: %g, wanted %g within %g", h, i, got, want, slack);
        }
    }
}

static void kernel_is_attention(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        check(seed, 0);
        check(seed, 3);
        check(seed, 50);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kernel_is_attention)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
