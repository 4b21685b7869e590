#include <stdlib.h>
#include <string.h>

#include "executor/engine/runner_parts.h"

void runner_cache_init(struct runner_cache *cache, const struct crux_fused_decoder *config,
                       uint64_t bytes_max) {
    *cache = (struct runner_cache){.bytes_max = bytes_max == 0 ? UINT64_MAX : bytes_max};
    cache->head_bytes = crux_fused_attention_page_bytes(config->head_width);
    cache->block_bytes = config->kv_heads * cache->head_bytes;
    cache->page_bytes = cache->block_bytes * config->blocks;
}

void runner_cache_free(struct runner_cache *cache) {
    for (uint32_t i = 0; i < cache->unused_count; i++) free(cache->unused[i]);
    free(cache->unused);
}

static uint8_t *take_page(struct runner_cache *cache) {
    if (cache->bytes + cache->page_bytes > cache->bytes_max) return NULL;
    if (cache->unused_count > 0) {
        cache->bytes += cache->page_bytes;
        return cache->unused[--cache->unused_count];
    }
    uint8_t *page = aligned_alloc(CRUX_ATTENTION_ALIGN_BYTES, cache->page_bytes);
    if (page == NULL) return NULL;
    memset(page, 0, cache->page_bytes);
    cache->bytes += cache->page_bytes;
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

size_t runner_cache_offset(const struct runner_cache *cache, uint32_t block, uint32_t kv) {
    return block * cache->block_bytes + kv * cache->head_bytes;
}
