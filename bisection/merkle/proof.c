#include "bisection/merkle/proof.h"

void crux_merkle_leaf_hash(uint8_t out[32], const uint8_t *page, size_t page_bytes) {
    static const uint8_t prefix[1] = {0x00};
    struct crux_sha256_plain_ctx ctx;
    crux_sha256_plain_init(&ctx);
    crux_sha256_plain_update(&ctx, prefix, 1);
    crux_sha256_plain_update(&ctx, page, page_bytes);
    crux_sha256_plain_final(&ctx, out);
}

void crux_merkle_node_hash(uint8_t out[32], const uint8_t left[32], const uint8_t right[32]) {
    uint8_t preimage[65];
    preimage[0] = 0x01;
    crux_copy(preimage + 1, left, 32);
    crux_copy(preimage + 33, right, 32);
    crux_sha256_plain(out, preimage, sizeof preimage);
}

void crux_merkle_empty_root(uint8_t out[32]) {
    static const uint8_t preimage[1] = {0x02};
    crux_sha256_plain(out, preimage, 1);
}

unsigned crux_merkle_depth(uint64_t leaf_count) {
    unsigned depth = 0;
    while (depth < 64 && UINT64_C(1) << depth < leaf_count) depth++;
    return depth;
}

static enum crux_status check(uint64_t leaf_count, const uint64_t *indices, size_t n) {
    if (leaf_count > CRUX_MERKLE_LEAVES_MAX) return CRUX_E_TOO_MANY_LEAVES;
    for (size_t i = 1; i < n; i++) {
        if (indices[i - 1] >= indices[i]) return CRUX_E_NON_CANONICAL;
    }
    if (n > 0 && indices[n - 1] >= leaf_count) return CRUX_E_INDEX_BEYOND_COUNT;
    return CRUX_OK;
}

/* A subtree and the proven leaves in it: indices[from .. to-1]. */
struct range {
    uint64_t first, leaves;
    size_t from, to;
};

/* In: whole->leaves >= 2. */
static void split(struct range *left, struct range *right, const struct range *whole,
                  const uint64_t *indices) {
    uint64_t m = UINT64_C(1) << (crux_merkle_depth(whole->leaves) - 1);
    size_t middle = whole->from;
    while (middle < whole->to && indices[middle] < whole->first + m) middle++;
    *left = (struct range){whole->first, m, whole->from, middle};
    *right = (struct range){whole->first + m, whole->leaves - m, middle, whole->to};
}

/* Recursion, here and below: no deeper than the tree, CRUX_MERKLE_DEPTH_MAX. */
static uint64_t count_siblings(const struct range *range, const uint64_t *indices) {
    struct range left, right;
    if (range->from == range->to) return 1;
    if (range->leaves == 1) return 0;
    split(&left, &right, range, indices);
    return count_siblings(&left, indices) + count_siblings(&right, indices);
}

enum crux_status crux_merkle_proof_length(uint64_t *siblings, uint64_t leaf_count,
                                          const uint64_t *indices, size_t n) {
    struct range all = {0, leaf_count, 0, n};
    enum crux_status status = check(leaf_count, indices, n);
    *siblings = status == CRUX_OK && n > 0 ? count_siblings(&all, indices) : 0;
    return status;
}

struct proof {
    const uint64_t *indices;
    const uint8_t (*hashes)[32];
    struct crux_cursor *siblings;
};

/* After the cursor has failed, root holds anything and nothing more is hashed. */
static void subtree_root(uint8_t root[32], const struct range *range, const struct proof *proof) {
    struct range left, right;
    uint8_t pair[2][32];
    if (range->from == range->to) {
        const uint8_t *sibling = crux_get_bytes(proof->siblings, 32);
        if (sibling != NULL) crux_copy(root, sibling, 32);
        return;
    }
    if (range->leaves == 1) {
        crux_copy(root, proof->hashes[range->from], 32);
        return;
    }
    split(&left, &right, range, proof->indices);
    subtree_root(pair[0], &left, proof);
    if (proof->siblings->status != CRUX_OK) return;
    subtree_root(pair[1], &right, proof);
    if (proof->siblings->status != CRUX_OK) return;
    crux_merkle_node_hash(root, pair[0], pair[1]);
}

enum crux_status crux_merkle_root_from_proof(uint8_t root[32], uint64_t leaf_count,
                                             const uint64_t *indices, const uint8_t (*hashes)[32],
                                             size_t n, struct crux_cursor *siblings) {
    struct range all = {0, leaf_count, 0, n};
    struct proof proof = {indices, hashes, siblings};
    enum crux_status status = check(leaf_count, indices, n);
    crux_zero(root, 32);
    if (status != CRUX_OK) return status;
    if (n == 0) return CRUX_E_NON_CANONICAL;
    if (siblings->status != CRUX_OK) return siblings->status;
    subtree_root(root, &all, &proof);
    return siblings->status;
}

enum crux_status crux_merkle_verify(const uint8_t root[32], uint64_t leaf_count,
                                    const uint64_t *indices, const uint8_t (*hashes)[32], size_t n,
                                    const uint8_t *proof, size_t proof_bytes) {
    struct crux_cursor siblings;
    uint64_t length;
    uint8_t found[32];
    enum crux_status status = crux_merkle_proof_length(&length, leaf_count, indices, n);
    if (status != CRUX_OK) return status;
    if (n == 0) return CRUX_E_NON_CANONICAL;
    if (proof_bytes % 32 != 0 || proof_bytes / 32 != length) return CRUX_E_PROOF_LENGTH;
    crux_cursor_init(&siblings, proof, proof_bytes);
    status = crux_merkle_root_from_proof(found, leaf_count, indices, hashes, n, &siblings);
    if (status != CRUX_OK) return status;
    return crux_equal(found, root, 32) ? CRUX_OK : CRUX_E_PROOF_ROOT_MISMATCH;
}
