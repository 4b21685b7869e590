#include "bisection/merkle/append.h"

void crux_merkle_append_init(struct crux_merkle_append *append) {
    crux_zero(append, sizeof *append);
}

enum crux_status crux_merkle_append_subtree(struct crux_merkle_append *append,
                                            const uint8_t root[32], unsigned level) {
    uint8_t carry[32];
    unsigned b = level;
    if (level > CRUX_MERKLE_DEPTH_MAX ||
        append->leaf_count > CRUX_MERKLE_LEAVES_MAX - (UINT64_C(1) << level)) {
        return CRUX_E_TOO_MANY_LEAVES;
    }
    if (append->leaf_count % (UINT64_C(1) << level) != 0) return CRUX_E_USAGE;
    crux_copy(carry, root, 32);
    for (; (append->leaf_count >> b & 1) != 0; b++)
        crux_merkle_node_hash(carry, append->peak[b], carry);
    crux_copy(append->peak[b], carry, 32);
    append->leaf_count += UINT64_C(1) << level;
    return CRUX_OK;
}

enum crux_status crux_merkle_append_leaf(struct crux_merkle_append *append,
                                         const uint8_t leaf[32]) {
    return crux_merkle_append_subtree(append, leaf, 0);
}

void crux_merkle_append_root(uint8_t out[32], const struct crux_merkle_append *append) {
    bool found = false;
    crux_merkle_empty_root(out);
    for (unsigned b = 0; b <= CRUX_MERKLE_DEPTH_MAX; b++) {
        if ((append->leaf_count >> b & 1) == 0) continue;
        if (found)
            crux_merkle_node_hash(out, append->peak[b], out);
        else
            crux_copy(out, append->peak[b], 32);
        found = true;
    }
}
