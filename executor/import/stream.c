/* How the residual stream is held: 14 fraction bits, unless the model itself shows that it may grow beyond what they
 * leave room for.
 *
 *   r[i] = embedding + norm(attention) + norm(feed-forward) + ..      with norms after branches
 *          <= E        <= sqrt(width) * |w[i]| each
 *
 * A norm gives y * w with y's squares summing to at most the width. So the weights bound what the stream can ever hold, and
 * the fraction bits are as many as leave room for it. Models without such norms have no such bound. */
#include <stdio.h>
#include <stdlib.h>

#include "executor/import/convert.h"

enum {
    R_BITS = 14,
    R_BITS_LEAST = 8, /* coarser, and the stream itself would be what costs quality */
    BOUND_BITS = 8    /* fraction bits of what is summed here */
};

/* floor(sqrt(v)) */
static uint64_t root_of(uint64_t v) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) {
        if ((root + bit) * (root + bit) <= v) root += bit;
    }
    return root;
}

int32_t crux_import_scale_embed(int32_t *rowmul, uint32_t rows, uint32_t width) {
    uint64_t root = root_of((uint64_t)width << 40); /* times 2^20, below 2^30 */
    int64_t most = 1;
    int32_t c = 0;
    for (uint32_t i = 0; i < rows; i++) most = rowmul[i] > most ? rowmul[i] : most;
    while (crux_lattice_quotient((crux_i128)most * (int64_t)root, (crux_i128)1 << (20 + c)) >
           INT64_C(1) << CRUX_LATTICE_ROWMUL_BITS)
        c++;
    for (uint32_t i = 0; i < rows; i++)
        rowmul[i] = (int32_t)crux_lattice_quotient((crux_i128)rowmul[i] * (int64_t)root,
                                                   (crux_i128)1 << (20 + c));
    return c;
}

/* ceil(|weight| * 2^8) of a norm, whatever its type.  Returns: false for what is no finite number, or too large. */
static bool ceiling(int64_t *out, const struct crux_source_tensor *tensor, uint32_t i) {
    struct crux_block_float f;
    const uint8_t *bytes = tensor->bytes + (size_t)i * tensor->type->bytes;
    if (crux_block_float(&f, tensor->type, bytes) != CRUX_OK || f.exponent > 8) return false;
    int32_t shift = f.exponent + BOUND_BITS;
    int64_t size = (int64_t)(f.mantissa < 0 ? -f.mantissa : f.mantissa);
    int64_t value = shift >= 0    ? size << shift /* below 2^24 * 2^16 */
                    : shift < -40 ? (size != 0)
                                  : (size + (INT64_C(1) << -shift) - 1) >> -shift;
    *out = value + (tensor->plus_one ? 1 << BOUND_BITS : 0);
    return true;
}

/* The greatest value of the embedding, times 2^8, rounded up; at most 2^50. */
static int64_t embedding(const struct crux_import_work *work) {
    int64_t most = 0;
    for (uint32_t i = 0; i < work->decoder.vocab; i++)
        most = work->rowmul[i] > most ? work->rowmul[i] : most;
    /* |m*q + n| * rowmul / 2^k: below 2^31 * 2^30 * 2^8, and k > -16 */
    crux_i128 value = (crux_i128)work->decoder.embed_tiles.most * most << (BOUND_BITS + 16);
    value = (value >> (work->embed_k + 16)) + 1;
    return value > INT64_C(1) << 50 ? INT64_C(1) << 50 : (int64_t)value;
}

/* In/out: bound, width of them, times 2^8. */
static enum crux_status add_norm(int64_t *bound, const struct crux_import_work *work,
                                 const char *name) {
    const struct crux_source_tensor *tensor = crux_source_find(work->source, name);
    int64_t root = (int64_t)root_of(work->decoder.width) + 1, weight = 0;
    if (tensor == NULL) return CRUX_E_UNKNOWN_NAME;
    for (uint32_t i = 0; i < work->decoder.width; i++) {
        if (!ceiling(&weight, tensor, i))
            return crux_import_fail(work->message, CRUX_E_BAD_RANGE,
                                    "a weight of %s is not finite, or too large", name);
        bound[i] += root * weight; /* below 2^52 + 2^11 * 2^41 */
        if (bound[i] > INT64_C(1) << 52) bound[i] = INT64_C(1) << 52;
    }
    return CRUX_OK;
}

enum crux_status crux_import_stream_bits(struct crux_import_work *work) {
    struct crux_fused_decoder *d = &work->decoder;
    enum crux_status status = CRUX_OK;
    int64_t greatest = 0;
    d->r_bits = R_BITS;
    if (!d->post_norms) return CRUX_OK;
    int64_t *bound = calloc(d->width, sizeof *bound);
    if (bound == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t b = 0; b < 2 * d->blocks && status == CRUX_OK; b++) {
        char name[48];
        (void)snprintf(name, sizeof name, "b%u.n%u.post", (unsigned)(b / 2), (unsigned)(b % 2) + 1);
        status = add_norm(bound, work, name);
    }
    for (uint32_t i = 0; i < d->width; i++) greatest = bound[i] > greatest ? bound[i] : greatest;
    free(bound);
    greatest += embedding(work);
    while (d->r_bits > R_BITS_LEAST && greatest >> (31 - d->r_bits + BOUND_BITS) != 0) d->r_bits--;
    return status;
}
