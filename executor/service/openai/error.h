/* Errors as the API of OpenAI says them: {"error": {"message", "type", "param", "code"}}. */
#ifndef CRUX_EXECUTOR_SERVICE_OPENAI_ERROR_H
#define CRUX_EXECUTOR_SERVICE_OPENAI_ERROR_H

#include <jansson.h>
#include <stdbool.h>

#include "kernels/kernels.h"

enum { CRUX_OPENAI_MESSAGE_BYTES = 384, CRUX_OPENAI_PARAM_BYTES = 128 };

struct crux_openai_error {
    int status;                          /* of HTTP */
    const char *type;                    /* "invalid_request_error" ... */
    const char *code;                    /* NULL: null */
    char param[CRUX_OPENAI_PARAM_BYTES]; /* "": null */
    char message[CRUX_OPENAI_MESSAGE_BYTES];
};

/* Out: error.  In: type by the status; code, a literal, or NULL; param, or NULL.  Returns: false, to be returned. */
CRUX_PRINTF(5, 6)
bool crux_openai_fail(struct crux_openai_error *error, int status, const char *code,
                      const char *param, const char *format, ...);

/* Returns: the object, NULL without memory. */
json_t *crux_openai_error_json(const struct crux_openai_error *error);

#endif
