#include "bisection/adjudicator/page_set.h"

#include "bisection/merkle/proof.h"

void crux_page_set_init(struct crux_page_set *set) {
    set->count = 0;
    set->status = CRUX_OK;
}

static bool before(const struct crux_page *page, uint32_t tensor, uint64_t leaf) {
    return page->tensor < tensor || (page->tensor == tensor && page->leaf < leaf);
}

/* Returns: the number of pages before (tensor, leaf). Runs over k come in ascending order, so look from the end. */
static uint32_t rank(const struct crux_page_set *set, uint32_t tensor, uint64_t leaf) {
    uint32_t i = set->count;
    while (i > 0 && !before(&set->page[i - 1], tensor, leaf)) i--;
    return i;
}

const struct crux_page *crux_page_set_find(const struct crux_page_set *set, uint32_t tensor,
                                           uint64_t leaf) {
    uint32_t i = rank(set, tensor, leaf);
    if (i < set->count && set->page[i].tensor == tensor && set->page[i].leaf == leaf)
        return &set->page[i];
    return NULL;
}

void crux_page_set_add(struct crux_page_set *set, const struct crux_page *page) {
    uint32_t i = rank(set, page->tensor, page->leaf);
    if (i < set->count && set->page[i].tensor == page->tensor && set->page[i].leaf == page->leaf) {
        if (set->page[i].length != page->length || set->page[i].leaf_count != page->leaf_count) {
            set->status = CRUX_E_BAD_VIEW;
        }
        return;
    }
    if (set->count == CRUX_PART_PAGES_MAX) {
        set->status = CRUX_E_TOO_MANY_LEAVES;
        return;
    }
    for (uint32_t j = set->count++; j > i; j--) set->page[j] = set->page[j - 1];
    set->page[i] = *page;
}

void crux_page_set_take(struct crux_page_set *set, struct crux_cursor *cursor) {
    for (uint32_t i = 0; i < set->count; i++)
        set->page[i].bytes = crux_get_bytes(cursor, set->page[i].length);
}

/* Root of the tree of the tensor that pages first..end-1 belong to. */
static enum crux_status inner_root(uint8_t root[32], const struct crux_page_set *set,
                                   uint32_t first, uint32_t end, struct crux_cursor *siblings) {
    uint64_t index[CRUX_PART_PAGES_MAX];
    uint8_t hash[CRUX_PART_PAGES_MAX][32];
    for (uint32_t i = first; i < end; i++) {
        const struct crux_page *page = &set->page[i];
        if (page->leaf_count != set->page[first].leaf_count) return CRUX_E_BAD_VIEW;
        index[i - first] = page->leaf;
        crux_merkle_leaf_hash(hash[i - first], page->bytes, page->length);
    }
    return crux_merkle_root_from_proof(root, set->page[first].leaf_count, index, hash, end - first,
                                       siblings);
}

enum crux_status crux_page_set_verify(const struct crux_page_set *set, const uint8_t root[32],
                                      struct crux_cursor *siblings, enum crux_status refusal) {
    uint8_t found[32];
    enum crux_status status;
    if (siblings->status != CRUX_OK) return siblings->status;
    if (set->count == 0) return CRUX_OK;
    status = inner_root(found, set, 0, set->count, siblings);
    if (status != CRUX_OK) return status;
    return crux_equal(found, root, sizeof found) ? CRUX_OK : refusal;
}

enum crux_status crux_page_set_verify_nested(const struct crux_page_set *set, uint64_t outer_count,
                                             const uint8_t outer_root[32],
                                             struct crux_cursor *siblings,
                                             enum crux_status refusal) {
    uint64_t index[CRUX_PART_PAGES_MAX];
    uint8_t hash[CRUX_PART_PAGES_MAX][32], found[32];
    uint32_t tensors = 0;
    enum crux_status status;
    if (siblings->status != CRUX_OK) return siblings->status;
    if (set->count == 0) return CRUX_OK;
    for (uint32_t first = 0, end = 0; first < set->count; first = end) {
        while (end < set->count && set->page[end].tensor == set->page[first].tensor) end++;
        status = inner_root(hash[tensors], set, first, end, siblings);
        if (status != CRUX_OK) return status;
        index[tensors++] = set->page[first].tensor;
    }
    status = crux_merkle_root_from_proof(found, outer_count, index, hash, tensors, siblings);
    if (status != CRUX_OK) return status;
    return crux_equal(found, outer_root, sizeof found) ? CRUX_OK : refusal;
}
