/* Norm weights and biases: floats to fixed point. */
#include <math.h>

#include "executor/import/convert.h"

enum { NORM_BITS_MAX = 24 };

/* round(f * 2^bits), halves up; INT64_MAX if it leaves 2^52. */
static int64_t fixed(struct crux_block_float f, int32_t bits) {
    int32_t shift = f.exponent + bits;
    if (f.mantissa == 0 || shift < -26) return 0; /* |mantissa| < 2^24 */
    if (shift > 28) return INT64_MAX;
    if (shift >= 0) return (int64_t)f.mantissa * (INT64_C(1) << shift);
    return crux_lattice_quotient(f.mantissa, INT64_C(1) << -shift);
}

static enum crux_status get(struct crux_block_float *f, const struct crux_source_tensor *tensor,
                            uint32_t i) {
    return crux_block_float(f, tensor->type, tensor->bytes + (size_t)i * tensor->type->bytes);
}

/* The same of a weight. One more is the same as one more after rounding: 2^bits is whole. */
static int64_t weight(const struct crux_source_tensor *tensor, struct crux_block_float f,
                      int32_t bits) {
    int64_t v = fixed(f, bits);
    return v == INT64_MAX || !tensor->plus_one ? v : v + (INT64_C(1) << bits);
}

static bool all_within(const struct crux_source_tensor *tensor, int32_t bits, int64_t most) {
    for (uint32_t i = 0; i < tensor->inputs; i++) {
        struct crux_block_float f;
        if (get(&f, tensor, i) != CRUX_OK) return false;
        int64_t v = weight(tensor, f, bits);
        if (v > most || v < -most) return false;
    }
    return true;
}

enum crux_status crux_import_norm(uint8_t *bytes, int32_t *bits, struct crux_import_sums *sums,
                                  const struct crux_source_tensor *tensor) {
    *bits = NORM_BITS_MAX;
    while (*bits >= 0 && !all_within(tensor, *bits, INT16_MAX)) --*bits;
    if (*bits < 0) return CRUX_E_BAD_RANGE;
    for (uint32_t i = 0; i < tensor->inputs; i++) {
        struct crux_block_float f;
        enum crux_status status = get(&f, tensor, i);
        if (status != CRUX_OK) return status;
        int64_t v = weight(tensor, f, *bits);
        crux_store_u16(bytes + 2 * (size_t)i, (uint16_t)(int16_t)v);
        double value = ldexp(f.mantissa, f.exponent) + (tensor->plus_one ? 1 : 0),
               off = value - ldexp((double)v, -*bits);
        sums->value += value * value;
        sums->error += off * off;
    }
    sums->weights += tensor->inputs;
    return CRUX_OK;
}

enum crux_status crux_import_bias(uint8_t *bytes, int32_t bits, int64_t most,
                                  const struct crux_source_tensor *tensor) {
    if (!all_within(tensor, bits, most)) return CRUX_E_BAD_RANGE;
    for (uint32_t i = 0; i < tensor->inputs; i++) {
        struct crux_block_float f;
        enum crux_status status = get(&f, tensor, i);
        if (status != CRUX_OK) return status;
        crux_store_u32(bytes + 4 * (size_t)i, (uint32_t)(int32_t)weight(tensor, f, bits));
    }
    return CRUX_OK;
}
