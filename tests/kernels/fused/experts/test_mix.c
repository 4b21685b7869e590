#include <string.h>

#include "kernels/fused/kernels.h"
#include "tests/support/fused_harness.h"

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_fused_mix config = {.used = harness_extent(h, CRUX_EXPERTS_USED_MAX, 8),
                                    .s = (int32_t)crux_random_between(random, 1, 60),
                                    .y = crux_type_symmetric(INT32_MAX)};
    uint32_t width = harness_extent(h, 90, 64);
    struct crux_type i32 = crux_type_full(CRUX_I32),
                     share_type = crux_type_of(CRUX_I32, 0, 1 << CRUX_EXPERTS_SHARE_BITS);

    harness_begin(h, 1, 2);
    int32_t *share = harness_array(h, share_type, config.used);
    int32_t *d = harness_array(h, i32, (size_t)width * config.used);
    int32_t *r = harness_array(h, i32, width);
    unsigned share_in = harness_input(h, share_type, CRUX_ROW(config.used), share),
             d_in = harness_input(h, i32, CRUX_GRID(width, config.used), d),
             r_in = harness_input(h, i32, CRUX_ROW(width), r);
    harness_enter(h);
    struct crux_value value = crux_fused_mix(&h->b, "mix", &config, harness_value(h, share_in),
                                             harness_value(h, d_in), harness_value(h, r_in));
    harness_run(h, 0, 1);

    const int32_t *rows[CRUX_EXPERTS_USED_MAX];
    for (uint32_t i = 0; i < config.used; i++) {
        int32_t *row = harness_alloc(h, width, sizeof *row);
        for (uint32_t o = 0; o < width; o++) row[o] = d[(size_t)o * config.used + i];
        rows[i] = row;
    }
    int32_t *y = harness_alloc(h, width, sizeof *y);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        memcpy(y, r, width * sizeof *y);
        k->mix(y, &config, share, rows, width);
        harness_expect(h, k->name, value, y);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "mix", one_case);
}
