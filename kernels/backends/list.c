#include "kernels/backends/backends.h"

static const struct crux_backend *const list[] = {
#ifdef __x86_64__
    &crux_backend_amx,       &crux_backend_vnni, &crux_backend_avxvnni, &crux_backend_avx2,
#endif
#ifdef CRUX_OPENBLAS
    &crux_backend_openblas,
#endif
    &crux_backend_reference,
};

const struct crux_backend *const *crux_backend_list(size_t *count) {
    *count = CRUX_ARRAY_LEN(list);
    return list;
}
