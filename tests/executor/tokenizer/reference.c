#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/executor/tokenizer/reference.h"

enum { SHOWN_MAX = 5 };

static void need(int condition, const char *what) {
    if (condition) return;
    fprintf(stderr, "reference: %s\n", what);
    abort();
}

json_t *reference_load(const char *path) {
    json_error_t why;
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &why);
    if (root == NULL) fprintf(stderr, "%s:%d: %s\n", path, why.line, why.text);
    need(root != NULL && json_is_array(json_object_get(root, "cases")), "no such file of cases");
    return root;
}

static struct crux_tokenizer_string string_of(const json_t *value) {
    return (struct crux_tokenizer_string){json_string_value(value), json_string_length(value)};
}

static struct crux_tokenizer_string *strings_of(const json_t *list) {
    size_t count = json_array_size(list);
    struct crux_tokenizer_string *out = calloc(count + 1, sizeof *out);
    need(out != NULL, "no memory");
    for (size_t i = 0; i < count; i++) out[i] = string_of(json_array_get(list, i));
    return out;
}

static enum crux_tokenizer_given given(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    if (value == NULL) return CRUX_TOKENIZER_ABSENT;
    return json_is_true(value) ? CRUX_TOKENIZER_TRUE : CRUX_TOKENIZER_FALSE;
}

static const uint32_t *number_at(uint32_t *room, const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    *room = (uint32_t)json_integer_value(value);
    return value != NULL ? room : NULL;
}

static enum crux_status from_gguf(struct crux_tokenizer_source **source, const json_t *v,
                                  const json_t *pre, struct crux_tokenizer_error *error) {
    const json_t *types = json_object_get(v, "token_type"), *scores = json_object_get(v, "scores");
    const json_t *merges = json_object_get(v, "merges");
    struct crux_tokenizer_string *tokens = strings_of(json_object_get(v, "tokens"));
    struct crux_tokenizer_string *pairs = strings_of(merges);
    size_t count = json_array_size(json_object_get(v, "tokens"));
    int32_t *type = calloc(count + 1, sizeof *type);
    float *score = calloc(count + 1, sizeof *score);
    need(type != NULL && score != NULL, "no memory");
    for (size_t i = 0; i < count; i++) {
        type[i] = (int32_t)json_integer_value(json_array_get(types, i));
        score[i] = (float)json_number_value(json_array_get(scores, i));
    }
    uint32_t room[5];
    struct crux_tokenizer_gguf gguf = {
        .name = string_of(json_object_get(v, "name")),
        .model = string_of(json_object_get(v, "model")),
        .pre = string_of(pre != NULL ? pre : json_object_get(v, "pre")),
        .tokens = tokens,
        .token_count = count,
        .token_type = types != NULL ? type : NULL,
        .scores = scores != NULL ? score : NULL,
        .merges = pairs,
        .merge_count = json_array_size(merges),
        .bos = number_at(&room[0], v, "bos_token_id"),
        .eos = number_at(&room[1], v, "eos_token_id"),
        .eot = number_at(&room[2], v, "eot_token_id"),
        .eom = number_at(&room[3], v, "eom_token_id"),
        .unknown = number_at(&room[4], v, "unknown_token_id"),
        .add_bos = given(v, "add_bos_token"),
        .add_eos = given(v, "add_eos_token"),
        .add_space_prefix = given(v, "add_space_prefix"),
        .remove_extra_whitespaces = given(v, "remove_extra_whitespaces"),
        .chat_template = string_of(json_object_get(v, "chat_template")),
    };
    enum crux_status status = crux_tokenizer_source_from_gguf(source, &gguf, error);
    free(tokens);
    free(pairs);
    free(type);
    free(score);
    return status;
}

enum crux_status reference_source(struct crux_tokenizer_source **source, const json_t *vocabulary,
                                  const json_t *pre, struct crux_tokenizer_error *error) {
    const json_t *file = json_object_get(vocabulary, "tokenizer");
    if (file == NULL) return from_gguf(source, vocabulary, pre, error);
    char *text = json_dumps(file, JSON_COMPACT);
    char *config = json_dumps(json_object_get(vocabulary, "config"), JSON_COMPACT);
    need(text != NULL, "no memory");
    enum crux_status status = crux_tokenizer_source_from_json(
        source, text, strlen(text), config, config != NULL ? strlen(config) : 0, error);
    free(text);
    free(config);
    return status;
}

/* The source again, by way of its bytes; those bytes again, by way of the source. */
static struct crux_tokenizer_source *through_bytes(struct crux_tokenizer_source *source) {
    struct crux_tokenizer_error error = {""};
    struct crux_tokenizer_source *copy = NULL;
    size_t cap = crux_tokenizer_source_bound(source), len = 0, again = 0;
    uint8_t *bytes = malloc(cap), *second = malloc(cap);
    need(bytes != NULL && second != NULL, "no memory");
    need(crux_tokenizer_source_encode(bytes, &len, cap, source) == CRUX_OK, "cannot be encoded");
    if (crux_tokenizer_source_decode(&copy, bytes, len, &error) != CRUX_OK) {
        need(0, error.text);
    }
    need(crux_tokenizer_source_encode(second, &again, cap, copy) == CRUX_OK, "not encoded again");
    need(again == len && memcmp(bytes, second, len) == 0, "the bytes are not canonical");
    free(bytes);
    free(second);
    crux_tokenizer_source_free(source);
    return copy;
}

static int same_ids(const struct crux_tokens *ids, const json_t *want) {
    if (json_array_size(want) != ids->count) return 0;
    for (size_t i = 0; i < ids->count; i++) {
        if (json_integer_value(json_array_get(want, i)) != ids->id[i]) return 0;
    }
    return 1;
}

static void show(const char *name, size_t line, const struct crux_tokens *ids, const json_t *want,
                 const json_t *text) {
    char *quoted = json_dumps(text, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    char *wanted = json_dumps(want, JSON_COMPACT);
    printf("%s, text %zu: %.300s\n  wanted %.300s\n  got    [", name, line, quoted, wanted);
    for (size_t i = 0; i < ids->count && i < 40; i++) printf("%s%u", i > 0 ? "," : "", ids->id[i]);
    printf("]\n");
    free(quoted);
    free(wanted);
}

struct reference_count reference_run(const json_t *root, const json_t *the_case) {
    struct reference_count count = {0};
    struct crux_tokenizer_error error = {""};
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer *tokenizer = NULL;
    const char *name = json_string_value(json_object_get(the_case, "name"));
    const char *vocabulary = json_string_value(json_object_get(the_case, "vocabulary"));
    const json_t *texts = json_object_get(root, "texts"), *ids = json_object_get(the_case, "ids");
    unsigned flags = (unsigned)json_integer_value(json_object_get(the_case, "flags"));
    int back = json_is_true(json_object_get(the_case, "back"));
    need(name != NULL && vocabulary != NULL, "a case without name or vocabulary");
    need(json_array_size(ids) == json_array_size(texts), "not one list of ids for each text");
    const json_t *v = json_object_get(json_object_get(root, "vocabularies"), vocabulary);
    if (reference_source(&source, v, json_object_get(the_case, "pre"), &error) != CRUX_OK) {
        need(0, error.text);
    }
    source = through_bytes(source);
    if (crux_tokenizer_open(&tokenizer, &source, &error) != CRUX_OK) need(0, error.text);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *text = json_array_get(texts, i), *want = json_array_get(ids, i);
        const char *bytes = json_string_value(text);
        size_t len = json_string_length(text), lost = 0;
        struct crux_tokens got = {0};
        struct crux_text decoded = {0};
        if (crux_tokenizer_encode(tokenizer, &got, &lost, bytes, len, flags, &error) != CRUX_OK ||
            crux_tokenizer_decode(tokenizer, &decoded, got.id, got.count, CRUX_DECODE_CONTROL,
                                  &error) != CRUX_OK) {
            need(0, error.text);
        }
        int wrong = !same_ids(&got, want);
        int unlike = back && lost == 0 &&
                     (decoded.len != len || (len > 0 && memcmp(decoded.bytes, bytes, len) != 0));
        if (wrong && count.wrong_ids < SHOWN_MAX) show(name, i, &got, want, text);
        if (unlike && count.wrong_text < SHOWN_MAX) {
            printf("%s, text %zu comes back as another\n", name, i);
        }
        count.lines++;
        count.tokens += got.count;
        count.wrong_ids += (size_t)wrong;
        count.wrong_text += (size_t)unlike;
        crux_tokens_free(&got);
        crux_text_free(&decoded);
    }
    crux_tokenizer_close(tokenizer);
    return count;
}
