/* Keccak-f[1600] with rate 1088 and the original padding. No branch and no index depends on the input. */
#include <string.h>

#include "chain-adapter/keys/keys.h"

enum { RATE = 136, ROUNDS = 24 };

/* The round constants are those of a linear feedback register; see FIPS 202, algorithm 5. */
static const uint64_t round_constant[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

static uint64_t rotate(uint64_t v, unsigned by) {
    return by == 0 ? v : v << by | v >> (64 - by);
}

/* FIPS 202, 3.2: theta, rho and pi, chi, iota. Lane (x, y) is state[x + 5 * y]. */
static void permute(uint64_t state[25]) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t column[5], moved[25];
        for (unsigned x = 0; x < 5; x++)
            column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        for (unsigned i = 0; i < 25; i++)
            state[i] ^= column[(i + 4) % 5] ^ rotate(column[(i + 1) % 5], 1);
        /* rho's offsets are the triangular numbers along the path (x, y) -> (y, 2x + 3y) that pi walks */
        moved[0] = state[0];
        for (unsigned t = 0, x = 1, y = 0; t < 24; t++) {
            unsigned to_x = y, to_y = (2 * x + 3 * y) % 5;
            moved[to_x + 5 * to_y] = rotate(state[x + 5 * y], (t + 1) * (t + 2) / 2 % 64);
            x = to_x;
            y = to_y;
        }
        for (unsigned i = 0; i < 25; i++) {
            unsigned row = i / 5 * 5;
            state[i] = moved[i] ^ (~moved[row + (i + 1) % 5] & moved[row + (i + 2) % 5]);
        }
        state[0] ^= round_constant[round];
    }
}

static void absorb(uint64_t state[25], const uint8_t block[RATE]) {
    for (unsigned i = 0; i < RATE / 8; i++) state[i] ^= crux_load_u64(block + 8 * (size_t)i);
    permute(state);
}

void crux_keccak256(uint8_t out[32], const uint8_t *in, size_t len) {
    uint64_t state[25] = {0};
    uint8_t last[RATE] = {0};
    for (; len >= RATE; in += RATE, len -= RATE) absorb(state, in);
    if (len > 0) memcpy(last, in, len);
    last[len] = 0x01;
    last[RATE - 1] |= 0x80;
    absorb(state, last);
    for (unsigned i = 0; i < 4; i++) crux_store_u64(out + 8 * (size_t)i, state[i]);
    explicit_bzero(state, sizeof state); /* a MAC of a key file begins with a secret */
    explicit_bzero(last, sizeof last);
}
