/* A game in progress: what the files of the simulator's play share. */
#ifndef CRUX_CLI_SIMULATE_TABLE_H
#define CRUX_CLI_SIMULATE_TABLE_H

#include "cli/simulate_chain.h"
#include "cli/simulate_network.h"
#include "cli/simulate_play.h"

struct crux_cli_table {
    struct crux_cli_play *play;
    struct crux_cli_simulate_chain made;
    struct crux_cli_network network;
    uint64_t now, events;
    uint8_t *bytes; /* CRUX_MOVE_BYTES_MAX */
    struct crux_archive_provider executor, own;
    struct crux_claim claim; /* as the executor has it */
    uint8_t hash[32], layers_root[32], claim_bytes[CRUX_CLAIM_BYTES];
    struct crux_solver_move step;
    /* of the last look */
    const struct crux_game *game;
    uint64_t wake; /* when somebody will want to look again, though nothing happens */
    bool acted;    /* somebody sent something */
    bool over;
    /* the challenger's */
    bool judged;
    uint64_t index; /* of the target */
    uint64_t sham_seed;
};

struct crux_account crux_cli_table_account(unsigned number);

/* ---- simulate_players.c ---- */

/* Lets every player look at the chain and send what it would. As chain-adapter's `visit`.  In: ctx, the table.
 * Out: table->wake, acted, over. */
enum crux_status crux_cli_table_look(void *ctx, const struct crux_game *game, uint64_t now);

/* ---- simulate_sham.c ---- */

/* Where the sham points, which is a legal move always.  Out: table->step.  In: dispute, the challenger's turn. */
CRUX_MUST_CHECK
enum crux_status crux_cli_table_sham(struct crux_cli_table *table,
                                     const struct crux_game_dispute *dispute);

#endif
