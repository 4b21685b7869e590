/* A .crux file of a small decoder with random weights and a tokenizer, for tests. */
#ifndef CRUX_TESTS_SUPPORT_SMALL_FILE_H
#define CRUX_TESTS_SUPPORT_SMALL_FILE_H

#include <stdint.h>

enum { SMALL_FILE_VOCAB = 24, SMALL_FILE_CONTEXT = 64 };

/* Writes it.  In: folder, for the source beside it; seed, of the weights.  Any failure stops the process. */
void small_file_make(const char *path, const char *folder, uint64_t seed);

#endif
