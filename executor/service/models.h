/* The models that a service serves: file, engine model, tokenizer, chat template; each under a name. */
#ifndef CRUX_EXECUTOR_SERVICE_MODELS_H
#define CRUX_EXECUTOR_SERVICE_MODELS_H

#include <time.h>

#include "executor/engine/engine.h"
#include "executor/service/openai/error.h"
#include "executor/service/openai/request.h"
#include "executor/tokenizer/tokenizer.h"

enum {
    CRUX_MODELS_MAX = 16,
    CRUX_MODELS_NAME_BYTES_MAX = 128,
    CRUX_MODELS_MESSAGE_BYTES = CRUX_MODEL_MESSAGE_BYTES + 64
};

struct crux_served_model {
    char name[CRUX_MODELS_NAME_BYTES_MAX + 1];
    struct crux_engine_loaded loaded;
    struct crux_tokenizer *tokenizer; /* NULL: the model has none, and takes tokens only */
    struct crux_chat chat;
    bool chats;                                    /* its template is known */
    char chat_trouble[CRUX_TOKENIZER_ERROR_BYTES]; /* if not */
    time_t created;                                /* of the file */
    char fingerprint[32];                          /* "crux-" and the beginning of its root */
};

struct crux_models {
    struct crux_served_model model[CRUX_MODELS_MAX];
    unsigned count;
};

/* Adds "[NAME=]PATH"; without a name, that of the file without ".crux".  Out: message, on failure.
 * In: chat_template, by name, or NULL: the model's own; backend, NULL for the best.
 * Returns: CRUX_E_USAGE (too many, a bad or second name), CRUX_E_UNSUPPORTED, crux_engine_load's. */
CRUX_MUST_CHECK
enum crux_status crux_models_add(struct crux_models *models, const char *spec,
                                 const char *chat_template, const char *backend,
                                 char message[CRUX_MODELS_MESSAGE_BYTES]);
void crux_models_close(struct crux_models *models);

/* Returns: its index, UINT32_MAX if there is none of that name. */
uint32_t crux_models_find(const struct crux_models *models, const char *name);

/* Appends the tokens of a conversation, or of one prompt.
 * Out: error, on failure.  Returns: false on failure. */
CRUX_MUST_CHECK
bool crux_models_encode_chat(const struct crux_served_model *model, struct crux_tokens *tokens,
                             const struct crux_openai_request *request,
                             struct crux_openai_error *error);
CRUX_MUST_CHECK
bool crux_models_encode_prompt(const struct crux_served_model *model, struct crux_tokens *tokens,
                               const struct crux_openai_prompt *prompt,
                               struct crux_openai_error *error);

#endif
