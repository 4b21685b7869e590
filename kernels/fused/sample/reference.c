#include "kernels/base/bytes.h"
#include "kernels/base/sha256.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/sample/parts.h"

struct crux_sample_range crux_fused_sample_range(enum crux_sample_param param) {
    static const struct crux_sample_range range[CRUX_SAMPLE_PARAMS] = {
        {0, 1 << 20}, {0, 1 << 24}, {0, CRUX_SAMPLE_ONE}, {0, CRUX_SAMPLE_ONE}, {1 << 12, 1 << 20}};
    CRUX_ASSERT((unsigned)param < CRUX_SAMPLE_PARAMS);
    return range[param];
}

void crux_sample_clamp(int32_t p[CRUX_SAMPLE_PARAMS], const int32_t params[CRUX_SAMPLE_PARAMS]) {
    for (unsigned i = 0; i < CRUX_SAMPLE_PARAMS; i++) {
        struct crux_sample_range range = crux_fused_sample_range((enum crux_sample_param)i);
        p[i] = (int32_t)crux_clamp(params[i], range.lo, range.hi);
    }
}

uint32_t crux_fused_sample_draw(const uint8_t seed[32], uint32_t pos, uint32_t sample) {
    static const uint8_t tag[16] = "crux-rand-v1";
    uint8_t preimage[16 + 32 + 12] = {0}, hash[32]; /* the counter is 0 */
    crux_copy(preimage, tag, sizeof tag);
    crux_copy(preimage + 16, seed, 32);
    crux_store_u32(preimage + 48, pos);
    crux_store_u32(preimage + 52, sample);
    crux_sha256(hash, preimage, sizeof preimage);
    return crux_load_u32(hash) & ((UINT32_C(1) << CRUX_SAMPLE_DRAW_BITS) - 1);
}

uint32_t crux_fused_sample_greedy_reference(const struct crux_fused_sample *config,
                                            const int32_t *logits) {
    uint32_t best = 0;
    for (uint32_t v = 1; v < config->vocab; v++) {
        if (logits[v] > logits[best]) best = v;
    }
    return best;
}

void crux_sample_penalise(int32_t *adjusted, const struct crux_fused_sample *config,
                          const int32_t *logits, const int32_t *recent, uint32_t recent_count,
                          int32_t penalty) {
    for (uint32_t v = 0; v < config->vocab; v++)
        adjusted[v] = logits[v] < -INT32_MAX ? -INT32_MAX : logits[v];
    for (uint32_t i = 0; i < recent_count;
         i++) { /* from the logits: a token seen twice is penalised once */
        uint32_t v = (uint32_t)crux_clamp(recent[i], 0, (int64_t)config->vocab - 1);
        int64_t l = logits[v];
        int64_t to = l > 0 ? (l << 16) / penalty
                           : (l * penalty + (1 << 15)) >> 16; /* |l * penalty| <= 2^51 */
        adjusted[v] = (int32_t)crux_clamp(to, -INT32_MAX, INT32_MAX);
    }
}

/* Fills weight and count, the number of entries of each weight. */
static void weigh(struct crux_sample_scratch *scratch, const struct crux_fused_sample *config,
                  int64_t greatest, int32_t temperature, const uint16_t *exp2) {
    int64_t rate = crux_sample_rate(temperature);
    for (uint32_t w = 0; w < CRUX_SAMPLE_WEIGHTS; w++) scratch->count[w] = 0;
    for (uint32_t v = 0; v < config->vocab; v++) {
        int64_t below = scratch->adjusted[v] - greatest;
        if (below < -INT32_MAX) below = -INT32_MAX;
        scratch->weight[v] =
            crux_exact_exp2(exp2, crux_sample_score(below, rate, config->fraction));
        scratch->count[scratch->weight[v]]++;
    }
}

/* The greatest T with at least k entries of weight >= T; 0 if k is off or there are not so many. */
static uint32_t least_of_top_k(const uint32_t *count, int32_t k) {
    int64_t reached = 0;
    if (k == 0) return 0;
    for (uint32_t t = CRUX_SAMPLE_WEIGHTS; t-- > 0;) {
        reached += count[t];
        if (reached >= k) return t;
    }
    return 0;
}

/* The greatest T >= least whose entries hold the share top_p of the mass of those >= least. */
static uint32_t least_of_top_p(const uint32_t *count, uint32_t least, int32_t top_p) {
    int64_t mass = 0, reached = 0;
    for (uint32_t t = least; t < CRUX_SAMPLE_WEIGHTS; t++)
        mass += (int64_t)count[t] * t; /* below 2^34 */
    int64_t wanted = crux_sample_wanted(mass, top_p);
    for (uint32_t t = CRUX_SAMPLE_WEIGHTS; t-- > least;) {
        reached += (int64_t)count[t] * t;
        if (reached >= wanted) return t;
    }
    return least;
}

static uint32_t draw_token(const struct crux_fused_sample *config, const uint16_t *weight,
                           uint32_t least, uint32_t draw) {
    int64_t mass = 0, prefix = 0;
    for (uint32_t v = 0; v < config->vocab; v++) mass += weight[v] >= least ? weight[v] : 0;
    int64_t r = (int64_t)(((crux_u128)(uint64_t)mass * draw) >> CRUX_SAMPLE_DRAW_BITS);
    uint32_t v = 0;
    while ((prefix += weight[v] >= least ? weight[v] : 0) <= r) {
        v++;
        CRUX_ASSERT(v < config->vocab); /* r < mass: the greatest weight, 65535, always stays */
    }
    return v;
}

uint32_t crux_fused_sample_reference(struct crux_sample_scratch *scratch,
                                     const struct crux_fused_sample *config, const int32_t *logits,
                                     const int32_t params[CRUX_SAMPLE_PARAMS],
                                     const int32_t *recent, uint32_t recent_count, uint32_t draw,
                                     const uint16_t exp2[CRUX_TABLE_ENTRIES]) {
    int32_t p[CRUX_SAMPLE_PARAMS];
    crux_sample_clamp(p, params);
    crux_sample_penalise(scratch->adjusted, config, logits, recent, recent_count,
                         p[CRUX_SAMPLE_PENALTY]);
    uint32_t best = crux_fused_sample_greedy_reference(config, scratch->adjusted);
    if (p[CRUX_SAMPLE_TEMPERATURE] == 0) return best;
    weigh(scratch, config, scratch->adjusted[best], p[CRUX_SAMPLE_TEMPERATURE], exp2);
    uint32_t least = least_of_top_k(scratch->count, p[CRUX_SAMPLE_TOP_K]);
    least = least_of_top_p(scratch->count, least, p[CRUX_SAMPLE_TOP_P]);
    least = crux_sample_least(least, p[CRUX_SAMPLE_MIN_P]);
    scratch->least = (uint16_t)least;
    return draw_token(config, scratch->weight, least, draw);
}
