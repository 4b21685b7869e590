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
