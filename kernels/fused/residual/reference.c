#include "kernels/fused/exact.h"
#include "kernels/fused/residual/residual.h"

void crux_fused_residual_reference(int32_t *out, const struct crux_fused_residual *config,
                                   const int32_t *r, const int32_t *y, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int32_t)crux_exact_requant(y[i], config->s, r[i], config->out.lo, config->out.hi);
    }
}
