/* Whole files, written so that nobody ever sees half of one. */
#ifndef CRUX_CHAIN_ADAPTER_IO_FILE_H
#define CRUX_CHAIN_ADAPTER_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

struct crux_file_how {
    uint32_t mode; /* permissions; 0: those of the file that is there, or of any new file */
    bool only_new; /* a path that is taken is refused */
};

/* Writes a temporary file in the same folder and renames it: the path holds the old bytes or all of the new ones,
 * even after a power cut. A link is followed; a device or pipe is written to.
 * Out: message, on failure.  In: how, may be NULL.
 * Returns: CRUX_E_IO, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_file_write(char *message, size_t message_bytes, const char *path,
                                 const uint8_t *bytes, size_t len, const struct crux_file_how *how);

#endif
