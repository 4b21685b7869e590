/* The challenger's way from two unlike trace roots to one element: compare, pick, go down.
 *
 *   trace -> step -> tensor of an op -> page -> element
 *
 * In each round the executor reveals the nodes log2 k levels lower, and the challenger picks the first that differs from
 * its own. Inside a step the tensors come before the record: a record is made of them. */
#ifndef CRUX_CLI_DEMO_NARROW_H
#define CRUX_CLI_DEMO_NARROW_H

#include "bisection/bisection.h"
#include "executor/engine/engine.h"

enum { CRUX_CLI_ROUNDS_MAX = 4 * CRUX_MERKLE_DEPTH_MAX };

struct crux_cli_round {
    uint8_t kind;      /* enum crux_tree_kind: of the tree narrowed */
    uint32_t revealed; /* nodes, at most k */
    uint32_t pick;
};

struct crux_cli_narrowing {
    unsigned k_log2; /* 1..6 */
    struct crux_cli_round round[CRUX_CLI_ROUNDS_MAX];
    unsigned count;
    uint64_t revealed_bytes; /* nodes, the two roots of the step, the page */
    uint64_t trace_leaf;     /* the first that differs */
    uint64_t page, pages;
    struct crux_element_id element; /* kind value; without roots */
    int64_t theirs, mine;
};

/* In: two runs of one request with equally many tokens and unlike trace roots; narrowing->k_log2.
 * Returns: an archive's error; CRUX_E_INTERNAL if the element cannot be found. */
CRUX_MUST_CHECK
enum crux_status crux_cli_narrow(struct crux_cli_narrowing *narrowing, struct crux_archive *theirs,
                                 struct crux_archive *mine, const struct crux_program *program);

#endif
