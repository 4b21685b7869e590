/* Text as its tokens come: never half a character, never what a stop string cuts; whatever the cut into tokens. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "executor/service/answer/text.h"
#include "tests/support/random.h"

/* A vocabulary of the 256 bytes: id = byte. */
static struct crux_tokenizer *all_bytes(void) {
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer *tokenizer = NULL;
    assert_int_equal(crux_tokenizer_source_new(&source, 256, 0, 256, NULL), CRUX_OK);
    source->split = CRUX_TOKENIZER_SPLIT_GPT2;
    for (uint32_t i = 0; i < 256; i++) {
        source->text[i] = (char)(uint8_t)i;
        source->token[i] =
            (struct crux_tokenizer_token){.at = i, .len = 1, .type = CRUX_TOKENIZER_NORMAL};
    }
    assert_int_equal(crux_tokenizer_open(&tokenizer, &source, NULL), CRUX_OK);
    return tokenizer;
}

static bool is_whole(const char *text, size_t len) {
    /* the last character's first byte says how long it is */
    size_t at = len;
    while (at > 0 && ((unsigned char)text[at - 1] & 0xc0) == 0x80) at--;
    if (at == 0) return len == 0;
    unsigned char lead = (unsigned char)text[at - 1];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return len - at + 1 == want;
}

static struct crux_answer_text answer;

/* Feeds a text byte by byte, and looks after each at what may be shown. */
static void feed(const struct crux_tokenizer *tokenizer, const char *text, const char *const *stops,
                 unsigned count, const char *want) {
    crux_answer_text_open(&answer, tokenizer, stops, count);
    size_t shown = 0;
    for (const char *at = text; *at != 0 && !answer.stopped; at++) {
        assert_int_equal(crux_answer_text_feed(&answer, (uint8_t)*at), CRUX_OK);
        assert_true(answer.shown >= shown && answer.shown <= answer.text.len);
        assert_true(answer.shown <= strlen(want));
        assert_memory_equal(answer.text.bytes == NULL ? "" : answer.text.bytes, want, answer.shown);
        assert_true(is_whole(want, answer.shown));
        shown = answer.shown;
    }
    assert_int_equal(crux_answer_text_end(&answer), CRUX_OK);
    assert_int_equal(answer.shown, strlen(want));
    assert_int_equal(answer.text.len, strlen(want));
    assert_memory_equal(answer.text.len == 0 ? "" : answer.text.bytes, want, strlen(want));
    crux_answer_text_free(&answer);
}

static void test_stops(void **state) {
    static const struct {
        const char *text, *stop[2], *want;
    } cases[] = {{"hello", {NULL, NULL}, "hello"},
                 {"hello", {"l", NULL}, "he"},
                 {"hello", {"lo", NULL}, "hel"},
                 {"hello", {"lx", NULL}, "hello"},
                 {"hello", {"o", "llo"}, "he"},
                 {"aaab", {"aab", NULL}, "a"},
                 {"abababc", {"ababc", NULL}, "ab"},
                 {"x\xc3\xa9y", {"\xc3\xa9", NULL}, "x"},
                 {"x\xc3\xa9y", {"y", NULL}, "x\xc3\xa9"},
                 {"\xf0\x9f\x98\x80!", {"!", NULL}, "\xf0\x9f\x98\x80"},
                 {"hello", {"hello", NULL}, ""},
                 {"hel", {"hello", NULL}, "hel"},
                 {"cut \xc3", {NULL, NULL}, "cut \xef\xbf\xbd"}};
    struct crux_tokenizer *tokenizer = all_bytes();
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        unsigned count = cases[i].stop[0] == NULL ? 0 : cases[i].stop[1] == NULL ? 1 : 2;
        feed(tokenizer, cases[i].text, cases[i].stop, count, cases[i].want);
    }
    crux_tokenizer_close(tokenizer);
}

/* Against a search of the whole text: the stop string that ends first; of several, the one that begins first. */
static void test_random(void **state) {
    struct crux_tokenizer *tokenizer = all_bytes();
    struct crux_random random = {7};
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char text[24], stop[2][5];
        const char *stops[2] = {stop[0], stop[1]};
        size_t len = crux_random_below(&random, 23);
        for (size_t i = 0; i < len; i++) text[i] = (char)('a' + crux_random_below(&random, 2));
        text[len] = 0;
        for (unsigned s = 0; s < 2; s++) {
            size_t stop_len = 1 + crux_random_below(&random, 4);
            for (size_t i = 0; i < stop_len; i++)
                stop[s][i] = (char)('a' + crux_random_below(&random, 3));
            stop[s][stop_len] = 0;
        }
        size_t cut = len;
        for (size_t end = 1; end <= len && cut == len; end++) {
            for (unsigned s = 0; s < 2; s++) {
                size_t stop_len = strlen(stop[s]);
                if (end >= stop_len && memcmp(text + end - stop_len, stop[s], stop_len) == 0 &&
                    end - stop_len < cut)
                    cut = end - stop_len;
            }
        }
        char want[24];
        memcpy(want, text, cut);
        want[cut] = 0;
        feed(tokenizer, text, stops, 2, want);
    }
    crux_tokenizer_close(tokenizer);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stops), cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
