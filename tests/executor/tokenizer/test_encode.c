#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/executor/tokenizer/small.h"

#define IDS(...)                                                                                   \
    (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), (uint32_t[]) {                         \
        __VA_ARGS__                                                                                \
    }
#define NORMAL  CRUX_TOKENIZER_NORMAL
#define UNKNOWN CRUX_TOKENIZER_UNKNOWN
#define BYTE    CRUX_TOKENIZER_BYTE
#define USER    CRUX_TOKENIZER_USER_DEFINED

static void merges_by_rank(void **state) {
    (void)state;
    struct crux_tokenizer *t = small_open(small_bytes_json);
    small_expect(t, "", 0, 0, NULL);
    small_expect(t, "abc", 0, IDS(4));
    small_expect(t, "ab ab", 0, IDS(3, 8));
    small_expect(t, " abc", 0, IDS(5, 4)); /* "a b" and "ab c" come before " a" */
    small_expect(t, "aab", 0, IDS(0, 3));
    small_expect(t, "a\nb", 0, IDS(0, 7, 1));
    small_expect(t, "é", 0, IDS(9, 10));
    crux_tokenizer_close(t);
}

static void special_tokens_come_first(void **state) {
    (void)state;
    struct crux_tokenizer *t = small_open(small_bytes_json);
    small_expect(t, "a[UD]b[UD]+", 0, IDS(0, 13, 1, 14)); /* the longest */
    small_expect(t, "a<s>b", CRUX_ENCODE_CONTROL, IDS(0, 11, 1));
    small_expect(t, "abc", CRUX_ENCODE_BOS | CRUX_ENCODE_EOS,
                 IDS(11, 4)); /* eos is not asked for */
    small_expect(t, "<s></s><s>", CRUX_ENCODE_CONTROL, IDS(11, 12, 11));
    /* White space beside them goes with them. */
    small_expect(t, "a<r> \n\t\xE3\x80\x80 b", CRUX_ENCODE_CONTROL, IDS(0, 15, 1));
    small_expect(t, "a \n\xC2\xA0<l> b", CRUX_ENCODE_CONTROL, IDS(0, 16, 5, 1));
    small_expect(t, "<r>  <l>", CRUX_ENCODE_CONTROL, IDS(15, 16));
    crux_tokenizer_close(t);
}

static void control_tokens_are_text_unless_asked_for(void **state) {
    (void)state;
    struct crux_tokenizer *t = small_open(small_bytes_json);
    struct crux_tokens got = {0};
    size_t lost = 0;
    /* This vocabulary has no token for '<', 's', '>': each is left out and counted. */
    assert_int_equal(crux_tokenizer_encode(t, &got, &lost, "a<s>b", 5, 0, NULL), CRUX_OK);
    assert_int_equal(got.count, 2);
    assert_int_equal(lost, 3);
    assert_int_equal(crux_tokenizer_encode(t, &got, &lost, "ab", 2, 0, NULL), CRUX_OK);
    assert_int_equal(got.count, 3); /* appended */
    assert_int_equal(lost, 0);
    crux_tokens_free(&got);
    crux_tokenizer_close(t);
}

static void refuses_what_is_no_text(void **state) {
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xC3",
                                      "\xC0\x80",
                                      "\xED\xA0\x80",
                                      "\xF4\x90\x80\x80",
                                      "\xF8\x88\x80\x80\x80",
                                      "ok\xE2\x82",
                                      "\xE2\x28\xA1"};
    struct crux_tokenizer *t = small_open(small_bytes_json);
    struct crux_tokens got = {0};
    struct crux_tokenizer_error error = {""};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(bad); i++) {
        assert_int_equal(crux_tokenizer_encode(t, &got, NULL, bad[i], strlen(bad[i]), 0, &error),
                         CRUX_E_SYNTAX);
        assert_non_null(strstr(error.text, "UTF-8"));
    }
    assert_int_equal(
        crux_tokenizer_encode(t, &got, NULL, "", CRUX_TOKENIZER_TEXT_BYTES_MAX + 1, 0, &error),
        CRUX_E_UNSUPPORTED);
    assert_int_equal(got.count, 0);
    crux_tokens_free(&got);
    crux_tokenizer_close(t);
}

static void sentences(void **state) {
    (void)state;
    struct crux_tokenizer *t = small_open(small_sentence_json);
    small_expect(t, "", 0, 0, NULL);
    small_expect(t, "ab", 0, IDS(3, 6)); /* "a b" comes before "_ a" */
    small_expect(t, "a", 0, IDS(7));
    small_expect(t, "aaa", 0, IDS(3, 8, 4));
    small_expect(t, "axyzb", 0, IDS(7, 0, 5)); /* a run of unknown characters is one */
    small_expect(t, "a<s>b", CRUX_ENCODE_CONTROL, IDS(7, 1, 3, 5)); /* a space after each */
    crux_tokenizer_close(t);
}

static struct crux_tokenizer *opened(struct crux_tokenizer_source *source) {
    struct crux_tokenizer *t = NULL;
    struct crux_tokenizer_error error = {""};
    if (crux_tokenizer_open(&t, &source, &error) != CRUX_OK) fail_msg("%s", error.text);
    return t;
}

static void sentences_by_score(void **state) {
    (void)state;
    const char *text[] = {"<unk>", "a", "b", "c", "ab", "bc", "abc", "[U]"};
    const uint8_t type[] = {UNKNOWN, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, USER};
    const float score[] = {0, -1, -1, -1, -5, -2, -9, 0};
    struct crux_tokenizer_source *source =
        small_source(CRUX_TOKENIZER_SENTENCE_BPE, 8, text, type, score, 0);
    source->unknown = 0;
    struct crux_tokenizer *t = opened(source);
    small_expect(t, "bcab", 0, IDS(5, 4));
    small_expect(t, "abc", 0, IDS(6)); /* bc first, then a with it */
    small_expect(t, "abab", 0, IDS(4, 4));
    small_expect(t, "xy", 0, IDS(0, 0)); /* not fused */
    small_expect(t, "a[U]b", 0, IDS(1, 7, 2));
    crux_tokenizer_close(t);
}

static void unigram_takes_the_best_cut(void **state) {
    (void)state;
    const char *text[] = {"<unk>", "a", "b", "ab", "aba", "ba", "bab"};
    const uint8_t type[] = {UNKNOWN, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL};
    const float score[] = {0, -3, -3, -4, -6, -4.5f, -4.25f};
    struct crux_tokenizer_source *source =
        small_source(CRUX_TOKENIZER_UNIGRAM, 7, text, type, score, 0);
    source->unknown = 0;
    source->fuse_unknown = true;
    struct crux_tokenizer *t = opened(source);
    small_expect(t, "ab", 0, IDS(3));
    small_expect(t, "aba", 0, IDS(4));
    small_expect(t, "abab", 0, IDS(1, 6)); /* -7.25 against -8 for ab ab */
    small_expect(t, "bab", 0, IDS(6));
    small_expect(t, "aéézb", 0, IDS(1, 0, 2));
    crux_tokenizer_close(t);
}

static void bytes_where_there_is_no_token(void **state) {
    (void)state;
    enum { TOKENS = 258 };
    static char name[256][2];
    const char *text[TOKENS];
    uint8_t type[TOKENS];
    float score[TOKENS] = {0};
    for (size_t i = 0; i < 256; i++) {
        name[i][0] = (char)(uint8_t)i;
        text[i] = i == 0 ? "?" : name[i]; /* a zero byte ends a string: set below */
        type[i] = BYTE;
    }
    text[256] = "a";
    text[257] = "\xE2\x96\x81";
    type[256] = type[257] = NORMAL;
    struct crux_tokenizer_source *source =
        small_source(CRUX_TOKENIZER_SENTENCE_BPE, TOKENS, text, type, score, 0);
    source->text[source->token[0].at] = '\0';
    source->byte_fallback = true;
    source->strip_prefix = true;
    source->prefix = CRUX_TOKENIZER_PREFIX_EACH;
    struct crux_tokenizer *t = opened(source);
    small_expect(t, "aé b", 0, IDS(257, 256, 0xC3, 0xA9, 257, 'b'));
    struct crux_text back = {0};
    const uint32_t ids[] = {257, 256, 0xC3, 0xA9, 257, 'b', 0, 256};
    assert_int_equal(crux_tokenizer_decode(t, &back, ids, 8, 0, NULL), CRUX_OK);
    assert_int_equal(back.len, 7);
    assert_memory_equal(back.bytes, "aé b\0a", 7);
    crux_text_free(&back);
    crux_tokenizer_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_by_rank),
        cmocka_unit_test(special_tokens_come_first),
        cmocka_unit_test(control_tokens_are_text_unless_asked_for),
        cmocka_unit_test(refuses_what_is_no_text),
        cmocka_unit_test(sentences),
        cmocka_unit_test(sentences_by_score),
        cmocka_unit_test(unigram_takes_the_best_cut),
        cmocka_unit_test(bytes_where_there_is_no_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
