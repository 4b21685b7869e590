#include "kernels/fused/exact.h"
#include "kernels/fused/experts/score.h"

/* The greatest logit whose expert is not among the first `count` of chosen; the lowest number of several.
 * spec/50-fused.md#route: "of equal logits the one of the lower number comes first" */
static uint16_t next_best(const struct crux_fused_route *config, const int32_t *logits,
                          const uint16_t *chosen, uint32_t count) {
    uint32_t best = config->experts;
    for (uint32_t e = 0; e < config->experts; e++) {
        bool taken = false;
        for (uint32_t i = 0; i < count; i++) taken = taken || chosen[i] == e;
        if (!taken && (best == config->experts || logits[e] > logits[best])) best = e;
    }
    return (uint16_t)best;
}

static int64_t score_of(const struct crux_fused_route *config, int32_t logit) {
    /* below 2^31 * 2^31 */
    return crux_exact_requant_narrow((int64_t)logit * CRUX_ROUTE_LOG2_E_Q30,
                                     CRUX_ROUTE_SHIFT + config->fraction, 0, -CRUX_ROUTE_SCORE_MAX,
                                     CRUX_ROUTE_SCORE_MAX);
}

void crux_fused_route_reference(uint16_t *chosen, int32_t *share,
                                const struct crux_fused_route *config, const int32_t *logits,
                                const uint16_t *exp2) {
    int64_t sum = 0, top;
    for (uint32_t i = 0; i < config->used; i++) chosen[i] = next_best(config, logits, chosen, i);
    top = score_of(config, logits[chosen[0]]);
    for (uint32_t i = 0; i < config->used; i++) {
        share[i] = crux_exact_exp2(exp2, score_of(config, logits[chosen[i]]) - top);
        sum += share[i];
    }
    if (config->of_all) {
        sum = 0;
        for (uint32_t e = 0; e < config->experts; e++)
            sum += crux_exact_exp2(exp2, score_of(config, logits[e]) - top);
    }
    /* the greatest weighs 65535, so sum is positive; weights are below 2^16 */
    for (uint32_t i = 0; i < config->used; i++)
        share[i] = (int32_t)(((int64_t)share[i] << CRUX_EXPERTS_SHARE_BITS) / sum);
}

void crux_fused_mix_reference(int32_t *r, const struct crux_fused_mix *config, const int32_t *share,
                              const int32_t *const *d, uint32_t width) {
    for (uint32_t o = 0; o < width; o++) {
        int64_t acc = 0; /* below 2^24 * 2^31 * 2^6 */
        for (uint32_t i = 0; i < config->used; i++) acc += (int64_t)share[i] * d[i][o];
        r[o] = (int32_t)crux_exact_requant_narrow(acc, config->s, r[o], config->y.lo, config->y.hi);
    }
}
