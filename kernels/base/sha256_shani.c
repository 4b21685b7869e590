/* SHA-256 with the SHA instructions, one message or two side by side.
 *
 * sha256rnds2 keeps the state as two registers, ABEF and CDGH (high lane first), and does two
 * rounds. Each depends on the one before, with a latency about twice its issue interval: a second,
 * independent message fills the gaps.
 *
 * sha256rnds2 has no VEX form. While AVX code has left the upper halves of the vector registers
 * dirty, some processors merge them into every such result, hence vzeroupper first. */
#ifdef __x86_64__

#include <immintrin.h>

#include "kernels/base/sha256_impl.h"

#define SHANI CRUX_TARGET("sha,sse4.1,ssse3,avx")

struct lane {
    __m128i abef, cdgh;               /* now */
    __m128i abef_before, cdgh_before; /* before this block */
    __m128i w[4]; /* the last 16 words of the schedule, oldest first, as a ring of four */
};

SHANI CRUX_INLINE void load_state(struct lane *lane, const uint32_t state[8]) {
    __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
    __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    lane->abef = _mm_alignr_epi8(cdab, efgh, 8);
    lane->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

/* Out: the state as words a..d and e..h, lowest lane first. */
SHANI CRUX_INLINE void unload_state(__m128i *dcba, __m128i *hgfe, const struct lane *lane) {
    __m128i feba = _mm_shuffle_epi32(lane->abef, 0x1b);
    __m128i dchg = _mm_shuffle_epi32(lane->cdgh, 0xb1);
    *dcba = _mm_blend_epi16(feba, dchg, 0xf0);
    *hgfe = _mm_alignr_epi8(dchg, feba, 8);
}

SHANI CRUX_INLINE __m128i swap_words(__m128i x) {
    return _mm_shuffle_epi8(x, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

SHANI CRUX_INLINE void begin_block(struct lane *lane, const uint8_t *block) {
    lane->abef_before = lane->abef;
    lane->cdgh_before = lane->cdgh;
    for (int i = 0; i < 4; i++) {
        lane->w[i] = swap_words(_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i)));
    }
}

SHANI CRUX_INLINE void end_block(struct lane *lane) {
    lane->abef = _mm_add_epi32(lane->abef, lane->abef_before);
    lane->cdgh = _mm_add_epi32(lane->cdgh, lane->cdgh_before);
}

/* Rounds 4q .. 4q+3, and the schedule words of rounds 4q+16 .. 4q+19 while there are such. */
SHANI CRUX_INLINE void four_rounds(struct lane *lane, int q) {
    __m128i *w = lane->w;
    __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(crux_sha256_k + 4 * q));
    __m128i kw = _mm_add_epi32(w[q & 3], k);
    lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, kw);
    lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, _mm_shuffle_epi32(kw, 0x0e));
    if (q < 12) {
        __m128i seven_back = _mm_alignr_epi8(w[(q + 3) & 3], w[(q + 2) & 3], 4);
        __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[q & 3], w[(q + 1) & 3]), seven_back);
        w[q & 3] = _mm_sha256msg2_epu32(sum, w[(q + 3) & 3]);
    }
}

/* Written out, because the ring is in registers only where q is a constant. */
#define SIXTEEN_TIMES(f)                                                                           \
    f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)

SHANI void crux_sha256_shani_compress(uint32_t state[8], const uint8_t *blocks, size_t n) {
    struct lane lane;
    _mm256_zeroupper();
    load_state(&lane, state);
    for (; n > 0; n--, blocks += CRUX_SHA256_BLOCK_BYTES) {
        begin_block(&lane, blocks);
#define ROUNDS(q) four_rounds(&lane, q);
        SIXTEEN_TIMES(ROUNDS)
#undef ROUNDS
        end_block(&lane);
    }
    __m128i dcba, hgfe;
    unload_state(&dcba, &hgfe, &lane);
    _mm_storeu_si128((__m128i *)(void *)state, dcba);
    _mm_storeu_si128((__m128i *)(void *)(state + 4), hgfe);
}

SHANI CRUX_INLINE void store_hash(uint8_t out[32], const struct lane *lane) {
    __m128i dcba, hgfe;
    unload_state(&dcba, &hgfe, lane);
    _mm_storeu_si128((__m128i *)(void *)out, swap_words(dcba));
    _mm_storeu_si128((__m128i *)(void *)(out + 16), swap_words(hgfe));
}

SHANI void crux_sha256_shani_hash_2(uint8_t *out, const struct crux_sha256_lanes *group) {
    struct lane x, y;
    _mm256_zeroupper();
    load_state(&x, crux_sha256_iv);
    y = x;
    for (size_t r = 0; r < CRUX_SHA256_RUNS; r++) {
        const uint8_t *px = group->run[r].p[0];
        const uint8_t *py = group->run[r].p[1];
        for (size_t n = group->run[r].n; n > 0; n--) {
            begin_block(&x, px);
            begin_block(&y, py);
#define ROUNDS(q) four_rounds(&x, q), four_rounds(&y, q);
            SIXTEEN_TIMES(ROUNDS)
#undef ROUNDS
            end_block(&x);
            end_block(&y);
            px += CRUX_SHA256_BLOCK_BYTES;
            py += CRUX_SHA256_BLOCK_BYTES;
        }
    }
    store_hash(out, &x);
    store_hash(out + 32, &y);
}

#else
typedef int crux_no_shani;
#endif
