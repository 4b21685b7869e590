/* Rows for byte dots, prepared in plain C and by vectors: the same bytes, and those that planes.h names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kernels/backends/backends.h"
#include "kernels/backends/pairs.h"
#include "kernels/backends/planes.h"
#include "tests/support/random.h"

enum { INPUTS_MAX = 333 };

static uint8_t plain[160 * (INPUTS_MAX / 32 + 2) + 64], fast[sizeof plain];

static void fill(int16_t *x, uint32_t inputs, struct crux_random *random) {
    bool extreme = crux_random_one_in(random, 2);
    for (uint32_t i = 0; i < inputs; i++)
        x[i] =
            (int16_t)(extreme ? crux_random_edgy(random, -CRUX_LIMIT_LINEAR, CRUX_LIMIT_LINEAR)
                              : crux_random_between(random, -CRUX_LIMIT_LINEAR, CRUX_LIMIT_LINEAR));
}

static void planes_are_the_inputs(void **state CRUX_UNUSED) {
    struct crux_random random = {30};
    for (uint32_t inputs = 1; inputs <= INPUTS_MAX; inputs++) {
        int16_t x[INPUTS_MAX];
        fill(x, inputs, &random);
        memset(plain, 0xa5, sizeof plain);
        crux_planes_prepare(plain, x, inputs);
        for (uint32_t i = 0; i < inputs; i++) {
            const uint8_t *block = plain + crux_planes_block_at(i / 32);
            assert_int_equal(x[i],
                             256 * (int8_t)block[i % 32] + (int8_t)block[CRUX_PLANES_LOW + i % 32]);
        }
        /* The last group of 16, by its meaning. */
        int32_t sum = 0;
        uint32_t last = (inputs - 1) / 16;
        for (uint32_t i = 16 * last; i < inputs; i++) sum += x[i];
        struct crux_planes_bytes bytes;
        memcpy(&bytes,
               plain + crux_planes_bytes_at(crux_panel_blocks(inputs), 16) + sizeof bytes * last,
               sizeof bytes);
        assert_int_equal(bytes.x, sum);
        assert_int_equal(bytes.start, -128 * sum);
        assert_int_equal(sum, 65536 * (int16_t)(uint16_t)bytes.x_high +
                                  (int16_t)(uint16_t)(bytes.x_low >> 16));
    }
}

#ifdef __x86_64__
typedef void prepare_function(void *row, const int16_t *x, uint32_t inputs);

static void compare(prepare_function *by_vectors, prepare_function *in_c,
                    size_t (*row_bytes)(uint32_t inputs)) {
    struct crux_random random = {31};
    for (uint32_t i = 0; i < 3 * INPUTS_MAX; i++) {
        uint32_t inputs = 1 + i % INPUTS_MAX;
        int16_t x[INPUTS_MAX];
        fill(x, inputs, &random);
        memset(plain, 0xa5, sizeof plain);
        memset(fast, 0x5a, sizeof fast);
        in_c(plain, x, inputs);
        by_vectors(fast, x, inputs);
        assert_memory_equal(plain, fast, row_bytes(inputs));
    }
}

static size_t planes_bytes(uint32_t inputs) {
    return crux_planes_row_bytes(inputs);
}

static size_t pairs_bytes(uint32_t inputs) {
    return crux_pairs_row_bytes(inputs);
}

static void avx512_prepares_the_same(void **state CRUX_UNUSED) {
    if (crux_backend_vnni.unavailable() != NULL) {
        print_message("[  skipped ] %s\n", crux_backend_vnni.unavailable());
        skip();
    }
    compare(crux_planes_prepare_avx512, crux_planes_prepare, planes_bytes);
}

static void avx2_prepares_the_same(void **state CRUX_UNUSED) {
    if (crux_backend_avx2.unavailable() != NULL) {
        print_message("[  skipped ] %s\n", crux_backend_avx2.unavailable());
        skip();
    }
    compare(crux_planes_prepare_avx2, crux_planes_prepare, planes_bytes);
    compare(crux_pairs_prepare_avx2, crux_pairs_prepare, pairs_bytes);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_are_the_inputs),
#ifdef __x86_64__
        cmocka_unit_test(avx512_prepares_the_same),
        cmocka_unit_test(avx2_prepares_the_same),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
