/* Inside kernels/base, its tests and its bench only: what the SHA-256 implementations share. */
#ifndef CRUX_KERNELS_BASE_SHA256_IMPL_H
#define CRUX_KERNELS_BASE_SHA256_IMPL_H

#include "kernels/base/bytes.h"
#include "kernels/base/sha256.h"

extern const uint32_t crux_sha256_k[64];
extern const uint32_t crux_sha256_iv[8];

void crux_sha256_plain_compress(uint32_t state[8], const uint8_t *blocks, size_t n);

typedef void crux_sha256_compress_fn(uint32_t state[8], const uint8_t *blocks, size_t n);

/* A message group's blocks lie in three runs, because the prefix byte shifts everything by one:
 *
 *   head  prefix in[0..62]            built, 0 or 1 block
 *   body  in[63..126] in[127..190]    read in place
 *   tail  in[..] 0x80 0.. bit length  built, 1 or 2 blocks
 */
struct crux_sha256_blocks {
    const uint8_t *p[CRUX_SHA256_LANES_MAX];
    size_t n; /* blocks a lane, the same in every lane */
};

#define CRUX_SHA256_RUNS 3

struct crux_sha256_lanes {
    struct crux_sha256_blocks run[CRUX_SHA256_RUNS];
};

/* crux_sha256_many with a stated implementation. */
void crux_sha256_many_with(const struct crux_sha256_impl *impl, uint8_t *out, uint8_t prefix,
                           const uint8_t *in, size_t len, size_t stride, size_t n);

static inline uint32_t crux_sha256_load_be(const uint8_t *in) {
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | (uint32_t)in[3];
}

static inline void crux_sha256_store_be(uint8_t *out, uint32_t value) {
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

static inline void crux_sha256_store_state(uint8_t out[32], const uint32_t state[8]) {
    for (size_t i = 0; i < 8; i++) crux_sha256_store_be(out + 4 * i, state[i]);
}

/* The incremental form over any compression function; inlined into the plain and into the hosted
 * one. */
CRUX_INLINE void crux_sha256_absorb(struct crux_sha256_plain_ctx *ctx,
                                    crux_sha256_compress_fn *compress, const uint8_t *in,
                                    size_t len) {
    if (len == 0) return;
    size_t held = (size_t)(ctx->bytes % CRUX_SHA256_BLOCK_BYTES);
    ctx->bytes += len;
    if (held > 0) {
        size_t room = CRUX_SHA256_BLOCK_BYTES - held;
        size_t take = len < room ? len : room;
        crux_copy(ctx->block + held, in, take);
        in += take;
        len -= take;
        if (take < room) return;
        compress(ctx->state, ctx->block, 1);
    }
    size_t blocks = len / CRUX_SHA256_BLOCK_BYTES;
    if (blocks > 0) compress(ctx->state, in, blocks);
    crux_copy(ctx->block, in + blocks * CRUX_SHA256_BLOCK_BYTES, len % CRUX_SHA256_BLOCK_BYTES);
}

CRUX_INLINE void crux_sha256_close(struct crux_sha256_plain_ctx *ctx,
                                   crux_sha256_compress_fn *compress, uint8_t out[32]) {
    size_t held = (size_t)(ctx->bytes % CRUX_SHA256_BLOCK_BYTES);
    uint64_t bits = ctx->bytes * 8;
    ctx->block[held++] = 0x80;
    if (held > CRUX_SHA256_BLOCK_BYTES - 8) {
        crux_zero(ctx->block + held, CRUX_SHA256_BLOCK_BYTES - held);
        compress(ctx->state, ctx->block, 1);
        held = 0;
    }
    crux_zero(ctx->block + held, CRUX_SHA256_BLOCK_BYTES - 8 - held);
    crux_sha256_store_be(ctx->block + 56, (uint32_t)(bits >> 32));
    crux_sha256_store_be(ctx->block + 60, (uint32_t)bits);
    compress(ctx->state, ctx->block, 1);
    crux_sha256_store_state(out, ctx->state);
}

#ifdef __x86_64__

void crux_sha256_shani_compress(uint32_t state[8], const uint8_t *blocks, size_t n);
void crux_sha256_shani_hash_2(uint8_t *out, const struct crux_sha256_lanes *group);
void crux_sha256_avx512_hash_16(uint8_t *out, const struct crux_sha256_lanes *group);
void crux_sha256_avx2_hash_8(uint8_t *out, const struct crux_sha256_lanes *group);

#endif

#endif
