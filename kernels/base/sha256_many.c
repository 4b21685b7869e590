/* Many messages of one length: cut each into blocks once, and fill the lanes of an implementation
 * with them. */
#include <string.h>

#include "kernels/base/sha256_impl.h"

enum { BLOCK = CRUX_SHA256_BLOCK_BYTES, TAIL = 2 * CRUX_SHA256_BLOCK_BYTES };

/* The built blocks of every lane. Prefix and padding are the same in each group, so they are
 * written once. */
struct frame {
    uint8_t head[CRUX_SHA256_LANES_MAX][BLOCK];
    uint8_t tail[CRUX_SHA256_LANES_MAX][TAIL];
    size_t full; /* whole blocks of prefix and message */
    size_t rest; /* bytes after them, the prefix included where full is 0 */
};

static void frame_init(struct frame *frame, uint8_t prefix, size_t len, size_t lanes) {
    frame->full = (len + 1) / BLOCK;
    frame->rest = (len + 1) % BLOCK;
    size_t tail_bytes = frame->rest + 9 <= BLOCK ? BLOCK : TAIL;
    uint64_t bits = ((uint64_t)len + 1) * 8;
    for (size_t l = 0; l < lanes; l++) {
        frame->head[l][0] = prefix;
        uint8_t *tail = frame->tail[l];
        memset(tail, 0, TAIL);
        if (frame->full == 0) tail[0] = prefix;
        tail[frame->rest] = 0x80;
        crux_sha256_store_be(tail + tail_bytes - 8, (uint32_t)(bits >> 32));
        crux_sha256_store_be(tail + tail_bytes - 4, (uint32_t)bits);
    }
}

static void set_lane(struct crux_sha256_lanes *group, struct frame *frame, size_t l,
                     const uint8_t *in) {
    if (frame->full > 0) {
        memcpy(frame->head[l] + 1, in, BLOCK - 1);
        if (frame->rest > 0) memcpy(frame->tail[l], in + frame->full * BLOCK - 1, frame->rest);
        group->run[1].p[l] = in + BLOCK - 1;
    } else {
        if (frame->rest > 1) memcpy(frame->tail[l] + 1, in, frame->rest - 1);
        group->run[1].p[l] = frame->tail[l];
    }
    group->run[0].p[l] = frame->head[l];
    group->run[2].p[l] = frame->tail[l];
}

/* Lanes without a message of their own repeat the first one; their hashes are dropped. */
static void repeat_lane(struct crux_sha256_lanes *group, size_t l) {
    for (size_t r = 0; r < CRUX_SHA256_RUNS; r++) group->run[r].p[l] = group->run[r].p[0];
}

static void hash_one(const struct crux_sha256_impl *impl, uint8_t *out,
                     const struct crux_sha256_lanes *group) {
    uint32_t state[8];
    memcpy(state, crux_sha256_iv, sizeof state);
    for (size_t r = 0; r < CRUX_SHA256_RUNS; r++) {
        if (group->run[r].n > 0) impl->compress(state, group->run[r].p[0], group->run[r].n);
    }
    crux_sha256_store_state(out, state);
}

void crux_sha256_many_with(const struct crux_sha256_impl *impl, uint8_t *out, uint8_t prefix,
                           const uint8_t *in, size_t len, size_t stride, size_t n) {
    CRUX_ASSERT(impl->lanes >= 1 && impl->lanes <= CRUX_SHA256_LANES_MAX && impl->lanes_least >= 1);
    CRUX_ASSERT(impl->lanes == 1 || impl->hash_lanes != NULL);
    if (n == 0) return;
    struct frame frame;
    frame_init(&frame, prefix, len, n < impl->lanes ? n : impl->lanes);
    struct crux_sha256_lanes group;
    group.run[0].n = frame.full > 0 ? 1 : 0;
    group.run[1].n = frame.full > 0 ? frame.full - 1 : 0;
    group.run[2].n = frame.rest + 9 <= BLOCK ? 1 : 2;

    while (n > 0) {
        size_t take = n < impl->lanes ? n : impl->lanes;
        if (take < impl->lanes_least && impl->few != NULL) {
            crux_sha256_many_with(impl->few, out, prefix, in, len, stride, take);
            return;
        }
        if (impl->lanes == 1 || take < impl->lanes_least) take = 1;
        for (size_t l = 0; l < take; l++)
            set_lane(&group, &frame, l, len > 0 ? in + l * stride : in);
        if (take == 1) {
            hash_one(impl, out, &group);
        } else if (take == impl->lanes) {
            impl->hash_lanes(out, &group);
        } else {
            uint8_t hashes[CRUX_SHA256_LANES_MAX * CRUX_SHA256_BYTES];
            for (size_t l = take; l < impl->lanes; l++) repeat_lane(&group, l);
            impl->hash_lanes(hashes, &group);
            memcpy(out, hashes, take * CRUX_SHA256_BYTES);
        }
        n -= take;
        out += take * CRUX_SHA256_BYTES;
        if (n > 0 && len > 0) in += take * stride;
    }
}
