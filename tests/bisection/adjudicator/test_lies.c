/* Lies that are not one wrong sum: each is planted before the executor commits, and each is found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tests/support/claimed_run.h"

static uint8_t witness[CRUX_WITNESS_BYTES_MAX];

static enum crux_finding find(struct claimed_run *run, struct crux_element_id *id) {
    size_t witness_bytes;
    enum crux_finding finding;
    assert_int_equal(claimed_run_try(run, id, witness, &witness_bytes, &finding), CRUX_OK);
    return finding;
}

/* ---- a step, an op and an element to lie about ---- */

struct spot {
    const struct crux_program *program;
    uint32_t pos, layer, op;
    int64_t value;
    bool hit;
};

static void set_value(void *ctx, struct crux_step *step, uint32_t op) {
    struct spot *spot = ctx;
    if (step->pos != spot->pos || step->layer != spot->layer || op != spot->op) return;
    crux_dtype_put(step->tensors[op].bytes, step->tensors[op].dtype, spot->value);
    spot->hit = true;
}

/* An op whose declared range is narrower than its dtype, and that a later op of the layer reads at its element 0. */
static bool find_narrow_op(const struct crux_program *program, struct spot *spot) {
    for (uint32_t l = 0; l < program->header.layers; l++) {
        for (uint32_t i = 0; i < program->layers[l].ops; i++) {
            const struct crux_op *op = &program->ops[program->layers[l].first + i].op;
            if (op->code == CRUX_STORE || op->hi >= crux_dtype_hi(op->dtype)) continue;
            *spot = (struct spot){program, CLAIMED_RUN_REQUEST_TOKENS, l, i, op->hi + 1, false};
            return true;
        }
    }
    return false;
}

static void test_value_outside_its_range(void **state) {
    (void)state;
    struct claimed_run honest, run;
    struct spot spot;
    claimed_run_init(&honest, NULL, NULL);
    assert_true(find_narrow_op(&honest.program, &spot));
    struct crux_lie lie = {.ctx = &spot, .computed = set_value};
    claimed_run_init(&run, &lie, NULL);
    assert_true(spot.hit);
    struct crux_element_id id = {
        .kind = CRUX_ELEMENT_VALUE, .pos = spot.pos, .layer = spot.layer, .op = spot.op};
    assert_int_equal(find(&run, &id), CRUX_INCONSISTENT);

    /* whatever reads the false value is false too, even if its own arithmetic is right */
    const struct crux_layer *layer = &run.program.layers[spot.layer];
    unsigned readers = 0;
    for (uint32_t i = spot.op + 1; i < layer->ops; i++) {
        const struct crux_op *op = &run.program.ops[layer->first + i].op;
        bool reads = false;
        for (unsigned slot = 0; slot < op->nin; slot++) {
            reads =
                reads || (op->in[slot].kind == CRUX_KIND_STEP && op->in[slot].tensor == spot.op);
        }
        if (!reads) continue;
        struct crux_element_id reader = {
            .kind = CRUX_ELEMENT_VALUE, .pos = spot.pos, .layer = spot.layer, .op = i};
        readers += find(&run, &reader) == CRUX_INCONSISTENT;
    }
    assert_true(readers > 0);
    claimed_run_free(&run);
    claimed_run_free(&honest);
}

/* A wrong value from which the run goes on honestly: exactly one element is false. */
static void test_one_wrong_element_and_all_else_right(void **state) {
    (void)state;
    struct claimed_run honest;
    claimed_run_init(&honest, NULL, NULL);
    for (uint32_t l = 0; l < honest.program.header.layers; l++) {
        const struct crux_layer *layer = &honest.program.layers[l];
        for (uint32_t i = 0; i < layer->ops; i++) {
            const struct crux_op *op = &honest.program.ops[layer->first + i].op;
            struct claimed_run run;
            struct spot spot = {&honest.program, CLAIMED_RUN_REQUEST_TOKENS, l, i, 0, false};
            struct crux_element_id id = {
                .kind = CRUX_ELEMENT_VALUE, .pos = spot.pos, .layer = l, .op = i};
            const struct crux_step *step;
            if (op->lo == op->hi) continue;
            assert_int_equal(crux_archive_step(honest.archive, spot.pos, l, &step), CRUX_OK);
            if (step->tensors[i].elements == 0) continue;
            int64_t right = crux_step_value(step, i, 0);
            spot.value = right == op->lo ? right + 1 : right - 1;
            struct crux_lie lie = {.ctx = &spot, .computed = set_value};
            claimed_run_init(&run, &lie, NULL);
            assert_int_equal(find(&run, &id), CRUX_INCONSISTENT);
            /* every other op's first element, here and in the steps around, follows from what was committed */
            for (uint32_t m = 0; m < honest.program.header.layers; m++) {
                for (uint32_t j = 0; j < honest.program.layers[m].ops; j++) {
                    struct crux_element_id other = {
                        .kind = CRUX_ELEMENT_VALUE, .pos = spot.pos, .layer = m, .op = j};
                    if (m == l && j == i) continue;
                    assert_int_equal(crux_archive_step(run.archive, spot.pos, m, &step), CRUX_OK);
                    if (step->tensors[j].elements == 0) continue;
                    assert_int_equal(find(&run, &other), CRUX_CONSISTENT);
                }
            }
            claimed_run_free(&run);
        }
    }
    claimed_run_free(&honest);
}

/* ---- padding ---- */

struct dirty {
    const struct crux_program *program;
    uint8_t kind;
    struct crux_tree_id id;
    uint64_t leaf;
    bool hit;
};

/* The first page of the wanted kind of tree that has padding. */
static void dirty_padding(void *ctx, const struct crux_tree_id *id, uint64_t leaf, uint8_t *bytes,
                          uint32_t length) {
    struct dirty *dirty = ctx;
    struct crux_layout layout;
    uint32_t extent[CRUX_DIMS_MAX];
    if (id->kind != dirty->kind) return;
    if (dirty->hit && (id->pos != dirty->id.pos || id->layer != dirty->id.layer ||
                       id->number != dirty->id.number || leaf != dirty->leaf)) {
        return;
    }
    const struct crux_layer *layer = &dirty->program->layers[id->layer];
    uint32_t number =
        id->kind == CRUX_TREE_STORE ? layer->ops - layer->stores + id->number : id->number;
    const struct crux_op *op = &dirty->program->ops[layer->first + number].op;
    for (unsigned i = 0; i < op->ndim; i++) {
        extent[i] = crux_dim_value(&op->dim[i], id->pos, CLAIMED_RUN_REQUEST_TOKENS);
    }
    if (id->kind == CRUX_TREE_STORE)
        crux_layout_record(&layout, op->dtype, op->ndim, extent);
    else
        crux_layout_step(&layout, op->dtype, op->ndim, op->dim, extent);
    for (uint32_t i = 0; i < length; i++) {
        if (!crux_layout_is_padding(&layout, leaf * layout.page_bytes + i)) continue;
        bytes[i] = 1;
        dirty->id = *id;
        dirty->leaf = leaf;
        dirty->hit = true;
        return;
    }
}

static void padding_lie(uint8_t kind, uint32_t pos, uint32_t layer) {
    struct claimed_run honest, run;
    claimed_run_init(&honest, NULL, NULL);
    struct dirty dirty = {.program = &honest.program, .kind = kind};
    struct crux_lie lie = {.ctx = &dirty, .page = dirty_padding};
    const struct crux_merkle_tree *tree;
    struct crux_tree_id any = {CRUX_TREE_TENSORS, pos, layer, 0};
    claimed_run_init(&run, &lie, NULL);
    assert_int_equal(crux_archive_tree(run.archive, &any, &tree), CRUX_OK); /* opens the step */
    assert_true(dirty.hit);
    const struct crux_layer *l = &run.program.layers[dirty.id.layer];
    uint32_t op = kind == CRUX_TREE_STORE ? l->ops - l->stores + dirty.id.number : dirty.id.number;
    struct crux_element_id id = {.kind = CRUX_ELEMENT_PADDING,
                                 .pos = dirty.id.pos,
                                 .layer = dirty.id.layer,
                                 .op = op,
                                 .index = dirty.leaf};
    assert_int_equal(find(&run, &id), CRUX_INCONSISTENT);
    assert_int_equal(find(&honest, &id), CRUX_CONSISTENT);
    claimed_run_free(&run);
    claimed_run_free(&honest);
}

static void test_padding_of_a_step_tensor(void **state) {
    (void)state;
    padding_lie(CRUX_TREE_TENSOR, 4, 0);
}

static void test_padding_of_a_record(void **state) {
    (void)state;
    padding_lie(CRUX_TREE_STORE, 4, 0);
}

/* ---- the trace ---- */

static void junk_leaf(void *ctx, uint64_t leaf, uint8_t hash[32]) {
    if (leaf == *(uint64_t *)ctx) memset(hash, 0x5a, 32);
}

static void test_junk_in_a_null_leaf(void **state) {
    (void)state;
    struct claimed_run run;
    claimed_run_init(&run, NULL, NULL);
    uint32_t layers = run.program.header.layers;
    claimed_run_free(&run);
    uint64_t leaf = layers - 1; /* the head at position 0 */
    struct crux_lie lie = {.ctx = &leaf, .trace_leaf = junk_leaf};
    claimed_run_init(&run, &lie, NULL);
    struct crux_element_id id = {.kind = CRUX_ELEMENT_NULL, .pos = 0, .layer = layers - 1};
    assert_int_equal(find(&run, &id), CRUX_INCONSISTENT);
    id = (struct crux_element_id){.kind = CRUX_ELEMENT_NULL, .pos = 1, .layer = layers - 1};
    assert_int_equal(find(&run, &id), CRUX_CONSISTENT);
    claimed_run_free(&run);
}

static void test_wrong_close(void **state) {
    (void)state;
    struct claimed_run run;
    claimed_run_init(&run, NULL, NULL);
    struct crux_element_id id = {.kind = CRUX_ELEMENT_CLOSE};
    assert_int_equal(find(&run, &id), CRUX_CONSISTENT);
    id.leaf_hash[31] ^= 1;
    enum crux_finding finding;
    uint8_t bytes[2] = {CRUX_WITNESS_VERSION, CRUX_ELEMENT_CLOSE};
    assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, &id, bytes, sizeof bytes),
                     CRUX_OK);
    assert_int_equal(finding, CRUX_INCONSISTENT);
    claimed_run_free(&run);
}

/* ---- the claim ---- */

static void more_request_tokens(void *ctx, struct crux_claim *claim) {
    (void)ctx;
    claim->request_tokens++;
}

static void test_wrong_p(void **state) {
    (void)state;
    struct claimed_run run;
    struct crux_lie lie = {.claim = more_request_tokens};
    claimed_run_init(&run, &lie, NULL);
    struct crux_element_id id = {.kind = CRUX_ELEMENT_COUNT};
    assert_int_equal(find(&run, &id), CRUX_INCONSISTENT);
    claimed_run_free(&run);
}

static void change_output(void *ctx, uint32_t *tokens, uint32_t count) {
    (void)ctx;
    assert_true(count > 2);
    tokens[2] = tokens[2] == 0 ? 1 : 0;
}

static void test_output_that_differs_from_the_tokens(void **state) {
    (void)state;
    struct claimed_run run;
    struct crux_lie lie = {.output = change_output};
    claimed_run_init(&run, &lie, NULL);
    for (uint32_t i = 0; i < run.evidence.claim->chosen_tokens; i++) {
        struct crux_element_id id = {.kind = CRUX_ELEMENT_OUTPUT, .index = i};
        assert_int_equal(find(&run, &id), i == 2 ? CRUX_INCONSISTENT : CRUX_CONSISTENT);
    }
    claimed_run_free(&run);
}

static enum crux_finding done_at(struct claimed_run *run, uint32_t index) {
    struct crux_element_id id = {.kind = CRUX_ELEMENT_DONE, .index = index};
    return find(run, &id);
}

static void stop_early(struct crux_archive_request *request) {
    request->stop_early = request->fields.limit - 2;
}
static void stop_late(struct crux_archive_request *request) {
    request->stop_early = request->fields.limit + 2;
}

static void test_early_stop(void **state) {
    (void)state;
    struct claimed_run run;
    claimed_run_init(&run, NULL, stop_early);
    uint32_t last = run.evidence.claim->chosen_tokens - 1;
    assert_int_equal(last, CLAIMED_RUN_LIMIT - 3);
    assert_int_equal(done_at(&run, last), CRUX_INCONSISTENT);
    assert_int_equal(done_at(&run, last - 1), CRUX_CONSISTENT);
    claimed_run_free(&run);
}

static void test_running_past_the_limit(void **state) {
    (void)state;
    struct claimed_run run;
    claimed_run_init(&run, NULL, stop_late);
    assert_int_equal(done_at(&run, CLAIMED_RUN_LIMIT - 1), CRUX_INCONSISTENT);
    assert_int_equal(done_at(&run, CLAIMED_RUN_LIMIT - 2), CRUX_CONSISTENT);
    claimed_run_free(&run);
}

static uint32_t stop_token;

static void stop_ignored(struct crux_archive_request *request) {
    request->fields.stop_count = 1;
    request->fields.stop[0] = stop_token;
    request->ignore_stops = true;
}

static void stop_obeyed(struct crux_archive_request *request) {
    stop_ignored(request);
    request->ignore_stops = false;
}

static void test_running_past_the_stop_token(void **state) {
    (void)state;
    struct claimed_run run;
    claimed_run_init(&run, NULL, NULL);
    stop_token = crux_archive_tokens(run.archive)->tokens[1];
    bool first_already = crux_archive_tokens(run.archive)->tokens[0] == stop_token;
    claimed_run_free(&run);
    claimed_run_init(&run, NULL, stop_ignored);
    assert_int_equal(done_at(&run, first_already ? 0 : 1), CRUX_INCONSISTENT);
    claimed_run_free(&run);
    claimed_run_init(&run, NULL, stop_obeyed);
    uint32_t count = run.evidence.claim->chosen_tokens;
    assert_int_equal(count, first_already ? 1 : 2);
    for (uint32_t i = 0; i < count; i++) assert_int_equal(done_at(&run, i), CRUX_CONSISTENT);
    claimed_run_free(&run);
}

static void cancel(struct crux_archive_request *request) {
    request->cancelled = 3;
}

static void forge_cancel(void *ctx, struct crux_claim *claim) {
    (void)ctx;
    claim->cancelled = 0;
}

static void test_cancellation(void **state) {
    (void)state;
    struct claimed_run run;
    struct crux_lie lie = {.claim = forge_cancel};
    claimed_run_init(&run, NULL, cancel);
    assert_int_equal(run.evidence.claim->chosen_tokens, 3);
    for (uint32_t i = 0; i < 3; i++) assert_int_equal(done_at(&run, i), CRUX_CONSISTENT);
    claimed_run_free(&run);
    claimed_run_init(&run, &lie, cancel); /* stopped, but no signed cancellation to show */
    assert_int_equal(done_at(&run, 2), CRUX_INCONSISTENT);
    claimed_run_free(&run);
}

/* ---- witnesses for something else ---- */

static void test_descriptor_of_another_place(void **state) {
    (void)state;
    struct claimed_run run;
    size_t witness_bytes;
    enum crux_finding finding;
    claimed_run_init(&run, NULL, NULL);
    struct crux_element_id id = {.kind = CRUX_ELEMENT_VALUE, .pos = 3};
    assert_int_equal(claimed_run_try(&run, &id, witness, &witness_bytes, &finding), CRUX_OK);
    struct crux_element_id moved = id;
    moved.layer = 1;
    assert_int_not_equal(
        crux_adjudicate(&finding, run.evidence.claim, &moved, witness, witness_bytes), CRUX_OK);
    moved = id;
    moved.op = 1;
    assert_int_not_equal(
        crux_adjudicate(&finding, run.evidence.claim, &moved, witness, witness_bytes), CRUX_OK);
    moved = id;
    moved.layer = run.program.header.layers; /* beyond the model: bits above the depth */
    assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, &moved, witness, witness_bytes),
                     CRUX_E_STEP_OUTSIDE);
    moved = id;
    moved.op |= UINT32_C(1) << 31;
    assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, &moved, witness, witness_bytes),
                     CRUX_E_ELEMENT_OUTSIDE);
    moved = id;
    moved.index |= UINT64_C(1) << 63;
    assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, &moved, witness, witness_bytes),
                     CRUX_E_ELEMENT_OUTSIDE);
    moved = id;
    moved.pos = crux_claim_positions(run.evidence.claim);
    assert_int_equal(crux_adjudicate(&finding, run.evidence.claim, &moved, witness, witness_bytes),
                     CRUX_E_STEP_OUTSIDE);
    claimed_run_free(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_outside_its_range),
        cmocka_unit_test(test_one_wrong_element_and_all_else_right),
        cmocka_unit_test(test_padding_of_a_step_tensor),
        cmocka_unit_test(test_padding_of_a_record),
        cmocka_unit_test(test_junk_in_a_null_leaf),
        cmocka_unit_test(test_wrong_close),
        cmocka_unit_test(test_wrong_p),
        cmocka_unit_test(test_output_that_differs_from_the_tokens),
        cmocka_unit_test(test_early_stop),
        cmocka_unit_test(test_running_past_the_limit),
        cmocka_unit_test(test_running_past_the_stop_token),
        cmocka_unit_test(test_cancellation),
        cmocka_unit_test(test_descriptor_of_another_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
