#include "kernels/fused/kernels.h"
#include "tests/support/fused_harness.h"

static struct crux_lut_end random_end(struct crux_random *random) {
    if (crux_random_one_in(random, 2))
        return crux_lut_constant(crux_random_edgy(random, INT32_MIN, INT32_MAX));
    return crux_lut_line(crux_random_edgy(random, INT32_MIN, INT32_MAX),
                         (unsigned)crux_random_below(random, 40));
}

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    uint32_t width = harness_extent(h, 300, 64);
    bool gated = crux_random_one_in(random, 2);
    struct crux_type i32 = crux_type_full(CRUX_I32);
    struct crux_fused_activation config = {
        .lut = {.x0 = crux_random_edgy(random, INT32_MIN, INT32_MAX),
                .shift = (unsigned)crux_random_below(random, 32),
                .cells = crux_random_one_in(random, 3) ? 4096 : harness_extent(h, 70, 16),
                .left = random_end(random),
                .right = random_end(random)},
        .a = crux_random_one_in(random, 2) ? i32 : crux_type_of(CRUX_I32, -100000, 1 << 20),
        .s = (int32_t)crux_random_between(random, -2, 40),
        .h = i32};
    size_t entries = (size_t)config.lut.cells + 1;

    harness_begin(h, 1, 2);
    int32_t *g = harness_array(h, i32, width), *u = harness_array(h, i32, width);
    int32_t *table = harness_array(h, i32, entries);
    for (uint32_t i = 0; i < width;
         i++) { /* half of the arguments on the grid, its ends included */
        int64_t on =
            config.lut.x0 +
            crux_random_between(random, -2, ((int64_t)config.lut.cells << config.lut.shift) + 2);
        if (crux_random_one_in(random, 2) && on >= INT32_MIN && on <= INT32_MAX) g[i] = (int32_t)on;
    }
    unsigned g_in = harness_input(h, i32, CRUX_ROW(width), g),
             u_in = harness_input(h, i32, CRUX_ROW(width), u);
    struct crux_value table_value =
        harness_tensor(h, 0, i32, CRUX_ROW((uint32_t)entries), table, entries * sizeof *table);
    harness_enter(h);
    struct crux_value u_value = harness_value(h, u_in);
    struct crux_value value = crux_fused_activation(&h->b, "act", &config, harness_value(h, g_in),
                                                    gated ? &u_value : NULL, table_value);
    harness_run(h, 0, 1);

    int32_t *out = harness_alloc(h, width, sizeof *out);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        k->activation(out, &config, g, gated ? u : NULL, width, table);
        harness_expect(h, k->name, value, out);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "activation", one_case);
}
