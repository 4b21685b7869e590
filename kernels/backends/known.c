/* Known answers: what a backend must get right on this very device before it is used. Each question is a small matrix,
 * half of whose numbers are the greatest or least there are; the answers are known by their SHA-256. */
#include <stdlib.h>
#include <string.h>

#include "kernels/backends/backend.h"
#include "kernels/base/sha256.h"
#include "kernels/fused/known.h"

/* Ragged in every direction; and long enough that every sum is carried over many times. With multipliers of every size
 * nearly every panel is wide (panel.h); with small ones, as importers write them, none is but those of 16 bits. Long rows
 * of 4 bits are asked about alone, with outputs enough for several streams. And many rows, the last 16 of which begin
 * with some that are done, of inputs enough for two parts (squares.h): of wide panels and others; and narrow ones. */
static const struct question {
    uint32_t outputs, inputs, rows;
    enum { ANY, SMALL, NARROW } multipliers;
    bool only_four_bits;
} questions[] = {{35, 101, 9, ANY, false},    {18, 1056, 3, ANY, false},
                 {20, 403, 15, SMALL, false}, {273, 2049, 1, SMALL, true},
                 {18, 650, 33, SMALL, false}, {17, 650, 33, ANY, false},
                 {17, 80, 33, NARROW, true}};

static const uint8_t answer[CRUX_SHA256_BYTES] = {
    0xdb, 0x7c, 0x09, 0x0c, 0x88, 0x1d, 0x80, 0x5c, 0x8d, 0x23, 0xf5, 0x95, 0x3f, 0x17, 0x1a, 0xef,
    0xcf, 0x27, 0xdd, 0xa1, 0x98, 0x79, 0x6d, 0xfc, 0xac, 0xad, 0xaa, 0x9f, 0x91, 0x47, 0x5b, 0x8d};

/* All twelve of tiles; then the two that may be centred once more, centred, and the four of 8 bits, with six. */
enum {
    LAYOUTS = 12,
    CENTRED = 2,
    SIX = 4,
    FORMS = LAYOUTS + CENTRED + SIX,
    ROWS_MAX = 33,
    OUTPUTS_MAX = 35,
    INPUTS_MAX = 2049,
    CENTRED_M_MAX = 4095,
    SMALL_MAX = 3640,     /* 9 times that is an i16: q4's n + 8*m */
    SMALL_SIX_MAX = 1927, /* 17 times: q6's n + 16*m */
    NARROW_MAX = 2047,    /* 16 times: q4's n + 15*m */
};

struct room {
    uint8_t *tiles, *packed, *prepared, *scratch;
    int16_t x[INPUTS_MAX];
    int64_t acc[ROWS_MAX * OUTPUTS_MAX], part[ROWS_MAX * OUTPUTS_MAX];
    uint32_t random;
};

static uint32_t next(struct room *room) {
    room->random = room->random * 1664525 + 1013904223;
    return room->random >> 8;
}

/* One of 16 bits, extreme every other time. */
static int16_t number(struct room *room, int16_t limit) {
    uint32_t r = next(room);
    if ((r & 3) == 0) return limit;
    if ((r & 3) == 1) return (int16_t)(limit == INT16_MAX ? INT16_MIN : -limit);
    return (int16_t)((int64_t)(r >> 2 & 0xffff) * (2 * limit + 1) / 65536 - limit);
}

static void put(uint8_t *bytes, int16_t value) {
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)((uint16_t)value >> 8);
}

static void fill_tile(struct room *room, const struct crux_tile *tile, enum crux_tiles_form form,
                      int multipliers, uint8_t *bytes, uint32_t count) {
    int16_t most = multipliers == ANY       ? INT16_MAX
                   : multipliers == NARROW  ? NARROW_MAX
                   : form == CRUX_TILES_SIX ? SMALL_SIX_MAX
                                            : SMALL_MAX;
    bool centred = form == CRUX_TILES_CENTRED;
    uint32_t groups = (count + tile->group - 1) / tile->group,
             tables = groups * (tile->has_offsets ? 2 : 1);
    uint32_t end = crux_tile_bytes(tile, count);
    for (uint32_t i = 0; i < tables && !centred; i++) put(bytes + 2 * i, number(room, most));
    for (uint32_t i = 0; i < groups && centred; i++) {
        int16_t m = number(room, CENTRED_M_MAX);
        put(bytes + 2 * i, m);
        put(bytes + 2 * (groups + i), (int16_t)(-8 * m));
    }
    for (uint32_t at = 2 * tables; at + 1 < end; at += 2) put(bytes + at, number(room, INT16_MAX));
    bytes[end - 1] = (uint8_t)next(room);
    for (uint32_t at = 2 * tables; at < end && form == CRUX_TILES_SIX; at++)
        bytes[at] = (uint8_t)((number(room, INT16_MAX) >> 10) + (tile->has_offsets ? 16 : 0));
    if (tile->width == 1 && count % 2 != 0) bytes[end - 1] &= 15; /* the unused half is zero */
}

static void *room_for(size_t bytes) {
    return aligned_alloc(CRUX_BACKEND_ALIGN_BYTES, bytes);
}

static void room_free(struct room *room) {
    free(room->tiles);
    free(room->packed);
    free(room->prepared);
    free(room->scratch);
}

static bool room_alloc(struct room *room, const struct crux_backend *backend,
                       const struct crux_backend_matrix *w, uint32_t rows) {
    size_t scratch = backend->scratch_bytes(w, rows);
    room->tiles = malloc(w->outputs * crux_tiles_row_bytes(&w->tile, w->inputs));
    room->packed = room_for(backend->packed_bytes(
        &(struct crux_tiles){w->tile, w->outputs, w->inputs, room->tiles, w->form}));
    room->prepared = room_for(rows * backend->row_bytes(w->inputs));
    room->scratch = scratch == 0 ? NULL : room_for(scratch);
    return room->tiles != NULL && room->packed != NULL && room->prepared != NULL &&
           (scratch == 0 || room->scratch != NULL);
}

static void fill(struct room *room, const struct crux_backend *backend,
                 struct crux_backend_matrix *w, const struct question *question) {
    struct crux_tiles tiles = {w->tile, w->outputs, w->inputs, room->tiles, w->form};
    uint8_t *bytes = room->tiles;
    for (uint32_t o = 0; o < w->outputs; o++) {
        for (uint32_t t = 0; t < crux_tile_count(&w->tile, w->inputs); t++) {
            uint32_t count = crux_tile_inputs(&w->tile, w->inputs, t);
            fill_tile(room, &w->tile, w->form, (int)question->multipliers, bytes, count);
            bytes += crux_tile_bytes(&w->tile, count);
        }
    }
    backend->pack(room->packed, &tiles);
    w->packed = room->packed;
    for (uint32_t r = 0; r < question->rows; r++) {
        for (uint32_t i = 0; i < w->inputs; i++) room->x[i] = number(room, CRUX_LIMIT_LINEAR);
        backend->prepare(room->prepared + r * backend->row_bytes(w->inputs), room->x, w->inputs);
    }
}

/* All outputs at once, and a part in the middle: the same numbers. */
static bool parts_agree(struct room *room, const struct crux_backend *backend,
                        const struct crux_backend_matrix *w, uint32_t rows) {
    uint32_t o0 = 3, o1 = w->outputs - 1, width = o1 - o0;
    backend->matmul(room->acc, w->outputs, w, room->prepared, rows, 0, w->outputs, room->scratch);
    backend->matmul(room->part, width, w, room->prepared, rows, o0, o1, room->scratch);
    for (uint32_t r = 0; r < rows; r++) {
        if (memcmp(room->part + r * width, room->acc + r * w->outputs + o0,
                   width * sizeof *room->acc) != 0)
            return false;
    }
    return true;
}

static enum crux_status ask(struct room *room, const struct crux_backend *backend,
                            const struct question *question, const struct crux_tile *tile,
                            enum crux_tiles_form form, struct crux_sha256_plain_ctx *hash) {
    struct crux_backend_matrix w = {*tile, question->outputs, question->inputs, form, NULL};
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    if (room_alloc(room, backend, &w, question->rows)) {
        fill(room, backend, &w, question);
        status =
            parts_agree(room, backend, &w, question->rows) ? CRUX_OK : CRUX_E_KNOWN_ANSWER_FAILED;
        for (size_t i = 0; i < (size_t)question->rows * w.outputs; i++) {
            uint8_t bytes[8];
            for (int b = 0; b < 8; b++) bytes[b] = (uint8_t)((uint64_t)room->acc[i] >> 8 * b);
            crux_sha256_plain_update(hash, bytes, sizeof bytes);
        }
    }
    room_free(room);
    return status;
}

enum crux_status crux_backend_known_answers(const struct crux_backend *backend) {
    struct room room = {.random = 1};
    struct crux_sha256_plain_ctx hash;
    uint8_t found[CRUX_SHA256_BYTES];
    crux_sha256_plain_init(&hash);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(questions) * FORMS; i++) {
        uint32_t n = (uint32_t)(i % FORMS);
        enum crux_tiles_form form = n < LAYOUTS             ? CRUX_TILES_PLAIN
                                    : n < LAYOUTS + CENTRED ? CRUX_TILES_CENTRED
                                                            : CRUX_TILES_SIX;
        uint32_t l = form == CRUX_TILES_PLAIN     ? n
                     : form == CRUX_TILES_CENTRED ? 6 + 3 * (n - LAYOUTS)
                                                  : 1 + 3 * (n - LAYOUTS - CENTRED);
        struct crux_tile tile = {1 + l % 3, l / 3 % 2 == 0 ? 32 : 16, 512, l / 6 == 1};
        if (questions[i / FORMS].only_four_bits && tile.width != 1) continue;
        enum crux_status status = ask(&room, backend, &questions[i / FORMS], &tile, form, &hash);
        if (status != CRUX_OK) return status;
    }
    crux_sha256_plain_final(&hash, found);
    if (memcmp(found, answer, sizeof found) != 0) return CRUX_E_KNOWN_ANSWER_FAILED;
    return crux_fused_known_answers(backend->fused());
}
