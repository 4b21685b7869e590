/* Sampling as a chance, against a textbook sampler in doubles: a chi-square over draws from fixed seeds, so that the
 * test is as deterministic as any other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/base/bytes.h"
#include "kernels/fused/sample/sample.h"

enum { VOCAB = 12, DRAWS = 10000, RECENT = 3 };

struct setting {
    const char *what;
    double temperature, top_p, min_p, penalty;
    int top_k;
};

static const double logit[VOCAB] = {2.5, -1, 0.25, 3, 1.5, 2, -0.5, 0, 2.75, -2, 1, 0.75};
static const int32_t recent[RECENT] = {3, 1, 3}; /* one positive logit, twice, and one negative */

static int32_t q16(double v) {
    return (int32_t)lround(v * CRUX_SAMPLE_ONE);
}

/* Out: p[VOCAB], what each entry's chance should be. */
static void textbook(double *p, const struct setting *s) {
    double l[VOCAB], mass = 0, cut_mass = 0, prefix = 0;
    bool done[VOCAB] = {false}, keep[VOCAB] = {false};
    memcpy(l, logit, sizeof l);
    for (unsigned i = 0; i < RECENT; i++) {
        unsigned v = (unsigned)recent[i];
        l[v] = logit[v] > 0 ? logit[v] / s->penalty : logit[v] * s->penalty;
    }
    for (unsigned v = 0; v < VOCAB; v++) p[v] = exp(l[v] / s->temperature);
    double greatest = 0;
    for (unsigned v = 0; v < VOCAB; v++) greatest = p[v] > greatest ? p[v] : greatest;
    unsigned k = s->top_k == 0 ? VOCAB : (unsigned)s->top_k;
    for (unsigned pass = 0; pass < 2;
         pass++) { /* first the mass of the top k, then the share of it */
        memset(done, 0, sizeof done);
        for (unsigned i = 0; i < k; i++) {
            unsigned best = VOCAB;
            for (unsigned v = 0; v < VOCAB; v++) {
                if (!done[v] && (best == VOCAB || p[v] > p[best])) best = v;
            }
            done[best] = true;
            if (pass == 0)
                cut_mass += p[best];
            else if (prefix < s->top_p * cut_mass)
                keep[best] = true;
            if (pass == 1) prefix += p[best];
        }
    }
    for (unsigned v = 0; v < VOCAB; v++) {
        if (p[v] < s->min_p * greatest || !keep[v]) p[v] = 0;
        mass += p[v];
    }
    for (unsigned v = 0; v < VOCAB; v++) p[v] /= mass;
}

static void draw_all(uint32_t *drawn, const struct setting *s) {
    static uint32_t count[CRUX_SAMPLE_WEIGHTS];
    static uint16_t exp2[CRUX_TABLE_ENTRIES];
    int32_t logits[VOCAB], adjusted[VOCAB];
    uint16_t weight[VOCAB];
    struct crux_sample_scratch scratch = {adjusted, weight, count, 0};
    struct crux_fused_sample config = {VOCAB, CRUX_SAMPLE_BLOCK, 16};
    int32_t params[CRUX_SAMPLE_PARAMS] = {q16(s->temperature), s->top_k, q16(s->top_p),
                                          q16(s->min_p), q16(s->penalty)};
    uint8_t seed[32] = {0};
    crux_table_exp2(exp2);
    for (unsigned v = 0; v < VOCAB; v++) logits[v] = q16(logit[v]);
    for (uint32_t i = 0; i < DRAWS; i++) {
        crux_store_u32(seed, i);
        uint32_t draw = crux_fused_sample_draw(seed, i % 7, i % 3);
        drawn[crux_fused_sample_reference(&scratch, &config, logits, params, recent, RECENT, draw,
                                          exp2)]++;
    }
}

static void chances_are_the_textbooks(void **state) {
    static const struct setting settings[] = {
        {"plain", 1, 1, 0, 1, 0},         {"cold", 0.9, 1, 0, 1, 0},
        {"hot", 4, 1, 0, 1, 0},           {"penalty", 1, 1, 0, 1.5, 0},
        {"reward", 1, 1, 0, 0.7, 0},      {"top_k", 1.25, 1, 0, 1, 5},
        {"top_p", 1, 0.85, 0, 1, 0},      {"min_p", 1.5, 1, 0.2, 1, 0},
        {"all", 1.5, 0.93, 0.07, 1.2, 9},
    };
    (void)state;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(settings); i += CRUX_SANITIZED ? 4 : 1) {
        double p[VOCAB], chi_square = 0;
        uint32_t drawn[VOCAB] = {0}, kinds = 0;
        textbook(p, &settings[i]);
        draw_all(drawn, &settings[i]);
        for (unsigned v = 0; v < VOCAB; v++) {
            if (p[v] == 0) {
                if (drawn[v] != 0)
                    fail_msg("%s: entry %u is cut, and was drawn", settings[i].what, v);
                continue;
            }
            double want = p[v] * DRAWS;
            assert_true(want > 5);
            chi_square += (drawn[v] - want) * (drawn[v] - want) / want;
            kinds++;
        }
        /* 11 degrees of freedom exceed 31.3 once in a thousand times; fewer degrees exceed it less often */
        printf("%s: chi-square %.2f over %u\n", settings[i].what, chi_square, kinds);
        if (chi_square > 31.3)
            fail_msg("%s: chi-square %.2f over %u", settings[i].what, chi_square, kinds);
        assert_true(kinds > 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(chances_are_the_textbooks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
