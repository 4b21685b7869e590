#include "kernels/fused/kernels.h"
#include "tests/support/fused_harness.h"

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    uint32_t width = harness_extent(h, 300, 64);
    struct crux_type i32 = crux_type_full(CRUX_I32);
    struct crux_fused_residual config = {(int32_t)crux_random_between(random, -31, 31), i32};
    if (crux_random_one_in(random, 2)) {
        config.out = crux_type_of(CRUX_I32, -crux_random_between(random, 0, INT32_MAX),
                                  crux_random_between(random, 0, INT32_MAX));
    }

    harness_begin(h, 1, 2);
    int32_t *r = harness_array(h, i32, width), *y = harness_array(h, i32, width);
    unsigned r_in = harness_input(h, i32, CRUX_ROW(width), r),
             y_in = harness_input(h, i32, CRUX_ROW(width), y);
    harness_enter(h);
    struct crux_value value =
        crux_fused_residual(&h->b, "add", &config, harness_value(h, r_in), harness_value(h, y_in));
    harness_run(h, 0, 1);

    int32_t *out = harness_alloc(h, width, sizeof *out);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        k->residual(out, &config, r, y, width);
        harness_expect(h, k->name, value, out);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "residual", one_case);
}
