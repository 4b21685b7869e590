#include "kernels/interpreter/reader.h"

#include "kernels/base/bytes.h"
#include "kernels/ops/arith.h"
#include "kernels/ops/dtype.h"

/* crux_dtype_get by a switch: most of a step's time goes here. */
static int64_t get(unsigned dtype, const uint8_t *bytes, uint64_t at) {
    switch ((enum crux_dtype)dtype) {
    case CRUX_I8: return (int8_t)bytes[at];
    case CRUX_U8: return bytes[at];
    case CRUX_I16: return (int16_t)crux_load_u16(bytes + 2 * at);
    case CRUX_U16: return crux_load_u16(bytes + 2 * at);
    case CRUX_I32: return (int32_t)crux_load_u32(bytes + 4 * at);
    case CRUX_U32: return crux_load_u32(bytes + 4 * at);
    case CRUX_I64: return (int64_t)crux_load_u64(bytes + 8 * at);
    }
    CRUX_ASSERT(false);
    return 0;
}

static uint64_t row_bytes(const struct crux_tile *tile, uint32_t inputs) {
    uint32_t tiles = crux_tile_count(tile, inputs),
             last = crux_tile_inputs(tile, inputs, tiles - 1);
    return (uint64_t)(tiles - 1) * crux_tile_bytes(tile, tile->chunk) + crux_tile_bytes(tile, last);
}

uint64_t crux_model_tensor_bytes(const struct crux_model_tensor *tensor) {
    struct crux_tile tile;
    uint64_t rows = 1, elements = 1;
    for (unsigned i = 0; i < tensor->ndim && i < CRUX_DIMS_MAX; i++) {
        if (tensor->dim[i] == 0 || tensor->dim[i] > CRUX_MODEL_ELEMENTS_MAX / elements) return 0;
        rows = elements;
        elements *= tensor->dim[i];
    }
    if (tensor->ndim < 1 || tensor->ndim > CRUX_DIMS_MAX) return 0;
    if (tensor->layout == 0) return elements * crux_dtype_bytes(tensor->dtype);
    if (crux_tile_decode(&tile, tensor->layout) != CRUX_OK) return 0;
    return rows * row_bytes(&tile, tensor->dim[tensor->ndim - 1]);
}

enum crux_status crux_step_reader_begin(struct crux_step_reader *reader, const struct crux_op *op) {
    const struct crux_program *program = reader->step->program;
    for (unsigned slot = 0; slot < op->nin; slot++) {
        const struct crux_operand *operand = &op->in[slot];
        struct crux_constants *constants = &reader->model[slot];
        size_t len = 0;
        if (operand->kind != CRUX_KIND_MODEL) continue;
        CRUX_ASSERT(operand->tensor < program->tensor_count);
        if (reader->world->model == NULL) return CRUX_E_BAD_LAYOUT;
        constants->bytes = reader->world->model(reader->world->ctx, operand->tensor, &len);
        uint64_t expected = crux_model_tensor_bytes(&program->tensors[operand->tensor]);
        if (constants->bytes == NULL || expected == 0 || len != expected) return CRUX_E_BAD_LAYOUT;
        if (operand->layout == 0) continue;
        if (crux_tile_decode(&constants->tile, operand->layout) != CRUX_OK)
            return CRUX_E_BAD_LAYOUT;
        constants->inputs = operand->dim[operand->ndim - 1].e;
        constants->row_bytes = row_bytes(&constants->tile, constants->inputs);
    }
    return CRUX_OK;
}

static int64_t get_tiled(const struct crux_constants *constants, uint64_t flat) {
    const struct crux_tile *tile = &constants->tile;
    uint64_t row = flat / constants->inputs;
    uint32_t input = (uint32_t)(flat % constants->inputs), t = input / tile->chunk;
    const uint8_t *bytes = constants->bytes + row * constants->row_bytes +
                           (uint64_t)t * crux_tile_bytes(tile, tile->chunk);
    return crux_tile_value(tile, bytes, crux_tile_inputs(tile, constants->inputs, t),
                           input % tile->chunk);
}

static int64_t get_step(const struct crux_step *step, const struct crux_place *place) {
    CRUX_ASSERT(place->tensor < step->count);
    const struct crux_step_tensor *tensor = &step->tensors[place->tensor];
    CRUX_ASSERT(
        place->flat <
        tensor->elements); /* an op sees only earlier tensors, through views of their size */
    return get(tensor->dtype, tensor->bytes, place->flat);
}

static int64_t clamp_to(const struct crux_operand *operand, int64_t v) {
    return crux_clamp(v, operand->lo, operand->hi);
}

int64_t crux_step_reader_read(void *ctx, const struct crux_place *place) {
    const struct crux_step_reader *reader = ctx;
    const struct crux_world *world = reader->world;
    const struct crux_operand *operand = place->operand;
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP: return get_step(reader->step, place);
    case CRUX_FROM_MODEL: {
        const struct crux_constants *constants = &reader->model[place->slot];
        return clamp_to(operand, operand->layout == 0
                                     ? get(operand->dtype, constants->bytes, place->flat)
                                     : get_tiled(constants, place->flat));
    }
    case CRUX_FROM_RECORD:
        CRUX_ASSERT(world->record != NULL);
        return world->record(world->ctx, place->time, place->layer, place->tensor, place->flat);
    case CRUX_FROM_TOKENS:
        CRUX_ASSERT(place->time < world->n);
        return clamp_to(operand, world->tokens[place->time]);
    case CRUX_FROM_PARAM:
        CRUX_ASSERT(place->tensor < CRUX_PARAMS);
        return clamp_to(operand, world->params[place->tensor]);
    }
    CRUX_ASSERT(false);
    return 0;
}
