/* The rest of a token by AVX2. Each vector.h says why it equals the plain function. */
#include "kernels/fused/isa.h"

#ifdef __x86_64__

#include "kernels/fused/vector/avx2.h"

#include "kernels/fused/activation/vector.h"
#include "kernels/fused/embed/vector.h"
#include "kernels/fused/experts/vector.h"
#include "kernels/fused/linear/vector.h"
#include "kernels/fused/norm/vector.h"
#include "kernels/fused/quant_rows/vector.h"
#include "kernels/fused/residual/vector.h"
#include "kernels/fused/rope/vector.h"
#include "kernels/fused/sample/vector.h"

const struct crux_fused_kernels crux_fused_kernels_avx2 = {
    .isa = CRUX_ISA_AVX2,
    .name = "avx2",
    .quant_rows = vector_quant_rows,
    .rmsnorm = vector_rmsnorm,
    .layernorm = vector_layernorm,
    .rope = vector_rope,
    .activation = vector_activation,
    .attention = crux_fused_attention_block_avx2,
    .residual = vector_residual,
    .finish = vector_finish,
    .mix = vector_mix,
    .embed = vector_embed,
    .sample = vector_sample,
    .greedy = vector_greedy,
};

#endif
