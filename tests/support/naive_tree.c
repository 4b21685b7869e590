#include "tests/support/naive_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/sha256.h"

void naive_leaf(uint8_t out[32], const uint8_t *page, size_t page_bytes) {
    uint8_t *preimage = malloc(page_bytes + 1);
    assert(preimage != NULL);
    preimage[0] = 0;
    if (page_bytes > 0) memcpy(preimage + 1, page, page_bytes);
    crux_sha256(out, preimage, page_bytes + 1);
    free(preimage);
}

void naive_node(uint8_t out[32], const uint8_t left[32], const uint8_t right[32]) {
    uint8_t preimage[65];
    preimage[0] = 1;
    memcpy(preimage + 1, left, 32);
    memcpy(preimage + 33, right, 32);
    crux_sha256(out, preimage, 65);
}

static size_t greatest_power_below(size_t n) {
    size_t m = 1;
    while (m * 2 < n) m *= 2;
    return m;
}

void naive_root(uint8_t out[32], const uint8_t (*leaves)[32], size_t n) {
    uint8_t left[32], right[32];
    if (n == 0) {
        crux_sha256(out, (const uint8_t *)"\x02", 1);
        return;
    }
    if (n == 1) {
        memcpy(out, leaves[0], 32);
        return;
    }
    size_t m = greatest_power_below(n);
    naive_root(left, leaves, m);
    naive_root(right, leaves + m, n - m);
    naive_node(out, left, right);
}

size_t naive_proof(uint8_t (*out)[32], const uint8_t (*leaves)[32], size_t n, const bool *proven) {
    bool any = false;
    for (size_t i = 0; i < n; i++) any = any || proven[i];
    if (!any) {
        naive_root(out[0], leaves, n);
        return 1;
    }
    if (n == 1) return 0;
    size_t m = greatest_power_below(n);
    size_t count = naive_proof(out, leaves, m, proven);
    return count + naive_proof(out + count, leaves + m, n - m, proven + m);
}
