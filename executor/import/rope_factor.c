/* What stretched rotations multiply q and k by, so that scores keep their spread. By integers, with 30 fraction bits.
 * spec/55-import.md#rope-scaling */
#include "executor/import/lattice.h"
#include "executor/import/source_parts.h"

#define LN2_Q62 UINT64_C(0x2c5c85fdf473de6b)

enum { BITS = 30, LOG_BITS = 48 };

/* log2(mantissa * 2^exponent), times 2^48; in magnitude below 2^9 * 2^48 */
static int64_t log2_of(struct crux_block_float f) {
    return (int64_t)crux_fixed_log2((uint32_t)f.mantissa) + f.exponent * (INT64_C(1) << LOG_BITS);
}

int64_t crux_rope_yarn_factor(uint32_t factor, uint32_t scale) {
    struct crux_block_float f;
    int64_t m = crux_rope_given_factor(scale);
    if (!crux_source_f32(&f, factor) || f.mantissa <= 0 || m <= 0 || m >> 34 != 0) return 0;
    int64_t log = log2_of(f);
    if (log <= 0) return INT64_C(1) << BITS;
    int64_t ln = (int64_t)((crux_i128)log * (int64_t)LN2_Q62 >> 62); /* times 2^48 */
    /* below 2^57 * 2^34 */
    return (INT64_C(1) << BITS) +
           crux_lattice_quotient((crux_i128)ln * m, (crux_i128)10 << LOG_BITS);
}

int64_t crux_rope_long_square(uint32_t factor, uint32_t positions, uint32_t original) {
    struct crux_block_float f;
    if (positions < 1 || original < 2) return 0;
    int64_t log = (int64_t)crux_fixed_log2(positions) - (int64_t)crux_fixed_log2(original);
    if (factor != 0) {
        if (!crux_source_f32(&f, factor) || f.mantissa <= 0) return 0;
        log = log2_of(f);
    }
    if (log <= 0) return INT64_C(1) << BITS;
    return (INT64_C(1) << BITS) +
           crux_lattice_quotient((crux_i128)log << BITS, (crux_i128)crux_fixed_log2(original));
}

int64_t crux_rope_given_factor(uint32_t bits) {
    struct crux_block_float f;
    if (!crux_source_f32(&f, bits) || f.mantissa <= 0 || f.exponent < -40 || f.exponent > 4)
        return 0;
    int32_t shift = f.exponent + BITS;
    if (shift >= 0) return (int64_t)f.mantissa * (INT64_C(1) << shift); /* below 2^24 * 2^34 */
    return crux_lattice_quotient(f.mantissa, INT64_C(1) << -shift);
}
