/* What an executor says of a claim by HTTP: JSON from a stranger, believed only as far as its hashes go.
 *
 *   {"claim": 140 bytes, "request": 240 bytes, "request_tokens": [..], "output_tokens": [..], ...}   bytes in hexadecimal */
#ifndef CRUX_CHALLENGER_DOCUMENT_H
#define CRUX_CHALLENGER_DOCUMENT_H

#include "bisection/bisection.h"

struct challenger_document {
    struct crux_claim claim;
    uint8_t request[CRUX_REQUEST_BYTES];
    uint32_t *tokens; /* claim.request_tokens of them: those that the request commits */
    uint32_t
        *output; /* claim.chosen_tokens, those that the claim commits; NULL: none such were said */
};
void challenger_document_free(struct challenger_document *document);

/* Out: document, to be freed if CRUX_OK is returned; why, otherwise, what is wrong, a constant.
 * In: claim_hash, of the claim asked about.
 * Returns: CRUX_E_SYNTAX for what is no such object; CRUX_E_CLAIM_MISMATCH, CRUX_E_REQUEST_MISMATCH,
 *          CRUX_E_PUBLICATION_MISMATCH for contents of other hashes; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status challenger_document_read(struct challenger_document *document, const char **why,
                                          const char *json, size_t len,
                                          const uint8_t claim_hash[32]);

/* Out: root, of a list of tokens as requests and outputs commit it. */
CRUX_MUST_CHECK
enum crux_status challenger_tokens_root(uint8_t root[32], const uint32_t *tokens, uint32_t count);

#endif
