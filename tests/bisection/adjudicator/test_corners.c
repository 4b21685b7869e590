/* Lies in corners that no op computes: the padding of the output, the root of a tensor without elements, a request longer
 * than the context, a layer number above all layers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/claimed_run.h"
#include "tests/support/corner_program.h"

static uint8_t witness[CRUX_WITNESS_BYTES_MAX];

/* ---- the padding of the output ---- */

/* A claim whose output is N tokens, and the pages of that output, padded. */
struct output {
    struct crux_claim claim;
    uint8_t *bytes;
    uint32_t length, slots;
    struct crux_merkle_tree tree;
    void *memory;
};

static void commit_output(struct output *output) {
    struct crux_merkle_shape shape =
        crux_merkle_shape_plain((output->length + CRUX_STEP_PAGE_BYTES - 1) / CRUX_STEP_PAGE_BYTES);
    free(output->memory);
    output->memory = malloc(crux_merkle_tree_bytes(&shape));
    assert_non_null(output->memory);
    crux_merkle_tree_init(&output->tree, &shape, output->memory);
    crux_merkle_hash_pages(output->tree.hash, output->bytes, output->length, CRUX_STEP_PAGE_BYTES);
    crux_merkle_tree_build(&output->tree);
    crux_merkle_tree_root(output->claim.output_root, &output->tree);
}

/* In: slots, what N tokens are padded to. */
static void make_output(struct output *output, uint32_t n, uint32_t slots) {
    *output = (struct output){.length = 4 * slots, .slots = slots};
    output->claim.request_tokens = 1;
    output->claim.chosen_tokens = n;
    output->bytes = calloc(slots, 4);
    assert_non_null(output->bytes);
    for (uint32_t i = 0; i < n; i++) crux_store_u32(output->bytes + 4 * (size_t)i, i + 1);
    commit_output(output);
}

static void free_output(struct output *output) {
    free(output->bytes);
    free(output->memory);
}

static enum crux_status judge_padding(const struct output *output, uint32_t index,
                                      enum crux_finding *finding) {
    struct crux_element_id id = {.kind = CRUX_ELEMENT_OUTPUT, .index = index};
    struct crux_writer writer;
    uint64_t page = 4 * (uint64_t)index / CRUX_STEP_PAGE_BYTES;
    uint32_t left = output->length - (uint32_t)page * CRUX_STEP_PAGE_BYTES;
    crux_writer_init(&writer, witness, sizeof witness);
    crux_put_u8(&writer, CRUX_WITNESS_VERSION);
    crux_put_u8(&writer, CRUX_ELEMENT_OUTPUT);
    crux_put_bytes(&writer, output->bytes + page * CRUX_STEP_PAGE_BYTES,
                   left < CRUX_STEP_PAGE_BYTES ? left : CRUX_STEP_PAGE_BYTES);
    assert_int_equal(crux_merkle_prove(&writer, &output->tree, &page, 1), CRUX_OK);
    return crux_adjudicate(finding, &output->claim, &id, witness, writer.at);
}

static void test_every_padding_byte_of_the_output_is_zero(void **state) {
    (void)state;
    static const struct { uint32_t n, slots; } cases[] = {{3, 4}, {5, 8}, {33, 64}, {130, 256}};
    for (size_t c = 0; c < CRUX_ARRAY_LEN(cases); c++) {
        struct output output;
        enum crux_finding finding;
        make_output(&output, cases[c].n, cases[c].slots);
        for (uint32_t i = cases[c].n; i < cases[c].slots; i++) {
            assert_int_equal(judge_padding(&output, i, &finding), CRUX_OK);
            assert_int_equal(finding, CRUX_CONSISTENT);
            for (unsigned byte = 0; byte < 4; byte++) {
                output.bytes[4 * i + byte] = 1;
                commit_output(&output);
                assert_int_equal(judge_padding(&output, i, &finding), CRUX_OK);
                assert_int_equal(finding, CRUX_INCONSISTENT);
                output.bytes[4 * i + byte] = 0;
            }
            commit_output(&output);
        }
        struct crux_element_id beyond = {.kind = CRUX_ELEMENT_OUTPUT, .index = cases[c].slots};
        assert_int_equal(crux_adjudicate(&finding, &output.claim, &beyond, witness, 2),
                         CRUX_E_ELEMENT_OUTSIDE);
        free_output(&output);
    }
}

static void test_output_padding_has_a_witness(void **state) {
    (void)state;
    struct claimed_run run;
    size_t witness_bytes;
    enum crux_finding finding;
    claimed_run_init(&run, NULL, NULL);
    assert_int_equal(run.evidence.claim->chosen_tokens, 7);
    struct crux_element_id id = {.kind = CRUX_ELEMENT_OUTPUT, .index = 7}; /* the eighth u32 */
    assert_int_equal(claimed_run_try(&run, &id, witness, &witness_bytes, &finding), CRUX_OK);
    assert_int_equal(finding, CRUX_CONSISTENT);
    claimed_run_free(&run);
}

/* ---- a tensor without elements ---- */

static void test_root_of_an_empty_tensor(void **state) {
    (void)state;
    struct claimed_run run;
    const struct crux_step *step;
    unsigned empty = 0;
    corner_run_init(&run, (struct corner_request){1, 1}, NULL);
    for (uint32_t l = 0; l < run.program.header.layers; l++) {
        for (uint32_t i = 0; i < run.program.layers[l].ops; i++) {
            struct crux_element_id id = {.kind = CRUX_ELEMENT_PADDING, .layer = l, .op = i};
            size_t witness_bytes;
            enum crux_finding finding;
            assert_int_equal(crux_archive_step(run.archive, 0, l, &step), CRUX_OK);
            if (step->tensors[i].elements != 0) continue;
            empty++;
            assert_int_equal(claimed_run_try(&run, &id, witness, &witness_bytes, &finding),
                             CRUX_OK);
            assert_int_equal(finding, CRUX_CONSISTENT);
            id.leaf_hash[0] ^= 1; /* any root will do for a liar: there is nothing to open */
            assert_int_equal(
                crux_adjudicate(&finding, run.evidence.claim, &id, witness, witness_bytes),
                CRUX_OK);
            assert_int_equal(finding, CRUX_INCONSISTENT);
            id.index = 1;
            assert_int_equal(
                crux_adjudicate(&finding, run.evidence.claim, &id, witness, witness_bytes),
                CRUX_E_ELEMENT_OUTSIDE);
        }
    }
    assert_int_equal(empty, 1);
    claimed_run_free(&run);
}

/* ---- honest runs ---- */

static unsigned long judged;

static void expect_consistent(struct claimed_run *run, struct crux_element_id id) {
    size_t witness_bytes;
    enum crux_finding finding;
    enum crux_status status = claimed_run_try(run, &id, witness, &witness_bytes, &finding);
    if (status != CRUX_OK || finding != CRUX_CONSISTENT)
        fail_msg("kind %u pos %u layer %u op %u index %llu: %s, finding %d", id.kind, id.pos,
                 id.layer, id.op, (unsigned long long)id.index, crux_status_name(status),
                 (int)finding);
    assert_true(witness_bytes <= CRUX_CERTIFICATE_WITNESS_BYTES);
    judged++;
}

static void every_element_of_step(struct claimed_run *run, uint32_t pos, uint32_t layer) {
    const struct crux_layer *l = &run->program.layers[layer];
    for (uint32_t op = 0; op < l->ops; op++) {
        struct crux_element_id id = {
            .kind = CRUX_ELEMENT_VALUE, .pos = pos, .layer = layer, .op = op};
        const struct crux_step *step;
        const struct crux_merkle_tree *tree;
        bool store = op >= l->ops - l->stores;
        struct crux_tree_id tree_id = {store ? CRUX_TREE_STORE : CRUX_TREE_TENSOR, pos, layer,
                                       store ? op - (l->ops - l->stores) : op};
        assert_int_equal(crux_archive_step(run->archive, pos, layer, &step), CRUX_OK);
        uint64_t elements = step->tensors[op].elements;
        for (id.index = 0; id.index < elements; id.index++) expect_consistent(run, id);
        assert_int_equal(crux_archive_tree(run->archive, &tree_id, &tree), CRUX_OK);
        uint64_t pages = tree->leaf_count == 0 ? 1 : tree->leaf_count; /* none: its root instead */
        id.kind = CRUX_ELEMENT_PADDING;
        for (id.index = 0; id.index < pages; id.index++) expect_consistent(run, id);
    }
}

static void test_every_element_of_the_corner_program(void **state) {
    (void)state;
    static const struct corner_request requests[] = {
        {1, 1}, {1, CORNER_CONTEXT + 9}, {CORNER_CONTEXT, 3}, {3, 1}, {2, 4}};
    for (size_t r = 0; r < CRUX_ARRAY_LEN(requests); r++) {
        struct claimed_run run;
        corner_run_init(&run, requests[r], NULL);
        uint32_t chosen = run.evidence.claim->chosen_tokens;
        for (uint32_t pos = 0; pos < crux_claim_positions(run.evidence.claim); pos++) {
            for (uint32_t layer = 0; layer < run.program.header.layers; layer++) {
                if (crux_layer_is_active(&run.program, layer, pos, requests[r].request_tokens)) {
                    every_element_of_step(&run, pos, layer);
                    continue;
                }
                expect_consistent(&run, (struct crux_element_id){
                                            .kind = CRUX_ELEMENT_NULL, .pos = pos, .layer = layer});
            }
        }
        expect_consistent(&run, (struct crux_element_id){.kind = CRUX_ELEMENT_CLOSE});
        expect_consistent(&run, (struct crux_element_id){.kind = CRUX_ELEMENT_COUNT});
        for (uint32_t i = 0; i < chosen; i++) {
            expect_consistent(&run,
                              (struct crux_element_id){.kind = CRUX_ELEMENT_OUTPUT, .index = i});
            expect_consistent(&run,
                              (struct crux_element_id){.kind = CRUX_ELEMENT_DONE, .index = i});
        }
        claimed_run_free(&run);
    }
    assert_true(judged > 10000);
}

/* ---- a request longer than the context ---- */

static enum crux_finding done_of(const struct claimed_run *run, uint32_t request_tokens) {
    struct crux_claim claim = *run->evidence.claim;
    struct crux_element_id id = {.kind = CRUX_ELEMENT_DONE};
    struct crux_tree_id layers = {CRUX_TREE_LAYERS, 0, 0, 0};
    struct crux_request request;
    struct crux_writer writer;
    uint8_t header[CRUX_HEADER_BYTES], root[32], encoded[CRUX_REQUEST_BYTES];
    static const uint8_t output[4] = {5};
    enum crux_finding finding;
    crux_request_read(&request, run->evidence.request);
    request.request_tokens = request_tokens;
    request.limit = 1;
    crux_request_encode(encoded, &request);
    crux_request_hash(claim.request_hash, encoded);
    crux_merkle_leaf_hash(claim.output_root, output, sizeof output);
    claim.request_tokens = request_tokens;
    claim.chosen_tokens = 1;
    crux_writer_init(&writer, witness, sizeof witness);
    crux_put_u8(&writer, CRUX_WITNESS_VERSION);
    crux_put_u8(&writer, CRUX_ELEMENT_DONE);
    assert_int_equal(crux_header_encode(header, &run->program.header), CRUX_OK);
    assert_int_equal(run->evidence.root(run->evidence.ctx, &layers, root), CRUX_OK);
    crux_put_bytes(&writer, header, sizeof header);
    crux_put_bytes(&writer, run->evidence.manifest_hash, 32);
    crux_put_bytes(&writer, root, sizeof root);
    crux_put_bytes(&writer, encoded, sizeof encoded);
    crux_put_bytes(&writer, output, sizeof output);
    assert_int_equal(crux_adjudicate(&finding, &claim, &id, witness, writer.at), CRUX_OK);
    return finding;
}

static void test_request_longer_than_the_context(void **state) {
    (void)state;
    struct claimed_run run;
    claimed_run_init(&run, NULL, NULL);
    uint32_t context = run.program.header.context;
    assert_int_equal(done_of(&run, context - 1), CRUX_CONSISTENT);
    assert_int_equal(done_of(&run, context), CRUX_CONSISTENT);
    assert_int_equal(done_of(&run, context + 1), CRUX_INCONSISTENT);
    assert_int_equal(done_of(&run, 1000), CRUX_INCONSISTENT);
    claimed_run_free(&run);
}

/* ---- a layer above all ---- */

static void test_the_greatest_layer_number_is_no_layer(void **state) {
    (void)state;
    struct claimed_run run;
    size_t witness_bytes;
    enum crux_finding finding;
    claimed_run_init(&run, NULL, NULL);
    uint32_t last = run.program.header.layers - 1;
    struct crux_element_id ids[] = {
        {.kind = CRUX_ELEMENT_VALUE, .pos = 4, .layer = last},
        {.kind = CRUX_ELEMENT_PADDING, .pos = 4, .layer = last},
        {.kind = CRUX_ELEMENT_NULL, .pos = 0, .layer = last},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(ids); i++) {
        assert_int_equal(claimed_run_try(&run, &ids[i], witness, &witness_bytes, &finding),
                         CRUX_OK);
        ids[i].layer = UINT32_MAX;
        assert_int_equal(
            crux_adjudicate(&finding, run.evidence.claim, &ids[i], witness, witness_bytes),
            CRUX_E_STEP_OUTSIDE);
    }
    claimed_run_free(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_padding_byte_of_the_output_is_zero),
        cmocka_unit_test(test_output_padding_has_a_witness),
        cmocka_unit_test(test_root_of_an_empty_tensor),
        cmocka_unit_test(test_every_element_of_the_corner_program),
        cmocka_unit_test(test_request_longer_than_the_context),
        cmocka_unit_test(test_the_greatest_layer_number_is_no_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
