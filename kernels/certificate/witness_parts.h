/* The parts of a witness, bounded one by one; what witness_bound.c puts together. */
#ifndef CRUX_KERNELS_CERTIFICATE_WITNESS_PARTS_H
#define CRUX_KERNELS_CERTIFICATE_WITNESS_PARTS_H

#include "kernels/certificate/witness_bound.h"

enum {
    CRUX_WITNESS_PART_CAP =
        1 << 28, /* a bound stops here: beyond every limit, and five fit 32 bits */
    CRUX_WITNESS_REQUEST_BYTES = 240 /* the request without its tag */
};

uint32_t crux_witness_capped(uint64_t bytes);

/* Siblings of one leaf, at most. */
uint32_t crux_witness_path_bytes(uint64_t leaf_count);

/* One page of a step tensor, nested in the tensors root. */
uint32_t crux_witness_step_page(const struct crux_reach *reach, uint32_t tensor, uint32_t tensors);

/* The parts x, step and table: operands in pages and tiles. Adds to parts. */
void crux_witness_add_operands(struct crux_witness_parts *parts, const struct crux_proof *proof,
                               const struct crux_sight *sight);
/* What a LOAD opens of the request or the trace, and RAND of the request. Adds to parts. */
void crux_witness_add_load(struct crux_witness_parts *parts, const struct crux_proof *proof,
                           const struct crux_sight *sight);

/* The longest page of a u32 tensor [count] with its path: request tokens, output. */
uint32_t crux_witness_token_page(uint32_t count);
/* The record of a chosen token, up to the trace root. */
uint32_t crux_witness_chosen_token(uint32_t stores, uint64_t trace_leaves);

#endif
