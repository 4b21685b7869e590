/* Reading text: words, numbers and signs, with one sticky error. Newlines end a statement, except in parentheses. */
#ifndef CRUX_KERNELS_PROGRAM_TEXT_LEXER_H
#define CRUX_KERNELS_PROGRAM_TEXT_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/program/program_text.h"

/* Invariant: at <= len. After a failure every accept and expect does nothing and returns false, every number is its
 * least value. */
struct crux_lexer {
    const char *text;
    size_t len, at;
    unsigned depth; /* open parentheses */
    struct crux_text_error *error;
};

void crux_lexer_init(struct crux_lexer *lexer, const char *text, size_t len,
                     struct crux_text_error *error);

/* Fails at the next token, unless it has failed already. */
CRUX_PRINTF(3, 4)
void crux_lexer_fail(struct crux_lexer *lexer, enum crux_status status, const char *format, ...);
bool crux_lexer_failed(const struct crux_lexer *lexer);

/* Skips blank space and comments: to the next token or the end of the line. */
void crux_lexer_skip(struct crux_lexer *lexer);
/* The end of a statement: of the line or the text. */
bool crux_lexer_at_end_of_line(struct crux_lexer *lexer);
/* Skips empty lines.  Returns: false at the end of the text or after a failure. */
bool crux_lexer_next_line(struct crux_lexer *lexer);
void crux_lexer_expect_end_of_line(struct crux_lexer *lexer);

/* A word is a run of a-z 0-9 _; a sign anything else, as spelled here. */
bool crux_lexer_accept_word(struct crux_lexer *lexer, const char *word);
void crux_lexer_expect_word(struct crux_lexer *lexer, const char *word);
bool crux_lexer_accept_sign(struct crux_lexer *lexer, const char *sign);
void crux_lexer_expect_sign(struct crux_lexer *lexer, const char *sign);

/* One of `count` words, NULL for unused places.  Returns: its index; 0 after a failure. */
unsigned crux_lexer_choice(struct crux_lexer *lexer, const char *what,
                           const char *(*word_of)(unsigned), unsigned count);

/* Returns: a number within [lo, hi]; lo after a failure. */
int64_t crux_lexer_number(struct crux_lexer *lexer, int64_t lo, int64_t hi);
bool crux_lexer_at_digit(struct crux_lexer *lexer);
/* A letter and a number, such as r12.  Returns: false, and nothing is read, if that is not what stands there. */
bool crux_lexer_accept_numbered(struct crux_lexer *lexer, char letter, uint32_t below,
                                uint32_t *number);

/* A run of name letters.  Out: field, zero-padded to cap.  Fails on cap letters or more; none are permitted. */
void crux_lexer_letters(struct crux_lexer *lexer, char *field, size_t cap);
void crux_lexer_hash(struct crux_lexer *lexer, uint8_t hash[CRUX_HASH_BYTES]);

#endif
