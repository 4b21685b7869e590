#include <stdlib.h>
#include <string.h>

#include "executor/engine/runner_parts.h"

/* Bytes of the k, or of the v, of one cache head. */
static size_t head_bytes(const struct crux_fused_decoder *config) {
    return sizeof(int16_t) * CRUX_RUNNER_PAGE * config->head_width;
}

void runner_cache_init(struct runner_cache *cache, const struct crux_fused_decoder *config,
                       uint64_t bytes_max) {
    *cache = (struct runner_cache){.bytes_max = bytes_max == 0 ? UINT64_MAX : bytes_max};
    cache->exponents_at = 2 * config->kv_heads * head_bytes(config);
    cache->block_bytes = cache->exponents_at + (size_t)2 * config->kv_heads * CRUX_RUNNER_PAGE;
    cache->page_bytes = cache->block_bytes * config->blocks;
}

void runner_cache_free(struct runner_cache *cache) {
    for (uint32_t i = 0; i < cache->unused_count; i++) free(cache->unused[i]);
    free(cache->unused);
}

static uint8_t *take_page(struct runner_cache *cache) {
    if (cache->bytes + cache->page_bytes > cache->bytes_max) return NULL;
    uint8_t *page =
        cache->unused_count > 0 ? cache->unused[--cache->unused_count] : malloc(cache->page_bytes);
    if (page != NULL) cache->bytes += cache->page_bytes;
    return page;
}

/* Kept for the next sequence if there is room in the list. */
static void give_page(struct runner_cache *cache, uint8_t *page) {
    if (page == NULL) return;
    cache->bytes -= cache->page_bytes;
    if (cache->unused_count == cache->unused_cap) {
        uint32_t cap = cache->unused_cap == 0 ? 64 : 2 * cache->unused_cap;
        uint8_t **unused = realloc(cache->unused, cap * sizeof *unused);
        if (unused == NULL) {
            free(page);
            return;
        }
        cache->unused = unused;
        cache->unused_cap = cap;
    }
    cache->unused[cache->unused_count++] = page;
}

enum crux_status runner_cache_reserve(struct crux_engine_sequence *sequence, uint32_t end) {
    uint32_t pages = (end - 1) / CRUX_RUNNER_PAGE + 1;
    if (pages > sequence->page_cap) {
        uint32_t cap = pages > 2 * sequence->page_cap ? pages : 2 * sequence->page_cap;
        uint8_t **list = realloc(sequence->pages, cap * sizeof *list);
        if (list == NULL) return CRUX_E_OUT_OF_MEMORY;
        memset(list + sequence->page_cap, 0, (cap - sequence->page_cap) * sizeof *list);
        sequence->pages = list;
        sequence->page_cap = cap;
    }
    for (uint32_t i = sequence->positions / CRUX_RUNNER_PAGE; i < pages; i++) {
        if (sequence->pages[i] == NULL) sequence->pages[i] = take_page(&sequence->engine->cache);
        if (sequence->pages[i] == NULL) return CRUX_E_OUT_OF_MEMORY;
    }
    return CRUX_OK;
}

/* The first position that `pos` sees.  In: most, positions seen. */
static uint32_t first_seen(uint32_t most, uint32_t pos) {
    return pos + 1 > most ? pos + 1 - most : 0;
}

void runner_cache_trim(struct crux_engine_sequence *sequence, uint32_t next) {
    /* a page holds all blocks: those that see most decide */
    uint32_t pages = first_seen(sequence->engine->model->positions_seen, next) / CRUX_RUNNER_PAGE;
    for (uint32_t i = pages; i-- > 0 && i < sequence->page_cap && sequence->pages[i] != NULL;) {
        give_page(&sequence->engine->cache, sequence->pages[i]);
        sequence->pages[i] = NULL;
    }
}

void runner_cache_release(struct crux_engine_sequence *sequence) {
    for (uint32_t i = 0; i < sequence->page_cap; i++)
        give_page(&sequence->engine->cache, sequence->pages[i]);
    free(sequence->pages);
}

/* ---- rows of a page ---- */

struct place {
    int16_t *k, *v;
    int8_t *ek, *ev;
};

/* Row `at` of one cache head in a page's block. */
static struct place place_of(const struct crux_engine_sequence *sequence, uint32_t page,
                             uint32_t block, uint32_t kv, uint32_t at) {
    const struct crux_fused_decoder *config = &sequence->engine->model->config;
    const struct runner_cache *cache = &sequence->engine->cache;
    uint8_t *bytes = sequence->pages[page] + block * cache->block_bytes;
    size_t row = (size_t)at * config->head_width;
    struct place place = {(int16_t *)(void *)(bytes + kv * head_bytes(config)),
                          (int16_t *)(void *)(bytes + (config->kv_heads + kv) * head_bytes(config)),
                          (int8_t *)(bytes + cache->exponents_at), NULL};
    place.k += row;
    place.v += row;
    place.ev = place.ek + (config->kv_heads + kv) * CRUX_RUNNER_PAGE + at;
    place.ek += kv * CRUX_RUNNER_PAGE + at;
    return place;
}

void runner_cache_put(struct crux_engine_sequence *sequence, uint32_t block, uint32_t pos,
                      const struct runner_rows *rows) {
    const struct crux_fused_decoder *config = &sequence->engine->model->config;
    size_t width = config->head_width;
    for (uint32_t kv = 0; kv < config->kv_heads; kv++) {
        struct place to =
            place_of(sequence, pos / CRUX_RUNNER_PAGE, block, kv, pos % CRUX_RUNNER_PAGE);
        memcpy(to.k, rows->k + kv * width, width * sizeof *to.k);
        memcpy(to.v, rows->v + kv * width, width * sizeof *to.v);
        *to.ek = rows->ek[kv];
        *to.ev = rows->ev[kv];
    }
}

uint32_t runner_cache_spans(struct crux_attention_span *spans,
                            const struct crux_engine_sequence *sequence, uint32_t block,
                            uint32_t kv, uint32_t pos) {
    uint32_t count = 0,
             most =
                 crux_fused_attention_positions(sequence->engine->model->blocks[block].attention);
    for (uint32_t at = first_seen(most, pos); at <= pos; count++) {
        uint32_t row = at % CRUX_RUNNER_PAGE, left = CRUX_RUNNER_PAGE - row;
        struct place from = place_of(sequence, at / CRUX_RUNNER_PAGE, block, kv, row);
        uint32_t positions = pos + 1 - at < left ? pos + 1 - at : left;
        spans[count] = (struct crux_attention_span){from.k, from.v, from.ek, from.ev, positions};
        at += positions;
    }
    return count;
}

uint32_t runner_cache_spans_max(const struct crux_engine_model *model) {
    return model->positions_seen / CRUX_RUNNER_PAGE + 2;
}
