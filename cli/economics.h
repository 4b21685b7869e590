/* What `crux economics` works out: figures by formula, and the same figures measured in random games.
 *
 *   options ---> struct crux_cli_economics ---> formulas (bisection/economics) ---> expected ---.
 *                                          `--> games (the real rules)         ---> measured ---`--> table, JSON */
#ifndef CRUX_CLI_ECONOMICS_H
#define CRUX_CLI_ECONOMICS_H

#include "cli/economics_game.h"
#include "cli/random.h"

struct crux_cli_call;

struct crux_cli_economics {
    struct crux_economics e;
    uint32_t lying;  /* share of claims that are false, of CRUX_SHARE_ONE */
    uint32_t behind; /* disputes that a flood opens before the honest challenger's, at most */
    uint64_t delay, budget; /* what a flood wants, in seconds; what it has */
    uint64_t games, seed;   /* games: 0, or how many of each kind are played */
};

enum crux_cli_figure {
    /* audits */
    CRUX_CLI_FOUND,
    CRUX_CLI_FOUND_10,
    CRUX_CLI_FOUND_100,
    CRUX_CLI_FOUND_1000,
    CRUX_CLI_FOUND_BATCH,
    CRUX_CLI_AUDIT_COST,
    CRUX_CLI_AUDIT_INCOME,
    CRUX_CLI_AUDIT_EVEN,
    /* bonds */
    CRUX_CLI_GAIN,
    CRUX_CLI_EVEN_BOND,
    CRUX_CLI_LEAST_BOND,
    CRUX_CLI_LEAST_BOND_COPIED,
    CRUX_CLI_BURNED,
    CRUX_CLI_DEFENCE,
    CRUX_CLI_LEAST_CHALLENGER_BOND,
    CRUX_CLI_FEE,
    CRUX_CLI_FEE_AUDITS,
    /* floods */
    CRUX_CLI_STALL,
    CRUX_CLI_STALL_MOST,
    CRUX_CLI_FLOOD_COST,
    CRUX_CLI_FLOOD_DELAY,
    CRUX_CLI_FLOOD_INCOME,
    CRUX_CLI_DELAY_COST,
    CRUX_CLI_BUDGET_DELAY,
    /* the honest side */
    CRUX_CLI_EXECUTOR_OUTLAY,
    CRUX_CLI_BEHIND_BOND,
    CRUX_CLI_BEHIND_TIME,
    CRUX_CLI_CHALLENGER_OUTLAY,
    CRUX_CLI_CHALLENGER_REPAID,
    CRUX_CLI_CHALLENGER_NET,
    /* promises */
    CRUX_CLI_PROMISE_GAIN,
    CRUX_CLI_PROMISE_CALLED,
    CRUX_CLI_PROMISES_COST,
    CRUX_CLI_PROMISES_BURNED,
    CRUX_CLI_CONVICTION,
    CRUX_CLI_CALL_NET,
    CRUX_CLI_CALL_EVEN,
    CRUX_CLI_KEEP_NET,
    CRUX_CLI_FIGURES
};

enum crux_cli_measure {
    CRUX_CLI_UNMEASURED,
    CRUX_CLI_MEAN,    /* an average over games */
    CRUX_CLI_EACH,    /* the same, and no single game is off the formula */
    CRUX_CLI_AT_MOST, /* a bound that no game exceeds */
    CRUX_CLI_AT_LEAST /* one that no game falls short of */
};

struct crux_cli_figure_text {
    const char *key, *text, *unit;
    enum crux_cli_measure measure;
};
extern const struct crux_cli_figure_text crux_cli_figures[CRUX_CLI_FIGURES];

/* Samples of one figure. */
struct crux_cli_tally {
    double sum, squares;
    double least, most;
    uint64_t count, off;    /* off: games in which a formula or bound did not hold */
    double measured, error; /* once the games are played: the figure, and its standard error */
};

struct crux_cli_measured {
    struct crux_cli_tally tally[CRUX_CLI_FIGURES];
    uint64_t lies, found; /* in all */
    uint32_t grouped[3];  /* of the last 10, 100, 1000 lies: so many, and was one of them found? */
    bool group_found[3];
};

enum { CRUX_CLI_FLOOD_MOST = 24 /* disputes of a random flood */ };

/* Disputes of one claim of this tree, each at a step of its own, and one more. */
uint32_t crux_cli_flood_most(const struct crux_cli_tree *tree);

/* Out: expected, by formula; NAN where there is no such figure. */
void crux_cli_economics_expect(double expected[CRUX_CLI_FIGURES],
                               const struct crux_cli_economics *what);
/* Plays what->games games of each kind.  Returns: CRUX_E_OUT_OF_MEMORY; CRUX_E_INTERNAL if an honest side lost. */
CRUX_MUST_CHECK
enum crux_status crux_cli_economics_measure(struct crux_cli_measured *measured,
                                            const struct crux_cli_economics *what);
/* One game of each kind, into the tallies. */
CRUX_MUST_CHECK
enum crux_status crux_cli_economics_liars(struct crux_cli_measured *measured,
                                          const struct crux_cli_economics *what,
                                          struct crux_cli_game *game,
                                          struct crux_cli_random *random);
CRUX_MUST_CHECK
enum crux_status crux_cli_economics_flood(struct crux_cli_measured *measured,
                                          const struct crux_cli_economics *what,
                                          struct crux_cli_game *game, uint32_t disputes,
                                          bool planned);
CRUX_MUST_CHECK
enum crux_status crux_cli_economics_behind(struct crux_cli_measured *measured,
                                           const struct crux_cli_economics *what,
                                           struct crux_cli_game *game,
                                           struct crux_cli_random *random, uint32_t disputes);

CRUX_MUST_CHECK
enum crux_status crux_cli_economics_promises(struct crux_cli_measured *measured,
                                             const struct crux_cli_economics *what,
                                             struct crux_cli_game *game,
                                             struct crux_cli_random *random);

void crux_cli_tally_add(struct crux_cli_measured *measured, enum crux_cli_figure figure,
                        double sample);
/* The same, and counts it as off unless `holds`. */
void crux_cli_tally_check(struct crux_cli_measured *measured, enum crux_cli_figure figure,
                          double sample, bool holds);

/* Returns: a failure if what was measured is beyond sampling error.  In: measured, or NULL. */
int crux_cli_economics_say(const struct crux_cli_call *call, const struct crux_cli_economics *what,
                           const double expected[CRUX_CLI_FIGURES],
                           const struct crux_cli_measured *measured);

#endif
