#include "kernels/base/status.h"

const char *crux_status_name(enum crux_status status) {
    switch (status) {
    case CRUX_OK: return "ok";
#define CRUX_STATUS(upper, lower, text)                                                            \
    case CRUX_E_##upper:                                                                           \
        return #lower;
#include "kernels/base/status.def"
#undef CRUX_STATUS
    case CRUX_STATUS_COUNT: break;
    }
    return "unknown";
}

const char *crux_status_text(enum crux_status status) {
    switch (status) {
    case CRUX_OK: return "All is well.";
#define CRUX_STATUS(upper, lower, text)                                                            \
    case CRUX_E_##upper:                                                                           \
        return text;
#include "kernels/base/status.def"
#undef CRUX_STATUS
    case CRUX_STATUS_COUNT: break;
    }
    return "This number is not a status.";
}
