/* Blocks of queries by each instruction set against the reference kernel, row by row: random shapes, windows, caps,
 * exponents from 0 to 63, int16's ends, weights from all alike to one alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/fused/attention/block_inner.h"
#include "kernels/fused/exact.h"
#include "kernels/fused/kernels.h"
#include "kernels/lowering/tables.h"
#include "tests/support/random.h"

enum { CASES = 1500, POSITIONS_MAX = 1400, GROUP_MAX = 8, CAP = 4727380 };

struct world {
    struct crux_random random;
    struct crux_fused_attention config;
    uint32_t pos, rows, positions; /* positions: in the cache, some of them after the last row */
    int64_t limit;
    int16_t *q, *k, *v; /* [rows][heads][width], [positions][kv][width] */
    int8_t *eq, *ek, *ev;
    uint16_t exp2[CRUX_TABLE_ENTRIES];
    int32_t softcap[CRUX_TABLE_ENTRIES];
    int32_t *want;
};

static void *room(size_t bytes) {
    size_t up = (bytes / CRUX_ATTENTION_ALIGN_BYTES + 1) * CRUX_ATTENTION_ALIGN_BYTES;
    void *memory = aligned_alloc(CRUX_ATTENTION_ALIGN_BYTES, up);
    assert_non_null(memory);
    memset(memory, 0, up);
    return memory;
}

/* ---- a case ---- */

static int64_t between(struct world *w, int64_t lo, int64_t hi) {
    return crux_random_between(&w->random, lo, hi);
}

static bool one_in(struct world *w, uint32_t n) {
    return crux_random_one_in(&w->random, n);
}

/* Rows that are noise, small, at the ends of the range, or all zero. */
static void fill_rows(struct world *w, int16_t *x, int8_t *e, size_t rows, int64_t limit,
                      unsigned kind, int e_max) {
    for (size_t r = 0; r < rows; r++) {
        e[r] = (int8_t)between(w, kind == 3 ? e_max : 0, e_max);
        for (uint32_t i = 0; i < w->config.width; i++) {
            int64_t some = between(w, -limit, limit);
            x[r * w->config.width + i] = (int16_t)(kind == 0   ? some
                                                   : kind == 1 ? some / 64
                                                   : kind == 2 ? (some < 0 ? -limit : limit)
                                                               : limit);
        }
    }
}

static void choose_shape(struct world *w) {
    static const uint32_t usual[] = {64, 80, 96, 128, 256};
    struct crux_fused_attention *c = &w->config;
    *c = (struct crux_fused_attention){.kv_heads = (uint32_t)between(w, 1, 2), .chunk = 256};
    uint32_t group = (uint32_t)between(w, 1, GROUP_MAX);
    if (one_in(w, 20)) group = (uint32_t)between(w, 9, CRUX_ATTENTION_QUERIES);
    c->heads = c->kv_heads * group;
    c->width = one_in(w, 3) ? usual[between(w, 0, 4)] : (uint32_t)between(w, 1, 40);
    if (one_in(w, 10)) c->width = (uint32_t)between(w, 1, 256);
    uint32_t most = one_in(w, 10) ? POSITIONS_MAX : one_in(w, 2) ? 300 : 70;
    c->context = (uint32_t)between(w, 1, most);
    if (one_in(w, 3)) c->window = (uint32_t)between(w, 1, c->context);
    w->limit = crux_fused_quant_rows_dot_limit(c->width);
    w->pos = (uint32_t)between(w, 0, c->context - 1);
    w->positions = c->context;
    uint32_t rows = crux_fused_attention_rows(c, group, c->context - 1);
    if (rows > c->context - w->pos) rows = c->context - w->pos;
    w->rows = one_in(w, 3) ? 1 : (uint32_t)between(w, 1, rows);
}

/* Scores that spread over the table, saturate, or are all alike. */
static void choose_scale(struct world *w, int e) {
    struct crux_fused_attention *c = &w->config;
    int32_t fraction = (int32_t)between(w, 0, 10) + (int32_t)between(w, 12, 26);
    crux_fused_attention_scale(c, (uint64_t)c->width << CRUX_DIVISOR_BITS, fraction);
    c->s0 += e;
    if (one_in(w, 8)) c->m0 = between(w, -(INT64_C(1) << 33), INT64_C(1) << 33);
    if (one_in(w, 16))
        c->m0 = crux_random_edgy(&w->random, -(INT64_C(1) << 62) + 1, (INT64_C(1) << 62) - 1);
    if (one_in(w, 16)) c->m0 = one_in(w, 2) ? 0 : (INT64_C(1) << 32) - 1;
    if (one_in(w, 8)) c->s0 = (int32_t)between(w, -140, 256);
    if (one_in(w, 3)) c->softcap = one_in(w, 2) ? CAP : (int32_t)between(w, 1, (1 << 30) - 1);
    c->s1 = one_in(w, 4) ? (int32_t)between(w, -100, 100) : (int32_t)between(w, -4, 4);
}

static void make_world(struct world *w, uint64_t seed) {
    w->random = (struct crux_random){seed};
    choose_shape(w);
    const struct crux_fused_attention *c = &w->config;
    size_t queries = (size_t)w->rows * c->heads, keys = (size_t)w->positions * c->kv_heads;
    int e_max = one_in(w, 3) ? 63 : (int)between(w, 0, 6),
        ev_max = one_in(w, 3) ? 63 : (int)between(w, 0, 6);
    unsigned kind = (unsigned)between(w, 0, 3), kind_v = (unsigned)between(w, 0, 3);
    w->q = room(queries * c->width * sizeof *w->q);
    w->k = room(keys * c->width * sizeof *w->k);
    w->v = room(keys * c->width * sizeof *w->v);
    w->eq = room(queries);
    w->ek = room(keys);
    w->ev = room(keys);
    w->want = room(queries * c->width * sizeof *w->want);
    fill_rows(w, w->q, w->eq, queries, w->limit, one_in(w, 2) ? kind : 0, e_max);
    fill_rows(w, w->k, w->ek, keys, w->limit, kind, e_max);
    fill_rows(w, w->v, w->ev, keys, one_in(w, 2) ? 32767 : between(w, 1, 32767), kind_v, ev_max);
    if (one_in(w, 4)) { /* beyond the law's limit, but what the exact sums bear */
        for (size_t i = 0; i < keys * c->width; i++) {
            if (one_in(w, 3)) w->v[i] = INT16_MIN;
        }
    }
    choose_scale(w, one_in(w, 2) ? e_max : 0);
    crux_table_exp2(w->exp2);
    if (c->softcap != 0) crux_table_softcap(w->softcap, c->softcap);
    if (one_in(w, 6)) { /* any table is law */
        for (unsigned i = 0; i < CRUX_TABLE_ENTRIES; i++) {
            w->exp2[i] = (uint16_t)between(w, 0, 65535);
            w->softcap[i] = (int32_t)between(w, -c->softcap, c->softcap);
        }
    }
}

static void free_world(struct world *w) {
    void *all[] = {w->q, w->k, w->v, w->eq, w->ek, w->ev, w->want};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) free(all[i]);
}

/* ---- the reference, row by row ---- */

static void expect(struct world *w) {
    const struct crux_fused_attention *c = &w->config;
    struct crux_attention_tables tables = {w->exp2, w->softcap};
    uint32_t most = crux_fused_attention_positions(c);
    int32_t *score = room(w->positions * sizeof *score);
    uint16_t *weight = room(w->positions * sizeof *weight);
    for (uint32_t r = 0; r < w->rows; r++) {
        uint32_t pos = w->pos + r, used = pos + 1 < most ? pos + 1 : most;
        size_t first = (size_t)(pos + 1 - used) * c->kv_heads, row = (size_t)r * c->heads;
        struct crux_attention_cache cache = {w->k + first * c->width, w->ek + first,
                                             w->v + first * c->width, w->ev + first, used};
        crux_fused_attention_reference(w->want + row * c->width, score, weight, c,
                                       w->q + row * c->width, w->eq + row, &cache, &tables);
    }
    free(score);
    free(weight);
}

/* ---- blocks ---- */

/* Pages of a cache head, filled in any order, positions that no row sees among them. */
static uint8_t **fill_pages(struct world *w, uint32_t kv, size_t offset) {
    const struct crux_fused_attention *c = &w->config;
    size_t bytes = crux_fused_attention_page_bytes(c->width) + offset;
    uint32_t count = (w->positions - 1) / CRUX_ATTENTION_PAGE + 1;
    uint8_t **pages = room(count * sizeof *pages);
    bool reused = one_in(w, 2);
    for (uint32_t i = 0; i < count; i++) {
        pages[i] = room(bytes);
        for (uint32_t t = 0; reused && t < CRUX_ATTENTION_PAGE; t++)
            crux_fused_attention_put(pages[i] + offset, c->width, t, w->k, 63, w->v, 63);
    }
    for (uint32_t t = w->positions; t-- > 0;) {
        size_t row = (size_t)t * c->kv_heads + kv;
        crux_fused_attention_put(pages[t / CRUX_ATTENTION_PAGE] + offset, c->width,
                                 t % CRUX_ATTENTION_PAGE, w->k + row * c->width, w->ek[row],
                                 w->v + row * c->width, w->ev[row]);
    }
    return pages;
}

static void free_pages(const struct world *w, uint8_t **pages) {
    for (uint32_t i = 0; i * CRUX_ATTENTION_PAGE < w->positions; i++) free(pages[i]);
    free(pages);
}

static void compare(struct world *w, const struct crux_fused_kernels *with, uint64_t seed) {
    const struct crux_fused_attention *c = &w->config;
    uint32_t group = c->heads / c->kv_heads;
    struct crux_attention_tables tables = {w->exp2, w->softcap};
    size_t bytes = (size_t)w->rows * c->heads * c->width * sizeof(int32_t), offset = 128;
    uint8_t *scratch = room(crux_fused_attention_scratch_bytes(c, group));
    int32_t *out = room(bytes);
    for (uint32_t kv = 0; kv < c->kv_heads; kv++) {
        size_t head = (size_t)kv * group;
        uint8_t **pages = fill_pages(w, kv, offset);
        struct crux_attention_block block = {.config = c,
                                             .tables = &tables,
                                             .rows = w->rows,
                                             .heads = group,
                                             .pos = w->pos,
                                             .q = w->q + head * c->width,
                                             .eq = w->eq + head,
                                             .q_stride = (size_t)c->heads * c->width,
                                             .eq_stride = c->heads,
                                             .pages = (const uint8_t *const *)pages,
                                             .page_offset = offset,
                                             .out = out + head * c->width};
        with->attention(&block, scratch);
        free_pages(w, pages);
    }
    if (memcmp(out, w->want, bytes) != 0)
        fail_msg("%s, case %llu: width %u, %u heads of %u, %u rows from %u, window %u", with->name,
                 (unsigned long long)seed, c->width, c->heads, c->kv_heads, w->rows, w->pos,
                 c->window);
    free(out);
    free(scratch);
}

static void blocks_are_the_reference(void **state) {
    (void)state;
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        if (crux_fused_kernels((enum crux_isa)isa) == NULL)
            printf("skipped: this processor lacks instruction set %u\n", isa);
    }
    for (uint64_t seed = 0; seed < CASES; seed++) {
        static struct world w;
        make_world(&w, seed);
        expect(&w);
        for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
            const struct crux_fused_kernels *fused = crux_fused_kernels((enum crux_isa)isa);
            if (fused != NULL) compare(&w, fused, seed);
        }
        free_world(&w);
    }
}

/* ---- means, where quotients are whole numbers, or one less ---- */

static int64_t floor_of(crux_i128 a, crux_i128 by) {
    return (int64_t)(a / by - (a % by != 0 && a < 0));
}

static void check_means(const struct crux_attention_inner *inner, struct crux_random *random) {
    CRUX_ALIGNED(64) int64_t acc[CRUX_ATTENTION_WIDTH_MAX];
    int32_t out[CRUX_ATTENTION_WIDTH_MAX + 1];
    struct crux_attention_mean mean = {.bits = (unsigned)crux_random_between(random, 0, 14),
                                       .shift = (int)crux_random_between(random, -3, 66)};
    uint32_t width = (uint32_t)crux_random_between(random, 1, CRUX_ATTENTION_WIDTH_MAX);
    unsigned most = 46 - mean.bits < 40 ? 46 - mean.bits : 40; /* acc * 2^bits < 2^62 */
    unsigned size = (unsigned)crux_random_between(random, 17, most);
    mean.sum = (uint64_t)crux_random_edgy(random, 65535, INT64_C(1) << size);
    mean.inverse = UINT64_MAX / mean.sum;
    if (crux_random_one_in(random, 2)) mean.shift = (int)crux_random_between(random, 1, 30);
    for (uint32_t i = 0; i < width; i++) {
        int64_t limit = (int64_t)mean.sum << 15, near = crux_random_between(random, -1, 1),
                whole = crux_random_edgy(random, -32768, 32768) * (int64_t)mean.sum + near;
        acc[i] = crux_random_one_in(random, 2) ? whole : crux_random_edgy(random, -limit, limit);
        acc[i] = acc[i] > limit ? limit : acc[i] < -limit ? -limit : acc[i];
    }
    memset(out, 0x5a, sizeof out);
    inner->means(out, acc, width, &mean);
    for (uint32_t i = 0; i < width; i++) {
        int64_t q = floor_of((crux_i128)acc[i] * ((crux_i128)1 << mean.bits), mean.sum);
        assert_int_equal(out[i], crux_exact_requant(q, mean.shift, 0, -INT32_MAX, INT32_MAX));
    }
    assert_int_equal(out[width], 0x5a5a5a5a);
}

static void means_are_quotients(void **state) {
    struct crux_random random = {26};
    (void)state;
    for (uint32_t i = 0; i < 20 * CASES; i++) {
        check_means(&crux_attention_inner_plain, &random);
#if defined(__x86_64__)
        if (crux_fused_kernels(CRUX_ISA_AVX2) != NULL)
            check_means(&crux_attention_inner_avx2, &random);
        if (crux_fused_kernels(CRUX_ISA_AVX512) != NULL)
            check_means(&crux_attention_inner_avx512, &random);
#endif
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks_are_the_reference),
                                       cmocka_unit_test(means_are_quotients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
