/* Shares of probability, for people to look at. */
#include <math.h>

#include "executor/service/batch/parts.h"

static double sum_of_shares(const int32_t *logits, uint32_t vocab, int32_t greatest, double unit) {
    double sum = 0;
    for (uint32_t i = 0; i < vocab; i++) sum += exp(((double)logits[i] - (double)greatest) * unit);
    return sum;
}

static int32_t greatest_of(const int32_t *logits, uint32_t vocab) {
    int32_t greatest = logits[0];
    for (uint32_t i = 1; i < vocab; i++) greatest = logits[i] > greatest ? logits[i] : greatest;
    return greatest;
}

/* Greatest first, the lowest token of equal ones. */
static uint32_t find_top(uint32_t *top, uint32_t most, const int32_t *logits, uint32_t vocab) {
    uint32_t count = 0;
    for (uint32_t token = 0; token < vocab && most > 0; token++) {
        if (count == most && logits[token] <= logits[top[count - 1]]) continue;
        uint32_t at = count < most ? count++ : count - 1;
        for (; at > 0 && logits[token] > logits[top[at - 1]]; at--) top[at] = top[at - 1];
        top[at] = token;
    }
    return count;
}

void batcher_logprob(struct crux_batcher_token *token, struct crux_batcher_logprob *top,
                     const int32_t *logits, const struct crux_fused_decoder *config,
                     uint32_t most) {
    uint32_t number[CRUX_BATCHER_TOP_MAX], vocab = config->vocab;
    double unit = ldexp(1, -config->logit_bits);
    int32_t greatest = greatest_of(logits, vocab);
    double all = log(sum_of_shares(logits, vocab, greatest, unit)) + (double)greatest * unit;
    token->logprob = (double)logits[token->token] * unit - all;
    token->top_count = find_top(number, most, logits, vocab);
    token->top = top;
    for (uint32_t i = 0; i < token->top_count; i++)
        top[i] = (struct crux_batcher_logprob){number[i], (double)logits[number[i]] * unit - all};
}
