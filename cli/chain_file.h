/* What the commands about chain files share. */
#ifndef CRUX_CLI_CHAIN_FILE_H
#define CRUX_CLI_CHAIN_FILE_H

#include <stdint.h>

#include "chain-adapter/local/local.h"
#include "cli/command.h"

/* Opens the first operand.  Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_chain_open(struct crux_chain *chain, const struct crux_cli_call *call);
/* The same for a chain's URL, local:PATH.  In: url. */
enum crux_cli_exit crux_cli_chain_url(struct crux_chain *chain, const struct crux_cli_call *call,
                                      const char *url);
/* Closes it.  Returns: code, or the failure that `status` is, said with the chain's message. */
enum crux_cli_exit crux_cli_chain_close(struct crux_chain *chain, const struct crux_cli_call *call,
                                        enum crux_status status, enum crux_cli_exit code);
/* Makes a move as somebody.  In: move, without a rest.  Returns: the chain's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_chain_make(struct crux_chain *chain, struct crux_game_outcome *outcome,
                                     const struct crux_account *sender,
                                     const struct crux_move *move);
/* Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_chain_account(struct crux_account *account,
                                          const struct crux_cli_call *call, const char *text);
/* Returns: CRUX_CLI_OK, or a failure that has been said.  In: text, decimal; what, it is called. */
enum crux_cli_exit crux_cli_chain_number(uint64_t *number, const struct crux_cli_call *call,
                                         const char *text, const char *what);

/* In: text, BATCH or BATCH/MEMBER in at most 19 digits each.  Returns: false if it is no claim's. */
bool crux_cli_chain_claim(struct crux_claim_id *id, const char *text);

/* Lower-case hexadecimal and a zero. */
void crux_cli_chain_hex(char *out, const uint8_t *bytes, size_t len);

#endif
