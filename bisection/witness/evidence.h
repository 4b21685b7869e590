/* What a witness is made from, as the holder of a run has it: leaves and siblings of the trees of spec/30.
 *
 *   model root <- LAYERS <- OPS(layer)                 request hash <- TOKENS
 *                 MODEL(tensor)                        output root  = OUTPUT
 *   trace root  = TRACE <- RECORD(step) <- STORE(step, store)
 *   step root  <- TENSORS <- TENSOR(op)                of the one step in dispute
 *
 * The holder answers from memory, from disk, or by recomputing; the builder does not care.
 */
#ifndef CRUX_BISECTION_WITNESS_EVIDENCE_H
#define CRUX_BISECTION_WITNESS_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/commitment/claim.h"
#include "bisection/commitment/request.h"
#include "kernels/kernels.h"

enum crux_tree_kind {
    CRUX_TREE_LAYERS = 1,  /* leaves: layers */
    CRUX_TREE_OPS = 2,     /* layer; leaves: descriptors */
    CRUX_TREE_MODEL = 3,   /* number: model tensor */
    CRUX_TREE_TOKENS = 4,  /* the request's */
    CRUX_TREE_OUTPUT = 5,  /* the chosen tokens */
    CRUX_TREE_TRACE = 6,   /* leaves: record roots; no bytes */
    CRUX_TREE_RECORD = 7,  /* pos, layer; leaves: store roots; no bytes */
    CRUX_TREE_STORE = 8,   /* pos, layer, number: store */
    CRUX_TREE_TENSORS = 9, /* pos, layer; leaves: tensor roots; no bytes */
    CRUX_TREE_TENSOR = 10  /* pos, layer, number: op */
};

struct crux_tree_id {
    uint8_t kind; /* enum crux_tree_kind; fields that it does not name are 0 */
    uint32_t pos, layer, number;
};

struct crux_evidence {
    void *ctx;
    const struct crux_claim *claim;
    const struct crux_program *program;
    const uint8_t *manifest_hash; /* 32 */
    const uint8_t *request;       /* CRUX_REQUEST_BYTES */
    /* Writes the bytes of one leaf (page, tile); never asked for trees without bytes, LAYERS or OPS. */
    enum crux_status (*leaf)(void *ctx, const struct crux_tree_id *tree, uint64_t leaf,
                             struct crux_writer *out);
    /* Writes the multiproof of the leaves: ascending, n >= 1. */
    enum crux_status (*prove)(void *ctx, const struct crux_tree_id *tree, const uint64_t *leaves,
                              size_t n, struct crux_writer *out);
    enum crux_status (*root)(void *ctx, const struct crux_tree_id *tree, uint8_t out[32]);
};

#endif
