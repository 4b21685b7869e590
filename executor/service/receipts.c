#include "executor/service/answer_parts.h"
#include "executor/service/claim_document.h"

enum crux_status receipts_open(struct service *service, char *message, size_t most) {
    (void)service;
    (void)message;
    (void)most;
    return CRUX_OK;
}

void receipts_close(struct service *service) {
    (void)service;
}

bool receipts_drained(struct service *service) {
    (void)service;
    return true;
}

void receipts_metrics(struct service *service, struct crux_metrics_text *out) {
    (void)service;
    (void)out;
}

const char *receipts_trouble(struct service *service) {
    (void)service;
    return NULL;
}

bool receipts_may_accept(struct answer *answer, struct crux_openai_error *error) {
    const struct crux_openai_request *asked = &answer->request;
    if (answer->service->receipts == NULL && asked->mode != CRUX_OPENAI_MODE_UNSAID)
        return crux_openai_fail(error, 400, "unsupported_value", "crux.mode",
                                "This server has no chain, so it settles nothing.");
    return true;
}

bool receipts_promise(struct answer *answer, struct answer_choice *choice,
                      struct crux_openai_error *error) {
    const struct crux_claim_document what = {.model = answer->model->name,
                                             .request = choice->result->request,
                                             .claim = &choice->result->claim,
                                             .request_tokens = answer->prompts[choice->prompt].id,
                                             .output_tokens = choice->result->tokens};
    choice->document = crux_claim_document(&what);
    return choice->document != NULL ||
           crux_openai_fail(error, 503, "out_of_memory", NULL, "No memory.");
}

void receipts_tick(struct service *service) {
    (void)service;
}
