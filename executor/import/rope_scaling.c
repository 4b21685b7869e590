/* Rope variants: frequencies stretched, by integers. */
#include "executor/import/lattice.h"
#include "executor/import/source_parts.h"

/* round(turns / factor), factor = mantissa * 2^exponent */
static enum crux_status divide(uint64_t *turns, uint32_t factor_bits) {
    struct crux_block_float f;
    if (!crux_source_f32(&f, factor_bits) || f.mantissa <= 0) return CRUX_E_BAD_RANGE;
    if (f.exponent < -40 || f.exponent > 40) return CRUX_E_BAD_RANGE;
    crux_i128 top = (crux_i128)*turns, bottom = f.mantissa;
    if (f.exponent < 0)
        top <<= -f.exponent; /* below 2^64 * 2^40 */
    else
        bottom <<= f.exponent;
    crux_i128 result = (2 * top + bottom) / (2 * bottom);
    if (result >> 63 != 0) return CRUX_E_BAD_RANGE; /* half a turn a position or more */
    *turns = (uint64_t)result;
    return CRUX_OK;
}

enum crux_status crux_rope_divide(uint64_t *turns, const uint8_t *factors, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        enum crux_status status = divide(&turns[i], crux_load_u32(factors + 4 * i));
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

enum crux_status crux_rope_linear(uint64_t *turns, uint32_t factor_bits, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        enum crux_status status = divide(&turns[i], factor_bits);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

int64_t crux_rope_twentieths(uint32_t bits) {
    struct crux_block_float f;
    if (!crux_source_f32(&f, bits) || f.mantissa <= 0 || f.exponent < -20 || f.exponent > 14)
        return 0;
    int64_t value = (int64_t)f.mantissa * (INT64_C(1) << (f.exponent + 20)); /* below 2^58 */
    return value < 0 || value > INT64_C(1) << 40 ? 0 : value;
}

/* x = positions * turns / 2^64 is how often the pair turns over the positions the model was first trained on.
 *   x > high: f;  x < low: f / factor;  else f * (s + (1 - s) / factor), s = (x - low) / (high - low) */
enum crux_status crux_rope_llama3(uint64_t *turns, uint32_t factor, uint32_t low, uint32_t high,
                                  uint32_t positions, uint32_t count) {
    int64_t a = crux_rope_twentieths(factor), lo = crux_rope_twentieths(low),
            hi = crux_rope_twentieths(high), one = 1 << 20;
    if (a < one || lo <= 0 || hi <= lo || hi > one << 10 || a > one << 10) return CRUX_E_BAD_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        /* in 2^-20; below 2^24 * 2^20, as turns are below 2^63 */
        int64_t x = (int64_t)((crux_u128)turns[i] * positions >> 44);
        crux_i128 f = turns[i];
        if (x > hi) continue;
        if (x < lo) {
            turns[i] = (uint64_t)((2 * f * one + a) / (2 * (crux_i128)a));
            continue;
        }
        /* f * ((x - lo) * a + (hi - x) * one) / ((hi - lo) * a): below 2^63 * 2^61 */
        crux_i128 top = f * ((crux_i128)(x - lo) * a + (crux_i128)(hi - x) * one);
        crux_i128 bottom = (crux_i128)(hi - lo) * a;
        turns[i] = (uint64_t)((top + bottom / 2) / bottom);
    }
    return CRUX_OK;
}
