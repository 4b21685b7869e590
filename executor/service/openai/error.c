#include "executor/service/openai/error.h"

#include <stdarg.h>
#include <stdio.h>

static const char *type_of(int status) {
    if (status == 401) return "authentication_error";
    if (status == 403) return "permission_error";
    if (status == 429) return "rate_limit_error";
    return status < 500 ? "invalid_request_error" : "server_error";
}

bool crux_openai_fail(struct crux_openai_error *error, int status, const char *code,
                      const char *param, const char *format, ...) {
    va_list args;
    error->status = status;
    error->type = type_of(status);
    error->code = code;
    (void)snprintf(error->param, sizeof error->param, "%s", param == NULL ? "" : param);
    va_start(args, format);
    (void)vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return false;
}

/* A message that was cut within a character, or holds bytes of a request, may be no UTF-8. */
static json_t *text(const char *bytes) {
    json_t *whole = json_string(bytes);
    char plain[CRUX_OPENAI_MESSAGE_BYTES];
    size_t i = 0;
    if (whole != NULL) return whole;
    for (; bytes[i] != 0 && i + 1 < sizeof plain; i++)
        plain[i] = (unsigned char)bytes[i] < 0x80 ? bytes[i] : '?';
    plain[i] = 0;
    return json_string(plain);
}

json_t *crux_openai_error_json(const struct crux_openai_error *error) {
    return json_pack("{s:{s:o, s:s, s:o, s:o}}", "error", "message", text(error->message), "type",
                     error->type, "param", error->param[0] == 0 ? json_null() : text(error->param),
                     "code", error->code == NULL ? json_null() : json_string(error->code));
}
