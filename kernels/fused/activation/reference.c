#include "kernels/fused/activation/activation.h"
#include "kernels/fused/lut.h"

void crux_fused_activation_reference(int32_t *h, const struct crux_fused_activation *config,
                                     const int32_t *g, const int32_t *u, uint32_t count,
                                     const int32_t *table) {
    for (uint32_t i = 0; i < count; i++) {
        int64_t a = crux_exact_lut(&config->lut, g[i], table, config->a.lo, config->a.hi);
        /* |a * u| <= 2^62 */
        h[i] = (int32_t)(u == NULL ? a
                                   : crux_exact_requant_narrow(a * u[i], config->s, 0, config->h.lo,
                                                               config->h.hi));
    }
}
