/* Bytes as a tokenizer: what decodes is encoded to the same bytes, and tokenizes without harm. */
#include <stdlib.h>
#include <string.h>

#include "tests/executor/tokenizer/fuzz_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_tokenizer_source *source = NULL;
    if (crux_tokenizer_source_decode(&source, data, size, NULL) != CRUX_OK) return 0;
    uint8_t *again = malloc(size);
    size_t len = 0;
    CRUX_ASSERT(again != NULL);
    CRUX_ASSERT(crux_tokenizer_source_encode(again, &len, size, source) == CRUX_OK);
    CRUX_ASSERT(len == size && memcmp(again, data, size) == 0);
    free(again);
    fuzz_use(source);
    return 0;
}
