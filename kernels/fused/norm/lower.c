#include "kernels/fused/norm/norm.h"
#include "kernels/lowering/split.h"

static struct crux_operand along_k(struct crux_value z) {
    return z.shape.ndim == 1 ? CRUX_READ(z, crux_ix_k(0))
                             : CRUX_READ(z, crux_ix_o(0), crux_ix_k(0));
}

/* eps and the squares; up to two exponents count twice. */
static struct crux_op eps_and(const struct crux_norm_constants *constants, struct crux_value ss,
                              const struct crux_value *exponents, unsigned exponent_count) {
    struct crux_args args = CRUX_ARGS(crux_operand_add(crux_operand_same(ss)));
    for (unsigned i = 0; i < exponent_count; i++) {
        args.operand[args.count++] = crux_operand_exponent(crux_operand_same(exponents[i]), 2);
    }
    return crux_draft_requant(crux_type_of(CRUX_I64, 0, constants->t_hi), ss.shape,
                              crux_scale_round(constants->eps_m, constants->eps_s), args);
}

struct crux_value crux_fused_norm_tail(struct crux_builder *b,
                                       const struct crux_norm_constants *constants,
                                       struct crux_type out, struct crux_value z,
                                       const struct crux_value *exponents, unsigned exponent_count,
                                       struct crux_value w, const struct crux_value *bias) {
    unsigned ndim = z.shape.ndim;
    struct crux_op squares =
        crux_draft_contract(out, crux_shape_outer(z.shape), CRUX_SHAPE(crux_shape_last(&z.shape)),
                            CRUX_ARGS(along_k(z), along_k(z)));
    struct crux_value ss = crux_split(b, "ss", squares, 0, crux_split_block(CRUX_I16));
    struct crux_value t = crux_emit(b, "t", eps_and(constants, ss, exponents, exponent_count));
    struct crux_value root =
        crux_emit(b, "root",
                  crux_draft_sqrt(crux_type_of(CRUX_I32, 0, constants->root_hi), t.shape,
                                  (unsigned)constants->root_shift, crux_operand_same(t)));
    struct crux_value inv = crux_emit(b, "inv",
                                      crux_draft_div(crux_type_fit(0, constants->inv_hi, 4),
                                                     t.shape, (unsigned)constants->c_shift,
                                                     crux_operand_imm(crux_ix_c(constants->c)),
                                                     crux_operand_same(root)));
    struct crux_args args = CRUX_ARGS(crux_operand_same(z), CRUX_READ(w, crux_ix_o(ndim - 1)),
                                      crux_operand_outer(inv, ndim));
    if (bias != NULL)
        args.operand[args.count++] = crux_operand_add(CRUX_READ(*bias, crux_ix_o(ndim - 1)));
    return crux_emit(b, NULL,
                     crux_draft_requant(out, z.shape, crux_scale_round(1, constants->s1), args));
}
