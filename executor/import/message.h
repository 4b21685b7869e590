/* What went wrong, in words for a person. */
#ifndef CRUX_EXECUTOR_IMPORT_MESSAGE_H
#define CRUX_EXECUTOR_IMPORT_MESSAGE_H

#include "kernels/kernels.h"

enum { CRUX_IMPORT_MESSAGE_BYTES = 512 };

struct crux_import_message {
    char text[CRUX_IMPORT_MESSAGE_BYTES];
};

/* Out: *message, cut to its size; may be NULL.  Returns: status, so that a caller can return it. */
CRUX_PRINTF(3, 4)
enum crux_status crux_import_fail(struct crux_import_message *message, enum crux_status status,
                                  const char *format, ...);

#endif
