#include "executor/evaluate/score.h"

#include <math.h>

uint32_t crux_score_argmax(const double *logits, uint32_t vocab) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < vocab; i++) {
        if (logits[i] > logits[best]) best = i;
    }
    return best;
}

double crux_score_log_mass(const double *logits, uint32_t vocab) {
    double most = logits[crux_score_argmax(logits, vocab)], mass = 0;
    for (uint32_t i = 0; i < vocab; i++) mass += exp(logits[i] - most);
    return most + log(mass);
}

double crux_score_nll(const double *logits, uint32_t vocab, uint32_t token) {
    CRUX_ASSERT(token < vocab);
    return crux_score_log_mass(logits, vocab) - logits[token];
}

double crux_score_kl(const double *of, const double *against, uint32_t vocab) {
    double mass = crux_score_log_mass(of, vocab), other = crux_score_log_mass(against, vocab);
    double kl = 0;
    for (uint32_t i = 0; i < vocab; i++) {
        double ln_p = of[i] - mass;
        kl += exp(ln_p) * (ln_p - (against[i] - other));
    }
    return kl > 0 ? kl : 0;
}
