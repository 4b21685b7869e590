/* Weights of a panel as tile registers take them: what each is worth, byte by byte, and nothing beyond. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kernels/backends/backends.h"
#include "kernels/backends/squares.h"
#include "tests/kernels/backends/question.h"

#ifdef __x86_64__

enum { OUTPUTS = 35, GUARD = 64, BYTES = CRUX_SQUARES_INPUTS * CRUX_PANEL_OUTPUTS * 3 };

static uint8_t room[BYTES + GUARD] CRUX_ALIGNED(64);
static bool seen_narrow, seen_raw, seen_plain;

/* W of an output and an input; 0 beyond either end. */
static int32_t worth(const struct crux_tiles *w, uint32_t output, uint32_t input) {
    if (output >= w->rows || input >= w->inputs) return 0;
    uint32_t t = input / w->tile.chunk, count = crux_tile_inputs(&w->tile, w->inputs, t);
    const uint8_t *bytes = w->bytes + output * crux_tiles_row_bytes(&w->tile, w->inputs) +
                           t * crux_tile_bytes(&w->tile, w->tile.chunk);
    return (int32_t)crux_tile_value(&w->tile, bytes, count, input % w->tile.chunk);
}

static void check_part(const struct crux_tiles *w, const struct crux_panel *panel, uint32_t first,
                       uint32_t from, uint32_t count) {
    uint32_t planes = panel->is_narrow ? 2 : 3,
             bytes = count / CRUX_SQUARES_STEP * planes * CRUX_SQUARES_PLANE;
    memset(room, 0x5a, sizeof room);
    crux_squares_unpack(room, panel, from, count);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t o = 0; o < CRUX_PANEL_OUTPUTS; o++) {
            const uint8_t *at = room + i / CRUX_SQUARES_STEP * planes * CRUX_SQUARES_PLANE +
                                i % CRUX_SQUARES_STEP / 4 * 64 + 4 * o + i % 4;
            int32_t value = 0;
            for (uint32_t p = 0; p < planes; p++) {
                int32_t byte = at[p * CRUX_SQUARES_PLANE];
                if (p + 1 == planes && byte > 127) byte -= 256;
                value += byte * (1 << 8 * p);
            }
            if (value != worth(w, first + o, from + i) && from + i < w->inputs)
                fail_msg("layout %u, output %u, input %u of %u: %d", crux_tile_encode(&w->tile),
                         first + o, from + i, w->inputs, value);
        }
    }
    for (size_t i = bytes; i < sizeof room; i++) assert_int_equal(room[i], 0x5a);
}

static void check(const struct question *question) {
    const struct crux_tiles *w = &question->w;
    struct asked asked;
    asked_prepare(&asked, &crux_backend_vnni, question);
    uint32_t inputs = (w->inputs + CRUX_SQUARES_STEP - 1) / CRUX_SQUARES_STEP * CRUX_SQUARES_STEP;
    for (uint32_t p = 0; p * CRUX_PANEL_OUTPUTS < w->rows; p++) {
        struct crux_panel panel;
        crux_panel_at(&panel, &asked.w, p);
        seen_narrow |= panel.is_narrow;
        seen_raw |= panel.is_raw;
        seen_plain |= !panel.is_narrow && !panel.is_raw;
        for (uint32_t from = 0, count; from < inputs; from += count) {
            count = inputs - from < CRUX_SQUARES_INPUTS ? inputs - from : CRUX_SQUARES_INPUTS;
            check_part(w, &panel, p * CRUX_PANEL_OUTPUTS, from, count);
        }
    }
    asked_free(&asked);
}

static void weights_are_what_they_are_worth(void **state CRUX_UNUSED) {
    static const uint32_t inputs[] = {1, 16, 33, 64, 576, 640, 1201};
    static const int32_t most[] = {2047, 3640, 4096, 32768};
    struct crux_random random = {41};
    if (crux_backend_amx.unavailable() != NULL) {
        print_message("skipped: %s\n", crux_backend_amx.unavailable());
        return;
    }
    for (uint32_t i = 0; i < 8 * CRUX_ARRAY_LEN(inputs) * CRUX_ARRAY_LEN(most) * 2; i++) {
        uint32_t n = i / 8;
        struct crux_tile tile = {1 + i % 2, i / 2 % 2 == 0 ? 32 : 16, 256, i / 4 % 2 == 1};
        int32_t multiplier = most[n / CRUX_ARRAY_LEN(inputs) % CRUX_ARRAY_LEN(most)];
        bool other = n / CRUX_ARRAY_LEN(inputs) / CRUX_ARRAY_LEN(most) == 1;
        enum crux_tiles_form form = !other             ? CRUX_TILES_PLAIN
                                    : tile.width == 2  ? CRUX_TILES_SIX
                                    : tile.has_offsets ? CRUX_TILES_CENTRED
                                                       : CRUX_TILES_PLAIN;
        struct question question;
        if (form == CRUX_TILES_CENTRED && multiplier > 4096) multiplier = 4096;
        question_ask(&question, &random, &tile, OUTPUTS, inputs[n % CRUX_ARRAY_LEN(inputs)], 1,
                     multiplier, form, i % 3 == 0 ? EXTREME : EDGY);
        check(&question);
        question_free(&question);
    }
    assert_true(seen_narrow && seen_raw && seen_plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weights_are_what_they_are_worth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
    return 0;
}
#endif
