#include "cli/demo_narrow.h"

#include <string.h>

struct pair {
    struct crux_cli_narrowing *narrowing;
    struct crux_archive *theirs, *mine;
};

static enum crux_status get_trees(const struct pair *pair, const struct crux_tree_id *id,
                                  const struct crux_merkle_tree **theirs,
                                  const struct crux_merkle_tree **mine) {
    enum crux_status status = crux_archive_tree(pair->theirs, id, theirs);
    if (status == CRUX_OK) status = crux_archive_tree(pair->mine, id, mine);
    if (status == CRUX_OK && (*theirs)->leaf_count != (*mine)->leaf_count) status = CRUX_E_INTERNAL;
    return status;
}

/* Out: leaf, the first that differs; differs, false if none does. */
static enum crux_status descend(const struct pair *pair, const struct crux_tree_id *id,
                                uint64_t *leaf, bool *differs) {
    struct crux_cli_narrowing *n = pair->narrowing;
    const struct crux_merkle_tree *theirs, *mine;
    enum crux_status status = get_trees(pair, id, &theirs, &mine);
    if (status != CRUX_OK) return status;
    uint8_t a[32], b[32];
    crux_merkle_tree_root(a, theirs);
    crux_merkle_tree_root(b, mine);
    *differs = memcmp(a, b, 32) != 0;
    *leaf = 0;
    unsigned level = theirs->depth;
    while (*differs && level > 0) {
        unsigned down = level < n->k_log2 ? level : n->k_log2;
        level -= down;
        uint64_t first = *leaf << down;
        uint64_t nodes = ((theirs->leaf_count - 1) >> level) + 1; /* of this level */
        uint64_t end =
            nodes - first < (UINT64_C(1) << down) ? nodes : first + (UINT64_C(1) << down);
        uint64_t pick = end;
        for (uint64_t i = end; i-- > first;) {
            crux_merkle_tree_node(a, theirs, level, i);
            crux_merkle_tree_node(b, mine, level, i);
            if (memcmp(a, b, 32) != 0) pick = i;
        }
        if (pick == end || n->count == CRUX_CLI_ROUNDS_MAX) return CRUX_E_INTERNAL;
        n->round[n->count++] =
            (struct crux_cli_round){id->kind, (uint32_t)(end - first), (uint32_t)(pick - first)};
        n->revealed_bytes += 32 * (end - first);
        *leaf = pick;
    }
    return CRUX_OK;
}

static enum crux_status get_page(struct crux_archive *archive, const struct crux_tree_id *id,
                                 uint64_t page, uint8_t bytes[CRUX_RECORD_PAGE_BYTES],
                                 size_t *len) {
    struct crux_evidence evidence;
    struct crux_writer writer;
    crux_archive_evidence(archive, &evidence);
    crux_writer_init(&writer, bytes, CRUX_RECORD_PAGE_BYTES);
    enum crux_status status = evidence.leaf(evidence.ctx, id, page, &writer);
    *len = writer.at;
    return status;
}

/* The first element in which the two pages differ. */
static enum crux_status compare_pages(const struct pair *pair, const struct crux_tree_id *id,
                                      const struct crux_layout *layout, unsigned dtype) {
    struct crux_cli_narrowing *n = pair->narrowing;
    uint8_t theirs[CRUX_RECORD_PAGE_BYTES], mine[CRUX_RECORD_PAGE_BYTES];
    size_t len, my_len, at = 0;
    enum crux_status status = get_page(pair->theirs, id, n->page, theirs, &len);
    if (status == CRUX_OK) status = get_page(pair->mine, id, n->page, mine, &my_len);
    if (status != CRUX_OK) return status;
    while (at < len && at < my_len && theirs[at] == mine[at]) at++;
    uint64_t offset = n->page * layout->page_bytes + at;
    if (at == len || len != my_len || crux_layout_is_padding(layout, offset))
        return CRUX_E_INTERNAL;
    n->revealed_bytes += len;
    uint64_t row = offset / layout->stride_bytes, in_row = offset % layout->stride_bytes;
    n->element.index = row * layout->row_elements + in_row / layout->element_bytes;
    at -= at % layout->element_bytes;
    n->theirs = crux_dtype_get(dtype, theirs + at);
    n->mine = crux_dtype_get(dtype, mine + at);
    n->pages = layout->pages;
    return CRUX_OK;
}

/* In: outer, the tensors or the record of the step, which differ. */
static enum crux_status narrow_step(const struct pair *pair, const struct crux_program *program,
                                    struct crux_tree_id outer, uint64_t number) {
    struct crux_cli_narrowing *n = pair->narrowing;
    const struct crux_layer *layer = &program->layers[outer.layer];
    bool is_record = outer.kind == CRUX_TREE_RECORD, differs;
    struct crux_tree_id inner = {is_record ? CRUX_TREE_STORE : CRUX_TREE_TENSOR, outer.pos,
                                 outer.layer, (uint32_t)number};
    enum crux_status status = descend(pair, &inner, &n->page, &differs);
    if (status != CRUX_OK) return status;
    n->element.op = inner.number + (is_record ? layer->ops - layer->stores : 0);
    const struct crux_op *op = &program->ops[layer->first + n->element.op].op;
    const struct crux_step *step;
    struct crux_layout layout;
    status = crux_archive_step(pair->mine, outer.pos, outer.layer, &step);
    if (status != CRUX_OK) return status;
    const uint32_t *extent = step->tensors[n->element.op].extent;
    if (is_record)
        crux_layout_record(&layout, op->dtype, op->ndim, extent);
    else
        crux_layout_step(&layout, op->dtype, op->ndim, op->dim, extent);
    return compare_pages(pair, &inner, &layout, op->dtype);
}

enum crux_status crux_cli_narrow(struct crux_cli_narrowing *n, struct crux_archive *theirs,
                                 struct crux_archive *mine, const struct crux_program *program) {
    struct pair pair = {n, theirs, mine};
    struct crux_tree_id id = {.kind = CRUX_TREE_TRACE};
    uint32_t layers = program->header.layers;
    uint64_t number;
    bool differs;
    enum crux_status status = descend(&pair, &id, &n->trace_leaf, &differs);
    if (status != CRUX_OK) return status;
    uint64_t steps = (uint64_t)crux_archive_tokens(mine)->positions * layers;
    if (!differs || n->trace_leaf >= steps) return CRUX_E_INTERNAL;
    id.pos = (uint32_t)(n->trace_leaf / layers);
    id.layer = (uint32_t)(n->trace_leaf % layers);
    n->element =
        (struct crux_element_id){.kind = CRUX_ELEMENT_VALUE, .pos = id.pos, .layer = id.layer};
    n->revealed_bytes += 64; /* step root: record root and tensors root */
    id.kind = CRUX_TREE_TENSORS;
    status = descend(&pair, &id, &number, &differs);
    if (status == CRUX_OK && !differs) {
        id.kind = CRUX_TREE_RECORD;
        status = descend(&pair, &id, &number, &differs);
    }
    if (status != CRUX_OK) return status;
    return differs ? narrow_step(&pair, program, id, number) : CRUX_E_INTERNAL;
}
