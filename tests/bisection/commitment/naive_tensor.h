/* Tensors padded byte by byte as spec/10-machine.md#rows says, and their pages hashed, zero ones too. */
#ifndef CRUX_TESTS_BISECTION_COMMITMENT_NAIVE_TENSOR_H
#define CRUX_TESTS_BISECTION_COMMITMENT_NAIVE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/commitment/tensor.h"
#include "tests/support/random.h"

struct naive_tensor {
    struct crux_tensor tensor;
    uint8_t *elements; /* the tensor's, dense */
    uint8_t *padded;
    size_t padded_bytes, pages;
    uint8_t (*leaves)[32];
    uint8_t root[32];
};

/* Out: naive, to be freed.  In: a layout; the elements are random. */
void naive_tensor_make(struct naive_tensor *naive, const struct crux_layout *layout,
                       struct crux_random *random);
void naive_tensor_free(struct naive_tensor *naive);

/* A small layout of a random kind: step, record or model. */
void naive_tensor_layout(struct crux_layout *layout, struct crux_random *random);

#endif
