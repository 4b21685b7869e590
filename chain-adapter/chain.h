/* Where claims live: one table of functions that each kind of chain fills, so that players need not know which it is.
 *
 *   move, deposit, advance ---> chain ---> events (number, hash) ---> readers, each with a cursor
 *                                 `------> records at one moment, as a game to ask
 *
 * A handle belongs to one thread. Functions that fail say why in chain->message.   spec/80-chains.md */
#ifndef CRUX_CHAIN_ADAPTER_CHAIN_H
#define CRUX_CHAIN_ADAPTER_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/bisection.h"
#include "kernels/kernels.h"

enum {
    CRUX_CHAIN_MESSAGE_BYTES = 512,
    CRUX_CHAIN_NAME_BYTES_MAX = 64, /* of an account's short name */
    CRUX_CHAIN_EVENT_DEPOSIT = 0    /* beside the kinds of moves; bytes: account (20), amount u64 */
};

/* Up to where somebody has read: so many events, and the hash of the last of them. All zero: nothing yet. */
struct crux_chain_cursor {
    uint64_t number;
    uint8_t hash[32];
};

/* A move that was made, or a deposit. */
struct crux_chain_event {
    uint64_t number; /* 1 .. */
    uint64_t time;
    struct crux_account sender;
    uint8_t kind;                     /* enum crux_move_kind, CRUX_CHAIN_EVENT_DEPOSIT */
    struct crux_game_outcome outcome; /* never repeated */
    const uint8_t *bytes;             /* of the move; valid during the visit */
    size_t len;
    uint8_t hash[32];
};

struct crux_chain;

struct crux_chain_ops {
    const char *name;
    /* Makes a move, durably: after CRUX_OK it survives whatever happens to this process and machine. A move that is
     * refused or repeated leaves no event.  Returns: the game's status, or the chain's own trouble. */
    enum crux_status (*move)(struct crux_chain *chain, struct crux_game_outcome *outcome,
                             const struct crux_account *sender, const uint8_t *move, size_t len);
    /* Value comes in.  Returns: CRUX_E_UNSUPPORTED where it cannot come in like this. */
    enum crux_status (*deposit)(struct crux_chain *chain, const struct crux_account *account,
                                uint64_t amount);
    /* Calls `visit` with the game as it is now; nothing changes in it before `visit` returns, and nothing can be put.
     * `visit` must not call the chain.  Returns: what `visit` returns. */
    enum crux_status (*look)(struct crux_chain *chain,
                             enum crux_status (*visit)(void *ctx, const struct crux_game *game,
                                                       uint64_t now),
                             void *ctx);
    /* Calls `visit` for at most `most` events after the cursor, oldest first, until it returns false, and moves the cursor
     * behind the last one visited. `visit` must not call the chain.
     * Out: reorganised: the event at the cursor is no longer there; nothing was visited: go back to an earlier cursor. */
    enum crux_status (*events)(struct crux_chain *chain, struct crux_chain_cursor *cursor,
                               bool *reorganised, uint64_t most,
                               bool (*visit)(void *ctx, const struct crux_chain_event *event),
                               void *ctx);
    /* Lets time pass.  Returns: CRUX_E_UNSUPPORTED on a chain whose clock is real; CRUX_E_TIME_INVALID. */
    enum crux_status (*advance)(struct crux_chain *chain, uint64_t seconds);
    /* Takes the last events back, for tests.  Returns: CRUX_E_UNSUPPORTED; CRUX_E_NOT_FOUND: not so many are kept. */
    enum crux_status (*rewind)(struct crux_chain *chain, uint64_t events);
    void (*close)(struct crux_chain *chain);
};

struct crux_chain {
    const struct crux_chain_ops *ops;
    void *ctx;
    char message[CRUX_CHAIN_MESSAGE_BYTES];
};

/* Out: hash, which chains an event to the one before it.  In: previous, the hash of that one. spec/80-chains.md#events */
void crux_chain_event_hash(uint8_t hash[32], const uint8_t previous[32],
                           const struct crux_chain_event *event);

/* Out: account.  In: text, 40 hexadecimal digits, or a short name, which is hashed.  spec/80-chains.md#accounts
 * Returns: CRUX_E_SYNTAX. */
CRUX_MUST_CHECK
enum crux_status crux_chain_account_read(struct crux_account *account, const char *text);

#endif
