/* The one list of ways to fail. Names are part of the protocol (error field of --json, conformance
 * vectors). */
#ifndef CRUX_KERNELS_BASE_STATUS_H
#define CRUX_KERNELS_BASE_STATUS_H

enum crux_status {
    CRUX_OK = 0,
#define CRUX_STATUS(upper, lower, text) CRUX_E_##upper,
#include "kernels/base/status.def"
#undef CRUX_STATUS
    CRUX_STATUS_COUNT /* the number of statuses, CRUX_OK included; itself none of them */
};

/* Returns: the protocol's name ("ok", "index_outside", ...); "unknown" for a number outside the
 * list. Never NULL. */
const char *crux_status_name(enum crux_status status);

/* Returns: one sentence for a person. Never NULL. */
const char *crux_status_text(enum crux_status status);

#endif
