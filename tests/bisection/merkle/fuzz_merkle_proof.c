/* Input: leaf count (8 bytes), number of indices (1 byte), then the indices (8 bytes each), then the proof.
 * No count, index or proof goes past its bounds, and a proof is read to exactly the length that count and indices
 * give. */
#include <string.h>

#include "bisection/merkle/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t hashes[256][32];
    uint64_t indices[256], length;
    uint8_t root[32];
    struct crux_cursor cursor;
    crux_cursor_init(&cursor, data, size);
    uint64_t leaf_count = crux_get_u64(&cursor);
    size_t n = crux_get_u8(&cursor);
    for (size_t i = 0; i < n; i++) indices[i] = crux_get_u64(&cursor);
    if (cursor.status != CRUX_OK) return 0;
    const uint8_t *proof = cursor.p + cursor.at;
    size_t left = crux_cursor_left(&cursor), at = cursor.at;
    enum crux_status shape = crux_merkle_proof_length(&length, leaf_count, indices, n);
    CRUX_ASSERT(length <= n * CRUX_MERKLE_DEPTH_MAX);
    enum crux_status status =
        crux_merkle_root_from_proof(root, leaf_count, indices, hashes, n, &cursor);
    if (shape != CRUX_OK) {
        CRUX_ASSERT(status == shape && cursor.at == at);
    } else if (n == 0) {
        CRUX_ASSERT(status == CRUX_E_NON_CANONICAL && cursor.at == at);
    } else if (left < 32 * length) {
        CRUX_ASSERT(status == CRUX_E_TRUNCATED);
    } else {
        CRUX_ASSERT(status == CRUX_OK && cursor.at == at + 32 * length);
    }
    enum crux_status alone = crux_merkle_verify(root, leaf_count, indices, hashes, n, proof, left);
    if (status == CRUX_OK)
        CRUX_ASSERT(alone == (left == 32 * length ? CRUX_OK : CRUX_E_PROOF_LENGTH));
    else
        CRUX_ASSERT(alone == (status == CRUX_E_TRUNCATED ? CRUX_E_PROOF_LENGTH : status));
    return 0;
}
