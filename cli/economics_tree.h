/* The small runs that `crux economics` plays about: one true, and one for each layer with that layer false. */
#ifndef CRUX_CLI_ECONOMICS_TREE_H
#define CRUX_CLI_ECONOMICS_TREE_H

#include "executor/engine/engine.h"

enum {
    CRUX_CLI_TREE_LAYERS_MAX = 64,
    CRUX_CLI_TREE_LEAVES =
        48 /* a tree has so many steps at least, for disputes at different ones */
};

struct crux_cli_tree_run {
    struct crux_archive *archive;
    struct crux_archive_provider provider;
    /* The layers that disagree with the records before them, as an audit finds by recomputing each from the
     * committed records. */
    bool is_false[CRUX_CLI_TREE_LAYERS_MAX];
    uint32_t pos, layer; /* of the lie */
};

/* Must not be moved. */
struct crux_cli_tree {
    struct crux_program program;
    struct crux_model_memory memory;
    struct crux_committed_model model;
    uint32_t layers, positions;
    struct crux_cli_tree_run honest;
    struct crux_cli_tree_run lying[CRUX_CLI_TREE_LAYERS_MAX]; /* by the layer of the lie */
};

/* Out: tree, to be freed with crux_cli_tree_free, on failure too.  In: layers 2 .. CRUX_CLI_TREE_LAYERS_MAX.
 * Returns: CRUX_E_OUT_OF_MEMORY; CRUX_E_INTERNAL if an audit finds another layer false than the one lied in. */
CRUX_MUST_CHECK
enum crux_status crux_cli_tree_init(struct crux_cli_tree *tree, uint32_t layers);
void crux_cli_tree_free(struct crux_cli_tree *tree);

#endif
