/* crux chain init: a new chain file. */
#include <stdio.h>

#include "cli/chain_file.h"
#include "cli/chain_parameters.h"
#include "cli/output.h"

enum {
    OPTION_SCRIPTED,
    OPTION_PARAMETERS,
    OPTION_COUNT = OPTION_PARAMETERS + CRUX_CLI_PARAMETER_OPTIONS
};

const struct crux_cli_option crux_cli_chain_init_options[OPTION_COUNT + 1] = {
    {.name = "scripted", .help = "time passes only by `crux chain advance`, from 0 on"},
    CRUX_CLI_PARAMETER_ROWS,
    {.name = NULL},
};

enum crux_cli_exit crux_cli_run_chain_init(const struct crux_cli_call *call) {
    struct crux_chain_local_new what = {.scripted = call->option[OPTION_SCRIPTED].given};
    struct crux_chain chain;
    struct crux_chain_local_info info;
    char message[CRUX_CHAIN_MESSAGE_BYTES], fault[CRUX_CLI_PARAMETER_MESSAGE_BYTES], hex[65];
    crux_cli_chain_parameters_read(&what.parameters, &call->option[OPTION_PARAMETERS]);
    enum crux_status valid = crux_game_parameters_check(&what.parameters);
    if (valid != CRUX_OK) {
        crux_cli_chain_parameters_fault(fault, &what.parameters);
        return crux_cli_fail(call, valid, "%s", fault);
    }
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
