#include "tests/kernels/backends/question.h"

#include <stdlib.h>
#include <string.h>

enum { LATTICE_M_MAX = 4095, CENTRED_M_MIN = -4095 }; /* where -8*m is still an i16 */

static int64_t number(struct crux_random *random, int64_t lo, int64_t hi, enum wildness wildness) {
    switch (wildness) {
    case PLAIN: return crux_random_between(random, lo, hi);
    case EDGY: return crux_random_edgy(random, lo, hi);
    case EXTREME: return crux_random_one_in(random, 2) ? lo : hi;
    case ALL_GREATEST:
    case WORST_GREATEST:
    case LOW_GREATEST: return hi;
    case ALL_LEAST:
    case WORST_LEAST:
    case LOW_LEAST: return lo;
    case WILDNESSES: break;
    }
    abort();
}

static void *room_for(size_t bytes) {
    void *room = aligned_alloc(CRUX_BACKEND_ALIGN_BYTES, bytes);
    if (room == NULL) abort();
    memset(room, 0xa5, bytes); /* nobody may count on zeros */
    return room;
}

static void fill_tile(struct crux_random *random, const struct crux_tile *tile, uint8_t *bytes,
                      uint32_t count, int32_t multiplier_max, enum crux_tiles_form form,
                      enum wildness wildness) {
    bool centred = form == CRUX_TILES_CENTRED;
    uint32_t tables = (count + tile->group - 1) / tile->group * (tile->has_offsets ? 2 : 1);
    uint8_t *q = bytes + 2 * tables;
    int32_t hi = multiplier_max > INT16_MAX ? INT16_MAX : multiplier_max,
            lo = centred && -multiplier_max < CENTRED_M_MIN ? CENTRED_M_MIN : -multiplier_max;
    for (uint32_t i = 0; i < tables; i++) {
        int64_t v = number(random, lo, hi, wildness);
        /* A lattice around 0, as importers make; LOW_*: multipliers and offsets pull the same way. */
        bool lattice =
            centred || (tile->width == 1 && tile->has_offsets && multiplier_max == LATTICE_M_MAX);
        if (lattice && wildness >= LOW_GREATEST && i < tables / 2) v = -v;
        if (centred && v < CENTRED_M_MIN) v = CENTRED_M_MIN;
        if (lattice && i >= tables / 2) {
            const uint8_t *m = bytes + 2 * (i - tables / 2);
            v = (centred ? 0 : v) - 8 * (int16_t)(uint16_t)(m[0] | m[1] << 8);
            if (v < INT16_MIN) v = INT16_MIN;
            if (v > INT16_MAX) v = INT16_MAX;
        }
        bytes[2 * i] = (uint8_t)v;
        bytes[2 * i + 1] = (uint8_t)(v >> 8);
    }
    if (tile->width == 1) memset(q, 0, (count + 1) / 2);
    for (uint32_t i = 0; i < count; i++) {
        int64_t v = tile->width == 1 ? number(random, 0, 15, wildness)
                    : form == CRUX_TILES_SIX
                        ? number(random, -32, 31, wildness) + (tile->has_offsets ? 16 : 0)
                    : tile->width == 2 ? number(random, INT8_MIN, INT8_MAX, wildness)
                                       : number(random, INT16_MIN, INT16_MAX, wildness);
        if (wildness >= WORST_GREATEST) v = wildness < LOW_GREATEST ? 1 : 0;
        if (tile->width == 1) {
            q[i / 2] |= (uint8_t)(v << i % 2 * 4);
        } else if (tile->width == 2) {
            q[i] = (uint8_t)v;
        } else {
            q[2 * i] = (uint8_t)v;
            q[2 * i + 1] = (uint8_t)(v >> 8);
        }
    }
}

void question_answer(struct question *question) {
    const struct crux_tiles *w = &question->w;
    const uint8_t *bytes = question->bytes;
    for (uint32_t o = 0; o < w->rows; o++) {
        for (uint32_t r = 0; r < question->rows; r++) question->expected[r * w->rows + o] = 0;
        for (uint32_t t = 0; t < crux_tile_count(&w->tile, w->inputs); t++) {
            uint32_t count = crux_tile_inputs(&w->tile, w->inputs, t);
            for (uint32_t i = 0; i < count; i++) {
                int64_t value = crux_tile_value(&w->tile, bytes, count, i);
                for (uint32_t r = 0; r < question->rows; r++)
                    question->expected[r * w->rows + o] +=
                        value * question->x[r * w->inputs + t * w->tile.chunk + i];
            }
            bytes += crux_tile_bytes(&w->tile, count);
        }
    }
}

void question_ask(struct question *question, struct crux_random *random,
                  const struct crux_tile *tile, uint32_t outputs, uint32_t inputs, uint32_t rows,
                  int32_t multiplier_max, enum crux_tiles_form form, enum wildness wildness) {
    size_t bytes = (size_t)(outputs * crux_tiles_row_bytes(tile, inputs));
    uint8_t *at;
    question->rows = rows;
    question->bytes = at = malloc(bytes);
    question->x = malloc((size_t)rows * inputs * sizeof *question->x);
    question->expected = malloc((size_t)rows * outputs * sizeof *question->expected);
    if (question->bytes == NULL || question->x == NULL || question->expected == NULL) abort();
    question->w = (struct crux_tiles){*tile, outputs, inputs, question->bytes, form};
    for (uint32_t o = 0; o < outputs; o++) {
        for (uint32_t t = 0; t < crux_tile_count(tile, inputs); t++) {
            uint32_t count = crux_tile_inputs(tile, inputs, t);
            fill_tile(random, tile, at, count, multiplier_max, form, wildness);
            at += crux_tile_bytes(tile, count);
        }
    }
    /* Sums of q6 without offsets are four times as great. */
    int32_t worst = form == CRUX_TILES_SIX && !tile->has_offsets ? 8192 : 32768;
    /* With all weights alike, the sign of x turns from row to row. */
    for (uint32_t r = 0; r < rows; r++) {
        enum wildness row = wildness < ALL_GREATEST ? wildness
                            : r % 3 == 2            ? EXTREME
                            : r % 3 == 1            ? ALL_LEAST
                                                    : ALL_GREATEST;
        for (uint32_t i = 0; i < inputs; i++)
            question->x[r * inputs + i] =
                wildness >= WORST_GREATEST
                    ? (int16_t)((r % 2 == 0 ? 1 : -1) *
                                (wildness < LOW_GREATEST ? worst / (int32_t)tile->group : 128))
                    : (int16_t)number(random, -CRUX_LIMIT_LINEAR, CRUX_LIMIT_LINEAR, row);
    }
    question_answer(question);
}

void question_free(struct question *question) {
    free(question->bytes);
    free(question->x);
    free(question->expected);
}

void asked_prepare(struct asked *asked, const struct crux_backend *backend,
                   const struct question *question) {
    const struct crux_tiles *w = &question->w;
    size_t row_bytes = backend->row_bytes(w->inputs);
    asked->backend = backend;
    asked->rows = question->rows;
    asked->packed = room_for(backend->packed_bytes(w));
    asked->prepared = room_for(question->rows * row_bytes);
    asked->w = (struct crux_backend_matrix){w->tile, w->rows, w->inputs, w->form, asked->packed};
    backend->pack(asked->packed, w);
    for (uint32_t r = 0; r < question->rows; r++)
        backend->prepare((uint8_t *)asked->prepared + r * row_bytes, question->x + r * w->inputs,
                         w->inputs);
}

void asked_matmul(const struct asked *asked, int64_t *acc, size_t stride, uint32_t o0,
                  uint32_t o1) {
    size_t bytes = asked->backend->scratch_bytes(&asked->w, asked->rows);
    void *scratch = bytes == 0 ? NULL : room_for(bytes);
    asked->backend->matmul(acc, stride, &asked->w, asked->prepared, asked->rows, o0, o1, scratch);
    free(scratch);
}

void asked_free(struct asked *asked) {
    free(asked->packed);
    free(asked->prepared);
}
