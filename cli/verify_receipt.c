#include "cli/verify_receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"

void crux_cli_receipt_free(struct crux_cli_receipt *receipt) {
    free(receipt->tokens);
    free(receipt->output);
    free(receipt->path);
    receipt->tokens = receipt->output = NULL;
    receipt->path = NULL;
}

enum crux_status crux_cli_tokens_root(uint8_t root[32], const uint32_t *tokens, uint32_t count) {
    struct crux_tensor list = {.elements = NULL};
    crux_layout_model(&list.layout, CRUX_U32, count);
    size_t bytes = (size_t)count * 4;
    uint8_t *memory = malloc(bytes + crux_tensor_tree_bytes(&list.layout));
    if (memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) crux_store_u32(memory + 4 * (size_t)i, tokens[i]);
    list.elements = memory;
    crux_tensor_root(root, &list, memory + bytes);
    free(memory);
    return CRUX_OK;
}

/* A list of just so many tokens. */
static void take_tokens(struct crux_json_fields *fields, uint32_t **tokens, uint32_t count,
                        const char *name) {
    const json_t *array;
    if (!crux_json_array_of(fields, &array, name, CRUX_POSITIONS_MAX)) {
        crux_json_fail(fields, CRUX_E_SYNTAX, name, "is missing");
        return;
    }
    if (json_array_size(array) != count) {
        crux_json_fail(fields, CRUX_E_BAD_RANGE, name, "are not as many as the claim says");
        return;
    }
    *tokens = malloc((size_t)count * 4);
    if (*tokens == NULL) {
        fields->status = CRUX_E_OUT_OF_MEMORY;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const json_t *token = json_array_get(array, i);
        json_int_t number = json_is_integer(token) ? json_integer_value(token) : -1;
        if (number < 0 || number > UINT32_MAX) {
            crux_json_fail(fields, CRUX_E_BAD_RANGE, name, "hold something that is no token");
            return;
        }
        (*tokens)[i] = (uint32_t)number;
    }
}

static void need(struct crux_json_fields *fields, bool given, const char *name) {
    if (!given && fields->status == CRUX_OK)
        crux_json_fail(fields, CRUX_E_SYNTAX, name, "is missing");
}

static void take_mode(struct crux_json_fields *fields, struct crux_receipt *receipt) {
    static const char *const names[] = {NULL, "full", "batched", "private"};
    const char *mode = NULL;
    need(fields, crux_json_text(fields, &mode, "mode"), "mode");
    for (uint8_t i = CRUX_MODE_FULL; mode != NULL && i <= CRUX_MODE_PRIVATE; i++) {
        if (strcmp(mode, names[i]) == 0) receipt->mode = i;
    }
    if (receipt->mode == CRUX_MODE_PRIVATE)
        need(fields,
             crux_json_hex(fields, receipt->requester, sizeof receipt->requester, "requester"),
             "requester");
}

static void take_fields(struct crux_json_fields *fields, struct crux_cli_receipt *receipt) {
    struct crux_receipt *r = &receipt->fields;
    uint8_t claim[CRUX_CLAIM_BYTES] = {0};
    int64_t deadline = 0;
    need(fields, crux_json_hex(fields, receipt->id, 32, "id"), "id");
    need(fields, crux_json_hex(fields, r->chain_id, 32, "chain"), "chain");
    need(fields, crux_json_hex(fields, r->contract, 32, "contract"), "contract");
    need(fields, crux_json_hex(fields, r->executor, sizeof r->executor, "executor"), "executor");
    need(fields, crux_json_hex(fields, receipt->request, CRUX_REQUEST_BYTES, "request"), "request");
    need(fields, crux_json_hex(fields, claim, sizeof claim, "claim"), "claim");
    need(fields, crux_json_hex(fields, receipt->signature, CRUX_SIGNATURE_BYTES, "signature"),
         "signature");
    need(fields, crux_json_integer(fields, &deadline, "deadline", 0, INT64_MAX), "deadline");
    take_mode(fields, r);
    r->deadline = (uint64_t)deadline;
    if (fields->status != CRUX_OK) return;
    enum crux_status status = crux_claim_decode(&receipt->claim, claim, sizeof claim);
    if (status != CRUX_OK) {
        crux_json_fail(fields, status, "claim", "contradicts itself");
        return;
    }
    crux_claim_hash(r->claim_hash, &receipt->claim);
    crux_request_hash(r->request_hash, receipt->request);
    take_tokens(fields, &receipt->tokens, receipt->claim.request_tokens, "request_tokens");
    take_tokens(fields, &receipt->output, receipt->claim.chosen_tokens, "output_tokens");
    if (fields->status == CRUX_OK && crux_receipt_check(r) != CRUX_OK)
        crux_json_fail(fields, CRUX_E_RECEIPT_INVALID, NULL, "contradicts itself");
}

static void take_place(struct crux_json_fields *fields, struct crux_cli_receipt *receipt) {
    int64_t batch = 0, member = 0;
    const char *path = NULL;
    if (fields->status != CRUX_OK || !crux_json_integer(fields, &batch, "batch", 0, INT64_MAX))
        return;
    need(fields, crux_json_integer(fields, &member, "member", 0, CRUX_GAME_BATCH_MAX), "member");
    need(fields, crux_json_hex(fields, receipt->batch_root, 32, "batch_root"), "batch_root");
    need(fields, crux_json_text(fields, &path, "path"), "path");
    if (fields->status != CRUX_OK) return;
    size_t bytes = strlen(path) / 2;
    receipt->path = malloc(bytes + 1);
    if (receipt->path == NULL) {
        fields->status = CRUX_E_OUT_OF_MEMORY;
        return;
    }
    if (bytes > 0) (void)crux_json_hex(fields, receipt->path, bytes, "path");
    receipt->path_bytes = bytes;
    receipt->batch = (uint64_t)batch;
    receipt->member = (uint32_t)member;
    receipt->is_posted = true;
}

enum crux_status crux_cli_receipt_read(struct crux_cli_receipt *receipt,
                                       char message[CRUX_CLI_MESSAGE_BYTES], const char *json,
                                       size_t len) {
    struct crux_json_error error = {"", ""};
    struct crux_json_fields fields;
    json_t *value;
    memset(receipt, 0, sizeof *receipt);
    enum crux_status status = crux_json_read(&value, &error, json, len, CRUX_CLI_RECEIPT_BYTES_MAX);
    if (status == CRUX_OK) {
        const json_t *inner = json_object_get(value, "crux");
        bool is_answer = json_is_object(inner);
        crux_json_fields(&fields, is_answer ? inner : value, is_answer ? "crux" : "", &error);
        if (fields.status == CRUX_OK) take_fields(&fields, receipt);
        take_place(&fields, receipt);
        status = fields.status;
        json_decref(value);
    }
    if (status != CRUX_OK)
        (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "the receipt: %s",
                       error.message[0] != 0 ? error.message : crux_status_text(status));
    return status;
}
