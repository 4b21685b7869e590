/* The one thing a dispute has come down to. Freestanding.  spec/40-adjudicator.md#elements */
#ifndef CRUX_BISECTION_COMMITMENT_ELEMENT_H
#define CRUX_BISECTION_COMMITMENT_ELEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_ELEMENT_BYTES = 117 };

enum crux_element_kind {
    CRUX_ELEMENT_VALUE = 1,
    CRUX_ELEMENT_PADDING = 2,
    CRUX_ELEMENT_NULL = 3,
    CRUX_ELEMENT_CLOSE = 4,
    CRUX_ELEMENT_COUNT = 5,
    CRUX_ELEMENT_OUTPUT = 6,
    CRUX_ELEMENT_DONE = 7
};

/* Fields that the kind does not use are zero. */
struct crux_element_id {
    uint8_t kind; /* enum crux_element_kind */
    uint32_t pos, layer, op;
    uint64_t index; /* value: flat index; padding: page; output, done: token */
    uint8_t record_root[32];
    uint8_t tensors_root[32];
    uint8_t leaf_hash[32];
};

/* Returns: CRUX_E_ELEMENT_INVALID for an unknown kind, or an unused field that is not zero. */
CRUX_MUST_CHECK
enum crux_status crux_element_check(const struct crux_element_id *element);

void crux_element_encode(uint8_t out[CRUX_ELEMENT_BYTES], const struct crux_element_id *element);
/* Returns: CRUX_E_TRUNCATED, CRUX_E_TRAILING_BYTES, CRUX_E_ELEMENT_INVALID. */
CRUX_MUST_CHECK
enum crux_status crux_element_decode(struct crux_element_id *element, const uint8_t *in,
                                     size_t len);

#endif
