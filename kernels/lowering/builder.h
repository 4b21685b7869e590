/* The program builder: layers in order, ops in order, one line an op.
 *
 *   struct crux_builder b;
 *   crux_builder_init(&b, &program, context, vocab);
 *   table = crux_builder_tensor(&b, "rope", ...);
 *   crux_builder_begin_layer(&b, CRUX_ACTIVE_ALWAYS);
 *       y = crux_emit(&b, "double", crux_draft_requant(type, shape, scale, CRUX_ARGS(crux_operand_same(x))));
 *       record = crux_builder_store(&b, "out", y);            written at the end of the layer, in this order
 *   crux_builder_end_layer(&b);
 *   status = crux_builder_finish(&b, token_record);
 *
 * The first failure sticks: every later call does nothing and returns a value of shape [1], so lowering code checks
 * once, at crux_builder_finish. What a program must satisfy as a whole is crux_program_check's to say, not the builder's.
 */
#ifndef CRUX_KERNELS_LOWERING_BUILDER_H
#define CRUX_KERNELS_LOWERING_BUILDER_H

#include "kernels/lowering/draft.h"
#include "kernels/lowering/value.h"
#include "kernels/program/program.h"

/* A tensor of some layer's record, as other steps read it. */
struct crux_record {
    uint32_t layer, store;
    uint32_t op; /* number, in that layer, of the op that computes it */
    struct crux_type type;
    struct crux_shape shape; /* constant dims */
};

struct crux_builder {
    struct crux_program *program;
    enum crux_status status;
    char what[CRUX_LABEL_BYTES]; /* label or name at which it failed */
    char prefix[CRUX_LABEL_BYTES];
    bool in_layer;
    uint32_t layer; /* number of the open layer */
    uint32_t store_count;
    struct crux_value stored[CRUX_STORES_MAX];
    char store_label[CRUX_STORES_MAX][CRUX_LABEL_BYTES];
};

/* In: program, empty; the builder adds to it and never frees it. */
void crux_builder_init(struct crux_builder *b, struct crux_program *program, uint32_t context,
                       uint32_t vocab);

/* Makes the builder fail with `status`, unless it has failed already. */
void crux_builder_fail(struct crux_builder *b, enum crux_status status, const char *where);

/* A constant of the model, unbound (its root comes with its bytes). layout: 0 plain, else a tile layout byte;
 * a tile's type is i32 with the range of m*q + n. */
struct crux_value crux_builder_tensor(struct crux_builder *b, const char *name, uint8_t layout,
                                      struct crux_type type, struct crux_shape shape);

void crux_builder_begin_layer(struct crux_builder *b, enum crux_active active);
/* value becomes part of the step's record. Its dims must be constant and at most 64 values may be stored in a layer. */
struct crux_record crux_builder_store(struct crux_builder *b, const char *label,
                                      struct crux_value value);
void crux_builder_end_layer(struct crux_builder *b);

/* Fills what only the whole program knows: the store count of each layer read, and where tokens come from.
 * In: token, the record (last layer, i32 [1]) that holds the chosen token.
 * Returns: the first failure of any call. */
CRUX_MUST_CHECK
enum crux_status crux_builder_finish(struct crux_builder *b, struct crux_record token);

/* Labels: "attn" pushed, then "q" pushed, then "partial" emitted gives "attn.q.partial".
 * Returns: the length to hand to pop. A label must stay below 24 characters. */
unsigned crux_builder_push(struct crux_builder *b, const char *word);
void crux_builder_pop(struct crux_builder *b, unsigned length);

/* Returns: the draft's output.  In: label, below the prefix; NULL or "" gives the prefix itself. */
struct crux_value crux_emit(struct crux_builder *b, const char *label, struct crux_op draft);

/* ---- operands that only LOAD takes ------------------------------------------------------------------------------ */

/* An element of a record at position `time`, an index expression over o, pos and n. */
struct crux_operand crux_operand_record(struct crux_record record, struct crux_affine time,
                                        const struct crux_affine *index, unsigned count);
#define CRUX_READ_RECORD(record, time, ...)                                                        \
    crux_operand_record(record, time, (const struct crux_affine[]){__VA_ARGS__},                   \
                        sizeof((const struct crux_affine[]){__VA_ARGS__}) /                        \
                            sizeof(struct crux_affine))
/* The same, of this layer's own record: at time = pos, this step's tensor stands in. */
struct crux_operand crux_operand_cache(struct crux_record record, struct crux_affine time,
                                       const struct crux_affine *index, unsigned count);
#define CRUX_READ_CACHE(record, time, ...)                                                         \
    crux_operand_cache(record, time, (const struct crux_affine[]){__VA_ARGS__},                    \
                       sizeof((const struct crux_affine[]){__VA_ARGS__}) /                         \
                           sizeof(struct crux_affine))
/* The token at `time`. */
struct crux_operand crux_operand_token(struct crux_affine time, uint32_t vocab);
/* Request parameter `number`, clamped to [lo, hi]. */
struct crux_operand crux_operand_param(uint32_t number, int64_t lo, int64_t hi);

/* The record of an earlier layer at this very position, whole: what a layer starts from. */
struct crux_value crux_emit_load_record(struct crux_builder *b, const char *label,
                                        struct crux_record record);

#endif
