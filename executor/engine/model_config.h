/* The decoder configuration of a model in bytes: the hint beside the committed ops, from which the program is lowered
 * again whenever the model is opened.
 *
 * spec/55-import.md#model-files
 */
#ifndef CRUX_EXECUTOR_ENGINE_MODEL_CONFIG_H
#define CRUX_EXECUTOR_ENGINE_MODEL_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* A configuration with the memory that its pointers point at. A zeroed struct is empty. */
struct crux_model_config {
    struct crux_fused_decoder decoder;
    struct crux_decoder_plan *plans; /* decoder.blocks, or NULL */
    uint64_t *rope_turns;            /* decoder.head_width / 2, or NULL */
    int32_t embed_s0, head_s0;       /* looked at where the decoder points at them */
};

void crux_model_config_free(struct crux_model_config *config);

/* Out: *out malloced, the caller frees.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_model_config_encode(uint8_t **out, size_t *len,
                                          const struct crux_fused_decoder *decoder);

/* Out: config, to be freed with crux_model_config_free, on failure too; not to be moved.
 * In: in, any bytes.  Returns: the cursor's errors, CRUX_E_BAD_RANGE, CRUX_E_BAD_VERSION, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_model_config_decode(struct crux_model_config *config, const uint8_t *in,
                                          size_t len);

#endif
