/* The stand-ins for the C library's memory functions against the C library's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define memcpy  tested_memcpy
#define memmove tested_memmove
#define memset  tested_memset
#define memcmp  tested_memcmp
#include "kernels/base/freestanding_mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

enum { BYTES = 24 };

static void fill(unsigned char *out) {
    for (int i = 0; i < BYTES; i++) out[i] = (unsigned char)(i * 37 + 200);
}

static void test_every_small_move(void **state) {
    (void)state;
    for (size_t to = 0; to < BYTES; to++) {
        for (size_t from = 0; from < BYTES; from++) {
            for (size_t len = 0; to + len <= BYTES && from + len <= BYTES; len++) {
                unsigned char ours[BYTES], theirs[BYTES];
                fill(ours);
                fill(theirs);
                assert_ptr_equal(tested_memmove(ours + to, ours + from, len), ours + to);
                memmove(theirs + to, theirs + from, len);
                assert_memory_equal(ours, theirs, BYTES);
            }
        }
    }
}

static void test_copy_and_set(void **state) {
    (void)state;
    for (size_t len = 0; len <= BYTES; len++) {
        unsigned char in[BYTES], ours[BYTES] = {0}, theirs[BYTES] = {0};
        fill(in);
        assert_ptr_equal(tested_memcpy(ours, in, len), ours);
        memcpy(theirs, in, len);
        assert_memory_equal(ours, theirs, BYTES);
        assert_ptr_equal(tested_memset(ours, 0x1ab, len), ours);
        memset(theirs, 0x1ab, len);
        assert_memory_equal(ours, theirs, BYTES);
    }
}

static void test_compare(void **state) {
    unsigned char a[BYTES], b[BYTES];
    (void)state;
    fill(a);
    for (size_t at = 0; at < BYTES; at++) {
        fill(b);
        assert_int_equal(tested_memcmp(a, b, BYTES), 0);
        b[at] = (unsigned char)(a[at] ^ 0x80);
        assert_int_equal(tested_memcmp(a, b, at), 0);
        assert_int_equal(tested_memcmp(a, b, BYTES), a[at] < b[at] ? -1 : 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_small_move),
                                       cmocka_unit_test(test_copy_and_set),
                                       cmocka_unit_test(test_compare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
