/* The constants of a norm, by integer arithmetic only, so that every machine finds the same ones. */
#include "kernels/fused/exact.h"
#include "kernels/fused/norm/norm.h"

enum { EPS_BITS = 61, T_BITS = 59, PRE_ROOT_BITS = 62, INV_WIDE_BITS = 50, WIDTH_MAX = 1 << 20 };

struct eps {
    int64_t m;
    int32_t s;
};

/* eps * width^power * 2^(2 * in_bits) = m / 2^s, m within 61 bits; what does not fit is rounded away. */
static bool scale_eps(struct eps *eps, const struct crux_fused_norm *config, unsigned power) {
    if (config->width < 1 || config->width > WIDTH_MAX || config->eps_m < 0 ||
        config->eps_m >> 53 != 0)
        return false;
    crux_i128 m = config->eps_m;
    eps->s = config->eps_shift - 2 * config->in_bits;
    for (unsigned i = 0; i < power; i++) m *= config->width; /* below 2^(53 + 60) */
    while (m >> EPS_BITS != 0) {
        m = crux_wide_round(m, 1);
        eps->s--;
    }
    eps->m = (int64_t)m;
    return eps->s >= CRUX_EXACT_SHIFT_LO && eps->s <= 256;
}

int64_t crux_fused_norm_eps(const struct crux_fused_norm *config, unsigned power) {
    struct eps eps;
    if (!scale_eps(&eps, config, power)) return -1;
    crux_i128 at_zero =
        crux_wide_round(eps.m, eps.s < CRUX_EXACT_SHIFT_HI ? eps.s : CRUX_EXACT_SHIFT_HI);
    return at_zero >> EPS_BITS != 0 ? -1 : (int64_t)at_zero;
}

/* floor(sqrt(a)), a < 2^126 */
static crux_i128 wide_sqrt(crux_i128 a) {
    crux_i128 root = 0;
    for (int bit = 62; bit >= 0; bit--) {
        crux_i128 next = root | (crux_i128)1 << bit;
        if (next * next <= a) root = next;
    }
    return root;
}

/* c * 2^c_shift = about sqrt(width) * 2^bits, c below 2^31 */
static void numerator(struct crux_norm_constants *k, uint32_t width, int bits) {
    for (k->c_shift = 0;; k->c_shift++) {
        crux_i128 root =
            wide_sqrt((crux_i128)width << (2 * (bits - k->c_shift))); /* below 2^(20 + 2 * 53) */
        if (root > INT32_MAX) continue;
        k->c = (int32_t)root;
        return;
    }
}

static int64_t inv_at(const struct crux_norm_constants *k, int64_t t) {
    return ((int64_t)k->c << k->c_shift) / (int64_t)crux_exact_sqrt((uint64_t)t << k->root_shift);
}

/* inv has at least 20 bits at the greatest t; and 31 at the least t if that still is more. */
static void choose_inv(struct crux_norm_constants *k, uint32_t width, int64_t t_least) {
    for (int bits = 0; bits + k->root_shift / 2 < 53; bits++) {
        struct crux_norm_constants next = *k;
        numerator(&next, width, bits + k->root_shift / 2);
        next.inv_bits = bits;
        next.inv_hi = inv_at(&next, t_least);
        if (next.inv_hi > INT32_MAX && k->c != 0 && inv_at(k, k->t_hi) >> CRUX_NORM_INV_BITS != 0)
            return;
        *k = next;
    }
}

/* 2 * ceil(sqrt(width)) * |w| in n's units: twice, because root is rounded down (from 2 or more, as t * 2^shift >= 4). */
static int64_t out_most(const struct crux_fused_norm *config) {
    crux_i128 most = (crux_i128)(crux_exact_sqrt(config->width) + 1) * config->weight_most * 2;
    int shift = config->weight_bits - config->out_bits;
    most = shift >= 0 ? (most >> shift) + 1 : most << -shift;
    return most > INT32_MAX ? INT32_MAX : (int64_t)most;
}

enum crux_status crux_fused_norm_constants(struct crux_norm_constants *constants,
                                           const struct crux_fused_norm *config, unsigned power,
                                           int64_t t_least) {
    struct crux_norm_constants k = {0};
    struct eps eps;
    int64_t eps_at_zero = crux_fused_norm_eps(config, power);
    int spread = config->weight_bits - config->out_bits;
    if (eps_at_zero < 0 || !scale_eps(&eps, config, power)) return CRUX_E_OVERFLOW;
    if (spread < -31 || spread > 31 || config->weight_most < 0 ||
        config->weight_most > INT16_MAX + 1) {
        return CRUX_E_OVERFLOW;
    }
    k.eps_m = eps.m;
    k.eps_s = eps.s;
    k.t_hi = (int64_t)config->width * INT16_MAX * INT16_MAX + eps_at_zero; /* below 2^50 + 2^61 */
    if (k.t_hi >> T_BITS != 0) return CRUX_E_OVERFLOW;
    while (k.t_hi >> (PRE_ROOT_BITS - 2 - k.root_shift) == 0) k.root_shift += 2;
    k.root_hi = (int64_t)crux_exact_sqrt((uint64_t)k.t_hi << k.root_shift);
    choose_inv(&k, config->width, t_least);
    if (inv_at(&k, k.t_hi) >> CRUX_NORM_INV_BITS == 0 || k.inv_hi >> (INV_WIDE_BITS + 2) != 0)
        return CRUX_E_OVERFLOW;
    k.s1 = k.inv_bits + spread;
    k.out_most = out_most(config);
    *constants = k;
    return CRUX_OK;
}
