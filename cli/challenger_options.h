/* What crux challenger is asked for: its table of options, and what they say. */
#ifndef CRUX_CLI_CHALLENGER_OPTIONS_H
#define CRUX_CLI_CHALLENGER_OPTIONS_H

#include "challenger/challenger.h"
#include "cli/command.h"

enum {
    CRUX_CLI_CHALLENGER_MODEL,
    CRUX_CLI_CHALLENGER_CHAIN,
    CRUX_CLI_CHALLENGER_DATA,
    CRUX_CLI_CHALLENGER_MODE,
    CRUX_CLI_CHALLENGER_ACCOUNT,
    CRUX_CLI_CHALLENGER_EXECUTOR,
    CRUX_CLI_CHALLENGER_BEARER,
    CRUX_CLI_CHALLENGER_WATCHED,
    CRUX_CLI_CHALLENGER_ONLY_WATCHED,
    CRUX_CLI_CHALLENGER_SHARE,
    CRUX_CLI_CHALLENGER_LAYERS,
    CRUX_CLI_CHALLENGER_RISK,
    CRUX_CLI_CHALLENGER_DEMAND_FEES,
    CRUX_CLI_CHALLENGER_KEEP,
    CRUX_CLI_CHALLENGER_CHAIN_ID,
    CRUX_CLI_CHALLENGER_HOOK,
    CRUX_CLI_CHALLENGER_WEBHOOK,
    CRUX_CLI_CHALLENGER_METRICS,
    CRUX_CLI_CHALLENGER_POLL,
    CRUX_CLI_CHALLENGER_RETRY,
    CRUX_CLI_CHALLENGER_WAIT,
    CRUX_CLI_CHALLENGER_THREADS,
    CRUX_CLI_CHALLENGER_BACKEND,
    CRUX_CLI_CHALLENGER_ONCE,
    CRUX_CLI_CHALLENGER_CONFIG,
    CRUX_CLI_CHALLENGER_COUNT
};

enum { CRUX_CLI_BEARER_BYTES = 512 };

/* The options of the library, and what they point to. Must not be moved. */
struct crux_cli_challenger_asked {
    struct crux_challenger_options options; /* but for stop and log */
    struct crux_challenger_peer peers[2 * CRUX_CLI_REPEATS_MAX];
    uint8_t chain_id[32];
    char bearer[CRUX_CLI_REPEATS_MAX][CRUX_CLI_BEARER_BYTES];
};

/* Out: asked.  In: call, which outlives it.  Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_challenger_ask(struct crux_cli_challenger_asked *asked,
                                           const struct crux_cli_call *call);

#endif
