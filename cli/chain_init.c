/* crux chain init: a new chain file. */
#include <stdio.h>

#include "cli/chain_file.h"
#include "cli/output.h"

enum { OPTION_SCRIPTED, OPTION_K, OPTION_WINDOW, OPTION_CLOCK, OPTION_COUNT };

/* Moves may take five minutes; the deepest dispute at k = 16 has 28 on each side. */
static const struct crux_game_parameters defaults = {
    .executor_bond = 1000000,
    .reward = 400000,
    .challenger_bond = 20000,
    .defence_cost = 8000,
    .demand_fee = 100,
    .receipt_penalty = 200000,
    .receipt_reward = 80000,
    .window_seconds = 86400,
    .clock_seconds = 14400,
    .extension_seconds = 3600,
    .demand_seconds = 3600,
    .move_seconds = 300,
    .k = 16,
    .running_max = 4,
    .leave_seconds = 604800,
};

const struct crux_game_parameters *crux_cli_chain_parameters(void) {
    return &defaults;
}

const struct crux_cli_option crux_cli_chain_init_options[] = {
    [OPTION_SCRIPTED] = {.name = "scripted",
                         .help = "time passes only by `crux chain advance`, from 0 on"},
    [OPTION_K] = {.name = "k",
                  .kind = CRUX_CLI_NUMBER,
                  .value = "N",
                  .help = "nodes in a reveal at most (default 16)",
                  .least = 2,
                  .most = CRUX_GAME_K_MAX},
    [OPTION_WINDOW] = {.name = "window",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "SECONDS",
                       .help = "disputes may be opened so long after a post (default 86400)",
                       .least = 1,
                       .most = CRUX_GAME_SECONDS_MAX},
    [OPTION_CLOCK] = {.name = "clock",
                      .kind = CRUX_CLI_NUMBER,
                      .value = "SECONDS",
                      .help = "of each side in a dispute, for all its moves (default 14400)",
                      .least = 1,
                      .most = CRUX_GAME_SECONDS_MAX},
    [OPTION_COUNT] = {.name = NULL},
};

enum crux_cli_exit crux_cli_run_chain_init(const struct crux_cli_call *call) {
    struct crux_chain_local_new what = {.parameters = defaults,
                                        .scripted = call->option[OPTION_SCRIPTED].given};
    struct crux_chain chain;
    struct crux_chain_local_info info;
    char message[CRUX_CHAIN_MESSAGE_BYTES], hex[65];
    if (call->option[OPTION_K].given) what.parameters.k = (uint32_t)call->option[OPTION_K].number;
    if (call->option[OPTION_WINDOW].given)
        what.parameters.window_seconds = (uint32_t)call->option[OPTION_WINDOW].number;
    if (call->option[OPTION_CLOCK].given)
        what.parameters.clock_seconds = (uint32_t)call->option[OPTION_CLOCK].number;
    enum crux_status status = crux_chain_local_create(message, call->operand[0], &what);
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "%s",
                             message[0] != 0 ? message : crux_status_text(status));
    enum crux_cli_exit code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    status = crux_chain_local_info(&chain, &info);
    crux_cli_chain_hex(hex, info.chain_id, 32);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:o, s:s, s:b}", "file",
                                               crux_cli_json_text(call->operand[0]), "chain_id",
                                               hex, "scripted", (int)info.scripted));
    else if (status == CRUX_OK)
        (void)printf("%s\n  chain %s\n  clock %s\n", call->operand[0], hex,
                     info.scripted ? "scripted, at 0" : "real");
    return crux_cli_chain_close(&chain, call, status, code);
}
