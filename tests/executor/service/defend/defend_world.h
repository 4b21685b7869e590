/* Claims of a small decoder, players who point at what is right in them, and the executor's defence, over a chain file. */
#ifndef CRUX_TESTS_EXECUTOR_SERVICE_DEFEND_DEFEND_WORLD_H
#define CRUX_TESTS_EXECUTOR_SERVICE_DEFEND_DEFEND_WORLD_H

#include "executor/service/defend/defend.h"
#include "tests/chain-adapter/local/local_chain.h"
#include "tests/executor/engine/engine_fixture.h"

enum {
    DEFEND_CLAIMS = 2,
    DEFEND_SHAMS = 2,  /* players who point at what is right: accounts 1 .. */
    DEFEND_SILENT = 3, /* an account that opens a dispute and says no more */
    DEFEND_EXECUTOR = 0,
    DEFEND_ACCOUNTS = 4,
    DEFEND_MONEY = 1000000,
    DEFEND_LOOK_NANOSECONDS = 1000 * 1000
};

/* The one element in which a sham's run differs. */
struct defend_lie {
    uint32_t pos, layer, op;
    bool hit;
};

struct defend_claimed {
    uint32_t tokens[FIXTURE_TOKENS_MAX];
    struct crux_archive_request request;
    struct crux_archive *archive;
    struct crux_claim claim;
    uint8_t request_bytes[CRUX_REQUEST_BYTES], hash[32], bytes[CRUX_CLAIM_BYTES];
    struct crux_claim_id id;
    struct defend_lie lie[DEFEND_SHAMS];
    struct crux_archive *sham[DEFEND_SHAMS];
    struct crux_archive_provider own[DEFEND_SHAMS];
};

/* The same in every process that has the same seed. */
struct defend_world {
    struct engine_fixture f;
    struct crux_engine_model *engine_model;
    struct defend_claimed claimed[DEFEND_CLAIMS];
};

/* Any failure of these functions fails the test. Must not be moved once it is open. */
void defend_world_open(struct defend_world *world, uint64_t seed);
void defend_world_close(struct defend_world *world);

/* Makes the chain, and posts and shows each claim in a batch of its own.  Returns: events so far. */
uint64_t defend_world_post(struct defend_world *world, struct local_chain *made);

/* ---- the executor ---- */

struct defend_executor {
    struct crux_archives *archives;
    struct crux_defend *defend;
    struct crux_defend_case cases[DEFEND_CLAIMS];
    const char *path;
};

/* Returns: the world's. */
struct crux_archives_model defend_model(struct defend_world *world);
/* In: path, of the chain; account, whose claims they are; bytes_max, of archives. */
void defend_executor_open(struct defend_executor *executor, struct defend_world *world,
                          const char *path, const struct crux_account *account, uint64_t bytes_max);
/* Everything is contested. */
void defend_executor_tick(struct defend_executor *executor);
void defend_executor_close(struct defend_executor *executor);

/* ---- games ---- */

struct defend_state {
    unsigned moved, over, lost; /* over, lost: of the disputes of those who speak */
    bool silent_over;
    bool is_executors; /* it is the executor's turn somewhere */
    bool
        is_late; /* time has passed, which no reorganisation takes back: a move that one takes is late then */
};

/* Plays until nothing is open: every sham has lost, no claim has fallen.
 * In: late_seconds, more than a clock; each, called at each look, may be NULL. */
void defend_play(struct defend_world *world, struct crux_chain *chain, uint64_t late_seconds,
                 void (*each)(void *ctx, const struct defend_state *state), void *ctx);

void defend_pause(long nanoseconds);
uint64_t defend_events(struct crux_chain *chain);

#endif
