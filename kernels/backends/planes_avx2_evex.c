/* planes_256.h for processors with AVX-512 VNNI and VL: 32 registers. */
#ifdef __x86_64__

#include "kernels/base/macros.h"

#define TARGET             CRUX_TARGET("avx2,avx512f,avx512vl,avx512vnni")
#define DOT_BYTES(c, a, b) _mm256_dpbusd_epi32(c, a, b)
#define DOT_WORDS(c, a, b) _mm256_dpwssd_epi32(c, a, b)
#define ROWS_MOST          4
#define CHOOSE             crux_planes_choose_evex

#include "kernels/backends/planes_256.h"

#endif
