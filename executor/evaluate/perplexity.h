/* How well a model predicts a text, alone and beside another model.
 *
 *   tokens  | window 0            | window 1            | window 2    |      non-overlapping, `context` tokens each
 *            ^not scored           ^                     ^                   each but a window's first is scored
 *
 * With a bos token, each window is that and context - 1 tokens of the text, all of which are scored. A last window with
 * nothing to score is left out. The text's own tokens are always given, whatever the model would have said.
 */
#ifndef CRUX_EXECUTOR_EVALUATE_PERPLEXITY_H
#define CRUX_EXECUTOR_EVALUATE_PERPLEXITY_H

#include <stdbool.h>
#include <stdint.h>

#include "executor/evaluate/logit_source.h"

#define CRUX_EVALUATE_NO_BOS UINT32_MAX

enum {
    CRUX_EVALUATE_CONTEXT_MAX = 1 << 17,
    CRUX_EVALUATE_ROWS = 32 /* positions whose logits are in memory at once */
};

struct crux_evaluate_ask {
    const uint32_t *tokens;
    uint64_t count;
    uint32_t context; /* 2 .. CRUX_EVALUATE_CONTEXT_MAX */
    uint32_t bos;     /* or CRUX_EVALUATE_NO_BOS */
    /* Called after each window; may be NULL. */
    void (*progress)(void *ctx, uint64_t done, uint64_t all, double nll_so_far);
    void *progress_ctx;
};

struct crux_evaluation {
    uint64_t tokens, windows; /* scored */
    double nll, ppl;          /* nll: nats a token */
    bool compared;            /* the rest holds something */
    double nll_against, ppl_against, ratio;
    double kl, kl_max;       /* KL(against || source): mean and greatest, nats */
    double argmax_agreement; /* share of positions, 0 .. 1 */
    /* of the positions where the two disagree: the greatest lead that `against` gives its own choice, nats */
    double disagreement_lead;
};

/* Out: evaluation.  In: against, may be NULL.
 * Returns: CRUX_E_USAGE for nothing to score or models with other vocabularies, CRUX_E_INDEX_OUTSIDE for a token that
 *          there is not; CRUX_E_OUT_OF_MEMORY; the sources' errors. */
CRUX_MUST_CHECK
enum crux_status crux_evaluate(struct crux_evaluation *evaluation,
                               const struct crux_evaluate_ask *ask,
                               const struct crux_logit_source *source,
                               const struct crux_logit_source *against);

#endif
