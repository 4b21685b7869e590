#include <string.h>

#include "kernels/backends/backend.h"

static enum crux_status use(const struct crux_backend **backend,
                            const struct crux_backend *wanted) {
    if (wanted->unavailable() != NULL) return CRUX_E_UNSUPPORTED;
    enum crux_status status = crux_backend_known_answers(wanted);
    if (status == CRUX_OK) *backend = wanted;
    return status;
}

enum crux_status crux_backend_select(const struct crux_backend **backend, const char *name) {
    size_t count;
    const struct crux_backend *const *list = crux_backend_list(&count);
    bool any = name == NULL || strcmp(name, "auto") == 0;
    enum crux_status status = CRUX_E_UNKNOWN_NAME;
    for (size_t i = 0; i < count; i++) {
        if (!any && strcmp(name, list[i]->name) != 0) continue;
        status = use(backend, list[i]);
        if (!any || status == CRUX_OK) return status;
    }
    return status;
}
