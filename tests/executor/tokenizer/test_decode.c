/* Streams give out whole characters only, and joined they are what decoding at once gives. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "executor/tokenizer/utf8.h"
#include "tests/executor/tokenizer/small.h"
#include "tests/support/random.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* A vocabulary of the 256 bytes: id = byte. */
static struct crux_tokenizer *all_bytes(void) {
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer *t = NULL;
    assert_int_equal(crux_tokenizer_source_new(&source, 256, 0, 256, NULL), CRUX_OK);
    source->split = CRUX_TOKENIZER_SPLIT_GPT2;
    for (uint32_t i = 0; i < 256; i++) {
        source->text[i] = (char)(uint8_t)i;
        source->token[i] =
            (struct crux_tokenizer_token){.at = i, .len = 1, .type = CRUX_TOKENIZER_NORMAL};
    }
    assert_int_equal(crux_tokenizer_open(&t, &source, NULL), CRUX_OK);
    return t;
}

static void expect_bytes(const struct crux_tokenizer *t, const char *in, const char *want) {
    struct crux_text out = {0};
    struct crux_detokenizer d;
    crux_detokenizer_init(&d, t, 0);
    for (size_t i = 0; i < strlen(in); i++) {
        assert_int_equal(crux_detokenizer_feed(&d, &out, (uint8_t)in[i], NULL), CRUX_OK);
        assert_int_equal(crux_utf8_valid(out.bytes, out.len), out.len);
    }
    assert_int_equal(crux_detokenizer_flush(&d, &out, NULL), CRUX_OK);
    assert_int_equal(out.len, strlen(want));
    assert_memory_equal(out.bytes, want, strlen(want));
    crux_text_free(&out);
}

static void bad_bytes_become_the_replacement(void **state) {
    (void)state;
    struct crux_tokenizer *t = all_bytes();
    expect_bytes(t, "aé世😀", "aé世😀");
    expect_bytes(t, "\xC3", REPLACEMENT);
    expect_bytes(t, "\xC3\xC3\xA9", REPLACEMENT "é");
    expect_bytes(t, "\xE4\xB8z", REPLACEMENT "z");
    expect_bytes(t, "\xF0\x9F\x98", REPLACEMENT);
    expect_bytes(t, "\x80\x80", REPLACEMENT REPLACEMENT);
    expect_bytes(t, "\xE0\x80\x80", REPLACEMENT REPLACEMENT REPLACEMENT);
    expect_bytes(t, "\xED\xA0\x80", REPLACEMENT REPLACEMENT REPLACEMENT);
    expect_bytes(t, "\xF1\x80\x80\xE1\x80\xC2", REPLACEMENT REPLACEMENT REPLACEMENT);
    crux_tokenizer_close(t);
}

static void any_bytes_in_any_pieces(void **state) {
    (void)state;
    struct crux_tokenizer *t = all_bytes();
    struct crux_random random = {20};
    for (int round = 0; round < 2000; round++) {
        uint32_t id[24];
        size_t count = (size_t)crux_random_below(&random, 25);
        for (size_t i = 0; i < count; i++) {
            /* Mostly bytes that begin or go on characters. */
            id[i] = (uint32_t)(crux_random_below(&random, 3) == 0
                                   ? crux_random_below(&random, 256)
                                   : 0x80 + crux_random_below(&random, 0x78));
        }
        struct crux_text whole = {0}, bytes = {0}, stream = {0};
        struct crux_detokenizer d;
        assert_int_equal(crux_tokenizer_decode(t, &whole, id, count, 0, NULL), CRUX_OK);
        assert_int_equal(crux_tokenizer_decode(t, &bytes, id, count, CRUX_DECODE_BYTES, NULL),
                         CRUX_OK);
        crux_detokenizer_init(&d, t, 0);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(crux_detokenizer_feed(&d, &stream, id[i], NULL), CRUX_OK);
            assert_int_equal(crux_utf8_valid(stream.bytes, stream.len), stream.len);
        }
        assert_int_equal(crux_detokenizer_flush(&d, &stream, NULL), CRUX_OK);
        assert_int_equal(bytes.len, count);
        assert_int_equal(stream.len, whole.len);
        if (whole.len > 0) assert_memory_equal(stream.bytes, whole.bytes, whole.len);
        crux_text_free(&whole);
        crux_text_free(&bytes);
        crux_text_free(&stream);
    }
    crux_tokenizer_close(t);
}

static void every_character_comes_back(void **state) {
    (void)state;
    struct crux_tokenizer *t = all_bytes();
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char text[CRUX_UTF8_BYTES_MAX];
        struct crux_tokens ids = {0};
        struct crux_text back = {0};
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        size_t len = crux_utf8_write(text, code);
        struct crux_utf8_look look = crux_utf8_look(text, len);
        assert_true(look.state == CRUX_UTF8_WHOLE && look.len == len && look.code == code);
        /* Through the whole of encode for some: it is slow to begin. */
        if (code % 61 != 0 && code > 0x300) continue;
        assert_int_equal(crux_tokenizer_encode(t, &ids, NULL, text, len, 0, NULL), CRUX_OK);
        assert_int_equal(ids.count, len);
        assert_int_equal(crux_tokenizer_decode(t, &back, ids.id, ids.count, 0, NULL), CRUX_OK);
        assert_int_equal(back.len, len);
        assert_memory_equal(back.bytes, text, len);
        crux_tokens_free(&ids);
        crux_text_free(&back);
    }
    crux_tokenizer_close(t);
}

static void expect_ids(const struct crux_tokenizer *t, const uint32_t *id, size_t count,
                       unsigned flags, const char *want) {
    struct crux_text out = {0};
    assert_int_equal(crux_tokenizer_decode(t, &out, id, count, flags, NULL), CRUX_OK);
    assert_int_equal(out.len, strlen(want));
    if (out.len > 0) assert_memory_equal(out.bytes, want, out.len);
    crux_text_free(&out);
}

static void control_tokens_and_first_spaces(void **state) {
    (void)state;
    struct crux_tokenizer *t = small_open(small_bytes_json);
    const uint32_t ids[] = {11, 8, 13, 12};
    expect_ids(t, ids, 4, 0, " ab[UD]");
    expect_ids(t, ids, 4, CRUX_DECODE_CONTROL, "<s> ab[UD]</s>");
    crux_tokenizer_close(t);
    t = small_open(small_sentence_json);
    const uint32_t more[] = {1, 7, 7, 0};
    expect_ids(t, more, 4, 0, "a a");
    expect_ids(t, more, 4, CRUX_DECODE_CONTINUE, " a a");
    expect_ids(t, more + 1, 2, 0, "a a");
    struct crux_text out = {0};
    const uint32_t beyond = 9;
    assert_int_equal(crux_tokenizer_decode(t, &out, &beyond, 1, 0, NULL), CRUX_E_BAD_RANGE);
    assert_int_equal(out.len, 0);
    crux_tokenizer_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_bytes_become_the_replacement),
        cmocka_unit_test(any_bytes_in_any_pieces),
        cmocka_unit_test(every_character_comes_back),
        cmocka_unit_test(control_tokens_and_first_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
