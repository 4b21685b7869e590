/* Layers of decoders before the adjudicator: elements of each of their ops, as they are and changed.
 *
 * A layer of experts: what an expert computes is found through the one data-dependent index, that of the expert.
 * Local and global layers, and a head that caps its logits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/executor/engine/engine_fixture.h"
#include "tests/support/claimed_run.h"

enum { TOKENS = 5, LIMIT = 3, ELEMENTS = 4 /* tried of an op, at a position */ };

static struct engine_fixture fixture;
static struct claimed_run run; /* its evidence; the rest is the fixture's */
static unsigned long tried, through_expert;

static void try_element(struct crux_element_id *id, const struct crux_labelled_op *op,
                        const struct crux_layout *layout) {
    static uint8_t witness[CRUX_WITNESS_BYTES_MAX];
    struct crux_element_id changed;
    enum crux_finding finding;
    size_t bytes;
    enum crux_status status = claimed_run_try(&run, id, witness, &bytes, &finding);
    if (status != CRUX_OK || finding != CRUX_CONSISTENT)
        fail_msg("%s[%llu]: %s, finding %d", op->label, (unsigned long long)id->index,
                 crux_status_name(status), (int)finding);
    assert_true(bytes <= 4096);
    uint64_t offset = crux_layout_offset(layout, id->index);
    size_t page = crux_layout_page_length(layout, offset / layout->page_bytes);
    uint8_t *start = witness + claimed_run_page_end(&run, id, witness, bytes) - page;
    start[offset % layout->page_bytes] ^= 1;
    changed = *id;
    crux_merkle_leaf_hash(changed.leaf_hash, start, page);
    assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, &changed, witness, bytes),
                     CRUX_OK);
    if (finding != CRUX_INCONSISTENT)
        fail_msg("%s[%llu]: a changed value passes", op->label, (unsigned long long)id->index);
    tried++;
    if (op->op.has_x && op->op.in[1].kind == CRUX_KIND_MODEL)
        through_expert++; /* weights, scales */
}

static void try_layer(uint32_t number, uint32_t first_pos) {
    const struct crux_program *program = &fixture.program;
    const struct crux_layer *layer = &program->layers[number];
    struct crux_random random = {.state = 12};
    for (uint32_t pos = first_pos; pos < TOKENS + LIMIT - 1; pos += 3) {
        for (uint32_t i = 0; i + layer->stores < layer->ops; i++) {
            const struct crux_labelled_op *op = &program->ops[layer->first + i];
            struct crux_element_id id = {
                .kind = CRUX_ELEMENT_VALUE, .pos = pos, .layer = number, .op = i};
            uint32_t extent[CRUX_DIMS_MAX];
            struct crux_layout layout;
            for (unsigned d = 0; d < op->op.ndim; d++)
                extent[d] = crux_dim_value(&op->op.dim[d], pos, TOKENS);
            crux_layout_step(&layout, op->op.dtype, op->op.ndim, op->op.dim, extent);
            for (unsigned n = 0; n < ELEMENTS; n++) {
                id.index = crux_random_below(&random, layout.rows * layout.row_elements);
                try_element(&id, op, &layout);
            }
        }
    }
}

static void test_experts(void **state) {
    (void)state;
    try_layer(1, 0);
    printf("%lu elements of a layer of experts, %lu of them of an expert's own weights\n", tried,
           through_expert);
    assert_true(through_expert > 40);
}

static void test_two_kinds_of_blocks(void **state) {
    (void)state;
    try_layer(0, 0);                              /* local */
    try_layer(1, 0);                              /* global */
    try_layer(fixture.config.blocks, TOKENS - 1); /* the head */
}

static void begin(const struct crux_fused_decoder *config, int32_t temperature) {
    struct crux_random random = {.state = 4};
    engine_fixture_init(&fixture, config, &random);
    engine_fixture_ask(&fixture, &random, TOKENS, LIMIT, temperature);
    crux_archive_evidence(fixture.archive, &run.evidence);
}

static int set_up_experts(void **state) {
    struct crux_fused_decoder config;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    config.experts = 7;
    config.experts_used = 3;
    config.experts_of_all = true;
    begin(&config, 0);
    return 0;
}

static int set_up_two_kinds(void **state) {
    struct crux_fused_decoder config;
    (void)state;
    engine_fixture_two_kinds(&config, 64);
    config.window = 3;
    begin(&config, 1 << 16);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    engine_fixture_free(&fixture);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_experts, set_up_experts, tear_down),
        cmocka_unit_test_setup_teardown(test_two_kinds_of_blocks, set_up_two_kinds, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
