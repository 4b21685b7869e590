/* How long a text chosen greedily is the one that floats would choose, and how near the tie is where they part.
 *
 *   prompt | the engine's own choices .......      floats read the same tokens, and choose at each position
 *                              ^ first other choice: its lead over the engine's token, nats
 *
 * After that the two would write different texts, so nothing behind it is compared.
 */
#ifndef CRUX_EXECUTOR_EVALUATE_GREEDY_H
#define CRUX_EXECUTOR_EVALUATE_GREEDY_H

#include "executor/engine/engine.h"
#include "executor/evaluate/logit_source.h"

/* Zeroed: no texts yet. */
struct crux_greedy {
    uint64_t texts, parted; /* parted: those where floats chose otherwise */
    uint64_t tokens;        /* chosen alike */
    double lead_max;        /* nats, the widest of the first differences; 0 if there is none */
};

/* Continues a prompt by at most `limit` tokens, compares, and adds to greedy.
 * In: engine, whose model `against` imitates; prompt, count >= 1 tokens.
 * Returns: CRUX_E_USAGE for no tokens; crux_engine_generate's and the source's errors. */
CRUX_MUST_CHECK
enum crux_status crux_evaluate_greedy(struct crux_greedy *greedy, struct crux_engine *engine,
                                      const struct crux_logit_source *against,
                                      const uint32_t *prompt, uint32_t count, uint32_t limit);

#endif
