/* What each dtype holds. */
#ifndef CRUX_KERNELS_OPS_DTYPE_H
#define CRUX_KERNELS_OPS_DTYPE_H

#include <stdint.h>

#include "kernels/ops/op.h"

/* Returns: bytes of one element, 0 if the number names no dtype. */
uint32_t crux_dtype_bytes(unsigned dtype);

int64_t crux_dtype_lo(unsigned dtype);
int64_t crux_dtype_hi(unsigned dtype);

/* Returns: "i8" and so on, NULL if the number names no dtype. */
const char *crux_dtype_name(unsigned dtype);

/* One little-endian element.  Returns: its value.  In: p, crux_dtype_bytes(dtype) bytes. */
int64_t crux_dtype_get(unsigned dtype, const uint8_t *p);

/* Out: p, crux_dtype_bytes(dtype) bytes.  In: v, within the dtype. */
void crux_dtype_put(uint8_t *p, unsigned dtype, int64_t v);

#endif
