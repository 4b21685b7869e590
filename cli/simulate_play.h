/* One dispute from the post to the ledger, between players of which each does what it is, over a local chain and whatever
 * lies between the two.
 *
 *   accounts   0 executor   1 challenger   2 a bystander, who calls what is due
 *
 * Deterministic: the time is scripted, and whoever draws, draws from the seed. */
#ifndef CRUX_CLI_SIMULATE_PLAY_H
#define CRUX_CLI_SIMULATE_PLAY_H

#include "cli/random.h"
#include "cli/simulate_conditions.h"
#include "executor/engine/engine.h"

enum crux_cli_player {
    CRUX_CLI_HONEST, /* both: the solver; a challenger disputes only what is false */
    CRUX_CLI_SHAM,   /* disputes a true claim, and points wherever it is told, or the seed says */
    CRUX_CLI_SILENT, /* opens a dispute, and then says nothing */
    CRUX_CLI_FLOOD,  /* opens as many disputes as it can pay for, and says nothing */
    CRUX_CLI_MUTE,   /* the executor says nothing in disputes */
    CRUX_CLI_HIDING  /* the executor never shows what it has settled */
};

enum { CRUX_CLI_EXECUTOR = 0, CRUX_CLI_CHALLENGER = 1, CRUX_CLI_BYSTANDER = 2 };

enum {
    CRUX_CLI_ACCOUNTS = 3,
    CRUX_CLI_MOVES_MAX = 4096,
    CRUX_CLI_FLOOD_DISPUTES = 24 /* that a flood opens at most */
};

/* A move as it was made. */
struct crux_cli_move {
    uint64_t time, event;
    uint32_t bytes, gas, witness_bytes;
    uint32_t dispute, nodes, pick; /* nodes of the frontier that was picked from; 0: none was */
    uint8_t who, kind, tree; /* tree: enum crux_game_tree, of the dispute's place before the move */
    bool padding;
    bool undone; /* a reorganisation took it back */
};

struct crux_cli_ledger {
    uint64_t balance[CRUX_CLI_ACCOUNTS];
    uint64_t bonds, stakes, burned;
};

/* Where a sham challenger goes.  target 0: a random way from the trace root. */
struct crux_cli_aim {
    enum crux_target target;
    uint64_t index;  /* TOKEN, DONE: as the target has it; LEAF: narrow to this leaf of the trace */
    bool to_element; /* TRACE: to this element of this step */
    uint32_t pos, layer, op;
    uint64_t element;
    bool padding; /* not the element, but the padding of the tensor's page `index` */
};

struct crux_cli_play {
    /* in */
    struct crux_game_parameters parameters;
    struct crux_cli_conditions conditions;
    enum crux_cli_player player;
    struct crux_cli_aim aim;       /* SHAM */
    bool withhold;                 /* the executor serves no trace: the challenger narrows */
    struct crux_archive *executor; /* whose claim is disputed, and who defends it */
    struct crux_archive
        *own; /* the challenger's: as many tokens as claimed; NULL: it cannot be run */
    const struct crux_committed_model *model;
    struct crux_cli_random *random;
    /* out */
    struct crux_claim_id id;
    struct crux_cli_move *moves; /* to be freed */
    uint32_t count, disputes;
    uint32_t transactions; /* of the first dispute, open included; or of the demand */
    uint32_t rounds;       /* picks and jumps in it */
    uint64_t bytes, gas;   /* of its moves */
    uint32_t witness_bytes;
    double seconds[2]; /* executor, challenger: in their solvers */
    struct crux_cli_ledger before, after;
    struct crux_cli_network_figures network;
    struct crux_cli_cover cover;
    enum crux_target target;        /* what the challenger opened on; 0: it had no reason to */
    struct crux_element_id element; /* the one proven, if any */
    uint8_t *witness;               /* of element_bytes; to be freed */
    bool has_element, fell, final;
};

/* Returns: CRUX_E_PARAMETERS_INVALID, CRUX_E_ROUNDS_EXCEED_CLOCK, CRUX_E_IO (the chain's file); the game's errors where
 * it should have none; CRUX_E_INTERNAL if value is not conserved or the game does not end. In these two cases something
 * is wrong with this program. */
CRUX_MUST_CHECK
enum crux_status crux_cli_play(struct crux_cli_play *play);
void crux_cli_play_free(struct crux_cli_play *play);

const struct crux_game_parameters *crux_cli_play_parameters(void);

/* What a move would cost on an EVM chain, roughly: what its bytes cost at least (10 a zero byte, 40 another), or 21,000,
 * 4 and 16 a byte, 22,100 for each 32-byte slot that the move fills, and 60 a byte of a witness for judging it.
 * An estimate from those prices, not a measurement. */
uint32_t crux_cli_gas_estimate(const uint8_t *bytes, size_t len, uint8_t kind);

#endif
