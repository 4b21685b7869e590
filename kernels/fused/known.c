/* What a table must get right on this very device before it is used: the plain answers to a few questions, half of whose
 * numbers are the greatest or least there are. Tests ask far more; this finds a processor or a build that does not do
 * what it says. */
#include "kernels/fused/known.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 70, ROWS = 2, COUNT = ROWS * WIDTH, PAIRS = WIDTH / 2, E_MAX = 63 };

struct room {
    /* questions */
    uint32_t random;
    int32_t a[COUNT], b[COUNT], positive[COUNT], turns[3 * PAIRS], curve[CRUX_TABLE_ENTRIES];
    int16_t w[WIDTH];
    int64_t acc[COUNT];
    uint8_t tile[WIDTH];
    uint16_t powers[CRUX_TABLE_ENTRIES];
    struct crux_norm_constants rms, layer;
    /* scratch */
    int16_t z[WIDTH];
    int64_t c[WIDTH];
    int32_t adjusted[COUNT];
    uint16_t weight[COUNT];
    uint32_t count[CRUX_SAMPLE_WEIGHTS];
    /* plain answers, then the table's */
    struct answer {
        int32_t rmsnorm[COUNT], layernorm[COUNT], rope[2][COUNT], activation[COUNT],
            residual[COUNT], finish[COUNT], mix[WIDTH], embed[WIDTH];
        int16_t quantised[COUNT];
        int8_t e[ROWS];
        uint32_t greedy, sampled;
    } answer[2];
};

static const struct crux_type wide = {CRUX_I32, -INT32_MAX, INT32_MAX};

static uint32_t next(struct room *room) {
    room->random = room->random * 1664525 + 1013904223;
    return room->random >> 8;
}

/* Within +-most, at an end every other time. */
static int32_t number(struct room *room, int32_t most) {
    uint32_t r = next(room);
    if (r % 4 == 0) return most;
    if (r % 4 == 1) return -most;
    return (int32_t)((int64_t)r * 2 * most / (1 << 24) - most);
}

static enum crux_status ask(struct room *room) {
    const struct crux_fused_norm shape = {WIDTH, 11258999, 60, 14, 13, 14, INT16_MAX};
    for (unsigned i = 0; i < COUNT; i++) {
        room->a[i] = number(room, i < WIDTH ? INT32_MAX : 1 << 19);
        room->b[i] = number(room, INT32_MAX);
        room->positive[i] = room->b[i] < 0 ? -room->b[i] : room->b[i];
        room->acc[i] = number(room, INT32_MAX) * (INT64_C(1) << i % 32);
    }
    for (unsigned i = 0; i < WIDTH; i++) {
        room->w[i] = (int16_t)number(room, INT16_MAX);
        room->tile[i] = (uint8_t)next(room);
    }
    for (unsigned i = 0; i < 3 * PAIRS; i++) room->turns[i] = number(room, 1 << CRUX_ROPE_BITS);
    for (unsigned i = 0; i < CRUX_TABLE_ENTRIES; i++) { /* any curve will do, and it is quick */
        room->curve[i] = (int32_t)(i * i % 65521) - 32760;
        room->powers[i] = (uint16_t)(i < CRUX_TABLE_CELLS ? i * i >> 8 : CRUX_EXP2_ONE);
    }
    enum crux_status status = crux_fused_rmsnorm_constants(&room->rms, &shape);
    return status == CRUX_OK ? crux_fused_layernorm_constants(&room->layer, &shape) : status;
}

static void rows(struct answer *to, struct room *room, const struct crux_fused_kernels *k) {
    const struct crux_table_grid grid = crux_table_activation_grid(16);
    const struct crux_fused_activation activation = {
        {grid.x0, grid.shift, grid.cells, crux_lut_constant(0), crux_lut_line(1, 0)},
        wide,
        16,
        wide};
    const struct crux_fused_residual residual = {3, wide};
    k->quant_rows(to->quantised, to->e, room->a, ROWS, WIDTH, CRUX_LIMIT_LINEAR, E_MAX);
    k->rmsnorm(to->rmsnorm, room->z, &room->rms, room->a, ROWS, WIDTH, E_MAX, room->w);
    k->layernorm(to->layernorm, room->z, room->c, &room->layer, wide, room->a, ROWS, WIDTH, E_MAX,
                 room->w, room->positive);
    for (unsigned layout = 0; layout < 2; layout++) {
        struct crux_fused_rope rope = {(enum crux_rope_layout)layout, wide};
        k->rope(to->rope[layout], &rope, room->b, ROWS, WIDTH, room->turns);
    }
    k->activation(to->activation, &activation, room->a, room->b, COUNT, room->curve);
    k->residual(to->residual, &residual, room->a, room->b, COUNT);
}

static void products(struct answer *to, const struct room *room,
                     const struct crux_fused_kernels *k) {
    const struct crux_fused_linear linear = {48, wide};
    const struct crux_fused_finish finish = {&linear, room->positive, NULL, room->a,
                                             WIDTH,   to->e,          1};
    const struct crux_fused_mix mix = {2, 24, wide};
    const int32_t share[2] = {1 << 23, 1 << 23}, *d[2] = {room->b, room->b + WIDTH};
    const struct crux_fused_embed embed = {1, 20, wide};
    const struct crux_tiles table = {{1, 32, 512, true}, 1, WIDTH, room->tile, false};
    k->finish(to->finish, WIDTH, &finish, room->acc, WIDTH, ROWS, 0, WIDTH);
    memcpy(to->mix, room->a, sizeof to->mix);
    k->mix(to->mix, &mix, share, d, WIDTH);
    k->embed(to->embed, &embed, 0, &table, room->positive, room->a);
}

static void token(struct answer *to, struct room *room, const struct crux_fused_kernels *k) {
    static const int32_t params[CRUX_SAMPLE_PARAMS] = {60000, 40, 62000, 100, 70000},
                         recent[1] = {7};
    const struct crux_fused_sample config = {WIDTH, CRUX_SAMPLE_BLOCK, 16};
    struct crux_sample_scratch scratch = {room->adjusted, room->weight, room->count, 0};
    const int32_t *logits = room->a + WIDTH; /* within +-8 */
    to->greedy = k->greedy(&config, logits);
    to->sampled = k->sample(&scratch, &config, logits, params, recent, 1, 987654321, room->powers);
}

enum crux_status crux_fused_known_answers(const struct crux_fused_kernels *kernels) {
    const struct crux_fused_kernels *k[2] = {crux_fused_kernels(CRUX_ISA_PLAIN), kernels};
    struct room *room = calloc(1, sizeof *room); /* also what lies between its members */
    if (room == NULL) return CRUX_E_OUT_OF_MEMORY;
    room->random = 1;
    enum crux_status status = ask(room);
    for (unsigned i = 0; i < 2 && status == CRUX_OK; i++) {
        rows(&room->answer[i], room, k[i]);
        products(&room->answer[i], room, k[i]);
        token(&room->answer[i], room, k[i]);
    }
    if (status == CRUX_OK &&
        memcmp(&room->answer[0], &room->answer[1], sizeof room->answer[0]) != 0)
        status = CRUX_E_KNOWN_ANSWER_FAILED;
    free(room);
    return status;
}
