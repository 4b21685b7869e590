/* The parts of sample that the plain kernel and the others share. Only kernels/fused/ includes it. */
#ifndef CRUX_KERNELS_FUSED_SAMPLE_PARTS_H
#define CRUX_KERNELS_FUSED_SAMPLE_PARTS_H

#include "kernels/fused/exact.h"
#include "kernels/fused/sample/steps.h"

/* Out: p, the parameters within their ranges. */
void crux_sample_clamp(int32_t p[CRUX_SAMPLE_PARAMS], const int32_t params[CRUX_SAMPLE_PARAMS]);

/* Out: adjusted, vocab, none below -2^31+1. */
void crux_sample_penalise(int32_t *adjusted, const struct crux_fused_sample *config,
                          const int32_t *logits, const int32_t *recent, uint32_t recent_count,
                          int32_t penalty);

/* Below 2^62.  In: temperature >= 1. */
CRUX_INLINE int64_t crux_sample_rate(int32_t temperature) {
    return ((int64_t)CRUX_SAMPLE_LOG2_E_Q30 << CRUX_SAMPLE_RATE_SHIFT) / temperature;
}

/* In: below, -2^31+1 .. 0. */
CRUX_INLINE int64_t crux_sample_score(int64_t below, int64_t rate, int32_t fraction) {
    return crux_exact_requant((crux_i128)below * rate, CRUX_SAMPLE_SCORE_SHIFT + fraction, 0,
                              CRUX_SAMPLE_SCORE_LEAST, 0);
}

/* The share top_p of a mass below 2^34, rounded up. */
CRUX_INLINE int64_t crux_sample_wanted(int64_t mass, int32_t top_p) {
    return (mass * top_p + CRUX_SAMPLE_ONE - 1) / CRUX_SAMPLE_ONE;
}

CRUX_INLINE uint32_t crux_sample_least(uint32_t least, int32_t min_p) {
    if (least < (uint32_t)min_p) least = (uint32_t)min_p;
    return least > UINT16_MAX ? UINT16_MAX : least;
}

#endif
