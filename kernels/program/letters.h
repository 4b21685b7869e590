/* The letters of names and labels: a-z 0-9 . _ - */
#ifndef CRUX_KERNELS_PROGRAM_LETTERS_H
#define CRUX_KERNELS_PROGRAM_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

bool crux_letter_is_valid(char letter);

/* Is `text` made of these letters, possibly none, and shorter than `cap` bytes?  In: text, zero-terminated. */
bool crux_letters_fit(const char *text, size_t cap);

/* Is a field of `cap` bytes such a text, then zero bytes only, at least one? */
bool crux_letters_padded(const char *field, size_t cap);

#endif
