/* A model with everything that its root commits: program, constants, and their trees, in memory.
 *
 *   program (unbound) + constants --init--> roots of all tensors, written into the program's descriptors (bound),
 *                                           then the model root
 */
#ifndef CRUX_EXECUTOR_ENGINE_COMMITTED_MODEL_H
#define CRUX_EXECUTOR_ENGINE_COMMITTED_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/bisection.h"
#include "kernels/kernels.h"

struct crux_committed_tensor {
    struct crux_model_leaves leaves;
    struct crux_merkle_tree tree;
    void *memory;
};

struct crux_committed_model {
    struct crux_program *program;           /* the caller's; bound by init */
    const struct crux_model_memory *memory; /* the caller's */
    struct crux_committed_tensor *tensors;  /* program->tensor_count */
    struct crux_model_tree tree;
    void *tree_memory;
};

/* Out: model, to be freed with crux_committed_model_free, on failure too.
 * In/out: program, which must outlive model; the roots in its tensors and descriptors are set.
 * Returns: CRUX_E_BAD_LAYOUT if a tensor's bytes do not fit its shape; CRUX_E_OUT_OF_MEMORY; crux_model_tree_build's. */
CRUX_MUST_CHECK
enum crux_status crux_committed_model_init(struct crux_committed_model *model,
                                           struct crux_program *program,
                                           const struct crux_model_memory *memory,
                                           const uint8_t *manifest, size_t manifest_bytes);
/* The same for a model whose root is known.
 * Returns: CRUX_E_PROOF_ROOT_MISMATCH for another; on failure there is nothing to free. */
CRUX_MUST_CHECK
enum crux_status crux_committed_model_init_as(struct crux_committed_model *model,
                                              struct crux_program *program,
                                              const struct crux_model_memory *memory,
                                              const uint8_t *manifest, size_t manifest_bytes,
                                              const uint8_t root[32]);
void crux_committed_model_free(struct crux_committed_model *model);

#endif
