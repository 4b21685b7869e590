/* The executor stands by its claims: it answers disputes by itself, in time, on the archives' thread.
 *
 *   store (what is contested) --crux_defend_set--> cases
 *                                                    | each round: the chain as it is now
 *   chain <-- move <-- crux_solver_defend <-- archive: the run made again
 *
 * It keeps nothing: what is contested comes from the store, and everything else from the chain at each look. So it may be
 * killed at any moment, and a reorganisation is only another state of the chain. Of what is due, what is due first is
 * done first. A run that is made again and turns out another than was promised is not defended: there is no honest move. */
#ifndef CRUX_EXECUTOR_SERVICE_DEFEND_DEFEND_H
#define CRUX_EXECUTOR_SERVICE_DEFEND_DEFEND_H

#include "chain-adapter/chain.h"
#include "executor/service/defend/archives.h"
#include "executor/service/store/store.h"

struct crux_defend;

enum {
    CRUX_DEFEND_CASES_MAX = 1024,
    CRUX_DEFEND_MOVES_A_ROUND = 256 /* then those who ask for traces have their turn */
};

struct crux_defend_options {
    struct crux_account account; /* whose claims these are */
    /* Opens a handle of the chain for the archives' thread, which closes it.  Returns: the chain's. */
    enum crux_status (*open)(void *ctx, struct crux_chain *chain);
    void *ctx;
};

/* Out: defend, to be closed after the archives; NULL on failure.  In: archives that serve nobody else's rounds. */
CRUX_MUST_CHECK
enum crux_status crux_defend_open(struct crux_defend **defend, struct crux_archives *archives,
                                  const struct crux_defend_options *options);
void crux_defend_close(struct crux_defend *defend);

/* A claim of ours that somebody contests. */
struct crux_defend_case {
    struct crux_claim_id id;
    struct crux_archives_run run;
};

/* What is contested now, in place of what was; and there is a round. Called every second or so, from any thread.
 * In: cases, copied, tokens too; of more than CRUX_DEFEND_CASES_MAX, the first; left_out, that are not among them.
 * Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_defend_set(struct crux_defend *defend, const struct crux_defend_case *cases,
                                 uint32_t count, uint32_t left_out);
/* The same from the store, on the store's thread: the first of them, and how many are left out. Returns: the store's. */
CRUX_MUST_CHECK
enum crux_status crux_defend_tick(struct crux_defend *defend, struct crux_store *store);

struct crux_defend_figures {
    uint32_t cases; /* contested now */
    uint32_t
        left_out; /* beyond CRUX_DEFEND_CASES_MAX: have their turn when those before them are over */
    uint32_t due;      /* disputes in which a move was due at the last look */
    uint64_t deadline; /* of the earliest of them, by the chain's clock; 0: none */
    uint64_t rounds, moves, refused;
    uint64_t late;           /* moves made after half of the clock was gone */
    uint64_t missed;         /* looks at disputes whose deadline had passed before we moved */
    uint64_t false_promises; /* runs that came out otherwise than promised */
    enum crux_status status; /* of the last trouble; CRUX_OK: none in the last round */
    char trouble[CRUX_CHAIN_MESSAGE_BYTES];
};
void crux_defend_figures(struct crux_defend *defend, struct crux_defend_figures *figures);

#endif
