/* What both fuzz targets do with a source that was accepted. */
#ifndef CRUX_TESTS_EXECUTOR_TOKENIZER_FUZZ_USE_H
#define CRUX_TESTS_EXECUTOR_TOKENIZER_FUZZ_USE_H

#include "executor/tokenizer/tokenizer.h"

/* Opens, encodes a few texts, its own tokens among them, and decodes; frees the source. */
void fuzz_use(struct crux_tokenizer_source *source);

#endif
