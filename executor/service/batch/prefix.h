/* Runs that are over, kept for requests that begin like them: a conversation goes on, or many have the same beginning.
 *
 *   kept     S S S S U U A A A A A A          S: what all begin with, U, A: what a user and the model said
 *   request  S S S S U U A A A A A A U U U    begins behind the last A
 *   request  S S S S V V V                    begins behind the last S
 *
 * Keys and values depend on the tokens before them alone. They are found by comparing tokens, never by a hash of them, and
 * among those of the same group alone.
 * One thread at a time. */
#ifndef CRUX_EXECUTOR_SERVICE_BATCH_PREFIX_H
#define CRUX_EXECUTOR_SERVICE_BATCH_PREFIX_H

#include "executor/engine/engine.h"

enum {
    CRUX_PREFIX_ENTRIES_MAX = 1024,
    CRUX_PREFIX_POSITIONS_MIN = 16 /* fewer are computed as soon as their page is copied */
};

struct crux_prefixes;

/* Out: prefixes, to be closed before the engine; NULL on failure.
 * In: bytes_max, of keys and values; leaves of traces, a few hundredths of them, come on top.
 * Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_prefixes_open(struct crux_prefixes **prefixes, struct crux_engine *engine,
                                    uint64_t bytes_max);
void crux_prefixes_close(struct crux_prefixes *prefixes);

/* Takes a sequence that is over, and closes it sooner or later.  In: group, of the run; the tokens of its positions. */
void crux_prefixes_put(struct crux_prefixes *prefixes, struct crux_engine_sequence *sequence,
                       uint64_t group, const uint32_t *tokens);

/* Out: from, the sequence of the group that has most in common with a request of these tokens; untouched if none has
 *      more than `more_than` positions.  Returns: so many; `more_than` if none has more. */
uint32_t crux_prefixes_find(struct crux_prefixes *prefixes,
                            const struct crux_engine_sequence **from, uint64_t group,
                            const uint32_t *tokens, uint32_t count, uint32_t more_than);

/* Gives up the one that was not used for longest.  Returns: false if there is none. */
bool crux_prefixes_drop(struct crux_prefixes *prefixes);

/* Returns: how many there are. */
uint32_t crux_prefixes_count(const struct crux_prefixes *prefixes);

#endif
