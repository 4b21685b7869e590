#include "executor/evaluate/greedy.h"

#include <stdlib.h>
#include <string.h>

#include "executor/evaluate/score.h"

/* In: text, count tokens of prompt and then `chosen` by the engine; logits, one row. */
static enum crux_status compare(struct crux_greedy *greedy, const struct crux_logit_source *against,
                                double *logits, const uint32_t *text, uint32_t count,
                                uint32_t chosen) {
    enum crux_status status = against->begin(against->ctx, text, count + chosen - 1);
    greedy->texts++;
    for (uint32_t i = 1; status == CRUX_OK && i < count + chosen; i++) {
        status = against->next(against->ctx, logits, 1);
        if (status != CRUX_OK || i < count) continue;
        uint32_t other = crux_score_argmax(logits, against->vocab);
        if (other != text[i]) {
            double lead = logits[other] - logits[text[i]];
            if (lead > greedy->lead_max) greedy->lead_max = lead;
            greedy->parted++;
            break;
        }
        greedy->tokens++;
    }
    return status;
}

enum crux_status crux_evaluate_greedy(struct crux_greedy *greedy, struct crux_engine *engine,
                                      const struct crux_logit_source *against,
                                      const uint32_t *prompt, uint32_t count, uint32_t limit) {
    if (count == 0 || limit == 0) return CRUX_E_USAGE;
    /* temperature 0: the most probable token, and no penalty on it */
    const struct crux_engine_request request = {
        .fields = {.request_tokens = count,
                   .limit = limit,
                   .param = {[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE}},
        .tokens = prompt};
    struct crux_engine_result result;
    double *logits = malloc(against->vocab * sizeof *logits);
    uint32_t *text = malloc(((size_t)count + limit) * sizeof *text);
    enum crux_status status = crux_engine_generate(engine, NULL, &request, NULL, &result);
    if (status == CRUX_OK && (logits == NULL || text == NULL)) status = CRUX_E_OUT_OF_MEMORY;
    if (status == CRUX_OK) {
        memcpy(text, prompt, count * sizeof *text);
        memcpy(text + count, result.tokens, result.count * sizeof *text);
        status = compare(greedy, against, logits, text, count, result.count);
    }
    crux_engine_result_free(&result);
    free(logits);
    free(text);
    return status;
}
