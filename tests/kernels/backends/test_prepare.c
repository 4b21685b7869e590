/* Rows for byte dots, prepared in plain C and by vectors: the same bytes, and those that planes.h names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kernels/backends/pairs.h"
#include "kernels/backends/planes.h"
#include "tests/support/random.h"

enum { INPUTS_MAX = 333 };

static uint8_t plain[160 * (INPUTS_MAX / 32 + 1) + 64], fast[sizeof plain];

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
            const uint8_t *block = plain + 64 * (size_t)(i / 32);
            assert_int_equal(x[i], 256 * (int8_t)block[i % 32] + (int8_t)block[32 + i % 32]);
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

static void vectors_prepare_the_same(void **state CRUX_UNUSED) {
#ifdef __x86_64__
    struct crux_random random = {31};
    if (!__builtin_cpu_supports("avx512vnni") || !__builtin_cpu_supports("avx512bw")) {
        print_message("[  skipped ] this processor has no AVX-512 VNNI\n");
        skip();
    }
    for (uint32_t i = 0; i < 3 * INPUTS_MAX; i++) {
        uint32_t inputs = 1 + i % INPUTS_MAX;
        int16_t x[INPUTS_MAX];
        fill(x, inputs, &random);
        memset(plain, 0xa5, sizeof plain);
        memset(fast, 0x5a, sizeof fast);
        crux_planes_prepare(plain, x, inputs);
        crux_planes_prepare_avx512(fast, x, inputs);
        assert_memory_equal(plain, fast, crux_planes_row_bytes(inputs));
    }
#else
    print_message("[  skipped ] no x86 here\n");
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_are_the_inputs),
        cmocka_unit_test(vectors_prepare_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
