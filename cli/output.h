/* What a command says: to a person on standard output, or with --json as exactly one object there. */
#ifndef CRUX_CLI_OUTPUT_H
#define CRUX_CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/command.h"
#include "kernels/kernels.h"

/* Before anything is opened or written: a closed pipe becomes a failed write, and the three standard descriptors are
 * taken, so that no file ever becomes one. */
void crux_cli_output_start(void);

/* Returns: code, or CRUX_CLI_FAILURE, with a message, if something written did not arrive. */
enum crux_cli_exit crux_cli_output_finish(enum crux_cli_exit code);

/* Says why a command fails: one line on standard error, or {"error", "message"}.
 * Returns: CRUX_CLI_USAGE for CRUX_E_USAGE, else CRUX_CLI_FAILURE. */
CRUX_PRINTF(3, 4)
enum crux_cli_exit crux_cli_fail(const struct crux_cli_call *call, enum crux_status status,
                                 const char *format, ...);

/* The same with more keys beside the two; --json only.  In: details, stolen; may be NULL. */
enum crux_cli_exit crux_cli_fail_json(const struct crux_cli_call *call, enum crux_status status,
                                      const char *message, json_t *details);

/* Prints the one object.  In: object, stolen; NULL: memory ran out.
 * Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_answer(const struct crux_cli_call *call, json_t *object);

/* A JSON string of any bytes: where they are no UTF-8, what is not ASCII becomes '?'. */
json_t *crux_cli_json_text(const char *text);

/* Sequences for a terminal that shows colours; all empty elsewhere, and where NO_COLOR is set. */
struct crux_cli_style {
    const char *bold, *dim, *good, *bad, *off;
};
const struct crux_cli_style *crux_cli_style(void);

#endif
