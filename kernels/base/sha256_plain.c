/* The portable compression function and the freestanding entry points. */
#include "kernels/base/sha256_impl.h"

const uint32_t crux_sha256_iv[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

const uint32_t crux_sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

CRUX_INLINE uint32_t ror(uint32_t x, unsigned bits) {
    return x >> bits | x << (32 - bits);
}

#ifdef __OPTIMIZE_SIZE__

/* For wasm, where bytes cost more than cycles: one round, written once. The same sums in the same order. */
void crux_sha256_plain_compress(uint32_t state[8], const uint8_t *blocks, size_t n) {
    for (; n > 0; n--, blocks += CRUX_SHA256_BLOCK_BYTES) {
        uint32_t w[64], v[8];
        for (size_t i = 0; i < 8; i++) v[i] = state[i];
        for (size_t i = 0; i < 64; i++) {
            if (i < 16) {
                w[i] = crux_sha256_load_be(blocks + 4 * i);
            } else {
                uint32_t near = w[i - 15], far = w[i - 2];
                w[i] = w[i - 16] + (ror(near, 7) ^ ror(near, 18) ^ near >> 3) + w[i - 7] +
                       (ror(far, 17) ^ ror(far, 19) ^ far >> 10);
            }
            uint32_t t = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) +
                         (v[6] ^ (v[4] & (v[5] ^ v[6]))) + crux_sha256_k[i] + w[i];
            uint32_t u = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) +
                         ((v[0] & v[1]) | (v[2] & (v[0] | v[1])));
            for (size_t j = 7; j > 0; j--) v[j] = v[j - 1];
            v[4] += t;
            v[0] = t + u;
        }
        for (size_t i = 0; i < 8; i++) state[i] += v[i];
    }
}

#else

/* The eight working variables rotate through the names instead of through memory: eight rounds
 * bring them home. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
    do {                                                                                           \
        uint32_t t = (h) + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((g) ^ ((e) & ((f) ^ (g)))) +   \
                     k[i] + w[i];                                                                  \
        (d) += t;                                                                                  \
        (h) = t + (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + (((a) & (b)) | ((c) & ((a) | (b))));     \
    } while (0)

#define EXTEND(i)                                                                                  \
    (w[i] +=                                                                                       \
     (ror(w[((i) + 1) & 15], 7) ^ ror(w[((i) + 1) & 15], 18) ^ w[((i) + 1) & 15] >> 3) +           \
     w[((i) + 9) & 15] +                                                                           \
     (ror(w[((i) + 14) & 15], 17) ^ ror(w[((i) + 14) & 15], 19) ^ w[((i) + 14) & 15] >> 10))

#define EIGHT_ROUNDS(i)                                                                            \
    do {                                                                                           \
        ROUND(a, b, c, d, e, f, g, h, (i) + 0);                                                    \
        ROUND(h, a, b, c, d, e, f, g, (i) + 1);                                                    \
        ROUND(g, h, a, b, c, d, e, f, (i) + 2);                                                    \
        ROUND(f, g, h, a, b, c, d, e, (i) + 3);                                                    \
        ROUND(e, f, g, h, a, b, c, d, (i) + 4);                                                    \
        ROUND(d, e, f, g, h, a, b, c, (i) + 5);                                                    \
        ROUND(c, d, e, f, g, h, a, b, (i) + 6);                                                    \
        ROUND(b, c, d, e, f, g, h, a, (i) + 7);                                                    \
    } while (0)

void crux_sha256_plain_compress(uint32_t state[8], const uint8_t *blocks, size_t n) {
    for (; n > 0; n--, blocks += CRUX_SHA256_BLOCK_BYTES) {
        uint32_t w[16];
        for (size_t i = 0; i < 16; i++) w[i] = crux_sha256_load_be(blocks + 4 * i);

        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        for (const uint32_t *k = crux_sha256_k;;) {
            EIGHT_ROUNDS(0);
            EIGHT_ROUNDS(8);
            k += 16;
            if (k == crux_sha256_k + 64) break;
            for (size_t i = 0; i < 16; i++) EXTEND(i);
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }
}

#endif

void crux_sha256_plain_init(struct crux_sha256_plain_ctx *ctx) {
    crux_copy(ctx->state, crux_sha256_iv, sizeof ctx->state);
    ctx->bytes = 0;
}

void crux_sha256_plain_update(struct crux_sha256_plain_ctx *ctx, const uint8_t *in, size_t len) {
    crux_sha256_absorb(ctx, crux_sha256_plain_compress, in, len);
}

void crux_sha256_plain_final(struct crux_sha256_plain_ctx *ctx, uint8_t out[32]) {
    crux_sha256_close(ctx, crux_sha256_plain_compress, out);
}

void crux_sha256_plain(uint8_t out[32], const uint8_t *in, size_t len) {
    struct crux_sha256_plain_ctx ctx;
    crux_sha256_plain_init(&ctx);
    crux_sha256_plain_update(&ctx, in, len);
    crux_sha256_plain_final(&ctx, out);
}
