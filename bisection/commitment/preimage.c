#include "bisection/commitment/preimage.h"

#include "bisection/merkle/proof.h"

void crux_commitment_begin(struct crux_sha256_plain_ctx *ctx, const char *tag) {
    uint8_t padded[CRUX_TAG_BYTES] = {0};
    for (size_t i = 0; tag[i] != '\0'; i++) {
        CRUX_ASSERT(i < sizeof padded);
        padded[i] = (uint8_t)tag[i];
    }
    crux_sha256_plain_init(ctx);
    crux_sha256_plain_update(ctx, padded, sizeof padded);
}

static void update_u32(struct crux_sha256_plain_ctx *ctx, uint32_t value) {
    uint8_t bytes[4];
    crux_store_u32(bytes, value);
    crux_sha256_plain_update(ctx, bytes, sizeof bytes);
}

void crux_null_leaf(uint8_t out[32]) {
    struct crux_sha256_plain_ctx ctx;
    crux_commitment_begin(&ctx, "crux-null-v1");
    crux_sha256_plain_final(&ctx, out);
}

/* spec/30-commitment.md#traces: "CLOSE = H(tag "crux-close-v1" || P u32 || N u32 || cancelled u32 || output root)" */
void crux_close_leaf(uint8_t out[32], uint32_t request_tokens, uint32_t chosen_tokens,
                     uint32_t cancelled, const uint8_t output_root[32]) {
    struct crux_sha256_plain_ctx ctx;
    crux_commitment_begin(&ctx, "crux-close-v1");
    update_u32(&ctx, request_tokens);
    update_u32(&ctx, chosen_tokens);
    update_u32(&ctx, cancelled);
    crux_sha256_plain_update(&ctx, output_root, 32);
    crux_sha256_plain_final(&ctx, out);
}

void crux_step_root(uint8_t out[32], const uint8_t record_root[32],
                    const uint8_t tensors_root[32]) {
    crux_merkle_node_hash(out, record_root, tensors_root);
}

void crux_op_leaf(uint8_t out[32], const uint8_t descriptor[CRUX_DESCRIPTOR_BYTES]) {
    crux_merkle_leaf_hash(out, descriptor, CRUX_DESCRIPTOR_BYTES);
}

void crux_layer_leaf(uint8_t out[32], const uint8_t layer[CRUX_LAYER_BYTES],
                     const uint8_t ops_root[32]) {
    uint8_t leaf[CRUX_LAYER_BYTES + 32];
    crux_copy(leaf, layer, CRUX_LAYER_BYTES);
    crux_copy(leaf + CRUX_LAYER_BYTES, ops_root, 32);
    crux_merkle_leaf_hash(out, leaf, sizeof leaf);
}

void crux_manifest_hash(uint8_t out[32], const uint8_t *manifest, size_t manifest_bytes) {
    struct crux_sha256_plain_ctx ctx;
    crux_commitment_begin(&ctx, "crux-mani-v1");
    crux_sha256_plain_update(&ctx, manifest, manifest_bytes);
    crux_sha256_plain_final(&ctx, out);
}

void crux_model_root(uint8_t out[32], const uint8_t header[CRUX_HEADER_BYTES],
                     const uint8_t manifest_hash[32], const uint8_t layers_root[32]) {
    struct crux_sha256_plain_ctx ctx;
    crux_commitment_begin(&ctx, "crux-model-v1");
    crux_sha256_plain_update(&ctx, header, CRUX_HEADER_BYTES);
    crux_sha256_plain_update(&ctx, manifest_hash, 32);
    crux_sha256_plain_update(&ctx, layers_root, 32);
    crux_sha256_plain_final(&ctx, out);
}
