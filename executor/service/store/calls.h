/* Receipts of ours that somebody has called on the chain (spec/70-game.md#receipts). For settle/ alone. */
#ifndef CRUX_EXECUTOR_SERVICE_STORE_CALLS_H
#define CRUX_EXECUTOR_SERVICE_STORE_CALLS_H

#include "executor/service/store/store.h"

enum crux_store_call_state {
    CRUX_STORE_CALL_OPEN = 1,
    CRUX_STORE_CALL_KEPT = 2,
    CRUX_STORE_CALL_MISSED = 3, /* its time is over, and nobody has said so to the chain */
    CRUX_STORE_CALL_LAPSED = 4
};

struct crux_store_call {
    uint64_t number; /* in this store, from 1 */
    uint8_t id[32];  /* digest of the receipt */
    uint64_t answer_by;
    uint64_t run; /* its number; 0: none of this receipt is kept here */
    enum crux_store_state run_state;
};

/* Notes a call, or what became of it.  In: now, system's clock. */
CRUX_MUST_CHECK
enum crux_status crux_store_call_put(struct crux_store *store, const uint8_t id[32],
                                     enum crux_store_call_state state, uint64_t answer_by,
                                     uint64_t now);
/* The chain has no such call any more: a reorganisation took it. */
CRUX_MUST_CHECK
enum crux_status crux_store_call_drop(struct crux_store *store, const uint8_t id[32]);
/* In/out: call; in: answer_by and number alone, zero for the first; out: the next one in this state by these: those to be
 * answered first come first. All zero if there is none.  Returns: CRUX_E_NOT_FOUND. */
CRUX_MUST_CHECK
enum crux_status crux_store_call_next(struct crux_store *store, struct crux_store_call *call,
                                      enum crux_store_call_state state);

struct crux_store_call_figures {
    uint64_t open, kept, missed, lapsed; /* as many as are still noted */
    uint64_t strange;                    /* open, of receipts that are not kept here */
    uint64_t answer_by;                  /* the earliest of those that are open; 0: none is */
};
CRUX_MUST_CHECK
enum crux_status crux_store_call_figures(struct crux_store *store,
                                         struct crux_store_call_figures *figures);

#endif
