#include "bisection/merkle/tree.h"

void crux_merkle_hash_pages(uint8_t (*out)[32], const uint8_t *in, uint64_t bytes,
                            uint32_t page_bytes) {
    uint64_t full = bytes / page_bytes;
    if (full > 0) crux_sha256_many((uint8_t *)out, 0x00, in, page_bytes, page_bytes, (size_t)full);
    if (bytes % page_bytes != 0) {
        size_t left = (size_t)(bytes % page_bytes);
        crux_sha256_many((uint8_t *)(out + full), 0x00, in + full * page_bytes, left, left, 1);
    }
}
