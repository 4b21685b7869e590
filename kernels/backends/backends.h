/* The members of the list, for list.c and the tests. */
#ifndef CRUX_KERNELS_BACKENDS_BACKENDS_H
#define CRUX_KERNELS_BACKENDS_BACKENDS_H

#include "kernels/backends/backend.h"

extern const struct crux_backend crux_backend_reference;

#ifdef __x86_64__
extern const struct crux_backend crux_backend_amx, crux_backend_vnni, crux_backend_avxvnni,
    crux_backend_avx2;
#endif

#ifdef CRUX_OPENBLAS
extern const struct crux_backend crux_backend_openblas;
#endif

#endif
