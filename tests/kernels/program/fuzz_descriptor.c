/* Any 256 bytes: what decodes must encode to the same bytes, and must bind or be refused. */
#include <string.h>

#include "kernels/ops/eval.h"
#include "kernels/program/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t read_zero(void *ctx, const struct crux_place *place) {
    (void)ctx;
    (void)place;
    return 0;
}

/* A decoded op is safe to evaluate. */
static void evaluate(const struct crux_op *op) {
    static const uint8_t seed[32];
    const struct crux_reader reader = {NULL, read_zero};
    for (uint32_t pos = 0; pos < 3; pos++) {
        struct crux_at at = {.pos = pos, .n = 2, .layer = 1, .sample = 0, .seed = seed};
        struct crux_bound_op bound;
        uint32_t index[CRUX_DIMS_MAX];
        if (crux_op_bind(&bound, op, &at) != CRUX_OK || bound.elements == 0) continue;
        crux_op_unflatten(&bound, bound.elements - 1, index);
        int64_t x = crux_op_x(&bound, index, &reader);
        int64_t value = crux_op_element(&bound, index, x, &reader);
        CRUX_ASSERT(value >= op->lo && value <= op->hi);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES] = {0}, again[CRUX_DESCRIPTOR_BYTES];
    struct crux_op op;
    size_t used = 0;
    if (size > sizeof bytes) return 0;
    if (size > 0) memcpy(bytes, data, size);
    if (crux_descriptor_decode(&op, bytes) != CRUX_OK) return 0;
    enum crux_status status = crux_descriptor_encode(again, &used, &op);
    CRUX_ASSERT(status == CRUX_OK);
    CRUX_ASSERT(memcmp(bytes, again, sizeof bytes) == 0);
    evaluate(&op);
    return 0;
}
