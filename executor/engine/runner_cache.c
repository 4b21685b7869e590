#include <stdlib.h>
#include <string.h>

#include "executor/engine/runner_parts.h"

enum { SLAB_BYTES = 16 << 20 };

void runner_cache_init(struct runner_cache *cache, const struct crux_engine_model *model,
                       uint64_t bytes_max) {
    const struct crux_fused_decoder *config = &model->config;
    *cache = (struct runner_cache){.bytes_max = bytes_max == 0 ? UINT64_MAX : bytes_max};
    cache->blocks = model->whole ? config->blocks : config->blocks_per_layer;
    cache->head_bytes = crux_fused_attention_page_bytes(config->head_width);
    cache->block_bytes = config->kv_heads * cache->head_bytes;
    cache->page_bytes = cache->block_bytes * cache->blocks;
}

void runner_cache_free(struct runner_cache *cache) {
    runner_memory_free(&cache->slabs);
    free(cache->unused);
}

/* Several pages at once, so that they lie in huge pages of the system; no more than the limit lets be used. */
static bool take_slab(struct runner_cache *cache) {
    uint64_t pages = SLAB_BYTES / cache->page_bytes,
             most = (cache->bytes_max - cache->bytes) / cache->page_bytes;
    if (pages > most) pages = most;
    if (pages == 0) pages = 1;
    cache->fresh = runner_memory_get_large(&cache->slabs, pages * cache->page_bytes);
    cache->fresh_count = cache->fresh == NULL ? 0 : (uint32_t)pages;
    return cache->fresh != NULL;
}

/* A page that was never used, zeroed; the list of unused ones gets room for it. */
static uint8_t *take_fresh(struct runner_cache *cache) {
    if (cache->fresh_count == 0 && !take_slab(cache)) return NULL;
    if (cache->pages == cache->unused_cap) {
        uint32_t cap = cache->unused_cap == 0 ? 64 : 2 * cache->unused_cap;
        uint8_t **unused = realloc(cache->unused, cap * sizeof *unused);
        if (unused == NULL) return NULL;
        cache->unused = unused;
        cache->unused_cap = cap;
    }
    uint8_t *page = cache->fresh;
    cache->fresh += cache->page_bytes;
    cache->fresh_count--;
    cache->pages++;
    memset(page, 0, cache->page_bytes);
    return page;
}

static uint8_t *take_page(struct runner_cache *cache) {
    if (cache->bytes + cache->page_bytes > cache->bytes_max) return NULL;
    uint8_t *page =
        cache->unused_count > 0 ? cache->unused[--cache->unused_count] : take_fresh(cache);
    if (page != NULL) cache->bytes += cache->page_bytes;
    return page;
}

/* Kept for the next sequence. */
static void give_page(struct runner_cache *cache, uint8_t *page) {
    if (page == NULL) return;
    CRUX_ASSERT(cache->unused_count < cache->unused_cap);
    cache->bytes -= cache->page_bytes;
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

/* A step sees back from its first row, and reaches to its last; what nothing sees is given back after it. */
uint64_t crux_engine_cache_bytes(const struct crux_engine *engine, uint32_t positions) {
    uint64_t all = ((uint64_t)positions + CRUX_RUNNER_PAGE - 1) / CRUX_RUNNER_PAGE,
             span = (uint64_t)engine->model->positions_seen + engine->options.rows - 1,
             seen = (span + CRUX_RUNNER_PAGE - 2) / CRUX_RUNNER_PAGE + 1;
    return (all < seen ? all : seen) * engine->cache.page_bytes;
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

size_t runner_cache_offset(const struct runner_cache *cache, uint32_t block, uint32_t kv) {
    return block % cache->blocks * cache->block_bytes + kv * cache->head_bytes;
}
