/* planes_256.h for processors with AVX-VNNI: 16 registers. */
#ifdef __x86_64__

#include "kernels/base/macros.h"

#define TARGET             CRUX_TARGET("avx2,avxvnni")
#define DOT_BYTES(c, a, b) _mm256_dpbusd_avx_epi32(c, a, b)
#define DOT_WORDS(c, a, b) _mm256_dpwssd_avx_epi32(c, a, b)
#define ROWS_MOST          2
#define CHOOSE             crux_planes_choose_vex

#include "kernels/backends/planes_256.h"

#endif
