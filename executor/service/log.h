/* What the service says while it runs, on standard error: a line for people on a terminal, a JSON object a line
 * elsewhere. Any thread may say something; lines do not mix. */
#ifndef CRUX_EXECUTOR_SERVICE_LOG_H
#define CRUX_EXECUTOR_SERVICE_LOG_H

#include <stdbool.h>

#include "kernels/kernels.h"

enum crux_log_form { CRUX_LOG_AUTO, CRUX_LOG_TEXT, CRUX_LOG_JSON };
enum crux_log_level { CRUX_LOG_DEBUG, CRUX_LOG_INFO, CRUX_LOG_WARNING, CRUX_LOG_ERROR };

enum { CRUX_LOG_LINE_BYTES = 2048 }; /* what is longer is cut */

/* Before any other thread runs.  In: least, what is less important is left out. */
void crux_log_open(enum crux_log_form form, enum crux_log_level least);

/* In: request, its id, or NULL; a message without a line end. */
CRUX_PRINTF(3, 4)
void crux_log(enum crux_log_level level, const char *request, const char *format, ...);

#endif
