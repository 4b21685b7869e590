/* SHA-256 (FIPS 180-4), twice:
 *
 *   crux_sha256_plain*   portable C, freestanding: evaluator, adjudicator, wasm
 *   crux_sha256*         hosted: the preferred implementation that passed known answers here
 *
 * Both give the same bytes. Argument order: context, out, in, length after its array. Any `in` may
 * be NULL when its length is 0. */
#ifndef CRUX_KERNELS_BASE_SHA256_H
#define CRUX_KERNELS_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"

#define CRUX_SHA256_BYTES       32
#define CRUX_SHA256_BLOCK_BYTES 64

struct crux_hash {
    uint8_t b[CRUX_SHA256_BYTES];
};

/* ---- freestanding ---- */

struct crux_sha256_plain_ctx {
    uint32_t state[8];
    uint64_t bytes; /* message bytes so far; the message must stay below 2^61 bytes */
    uint8_t block[CRUX_SHA256_BLOCK_BYTES];
};

void crux_sha256_plain(uint8_t out[32], const uint8_t *in, size_t len);

void crux_sha256_plain_init(struct crux_sha256_plain_ctx *ctx);
void crux_sha256_plain_update(struct crux_sha256_plain_ctx *ctx, const uint8_t *in, size_t len);
void crux_sha256_plain_final(struct crux_sha256_plain_ctx *ctx, uint8_t out[32]);

/* ---- hosted: callable from any thread; the first use chooses the implementation ---- */

struct crux_sha256_ctx {
    struct crux_sha256_plain_ctx plain;
};

void crux_sha256(uint8_t out[32], const uint8_t *in, size_t len);

void crux_sha256_init(struct crux_sha256_ctx *ctx);
void crux_sha256_update(struct crux_sha256_ctx *ctx, const uint8_t *in, size_t len);
void crux_sha256_final(struct crux_sha256_ctx *ctx, uint8_t out[32]);

/* Hashes n messages of one length: message i is the byte `prefix`, then the `len` bytes from
 * in[i*stride] on. A leaf is this with prefix 0.
 * Out: out[32*i ..], n hashes; must not overlap `in`. */
void crux_sha256_many(uint8_t *out, uint8_t prefix, const uint8_t *in, size_t len, size_t stride,
                      size_t n);

/* Hashes n inner nodes: node i is 0x01, then the two hashes pairs[64*i ..].
 * Out: out[32*i ..], n hashes; may be `pairs` itself (a tree level in place), otherwise must not
 * overlap it. */
void crux_sha256_nodes(uint8_t *out, const uint8_t *pairs, size_t n);

/* Messages that an implementation hashes side by side. */
#define CRUX_SHA256_LANES_MAX 16

/* One group of equally long messages, cut into blocks: head, then body, then tail. */
struct crux_sha256_lanes;

struct crux_sha256_impl {
    const char *name;
    bool (*available)(void); /* does this processor (and system) have the instructions? */
    void (*compress)(uint32_t state[8], const uint8_t *blocks, size_t n);
    size_t lanes;       /* 1 .. CRUX_SHA256_LANES_MAX */
    size_t lanes_least; /* with fewer messages than this, one after the other is faster */
    void (*hash_lanes)(
        uint8_t *out,
        const struct crux_sha256_lanes *group); /* lanes * 32 bytes; NULL if lanes is 1 */
    const struct crux_sha256_impl
        *few; /* takes fewer than lanes_least instead, unless it is NULL */
};

/* Returns: the implementations of this build, the preferred first, plain last; *count of them. */
const struct crux_sha256_impl *crux_sha256_impls(size_t *count);

/* Chooses the implementation for the whole process: by name, or, for NULL and "auto", the first of
 * the list that is available and passes known answers. On failure the choice stays as it was.
 * Returns: CRUX_OK; CRUX_E_UNKNOWN_NAME; CRUX_E_UNSUPPORTED if this processor lacks it;
 * CRUX_E_KNOWN_ANSWER_FAILED. */
CRUX_MUST_CHECK
enum crux_status crux_sha256_select(const char *name);

/* Returns: the implementation in use; chooses one if none is yet. */
const struct crux_sha256_impl *crux_sha256_selected(void);

/* Asks `impl`, which must be available, the known questions.
 * Returns: CRUX_OK or CRUX_E_KNOWN_ANSWER_FAILED. */
CRUX_MUST_CHECK
enum crux_status crux_sha256_known_answers(const struct crux_sha256_impl *impl);

#endif
