/* Products of float rows with a matrix whose rows are decoded on the way. Not law: nothing here is exact.
 *
 *   x rows, packed by 16:   panel p:  | k=0: 16 rows | k=1: 16 rows | ..        so that 16 sums grow side by side
 *   matrix rows             decoded to floats, 4 at a time, once for all rows of x
 *
 * Sums are floats over 256 inputs, then doubles.
 */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_PRODUCT_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

#include "executor/engine/threads.h"
#include "executor/evaluate/float_tensor.h"

enum { CRUX_FLOAT_PANEL = 16 };

/* Returns: floats that a pack of so many rows takes. */
size_t crux_float_packed(uint32_t rows, uint32_t inputs);
/* Out: packed.  In: x, rows * inputs. */
void crux_float_pack(float *packed, const float *x, uint32_t rows, uint32_t inputs);

/* One matrix times packed rows.  Out: y[r * y_stride + o].
 * In: tensor; packed rows of tensor->inputs values. */
struct crux_float_product {
    float *y;
    size_t y_stride;
    const struct crux_float_tensor *tensor;
    const float *packed;
    uint32_t rows;
};

/* Does the products, one after the other.  In: scratch, one a thread: crux_float_product_scratch of the greatest inputs.
 * Returns: a tensor's error. */
CRUX_MUST_CHECK
enum crux_status crux_float_multiply(struct crux_threads *threads,
                                     const struct crux_float_product *products, uint32_t count,
                                     void *const *scratch);
size_t crux_float_product_scratch(uint32_t inputs);

#endif
