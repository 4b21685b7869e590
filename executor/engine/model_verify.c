/* All of a model's bytes against its root. */
#include <stdlib.h>
#include <string.h>

#include "executor/engine/model_layout.h"
#include "executor/engine/runner_memory.h"

/* A table that has no freedom must be the one its configuration makes. */
static enum crux_status check_table(const struct crux_model_file *model, uint32_t number) {
    const struct crux_model_bytes *tensor = &model->memory.tensors[number];
    uint8_t *bytes = malloc(tensor->len + 1);
    if (bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(bytes, tensor->bytes, tensor->len);
    enum crux_status status = crux_fused_decoder_table(
        &model->config.decoder, model->program.tensors[number].name, bytes, tensor->len);
    if (status == CRUX_OK && memcmp(bytes, tensor->bytes, tensor->len) != 0)
        status = CRUX_E_PAGE_MISMATCH;
    free(bytes);
    return status;
}

/* Up to the next multiple of CRUX_MODEL_ALIGNMENT, which is still in the file, come zeros. */
static bool is_padded(const struct crux_model_bytes *tensor) {
    for (size_t at = tensor->len; at % CRUX_MODEL_ALIGNMENT != 0; at++) {
        if (tensor->bytes[at] != 0) return false;
    }
    return true;
}

static enum crux_status check_tensor(const struct crux_model_file *model, uint32_t number) {
    /* a program of one tensor, so that binding does not touch the model's */
    struct crux_model_tensor tensor = model->program.tensors[number];
    struct crux_program alone = {.tensors = &tensor, .tensor_count = 1};
    const struct crux_model_bytes *bytes = &model->memory.tensors[number];
    enum crux_status status = crux_model_bind(&alone, 0, bytes->bytes, bytes->len);
    if (status != CRUX_OK) return status;
    if (!is_padded(bytes)) return CRUX_E_NON_CANONICAL;
    if (!crux_equal(tensor.root, model->program.tensors[number].root, CRUX_HASH_BYTES))
        return CRUX_E_PROOF_ROOT_MISMATCH;
    return tensor.layout == 0 ? check_table(model, number) : CRUX_OK;
}

enum crux_status crux_model_file_verify(const struct crux_model_file *model,
                                        char message[CRUX_MODEL_MESSAGE_BYTES],
                                        void (*progress)(void *ctx, uint64_t done, uint64_t all),
                                        void *ctx) {
    uint64_t done = 0, all = 0;
    for (uint32_t i = 0; i < model->memory.count; i++) all += model->memory.tensors[i].len;
    for (uint32_t i = 0; i < model->memory.count; i++) {
        enum crux_status status = check_tensor(model, i);
        if (status != CRUX_OK)
            return crux_model_fail(message, status, "tensor '%s': %s",
                                   model->program.tensors[i].name, crux_status_text(status));
        const struct crux_model_bytes *hashed = &model->memory.tensors[i];
        if (model->map != NULL) runner_memory_give_back(hashed->bytes, hashed->len);
        done += hashed->len;
        if (progress != NULL) progress(ctx, done, all);
    }
    return CRUX_OK;
}
