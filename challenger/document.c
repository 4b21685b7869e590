#include "challenger/document.h"

#include <stdlib.h>
#include <string.h>

#include "challenger/receipt.h"

void challenger_document_free(struct challenger_document *document) {
    free(document->tokens);
    free(document->output);
    document->tokens = document->output = NULL;
}

/* ---- fields ---- */

void challenger_document_need(struct crux_json_fields *fields, bool given, const char *name) {
    if (!given)
        crux_json_fail(fields, CRUX_E_SYNTAX, name, "is missing"); /* unless it has failed */
}

void challenger_document_take(struct crux_json_fields *fields, struct crux_claim *claim,
                              uint8_t request[CRUX_REQUEST_BYTES]) {
    uint8_t bytes[CRUX_CLAIM_BYTES] = {0};
    challenger_document_need(fields, crux_json_hex(fields, request, CRUX_REQUEST_BYTES, "request"),
                             "request");
    challenger_document_need(fields, crux_json_hex(fields, bytes, sizeof bytes, "claim"), "claim");
    if (fields->status != CRUX_OK) return;
    enum crux_status status = crux_claim_decode(claim, bytes, sizeof bytes);
    if (status != CRUX_OK) crux_json_fail(fields, status, "claim", "contradicts itself");
}

void challenger_document_tokens(struct crux_json_fields *fields, uint32_t **list, uint32_t count,
                                const char *name) {
    const json_t *array;
    if (!crux_json_array_of(fields, &array, name, CRUX_POSITIONS_MAX)) {
        challenger_document_need(fields, false, name);
        return;
    }
    if (json_array_size(array) != count) {
        crux_json_fail(fields, CRUX_E_BAD_RANGE, name, "are not as many as the claim says");
        return;
    }
    uint32_t *tokens = malloc((size_t)count * 4 + 1);
    if (tokens == NULL) {
        crux_json_fail(fields, CRUX_E_OUT_OF_MEMORY, name, "do not fit in memory");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const json_t *token = json_array_get(array, i);
        json_int_t number = json_is_integer(token) ? json_integer_value(token) : -1;
        if (number < 0 || number > UINT32_MAX) {
            crux_json_fail(fields, CRUX_E_BAD_RANGE, name, "hold something that is no token");
            free(tokens);
            return;
        }
        tokens[i] = (uint32_t)number;
    }
    *list = tokens;
}

/* ---- what a challenger believes of it ---- */

/* A list is kept if it has this root. What is wrong with it otherwise is nobody's business: it is as good as none. */
static void believe(struct crux_json_fields *fields, uint32_t **list, uint32_t count,
                    const uint8_t root[32], const char *name) {
    struct crux_json_error error;
    struct crux_json_fields own = *fields;
    uint8_t found[32];
    if (fields->status != CRUX_OK) return;
    own.error = &error;
    challenger_document_tokens(&own, list, count, name);
    if (*list != NULL) own.status = crux_challenger_tokens_root(found, *list, count);
    if (own.status == CRUX_E_OUT_OF_MEMORY)
        crux_json_fail(fields, own.status, name, "do not fit in memory");
    if (*list == NULL || (own.status == CRUX_OK && memcmp(found, root, 32) == 0)) return;
    free(*list);
    *list = NULL;
}

static void take(struct crux_json_fields *fields, struct challenger_document *document,
                 const uint8_t claim_hash[32]) {
    const struct crux_claim *claim = &document->claim;
    struct crux_request request;
    uint8_t hash[32];
    challenger_document_take(fields, &document->claim, document->request);
    if (fields->status != CRUX_OK) return;
    crux_claim_hash(hash, claim);
    if (memcmp(hash, claim_hash, 32) != 0) {
        crux_json_fail(fields, CRUX_E_CLAIM_MISMATCH, "claim", "is another one");
        return;
    }
    crux_request_hash(hash, document->request);
    if (memcmp(hash, claim->request_hash, 32) != 0) {
        crux_json_fail(fields, CRUX_E_REQUEST_MISMATCH, "request", "is not that of the claim");
        return;
    }
    crux_request_read(&request, document->request);
    /* A claim about another number of tokens than its request's is false by these bytes alone. */
    if (request.request_tokens <= CRUX_POSITIONS_MAX)
        believe(fields, &document->tokens, request.request_tokens, request.tokens_root,
                "request_tokens");
    believe(fields, &document->output, claim->chosen_tokens, claim->output_root, "output_tokens");
    if (document->tokens == NULL && request.request_tokens == claim->request_tokens)
        crux_json_fail(fields, CRUX_E_PUBLICATION_MISMATCH, "request_tokens",
                       "are not those of the request");
}

enum crux_status challenger_document_read(struct challenger_document *document,
                                          struct crux_json_error *error, const char *json,
                                          size_t len, const uint8_t claim_hash[32]) {
    struct crux_json_fields fields;
    json_t *value;
    memset(document, 0, sizeof *document);
    enum crux_status status = crux_json_read(&value, error, json, len, len);
    if (status != CRUX_OK) return status;
    crux_json_fields(&fields, value, "", error);
    take(&fields, document, claim_hash);
    json_decref(value);
    if (fields.status != CRUX_OK) challenger_document_free(document);
    return fields.status;
}
