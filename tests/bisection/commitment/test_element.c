#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bisection/commitment/element.h"
#include "tests/bisection/commitment/flips.h"

static enum crux_status decode(uint8_t *again, const uint8_t *in, size_t len) {
    struct crux_element_id element;
    enum crux_status status = crux_element_decode(&element, in, len);
    if (status == CRUX_OK) crux_element_encode(again, &element);
    return status;
}

/* Which bytes of the encoding a kind may use: [from, to) pairs. spec/40-adjudicator.md#elements */
static const struct {
    size_t from, to;
} used[8][2] = {
    {{0, 0}, {0, 0}},    /* no kind 0 */
    {{1, 117}, {0, 0}},  /* value */
    {{1, 117}, {0, 0}},  /* padding */
    {{1, 9}, {85, 117}}, /* null: pos, layer, leaf hash */
    {{85, 117}, {0, 0}}, /* close: leaf hash */
    {{0, 0}, {0, 0}},    /* count: nothing */
    {{13, 21}, {0, 0}},  /* output: index */
    {{13, 21}, {0, 0}},  /* done: index */
};

static bool may_be_set(unsigned kind, size_t byte) {
    for (size_t i = 0; i < 2; i++) {
        if (byte >= used[kind][i].from && byte < used[kind][i].to) return true;
    }
    return false;
}

static bool allowed(const uint8_t *in) {
    if (in[0] < 1 || in[0] > 7) return false;
    for (size_t i = 1; i < CRUX_ELEMENT_BYTES; i++) {
        if (in[i] != 0 && !may_be_set(in[0], i)) return false;
    }
    return true;
}

static const struct flips flips = {CRUX_ELEMENT_BYTES, decode, allowed, CRUX_E_ELEMENT_INVALID};

/* Each kind with all its fields zero, and with all of them set. */
static void every_bit_of_every_kind(void **unused CRUX_UNUSED) {
    for (uint8_t kind = 1; kind <= 7; kind++) {
        for (int filled = 0; filled <= 1; filled++) {
            uint8_t bytes[CRUX_ELEMENT_BYTES] = {0};
            unsigned refused;
            bytes[0] = kind;
            for (size_t i = 1; i < sizeof bytes; i++) {
                if (filled != 0 && may_be_set(kind, i)) bytes[i] = (uint8_t)(i | 1);
            }
            check_flips(&flips, bytes, &refused);
            assert_true(refused >= 5); /* the kind's high bits */
        }
    }
}

static void every_kind_byte(void **unused CRUX_UNUSED) {
    for (unsigned kind = 0; kind < 256; kind++) {
        uint8_t bytes[CRUX_ELEMENT_BYTES] = {0};
        bytes[0] = (uint8_t)kind;
        check_bytes(&flips, bytes);
    }
}

static void fields_stand_where_the_spec_says(void **unused CRUX_UNUSED) {
    struct crux_element_id element = {.kind = CRUX_ELEMENT_VALUE,
                                      .pos = 0x01020304,
                                      .layer = 0x11121314,
                                      .op = 0x21222324,
                                      .index = UINT64_C(0x3132333435363738)};
    uint8_t bytes[CRUX_ELEMENT_BYTES];
    static const uint8_t head[] = {1,    4,    3,    2,    1,    0x14, 0x13, 0x12, 0x11, 0x24, 0x23,
                                   0x22, 0x21, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31};
    memset(element.record_root, 0xaa, 32);
    memset(element.tensors_root, 0xbb, 32);
    memset(element.leaf_hash, 0xcc, 32);
    crux_element_encode(bytes, &element);
    assert_int_equal(sizeof head, 21);
    assert_memory_equal(bytes, head, sizeof head);
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(bytes[21 + i], 0xaa);
        assert_int_equal(bytes[53 + i], 0xbb);
        assert_int_equal(bytes[85 + i], 0xcc);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_of_every_kind),
        cmocka_unit_test(every_kind_byte),
        cmocka_unit_test(fields_stand_where_the_spec_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
