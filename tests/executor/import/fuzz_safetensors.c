/* Any bytes as a safetensors file: what is taken lies inside. */
#include "executor/import/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_safetensors file;
    struct crux_import_message message;
    enum crux_status status = crux_safetensors_parse(&file, data, size, &message);
    for (uint32_t i = 0; status == CRUX_OK && i < file.count; i++) {
        const struct crux_safetensor *tensor = &file.tensors[i];
        CRUX_ASSERT(tensor->bytes >= data && tensor->len <= size);
        CRUX_ASSERT((size_t)(tensor->bytes - data) <= size - tensor->len);
    }
    crux_safetensors_free(&file);
    return 0;
}
