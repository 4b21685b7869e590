#include "executor/engine/sampling.h"

#include <string.h>

enum { FRACTION_DIGITS = 12, WHOLE_MOST = 32767 };

bool crux_sampling_q16(int32_t *value, const char *text) {
    uint64_t whole = 0, fraction = 0, scale = 1;
    unsigned digits = 0, behind = 0;
    bool point = false;
    for (; *text != 0; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9') return false;
        uint64_t digit = (uint64_t)(*text - '0');
        digits++;
        if (!point) {
            whole = whole * 10 + digit;
            if (whole > WHOLE_MOST) return false;
        } else if (behind <
                   FRACTION_DIGITS) { /* further digits move the result by less than 2^-23 */
            behind++;
            fraction = fraction * 10 + digit;
            scale *= 10;
        }
    }
    if (digits == 0) return false;
    /* below 2^31: 10^12 * 65536 < 2^56 */
    uint64_t q16 = (whole << 16) + ((fraction << 16) + scale / 2) / scale;
    if (q16 > INT32_MAX) return false;
    *value = (int32_t)q16;
    return true;
}

void crux_sampling_plain(int32_t param[CRUX_PARAMS]) {
    memset(param, 0, CRUX_PARAMS * sizeof *param);
    param[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
}

bool crux_sampling_set(int32_t param[CRUX_PARAMS], enum crux_sample_param which, const char *text,
                       struct crux_sample_range *range) {
    const struct crux_sample_range limits = crux_fused_sample_range(which);
    int32_t value;
    if (range != NULL) *range = limits;
    if (!crux_sampling_q16(&value, text) || value < limits.lo || value > limits.hi) return false;
    param[which] = value;
    return true;
}

void crux_sampling_seed(uint8_t seed[32], uint64_t number) {
    memset(seed, 0, 32);
    crux_store_u32(seed, (uint32_t)number);
    crux_store_u32(seed + 4, (uint32_t)(number >> 32));
}
