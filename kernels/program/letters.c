#include "kernels/program/letters.h"

bool crux_letter_is_valid(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '.' ||
           letter == '_' || letter == '-';
}

static size_t length(const char *text, size_t cap) {
    size_t len = 0;
    while (len < cap && crux_letter_is_valid(text[len])) len++;
    return len;
}

bool crux_letters_fit(const char *text, size_t cap) {
    size_t len = length(text, cap);
    return len < cap && text[len] == 0;
}

bool crux_letters_padded(const char *field, size_t cap) {
    size_t len = length(field, cap);
    if (len == cap) return false;
    for (; len < cap; len++) {
        if (field[len] != 0) return false;
    }
    return true;
}
