/* Long sums in blocks, so that one element reads a bounded number of bytes.
 *
 *   one k of 1,300            partials [.., 3]                the element
 *   |--512--|--512--|-276-|   o_last = 0, 1, 2: one block  ->  REDUCE over 3
 *
 * The pass takes the op as if nothing were bounded and emits the partial op, whose output has one more (last) dimension
 * that counts blocks, and then the REDUCE over it, cut again if it is itself too long. A k dimension that grows gives a
 * growing number of blocks. Reads beyond the end of the k dimension fall outside their tensors and are marked `pad`.
 *
 * Values are those of the uncut op: sum, count, max, min and absmax do not depend on how they are grouped, as long as
 * no partial saturates; the partial types below hold every partial.
 */
#ifndef CRUX_KERNELS_LOWERING_SPLIT_H
#define CRUX_KERNELS_LOWERING_SPLIT_H

#include "kernels/lowering/builder.h"

enum {
    CRUX_SPLIT_OPERAND_BYTES = 1024, /* of one operand that one element of a REDUCE reads */
    CRUX_SPLIT_SOFTMAX = 256         /* positions of one partial of softmax times V */
};

/* Returns: the block for a REDUCE whose operands of this dtype are read in one contiguous run. */
uint32_t crux_split_block(uint8_t dtype);

/* Emits `draft`, a CONTRACT or a REDUCE sum, count, max, min or absmax, cut along its k dimension `axis` into blocks of
 * at most `block`; uncut if it is short enough. Its type is not looked at: sums get a type that holds every possible
 * sum of the operands' ranges (i32 if it fits, else i64; CRUX_E_OVERFLOW if neither does), max and min the operand's,
 * absmax the least that fits. The output's shape is the draft's.
 * In: draft, with at most 3 output dimensions if the k dimension is longer than block; every operand index that uses
 * this k must leave its tensor exactly when k reaches the end of the dimension.
 * Labels: label.part, label. */
struct crux_value crux_split(struct crux_builder *b, const char *label, struct crux_op draft,
                             unsigned axis, uint32_t block);

/* Index of the greatest element along the last dimension of value, the lowest if several: by blocks, from the top
 * down, each level finding its block through x. Out shape: value's without the last dimension, i32. */
struct crux_value crux_split_argmax(struct crux_builder *b, const char *label,
                                    struct crux_value value, uint32_t block);

/* REDUCE over the whole last dimension, by blocks of 1 KB.  func: sum, max, min or absmax. */
struct crux_value crux_split_last(struct crux_builder *b, const char *label, unsigned func,
                                  struct crux_value value);

#endif
