/* The engine's integer logits as a logit source: value / 2^logit_bits, exact as doubles. */
#ifndef CRUX_EXECUTOR_EVALUATE_ENGINE_SOURCE_H
#define CRUX_EXECUTOR_EVALUATE_ENGINE_SOURCE_H

#include "executor/engine/engine.h"
#include "executor/evaluate/logit_source.h"

struct crux_engine_logits;

/* Out: logits, NULL on failure.
 * In: engine, which takes `rows` rows a step; config, of its model; both outlive it.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_engine_logits_open(struct crux_engine_logits **logits,
                                         struct crux_engine *engine,
                                         const struct crux_fused_decoder *config, uint32_t rows);
void crux_engine_logits_close(struct crux_engine_logits *logits);

/* Its functions return crux_engine_step's errors. */
struct crux_logit_source crux_engine_logits_source(struct crux_engine_logits *logits);

#endif
