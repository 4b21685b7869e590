#include "cli/share.h"

bool crux_cli_share_read(uint32_t *share, const char *text) {
    enum { ONE = 1000000000 };
    uint64_t value = 0, unit = ONE;
    unsigned digits = 0;
    bool point = false;
    for (; *text != 0; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9') return false;
        uint64_t digit = (uint64_t)(*text - '0');
        digits++;
        if (point) {
            unit /= 10;
            if (unit == 0) return false;
            value += digit * unit;
        } else {
            value = value * 10 + digit * ONE;
        }
        if (value > ONE) return false;
    }
    if (digits == 0) return false;
    *share = (uint32_t)value;
    return true;
}
