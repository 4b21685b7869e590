#include "kernels/fused/kernels.h"
#include "tests/support/fused_norm.h"

static void one_case(struct harness *h) {
    uint32_t rows = harness_extent(h, 4, 4), width = harness_extent(h, 1100, 512);
    bool flat = rows == 1 && crux_random_one_in(&h->random, 2);
    struct crux_fused_norm config = fused_norm_config(h, width);
    struct crux_type r_type = crux_type_of(CRUX_I32, -INT32_MAX, INT32_MAX);
    struct crux_type w_type = crux_type_of(CRUX_I16, -32767, 32767),
                     b_type = crux_type_symmetric(INT32_MAX / 2);
    struct crux_norm_constants constants;
    if (config.in_bits > 16) config.in_bits = 16; /* eps times width^3 leaves its 59 bits beyond */
    harness_ok(crux_fused_layernorm_constants(&constants, &config));

    harness_begin(h, 1, 2);
    int32_t *r = harness_array(h, r_type, (size_t)rows * width),
            *bias = harness_array(h, b_type, width);
    int16_t *w = harness_array(h, w_type, width);
    if (crux_random_one_in(&h->random,
                           3)) { /* nearly constant rows: almost nothing is left after centring */
        for (size_t i = 0; i < (size_t)rows * width; i++)
            r[i] = r[0] > 0 ? r[0] - (int32_t)(i % 2) : r[0];
    }
    unsigned in = harness_input(h, r_type, flat ? CRUX_ROW(width) : CRUX_GRID(rows, width), r);
    struct crux_value w_value = harness_tensor(h, 0, w_type, CRUX_ROW(width), w, width * sizeof *w);
    struct crux_value b_value =
        harness_tensor(h, 0, b_type, CRUX_ROW(width), bias, width * sizeof *bias);
    harness_enter(h);
    struct crux_value value =
        crux_fused_layernorm(&h->b, "norm", &config, harness_value(h, in), w_value, b_value);
    harness_run(h, 0, 1);

    int32_t *n = harness_alloc(h, (size_t)rows * width, sizeof *n);
    int16_t *z = harness_alloc(h, width, sizeof *z);
    int64_t *c = harness_alloc(h, width, sizeof *c);
    int e_max = crux_fused_quant_rows_e_max(r_type, CRUX_LIMIT_WIDE);
    struct crux_type out = crux_fused_layernorm_out(&constants, b_type.hi);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        k->layernorm(n, z, c, &constants, out, r, rows, width, e_max, w, bias);
        harness_expect(h, k->name, value, n);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "layernorm", one_case);
}
