#include "cli/simulate_asked.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

#define PERCENT(NAME, HELP)                                                                        \
    { .name = (NAME), .kind = CRUX_CLI_NUMBER, .value = "PERCENT", .help = (HELP), .most = 100 }
#define SECONDS(NAME, HELP, LEAST)                                                                 \
    {                                                                                              \
        .name = (NAME), .kind = CRUX_CLI_NUMBER, .value = "SECONDS", .help = (HELP),               \
        .least = (LEAST), .most = CRUX_GAME_SECONDS_MAX                                            \
    }

const struct crux_cli_option crux_cli_simulate_options[] = {
    CRUX_CLI_SIMULATE_MODEL_HELP,
    [CRUX_CLI_SIMULATE_SEED] = {.name = "seed",
                                .kind = CRUX_CLI_NUMBER,
                                .value = "N",
                                .help = "of request, fault, players and chain (default 1)",
                                .most = INT64_MAX},
    [CRUX_CLI_SIMULATE_FAULT] =
        {.name = "fault",
         .kind = CRUX_CLI_TEXT,
         .value = "WHAT",
         .help = "none, random, an op such as contract, a label, sampling, token, output, count, "
                 "early, late, leaf, null, close, range, padding, weights, stale; each: a table of "
                 "all of these, each-op: and of every op by its label (default random)"},
    [CRUX_CLI_SIMULATE_PLAYER] =
        {.name = "player",
         .kind = CRUX_CLI_TEXT,
         .value = "WHO",
         .help = "honest, or against a true claim: sham, silent, flood; or an executor: mute, who "
                 "says nothing in disputes, hiding, who shows no claim (default honest)"},
    [CRUX_CLI_SIMULATE_K] = {.name = "k",
                             .kind = CRUX_CLI_NUMBER,
                             .value = "N",
                             .help = "nodes revealed in a round (default 16)",
                             .least = 2,
                             .most = 64},
    [CRUX_CLI_SIMULATE_CLOCK] = SECONDS("clock", "of each side in a dispute (default 43200)", 1),
    [CRUX_CLI_SIMULATE_WINDOW] =
        SECONDS("window", "in which disputes may be opened (default 604800)", 1),
    [CRUX_CLI_SIMULATE_INCLUSION] =
        SECONDS("inclusion", "that the rules grant one move to be included (default 240)", 1),
    [CRUX_CLI_SIMULATE_WITHHOLD] =
        {.name = "withhold",
         .kind = CRUX_CLI_FLAG,
         .help = "the executor serves no trace, so it is narrowed round by round"},
    [CRUX_CLI_SIMULATE_DELAY] =
        SECONDS("delay", "chain: a move is included up to so much later", 0),
    [CRUX_CLI_SIMULATE_DROP] =
        PERCENT("drop", "chain: of sendings are lost, at most 3 in a row of one sender"),
    [CRUX_CLI_SIMULATE_REPEAT] = PERCENT("repeat", "chain: of sendings arrive twice"),
    [CRUX_CLI_SIMULATE_REORDER] =
        PERCENT("reorder", "chain: of sendings wait, and others go first"),
    [CRUX_CLI_SIMULATE_REORG] = {.name = "reorg",
                                 .kind = CRUX_CLI_NUMBER,
                                 .value = "BLOCKS",
                                 .help =
                                     "chain: up to so many blocks of 12 s are replaced, now and "
                                     "then, at most 8 times a game",
                                 .most = CRUX_CLI_REORG_BLOCKS_MAX},
    [CRUX_CLI_SIMULATE_CENSOR] =
        {.name = "censor",
         .kind = CRUX_CLI_TEXT,
         .value = "WHO:SECONDS",
         .help = "chain: takes nothing from executor or challenger for so long in a dispute"},
    [CRUX_CLI_SIMULATE_RUNS] = {.name = "runs",
                                .kind = CRUX_CLI_NUMBER,
                                .value = "N",
                                .help = "simulations, from this seed on: figures over all of them",
                                .least = 1,
                                .most = 1000000},
    [CRUX_CLI_SIMULATE_REPORT] = {.name = "report",
                                  .kind = CRUX_CLI_TEXT,
                                  .value = "F.html",
                                  .help = "write a page with a drawing of the narrowing"},
    [CRUX_CLI_SIMULATE_OUTPUT] = {.name = "output",
                                  .letter = 'o',
                                  .kind = CRUX_CLI_TEXT,
                                  .value = "FILE",
                                  .help =
                                      "keep claim, element and witness, for `crux witness show`"},
    [CRUX_CLI_SIMULATE_OPTIONS] = {.name = NULL},
};

static enum crux_cli_exit take_player(enum crux_cli_player *player,
                                      const struct crux_cli_call *call, bool faulty) {
    static const char *const names[] = {
        [CRUX_CLI_HONEST] = "honest", [CRUX_CLI_SHAM] = "sham", [CRUX_CLI_SILENT] = "silent",
        [CRUX_CLI_FLOOD] = "flood",   [CRUX_CLI_MUTE] = "mute", [CRUX_CLI_HIDING] = "hiding"};
    const struct crux_cli_value *value = &call->option[CRUX_CLI_SIMULATE_PLAYER];
    *player = CRUX_CLI_HONEST;
    if (!value->given) return CRUX_CLI_OK;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        if (strcmp(value->text, names[i]) != 0) continue;
        *player = (enum crux_cli_player)i;
        bool against =
            *player == CRUX_CLI_SHAM || *player == CRUX_CLI_SILENT || *player == CRUX_CLI_FLOOD;
        if (against && faulty)
            return crux_cli_fail(call, CRUX_E_USAGE,
                                 "--player %s disputes a true claim: it goes with --fault none",
                                 names[i]);
        return CRUX_CLI_OK;
    }
    return crux_cli_fail(call, CRUX_E_USAGE,
                         "--player takes honest, sham, silent, flood, mute or hiding, not '%.50s'",
                         value->text);
}

static uint32_t number(const struct crux_cli_call *call, unsigned option, uint32_t otherwise) {
    const struct crux_cli_value *value = &call->option[option];
    return value->given ? (uint32_t)value->number : otherwise;
}

static enum crux_cli_exit take_censor(struct crux_cli_conditions *conditions,
                                      const struct crux_cli_call *call) {
    static const char *const names[] = {
        [CRUX_CLI_EXECUTOR] = "executor:", [CRUX_CLI_CHALLENGER] = "challenger:"};
    const struct crux_cli_value *value = &call->option[CRUX_CLI_SIMULATE_CENSOR];
    if (!value->given) return CRUX_CLI_OK;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        const char *text = value->text + strlen(names[i]);
        char *end;
        if (strncmp(value->text, names[i], strlen(names[i])) != 0) continue;
        unsigned long seconds = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != 0 || seconds > CRUX_GAME_SECONDS_MAX) break;
        conditions->censored = (uint8_t)i;
        conditions->censor_seconds = (uint32_t)seconds;
        return CRUX_CLI_OK;
    }
    return crux_cli_fail(call, CRUX_E_USAGE,
                         "--censor takes executor:SECONDS or challenger:SECONDS, not '%.50s'",
                         value->text);
}

static void take_parameters(struct crux_game_parameters *p, const struct crux_cli_call *call) {
    *p = *crux_cli_play_parameters();
    p->k = number(call, CRUX_CLI_SIMULATE_K, p->k);
    p->window_seconds = number(call, CRUX_CLI_SIMULATE_WINDOW, p->window_seconds);
    p->move_seconds = number(call, CRUX_CLI_SIMULATE_INCLUSION, p->move_seconds);
    if (!call->option[CRUX_CLI_SIMULATE_CLOCK].given) return;
    p->clock_seconds = number(call, CRUX_CLI_SIMULATE_CLOCK, 0);
    p->demand_seconds = p->clock_seconds;
    p->extension_seconds = p->clock_seconds / 12; /* as the default ones are to each other */
}

/* A table and figures over many have their own games, and no one dispute to keep. */
static enum crux_cli_exit check_table(const struct crux_cli_call *call, const char *fault) {
    static const unsigned options[] = {CRUX_CLI_SIMULATE_REPORT, CRUX_CLI_SIMULATE_OUTPUT,
                                       CRUX_CLI_SIMULATE_RUNS, CRUX_CLI_SIMULATE_PLAYER,
                                       CRUX_CLI_SIMULATE_WITHHOLD};
    bool table = strcmp(fault, "each") == 0 || strcmp(fault, "each-op") == 0;
    bool runs = call->option[CRUX_CLI_SIMULATE_RUNS].given;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(options); i++) {
        const char *name = call->command->options[options[i]].name;
        if (!call->option[options[i]].given) continue;
        if (table)
            return crux_cli_fail(call, CRUX_E_USAGE,
                                 "--%s does not go with the table of --fault %s", name, fault);
        if (runs && i < 2)
            return crux_cli_fail(call, CRUX_E_USAGE, "--%s is of one simulation", name);
    }
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_simulate_asked(struct crux_cli_play *play,
                                           const struct crux_cli_call *call, const char *fault) {
    struct crux_cli_conditions *c = &play->conditions;
    take_parameters(&play->parameters, call);
    const struct crux_game_parameters *p = &play->parameters;
    play->withhold = call->option[CRUX_CLI_SIMULATE_WITHHOLD].given;
    c->delay_seconds = number(call, CRUX_CLI_SIMULATE_DELAY, 0);
    c->drop_percent = number(call, CRUX_CLI_SIMULATE_DROP, 0);
    c->repeat_percent = number(call, CRUX_CLI_SIMULATE_REPEAT, 0);
    c->reorder_percent = number(call, CRUX_CLI_SIMULATE_REORDER, 0);
    c->reorg_blocks = number(call, CRUX_CLI_SIMULATE_REORG, 0);
    enum crux_cli_exit code = take_censor(c, call);
    if (code == CRUX_CLI_OK) code = take_player(&play->player, call, strcmp(fault, "none") != 0);
    if (code == CRUX_CLI_OK) code = check_table(call, fault);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_game_parameters_check(p);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status,
                         "no chain takes these parameters: k %u, window %u s, clock %u s and %u s "
                         "more at expand, %u s for a move and %u of them for a side at most: %s",
                         (unsigned)p->k, (unsigned)p->window_seconds, (unsigned)p->clock_seconds,
                         (unsigned)p->extension_seconds, (unsigned)p->move_seconds,
                         (unsigned)crux_game_moves_max(p->k), crux_status_text(status));
}
