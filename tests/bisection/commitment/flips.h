/* Every single-bit change of one encoding, and every other length of it. */
#ifndef CRUX_TESTS_BISECTION_COMMITMENT_FLIPS_H
#define CRUX_TESTS_BISECTION_COMMITMENT_FLIPS_H

#include <string.h>

#include "kernels/base/status.h"

enum { FLIP_BYTES_MAX = 256 };

struct flips {
    size_t bytes;
    /* Decodes, and if that is well encodes what was decoded. */
    enum crux_status (*decode)(uint8_t *again, const uint8_t *in, size_t len);
    /* May these bytes decode? Said anew, from the bytes alone. */
    bool (*allowed)(const uint8_t *in);
    enum crux_status refusal;
};

static inline void check_bytes(const struct flips *flips, const uint8_t *in) {
    uint8_t again[FLIP_BYTES_MAX] = {0};
    enum crux_status status = flips->decode(again, in, flips->bytes);
    assert_int_equal(status, flips->allowed(in) ? CRUX_OK : flips->refusal);
    if (status == CRUX_OK) assert_memory_equal(again, in, flips->bytes);
}

/* Out: how many flips were refused. */
static inline void check_flips(const struct flips *flips, const uint8_t *good, unsigned *refused) {
    uint8_t in[FLIP_BYTES_MAX + 1] = {0}, again[FLIP_BYTES_MAX];
    memcpy(in, good, flips->bytes);
    assert_true(flips->allowed(in));
    check_bytes(flips, in);
    *refused = 0;
    for (size_t bit = 0; bit < 8 * flips->bytes; bit++) {
        in[bit / 8] ^= (uint8_t)(1U << bit % 8);
        check_bytes(flips, in);
        if (!flips->allowed(in)) ++*refused;
        in[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t len = 0; len < flips->bytes; len++) {
        assert_int_equal(flips->decode(again, in, len), CRUX_E_TRUNCATED);
    }
    assert_int_equal(flips->decode(again, in, flips->bytes + 1), CRUX_E_TRAILING_BYTES);
}

static inline uint32_t u32_at(const uint8_t *in) {
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++) value |= (uint32_t)in[i] << 8 * i;
    return value;
}

#endif
