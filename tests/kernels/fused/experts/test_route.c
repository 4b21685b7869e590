#include "kernels/fused/exp2.h"
#include "kernels/fused/experts/experts.h"
#include "tests/support/fused_harness.h"

/* Logits as routers have them: close together, with ties. */
static void fill_close(struct harness *h, int32_t *logits, uint32_t count, int32_t fraction) {
    int64_t width = crux_random_one_in(&h->random, 2) ? 3 : INT64_C(20) << fraction;
    for (uint32_t i = 0; i < count; i++)
        logits[i] = (int32_t)crux_random_between(&h->random, -width, width);
}

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_fused_route config = {.of_all = crux_random_one_in(random, 2)};
    struct crux_type i32 = crux_type_full(CRUX_I32);
    config.experts = harness_extent(h, crux_random_one_in(random, 8) ? CRUX_EXPERTS_MAX : 20, 128);
    config.used = harness_extent(
        h, config.experts < CRUX_EXPERTS_USED_MAX ? config.experts : CRUX_EXPERTS_USED_MAX, 8);
    config.fraction = (int32_t)crux_random_between(random, 0, 24);

    harness_begin(h, 1, 2);
    int32_t *logits = harness_array(h, i32, config.experts);
    uint16_t *exp2 = harness_alloc(h, CRUX_TABLE_ENTRIES, sizeof *exp2);
    if (crux_random_one_in(random, 2)) fill_close(h, logits, config.experts, config.fraction);
    crux_table_exp2(exp2);
    unsigned in = harness_input(h, i32, CRUX_ROW(config.experts), logits);
    struct crux_value table = harness_tensor(h, 0, crux_exp2_type(), CRUX_ROW(CRUX_TABLE_ENTRIES),
                                             exp2, CRUX_TABLE_ENTRIES * sizeof *exp2);
    harness_enter(h);
    struct crux_routed routed =
        crux_fused_route(&h->b, "route", &config, harness_value(h, in), table);
    harness_run(h, 0, 1);

    uint16_t *chosen = harness_alloc(h, config.used, sizeof *chosen);
    int32_t *share = harness_alloc(h, config.used, sizeof *share);
    crux_fused_route_reference(chosen, share, &config, logits, exp2);
    harness_expect(h, "chosen", routed.chosen, chosen);
    harness_expect(h, "share", routed.share, share);
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "route", one_case);
}
