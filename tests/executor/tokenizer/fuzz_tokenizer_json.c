/* Bytes as tokenizer.json; what is accepted encodes, and tokenizes without harm. */
#include <stdlib.h>

#include "tests/executor/tokenizer/fuzz_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_tokenizer_source *source = NULL, *copy = NULL;
    /* A second file may follow a zero byte: tokenizer_config.json. */
    size_t cut = 0;
    while (cut < size && data[cut] != 0) cut++;
    const char *config = cut < size ? (const char *)data + cut + 1 : NULL;
    size_t config_len = cut < size ? size - cut - 1 : 0;
    if (crux_tokenizer_source_from_json(&source, (const char *)data, cut, config, config_len,
                                        NULL) != CRUX_OK) {
        return 0;
    }
    size_t cap = crux_tokenizer_source_bound(source), len = 0;
    uint8_t *bytes = malloc(cap);
    CRUX_ASSERT(bytes != NULL);
    CRUX_ASSERT(crux_tokenizer_source_encode(bytes, &len, cap, source) == CRUX_OK);
    CRUX_ASSERT(crux_tokenizer_source_decode(&copy, bytes, len, NULL) == CRUX_OK);
    free(bytes);
    crux_tokenizer_source_free(copy);
    fuzz_use(source);
    return 0;
}
