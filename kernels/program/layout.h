/* Where an element lies in the pages of its tensor.
 *
 *   row 0  |e0 e1 e2 .. |0 0 0|      R rows, each padded to `stride` bytes:
 *   row 1  |e0 e1 e2 .. |0 0 0|      2^k bytes below a page, 2^k pages above,
 *                                    so that a row is a whole subtree     spec/10-machine.md#rows
 */
#ifndef CRUX_KERNELS_PROGRAM_LAYOUT_H
#define CRUX_KERNELS_PROGRAM_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/ops/op.h"

enum { CRUX_STEP_PAGE_BYTES = 256, CRUX_RECORD_PAGE_BYTES = 1024, CRUX_TILE_BYTES_MAX = 1152 };

struct crux_layout {
    uint64_t rows;
    uint64_t row_elements;
    uint64_t stride_bytes;
    uint64_t bytes; /* rows * stride_bytes */
    uint64_t pages; /* leaves of the tensor's tree */
    uint32_t element_bytes;
    uint32_t page_bytes;
};

/* Layout of a step tensor from its (or a view's) dims: a row starts at the first growing dimension.
 * In: dims and their values at the position. */
void crux_layout_step(struct crux_layout *layout, unsigned dtype, unsigned ndim,
                      const struct crux_dim *dim, const uint32_t *extent);
/* Layout of a plain model or request tensor: one row, 256-byte pages. */
void crux_layout_model(struct crux_layout *layout, unsigned dtype, uint64_t elements);
/* Layout of a record tensor: a row is the last dimension, 1,024-byte pages. */
void crux_layout_record(struct crux_layout *layout, unsigned dtype, unsigned ndim,
                        const uint32_t *extent);

/* Returns: byte offset of element `flat` in the padded tensor.  In: flat < rows * row_elements. */
uint64_t crux_layout_offset(const struct crux_layout *layout, uint64_t flat);

/* Returns: bytes of page `page` < pages: page_bytes, or fewer for the last page. */
uint32_t crux_layout_page_length(const struct crux_layout *layout, uint64_t page);

/* Is byte `offset` < bytes padding? */
bool crux_layout_is_padding(const struct crux_layout *layout, uint64_t offset);

/* Tiles.  Returns: CRUX_E_BAD_LAYOUT for a byte that names no tile layout (0, plain, is none). */
CRUX_MUST_CHECK
enum crux_status crux_tile_decode(struct crux_tile *tile, uint8_t layout);
uint8_t crux_tile_encode(const struct crux_tile *tile);
/* Returns: tiles in a row of `inputs` inputs. */
uint32_t crux_tile_count(const struct crux_tile *tile, uint32_t inputs);
/* Returns: inputs of tile t of a row. */
uint32_t crux_tile_inputs(const struct crux_tile *tile, uint32_t inputs, uint32_t t);
/* Returns: bytes of a tile of `count` inputs; at most CRUX_TILE_BYTES_MAX. */
uint32_t crux_tile_bytes(const struct crux_tile *tile, uint32_t count);
/* Returns: m*q + n of input i < count of a tile of `count` inputs. */
int32_t crux_tile_value(const struct crux_tile *tile, const uint8_t *bytes, uint32_t count,
                        uint32_t i);

#endif
