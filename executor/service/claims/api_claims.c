/* What was promised, asked about later: receipts, claims, batches. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "chain-adapter/io/seconds.h"
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

void claims_asker(struct service *service, struct crux_http_exchange *exchange,
                  struct claims_asker *asker) {
    const char *owner =
        crux_api_keys_find(&service->keys, crux_http_field(exchange, "Authorization"));
    uint8_t hash[32];
    crux_http_address(exchange, asker->one);
    asker->has_site = owner == NULL && crux_http_site(exchange, asker->site);
    if (owner == NULL) return;
    crux_sha256(hash, (const uint8_t *)owner, strlen(owner));
    memcpy(asker->one, hash, sizeof asker->one);
}

void claims_count(struct service *service, struct crux_http_exchange *exchange, uint64_t bytes) {
    struct crux_allowance *allowance = &service->receipts->allowance;
    struct claims_asker asker;
    double now = crux_seconds();
    claims_asker(service, exchange, &asker);
    crux_allowance_take(allowance, asker.one, bytes, now);
    /* a part for each of so many: so it may have as many times as much */
    if (asker.has_site)
        crux_allowance_take(allowance, asker.site, bytes / CRUX_HTTP_SITE_TIMES, now);
}

/* Returns: seconds that the asker has to wait. */
static double wait_of(struct service *service, struct crux_http_exchange *exchange) {
    struct crux_allowance *allowance = &service->receipts->allowance;
    struct claims_asker asker;
    double now = crux_seconds();
    claims_asker(service, exchange, &asker);
    double one = crux_allowance_wait(allowance, asker.one, now),
           site = asker.has_site ? crux_allowance_wait(allowance, asker.site, now) : 0;
    return one > site ? one : site;
}

/* Returns: false if the asker has to wait, which was answered. */
static bool may_ask(struct service *service, struct crux_http_exchange *exchange) {
    struct crux_openai_error error;
    char seconds[32];
    if (service->receipts == NULL) return true;
    double wait = wait_of(service, exchange);
    if (wait > 0) {
        (void)snprintf(seconds, sizeof seconds, "%.0f", ceil(wait));
        crux_http_add(exchange, "Retry-After", seconds);
        (void)crux_openai_fail(&error, 429, "rate_limit_exceeded", NULL,
                               "So much about claims and traces was asked from here that it has "
                               "to wait; please try again later.");
        api_fail(exchange, &error);
        return false;
    }
    claims_count(service, exchange, CRUX_ALLOWANCE_LEAST);
    return true;
}

struct crux_store_run *claims_find(struct service *service, struct crux_http_exchange *exchange,
                                   enum crux_store_by by) {
    struct crux_store_run *run = NULL;
    uint8_t hash[32];
    if (!claims_read_hash(hash, crux_http_parameter(exchange, 0))) {
        claims_fail(exchange, 400, "invalid_value", "64 lower-case hexadecimal digits name it.");
        return NULL;
    }
    if (!may_ask(service, exchange)) return NULL;
    ledger_hold(service);
    enum crux_status status = service->receipts == NULL
                                  ? CRUX_E_NOT_FOUND
                                  : crux_store_find(service->receipts->store, &run, by, hash);
    ledger_release(service);
    if (status == CRUX_OK) {
        /* read from the disk, and checked */
        claims_count(service, exchange,
                     4 * ((uint64_t)run->claim.request_tokens + run->claim.chosen_tokens));
        return run;
    }
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
    if (!may_ask(service, exchange)) return;
    ledger_hold(service);
    enum crux_status status =
        service->receipts == NULL
            ? CRUX_E_NOT_FOUND
            : crux_store_batch_hashes(service->receipts->store, &hashes, &count, root);
    ledger_release(service);
    if (status == CRUX_OK) {
        claims_count(service, exchange, (uint64_t)count * 32);
        crux_http_answer(exchange, 200, "application/octet-stream", hashes, (size_t)count * 32);
    } else {
        claims_fail(exchange, status == CRUX_E_NOT_FOUND ? 404 : 500, crux_status_name(status),
                    status == CRUX_E_NOT_FOUND ? "It was never posted here, or is kept no longer."
                                               : crux_status_text(status));
    }
    free(hashes);
}
