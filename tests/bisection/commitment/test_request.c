#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bisection/commitment/request.h"
#include "tests/bisection/commitment/flips.h"

static enum crux_status decode(uint8_t *again, const uint8_t *in, size_t len) {
    struct crux_request request;
    enum crux_status status = crux_request_decode(&request, in, len);
    if (status == CRUX_OK) crux_request_encode(again, &request);
    return status;
}

enum { SAMPLE_AT = 96, P_AT = 100, LIMIT_AT = 104, STOP_COUNT_AT = 108, STOPS_AT = 112 };

static bool allowed(const uint8_t *in) {
    uint32_t stops = u32_at(in + STOP_COUNT_AT);
    if (u32_at(in + P_AT) == 0 || u32_at(in + LIMIT_AT) == 0 || stops > 8) return false;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t stop = u32_at(in + STOPS_AT + 4 * i);
        if (i >= stops && stop != 0) return false;
        if (i > 0 && i < stops && stop <= u32_at(in + STOPS_AT + 4 * (i - 1))) return false;
    }
    return true;
}

static const struct flips flips = {CRUX_REQUEST_BYTES, decode, allowed, CRUX_E_REQUEST_INVALID};

static void make(uint8_t out[CRUX_REQUEST_BYTES], uint32_t stop_count) {
    struct crux_request request;
    memset(&request, 0x3c, sizeof request);
    memset(request.stop, 0, sizeof request.stop);
    request.request_tokens = 1;
    request.limit = 2;
    request.stop_count = stop_count;
    for (uint32_t i = 0; i < stop_count; i++) request.stop[i] = i * 3; /* token 0 may be a stop */
    crux_request_encode(out, &request);
}

static void every_bit(void **unused CRUX_UNUSED) {
    for (uint32_t stops = 0; stops <= 8; stops++) {
        uint8_t bytes[CRUX_REQUEST_BYTES];
        unsigned refused;
        make(bytes, stops);
        check_flips(&flips, bytes, &refused);
        assert_true(refused >=
                    28 + 32 * (8 - stops)); /* counts above 15, and every bit of an unused stop */
    }
}

static void stops_ascend(void **unused CRUX_UNUSED) {
    uint8_t bytes[CRUX_REQUEST_BYTES], again[CRUX_REQUEST_BYTES];
    for (size_t i = 1; i < 8; i++) {
        make(bytes, 8);
        memcpy(bytes + STOPS_AT + 4 * i, bytes + STOPS_AT + 4 * (i - 1), 4); /* equal */
        assert_int_equal(decode(again, bytes, sizeof bytes), CRUX_E_REQUEST_INVALID);
    }
    make(bytes, 8);
    memset(bytes + STOPS_AT + 28, 0xff, 4); /* the last one may be the largest u32 */
    assert_int_equal(decode(again, bytes, sizeof bytes), CRUX_OK);
    make(bytes, 8);
    bytes[STOP_COUNT_AT] = 9;
    assert_int_equal(decode(again, bytes, sizeof bytes), CRUX_E_REQUEST_INVALID);
    memset(bytes + STOP_COUNT_AT, 0xff, 4);
    assert_int_equal(decode(again, bytes, sizeof bytes), CRUX_E_REQUEST_INVALID);
}

/* Reading takes anything, and loses nothing of it. */
static void any_bytes_can_be_read(void **unused CRUX_UNUSED) {
    uint32_t state = 1;
    for (int round = 0; round < 200; round++) {
        uint8_t bytes[CRUX_REQUEST_BYTES], again[CRUX_REQUEST_BYTES];
        struct crux_request request;
        for (size_t i = 0; i < sizeof bytes; i++) {
            state = state * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(state >> 24);
        }
        crux_request_read(&request, bytes);
        crux_request_encode(again, &request);
        assert_memory_equal(again, bytes, sizeof bytes);
        assert_int_equal(crux_request_check(&request),
                         allowed(bytes) ? CRUX_OK : CRUX_E_REQUEST_INVALID);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit),
        cmocka_unit_test(stops_ascend),
        cmocka_unit_test(any_bytes_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
