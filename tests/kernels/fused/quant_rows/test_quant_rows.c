#include "kernels/fused/kernels.h"
#include "tests/support/fused_harness.h"

static struct crux_type random_type(struct harness *h) {
    static const uint8_t dtypes[] = {CRUX_I16, CRUX_I32, CRUX_I32, CRUX_I64};
    struct crux_type full = crux_type_full(dtypes[crux_random_below(&h->random, 4)]);
    if (crux_random_one_in(&h->random, 2)) return full;
    int64_t a = crux_random_edgy(&h->random, full.lo, full.hi),
            b = crux_random_edgy(&h->random, full.lo, full.hi);
    return crux_type_of(full.dtype, a < b ? a : b, a < b ? b : a);
}

static void one_case(struct harness *h) {
    uint32_t rows = harness_extent(h, 5, 5), width = harness_extent(h, 600, 128);
    bool flat = rows == 1 && crux_random_one_in(&h->random, 2);
    static const int32_t limits[] = {CRUX_LIMIT_LINEAR, CRUX_LIMIT_WIDE, 4095, 1};
    int32_t limit = limits[crux_random_below(&h->random, 4)];
    struct crux_type type = random_type(h);
    size_t count = (size_t)rows * width;

    harness_begin(h, 1, 2);
    void *v = harness_array(h, type, count);
    unsigned in = harness_input(h, type, flat ? CRUX_ROW(width) : CRUX_GRID(rows, width), v);
    harness_enter(h);
    struct crux_quantised out = crux_fused_quant_rows(&h->b, "q", limit, harness_value(h, in));
    harness_run(h, 0, 1);

    int16_t *x = harness_alloc(h, count, sizeof *x);
    int8_t *e = harness_alloc(h, rows, sizeof *e);
    int e_max = crux_fused_quant_rows_e_max(type, limit);
    int32_t *wide = v;
    if (type.dtype == CRUX_I64) {
        crux_fused_quant_rows_i64(x, e, v, rows, width, limit, e_max);
        harness_expect(h, "e", out.e, e);
        harness_expect(h, "x", out.x, x);
        return;
    }
    if (type.dtype == CRUX_I16) {
        wide = harness_alloc(h, count, sizeof *wide);
        for (size_t i = 0; i < count; i++) wide[i] = ((const int16_t *)v)[i];
    }
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        k->quant_rows(x, e, wide, rows, width, limit, e_max);
        harness_expect(h, k->name, out.e, e);
        harness_expect(h, k->name, out.x, x);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "quant_rows", one_case);
}
