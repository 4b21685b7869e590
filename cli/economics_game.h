/* A game in memory that `crux economics` measures in: the real rules, accounts by number, a scripted clock.
 *
 *   account 0 the executor   1 its second name   2 an honest challenger   3 a flood   4 .. requesters */
#ifndef CRUX_CLI_ECONOMICS_GAME_H
#define CRUX_CLI_ECONOMICS_GAME_H

#include "cli/economics_tree.h"

enum {
    CRUX_CLI_GAME_EXECUTOR = 0,
    CRUX_CLI_GAME_SECOND = 1,
    CRUX_CLI_GAME_CHALLENGER = 2,
    CRUX_CLI_GAME_FLOOD = 3,
    CRUX_CLI_GAME_REQUESTER = 4, /* of the first claim; the others' follow */
    CRUX_CLI_GAME_CLAIMS_MAX = 64,
    CRUX_CLI_GAME_ACCOUNTS = CRUX_CLI_GAME_REQUESTER + CRUX_CLI_GAME_CLAIMS_MAX
};

/* Must not be moved. */
struct crux_cli_game {
    struct crux_game game;
    const struct crux_cli_tree *tree;
    struct crux_game_parameters parameters;
    uint64_t now;
    uint64_t batch;
    uint64_t moves[CRUX_CLI_GAME_ACCOUNTS], proofs[CRUX_CLI_GAME_ACCOUNTS]; /* made in this game */
    const struct crux_cli_tree_run *claim[CRUX_CLI_GAME_CLAIMS_MAX];        /* by member */
    uint8_t *memory, *bytes;
    uint8_t scratch[CRUX_WITNESS_BYTES_MAX];
    struct crux_solver_move step;
};

/* Out: game, to be freed with crux_cli_game_free, on failure too. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_init(struct crux_cli_game *game, const struct crux_cli_tree *tree,
                                    const struct crux_game_parameters *parameters);
void crux_cli_game_free(struct crux_cli_game *game);

/* An empty chain again, at time 0. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_begin(struct crux_cli_game *game);
CRUX_MUST_CHECK
enum crux_status crux_cli_game_deposit(struct crux_cli_game *game, uint32_t account,
                                       uint64_t amount);
/* Returns: the balance; 0 of an account that nobody has paid into. */
uint64_t crux_cli_game_balance(const struct crux_cli_game *game, uint32_t account);
struct crux_account crux_cli_game_account(uint32_t number);

/* Returns: the game's; CRUX_E_INTERNAL if the move was made before, or if value is not conserved. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_move(struct crux_cli_game *game, uint32_t account,
                                    const struct crux_move *move);

/* Registers the model, settles game->claim[0 .. count-1] as a batch of the executor's, and shows each; puts the fee of
 * each into escrow, if it is not 0, and binds it. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_post(struct crux_cli_game *game, uint32_t count, uint64_t fee);
struct crux_claim_id crux_cli_game_id(const struct crux_cli_game *game, uint32_t member);

/* Opens a dispute of a false claim where it differs from the honest run, with the executor's trace at hand. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_open(struct crux_cli_game *game, uint32_t account, uint32_t member);
/* Opens a dispute at the trace leaf, whatever it is. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_open_at(struct crux_cli_game *game, uint32_t account,
                                       uint32_t member, uint64_t leaf, uint32_t nonce);
/* The executor's move in a dispute, as far as it has one: an answer, a proof, or the timeout of a late challenger.
 * Out: moved. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_defend(struct crux_cli_game *game, bool *moved, uint32_t member,
                                      uint32_t dispute);
/* The same of a challenger who has computed the honest run. */
CRUX_MUST_CHECK
enum crux_status crux_cli_game_challenge(struct crux_cli_game *game, bool *moved, uint32_t account,
                                         uint32_t member, uint32_t dispute);

#endif
