/* The wasm stand-ins against the machine's own 128-bit integers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* Under names of our own: the compiler may have the others already. */
#define __multi3  tested_multi3
#define __ashlti3 tested_ashlti3
#define __lshrti3 tested_lshrti3
#define __ashrti3 tested_ashrti3
#include "kernels/base/freestanding_wide.c"

__extension__ typedef unsigned __int128 unsigned_wide;

enum { RANDOM_CASES = 20000 };

static const uint64_t EDGES[] = {
    0,
    1,
    2,
    3,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xfffffffffffffffe,
    UINT64_MAX,
};
enum { EDGE_COUNT = sizeof EDGES / sizeof EDGES[0] };

static uint64_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state ^ *state >> 29;
}

static wide make(uint64_t high, uint64_t low) {
    return (wide)((unsigned_wide)high << 64 | low);
}

static void check_product(wide a, wide b) {
    assert_true(tested_multi3(a, b) == (wide)((unsigned_wide)a * (unsigned_wide)b));
}

static void check_shifts(wide a) {
    for (int bits = 0; bits < 128; bits++) {
        assert_true(tested_ashlti3(a, bits) == (wide)((unsigned_wide)a << bits));
        assert_true(tested_lshrti3(a, bits) == (wide)((unsigned_wide)a >> bits));
        assert_true(tested_ashrti3(a, bits) == a >> bits);
    }
}

static void test_edges(void **state) {
    (void)state;
    for (int i = 0; i < EDGE_COUNT * EDGE_COUNT; i++) {
        wide a = make(EDGES[i / EDGE_COUNT], EDGES[i % EDGE_COUNT]);
        check_shifts(a);
        for (int k = 0; k < EDGE_COUNT * EDGE_COUNT; k++) {
            check_product(a, make(EDGES[k / EDGE_COUNT], EDGES[k % EDGE_COUNT]));
        }
    }
}

static void test_random(void **state) {
    uint64_t seed = 1;
    (void)state;
    for (int i = 0; i < RANDOM_CASES; i++) {
        wide a = make(next_random(&seed), next_random(&seed));
        check_product(a, make(next_random(&seed), next_random(&seed)));
        check_shifts(a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_edges), cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
