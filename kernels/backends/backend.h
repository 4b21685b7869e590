/* Backends: matrix products by whatever this machine is fast at; never law, always equal to the reference.
 *
 *   tiles of a model tensor --pack, once--> packed   |    x i16 [inputs] --prepare, each row once--> prepared rows
 *                                            `-----------.           .------------'
 *                                                        matmul, outputs o0..o1 of all rows       (threads split o)
 *                                                           |
 *                                    acc i64 [rows, o1-o0], exact: sum over k of x[k] * (m*q + n)
 *                                                           |
 *                                                        finish: scale, bias, residual -> y i32   (fused/linear)
 *
 * A prepared row serves every matrix with as many inputs (q, k and v share it). All memory is the caller's; nothing here
 * allocates, and every function may run in any number of threads at once. Argument order: backend, out, its stride, in.
 *
 * Bounds: inputs from 1 to CRUX_BACKEND_INPUTS_MAX, x within +-32639 (CRUX_LIMIT_LINEAR), m and n any i16, q anything
 * its width holds. So |acc| < 2^17 * 2^15 * (2^30 + 2^15) < 2^63: no product overflows, however hostile its weights.
 */
#ifndef CRUX_KERNELS_BACKENDS_BACKEND_H
#define CRUX_KERNELS_BACKENDS_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/fused/kernels.h"
#include "kernels/fused/tiles.h"

/* Memory that is handed to a backend starts at a multiple of this, and sizes are multiples of it. */
#define CRUX_BACKEND_ALIGN_BYTES 64

enum { CRUX_BACKEND_INPUTS_MAX = 1 << 17 };

/* One packed matrix. `packed` holds no addresses: it may lie in a mapped file that the same backend wrote. */
struct crux_backend_matrix {
    struct crux_tile tile;
    uint32_t outputs, inputs;
    enum crux_tiles_form form; /* of the tiles that it was packed from */
    const void *packed;
};

struct crux_backend {
    const char *name;
    const char *why_equal; /* one sentence: why this equals the reference for every input */
    /* What computes the rest of a token beside this backend's products.  Returns: never NULL once it is available. */
    const struct crux_fused_kernels *(*fused)(void);

    /* Can this device run it?  Returns: NULL if so, otherwise why not, for a person. */
    const char *(*unavailable)(void);

    /* Returns: bytes of a packed matrix.  In: w, whose bytes are not looked at. */
    size_t (*packed_bytes)(const struct crux_tiles *w);
    /* Out: packed, packed_bytes.  In: w, rows of which are the outputs. */
    void (*pack)(void *packed, const struct crux_tiles *w);
    /* The same in parts, by any number of threads at once: panels of `panel_outputs` outputs each, the last maybe of
     * fewer. All panels packed, in whatever parts, are what pack writes.
     * In: panels >= 1, first_panel + panels at most the number of panels that the outputs begin. */
    void (*pack_range)(void *packed, const struct crux_tiles *w, uint32_t first_panel,
                       uint32_t panels);
    uint32_t panel_outputs;

    /* Returns: bytes from one prepared row to the next. */
    size_t (*row_bytes)(uint32_t inputs);
    /* Out: row, row_bytes.  In: x, inputs, each within +-32639. */
    void (*prepare)(void *row, const int16_t *x, uint32_t inputs);

    /* Returns: how many outputs of a row alone are best asked for at once.  NULL: it makes no difference. */
    uint32_t (*alone_outputs)(const struct crux_backend_matrix *w);
    /* Returns: bytes of scratch that each thread in matmul needs, 0 if none: never more for fewer rows, and the same for
     * matrices that differ in their bytes alone. */
    size_t (*scratch_bytes)(const struct crux_backend_matrix *w, uint32_t rows);
    /* Out: acc[r * acc_stride + (o - o0)] for r < rows and o0 <= o < o1; nothing between o1 - o0 and acc_stride.
     * In: rows >= 1 prepared rows, row_bytes(w->inputs) apart; o0 < o1 <= w->outputs, any alignment (multiples of 16
     * are fastest); scratch, scratch_bytes, one for each thread. */
    void (*matmul)(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                   const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1, void *scratch);
};

/* Returns: the form of w, from its bytes; w->form is not looked at. */
enum crux_tiles_form crux_backend_form(const struct crux_tiles *w);

/* Returns: the backends of this build, the preferred first, reference last; *count of them. */
const struct crux_backend *const *crux_backend_list(size_t *count);

/* The first of the list that is available and passes known answers here, or the one of that name ("auto" is NULL).
 * Takes some milliseconds: call it once and keep the result.
 * Out: backend, unchanged on failure.
 * Returns: CRUX_OK; CRUX_E_UNKNOWN_NAME; CRUX_E_UNSUPPORTED if this device lacks it; CRUX_E_KNOWN_ANSWER_FAILED. */
CRUX_MUST_CHECK
enum crux_status crux_backend_select(const struct crux_backend **backend, const char *name);

/* Asks `backend`, which must be available, the known questions.
 * Returns: CRUX_OK or CRUX_E_KNOWN_ANSWER_FAILED. */
CRUX_MUST_CHECK
enum crux_status crux_backend_known_answers(const struct crux_backend *backend);

#endif
