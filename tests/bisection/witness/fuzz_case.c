/* Any bytes as a case file: what decodes encodes to the same bytes, and can be shown to people. */
#include <string.h>

#include "bisection/witness/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CASE_BYTES_MAX = 1 << 20 };

static void count_line(void *ctx, const char *text) {
    unsigned *lines = ctx;
    CRUX_ASSERT(text[0] != '\0');
    ++*lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t again[CASE_BYTES_MAX];
    struct crux_case c;
    struct crux_writer writer;
    unsigned lines = 0;
    if (size > sizeof again || crux_case_decode(&c, data, size) != CRUX_OK) return 0;
    crux_writer_init(&writer, again, sizeof again);
    CRUX_ASSERT(crux_case_encode(&writer, &c) == CRUX_OK);
    CRUX_ASSERT(writer.at == size && memcmp(again, data, size) == 0);
    crux_witness_show(&c, count_line, &lines);
    CRUX_ASSERT(lines >= 5);
    return 0;
}
