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
    cache->stride = (cache->page_bytes - 1) / CRUX_BACKEND_ALIGN_BYTES * CRUX_BACKEND_ALIGN_BYTES +
                    2 * CRUX_BACKEND_ALIGN_BYTES;
}

void runner_cache_free(struct runner_cache *cache) {
    runner_memory_free(&cache->slabs);
    free(cache->unused);
}

void crux_engine_cache_limit(struct crux_engine *engine, uint64_t bytes_max) {
    engine->cache.bytes_max = bytes_max == 0 ? UINT64_MAX : bytes_max;
}

/* Several pages at once, so that they lie in huge pages of the system; no more than the limit lets be used. */
static bool take_slab(struct runner_cache *cache) {
    uint64_t pages = SLAB_BYTES / cache->stride,
             most = (cache->bytes_max - cache->bytes) / cache->page_bytes;
    if (pages > most) pages = most;
    if (pages == 0) pages = 1;
    cache->fresh = runner_memory_get_large(&cache->slabs, pages * cache->stride);
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
    cache->fresh += cache->stride;
    cache->fresh_count--;
    cache->pages++;
    memset(page, 0, cache->page_bytes);
    return page;
}

static struct runner_page_use *use_of(const struct runner_cache *cache, uint8_t *page) {
    return (struct runner_page_use *)(void *)(page + cache->stride - CRUX_BACKEND_ALIGN_BYTES);
}

static uint8_t *take_page(struct runner_cache *cache) {
    if (cache->bytes + cache->page_bytes > cache->bytes_max) return NULL;
    uint8_t *page =
        cache->unused_count > 0 ? cache->unused[--cache->unused_count] : take_fresh(cache);
    if (page == NULL) return NULL;
    *use_of(cache, page) = (struct runner_page_use){.sequences = 1};
    cache->bytes += cache->page_bytes;
    return page;
}

/* Kept for the next sequence when the last one gives it back. */
static void give_page(const struct crux_engine_sequence *sequence, uint8_t *page) {
    struct runner_cache *cache = &sequence->engine->cache;
    if (page == NULL) return;
    struct runner_page_use *use = use_of(cache, page);
    if (sequence->resting && --use->resting == 0) cache->resting_bytes -= cache->page_bytes;
    if (--use->sequences > 0) return;
    CRUX_ASSERT(cache->unused_count < cache->unused_cap);
    cache->bytes -= cache->page_bytes;
    cache->unused[cache->unused_count++] = page;
}

static enum crux_status reserve_list(struct crux_engine_sequence *sequence, uint32_t pages) {
    if (pages <= sequence->page_cap) return CRUX_OK;
    uint32_t cap = pages > 2 * sequence->page_cap ? pages : 2 * sequence->page_cap;
    uint8_t **list = realloc(sequence->pages, cap * sizeof *list);
    if (list == NULL) return CRUX_E_OUT_OF_MEMORY;
    memset(list + sequence->page_cap, 0, (cap - sequence->page_cap) * sizeof *list);
    sequence->pages = list;
    sequence->page_cap = cap;
    return CRUX_OK;
}

enum crux_status runner_cache_reserve(struct crux_engine_sequence *sequence, uint32_t end) {
    uint32_t pages = (end - 1) / CRUX_RUNNER_PAGE + 1;
    enum crux_status status = reserve_list(sequence, pages);
    if (status != CRUX_OK) return status;
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

uint32_t runner_cache_first(const struct crux_engine_sequence *sequence, uint32_t pos) {
    return first_seen(sequence->engine->model->positions_seen, pos) / CRUX_RUNNER_PAGE;
}

void runner_cache_trim(struct crux_engine_sequence *sequence, uint32_t next) {
    /* a page holds all blocks: those that see most decide */
    uint32_t pages = runner_cache_first(sequence, next);
    for (uint32_t i = pages; i-- > 0 && i < sequence->page_cap && sequence->pages[i] != NULL;) {
        give_page(sequence, sequence->pages[i]);
        sequence->pages[i] = NULL;
    }
}

void runner_cache_release(struct crux_engine_sequence *sequence) {
    for (uint32_t i = 0; i < sequence->page_cap; i++) give_page(sequence, sequence->pages[i]);
    free(sequence->pages);
}

enum crux_status runner_cache_share(struct crux_engine_sequence *sequence,
                                    const struct crux_engine_sequence *from, uint32_t positions) {
    struct runner_cache *cache = &sequence->engine->cache;
    uint32_t whole = positions / CRUX_RUNNER_PAGE,
             pages = (positions + CRUX_RUNNER_PAGE - 1) / CRUX_RUNNER_PAGE;
    enum crux_status status = reserve_list(sequence, pages);
    if (status != CRUX_OK) return status;
    for (uint32_t i = runner_cache_first(from, positions); i < whole; i++) {
        sequence->pages[i] = from->pages[i];
        use_of(cache, from->pages[i])->sequences++;
    }
    if (pages == whole) return CRUX_OK;
    sequence->pages[whole] = take_page(cache);
    if (sequence->pages[whole] == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(sequence->pages[whole], from->pages[whole], cache->page_bytes);
    return CRUX_OK;
}

void runner_cache_rest(struct crux_engine_sequence *sequence) {
    struct runner_cache *cache = &sequence->engine->cache;
    for (uint32_t i = 0; i < sequence->page_cap; i++) {
        if (sequence->pages[i] != NULL && use_of(cache, sequence->pages[i])->resting++ == 0)
            cache->resting_bytes += cache->page_bytes;
    }
}

size_t runner_cache_offset(const struct runner_cache *cache, uint32_t block, uint32_t kv) {
    return block % cache->blocks * cache->block_bytes + kv * cache->head_bytes;
}
