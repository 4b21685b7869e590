#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bisection/commitment/claim.h"
#include "tests/bisection/commitment/flips.h"

static enum crux_status decode(uint8_t *again, const uint8_t *in, size_t len) {
    struct crux_claim claim;
    enum crux_status status = crux_claim_decode(&claim, in, len);
    if (status == CRUX_OK) crux_claim_encode(again, &claim);
    return status;
}

static bool allowed(const uint8_t *in) {
    uint64_t p = u32_at(in + 128), n = u32_at(in + 132), cancelled = u32_at(in + 136);
    return p > 0 && n > 0 && p + n - 1 <= 1 << 24 && (cancelled == 0 || cancelled == n);
}

static const struct flips flips = {CRUX_CLAIM_BYTES, decode, allowed, CRUX_E_CLAIM_INVALID};

static void every_bit(void **unused CRUX_UNUSED) {
    static const uint32_t counts[][3] = {
        {1, 1, 0}, {1, 1, 1}, {5, 3, 3}, {1 << 24, 1, 0}, {1, 1 << 24, 0}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(counts); i++) {
        struct crux_claim claim;
        uint8_t bytes[CRUX_CLAIM_BYTES];
        unsigned refused;
        memset(&claim, 0x5a, sizeof claim);
        claim.request_tokens = counts[i][0];
        claim.chosen_tokens = counts[i][1];
        claim.cancelled = counts[i][2];
        crux_claim_encode(bytes, &claim);
        check_flips(&flips, bytes, &refused);
        assert_true(refused >= 32); /* at least every flip of `cancelled` but one */
    }
}

static void limits(void **unused CRUX_UNUSED) {
    static const struct {
        uint32_t p, n, cancelled;
        bool valid;
    } cases[] = {
        {0, 1, 0, false},
        {1, 0, 0, false},
        {0, 0, 0, false},
        {1, 1, 2, false},
        {3, 2, 3, false},
        {1, 1 << 24, 0, true},
        {1, (1 << 24) + 1, 0, false},
        {2, (1 << 24) - 1, 0, true},
        {2, 1 << 24, 0, false},
        {UINT32_MAX, 1, 0, false},
        {1, UINT32_MAX, 0, false},
        {UINT32_MAX, UINT32_MAX, 0, false},
        {UINT32_MAX, 2, 0, false},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        struct crux_claim claim = {.request_tokens = cases[i].p,
                                   .chosen_tokens = cases[i].n,
                                   .cancelled = cases[i].cancelled};
        uint8_t bytes[CRUX_CLAIM_BYTES], again[CRUX_CLAIM_BYTES];
        enum crux_status expected = cases[i].valid ? CRUX_OK : CRUX_E_CLAIM_INVALID;
        assert_int_equal(crux_claim_check(&claim), expected);
        crux_claim_encode(bytes, &claim);
        assert_int_equal(decode(again, bytes, sizeof bytes), expected);
        if (cases[i].valid)
            assert_int_equal(crux_claim_positions(&claim), cases[i].p + cases[i].n - 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
