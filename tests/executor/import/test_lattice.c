/* Rows of every type: the tiles hold the source's q, and weights lie as near to the source as the rule promises. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/lattice.h"
#include "tests/support/gguf_writer.h"

enum { ROWS = 24, INPUTS = 768 };

static const uint32_t block_numbers[] = {2, 3, 6, 7, 8, 12, 13, 14};
static const uint32_t float_numbers[] = {0, 1, 30};

struct made {
    struct crux_lattice lattice;
    struct crux_lattice_scale scale[ROWS];
    int32_t rowmul[ROWS], k;
    uint8_t *tiles;
    uint8_t *source;
    size_t row_bytes, source_row_bytes;
};

static void make(struct made *m, uint32_t number, enum crux_weights weights, uint32_t inputs,
                 uint64_t seed) {
    const struct crux_block_type *type = crux_block_type_of(number);
    struct crux_random random = {seed};
    m->source_row_bytes = inputs / type->inputs * type->bytes;
    m->source = malloc(ROWS * m->source_row_bytes);
    for (uint32_t r = 0; r < ROWS; r++) {
        double size = r == 0 ? 1 : exp2(-(double)(r % 12)); /* rows of very different size */
        gguf_random_rows(&random, m->source + r * m->source_row_bytes, type, inputs, size);
    }
    memset(m->source + 5 * m->source_row_bytes, 0, m->source_row_bytes); /* a row of zeros */
    crux_lattice_init(&m->lattice, type, weights, ROWS, inputs, m->scale);
    m->row_bytes = (size_t)crux_lattice_row_bytes(&m->lattice);
    m->tiles = calloc(ROWS, m->row_bytes);
    for (uint32_t r = 0; r < ROWS; r++)
        assert_int_equal(crux_lattice_row(&m->lattice, m->tiles + r * m->row_bytes, r,
                                          m->source + r * m->source_row_bytes),
                         CRUX_OK);
    assert_int_equal(crux_lattice_rowmul(m->rowmul, &m->k, m->scale, ROWS), CRUX_OK);
}

static void unmake(struct made *m) {
    free(m->tiles);
    free(m->source);
}

/* m*q + n, as the law reads it */
static int32_t weight(const struct made *m, uint32_t row, uint32_t input) {
    const struct crux_tile *tile = &m->lattice.tile;
    uint32_t t = input / tile->chunk, count = crux_tile_inputs(tile, m->lattice.inputs, t);
    const uint8_t *bytes =
        m->tiles + row * m->row_bytes + (size_t)t * crux_tile_bytes(tile, tile->chunk);
    return crux_tile_value(tile, bytes, count, input % tile->chunk);
}

static double scale_of(const struct made *m, uint32_t row) {
    const struct crux_lattice_scale *s = &m->scale[row];
    return ldexp((double)s->num / s->den, s->exponent);
}

static void rows_have_a_rowmul(const struct made *m) {
    int32_t greatest = 0;
    for (uint32_t r = 0; r < ROWS; r++) {
        double exact = ldexp(scale_of(m, r), m->k);
        assert_true(fabs(exact - m->rowmul[r]) <= 0.5 + 1e-6);
        assert_true(m->rowmul[r] >= 0 && m->rowmul[r] <= 1 << 30);
        if (m->rowmul[r] > greatest) greatest = m->rowmul[r];
    }
    assert_true(greatest > 1 << 29); /* k is the greatest that serves */
}

static void block_types_keep_their_lattice(void **state) {
    (void)state;
    for (size_t t = 0; t < CRUX_ARRAY_LEN(block_numbers); t++) {
        struct made m;
        int64_t most = 0;
        make(&m, block_numbers[t], CRUX_WEIGHTS_INT8, INPUTS, t);
        const struct crux_block_type *type = m.lattice.type;
        int z = type->is_q4 ? 8 : 0;
        for (uint32_t r = 0; r < ROWS; r++) {
            double s = scale_of(&m, r), values[INPUTS];
            const uint8_t *row = m.source + r * m.source_row_bytes;
            assert_int_equal(crux_block_doubles(values, type, row, INPUTS), CRUX_OK);
            for (uint32_t i = 0; i < INPUTS; i++) {
                int8_t q[CRUX_BLOCK_INPUTS_MAX];
                struct crux_block_group group[CRUX_BLOCK_GROUPS_MAX];
                int64_t w = weight(&m, r, i);
                if (llabs(w) > most) most = llabs(w);
                assert_int_equal(
                    crux_block_decode(type, q, group, row + i / type->inputs * type->bytes),
                    CRUX_OK);
                /* half a step of m a step of q away from the middle, and half a step of n */
                double bound =
                    s * (0.5 * abs(q[i % type->inputs] - z) + (type->has_offsets ? 0.5 : 0));
                if (fabs((double)w * s - values[i]) > bound * (1 + 1e-9))
                    fail_msg("%s row %u input %u", type->name, (unsigned)r, (unsigned)i);
            }
        }
        assert_int_equal(most, m.lattice.most);
        rows_have_a_rowmul(&m);
        double error = sqrt(m.lattice.error / m.lattice.value);
        print_message("%-5s import error %.2e\n", type->name, error);
        assert_true(error < 3e-4);
        unmake(&m);
    }
}

/* The greatest error over a row, and its sum, against what rounding to `steps` steps a side can leave. */
static void check_float(uint32_t number, enum crux_weights weights, uint32_t inputs, double bound) {
    struct made m;
    make(&m, number, weights, inputs, number + 100);
    double error = 0, value = 0;
    int64_t most = 0;
    for (uint32_t r = 0; r < ROWS; r++) {
        double s = scale_of(&m, r), *values = calloc(inputs, sizeof *values);
        assert_int_equal(
            crux_block_doubles(values, m.lattice.type, m.source + r * m.source_row_bytes, inputs),
            CRUX_OK);
        for (uint32_t i = 0; i < inputs; i++) {
            int64_t w = weight(&m, r, i);
            if (llabs(w) > most) most = llabs(w);
            double off = (double)w * s - values[i];
            error += off * off;
            value += values[i] * values[i];
        }
        free(values);
    }
    assert_int_equal(most, m.lattice.most);
    rows_have_a_rowmul(&m);
    double relative = sqrt(error / value), told = sqrt(m.lattice.error / m.lattice.value);
    print_message("%-4s weights %d: import error %.3e\n", m.lattice.type->name, (int)weights,
                  relative);
    assert_true(relative < bound);
    assert_true(fabs(relative - told) < 1e-6 + 1e-3 * relative);
    unmake(&m);
}

/* Weights spread like a triangle over +-2: rms 0.41 of the greatest. A step of int8 is 1/127, its rounding error
 * 0.29 of that: 0.55% of the rms; int16 256 times less; int4 (16 steps over the width) 9.5%. */
static void float_types_are_rounded(void **state) {
    (void)state;
    for (size_t t = 0; t < CRUX_ARRAY_LEN(float_numbers); t++) {
        check_float(float_numbers[t], CRUX_WEIGHTS_INT8, INPUTS, 0.0056);
        check_float(float_numbers[t], CRUX_WEIGHTS_INT16, INPUTS, 0.000025);
        check_float(float_numbers[t], CRUX_WEIGHTS_INT4, INPUTS, 0.095);
        check_float(float_numbers[t], CRUX_WEIGHTS_INT8, 333, 0.0056); /* a last group of 13 */
        check_float(float_numbers[t], CRUX_WEIGHTS_INT4, 333, 0.095);
    }
}

static void search_beats_the_absmax_rule(void **state) {
    struct made m;
    double error = 0;
    (void)state;
    make(&m, CRUX_BLOCK_F32, CRUX_WEIGHTS_INT8, INPUTS, 3);
    for (uint32_t r = 0; r < ROWS; r++) {
        double values[INPUTS];
        double unit = ldexp(1, 2 * CRUX_BLOCK_UNIT_BITS);
        assert_int_equal(
            crux_block_doubles(values, m.lattice.type, m.source + r * m.source_row_bytes, INPUTS),
            CRUX_OK);
        for (uint32_t g = 0; g < INPUTS; g += 32) {
            double most = 0;
            for (uint32_t i = 0; i < 32; i++) most = fmax(most, fabs(values[g + i]));
            for (uint32_t i = 0; i < 32 && most > 0; i++) {
                double off = values[g + i] - round(values[g + i] / most * 127) * most / 127;
                error += off * off * unit;
            }
        }
    }
    print_message("search %.4f of the absmax rule's error\n", sqrt(m.lattice.error / error));
    assert_true(m.lattice.error < 0.99 * error);
    unmake(&m);
}

static void what_is_not_finite_is_refused(void **state) {
    (void)state;
    for (size_t t = 0; t < CRUX_ARRAY_LEN(block_numbers) + CRUX_ARRAY_LEN(float_numbers); t++) {
        bool is_block = t < CRUX_ARRAY_LEN(block_numbers);
        struct made m;
        make(&m, is_block ? block_numbers[t] : float_numbers[t - CRUX_ARRAY_LEN(block_numbers)],
             CRUX_WEIGHTS_INT8, INPUTS, t);
        uint8_t *row = m.source + m.source_row_bytes;
        size_t last = m.source_row_bytes - m.lattice.type->bytes; /* the last block's scale */
        if (m.lattice.type->number == CRUX_BLOCK_Q6_K) last += 208;
        if (m.lattice.type->number == CRUX_BLOCK_F32) last += 2;
        row[last] = 0x80;
        row[last + 1] = 0x7f;
        assert_int_equal(crux_lattice_row(&m.lattice, m.tiles, 0, row), CRUX_E_BAD_RANGE);
        unmake(&m);
    }
}

static void quotients_round_halves_up(void **state) {
    (void)state;
    for (int64_t a = -50; a <= 50; a++) {
        for (int64_t b = 1; b <= 12; b++)
            assert_int_equal(crux_lattice_quotient(a, b),
                             (int64_t)floor((double)a / (double)b + 0.5));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_types_keep_their_lattice),
        cmocka_unit_test(float_types_are_rounded),
        cmocka_unit_test(search_beats_the_absmax_rule),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(quotients_round_halves_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
