#include "kernels/interpreter/generate.h"

#include <stdlib.h>

#include "kernels/ops/arith.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"

enum { M_MAX = 2047 }; /* 12 bits: what imported weights have */

/* splitmix64: one tensor's stream does not depend on the other tensors */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* In: lo <= hi. */
static int64_t between(uint64_t *state, int64_t lo, int64_t hi) {
    uint64_t span = (uint64_t)hi - (uint64_t)lo; /* one less than the number of values */
    if (span == UINT64_MAX) return (int64_t)next(state);
    return crux_wrap_add(lo,
                         (int64_t)(uint64_t)((crux_u128)next(state) * ((crux_u128)span + 1) >> 64));
}

struct bounds {
    int64_t lo, hi;
};

static struct bounds q_bounds(const struct crux_tile *tile) {
    if (tile->width == 1) return (struct bounds){0, 15};
    return tile->width == 2 ? (struct bounds){INT8_MIN, INT8_MAX}
                            : (struct bounds){INT16_MIN, INT16_MAX};
}

/* m * q over all q */
static struct bounds product_bounds(int64_t m, struct bounds q) {
    int64_t a = m * q.lo, b = m * q.hi;
    return a < b ? (struct bounds){a, b} : (struct bounds){b, a};
}

/* Does some n put every m*q + n into the range? Without offsets: does 0? */
static bool fits(int64_t m, struct bounds q, bool has_offsets,
                 const struct crux_model_tensor *tensor) {
    struct bounds product = product_bounds(m, q);
    int64_t n_lo = crux_wrap_sub(tensor->lo, product.lo),
            n_hi = crux_wrap_sub(tensor->hi, product.hi);
    if (!has_offsets) return n_lo <= 0 && n_hi >= 0;
    return n_lo <= n_hi && n_lo <= INT16_MAX && n_hi >= INT16_MIN;
}

/* The multipliers that fit lie around one of least magnitude; 0 if none does. */
static struct bounds m_bounds(struct bounds q, bool has_offsets,
                              const struct crux_model_tensor *tensor) {
    struct bounds m = {0, 0};
    while (m.hi < M_MAX && fits(m.hi + 1, q, has_offsets, tensor)) m.hi++;
    while (m.lo > -M_MAX && fits(m.lo - 1, q, has_offsets, tensor)) m.lo--;
    return m;
}

static int64_t draw_n(uint64_t *state, int64_t m, struct bounds q,
                      const struct crux_model_tensor *tensor) {
    struct bounds product = product_bounds(m, q);
    int64_t lo = crux_clamp(crux_wrap_sub(tensor->lo, product.lo), INT16_MIN, INT16_MAX);
    int64_t hi = crux_clamp(crux_wrap_sub(tensor->hi, product.hi), INT16_MIN, INT16_MAX);
    return lo <= hi ? between(state, lo, hi) : lo;
}

/* Returns: the bytes after the tile of `count` inputs. */
static uint8_t *fill_tile(uint8_t *out, const struct crux_tile *tile, uint32_t count,
                          struct bounds m_range, const struct crux_model_tensor *tensor,
                          uint64_t *state) {
    uint32_t groups = (count + tile->group - 1) / tile->group;
    struct bounds q = q_bounds(tile);
    for (uint32_t g = 0; g < groups; g++) {
        int64_t m = between(state, m_range.lo, m_range.hi);
        crux_dtype_put(out + 2 * g, CRUX_I16, m);
        if (tile->has_offsets)
            crux_dtype_put(out + 2 * (groups + g), CRUX_I16, draw_n(state, m, q, tensor));
    }
    out += groups * (tile->has_offsets ? 4 : 2);
    for (uint32_t i = 0; i < count; i++) {
        int64_t v = between(state, q.lo, q.hi);
        if (tile->width == 3)
            crux_dtype_put(out + 2 * i, CRUX_I16, v);
        else if (tile->width == 2)
            crux_dtype_put(out + i, CRUX_I8, v);
        else if (i % 2 == 0)
            out[i / 2] = (uint8_t)v; /* a last odd input leaves the high half zero */
        else
            out[i / 2] = (uint8_t)(out[i / 2] | v << 4);
    }
    return out + (tile->width == 3 ? 2 * count : tile->width == 2 ? count : (count + 1) / 2);
}

static void fill(struct crux_model_bytes *bytes, const struct crux_model_tensor *tensor,
                 uint64_t *state) {
    const uint8_t *end = bytes->bytes + bytes->len;
    uint8_t *out = bytes->bytes;
    struct crux_tile tile;
    if (tensor->layout == 0) {
        for (; out < end; out += crux_dtype_bytes(tensor->dtype)) {
            crux_dtype_put(out, tensor->dtype, between(state, tensor->lo, tensor->hi));
        }
        return;
    }
    enum crux_status status = crux_tile_decode(&tile, tensor->layout);
    CRUX_ASSERT(status == CRUX_OK); /* crux_model_tensor_bytes has decoded it */
    uint32_t inputs = tensor->dim[tensor->ndim - 1], tiles = crux_tile_count(&tile, inputs);
    struct bounds m = m_bounds(q_bounds(&tile), tile.has_offsets, tensor);
    while (out < end) {
        for (uint32_t t = 0; t < tiles; t++) {
            out = fill_tile(out, &tile, crux_tile_inputs(&tile, inputs, t), m, tensor, state);
        }
    }
    CRUX_ASSERT(out == end);
}

enum crux_status crux_model_generate(struct crux_model_memory *model,
                                     const struct crux_program *program, uint64_t seed) {
    *model = (struct crux_model_memory){NULL, 0};
    if (program->tensor_count == 0) return CRUX_OK;
    model->tensors = calloc(program->tensor_count, sizeof *model->tensors);
    if (model->tensors == NULL) return CRUX_E_OUT_OF_MEMORY;
    model->count = program->tensor_count;
    for (uint32_t i = 0; i < model->count; i++) {
        struct crux_model_bytes *bytes = &model->tensors[i];
        uint64_t len = crux_model_tensor_bytes(&program->tensors[i]), state = seed;
        if (len == 0) return CRUX_E_BAD_LAYOUT;
        if (len > SIZE_MAX) return CRUX_E_OUT_OF_MEMORY;
        bytes->bytes = calloc(1, (size_t)len);
        if (bytes->bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
        bytes->len = (size_t)len;
        state = next(&state) ^ i; /* then stirred again: neighbouring tensors share nothing */
        fill(bytes, &program->tensors[i], &state);
    }
    return CRUX_OK;
}
