/* Trees and proofs. Honest proofs come from the builder of trees, so every positive vector joins two sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bisection/bisection.h"
#include "bisection/adjudicator/page_set.h"
#include "tests/conformance/vector_file.h"
#include "tests/support/random.h"

enum { LEAVES_MAX = 300, PROVEN_MAX = 64, PROOF_BYTES_MAX = 1 << 14 };

/* A proof as a vector states it. */
struct proof {
    uint64_t count;
    uint8_t root[32];
    uint64_t index[PROVEN_MAX];
    uint8_t hash[PROVEN_MAX][32];
    size_t n;
    uint8_t bytes[PROOF_BYTES_MAX];
    size_t len;
};

static uint8_t leaves[LEAVES_MAX][32];
static uint8_t tree_memory[LEAVES_MAX * 3 * 32];

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "generate: merkle: %s\n", what);
    exit(1);
}

static void make_tree(struct crux_merkle_tree *tree, uint64_t count) {
    struct crux_merkle_shape shape = crux_merkle_shape_plain(count);
    must(crux_merkle_tree_bytes(&shape) <= sizeof tree_memory, "the tree is too large");
    crux_merkle_tree_init(tree, &shape, tree_memory);
    if (count > 0) memcpy(tree->hash, leaves, count * 32);
    crux_merkle_tree_build(tree);
}

static void leaf_vectors(struct crux_vector_file *file) {
    static const struct {
        const char *reason;
        size_t bytes;
    } all[] = {{"no_bytes", 0},  {"one_byte", 1},  {"54_bytes", 54}, {"55_bytes", 55},
               {"63_bytes", 63}, {"64_bytes", 64}, {"page", 256},    {"record_page", 1024}};
    static uint8_t page[1024];
    struct crux_random random = {40};
    for (size_t i = 0; i < sizeof page; i++) page[i] = (uint8_t)crux_random_next(&random);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        uint8_t hash[32];
        json_t *vector = crux_vector_add(file, "leaf", all[i].reason);
        crux_merkle_leaf_hash(hash, page, all[i].bytes);
        crux_vector_set_hex(vector, "page", page, all[i].bytes);
        crux_vector_set_hex(vector, "hash", hash, 32);
    }
}

static json_t *leaf_list(uint64_t count) {
    json_t *list = json_array();
    for (uint64_t i = 0; i < count; i++)
        json_array_append_new(list, crux_vector_hex(leaves[i], 32));
    return list;
}

static void root_vectors(struct crux_vector_file *file) {
    for (uint64_t count = 0; count <= 257; count++) {
        struct crux_merkle_tree tree;
        uint8_t root[32];
        char reason[32];
        if (count > 17 && count != 31 && count != 33 && count != 100 && count != 257) continue;
        (void)snprintf(reason, sizeof reason, "%u_leaves", (unsigned)count);
        make_tree(&tree, count);
        crux_merkle_tree_root(root, &tree);
        json_t *vector = crux_vector_add(file, "root", reason);
        crux_vector_set(vector, "leaves", leaf_list(count));
        crux_vector_set_hex(vector, "root", root, 32);
    }
}

static void peak_vectors(struct crux_vector_file *file) {
    struct crux_merkle_append append;
    crux_merkle_append_init(&append);
    for (uint64_t count = 0; count <= 33; count++) {
        if (count <= 17 || count > 30) {
            uint8_t root[32];
            char reason[32];
            json_t *peaks = json_array();
            (void)snprintf(reason, sizeof reason, "%u_leaves", (unsigned)count);
            crux_merkle_append_root(root, &append);
            for (unsigned b = CRUX_MERKLE_DEPTH_MAX + 1; b-- > 0;) {
                if ((count >> b & 1) != 0)
                    json_array_append_new(peaks, crux_vector_hex(append.peak[b], 32));
            }
            json_t *vector = crux_vector_add(file, "peaks", reason);
            crux_vector_set(vector, "leaves", leaf_list(count));
            crux_vector_set(vector, "peaks", peaks);
            crux_vector_set_hex(vector, "root", root, 32);
        }
        must(crux_merkle_append_leaf(&append, leaves[count]) == CRUX_OK, "append");
    }
}

/* The honest proof of some leaves of a tree of the first `count` leaves. */
static void prove(struct proof *proof, uint64_t count, const uint64_t *index, size_t n) {
    struct crux_merkle_tree tree;
    struct crux_writer writer;
    *proof = (struct proof){.count = count, .n = n};
    make_tree(&tree, count);
    crux_merkle_tree_root(proof->root, &tree);
    crux_writer_init(&writer, proof->bytes, sizeof proof->bytes);
    must(n <= PROVEN_MAX, "too many leaves");
    must(crux_merkle_prove(&writer, &tree, index, n) == CRUX_OK, "prove");
    proof->len = writer.at;
    for (size_t i = 0; i < n; i++) {
        proof->index[i] = index[i];
        memcpy(proof->hash[i], leaves[index[i]], 32);
    }
}

static void write_proof(struct crux_vector_file *file, const char *reason,
                        const struct proof *proof, enum crux_status want) {
    json_t *vector = crux_vector_add(file, "proof", reason), *list = json_array();
    enum crux_status status =
        crux_merkle_verify(proof->root, proof->count, proof->index,
                           (const uint8_t(*)[32])proof->hash, proof->n, proof->bytes, proof->len);
    if (status != want)
        fprintf(stderr, "generate: proof_case_%s gives %s\n", reason, crux_status_name(status));
    must(status == want, "a proof does not give what it should");
    for (size_t i = 0; i < proof->n; i++) {
        json_t *leaf = json_object();
        crux_vector_set_u64(leaf, "index", proof->index[i]);
        crux_vector_set_hex(leaf, "hash", proof->hash[i], 32);
        json_array_append_new(list, leaf);
    }
    crux_vector_set_u64(vector, "count", proof->count);
    crux_vector_set(vector, "leaves", list);
    crux_vector_set_hex(vector, "root", proof->root, 32);
    crux_vector_set_hex(vector, "proof", proof->bytes, proof->len);
    if (want != CRUX_OK) crux_vector_set_error(vector, want);
}

static void honest(struct crux_vector_file *file) {
    struct crux_random random = {41};
    static struct proof proof;
    char reason[64];
    for (uint64_t count = 1; count <= 17; count++) {
        for (uint64_t i = 0; i < count; i++) {
            if (count > 8 && i != 0 && i != count / 2 && i + 1 != count) continue;
            (void)snprintf(reason, sizeof reason, "leaf_%u_of_%u", (unsigned)i, (unsigned)count);
            prove(&proof, count, &i, 1);
            write_proof(file, reason, &proof, CRUX_OK);
        }
    }
    for (unsigned round = 0; round < 12; round++) {
        uint64_t count = 2 + crux_random_below(&random, round < 6 ? 16 : 250), index[PROVEN_MAX];
        uint64_t first = crux_random_below(&random, count),
                 n = 1 + crux_random_below(&random, count - first);
        if (n > 16) n = 16;
        for (uint64_t i = 0; i < n; i++) index[i] = first + i;
        (void)snprintf(reason, sizeof reason, "range_%u_to_%u_of_%u", (unsigned)first,
                       (unsigned)(first + n - 1), (unsigned)count);
        prove(&proof, count, index, n);
        write_proof(file, reason, &proof, CRUX_OK);
    }
    for (unsigned round = 0; round < 16; round++) {
        uint64_t count = 2 + crux_random_below(&random, round < 8 ? 16 : 250), index[PROVEN_MAX];
        size_t n = 0;
        for (uint64_t i = 0; i < count && n < 12; i++) {
            if (crux_random_one_in(&random, count < 20 ? 3 : 12)) index[n++] = i;
        }
        if (n == 0) index[n++] = count - 1;
        (void)snprintf(reason, sizeof reason, "set_%u_of_%u_leaves", round, (unsigned)count);
        prove(&proof, count, index, n);
        write_proof(file, reason, &proof, CRUX_OK);
    }
    uint64_t all[17];
    for (uint64_t i = 0; i < 17; i++) all[i] = i;
    prove(&proof, 17, all, 17);
    write_proof(file, "all_leaves_need_no_sibling", &proof, CRUX_OK);
}

/* Trees too large to build: siblings are drawn, and the root is what they lead to. */
static void large(struct crux_vector_file *file) {
    static const struct {
        const char *reason;
        uint64_t count, index[3];
        size_t n;
    } all[] = {
        {"first_of_2_41", UINT64_C(1) << 41, {0}, 1},
        {"last_of_2_41", UINT64_C(1) << 41, {(UINT64_C(1) << 41) - 1}, 1},
        {"last_of_2_40_and_1", (UINT64_C(1) << 40) + 1, {UINT64_C(1) << 40}, 1},
        {"last_of_2_40_and_3", (UINT64_C(1) << 40) + 3, {(UINT64_C(1) << 40) + 2}, 1},
        {"three_of_2_33_less_1",
         (UINT64_C(1) << 33) - 1,
         {5, UINT64_C(1) << 32, (UINT64_C(1) << 33) - 2},
         3},
    };
    struct crux_random random = {42};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        static struct proof proof;
        struct crux_cursor cursor;
        uint64_t siblings;
        proof = (struct proof){.count = all[i].count, .n = all[i].n};
        must(crux_merkle_proof_length(&siblings, all[i].count, all[i].index, all[i].n) == CRUX_OK,
             "length");
        proof.len = siblings * 32;
        for (size_t j = 0; j < proof.len; j++) proof.bytes[j] = (uint8_t)crux_random_next(&random);
        for (size_t j = 0; j < all[i].n; j++) {
            proof.index[j] = all[i].index[j];
            memcpy(proof.hash[j], leaves[j], 32);
        }
        crux_cursor_init(&cursor, proof.bytes, proof.len);
        must(crux_merkle_root_from_proof(proof.root, proof.count, proof.index,
                                         (const uint8_t(*)[32])proof.hash, proof.n,
                                         &cursor) == CRUX_OK,
             "root");
        write_proof(file, all[i].reason, &proof, CRUX_OK);
    }
}

static void lies(struct crux_vector_file *file) {
    static const uint64_t three[3] = {1, 4, 9}, one[1] = {6};
    static struct proof honest_proof, p;
    prove(&honest_proof, 11, three, 3);

#define LIE(reason, status, ...)                                                                   \
    do {                                                                                           \
        p = honest_proof;                                                                          \
        __VA_ARGS__;                                                                               \
        write_proof(file, reason, &p, status);                                                     \
    } while (0)
    LIE("missing_sibling", CRUX_E_PROOF_LENGTH, p.len -= 32);
    LIE("extra_sibling", CRUX_E_PROOF_LENGTH, memset(p.bytes + p.len, 7, 32); p.len += 32);
    LIE("one_byte_short", CRUX_E_PROOF_LENGTH, p.len -= 1);
    LIE("one_byte_more", CRUX_E_PROOF_LENGTH, p.bytes[p.len++] = 0);
    LIE("no_siblings", CRUX_E_PROOF_LENGTH, p.len = 0);
    LIE("wrong_sibling", CRUX_E_PROOF_ROOT_MISMATCH, p.bytes[40] ^= 1);
    LIE("swapped_siblings", CRUX_E_PROOF_ROOT_MISMATCH,
        memcpy(p.bytes, honest_proof.bytes + 32, 32);
        memcpy(p.bytes + 32, honest_proof.bytes, 32));
    LIE("wrong_leaf", CRUX_E_PROOF_ROOT_MISMATCH, p.hash[1][31] ^= 128);
    LIE("swapped_leaves", CRUX_E_PROOF_ROOT_MISMATCH, memcpy(p.hash[0], leaves[4], 32);
        memcpy(p.hash[1], leaves[1], 32));
    LIE("wrong_root", CRUX_E_PROOF_ROOT_MISMATCH, p.root[0] ^= 1);
    LIE("neighbouring_index", CRUX_E_PROOF_ROOT_MISMATCH, p.index[0] = 0);
    LIE("another_count", CRUX_E_PROOF_LENGTH, p.count = 16);
    /* The sibling of leaf 10 may be any subtree: that is why a root goes with its count. */
    LIE("a_path_does_not_prove_the_count", CRUX_OK, p.count = 12);
    LIE("index_at_the_count", CRUX_E_INDEX_BEYOND_COUNT, p.index[2] = 11);
    LIE("index_bits_above_the_depth", CRUX_E_INDEX_BEYOND_COUNT, p.index[2] = 9 + 16);
    LIE("highest_index_bit", CRUX_E_INDEX_BEYOND_COUNT, p.index[2] = 9 + (UINT64_C(1) << 63));
    LIE("descending", CRUX_E_NON_CANONICAL, p.index[0] = 4; p.index[1] = 1;
        memcpy(p.hash[0], leaves[4], 32); memcpy(p.hash[1], leaves[1], 32));
    LIE("leaf_given_twice", CRUX_E_NON_CANONICAL, p.index[1] = 1; memcpy(p.hash[1], leaves[1], 32));
    LIE("no_leaves", CRUX_E_NON_CANONICAL, p.n = 0);
    LIE("no_leaves_but_the_root_as_sibling", CRUX_E_NON_CANONICAL, p.n = 0;
        memcpy(p.bytes, p.root, 32); p.len = 32);
    LIE("count_zero", CRUX_E_INDEX_BEYOND_COUNT, p.count = 0);
    LIE("count_above_2_41", CRUX_E_TOO_MANY_LEAVES, p.count = (UINT64_C(1) << 41) + 1);
    prove(&honest_proof, 8, one, 1);
    LIE("inner_node_as_leaf", CRUX_E_PROOF_LENGTH, p.count = 4; p.index[0] = 3;
        crux_merkle_node_hash(p.hash[0], leaves[6], leaves[7]));
    LIE("node_of_a_smaller_tree_as_leaf", CRUX_E_PROOF_ROOT_MISMATCH, p.count = 4; p.index[0] = 3;
        crux_merkle_node_hash(p.hash[0], leaves[7], leaves[6]); memmove(p.bytes, p.bytes + 32, 64);
        p.len = 64);
#undef LIE
}

static json_t *nested_pages(const struct crux_page_set *set) {
    json_t *pages = json_array();
    for (uint32_t i = 0; i < set->count; i++) {
        json_t *page = json_object();
        crux_vector_set_u32(page, "tensor", set->page[i].tensor);
        crux_vector_set_u64(page, "leaf", set->page[i].leaf);
        crux_vector_set_u64(page, "count", set->page[i].leaf_count);
        crux_vector_set_hex(page, "page", set->page[i].bytes, set->page[i].length);
        json_array_append_new(pages, page);
    }
    return pages;
}

static void write_nested(struct crux_vector_file *file, const char *reason,
                         const struct crux_page_set *set, uint64_t outer, const uint8_t root[32],
                         const uint8_t *proof, size_t len, enum crux_status want) {
    json_t *vector = crux_vector_add(file, "nested", reason);
    struct crux_cursor cursor;
    crux_cursor_init(&cursor, proof, len);
    enum crux_status status =
        crux_page_set_verify_nested(set, outer, root, &cursor, CRUX_E_PROOF_ROOT_MISMATCH);
    if (status == CRUX_OK) status = crux_cursor_finish(&cursor);
    if (status != want)
        fprintf(stderr, "generate: nested_case_%s gives %s\n", reason, crux_status_name(status));
    must(status == want, "a nested proof does not give what it should");
    crux_vector_set_u64(vector, "count", outer);
    crux_vector_set(vector, "pages", nested_pages(set));
    crux_vector_set_hex(vector, "root", root, 32);
    crux_vector_set_hex(vector, "proof", proof, len);
    if (want != CRUX_OK) crux_vector_set_error(vector, want);
}

/* Five tensors of 1, 4, 1, 8 and 8 pages. */
static void nested(struct crux_vector_file *file) {
    static const uint64_t pages[5] = {1, 3, 1, 8, 5};
    static const struct crux_nested_leaf proven[] = {{1, 0}, {1, 2}, {3, 5}, {4, 4}};
    static uint64_t memory[1 << 12];
    static uint8_t proof[PROOF_BYTES_MAX];
    struct crux_tensor tensors[5];
    struct crux_nested tree;
    struct crux_page_set set;
    struct crux_writer writer;
    struct crux_random random = {43};
    uint8_t root[32], page[5][256];
    for (unsigned i = 0; i < 5; i++) {
        crux_layout_model(&tensors[i].layout, CRUX_U8,
                          pages[i] == 1 ? 8 : (pages[i] - 1) * 256 + 8);
        static uint8_t bytes[5][8 * 256];
        for (size_t j = 0; j < sizeof bytes[i]; j++)
            bytes[i][j] = (uint8_t)(crux_random_next(&random) & 3);
        tensors[i].elements = bytes[i];
    }
    must(crux_nested_bytes(tensors, 5) <= sizeof memory, "nested memory");
    crux_nested_build(&tree, tensors, 5, memory);
    crux_nested_root(root, &tree);
    crux_page_set_init(&set);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(proven); i++) {
        const struct crux_nested_leaf *leaf = &proven[i];
        struct crux_page p = {leaf->tensor, leaf->leaf, tensors[leaf->tensor].layout.pages, 0,
                              page[i]};
        p.length = crux_tensor_page(page[i], &tensors[leaf->tensor], leaf->leaf);
        crux_page_set_add(&set, &p);
    }
    crux_writer_init(&writer, proof, sizeof proof);
    must(crux_nested_prove(&writer, &tree, proven, CRUX_ARRAY_LEN(proven)) == CRUX_OK,
         "nested prove");
    size_t len = writer.at;
    write_nested(file, "pages_of_three_tensors", &set, 5, root, proof, len, CRUX_OK);
    write_nested(file, "missing_sibling", &set, 5, root, proof, len - 32, CRUX_E_TRUNCATED);
    write_nested(file, "extra_sibling", &set, 5, root, proof, len + 32, CRUX_E_TRAILING_BYTES);
    write_nested(file, "another_outer_count", &set, 6, root, proof, len, CRUX_E_TRUNCATED);
    write_nested(file, "tensor_beyond_the_outer_count", &set, 4, root, proof, len,
                 CRUX_E_INDEX_BEYOND_COUNT);
    proof[0] ^= 1;
    write_nested(file, "wrong_inner_sibling", &set, 5, root, proof, len,
                 CRUX_E_PROOF_ROOT_MISMATCH);
    proof[0] ^= 1;
    proof[len - 1] ^= 1;
    write_nested(file, "wrong_outer_sibling", &set, 5, root, proof, len,
                 CRUX_E_PROOF_ROOT_MISMATCH);
    proof[len - 1] ^= 1;
    page[2][7] ^= 1;
    write_nested(file, "wrong_page", &set, 5, root, proof, len, CRUX_E_PROOF_ROOT_MISMATCH);
    page[2][7] ^= 1;
    set.page[3].leaf = 8;
    write_nested(file, "leaf_beyond_the_inner_count", &set, 5, root, proof, len,
                 CRUX_E_INDEX_BEYOND_COUNT);
    struct crux_page_set alone;
    crux_page_set_init(&alone);
    crux_page_set_add(
        &alone, &(struct crux_page){0, 0, 1, crux_tensor_page(page[0], &tensors[0], 0), page[0]});
    crux_writer_init(&writer, proof, sizeof proof);
    must(crux_nested_prove(&writer, &tree, &(struct crux_nested_leaf){0, 0}, 1) == CRUX_OK,
         "nested prove");
    write_nested(file, "tensor_of_one_page", &alone, 5, root, proof, writer.at, CRUX_OK);
    crux_page_set_init(&alone);
    write_nested(file, "no_pages_is_an_empty_part", &alone, 5, root, proof, 0, CRUX_OK);
}

void crux_generate_merkle(const char *folder) {
    struct crux_vector_file file;
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        uint8_t page[4];
        crux_store_u32(page, (uint32_t)i);
        crux_merkle_leaf_hash(leaves[i], page, sizeof page);
    }
    crux_vector_file_begin(&file, "merkle");
    leaf_vectors(&file);
    root_vectors(&file);
    peak_vectors(&file);
    honest(&file);
    large(&file);
    lies(&file);
    nested(&file);
    crux_vector_file_end(&file, folder);
}
