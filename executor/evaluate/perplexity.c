#include "executor/evaluate/perplexity.h"

#include <math.h>
#include <stdlib.h>

#include "executor/evaluate/score.h"

/* Sums over the positions scored so far. */
struct sums {
    uint64_t positions, agreed;
    double nll, nll_against, kl, kl_max, lead;
};

static void score(struct sums *sums, const double *logits, const double *against, uint32_t vocab,
                  uint32_t token) {
    sums->positions++;
    sums->nll += crux_score_nll(logits, vocab, token);
    if (against == NULL) return;
    double kl = crux_score_kl(against, logits, vocab);
    uint32_t mine = crux_score_argmax(logits, vocab), other = crux_score_argmax(against, vocab);
    sums->nll_against += crux_score_nll(against, vocab, token);
    sums->kl += kl;
    if (kl > sums->kl_max) sums->kl_max = kl;
    if (mine == other)
        sums->agreed++;
    else if (against[other] - against[mine] > sums->lead)
        sums->lead = against[other] - against[mine];
}

struct walk {
    const struct crux_logit_source *source, *against;
    double *logits, *against_logits; /* CRUX_EVALUATE_ROWS rows */
    uint32_t *window;
    struct sums sums;
};

/* The last position predicts what is not in the window, so nobody computes its logits. */
static enum crux_status score_window(struct walk *walk, uint32_t count) {
    const struct crux_logit_source *source = walk->source, *against = walk->against;
    enum crux_status status = source->begin(source->ctx, walk->window, count);
    if (status == CRUX_OK && against != NULL)
        status = against->begin(against->ctx, walk->window, count);
    for (uint32_t first = 0; status == CRUX_OK && first < count - 1;) {
        uint32_t rows = count - 1 - first;
        if (rows > CRUX_EVALUATE_ROWS) rows = CRUX_EVALUATE_ROWS;
        status = source->next(source->ctx, walk->logits, rows);
        if (status == CRUX_OK && against != NULL)
            status = against->next(against->ctx, walk->against_logits, rows);
        for (uint32_t row = 0; status == CRUX_OK && row < rows; row++) {
            size_t at = (size_t)row * source->vocab;
            score(&walk->sums, walk->logits + at,
                  against == NULL ? NULL : walk->against_logits + at, source->vocab,
                  walk->window[first + row + 1]);
        }
        first += rows;
    }
    return status;
}

static void conclude(struct crux_evaluation *evaluation, const struct sums *sums, bool compared) {
    double positions = (double)sums->positions;
    evaluation->tokens = sums->positions;
    evaluation->nll = sums->nll / positions;
    evaluation->ppl = exp(evaluation->nll);
    evaluation->compared = compared;
    if (!compared) return;
    evaluation->nll_against = sums->nll_against / positions;
    evaluation->ppl_against = exp(evaluation->nll_against);
    evaluation->ratio = exp(evaluation->nll - evaluation->nll_against);
    evaluation->kl = sums->kl / positions;
    evaluation->kl_max = sums->kl_max;
    evaluation->argmax_agreement = (double)sums->agreed / positions;
    evaluation->disagreement_lead = sums->lead;
}

enum crux_status crux_evaluate(struct crux_evaluation *evaluation,
                               const struct crux_evaluate_ask *ask,
                               const struct crux_logit_source *source,
                               const struct crux_logit_source *against) {
    struct walk walk = {.source = source, .against = against};
    bool has_bos = ask->bos != CRUX_EVALUATE_NO_BOS;
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    *evaluation = (struct crux_evaluation){.tokens = 0};
    if (ask->context < 2 || ask->context > CRUX_EVALUATE_CONTEXT_MAX ||
        (against != NULL && against->vocab != source->vocab))
        return CRUX_E_USAGE;
    if (has_bos && ask->bos >= source->vocab) return CRUX_E_INDEX_OUTSIDE;
    for (uint64_t i = 0; i < ask->count; i++) {
        if (ask->tokens[i] >= source->vocab) return CRUX_E_INDEX_OUTSIDE;
    }
    size_t row_bytes = CRUX_EVALUATE_ROWS * sizeof(double);
    walk.logits = malloc(source->vocab * row_bytes);
    walk.against_logits = malloc(source->vocab * row_bytes);
    walk.window = malloc(ask->context * sizeof *walk.window);
    if (walk.logits == NULL || walk.against_logits == NULL || walk.window == NULL) goto out;
    status = CRUX_OK;
    for (uint64_t at = 0; status == CRUX_OK && at < ask->count;) {
        uint32_t count = 0;
        if (has_bos) walk.window[count++] = ask->bos;
        while (count < ask->context && at < ask->count) walk.window[count++] = ask->tokens[at++];
        if (count < 2) break;
        status = score_window(&walk, count);
        if (status != CRUX_OK) break;
        evaluation->windows++;
        if (ask->progress != NULL)
            ask->progress(ask->progress_ctx, at, ask->count,
                          walk.sums.nll / (double)walk.sums.positions);
    }
    if (status == CRUX_OK && walk.sums.positions == 0) status = CRUX_E_USAGE;
    if (status == CRUX_OK) conclude(evaluation, &walk.sums, against != NULL);
out:
    free(walk.logits);
    free(walk.against_logits);
    free(walk.window);
    return status;
}
