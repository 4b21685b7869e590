#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bisection/commitment/receipt.h"
#include "bisection/game/records.h"
#include "tests/bisection/commitment/flips.h"

static enum crux_status decode(uint8_t *again, const uint8_t *in, size_t len) {
    struct crux_receipt receipt;
    enum crux_status status = crux_receipt_decode(&receipt, in, len);
    if (status == CRUX_OK) crux_receipt_encode(again, &receipt);
    return status;
}

/* Written from spec/85-receipts.md: mode at 148, requester at 149, deadline at 169. */
static bool allowed(const uint8_t *in) {
    bool zero = true;
    for (unsigned i = 149; i < 169; i++) zero = zero && in[i] == 0;
    uint64_t deadline = 0;
    for (unsigned i = 8; i-- > 0;) deadline = deadline << 8 | in[169 + i];
    if (deadline == 0 || deadline >> 40 != 0) return false;
    if (in[148] == CRUX_MODE_PRIVATE) return !zero;
    return zero && (in[148] == CRUX_MODE_FULL || in[148] == CRUX_MODE_BATCHED);
}

static const struct flips flips = {CRUX_RECEIPT_BYTES, decode, allowed, CRUX_E_RECEIPT_INVALID};

static struct crux_receipt sample(uint8_t mode) {
    struct crux_receipt receipt;
    memset(&receipt, 0x5a, sizeof receipt);
    receipt.mode = mode;
    receipt.deadline = 1;
    if (mode != CRUX_MODE_PRIVATE) memset(receipt.requester, 0, sizeof receipt.requester);
    return receipt;
}

static void every_bit(void **unused CRUX_UNUSED) {
    for (uint8_t mode = CRUX_MODE_FULL; mode <= CRUX_MODE_PRIVATE; mode++) {
        struct crux_receipt receipt = sample(mode);
        uint8_t bytes[CRUX_RECEIPT_BYTES];
        unsigned refused;
        crux_receipt_encode(bytes, &receipt);
        check_flips(&flips, bytes, &refused);
        assert_true(refused >= 6 + 24); /* of the mode, and the high bits of the deadline */
    }
}

/* The digest is that of the tag, padded, and the encoded bytes; each byte of it counts. */
static void digest(void **unused CRUX_UNUSED) {
    struct crux_receipt receipt = sample(CRUX_MODE_BATCHED);
    uint8_t bytes[16 + CRUX_RECEIPT_BYTES] = "crux-receipt-v1", want[32], found[32];
    crux_receipt_encode(bytes + 16, &receipt);
    crux_sha256(want, bytes, sizeof bytes);
    crux_receipt_digest(found, &receipt);
    assert_memory_equal(found, want, 32);
    receipt.deadline++;
    crux_receipt_digest(found, &receipt);
    assert_memory_not_equal(found, want, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit),
        cmocka_unit_test(digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
