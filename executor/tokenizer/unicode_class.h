/* Classes of characters as split rules see them, from a table of our own: with the one of an installed library the
 * same text would give other tokens on another machine. Unicode 16.0. */
#ifndef CRUX_EXECUTOR_TOKENIZER_UNICODE_CLASS_H
#define CRUX_EXECUTOR_TOKENIZER_UNICODE_CLASS_H

#include <stdint.h>

enum crux_unicode_class {
    CRUX_UNICODE_OTHER = 0,
    CRUX_UNICODE_UPPER,    /* Lu */
    CRUX_UNICODE_LOWER,    /* Ll */
    CRUX_UNICODE_TITLE,    /* Lt */
    CRUX_UNICODE_MODIFIER, /* Lm */
    CRUX_UNICODE_LETTER,   /* Lo */
    CRUX_UNICODE_MARK,     /* Mn, Mc, Me */
    CRUX_UNICODE_NUMBER,   /* Nd, Nl, No */
    CRUX_UNICODE_SPACE,    /* White_Space */
    CRUX_UNICODE_LONG_S, /* U+017F: a lower-case letter that "s" matches where case does not count */
};

/* Each entry is the first character of a class, << 4, | the class; it lasts until the next entry. From U+0080 on. */
extern const uint32_t crux_unicode_class_table[];
extern const uint32_t crux_unicode_class_entries;

/* In: code >= 0x80. */
enum crux_unicode_class crux_unicode_class(uint32_t code);

#endif
