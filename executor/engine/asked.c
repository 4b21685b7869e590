#include "executor/engine/asked.h"

#include <stdlib.h>
#include <string.h>

enum crux_status runner_list_root(uint8_t root[32], const uint32_t *tokens, uint32_t count) {
    struct crux_tensor tensor = {.elements = NULL};
    crux_layout_model(&tensor.layout, CRUX_U32, count);
    size_t list_bytes = (size_t)count * 4;
    uint8_t *memory = malloc(list_bytes + crux_tensor_tree_bytes(&tensor.layout));
    if (memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) crux_store_u32(memory + 4 * (size_t)i, tokens[i]);
    tensor.elements = memory;
    crux_tensor_root(root, &tensor, memory + list_bytes);
    free(memory);
    return CRUX_OK;
}

enum crux_status runner_asked(struct runner_asked *asked, const struct crux_engine_request *request,
                              const uint8_t *model_root, uint32_t context) {
    struct crux_request fields = request->fields;
    memset(fields.model_root, 0, sizeof fields.model_root);
    if (model_root != NULL) memcpy(fields.model_root, model_root, sizeof fields.model_root);
    enum crux_status status = crux_request_check(&fields);
    if (status != CRUX_OK) return status;
    if (fields.request_tokens > context) return CRUX_E_REQUEST_INVALID;
    status = runner_list_root(fields.tokens_root, request->tokens, fields.request_tokens);
    if (status != CRUX_OK) return status;
    *asked = (struct runner_asked){
        .run = {.tokens = request->tokens,
                .n = fields.request_tokens,
                .limit = fields.limit,
                .stop_count = fields.stop_count},
        .ask = {.request_tokens = fields.request_tokens, .sample = fields.sample}};
    crux_request_encode(asked->bytes, &fields);
    crux_request_hash(asked->hash, asked->bytes);
    memcpy(asked->model_root, fields.model_root, sizeof asked->model_root);
    memcpy(asked->run.stop, fields.stop, sizeof fields.stop);
    memcpy(asked->ask.params, fields.param, sizeof asked->ask.params);
    memcpy(asked->ask.seed, fields.seed, sizeof asked->ask.seed);
    return CRUX_OK;
}

bool runner_asked_by(const struct runner_asked *asked, const struct crux_claim *claim,
                     uint32_t context) {
    uint32_t n = asked->run.n;
    return memcmp(claim->model_root, asked->model_root, 32) == 0 &&
           memcmp(claim->request_hash, asked->hash, 32) == 0 && claim->request_tokens == n &&
           claim->chosen_tokens >= 1 && claim->chosen_tokens <= context - n + 1;
}

uint32_t runner_asked_end(struct runner_asked *asked, bool *ended,
                          const struct crux_program *program, const struct crux_claim *claim,
                          const uint32_t *tokens) {
    uint32_t i = 0;
    bool done;
    asked->run.cancelled = claim->cancelled;
    do done = crux_run_is_done(program, &asked->run, i, tokens[i]);
    while (++i < claim->chosen_tokens && !done);
    *ended = done && i == claim->chosen_tokens;
    return i;
}
