#ifndef CRUX_TESTS_MODELS_TINY_FILE_H
#define CRUX_TESTS_MODELS_TINY_FILE_H

#include "tests/models/byte_pairs.h"
#include "tests/models/net.h"

/* Returns: a GGUF file of *len bytes, malloced. */
uint8_t *tiny_file(size_t *len, const struct byte_pairs *pairs, const float *parameters);

#endif
