#include "kernels/program/text_lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernels/program/letters.h"

void crux_lexer_init(struct crux_lexer *lexer, const char *text, size_t len,
                     struct crux_text_error *error) {
    *lexer = (struct crux_lexer){.text = len > 0 ? text : "", .len = len, .error = error};
    memset(error, 0, sizeof *error);
}

bool crux_lexer_failed(const struct crux_lexer *lexer) {
    return lexer->error->status != CRUX_OK;
}

static bool at_text(const struct crux_lexer *lexer) {
    return !crux_lexer_failed(lexer) && lexer->at < lexer->len;
}

void crux_lexer_skip(struct crux_lexer *lexer) {
    while (at_text(lexer)) {
        char c = lexer->text[lexer->at];
        if (c == '#') {
            while (lexer->at < lexer->len && lexer->text[lexer->at] != '\n') lexer->at++;
        } else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && lexer->depth > 0)) {
            lexer->at++;
        } else {
            return;
        }
    }
}

void crux_lexer_fail(struct crux_lexer *lexer, enum crux_status status, const char *format, ...) {
    struct crux_text_error *error = lexer->error;
    va_list args;
    if (crux_lexer_failed(lexer)) return;
    crux_lexer_skip(lexer);
    error->status = status;
    error->line = error->column = 1;
    for (size_t i = 0; i < lexer->at; i++) {
        error->column++;
        if (lexer->text[i] != '\n') continue;
        error->line++;
        error->column = 1;
    }
    va_start(args, format);
    (void)vsnprintf(error->what, sizeof error->what, format, args);
    va_end(args);
}

bool crux_lexer_at_end_of_line(struct crux_lexer *lexer) {
    crux_lexer_skip(lexer);
    return !at_text(lexer) || lexer->text[lexer->at] == '\n';
}

bool crux_lexer_next_line(struct crux_lexer *lexer) {
    while (at_text(lexer) && crux_lexer_at_end_of_line(lexer)) {
        if (lexer->at < lexer->len) lexer->at++;
    }
    return at_text(lexer);
}

void crux_lexer_expect_end_of_line(struct crux_lexer *lexer) {
    if (!crux_lexer_at_end_of_line(lexer))
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "the line should end here");
}

static bool is_word_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Length of the word that starts here, 0 if none does. */
static size_t word_length(struct crux_lexer *lexer) {
    size_t end;
    crux_lexer_skip(lexer);
    if (!at_text(lexer)) return 0;
    for (end = lexer->at; end < lexer->len && is_word_letter(lexer->text[end]); end++) continue;
    return end - lexer->at;
}

bool crux_lexer_accept_word(struct crux_lexer *lexer, const char *word) {
    size_t len = word_length(lexer);
    if (len == 0 || len != strlen(word) || memcmp(lexer->text + lexer->at, word, len) != 0)
        return false;
    lexer->at += len;
    return true;
}

void crux_lexer_expect_word(struct crux_lexer *lexer, const char *word) {
    if (!crux_lexer_accept_word(lexer, word))
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "\"%s\" is expected here", word);
}

bool crux_lexer_accept_sign(struct crux_lexer *lexer, const char *sign) {
    size_t len = strlen(sign);
    crux_lexer_skip(lexer);
    if (!at_text(lexer) || lexer->len - lexer->at < len) return false;
    if (memcmp(lexer->text + lexer->at, sign, len) != 0) return false;
    lexer->at += len;
    if (sign[0] == '(') lexer->depth++;
    if (sign[0] == ')' && lexer->depth > 0) lexer->depth--;
    return true;
}

void crux_lexer_expect_sign(struct crux_lexer *lexer, const char *sign) {
    if (!crux_lexer_accept_sign(lexer, sign))
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "\"%s\" is expected here", sign);
}

unsigned crux_lexer_choice(struct crux_lexer *lexer, const char *what,
                           const char *(*word_of)(unsigned), unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        const char *word = word_of(i);
        if (word != NULL && crux_lexer_accept_word(lexer, word)) return i;
    }
    size_t len = word_length(lexer);
    crux_lexer_fail(lexer, CRUX_E_SYNTAX, "\"%.*s\" is not %s", (int)(len < 40 ? len : 40),
                    lexer->text + lexer->at, what);
    return 0;
}

bool crux_lexer_at_digit(struct crux_lexer *lexer) {
    crux_lexer_skip(lexer);
    return at_text(lexer) && lexer->text[lexer->at] >= '0' && lexer->text[lexer->at] <= '9';
}

/* Reads digits up to `most`.  Returns: false if there are none or the number is greater; nothing is read then. */
static bool digits(struct crux_lexer *lexer, uint64_t most, uint64_t *value) {
    size_t end = lexer->at;
    uint64_t v = 0;
    for (; end < lexer->len && lexer->text[end] >= '0' && lexer->text[end] <= '9'; end++) {
        unsigned digit = (unsigned)(lexer->text[end] - '0');
        if (digit > most || v > (most - digit) / 10) return false;
        v = 10 * v + digit;
    }
    if (end == lexer->at || (end < lexer->len && is_word_letter(lexer->text[end]))) return false;
    lexer->at = end;
    *value = v;
    return true;
}

int64_t crux_lexer_number(struct crux_lexer *lexer, int64_t lo, int64_t hi) {
    uint64_t v = 0;
    crux_lexer_skip(lexer);
    size_t start = lexer->at;
    bool negative = crux_lexer_accept_sign(lexer, "-");
    bool found = at_text(lexer) && digits(lexer, (uint64_t)INT64_MAX + (negative ? 1 : 0), &v);
    int64_t value = (int64_t)(negative ? 0 - v : v);
    if (found && value >= lo && value <= hi) return value;
    if (!crux_lexer_failed(lexer)) lexer->at = start;
    crux_lexer_fail(lexer, CRUX_E_SYNTAX, "a number from %lld to %lld is expected here",
                    (long long)lo, (long long)hi);
    return lo;
}

bool crux_lexer_accept_numbered(struct crux_lexer *lexer, char letter, uint32_t below,
                                uint32_t *number) {
    uint64_t v = 0;
    if (word_length(lexer) < 2 || lexer->text[lexer->at] != letter) return false;
    size_t start = lexer->at++;
    if (digits(lexer, (uint64_t)below - 1, &v)) {
        *number = (uint32_t)v;
        return true;
    }
    lexer->at = start;
    return false;
}

void crux_lexer_letters(struct crux_lexer *lexer, char *field, size_t cap) {
    size_t len = 0;
    memset(field, 0, cap);
    crux_lexer_skip(lexer);
    while (at_text(lexer) && lexer->at + len < lexer->len &&
           crux_letter_is_valid(lexer->text[lexer->at + len]))
        len++;
    if (len >= cap) {
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "a name here has at most %zu letters", cap - 1);
        return;
    }
    if (len > 0) memcpy(field, lexer->text + lexer->at, len);
    lexer->at += len;
}

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void crux_lexer_hash(struct crux_lexer *lexer, uint8_t hash[CRUX_HASH_BYTES]) {
    bool good = word_length(lexer) == 2 * CRUX_HASH_BYTES;
    memset(hash, 0, CRUX_HASH_BYTES);
    for (unsigned i = 0; good && i < CRUX_HASH_BYTES; i++) {
        int high = hex(lexer->text[lexer->at + 2 * i]),
            low = hex(lexer->text[lexer->at + 2 * i + 1]);
        good = high >= 0 && low >= 0;
        if (good) hash[i] = (uint8_t)(high << 4 | low);
    }
    if (good)
        lexer->at += 2 * CRUX_HASH_BYTES;
    else
        crux_lexer_fail(lexer, CRUX_E_SYNTAX,
                        "a hash of 64 lower-case hex digits is expected here");
}
