/* A chain, a store and a key in a folder, and runs to be settled: their claims are well formed and about a registered
 * model, but nobody has computed them. */
#ifndef CRUX_TESTS_EXECUTOR_SERVICE_SETTLE_SETTLE_WORLD_H
#define CRUX_TESTS_EXECUTOR_SERVICE_SETTLE_SETTLE_WORLD_H

#include "chain-adapter/local/local.h"
#include "executor/service/settle/settle.h"
#include "executor/service/store/batches.h"

enum {
    SETTLE_WORLD_P = 2,
    SETTLE_WORLD_N = 3,
    SETTLE_WORLD_MONEY = 1000000,
    SETTLE_WORLD_BOND = 1000
};

struct settle_world {
    char folder[256], chain_path[300], store_path[300];
    struct crux_key executor, requester, stranger; /* each with SETTLE_WORLD_MONEY */
    struct crux_settle_model model;
    uint8_t model_root[32];
    struct crux_settle_options options; /* that settle_world_open takes */

    /* while it is open */
    struct crux_chain chain;
    struct crux_store *store;
    struct crux_settle *settle;
};

/* Makes the folder and the chain (scripted, time 1000; window 1000, demands 100, pledges leave in 1500). Nothing is open.  Any failure of
 * these functions stops the process. */
void settle_world_make(struct settle_world *world);
void settle_world_open(struct settle_world *world);
void settle_world_close(struct settle_world *world);
void settle_world_remove(struct settle_world *world);

/* A run, and what it points to: must not move. */
struct settle_world_run {
    struct crux_store_run run;
    uint32_t asked[SETTLE_WORLD_P], answered[SETTLE_WORLD_N];
    char key[32];
};
/* Out: run number `number` of the world, as crux_settle_promise wants it.  In: mode; a private one is the requester's. */
void settle_world_run(struct settle_world_run *run, const struct settle_world *world,
                      uint64_t number, uint8_t mode);
/* Promises it. */
void settle_world_promise(struct settle_world *world, struct settle_world_run *run, uint64_t number,
                          uint8_t mode);

/* Makes a move as somebody.  Returns: the game's status. */
enum crux_status settle_world_move(struct settle_world *world, const struct crux_account *sender,
                                   const struct crux_move *move);
/* Calls a receipt.  In: run, promised or kept.  Returns: the game's status. */
enum crux_status settle_world_call(struct settle_world *world, const struct crux_account *sender,
                                   const struct crux_store_run *run);
/* Ticks at the system's time `now`, as often as there is something to do. */
void settle_world_tick(struct settle_world *world, uint64_t now);
/* Returns: the run as it is kept. To be freed. */
struct crux_store_run *settle_world_find(struct settle_world *world, uint64_t number);

struct settle_world_totals {
    struct crux_game_chain chain;
    struct crux_game_account executor;
    struct crux_game_pledge pledge; /* the executor's */
    uint64_t total, deposited, now;
};
struct settle_world_totals settle_world_totals(struct settle_world *world);

#endif
