/* The parts of a witness that open the claim's commitments: model, layer, op, request, tokens, records, output.
 * Each takes its bytes from the cursor and proves them.  spec/40-adjudicator.md#parts */
#ifndef CRUX_BISECTION_ADJUDICATOR_PARTS_H
#define CRUX_BISECTION_ADJUDICATOR_PARTS_H

#include <stdint.h>

#include "bisection/commitment/claim.h"
#include "bisection/commitment/element.h"
#include "bisection/commitment/request.h"
#include "kernels/kernels.h"

struct crux_opened_layer {
    struct crux_program_header header;
    struct crux_layer layer;
    uint8_t ops_root[32];
};

/* Model and layer parts.  In: layer_number; NULL: the last layer.  Returns: also CRUX_E_STEP_OUTSIDE. */
CRUX_MUST_CHECK
enum crux_status crux_part_layer(struct crux_opened_layer *opened, struct crux_cursor *cursor,
                                 const struct crux_claim *claim, const uint32_t *layer_number);

/* Model part with the layers root instead of a layer. */
CRUX_MUST_CHECK
enum crux_status crux_part_header(struct crux_program_header *header, struct crux_cursor *cursor,
                                  const struct crux_claim *claim);

CRUX_MUST_CHECK
enum crux_status crux_part_op(struct crux_op *op, struct crux_cursor *cursor,
                              const struct crux_opened_layer *opened, uint32_t op_number);

/* The committed request, well formed or not: only the count law asks that. */
CRUX_MUST_CHECK
enum crux_status crux_part_request(struct crux_request *request, struct crux_cursor *cursor,
                                   const struct crux_claim *claim);

/* The page of a u32 [count] tensor that holds element index, proven under root; from count on, the u32 of padding there.
 * Out: value.  In: index < crux_list_slots(count).  Returns: refusal if the proof leads elsewhere. */
CRUX_MUST_CHECK
enum crux_status crux_part_list(uint32_t *value, struct crux_cursor *cursor, const uint8_t root[32],
                                uint32_t count, uint32_t index, enum crux_status refusal);

/* Returns: how many u32 a u32 [count] tensor has with its padding.  In: count <= 2^24. */
uint32_t crux_list_slots(uint32_t count);

/* A page of a record tensor, proven up to the trace root. */
struct crux_record_page {
    uint32_t time, layer; /* the step */
    uint32_t store, stores;
    uint32_t layers; /* L */
    uint64_t leaf, leaf_count;
    uint32_t length;
};
CRUX_MUST_CHECK
enum crux_status crux_part_record(const uint8_t **bytes, struct crux_cursor *cursor,
                                  const struct crux_claim *claim,
                                  const struct crux_record_page *page);

/* Returns: is the layer active at pos?  spec/10-machine.md#positions */
bool crux_layer_active(const struct crux_layer *layer, uint32_t pos, uint32_t n);

#endif
