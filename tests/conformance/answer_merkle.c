/* Questions about trees. */
#include "bisection/adjudicator/page_set.h"
#include "tests/conformance/answer_parts.h"

enum crux_status crux_answer_leaf(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t hash[32];
    size_t len;
    const uint8_t *page = crux_answer_rest(question, &len);
    if (page == NULL) return CRUX_E_USAGE;
    crux_merkle_leaf_hash(hash, page, len);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

/* The root of a tree as the proof of all its leaves, which has no siblings. */
enum crux_status crux_answer_root(struct crux_writer *answer, struct crux_cursor *question) {
    uint64_t indices[CRUX_ASK_LEAVES_MAX];
    uint8_t hashes[CRUX_ASK_LEAVES_MAX][32], root[32];
    struct crux_cursor none;
    enum crux_status status = CRUX_OK;
    uint32_t count = crux_get_u32(question);
    if (count > CRUX_ASK_LEAVES_MAX) return CRUX_E_USAGE;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *hash = crux_get_bytes(question, 32);
        if (hash == NULL) return CRUX_E_USAGE;
        indices[i] = i;
        crux_copy(hashes[i], hash, 32);
    }
    crux_cursor_init(&none, NULL, 0);
    if (count == 0)
        crux_merkle_empty_root(root);
    else
        status = crux_merkle_root_from_proof(root, count, indices, (const uint8_t(*)[32])hashes,
                                             count, &none);
    if (status == CRUX_OK) crux_put_bytes(answer, root, sizeof root);
    return status;
}

enum crux_status crux_answer_proof(struct crux_writer *answer, struct crux_cursor *question) {
    uint64_t indices[CRUX_ASK_LEAVES_MAX];
    uint8_t hashes[CRUX_ASK_LEAVES_MAX][32];
    size_t len;
    (void)answer;
    uint64_t leaf_count = crux_get_u64(question);
    const uint8_t *root = crux_get_bytes(question, 32);
    uint32_t count = crux_get_u32(question);
    if (count > CRUX_ASK_LEAVES_MAX) return CRUX_E_USAGE;
    for (uint32_t i = 0; i < count; i++) {
        indices[i] = crux_get_u64(question);
        const uint8_t *hash = crux_get_bytes(question, 32);
        if (hash == NULL) return CRUX_E_USAGE;
        crux_copy(hashes[i], hash, 32);
    }
    const uint8_t *proof = crux_answer_rest(question, &len);
    if (proof == NULL) return CRUX_E_USAGE;
    return crux_merkle_verify(root, leaf_count, indices, (const uint8_t(*)[32])hashes, count, proof,
                              len);
}

/* As a part of a witness: the siblings follow the pages, and more than them is the caller's to refuse. */
enum crux_status crux_answer_nested(struct crux_writer *answer, struct crux_cursor *question) {
    struct crux_page_set set;
    (void)answer;
    crux_page_set_init(&set);
    uint64_t outer_count = crux_get_u64(question);
    const uint8_t *root = crux_get_bytes(question, 32);
    uint32_t count = crux_get_u32(question);
    if (count > CRUX_PART_PAGES_MAX) return CRUX_E_TOO_MANY_LEAVES;
    for (uint32_t i = 0; i < count; i++) {
        struct crux_page *page = &set.page[i];
        page->tensor = crux_get_u32(question);
        page->leaf = crux_get_u64(question);
        page->leaf_count = crux_get_u64(question);
        page->length = crux_get_u32(question);
        page->bytes = crux_get_bytes(question, page->length);
        set.count++;
    }
    if (question->status != CRUX_OK) return CRUX_E_USAGE;
    enum crux_status status =
        crux_page_set_verify_nested(&set, outer_count, root, question, CRUX_E_PROOF_ROOT_MISMATCH);
    return status == CRUX_OK ? crux_cursor_finish(question) : status;
}

enum crux_status crux_answer_peaks(struct crux_writer *answer, struct crux_cursor *question) {
    struct crux_merkle_append append;
    uint8_t root[32];
    uint32_t peaks = 0;
    uint32_t count = crux_get_u32(question);
    crux_merkle_append_init(&append);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *hash = crux_get_bytes(question, 32);
        if (hash == NULL) return CRUX_E_USAGE;
        enum crux_status status = crux_merkle_append_leaf(&append, hash);
        if (status != CRUX_OK) return status;
    }
    crux_merkle_append_root(root, &append);
    crux_put_bytes(answer, root, sizeof root);
    for (unsigned b = 0; b <= CRUX_MERKLE_DEPTH_MAX; b++) peaks += append.leaf_count >> b & 1;
    crux_put_u32(answer, peaks);
    for (unsigned b = CRUX_MERKLE_DEPTH_MAX + 1; b-- > 0;) {
        if ((append.leaf_count >> b & 1) != 0) crux_put_bytes(answer, append.peak[b], 32);
    }
    return CRUX_OK;
}
