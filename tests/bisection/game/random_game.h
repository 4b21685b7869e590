/* A whole game from a seed, for test_game_random.c: who plays, what they hold, and what lies between them and the chain.
 *
 *   random_network.c    messages, blocks, reorganisations
 *   random_players.c    disputes: honest players, and every kind of bad one
 *   random_receipts.c   pledges, and receipts that are called, kept, broken, contradicted */
#ifndef CRUX_TESTS_BISECTION_GAME_RANDOM_GAME_H
#define CRUX_TESTS_BISECTION_GAME_RANDOM_GAME_H

#include "tests/support/game_table.h"
#include "tests/support/random.h"

enum {
    HONEST_EXECUTOR = 0,
    LIAR = 1,
    HONEST_CHALLENGER = 2,
    COPYCAT = 3, /* as honest, and as good, under another name */
    SHAM = 4,    /* loses on purpose, or by accident */
    FLOODER = 6, /* the liar's friend: fills the queue of its claims with shams */
    SPAMMER = 7, /* says again, changed or not, what others have said */
    REQUESTER = 8,
    PLAYERS = 9,
    START = 1000000
};

enum {
    CLAIMS_MAX = 3,
    LIES_MAX = 60,
    MESSAGES_MAX = 96,
    MESSAGE_BYTES = 1 << 13,
    SNAPSHOTS = 4, /* as deep as a reorganisation goes, in ticks */
    TICKS_MAX = 20000,
    TICK_SECONDS = 20,
    DELAY_SECONDS = 60,
    OFFLINE_SECONDS = 300,
    FEE = 50,
    PLEDGE = 1000,
    RECEIPTS = 5
};

struct message {
    bool in_flight;
    bool is_done; /* it was delivered in the ticks that a reorganisation can undo */
    uint64_t due;
    unsigned sender, tick;
    size_t len;
    uint8_t bytes[MESSAGE_BYTES];
};

struct player_claim {
    struct crux_claim_id id;
    const struct table_run *run;
    unsigned executor;
    bool is_true;
    uint64_t window_end;
    enum crux_target target; /* where an honest challenger opens */
    uint64_t index;
    bool served;
};

/* A receipt that somebody holds. */
struct player_receipt {
    unsigned executor;
    const struct player_claim *claim; /* that it names; NULL: one that never comes */
    uint8_t request_hash[32], digest[32], bytes[CRUX_PROMISE_BYTES];
    uint64_t sent_at[PLAYERS];
};

struct sim {
    struct crux_random random;
    struct table table;
    struct player_claim claim[CLAIMS_MAX];
    unsigned claims;
    struct player_receipt receipt[RECEIPTS]; /* 0, 1 of the honest executor; 2 to 4 of the liar */
    struct message message[MESSAGES_MAX];
    uint8_t *snapshot[SNAPSHOTS];
    uint64_t snapshot_at[SNAPSHOTS];
    uint64_t asleep_until[PLAYERS];
    uint64_t sent_at[PLAYERS][CLAIMS_MAX][8]; /* by dispute, modulo 8 */
    unsigned tick, drops_in_a_row[PLAYERS];
    unsigned liar_mode, reorgs, floods;
    uint32_t nonce;
};

extern struct sim sim;
extern struct table_model model;
extern struct table_run honest[3]; /* of limit-1, limit, limit+1 tokens */
extern struct crux_solver_move step;

#define CHECK(condition, what)                                                                     \
    do {                                                                                           \
        if (!(condition)) return what;                                                             \
    } while (0)

static inline uint64_t below(uint64_t end) {
    return crux_random_below(&sim.random, end);
}

static inline bool one_in(unsigned times) {
    return crux_random_one_in(&sim.random, times);
}

/* ---- random_network.c ---- */

struct message *free_message(void);
bool is_honest(unsigned sender);
void send_move(unsigned sender, const struct crux_move *move);
/* Not again while it may still be on its way. */
bool may_send(unsigned player, unsigned c, uint32_t dispute);
void deliver(void);
void take_snapshot(void);
/* Back to an earlier block, not across a long wait; what was in the lost ones mostly comes again. */
void reorganise(void);

/* ---- random_players.c ---- */

const struct crux_provider *provider_for(const struct player_claim *claim);
/* Out: number, of the player's dispute on the claim that is not over; or the one that it opened last. */
bool find_dispute(unsigned player, const struct player_claim *claim, uint32_t *number);
bool is_awake(unsigned player);
void everybody_acts(void);

/* ---- random_receipts.c ---- */

/* Out: promise.  Returns: was the receipt called, and is it open? */
bool is_called(const struct player_receipt *receipt, struct crux_game_promise *promise);
void hold_receipts(void);
const char *pledge_and_sign(void);
/* Every pledge is taken out, as far as anything is left of it: that of a player who repeated another's too. */
const char *release_all(void);

#endif
