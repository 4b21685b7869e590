#include "kernels/fused/kernels.h"
#include "tests/support/fused_harness.h"

enum { CONTEXT = 5 };

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_tile tile = harness_tile(h);
    uint32_t vocab = harness_extent(h, 6, 6), width = harness_extent(h, 600, 128);
    bool has_positions = crux_random_one_in(random, 2);
    struct crux_type i32 = crux_type_full(CRUX_I32);
    struct crux_fused_embed config = {vocab, (int32_t)crux_random_between(random, -4, 60), i32};
    uint32_t pos = (uint32_t)crux_random_below(random, CONTEXT),
             n = (uint32_t)crux_random_between(random, 1, CONTEXT);

    harness_begin(h, CONTEXT, vocab);
    for (unsigned i = 0; i < CONTEXT; i++)
        h->tokens[i] = (uint32_t)crux_random_below(random, vocab);
    struct harness_tiles table = harness_tiles(h, &tile, vocab, width);
    int32_t *rowmul = harness_array(h, i32, vocab),
            *places = harness_array(h, i32, (size_t)CONTEXT * width);
    struct crux_value rowmul_value =
        harness_tensor(h, 0, i32, CRUX_ROW(vocab), rowmul, vocab * sizeof *rowmul);
    struct crux_value places_value = harness_tensor(h, 0, i32, CRUX_GRID(CONTEXT, width), places,
                                                    CONTEXT * width * sizeof *places);
    harness_input(h, i32, CRUX_ROW(1), rowmul);
    harness_enter(h);
    struct crux_fused_embed_values values = {table.value, rowmul_value,
                                             has_positions ? &places_value : NULL};
    struct crux_value value = crux_fused_embed(&h->b, "embed", &config, &values);
    harness_run(h, pos, n);

    struct crux_tiles tiles = {tile, vocab, width, table.bytes, false};
    int32_t *r = harness_alloc(h, width, sizeof *r);
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *k = crux_fused_kernels((enum crux_isa)isa);
        if (k == NULL) continue;
        k->embed(r, &config, h->tokens[pos], &tiles, rowmul,
                 has_positions ? places + pos * width : NULL);
        harness_expect(h, k->name, value, r);
    }
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "embed", one_case);
}
