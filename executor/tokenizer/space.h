/* White space, as Unicode's White_Space has it. */
#ifndef CRUX_EXECUTOR_TOKENIZER_SPACE_H
#define CRUX_EXECUTOR_TOKENIZER_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool crux_space_is(uint32_t code);

/* In: valid UTF-8.  Returns: the first place at or after `at` where no white space stands. */
size_t crux_space_skip(const char *text, size_t len, size_t at);

/* The same backwards: the last place at or before `at`, not before `from`, that no white space stands before. */
size_t crux_space_skip_back(const char *text, size_t from, size_t at);

#endif
