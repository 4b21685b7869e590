#include "tests/executor/engine/served_archive.h"

#include <stdlib.h>
#include <string.h>

static enum crux_status leaves(void *ctx, uint32_t claim, uint64_t first, uint32_t count,
                               uint8_t (*out)[32]) {
    const struct served_archive *s = ctx;
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    const struct crux_merkle_tree *tree;
    enum crux_status status = crux_archive_tree(s->archive[claim], &trace, &tree);
    if (status != CRUX_OK) return status;
    if (first > tree->leaf_count || count > tree->leaf_count - first)
        return CRUX_E_INDEX_BEYOND_COUNT;
    memcpy(out, tree->hash + first, (size_t)count * 32);
    return CRUX_OK;
}

static enum crux_status records(void *ctx, uint32_t claim, uint32_t layer, uint32_t first,
                                uint32_t count, const uint8_t **bytes, size_t *len) {
    struct served_archive *s = ctx;
    const struct crux_run *run = crux_archive_tokens(s->archive[claim]);
    size_t cap = count * crux_served_bytes(run->program, layer);
    struct crux_writer out;
    s->calls++;
    s->last_layer = layer;
    if (cap > s->cap) {
        uint8_t *more = realloc(s->bytes, cap);
        if (more == NULL) return CRUX_E_OUT_OF_MEMORY;
        s->bytes = more;
        s->cap = cap;
    }
    crux_writer_init(&out, s->bytes, cap);
    enum crux_status status = crux_served_put(&out, run, layer, first, count);
    *bytes = s->bytes;
    *len = out.at;
    return status;
}

void served_archive_init(struct served_archive *s) {
    *s = (struct served_archive){.served = {s, leaves, records}};
}

void served_archive_free(struct served_archive *s) {
    free(s->bytes);
}
