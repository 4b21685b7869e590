#include "challenger/receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/document.h"

void crux_challenger_receipt_free(struct crux_challenger_receipt *receipt) {
    free(receipt->tokens);
    free(receipt->output);
    free(receipt->path);
    receipt->tokens = receipt->output = NULL;
    receipt->path = NULL;
}

enum crux_status crux_challenger_tokens_root(uint8_t root[32], const uint32_t *tokens,
                                             uint32_t count) {
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

static void take_mode(struct crux_json_fields *fields, struct crux_receipt *receipt) {
    static const char *const names[] = {NULL, "full", "batched", "private"};
    const char *mode = NULL;
    challenger_document_need(fields, crux_json_text(fields, &mode, "mode"), "mode");
    for (uint8_t i = CRUX_MODE_FULL; mode != NULL && i <= CRUX_MODE_PRIVATE; i++) {
        if (strcmp(mode, names[i]) == 0) receipt->mode = i;
    }
    if (receipt->mode == CRUX_MODE_PRIVATE)
        challenger_document_need(
            fields,
            crux_json_hex(fields, receipt->requester, sizeof receipt->requester, "requester"),
            "requester");
}

static void take_fields(struct crux_json_fields *fields, struct crux_challenger_receipt *receipt) {
    struct crux_receipt *r = &receipt->fields;
    int64_t deadline = 0;
    challenger_document_need(fields, crux_json_hex(fields, receipt->id, 32, "id"), "id");
    challenger_document_need(fields, crux_json_hex(fields, r->chain_id, 32, "chain"), "chain");
    challenger_document_need(fields, crux_json_hex(fields, r->contract, 32, "contract"),
                             "contract");
    challenger_document_need(
        fields, crux_json_hex(fields, r->executor, sizeof r->executor, "executor"), "executor");
    challenger_document_take(fields, &receipt->claim, receipt->request);
    challenger_document_need(
        fields, crux_json_hex(fields, receipt->signature, CRUX_SIGNATURE_BYTES, "signature"),
        "signature");
    challenger_document_need(fields, crux_json_integer(fields, &deadline, "deadline", 0, INT64_MAX),
                             "deadline");
    take_mode(fields, r);
    r->deadline = (uint64_t)deadline;
    if (fields->status != CRUX_OK) return;
    crux_claim_hash(r->claim_hash, &receipt->claim);
    crux_request_hash(r->request_hash, receipt->request);
    challenger_document_tokens(fields, &receipt->tokens, receipt->claim.request_tokens,
                               "request_tokens");
    challenger_document_tokens(fields, &receipt->output, receipt->claim.chosen_tokens,
                               "output_tokens");
    if (fields->status == CRUX_OK && crux_receipt_check(r) != CRUX_OK)
        crux_json_fail(fields, CRUX_E_RECEIPT_INVALID, NULL, "contradicts itself");
}

static void take_place(struct crux_json_fields *fields, struct crux_challenger_receipt *receipt) {
    int64_t batch = 0, member = 0;
    const char *path = NULL;
    if (fields->status != CRUX_OK || !crux_json_integer(fields, &batch, "batch", 0, INT64_MAX))
        return;
    challenger_document_need(
        fields, crux_json_integer(fields, &member, "member", 0, CRUX_GAME_BATCH_MAX), "member");
    challenger_document_need(fields, crux_json_hex(fields, receipt->batch_root, 32, "batch_root"),
                             "batch_root");
    challenger_document_need(fields, crux_json_text(fields, &path, "path"), "path");
    if (fields->status != CRUX_OK) return;
    size_t bytes = strlen(path) / 2;
    receipt->path = malloc(bytes + 1);
    if (receipt->path == NULL) {
        fields->status = CRUX_E_OUT_OF_MEMORY;
        return;
    }
    (void)crux_json_hex(fields, receipt->path, bytes, "path");
    receipt->path_bytes = bytes;
    receipt->batch = (uint64_t)batch;
    receipt->member = (uint32_t)member;
    receipt->is_posted = true;
}

enum crux_status crux_challenger_receipt_read(struct crux_challenger_receipt *receipt,
                                              char message[CRUX_CHALLENGER_RECEIPT_MESSAGE_BYTES],
                                              const char *json, size_t len) {
    struct crux_json_error error = {"", ""};
    struct crux_json_fields fields;
    json_t *value;
    memset(receipt, 0, sizeof *receipt);
    enum crux_status status =
        crux_json_read(&value, &error, json, len, CRUX_CHALLENGER_RECEIPT_BYTES_MAX);
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
        (void)snprintf(message, CRUX_CHALLENGER_RECEIPT_MESSAGE_BYTES, "the receipt: %s",
                       error.message[0] != 0 ? error.message : crux_status_text(status));
    return status;
}
