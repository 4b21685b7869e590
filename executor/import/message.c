#include "executor/import/message.h"

#include <stdarg.h>
#include <stdio.h>

enum crux_status crux_import_fail(struct crux_import_message *message, enum crux_status status,
                                  const char *format, ...) {
    va_list args;
    if (message == NULL) return status;
    va_start(args, format);
    (void)vsnprintf(message->text, sizeof message->text, format, args);
    va_end(args);
    return status;
}
