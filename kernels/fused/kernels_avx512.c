/* The rest of a token by AVX-512. Each vector.h says why it equals the plain function. */
#include "kernels/fused/isa.h"

#ifdef __x86_64__

#include "kernels/fused/vector/avx512.h"

#include "kernels/fused/activation/vector.h"
#include "kernels/fused/embed/vector.h"
#include "kernels/fused/experts/vector.h"
#include "kernels/fused/linear/vector.h"
#include "kernels/fused/norm/vector.h"
#include "kernels/fused/quant_rows/vector.h"
#include "kernels/fused/residual/vector.h"
#include "kernels/fused/rope/vector.h"
#include "kernels/fused/sample/vector.h"

const struct crux_fused_kernels crux_fused_kernels_avx512 = {
    .isa = CRUX_ISA_AVX512,
    .name = "avx512",
    .quant_rows = vector_quant_rows,
    .rmsnorm = vector_rmsnorm,
    .layernorm = vector_layernorm,
    .rope = vector_rope,
    .activation = vector_activation,
    .attention = crux_fused_attention_block_avx512,
    .residual = vector_residual,
    .finish = vector_finish,
    .mix = vector_mix,
    .embed = vector_embed,
    .sample = vector_sample,
    .greedy = vector_greedy,
};

#endif
