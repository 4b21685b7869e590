/* The tables by instruction set, for kernels.c alone: others ask crux_fused_kernels. */
#ifndef CRUX_KERNELS_FUSED_ISA_H
#define CRUX_KERNELS_FUSED_ISA_H

#include "kernels/fused/kernels.h"

#ifdef __x86_64__
extern const struct crux_fused_kernels crux_fused_kernels_avx2, crux_fused_kernels_avx512;
#endif

#endif
