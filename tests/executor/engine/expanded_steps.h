/* A run by the engine with its records kept, and steps of it expanded to ops by the interpreter: the law, from the engine's
 * records of earlier steps. */
#ifndef CRUX_TESTS_EXECUTOR_ENGINE_EXPANDED_STEPS_H
#define CRUX_TESTS_EXECUTOR_ENGINE_EXPANDED_STEPS_H

#include "executor/engine/engine.h"
#include "tests/support/random.h"

enum { EXPANDED_PROMPT = 24, EXPANDED_CHOSEN = 8 };

/* Runs random tokens, then expands `steps` random steps of blocks and the last step of the head; each must be the same in
 * every byte that it stores. */
void expand_steps(const struct crux_engine_loaded *loaded, struct crux_random *random,
                  unsigned steps);

#endif
