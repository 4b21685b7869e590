/* Whole files: read within a limit, written so that nobody ever sees half of one. */
#ifndef CRUX_CLI_FILE_H
#define CRUX_CLI_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "kernels/kernels.h"

/* Out: bytes, malloced, one zero byte after the last one; len; message, on failure: what, which path and why.
 * In: path, or "-" for standard input; limit, the most bytes accepted.
 * Returns: CRUX_E_IO, CRUX_E_OUT_OF_MEMORY, CRUX_E_UNSUPPORTED (longer than the limit). */
CRUX_MUST_CHECK
enum crux_status crux_cli_file_read(uint8_t **bytes, size_t *len,
                                    char message[CRUX_CLI_MESSAGE_BYTES], const char *path,
                                    size_t limit);

/* Writes a temporary file in the same folder and renames it: the path holds the old bytes or all of the new ones,
 * even after a power cut. A link is followed; a device or pipe is written to.
 * Out: message, on failure.  Returns: CRUX_E_IO, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_cli_file_write(char message[CRUX_CLI_MESSAGE_BYTES], const char *path,
                                     const uint8_t *bytes, size_t len);

#endif
