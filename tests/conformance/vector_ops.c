/* ops.json, descriptors.json, programs.json, layout.json. */
#include <string.h>

#include "tests/conformance/vector_check.h"

/* A descriptor may be written without its zero tail. */
static void put_descriptor(struct crux_vector_check *check) {
    size_t start = check->question.at;
    crux_vector_get_hex(check, &check->question, check->vector, "descriptor");
    while (check->question.at - start < CRUX_DESCRIPTOR_BYTES) crux_put_u8(&check->question, 0);
    if (check->question.at - start != CRUX_DESCRIPTOR_BYTES)
        crux_vector_problem(check, "a descriptor has at most 256 bytes");
}

struct source {
    const char *name;
    uint8_t number;
    const char *keys;
};

static void put_group(struct crux_vector_check *check, const json_t *group) {
    static const struct source sources[] = {
        {"step", CRUX_FROM_STEP, "slot from tensor flat values"},
        {"model", CRUX_FROM_MODEL, "slot from tensor flat values"},
        {"record", CRUX_FROM_RECORD, "slot from layer store time flat values"},
        {"token", CRUX_FROM_TOKENS, "slot from time values"},
        {"param", CRUX_FROM_PARAM, "slot from param values"},
    };
    const char *from = crux_vector_get_string(check, group, "from");
    const json_t *slot = json_object_get(group, "slot"),
                 *values = crux_vector_get_array(check, group, "values");
    const struct source *source = NULL;
    uint64_t tensor = 0, layer = 0, time = 0;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(sources); i++) {
        if (strcmp(sources[i].name, from) == 0) source = &sources[i];
    }
    if (source == NULL) {
        crux_vector_problem(check, "reads from \"%s\"", from);
        return;
    }
    crux_vector_check_keys(check, group, source->keys, "");
    bool is_x = json_is_string(slot) && strcmp(json_string_value(slot), "x") == 0;
    crux_put_u8(&check->question,
                is_x ? CRUX_SLOT_X
                     : (uint8_t)crux_vector_number(check, slot, CRUX_OPERANDS_MAX - 1));
    crux_put_u8(&check->question, source->number);
    bool has_flat = false;
    switch ((enum crux_source)source->number) {
    case CRUX_FROM_STEP:
    case CRUX_FROM_MODEL:
        tensor = crux_vector_get_number(check, group, "tensor", UINT32_MAX);
        has_flat = true;
        break;
    case CRUX_FROM_RECORD:
        tensor = crux_vector_get_number(check, group, "store", UINT32_MAX);
        layer = crux_vector_get_number(check, group, "layer", UINT32_MAX);
        time = crux_vector_get_number(check, group, "time", UINT32_MAX);
        has_flat = true;
        break;
    case CRUX_FROM_TOKENS: time = crux_vector_get_number(check, group, "time", UINT32_MAX); break;
    case CRUX_FROM_PARAM: tensor = crux_vector_get_number(check, group, "param", UINT32_MAX); break;
    }
    size_t count = json_array_size(values);
    const json_t *flat = has_flat ? crux_vector_get_array(check, group, "flat") : NULL;
    if (count != (has_flat ? json_array_size(flat) : 1))
        crux_vector_problem(check, "as many values as places are needed");
    crux_put_u32(&check->question, (uint32_t)tensor);
    crux_put_u32(&check->question, (uint32_t)layer);
    crux_put_u32(&check->question, (uint32_t)time);
    crux_put_u32(&check->question, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        uint64_t at = source->number == CRUX_FROM_TOKENS ? time : 0;
        if (has_flat) at = crux_vector_number(check, json_array_get(flat, i), INT64_MAX);
        crux_put_u64(&check->question, at);
        crux_put_i64(&check->question, crux_vector_decimal(check, json_array_get(values, i)));
    }
}

static void ask_op(struct crux_vector_check *check) {
    const json_t *vector = check->vector, *index = crux_vector_get_array(check, vector, "index");
    const json_t *reads = crux_vector_get_array(check, vector, "reads");
    bool has_seed = json_object_get(vector, "seed") != NULL;
    put_descriptor(check);
    crux_put_u32(&check->question,
                 (uint32_t)crux_vector_get_number(check, vector, "pos", UINT32_MAX));
    crux_put_u32(&check->question,
                 (uint32_t)crux_vector_get_number(check, vector, "n", UINT32_MAX));
    crux_put_u32(&check->question,
                 (uint32_t)crux_vector_get_number(check, vector, "layer", UINT32_MAX));
    crux_put_u32(&check->question,
                 has_seed ? (uint32_t)crux_vector_get_number(check, vector, "sample", UINT32_MAX)
                          : 0);
    if (has_seed) crux_vector_get_bytes(check, &check->question, vector, "seed", 32);
    for (unsigned i = 0; !has_seed && i < 32; i++) crux_put_u8(&check->question, 0);
    if (json_array_size(index) > CRUX_DIMS_MAX)
        crux_vector_problem(check, "an index has at most 4 coordinates");
    for (size_t i = 0; i < CRUX_DIMS_MAX; i++) {
        const json_t *coordinate = json_array_get(index, i);
        crux_put_u32(
            &check->question,
            coordinate == NULL ? 0 : (uint32_t)crux_vector_number(check, coordinate, UINT32_MAX));
    }
    crux_put_u32(&check->question, (uint32_t)json_array_size(reads));
    for (size_t i = 0; i < json_array_size(reads); i++) put_group(check, json_array_get(reads, i));
    if (json_object_get(vector, "error") != NULL) return;
    crux_put_i64(&check->want, crux_vector_get_i64(check, vector, "value"));
    crux_put_i64(&check->want, json_object_get(vector, "x") == NULL
                                   ? 0
                                   : crux_vector_get_i64(check, vector, "x"));
    crux_put_u32(&check->want, 0); /* no place is read that the vector does not list */
    crux_put_u32(&check->want, 0); /* and each that it lists is read */
}

static void ask_bytes(struct crux_vector_check *check) {
    crux_vector_get_hex(check, &check->question, check->vector, "bytes");
    if (json_object_get(check->vector, "error") == NULL)
        crux_vector_get_hex(check, &check->want, check->vector, "bytes");
}

static void put_dims(struct crux_vector_check *check) {
    const json_t *dims = crux_vector_get_array(check, check->vector, "dims");
    crux_put_u32(&check->question, (uint32_t)json_array_size(dims));
    for (size_t i = 0; i < json_array_size(dims); i++) {
        const json_t *dim = json_array_get(dims, i);
        struct crux_dim value = {0};
        if (json_is_integer(dim)) {
            value = crux_dim_constant((uint32_t)crux_vector_number(check, dim, INT32_MAX));
        } else {
            crux_vector_check_keys(check, dim, "a b c d e", "");
            value.a = (int32_t)crux_vector_signed(check, json_object_get(dim, "a"), -INT32_MAX,
                                                  INT32_MAX);
            value.b = (int32_t)crux_vector_signed(check, json_object_get(dim, "b"), -INT32_MAX,
                                                  INT32_MAX);
            value.c = (int32_t)crux_vector_signed(check, json_object_get(dim, "c"), -INT32_MAX,
                                                  INT32_MAX);
            value.d = (uint32_t)crux_vector_get_number(check, dim, "d", INT32_MAX);
            value.e = (uint32_t)crux_vector_get_number(check, dim, "e", INT32_MAX);
        }
        crux_put_i32(&check->question, value.a);
        crux_put_i32(&check->question, value.b);
        crux_put_i32(&check->question, value.c);
        crux_put_u32(&check->question, value.d);
        crux_put_u32(&check->question, value.e);
    }
}

static uint8_t dtype_number(struct crux_vector_check *check, const char *name) {
    for (uint8_t dtype = CRUX_I8; dtype <= CRUX_I64; dtype++) {
        if (strcmp(crux_dtype_name(dtype), name) == 0) return dtype;
    }
    crux_vector_problem(check, "dtype \"%s\"", name);
    return CRUX_I8;
}

/* "model_case_..": the function is the space. */
static void ask_layout(struct crux_vector_check *check) {
    const json_t *vector = check->vector;
    const char *name = crux_vector_get_string(check, vector, "name");
    const json_t *elements = crux_vector_get_array(check, vector, "elements");
    const json_t *padding = crux_vector_get_array(check, vector, "padding");
    crux_put_u8(&check->question, name[0] == 'm' ? 1 : name[0] == 'r' ? 2 : 3);
    crux_put_u8(&check->question,
                dtype_number(check, crux_vector_get_string(check, vector, "dtype")));
    crux_put_u32(&check->question,
                 (uint32_t)crux_vector_get_number(check, vector, "pos", UINT32_MAX));
    crux_put_u32(&check->question,
                 (uint32_t)crux_vector_get_number(check, vector, "n", UINT32_MAX));
    put_dims(check);
    crux_put_u64(&check->want, crux_vector_get_number(check, vector, "pages", INT64_MAX));
    crux_put_u64(&check->want, crux_vector_get_number(check, vector, "bytes", INT64_MAX));
    crux_put_u32(&check->want,
                 (uint32_t)crux_vector_get_number(check, vector, "last_page_bytes", UINT32_MAX));
    crux_put_u32(&check->question, (uint32_t)json_array_size(elements));
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *element = json_array_get(elements, i);
        if (json_array_size(element) != 3)
            crux_vector_problem(check, "an element is [flat, page, byte]");
        crux_put_u64(&check->question,
                     crux_vector_number(check, json_array_get(element, 0), INT64_MAX));
        crux_put_u64(&check->want,
                     crux_vector_number(check, json_array_get(element, 1), INT64_MAX));
        crux_put_u32(&check->want,
                     (uint32_t)crux_vector_number(check, json_array_get(element, 2), UINT32_MAX));
    }
    crux_put_u32(&check->question, (uint32_t)json_array_size(padding));
    for (size_t i = 0; i < json_array_size(padding); i++) {
        const json_t *byte = json_array_get(padding, i);
        if (json_array_size(byte) != 2 || !json_is_boolean(json_array_get(byte, 1)))
            crux_vector_problem(check, "padding is [byte, bool]");
        crux_put_u64(&check->question,
                     crux_vector_number(check, json_array_get(byte, 0), INT64_MAX));
        crux_put_u8(&check->want, json_is_true(json_array_get(byte, 1)));
    }
}

static void ask_tile(struct crux_vector_check *check) {
    const json_t *vector = check->vector;
    crux_put_u8(&check->question, (uint8_t)crux_vector_get_number(check, vector, "layout", 255));
    crux_put_u32(&check->question,
                 (uint32_t)crux_vector_get_number(check, vector, "inputs", UINT32_MAX));
    crux_put_u64(&check->question, crux_vector_get_number(check, vector, "rows", INT64_MAX));
    crux_put_u64(&check->question, crux_vector_get_number(check, vector, "flat", INT64_MAX));
    size_t start = check->question.at;
    crux_vector_get_hex(check, &check->question, vector, "tile");
    if (json_object_get(vector, "error") != NULL) return;
    crux_put_u64(&check->want, crux_vector_get_number(check, vector, "leaves", INT64_MAX));
    crux_put_u64(&check->want, crux_vector_get_number(check, vector, "leaf", INT64_MAX));
    crux_put_u32(&check->want, (uint32_t)(check->question.at - start));
    crux_put_i64(&check->want, crux_vector_get_i64(check, vector, "value"));
}

#define LAYOUT "dtype dims pos n elements padding"

const struct crux_vector_kind crux_vector_kinds_ops[] = {
    {"ops", "", CRUX_ASK_OP, "descriptor pos n layer index reads", "value", "seed sample x",
     ask_op},
    {"descriptors", "descriptor", CRUX_ASK_DESCRIPTOR, "bytes", "", "", ask_bytes},
    {"descriptors", "header", CRUX_ASK_HEADER, "bytes", "", "", ask_bytes},
    {"descriptors", "layer", CRUX_ASK_LAYER, "bytes", "", "", ask_bytes},
    {"programs", "program", CRUX_ASK_PROGRAM, "bytes", "", "text", ask_bytes},
    {"layout", "model", CRUX_ASK_LAYOUT, LAYOUT, "pages bytes last_page_bytes", "", ask_layout},
    {"layout", "run", CRUX_ASK_LAYOUT, LAYOUT, "pages bytes last_page_bytes", "", ask_layout},
    {"layout", "step", CRUX_ASK_LAYOUT, LAYOUT, "pages bytes last_page_bytes", "", ask_layout},
    {"layout", "tile", CRUX_ASK_TILE, "layout rows inputs flat tile", "leaves leaf value", "",
     ask_tile},
    {0},
};
