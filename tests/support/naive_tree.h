/* Trees as spec/30-commitment.md writes them: recursive, slow, and sharing no code with bisection/. */
#ifndef CRUX_TESTS_SUPPORT_NAIVE_TREE_H
#define CRUX_TESTS_SUPPORT_NAIVE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void naive_leaf(uint8_t out[32], const uint8_t *page, size_t page_bytes);
void naive_node(uint8_t out[32], const uint8_t left[32], const uint8_t right[32]);
void naive_root(uint8_t out[32], const uint8_t (*leaves)[32], size_t n);

/* Out: the siblings of the leaves i with proven[i].  Returns: how many; `out` has room for n. */
size_t naive_proof(uint8_t (*out)[32], const uint8_t (*leaves)[32], size_t n, const bool *proven);

#endif
