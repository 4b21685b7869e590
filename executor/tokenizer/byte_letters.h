/* The letters that byte-level vocabularies write bytes with: GPT-2's table. Printable Latin-1 bytes are the letter of
 * the same number, the 68 others are U+0100 and up, in order. */
#ifndef CRUX_EXECUTOR_TOKENIZER_BYTE_LETTERS_H
#define CRUX_EXECUTOR_TOKENIZER_BYTE_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

/* Out: out has room for len bytes; *out_len.  In: UTF-8 letters.
 * Returns: false, and nothing of use in out, if a character is none of the 256 letters. */
bool crux_byte_letters_read(char *out, size_t *out_len, const char *in, size_t len);

#endif
