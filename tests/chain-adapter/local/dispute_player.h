/* A player of a dispute in a process of its own, over a chain file, that keeps nothing but that file: it may be killed at
 * any moment and started again. What it knows of the run it recomputes when it starts.
 *
 *   player --- report ---> parent        each time that it has looked and things have changed
 *          <--- word ----                GO: make the move, LOOK: look again
 */
#ifndef CRUX_TESTS_CHAIN_ADAPTER_LOCAL_DISPUTE_PLAYER_H
#define CRUX_TESTS_CHAIN_ADAPTER_LOCAL_DISPUTE_PLAYER_H

#include "chain-adapter/local/local.h"

enum dispute_role { DISPUTE_EXECUTOR = 0, DISPUTE_CHALLENGER = 1, DISPUTE_ROLES = 2 };

enum dispute_scene {
    DISPUTE_FALSE_CLAIM = 0, /* an honest challenger */
    DISPUTE_TRUE_CLAIM = 1,  /* a sham one, who points at the last of everything */
    DISPUTE_SCENES = 2
};

enum dispute_what {
    DISPUTE_READY = 'R', /* has a move, and waits for a word */
    DISPUTE_IDLE = 'I',  /* has none, and looks again and again */
    DISPUTE_MADE = 'M'   /* the chain has taken the move */
};

enum dispute_word { DISPUTE_GO = 'G', DISPUTE_LOOK = 'L' };

/* Of the chain as the player saw it; at least so many events, and this time. */
struct dispute_report {
    uint64_t what, events, time;
};

/* Plays until `from` is closed. Never returns. */
void dispute_player(enum dispute_role role, enum dispute_scene scene, const char *path, int from,
                    int to) __attribute__((noreturn));

#endif
