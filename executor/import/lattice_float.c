/* Rows of a float type: values brought to one exponent, then each group's multiplier by search.
 *
 *   v = round(x / 2^u), u the least with every |v| < 2^30: 30 bits below the greatest of the row
 *   int8    S = max |v| / (127 * 4095);  m of sixteen candidates, 2 * absmax / (S * (255 - j)), j = 0..15
 *   int16   S = max |v| / (32767 * 255); m = ceil(absmax / (32767 * S))
 *   int4    S = max(max (hi - lo) / (15 * 4095), max |lo| / 32762); m of eight, n from the middle
 *
 * The candidate with the least sum of squared errors wins, the first of equal ones.
 */
#include <math.h>
#include <stdlib.h>

#include "executor/import/lattice.h"

enum { VALUE_BITS = 30, GROUP = 32 };

struct group {
    const int32_t *v;
    uint32_t count;
    int64_t num, den; /* of S, in units of v */
};

struct choice {
    int64_t m, n;
    int16_t q[GROUP];
};

static int64_t absolute(int64_t v) {
    return v < 0 ? -v : v;
}

/* crux_lattice_quotient where 64 bits do.  In: b > 0. */
static int64_t quotient(int64_t a, int64_t b) {
    int64_t top = 2 * a + b, bottom = 2 * b, q = top / bottom;
    return top % bottom < 0 ? q - 1 : q;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

/* The q nearest to each value for this m >= 0 and n, and the sum of squared errors times den^2.
 * |v * den| < 2^30 * 2^23; an error of q is below S*m plus what clamping cuts off, which the candidates keep below an
 * eighth of the values: squares below 2^108. */
static crux_i128 fit(struct choice *c, const struct group *g, int64_t q_lo, int64_t q_hi) {
    crux_i128 sum = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        int64_t goal = (int64_t)g->v[i] * g->den - c->n * g->num, step = c->m * g->num;
        int64_t q = step == 0 ? q_lo : clamp(quotient(goal, step), q_lo, q_hi);
        crux_i128 off = goal - (crux_i128)q * step;
        c->q[i] = (int16_t)q;
        sum += off * off;
    }
    return sum;
}

static void keep_better(struct choice *best, crux_i128 *least, const struct choice *c,
                        crux_i128 sum, bool first) {
    if (!first && sum >= *least) return;
    *best = *c;
    *least = sum;
}

static int64_t absmax_of(const struct group *g) {
    int64_t most = 0;
    for (uint32_t i = 0; i < g->count; i++)
        if (absolute(g->v[i]) > most) most = absolute(g->v[i]);
    return most;
}

static void search_int8(struct choice *best, const struct group *g) {
    int64_t most = absmax_of(g);
    crux_i128 least = 0;
    for (int j = 0; j < 16; j++) {
        struct choice c = {.m = clamp(crux_lattice_quotient((crux_i128)2 * most * g->den,
                                                            (crux_i128)g->num * (255 - j)),
                                      1, CRUX_LATTICE_M_MAX)};
        keep_better(best, &least, &c, fit(&c, g, -127, 127), j == 0);
    }
}

static void choose_int16(struct choice *best, const struct group *g) {
    crux_i128 top = (crux_i128)absmax_of(g) * g->den, bottom = (crux_i128)g->num * INT16_MAX;
    *best = (struct choice){.m = clamp((int64_t)((top + bottom - 1) / bottom), 1, 255)};
    (void)fit(best, g, -INT16_MAX, INT16_MAX);
}

static void search_int4(struct choice *best, const struct group *g) {
    int64_t lo = g->v[0], hi = g->v[0];
    crux_i128 least = 0;
    for (uint32_t i = 1; i < g->count; i++) {
        if (g->v[i] < lo) lo = g->v[i];
        if (g->v[i] > hi) hi = g->v[i];
    }
    for (int j = 0; j < 8; j++) {
        /* ends drawn in by j/64 of the width on either side */
        crux_i128 width = (crux_i128)(hi - lo) * (32 - j) * g->den;
        crux_i128 twice_middle = (crux_i128)(hi + lo) * g->den;
        struct choice c = {.m = clamp(crux_lattice_quotient(width, (crux_i128)g->num * 15 * 32), 0,
                                      CRUX_LATTICE_M_MAX)};
        c.n = clamp(crux_lattice_quotient(twice_middle - (crux_i128)15 * c.m * g->num,
                                          (crux_i128)2 * g->num),
                    INT16_MIN, INT16_MAX);
        keep_better(best, &least, &c, fit(&c, g, 0, 15), j == 0);
    }
}

/* Out: v, all within 30 bits; *exponent, of their unit. */
static enum crux_status read_row(int32_t *v, int32_t *exponent, const struct crux_lattice *lattice,
                                 const uint8_t *source) {
    const struct crux_block_type *type = lattice->type;
    struct crux_block_float f;
    int32_t top = INT32_MIN;
    for (uint32_t i = 0; i < lattice->inputs; i++) {
        enum crux_status status = crux_block_float(&f, type, source + (size_t)i * type->bytes);
        if (status != CRUX_OK) return status;
        int32_t bits = f.exponent;
        for (int32_t size = abs(f.mantissa); size != 0; size >>= 1) bits++;
        if (f.mantissa != 0 && bits > top) top = bits; /* |x| < 2^bits */
    }
    *exponent = top == INT32_MIN ? 0 : top - VALUE_BITS;
    for (uint32_t i = 0; i < lattice->inputs; i++) {
        enum crux_status status = crux_block_float(&f, type, source + (size_t)i * type->bytes);
        if (status != CRUX_OK) return status;
        int32_t shift = f.exponent - *exponent;
        /* round() may carry the greatest to 2^30 exactly */
        v[i] = shift >= 0    ? (int32_t)((int64_t)f.mantissa * (INT64_C(1) << shift))
               : shift < -30 ? 0
                             : (int32_t)crux_lattice_quotient(f.mantissa, INT64_C(1) << -shift);
    }
    return CRUX_OK;
}

static void row_scale(struct crux_lattice_scale *scale, const int32_t *v,
                      const struct crux_lattice *lattice) {
    int64_t most = 0, widest = 0;
    for (uint32_t i = 0; i < lattice->inputs; i += GROUP) {
        int64_t lo = v[i], hi = v[i];
        for (uint32_t j = i; j < i + GROUP && j < lattice->inputs; j++) {
            if (v[j] < lo) lo = v[j];
            if (v[j] > hi) hi = v[j];
        }
        if (absolute(lo) > most) most = absolute(lo);
        if (lattice->weights != CRUX_WEIGHTS_INT4 && absolute(hi) > most) most = absolute(hi);
        if (hi - lo > widest) widest = hi - lo;
    }
    scale->num = most;
    switch (lattice->weights) {
    case CRUX_WEIGHTS_INT8: scale->den = 127 * CRUX_LATTICE_M_MAX; break;
    case CRUX_WEIGHTS_INT16: scale->den = INT16_MAX * 255; break;
    case CRUX_WEIGHTS_INT4:
        scale->den = CRUX_LATTICE_N_MAX;
        if ((crux_i128)widest * CRUX_LATTICE_N_MAX > (crux_i128)most * 15 * CRUX_LATTICE_M_MAX) {
            scale->num = widest;
            scale->den = 15 * CRUX_LATTICE_M_MAX;
        }
        break;
    }
}

static void put_group(struct crux_lattice *lattice, uint8_t *tiles, uint32_t first,
                      const struct group *g) {
    struct choice best = {0};
    double s = (double)g->num / (double)g->den;
    switch (lattice->weights) {
    case CRUX_WEIGHTS_INT8: search_int8(&best, g); break;
    case CRUX_WEIGHTS_INT16: choose_int16(&best, g); break;
    case CRUX_WEIGHTS_INT4: search_int4(&best, g); break;
    }
    crux_lattice_put(lattice, tiles, first, g->count, best.m, best.n, best.q);
    for (uint32_t i = 0; i < g->count; i++) {
        int64_t weight = best.m * best.q[i] + best.n;
        double value = g->v[i], off = value - s * (double)weight;
        lattice->value += value * value * lattice->unit;
        lattice->error += off * off * lattice->unit;
        if (absolute(weight) > lattice->most) lattice->most = absolute(weight);
    }
}

enum crux_status crux_lattice_float_row(struct crux_lattice *lattice, uint8_t *tiles, uint32_t row,
                                        const uint8_t *source) {
    struct crux_lattice_scale scale = {0, 1, 0};
    int32_t *v = malloc((size_t)lattice->inputs * sizeof *v);
    if (v == NULL) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status = read_row(v, &scale.exponent, lattice, source);
    if (status == CRUX_OK) {
        row_scale(&scale, v, lattice);
        lattice->unit = ldexp(1, 2 * (scale.exponent + CRUX_BLOCK_UNIT_BITS));
        for (uint32_t first = 0; scale.num != 0 && first < lattice->inputs; first += GROUP) {
            uint32_t left = lattice->inputs - first;
            struct group g = {v + first, left < GROUP ? left : GROUP, scale.num, scale.den};
            put_group(lattice, tiles, first, &g);
        }
        lattice->scale[row] = scale;
    }
    free(v);
    return status;
}
