/* Receipts, and the moves that keep what they promise.
 *
 *   run done --crux_settle_promise--> receipt, on the disk --> the client
 *                                        |
 *   a timer  --crux_settle_tick-----> batches -> chain -> shown, published, bound -> finalised, paid, withdrawn -> deleted
 *                                                    `--called --> kept
 *
 * No thread and no loop of its own: the owner of the store calls tick every second or so. Each step is written to the
 * store before the next, and every move may be made again (spec/70-game.md#repetition), so that a process that is killed
 * at any moment goes on where it was. Trouble with the chain or the balance is stated in the figures and tried again,
 * later each time. */
#ifndef CRUX_EXECUTOR_SERVICE_SETTLE_SETTLE_H
#define CRUX_EXECUTOR_SERVICE_SETTLE_SETTLE_H

#include "chain-adapter/chain.h"
#include "chain-adapter/keys/keys.h"
#include "executor/service/store/calls.h"
#include "executor/service/store/store.h"

/* Of leaves that are kept, unless the options say otherwise. */
#define CRUX_SETTLE_LEAVES_BYTES (UINT64_C(4) << 30)

enum crux_settle_show {
    CRUX_SETTLE_SHOW_ALL = 0,     /* every claim, so that it becomes final */
    CRUX_SETTLE_SHOW_DEMANDED = 1 /* only those that somebody demands, or that an escrow pays */
};

enum {
    CRUX_SETTLE_MODELS_MAX = 64,
    CRUX_SETTLE_MOVES_A_TICK = 64, /* unless the options say otherwise */
    CRUX_SETTLE_MILLISECONDS_A_TICK = 50,
    CRUX_SETTLE_BATCH_COUNT = 256,
    CRUX_SETTLE_BATCH_SECONDS = 60,
    CRUX_SETTLE_DEADLINE_SECONDS = 3600,
    CRUX_SETTLE_RETENTION_SECONDS = 7 * 86400,
    CRUX_SETTLE_BACKOFF_SECONDS_MAX = 60,
    /* behind trouble, if not more often: of the time that a demand or a call gives, or that is left of it */
    CRUX_SETTLE_TRIES_A_CLOCK = 4,
    CRUX_SETTLE_TROUBLE_BYTES = CRUX_CHAIN_MESSAGE_BYTES
};

/* A model that claims will be about. Copied. */
struct crux_settle_model {
    uint8_t header[CRUX_HEADER_BYTES], manifest_hash[32], layers_root[32];
};

struct crux_settle_options {
    const struct crux_settle_model *models;
    uint32_t model_count;
    uint32_t batch_count;   /* claims that make a batch at once; 0: CRUX_SETTLE_BATCH_COUNT */
    uint32_t batch_seconds; /* after which fewer make one; 0: CRUX_SETTLE_BATCH_SECONDS */
    uint32_t
        deadline_seconds; /* of a receipt; more than batch_seconds; 0: CRUX_SETTLE_DEADLINE_SECONDS */
    uint32_t
        retention_seconds; /* that a run is kept after its end; 0: CRUX_SETTLE_RETENTION_SECONDS */
    /* Of trace leaves kept; those of the oldest runs go first, and are computed again when somebody asks for them.
     * 0: CRUX_SETTLE_LEAVES_BYTES */
    uint64_t leaves_bytes_max;
    uint64_t bond; /* of each claim; 0: the least that the chain accepts */
    enum crux_settle_show show;
    /* takes out what exceeds the bonds of what waits and withdraw_above, or those of a whole batch if that is more */
    bool withdraws;
    uint64_t withdraw_above;
    /* whom that goes to: named on the chain where the account has no payee; nothing is taken out while another one is named
     * there. Zero: whoever is named there. */
    struct crux_account payee;
    /* that the account will have pledged in all for its receipts, once its balance holds that beside the bonds of what is
     * promised and beside withdraw_above, or the bonds of a whole batch if that is more; 0: none. What falls of it, or was
     * taken out, is not pledged again unless this rises. */
    uint64_t pledge;
    bool leaves; /* announces that the pledge goes, and takes it out as soon as that may be */
    uint32_t moves_a_tick; /* most; 0: CRUX_SETTLE_MOVES_A_TICK */
    /* after which a tick begins no other move: each waits for the disk; 0: CRUX_SETTLE_MILLISECONDS_A_TICK */
    uint32_t milliseconds_a_tick;
};

struct crux_settle;

/* Out: settle, NULL on failure; message, then.
 * In: store, chain, key: used until close, not owned; options, may be NULL, copied.
 * Returns: CRUX_E_USAGE (limits; the store is another executor's or chain's), the store's, the chain's. */
CRUX_MUST_CHECK
enum crux_status crux_settle_open(struct crux_settle **settle, struct crux_store *store,
                                  struct crux_chain *chain, const struct crux_key *key,
                                  const struct crux_settle_options *options,
                                  char message[CRUX_SETTLE_TROUBLE_BYTES]);
void crux_settle_close(struct crux_settle *settle);
const char *crux_settle_message(const struct crux_settle *settle);

/* Returns: how many claims, beside those that are promised, the balance as last seen holds bonds of: of requests that
 * are accepted, no more may be unanswered at once. */
uint64_t crux_settle_room(const struct crux_settle *settle);

/* Signs the receipt of a run and keeps both. If a run of this claim is kept already, of the same mode and requester,
 * nothing is written, and the receipt that is there stands, with its deadline. A fee counts whose escrow is there by then; another is left out.
 * In/out: run: in as for crux_store_add, but for id, receipt and signature, of which receipt.mode and receipt.requester
 * are read alone; and is_fresh; out: these three, number and fee_requester.  Out: again, may be NULL.
 * Returns: CRUX_E_RECEIPT_INVALID; CRUX_E_BALANCE_TOO_SMALL for want of a bond; CRUX_E_IO while the chain cannot be asked,
 *          unless the run is fresh and that has not lasted for too long: the same may be asked again later;
 *          CRUX_E_ALREADY_POSTED if a run of this claim is kept that was asked in another mode or for another requester,
 *          or that the chain has refused, or it stands there already; CRUX_E_ANSWER_DIFFERS if another claim of the same request is kept; the store's, the chain's. */
CRUX_MUST_CHECK
enum crux_status crux_settle_promise(struct crux_settle *settle, struct crux_store_run *run,
                                     bool *again);

/* Does what is due, with at most moves_a_tick moves. No group of the store may be open.
 * In: now, seconds of the system's clock.
 * Returns: trouble of the store alone, after which nothing may be promised; the chain's trouble is in the figures. */
CRUX_MUST_CHECK
enum crux_status crux_settle_tick(struct crux_settle *settle, uint64_t now);

/* Did the last tick leave moves to be made, or events to be read? Then the next may come soon. */
bool crux_settle_is_busy(const struct crux_settle *settle);

/* From the next tick on, what waits is posted at once: before a planned end of the process.
 * Out: left, runs that are promised and not posted. */
CRUX_MUST_CHECK
enum crux_status crux_settle_drain(struct crux_settle *settle, uint64_t *left);

struct crux_settle_figures {
    struct crux_store_figures store;
    uint64_t moves;   /* made */
    uint64_t refused; /* by the chain, the last of them in `trouble` */
    uint64_t late;    /* runs posted after their receipts' deadline, or still waiting then */
    uint64_t balance, withdrawn, bond; /* as last seen; bond: of the next claim */
    uint64_t owed;                     /* bonds of what is promised and not posted */
    uint64_t chain_time, events;       /* as last seen */
    uint64_t batches_posted, claims_shown, demands_met, fees_paid;
    enum crux_status status; /* of the last try; CRUX_OK: no trouble */
    uint64_t retry_at;       /* system's clock; 0: nothing waits for it */
    char trouble[CRUX_SETTLE_TROUBLE_BYTES];
};
CRUX_MUST_CHECK
enum crux_status crux_settle_figures(struct crux_settle *settle,
                                     struct crux_settle_figures *figures);

/* What changes while nobody asks for all figures; cheap enough for every second. */
struct crux_settle_pledged {
    uint64_t pledge;         /* that stands, as last seen */
    uint64_t pledge_missing; /* of what the options ask for: the balance does not hold it */
    uint64_t pledge_free_at; /* chain's clock, if it leaves; else 0 */
    uint64_t chain_time;     /* as last seen */
    uint64_t penalty;        /* of a broken promise, today */
    bool payee_differs;      /* on the chain from that of the options; not: there is none yet */
    struct crux_store_call_figures calls;
};
CRUX_MUST_CHECK
enum crux_status crux_settle_pledged(struct crux_settle *settle,
                                     struct crux_settle_pledged *pledged);
/* Returns: what the last try failed of, until the next tick; NULL: no trouble. */
const char *crux_settle_trouble(const struct crux_settle *settle);

/* The state of a claim as the chain has it now. */
CRUX_MUST_CHECK
enum crux_status crux_settle_claim_state(struct crux_settle *settle, enum crux_claim_state *state,
                                         const struct crux_store_run *run);

#endif
