/* Second-level argmax: block maxima upwards, block numbers downwards.
 *
 *   level 2            |---|            top: argmax over at most `block`
 *   level 1        |---|---|---|        within block x: argmax over `block`
 *   level 0    |---|---|---|---|---|    the values; index = x * block + within
 */
#include "kernels/lowering/split.h"

enum { LEVELS_MAX = 8 }; /* 128^8 elements */

/* One row of a level, along the last dimension; `at` is affine in k. */
static struct crux_operand along(struct crux_value level, struct crux_affine at, uint32_t block) {
    struct crux_affine index[CRUX_DIMS_MAX];
    unsigned last = level.shape.ndim - 1;
    struct crux_dim dim = crux_shape_last(&level.shape);
    for (unsigned i = 0; i < last; i++) index[i] = crux_ix_o(i);
    index[last] = at;
    struct crux_operand operand = crux_operand_read(level, index, level.shape.ndim);
    return crux_dim_grows(&dim) || dim.e % block != 0 ? crux_operand_pad(operand) : operand;
}

static struct crux_value block_maxima(struct crux_builder *b, struct crux_value level,
                                      uint32_t block) {
    struct crux_shape shape = level.shape;
    unsigned last = shape.ndim - 1;
    struct crux_affine at = crux_ix_mad(crux_ix_o(last), (int32_t)block, crux_ix_k(0));
    shape.dim[last] = crux_dim_blocks(shape.dim[last], block);
    return crux_emit(b, "max",
                     crux_draft_reduce(level.type, shape, CRUX_ROW(block), CRUX_REDUCE_MAX,
                                       CRUX_ARGS(along(level, at, block))));
}

/* at: numbers of blocks of `level`. Returns: indices into `level`. */
static struct crux_value descend(struct crux_builder *b, const char *label, struct crux_value level,
                                 struct crux_value at, uint32_t block) {
    struct crux_operand number = crux_operand_same(at);
    struct crux_affine inside = crux_ix_mad(crux_ix_x(), (int32_t)block, crux_ix_k(0));
    int64_t greatest = (int64_t)crux_shape_last(&level.shape).e - 1;
    struct crux_op draft =
        crux_draft_reduce(crux_type_of(CRUX_I32, 0, (int64_t)block - 1), at.shape, CRUX_ROW(block),
                          CRUX_REDUCE_ARGMAX, CRUX_ARGS(along(level, inside, block)));
    struct crux_value within = crux_emit(b, "within", crux_draft_with_x(draft, number));
    return crux_emit(b, label,
                     crux_draft_requant(
                         crux_type_of(CRUX_I32, 0, greatest), at.shape, crux_scale_round(block, 0),
                         CRUX_ARGS(number, crux_operand_add(crux_operand_same(within)))));
}

struct crux_value crux_split_argmax(struct crux_builder *b, const char *label,
                                    struct crux_value value, uint32_t block) {
    struct crux_value level[LEVELS_MAX] = {value};
    unsigned top = 0, length = crux_builder_push(b, label);
    while (b->status == CRUX_OK && crux_shape_last(&level[top].shape).e > block) {
        CRUX_ASSERT(top + 1 < LEVELS_MAX);
        level[top + 1] = block_maxima(b, level[top], block);
        top++;
    }
    struct crux_dim rest = crux_shape_last(&level[top].shape);
    struct crux_operand operand = along(level[top], crux_ix_k(0), 1);
    operand.flags = 0; /* k ends where the dimension does */
    struct crux_value at =
        crux_emit(b, top == 0 ? NULL : "top",
                  crux_draft_reduce(crux_type_of(CRUX_I32, 0, (int64_t)rest.e - 1),
                                    crux_shape_outer(level[top].shape), CRUX_SHAPE(rest),
                                    CRUX_REDUCE_ARGMAX, CRUX_ARGS(operand)));
    while (top > 0 && b->status == CRUX_OK) {
        top--;
        at = descend(b, top == 0 ? NULL : "level", level[top], at, block);
    }
    crux_builder_pop(b, length);
    return at;
}
