#include <stdarg.h>
#include <stdio.h>

#include "executor/tokenizer/error.h"

enum crux_status crux_tokenizer_fail(struct crux_tokenizer_error *error, enum crux_status status,
                                     const char *format, ...) {
    if (error != NULL) {
        va_list list;
        va_start(list, format);
        vsnprintf(error->text, sizeof error->text, format, list);
        va_end(list);
    }
    return status;
}
