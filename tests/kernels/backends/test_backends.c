/* Every backend against the meaning of a tile: all layouts, ragged shapes, extreme numbers, parts of the outputs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "tests/kernels/backends/question.h"

enum { LAYOUTS = 36, PRODUCTS = (CRUX_SANITIZED ? 5 : 20) * LAYOUTS, THREADS = 4 };

static struct crux_tile layout(uint32_t i) {
    struct crux_tile tile = {1 + i % 3, i / 3 % 2 == 0 ? 32 : 16, UINT32_C(128) << i / 12,
                             i / 6 % 2 == 1};
    return tile;
}

static void compare(const struct question *question, const struct crux_backend *backend,
                    const int64_t *acc, size_t stride, uint32_t o0, uint32_t o1) {
    const struct crux_tiles *w = &question->w;
    for (uint32_t r = 0; r < question->rows; r++) {
        if (memcmp(acc + r * stride, question->expected + r * w->rows + o0,
                   (o1 - o0) * sizeof *acc) != 0)
            fail_msg("%s: layout %u, %u x %u, row %u of %u, outputs %u..%u", backend->name,
                     crux_tile_encode(&w->tile), w->rows, w->inputs, r, question->rows, o0, o1);
    }
}

static void ask_one(struct crux_random *random, const struct question *question,
                    const struct crux_backend *backend) {
    struct asked asked;
    uint32_t outputs = question->w.rows, o0 = (uint32_t)crux_random_below(random, outputs),
             o1 = o0 + 1 + (uint32_t)crux_random_below(random, outputs - o0);
    size_t stride = outputs + crux_random_below(random, 3), cells = question->rows * stride;
    int64_t *acc = malloc(cells * sizeof *acc);
    assert_non_null(acc);
    asked_prepare(&asked, backend, question);
    memset(acc, 0x5a, cells * sizeof *acc);
    asked_matmul(&asked, acc, stride, 0, outputs);
    compare(question, backend, acc, stride, 0, outputs);
    memset(acc, 0x5a, cells * sizeof *acc);
    asked_matmul(&asked, acc, stride, o0, o1);
    compare(question, backend, acc, stride, o0, o1);
    /* What lies between the parts of two rows is left alone. */
    for (size_t i = 0; i < cells; i++) {
        if (i % stride >= o1 - o0) assert_int_equal(acc[i], INT64_C(0x5a5a5a5a5a5a5a5a));
    }
    asked_free(&asked);
    free(acc);
}

static const struct crux_backend *available(size_t i) {
    size_t count;
    const struct crux_backend *const *list = crux_backend_list(&count);
    const char *why = list[i]->unavailable();
    if (why == NULL) return list[i];
    print_message("[  skipped ] %s: %s\n", list[i]->name, why);
    return NULL;
}

static uint32_t extent(struct crux_random *random, uint32_t most, uint32_t unit) {
    uint32_t n = 1 + (uint32_t)crux_random_below(random, most);
    return crux_random_one_in(random, 3) ? (n + unit - 1) / unit * unit : n;
}

/* The form that a matrix of such tiles may have beside the plain one. */
static enum crux_tiles_form can_be(const struct crux_tile *tile) {
    if (tile->width == 2) return CRUX_TILES_SIX;
    return tile->width == 1 && tile->has_offsets ? CRUX_TILES_CENTRED : CRUX_TILES_PLAIN;
}

static void random_question(struct question *question, struct crux_random *random, uint32_t i) {
    enum { CENTRED_MOST = 6 };
    static const int32_t most[] = {1, 7, 255, 2047, 4095, 4096, 8191, 32767, 32768};
    struct crux_tile tile = layout(i % LAYOUTS);
    bool deep = crux_random_one_in(random, 2);
    uint32_t outputs = extent(random, deep ? 24 : 70, 16), inputs = extent(random, 1100, 32),
             rows = extent(random, deep ? 70 : 12, 8);
    if (crux_random_one_in(random, 4)) inputs = 1 + (uint32_t)crux_random_below(random, 70);
    enum crux_tiles_form form = crux_random_one_in(random, 2) ? can_be(&tile) : CRUX_TILES_PLAIN;
    bool centred = form == CRUX_TILES_CENTRED;
    question_ask(question, random, &tile, outputs, inputs, rows,
                 most[crux_random_below(random, centred ? CENTRED_MOST : CRUX_ARRAY_LEN(most))],
                 form, (enum wildness)crux_random_below(random, WILDNESSES));
}

static void all_backends_agree(void **state CRUX_UNUSED) {
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {20};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < PRODUCTS; i++) {
            struct question question;
            random_question(&question, &random, i);
            ask_one(&random, &question, backend);
            question_free(&question);
        }
        print_message("%s: %d products\n", backend->name, PRODUCTS);
    }
}

/* The worst there is: every group at its bound, over many carries and flushes. */
static void bounds_hold(void **state CRUX_UNUSED) {
    enum { FORMS = 18 }; /* twelve of tiles, two of them centred, four with six bits */
    static const int32_t most[] = {32768, 32767, 32766, 16384, 8192, 4096, 4095, 2048, 1024};
    static const enum wildness worst[] = {ALL_GREATEST, ALL_LEAST,    WORST_GREATEST,
                                          WORST_LEAST,  LOW_GREATEST, LOW_LEAST};
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {21};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < FORMS * CRUX_ARRAY_LEN(most) * CRUX_ARRAY_LEN(worst);
             i += CRUX_SANITIZED ? 5 : 1) {
            uint32_t n = i % FORMS, six = 1 + 3 * (n - 14), l = n < 12 ? n : 6 + 3 * (n - 12);
            struct crux_tile tile = layout(n < 14 ? l : six);
            enum crux_tiles_form form = n < 12 ? CRUX_TILES_PLAIN : can_be(&tile);
            bool centred = form == CRUX_TILES_CENTRED;
            int32_t multiplier = most[i / FORMS % CRUX_ARRAY_LEN(most)];
            struct question question;
            if (centred && multiplier > 4096) continue;
            question_ask(&question, &random, &tile, 17, 2100, i / FORMS % 4 == 0 ? 33 : 5,
                         multiplier, form, worst[i / FORMS / CRUX_ARRAY_LEN(most)]);
            ask_one(&random, &question, backend);
            question_free(&question);
        }
    }
}

/* Rows as long as may be: sums that go over from register to register most often. */
static void longest_rows_agree(void **state CRUX_UNUSED) {
    static const enum wildness worst[] = {ALL_GREATEST, WORST_LEAST};
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {27};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < (CRUX_SANITIZED ? 4 : LAYOUTS * CRUX_ARRAY_LEN(worst)); i++) {
            struct crux_tile tile = layout(i % LAYOUTS);
            struct question question;
            question_ask(&question, &random, &tile, 4, CRUX_BACKEND_INPUTS_MAX,
                         i / 12 == 1 ? 33 : 1 + i % 3, 4095,
                         i % 2 == 0 ? can_be(&tile) : CRUX_TILES_PLAIN,
                         worst[i / LAYOUTS % CRUX_ARRAY_LEN(worst)]);
            ask_one(&random, &question, backend);
            question_free(&question);
        }
    }
}

/* More rows than are multiplied at once. */
static void many_rows_agree(void **state CRUX_UNUSED) {
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {24};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < 24; i++) {
            struct crux_tile tile = layout(i % 12);
            struct question question;
            question_ask(&question, &random, &tile, 35, 2100, 101 + i % 12, 4095,
                         i < 12 ? can_be(&tile) : CRUX_TILES_PLAIN, EDGY);
            ask_one(&random, &question, backend);
            question_free(&question);
        }
    }
}

/* Weights of 4 bits that just are, and just are not, numbers of 16 bits. */
static void weights_at_the_edge_agree(void **state CRUX_UNUSED) {
    static const struct edge {
        int16_t m, n;
    } edges[] = {{1, 32752},   {1, 32753},     {-1, -32753},
                 {-1, -32754}, {4096, -32768}, {-4096, 32767}};
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {28};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < 2 * CRUX_ARRAY_LEN(edges); i++) {
            struct crux_tile tile = {1, i % 2 == 0 ? 32 : 16, 512, true};
            uint32_t groups = 512 / tile.group;
            struct question question;
            question_ask(&question, &random, &tile, 33, 512, 21, 1, CRUX_TILES_PLAIN, EXTREME);
            /* of one group of one output: its panel is unlike the others */
            uint8_t *at = question.bytes + 20 * crux_tiles_row_bytes(&tile, 512);
            uint32_t group = (uint32_t)crux_random_below(&random, groups);
            memcpy(at + 2 * group, &edges[i / 2].m, 2);
            memcpy(at + 2 * (groups + group), &edges[i / 2].n, 2);
            question_answer(&question);
            ask_one(&random, &question, backend);
            question_free(&question);
        }
    }
}

/* A row alone that is long, of outputs enough for several streams: panels with spans of their own, wide ones between. */
static void long_rows_agree(void **state CRUX_UNUSED) {
    static const uint32_t inputs[] = {2047, 2048, 2080, 4133, 8192};
    static const int32_t most[] = {255, 3640, 4095, 8191};
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {26};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < 2 * CRUX_ARRAY_LEN(inputs) * CRUX_ARRAY_LEN(most);
             i += CRUX_SANITIZED ? 3 : 1) {
            struct crux_tile tile = layout(3 * (uint32_t)crux_random_below(&random, LAYOUTS / 3));
            enum crux_tiles_form form = i % 2 == 0 ? can_be(&tile) : CRUX_TILES_PLAIN;
            struct question question;
            uint32_t outputs = 250 + (uint32_t)crux_random_below(&random, 70);
            int32_t multiplier = most[i / 2 % CRUX_ARRAY_LEN(most)];
            if (form == CRUX_TILES_CENTRED && multiplier > 4096) multiplier = 4096;
            question_ask(&question, &random, &tile, outputs, inputs[i / 2 / CRUX_ARRAY_LEN(most)],
                         1, multiplier, form,
                         (enum wildness)crux_random_below(&random, WILDNESSES));
            ask_one(&random, &question, backend);
            question_free(&question);
        }
    }
}

/* Packed in parts, in any order: the same bytes. */
static void parts_pack_the_same(void **state CRUX_UNUSED) {
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {23};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < 3 * LAYOUTS; i++) {
            struct question question;
            random_question(&question, &random, i);
            const struct crux_tiles *w = &question.w;
            size_t bytes = backend->packed_bytes(w);
            uint8_t *whole = aligned_alloc(CRUX_BACKEND_ALIGN_BYTES, bytes),
                    *parts = aligned_alloc(CRUX_BACKEND_ALIGN_BYTES, bytes);
            assert_non_null(whole);
            assert_non_null(parts);
            memset(whole, 0x11, bytes);
            memset(parts, 0xee, bytes);
            backend->pack(whole, w);
            uint32_t panels = (w->rows - 1) / backend->panel_outputs + 1;
            for (uint32_t end = panels, first; end > 0; end = first) {
                first = (uint32_t)crux_random_below(&random, end);
                backend->pack_range(parts, w, first, end - first);
            }
            assert_memory_equal(whole, parts, bytes);
            free(whole);
            free(parts);
            question_free(&question);
        }
    }
}

/* Centred are 4 bits with n = -8*m everywhere, and six are 8 with few q; one other n or q, wherever it is, and
 * they are not. */
static void forms_are_seen(void **state CRUX_UNUSED) {
    struct crux_random random = {25};
    for (uint32_t i = 0; i < 4 * LAYOUTS; i++) {
        struct crux_tile tile = layout(i % LAYOUTS);
        struct question question;
        uint32_t outputs = extent(&random, 20, 16), inputs = extent(&random, 1100, 32);
        enum crux_tiles_form form = can_be(&tile);
        question_ask(&question, &random, &tile, outputs, inputs, 1, 4096, form, EDGY);
        assert_int_equal(crux_backend_form(&question.w), form);
        if (form != CRUX_TILES_PLAIN) {
            uint32_t row = (uint32_t)crux_random_below(&random, outputs),
                     t = (uint32_t)crux_random_below(&random, crux_tile_count(&tile, inputs)),
                     count = crux_tile_inputs(&tile, inputs, t),
                     groups = (count - 1) / tile.group + 1;
            uint8_t *at = question.bytes + row * crux_tiles_row_bytes(&tile, inputs) +
                          t * crux_tile_bytes(&tile, tile.chunk);
            if (form == CRUX_TILES_CENTRED)
                at[2 * (groups + crux_random_below(&random, groups))] ^= 1;
            else
                at[groups * (tile.has_offsets ? 4 : 2) + crux_random_below(&random, count)] =
                    (uint8_t)((crux_random_one_in(&random, 2) ? 32 : -33) +
                              (tile.has_offsets ? 16 : 0));
            assert_int_equal(crux_backend_form(&question.w), CRUX_TILES_PLAIN);
        }
        question_free(&question);
    }
}

/* --- threads share a product ------------------------------------------------------------------ */

struct part {
    pthread_t thread;
    const struct asked *asked;
    int64_t *acc;
    uint32_t o0, o1;
};

static void *compute_part(void *argument) {
    struct part *part = argument;
    asked_matmul(part->asked, part->acc + part->o0, part->asked->w.outputs, part->o0, part->o1);
    return NULL;
}

static void threads_split_the_outputs(void **state CRUX_UNUSED) {
    size_t count;
    (void)crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        const struct crux_backend *backend = available(b);
        struct crux_random random = {22};
        if (backend == NULL) continue;
        for (uint32_t i = 0; i < 12; i++) {
            struct crux_tile tile = layout(i);
            struct question question;
            struct asked asked;
            struct part parts[THREADS];
            uint32_t outputs = 97;
            question_ask(&question, &random, &tile, outputs, 300, 33, 4095, can_be(&tile), EDGY);
            asked_prepare(&asked, backend, &question);
            int64_t *acc = malloc((size_t)outputs * question.rows * sizeof *acc);
            assert_non_null(acc);
            for (uint32_t t = 0; t < THREADS; t++) {
                parts[t].asked = &asked;
                parts[t].acc = acc;
                parts[t].o0 = outputs * t / THREADS;
                parts[t].o1 = outputs * (t + 1) / THREADS;
                assert_int_equal(pthread_create(&parts[t].thread, NULL, compute_part, &parts[t]),
                                 0);
            }
            for (uint32_t t = 0; t < THREADS; t++)
                assert_int_equal(pthread_join(parts[t].thread, NULL), 0);
            compare(&question, backend, acc, outputs, 0, outputs);
            free(acc);
            asked_free(&asked);
            question_free(&question);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_backends_agree),        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(longest_rows_agree),        cmocka_unit_test(many_rows_agree),
        cmocka_unit_test(parts_pack_the_same),       cmocka_unit_test(forms_are_seen),
        cmocka_unit_test(threads_split_the_outputs), cmocka_unit_test(long_rows_agree),
        cmocka_unit_test(weights_at_the_edge_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
