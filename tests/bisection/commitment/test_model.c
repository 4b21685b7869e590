/* Model roots of random programs, and the paths that open one op of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bisection/commitment/model.h"
#include "bisection/commitment/preimage.h"
#include "tests/support/naive_tree.h"
#include "tests/support/random_op.h"

enum { LAYERS_MAX = 7, OPS_MAX = 9 };

/* Not a program that would run: the commitment asks only that its descriptors encode. */
struct toy {
    struct crux_program program;
    struct crux_layer layers[LAYERS_MAX];
    struct crux_labelled_op ops[LAYERS_MAX * OPS_MAX];
    uint8_t manifest_hash[32];
};

static void make(struct toy *toy, struct crux_random *random) {
    const struct crux_random_op_shape shape = {.dim_max = 40};
    uint32_t layers = (uint32_t)crux_random_between(random, 1, LAYERS_MAX), ops = 0;
    memset(toy, 0, sizeof *toy);
    for (uint32_t l = 0; l < layers; l++) {
        uint32_t count = (uint32_t)crux_random_between(random, 2, OPS_MAX);
        toy->layers[l] =
            (struct crux_layer){.ops = count, .stores = 1, .active = l + 1 == layers, .first = ops};
        for (uint32_t i = 0; i < count; i++) {
            struct crux_op *op = &toy->ops[ops++].op;
            crux_random_op(random, op, &shape);
            for (unsigned k = 0; k < op->nin; k++) {
                if (op->in[k].kind == CRUX_KIND_MODEL) op->in[k].root[31] |= 1;
            }
        }
    }
    toy->program = (struct crux_program){
        .header = {.op_set = CRUX_OP_SET, .layers = layers, .context = 64, .vocab = 100},
        .layers = toy->layers,
        .ops = toy->ops,
        .op_count = ops,
    };
    for (size_t i = 0; i < 32; i++) toy->manifest_hash[i] = (uint8_t)crux_random_next(random);
}

/* The model root by spec/30-commitment.md#programs-and-models, from encodings and naive trees. */
static void naive_model_root(uint8_t root[32], uint8_t (*ops_roots)[32],
                             uint8_t (*layer_leaves)[32], uint8_t (*op_leaves)[OPS_MAX][32],
                             const struct toy *toy) {
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES], preimage[16 + 32 + 32 + 32] = "crux-model-v1";
    uint8_t layer[CRUX_LAYER_BYTES + 32];
    size_t used;
    for (uint32_t l = 0; l < toy->program.header.layers; l++) {
        for (uint32_t i = 0; i < toy->layers[l].ops; i++) {
            const struct crux_op *op = &toy->ops[toy->layers[l].first + i].op;
            assert_int_equal(crux_descriptor_encode(descriptor, &used, op), CRUX_OK);
            naive_leaf(op_leaves[l][i], descriptor, sizeof descriptor);
        }
        naive_root(ops_roots[l], (const uint8_t(*)[32])op_leaves[l], toy->layers[l].ops);
        assert_int_equal(crux_layer_encode(layer, &toy->layers[l]), CRUX_OK);
        memcpy(layer + CRUX_LAYER_BYTES, ops_roots[l], 32);
        naive_leaf(layer_leaves[l], layer, sizeof layer);
    }
    assert_int_equal(crux_header_encode(preimage + 16, &toy->program.header), CRUX_OK);
    memcpy(preimage + 48, toy->manifest_hash, 32);
    naive_root(preimage + 80, (const uint8_t(*)[32])layer_leaves, toy->program.header.layers);
    crux_sha256(root, preimage, sizeof preimage);
}

static void check_paths(const struct crux_model_tree *tree, const struct toy *toy,
                        uint8_t (*layer_leaves)[32], uint8_t (*op_leaves)[OPS_MAX][32]) {
    uint8_t proof[32 * 16], root[32];
    struct crux_writer out;
    uint32_t layers = toy->program.header.layers;
    crux_merkle_tree_root(root, &tree->layers);
    for (uint32_t l = 0; l < layers; l++) {
        uint64_t index = l;
        crux_writer_init(&out, proof, sizeof proof);
        assert_int_equal(crux_model_prove_layer(&out, tree, l), CRUX_OK);
        assert_int_equal(crux_merkle_verify(root, layers, &index,
                                            (const uint8_t(*)[32])(layer_leaves + l), 1, proof,
                                            out.at),
                         CRUX_OK);
        for (uint32_t i = 0; i < toy->layers[l].ops; i++) {
            index = i;
            crux_writer_init(&out, proof, sizeof proof);
            assert_int_equal(crux_model_prove_op(&out, tree, l, i), CRUX_OK);
            assert_int_equal(crux_merkle_verify(
                                 tree->layer_leaf[l] + CRUX_LAYER_BYTES, toy->layers[l].ops, &index,
                                 (const uint8_t(*)[32])(op_leaves[l] + i), 1, proof, out.at),
                             CRUX_OK);
        }
        assert_int_equal(crux_model_prove_op(&out, tree, l, toy->layers[l].ops),
                         CRUX_E_INDEX_BEYOND_COUNT);
    }
    assert_int_equal(crux_model_prove_layer(&out, tree, layers), CRUX_E_INDEX_BEYOND_COUNT);
    assert_int_equal(crux_model_prove_op(&out, tree, layers, 0), CRUX_E_INDEX_BEYOND_COUNT);
}

static void random_programs(void **unused CRUX_UNUSED) {
    static struct toy toy;
    static uint8_t ops_roots[LAYERS_MAX][32], layer_leaves[LAYERS_MAX][32],
        op_leaves[LAYERS_MAX][OPS_MAX][32];
    struct crux_random random = {61};
    for (int round = 0; round < 200; round++) {
        struct crux_model_tree tree;
        uint8_t root[32];
        make(&toy, &random);
        naive_model_root(root, ops_roots, layer_leaves, op_leaves, &toy);
        void *memory = malloc(crux_model_tree_bytes(&toy.program));
        assert_non_null(memory);
        assert_int_equal(crux_model_tree_build(&tree, &toy.program, toy.manifest_hash, memory),
                         CRUX_OK);
        assert_memory_equal(tree.root, root, 32);
        check_paths(&tree, &toy, layer_leaves, op_leaves);
        free(memory);
    }
}

static void unbound_programs_have_no_root(void **unused CRUX_UNUSED) {
    static struct toy toy;
    struct crux_random random = {62};
    unsigned unbound = 0;
    for (int round = 0; round < 100; round++) {
        struct crux_model_tree tree;
        struct crux_operand *operand = NULL;
        make(&toy, &random);
        for (uint32_t i = 0; i < toy.program.op_count; i++) {
            for (unsigned k = 0; k < toy.ops[i].op.nin; k++) {
                if (toy.ops[i].op.in[k].kind == CRUX_KIND_MODEL) operand = &toy.ops[i].op.in[k];
            }
        }
        if (operand == NULL) continue;
        unbound++;
        memset(operand->root, 0, 32);
        void *memory = malloc(crux_model_tree_bytes(&toy.program));
        assert_non_null(memory);
        assert_int_equal(crux_model_tree_build(&tree, &toy.program, toy.manifest_hash, memory),
                         CRUX_E_PROGRAM_INVALID);
        free(memory);
    }
    assert_true(unbound > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs),
        cmocka_unit_test(unbound_programs_have_no_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
