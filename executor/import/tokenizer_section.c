#include "executor/import/tokenizer_section.h"

#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/tokenizer.h"

/* What the metadata points into is not aligned: copies. */
struct copies {
    struct crux_tokenizer_string *tokens, *merges;
    int32_t *token_type;
    float *scores;
    uint32_t bos, eos, eot, eom, unknown;
};

static struct crux_tokenizer_string text_of(const struct crux_gguf *gguf, const char *key) {
    struct crux_gguf_text text = {NULL, 0};
    if (!crux_gguf_text(gguf, key, &text)) return (struct crux_tokenizer_string){NULL, 0};
    return (struct crux_tokenizer_string){text.text, text.len};
}

static enum crux_tokenizer_given flag_of(const struct crux_gguf *gguf, const char *key) {
    bool value = false;
    if (!crux_gguf_bool(gguf, key, &value)) return CRUX_TOKENIZER_ABSENT;
    return value ? CRUX_TOKENIZER_TRUE : CRUX_TOKENIZER_FALSE;
}

static const uint32_t *id_of(const struct crux_gguf *gguf, const char *key, uint32_t *room) {
    return crux_gguf_u32(gguf, key, room) ? room : NULL;
}

/* An array of this kind, or NULL. */
static const struct crux_gguf_entry *array_of(const struct crux_gguf *gguf, const char *key,
                                              enum crux_gguf_kind kind) {
    const struct crux_gguf_entry *entry = crux_gguf_find(gguf, key);
    return entry == NULL || !entry->is_array || entry->kind != kind ? NULL : entry;
}

static enum crux_status strings_of(struct crux_tokenizer_string **out, size_t *count,
                                   const struct crux_gguf *gguf, const char *key) {
    const struct crux_gguf_entry *array = array_of(gguf, key, CRUX_GGUF_STRING);
    struct crux_gguf_text text;
    size_t at = 0, i = 0;
    *count = 0;
    if (array == NULL) return CRUX_OK;
    *out = calloc((size_t)array->count + 1, sizeof **out);
    if (*out == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (; i < array->count && crux_gguf_next_text(array, &at, &text); i++)
        (*out)[i] = (struct crux_tokenizer_string){text.text, text.len};
    *count = i;
    return CRUX_OK;
}

/* 32-bit words in this machine's order.  In: count, how many there must be. */
static enum crux_status words_of(void **out, const struct crux_gguf *gguf, const char *key,
                                 enum crux_gguf_kind kind, size_t count,
                                 struct crux_import_message *message) {
    const struct crux_gguf_entry *array = array_of(gguf, key, kind);
    if (array == NULL) return CRUX_OK;
    if (array->count != count)
        return crux_import_fail(message, CRUX_E_BAD_RANGE, "%s has not one entry for each token",
                                key);
    uint8_t *words = malloc(count * 4 + 1);
    if (words == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint32_t word = crux_load_u32(array->bytes + 4 * i);
        memcpy(words + 4 * i, &word, 4);
    }
    *out = words;
    return CRUX_OK;
}

static enum crux_status collect(struct crux_tokenizer_gguf *out, struct copies *copies,
                                const struct crux_gguf *gguf, struct crux_import_message *message) {
    void *types = NULL, *scores = NULL;
    enum crux_status status =
        strings_of(&copies->tokens, &out->token_count, gguf, "tokenizer.ggml.tokens");
    if (status == CRUX_OK)
        status = strings_of(&copies->merges, &out->merge_count, gguf, "tokenizer.ggml.merges");
    if (status == CRUX_OK)
        status = words_of(&types, gguf, "tokenizer.ggml.token_type", CRUX_GGUF_I32,
                          out->token_count, message);
    copies->token_type = types;
    if (status == CRUX_OK)
        status = words_of(&scores, gguf, "tokenizer.ggml.scores", CRUX_GGUF_F32, out->token_count,
                          message);
    copies->scores = scores;
    const struct crux_gguf_entry *charsmap =
        crux_gguf_find(gguf, "tokenizer.ggml.precompiled_charsmap");
    out->name = text_of(gguf, "general.name");
    out->model = text_of(gguf, "tokenizer.ggml.model");
    out->pre = text_of(gguf, "tokenizer.ggml.pre");
    out->tokens = copies->tokens;
    out->token_type = copies->token_type;
    out->scores = copies->scores;
    out->merges = copies->merges;
    out->bos = id_of(gguf, "tokenizer.ggml.bos_token_id", &copies->bos);
    out->eos = id_of(gguf, "tokenizer.ggml.eos_token_id", &copies->eos);
    out->eot = id_of(gguf, "tokenizer.ggml.eot_token_id", &copies->eot);
    out->eom = id_of(gguf, "tokenizer.ggml.eom_token_id", &copies->eom);
    out->unknown = id_of(gguf, "tokenizer.ggml.unknown_token_id", &copies->unknown);
    out->add_bos = flag_of(gguf, "tokenizer.ggml.add_bos_token");
    out->add_eos = flag_of(gguf, "tokenizer.ggml.add_eos_token");
    out->add_space_prefix = flag_of(gguf, "tokenizer.ggml.add_space_prefix");
    out->remove_extra_whitespaces = flag_of(gguf, "tokenizer.ggml.remove_extra_whitespaces");
    out->charsmap_bytes = charsmap != NULL ? charsmap->len : 0;
    out->chat_template = text_of(gguf, "tokenizer.chat_template");
    return status;
}

static enum crux_status encode(struct crux_tokenizer_section *section,
                               const struct crux_tokenizer_source *source) {
    size_t cap = crux_tokenizer_source_bound(source);
    section->tokenizer = malloc(cap + 1);
    if (section->tokenizer == NULL) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status =
        crux_tokenizer_source_encode(section->tokenizer, &section->tokenizer_len, cap, source);
    if (status != CRUX_OK || source->chat_template == NULL) return status;
    section->chat_template = malloc(source->chat_template_len + 1);
    if (section->chat_template == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(section->chat_template, source->chat_template, source->chat_template_len);
    section->chat_template_len = source->chat_template_len;
    return CRUX_OK;
}

/* Out: *source, left NULL if the file has no tokenizer. */
static enum crux_status from_gguf(struct crux_tokenizer_source **source, struct copies *copies,
                                  const struct crux_gguf *gguf, struct crux_import_message *message,
                                  struct crux_tokenizer_error *error) {
    struct crux_tokenizer_gguf given = {.token_count = 0};
    if (crux_gguf_find(gguf, "tokenizer.ggml.model") == NULL) return CRUX_OK;
    enum crux_status status = collect(&given, copies, gguf, message);
    return status == CRUX_OK ? crux_tokenizer_source_from_gguf(source, &given, error) : status;
}

static enum crux_status from_json(struct crux_tokenizer_source **source,
                                  const struct crux_model_source *from,
                                  struct crux_tokenizer_error *error) {
    if (from->tokenizer_json.bytes == NULL) return CRUX_OK;
    return crux_tokenizer_source_from_json(
        source, (const char *)from->tokenizer_json.bytes, from->tokenizer_json.len,
        (const char *)from->tokenizer_config.bytes, from->tokenizer_config.len, error);
}

enum crux_status crux_tokenizer_section_make(struct crux_tokenizer_section *section,
                                             const struct crux_model_source *from,
                                             struct crux_import_message *message) {
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer *opened = NULL;
    struct crux_tokenizer_error error = {.text = ""};
    struct copies copies = {.tokens = NULL};
    *section = (struct crux_tokenizer_section){0};
    message->text[0] = 0;
    enum crux_status status = strcmp(from->format, "gguf") == 0
                                  ? from_gguf(&source, &copies, &from->gguf, message, &error)
                                  : from_json(&source, from, &error);
    if (status == CRUX_OK && source == NULL) goto out;
    if (status == CRUX_OK && source->token_count > from->decoder.vocab)
        status = crux_import_fail(message, CRUX_E_BAD_RANGE,
                                  "the tokenizer has more tokens than the embedding has rows");
    if (status == CRUX_OK) status = encode(section, source);
    /* what cannot be opened is refused now, and not when somebody wants to run the model */
    if (status == CRUX_OK) status = crux_tokenizer_open(&opened, &source, &error);
    if (status != CRUX_OK && message->text[0] == 0)
        (void)crux_import_fail(message, status, "the tokenizer is refused: %s",
                               error.text[0] != 0 ? error.text : crux_status_text(status));
out:
    if (opened != NULL) crux_tokenizer_close(opened);
    crux_tokenizer_source_free(source);
    free(copies.tokens);
    free(copies.merges);
    free(copies.token_type);
    free(copies.scores);
    return status;
}

void crux_tokenizer_section_free(struct crux_tokenizer_section *section) {
    free(section->tokenizer);
    free(section->chat_template);
    *section = (struct crux_tokenizer_section){0};
}
