/* Every wrong proof of every small tree is refused, with its own error. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "bisection/merkle/proof.h"
#include "tests/support/naive_tree.h"
#include "tests/support/random.h"

enum { SMALL = 10 };

/* One honest proof: what each test below takes and spoils. */
struct honest {
    size_t n, count, siblings;
    uint8_t root[32], hashes[SMALL + 1][32], proof[SMALL + 2][32];
    uint64_t indices[SMALL + 1];
};

static enum crux_status verify(const struct honest *h) {
    return crux_merkle_verify(h->root, h->n, h->indices, (const uint8_t(*)[32])h->hashes, h->count,
                              (const uint8_t *)h->proof, 32 * h->siblings);
}

static void for_every_subset(void (*each)(const struct honest *honest)) {
    struct crux_random random = {7};
    uint8_t leaves[SMALL][32];
    uint8_t *bytes = (uint8_t *)leaves;
    for (size_t i = 0; i < sizeof leaves; i++) bytes[i] = (uint8_t)crux_random_next(&random);
    for (size_t n = 1; n <= SMALL; n++) {
        for (unsigned set = 1; set < 1U << n; set++) {
            struct honest honest;
            bool proven[SMALL];
            memset(&honest, 0, sizeof honest);
            honest.n = n;
            for (size_t i = 0; i < n; i++) {
                proven[i] = (set >> i & 1) != 0;
                if (!proven[i]) continue;
                memcpy(honest.hashes[honest.count], leaves[i], 32);
                honest.indices[honest.count++] = i;
            }
            honest.siblings = naive_proof(honest.proof, (const uint8_t(*)[32])leaves, n, proven);
            naive_root(honest.root, (const uint8_t(*)[32])leaves, n);
            assert_int_equal(verify(&honest), CRUX_OK);
            each(&honest);
        }
    }
}

static void spoil_hashes(const struct honest *honest) {
    struct honest h = *honest;
    for (size_t i = 0; i < h.count; i++) {
        for (unsigned bit = 0; bit < 256; bit += 51) { /* 0, 51, 102, 153, 204, 255 */
            h.hashes[i][bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(verify(&h), CRUX_E_PROOF_ROOT_MISMATCH);
            h.hashes[i][bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    for (size_t i = 0; i < h.siblings; i++) {
        for (unsigned bit = 0; bit < 256; bit += 51) {
            h.proof[i][bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(verify(&h), CRUX_E_PROOF_ROOT_MISMATCH);
            h.proof[i][bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    h.root[31] ^= 1;
    assert_int_equal(verify(&h), CRUX_E_PROOF_ROOT_MISMATCH);
}

static void spoil_order(const struct honest *honest) {
    for (size_t i = 1; i < honest->siblings; i++) {
        struct honest h = *honest;
        memcpy(h.proof[i - 1], honest->proof[i], 32);
        memcpy(h.proof[i], honest->proof[i - 1], 32);
        assert_int_equal(verify(&h), CRUX_E_PROOF_ROOT_MISMATCH);
    }
    for (size_t i = 1; i < honest->count; i++) {
        struct honest h = *honest;
        h.indices[i - 1] = honest->indices[i];
        h.indices[i] = honest->indices[i - 1];
        assert_int_equal(verify(&h), CRUX_E_NON_CANONICAL);
        h.indices[i] = h.indices[i - 1]; /* one leaf twice */
        assert_int_equal(verify(&h), CRUX_E_NON_CANONICAL);
    }
}

/* Every other index for one of the leaves. */
static void spoil_indices(const struct honest *honest) {
    for (size_t i = 0; i < honest->count; i++) {
        for (uint64_t wrong = 0; wrong < honest->n + 3; wrong++) {
            struct honest h = *honest;
            if (wrong == honest->indices[i]) continue;
            h.indices[i] = wrong;
            bool ascends = (i == 0 || h.indices[i - 1] < wrong) &&
                           (i + 1 == h.count || wrong < h.indices[i + 1]);
            enum crux_status status = verify(&h);
            if (!ascends)
                assert_int_equal(status, CRUX_E_NON_CANONICAL);
            else if (wrong >= h.n)
                assert_int_equal(status, CRUX_E_INDEX_BEYOND_COUNT);
            else
                assert_true(status == CRUX_E_PROOF_ROOT_MISMATCH || status == CRUX_E_PROOF_LENGTH);
        }
        /* Bits above the depth do not fall away. */
        for (unsigned bit = crux_merkle_depth(honest->n); bit < 64; bit++) {
            struct honest h = *honest;
            h.indices[i] += UINT64_C(1) << bit;
            if (i + 1 < h.count)
                assert_int_equal(verify(&h), CRUX_E_NON_CANONICAL);
            else
                assert_int_equal(verify(&h), CRUX_E_INDEX_BEYOND_COUNT);
        }
    }
}

static void spoil_lengths(const struct honest *honest) {
    struct honest h = *honest;
    uint8_t root[32];
    struct crux_cursor in;
    h.siblings++;
    assert_int_equal(verify(&h), CRUX_E_PROOF_LENGTH);
    h = *honest;
    for (size_t extra = 1; extra <= 33; extra++) {
        assert_int_equal(crux_merkle_verify(h.root, h.n, h.indices, (const uint8_t(*)[32])h.hashes,
                                            h.count, (const uint8_t *)h.proof,
                                            32 * h.siblings + extra),
                         CRUX_E_PROOF_LENGTH);
    }
    h = *honest;
    for (size_t bytes = 0; bytes < 32 * h.siblings; bytes++) {
        assert_int_equal(crux_merkle_verify(h.root, h.n, h.indices, (const uint8_t(*)[32])h.hashes,
                                            h.count, (const uint8_t *)h.proof, bytes),
                         CRUX_E_PROOF_LENGTH);
        crux_cursor_init(&in, (const uint8_t *)h.proof, bytes);
        assert_int_equal(crux_merkle_root_from_proof(root, h.n, h.indices,
                                                     (const uint8_t(*)[32])h.hashes, h.count, &in),
                         CRUX_E_TRUNCATED);
    }
    crux_cursor_init(&in, (const uint8_t *)h.proof, 32 * h.siblings);
    crux_cursor_fail(&in, CRUX_E_IO);
    assert_int_equal(crux_merkle_root_from_proof(root, h.n, h.indices,
                                                 (const uint8_t(*)[32])h.hashes, h.count, &in),
                     CRUX_E_IO);
}

/* Another leaf count. A path that takes the same turns in both trees is one proof for both, so a proof does not guard
 * the count: it comes from a descriptor, beside the root. */
static void spoil_counts(const struct honest *honest) {
    for (size_t n = 0; n <= 2 * SMALL; n++) {
        struct honest h = *honest;
        uint64_t length;
        if (n == honest->n) continue;
        h.n = n;
        enum crux_status status = crux_merkle_proof_length(&length, n, h.indices, h.count);
        if (h.indices[h.count - 1] >= n) {
            assert_int_equal(status, CRUX_E_INDEX_BEYOND_COUNT);
            assert_int_equal(verify(&h), CRUX_E_INDEX_BEYOND_COUNT);
        } else if (length != h.siblings) {
            assert_int_equal(verify(&h), CRUX_E_PROOF_LENGTH);
        } else if (h.count == honest->n) { /* all leaves of one tree as the first ones of another */
            fail_msg("a larger tree needs a sibling");
        }
    }
}

static void wrong_hashes_and_siblings(void **unused CRUX_UNUSED) {
    for_every_subset(spoil_hashes);
}

static void wrong_order(void **unused CRUX_UNUSED) {
    for_every_subset(spoil_order);
}

static void wrong_indices(void **unused CRUX_UNUSED) {
    for_every_subset(spoil_indices);
}

static void missing_and_extra_siblings(void **unused CRUX_UNUSED) {
    for_every_subset(spoil_lengths);
}

static void wrong_counts(void **unused CRUX_UNUSED) {
    for_every_subset(spoil_counts);
}

static void too_many_leaves(void **unused CRUX_UNUSED) {
    static const uint64_t counts[] = {CRUX_MERKLE_LEAVES_MAX + 1, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(counts); i++) {
        uint8_t root[32], hash[1][32] = {{0}};
        uint64_t index = 0, length;
        struct crux_cursor in;
        crux_cursor_init(&in, NULL, 0);
        assert_int_equal(crux_merkle_proof_length(&length, counts[i], &index, 1),
                         CRUX_E_TOO_MANY_LEAVES);
        assert_int_equal(length, 0);
        assert_int_equal(crux_merkle_root_from_proof(root, counts[i], &index,
                                                     (const uint8_t(*)[32])hash, 1, &in),
                         CRUX_E_TOO_MANY_LEAVES);
    }
}

static void nothing_proves_nothing(void **unused CRUX_UNUSED) {
    uint8_t root[32];
    uint64_t length = 1;
    struct crux_cursor in;
    crux_merkle_empty_root(root);
    for (uint64_t n = 0; n < 5; n++) {
        crux_cursor_init(&in, root, 32);
        assert_int_equal(crux_merkle_proof_length(&length, n, NULL, 0), CRUX_OK);
        assert_int_equal(length, 0);
        assert_int_equal(crux_merkle_root_from_proof(root, n, NULL, NULL, 0, &in),
                         CRUX_E_NON_CANONICAL);
        assert_int_equal(crux_merkle_verify(root, n, NULL, NULL, 0, NULL, 0), CRUX_E_NON_CANONICAL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_hashes_and_siblings),
        cmocka_unit_test(wrong_order),
        cmocka_unit_test(wrong_indices),
        cmocka_unit_test(missing_and_extra_siblings),
        cmocka_unit_test(wrong_counts),
        cmocka_unit_test(too_many_leaves),
        cmocka_unit_test(nothing_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
