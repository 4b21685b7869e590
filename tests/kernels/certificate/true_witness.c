#include "tests/kernels/certificate/true_witness.h"

#include <string.h>

#include "bisection/adjudicator/spot.h"
#include "kernels/base/macros.h"

enum { SEEN_MAX = 4 * CRUX_K_WORK_MAX + 8 };

struct seen {
    uint32_t part; /* operand slot of a table, or PART_STEP, PART_X */
    uint32_t tensor, length;
    uint64_t leaf, leaf_count;
};

enum { PART_STEP = 100, PART_X = 101 };

struct watch {
    struct crux_random *random;
    const struct true_place *place;
    const struct crux_bound_op *bound;
    uint32_t count;
    uint64_t load;
    uint32_t load_pages;
    struct seen seen[SEEN_MAX];
};

/* spec/30-commitment.md#proofs: "a subtree without a proven leaf yields its root; a single leaf yields nothing; otherwise first the left part, then the right part" */
static uint64_t siblings(uint64_t first, uint64_t leaves, const uint64_t *leaf, uint32_t count) {
    uint64_t left = 1;
    uint32_t in_left = 0;
    if (count == 0) return 1;
    if (leaves == 1) return 0;
    while (2 * left < leaves) left *= 2;
    while (in_left < count && leaf[in_left] < first + left) in_left++;
    return siblings(first, left, leaf, in_left) +
           siblings(first + left, leaves - left, leaf + in_left, count - in_left);
}

uint64_t true_siblings(uint64_t leaf_count, const uint64_t *leaf, uint32_t count) {
    return count == 0 ? 0 : siblings(0, leaf_count, leaf, count);
}

static uint64_t path_bytes(uint64_t leaf_count, uint64_t leaf) {
    return 32 * true_siblings(leaf_count, &leaf, 1);
}

static void note(struct watch *watch, const struct crux_place *place) {
    struct crux_leaves leaves;
    struct crux_spot spot;
    if (place->source == CRUX_FROM_PARAM) {
        watch->load = 240;
        return;
    }
    crux_leaves_of_operand(&leaves, watch->bound, place);
    crux_spot_find(&spot, &leaves, place);
    struct seen seen = {.tensor = place->tensor,
                        .length = spot.leaf_bytes,
                        .leaf = spot.leaf,
                        .leaf_count = leaves.count};
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP: seen.part = place->slot == CRUX_SLOT_X ? PART_X : PART_STEP; break;
    case CRUX_FROM_MODEL:
        seen.part = place->slot;
        seen.tensor = 0;
        break;
    case CRUX_FROM_RECORD:
        watch->load_pages = 1;
        watch->load = seen.length + path_bytes(seen.leaf_count, seen.leaf) +
                      path_bytes(place->operand->stores, place->tensor) +
                      path_bytes(watch->place->trace_leaves,
                                 (uint64_t)place->time * watch->place->layers + place->layer);
        return;
    case CRUX_FROM_TOKENS:
        watch->load_pages = 1;
        watch->load = 240 + seen.length + path_bytes(seen.leaf_count, seen.leaf);
        return;
    case CRUX_FROM_PARAM: return;
    }
    for (uint32_t i = 0; i < watch->count; i++) {
        const struct seen *other = &watch->seen[i];
        if (other->part == seen.part && other->tensor == seen.tensor && other->leaf == seen.leaf) {
            CRUX_ASSERT(other->length == seen.length && other->leaf_count == seen.leaf_count);
            return;
        }
    }
    CRUX_ASSERT(watch->count < SEEN_MAX);
    watch->seen[watch->count++] = seen;
}

static int64_t watch_read(void *ctx, const struct crux_place *place) {
    struct watch *watch = ctx;
    note(watch, place);
    return crux_random_edgy(watch->random, place->operand->lo, place->operand->hi);
}

/* The leaves of one tensor in one part, ascending. */
static uint32_t leaves_of(uint64_t *leaf, const struct watch *watch, uint32_t part,
                          uint32_t tensor) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < watch->count; i++) {
        uint32_t at = count;
        if (watch->seen[i].part != part || watch->seen[i].tensor != tensor) continue;
        for (; at > 0 && leaf[at - 1] > watch->seen[i].leaf; at--) leaf[at] = leaf[at - 1];
        leaf[at] = watch->seen[i].leaf;
        count++;
    }
    return count;
}

/* Pages and siblings of one part; `nested`: its tensors are leaves of the step's tree. */
static uint64_t part_bytes(const struct watch *watch, uint32_t part, bool nested) {
    static uint64_t leaf[SEEN_MAX];
    uint64_t bytes = 0, tensor[SEEN_MAX];
    uint32_t tensors = 0;
    for (uint32_t i = 0; i < watch->count; i++) {
        const struct seen *seen = &watch->seen[i];
        uint32_t at = tensors;
        bool again = false;
        if (seen->part != part) continue;
        bytes += seen->length;
        for (uint32_t j = 0; j < tensors; j++) again = again || tensor[j] == seen->tensor;
        if (again) continue;
        for (; at > 0 && tensor[at - 1] > seen->tensor; at--) tensor[at] = tensor[at - 1];
        tensor[at] = seen->tensor;
        tensors++;
        bytes +=
            32 * true_siblings(seen->leaf_count, leaf, leaves_of(leaf, watch, part, seen->tensor));
    }
    return bytes + (nested ? 32 * true_siblings(watch->place->tensors, tensor, tensors) : 0);
}

static uint32_t part_pages(const struct watch *watch, uint32_t part) {
    uint32_t pages = 0;
    for (uint32_t i = 0; i < watch->count; i++) pages += watch->seen[i].part == part;
    return pages;
}

static uint32_t output_page_bytes(const struct crux_bound_op *bound, const uint32_t *index) {
    const struct crux_op *op = bound->op;
    struct crux_layout layout;
    uint64_t flat = 0;
    for (unsigned i = 0; i < op->ndim; i++) flat = flat * bound->dim[i] + index[i];
    if (op->code == CRUX_STORE)
        crux_layout_record(&layout, op->dtype, op->ndim, bound->dim);
    else
        crux_layout_step(&layout, op->dtype, op->ndim, op->dim, bound->dim);
    return crux_layout_page_length(&layout, crux_layout_offset(&layout, flat) / layout.page_bytes);
}

static uint32_t descriptor_bytes(const struct crux_op *op) {
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    CRUX_ASSERT(crux_descriptor_encode(bytes, &used, op) == CRUX_OK);
    used = CRUX_DESCRIPTOR_BYTES;
    while (used > 1 && bytes[used - 1] == 0) used--;
    return (uint32_t)used;
}

void true_witness_of(struct true_witness *witness, struct crux_random *random,
                     const struct true_place *place, const struct crux_bound_op *bound,
                     const uint32_t index[CRUX_DIMS_MAX], int64_t x) {
    static struct watch watch;
    struct crux_reader reader = {&watch, watch_read};
    watch = (struct watch){.random = random, .place = place, .bound = bound};
    if (bound->op->code == CRUX_RAND) watch.load = 240;
    (void)crux_op_x(bound, index, &reader);
    (void)crux_op_element(bound, index, x, &reader);
    witness->bytes = 2 + 64 + 16 + 32 + path_bytes(place->layers, place->layer) + 2 +
                     descriptor_bytes(bound->op) + path_bytes(place->ops, place->op) +
                     output_page_bytes(bound, index) + part_bytes(&watch, PART_X, true) +
                     part_bytes(&watch, PART_STEP, true) + watch.load;
    for (uint32_t slot = 0; slot < CRUX_OPERANDS_MAX; slot++) {
        witness->bytes += part_bytes(&watch, slot, false);
    }
    witness->pages = 1 + watch.count + watch.load_pages;
    witness->part_pages = 0;
    for (uint32_t part = 0; part <= PART_X; part++) {
        uint32_t pages = part_pages(&watch, part);
        if (pages > witness->part_pages) witness->part_pages = pages;
    }
}
