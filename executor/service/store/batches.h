/* What settlement does to the store: batches, marks, ends, cursors. For settle/ alone. */
#ifndef CRUX_EXECUTOR_SERVICE_STORE_BATCHES_H
#define CRUX_EXECUTOR_SERVICE_STORE_BATCHES_H

#include "chain-adapter/chain.h"
#include "executor/service/store/store.h"

struct crux_store_batch {
    uint64_t number; /* in this store, from 1 */
    uint32_t mode;   /* enum crux_game_mode */
    struct crux_account requester;
    uint8_t root[32];
    uint32_t count;
    uint64_t bond; /* of each claim */
    uint64_t chain_batch, posted_at, window_end;
    uint64_t try_at; /* chain's clock: not to be tried again before */
};

/* Runs that wait and may stand in one batch. */
struct crux_store_waiting {
    uint32_t mode;
    struct crux_account requester;
    uint64_t count;
    uint64_t oldest;   /* created_at */
    uint64_t deadline; /* the earliest */
};

/* Out: waiting, count of them, at most `most`, those with the earliest deadlines. */
CRUX_MUST_CHECK
enum crux_status crux_store_waiting(struct crux_store *store, struct crux_store_waiting *waiting,
                                    uint32_t most, uint32_t *count);
/* Out: owed, bonds of all that is promised and not posted, where what waits counts as `bond` each, at most INT64_MAX; left, how many;
 * late, runs posted after their deadline, or not posted at chain_time. */
CRUX_MUST_CHECK
enum crux_status crux_store_owed(struct crux_store *store, uint64_t bond, uint64_t chain_time,
                                 uint64_t *owed, uint64_t *left, uint64_t *late);

/* Makes a batch of the first runs that wait, at most `most`: its tree, each one's place and path.
 * Returns: CRUX_E_NOT_FOUND if none waits. */
CRUX_MUST_CHECK
enum crux_status crux_store_form(struct crux_store *store, uint32_t mode,
                                 const struct crux_account *requester, uint32_t most,
                                 uint64_t bond);

/* Out: batch, the first above `after` of this state (FORMED, POSTED) that may be tried at chain_time.
 * Returns: CRUX_E_NOT_FOUND. */
CRUX_MUST_CHECK
enum crux_status crux_store_batch_next(struct crux_store *store, struct crux_store_batch *batch,
                                       enum crux_store_state state, uint64_t after,
                                       uint64_t chain_time);
/* It stands on the chain.  In: batch, with the three that say where and when. */
CRUX_MUST_CHECK
enum crux_status crux_store_batch_posted(struct crux_store *store,
                                         const struct crux_store_batch *batch);
CRUX_MUST_CHECK
enum crux_status crux_store_batch_bond(struct crux_store *store, uint64_t number, uint64_t bond);
CRUX_MUST_CHECK
enum crux_status crux_store_batch_try(struct crux_store *store, uint64_t number, uint64_t at);
/* Takes apart a formed batch of two or more, and makes one of the first of its runs that has half as many; the others wait
 * again.  In: bond, of each claim of the new one. */
CRUX_MUST_CHECK
enum crux_status crux_store_batch_halve(struct crux_store *store,
                                        const struct crux_store_batch *batch, uint64_t bond);
/* The chain takes none of it, for ever. */
CRUX_MUST_CHECK
enum crux_status crux_store_batch_refused(struct crux_store *store, uint64_t number, uint64_t now);
/* Out: open, runs of it that have not ended. If there is none, the batch has ended. */
CRUX_MUST_CHECK
enum crux_status crux_store_batch_end(struct crux_store *store, uint64_t number, uint64_t *open);
/* The chain was reorganised: all that has not ended is to be posted again, which repeats what still stands, and each call
 * that is noted to be answered. */
CRUX_MUST_CHECK
enum crux_status crux_store_unpost(struct crux_store *store);

/* A run that has not ended, by its number and where it stands. */
struct crux_store_place {
    uint64_t number;
    struct crux_claim_id claim;
};
/* Out: places, count of them, at most `most`, of the members above `after` (or from 0, if after is -1). Of a batch that is
 * only formed, the place is not known. */
CRUX_MUST_CHECK
enum crux_status crux_store_members(struct crux_store *store, uint64_t batch, int64_t after,
                                    struct crux_store_place *places, uint32_t most,
                                    uint32_t *count);

/* Out: place, of the run whose claim stands there and that has not ended.  Returns: CRUX_E_NOT_FOUND. */
CRUX_MUST_CHECK
enum crux_status crux_store_place_of(struct crux_store *store, const struct crux_claim_id *claim,
                                     struct crux_store_place *place);

enum crux_store_due {
    CRUX_STORE_DUE_SHOW,     /* posted and not shown */
    CRUX_STORE_DUE_SHOW_FEE, /* the same, with an escrow */
    CRUX_STORE_DUE_BIND,     /* shown, with an escrow, not bound */
    CRUX_STORE_DUE_PAY       /* good at its end, and bound */
};
/* Out: number, of the first run above `after` with this to be done.  Returns: CRUX_E_NOT_FOUND. */
CRUX_MUST_CHECK
enum crux_status crux_store_due(struct crux_store *store, enum crux_store_due due, uint64_t after,
                                uint64_t *number);

/* A run that is demanded, and not published yet. */
struct crux_store_demand {
    uint64_t number;
    uint64_t deadline; /* of the demand, by the chain's clock */
    bool shown;
};
/* In/out: demand; in: deadline and number alone, zero for the first; out: the next one by these, which are all zero if there
 * is none.  Returns: CRUX_E_NOT_FOUND. */
CRUX_MUST_CHECK
enum crux_status crux_store_demand_next(struct crux_store *store, struct crux_store_demand *demand);

enum crux_store_mark {
    CRUX_STORE_SHOWN,
    CRUX_STORE_PUBLISHED,
    CRUX_STORE_BOUND,
    CRUX_STORE_PAID,
    CRUX_STORE_DEMANDED, /* value: the demand's deadline */
    CRUX_STORE_DISPUTES  /* value: how many */
};
enum { CRUX_STORE_NO = 0, CRUX_STORE_YES = 1, CRUX_STORE_GIVEN_UP = 2 };
CRUX_MUST_CHECK
enum crux_status crux_store_mark(struct crux_store *store, uint64_t number,
                                 enum crux_store_mark mark, uint64_t value);
/* In: state, an end; now, system's clock. What has ended stays as it is. */
CRUX_MUST_CHECK
enum crux_status crux_store_end_run(struct crux_store *store, uint64_t number,
                                    enum crux_store_state state, uint64_t now);

/* Deletes at most `most` runs that ended at `before` or earlier, the batches left without one, and calls that ended then.
 * In: uncallable, chain's clock: a receipt with an earlier deadline can be called no more, and no call of it is open. */
CRUX_MUST_CHECK
enum crux_status crux_store_forget(struct crux_store *store, uint64_t before, uint64_t uncallable,
                                   uint32_t most);

/* Drops the leaves of the oldest runs, at most `most` of them, until all that are left take at most `bytes`. */
CRUX_MUST_CHECK
enum crux_status crux_store_trim(struct crux_store *store, uint64_t bytes, uint32_t most);

/* Out: cursor, the last one kept with a number below `below`; all zero if there is none. */
CRUX_MUST_CHECK
enum crux_status crux_store_cursor(struct crux_store *store, uint64_t below,
                                   struct crux_chain_cursor *cursor);
/* Keeps it among the last CURSORS, and drops those that lie behind it. */
CRUX_MUST_CHECK
enum crux_status crux_store_cursor_put(struct crux_store *store,
                                       const struct crux_chain_cursor *cursor);

#endif
