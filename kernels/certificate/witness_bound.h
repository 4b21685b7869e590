/* How long the witness of one element can be: the parts of spec/40-adjudicator.md#parts, one by one. */
#ifndef CRUX_KERNELS_CERTIFICATE_WITNESS_BOUND_H
#define CRUX_KERNELS_CERTIFICATE_WITNESS_BOUND_H

#include "kernels/certificate/proof.h"
#include "kernels/certificate/reach.h"

/* spec/40-adjudicator.md#value: "A multiproof part holds at most 64 pages." */
enum { CRUX_CERTIFICATE_PART_PAGES_MAX = 64 };

/* All that the length depends on at one position; most positions share it. */
struct crux_sight {
    struct crux_reach reach[CRUX_SLOTS_MAX];
    uint64_t page_bytes; /* of the longest output page */
};

/* Bytes of the parts behind model, layer and op. */
struct crux_witness_parts {
    uint32_t page, x, step, table, load; /* load: request, token, record */
    uint32_t pages;                      /* in all parts */
    uint32_t part_pages;                 /* in the fullest part */
};

/* In: bound->elements != 0. */
void crux_sight_of(struct crux_sight *sight, const struct crux_proof *proof,
                   const struct crux_bound_op *bound);
void crux_witness_parts_of(struct crux_witness_parts *parts, const struct crux_proof *proof,
                           const struct crux_sight *sight);
uint64_t crux_witness_parts_bytes(const struct crux_witness_parts *parts);

/* Version, kind, model, layer, op: the same for every element of an op. */
uint32_t crux_witness_fixed_bytes(uint32_t layers, uint32_t layer, uint32_t ops, uint32_t op,
                                  uint32_t descriptor_bytes);
/* The longest witnesses of the elements that belong to no op. */
uint32_t crux_witness_output_bytes(const struct crux_program *program);
uint32_t crux_witness_done_bytes(const struct crux_program *program);

#endif
