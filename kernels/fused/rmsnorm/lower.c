#include "kernels/fused/rmsnorm/rmsnorm.h"

enum { T_LEAST_SCALED = 1 << 28 /* with e >= 1 some |y| is at least 2^14 */ };

enum crux_status crux_fused_rmsnorm_constants(struct crux_norm_constants *constants,
                                              const struct crux_fused_norm *config) {
    int64_t eps = crux_fused_norm_eps(config, 1); /* t is at least this with e = 0 */
    int64_t t_least = eps < 1 ? 1 : eps < T_LEAST_SCALED ? eps : T_LEAST_SCALED;
    return crux_fused_norm_constants(constants, config, 1, t_least);
}

struct crux_value crux_fused_rmsnorm(struct crux_builder *b, const char *label,
                                     const struct crux_fused_norm *config, struct crux_value r,
                                     struct crux_value w) {
    struct crux_norm_constants constants = {0};
    unsigned length = crux_builder_push(b, label);
    crux_builder_fail(b, crux_fused_rmsnorm_constants(&constants, config), label);
    if (crux_shape_last(&r.shape).e != config->width) crux_builder_fail(b, CRUX_E_BAD_SHAPE, label);
    struct crux_quantised y = crux_fused_quant_rows(b, "y", CRUX_LIMIT_WIDE, r);
    struct crux_type out = crux_type_of(CRUX_I32, -constants.out_most, constants.out_most);
    struct crux_value n = crux_fused_norm_tail(b, &constants, out, y.x, &y.e, 1, w, NULL);
    crux_builder_pop(b, length);
    return n;
}
