#include <string.h>

#include "chain-adapter/io/json.h"
#include "executor/service/claims/claim_document.h"
#include "executor/service/openai/reply.h"
#include "executor/service/claims/receipts.h"

static const char *mode_name(unsigned mode) {
    if (mode == CRUX_MODE_FULL) return "full";
    return mode == CRUX_MODE_PRIVATE ? "private" : "batched";
}

static void put(json_t *object, const char *name, json_t *value) {
    (void)json_object_set_new(object, name, value);
}

/* spec/85-receipts.md#document */
json_t *receipt_document(const struct crux_store_run *run) {
    const struct crux_receipt *receipt = &run->receipt;
    const struct crux_claim_document what = {.model = run->model,
                                             .request = run->request,
                                             .claim = &run->claim,
                                             .request_tokens = run->request_tokens,
                                             .output_tokens = run->output_tokens};
    json_t *object = crux_claim_document(&what);
    if (object == NULL) return NULL;
    put(object, "id", crux_json_of_bytes(run->id, 32));
    put(object, "chain", crux_json_of_bytes(receipt->chain_id, 32));
    put(object, "contract", crux_json_of_bytes(receipt->contract, 32));
    put(object, "executor", crux_json_of_bytes(receipt->executor, sizeof receipt->executor));
    put(object, "mode", json_string(mode_name(receipt->mode)));
    if (receipt->mode == CRUX_MODE_PRIVATE)
        put(object, "requester", crux_json_of_bytes(receipt->requester, sizeof receipt->requester));
    put(object, "deadline", json_integer((json_int_t)receipt->deadline));
    put(object, "signature", crux_json_of_bytes(run->signature, sizeof run->signature));
    if (run->state < CRUX_STORE_POSTED || run->state == CRUX_STORE_REFUSED) return object;
    put(object, "batch", json_integer((json_int_t)run->chain_batch));
    put(object, "member", json_integer((json_int_t)run->member));
    put(object, "path", crux_json_of_bytes(run->path, run->path_bytes));
    put(object, "batch_root", crux_json_of_bytes(run->batch_root, 32));
    return object;
}
