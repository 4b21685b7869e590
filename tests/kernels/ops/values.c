#include "tests/kernels/ops/values.h"

#include <string.h>

#include "kernels/base/macros.h"

struct crux_type any_i64(void) {
    return crux_type_full(CRUX_I64);
}

struct crux_value values_tensor(uint32_t count) {
    return (struct crux_value){.kind = CRUX_KIND_STEP, .type = any_i64(), .shape = CRUX_ROW(count)};
}

struct crux_operand values_read(uint32_t count, struct crux_affine index) {
    return CRUX_READ(values_tensor(count), index);
}

struct crux_operand value_operand(void) {
    return values_read(1, crux_ix_c(0));
}

static int64_t read_value(void *ctx, const struct crux_place *place) {
    const struct values *values = ctx;
    CRUX_ASSERT(place->slot < CRUX_SLOTS_MAX && place->flat < VALUES_MAX);
    return values->v[place->slot][place->flat];
}

int64_t values_eval(const struct crux_op *op, const struct values *values, uint64_t flat) {
    const struct crux_at at = {.pos = 0, .n = 1};
    struct values copy = *values;
    const struct crux_reader reader = {&copy, read_value};
    struct crux_bound_op bound;
    uint32_t index[CRUX_DIMS_MAX];
    enum crux_status status = crux_op_bind(&bound, op, &at);
    CRUX_ASSERT(status == CRUX_OK && flat < bound.elements);
    crux_op_unflatten(&bound, flat, index);
    return crux_op_element(&bound, index, crux_op_x(&bound, index, &reader), &reader);
}

int64_t values_eval3(const struct crux_op *op, int64_t a, int64_t b, int64_t c) {
    struct values values;
    memset(&values, 0, sizeof values);
    values.v[0][0] = a;
    values.v[1][0] = b;
    values.v[2][0] = c;
    return values_eval(op, &values, 0);
}
