/* The head by vectors: most of a vocabulary has weight 0, so what is left after one pass is a short list.
 *
 *   logits -> greatest -> cut: below it, weights are 0
 *          -> token, weight of each logit from the cut on, in order of tokens      (over scratch->adjusted and ->weight)
 *          -> threshold by two rounds of 256 buckets -> the draw
 *
 * Equal to the plain function: a score does not fall as its logit grows, and left of the table weights are 0, so that
 * everything below the cut has weight 0; such entries change no mass, no threshold above 0, and no draw. */
#ifndef CRUX_KERNELS_FUSED_SAMPLE_VECTOR_H
#define CRUX_KERNELS_FUSED_SAMPLE_VECTOR_H

#include "kernels/fused/exact.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/sample/parts.h"

enum { VECTOR_ARGMAX_BLOCK = 1024, VECTOR_BUCKETS = 256, VECTOR_RATE_LOW = 31 };

/* ---- greedy ---- */

/* The first place of the greatest, in the first block that has it. */
CRUX_INLINE uint32_t vector_argmax(const int32_t *v, uint32_t count) {
    int32_t best = v[0];
    uint32_t at = 0;
    for (uint32_t from = 0; from < count; from += VECTOR_ARGMAX_BLOCK) {
        uint32_t left = count - from, i = 0,
                 size = left < VECTOR_ARGMAX_BLOCK ? left : VECTOR_ARGMAX_BLOCK;
        v32 most = v_set(v[from]), more = most;
        for (; i + 2 * V_LANES <= size; i += 2 * V_LANES) {
            most = v_max(most, v_load(v + from + i));
            more = v_max(more, v_load(v + from + i + V_LANES));
        }
        int32_t greatest = v_greatest(v_max(most, more));
        for (; i < size; i++) greatest = v[from + i] > greatest ? v[from + i] : greatest;
        if (greatest > best) {
            best = greatest;
            at = from;
        }
    }
    while (v[at] != best) at++;
    return at;
}

static uint32_t vector_greedy(const struct crux_fused_sample *config, const int32_t *logits) {
    return vector_argmax(logits, config->vocab);
}

/* ---- weights ---- */

struct vector_weigher {
    const uint16_t *exp2;
    v32 greatest, rate_high, rate_low;
    struct v_rounding round;
};

/* Weights of logits that are at most 2^31-1 below the greatest. With rate = 2^31 * H + L:
 * floor(below * rate / 2^31) = below * H + floor(below * L / 2^31), at most 2^62; the rest of the shift is 1 or more. */
CRUX_INLINE v32 vector_weigh(const struct vector_weigher *weigher, v32 logits) {
    v32 below = v_sub(logits, weigher->greatest);
    v64 odd = v_odd(below);
    v64 even_score = v_add64(v_mul_wide(below, weigher->rate_high),
                             v_floor31(v_mul_wide(below, weigher->rate_low))),
        odd_score = v_add64(v_mul_wide(odd, weigher->rate_high),
                            v_floor31(v_mul_wide(odd, weigher->rate_low)));
    v32 x =
        v_saturate_pairs(v_round(even_score, &weigher->round), v_round(odd_score, &weigher->round));
    v32 t = v_sub(v_max(v_min(x, v_set(-1)), v_set(CRUX_EXP2_LEAST)), v_set(CRUX_EXP2_LEAST));
    v32 both = v_gather_pair16(weigher->exp2, v_shift_right_unsigned(t, CRUX_EXP2_SHIFT));
    v32 left = v_and(both, v_set(0xffff)), rise = v_sub(v_shift_right_unsigned(both, 16), left);
    v32 part = v_mul(rise, v_and(t, v_set((1 << CRUX_EXP2_SHIFT) - 1)));
    /* a whole left is no fraction: left * 2^8 + part rounds to left + round(part) */
    v32 w =
        v_add(left, v_shift_right(v_add(part, v_set(1 << (CRUX_EXP2_SHIFT - 1))), CRUX_EXP2_SHIFT));
    w = v_select(v_less(x, v_set(CRUX_EXP2_LEAST)), v_set(0), w);
    return v_select(v_less(v_set(-1), x), v_set(CRUX_EXP2_ONE), w);
}

/* The least `below` whose score is not left of the table: a score does not fall as `below` grows, and that of 0 is 0. */
static int64_t vector_cut(int64_t rate, int32_t fraction) {
    int64_t out = -(INT64_C(1) << 31), in = 0;
    while (in - out > 1) {
        int64_t middle = (in + out) / 2;
        if (crux_sample_score(middle, rate, fraction) >= CRUX_EXP2_LEAST)
            in = middle;
        else
            out = middle;
    }
    return in;
}

/* Tokens whose weight may not be 0, in order. */
struct vector_list {
    int32_t *token; /* vocab */
    uint16_t *weight;
    uint32_t count;
};

/* list->token may be the logits themselves: what is written has been read. */
static void vector_list(struct vector_list *list, const struct crux_fused_sample *config,
                        const int32_t *logits, int64_t greatest, int64_t rate,
                        const uint16_t *exp2) {
    struct vector_weigher weigher = {
        exp2, v_set((int32_t)greatest), v_set((int32_t)(rate >> VECTOR_RATE_LOW)),
        v_set((int32_t)(rate & INT32_MAX)),
        v_rounding(CRUX_SAMPLE_SCORE_SHIFT + config->fraction - VECTOR_RATE_LOW)};
    /* Neither a logit nor its distance from the greatest is taken as less than -2^31+1. */
    int64_t cut = greatest + vector_cut(rate, config->fraction), least = greatest - INT32_MAX;
    v32 bound = v_set((int32_t)(cut < -INT32_MAX ? -INT32_MAX : cut)),
        floor = v_set((int32_t)(least < -INT32_MAX ? -INT32_MAX : least));
    list->count = 0;
    for (uint32_t i = 0; i < config->vocab; i += V_LANES) {
        uint32_t left = config->vocab - i;
        v32 v = v_max(v_load_upto(logits + i, left), floor);
        uint32_t outside = v_bits(v_less(v, bound)), all = (UINT32_C(1) << V_LANES) - 1;
        uint32_t inside = ~outside & (left < V_LANES ? (UINT32_C(1) << left) - 1 : all);
        if (inside == 0) continue;
        int32_t weight[V_LANES];
        v_store(weight, vector_weigh(&weigher, v));
        for (; inside != 0; inside &= inside - 1) {
            unsigned lane = (unsigned)__builtin_ctz(inside);
            list->token[list->count] = (int32_t)(i + lane);
            list->weight[list->count++] = (uint16_t)weight[lane];
        }
    }
}

/* ---- thresholds ---- */

/* The greatest T for which the worth of all entries of weight >= T reaches `wanted`, or 0. An entry is worth 1, or its
 * weight. */
static uint32_t vector_threshold(const struct vector_list *list, bool by_weight, int64_t wanted) {
    int64_t reached = 0, worth[VECTOR_BUCKETS];
    uint32_t found = 0; /* bits of T so far */
    for (int shift = 8; shift >= 0; shift -= 8) {
        unsigned bucket = VECTOR_BUCKETS;
        for (unsigned i = 0; i < VECTOR_BUCKETS; i++) worth[i] = 0;
        for (uint32_t i = 0; i < list->count; i++) {
            uint32_t w = list->weight[i];
            if (shift == 0 && w >> 8 != found >> 8) continue;
            worth[w >> shift & (VECTOR_BUCKETS - 1)] += by_weight ? w : 1;
        }
        while (bucket-- > 0 && reached + worth[bucket] < wanted) reached += worth[bucket];
        if (bucket >= VECTOR_BUCKETS) return 0; /* only in the first round */
        found |= bucket << shift;
    }
    return found;
}

static int64_t vector_mass(const struct vector_list *list, uint32_t least) {
    int64_t mass = 0;
    for (uint32_t i = 0; i < list->count; i++)
        mass += list->weight[i] >= least ? list->weight[i] : 0;
    return mass;
}

static uint32_t vector_draw(const struct vector_list *list, uint32_t least, uint32_t draw) {
    uint64_t mass = (uint64_t)vector_mass(list, least); /* below 2^34 */
    int64_t r = (int64_t)(((crux_u128)mass * draw) >> CRUX_SAMPLE_DRAW_BITS), prefix = 0;
    uint32_t i = 0;
    while ((prefix += list->weight[i] >= least ? list->weight[i] : 0) <= r) {
        i++;
        CRUX_ASSERT(i < list->count); /* r < mass */
    }
    return (uint32_t)list->token[i];
}

static uint32_t vector_sample(struct crux_sample_scratch *scratch,
                              const struct crux_fused_sample *config, const int32_t *logits,
                              const int32_t params[CRUX_SAMPLE_PARAMS], const int32_t *recent,
                              uint32_t recent_count, uint32_t draw,
                              const uint16_t exp2[CRUX_TABLE_ENTRIES]) {
    struct vector_list list = {scratch->adjusted, scratch->weight, 0};
    int32_t p[CRUX_SAMPLE_PARAMS];
    const int32_t *v = logits;
    crux_sample_clamp(p, params);
    if (p[CRUX_SAMPLE_PENALTY] != CRUX_SAMPLE_ONE) { /* a penalty of 1 changes nothing */
        crux_sample_penalise(scratch->adjusted, config, logits, recent, recent_count,
                             p[CRUX_SAMPLE_PENALTY]);
        v = scratch->adjusted;
    }
    uint32_t best = vector_argmax(v, config->vocab);
    /* -2^31 is as good as -2^31+1 in the plain way; and it takes shifts that leave nothing here */
    if (v[best] <= -INT32_MAX || config->fraction < 3)
        return crux_fused_sample_reference(scratch, config, logits, params, recent, recent_count,
                                           draw, exp2);
    if (p[CRUX_SAMPLE_TEMPERATURE] == 0) return best;
    vector_list(&list, config, v, v[best], crux_sample_rate(p[CRUX_SAMPLE_TEMPERATURE]), exp2);
    uint32_t least = 0;
    if (p[CRUX_SAMPLE_TOP_K] != 0) least = vector_threshold(&list, false, p[CRUX_SAMPLE_TOP_K]);
    if (p[CRUX_SAMPLE_TOP_P] < CRUX_SAMPLE_ONE) { /* all of the mass: what is left of it stays */
        int64_t wanted = crux_sample_wanted(vector_mass(&list, least), p[CRUX_SAMPLE_TOP_P]);
        least = vector_threshold(&list, true, wanted);
    }
    least = crux_sample_least(least, p[CRUX_SAMPLE_MIN_P]);
    return vector_draw(&list, least, draw);
}

#endif
