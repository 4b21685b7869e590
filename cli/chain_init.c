/* crux chain init: a new chain file. */
#include <stdio.h>

#include "cli/chain_file.h"
#include "cli/chain_parameters.h"
#include "cli/output.h"

enum {
    PARAMETERS = 15,
    OPTION_SCRIPTED = 0,
    OPTION_PARAMETERS,
    OPTION_COUNT = OPTION_PARAMETERS + PARAMETERS
};

#define SECONDS_OPTION(flag, text)                                                                 \
    {                                                                                              \
        .name = flag, .kind = CRUX_CLI_NUMBER, .value = "SECONDS", .help = text, .least = 0,       \
        .most = CRUX_GAME_SECONDS_MAX                                                              \
    }
#define AMOUNT_OPTION(flag, text)                                                                  \
    {                                                                                              \
        .name = flag, .kind = CRUX_CLI_NUMBER, .value = "AMOUNT", .help = text, .least = 0,        \
        .most = CRUX_GAME_AMOUNT_MAX                                                               \
    }
#define COUNT_OPTION(flag, text, least_count, most_count)                                          \
    {                                                                                              \
        .name = flag, .kind = CRUX_CLI_NUMBER, .value = "N", .help = text, .least = least_count,   \
        .most = most_count                                                                         \
    }

const struct crux_cli_option crux_cli_chain_init_options[OPTION_COUNT + 1] = {
    {.name = "scripted", .help = "time passes only by `crux chain advance`, from 0 on"},
    /* in the order of read_parameters */
    COUNT_OPTION("k", "nodes in a reveal at most (default 16)", 2, CRUX_GAME_K_MAX),
    COUNT_OPTION("running", "disputes of a claim that run at once (default 4)", 1,
                 CRUX_GAME_RUNNING_MAX),
    SECONDS_OPTION("window", "disputes may be opened so long after a post (default 86400)"),
    SECONDS_OPTION("clock", "of each side in a dispute, for all its moves (default 14400)"),
    SECONDS_OPTION("extension", "given once to each side, at expand (default 3600)"),
    SECONDS_OPTION("demand", "to publish what is demanded (default 3600)"),
    SECONDS_OPTION("inclusion", "what one move may take to be included (default 300)"),
    SECONDS_OPTION("leave", "from its announcement on until a pledge is free (default 604800)"),
    AMOUNT_OPTION("bond", "least bond of one claim (default 1000000)"),
    AMOUNT_OPTION("reward", "to the challenger who fells a claim (default 400000)"),
    AMOUNT_OPTION("challenger-bond", "of a dispute that runs at once (default 20000)"),
    AMOUNT_OPTION("defence-cost", "to the executor, of a lost challenger's bond (default 8000)"),
    AMOUNT_OPTION("demand-fee", "what a demand costs (default 100)"),
    AMOUNT_OPTION("receipt-penalty", "what a broken receipt costs (default 200000)"),
    AMOUNT_OPTION("receipt-reward", "of that, to who called it (default 80000)"),
    {.name = NULL},
};

/* Out: parameters: the defaults, and what was given. */
static void read_parameters(struct crux_game_parameters *parameters,
                            const struct crux_cli_value value[PARAMETERS]) {
    struct crux_game_parameters *p = parameters;
    *p = *crux_cli_chain_parameters();
    uint32_t *numbers[] = {&p->k,
                           &p->running_max,
                           &p->window_seconds,
                           &p->clock_seconds,
                           &p->extension_seconds,
                           &p->demand_seconds,
                           &p->move_seconds,
                           &p->leave_seconds};
    uint64_t *amounts[] = {&p->executor_bond, &p->reward,     &p->challenger_bond,
                           &p->defence_cost,  &p->demand_fee, &p->receipt_penalty,
                           &p->receipt_reward};
    enum { NUMBERS = sizeof numbers / sizeof *numbers, AMOUNTS = sizeof amounts / sizeof *amounts };
    _Static_assert((int)NUMBERS + (int)AMOUNTS == PARAMETERS, "one a row");
    for (unsigned i = 0; i < NUMBERS; i++) {
        if (value[i].given) *numbers[i] = (uint32_t)value[i].number;
    }
    for (unsigned i = 0; i < AMOUNTS; i++) {
        if (value[NUMBERS + i].given) *amounts[i] = value[NUMBERS + i].number;
    }
}

enum crux_cli_exit crux_cli_run_chain_init(const struct crux_cli_call *call) {
    struct crux_chain_local_new what = {.scripted = call->option[OPTION_SCRIPTED].given};
    struct crux_chain chain;
    struct crux_chain_local_info info;
    char message[CRUX_CHAIN_MESSAGE_BYTES], fault[CRUX_CLI_PARAMETER_MESSAGE_BYTES], hex[65];
    read_parameters(&what.parameters, &call->option[OPTION_PARAMETERS]);
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
