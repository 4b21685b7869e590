/* What an executor says of a claim: JSON from a stranger, believed only as far as its hashes go. A receipt's document
 * (receipt.h) has the same fields and more, and is read by the same functions.
 *
 *   {"claim": 140 bytes, "request": 240 bytes, "request_tokens": [..], "output_tokens": [..], ...}   bytes in hexadecimal */
#ifndef CRUX_CHALLENGER_DOCUMENT_H
#define CRUX_CHALLENGER_DOCUMENT_H

#include "bisection/bisection.h"
#include "chain-adapter/io/json.h"

struct challenger_document {
    struct crux_claim claim;
    uint8_t request[CRUX_REQUEST_BYTES];
    uint32_t *tokens; /* claim.request_tokens of them: those that the request commits */
    uint32_t
        *output; /* claim.chosen_tokens, those that the claim commits; NULL: none such were said */
};
void challenger_document_free(struct challenger_document *document);

/* Out: document, to be freed if CRUX_OK is returned; error, otherwise.
 * In: claim_hash, of the claim asked about.
 * Returns: crux_json_read's; CRUX_E_SYNTAX for what is no such object; CRUX_E_CLAIM_MISMATCH, CRUX_E_REQUEST_MISMATCH,
 *          CRUX_E_PUBLICATION_MISMATCH for contents of other hashes. */
CRUX_MUST_CHECK
enum crux_status challenger_document_read(struct challenger_document *document,
                                          struct crux_json_error *error, const char *json,
                                          size_t len, const uint8_t claim_hash[32]);

/* ---- its fields, one by one: each fails `fields` where one is missing or is not of its kind ---- */

/* Fails unless `given`. */
void challenger_document_need(struct crux_json_fields *fields, bool given, const char *name);
/* Takes "claim" and "request". What they say of each other is not compared. */
void challenger_document_take(struct crux_json_fields *fields, struct crux_claim *claim,
                              uint8_t request[CRUX_REQUEST_BYTES]);
/* Out: list, malloced, of just so many tokens; left alone on failure.  In: count, up to CRUX_POSITIONS_MAX. */
void challenger_document_tokens(struct crux_json_fields *fields, uint32_t **list, uint32_t count,
                                const char *name);

#endif
