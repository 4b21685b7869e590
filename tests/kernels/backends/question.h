/* A random product, and what the reference kernel makes of it. */
#ifndef CRUX_TESTS_KERNELS_BACKENDS_QUESTION_H
#define CRUX_TESTS_KERNELS_BACKENDS_QUESTION_H

#include "kernels/backends/backend.h"
#include "tests/support/random.h"

/* How wild the numbers are. WORST_*: every sum over a group is 32768, the 16-bit half of which is the least there is,
 * times multipliers that are all the greatest or all the least. LOW_*: the same of lower bytes of x and weights of 4
 * bits, for every |x| is 128 and every q is 0. */
enum wildness {
    PLAIN,
    EDGY,
    EXTREME,
    ALL_GREATEST,
    ALL_LEAST,
    WORST_GREATEST,
    WORST_LEAST,
    LOW_GREATEST,
    LOW_LEAST,
    WILDNESSES
};

struct question {
    struct crux_tiles w;
    uint32_t rows;
    uint8_t *bytes;    /* w's */
    int16_t *x;        /* [rows, inputs] */
    int64_t *expected; /* [rows, outputs] */
};

/* multiplier_max: the greatest |m| and |n|, up to 32768; of centred tiles of |m|, up to 4096. */
void question_ask(struct question *question, struct crux_random *random,
                  const struct crux_tile *tile, uint32_t outputs, uint32_t inputs, uint32_t rows,
                  int32_t multiplier_max, enum crux_tiles_form form, enum wildness wildness);
/* Out: expected, straight from the meaning of a tile, without the reference kernel; again if bytes or x were changed. */
void question_answer(struct question *question);
void question_free(struct question *question);

/* One backend with a question packed and its rows prepared. */
struct asked {
    const struct crux_backend *backend;
    struct crux_backend_matrix w;
    void *packed, *prepared;
    uint32_t rows;
};

void asked_prepare(struct asked *asked, const struct crux_backend *backend,
                   const struct question *question);
/* Out: acc, outputs o0..o1 of every row, `stride` apart. Uses scratch of its own. */
void asked_matmul(const struct asked *asked, int64_t *acc, size_t stride, uint32_t o0, uint32_t o1);
void asked_free(struct asked *asked);

#endif
