#include "kernels/certificate/reach.h"

#include "kernels/program/layout.h"

enum { ALIGN_MAX = 62 };

static unsigned trailing_zeros(crux_i128 v) { /* v != 0 */
    unsigned zeros = 0;
    while (zeros < ALIGN_MAX && ((crux_u128)v >> zeros & 1) == 0) zeros++;
    return zeros;
}

/* Addresses between neighbours along each dimension of the view. */
static void view_strides(crux_i128 *stride, const struct crux_operand *operand,
                         const uint32_t *extent, unsigned leading, crux_i128 row, crux_i128 unit) {
    for (unsigned i = operand->ndim; i-- > leading;) {
        stride[i] = unit;
        unit *= extent[i];
    }
    for (unsigned i = leading; i-- > 0;) {
        stride[i] = row;
        row *= extent[i];
    }
}

/* The dimensions before the first growing one number the rows: spec/10-machine.md#rows */
static unsigned leading_dims(const struct crux_operand *operand) {
    for (unsigned i = 0; i < operand->ndim; i++) {
        if (crux_dim_grows(&operand->dim[i])) return i;
    }
    return 0;
}

static uint64_t product(const uint32_t *extent, unsigned count) {
    uint64_t total = 1;
    for (unsigned i = 0; i < count; i++) total *= extent[i]; /* at most 2^40: crux_op_bind */
    return total;
}

static void tiled(struct crux_reach *reach, crux_i128 *stride, const struct crux_operand *operand,
                  const uint32_t *extent) {
    struct crux_tile tile = {0};
    uint32_t inputs = extent[operand->ndim - 1];
    CRUX_ASSERT(crux_tile_decode(&tile, operand->layout) == CRUX_OK); /* the descriptor decoded */
    if (inputs == 0) return;
    uint32_t tiles = crux_tile_count(&tile, inputs);
    reach->leaves = product(extent, operand->ndim - 1U) * tiles;
    reach->unit = tile.chunk;
    reach->leaf_bytes = crux_tile_bytes(&tile, crux_tile_inputs(&tile, inputs, 0));
    reach->length = 1;
    view_strides(stride, operand, extent, operand->ndim - 1U, (crux_i128)tiles * tile.chunk, 1);
}

static void plain(struct crux_reach *reach, crux_i128 *stride, const struct crux_operand *operand,
                  const uint32_t *extent) {
    struct crux_layout layout;
    unsigned leading = 0;
    if (operand->kind == CRUX_KIND_MODEL) {
        crux_layout_model(&layout, operand->dtype, product(extent, operand->ndim));
    } else {
        crux_layout_step(&layout, operand->dtype, operand->ndim, operand->dim, extent);
        leading = leading_dims(operand);
    }
    reach->leaves = layout.pages;
    reach->unit = layout.page_bytes;
    reach->leaf_bytes = layout.bytes < layout.page_bytes ? layout.bytes : layout.page_bytes;
    reach->length = layout.element_bytes;
    view_strides(stride, operand, extent, leading, (crux_i128)layout.stride_bytes,
                 layout.element_bytes);
}

/* Addresses that one more of this variable adds. */
static crux_i128 slope(const struct crux_operand *operand, const crux_i128 *stride, unsigned var) {
    crux_i128 sum = 0;
    for (unsigned i = 0; i < operand->ndim; i++) { /* 4 * 2^31 * 2^43 */
        if (operand->index[i].coef[var] != 0) sum += operand->index[i].coef[var] * stride[i];
    }
    return sum;
}

static void add_k(struct crux_reach *reach, uint64_t stride, uint64_t count) {
    uint64_t at = reach->nk++;
    while (at > 0 && reach->stride[at - 1] > stride) {
        reach->stride[at] = reach->stride[at - 1];
        reach->count[at] = reach->count[at - 1];
        at--;
    }
    reach->stride[at] = stride;
    reach->count[at] = count;
}

/* At most how many values of this k are read for one setting of the other variables. If no index begins below 0, reads
 * outside are those beyond the end: the run is shorter then, but starts where it did. */
static uint64_t reads_along(const struct crux_box *box, const struct crux_operand *operand,
                            const uint32_t *extent, unsigned var) {
    uint64_t count = (uint64_t)box->hi[var] + 1, most = count;
    for (unsigned i = 0; i < operand->ndim; i++) {
        int64_t coef = operand->index[i].coef[var];
        if (coef == 0) continue;
        if (coef < 0 || crux_box_affine(box, &operand->index[i]).lo < 0) return count;
        uint64_t inside = (uint64_t)(((int64_t)extent[i] - 1) / coef) + 1;
        if (inside < most) most = inside;
    }
    return most;
}

static void set_variables(struct crux_reach *reach, const struct crux_box *box,
                          const struct crux_operand *operand, const uint32_t *extent,
                          const crux_i128 *stride) {
    crux_i128 start = 0;
    unsigned align = ALIGN_MAX;
    for (unsigned var = 0; var < CRUX_VARS; var++) {
        crux_i128 step = slope(operand, stride, var);
        if (step == 0) continue;
        start += step * box->lo[var]; /* 11 * 2^76 * 2^31 */
        if (box->lo[var] == box->hi[var]) continue;
        if (var >= CRUX_VAR_K && var < CRUX_VAR_K + CRUX_KDIMS_MAX) {
            crux_i128 size = step < 0 ? -step : step, most = (crux_i128)1 << ALIGN_MAX;
            uint64_t count = reads_along(box, operand, extent, var);
            if (count < 2) continue;
            if (step < 0) start += step * box->hi[var]; /* count from the other end */
            if (size > most && trailing_zeros(step) < align) align = trailing_zeros(step);
            add_k(reach, (uint64_t)(size > most ? most : size), count);
        } else if (trailing_zeros(step) < align) {
            align = trailing_zeros(step);
        }
    }
    reach->align = align;
    reach->start = (uint64_t)start & ((UINT64_C(1) << align) - 1);
}

void crux_reach_of(struct crux_reach *reach, const struct crux_proof *proof,
                   const struct crux_bound_op *bound, unsigned slot) {
    const struct crux_operand *operand = crux_proof_operand(proof->op, slot);
    const uint32_t *extent = bound->view[slot];
    crux_i128 stride[CRUX_DIMS_MAX] = {0};
    struct crux_box box;
    *reach = (struct crux_reach){.leaves = 0};
    if (operand->layout != 0)
        tiled(reach, stride, operand, extent);
    else
        plain(reach, stride, operand, extent);
    if (reach->leaves == 0) return;
    crux_box_of(&box, proof, bound,
                true); /* the position is a variable too, so that many positions are alike */
    set_variables(reach, &box, operand, extent, stride);
    if (proof->op->code == CRUX_LUT && slot + 1U == proof->op->nin) {
        reach->align = trailing_zeros((crux_i128)reach->length); /* entries i and i+1, any i */
        reach->start = 0;
        reach->length *= 2;
    }
}

/* Nodes under a contiguous run that starts at `start` modulo 2^align, wherever that is worst.
 * spec/25-certificates.md#siblings: "the run that starts as late in a node as it may" */
static crux_u128 run_nodes(uint64_t start, unsigned align, crux_u128 length, crux_u128 node) {
    crux_u128 grain = (crux_u128)1 << align;
    if (grain > node) grain = node;
    return (start % grain + (node - grain) + length - 1) / node + 1;
}

uint64_t crux_reach_nodes(const struct crux_reach *reach, unsigned level) {
    crux_u128 node = (crux_u128)reach->unit << level, best, length = reach->length;
    best = ((reach->leaves - 1) >> level) + 1;
    /* The p shortest strides as one run, gaps and all, the others as so many runs: each p gives a bound. */
    for (unsigned p = 0; p <= reach->nk; p++) {
        crux_u128 runs = 1;
        unsigned align = (unsigned)reach->align;
        for (unsigned i = p; i < reach->nk; i++) {
            unsigned zeros = trailing_zeros((crux_i128)reach->stride[i]);
            runs *= reach->count[i];
            if (zeros < align) align = zeros;
        }
        crux_u128 nodes = runs * run_nodes(reach->start, align, length, node);
        if (nodes < best) best = nodes;
        if (p < reach->nk) length += (crux_u128)reach->stride[p] * (reach->count[p] - 1);
    }
    return (uint64_t)best;
}

unsigned crux_tree_depth(uint64_t count) {
    unsigned depth = 0;
    while (depth < 63 && UINT64_C(1) << depth < count) depth++;
    return depth;
}

static bool touches(const uint32_t *index, unsigned count, unsigned level, uint64_t node) {
    for (unsigned i = 0; i < count; i++) {
        if (index[i] >> level == node) return true;
    }
    return false;
}

uint32_t crux_tree_siblings(uint64_t leaf_count, const uint32_t *index, unsigned count) {
    uint32_t siblings = 0;
    for (unsigned level = 0; level < 32 && leaf_count > UINT64_C(1) << level; level++) {
        for (unsigned i = 0; i < count; i++) {
            uint64_t node = index[i] >> level, other = node ^ 1;
            if (i > 0 && index[i - 1] >> level == node) continue;
            if (other << level < leaf_count && !touches(index, count, level, other)) siblings++;
        }
    }
    return siblings;
}
