/* What an executor says of a claim, any bytes: no crash, and what is believed has the hashes of the claim. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/document.h"
#include "challenger/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The hash that is asked about is that of the claim in the text, if there is one: else nothing would ever be read. */
static void find_hash(uint8_t hash[32], const uint8_t *data, size_t size) {
    uint8_t bytes[CRUX_CLAIM_BYTES];
    struct crux_claim claim;
    memset(hash, 0, 32);
    json_t *object = json_loadb((const char *)data, size, 0, NULL);
    const char *text = json_string_value(json_object_get(object, "claim"));
    bool whole = text != NULL && strlen(text) == 2 * sizeof bytes;
    for (size_t i = 0; whole && i < sizeof bytes; i++) {
        unsigned byte;
        whole = sscanf(text + 2 * i, "%2x", &byte) == 1;
        bytes[i] = (uint8_t)byte;
    }
    if (whole && crux_claim_decode(&claim, bytes, sizeof bytes) == CRUX_OK)
        crux_claim_hash(hash, &claim);
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct challenger_document document;
    struct crux_request request;
    uint8_t hash[32], root[32];
    struct crux_json_error error;
    find_hash(hash, data, size);
    enum crux_status status =
        challenger_document_read(&document, &error, (const char *)data, size, hash);
    CRUX_ASSERT((status == CRUX_OK) == (error.message[0] == 0));
    if (status != CRUX_OK) return 0;
    crux_claim_hash(root, &document.claim);
    CRUX_ASSERT(memcmp(root, hash, 32) == 0);
    crux_request_hash(root, document.request);
    CRUX_ASSERT(memcmp(root, document.claim.request_hash, 32) == 0);
    crux_request_read(&request, document.request);
    if (document.tokens != NULL) {
        CRUX_ASSERT(crux_challenger_tokens_root(root, document.tokens, request.request_tokens) ==
                    CRUX_OK);
        CRUX_ASSERT(memcmp(root, request.tokens_root, 32) == 0);
    }
    if (document.output != NULL) {
        CRUX_ASSERT(crux_challenger_tokens_root(root, document.output,
                                                document.claim.chosen_tokens) == CRUX_OK);
        CRUX_ASSERT(memcmp(root, document.claim.output_root, 32) == 0);
    }
    challenger_document_free(&document);
    return 0;
}
