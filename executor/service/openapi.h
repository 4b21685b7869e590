/* executor/service/openapi.json, as the build puts it into the program. */
#ifndef CRUX_EXECUTOR_SERVICE_OPENAPI_H
#define CRUX_EXECUTOR_SERVICE_OPENAPI_H

#include <stddef.h>

extern const unsigned char crux_openapi[];
extern const size_t crux_openapi_bytes;

#endif
