/* Hashes for tables in memory. Nothing stored or committed depends on them. */
#ifndef CRUX_EXECUTOR_TOKENIZER_HASH_H
#define CRUX_EXECUTOR_TOKENIZER_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t crux_hash_mix(uint64_t h) {
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ h >> 32;
}

static inline uint64_t crux_hash_bytes(const char *bytes, size_t len) {
    uint64_t h = 0x9E3779B97F4A7C15u ^ len, word;
    for (; len >= 8; bytes += 8, len -= 8) {
        memcpy(&word, bytes, 8);
        h = crux_hash_mix(h ^ word) + 0x9E3779B97F4A7C15u;
    }
    word = 0;
    for (size_t i = 0; i < len; i++) word |= (uint64_t)(uint8_t)bytes[i] << (8 * i);
    return crux_hash_mix(h ^ word);
}

#endif
