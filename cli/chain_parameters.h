/* The parameters of a chain as options of a command.   spec/70-game.md#parameters */
#ifndef CRUX_CLI_CHAIN_PARAMETERS_H
#define CRUX_CLI_CHAIN_PARAMETERS_H

#include "bisection/bisection.h"
#include "cli/options.h"

enum { CRUX_CLI_PARAMETER_OPTIONS = 15, CRUX_CLI_PARAMETER_MESSAGE_BYTES = 256 };

/* Those of a chain whose maker says nothing else. */
const struct crux_game_parameters *crux_cli_chain_parameters(void);

/* Rows of a table of options; a macro, for tables are constant. */
#define CRUX_CLI_PARAMETER_SECONDS(flag, text)                                                     \
    {                                                                                              \
        .name = flag, .kind = CRUX_CLI_NUMBER, .value = "SECONDS", .help = text, .least = 0,       \
        .most = CRUX_GAME_SECONDS_MAX                                                              \
    }
#define CRUX_CLI_PARAMETER_AMOUNT(flag, text)                                                      \
    {                                                                                              \
        .name = flag, .kind = CRUX_CLI_NUMBER, .value = "AMOUNT", .help = text, .least = 0,        \
        .most = CRUX_GAME_AMOUNT_MAX                                                               \
    }
#define CRUX_CLI_PARAMETER_COUNT(flag, text, least_count, most_count)                              \
    {                                                                                              \
        .name = flag, .kind = CRUX_CLI_NUMBER, .value = "N", .help = text, .least = least_count,   \
        .most = most_count                                                                         \
    }

/* In the order of crux_cli_chain_parameters_read. */
#define CRUX_CLI_PARAMETER_ROWS                                                                    \
    CRUX_CLI_PARAMETER_COUNT("k", "nodes in a reveal at most (default 16)", 2, CRUX_GAME_K_MAX),   \
        CRUX_CLI_PARAMETER_COUNT("running", "disputes of a claim that run at once (default 4)", 1, \
                                 CRUX_GAME_RUNNING_MAX),                                           \
        CRUX_CLI_PARAMETER_SECONDS("window",                                                       \
                                   "disputes may be opened so long after a post (default 86400)"), \
        CRUX_CLI_PARAMETER_SECONDS(                                                                \
            "clock", "of each side in a dispute, for all its moves (default 14400)"),              \
        CRUX_CLI_PARAMETER_SECONDS("extension",                                                    \
                                   "given once to each side, at expand (default 3600)"),           \
        CRUX_CLI_PARAMETER_SECONDS("demand", "to publish what is demanded (default 3600)"),        \
        CRUX_CLI_PARAMETER_SECONDS("inclusion",                                                    \
                                   "what one move may take to be included (default 300)"),         \
        CRUX_CLI_PARAMETER_SECONDS(                                                                \
            "leave", "from its announcement on until a pledge is free (default 604800)"),          \
        CRUX_CLI_PARAMETER_AMOUNT("bond", "least bond of one claim (default 1000000)"),            \
        CRUX_CLI_PARAMETER_AMOUNT("reward",                                                        \
                                  "to the challenger who fells a claim (default 400000)"),         \
        CRUX_CLI_PARAMETER_AMOUNT("challenger-bond",                                               \
                                  "of a dispute that runs at once (default 20000)"),               \
        CRUX_CLI_PARAMETER_AMOUNT("defence-cost",                                                  \
                                  "to the executor, of a lost challenger's bond (default 8000)"),  \
        CRUX_CLI_PARAMETER_AMOUNT("demand-fee", "what a demand costs (default 100)"),              \
        CRUX_CLI_PARAMETER_AMOUNT("receipt-penalty",                                               \
                                  "what a broken receipt costs (default 200000)"),                 \
        CRUX_CLI_PARAMETER_AMOUNT("receipt-reward", "of that, to who called it (default 80000)")

/* In: value, those of CRUX_CLI_PARAMETER_ROWS.  Out: parameters: the defaults, and what was given. */
void crux_cli_chain_parameters_read(struct crux_game_parameters *parameters,
                                    const struct crux_cli_value value[CRUX_CLI_PARAMETER_OPTIONS]);

/* Out: message, which rule they break, with the numbers.  In: parameters that crux_game_parameters_check refuses. */
void crux_cli_chain_parameters_fault(char message[CRUX_CLI_PARAMETER_MESSAGE_BYTES],
                                     const struct crux_game_parameters *parameters);

#endif
