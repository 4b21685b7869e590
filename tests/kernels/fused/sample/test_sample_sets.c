/* What top-k, top-p and min-p keep, against the textbook: sort, cut, and keep what ties with the last one kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernels/fused/sample/sample.h"
#include "tests/support/random.h"

enum { VOCAB_MAX = 300, CASES = 3000 };

static int descending(const void *a, const void *b) {
    return (int)*(const uint16_t *)b - (int)*(const uint16_t *)a;
}

/* Out: keep[vocab]. */
static void textbook(bool *keep, const uint16_t *weight, uint32_t vocab, const int32_t *params) {
    uint16_t sorted[VOCAB_MAX];
    uint32_t count = vocab;
    uint64_t mass = 0, prefix = 0;
    int32_t top_k = params[CRUX_SAMPLE_TOP_K];
    memcpy(sorted, weight, vocab * sizeof *sorted);
    qsort(sorted, vocab, sizeof *sorted, descending);
    if (top_k > 0 && (uint32_t)top_k < vocab) {
        count = (uint32_t)top_k;
        while (count < vocab && sorted[count] == sorted[count - 1]) count++;
    }
    for (uint32_t i = 0; i < count; i++) mass += sorted[i];
    uint32_t nucleus = 0;
    do prefix += sorted[nucleus++];
    while (prefix * CRUX_SAMPLE_ONE < mass * (uint64_t)params[CRUX_SAMPLE_TOP_P]);
    uint16_t last = sorted[nucleus - 1];
    for (uint32_t v = 0; v < vocab; v++) {
        bool likely = (uint64_t)weight[v] * CRUX_SAMPLE_ONE >=
                      (uint64_t)UINT16_MAX * (uint32_t)params[CRUX_SAMPLE_MIN_P];
        keep[v] = weight[v] >= last && likely;
    }
}

static void choose(struct crux_random *random, int32_t *logits, int32_t *params, uint32_t vocab) {
    int64_t kinds = crux_random_between(random, 1, 60), spread = crux_random_between(random, 0, 24);
    for (uint32_t v = 0; v < vocab; v++) {
        logits[v] =
            (int32_t)(spread * CRUX_SAMPLE_ONE * crux_random_between(random, 0, kinds) / kinds);
    }
    params[CRUX_SAMPLE_TEMPERATURE] = (int32_t)crux_random_between(random, 30000, 150000);
    params[CRUX_SAMPLE_TOP_K] = (int32_t)crux_random_between(random, 0, vocab + 1);
    params[CRUX_SAMPLE_TOP_P] = (int32_t)crux_random_edgy(random, 0, CRUX_SAMPLE_ONE);
    params[CRUX_SAMPLE_MIN_P] =
        (int32_t)crux_random_edgy(random, 0, CRUX_SAMPLE_ONE) >> crux_random_below(random, 17);
    params[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
    if (crux_random_one_in(random, 3)) params[CRUX_SAMPLE_TOP_K] = 0;
    if (crux_random_one_in(random, 3)) params[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    if (crux_random_one_in(random, 3)) params[CRUX_SAMPLE_MIN_P] = 0;
}

static void sets_are_the_textbooks(void **state) {
    static int32_t logits[VOCAB_MAX], adjusted[VOCAB_MAX];
    static uint16_t weight[VOCAB_MAX], exp2[CRUX_TABLE_ENTRIES];
    static uint32_t count[CRUX_SAMPLE_WEIGHTS];
    static bool keep[VOCAB_MAX];
    struct crux_random random = {7};
    uint32_t proper = 0; /* sets that are neither all nor the greatest alone */
    (void)state;
    crux_table_exp2(exp2);
    for (uint32_t i = 0; i < CASES; i++) {
        int32_t params[CRUX_SAMPLE_PARAMS];
        struct crux_sample_scratch scratch = {adjusted, weight, count, 0};
        struct crux_fused_sample config = {(uint32_t)crux_random_between(&random, 1, VOCAB_MAX),
                                           CRUX_SAMPLE_BLOCK, 16};
        uint32_t kept = 0;
        choose(&random, logits, params, config.vocab);
        (void)crux_fused_sample_reference(&scratch, &config, logits, params, NULL, 0, 0, exp2);
        textbook(keep, weight, config.vocab, params);
        for (uint32_t v = 0; v < config.vocab; v++) {
            if (weight[v] == 0) continue; /* never drawn, whether it counts as kept or not */
            kept++;
            if ((weight[v] >= scratch.least) != keep[v]) {
                fail_msg("case %u, entry %u of weight %u: T is %u, the textbook %s it", i, v,
                         weight[v], scratch.least, keep[v] ? "keeps" : "drops");
            }
            if (weight[v] < scratch.least) kept--;
        }
        if (kept > 1 && kept < config.vocab) proper++;
    }
    assert_true(proper > CASES / 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sets_are_the_textbooks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
