/* Any bytes as the document of a receipt: no crash, and what is read holds together as far as its reader says. */
#include <string.h>

#include "challenger/challenger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_challenger_receipt receipt, again;
    char message[CRUX_CHALLENGER_RECEIPT_MESSAGE_BYTES] = "";
    uint8_t hash[32], bytes[CRUX_RECEIPT_BYTES];
    enum crux_status status =
        crux_challenger_receipt_read(&receipt, message, (const char *)data, size);
    CRUX_ASSERT((status == CRUX_OK) == (message[0] == 0));
    if (status == CRUX_OK) {
        CRUX_ASSERT(receipt.tokens != NULL && receipt.output != NULL);
        CRUX_ASSERT(receipt.claim.request_tokens > 0 && receipt.claim.chosen_tokens > 0);
        crux_claim_hash(hash, &receipt.claim);
        CRUX_ASSERT(memcmp(hash, receipt.fields.claim_hash, 32) == 0);
        crux_request_hash(hash, receipt.request);
        CRUX_ASSERT(memcmp(hash, receipt.fields.request_hash, 32) == 0);
        crux_receipt_encode(bytes, &receipt.fields);
        CRUX_ASSERT(crux_receipt_decode(&again.fields, bytes, sizeof bytes) == CRUX_OK);
        CRUX_ASSERT(receipt.is_posted == (receipt.path != NULL));
        CRUX_ASSERT(crux_challenger_tokens_root(hash, receipt.tokens,
                                                receipt.claim.request_tokens) == CRUX_OK);
    }
    crux_challenger_receipt_free(&receipt);
    return 0;
}
