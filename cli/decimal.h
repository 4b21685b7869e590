/* Decimal numbers of the command line as Q16, without floating point: the same on every machine. */
#ifndef CRUX_CLI_DECIMAL_H
#define CRUX_CLI_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* Out: value, text * 65536, rounded half up.  In: text, digits with at most one point among them, "0.7" or "1".
 * Returns: false for anything else, or a number of 32768 or more. */
bool crux_cli_decimal_q16(int32_t *value, const char *text);

#endif
