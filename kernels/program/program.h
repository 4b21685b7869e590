/* A program in memory: header, model tensors, layers, ops.
 *
 *   program
 *     |-- header          L, context, vocabulary ... committed in the model root
 *     |-- tensors[]       the constants that ops name by number; plain or tiled
 *     `-- layers[l]       ops[first .. first+ops-1]; the last `stores` of them are STOREs
 *
 * A step tensor's number is its op's number in the layer; a record tensor's number counts the layer's STOREs.
 */
#ifndef CRUX_KERNELS_PROGRAM_PROGRAM_H
#define CRUX_KERNELS_PROGRAM_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/ops/op.h"

enum {
    CRUX_OP_SET = 1,
    CRUX_DESCRIPTOR_BYTES = 256,
    CRUX_HEADER_BYTES = 32,
    CRUX_LAYER_BYTES = 16, /* without the ops root that a commitment adds */
    CRUX_TENSOR_ENTRY_BYTES = 128,
    CRUX_LABEL_BYTES = 24,
    CRUX_NAME_BYTES = 56,
    CRUX_PARAMS = 16, /* i32 parameters in a request */
    CRUX_STOPS_MAX = 8,
    CRUX_LAYERS_MAX = 4096,
    CRUX_OPS_MAX = 4096,  /* in one layer */
    CRUX_STORES_MAX = 64, /* in one layer */
    CRUX_TENSORS_MAX = 1 << 20,
    CRUX_CONTEXT_MAX = 1 << 24
};

/* spec/21-descriptors.md#header */
struct crux_program_header {
    uint32_t op_set;
    uint32_t layers;
    uint32_t context;
    uint32_t vocab; /* tokens are 0 .. vocab-1 */
    uint32_t
        token_store; /* the store of the last layer that holds the chosen token, dims [1], i32 */
};

enum crux_active { CRUX_ACTIVE_ALWAYS = 0, CRUX_ACTIVE_FROM_LAST = 1 };

struct crux_layer {
    uint32_t ops;    /* STOREs included */
    uint32_t stores; /* the last ops of the layer */
    uint32_t active; /* enum crux_active */
    uint32_t first;  /* index of its first op in program.ops; not encoded */
};

struct crux_model_tensor {
    char name[CRUX_NAME_BYTES]; /* [a-z0-9._-], zero padded, at least one zero; not committed */
    uint8_t dtype, layout, ndim;
    uint32_t dim[CRUX_DIMS_MAX];
    int64_t lo, hi;
    uint8_t root[CRUX_HASH_BYTES]; /* all zero: unbound */
};

struct crux_labelled_op {
    struct crux_op op;
    char label
        [CRUX_LABEL_BYTES]; /* for people: [a-z0-9._-], zero padded, at least one zero; not committed */
};

struct crux_program {
    struct crux_program_header header;
    struct crux_layer *layers;         /* header.layers */
    struct crux_model_tensor *tensors; /* tensor_count */
    struct crux_labelled_op *ops;      /* op_count, the layers' ops in order */
    uint32_t tensor_count;
    uint32_t op_count;
    uint32_t layer_cap, tensor_cap, op_cap; /* allocated by crux_program_reserve_* */
};

/* Where and why a program was refused: filled by every function below that can refuse one. */
struct crux_refusal {
    enum crux_status status;
    uint32_t layer, op; /* UINT32_MAX: not about one */
    char label[CRUX_LABEL_BYTES];
    char what[200]; /* "operand 1 dim 0: index reaches 64 at position 7, dimension is 64" */
};

/* Memory. A zeroed struct is an empty program. */
void crux_program_free(struct crux_program *program);
CRUX_MUST_CHECK
enum crux_status crux_program_add_tensor(struct crux_program *program,
                                         const struct crux_model_tensor *tensor, uint32_t *number);
/* Starts a layer; ops added from now on belong to it. */
CRUX_MUST_CHECK
enum crux_status crux_program_add_layer(struct crux_program *program, enum crux_active active);
/* Out: number, the op's number in its layer.  In: label may be NULL. */
CRUX_MUST_CHECK
enum crux_status crux_program_add_op(struct crux_program *program, const struct crux_op *op,
                                     const char *label, uint32_t *number);

/* Structure: everything of spec/20-ops.md and spec/21-descriptors.md that needs no intervals. */
CRUX_MUST_CHECK
enum crux_status crux_program_check(const struct crux_program *program,
                                    struct crux_refusal *refusal);

/* One descriptor <-> its 256 bytes.  Freestanding. Decoding accepts exactly what encoding produces.
 * Every rule that concerns one op alone is checked here (kernels/program/op_check.h), so a decoded op is safe to bind
 * and evaluate. encode refuses an op with a non-zero field that its code, function and operand kinds do not use
 * (CRUX_E_NON_CANONICAL): decoding then gives the same op back, field by field. */
CRUX_MUST_CHECK
enum crux_status crux_descriptor_encode(uint8_t out[CRUX_DESCRIPTOR_BYTES], size_t *used,
                                        const struct crux_op *op);
CRUX_MUST_CHECK
enum crux_status crux_descriptor_decode(struct crux_op *op,
                                        const uint8_t in[CRUX_DESCRIPTOR_BYTES]);
CRUX_MUST_CHECK
enum crux_status crux_header_encode(uint8_t out[CRUX_HEADER_BYTES],
                                    const struct crux_program_header *header);
CRUX_MUST_CHECK
enum crux_status crux_header_decode(struct crux_program_header *header,
                                    const uint8_t in[CRUX_HEADER_BYTES]);
CRUX_MUST_CHECK
enum crux_status crux_layer_encode(uint8_t out[CRUX_LAYER_BYTES], const struct crux_layer *layer);
CRUX_MUST_CHECK
enum crux_status crux_layer_decode(struct crux_layer *layer, const uint8_t in[CRUX_LAYER_BYTES]);

/* The whole program <-> its file form (spec/21-descriptors.md#program-file). encode: out is malloced, caller frees. */
CRUX_MUST_CHECK
enum crux_status crux_program_encode(uint8_t **out, size_t *len,
                                     const struct crux_program *program);
CRUX_MUST_CHECK
enum crux_status crux_program_decode(struct crux_program *program, const uint8_t *in, size_t len,
                                     struct crux_refusal *refusal);

#endif
