/* Sources from GGUF keys, from tokenizer.json and from bytes: what is read, and what is refused and how it is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/executor/tokenizer/small.h"

static struct crux_tokenizer_string str(const char *text) {
    return (struct crux_tokenizer_string){text, strlen(text)};
}

static void expect_gguf(const struct crux_tokenizer_gguf *gguf, enum crux_status want,
                        const char *words) {
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer_error error = {""};
    assert_int_equal(crux_tokenizer_source_from_gguf(&source, gguf, &error), want);
    assert_null(source);
    if (strstr(error.text, words) == NULL) fail_msg("%s", error.text);
}

static void gguf_bytes(void **state) {
    (void)state;
    /* U+0120 is the letter of the space, U+010A of the line end, U+0122 of 0x22 no letter: that byte has its own. */
    struct crux_tokenizer_string tokens[] = {str("<|im_end|>"),
                                             str("a"),
                                             str("\xC4\xA0"),
                                             str("\xC4\xA0"
                                                 "a"),
                                             str("\xC4\x8A"),
                                             str("\xC5\x83"),
                                             str("世")};
    struct crux_tokenizer_string merges[] = {str("\xC4\xA0 a")};
    const int32_t type[] = {3, 1, 1, 1, 1, 1, 1};
    const uint32_t zero = 0;
    struct crux_tokenizer_gguf gguf = {.model = str("gpt2"),
                                       .pre = str("llama-bpe"),
                                       .tokens = tokens,
                                       .token_count = 7,
                                       .token_type = type,
                                       .merges = merges,
                                       .merge_count = 1,
                                       .bos = &zero,
                                       .chat_template = str("{{ x }}")};
    struct crux_tokenizer_source *source = NULL;
    assert_int_equal(crux_tokenizer_source_from_gguf(&source, &gguf, NULL), CRUX_OK);
    assert_int_equal(source->split, CRUX_TOKENIZER_SPLIT_LLAMA3);
    assert_true(source->whole_words && source->add_bos && source->bos == 0);
    assert_int_equal(source->text[source->token[2].at], ' ');
    assert_int_equal(source->text[source->token[4].at], '\n');
    assert_int_equal((uint8_t)source->text[source->token[5].at], 0xAD);
    assert_int_equal(source->token[6].type, CRUX_TOKENIZER_UNUSED);
    assert_true(source->merge[0].left == 2 && source->merge[0].right == 1);
    assert_true(source->stop_count == 1 && source->stop[0] == 0);
    assert_int_equal(source->chat_template_len, 7);
    crux_tokenizer_source_free(source);

    gguf.add_bos = CRUX_TOKENIZER_FALSE;
    assert_int_equal(crux_tokenizer_source_from_gguf(&source, &gguf, NULL), CRUX_OK);
    assert_false(source->add_bos);
    crux_tokenizer_source_free(source);

    gguf.pre = str("deepseek-llm");
    expect_gguf(&gguf, CRUX_E_UNSUPPORTED, "'deepseek-llm'");
    gguf.pre = (struct crux_tokenizer_string){0};
    expect_gguf(&gguf, CRUX_E_UNSUPPORTED, "pre-tokenizer");
    gguf.pre = str("smollm");
    merges[0] = str("a b");
    expect_gguf(&gguf, CRUX_E_UNKNOWN_NAME, "merge 0");
    merges[0] = str("nothing");
    expect_gguf(&gguf, CRUX_E_SYNTAX, "merge 0");
    gguf.merge_count = 0;
    gguf.model = str("bert");
    expect_gguf(&gguf, CRUX_E_UNSUPPORTED, "'bert'");
    gguf.model = (struct crux_tokenizer_string){0};
    expect_gguf(&gguf, CRUX_E_UNSUPPORTED, "no tokenizer");
    gguf.model = str("gpt2");
    const uint32_t seven = 7;
    gguf.eos = &seven;
    expect_gguf(&gguf, CRUX_E_BAD_RANGE, "eos is token 7 of 7");
    gguf.token_count = 0;
    expect_gguf(&gguf, CRUX_E_UNSUPPORTED, "0 tokens");
}

static void gguf_sentences(void **state) {
    (void)state;
    struct crux_tokenizer_string tokens[] = {str("<unk>"),   str("<s>"),    str("</s>"),
                                             str("<|end|>"), str("<0x0A>"), str("a"),
                                             str("<|user|>")};
    const int32_t type[] = {2, 3, 3, 1, 6, 1, 3};
    float score[] = {0, 0, 0, 0, 0, -1, 0};
    struct crux_tokenizer_gguf gguf = {.name = str("Phi-3 Mini"),
                                       .model = str("llama"),
                                       .tokens = tokens,
                                       .token_count = 7,
                                       .token_type = type,
                                       .scores = score};
    struct crux_tokenizer_source *source = NULL;
    assert_int_equal(crux_tokenizer_source_from_gguf(&source, &gguf, NULL), CRUX_OK);
    assert_true(source->add_bos && source->bos == 1 && source->eos == 2 && source->unknown == 0);
    assert_int_equal(source->prefix, CRUX_TOKENIZER_PREFIX_EACH);
    assert_true(source->strip_prefix && !source->byte_fallback);
    assert_true(source->token[4].len == 1 && source->text[source->token[4].at] == '\n');
    assert_int_equal(source->token[3].type, CRUX_TOKENIZER_CONTROL);
    assert_int_equal(source->token[1].strip, 0);
    assert_int_equal(source->token[2].strip, CRUX_TOKENIZER_STRIP_RIGHT);
    assert_int_equal(source->token[6].strip, CRUX_TOKENIZER_STRIP_RIGHT);
    assert_true(source->stop_count == 2 && source->stop[0] == 2 && source->stop[1] == 3);
    crux_tokenizer_source_free(source);

    score[5] = (float)1e300 * (float)1e300;
    expect_gguf(&gguf, CRUX_E_BAD_RANGE, "score of token 5");
    score[5] = -1;
    tokens[4] = str("<0x0a>");
    expect_gguf(&gguf, CRUX_E_SYNTAX, "byte token 4");
    tokens[4] = str("<0x0A>");
    gguf.charsmap_bytes = 1;
    expect_gguf(&gguf, CRUX_E_UNSUPPORTED, "precompiled_charsmap");
    gguf.charsmap_bytes = 0;
    tokens[5] = str("\xFF");
    expect_gguf(&gguf, CRUX_E_BAD_RANGE, "not UTF-8");
    tokens[5] = str("a");
    gguf.scores = NULL;
    expect_gguf(&gguf, CRUX_E_BAD_RANGE, "no scores");
}

/* The small file with one piece of it exchanged. */
static char *changed(const char *json, const char *from, const char *to) {
    const char *at = strstr(json, from);
    assert_non_null(at);
    char *out = malloc(strlen(json) + strlen(to) + 1);
    assert_non_null(out);
    size_t before = (size_t)(at - json);
    memcpy(out, json, before);
    strcpy(out + before, to);
    strcat(out, at + strlen(from));
    return out;
}

static void json_refusals(void **state) {
    (void)state;
    static const struct {
        const char *json, *from, *to;
        enum crux_status want;
        const char *words;
    } cases[] = {
        {small_bytes_json, "{\"added", "[\"added", CRUX_E_SYNTAX, "tokenizer.json:1"},
        {small_bytes_json, "\"type\":\"BPE\"", "\"type\":\"WordPiece\"", CRUX_E_UNSUPPORTED,
         "WordPiece"},
        {small_bytes_json, "\"a\":0", "\"a\":1", CRUX_E_DUPLICATE_NAME, "id 1"},
        {small_bytes_json, "\"a\":0", "\"a\":-1", CRUX_E_SYNTAX, "token 0"},
        {small_bytes_json, "\"a\":0", "\"a\":1048576", CRUX_E_SYNTAX, "token 0"},
        {small_bytes_json, "\"a\":0", "\"a\":0.5", CRUX_E_SYNTAX, "token 0"},
        {small_bytes_json, "\"a b\"", "\"a q\"", CRUX_E_UNKNOWN_NAME, "merge 0"},
        {small_bytes_json, "\"a b\"", "\"ab\"", CRUX_E_SYNTAX, "merge 0"},
        {small_bytes_json, "\"a b\"", "7", CRUX_E_SYNTAX, "merge 0"},
        {small_bytes_json, "\"add_prefix_space\":false", "\"add_prefix_space\":true",
         CRUX_E_UNSUPPORTED, "ByteLevel"},
        {small_bytes_json, "\"normalizer\":null", "\"normalizer\":{\"type\":\"NFKC\"}",
         CRUX_E_UNSUPPORTED, "NFKC"},
        {small_bytes_json, "\"normalizer\":null,",
         "\"normalizer\":{\"type\":\"NFC\"},\"q\":{\"normalized\":true},", CRUX_OK, ""},
        {small_bytes_json, "\"single_word\":false", "\"single_word\":true", CRUX_E_UNSUPPORTED,
         "single_word"},
        {small_bytes_json, "\"pre_tokenizer\":{",
         "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
         "\"pattern\":{\"Regex\":\".+\"},\"behavior\":\"Isolated\"},{\"type\":\"ByteLevel\"}]},"
         "\"q\":{",
         CRUX_E_UNSUPPORTED, "'.+'"},
        {small_bytes_json, "\"decoder\":{\"type\":\"ByteLevel\"}", "\"decoder\":{\"type\":\"CTC\"}",
         CRUX_E_UNSUPPORTED, "CTC"},
        {small_bytes_json, "TemplateProcessing", "RobertaProcessing", CRUX_E_UNSUPPORTED,
         "Roberta"},
        {small_bytes_json, "{\"type\":\"BPE\",", "{\"type\":\"BPE\",\"dropout\":0.1,",
         CRUX_E_UNSUPPORTED, "dropout"},
        {small_bytes_json, "{\"type\":\"BPE\",", "{\"type\":\"BPE\",\"end_of_word_suffix\":\"w\",",
         CRUX_E_UNSUPPORTED, "end_of_word_suffix"},
        {small_sentence_json, "\"merges\":[\"a b\",\"a a\",\"\\u2581 a\"]", "\"merges\":[]",
         CRUX_E_UNSUPPORTED, "without merges"},
        {small_sentence_json, "\"unk_token\":\"<unk>\"", "\"unk_token\":\"?\"", CRUX_E_UNKNOWN_NAME,
         "unk_token"},
        {small_sentence_json, "\"normalized\":false", "\"normalized\":true", CRUX_E_UNSUPPORTED,
         "normalized"},
        {small_sentence_json, "\"type\":\"Replace\"", "\"type\":\"Lowercase\"", CRUX_E_UNSUPPORTED,
         "Lowercase"},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        struct crux_tokenizer_error error = {""};
        struct crux_tokenizer_source *source = NULL;
        char *json = changed(cases[i].json, cases[i].from, cases[i].to);
        enum crux_status status =
            crux_tokenizer_source_from_json(&source, json, strlen(json), NULL, 0, &error);
        if (status != cases[i].want || strstr(error.text, cases[i].words) == NULL) {
            fail_msg("case %zu: %s: %s", i, crux_status_name(status), error.text);
        }
        crux_tokenizer_source_free(source);
        free(json);
    }
}

static void json_config(void **state) {
    (void)state;
    static const char config[] =
        "{\"eos_token\":{\"content\":\"</s>\"},\"chat_template\":[{\"name\":\"tool_use\","
        "\"template\":\"x\"},{\"name\":\"default\",\"template\":\"{{ bos_token }}\"}]}";
    struct crux_tokenizer_source *source = NULL;
    assert_int_equal(crux_tokenizer_source_from_json(&source, small_bytes_json,
                                                     strlen(small_bytes_json), config,
                                                     strlen(config), NULL),
                     CRUX_OK);
    assert_true(source->add_bos && source->bos == 11 && !source->add_eos && source->eos == 12);
    assert_true(source->stop_count == 1 && source->stop[0] == 12);
    assert_string_equal(source->chat_template, "{{ bos_token }}");
    assert_int_equal(source->token[13].type, CRUX_TOKENIZER_USER_DEFINED);
    crux_tokenizer_source_free(source);
}

static uint8_t *encoded(const char *json, size_t *len) {
    struct crux_tokenizer_source *source = NULL;
    assert_int_equal(crux_tokenizer_source_from_json(&source, json, strlen(json), NULL, 0, NULL),
                     CRUX_OK);
    size_t cap = crux_tokenizer_source_bound(source);
    uint8_t *bytes = malloc(cap);
    assert_non_null(bytes);
    assert_int_equal(crux_tokenizer_source_encode(bytes, len, cap, source), CRUX_OK);
    for (size_t small = 0; small < *len; small++) {
        size_t none = 1;
        assert_int_equal(crux_tokenizer_source_encode(bytes, &none, small, source),
                         CRUX_E_TRUNCATED);
    }
    assert_int_equal(crux_tokenizer_source_encode(bytes, len, cap, source), CRUX_OK);
    crux_tokenizer_source_free(source);
    return bytes;
}

/* Whatever the bytes are: refused with a message, or a source that encodes to them. */
static bool holds(const uint8_t *bytes, size_t len) {
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer_error error = {""};
    enum crux_status status = crux_tokenizer_source_decode(&source, bytes, len, &error);
    if (status != CRUX_OK) {
        assert_null(source);
        assert_true(strlen(error.text) > 0);
        return false;
    }
    uint8_t *again = malloc(len);
    size_t made = 0;
    assert_non_null(again);
    assert_int_equal(crux_tokenizer_source_encode(again, &made, len, source), CRUX_OK);
    assert_int_equal(made, len);
    assert_memory_equal(again, bytes, len);
    free(again);
    crux_tokenizer_source_free(source);
    return true;
}

static void bytes_cut_and_flipped(void **state) {
    (void)state;
    static const char *const json[] = {small_bytes_json, small_sentence_json};
    for (size_t k = 0; k < CRUX_ARRAY_LEN(json); k++) {
        size_t len = 0;
        uint8_t *bytes = encoded(json[k], &len);
        assert_true(holds(bytes, len));
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *part = malloc(cut > 0 ? cut : 1);
            assert_non_null(part);
            memcpy(part, bytes, cut);
            assert_false(holds(part, cut));
            free(part);
        }
        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            (void)holds(bytes, len);
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        uint8_t *more = malloc(len + 1);
        assert_non_null(more);
        memcpy(more, bytes, len);
        more[len] = 0;
        assert_false(holds(more, len + 1));
        free(more);
        free(bytes);
    }
}

static void merges_must_make_tokens(void **state) {
    (void)state;
    const char *text[] = {"a", "b"};
    const uint8_t type[] = {CRUX_TOKENIZER_NORMAL, CRUX_TOKENIZER_NORMAL};
    struct crux_tokenizer_source *source =
        small_source(CRUX_TOKENIZER_BYTE_BPE, 2, text, type, NULL, 1);
    struct crux_tokenizer *t = NULL;
    struct crux_tokenizer_error error = {""};
    source->merge[0] = (struct crux_tokenizer_merge){0, 1};
    assert_int_equal(crux_tokenizer_open(&t, &source, &error), CRUX_E_UNKNOWN_NAME);
    assert_non_null(strstr(error.text, "merge 0"));
    assert_non_null(source);
    source->merge[0] = (struct crux_tokenizer_merge){0, 2};
    assert_int_equal(crux_tokenizer_open(&t, &source, &error), CRUX_E_BAD_RANGE);
    assert_null(t);
    crux_tokenizer_source_free(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gguf_bytes),
        cmocka_unit_test(gguf_sentences),
        cmocka_unit_test(json_refusals),
        cmocka_unit_test(json_config),
        cmocka_unit_test(bytes_cut_and_flipped),
        cmocka_unit_test(merges_must_make_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
