/* merkle.json. */
#include "tests/conformance/vector_check.h"

static void ask_leaf(struct crux_vector_check *check) {
    crux_vector_get_hex(check, &check->question, check->vector, "page");
    crux_vector_get_bytes(check, &check->want, check->vector, "hash", 32);
}

static void put_leaves(struct crux_vector_check *check) {
    const json_t *leaves = crux_vector_get_array(check, check->vector, "leaves");
    size_t count = json_array_size(leaves), start;
    crux_put_u32(&check->question, (uint32_t)count);
    start = check->question.at;
    for (size_t i = 0; i < count; i++)
        crux_vector_hex_bytes(check, &check->question, json_array_get(leaves, i));
    if (check->question.at - start != 32 * count) crux_vector_problem(check, "a leaf has 32 bytes");
}

static void ask_root(struct crux_vector_check *check) {
    put_leaves(check);
    crux_vector_get_bytes(check, &check->want, check->vector, "root", 32);
}

static void ask_peaks(struct crux_vector_check *check) {
    const json_t *peaks = crux_vector_get_array(check, check->vector, "peaks");
    put_leaves(check);
    crux_vector_get_bytes(check, &check->want, check->vector, "root", 32);
    crux_put_u32(&check->want, (uint32_t)json_array_size(peaks));
    for (size_t i = 0; i < json_array_size(peaks); i++)
        crux_vector_hex_bytes(check, &check->want, json_array_get(peaks, i));
}

static void ask_proof(struct crux_vector_check *check) {
    const json_t *vector = check->vector, *leaves = crux_vector_get_array(check, vector, "leaves");
    crux_put_u64(&check->question, crux_vector_get_u64(check, vector, "count"));
    crux_vector_get_bytes(check, &check->question, vector, "root", 32);
    crux_put_u32(&check->question, (uint32_t)json_array_size(leaves));
    for (size_t i = 0; i < json_array_size(leaves); i++) {
        const json_t *leaf = json_array_get(leaves, i);
        crux_vector_check_keys(check, leaf, "index hash", "");
        crux_put_u64(&check->question, crux_vector_get_u64(check, leaf, "index"));
        crux_vector_get_bytes(check, &check->question, leaf, "hash", 32);
    }
    crux_vector_get_hex(check, &check->question, vector, "proof");
}

static void ask_nested(struct crux_vector_check *check) {
    const json_t *vector = check->vector, *pages = crux_vector_get_array(check, vector, "pages");
    crux_put_u64(&check->question, crux_vector_get_u64(check, vector, "count"));
    crux_vector_get_bytes(check, &check->question, vector, "root", 32);
    crux_put_u32(&check->question, (uint32_t)json_array_size(pages));
    for (size_t i = 0; i < json_array_size(pages); i++) {
        const json_t *page = json_array_get(pages, i);
        crux_vector_check_keys(check, page, "tensor leaf count page", "");
        crux_put_u32(&check->question,
                     (uint32_t)crux_vector_get_number(check, page, "tensor", UINT32_MAX));
        crux_put_u64(&check->question, crux_vector_get_u64(check, page, "leaf"));
        crux_put_u64(&check->question, crux_vector_get_u64(check, page, "count"));
        size_t length_at = check->question.at;
        crux_put_u32(&check->question, 0);
        crux_vector_get_hex(check, &check->question, page, "page");
        crux_store_u32(check->question.p + length_at,
                       (uint32_t)(check->question.at - length_at - 4));
    }
    crux_vector_get_hex(check, &check->question, vector, "proof");
}

const struct crux_vector_kind crux_vector_kinds_trees[] = {
    {"merkle", "leaf", CRUX_ASK_LEAF, "page", "hash", "", ask_leaf},
    {"merkle", "root", CRUX_ASK_ROOT, "leaves", "root", "", ask_root},
    {"merkle", "peaks", CRUX_ASK_PEAKS, "leaves", "root peaks", "", ask_peaks},
    {"merkle", "proof", CRUX_ASK_PROOF, "count root leaves proof", "", "", ask_proof},
    {"merkle", "nested", CRUX_ASK_NESTED, "count root pages proof", "", "", ask_nested},
    {0},
};
