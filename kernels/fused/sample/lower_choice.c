/* Drawing a token: block masses, the block in which the draw falls, the entry in that block.
 *
 *   masses [blocks] --sum--> mass,  r = floor(draw * mass / 2^30)
 *   FIND block  ->  (block, what of r is left)  --x-->  that block's kept weights  ->  FIND entry
 */
#include "kernels/fused/sample/steps.h"
#include "kernels/lowering/split.h"

static struct crux_operand kept_if(struct crux_value weight, struct crux_affine at,
                                   uint32_t block) {
    struct crux_operand operand = CRUX_READ(weight, at);
    return weight.shape.dim[0].e % block == 0 ? operand : crux_operand_pad(operand);
}

/* Sum over k of the weights that are at least `least`. */
static struct crux_op kept(struct crux_type type, struct crux_shape shape, uint32_t k,
                           struct crux_operand weight, struct crux_value least) {
    struct crux_op draft =
        crux_draft_reduce(type, shape, CRUX_ROW(k), CRUX_REDUCE_SUM, CRUX_ARGS(weight));
    return crux_draft_where(draft, weight, CRUX_CMP_GE, CRUX_READ(least, crux_ix_c(0)));
}

/* Part 0: the index found; part 1: what is left of r. */
static struct crux_operand found(struct crux_value pair, int32_t part) {
    return CRUX_READ(pair, crux_ix_c(0), crux_ix_c(part));
}

struct crux_value crux_sample_choice(struct crux_builder *b, const struct crux_fused_sample *config,
                                     struct crux_value weight, struct crux_value least) {
    uint32_t block = config->block, blocks = (config->vocab - 1) / block + 1;
    int64_t mass_max = (int64_t)block * UINT16_MAX;
    struct crux_type masses = crux_type_of(CRUX_I32, 0, mass_max); /* below 2^25 */
    struct crux_affine in_block = crux_ix_mad(crux_ix_o(0), (int32_t)block, crux_ix_k(0));
    struct crux_affine in_found = crux_ix_mad(crux_ix_x(), (int32_t)block, crux_ix_o(0));
    struct crux_value mass =
        crux_emit(b, "masses",
                  kept(masses, CRUX_ROW(blocks), block, kept_if(weight, in_block, block), least));
    struct crux_value total = crux_split_last(b, "mass", CRUX_REDUCE_SUM, mass);
    struct crux_value draw = crux_emit(b, "draw", crux_draft_rand(CRUX_ROW(1)));
    struct crux_value r =
        crux_emit(b, "r",
                  crux_draft_requant(crux_type_of(CRUX_I64, 0, total.type.hi), CRUX_ROW(1),
                                     crux_scale_floor(1, CRUX_SAMPLE_DRAW_BITS),
                                     CRUX_ARGS(crux_operand_same(draw), crux_operand_same(total))));
    struct crux_value at_block =
        crux_emit(b, "block",
                  crux_draft_find(masses, CRUX_ROW(1), CRUX_ROW(blocks),
                                  CRUX_READ(mass, crux_ix_k(0)), CRUX_READ(r, crux_ix_c(0))));
    /* x is declared as wide as a mass, so reads may seem to leave the tensor: always pad */
    struct crux_op entries = kept(crux_type_of(CRUX_U16, 0, UINT16_MAX), CRUX_ROW(block), 1,
                                  crux_operand_pad(CRUX_READ(weight, in_found)), least);
    struct crux_value entry =
        crux_emit(b, "entries", crux_draft_with_x(entries, found(at_block, 0)));
    struct crux_value at_entry = crux_emit(
        b, "entry",
        crux_draft_find(crux_type_of(CRUX_I32, 0, UINT16_MAX), CRUX_ROW(1), CRUX_ROW(block),
                        CRUX_READ(entry, crux_ix_k(0)), found(at_block, 1)));
    return crux_emit(
        b, "drawn",
        crux_draft_requant(crux_type_of(CRUX_I32, 0, (int64_t)config->vocab - 1), CRUX_ROW(1),
                           crux_scale_round(block, 0),
                           CRUX_ARGS(found(at_block, 0), crux_operand_add(found(at_entry, 0)))));
}
