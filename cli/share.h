/* Shares of the command line, without floating point: the same on every machine. */
#ifndef CRUX_CLI_SHARE_H
#define CRUX_CLI_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/* Out: share, text * 10^9.  In: text, a decimal from 0 to 1 with at most nine digits behind its point.
 * Returns: false for anything else. */
bool crux_cli_share_read(uint32_t *share, const char *text);

#endif
