#include "executor/service/models.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum crux_status fail(char *message, enum crux_status status, const char *spec,
                             const char *why) {
    (void)snprintf(message, CRUX_MODELS_MESSAGE_BYTES, "%.200s: %s", spec, why);
    return status;
}

/* Out: name, as it is given or the file's.  Returns: the path, NULL for a name that is none. */
static const char *split(char name[CRUX_MODELS_NAME_BYTES_MAX + 1], const char *spec) {
    const char *equals = strchr(spec, '='), *path = equals == NULL ? spec : equals + 1;
    const char *slash = strrchr(path, '/'), *from = slash == NULL ? path : slash + 1;
    size_t len = strlen(from);
    if (len > 5 && strcmp(from + len - 5, ".crux") == 0) len -= 5;
    if (equals != NULL) {
        from = spec;
        len = (size_t)(equals - spec);
    }
    if (len == 0 || len > CRUX_MODELS_NAME_BYTES_MAX) return NULL;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)from[i] <= ' ' || (unsigned char)from[i] >= 0x7f) return NULL;
    }
    memcpy(name, from, len);
    name[len] = 0;
    return path;
}

static enum crux_status open_tokenizer(struct crux_served_model *model, const char *spec,
                                       char *message) {
    const struct crux_model_span *bytes = &model->loaded.file.tokenizer;
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer_error error = {""};
    if (bytes->len == 0) return CRUX_OK;
    enum crux_status status =
        crux_tokenizer_source_decode(&source, bytes->bytes, bytes->len, &error);
    if (status == CRUX_OK) status = crux_tokenizer_open(&model->tokenizer, &source, &error);
    crux_tokenizer_source_free(source);
    return status == CRUX_OK ? status : fail(message, status, spec, error.text);
}

static enum crux_status open_chat(struct crux_served_model *model, const char *spec,
                                  const char *chat_template, char *message) {
    const struct crux_model_span *own = &model->loaded.file.chat_template;
    struct crux_tokenizer_error error = {""};
    enum crux_status status =
        chat_template != NULL
            ? crux_chat_named(&model->chat, chat_template, &error)
            : crux_chat_recognise(&model->chat, own->len == 0 ? NULL : (const char *)own->bytes,
                                  own->len, &error);
    model->chats = status == CRUX_OK;
    (void)snprintf(model->chat_trouble, sizeof model->chat_trouble, "%s", error.text);
    /* a model without a template still completes */
    if (status == CRUX_E_UNSUPPORTED) return CRUX_OK;
    return status == CRUX_OK ? status : fail(message, status, spec, error.text);
}

enum crux_status crux_models_add(struct crux_models *models, const char *spec,
                                 const char *chat_template, const char *backend,
                                 char message[CRUX_MODELS_MESSAGE_BYTES]) {
    struct crux_served_model *model = &models->model[models->count];
    struct stat file;
    if (models->count == CRUX_MODELS_MAX)
        return fail(message, CRUX_E_USAGE, spec, "as many models as can be are there already");
    *model = (struct crux_served_model){.tokenizer = NULL};
    const char *path = split(model->name, spec);
    if (path == NULL)
        return fail(message, CRUX_E_USAGE, spec,
                    "a model is PATH or NAME=PATH, its name of at most 128 letters without blanks");
    if (crux_models_find(models, model->name) != UINT32_MAX)
        return fail(message, CRUX_E_USAGE, spec, "there is another model of this name");
    enum crux_status status = crux_engine_load(&model->loaded, path, backend, message);
    if (status != CRUX_OK) return status;
    models->count++;
    if (stat(path, &file) == 0) model->created = file.st_mtime;
    size_t at = (size_t)snprintf(model->fingerprint, sizeof model->fingerprint, "crux-");
    for (unsigned i = 0; i < 8; i++)
        at += (size_t)snprintf(model->fingerprint + at, sizeof model->fingerprint - at, "%02x",
                               model->loaded.file.root[i]);
    status = open_tokenizer(model, spec, message);
    if (status == CRUX_OK) status = open_chat(model, spec, chat_template, message);
    return status;
}

void crux_models_close(struct crux_models *models) {
    while (models->count > 0) {
        struct crux_served_model *model = &models->model[--models->count];
        crux_tokenizer_close(model->tokenizer);
        crux_engine_unload(&model->loaded);
    }
}

uint32_t crux_models_find(const struct crux_models *models, const char *name) {
    for (uint32_t i = 0; i < models->count; i++) {
        if (strcmp(models->model[i].name, name) == 0) return i;
    }
    return UINT32_MAX;
}

static bool fail_encode(struct crux_openai_error *error, enum crux_status status, const char *param,
                        const char *why) {
    if (status == CRUX_E_OUT_OF_MEMORY)
        return crux_openai_fail(error, 503, NULL, NULL, "There is no memory for this request.");
    return crux_openai_fail(error, 400, "invalid_value", param, "%s.", why);
}

bool crux_models_encode_chat(const struct crux_served_model *model, struct crux_tokens *tokens,
                             const struct crux_openai_request *request,
                             struct crux_openai_error *error) {
    struct crux_tokenizer_error why = {""};
    struct crux_text text = {.bytes = NULL};
    if (model->tokenizer == NULL || !model->chats)
        return crux_openai_fail(
            error, 400, "unsupported_value", "model", "The model '%s' does not chat: %s.",
            model->name, model->tokenizer == NULL ? "it has no tokenizer" : model->chat_trouble);
    enum crux_status status = crux_chat_render(&model->chat, &text, model->tokenizer,
                                               request->messages, request->message_count, &why);
    if (status == CRUX_OK)
        status = crux_tokenizer_encode(model->tokenizer, tokens, NULL, text.bytes, text.len,
                                       crux_chat_flags(&model->chat), &why);
    crux_text_free(&text);
    return status == CRUX_OK || fail_encode(error, status, "messages", why.text);
}

bool crux_models_encode_prompt(const struct crux_served_model *model, struct crux_tokens *tokens,
                               const struct crux_openai_prompt *prompt,
                               struct crux_openai_error *error) {
    struct crux_tokenizer_error why = {""};
    enum crux_status status = CRUX_OK;
    if (prompt->text == NULL) {
        uint32_t vocab = model->loaded.file.program.header.vocab;
        for (size_t i = 0; i < prompt->count && status == CRUX_OK; i++) {
            if (prompt->ids[i] >= vocab)
                return crux_openai_fail(error, 400, "invalid_value", "prompt",
                                        "The model has no token %u.", (unsigned)prompt->ids[i]);
            status = crux_tokens_add(tokens, prompt->ids[i]);
        }
    } else if (model->tokenizer == NULL) {
        return crux_openai_fail(error, 400, "unsupported_value", "prompt",
                                "The model '%s' has no tokenizer: give the prompt as tokens.",
                                model->name);
    } else {
        status = crux_tokenizer_encode(model->tokenizer, tokens, NULL, prompt->text, prompt->len,
                                       CRUX_ENCODE_CONTROL | CRUX_ENCODE_BOS, &why);
    }
    if (status != CRUX_OK) return fail_encode(error, status, "prompt", why.text);
    if (tokens->count == 0)
        return crux_openai_fail(error, 400, "invalid_value", "prompt",
                                "The prompt has no tokens; say something.");
    return true;
}
