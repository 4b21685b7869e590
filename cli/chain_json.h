/* What stands in a chain, as JSON: for --json, and for `crux chain serve`. */
#ifndef CRUX_CLI_CHAIN_JSON_H
#define CRUX_CLI_CHAIN_JSON_H

#include <jansson.h>

#include "chain-adapter/local/local.h"

struct crux_cli_chain_status {
    struct crux_chain_local_info info;
    struct crux_game_chain chain;
    uint64_t now;
};

/* A `look` of the chain.  In: ctx, a struct crux_cli_chain_status, whose chain and now it fills. */
enum crux_status crux_cli_chain_read_status(void *ctx, const struct crux_game *game, uint64_t now);

/* Each returns a new object, or NULL if memory ran out. */
json_t *crux_cli_chain_json_status(const struct crux_cli_chain_status *status);
json_t *crux_cli_chain_json_batch(const struct crux_game_batch *batch);
json_t *crux_cli_chain_json_dispute(const struct crux_game_dispute *dispute);
json_t *crux_cli_chain_json_account(const struct crux_game_account *account,
                                    const struct crux_game_pledge *pledge);
json_t *crux_cli_chain_json_event(const struct crux_chain_event *event);
/* In: kind, of the move. */
json_t *crux_cli_chain_json_outcome(uint8_t kind, const struct crux_game_outcome *outcome);
/* Out: object, with the last 1,024 of the claim's disputes, and how many there are.  Returns: CRUX_E_CLAIM_UNKNOWN, the store's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_chain_json_claim(json_t **object, const struct crux_game *game,
                                           const struct crux_claim_id *id, uint64_t now);

/* Words for numbers; never NULL. */
const char *crux_cli_chain_mode(uint32_t mode);
const char *crux_cli_chain_stage(uint32_t stage);
const char *crux_cli_chain_state(enum crux_claim_state state);
const char *crux_cli_chain_kind(const struct crux_chain_event *event);

#endif
