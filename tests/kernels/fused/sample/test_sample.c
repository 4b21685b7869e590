/* Sampling, greedy and not, against its law: the token, and on the way the adjusted logits, the weights and T. */
#include <stdio.h>
#include <string.h>

#include "kernels/base/bytes.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/kernels.h"
#include "tests/support/fused_harness.h"

/* The tensor of the layer's op with this label. */
static struct crux_value labelled(const struct harness *h, const char *label) {
    const struct crux_layer *layer = &h->program.layers[1];
    struct crux_value value = {.kind = CRUX_KIND_STEP, .tensor = UINT32_MAX};
    for (uint32_t i = 0; i < layer->ops; i++) {
        if (strcmp(h->program.ops[layer->first + i].label, label) == 0) value.tensor = i;
    }
    if (value.tensor == UINT32_MAX) harness_ok(CRUX_E_UNKNOWN_NAME);
    return value;
}

static struct crux_fused_sample choose(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_fused_sample config = {.vocab = harness_extent(h, 40, 8),
                                       .block = CRUX_SAMPLE_BLOCK};
    if (crux_random_one_in(random, 25))
        config.vocab = (uint32_t)crux_random_between(random, 500, 1600);
    else if (!crux_random_one_in(random, 6))
        config.block = (uint32_t)crux_random_between(random, CRUX_SAMPLE_BLOCK_MIN, 17);
    config.fraction = (int32_t)crux_random_between(random, 0, 31);
    return config;
}

static void choose_params(struct harness *h, uint32_t vocab) {
    struct crux_random *random = &h->random;
    for (unsigned i = 0; i < CRUX_SAMPLE_PARAMS; i++) {
        struct crux_sample_range range = crux_fused_sample_range((enum crux_sample_param)i);
        h->params[i] = (int32_t)crux_random_edgy(random, range.lo, range.hi);
        if (crux_random_one_in(random, 2))
            h->params[i] = (int32_t)crux_random_between(random, range.lo, range.hi);
    }
    if (crux_random_one_in(random, 2))
        h->params[CRUX_SAMPLE_TEMPERATURE] = (int32_t)crux_random_between(random, 20000, 200000);
    if (crux_random_one_in(random, 2))
        h->params[CRUX_SAMPLE_TOP_K] = (int32_t)crux_random_between(random, 0, vocab + 2);
    if (crux_random_one_in(random, 3)) h->params[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    if (crux_random_one_in(random, 2))
        h->params[CRUX_SAMPLE_MIN_P] >>= crux_random_below(random, 17);
    if (crux_random_one_in(random, 3)) h->params[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
    if (crux_random_one_in(random, 10)) { /* outside: clamped */
        h->params[crux_random_below(random, CRUX_SAMPLE_PARAMS)] =
            (int32_t)crux_random_edgy(random, INT32_MIN, INT32_MAX);
    }
}

/* Any logits, and often some whose weights differ and whose ties are many. */
static int32_t *choose_logits(struct harness *h, const struct crux_fused_sample *config) {
    struct crux_random *random = &h->random;
    int32_t *logits = harness_array(h, crux_type_full(CRUX_I32), config->vocab);
    if (crux_random_one_in(random, 3)) return logits;
    int64_t unit = (int64_t)h->params[CRUX_SAMPLE_TEMPERATURE] * (INT64_C(1) << config->fraction) /
                   CRUX_SAMPLE_ONE;
    int64_t spread = crux_random_between(random, 0, 14) * (unit < 0 ? 0 : unit),
            kinds = crux_random_between(random, 1, 50);
    int64_t middle =
        crux_random_edgy(random, INT32_MIN, INT32_MAX) >> crux_random_below(random, 31);
    for (uint32_t v = 0; v < config->vocab; v++) {
        int64_t at = middle + spread * crux_random_between(random, 0, kinds) / kinds;
        logits[v] = (int32_t)(at < INT32_MIN ? INT32_MIN : at > INT32_MAX ? INT32_MAX : at);
    }
    return logits;
}

/* One great weight and a tail of weights around 1, and a top_p that ends in that tail. */
static void thin_tail(struct harness *h, const struct crux_fused_sample *config, int32_t *logits) {
    h->params[CRUX_SAMPLE_TEMPERATURE] = (int32_t)crux_random_between(&h->random, 1, 1 << 17);
    h->params[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE - (int32_t)crux_random_below(&h->random, 4);
    h->params[CRUX_SAMPLE_TOP_K] = 0;
    int64_t unit = (int64_t)h->params[CRUX_SAMPLE_TEMPERATURE] << config->fraction;
    for (uint32_t v = 0; v < config->vocab; v++) { /* e^-9.7 .. e^-11.4 */
        int64_t below =
            v == 0 ? 0 : unit / CRUX_SAMPLE_ONE * crux_random_between(&h->random, 97, 114) / 10;
        logits[v] = (int32_t)(INT32_MAX - (below > INT32_MAX ? INT32_MAX : below));
    }
}

/* All weights alike, and a seed that draws the very first unit of some entry's mass. */
static void first_unit(struct harness *h, const struct crux_fused_sample *config, int32_t *logits,
                       uint32_t pos) {
    static const int32_t plain[CRUX_SAMPLE_PARAMS] = {CRUX_SAMPLE_ONE, 0, CRUX_SAMPLE_ONE, 0,
                                                      CRUX_SAMPLE_ONE};
    uint64_t mass = (uint64_t)config->vocab * UINT16_MAX;
    memcpy(h->params, plain, sizeof plain);
    for (uint32_t v = 0; v < config->vocab; v++) logits[v] = -5;
    for (uint32_t i = 0; i < 200000; i++) {
        crux_store_u32(h->seed, i);
        uint64_t r = mass * crux_fused_sample_draw(h->seed, pos, h->sample) >> 30;
        if (r > 0 && r % UINT16_MAX == 0) return;
    }
}

/* Tokens of the request may be anything, later ones are below vocab. Returns: those that the penalty looks at. */
static uint32_t choose_tokens(struct harness *h, int32_t recent[CRUX_SAMPLE_RECENT], uint32_t vocab,
                              uint32_t pos, uint32_t n) {
    uint32_t count = 0;
    for (uint32_t t = 0; t <= pos; t++) {
        h->tokens[t] = (uint32_t)crux_random_below(&h->random, vocab);
        if (t < n && crux_random_one_in(&h->random, 50))
            h->tokens[t] = UINT32_MAX - (uint32_t)crux_random_below(&h->random, 3);
        if (t + CRUX_SAMPLE_RECENT <= pos) continue;
        recent[count++] = h->tokens[t] < vocab ? (int32_t)h->tokens[t] : (int32_t)vocab - 1;
    }
    return count;
}

static void greedy_case(struct harness *h, const struct crux_fused_sample *config,
                        const int32_t *logits) {
    unsigned in = harness_input(h, crux_type_full(CRUX_I32), CRUX_ROW(config->vocab), logits);
    harness_enter(h);
    struct crux_value token =
        crux_fused_sample_greedy(&h->b, "head.sample", config, harness_value(h, in));
    harness_run(h, 0, 1);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        int32_t want = (int32_t)k->greedy(config, logits);
        harness_expect(h, k->name, token, &want);
    }
}

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_fused_sample config = choose(h);
    uint32_t context =
        (uint32_t)crux_random_between(random, 1, crux_random_one_in(random, 2) ? 5 : 140);
    uint32_t pos = (uint32_t)crux_random_below(random, context),
             n = (uint32_t)crux_random_between(random, 1, pos + 1);
    int32_t recent[CRUX_SAMPLE_RECENT];
    harness_begin(h, context, config.vocab);
    choose_params(h, config.vocab);
    int32_t *logits = choose_logits(h, &config);
    if (crux_random_one_in(random, 10)) {
        greedy_case(h, &config, logits);
        return;
    }
    uint32_t recent_count = choose_tokens(h, recent, config.vocab, pos, n);
    for (unsigned i = 0; i < 32; i++) h->seed[i] = (uint8_t)crux_random_next(random);
    h->sample = (uint32_t)crux_random_below(random, 3);
    if (crux_random_one_in(random, 12)) thin_tail(h, &config, logits);
    if (crux_random_one_in(random, 60)) first_unit(h, &config, logits, pos);
    uint16_t *exp2 = harness_array(h, crux_exp2_type(), CRUX_TABLE_ENTRIES);
    if (!crux_random_one_in(random, 8)) crux_table_exp2(exp2);
    unsigned in = harness_input(h, crux_type_full(CRUX_I32), CRUX_ROW(config.vocab), logits);
    struct crux_value table = harness_tensor(h, 0, crux_exp2_type(), CRUX_ROW(CRUX_TABLE_ENTRIES),
                                             exp2, CRUX_TABLE_ENTRIES * 2);
    harness_enter(h);
    struct crux_value token =
        crux_fused_sample(&h->b, "head.sample", &config, harness_value(h, in), table);
    harness_run(h, pos, n);

    struct crux_sample_scratch scratch = {harness_alloc(h, config.vocab, sizeof(int32_t)),
                                          harness_alloc(h, config.vocab, sizeof(uint16_t)),
                                          harness_alloc(h, CRUX_SAMPLE_WEIGHTS, sizeof(uint32_t)),
                                          0};
    uint32_t draw = crux_fused_sample_draw(h->seed, pos, h->sample);
    int32_t want = (int32_t)crux_fused_sample_reference(&scratch, &config, logits, h->params,
                                                        recent, recent_count, draw, exp2);
    harness_expect(h, "adjusted", labelled(h, "head.sample.adjusted"), scratch.adjusted);
    if (h->params[CRUX_SAMPLE_TEMPERATURE] > 0) {
        harness_expect(h, "weight", labelled(h, "head.sample.weight"), scratch.weight);
        harness_expect(h, "least", labelled(h, "head.sample.least"), &scratch.least);
    }
    harness_expect(h, "token", token, &want);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        want = (int32_t)k->sample(&scratch, &config, logits, h->params, recent, recent_count, draw,
                                  exp2);
        harness_expect(h, k->name, token, &want);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "sample", one_case);
}
