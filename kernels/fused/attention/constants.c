/* What lowering and kernel both derive from the configuration: integers only. */
#include "kernels/fused/attention/attention.h"
#include "kernels/fused/exact.h"
#include "kernels/fused/softcap.h"
#include "kernels/lowering/tables.h"

#define LOG2_E_Q31 UINT64_C(3098164010) /* log2(e) * 2^31 */

enum { MEAN_BITS = 14, ACC_BITS = 62 };

void crux_fused_attention_scale(struct crux_fused_attention *config, uint64_t divisor,
                                int32_t fraction) {
    /* below 2^96; where the loop ends, below 2^66 * divisor */
    crux_u128 square = (crux_u128)LOG2_E_Q31 * LOG2_E_Q31 << CRUX_DIVISOR_BITS;
    int32_t k = 0;
    CRUX_ASSERT(divisor >= UINT64_C(1) << CRUX_DIVISOR_BITS && divisor >> 62 == 0);
    while (((square << (2 * k + 2)) / divisor) >> 64 == 0) k++;
    /* sqrt(log2(e)^2 / divisor) times 2^(31 + k), 31 bits or more */
    config->m0 = (int64_t)crux_exact_sqrt((uint64_t)((square << (2 * k)) / divisor));
    config->s0 = 31 + k - CRUX_SCORE_BITS + fraction;
}

bool crux_fused_attention_windowed(const struct crux_fused_attention *config) {
    return config->window != 0 && config->window < config->context;
}

uint32_t crux_fused_attention_positions(const struct crux_fused_attention *config) {
    return crux_fused_attention_windowed(config) ? config->window : config->context;
}

unsigned crux_fused_attention_mean_bits(const struct crux_fused_attention *config) {
    uint64_t acc =
        (uint64_t)crux_fused_attention_positions(config) * 65535 * 32767; /* below 2^32 * 2^31 */
    unsigned bits = 0;
    while (bits < MEAN_BITS && acc << (bits + 1) < UINT64_C(1) << ACC_BITS) bits++;
    return bits;
}

struct crux_lut crux_fused_attention_softcap_lut(const struct crux_fused_attention *config) {
    return crux_softcap_lut(config->softcap);
}
