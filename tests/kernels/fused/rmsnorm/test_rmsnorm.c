#include "kernels/fused/kernels.h"
#include "tests/support/fused_norm.h"

static void one_case(struct harness *h) {
    uint32_t rows = harness_extent(h, 4, 4), width = harness_extent(h, 1100, 512);
    bool flat = rows == 1 && crux_random_one_in(&h->random, 2);
    struct crux_fused_norm config = fused_norm_config(h, width);
    struct crux_type r_type = crux_type_of(CRUX_I32, -INT32_MAX, INT32_MAX);
    struct crux_type w_type = crux_type_of(CRUX_I16, -32767, 32767);
    struct crux_norm_constants constants;
    harness_ok(crux_fused_rmsnorm_constants(&constants, &config));

    harness_begin(h, 1, 2);
    int32_t *r = harness_array(h, r_type, (size_t)rows * width);
    int16_t *w = harness_array(h, w_type, width);
    unsigned in = harness_input(h, r_type, flat ? CRUX_ROW(width) : CRUX_GRID(rows, width), r);
    struct crux_value w_value = harness_tensor(h, 0, w_type, CRUX_ROW(width), w, width * sizeof *w);
    harness_enter(h);
    struct crux_value value =
        crux_fused_rmsnorm(&h->b, "norm", &config, harness_value(h, in), w_value);
    harness_run(h, 0, 1);

    int32_t *n = harness_alloc(h, (size_t)rows * width, sizeof *n);
    int16_t *y = harness_alloc(h, width, sizeof *y);
    int e_max = crux_fused_quant_rows_e_max(r_type, CRUX_LIMIT_WIDE);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        k->rmsnorm(n, y, &constants, r, rows, width, e_max, w);
        harness_expect(h, k->name, value, n);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "rmsnorm", one_case);
}
