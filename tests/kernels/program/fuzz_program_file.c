/* Any bytes as a program file: what decodes must encode to the same bytes. The checksum is made right first, or no
 * input would get past it. */
#include <stdlib.h>
#include <string.h>

#include "kernels/base/sha256.h"
#include "kernels/program/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const uint8_t *bytes, size_t size) {
    struct crux_program program;
    struct crux_refusal refusal;
    uint8_t *again = NULL;
    size_t len = 0;
    enum crux_status status = crux_program_decode(&program, bytes, size, &refusal);
    CRUX_ASSERT(status == refusal.status);
    if (status != CRUX_OK) return;
    status = crux_program_encode(&again, &len, &program);
    CRUX_ASSERT(status == CRUX_OK);
    CRUX_ASSERT(len == size && memcmp(again, bytes, size) == 0);
    free(again);
    crux_program_free(&program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *sealed;
    decode(data, size);
    if (size < CRUX_SHA256_BYTES) return 0;
    sealed = malloc(size);
    if (sealed == NULL) return 0;
    memcpy(sealed, data, size);
    crux_sha256(sealed + size - CRUX_SHA256_BYTES, sealed, size - CRUX_SHA256_BYTES);
    decode(sealed, size);
    free(sealed);
    return 0;
}
