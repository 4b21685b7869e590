/* The tables of the x86 backends. This file is compiled for every processor: it decides who may run the others. */
#ifdef __x86_64__

#define _DEFAULT_SOURCE /* for syscall */

#include <cpuid.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "kernels/backends/backends.h"
#include "kernels/backends/pairs.h"
#include "kernels/backends/planes.h"
#include "kernels/backends/squares.h"

static size_t scratch_bytes(const struct crux_backend_matrix *w CRUX_UNUSED,
                            uint32_t rows CRUX_UNUSED) {
    return 0;
}

static size_t pairs_row_bytes(uint32_t inputs) {
    return crux_pairs_row_bytes(inputs);
}

static size_t planes_row_bytes(uint32_t inputs) {
    return crux_planes_row_bytes(inputs);
}

/* --- avx2 --- */

static const char *avx2_unavailable(void) {
    return __builtin_cpu_supports("avx2") ? NULL : "this processor has no AVX2";
}

static const struct crux_fused_kernels *avx2_fused(void) {
    return crux_fused_kernels(CRUX_ISA_AVX2);
}

static const struct crux_panel_kernels avx2_kernels = {.choose = crux_pairs_choose_avx2};

static void avx2_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                        const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1,
                        void *scratch CRUX_UNUSED) {
    crux_panel_matmul(acc, acc_stride, w, prepared, crux_pairs_row_bytes(w->inputs), rows, o0, o1,
                      &avx2_kernels);
}

const struct crux_backend crux_backend_avx2 = {
    .name = "x86-avx2",
    .why_equal =
        "16-bit dots of a group stay below 2^28, and their products with the multipliers are "
        "summed up in 32 bits only as long as they fit.",
    .fused = avx2_fused,
    .unavailable = avx2_unavailable,
    .packed_bytes = crux_panel_packed_bytes,
    .pack = crux_panel_pack,
    .pack_range = crux_panel_pack_range,
    .panel_outputs = CRUX_PANEL_OUTPUTS,
    .row_bytes = pairs_row_bytes,
    .prepare = crux_pairs_prepare_avx2,
    .scratch_bytes = scratch_bytes,
    .matmul = avx2_matmul,
};

/* --- avx512 vnni --- */

static const char *vnni_unavailable(void) {
    bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx2");
    return has ? NULL : "this processor has no AVX-512 VNNI";
}

static const struct crux_fused_kernels *vnni_fused(void) {
    return crux_fused_kernels(CRUX_ISA_AVX512);
}

static const struct crux_panel_kernels vnni_kernels = {.choose = crux_planes_choose_avx512,
                                                       .together = crux_planes_together_avx512};

static void vnni_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                        const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1,
                        void *scratch CRUX_UNUSED) {
    crux_panel_matmul(acc, acc_stride, w, prepared, crux_planes_row_bytes(w->inputs), rows, o0, o1,
                      &vnni_kernels);
}

const struct crux_backend crux_backend_vnni = {
    .name = "x86-vnni",
    .why_equal =
        "Byte dots of a group stay below 2^29, and their products with the multipliers are "
        "summed up in 32 bits only as long as they fit.",
    .fused = vnni_fused,
    .unavailable = vnni_unavailable,
    .packed_bytes = crux_panel_packed_bytes,
    .pack = crux_panel_pack,
    .pack_range = crux_panel_pack_range,
    .panel_outputs = CRUX_PANEL_OUTPUTS,
    .row_bytes = planes_row_bytes,
    .prepare = crux_planes_prepare_avx512,
    .alone_outputs = crux_panel_alone_outputs,
    .scratch_bytes = scratch_bytes,
    .matmul = vnni_matmul,
};

/* --- amx: many rows by tile registers; fewer, and weights of 16 bits, as avx512 vnni --- */

/* By measurement: unpacking weights pays from so many rows on. */
enum { SQUARES_LEAST_Q4 = CRUX_SQUARES_ROWS, SQUARES_LEAST_Q8 = 28 };

/* The system keeps these registers from a process until it asks, once for all its threads and for good. From then on it
 * refuses an alternate stack for signals that has no room for them. */
static bool is_permitted(void) {
#ifdef SYS_arch_prctl
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return false;
#endif
}

static const char *amx_unavailable(void) {
    const unsigned tiles = 1U << 24, int8 = 1U << 25, vbmi = 1U << 1;
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (vnni_unavailable() != NULL) return vnni_unavailable();
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & tiles) == 0 || (d & int8) == 0 ||
        (c & vbmi) == 0)
        return "this processor has no AMX for bytes";
    return is_permitted() ? NULL : "the system does not let this process use AMX";
}

static bool takes_squares(const struct crux_backend_matrix *w, uint32_t rows) {
    if (w->tile.width == CRUX_WIDTH_Q4) return rows >= SQUARES_LEAST_Q4;
    return w->tile.width == CRUX_WIDTH_Q8 && rows >= SQUARES_LEAST_Q8;
}

static size_t amx_scratch_bytes(const struct crux_backend_matrix *w, uint32_t rows) {
    return takes_squares(w, rows) ? sizeof(struct crux_squares_room) : 0;
}

static void amx_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                       const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1,
                       void *scratch) {
    if (takes_squares(w, rows))
        crux_squares_matmul(acc, acc_stride, w, prepared, rows, o0, o1, scratch);
    else
        vnni_matmul(acc, acc_stride, w, prepared, rows, o0, o1, scratch);
}

const struct crux_backend crux_backend_amx = {
    .name = "x86-amx",
    .why_equal =
        "Sums of byte products stay below 2^26 before they meet in 64 bits; fewer rows, and "
        "weights of 16 bits, are as x86-vnni.",
    .fused = vnni_fused,
    .unavailable = amx_unavailable,
    .packed_bytes = crux_panel_packed_bytes,
    .pack = crux_panel_pack,
    .pack_range = crux_panel_pack_range,
    .panel_outputs = CRUX_PANEL_OUTPUTS,
    .row_bytes = planes_row_bytes,
    .prepare = crux_planes_prepare_avx512,
    .alone_outputs = crux_panel_alone_outputs,
    .scratch_bytes = amx_scratch_bytes,
    .matmul = amx_matmul,
};

/* --- avx vnni: 256 bits --- */

/* The system keeps these registers for AVX2 too. */
static bool has_avxvnni(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 &&
           (a & 1U << 4) != 0;
}

static bool has_avx512vl_vnni(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

static const char *avxvnni_unavailable(void) {
    return has_avxvnni() || has_avx512vl_vnni() ? NULL
                                                : "this processor has neither AVX-VNNI nor AVX-512 "
                                                  "VNNI";
}

static const struct crux_panel_kernels vex_kernels = {.choose = crux_planes_choose_vex},
                                       evex_kernels = {.choose = crux_planes_choose_evex};

static void avxvnni_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                           const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1,
                           void *scratch CRUX_UNUSED) {
    crux_panel_matmul(acc, acc_stride, w, prepared, crux_planes_row_bytes(w->inputs), rows, o0, o1,
                      has_avx512vl_vnni() ? &evex_kernels : &vex_kernels);
}

const struct crux_backend crux_backend_avxvnni = {
    .name = "x86-avxvnni",
    .why_equal = "As x86-vnni, with dots of half the width.",
    .fused = avx2_fused,
    .unavailable = avxvnni_unavailable,
    .packed_bytes = crux_panel_packed_bytes,
    .pack = crux_panel_pack,
    .pack_range = crux_panel_pack_range,
    .panel_outputs = CRUX_PANEL_OUTPUTS,
    .row_bytes = planes_row_bytes,
    .prepare = crux_planes_prepare_avx2,
    .scratch_bytes = scratch_bytes,
    .matmul = avxvnni_matmul,
};

#else
typedef int crux_no_x86_here;
#endif
