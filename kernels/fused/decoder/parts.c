#include "kernels/fused/decoder/parts.h"

#include <string.h>

#include "kernels/fused/layernorm/layernorm.h"
#include "kernels/fused/linear/linear.h"
#include "kernels/fused/rmsnorm/rmsnorm.h"

enum { ROWMUL_BITS = 30, BIAS_MOST = 1 << 24 };

static int bit_length(uint64_t v) {
    int bits = 0;
    for (; v != 0; v >>= 1) bits++;
    return bits;
}

int32_t crux_decoder_shift(int64_t most, uint32_t inputs, int32_t in_bits, int32_t out_bits) {
    /* rowmul 2^29 on average, weights half their greatest: a sum of `inputs` terms grows by its square root */
    return ROWMUL_BITS - 1 + bit_length((uint64_t)most) - 2 + bit_length(inputs) / 2 + in_bits -
           out_bits;
}

void crux_decoder_name(char out[CRUX_DECODER_NAME_BYTES], const char *prefix, const char *name) {
    size_t a = strlen(prefix), b = strlen(name);
    CRUX_ASSERT(a + b < CRUX_DECODER_NAME_BYTES);
    memcpy(out, prefix, a);
    memcpy(out + a, name, b + 1);
}

static struct crux_value tensor(const struct crux_decoder_parts *parts, const char *prefix,
                                const char *name, const char *suffix, uint8_t layout,
                                struct crux_type type, struct crux_shape shape) {
    char base[CRUX_DECODER_NAME_BYTES], full[CRUX_DECODER_NAME_BYTES];
    crux_decoder_name(base, prefix, name);
    crux_decoder_name(full, base, suffix);
    return crux_builder_tensor(parts->b, full, layout, type, shape);
}

struct crux_value crux_decoder_norm(const struct crux_decoder_parts *parts,
                                    const struct crux_decoder_norm_parts *norm,
                                    struct crux_value r) {
    const struct crux_fused_decoder *config = parts->config;
    struct crux_fused_norm shape = {.width = norm->width,
                                    .eps_m = config->eps_m,
                                    .eps_shift = config->eps_shift,
                                    .in_bits = norm->in_bits,
                                    .weight_bits = norm->weight_bits,
                                    .out_bits = norm->out_bits,
                                    .weight_most = INT16_MAX};
    struct crux_type w_type = crux_type_symmetric(INT16_MAX);
    struct crux_shape row = CRUX_ROW(norm->width);
    struct crux_value w = tensor(parts, norm->prefix, norm->name, "", 0, w_type, row);
    if (norm->kind == CRUX_DECODER_RMSNORM)
        return crux_fused_rmsnorm(parts->b, norm->name, &shape, r, w);
    struct crux_value bias = tensor(parts, norm->prefix, norm->name, ".bias", 0,
                                    crux_type_fit(-BIAS_MOST, BIAS_MOST, 4), row);
    return crux_fused_layernorm(parts->b, norm->name, &shape, r, w, bias);
}

struct crux_value crux_decoder_linear(const struct crux_decoder_parts *parts,
                                      const struct crux_decoder_linear *linear,
                                      struct crux_quantised x) {
    struct crux_shape row = CRUX_ROW(linear->out);
    struct crux_type w_type = crux_type_of(CRUX_I32, -linear->tiles.most, linear->tiles.most);
    struct crux_type scale_type = crux_type_of(CRUX_I32, 0, INT64_C(1) << ROWMUL_BITS);
    struct crux_fused_linear config = {linear->s0, crux_type_symmetric(INT32_MAX)};
    struct crux_fused_linear_values values = {.residual = linear->residual};
    struct crux_value bias;
    values.w = linear->w != NULL
                   ? *linear->w
                   : tensor(parts, linear->prefix, linear->name, "", linear->tiles.layout, w_type,
                            CRUX_GRID(linear->out, linear->in));
    values.rowmul = tensor(parts, linear->prefix, linear->name, ".scale", 0, scale_type, row);
    if (linear->bias) {
        bias = tensor(parts, linear->prefix, linear->name, ".bias", 0,
                      crux_type_fit(-BIAS_MOST, BIAS_MOST, 4), row);
        values.bias = &bias;
    }
    return crux_fused_linear(parts->b, linear->name, &config, &values, x);
}
