#include "tests/conformance/op_case.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void op_case_begin(struct op_case *c, const char *function, const char *reason, struct crux_op op) {
    struct crux_vector_file *file = c->file;
    *c = (struct op_case){.file = file, .function = function, .reason = reason, .op = op};
    c->at = (struct crux_at){.pos = 5, .n = 3, .layer = 2};
    for (unsigned i = 0; i < sizeof c->seed; i++) c->seed[i] = (uint8_t)i;
}

static void die(const struct op_case *c, const char *what) {
    fprintf(stderr, "generate: %s_case_%s: %s\n", c->function, c->reason, what);
    exit(1);
}

void op_case_give(struct op_case *c, unsigned slot, uint64_t first, const int64_t *values,
                  unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (c->given_count == OP_CASE_GIVEN_MAX) die(c, "more values than there is room for");
        struct op_read *given = &c->given[c->given_count++];
        *given = (struct op_read){.place = {.slot = (uint8_t)slot, .flat = first + i},
                                  .value = values[i]};
    }
}

void op_case_give_place(struct op_case *c, enum crux_source source, uint32_t tensor, uint32_t layer,
                        uint32_t time, uint64_t flat, int64_t value) {
    if (c->given_count == OP_CASE_GIVEN_MAX) die(c, "more values than there is room for");
    struct op_read *given = &c->given[c->given_count++];
    given->place = (struct crux_place){
        .source = (uint8_t)source, .tensor = tensor, .layer = layer, .time = time, .flat = flat};
    given->value = value;
}

struct crux_value op_case_step(uint32_t tensor, struct crux_type type, struct crux_shape shape) {
    return (struct crux_value){
        .kind = CRUX_KIND_STEP, .tensor = tensor, .type = type, .shape = shape};
}

struct crux_value op_case_model(uint32_t tensor, struct crux_type type, struct crux_shape shape) {
    return (struct crux_value){
        .kind = CRUX_KIND_MODEL, .tensor = tensor, .type = type, .shape = shape};
}

static bool same_place(const struct crux_place *a, const struct crux_place *b) {
    return a->slot == b->slot && a->source == b->source && a->tensor == b->tensor &&
           a->layer == b->layer && a->time == b->time && a->flat == b->flat;
}

/* Values given by slot alone name neither source nor tensor. */
static bool is_given(const struct crux_place *given, const struct crux_place *place) {
    if (given->source == 0) {
        return given->slot == place->slot && given->flat == place->flat &&
               (place->source == CRUX_FROM_STEP || place->source == CRUX_FROM_MODEL);
    }
    return same_place(given, place);
}

static bool is_clamped(const struct crux_place *place) {
    return place->source != CRUX_FROM_STEP && place->source != CRUX_FROM_RECORD;
}

static int64_t draw(const struct op_case *c, const struct crux_place *place) {
    const struct crux_operand *operand = place->operand;
    int64_t lo = operand->lo, hi = operand->hi;
    if (place->source == CRUX_FROM_TOKENS)
        return (int64_t)crux_random_below(c->random, UINT64_C(1) << 32);
    if (is_clamped(place) && crux_random_one_in(c->random, 4)) {
        lo = crux_dtype_lo(operand->dtype);
        hi = crux_dtype_hi(operand->dtype);
    }
    return crux_random_edgy(c->random, lo, hi);
}

static int64_t raw_value(struct op_case *c, const struct crux_place *place) {
    for (unsigned i = 0; i < c->read_count; i++) {
        if (same_place(&c->reads[i].place, place)) return c->reads[i].value;
    }
    int64_t value = 0;
    unsigned i = 0;
    while (i < c->given_count && !is_given(&c->given[i].place, place)) i++;
    if (i < c->given_count)
        value = c->given[i].value;
    else if (c->random != NULL)
        value = draw(c, place);
    else
        die(c, "a value is read that is not given");
    if (c->read_count == OP_CASE_READS_MAX) {
        c->too_many = true;
        return 0;
    }
    c->reads[c->read_count++] = (struct op_read){*place, value};
    return value;
}

static int64_t read_value(void *ctx, const struct crux_place *place) {
    struct op_case *c = ctx;
    const struct crux_operand *operand = place->operand;
    int64_t v = raw_value(c, place);
    if (!is_clamped(place)) {
        /* else the step that holds it is inconsistent, and the op has no value */
        CRUX_ASSERT(c->too_many || (v >= operand->lo && v <= operand->hi));
        return v;
    }
    return v < operand->lo ? operand->lo : v > operand->hi ? operand->hi : v;
}

static json_t *start_vector(const struct op_case *c) {
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    enum crux_status status = crux_descriptor_encode(descriptor, &used, &c->op);
    if (status != CRUX_OK) die(c, crux_status_name(status));
    json_t *vector = crux_vector_add(c->file, c->function, c->reason), *index = json_array();
    crux_vector_set_hex(vector, "descriptor", descriptor, used);
    crux_vector_set_u32(vector, "pos", c->at.pos);
    crux_vector_set_u32(vector, "n", c->at.n);
    crux_vector_set_u32(vector, "layer", c->at.layer);
    for (unsigned i = 0; i < c->op.ndim; i++)
        json_array_append_new(index, json_integer(c->index[i]));
    crux_vector_set(vector, "index", index);
    if (c->op.code == CRUX_RAND) {
        crux_vector_set_hex(vector, "seed", c->seed, sizeof c->seed);
        crux_vector_set_u32(vector, "sample", c->at.sample);
    }
    return vector;
}

static const char *source_name(unsigned source) {
    switch ((enum crux_source)source) {
    case CRUX_FROM_STEP: return "step";
    case CRUX_FROM_MODEL: return "model";
    case CRUX_FROM_RECORD: return "record";
    case CRUX_FROM_TOKENS: return "token";
    case CRUX_FROM_PARAM: return "param";
    }
    return "?";
}

/* The reads of one slot and place, as one object. */
static json_t *start_group(const struct crux_place *place) {
    json_t *group = json_object();
    if (place->slot == CRUX_SLOT_X)
        crux_vector_set(group, "slot", json_string("x"));
    else
        crux_vector_set_u32(group, "slot", place->slot);
    crux_vector_set(group, "from", json_string(source_name(place->source)));
    crux_vector_set(group, "values", json_array());
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP:
    case CRUX_FROM_MODEL: crux_vector_set_u32(group, "tensor", place->tensor); break;
    case CRUX_FROM_RECORD:
        crux_vector_set_u32(group, "layer", place->layer);
        crux_vector_set_u32(group, "store", place->tensor);
        crux_vector_set_u32(group, "time", place->time);
        break;
    case CRUX_FROM_TOKENS: crux_vector_set_u32(group, "time", place->time); return group;
    case CRUX_FROM_PARAM: crux_vector_set_u32(group, "param", place->tensor); return group;
    }
    crux_vector_set(group, "flat", json_array());
    return group;
}

static bool same_group(const struct crux_place *a, const struct crux_place *b) {
    return a->slot == b->slot && a->source == b->source && a->tensor == b->tensor &&
           a->layer == b->layer && a->time == b->time;
}

static int compare_reads(const void *a, const void *b) {
    const struct crux_place *x = &((const struct op_read *)a)->place,
                            *y = &((const struct op_read *)b)->place;
    if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    if (x->tensor != y->tensor) return x->tensor < y->tensor ? -1 : 1;
    return x->flat < y->flat ? -1 : x->flat > y->flat;
}

static json_t *reads_of(struct op_case *c) {
    json_t *reads = json_array(), *group = NULL;
    qsort(c->reads, c->read_count, sizeof c->reads[0], compare_reads);
    for (unsigned i = 0; i < c->read_count; i++) {
        const struct op_read *read = &c->reads[i];
        if (i == 0 || !same_group(&c->reads[i - 1].place, &read->place)) {
            group = start_group(&read->place);
            json_array_append_new(reads, group);
        }
        json_t *flat = json_object_get(group, "flat");
        if (flat != NULL) json_array_append_new(flat, json_integer((json_int_t)read->place.flat));
        json_array_append_new(json_object_get(group, "values"), crux_vector_i64(read->value));
    }
    return reads;
}

struct outcome {
    enum crux_status status;
    int64_t value, x;
    bool empty;
};

static struct outcome evaluate(struct op_case *c) {
    const struct crux_reader reader = {c, read_value};
    struct crux_bound_op bound;
    struct outcome out = {.empty = false};
    c->at.seed = c->seed;
    out.status = crux_op_bind(&bound, &c->op, &c->at);
    if (out.status != CRUX_OK) return out;
    for (unsigned i = 0; i < c->op.ndim; i++) out.empty = out.empty || c->index[i] >= bound.dim[i];
    if (out.empty) return out;
    out.x = crux_op_x(&bound, c->index, &reader);
    out.value = crux_op_element(&bound, c->index, out.x, &reader);
    return out;
}

static void write_outcome(struct op_case *c, const struct outcome *out) {
    json_t *vector = start_vector(c);
    crux_vector_set(vector, "reads", reads_of(c));
    if (out->status != CRUX_OK) {
        crux_vector_set_error(vector, out->status);
        return;
    }
    crux_vector_set_i64(vector, "value", out->value);
    if (c->op.has_x) crux_vector_set_i64(vector, "x", out->x);
}

void op_case_expect(struct op_case *c, int64_t value) {
    struct outcome out = evaluate(c);
    char text[100];
    if (out.status != CRUX_OK) die(c, crux_status_name(out.status));
    if (out.empty) die(c, "there is no such element");
    (void)snprintf(text, sizeof text, "is %" PRId64 ", should be %" PRId64, out.value, value);
    if (out.value != value) die(c, text);
    write_outcome(c, &out);
}

void op_case_expect_error(struct op_case *c, enum crux_status status) {
    struct outcome out = evaluate(c);
    if (out.status != status) die(c, crux_status_name(out.status));
    write_outcome(c, &out);
}

bool op_case_write(struct op_case *c, unsigned reads_max) {
    struct outcome out = evaluate(c);
    if (out.empty || c->too_many || c->read_count > reads_max) return false;
    write_outcome(c, &out);
    return true;
}
