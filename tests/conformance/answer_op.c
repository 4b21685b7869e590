/* Questions about ops and descriptors. */
#include "tests/conformance/answer_parts.h"

/* The values that a question lists, still as bytes: groups of one slot and place each. */
struct listed {
    const uint8_t *bytes;
    size_t len;
    uint32_t groups;
    bool read[CRUX_ASK_READS_MAX];
    uint32_t missing;
};

struct group {
    uint8_t slot, source;
    uint32_t tensor, layer, time, count;
};

static void get_group(struct group *group, struct crux_cursor *cursor) {
    group->slot = crux_get_u8(cursor);
    group->source = crux_get_u8(cursor);
    group->tensor = crux_get_u32(cursor);
    group->layer = crux_get_u32(cursor);
    group->time = crux_get_u32(cursor);
    group->count = crux_get_u32(cursor);
}

static bool names(const struct group *group, const struct crux_place *place) {
    if (group->slot != place->slot || group->source != place->source) return false;
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP:
    case CRUX_FROM_MODEL:
    case CRUX_FROM_PARAM: return group->tensor == place->tensor;
    case CRUX_FROM_RECORD:
        return group->tensor == place->tensor && group->layer == place->layer &&
               group->time == place->time;
    case CRUX_FROM_TOKENS: return true;
    }
    return false;
}

/* spec/10-machine.md#reading: "A value of a model or request tensor is clamped to the operand's declared range when it is read." */
static int64_t as_read(const struct crux_place *place, int64_t v) {
    const struct crux_operand *operand = place->operand;
    if (place->source == CRUX_FROM_STEP || place->source == CRUX_FROM_RECORD) return v;
    return v < operand->lo ? operand->lo : v > operand->hi ? operand->hi : v;
}

static int64_t read_listed(void *ctx, const struct crux_place *place) {
    struct listed *listed = ctx;
    uint64_t flat = place->source == CRUX_FROM_TOKENS ? place->time : place->flat;
    struct crux_cursor cursor;
    uint32_t number = 0;
    crux_cursor_init(&cursor, listed->bytes, listed->len);
    for (uint32_t i = 0; i < listed->groups; i++) {
        struct group group;
        get_group(&group, &cursor);
        bool here = names(&group, place);
        for (uint32_t j = 0; j < group.count; j++, number++) {
            uint64_t at = crux_get_u64(&cursor);
            int64_t v = crux_get_i64(&cursor);
            if (!here || at != flat) continue;
            listed->read[number] = true;
            return as_read(place, v);
        }
    }
    listed->missing++;
    return 0;
}

/* Walks the list once, so that the reader above need not check it.  Returns: values in it. */
static uint32_t check_list(struct listed *listed, struct crux_cursor *question) {
    uint32_t values = 0;
    size_t start;
    listed->groups = crux_get_u32(question);
    start = question->at;
    listed->bytes = question->p + start;
    for (uint32_t i = 0; i < listed->groups && question->status == CRUX_OK; i++) {
        struct group group;
        get_group(&group, question);
        if (group.count > CRUX_ASK_READS_MAX - values)
            crux_cursor_fail(question, CRUX_E_USAGE);
        else
            values += group.count;
        (void)crux_get_bytes(question, (size_t)group.count * 16);
    }
    listed->len = question->at - start;
    return values;
}

static enum crux_status evaluate(struct crux_writer *answer, struct listed *listed,
                                 const struct crux_op *op, const struct crux_at *at,
                                 const uint32_t *index, uint32_t values) {
    const struct crux_reader reader = {listed, read_listed};
    struct crux_bound_op bound;
    uint32_t unread = 0;
    enum crux_status status = crux_op_bind(&bound, op, at);
    if (status != CRUX_OK) return status;
    for (unsigned i = 0; i < op->ndim; i++) {
        if (index[i] >= bound.dim[i]) return CRUX_E_ELEMENT_OUTSIDE;
    }
    int64_t x = crux_op_x(&bound, index, &reader);
    int64_t value = crux_op_element(&bound, index, x, &reader);
    for (uint32_t i = 0; i < values; i++) unread += !listed->read[i];
    crux_put_i64(answer, value);
    crux_put_i64(answer, x);
    crux_put_u32(answer, listed->missing);
    crux_put_u32(answer, unread);
    return CRUX_OK;
}

enum crux_status crux_answer_op(struct crux_writer *answer, struct crux_cursor *question) {
    struct listed listed = {.groups = 0};
    struct crux_at at;
    struct crux_op op;
    uint32_t index[CRUX_DIMS_MAX];
    const uint8_t *descriptor = crux_get_bytes(question, CRUX_DESCRIPTOR_BYTES);
    at.pos = crux_get_u32(question);
    at.n = crux_get_u32(question);
    at.layer = crux_get_u32(question);
    at.sample = crux_get_u32(question);
    at.seed = crux_get_bytes(question, 32);
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) index[i] = crux_get_u32(question);
    uint32_t values = check_list(&listed, question);
    if (crux_cursor_finish(question) != CRUX_OK) return CRUX_E_USAGE;
    enum crux_status status = crux_descriptor_decode(&op, descriptor);
    return status == CRUX_OK ? evaluate(answer, &listed, &op, &at, index, values) : status;
}

enum crux_status crux_answer_descriptor(struct crux_writer *answer, struct crux_cursor *question) {
    const uint8_t *bytes = crux_get_bytes(question, CRUX_DESCRIPTOR_BYTES);
    uint8_t again[CRUX_DESCRIPTOR_BYTES];
    struct crux_op op;
    size_t used;
    if (bytes == NULL) return CRUX_E_USAGE;
    enum crux_status status = crux_descriptor_decode(&op, bytes);
    if (status == CRUX_OK) status = crux_descriptor_encode(again, &used, &op);
    if (status == CRUX_OK) crux_put_bytes(answer, again, sizeof again);
    return status;
}

enum crux_status crux_answer_header(struct crux_writer *answer, struct crux_cursor *question) {
    const uint8_t *bytes = crux_get_bytes(question, CRUX_HEADER_BYTES);
    uint8_t again[CRUX_HEADER_BYTES];
    struct crux_program_header header;
    if (bytes == NULL) return CRUX_E_USAGE;
    enum crux_status status = crux_header_decode(&header, bytes);
    if (status == CRUX_OK) status = crux_header_encode(again, &header);
    if (status == CRUX_OK) crux_put_bytes(answer, again, sizeof again);
    return status;
}

enum crux_status crux_answer_layer(struct crux_writer *answer, struct crux_cursor *question) {
    const uint8_t *bytes = crux_get_bytes(question, CRUX_LAYER_BYTES);
    uint8_t again[CRUX_LAYER_BYTES];
    struct crux_layer layer;
    if (bytes == NULL) return CRUX_E_USAGE;
    enum crux_status status = crux_layer_decode(&layer, bytes);
    if (status == CRUX_OK) status = crux_layer_encode(again, &layer);
    if (status == CRUX_OK) crux_put_bytes(answer, again, sizeof again);
    return status;
}
