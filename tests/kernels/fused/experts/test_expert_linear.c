#include "kernels/fused/experts/experts.h"
#include "tests/support/fused_harness.h"

struct shape {
    uint32_t experts, used, out, in;
    bool by_slot;
};

/* The kernel, slot by slot, in the order that the lowering has. */
static int32_t *all_slots(struct harness *h, const struct shape *s,
                          const struct crux_fused_linear *config, const int16_t *x, const int8_t *e,
                          const struct crux_tiles *w, const int32_t *rowmul,
                          const uint16_t *chosen) {
    int32_t *y = harness_alloc(h, (size_t)s->used * s->out, sizeof *y),
            *row = harness_alloc(h, s->out, sizeof *row);
    for (uint32_t i = 0; i < s->used; i++) {
        struct crux_tiles one = crux_fused_expert_tiles(w, s->experts, chosen[i]);
        size_t at = s->by_slot ? i : 0;
        crux_fused_linear_reference(row, config, x + at * s->in, e[at], &one,
                                    rowmul + (size_t)chosen[i] * s->out, NULL, NULL);
        for (uint32_t o = 0; o < s->out; o++)
            y[s->by_slot ? o * s->used + i : i * s->out + o] = row[o];
    }
    return y;
}

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_tile tile = harness_tile(h);
    struct shape s = {.experts = harness_extent(h, 5, 8),
                      .used = harness_extent(h, 4, 8),
                      .out = harness_extent(h, 4, 4),
                      .in = harness_extent(h, 600, tile.chunk),
                      .by_slot = crux_random_one_in(random, 2)};
    uint32_t rows = s.by_slot ? s.used : 1;
    struct crux_type x_type = crux_type_of(CRUX_I16, -CRUX_LIMIT_LINEAR, CRUX_LIMIT_LINEAR);
    struct crux_type e_type = crux_type_of(CRUX_I8, 0, crux_random_between(random, 0, 63)),
                     i32 = crux_type_full(CRUX_I32),
                     number = crux_type_of(CRUX_I16, 0, (int64_t)s.experts - 1);
    struct crux_fused_linear config = {
        .s0 = (int32_t)crux_random_between(random, e_type.hi - 31, 95), .y = i32};

    harness_begin(h, 1, 2);
    int16_t *x = harness_array(h, x_type, (size_t)rows * s.in);
    int8_t *e = harness_array(h, e_type, rows);
    uint16_t *chosen = harness_array(h, number, s.used);
    int32_t *rowmul = harness_array(h, i32, (size_t)s.experts * s.out);
    struct harness_tiles tiles = harness_tiles(h, &tile, s.experts * s.out, s.in);
    unsigned x_in = harness_input(h, x_type, s.by_slot ? CRUX_GRID(rows, s.in) : CRUX_ROW(s.in), x),
             e_in = harness_input(h, e_type, CRUX_ROW(rows), e),
             chosen_in = harness_input(h, number, CRUX_ROW(s.used), chosen);
    struct crux_fused_expert_linear_values values = {
        .w = crux_value_view(tiles.value, CRUX_CUBE(s.experts, s.out, s.in)),
        .rowmul = harness_tensor(h, 0, i32, CRUX_GRID(s.experts, s.out), rowmul,
                                 (size_t)s.experts * s.out * sizeof *rowmul)};
    harness_enter(h);
    struct crux_quantised quantised = {harness_value(h, x_in), harness_value(h, e_in)};
    struct crux_value value = crux_fused_expert_linear(&h->b, "proj", &config, &values, quantised,
                                                       s.by_slot, harness_value(h, chosen_in));
    harness_run(h, 0, 1);

    struct crux_tiles w = {tile, s.experts * s.out, s.in, tiles.bytes, false};
    harness_expect(h, "y", value, all_slots(h, &s, &config, x, e, &w, rowmul, chosen));
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "expert_linear", one_case);
}
