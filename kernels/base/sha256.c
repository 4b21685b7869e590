/* The list of implementations, the choice among them, and the hosted entry points. */
#include <stdatomic.h>
#include <string.h>

#include "kernels/base/sha256_impl.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

static bool always(void) {
    return true;
}

#ifdef __x86_64__

/* The AVX half is for vzeroupper and for the three-operand forms; asked of the builtin, which also
 * asks whether the system saves the registers. */
static bool has_shani(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b >> 29 & 1)) return false;
    return __builtin_cpu_supports("avx") != 0;
}

static bool has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

/* 512 bits at once rather than in two halves: sixteen lanes are then 1.6 times as fast as two by SHA instructions
 * (Emerald Rapids), and otherwise slower (Zen 4). No instruction tells, so the maker's name does. */
static bool has_wide_and_shani(void) {
    unsigned most, b, c, d;
    bool intel = __get_cpuid(0, &most, &b, &c, &d) && b == signature_INTEL_ebx &&
                 c == signature_INTEL_ecx && d == signature_INTEL_edx;
    return intel && has_avx512() && has_shani();
}

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") != 0;
}

#define SHANI2                                                                                     \
    { "shani2", has_shani, crux_sha256_shani_compress, 2, 2, crux_sha256_shani_hash_2, NULL }
static const struct crux_sha256_impl shani2 = SHANI2;

#endif

/* The order is the preference, by measurement (tests/bench/bench_hash.c), and fixed: nothing is
 * timed at run time. */
static const struct crux_sha256_impl impls[] = {
#ifdef __x86_64__
    {"avx512-shani", has_wide_and_shani, crux_sha256_shani_compress, 16, 11,
     crux_sha256_avx512_hash_16, &shani2},
    SHANI2,
    {"shani", has_shani, crux_sha256_shani_compress, 1, 1, NULL, NULL},
    {"avx512", has_avx512, crux_sha256_plain_compress, 16, 3, crux_sha256_avx512_hash_16, NULL},
    {"avx2", has_avx2, crux_sha256_plain_compress, 8, 3, crux_sha256_avx2_hash_8, NULL},
#endif
    {"plain", always, crux_sha256_plain_compress, 1, 1, NULL, NULL},
};

/* Set at first use. Two threads that come first both find the same answer, so that no lock is
 * needed. */
static _Atomic(const struct crux_sha256_impl *) chosen;

const struct crux_sha256_impl *crux_sha256_impls(size_t *count) {
    *count = CRUX_ARRAY_LEN(impls);
    return impls;
}

static enum crux_status try_impl(const struct crux_sha256_impl *impl) {
    if (!impl->available()) return CRUX_E_UNSUPPORTED;
    enum crux_status status = crux_sha256_known_answers(impl);
    if (status == CRUX_OK) atomic_store_explicit(&chosen, impl, memory_order_release);
    return status;
}

enum crux_status crux_sha256_select(const char *name) {
    bool any = name == NULL || strcmp(name, "auto") == 0;
    enum crux_status status = CRUX_E_UNKNOWN_NAME;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(impls); i++) {
        if (!any && strcmp(name, impls[i].name) != 0) continue;
        status = try_impl(&impls[i]);
        if (status == CRUX_OK || !any) return status;
    }
    return status;
}

const struct crux_sha256_impl *crux_sha256_selected(void) {
    const struct crux_sha256_impl *impl = atomic_load_explicit(&chosen, memory_order_acquire);
    if (CRUX_LIKELY(impl != NULL)) return impl;
    enum crux_status status = crux_sha256_select(NULL);
    /* Not even the plain one can hash here: nothing this process could say would be true. */
    CRUX_ASSERT(status == CRUX_OK);
    return atomic_load_explicit(&chosen, memory_order_acquire);
}

void crux_sha256_init(struct crux_sha256_ctx *ctx) {
    crux_sha256_plain_init(&ctx->plain);
}

void crux_sha256_update(struct crux_sha256_ctx *ctx, const uint8_t *in, size_t len) {
    crux_sha256_absorb(&ctx->plain, crux_sha256_selected()->compress, in, len);
}

void crux_sha256_final(struct crux_sha256_ctx *ctx, uint8_t out[32]) {
    crux_sha256_close(&ctx->plain, crux_sha256_selected()->compress, out);
}

void crux_sha256(uint8_t out[32], const uint8_t *in, size_t len) {
    struct crux_sha256_ctx ctx;
    crux_sha256_init(&ctx);
    crux_sha256_update(&ctx, in, len);
    crux_sha256_final(&ctx, out);
}

void crux_sha256_many(uint8_t *out, uint8_t prefix, const uint8_t *in, size_t len, size_t stride,
                      size_t n) {
    crux_sha256_many_with(crux_sha256_selected(), out, prefix, in, len, stride, n);
}

void crux_sha256_nodes(uint8_t *out, const uint8_t *pairs, size_t n) {
    crux_sha256_many(out, 0x01, pairs, 64, 64, n);
}
