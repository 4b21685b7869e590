/* A decoder as a textbook has it: doubles, one position and one output at a time, straight from a GGUF file. */
#ifndef CRUX_TESTS_EXECUTOR_EVALUATE_TEXTBOOK_H
#define CRUX_TESTS_EXECUTOR_EVALUATE_TEXTBOOK_H

#include "executor/import/gguf.h"
#include "tests/support/gguf_writer.h"

/* Out: logits [count][vocab].  In: file, of model; tokens, count of them. */
void textbook_logits(double *logits, const struct crux_gguf *file, const struct gguf_model *model,
                     const uint32_t *tokens, uint32_t count);

#endif
