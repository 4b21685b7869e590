/* What a run commits to, as JSON: the part of a receipt's document that needs no chain.   spec/85-receipts.md#document */
#ifndef CRUX_EXECUTOR_SERVICE_CLAIMS_CLAIM_DOCUMENT_H
#define CRUX_EXECUTOR_SERVICE_CLAIMS_CLAIM_DOCUMENT_H

#include <jansson.h>

#include "bisection/bisection.h"

struct crux_claim_document {
    const char *model;
    const uint8_t *request; /* CRUX_REQUEST_BYTES */
    const struct crux_claim *claim;
    const uint32_t *request_tokens, *output_tokens; /* as many as the claim says */
};

/* Returns: NULL without memory. */
json_t *crux_claim_document(const struct crux_claim_document *what);

#endif
