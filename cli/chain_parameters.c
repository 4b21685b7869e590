#include "cli/chain_parameters.h"

#include <inttypes.h>
#include <stdio.h>

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

/* A part is at most half of a whole: spec/70-game.md#parameters. */
struct half {
    const char *part, *whole;
    uint64_t part_value, whole_value;
};

void crux_cli_chain_parameters_fault(char message[CRUX_CLI_PARAMETER_MESSAGE_BYTES],
                                     const struct crux_game_parameters *parameters) {
    const struct crux_game_parameters *p = parameters;
    const struct half halves[] = {
        {"reward", "bond", p->reward, p->executor_bond},
        {"defence-cost", "challenger-bond", p->defence_cost, p->challenger_bond},
        {"receipt-reward", "receipt-penalty", p->receipt_reward, p->receipt_penalty}};
    uint64_t least = (uint64_t)p->move_seconds + p->demand_seconds + p->clock_seconds;
    uint64_t moves = crux_game_moves_max(p->k);
    const size_t size = CRUX_CLI_PARAMETER_MESSAGE_BYTES;
    for (unsigned i = 0; i < sizeof halves / sizeof *halves; i++) {
        if (halves[i].part_value <= halves[i].whole_value / 2) continue;
        (void)snprintf(message, size, "--%s %" PRIu64 " is more than half of --%s %" PRIu64,
                       halves[i].part, halves[i].part_value, halves[i].whole,
                       halves[i].whole_value);
        return;
    }
    if (p->executor_bond == 0 || p->challenger_bond == 0) {
        (void)snprintf(message, size, "--%s is 0: then nobody loses anything by it",
                       p->executor_bond == 0 ? "bond" : "challenger-bond");
    } else if (p->window_seconds == 0 || p->clock_seconds == 0 || p->demand_seconds == 0 ||
               p->move_seconds == 0) {
        (void)snprintf(message, size, "--window, --clock, --demand and --inclusion are 1 at least");
    } else if (p->extension_seconds > p->clock_seconds) {
        (void)snprintf(message, size, "--extension %" PRIu32 " is longer than --clock %" PRIu32,
                       p->extension_seconds, p->clock_seconds);
    } else if (least > p->window_seconds) {
        (void)snprintf(message, size,
                       "--window %" PRIu32 " does not hold --inclusion %" PRIu32
                       ", --demand %" PRIu32 " and --clock %" PRIu32 ", which take %" PRIu64,
                       p->window_seconds, p->move_seconds, p->demand_seconds, p->clock_seconds,
                       least);
    } else {
        (void)snprintf(message, size,
                       "--clock %" PRIu32 " and --extension %" PRIu32 " do not hold the %" PRIu64
                       " moves of the deepest dispute at --k %" PRIu32
                       ", each of --inclusion %" PRIu32 ": %" PRIu64,
                       p->clock_seconds, p->extension_seconds, moves, p->k, p->move_seconds,
                       moves * p->move_seconds);
    }
}
