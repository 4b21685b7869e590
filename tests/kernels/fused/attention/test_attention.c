#include "kernels/fused/attention/attention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/fused/kernels.h"
#include "kernels/fused/exp2.h"
#include "tests/support/fused_harness.h"

struct rows {
    void *x; /* i16 */
    int8_t *e;
    struct crux_type x_type, e_type;
    unsigned x_input, e_input;
};

/* Quantised rows of [count, width], and what the declared ranges say of them. */
static struct rows make_rows(struct harness *h, int64_t limit, int e_max, size_t count,
                             uint32_t width) {
    struct rows rows = {.x_type = crux_type_of(CRUX_I16, -limit, limit),
                        .e_type = crux_type_of(CRUX_I8, 0, e_max)};
    rows.x = harness_array(h, rows.x_type, count * width);
    rows.e = harness_array(h, rows.e_type, count);
    return rows;
}

static void input_rows(struct harness *h, struct rows *rows, uint32_t count, uint32_t width) {
    rows->x_input = harness_input(h, rows->x_type, CRUX_GRID(count, width), rows->x);
    rows->e_input = harness_input(h, rows->e_type, CRUX_ROW(count), rows->e);
}

static struct crux_quantised value_of(const struct harness *h, const struct rows *rows) {
    struct crux_quantised value = {harness_value(h, rows->x_input),
                                   harness_value(h, rows->e_input)};
    return value;
}

static int bits_of(int64_t v) {
    int bits = 0;
    while (bits < 63 && v >> bits != 0) bits++;
    return bits;
}

/* Scores from all alike to all saturated, most often spread over the table. */
static void choose_scale(struct harness *h, struct crux_fused_attention *config, int64_t limit) {
    struct crux_random *random = &h->random;
    int64_t most = limit * limit * config->width;
    if (crux_random_one_in(random, 4)) {
        uint64_t whole = crux_random_one_in(random, 4)
                             ? (uint64_t)crux_random_between(random, 1, (1 << 30) - 1)
                             : config->width;
        uint64_t divisor = whole << CRUX_DIVISOR_BITS;
        if (crux_random_one_in(random, 2)) divisor |= crux_random_next(random) & UINT32_MAX;
        crux_fused_attention_scale(config, divisor, (int32_t)crux_random_between(random, 0, 32));
        return;
    }
    config->m0 = crux_random_edgy(random, -(INT64_C(1) << 62) + 1, (INT64_C(1) << 62) - 1);
    if (crux_random_one_in(random, 2)) config->m0 >>= crux_random_below(random, 62);
    config->s0 = bits_of(most) + bits_of(config->m0 < 0 ? -config->m0 : config->m0) -
                 (int32_t)crux_random_between(random, 10, 26);
    if (crux_random_one_in(random, 8)) config->s0 = (int32_t)crux_random_between(random, -256, 256);
}

static struct crux_fused_attention choose(struct harness *h) {
    static const int32_t caps[] = {4727380, 1, 77, (1 << 30) - 1};
    struct crux_random *random = &h->random;
    struct crux_fused_attention config = {.kv_heads = harness_extent(h, 3, 2), .chunk = 256};
    bool is_long = crux_random_one_in(random, 12);
    config.heads = config.kv_heads * harness_extent(h, is_long ? 2 : 4, 3);
    config.width = crux_random_one_in(random, 20) ? (uint32_t)crux_random_between(random, 100, 256)
                                                  : harness_extent(h, 16, 8);
    if (crux_random_one_in(random, 3)) config.width = (config.width + 15) / 16 * 16;
    config.context =
        is_long ? (uint32_t)crux_random_between(random, 255, 700) : harness_extent(h, 24, 8);
    if (is_long && config.width > 4) config.width = crux_random_one_in(random, 2) ? 4 : 16;
    if (crux_random_one_in(random, 2))
        config.chunk = (uint32_t)crux_random_between(random, 1, is_long ? 512 : 9);
    if (config.width > 4 && config.chunk > 256)
        config.chunk = 256; /* the witness of a wide row's partial sum */
    if (crux_random_one_in(random, 3))
        config.window = (uint32_t)crux_random_between(random, 1, config.context + 2);
    if (crux_random_one_in(random, 4))
        config.softcap = caps[crux_random_below(random, CRUX_ARRAY_LEN(caps))];
    config.s1 = (int32_t)crux_random_between(random, -4, 4);
    if (crux_random_one_in(random, 8)) config.s1 = (int32_t)crux_random_between(random, -100, 100);
    return config;
}

static uint32_t choose_pos(struct harness *h, const struct crux_fused_attention *config) {
    static const uint32_t edges[] = {0, 254, 255, 256, 257, 258, 511, 512};
    uint32_t edge = edges[crux_random_below(&h->random, CRUX_ARRAY_LEN(edges))];
    if (edge < config->context && crux_random_one_in(&h->random, 2)) return edge;
    return (uint32_t)crux_random_below(&h->random, config->context);
}

/* Pages of cache head kv that hold the positions first .. pos of the cache. */
static uint8_t **fill_pages(struct harness *h, const struct crux_fused_attention *config,
                            const struct crux_attention_cache *cache, uint32_t kv, uint32_t pos) {
    uint32_t width = config->width, first = pos + 1 - cache->positions;
    size_t bytes = crux_fused_attention_page_bytes(width), count = pos / CRUX_ATTENTION_PAGE + 1;
    uint8_t **pages = harness_alloc(h, count, sizeof *pages);
    uint8_t *memory = harness_alloc(h, count * bytes + CRUX_ATTENTION_ALIGN_BYTES, 1);
    memory += -(uintptr_t)memory % CRUX_ATTENTION_ALIGN_BYTES;
    for (size_t i = 0; i < count; i++) pages[i] = memory + i * bytes;
    for (uint32_t t = 0; t < cache->positions; t++) {
        size_t row = (size_t)t * config->kv_heads + kv;
        crux_fused_attention_put(pages[(first + t) / CRUX_ATTENTION_PAGE], width,
                                 (first + t) % CRUX_ATTENTION_PAGE, cache->k + row * width,
                                 cache->ek[row], cache->v + row * width, cache->ev[row]);
    }
    return pages;
}

/* The same attention from pages, by each instruction set. */
static void same_blocks(struct harness *h, const struct crux_fused_attention *config,
                        const struct rows *q, const struct crux_attention_cache *cache,
                        const struct crux_attention_tables *tables, uint32_t pos,
                        const int32_t *want) {
    uint32_t group = config->heads / config->kv_heads, width = config->width;
    size_t bytes = crux_fused_attention_scratch_bytes(config, group);
    uint8_t *scratch = harness_alloc(h, bytes + CRUX_ATTENTION_ALIGN_BYTES, 1);
    scratch += -(uintptr_t)scratch % CRUX_ATTENTION_ALIGN_BYTES;
    int32_t *out = harness_alloc(h, (size_t)config->heads * width, sizeof *out);
    for (uint32_t kv = 0; kv < config->kv_heads; kv++) {
        size_t head = (size_t)kv * group;
        struct crux_attention_block block = {
            .config = config,
            .tables = tables,
            .rows = 1,
            .heads = group,
            .pos = pos,
            .q = (int16_t *)q->x + head * width,
            .eq = q->e + head,
            .pages = (const uint8_t *const *)fill_pages(h, config, cache, kv, pos),
            .out = out};
        for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
            const struct crux_fused_kernels *fused = crux_fused_kernels((enum crux_isa)isa);
            if (fused == NULL) continue;
            fused->attention(&block, scratch);
            assert_memory_equal(out, want + head * width, group * width * sizeof *out);
        }
    }
}

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_fused_attention config = choose(h);
    uint32_t kv = config.kv_heads, width = config.width, pos = choose_pos(h, &config);
    int64_t limit = crux_fused_quant_rows_dot_limit(width);
    int64_t v_limit = 32767;
    if (crux_random_one_in(random, 4)) limit = crux_random_between(random, 1, limit);
    if (crux_random_one_in(random, 4)) v_limit = crux_random_between(random, 1, v_limit);
    int e_max = crux_random_one_in(random, 3) ? 63 : (int)crux_random_below(random, 6);
    int ev_max = crux_random_one_in(random, 3) ? 63 : (int)crux_random_below(random, 24);
    choose_scale(h, &config, limit);

    harness_begin(h, config.context, 2);
    uint16_t *exp2 = harness_array(h, crux_exp2_type(), CRUX_TABLE_ENTRIES);
    struct crux_type cap_type = crux_type_of(CRUX_I32, -config.softcap, config.softcap);
    int32_t *softcap = harness_array(h, cap_type, CRUX_TABLE_ENTRIES);
    if (!crux_random_one_in(random, 8)) {
        crux_table_exp2(exp2);
        if (config.softcap != 0) crux_table_softcap(softcap, config.softcap);
    }
    struct rows q = make_rows(h, limit, e_max, config.heads, width);
    struct rows k = make_rows(h, limit, e_max, kv, width),
                v = make_rows(h, v_limit, ev_max, kv, width);
    size_t positions = config.context;
    struct rows past_k = make_rows(h, limit, e_max, positions * kv, width);
    struct rows past_v = make_rows(h, v_limit, ev_max, positions * kv, width);
    input_rows(h, &q, config.heads, width);
    input_rows(h, &k, kv, width);
    input_rows(h, &v, kv, width);
    struct crux_fused_attention_args args = {
        .exp2 = harness_tensor(h, 0, crux_exp2_type(), CRUX_ROW(CRUX_TABLE_ENTRIES), exp2,
                               CRUX_TABLE_ENTRIES * 2),
        .softcap = harness_tensor(h, 0, cap_type, CRUX_ROW(CRUX_TABLE_ENTRIES), softcap,
                                  CRUX_TABLE_ENTRIES * 4)};
    harness_enter(h);
    args.q = value_of(h, &q);
    args.k = value_of(h, &k);
    args.v = value_of(h, &v);
    struct crux_record record[4] = {
        {.layer = 1, .store = 0, .type = k.x_type, .shape = CRUX_GRID(kv, width)},
        {.layer = 1, .store = 1, .type = k.e_type, .shape = CRUX_ROW(kv)},
        {.layer = 1, .store = 2, .type = v.x_type, .shape = CRUX_GRID(kv, width)},
        {.layer = 1, .store = 3, .type = v.e_type, .shape = CRUX_ROW(kv)}};
    harness_history(h, record[0], past_k.x);
    harness_history(h, record[1], past_k.e);
    harness_history(h, record[2], past_v.x);
    harness_history(h, record[3], past_v.e);
    struct crux_value value = crux_fused_attention(&h->b, "attn", &config, &args);
    harness_run(h, pos, 1);

    /* only now: the interpreter must have taken this position from the step itself */
    uint32_t most = crux_fused_attention_positions(&config), used = pos + 1 < most ? pos + 1 : most;
    size_t own = (size_t)pos * kv, first = (size_t)(pos + 1 - used) * kv;
    memcpy((int16_t *)past_k.x + own * width, k.x, (size_t)kv * width * 2);
    memcpy((int16_t *)past_v.x + own * width, v.x, (size_t)kv * width * 2);
    memcpy(past_k.e + own, k.e, kv);
    memcpy(past_v.e + own, v.e, kv);
    struct crux_attention_cache cache = {(int16_t *)past_k.x + first * width, past_k.e + first,
                                         (int16_t *)past_v.x + first * width, past_v.e + first,
                                         used};
    struct crux_attention_tables tables = {exp2, softcap};
    int32_t *out = harness_alloc(h, (size_t)config.heads * width, sizeof *out);
    int32_t *score = harness_alloc(h, used, sizeof *score);
    uint16_t *weight = harness_alloc(h, used, sizeof *weight);
    crux_fused_attention_reference(out, score, weight, &config, q.x, q.e, &cache, &tables);
    harness_expect(h, "out", value, out);
    same_blocks(h, &config, &q, &cache, &tables, pos, out);
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "attention", one_case);
}
