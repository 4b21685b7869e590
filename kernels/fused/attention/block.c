/* The two walks over the pages of a block, and its memory. */
#include "kernels/fused/attention/block.h"

#include <string.h>

#include "kernels/fused/attention/block_inner.h"
#include "kernels/fused/exact.h"

enum {
    PAGE = CRUX_ATTENTION_PAGE,
    QUERIES = CRUX_ATTENTION_QUERIES,
    LANES = CRUX_ATTENTION_LANES,
    SCORES_USUAL = QUERIES * 8192, /* entries: three quarters of a megabyte */
    SUM_PAGES = 1024               /* lanes of 32 bits take 1024 * 4 weights of 16 */
};

/* ---- pages ---- */

static uint32_t columns_of(uint32_t width) {
    return (width + 15) / 16 * 16;
}

size_t crux_fused_attention_page_bytes(uint32_t width) {
    return (size_t)2 * PAGE * sizeof(int16_t) * columns_of(width) + (size_t)2 * PAGE;
}

static struct crux_attention_page page_at(const void *at, uint32_t width) {
    size_t each = (size_t)PAGE * columns_of(width);
    const int16_t *k = at;
    const int8_t *ek = (const int8_t *)(k + 2 * each);
    return (struct crux_attention_page){k, k + each, ek, ek + PAGE};
}

void crux_fused_attention_put(void *page, uint32_t width, uint32_t at, const int16_t *k, int ek,
                              const int16_t *v, int ev) {
    size_t columns = columns_of(width), each = (size_t)PAGE * columns;
    int16_t *to_k = (int16_t *)page + (size_t)2 * at;
    int16_t *to_v = (int16_t *)page + each + at / 2 * 2 * columns + at % 2;
    int8_t *to_e = (int8_t *)((int16_t *)page + 2 * each) + at;
    CRUX_ASSERT(at < PAGE);
    for (uint32_t i = 0; i < width; i++) to_k[(size_t)i / 2 * 2 * PAGE + i % 2] = k[i];
    for (uint32_t i = 0; i < width; i++) to_v[(size_t)2 * i] = v[i];
    to_e[0] = (int8_t)ek;
    to_e[PAGE] = (int8_t)ev;
}

/* ---- memory of a block ---- */

/* Pages that rows up to this position, at most QUERIES of them, see together. */
static uint32_t pages_max(const struct crux_fused_attention *config, uint32_t last) {
    uint32_t most = crux_fused_attention_positions(config);
    return (last < most ? last : most + QUERIES) / PAGE + 2;
}

static uint64_t scores_max(const struct crux_fused_attention *config, uint32_t heads) {
    uint64_t least = (uint64_t)heads * pages_max(config, config->context - 1) * PAGE;
    return least > SCORES_USUAL ? least : SCORES_USUAL;
}

uint32_t crux_fused_attention_rows(const struct crux_fused_attention *config, uint32_t heads,
                                   uint32_t last) {
    uint64_t each = (uint64_t)heads * pages_max(config, last) * PAGE;
    uint64_t fit = scores_max(config, heads) / each, most = QUERIES / heads;
    CRUX_ASSERT(heads >= 1 && heads <= QUERIES && fit >= 1);
    return (uint32_t)(fit < most ? fit : most);
}

/* Takes `bytes` from scratch, which may be NULL to count only. */
static void *take(uint8_t *scratch, size_t *used, size_t bytes) {
    size_t at = *used;
    *used += (bytes + CRUX_ATTENTION_ALIGN_BYTES - 1) / CRUX_ATTENTION_ALIGN_BYTES *
             CRUX_ATTENTION_ALIGN_BYTES;
    return scratch == NULL ? NULL : scratch + at;
}

/* Returns: bytes used.  In: scratch, may be NULL. */
static size_t lay_out(struct crux_attention_queries *q, uint8_t **page_top, uint8_t *scratch,
                      const struct crux_fused_attention *config, uint32_t heads) {
    size_t used = 0, columns = columns_of(config->width), all = QUERIES * columns;
    q->columns = (uint32_t)columns;
    q->greatest = take(scratch, &used, QUERIES * sizeof *q->greatest);
    q->sum = take(scratch, &used, QUERIES * sizeof *q->sum);
    q->weight = take(scratch, &used, (QUERIES + 1) * sizeof *q->weight);
    q->high = take(scratch, &used, QUERIES * sizeof *q->high);
    q->acc = take(scratch, &used, all * sizeof *q->acc);
    q->mod = take(scratch, &used, all * sizeof *q->mod);
    q->near = take(scratch, &used, all * sizeof *q->near);
    q->q = take(scratch, &used, all * sizeof *q->q);
    *page_top = take(scratch, &used, pages_max(config, config->context - 1));
    q->score = take(scratch, &used, (size_t)scores_max(config, heads) * sizeof *q->score);
    return used;
}

size_t crux_fused_attention_scratch_bytes(const struct crux_fused_attention *config,
                                          uint32_t heads) {
    struct crux_attention_queries queries;
    uint8_t *page_top;
    return lay_out(&queries, &page_top, NULL, config, heads);
}

/* ---- walks ---- */

struct walk {
    const struct crux_attention_inner *inner;
    const struct crux_attention_block *block;
    struct crux_attention_queries queries;
    uint32_t count;                        /* of queries */
    uint32_t first, end;                   /* pages */
    uint8_t *page_top;                     /* greatest exponent of v in pages that are seen whole */
    int64_t sum[QUERIES];                  /* of weights, but for those in queries.sum */
    struct crux_attention_page page, next; /* at work, and after it, or the same again */
    uint32_t m0, m1;                       /* queries that see it */
    int32_t *score;                        /* of it */
};

/* The first position that `pos` sees. */
static uint32_t first_seen(const struct crux_fused_attention *config, uint32_t pos) {
    uint32_t most = crux_fused_attention_positions(config);
    return pos + 1 > most ? pos + 1 - most : 0;
}

/* The positions of page p that a row sees, one bit each; 0: none. */
static uint64_t seen_by(const struct walk *w, uint32_t row, uint32_t p) {
    uint32_t pos = w->block->pos + row, from = first_seen(w->block->config, pos), base = p * PAGE;
    if (pos < base || from >= base + PAGE) return 0;
    uint64_t seen = pos - base >= PAGE - 1 ? UINT64_MAX : (UINT64_C(2) << (pos - base)) - 1;
    return from > base ? seen & UINT64_MAX << (from - base) : seen;
}

/* Makes p the page at work. Rows that see it follow each other. */
static void enter(struct walk *w, uint32_t p) {
    const struct crux_attention_block *block = w->block;
    uint32_t heads = block->heads;
    uint32_t after = p + 1 < w->end ? p + 1 : p;
    w->page = page_at(block->pages[p] + block->page_offset, block->config->width);
    w->next = page_at(block->pages[after] + block->page_offset, block->config->width);
    w->score = w->queries.score + (size_t)(p - w->first) * w->count * PAGE;
    w->m0 = w->m1 = 0;
    for (uint32_t row = 0; row < block->rows; row++) {
        uint64_t seen = seen_by(w, row, p);
        if (seen == 0 && w->m1 == 0) w->m0 += heads;
        if (seen == 0) continue;
        w->m1 = (row + 1) * heads;
        for (uint32_t h = 0; h < heads; h++) w->queries.seen[row * heads + h] = seen;
    }
}

static void begin(struct walk *w, void *scratch) {
    const struct crux_attention_block *block = w->block;
    struct crux_attention_queries *q = &w->queries;
    uint32_t width = block->config->width, last = block->pos + block->rows - 1;
    int16_t *to;
    (void)lay_out(q, &w->page_top, scratch, block->config, block->heads);
    w->count = block->rows * block->heads;
    w->first = first_seen(block->config, block->pos) / PAGE;
    w->end = last / PAGE + 1;
    to = (int16_t *)q->q; /* made here, and only read from then on */
    for (uint32_t m = 0; m < w->count; m++, to += q->columns) {
        uint32_t row = m / block->heads, head = m % block->heads;
        memcpy(to, block->q + row * block->q_stride + (size_t)head * width, width * sizeof *to);
        memset(to + width, 0, (q->columns - width) * sizeof *to);
        q->eq[m] = block->eq[row * block->eq_stride + head];
        for (unsigned i = 0; i < LANES; i++) q->greatest[m][i] = INT32_MIN;
    }
}

/* ---- first walk: scores ---- */

static void score_pages(struct walk *w) {
    const struct crux_fused_attention *config = w->block->config;
    CRUX_ALIGNED(CRUX_ATTENTION_ALIGN_BYTES) int32_t uncapped[QUERIES][LANES]; /* not looked at */
    struct crux_lut lut = {0};
    if (config->softcap != 0) {
        memset(uncapped, 0, sizeof uncapped);
        lut = crux_fused_attention_softcap_lut(config);
    }
    for (uint32_t p = w->first; p < w->end; p++) {
        enter(w, p);
        w->inner->dots(&w->queries, w->m0, w->m1, w->score, w->page.k, w->next.k, config->width);
        w->inner->scores(&w->queries, w->m0, w->m1, w->score,
                         config->softcap == 0 ? w->queries.greatest : uncapped, config, w->page.ek);
        if (config->softcap != 0)
            w->inner->cap(&w->queries, w->m0, w->m1, w->score, &lut, config->softcap,
                          w->block->tables->softcap);
    }
}

/* ---- between the walks: what weights are measured by ---- */

static int32_t greatest_exponent(const int8_t *ev, uint64_t seen) {
    int32_t top = 0;
    for (uint32_t t = 0; t < PAGE; t++) {
        if ((seen >> t & 1) != 0 && ev[t] > top) top = ev[t];
    }
    return top;
}

static void find_tops(struct walk *w) {
    const struct crux_attention_block *block = w->block;
    enum { NOT_YET = 255 };
    memset(w->page_top, NOT_YET, w->end - w->first);
    for (uint32_t row = 0; row < block->rows; row++) {
        int32_t top = 0;
        for (uint32_t p = w->first; p < w->end; p++) {
            uint64_t seen = seen_by(w, row, p);
            uint8_t *whole = &w->page_top[p - w->first];
            if (seen == 0) continue;
            const int8_t *ev =
                page_at(block->pages[p] + block->page_offset, block->config->width).ev;
            if (seen == UINT64_MAX && *whole == NOT_YET)
                *whole = (uint8_t)greatest_exponent(ev, seen);
            int32_t here = seen == UINT64_MAX ? *whole : greatest_exponent(ev, seen);
            if (here > top) top = here;
        }
        for (uint32_t h = 0; h < block->heads; h++) w->queries.top[row * block->heads + h] = top;
    }
}

static void spread_greatest(struct walk *w) {
    for (uint32_t m = 0; m < w->count; m++) {
        int32_t *lanes = w->queries.greatest[m];
        for (unsigned i = 1; i < LANES; i++) lanes[0] = lanes[i] > lanes[0] ? lanes[i] : lanes[0];
        for (unsigned i = 1; i < LANES; i++) lanes[i] = lanes[0];
    }
}

/* ---- second walk: weights and sums ---- */

static void collect_sums(struct walk *w) {
    for (uint32_t m = 0; m < w->count; m++) {
        for (unsigned i = 0; i < LANES; i++) w->sum[m] += w->queries.sum[m][i];
        memset(w->queries.sum[m], 0, sizeof w->queries.sum[m]);
    }
}

static void weigh_pages(struct walk *w) {
    size_t all = (size_t)w->count * w->queries.columns;
    memset(w->queries.acc, 0, all * sizeof *w->queries.acc);
    memset(w->queries.mod, 0, all * sizeof *w->queries.mod);
    memset(w->queries.near, 0, all * sizeof *w->queries.near);
    memset(w->queries.spent, 0, sizeof w->queries.spent);
    memset(w->sum, 0, sizeof w->sum);
    memset(w->queries.sum, 0, w->count * sizeof *w->queries.sum);
    for (uint32_t p = w->first; p < w->end; p++) {
        enter(w, p);
        w->inner->weigh(&w->queries, w->m0, w->m1, w->score, w->page.ev, w->block->tables->exp2);
        w->inner->gather(&w->queries, w->m0, w->m1, w->page.v, w->next.v);
        if ((p - w->first) % SUM_PAGES == SUM_PAGES - 1) collect_sums(w);
    }
    collect_sums(w);
}

/* ---- the end ---- */

static void finish(struct walk *w, uint32_t m) {
    const struct crux_attention_block *block = w->block;
    const struct crux_fused_attention *config = block->config;
    unsigned bits = crux_fused_attention_mean_bits(config);
    uint32_t row = m / block->heads, head = m % block->heads;
    /* at least 65535: the greatest score's weight; at most 2^24 * 65535 */
    struct crux_attention_mean mean = {.sum = (uint64_t)w->sum[m],
                                       .inverse = UINT64_MAX / (uint64_t)w->sum[m],
                                       .bits = bits,
                                       .shift = (int)bits + config->s1 - w->queries.top[m]};
    w->inner->settle(&w->queries, m);
    w->inner->means(block->out + row * block->q_stride + (size_t)head * config->width,
                    w->queries.acc + (size_t)m * w->queries.columns, config->width, &mean);
}

static void attend(const struct crux_attention_inner *inner,
                   const struct crux_attention_block *block, void *scratch) {
    struct walk w = {.inner = inner, .block = block};
    CRUX_ASSERT(block->config->width <= CRUX_ATTENTION_WIDTH_MAX && block->rows >= 1);
    CRUX_ASSERT(block->rows <= crux_fused_attention_rows(block->config, block->heads,
                                                         block->pos + block->rows - 1));
    begin(&w, scratch);
    score_pages(&w);
    spread_greatest(&w);
    find_tops(&w);
    weigh_pages(&w);
    for (uint32_t m = 0; m < w.count; m++) finish(&w, m);
}

void crux_fused_attention_block_plain(const struct crux_attention_block *block, void *scratch) {
    attend(&crux_attention_inner_plain, block, scratch);
}

#if defined(__x86_64__)
void crux_fused_attention_block_avx2(const struct crux_attention_block *block, void *scratch) {
    attend(&crux_attention_inner_avx2, block, scratch);
}

void crux_fused_attention_block_avx512(const struct crux_attention_block *block, void *scratch) {
    bool vnni = __builtin_cpu_supports("avx512vnni");
    attend(vnni ? &crux_attention_inner_avx512 : &crux_attention_inner_avx2, block, scratch);
}
#endif
