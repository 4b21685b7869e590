/* The arithmetic of evaluation: what a row of logits is worth, given the token that came.
 *
 *   p = exp(logit) / sum of exp(logits)      nll = -ln p(token)
 *   KL(float || crux) = sum over the vocabulary of p_float * (ln p_float - ln p_crux), in nats
 */
#ifndef CRUX_EXECUTOR_EVALUATE_SCORE_H
#define CRUX_EXECUTOR_EVALUATE_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* Returns: ln of the sum of exp(logits).  In: vocab >= 1, finite logits. */
double crux_score_log_mass(const double *logits, uint32_t vocab);

/* In: token below vocab.  Returns: nats, >= 0 but for rounding. */
double crux_score_nll(const double *logits, uint32_t vocab, uint32_t token);

/* Returns: nats, never below 0. */
double crux_score_kl(const double *of, const double *against, uint32_t vocab);

/* Returns: the least index of the greatest logit. */
uint32_t crux_score_argmax(const double *logits, uint32_t vocab);

#endif
