/* crux economics: what cheating, auditing and flooding cost, by formula and in random games. */
#include "cli/economics.h"

#include <stdio.h>
#include <string.h>

#include "chain-adapter/local/local.h"
#include "cli/chain_file.h"
#include "cli/chain_parameters.h"
#include "cli/share.h"
#include "cli/output.h"

enum {
    OPTION_CHAIN,
    OPTION_EXECUTOR_BOND,
    OPTION_REWARD,
    OPTION_CHALLENGER_BOND,
    OPTION_DEFENCE_COST,
    OPTION_DEMAND_FEE,
    OPTION_RECEIPT_PENALTY,
    OPTION_RECEIPT_REWARD,
    OPTION_WINDOW,
    OPTION_CLOCK,
    OPTION_EXTENSION,
    OPTION_K,
    OPTION_RUNNING,
    OPTION_LAYERS,
    OPTION_SAMPLED,
    OPTION_AUDITED,
    OPTION_COPIED,
    OPTION_LYING,
    OPTION_PLEDGE,
    OPTION_CALLED,
    OPTION_EXECUTION,
    OPTION_AUDIT,
    OPTION_SAVED,
    OPTION_PRIZE,
    OPTION_FEE,
    OPTION_MOVE_GAS,
    OPTION_PROOF_GAS,
    OPTION_GAS_PRICE,
    OPTION_RESPONSE,
    OPTION_BATCH,
    OPTION_INTEREST,
    OPTION_DELAY,
    OPTION_BUDGET,
    OPTION_BEHIND,
    OPTION_SIMULATE,
    OPTION_SEED,
    OPTION_COUNT
};

enum { GAS_OF_PRICE = 1000000, BEHIND_PLAYED = 40, GAMES_LEAST = 100 };

#define UNITS_MOST (UINT64_C(1) << 40)
/* clang-format off */
#define UNITS(NAME, HELP)   {.name = NAME, .kind = CRUX_CLI_NUMBER, .value = "UNITS", .help = HELP, .most = UNITS_MOST}
#define SECONDS(NAME, HELP) {.name = NAME, .kind = CRUX_CLI_NUMBER, .value = "SECONDS", .help = HELP, .most = CRUX_GAME_SECONDS_MAX}
#define SHARE(NAME, HELP)   {.name = NAME, .kind = CRUX_CLI_TEXT, .value = "SHARE", .help = HELP}
#define NUMBER(NAME, LEAST, MOST, HELP) {.name = NAME, .kind = CRUX_CLI_NUMBER, .value = "N", .help = HELP, .least = LEAST, .most = MOST}

const struct crux_cli_option crux_cli_economics_options[] = {
    [OPTION_CHAIN] = {.name = "chain", .kind = CRUX_CLI_TEXT, .value = "FILE", .help = "take the game's parameters from this chain (default: those of `crux chain init`)"},
    [OPTION_EXECUTOR_BOND] = UNITS("executor-bond", "of each claim"),
    [OPTION_REWARD] = UNITS("reward", "of that, to who fells the claim; the rest is burned"),
    [OPTION_CHALLENGER_BOND] = UNITS("challenger-bond", "of a dispute that runs at once"),
    [OPTION_DEFENCE_COST] = UNITS("defence-cost", "of that, to the executor when it is lost"),
    [OPTION_DEMAND_FEE] = UNITS("demand-fee", "of a demand, and of the call of a promise"),
    [OPTION_RECEIPT_PENALTY] = UNITS("receipt-penalty", "of a broken promise"),
    [OPTION_RECEIPT_REWARD] = UNITS("receipt-reward", "of that, to who called it"),
    [OPTION_WINDOW] = SECONDS("window", "for disputes, from the post on"),
    [OPTION_CLOCK] = SECONDS("clock", "of each side in a dispute"),
    [OPTION_EXTENSION] = SECONDS("extension", "of each clock, once"),
    [OPTION_K] = NUMBER("k", 2, CRUX_GAME_K_MAX, "nodes in a reveal at most"),
    [OPTION_RUNNING] = NUMBER("running", 1, CRUX_GAME_RUNNING_MAX, "disputes of a claim that run at once"),
    [OPTION_LAYERS] = NUMBER("layers", 1, CRUX_LAYERS_MAX, "of the model (default 31)"),
    [OPTION_SAMPLED] = NUMBER("sampled", 1, CRUX_LAYERS_MAX, "layers that an audit recomputes (default: all)"),
    [OPTION_AUDITED] = SHARE("audited", "share of claims that are audited (default 0.05)"),
    [OPTION_COPIED] = SHARE("copied", "share of found lies whose reward the liar's second name takes (default 0)"),
    [OPTION_LYING] = SHARE("lying", "share of claims that are false (default 0.5)"),
    [OPTION_PLEDGE] = UNITS("pledge", "of an executor for its receipts (default 1000000)"),
    [OPTION_CALLED] = SHARE("called", "share of broken promises that somebody calls (default 0.5)"),
    [OPTION_EXECUTION] = UNITS("execution-cost", "of computing a claim (default 1000)"),
    [OPTION_AUDIT] = UNITS("audit-cost", "of recomputing all its layers (default: as much)"),
    [OPTION_SAVED] = UNITS("saved", "by a lie, found or not (default: the execution cost)"),
    [OPTION_PRIZE] = UNITS("prize", "of a lie that stands, beyond that (default 0)"),
    [OPTION_FEE] = UNITS("fee", "of a claim, once it is final (default 2500)"),
    [OPTION_MOVE_GAS] = UNITS("move-gas", "of a move (default 80000)"),
    [OPTION_PROOF_GAS] = UNITS("proof-gas", "of a move with a witness (default 400000)"),
    [OPTION_GAS_PRICE] = UNITS("gas-price", "units for a million gas (default 3000)"),
    [OPTION_RESPONSE] = SECONDS("response", "until an honest side's move is on the chain (default 60)"),
    [OPTION_BATCH] = NUMBER("batch", 1, CRUX_GAME_BATCH_MAX, "claims settled together (default 16)"),
    [OPTION_INTEREST] = SHARE("interest", "on locked value, a year (default 0.05)"),
    [OPTION_DELAY] = {.name = "delay", .kind = CRUX_CLI_NUMBER, .value = "SECONDS", .help = "that a flood wants (default 86400)", .least = 1, .most = UNITS_MOST},
    [OPTION_BUDGET] = UNITS("budget", "of a flood (default 1000000)"),
    [OPTION_BEHIND] = NUMBER("behind", 0, 1000000, "disputes that stand before an honest one (default 24)"),
    [OPTION_SIMULATE] = NUMBER("simulate", GAMES_LEAST, 10000000, "play so many random games of each kind, and compare"),
    [OPTION_SEED] = NUMBER("seed", 0, INT64_MAX, "of those games (default 1)"),
    [OPTION_COUNT] = {.name = NULL},
};
/* clang-format on */

static enum crux_cli_exit take_share(uint32_t *share, const struct crux_cli_call *call,
                                     int option) {
    const struct crux_cli_value *value = &call->option[option];
    if (!value->given || crux_cli_share_read(share, value->text)) return CRUX_CLI_OK;
    return crux_cli_fail(call, CRUX_E_USAGE,
                         "--%s takes a share from 0 to 1, such as 0.05, not '%.50s'",
                         crux_cli_economics_options[option].name, value->text);
}

static void take_u32(uint32_t *number, const struct crux_cli_call *call, int option) {
    if (call->option[option].given) *number = (uint32_t)call->option[option].number;
}

static void take_u64(uint64_t *number, const struct crux_cli_call *call, int option) {
    if (call->option[option].given) *number = call->option[option].number;
}

static enum crux_status read_parameters(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_game_chain chain;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    if (status == CRUX_OK) *(struct crux_game_parameters *)ctx = chain.parameters;
    return status;
}

static enum crux_cli_exit take_game(struct crux_game_parameters *game,
                                    const struct crux_cli_call *call) {
    struct crux_chain chain;
    const char *path = call->option[OPTION_CHAIN].text;
    *game = *crux_cli_chain_parameters();
    if (call->option[OPTION_CHAIN].given) {
        enum crux_status status = crux_chain_local_open(&chain, path, NULL);
        if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", chain.message);
        status = chain.ops->look(&chain, read_parameters, game);
        enum crux_cli_exit code = crux_cli_chain_close(&chain, call, status, CRUX_CLI_OK);
        if (code != CRUX_CLI_OK) return code;
    }
    take_u64(&game->executor_bond, call, OPTION_EXECUTOR_BOND);
    take_u64(&game->reward, call, OPTION_REWARD);
    take_u64(&game->challenger_bond, call, OPTION_CHALLENGER_BOND);
    take_u64(&game->defence_cost, call, OPTION_DEFENCE_COST);
    take_u64(&game->demand_fee, call, OPTION_DEMAND_FEE);
    take_u64(&game->receipt_penalty, call, OPTION_RECEIPT_PENALTY);
    take_u64(&game->receipt_reward, call, OPTION_RECEIPT_REWARD);
    take_u32(&game->window_seconds, call, OPTION_WINDOW);
    take_u32(&game->clock_seconds, call, OPTION_CLOCK);
    take_u32(&game->extension_seconds, call, OPTION_EXTENSION);
    take_u32(&game->k, call, OPTION_K);
    take_u32(&game->running_max, call, OPTION_RUNNING);
    return CRUX_CLI_OK;
}

/* Rounded up: at most 2^40 * 2^40 / 10^6. */
static uint64_t cost_of_gas(uint64_t gas, uint64_t price) {
    return (uint64_t)(((crux_u128)gas * price + GAS_OF_PRICE - 1) / GAS_OF_PRICE);
}

static void take_costs(struct crux_economics *e, const struct crux_cli_call *call) {
    uint64_t move_gas = 80000, proof_gas = 400000, price = 3000;
    e->execution = 1000;
    e->fee = 2500;
    e->pledge = 1000000;
    take_u64(&e->pledge, call, OPTION_PLEDGE);
    take_u64(&e->execution, call, OPTION_EXECUTION);
    e->audit = e->saved = e->execution;
    take_u64(&e->audit, call, OPTION_AUDIT);
    take_u64(&e->saved, call, OPTION_SAVED);
    take_u64(&e->prize, call, OPTION_PRIZE);
    take_u64(&e->fee, call, OPTION_FEE);
    take_u64(&move_gas, call, OPTION_MOVE_GAS);
    take_u64(&proof_gas, call, OPTION_PROOF_GAS);
    take_u64(&price, call, OPTION_GAS_PRICE);
    e->move = cost_of_gas(move_gas, price);
    e->proof = cost_of_gas(proof_gas, price);
    e->response = e->game.move_seconds < 60 ? e->game.move_seconds : 60;
    e->batch = 16;
    e->layers = 31;
    take_u32(&e->response, call, OPTION_RESPONSE);
    take_u32(&e->batch, call, OPTION_BATCH);
    take_u32(&e->layers, call, OPTION_LAYERS);
    e->sampled = e->layers;
    take_u32(&e->sampled, call, OPTION_SAMPLED);
}

static enum crux_cli_exit take_shares(struct crux_cli_economics *what,
                                      const struct crux_cli_call *call) {
    what->e.audited = what->e.interest = CRUX_SHARE_ONE / 20;
    what->lying = what->e.called = CRUX_SHARE_ONE / 2;
    enum crux_cli_exit code = take_share(&what->e.audited, call, OPTION_AUDITED);
    if (code == CRUX_CLI_OK) code = take_share(&what->e.copied, call, OPTION_COPIED);
    if (code == CRUX_CLI_OK) code = take_share(&what->e.interest, call, OPTION_INTEREST);
    if (code == CRUX_CLI_OK) code = take_share(&what->e.called, call, OPTION_CALLED);
    return code == CRUX_CLI_OK ? take_share(&what->lying, call, OPTION_LYING) : code;
}

static enum crux_cli_exit take(struct crux_cli_economics *what, const struct crux_cli_call *call) {
    memset(what, 0, sizeof *what);
    what->delay = 86400;
    what->budget = 1000000;
    what->behind = 24;
    what->seed = 1;
    enum crux_cli_exit code = take_game(&what->e.game, call);
    if (code != CRUX_CLI_OK) return code;
    take_costs(&what->e, call);
    take_u64(&what->delay, call, OPTION_DELAY);
    take_u64(&what->budget, call, OPTION_BUDGET);
    take_u32(&what->behind, call, OPTION_BEHIND);
    take_u64(&what->games, call, OPTION_SIMULATE);
    take_u64(&what->seed, call, OPTION_SEED);
    code = take_shares(what, call);
    if (code != CRUX_CLI_OK) return code;
    const char *trouble = crux_economics_trouble(&what->e);
    if (trouble != NULL) return crux_cli_fail(call, CRUX_E_USAGE, "%s", trouble);
    if (what->games == 0) return CRUX_CLI_OK;
    if (what->e.layers < 2 || what->e.layers > CRUX_CLI_TREE_LAYERS_MAX ||
        what->e.batch > CRUX_CLI_GAME_CLAIMS_MAX || what->behind > BEHIND_PLAYED)
        return crux_cli_fail(
            call, CRUX_E_USAGE,
            "--simulate plays models of 2 to %d layers, batches of at most %d claims, and at most "
            "%d disputes before an honest one",
            CRUX_CLI_TREE_LAYERS_MAX, CRUX_CLI_GAME_CLAIMS_MAX, BEHIND_PLAYED);
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_economics(const struct crux_cli_call *call) {
    static struct crux_cli_measured measured;
    struct crux_cli_economics what;
    double expected[CRUX_CLI_FIGURES];
    enum crux_cli_exit code = take(&what, call);
    if (code != CRUX_CLI_OK) return code;
    crux_cli_economics_expect(expected, &what);
    if (what.games > 0) {
        enum crux_status status = crux_cli_economics_measure(&measured, &what);
        if (status != CRUX_OK)
            return crux_cli_fail(call, status, "a game did not end as it should: %s",
                                 crux_status_text(status));
    }
    return (enum crux_cli_exit)crux_cli_economics_say(call, &what, expected,
                                                      what.games > 0 ? &measured : NULL);
}
