/* RAND: spec/20-ops.md#rand */
#include "kernels/base/bytes.h"
#include "kernels/base/sha256.h"
#include "kernels/ops/eval_internal.h"

crux_i128 crux_eval_rand(const struct crux_element *element) {
    static const uint8_t tag[16] = "crux-rand-v1";
    const struct crux_at *at = &element->bound->at;
    uint8_t preimage[16 + 32 + 12], hash[32];
    CRUX_ASSERT(at->seed != NULL);
    crux_copy(preimage, tag, sizeof tag);
    crux_copy(preimage + 16, at->seed, 32);
    crux_store_u32(preimage + 48, at->pos);
    crux_store_u32(preimage + 52, at->sample);
    crux_store_u32(preimage + 56, (uint32_t)element->flat);
    crux_sha256_plain(hash, preimage, sizeof preimage);
    return crux_load_u32(hash) & 0x3fffffff;
}
