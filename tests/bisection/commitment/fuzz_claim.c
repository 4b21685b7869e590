/* The first byte says which decoder, the rest is its input: claim, element, request or receipt. What decodes checks, and
 * encodes to the same bytes; any 240 bytes are read as a request and encode to themselves. */
#include <string.h>

#include "bisection/commitment/claim.h"
#include "bisection/commitment/element.h"
#include "bisection/commitment/receipt.h"
#include "bisection/commitment/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void claim(const uint8_t *in, size_t len) {
    struct crux_claim claim;
    uint8_t again[CRUX_CLAIM_BYTES], hash[32];
    if (crux_claim_decode(&claim, in, len) != CRUX_OK) return;
    CRUX_ASSERT(len == sizeof again && crux_claim_check(&claim) == CRUX_OK);
    CRUX_ASSERT(crux_claim_positions(&claim) >= 1 &&
                crux_claim_positions(&claim) <= CRUX_POSITIONS_MAX);
    crux_claim_encode(again, &claim);
    CRUX_ASSERT(memcmp(again, in, len) == 0);
    crux_claim_hash(hash, &claim);
}

static void element(const uint8_t *in, size_t len) {
    struct crux_element_id element;
    uint8_t again[CRUX_ELEMENT_BYTES];
    if (crux_element_decode(&element, in, len) != CRUX_OK) return;
    CRUX_ASSERT(len == sizeof again && crux_element_check(&element) == CRUX_OK);
    crux_element_encode(again, &element);
    CRUX_ASSERT(memcmp(again, in, len) == 0);
}

static void request(const uint8_t *in, size_t len) {
    struct crux_request request;
    uint8_t again[CRUX_REQUEST_BYTES];
    enum crux_status status = crux_request_decode(&request, in, len);
    CRUX_ASSERT((status == CRUX_E_TRUNCATED) == (len < sizeof again));
    CRUX_ASSERT((status == CRUX_E_TRAILING_BYTES) == (len > sizeof again));
    if (len != sizeof again) return;
    CRUX_ASSERT(crux_request_check(&request) == status);
    crux_request_encode(again, &request);
    CRUX_ASSERT(memcmp(again, in, len) == 0);
}

static void receipt(const uint8_t *in, size_t len) {
    struct crux_receipt receipt;
    uint8_t again[CRUX_RECEIPT_BYTES], digest[32];
    enum crux_status status = crux_receipt_decode(&receipt, in, len);
    CRUX_ASSERT((status == CRUX_E_TRUNCATED) == (len < sizeof again));
    CRUX_ASSERT((status == CRUX_E_TRAILING_BYTES) == (len > sizeof again));
    if (status != CRUX_OK) return;
    CRUX_ASSERT(crux_receipt_check(&receipt) == CRUX_OK);
    crux_receipt_encode(again, &receipt);
    CRUX_ASSERT(memcmp(again, in, len) == 0);
    crux_receipt_digest(digest, &receipt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    switch (data[0] % 4) {
    case 0: claim(data + 1, size - 1); break;
    case 1: element(data + 1, size - 1); break;
    case 2: request(data + 1, size - 1); break;
    case 3: receipt(data + 1, size - 1); break;
    }
    return 0;
}
