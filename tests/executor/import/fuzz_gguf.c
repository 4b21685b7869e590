/* Any bytes as a GGUF file, read as far as an importer reads before it writes. */
#include <string.h>

#include "executor/import/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(const struct crux_gguf *gguf) {
    volatile uint8_t sum = 0;
    for (uint32_t i = 0; i < gguf->entry_count; i++) {
        struct crux_gguf_text text;
        size_t at = 0;
        while (gguf->entries[i].is_array && crux_gguf_next_text(&gguf->entries[i], &at, &text)) {
            for (size_t j = 0; j < text.len; j++) sum = (uint8_t)(sum + (uint8_t)text.text[j]);
        }
    }
    for (uint32_t i = 0; i < gguf->tensor_count; i++) {
        const struct crux_gguf_tensor *tensor = &gguf->tensors[i];
        if (tensor->len > 0)
            sum = (uint8_t)(sum + tensor->bytes[0] + tensor->bytes[tensor->len - 1]);
    }
}

static void touch_rows(const struct crux_model_source *source) {
    double values[4096];
    for (uint32_t i = 0; i < source->tensor_count; i++) {
        const struct crux_source_tensor *tensor = &source->tensors[i];
        if (tensor->inputs <= 4096) (void)!crux_source_doubles(values, tensor, tensor->rows - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_gguf gguf;
    struct crux_model_source source;
    struct crux_import_message message;
    enum crux_status status = crux_gguf_parse(&gguf, data, size, &message);
    if (status == CRUX_OK) touch(&gguf);
    CRUX_ASSERT(status == CRUX_OK || message.text[0] != 0);
    crux_gguf_free(&gguf);
    status = crux_source_parse(&source, data, size, 0, &message);
    if (status == CRUX_OK) touch_rows(&source);
    CRUX_ASSERT(status == CRUX_OK || message.text[0] != 0);
    crux_source_close(&source);
    return 0;
}
