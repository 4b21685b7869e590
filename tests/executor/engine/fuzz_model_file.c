/* Any bytes as a configuration; and as a model file whose checksums are made right first, or nothing would get past
 * them. */
#include <stdlib.h>
#include <string.h>

#include "executor/engine/model_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of any version are written as this one, which is read as the same. */
static void try_config(const uint8_t *data, size_t size) {
    struct crux_model_config config, second;
    uint8_t *again = NULL, *third = NULL;
    size_t len = 0, third_len = 0;
    if (crux_model_config_decode(&config, data, size) == CRUX_OK) {
        enum crux_status status = crux_model_config_encode(&again, &len, &config.decoder);
        CRUX_ASSERT(status == CRUX_OK);
        status = crux_model_config_decode(&second, again, len);
        CRUX_ASSERT(status == CRUX_OK);
        status = crux_model_config_encode(&third, &third_len, &second.decoder);
        CRUX_ASSERT(status == CRUX_OK);
        CRUX_ASSERT(third_len == len && memcmp(again, third, len) == 0);
        CRUX_ASSERT(crux_load_u32(data) != crux_load_u32(again) || len == size);
        crux_model_config_free(&second);
        free(again);
        free(third);
    }
    crux_model_config_free(&config);
}

static void try_file(const uint8_t *data, size_t size) {
    struct crux_model_file model;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    if (crux_model_file_parse(&model, data, size, message) != CRUX_OK) return;
    (void)!crux_model_file_verify(&model, message, NULL, NULL);
    crux_model_file_close(&model);
}

/* Sections as they lie in the bytes; the checksums over them as they should be. */
static void mend(uint8_t *bytes, size_t size) {
    enum { TABLE = 56, ENTRY = 48 };
    for (unsigned i = 1; i < CRUX_MODEL_SECTIONS; i++) {
        uint8_t *entry = bytes + TABLE + (size_t)i * ENTRY;
        uint64_t offset = crux_load_u64(entry), len = crux_load_u64(entry + 8);
        if (offset <= size && len <= size - offset)
            crux_sha256(entry + 16, bytes + offset, (size_t)len);
    }
    crux_sha256(bytes + CRUX_MODEL_HEADER_BYTES - 32, bytes, CRUX_MODEL_HEADER_BYTES - 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    try_config(data, size);
    try_file(data, size);
    if (size < CRUX_MODEL_HEADER_BYTES) return 0;
    uint8_t *copy = malloc(size);
    if (copy == NULL) return 0;
    memcpy(copy, data, size);
    mend(copy, size);
    try_file(copy, size);
    free(copy);
    return 0;
}
