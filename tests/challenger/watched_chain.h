/* A scripted chain with executors on it and a challenger before it, stepped in turns in one process. */
#ifndef CRUX_TESTS_CHALLENGER_WATCHED_CHAIN_H
#define CRUX_TESTS_CHALLENGER_WATCHED_CHAIN_H

#include "chain-adapter/local/local.h"
#include "challenger/challenger.h"
#include "tests/challenger/double_executor.h"

enum { WATCHED_MONEY = 1000000, WATCHED_EXECUTORS = 2 };

struct watched {
    char folder[256], path[300], journal[300], model[300], other_model[300];
    struct crux_chain chain, eyes; /* the challenger's handle, and the test's */
    struct double_executor executor[WATCHED_EXECUTORS];
    struct crux_challenger_peer peers[WATCHED_EXECUTORS];
    struct crux_challenger_options options;
    struct crux_challenger *challenger;
    unsigned alerts, false_claims, withheld, layers_withheld;
    bool prints;
};

extern const struct crux_game_parameters watched_parameters;

/* Models, chain, two executors that serve, money for all. The challenger is not open yet. */
void watched_make(struct watched *w);
void watched_remove(struct watched *w);
/* Opens the challenger with w->options, and the model. */
void watched_open(struct watched *w);
void watched_close(struct watched *w);

/* Steps the challenger and the executors until nobody has anything to do, letting time pass where somebody waits for
 * another, but no further than `until` (chain time; 0: no limit). */
void watched_play(struct watched *w, uint64_t until);
/* Steps the challenger alone until it has nothing to do at once. */
void watched_step(struct watched *w);

struct watched_claim {
    struct crux_game_claim claim;
    enum crux_claim_state state;
    uint64_t now;
};
struct watched_claim watched_claim(struct watched *w, const struct crux_claim_id *id);
uint64_t watched_balance(struct watched *w, const struct crux_account *account);
uint64_t watched_time(struct watched *w);
/* Value is conserved. */
bool watched_conserved(struct watched *w);
struct crux_challenger_figures watched_figures(struct watched *w);

#endif
