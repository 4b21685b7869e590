/* Which backend is used; and that a wrong one is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kernels/backends/backends.h"

static const struct crux_backend *const honest = &crux_backend_reference;

static void each_passes_known_answers(void **state CRUX_UNUSED) {
    size_t count;
    const struct crux_backend *const *list = crux_backend_list(&count);
    for (size_t i = 0; i < count; i++) {
        const char *why = list[i]->unavailable();
        const struct crux_backend *chosen = NULL;
        if (why != NULL) {
            print_message("[  skipped ] %s: %s\n", list[i]->name, why);
            assert_int_equal(crux_backend_select(&chosen, list[i]->name), CRUX_E_UNSUPPORTED);
            assert_null(chosen);
            continue;
        }
        assert_int_equal(crux_backend_known_answers(list[i]), CRUX_OK);
        assert_int_equal(crux_backend_select(&chosen, list[i]->name), CRUX_OK);
        assert_ptr_equal(chosen, list[i]);
    }
    assert_ptr_equal(list[count - 1], honest);
}

static void first_available_is_chosen(void **state CRUX_UNUSED) {
    size_t count, first = 0;
    const struct crux_backend *const *list = crux_backend_list(&count);
    const struct crux_backend *chosen = NULL, *automatic = NULL;
    while (list[first]->unavailable() != NULL) first++;
    assert_int_equal(crux_backend_select(&chosen, NULL), CRUX_OK);
    assert_ptr_equal(chosen, list[first]);
    assert_int_equal(crux_backend_select(&automatic, "auto"), CRUX_OK);
    assert_ptr_equal(automatic, chosen);
    assert_int_equal(crux_backend_select(&chosen, "abacus"), CRUX_E_UNKNOWN_NAME);
    assert_ptr_equal(chosen, list[first]);
}

/* --- liars: right but for one thing --- */

static void product(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                    const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1, void *scratch) {
    honest->matmul(acc, acc_stride, w, prepared, rows, o0, o1, scratch);
}

/* One bit of one number, only in the longest sums. */
static void one_bit(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                    const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1, void *scratch) {
    product(acc, acc_stride, w, prepared, rows, o0, o1, scratch);
    if (w->inputs > 1000 && w->tile.width == 2 && o0 <= 16 && o1 > 16)
        acc[acc_stride + (16 - o0)] ^= 1;
}

/* As if sums were taken in 32 bits. */
static void narrow(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                   const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1, void *scratch) {
    product(acc, acc_stride, w, prepared, rows, o0, o1, scratch);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t o = 0; o < o1 - o0; o++)
            acc[r * acc_stride + o] = (int32_t)(uint32_t)(uint64_t)acc[r * acc_stride + o];
}

/* Right for whole matrices, wrong where threads would split them. */
static void part_shifted(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                         const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1,
                         void *scratch) {
    uint32_t from = o0 / 16 * 16;
    product(acc, acc_stride, w, prepared, rows, from, from + (o1 - o0), scratch);
}

/* The last input of a row is forgotten. */
static void prepare_short(void *row, const int16_t *x, uint32_t inputs) {
    int16_t last = 0;
    honest->prepare(row, x, inputs);
    memcpy((uint8_t *)row + 2 * (inputs - 1), &last, sizeof last);
}

static void liars_are_refused(void **state CRUX_UNUSED) {
    struct crux_backend liar = *honest;
    assert_int_equal(crux_backend_known_answers(&liar), CRUX_OK);
    liar.matmul = one_bit;
    assert_int_equal(crux_backend_known_answers(&liar), CRUX_E_KNOWN_ANSWER_FAILED);
    liar.matmul = narrow;
    assert_int_equal(crux_backend_known_answers(&liar), CRUX_E_KNOWN_ANSWER_FAILED);
    liar.matmul = part_shifted;
    assert_int_equal(crux_backend_known_answers(&liar), CRUX_E_KNOWN_ANSWER_FAILED);
    liar.matmul = honest->matmul;
    liar.prepare = prepare_short;
    assert_int_equal(crux_backend_known_answers(&liar), CRUX_E_KNOWN_ANSWER_FAILED);
    liar.prepare = honest->prepare;
    assert_int_equal(crux_backend_known_answers(&liar), CRUX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_passes_known_answers),
        cmocka_unit_test(first_available_is_chosen),
        cmocka_unit_test(liars_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
