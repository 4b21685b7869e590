#include "challenger/document.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void challenger_document_free(struct challenger_document *document) {
    free(document->tokens);
    free(document->output);
    document->tokens = document->output = NULL;
}

enum crux_status challenger_tokens_root(uint8_t root[32], const uint32_t *tokens, uint32_t count) {
    struct crux_tensor list = {.elements = NULL};
    struct crux_merkle_append append;
    uint8_t page[CRUX_STEP_PAGE_BYTES], leaf[32];
    uint8_t *bytes = malloc((size_t)count * 4 + 1);
    if (bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) crux_store_u32(bytes + 4 * (size_t)i, tokens[i]);
    crux_layout_model(&list.layout, CRUX_U32, count);
    list.elements = bytes;
    crux_merkle_append_init(&append);
    enum crux_status status = CRUX_OK;
    for (uint64_t i = 0; status == CRUX_OK && i < list.layout.pages; i++) {
        uint32_t length = crux_tensor_page(page, &list, i);
        crux_merkle_leaf_hash(leaf, page, length);
        status = crux_merkle_append_leaf(&append, leaf);
    }
    if (status == CRUX_OK) crux_merkle_append_root(root, &append);
    free(bytes);
    return status;
}

static int digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool take_hex(uint8_t *out, size_t bytes, const json_t *value) {
    if (!json_is_string(value) || json_string_length(value) != 2 * bytes) return false;
    const char *text = json_string_value(value);
    for (size_t i = 0; i < bytes; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Out: tokens, malloced; NULL if the value is no list of just so many. */
static enum crux_status take_tokens(uint32_t **tokens, uint32_t count, const json_t *value) {
    *tokens = NULL;
    if (!json_is_array(value) || json_array_size(value) != count) return CRUX_OK;
    uint32_t *list = malloc((size_t)count * 4);
    if (list == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        const json_t *token = json_array_get(value, i);
        json_int_t number = json_is_integer(token) ? json_integer_value(token) : -1;
        if (number < 0 || number > UINT32_MAX) {
            free(list);
            return CRUX_OK;
        }
        list[i] = (uint32_t)number;
    }
    *tokens = list;
    return CRUX_OK;
}

/* Drops a list that does not have this root. */
static enum crux_status keep_if(uint32_t **tokens, uint32_t count, const uint8_t root[32]) {
    uint8_t found[32];
    if (*tokens == NULL) return CRUX_OK;
    enum crux_status status = challenger_tokens_root(found, *tokens, count);
    if (status != CRUX_OK || memcmp(found, root, 32) == 0) return status;
    free(*tokens);
    *tokens = NULL;
    return CRUX_OK;
}

static enum crux_status refuse(const char **why, enum crux_status status, const char *text) {
    *why = text;
    return status;
}

static enum crux_status take(struct challenger_document *document, const char **why,
                             const json_t *object, const uint8_t claim_hash[32]) {
    uint8_t bytes[CRUX_CLAIM_BYTES], hash[32];
    struct crux_request request;
    if (!take_hex(bytes, sizeof bytes, json_object_get(object, "claim")) ||
        crux_claim_decode(&document->claim, bytes, sizeof bytes) != CRUX_OK)
        return refuse(why, CRUX_E_SYNTAX, "\"claim\" is no claim");
    crux_claim_hash(hash, &document->claim);
    if (memcmp(hash, claim_hash, 32) != 0)
        return refuse(why, CRUX_E_CLAIM_MISMATCH, "\"claim\" is another one");
    if (!take_hex(document->request, CRUX_REQUEST_BYTES, json_object_get(object, "request")))
        return refuse(why, CRUX_E_SYNTAX, "\"request\" is no request");
    crux_request_hash(hash, document->request);
    if (memcmp(hash, document->claim.request_hash, 32) != 0)
        return refuse(why, CRUX_E_REQUEST_MISMATCH, "\"request\" is not that of the claim");
    crux_request_read(&request, document->request);
    /* A claim about another number of tokens than its request's is false by these bytes alone. */
    enum crux_status status = CRUX_OK;
    if (request.request_tokens <= CRUX_POSITIONS_MAX)
        status = take_tokens(&document->tokens, request.request_tokens,
                             json_object_get(object, "request_tokens"));
    if (status == CRUX_OK)
        status = keep_if(&document->tokens, request.request_tokens, request.tokens_root);
    if (status == CRUX_OK)
        status = take_tokens(&document->output, document->claim.chosen_tokens,
                             json_object_get(object, "output_tokens"));
    if (status == CRUX_OK)
        status =
            keep_if(&document->output, document->claim.chosen_tokens, document->claim.output_root);
    if (status != CRUX_OK) return refuse(why, status, "no memory for the tokens");
    if (document->tokens == NULL && request.request_tokens == document->claim.request_tokens)
        return refuse(why, CRUX_E_PUBLICATION_MISMATCH,
                      "\"request_tokens\" are not those of the request");
    return CRUX_OK;
}

enum crux_status challenger_document_read(struct challenger_document *document, const char **why,
                                          const char *json, size_t len,
                                          const uint8_t claim_hash[32]) {
    *why = "it is no JSON object";
    memset(document, 0, sizeof *document);
    json_t *object = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
    if (object == NULL) return CRUX_E_SYNTAX;
    enum crux_status status =
        json_is_object(object) ? take(document, why, object, claim_hash) : CRUX_E_SYNTAX;
    json_decref(object);
    if (status != CRUX_OK) challenger_document_free(document);
    return status;
}
