#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "executor/tokenizer/split.h"
#include "executor/tokenizer/unicode_class.h"
#include "executor/tokenizer/utf8.h"

/* What each class of a rule is in class bytes, for use inside brackets. */
#define UPPER   "A-Z\\x81"
#define LOWER   "a-z\\x82\\x89"
#define MIDDLE  "\\x83\\x84\\x85" /* Lt, Lm, Lo */
#define MARK    "\\x86"
#define LETTER  UPPER LOWER MIDDLE
#define NUMBER  "0-9\\x87"
#define SPACE   "\\x09-\\x0D\\x20\\x88"
#define BIG     "[" UPPER MIDDLE MARK "]"
#define SMALL   "[" LOWER "\\x84\\x85" MARK "]"
#define BEFORE  "[^\\r\\n" LETTER NUMBER "]?"
#define SYMBOLS " ?[^" SPACE LETTER NUMBER "]+"
#define BLANKS  "[" SPACE "]+(?![^" SPACE "])|[" SPACE "]+"
#define LINES   "[" SPACE "]*[\\r\\n]+|" BLANKS
/* Without regard to case, where the long s is an s. */
#define ENDINGS "'(?:[sStTmMdD\\x89]|[rR][eE]|[vV][eE]|[lL][lL])"

static const char *expression(enum crux_tokenizer_split which) {
    switch (which) {
    case CRUX_TOKENIZER_SPLIT_NONE: break;
    case CRUX_TOKENIZER_SPLIT_GPT2:
    case CRUX_TOKENIZER_SPLIT_SMOLLM:
        return "'(?:[stmd]|re|ve|ll)| ?[" LETTER "]+| ?[" NUMBER "]+|" SYMBOLS "|" BLANKS;
    case CRUX_TOKENIZER_SPLIT_LLAMA3:
        return ENDINGS "|" BEFORE "[" LETTER "]+|[" NUMBER "]{1,3}|" SYMBOLS "[\\r\\n]*|" LINES;
    case CRUX_TOKENIZER_SPLIT_QWEN2:
        return ENDINGS "|" BEFORE "[" LETTER "]+|[" NUMBER "]|" SYMBOLS "[\\r\\n]*|" LINES;
    case CRUX_TOKENIZER_SPLIT_TEKKEN:
        return BEFORE BIG "*" SMALL "+|" BEFORE BIG "+" SMALL "*|[" NUMBER "]|" SYMBOLS
                          "[\\r\\n/]*|" LINES;
    case CRUX_TOKENIZER_SPLIT_GPT4O:
        return BEFORE BIG "*" SMALL "+(?:" ENDINGS ")?|" BEFORE BIG "+" SMALL "*(?:" ENDINGS
                          ")?|[" NUMBER "]{1,3}|" SYMBOLS "[\\r\\n/]*|" LINES;
    }
    return NULL;
}

struct crux_split_rule {
    pcre2_code *code;
    bool jit;
    bool digits_first; /* each number stands alone, before the expression sees the text */
};

enum crux_status crux_split_rule_new(struct crux_split_rule **rule, enum crux_tokenizer_split which,
                                     struct crux_tokenizer_error *error) {
    const char *text = expression(which);
    CRUX_ASSERT(text != NULL);
    int number = 0;
    PCRE2_SIZE at = 0;
    *rule = calloc(1, sizeof **rule);
    if (*rule == NULL) return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory");
    (*rule)->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &number, &at, NULL);
    if ((*rule)->code == NULL) {
        crux_split_rule_free(*rule);
        *rule = NULL;
        return crux_tokenizer_fail(error, CRUX_E_INTERNAL,
                                   "a split rule does not compile: %d at %zu", number, (size_t)at);
    }
    /* Only faster: a PCRE2 without it gives the same matches. */
    (*rule)->jit = pcre2_jit_compile((*rule)->code, PCRE2_JIT_COMPLETE) == 0;
    (*rule)->digits_first = which == CRUX_TOKENIZER_SPLIT_SMOLLM;
    return CRUX_OK;
}

void crux_split_rule_free(struct crux_split_rule *rule) {
    if (rule == NULL) return;
    pcre2_code_free(rule->code);
    free(rule);
}

struct crux_split {
    const struct crux_split_rule *rule;
    const char *text; /* of the next word */
    pcre2_match_data *match;
    uint8_t *class_byte;
    size_t count; /* of characters */
    size_t at;    /* the next word's first character */
    size_t stop;  /* what the expression sees ends here */
};

static void classify(struct crux_split *split, size_t len) {
    for (size_t i = 0; i < len;) {
        uint8_t byte = (uint8_t)split->text[i];
        if (byte < 0x80) {
            split->class_byte[split->count++] = byte;
            i++;
            continue;
        }
        struct crux_utf8_look look = crux_utf8_look(split->text + i, len - i);
        CRUX_ASSERT(look.state == CRUX_UTF8_WHOLE);
        split->class_byte[split->count++] = (uint8_t)(0x80 | crux_unicode_class(look.code));
        i += look.len;
    }
}

enum crux_status crux_split_new(struct crux_split **split, const struct crux_split_rule *rule,
                                const char *text, size_t len, struct crux_tokenizer_error *error) {
    struct crux_split *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->class_byte = malloc(len > 0 ? len : 1);
        made->match = pcre2_match_data_create(1, NULL);
    }
    if (made == NULL || made->class_byte == NULL || made->match == NULL) {
        crux_split_free(made);
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for %zu bytes of text",
                                   len);
    }
    made->rule = rule;
    made->text = text;
    classify(made, len);
    *split = made;
    return CRUX_OK;
}

void crux_split_free(struct crux_split *split) {
    if (split == NULL) return;
    pcre2_match_data_free(split->match);
    free(split->class_byte);
    free(split);
}

static bool is_number(uint8_t class_byte) {
    return (class_byte >= '0' && class_byte <= '9') || class_byte == (0x80 | CRUX_UNICODE_NUMBER);
}

/* Where the expression's view ends: at the next number if those come first, else at the end. */
static void find_stop(struct crux_split *split) {
    if (!split->rule->digits_first) {
        split->stop = split->count;
        return;
    }
    while (split->stop < split->count && !is_number(split->class_byte[split->stop])) split->stop++;
}

static enum crux_status match(struct crux_split *split, size_t *end,
                              struct crux_tokenizer_error *error) {
    const struct crux_split_rule *rule = split->rule;
    int found = rule->jit ? pcre2_jit_match(rule->code, split->class_byte, split->stop, split->at,
                                            0, split->match, NULL)
                          : pcre2_match(rule->code, split->class_byte, split->stop, split->at, 0,
                                        split->match, NULL);
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
        return crux_tokenizer_fail(error, CRUX_E_INTERNAL, "the split rule gave up: PCRE2 error %d",
                                   found);
    }
    if (found < 0) {
        *end = split->stop;
        return CRUX_OK;
    }
    const PCRE2_SIZE *place = pcre2_get_ovector_pointer(split->match);
    /* What lies before a match is a word too. */
    *end = place[0] > split->at ? place[0] : place[1];
    CRUX_ASSERT(*end > split->at && *end <= split->stop);
    return CRUX_OK;
}

static size_t bytes_of(const char *text, const uint8_t *class_byte, size_t characters) {
    size_t bytes = 0;
    for (size_t i = 0; i < characters; i++) {
        /* The text is valid, so that its first bytes tell all. */
        uint8_t first = (uint8_t)text[bytes];
        bytes += class_byte[i] < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    }
    return bytes;
}

enum crux_status crux_split_next(struct crux_split *split, const char **word, size_t *len,
                                 struct crux_tokenizer_error *error) {
    *word = split->text;
    *len = 0;
    if (split->at == split->count) return CRUX_OK;
    size_t end = split->at + 1;
    if (split->at >= split->stop) {
        split->stop = split->at;
        find_stop(split);
    }
    if (split->stop > split->at) {
        enum crux_status status = match(split, &end, error);
        if (status != CRUX_OK) return status;
    }
    *len = bytes_of(split->text, split->class_byte + split->at, end - split->at);
    split->text += *len;
    split->at = end;
    return CRUX_OK;
}
