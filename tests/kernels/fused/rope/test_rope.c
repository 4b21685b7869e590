#include "kernels/fused/kernels.h"
#include "tests/support/fused_harness.h"

enum { CONTEXT = 3 };

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    uint32_t heads = harness_extent(h, 6, 6), pairs = harness_extent(h, 40, 16), width = 2 * pairs;
    struct crux_type v_type =
        crux_random_one_in(random, 2)
            ? crux_type_full(CRUX_I32)
            : crux_type_of(CRUX_I32, -crux_random_between(random, 0, INT32_MAX),
                           crux_random_between(random, 0, INT32_MAX));
    struct crux_type t_type = crux_type_of(CRUX_I32, -(1 << CRUX_ROPE_BITS), 1 << CRUX_ROPE_BITS);
    struct crux_fused_rope config = {crux_random_one_in(random, 2) ? CRUX_ROPE_HALF_SPLIT
                                                                   : CRUX_ROPE_INTERLEAVED,
                                     crux_fused_rope_type(v_type)};
    if (crux_random_one_in(random, 4)) config.out = crux_type_of(CRUX_I32, -1000, 70000);
    uint32_t pos = (uint32_t)crux_random_below(random, CONTEXT);

    harness_begin(h, CONTEXT, 2);
    int32_t *v = harness_array(h, v_type, (size_t)heads * width);
    int32_t *table = harness_array(h, t_type, (size_t)CONTEXT * pairs * 3);
    unsigned in = harness_input(h, v_type, CRUX_GRID(heads, width), v);
    struct crux_value table_value =
        harness_tensor(h, 0, t_type, CRUX_CUBE(CONTEXT, pairs, 3), table,
                       (size_t)CONTEXT * pairs * 3 * sizeof *table);
    harness_enter(h);
    struct crux_value value =
        crux_fused_rope(&h->b, "rope", &config, harness_value(h, in), table_value);
    harness_run(h, pos, 1);

    int32_t *out = harness_alloc(h, (size_t)heads * width, sizeof *out);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        k->rope(out, &config, v, heads, width, table + (size_t)pos * pairs * 3);
        harness_expect(h, k->name, value, out);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "rope", one_case);
}
