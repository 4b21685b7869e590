/* What was promised, asked about later: receipts, claims, batches. */
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "executor/service/claims/claims.h"
#include "executor/service/openai/reply.h"

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(uint8_t *bytes, size_t len, const char *text) {
    if (text == NULL || strlen(text) != 2 * len) return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

bool claims_read_hash(uint8_t hash[32], const char *text) {
    return read_hex(hash, 32, text);
}

static bool same_in_constant_time(const uint8_t *a, const uint8_t *b, size_t len) {
    uint8_t different = 0;
    for (size_t i = 0; i < len; i++) different |= a[i] ^ b[i];
    return different == 0;
}

void claims_fail(struct crux_http_exchange *exchange, int status, const char *code,
                 const char *message) {
    struct crux_openai_error error;
    if (status == 429) crux_http_add(exchange, "Retry-After", "2");
    (void)crux_openai_fail(&error, status, code, NULL, "%s", message);
    api_fail(exchange, &error);
}

struct crux_store_run *claims_find(struct service *service, struct crux_http_exchange *exchange,
                                   enum crux_store_by by) {
    struct crux_store_run *run = NULL;
    uint8_t hash[32];
    if (!claims_read_hash(hash, crux_http_parameter(exchange, 0))) {
        claims_fail(exchange, 400, "invalid_value", "64 lower-case hexadecimal digits name it.");
        return NULL;
    }
    ledger_hold(service);
    enum crux_status status = service->receipts == NULL
                                  ? CRUX_E_NOT_FOUND
                                  : crux_store_find(service->receipts->store, &run, by, hash);
    ledger_release(service);
    if (status == CRUX_OK) return run;
    claims_fail(exchange, status == CRUX_E_NOT_FOUND ? 404 : 500, crux_status_name(status),
                status == CRUX_E_NOT_FOUND ? "It was never promised here, or is kept no longer."
                                           : crux_status_text(status));
    return NULL;
}

bool claims_may_see(struct service *service, struct crux_http_exchange *exchange,
                    const struct crux_store_run *run) {
    const char *authorization = crux_http_field(exchange, "Authorization"),
               *bearer = crux_api_keys_bearer(authorization);
    uint8_t signature[64];
    if (run->receipt.mode != CRUX_MODE_PRIVATE) return true;
    /* not the id: once the claim is shown, all that the id is a hash of is public but for the deadline, which is soon
     * guessed */
    if (read_hex(signature, sizeof signature, bearer) &&
        same_in_constant_time(signature, run->signature, sizeof signature))
        return true;
    const char *owner = crux_api_keys_find(&service->keys, authorization);
    if (owner != NULL && run->owner[0] != 0 && strcmp(owner, run->owner) == 0) return true;
    claims_fail(exchange, 403, "private",
                "It is private: its owner's key, or the receipt's signature, must be the bearer.");
    return false;
}

void claims_receipt(void *ctx, struct crux_http_exchange *exchange) {
    struct crux_store_run *run = claims_find(ctx, exchange, CRUX_STORE_BY_ID);
    if (run == NULL) return;
    if (claims_may_see(ctx, exchange, run)) api_answer(exchange, 200, receipt_document(run));
    crux_store_run_free(run);
}

void claims_claim(void *ctx, struct crux_http_exchange *exchange) {
    struct crux_store_run *run = claims_find(ctx, exchange, CRUX_STORE_BY_CLAIM);
    if (run == NULL) return;
    if (claims_may_see(ctx, exchange, run)) {
        json_t *object = receipt_document(run);
        if (object != NULL) {
            (void)json_object_set_new(object, "receipt", crux_json_of_bytes(run->id, 32));
            (void)json_object_set_new(object, "state",
                                      json_string(crux_store_state_name(run->state)));
            (void)json_object_set_new(object, "shown", json_boolean(run->shown));
            (void)json_object_set_new(object, "published", json_boolean(run->published));
            (void)json_object_set_new(object, "disputes", json_integer(run->disputes));
        }
        api_answer(exchange, 200, object);
    }
    crux_store_run_free(run);
}

/* The claim hashes of a batch, in the order of its members. */
void claims_batch(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    uint8_t root[32], (*hashes)[32] = NULL;
    uint32_t count = 0;
    if (!claims_read_hash(root, crux_http_parameter(exchange, 0))) {
        claims_fail(exchange, 400, "invalid_value", "64 lower-case hexadecimal digits name it.");
        return;
    }
    ledger_hold(service);
    enum crux_status status =
        service->receipts == NULL
            ? CRUX_E_NOT_FOUND
            : crux_store_batch_hashes(service->receipts->store, &hashes, &count, root);
    ledger_release(service);
    if (status == CRUX_OK)
        crux_http_answer(exchange, 200, "application/octet-stream", hashes, (size_t)count * 32);
    else
        claims_fail(exchange, status == CRUX_E_NOT_FOUND ? 404 : 500, crux_status_name(status),
                    status == CRUX_E_NOT_FOUND ? "It was never posted here, or is kept no longer."
                                               : crux_status_text(status));
    free(hashes);
}
