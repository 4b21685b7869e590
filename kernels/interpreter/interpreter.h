/* One step of a program, computed by the law alone: kernels/ops element by element.
 *
 *   program, world, (pos, layer)  --crux_step_run-->  step.tensors[0 .. ops-1]
 *                                                       dense little-endian elements, row-major, no padding
 *
 * Slow, and right by definition: what a disputed step is expanded into, and what every faster way is compared with.
 * A step tensor's number is its op's number; the last `stores` of them are what the step records.
 */
#ifndef CRUX_KERNELS_INTERPRETER_INTERPRETER_H
#define CRUX_KERNELS_INTERPRETER_INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/ops/op.h"
#include "kernels/program/program.h"

struct crux_step;

/* What a step reads that is not its own. Values that lie outside an operand's declared range are clamped to it where
 * spec/10-machine.md#reading says so: model, request tokens, parameters. */
struct crux_world {
    void *ctx;
    /* Out: *len.  Returns: all elements of a plain tensor, or all tiles of a tiled one in leaf order; NULL if they are
     * not to be had. May be called again for each op; the bytes stay until the step has run. NULL: no model. */
    const uint8_t *(*model)(void *ctx, uint32_t tensor, size_t *len);
    /* Returns: an element of the record of the step (time, layer), which is strictly earlier and active. NULL: none. */
    int64_t (*record)(void *ctx, uint32_t time, uint32_t layer, uint32_t store, uint64_t flat);
    /* Called when the tensor of `op` has been computed and before any op reads it: may look at it, and may change its
     * bytes, as a lying executor would. NULL: nobody watches. */
    void (*computed)(void *ctx, struct crux_step *step, uint32_t op);
    /* The same step of the same world, but for what `computed` changed in it or will change: a tensor that reads nothing
     * that has changed is copied from it. May be NULL. */
    const struct crux_step *like;
    const uint32_t *tokens; /* the request's, n of them */
    uint32_t n;             /* P */
    int32_t params[CRUX_PARAMS];
    const uint8_t *seed; /* 32 bytes; may be NULL if no op is RAND */
    uint32_t sample;
};

struct crux_step_tensor {
    uint8_t *bytes;    /* elements * element_bytes; NULL if there are none */
    uint64_t elements; /* product of the extents */
    uint32_t element_bytes;
    uint32_t extent[CRUX_DIMS_MAX]; /* at this position; those from ndim on are 0 */
    uint8_t dtype, ndim;
};

struct crux_step {
    const struct crux_program *program;
    uint32_t pos, layer, n;
    uint32_t count;                   /* ops of the layer, STOREs included */
    uint32_t stores;                  /* the last ones */
    struct crux_step_tensor *tensors; /* count */
};

enum {
    CRUX_STEP_ELEMENTS_MAX = 1 << 28 /* of one tensor: a step is held in memory */
};
#define CRUX_MODEL_ELEMENTS_MAX (UINT64_C(1) << 40) /* spec/10-machine.md#dimensions */

/* Out: step, to be freed with crux_step_free, on failure too.
 * In: program, one that crux_program_check accepts; layer, active at pos; world, kept only during the call.
 * Returns: CRUX_E_STEP_OUTSIDE, CRUX_E_STEP_INACTIVE; CRUX_E_BAD_LAYOUT if a model tensor is missing or has another
 *          number of bytes than its shape; CRUX_E_WORK_TOO_LARGE, CRUX_E_TOO_MANY_ELEMENTS; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_step_run(struct crux_step *step, const struct crux_program *program,
                               const struct crux_world *world, uint32_t pos, uint32_t layer);
void crux_step_free(struct crux_step *step);

/* Returns: element `flat` < elements of the tensor of op `op` < count. */
int64_t crux_step_value(const struct crux_step *step, uint32_t op, uint64_t flat);

/* Returns: the tensor of store `store` < stores. */
const struct crux_step_tensor *crux_step_store(const struct crux_step *step, uint32_t store);

/* Does the layer do work at pos?  spec/10-machine.md#positions */
bool crux_layer_is_active(const struct crux_program *program, uint32_t layer, uint32_t pos,
                          uint32_t n);

/* Returns: the bytes that a model tensor's storage has; 0 if its dims, dtype or layout are not valid. */
uint64_t crux_model_tensor_bytes(const struct crux_model_tensor *tensor);

#endif
