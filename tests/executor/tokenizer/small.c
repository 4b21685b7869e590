#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/executor/tokenizer/small.h"

#define ADDED(id, text, special, left, right)                                                      \
    "{\"id\":" id ",\"content\":\"" text "\",\"special\":" special ",\"lstrip\":" left             \
    ",\"rstrip\":" right ",\"single_word\":false,\"normalized\":false}"

const char small_bytes_json[] =
    /* clang-format off */
    "{\"added_tokens\":["
    ADDED("11", "<s>", "true", "false", "false") ","
    ADDED("12", "</s>", "true", "false", "false") ","
    ADDED("13", "[UD]", "false", "false", "false") ","
    ADDED("14", "[UD]+", "false", "false", "false") ","
    ADDED("15", "<r>", "true", "false", "true") ","
    ADDED("16", "<l>", "true", "true", "false")
    /* clang-format on */
    "],\"normalizer\":null,"
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true},"
    "\"decoder\":{\"type\":\"ByteLevel\"},"
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":"
    "\"<s>\"}},{\"Sequence\":{\"id\":\"A\"}}]},"
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"abc\":4,"
    "\"\\u0120\":5,\"\\u0120a\":6,\"\\u010a\":7,\"\\u0120ab\":8,\"\\u00c3\":9,\"\\u00a9\":10},"
    "\"merges\":[\"a b\",[\"ab\",\"c\"],\"\\u0120 a\",\"\\u0120 ab\"]}}";

const char small_sentence_json[] =
    /* clang-format off */
    "{\"added_tokens\":["
    ADDED("0", "<unk>", "true", "false", "false") ","
    ADDED("1", "<s>", "true", "false", "false") ","
    ADDED("2", "</s>", "true", "false", "false")
    /* clang-format on */
    "],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":["
    "{\"type\":\"Prepend\",\"prepend\":\"\\u2581\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\\u2581\"}]},"
    "\"pre_tokenizer\":null,\"post_processor\":null,"
    "\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\\u2581\"},\"content\":\" \"},"
    "{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":false,"
    "\"vocab\":{\"<unk>\":0,\"<s>\":1,\"</s>\":2,\"\\u2581\":3,\"a\":4,\"b\":5,\"ab\":6,"
    "\"\\u2581a\":7,\"aa\":8},"
    "\"merges\":[\"a b\",\"a a\",\"\\u2581 a\"]}}";

static void need(int condition, const char *what) {
    if (condition) return;
    fprintf(stderr, "small: %s\n", what);
    abort();
}

struct crux_tokenizer *small_open(const char *json) {
    struct crux_tokenizer_error error = {""};
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer *tokenizer = NULL;
    if (crux_tokenizer_source_from_json(&source, json, strlen(json), NULL, 0, &error) != CRUX_OK ||
        crux_tokenizer_open(&tokenizer, &source, &error) != CRUX_OK) {
        need(0, error.text);
    }
    need(source == NULL, "open does not take the source over");
    return tokenizer;
}

struct crux_tokenizer_source *small_source(enum crux_tokenizer_kind kind, size_t tokens,
                                           const char *const *text, const uint8_t *type,
                                           const float *score, size_t merges) {
    struct crux_tokenizer_source *source = NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < tokens; i++) bytes += strlen(text[i]);
    need(crux_tokenizer_source_new(&source, tokens, merges, bytes, NULL) == CRUX_OK, "no memory");
    source->kind = kind;
    if (kind == CRUX_TOKENIZER_BYTE_BPE) source->split = CRUX_TOKENIZER_SPLIT_GPT2;
    uint32_t used = 0;
    for (size_t i = 0; i < tokens; i++) {
        size_t len = strlen(text[i]);
        memcpy(source->text + used, text[i], len);
        source->token[i] = (struct crux_tokenizer_token){
            .at = used, .len = (uint32_t)len, .type = type[i], .score = score ? score[i] : 0};
        used += (uint32_t)len;
    }
    return source;
}

void small_expect(const struct crux_tokenizer *tokenizer, const char *text, unsigned flags,
                  size_t count, const uint32_t *ids) {
    struct crux_tokenizer_error error = {""};
    struct crux_tokens got = {0};
    if (crux_tokenizer_encode(tokenizer, &got, NULL, text, strlen(text), flags, &error) !=
        CRUX_OK) {
        need(0, error.text);
    }
    int same = got.count == count && (count == 0 || memcmp(got.id, ids, count * sizeof *ids) == 0);
    for (size_t i = 0; !same && i < got.count; i++) fprintf(stderr, "%u ", got.id[i]);
    need(same, text);
    crux_tokens_free(&got);
}
