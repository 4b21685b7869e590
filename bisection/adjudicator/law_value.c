/* One element of one op, and the padding of one page.  spec/40-adjudicator.md#value */
#include "bisection/adjudicator/laws.h"
#include "bisection/adjudicator/page_set.h"
#include "bisection/adjudicator/parts.h"
#include "bisection/adjudicator/spot.h"
#include "bisection/adjudicator/watch.h"
#include "bisection/merkle/proof.h"

/* The op under dispute, opened and bound to its position. */
struct opened_op {
    struct crux_opened_layer layer;
    struct crux_op op;
    struct crux_bound_op bound;
    struct crux_layout layout; /* of its output */
};

static enum crux_status open_op(struct opened_op *opened, const struct crux_law *law,
                                struct crux_cursor *cursor) {
    const struct crux_claim *claim = law->claim;
    const struct crux_element_id *element = law->element;
    struct crux_at at = {.pos = element->pos, .n = claim->request_tokens, .layer = element->layer};
    enum crux_status status;
    if (element->pos >= crux_claim_positions(claim)) return CRUX_E_STEP_OUTSIDE;
    status = crux_part_layer(&opened->layer, cursor, claim, &element->layer);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "model and layer", cursor->at);
    if (!crux_layer_active(&opened->layer.layer, element->pos, claim->request_tokens))
        return CRUX_E_STEP_INACTIVE;
    status = crux_part_op(&opened->op, cursor, &opened->layer, element->op);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "op", cursor->at);
    status = crux_op_bind(&opened->bound, &opened->op, &at);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, op, &opened->layer.header, &opened->layer.layer, &opened->bound);
    if (opened->op.code == CRUX_STORE) {
        crux_layout_record(&opened->layout, opened->op.dtype, opened->op.ndim, opened->bound.dim);
    } else {
        crux_layout_step(&opened->layout, opened->op.dtype, opened->op.ndim, opened->op.dim,
                         opened->bound.dim);
    }
    return CRUX_OK;
}

/* The output page, at the length that the layout gives. */
static enum crux_status take_page(const uint8_t **bytes, const struct crux_law *law,
                                  struct crux_cursor *cursor, const struct opened_op *opened,
                                  uint64_t page) {
    uint8_t leaf[32];
    uint32_t length = crux_layout_page_length(&opened->layout, page);
    *bytes = crux_get_bytes(cursor, length);
    if (*bytes == NULL) return cursor->status;
    crux_merkle_leaf_hash(leaf, *bytes, length);
    if (!crux_equal(leaf, law->element->leaf_hash, 32)) return CRUX_E_PAGE_MISMATCH;
    CRUX_WATCH(law, part, "page", cursor->at);
    return CRUX_OK;
}

enum crux_status crux_law_padding(bool *holds, const struct crux_law *law,
                                  struct crux_cursor *cursor) {
    const struct crux_element_id *element = law->element;
    struct opened_op opened;
    const uint8_t *bytes;
    uint8_t empty_root[32];
    enum crux_status status = open_op(&opened, law, cursor);
    if (status != CRUX_OK) return status;
    if (opened.layout.pages == 0 && element->index == 0) {
        crux_merkle_empty_root(empty_root);
        *holds = crux_equal(element->leaf_hash, empty_root, 32);
        return CRUX_OK;
    }
    if (element->index >= opened.layout.pages) return CRUX_E_ELEMENT_OUTSIDE;
    status = take_page(&bytes, law, cursor, &opened, element->index);
    if (status != CRUX_OK) return status;
    uint64_t start = element->index * opened.layout.page_bytes;
    uint32_t length = crux_layout_page_length(&opened.layout, element->index);
    *holds = true;
    for (uint32_t i = 0; i < length; i++) {
        if (bytes[i] != 0 && crux_layout_is_padding(&opened.layout, start + i)) *holds = false;
    }
    return CRUX_OK;
}

/* What the readers below see of the witness. A slot's leaves are worked out when it is first read. */
struct reading {
    const struct crux_law *law;
    const struct opened_op *opened;
    bool known[CRUX_SLOTS_MAX];
    struct crux_leaves leaves[CRUX_SLOTS_MAX];
    struct crux_page_set x, step, table[CRUX_OPERANDS_MAX];
    bool collect_x, collect_step, collect_table;
    bool read_step;    /* the step pages are proven: give their values */
    bool false_value;  /* a step or run value outside its declared range was read */
    bool broken;       /* a page asked for is not there: the program has no certificate */
    bool final;        /* the last pass: every value is the committed one */
    bool outside_step; /* the place of a LOAD or RAND outside step and model, if any */
    struct crux_place elsewhere;
    int64_t elsewhere_value;
};

static struct crux_page_set *set_of(struct reading *reading, const struct crux_place *place) {
    if (place->slot == CRUX_SLOT_X) return &reading->x;
    return place->source == CRUX_FROM_STEP ? &reading->step : &reading->table[place->slot];
}

static const struct crux_leaves *leaves_of(struct reading *reading,
                                           const struct crux_place *place) {
    if (!reading->known[place->slot]) {
        crux_leaves_of_operand(&reading->leaves[place->slot], &reading->opened->bound, place);
        reading->known[place->slot] = true;
    }
    return &reading->leaves[place->slot];
}

static void collect(struct reading *reading, const struct crux_place *place) {
    const struct crux_leaves *leaves = leaves_of(reading, place);
    struct crux_spot spot;
    crux_spot_find(&spot, leaves, place);
    struct crux_page page = {place->tensor, spot.leaf, leaves->count, spot.leaf_bytes, NULL};
    crux_page_set_add(set_of(reading, place), &page);
}

static int64_t clamp_to_range(const struct crux_place *place, int64_t v) {
    return crux_clamp(v, place->operand->lo, place->operand->hi);
}

/* spec/10-machine.md#reading: "A value of a step or run tensor that lies outside its declared range is a false value" */
static int64_t judge_range(struct reading *reading, const struct crux_place *place, int64_t v) {
    if (v < place->operand->lo || v > place->operand->hi) reading->false_value = true;
    return v;
}

static int64_t give(struct reading *reading, const struct crux_place *place) {
    const struct crux_leaves *leaves = leaves_of(reading, place);
    struct crux_spot spot;
    crux_spot_find(&spot, leaves, place);
    const struct crux_page *page =
        crux_page_set_find(set_of(reading, place), place->tensor, spot.leaf);
    if (page == NULL || page->bytes == NULL || page->length != spot.leaf_bytes) {
        reading->broken = true;
        return 0;
    }
    int64_t v = crux_spot_value(leaves, &spot, page->bytes);
    return place->source == CRUX_FROM_STEP ? judge_range(reading, place, v)
                                           : clamp_to_range(place, v);
}

/* Collecting passes give 0 for what is not yet proven; the places do not depend on it (kernels/ops/eval.h). */
static int64_t read_value(struct reading *reading, const struct crux_place *place) {
    if (place->slot == CRUX_SLOT_X) {
        if (!reading->collect_x) return give(reading, place);
        collect(reading, place);
        return 0;
    }
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP:
        if (reading->collect_step) collect(reading, place);
        return reading->read_step ? give(reading, place) : 0;
    case CRUX_FROM_MODEL:
        if (reading->collect_table) {
            collect(reading, place);
            return 0;
        }
        return reading->collect_step ? 0 : give(reading, place);
    case CRUX_FROM_RECORD:
    case CRUX_FROM_TOKENS:
    case CRUX_FROM_PARAM:
        reading->outside_step = true;
        reading->elsewhere = *place;
        return reading->elsewhere_value;
    }
    return 0;
}

static int64_t read_place(void *ctx, const struct crux_place *place) {
    struct reading *reading = ctx;
    int64_t v = read_value(reading, place);
    if (reading->final) CRUX_WATCH(reading->law, operand, place, v);
    return v;
}

static enum crux_status part_x(int64_t *x, struct reading *reading, const uint32_t *index,
                               struct crux_cursor *cursor, uint32_t tensors) {
    struct crux_reader reader = {reading, read_place};
    enum crux_status status;
    *x = 0;
    if (!reading->opened->op.has_x) return CRUX_OK;
    reading->collect_x = true;
    (void)crux_op_x(&reading->opened->bound, index, &reader);
    reading->collect_x = false;
    crux_page_set_take(&reading->x, cursor);
    status = crux_page_set_verify_nested(&reading->x, tensors, reading->law->element->tensors_root,
                                         cursor, CRUX_E_PAGE_MISMATCH);
    if (status != CRUX_OK) return status;
    reading->final = true;
    *x = crux_op_x(&reading->opened->bound, index, &reader);
    reading->final = false;
    CRUX_WATCH(reading->law, part, "x", cursor->at);
    return CRUX_OK;
}

static enum crux_status part_step(struct reading *reading, const uint32_t *index, int64_t x,
                                  struct crux_cursor *cursor, uint32_t tensors) {
    struct crux_reader reader = {reading, read_place};
    reading->collect_step = true;
    (void)crux_op_element(&reading->opened->bound, index, x, &reader);
    reading->collect_step = false;
    if (reading->step.status != CRUX_OK) return reading->step.status;
    crux_page_set_take(&reading->step, cursor);
    reading->read_step = true;
    return crux_page_set_verify_nested(&reading->step, tensors, reading->law->element->tensors_root,
                                       cursor, CRUX_E_PAGE_MISMATCH);
}

static enum crux_status part_table(struct reading *reading, const uint32_t *index, int64_t x,
                                   struct crux_cursor *cursor) {
    struct crux_reader reader = {reading, read_place};
    reading->collect_table = true;
    (void)crux_op_element(&reading->opened->bound, index, x, &reader);
    reading->collect_table = false;
    for (unsigned slot = 0; slot < reading->opened->op.nin; slot++) {
        struct crux_page_set *set = &reading->table[slot];
        if (set->status != CRUX_OK) return set->status;
        crux_page_set_take(set, cursor);
        enum crux_status status = crux_page_set_verify(set, reading->opened->op.in[slot].root,
                                                       cursor, CRUX_E_PAGE_MISMATCH);
        if (status != CRUX_OK) return status;
        if (set->count != 0) CRUX_WATCH(reading->law, part, "table", cursor->at);
    }
    return CRUX_OK;
}

static enum crux_status part_elsewhere(struct reading *reading, struct crux_cursor *cursor,
                                       const struct crux_claim *claim) {
    const struct crux_place *place = &reading->elsewhere;
    struct crux_request request;
    struct crux_leaves leaves;
    struct crux_spot spot;
    const uint8_t *bytes;
    uint32_t token;
    enum crux_status status;
    if (!reading->outside_step) return CRUX_OK;
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP:
    case CRUX_FROM_MODEL: return CRUX_E_INTERNAL; /* read_place never leaves these here */
    case CRUX_FROM_PARAM:
        status = crux_part_request(&request, cursor, claim);
        if (status != CRUX_OK) return status;
        CRUX_WATCH(reading->law, part, "request", cursor->at);
        reading->elsewhere_value = clamp_to_range(place, request.param[place->tensor]);
        return CRUX_OK;
    case CRUX_FROM_TOKENS:
        status = crux_part_request(&request, cursor, claim);
        if (status != CRUX_OK) return status;
        if (request.request_tokens != claim->request_tokens) return CRUX_E_REQUEST_MISMATCH;
        status = crux_part_list(&token, cursor, request.tokens_root, request.request_tokens,
                                place->time, CRUX_E_REQUEST_MISMATCH);
        if (status != CRUX_OK) return status;
        CRUX_WATCH(reading->law, part, "request and token", cursor->at);
        reading->elsewhere_value = clamp_to_range(place, token);
        return CRUX_OK;
    case CRUX_FROM_RECORD: break;
    }
    crux_leaves_of_operand(&leaves, &reading->opened->bound, place);
    crux_spot_find(&spot, &leaves, place);
    struct crux_record_page page = {
        .time = place->time,
        .layer = place->layer,
        .store = place->tensor,
        .stores = place->operand->stores,
        .layers = reading->opened->layer.header.layers,
        .leaf = spot.leaf,
        .leaf_count = leaves.count,
        .length = spot.leaf_bytes,
    };
    if (page.layer >= page.layers) return CRUX_E_STEP_OUTSIDE;
    status = crux_part_record(&bytes, cursor, claim, &page);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(reading->law, part, "record", cursor->at);
    reading->elsewhere_value = judge_range(reading, place, crux_spot_value(&leaves, &spot, bytes));
    return CRUX_OK;
}

/* Proves every part that the op needs, then recomputes the element. */
static enum crux_status recompute(int64_t *value, bool *false_value, struct opened_op *opened,
                                  const struct crux_law *law, struct crux_cursor *cursor) {
    struct reading reading = {.law = law, .opened = opened};
    struct crux_reader reader = {&reading, read_place};
    struct crux_request request;
    uint32_t index[CRUX_DIMS_MAX];
    uint32_t tensors = opened->layer.layer.ops - opened->layer.layer.stores;
    int64_t x;
    enum crux_status status;
    crux_op_unflatten(&opened->bound, law->element->index, index);
    if (opened->op.code == CRUX_RAND) { /* no operands: every other part is empty */
        status = crux_part_request(&request, cursor, law->claim);
        if (status != CRUX_OK) return status;
        CRUX_WATCH(law, part, "request", cursor->at);
        opened->bound.at.seed = request.seed;
        opened->bound.at.sample = request.sample;
    }
    status = part_x(&x, &reading, index, cursor, tensors);
    if (status != CRUX_OK) return status;
    status = part_step(&reading, index, x, cursor, tensors);
    if (status != CRUX_OK) return status;
    if (reading.step.count != 0) CRUX_WATCH(law, part, "step", cursor->at);
    status = part_table(&reading, index, x, cursor);
    if (status != CRUX_OK) return status;
    status = part_elsewhere(&reading, cursor, law->claim);
    if (status != CRUX_OK) return status;
    reading.final = true;
    *value = crux_op_element(&opened->bound, index, x, &reader);
    *false_value = reading.false_value;
    return reading.broken ? CRUX_E_PROGRAM_INVALID : CRUX_OK;
}

enum crux_status crux_law_value(bool *holds, const struct crux_law *law,
                                struct crux_cursor *cursor) {
    const struct crux_element_id *element = law->element;
    struct opened_op opened;
    const uint8_t *page;
    int64_t value;
    bool false_value;
    enum crux_status status = open_op(&opened, law, cursor);
    if (status != CRUX_OK) return status;
    if (element->index >= opened.bound.elements) return CRUX_E_ELEMENT_OUTSIDE;
    uint64_t offset = crux_layout_offset(&opened.layout, element->index);
    status = take_page(&page, law, cursor, &opened, offset / opened.layout.page_bytes);
    if (status != CRUX_OK) return status;
    status = recompute(&value, &false_value, &opened, law, cursor);
    if (status != CRUX_OK) return status;
    int64_t claimed = crux_dtype_get(opened.op.dtype, page + offset % opened.layout.page_bytes);
    CRUX_WATCH(law, compared, claimed, value);
    *holds = !false_value && claimed == value;
    return CRUX_OK;
}
