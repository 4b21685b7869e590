/* Shared by the files of settlement. */
#ifndef CRUX_EXECUTOR_SERVICE_SETTLE_INSIDE_H
#define CRUX_EXECUTOR_SERVICE_SETTLE_INSIDE_H

#include "executor/service/settle/settle.h"
#include "executor/service/store/batches.h"
#include "executor/service/store/calls.h"

enum {
    SETTLE_EVENTS_A_TICK = 1024,
    SETTLE_LOOKS_A_TICK =
        4096,           /* claims whose records are read, of batches that end or were found again */
    SETTLE_CHUNK = 256, /* claims read in one look */
    SETTLE_FORGET_A_TICK = 64,
    SETTLE_WAITING_A_TICK = 64, /* groups of runs that may stand in one batch */
    SETTLE_RETRY_SECONDS = 30   /* chain's clock, for a batch that something keeps open */
};

struct crux_settle {
    struct crux_store *store;
    struct crux_chain *chain;
    const struct crux_key *key;
    struct crux_settle_options options; /* with its defaults filled in */
    struct crux_settle_model models[CRUX_SETTLE_MODELS_MAX];
    uint8_t chain_id[32], contract[32];

    /* as last seen on the chain */
    uint64_t chain_time, balance, withdrawn;
    struct crux_game_pledge pledge;
    struct crux_account payee; /* zero: none */
    struct crux_game_parameters parameters;

    uint64_t owed, left, late; /* as last counted, and what was promised since */
    bool registered, draining;
    uint64_t now;        /* system's clock, of this tick */
    uint64_t seen_at;    /* the same, of the last tick that saw the chain */
    uint32_t moves_left; /* of this tick */
    double tick_began;   /* crux_seconds */
    bool grouped;        /* marks of this step wait for settle_marks_end */
    bool busy;           /* this tick could not make all its moves, or read all events */

    /* trouble, and when to try again: with the chain in general, and with posting alone */
    struct settle_trouble {
        enum crux_status status;
        uint64_t retry_at;
        uint32_t wait_seconds;
        char text[CRUX_SETTLE_TROUBLE_BYTES];
    } chain_trouble, post_trouble;

    uint64_t moves, refused, events, batches_posted, claims_shown, demands_met, fees_paid;
    char refusal[CRUX_SETTLE_TROUBLE_BYTES];
    char message[CRUX_SETTLE_TROUBLE_BYTES];
    uint8_t bytes[CRUX_MOVE_BYTES_MAX]; /* of one move */
};

/* Each function below returns trouble of the store, or CRUX_E_IO and such of the chain after settle_chain_trouble: both
 * end the tick. What the game refuses is dealt with inside. */

/* ---- settle.c ---- */
CRUX_PRINTF(3, 4)
enum crux_status settle_fail(struct crux_settle *settle, enum crux_status status,
                             const char *format, ...);
/* Returns: status, with the store's message. */
enum crux_status settle_store_failed(struct crux_settle *settle, enum crux_status status);
/* What is marked between the two is written to the disk at once: a process that is killed before makes the moves again,
 * which repeats them. The first may be called again in between; the second commits whatever `status` is.
 * Returns: status, or the store's trouble. */
CRUX_MUST_CHECK
enum crux_status settle_marks_begin(struct crux_settle *settle);
CRUX_MUST_CHECK
enum crux_status settle_marks_end(struct crux_settle *settle, enum crux_status status);
/* Notes trouble, and doubles the time to the next try. */
void settle_trouble(struct crux_settle *settle, struct settle_trouble *trouble,
                    enum crux_status status);
void settle_recovered(struct settle_trouble *trouble);
/* Is there none, or is it time to try again?  Also if the system's clock was set back since. */
bool settle_may_try(const struct crux_settle *settle, const struct settle_trouble *trouble);
/* Is this the chain's own trouble, and not a refusal by the game? */
bool settle_is_chain_trouble(enum crux_status status);
/* A visit of a look: what settle_look sees.  In: ctx, the settlement. */
enum crux_status settle_see(void *ctx, const struct crux_game *game, uint64_t now);
/* Sees time, balance and parameters anew.  Returns: the chain's trouble, not noted; settle_look: noted. */
enum crux_status settle_look_quietly(struct crux_settle *settle);
CRUX_MUST_CHECK
enum crux_status settle_look(struct crux_settle *settle);
/* Makes a move as the executor.  Returns: the game's status too; CRUX_E_QUEUE_FULL if this tick has made its moves. */
CRUX_MUST_CHECK
enum crux_status settle_move(struct crux_settle *settle, const struct crux_move *move,
                             struct crux_game_outcome *outcome);

/* ---- promise.c: crux_settle_room, crux_settle_promise ---- */

/* ---- post.c ---- */
CRUX_MUST_CHECK
enum crux_status settle_register(struct crux_settle *settle);
CRUX_MUST_CHECK
enum crux_status settle_form(struct crux_settle *settle);
CRUX_MUST_CHECK
enum crux_status settle_post(struct crux_settle *settle);
/* Returns: the bond of a claim that is posted now. */
uint64_t settle_bond(const struct crux_settle *settle);

/* ---- follow.c ---- */
CRUX_MUST_CHECK
enum crux_status settle_follow(struct crux_settle *settle);
/* Reads the claims' records and marks their runs.  In: at most SETTLE_CHUNK places; ends: their window is over. */
CRUX_MUST_CHECK
enum crux_status settle_refresh(struct crux_settle *settle, const struct crux_store_place *places,
                                uint32_t count, bool ends);

/* ---- calls.c ---- */
/* Out: digest, of the receipt that this call, keep or lapse is about.  Returns: false if it is none of ours for sure. */
bool settle_call_of(uint8_t digest[32], const struct crux_settle *settle,
                    const struct crux_chain_event *event);
/* Reads what has become of the calls of ours among these, and notes it.  In: at most SETTLE_CHUNK digests. */
CRUX_MUST_CHECK
enum crux_status settle_refresh_calls(struct crux_settle *settle, const uint8_t (*digests)[32],
                                      uint32_t count);
/* Answers a call, if what is called is posted; of another, once its time is over, notes that.
 * Returns: CRUX_E_QUEUE_FULL as of settle_move. */
CRUX_MUST_CHECK
enum crux_status settle_answer_call(struct crux_settle *settle, const struct crux_store_call *call);
/* Says of what was missed that it was. */
CRUX_MUST_CHECK
enum crux_status settle_lapse(struct crux_settle *settle);

/* ---- pledge.c ---- */
CRUX_MUST_CHECK
enum crux_status settle_pledge(struct crux_settle *settle);
/* Returns: what is still to be pledged. */
uint64_t settle_unpledged(const struct crux_settle *settle);

/* ---- due.c ---- */
/* Answers demands and calls by their deadlines, and posts what is called. */
CRUX_MUST_CHECK
enum crux_status settle_answer(struct crux_settle *settle);

/* ---- serve.c ---- */
/* Shows and publishes what is demanded.  Returns: CRUX_E_QUEUE_FULL as of settle_move. */
CRUX_MUST_CHECK
enum crux_status settle_answer_demand(struct crux_settle *settle,
                                      const struct crux_store_demand *demand);
/* Shows and binds what has a fee, and shows the rest if the options say so. */
CRUX_MUST_CHECK
enum crux_status settle_serve(struct crux_settle *settle);
CRUX_MUST_CHECK
enum crux_status settle_pay(struct crux_settle *settle);

/* ---- end.c ---- */
/* Returns: what is neither taken out nor pledged: the bonds of what is promised, and a float: withdraw_above, but at least
 * the bonds of a batch, or nothing could be promised.  In: owed, these bonds. */
uint64_t settle_keeps(const struct crux_settle *settle, uint64_t owed);
CRUX_MUST_CHECK
enum crux_status settle_finalise(struct crux_settle *settle);
/* Names the payee of the options where the account has none. */
CRUX_MUST_CHECK
enum crux_status settle_payee(struct crux_settle *settle);
/* Returns: whether what is withdrawn goes to whom it is to go to. */
bool settle_has_payee(const struct crux_settle *settle);
CRUX_MUST_CHECK
enum crux_status settle_withdraw(struct crux_settle *settle);

#endif
