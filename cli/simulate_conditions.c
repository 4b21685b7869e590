#include "cli/simulate_conditions.h"

bool crux_cli_conditions_any(const struct crux_cli_conditions *c) {
    return c->delay_seconds != 0 || c->drop_percent != 0 || c->repeat_percent != 0 ||
           c->reorder_percent != 0 || c->reorg_blocks != 0 || c->censor_seconds != 0;
}

/* A player looks once a block, a move waits for a block, and a lost one is sent again. */
static uint64_t inclusion(const struct crux_cli_conditions *c) {
    uint64_t seconds = 2 * CRUX_CLI_BLOCK_SECONDS + (uint64_t)c->delay_seconds;
    if (c->reorder_percent != 0) seconds += CRUX_CLI_REORDER_BLOCKS * CRUX_CLI_BLOCK_SECONDS;
    if (c->drop_percent != 0)
        seconds +=
            (uint64_t)CRUX_CLI_DROPS_IN_A_ROW * (CRUX_CLI_RESEND_SECONDS + CRUX_CLI_BLOCK_SECONDS);
    return seconds;
}

struct crux_cli_cover crux_cli_conditions_cover(const struct crux_cli_conditions *c,
                                                const struct crux_game_parameters *p) {
    struct crux_cli_cover cover = {.inclusion_seconds = inclusion(c),
                                   .moves = crux_game_moves_max(p->k)};
    /* A reorganisation takes back the time of its blocks, and at most a move of this side in each, and one that was under
     * way; each of these is sent again. */
    uint64_t reorgs = 0;
    if (c->reorg_blocks != 0)
        reorgs =
            (uint64_t)CRUX_CLI_REORGS *
            ((uint64_t)c->reorg_blocks * CRUX_CLI_BLOCK_SECONDS +
             (c->reorg_blocks + UINT64_C(1)) * (cover.inclusion_seconds + CRUX_CLI_RESEND_SECONDS));
    uint64_t moves = cover.moves * cover.inclusion_seconds;
    /* spec/70-game.md#parameters: "As the extension is no longer than the clock, the moves before expand fit into the clock
     * alone." They are fewer than half of all, at every k; and the worst may come before expand. */
    uint64_t before = moves / 2 + reorgs + c->censor_seconds,
             all = moves + reorgs + c->censor_seconds;
    uint64_t clock = p->clock_seconds, extended = clock + p->extension_seconds;
    bool early = before > clock;
    cover.needed_seconds = early ? before : all;
    cover.clock_seconds = early ? clock : extended;
    cover.holds = cover.needed_seconds <= cover.clock_seconds;
    return cover;
}
