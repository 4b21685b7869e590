/* The certificate of the toy program against the witness of every element of a run, as the builder makes it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "kernels/certificate/certificate.h"
#include "tests/support/claimed_run.h"

enum { OPS_MAX = 200 };

static struct claimed_run run;
static struct crux_op_certificate ops[OPS_MAX];
static struct crux_certificate certificate = {.ops = ops};
static uint32_t longest[OPS_MAX];
static uint8_t witness[CRUX_WITNESS_BYTES_MAX];

static size_t build(struct crux_element_id *id) {
    size_t witness_bytes;
    enum crux_finding finding;
    assert_int_equal(claimed_run_try(&run, id, witness, &witness_bytes, &finding), CRUX_OK);
    assert_int_equal(finding, CRUX_CONSISTENT);
    return witness_bytes;
}

static void try_element(struct crux_element_id *id) {
    uint32_t op = run.program.layers[id->layer].first + id->op;
    size_t bytes = build(id);
    if (bytes > ops[op].witness_bytes) {
        fail_msg("position %u, layer %u, op %u (%s), kind %u, index %llu: %zu bytes, certified %u",
                 id->pos, id->layer, id->op, run.program.ops[op].label, id->kind,
                 (unsigned long long)id->index, bytes, ops[op].witness_bytes);
    }
    if (bytes > longest[op]) longest[op] = (uint32_t)bytes;
}

static void layout_of(struct crux_layout *layout, const struct crux_element_id *id) {
    const struct crux_layer *layer = &run.program.layers[id->layer];
    const struct crux_op *op = &run.program.ops[layer->first + id->op].op;
    struct crux_at at = {.pos = id->pos, .n = CLAIMED_RUN_REQUEST_TOKENS, .layer = id->layer};
    struct crux_bound_op bound;
    assert_int_equal(crux_op_bind(&bound, op, &at), CRUX_OK);
    if (op->code == CRUX_STORE)
        crux_layout_record(layout, op->dtype, op->ndim, bound.dim);
    else
        crux_layout_step(layout, op->dtype, op->ndim, op->dim, bound.dim);
}

static void try_op(struct crux_element_id *id) {
    struct crux_layout layout;
    layout_of(&layout, id);
    uint64_t count = layout.rows * layout.row_elements;
    id->kind = CRUX_ELEMENT_VALUE;
    for (id->index = 0; id->index < count; id->index++) try_element(id);
    id->kind = CRUX_ELEMENT_PADDING;
    for (id->index = 0; id->index < layout.pages; id->index++) try_element(id);
}

static void test_every_element(void **state) {
    struct crux_refusal refusal;
    unsigned exact = 0, close = 0;
    (void)state;
    assert_true(run.program.op_count <= OPS_MAX);
    if (crux_certify(&run.program, NULL, &certificate, &refusal) != CRUX_OK) {
        fail_msg("layer %u op %u (%s): %s", refusal.layer, refusal.op, refusal.label, refusal.what);
    }
    for (uint32_t pos = 0; pos < crux_claim_positions(run.evidence.claim); pos++) {
        for (uint32_t layer = 0; layer < run.program.header.layers; layer++) {
            if (!crux_layer_is_active(&run.program, layer, pos, CLAIMED_RUN_REQUEST_TOKENS))
                continue;
            for (uint32_t op = 0; op < run.program.layers[layer].ops; op++) {
                struct crux_element_id id = {.pos = pos, .layer = layer, .op = op};
                try_op(&id);
            }
        }
    }
    for (uint32_t i = 0; i < run.program.op_count; i++) {
        exact += longest[i] == ops[i].witness_bytes;
        close += longest[i] + 2 * 32 >= ops[i].witness_bytes;
    }
    printf("%u ops: the certified length is reached in %u, missed by at most two hashes in %u\n",
           run.program.op_count, exact, close);
    assert_true(2 * exact > run.program.op_count);
}

static void test_elements_of_no_op(void **state) {
    (void)state;
    for (unsigned kind = CRUX_ELEMENT_CLOSE; kind <= CRUX_ELEMENT_DONE; kind++) {
        struct crux_element_id id = {.kind = (uint8_t)kind};
        assert_true(build(&id) <= (size_t)certificate.witness_bytes.value);
    }
    struct crux_element_id id = {.kind = CRUX_ELEMENT_NULL, .layer = run.program.header.layers - 1};
    assert_true(build(&id) <= (size_t)certificate.witness_bytes.value);
}

static int setup(void **state) {
    (void)state;
    claimed_run_init(&run, NULL, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    claimed_run_free(&run);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_element),
                                       cmocka_unit_test(test_elements_of_no_op)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
