/* BPE: of all neighbours that may merge, the pair that comes first does, until none is left. Long texts keep the
 * pairs in a heap; words, nearly always short, are searched from end to end each time, which is faster. */
#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/model.h"
#include "executor/tokenizer/utf8.h"

#define NONE          UINT32_MAX
#define SHORT_SYMBOLS 24

static bool by_score(const struct crux_tokenizer *tokenizer) {
    return tokenizer->merges.slot == NULL;
}

/* Greater scores give lesser numbers, in the order of the reals. */
static uint32_t score_order(float score) {
    uint32_t bits;
    if (score == 0) score = 0; /* not minus zero */
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? bits : ~(bits | 0x80000000u);
}

/* Fills all of *candidate but its order's place.  Returns: whether these neighbours may merge. */
static bool may_merge(const struct crux_encoding *encoding, struct crux_merge_candidate *candidate,
                      const char *text, uint32_t left, uint32_t right) {
    const struct crux_tokenizer *tokenizer = encoding->tokenizer;
    const struct crux_merge_symbol *l = &encoding->symbol[left], *r = &encoding->symbol[right];
    uint32_t first = 0;
    candidate->left = left;
    candidate->right = right;
    candidate->len = l->len + r->len;
    if (by_score(tokenizer)) {
        candidate->made = crux_text_index_find(&tokenizer->words, text + l->at, candidate->len);
        if (candidate->made == CRUX_TOKENIZER_NO_TOKEN) return false;
        first = score_order(tokenizer->source->token[candidate->made].score);
    } else {
        const struct crux_merge_entry *entry =
            crux_merge_table_find(&tokenizer->merges, l->id, r->id);
        if (entry == NULL) return false;
        candidate->made = entry->made;
        first = entry->rank;
    }
    candidate->order = (uint64_t)first << 32 | left;
    return true;
}

static void join(struct crux_encoding *encoding, const struct crux_merge_candidate *candidate) {
    struct crux_merge_symbol *left = &encoding->symbol[candidate->left];
    struct crux_merge_symbol *right = &encoding->symbol[candidate->right];
    left->len = candidate->len;
    left->id = candidate->made;
    left->after = right->after;
    if (right->after != NONE) encoding->symbol[right->after].before = candidate->left;
    right->len = 0;
}

static void merge_short(struct crux_encoding *encoding, const char *text, uint32_t count) {
    /* candidate[i] is of symbol i and the one after it. */
    struct crux_merge_candidate candidate[SHORT_SYMBOLS];
    bool merges[SHORT_SYMBOLS];
    for (uint32_t i = 0; i + 1 < count; i++) {
        merges[i] = may_merge(encoding, &candidate[i], text, i, i + 1);
    }
    if (count > 0) merges[count - 1] = false;
    for (uint32_t round = 1; round < count; round++) { /* each makes one symbol less */
        uint32_t best = NONE;
        for (uint32_t i = 0; i < count; i++) {
            if (merges[i] && (best == NONE || candidate[i].order < candidate[best].order)) best = i;
        }
        if (best == NONE) return;
        struct crux_merge_candidate chosen = candidate[best];
        join(encoding, &chosen);
        merges[chosen.right] = false;
        const struct crux_merge_symbol *left = &encoding->symbol[best];
        merges[best] =
            left->after != NONE && may_merge(encoding, &candidate[best], text, best, left->after);
        uint32_t before = left->before;
        if (before != NONE) {
            merges[before] = may_merge(encoding, &candidate[before], text, before, best);
        }
    }
}

static void sift_up(struct crux_merge_candidate *heap, size_t at) {
    while (at > 0 && heap[at].order < heap[(at - 1) / 2].order) {
        struct crux_merge_candidate swap = heap[at];
        heap[at] = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = swap;
        at = (at - 1) / 2;
    }
}

static void sift_down(struct crux_merge_candidate *heap, size_t count) {
    size_t at = 0;
    for (;;) {
        size_t least = at, child = 2 * at + 1;
        if (child < count && heap[child].order < heap[least].order) least = child;
        if (child + 1 < count && heap[child + 1].order < heap[least].order) least = child + 1;
        if (least == at) return;
        struct crux_merge_candidate swap = heap[at];
        heap[at] = heap[least];
        heap[least] = swap;
        at = least;
    }
}

/* In: the heap has room: a text of n symbols needs n - 1 candidates at first and two more for each merge. */
static void offer(struct crux_encoding *encoding, const char *text, uint32_t left, uint32_t right) {
    struct crux_merge_candidate candidate;
    if (left == NONE || right == NONE || !may_merge(encoding, &candidate, text, left, right))
        return;
    CRUX_ASSERT(encoding->heap_count < encoding->heap_cap);
    encoding->heap[encoding->heap_count] = candidate;
    sift_up(encoding->heap, encoding->heap_count++);
}

static void merge_long(struct crux_encoding *encoding, const char *text, uint32_t count) {
    encoding->heap_count = 0;
    for (uint32_t i = 0; i + 1 < count; i++) offer(encoding, text, i, i + 1);
    while (encoding->heap_count > 0) {
        struct crux_merge_candidate best = encoding->heap[0];
        encoding->heap[0] = encoding->heap[--encoding->heap_count];
        sift_down(encoding->heap, encoding->heap_count);
        const struct crux_merge_symbol *left = &encoding->symbol[best.left];
        const struct crux_merge_symbol *right = &encoding->symbol[best.right];
        /* One of the two has merged since: then a length or the neighbourhood is another. */
        if (left->len == 0 || right->len == 0 || left->after != best.right ||
            left->len + right->len != best.len) {
            continue;
        }
        join(encoding, &best);
        offer(encoding, text, left->before, best.left);
        offer(encoding, text, best.left, left->after);
    }
}

static enum crux_status reserve(struct crux_encoding *encoding, size_t symbols,
                                struct crux_tokenizer_error *error) {
    if (symbols > encoding->symbol_cap) {
        struct crux_merge_symbol *next = realloc(encoding->symbol, symbols * sizeof *next);
        if (next == NULL) goto out_of_memory;
        encoding->symbol = next;
        encoding->symbol_cap = symbols;
    }
    if (symbols > SHORT_SYMBOLS && 3 * symbols > encoding->heap_cap) {
        struct crux_merge_candidate *next = realloc(encoding->heap, 3 * symbols * sizeof *next);
        if (next == NULL) goto out_of_memory;
        encoding->heap = next;
        encoding->heap_cap = 3 * symbols;
    }
    return CRUX_OK;
out_of_memory:
    return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for %zu bytes of text",
                               symbols);
}

/* The symbols before any merge: bytes or characters.  Returns: how many. */
static uint32_t first_symbols(struct crux_encoding *encoding, const char *text, size_t len) {
    const struct crux_tokenizer *tokenizer = encoding->tokenizer;
    const struct crux_tokenizer_source *source = tokenizer->source;
    bool bytes = source->kind == CRUX_TOKENIZER_BYTE_BPE;
    uint32_t count = 0;
    size_t step = 1;
    for (size_t at = 0; at < len; at += step) {
        if (!bytes) step = crux_utf8_look(text + at, len - at).len;
        uint32_t id = bytes ? tokenizer->byte_token[(uint8_t)text[at]]
                            : crux_text_index_find(&tokenizer->words, text + at, step);
        if (id == CRUX_TOKENIZER_NO_TOKEN && bytes) {
            /* What has no token is unknown, or as if it were not there: so the reference does it. */
            id = source->unknown;
            if (id == CRUX_TOKENIZER_NO_TOKEN) {
                encoding->lost++;
                continue;
            }
            if (source->fuse_unknown && count > 0 && encoding->symbol[count - 1].id == id) continue;
        }
        encoding->symbol[count] = (struct crux_merge_symbol){
            (uint32_t)at, (uint32_t)step, id, count > 0 ? count - 1 : NONE, count + 1};
        count++;
    }
    if (count > 0) encoding->symbol[count - 1].after = NONE;
    return count;
}

enum crux_status crux_merge_text(struct crux_encoding *encoding, const char *text, size_t len,
                                 struct crux_tokenizer_error *error) {
    enum crux_status status = reserve(encoding, len, error);
    if (status != CRUX_OK || len == 0) return status;
    uint32_t count = first_symbols(encoding, text, len);
    if (count > SHORT_SYMBOLS) {
        merge_long(encoding, text, count);
    } else {
        merge_short(encoding, text, count);
    }
    bool unknown = false;
    for (uint32_t i = 0; count > 0 && i != NONE && status == CRUX_OK;
         i = encoding->symbol[i].after) {
        const struct crux_merge_symbol *symbol = &encoding->symbol[i];
        if (symbol->id != CRUX_TOKENIZER_NO_TOKEN) {
            status = crux_encoding_add(encoding, symbol->id, error);
            unknown = false;
        } else {
            status = crux_unknown_text(encoding, text + symbol->at, symbol->len, unknown, error);
            unknown = true;
        }
    }
    return status;
}
