/* What a player knows of a run: the hash of every node, and the evidence for witnesses. Behind it is a toy in a test, an
 * archive, or a service that recomputes. */
#ifndef CRUX_BISECTION_SOLVER_PROVIDER_H
#define CRUX_BISECTION_SOLVER_PROVIDER_H

#include "bisection/game/records.h"
#include "bisection/witness/evidence.h"

struct crux_provider {
    const struct crux_evidence
        *evidence; /* its claim is the run's: own P, N, output and trace root */
    void *ctx;
    /* Out: the hash of node (level, index) of a tree; kinds TRACE, OUTPUT, RECORD, STORE, TENSORS, TENSOR. */
    enum crux_status (*node)(void *ctx, const struct crux_tree_id *tree, unsigned level,
                             uint64_t index, uint8_t out[32]);
};

/* Returns: the tree that a place lies in.  In: not a step's. */
struct crux_tree_id crux_provider_tree(const struct crux_program *program,
                                       const struct crux_game_place *place);

/* The hash of a node as it would be in a trace of these steps that ends in the CLOSE of `claim`: what a challenger
 * compares with, for CLOSE says what the claim says.  In: leaves, of the trace. */
CRUX_MUST_CHECK
enum crux_status crux_provider_trace_node(const struct crux_provider *provider, uint8_t out[32],
                                          const struct crux_claim *claim, uint64_t leaves,
                                          struct crux_game_node node);

#endif
