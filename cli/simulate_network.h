/* The way from players to the chain: what is sent waits for its block, and whatever the conditions say happens to it.
 *
 *   players --send--> moves under way --deliver--> chain --reorganise--> some of them under way again */
#ifndef CRUX_CLI_SIMULATE_NETWORK_H
#define CRUX_CLI_SIMULATE_NETWORK_H

#include "chain-adapter/chain.h"
#include "cli/random.h"
#include "cli/simulate_conditions.h"

enum {
    CRUX_CLI_SENT_MAX = 256,    /* sendings that players remember; the oldest is forgotten first */
    CRUX_CLI_MESSAGES_MAX = 512 /* under way, or included lately; what does not fit is lost */
};

/* What a sending answers: two are of one key if the second is the first again. */
struct crux_cli_key {
    uint8_t who, kind;
    uint32_t dispute, round, stage;
    uint8_t node[32];
};

struct crux_cli_sent {
    struct crux_cli_key key;
    uint64_t at;
    bool used, refused;
};

struct crux_cli_message {
    uint8_t *bytes; /* NULL: no message */
    size_t len;
    uint64_t due, number, event; /* event: under which it was included; 0: it is under way */
    uint64_t included_at;
    struct crux_cli_key key;
};

struct crux_cli_network {
    struct crux_cli_conditions conditions;
    struct crux_cli_random *random;
    struct crux_cli_network_figures figures;
    struct crux_cli_sent sent[CRUX_CLI_SENT_MAX];
    struct crux_cli_message message[CRUX_CLI_MESSAGES_MAX];
    uint64_t numbers, latest; /* of messages: given, and the highest included */
    uint32_t dropped_in_a_row[8];
    uint32_t sendings;   /* of the censored side in disputes */
    uint32_t censor_at;  /* which of them the censoring begins with; 1 .. */
    uint64_t censor_end; /* 0: it has not begun */
};

/* In: network, zeroed but for conditions and random. */
void crux_cli_network_begin(struct crux_cli_network *network);
void crux_cli_network_end(struct crux_cli_network *network);

/* May the player send this now?  Out: wake, lowered to when it may, if it is only too early for it. */
bool crux_cli_network_may_send(const struct crux_cli_network *network,
                               const struct crux_cli_key *key, uint64_t now, uint64_t *wake);
/* In: in_dispute, is it a move that a clock runs for?  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_cli_network_send(struct crux_cli_network *network,
                                       const struct crux_cli_key *key, const uint8_t *bytes,
                                       size_t len, bool in_dispute, uint64_t now);

/* Returns: the next message that is due, first sent first unless it was overtaken; NULL: none is. */
struct crux_cli_message *crux_cli_network_next(struct crux_cli_network *network, uint64_t now);
/* The chain's word on a message.
 * In: event, its number, or 0: it was refused, or had been made before; gone: its sender must not try it again. */
void crux_cli_network_included(struct crux_cli_network *network, struct crux_cli_message *message,
                               uint64_t event, uint64_t now, bool gone);
/* The events after `event` are gone: their moves come again, or are lost. */
void crux_cli_network_undone(struct crux_cli_network *network, uint64_t event, uint64_t now);

/* Returns: when the next message under way is due; UINT64_MAX: there is none. */
uint64_t crux_cli_network_due(const struct crux_cli_network *network);

#endif
