/* The tables, and which of them this processor can run. Compiled for every processor. */
#include "kernels/fused/isa.h"

static const struct crux_fused_kernels plain = {
    .isa = CRUX_ISA_PLAIN,
    .name = "plain",
    .quant_rows = crux_fused_quant_rows_i32,
    .rmsnorm = crux_fused_rmsnorm_reference,
    .layernorm = crux_fused_layernorm_reference,
    .rope = crux_fused_rope_reference,
    .activation = crux_fused_activation_reference,
    .attention = crux_fused_attention_block_plain,
    .residual = crux_fused_residual_reference,
    .finish = crux_fused_finish_reference,
    .mix = crux_fused_mix_reference,
    .embed = crux_fused_embed_reference,
    .sample = crux_fused_sample_reference,
    .greedy = crux_fused_sample_greedy_reference,
};

#ifdef __x86_64__

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") != 0;
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

const struct crux_fused_kernels *crux_fused_kernels(enum crux_isa isa) {
    switch (isa) {
    case CRUX_ISA_PLAIN: return &plain;
    case CRUX_ISA_AVX2: return has_avx2() ? &crux_fused_kernels_avx2 : NULL;
    case CRUX_ISA_AVX512: return has_avx512() ? &crux_fused_kernels_avx512 : NULL;
    case CRUX_ISAS: break;
    }
    return NULL;
}

#else

const struct crux_fused_kernels *crux_fused_kernels(enum crux_isa isa) {
    return isa == CRUX_ISA_PLAIN ? &plain : NULL;
}

#endif

enum crux_isa crux_isa_best(void) {
    unsigned isa = CRUX_ISAS - 1;
    while (crux_fused_kernels((enum crux_isa)isa) == NULL) isa--; /* plain is always there */
    return (enum crux_isa)isa;
}
