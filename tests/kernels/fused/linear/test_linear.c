#include "kernels/fused/linear/linear.h"
#include "tests/support/fused_harness.h"

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_tile tile = harness_tile(h);
    uint32_t out = harness_extent(h, 4, 4),
             in = harness_extent(h, 1100, crux_random_one_in(random, 2) ? tile.chunk : 16);
    bool has_bias = crux_random_one_in(random, 2), has_residual = crux_random_one_in(random, 2);
    struct crux_type x_type = crux_type_of(CRUX_I16, -CRUX_LIMIT_LINEAR, CRUX_LIMIT_LINEAR);
    struct crux_type e_type = crux_type_of(CRUX_I8, 0, crux_random_between(random, 0, 63)),
                     i32 = crux_type_full(CRUX_I32);
    struct crux_fused_linear config = {
        .s0 = (int32_t)crux_random_between(random, e_type.hi - 31, 95), .y = i32};
    if (crux_random_one_in(random, 3))
        config.y = crux_type_symmetric(crux_random_between(random, 1, INT32_MAX));
    config.y.dtype = CRUX_I32;

    harness_begin(h, 1, 2);
    int16_t *x = harness_array(h, x_type, in);
    int8_t *e = harness_array(h, e_type, 1);
    int32_t *bias = harness_array(h, i32, out), *residual = harness_array(h, i32, out);
    int32_t *rowmul = harness_array(h, i32, out);
    struct harness_tiles tiles = harness_tiles(h, &tile, out, in);
    unsigned x_in = harness_input(h, x_type, CRUX_ROW(in), x),
             e_in = harness_input(h, e_type, CRUX_ROW(1), e);
    unsigned residual_in = harness_input(h, i32, CRUX_ROW(out), residual);
    struct crux_value bias_value =
        harness_tensor(h, 0, i32, CRUX_ROW(out), bias, out * sizeof *bias);
    struct crux_value rowmul_value =
        harness_tensor(h, 0, i32, CRUX_ROW(out), rowmul, out * sizeof *rowmul);
    harness_enter(h);
    struct crux_value residual_value = harness_value(h, residual_in);
    struct crux_fused_linear_values values = {tiles.value, rowmul_value,
                                              has_bias ? &bias_value : NULL,
                                              has_residual ? &residual_value : NULL};
    struct crux_quantised quantised = {harness_value(h, x_in), harness_value(h, e_in)};
    struct crux_value value = crux_fused_linear(&h->b, "proj", &config, &values, quantised);
    harness_run(h, 0, 1);

    struct crux_tiles w = {tile, out, in, tiles.bytes, false};
    int32_t *y = harness_alloc(h, out, sizeof *y);
    crux_fused_linear_reference(y, &config, x, e[0], &w, rowmul, has_bias ? bias : NULL,
                                has_residual ? residual : NULL);
    harness_expect(h, "y", value, y);
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "linear", one_case);
}
