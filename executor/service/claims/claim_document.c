#include "executor/service/claims/claim_document.h"

#include "chain-adapter/io/json.h"
#include "executor/service/openai/reply.h"

static json_t *token_list(const uint32_t *tokens, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) (void)json_array_append_new(list, json_integer(tokens[i]));
    return list;
}

json_t *crux_claim_document(const struct crux_claim_document *what) {
    const struct crux_claim *claim = what->claim;
    uint8_t bytes[CRUX_CLAIM_BYTES], hash[32];
    crux_claim_encode(bytes, claim);
    crux_claim_hash(hash, claim);
    return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version", 1, "model",
                     what->model, "model_root", crux_json_of_bytes(claim->model_root, 32),
                     "request", crux_json_of_bytes(what->request, CRUX_REQUEST_BYTES),
                     "request_hash", crux_json_of_bytes(claim->request_hash, 32), "request_tokens",
                     token_list(what->request_tokens, claim->request_tokens), "claim",
                     crux_json_of_bytes(bytes, sizeof bytes), "claim_hash",
                     crux_json_of_bytes(hash, 32), "output_tokens",
                     token_list(what->output_tokens, claim->chosen_tokens), "trace_root",
                     crux_json_of_bytes(claim->trace_root, 32));
}
