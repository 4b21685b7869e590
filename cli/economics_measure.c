#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/economics.h"

void crux_cli_tally_check(struct crux_cli_measured *measured, enum crux_cli_figure figure,
                          double sample, bool holds) {
    struct crux_cli_tally *tally = &measured->tally[figure];
    if (tally->count == 0 || sample < tally->least) tally->least = sample;
    if (tally->count == 0 || sample > tally->most) tally->most = sample;
    tally->sum += sample;
    tally->squares += sample * sample;
    tally->count++;
    tally->off += !holds;
}

void crux_cli_tally_add(struct crux_cli_measured *measured, enum crux_cli_figure figure,
                        double sample) {
    crux_cli_tally_check(measured, figure, sample, true);
}

static void progress(uint64_t done, uint64_t all) {
    enum { WIDTH = 40 };
    char bar[WIDTH + 1];
    if (isatty(STDERR_FILENO) == 0) return;
    uint64_t filled = done * WIDTH / all;
    memset(bar, ' ', WIDTH);
    memset(bar, '=', filled);
    bar[WIDTH] = 0;
    (void)fprintf(stderr, "\r[%s] %llu of %llu games", bar, (unsigned long long)done,
                  (unsigned long long)all);
    if (done == all) (void)fprintf(stderr, "\r%80s\r", "");
}

/* The floods that `delay` and `budget` name, where the tree has a step for each of their disputes. */
static enum crux_status planned(struct crux_cli_measured *measured,
                                const struct crux_cli_economics *what, struct crux_cli_game *game) {
    const struct crux_economics *e = &what->e;
    uint32_t most = crux_cli_flood_most(game->tree);
    uint32_t plans[] = {crux_economics_flood_for(e, what->delay, crux_economics_stall(e, 1)),
                        crux_economics_flood_of(e, what->budget)};
    enum crux_status status = CRUX_OK;
    for (size_t i = 0; status == CRUX_OK && i < CRUX_ARRAY_LEN(plans); i++)
        if (plans[i] > 0 && plans[i] <= most)
            status = crux_cli_economics_flood(measured, what, game, plans[i], true);
    return status;
}

static enum crux_status play(struct crux_cli_measured *measured,
                             const struct crux_cli_economics *what, struct crux_cli_game *game) {
    struct crux_cli_random random = {what->seed};
    uint32_t most = crux_cli_flood_most(game->tree);
    uint32_t behind = what->behind < most ? what->behind : most;
    enum crux_status status = planned(measured, what, game);
    for (uint64_t i = 0; status == CRUX_OK && i < what->games; i++) {
        uint32_t flood = 1 + (uint32_t)crux_cli_random_below(&random, CRUX_CLI_FLOOD_MOST);
        uint32_t before = (uint32_t)crux_cli_random_below(&random, behind + 1);
        status = crux_cli_economics_liars(measured, what, game, &random);
        if (status == CRUX_OK)
            status = crux_cli_economics_flood(measured, what, game, flood, false);
        if (status == CRUX_OK)
            status = crux_cli_economics_behind(measured, what, game, &random, before);
        if (status == CRUX_OK) status = crux_cli_economics_promises(measured, what, game, &random);
        progress(i + 1, what->games);
    }
    return status;
}

/* The mean of the samples and its standard error. A share's error is that of the share by formula, which is known. */
static void finish(struct crux_cli_tally *tally, double expected, bool is_share) {
    double n = (double)tally->count;
    if (tally->count == 0) return;
    tally->measured = tally->sum / n;
    double variance = tally->squares / n - tally->measured * tally->measured;
    if (is_share) variance = expected * (1 - expected);
    if (variance > 0) tally->error = sqrt(variance / n);
}

/* spec/75-economics.md#measured: "B0 at the share of lies that were found" */
static void even_bond(struct crux_cli_measured *measured, const struct crux_economics *e) {
    const struct crux_cli_tally *found = &measured->tally[CRUX_CLI_FOUND];
    struct crux_cli_tally *even = &measured->tally[CRUX_CLI_EVEN_BOND];
    double worth = (double)e->saved + (double)e->prize;
    if (found->sum <= 0) return;
    double lost = 1 - (double)e->copied / CRUX_SHARE_ONE * (double)e->game.reward /
                          (double)e->game.executor_bond;
    even->count = found->count;
    even->measured = (worth / found->measured - (double)e->prize - (double)e->fee) / lost;
    even->error = worth / (found->measured * found->measured) * found->error / lost;
}

enum crux_status crux_cli_economics_measure(struct crux_cli_measured *measured,
                                            const struct crux_cli_economics *what) {
    double expected[CRUX_CLI_FIGURES];
    struct crux_cli_tree *tree = calloc(1, sizeof *tree);
    struct crux_cli_game *game = calloc(1, sizeof *game);
    memset(measured, 0, sizeof *measured);
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    if (tree != NULL && game != NULL) {
        status = crux_cli_tree_init(tree, what->e.layers);
        if (status == CRUX_OK) status = crux_cli_game_init(game, tree, &what->e.game);
        if (status == CRUX_OK) status = play(measured, what, game);
        crux_cli_game_free(game);
        crux_cli_tree_free(tree);
    }
    free(game);
    free(tree);
    if (status != CRUX_OK) return status;
    crux_cli_economics_expect(expected, what);
    for (int i = 0; i < CRUX_CLI_FIGURES; i++)
        finish(&measured->tally[i], expected[i], i <= CRUX_CLI_FOUND_BATCH);
    even_bond(measured, &what->e);
    return CRUX_OK;
}
