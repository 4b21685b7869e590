/* The frontiers drawn in spec/70-game.md, word by word, and their hashes against a plain tree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bisection/game/frontier.h"
#include "bisection/merkle/tree.h"

enum { LINE_BYTES = 4000 };

static void draw(char line[LINE_BYTES], uint64_t leaves, uint32_t k) {
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    struct crux_game_node root = {crux_merkle_depth(leaves), 0};
    uint32_t count = crux_game_frontier(nodes, leaves, root, k);
    int at = sprintf(line, "    %2d ", (int)leaves);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t first = nodes[i].index << nodes[i].level;
        uint64_t end = first + (UINT64_C(1) << nodes[i].level);
        if (end > leaves) end = leaves;
        at += sprintf(line + at, " %d", (int)first);
        if (end - first > 1) at += sprintf(line + at, "-%d", (int)end - 1);
    }
    sprintf(line + at, "\n");
}

static void the_spec_draws_them(void **state) {
    char line[LINE_BYTES], mine[LINE_BYTES];
    FILE *file = fopen("spec/70-game.md", "rb"); /* tests run in the root of the repository */
    unsigned k = 0, compared = 0;
    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned number;
        if (sscanf(line, "    k = %u\n", &number) == 1) {
            k = number;
            continue;
        }
        if (strncmp(line, "## Places", 9) == 0) k = 0;
        if (k == 0 || strncmp(line, "    ", 4) != 0) continue;
        draw(mine, (uint64_t)atoi(line), k);
        assert_string_equal(mine, line);
        compared++;
    }
    fclose(file);
    assert_int_equal(compared, 5 * 17);
}

/* Every node of every tree of up to 70 leaves, every k: it has the hash that its frontier leads to, and going down ends
 * in a leaf after at most ceil(depth / log2 k) rounds. */
static void check_node(const struct crux_merkle_tree *tree, struct crux_game_node node,
                       uint32_t k) {
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    uint8_t hashes[CRUX_GAME_K_MAX][32], expected[32], found[32];
    uint32_t count = crux_game_frontier(nodes, tree->leaf_count, node, k);
    uint64_t next = node.index << node.level;
    for (uint32_t i = 0; i < count; i++) {
        crux_merkle_tree_node(hashes[i], tree, nodes[i].level, nodes[i].index);
        assert_int_equal(nodes[i].index << nodes[i].level, next);
        next = (nodes[i].index + 1) << nodes[i].level;
        struct crux_game_node low = crux_game_lowest(tree->leaf_count, nodes[i]);
        assert_int_equal(low.level, nodes[i].level);
    }
    uint64_t end = (node.index + 1) << node.level;
    assert_true(next >= (end < tree->leaf_count ? end : tree->leaf_count));
    crux_game_frontier_hash(found, tree->leaf_count, node, k, (const uint8_t(*)[32])hashes);
    crux_merkle_tree_node(expected, tree, node.level, node.index);
    assert_memory_equal(found, expected, 32);
    hashes[count - 1][31] ^= 1;
    crux_game_frontier_hash(found, tree->leaf_count, node, k, (const uint8_t(*)[32])hashes);
    assert_memory_not_equal(found, expected, 32);
}

static uint32_t rounds_below(uint64_t leaves, struct crux_game_node node, uint32_t k) {
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    uint32_t most = 0, count;
    node = crux_game_lowest(leaves, node);
    if (node.level == 0) return 0;
    count = crux_game_frontier(nodes, leaves, node, k);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rounds = rounds_below(leaves, nodes[i], k);
        if (rounds > most) most = rounds;
    }
    return most + 1;
}

static void every_small_tree(void **state) {
    static uint8_t memory[1 << 16];
    (void)state;
    for (uint64_t leaves = 1; leaves <= 70; leaves++) {
        struct crux_merkle_shape shape = crux_merkle_shape_plain(leaves);
        struct crux_merkle_tree tree;
        assert_true(crux_merkle_tree_bytes(&shape) <= sizeof memory);
        crux_merkle_tree_init(&tree, &shape, memory);
        for (uint64_t i = 0; i < leaves; i++) memset(tree.hash[i], (int)(i + 1), 32);
        crux_merkle_tree_build(&tree);
        for (uint32_t k = 2; k <= CRUX_GAME_K_MAX; k++) {
            for (uint32_t v = 0; v <= tree.depth; v++)
                for (uint64_t i = 0; i << v < leaves; i++)
                    check_node(&tree, (struct crux_game_node){v, i}, k);
            uint32_t m = 0;
            while (k >> (m + 1) != 0) m++;
            assert_true(rounds_below(leaves, (struct crux_game_node){tree.depth, 0}, k) <=
                        (tree.depth + m - 1) / m);
        }
    }
}

/* A damaged store may ask about any node of any tree: what is none has no frontier, and a hash that no node has. */
static void what_is_no_node(void **state) {
    static const uint8_t nothing[32];
    static const struct {
        uint64_t leaves;
        struct crux_game_node node;
    } cases[] = {
        {0, {0, 0}},           {0, {3, 0}},           {1, {0, 1}},
        {70, {0, 70}},         {70, {3, 9}},          {70, {7, 1}},
        {70, {40, 1}},         {70, {0, UINT64_MAX}}, {70, {3, UINT64_MAX / 2}},
        {70, {UINT32_MAX, 0}}, {70, {64, 0}},         {UINT64_C(1) << 40, {0, UINT64_C(1) << 40}}};
    uint8_t hashes[CRUX_GAME_K_MAX][32] = {{0}}, hash[32];
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        for (uint32_t k = 2; k <= CRUX_GAME_K_MAX; k++) {
            assert_int_equal(crux_game_frontier(nodes, cases[i].leaves, cases[i].node, k), 0);
            crux_game_frontier_hash(hash, cases[i].leaves, cases[i].node, k,
                                    (const uint8_t(*)[32])hashes);
            assert_memory_equal(hash, nothing, 32);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_spec_draws_them),
        cmocka_unit_test(every_small_tree),
        cmocka_unit_test(what_is_no_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
