/* The preimages of spec/30-commitment.md that are neither leaves of a tensor nor nodes. Freestanding. */
#ifndef CRUX_BISECTION_COMMITMENT_PREIMAGE_H
#define CRUX_BISECTION_COMMITMENT_PREIMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_TAG_BYTES = 16 };

/* Starts a hash with a tag.  In: tag, a string of at most 16 letters; padded with zero bytes. */
void crux_commitment_begin(struct crux_sha256_plain_ctx *ctx, const char *tag);

/* The trace leaf of an inactive step. */
void crux_null_leaf(uint8_t out[32]);

/* The last trace leaf. */
void crux_close_leaf(uint8_t out[32], uint32_t request_tokens, uint32_t chosen_tokens,
                     uint32_t cancelled, const uint8_t output_root[32]);

void crux_step_root(uint8_t out[32], const uint8_t record_root[32], const uint8_t tensors_root[32]);

void crux_op_leaf(uint8_t out[32], const uint8_t descriptor[CRUX_DESCRIPTOR_BYTES]);
void crux_layer_leaf(uint8_t out[32], const uint8_t layer[CRUX_LAYER_BYTES],
                     const uint8_t ops_root[32]);
void crux_manifest_hash(uint8_t out[32], const uint8_t *manifest, size_t manifest_bytes);
void crux_model_root(uint8_t out[32], const uint8_t header[CRUX_HEADER_BYTES],
                     const uint8_t manifest_hash[32], const uint8_t layers_root[32]);

#endif
