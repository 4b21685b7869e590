/* Archives that the engine computed against those of the interpreter: the same claim, the same trees, honest or not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <malloc.h>
#include <string.h>

#include "executor/engine/archive_again.h"
#include "tests/executor/engine/engine_fixture.h"

enum {
    CONTEXT = 18,
    LONG_CONTEXT = 2 * CRUX_ENGINE_ROWS + 22,
    CASES = CRUX_SANITIZED ? 4 : 12,
    LIES = 6
};

struct flip {
    uint32_t op;
    uint64_t element;
};

/* Another value of the declared range, and the same one each time. */
static void flip(void *ctx, struct crux_step *step, uint32_t op) {
    const struct flip *flip = ctx;
    const struct crux_step_tensor *tensor = &step->tensors[op];
    const struct crux_op *d = &step->program->ops[step->program->layers[step->layer].first + op].op;
    if (op != flip->op || tensor->elements == 0) return;
    uint64_t element = flip->element % tensor->elements;
    int64_t v = crux_step_value(step, op, element);
    crux_dtype_put(tensor->bytes + element * tensor->element_bytes, tensor->dtype,
                   v == d->hi ? d->lo : d->hi);
}

static void same_tree(struct crux_archive *a, struct crux_archive *b, struct crux_tree_id id) {
    const struct crux_merkle_tree *left, *right;
    uint8_t root_a[32], root_b[32];
    assert_int_equal(crux_archive_tree(a, &id, &left), CRUX_OK);
    crux_merkle_tree_root(root_a, left);
    assert_int_equal(crux_archive_tree(b, &id, &right), CRUX_OK);
    crux_merkle_tree_root(root_b, right);
    assert_memory_equal(root_a, root_b, 32);
}

static void same_archives(struct crux_archive *a, struct crux_archive *b, uint32_t pos,
                          uint32_t layer) {
    uint8_t claim_a[CRUX_CLAIM_BYTES], claim_b[CRUX_CLAIM_BYTES];
    crux_claim_encode(claim_a, crux_archive_claim(a));
    crux_claim_encode(claim_b, crux_archive_claim(b));
    assert_memory_equal(claim_a, claim_b, sizeof claim_a);
    assert_int_equal(crux_archive_tokens(a)->positions, crux_archive_tokens(b)->positions);
    same_tree(a, b, (struct crux_tree_id){.kind = CRUX_TREE_TENSORS, .pos = pos, .layer = layer});
    same_tree(a, b, (struct crux_tree_id){.kind = CRUX_TREE_RECORD, .pos = pos, .layer = layer});
}

static struct crux_archive_request request_of(const struct engine_fixture *f) {
    return (struct crux_archive_request){.fields = f->request.fields, .tokens = f->tokens};
}

static void check(const struct engine_fixture *f, struct crux_engine_model *model,
                  const struct crux_lie *lie, uint32_t pos, uint32_t layer) {
    struct crux_archive_request request = request_of(f);
    struct crux_archive *slow, *fast;
    assert_int_equal(crux_archive_run(&slow, &f->model, &request, lie), CRUX_OK);
    assert_int_equal(crux_archive_run_fast(&fast, &f->model, model, 2, &request, lie), CRUX_OK);
    if (pos >= crux_archive_tokens(slow)->positions) pos = 0, layer = 0;
    same_archives(slow, fast, pos, layer);
    crux_archive_free(slow);
    crux_archive_free(fast);
}

/* ---- tokens known beforehand ---- */

static bool count_down(void *ctx) {
    uint32_t *left = ctx;
    return (*left)-- > 0;
}

/* Other tokens than the run's, fewer or more of them. */
static void refuse_others(const struct engine_fixture *f, struct crux_engine_model *model,
                          struct crux_random *random) {
    const struct crux_run *run = crux_archive_tokens(f->archive);
    struct crux_archive_request request = request_of(f);
    struct crux_archive *archive;
    uint32_t other[LONG_CONTEXT + 1];
    for (unsigned i = 0; i < 4; i++) {
        struct crux_archive_again again = {.output = other, .output_tokens = run->chosen};
        memcpy(other, run->tokens, run->chosen * sizeof *other);
        other[run->chosen] = 0;
        switch (i) {
        case 0: other[crux_random_below(random, run->chosen)] ^= 1; break;
        case 1: again.output_tokens--; break;
        case 2: again.output_tokens++; break;
        case 3: again.output_tokens = UINT32_MAX; break;
        }
        assert_int_equal(crux_archive_run_again(&archive, &f->model, model, 1, &request, &again),
                         CRUX_E_CLAIM_MISMATCH);
        assert_null(archive);
    }
}

/* The same archive whether the tokens are known or not, in as many bytes as were said. */
static void test_again(void **state) {
    struct crux_random random = {.state = 32};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct engine_fixture f;
        struct engine_pair pair;
        struct crux_fused_decoder config;
        struct crux_archive *again_archive;
        uint32_t none = 0;
        /* some runs are longer than a step has rows */
        uint32_t context = i % 4 == 0 ? LONG_CONTEXT : CONTEXT;
        engine_fixture_random_config(&config, &random, context);
        engine_fixture_init(&f, &config, &random);
        engine_fixture_ask(&f, &random, (uint32_t)crux_random_between(&random, 1, CONTEXT), context,
                           0);
        engine_pair_open(&pair, &f, NULL, NULL);
        const struct crux_run *run = crux_archive_tokens(f.archive);
        struct crux_archive_request request = request_of(&f);
        struct crux_archive_again again = {.output = run->tokens, .output_tokens = run->chosen};
        assert_int_equal(
            crux_archive_run_again(&again_archive, &f.model, pair.model, 2, &request, &again),
            CRUX_OK);
        same_archives(f.archive, again_archive, run->positions - 1, 0);
        crux_archive_free(again_archive);
        refuse_others(&f, pair.model, &random);
        again.go_on = count_down;
        again.ctx = &none;
        assert_int_equal(
            crux_archive_run_again(&again_archive, &f.model, pair.model, 2, &request, &again),
            CRUX_E_STOPPING);
        assert_null(again_archive);
        engine_pair_close(&pair);
        engine_fixture_free(&f);
    }
}

static size_t memory_in_use(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Where the allocator tells: what an archive takes is no more than was said, and not a small part of it. */
static void test_bytes(void **state) {
    struct crux_random random = {.state = 33};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct engine_fixture f;
        struct engine_pair pair;
        struct crux_fused_decoder config;
        struct crux_archive *archive;
        engine_fixture_random_config(&config, &random, CONTEXT);
        engine_fixture_init(&f, &config, &random);
        engine_fixture_ask(&f, &random, (uint32_t)crux_random_between(&random, 1, CONTEXT), CONTEXT,
                           0);
        engine_pair_open(&pair, &f, NULL, NULL);
        struct crux_archive_request request = request_of(&f);
        size_t before = memory_in_use();
        assert_int_equal(crux_archive_run_fast(&archive, &f.model, pair.model, 1, &request, NULL),
                         CRUX_OK);
        size_t took = memory_in_use() - before;
        const struct crux_run *run = crux_archive_tokens(archive);
        uint64_t said = crux_archive_bytes(&f.program, run->n, run->positions);
        assert_true(took <= said);
        assert_true(took == 0 || said < 4 * (uint64_t)took + (256 << 10));
        /* one position more takes more, and no number overflows */
        assert_true(crux_archive_bytes(&f.program, run->n, run->positions + 1) > said);
        assert_true(crux_archive_bytes(&f.program, 1, CRUX_CONTEXT_MAX) > said);
        crux_archive_free(archive);
        engine_pair_close(&pair);
        engine_fixture_free(&f);
    }
}

/* ---- lies ---- */

static void lie_at_random(const struct engine_fixture *f, struct crux_engine_model *model,
                          struct crux_random *random) {
    const struct crux_run *run = crux_archive_tokens(f->archive);
    struct flip what = {.element = crux_random_next(random)};
    struct crux_lie lie = {.ctx = &what, .computed = flip, .one_step = true};
    do {
        lie.pos = (uint32_t)crux_random_below(random, run->positions);
        lie.layer = (uint32_t)crux_random_below(random, f->program.header.layers);
    } while (!crux_layer_is_active(&f->program, lie.layer, lie.pos, run->n));
    what.op = (uint32_t)crux_random_below(random, f->program.layers[lie.layer].ops);
    check(f, model, &lie, lie.pos, lie.layer);
}

static void test_archives(void **state) {
    struct crux_random random = {.state = 31};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct engine_fixture f;
        struct engine_pair pair;
        struct crux_fused_decoder config;
        engine_fixture_random_config(&config, &random, CONTEXT);
        engine_fixture_init(&f, &config, &random);
        engine_fixture_ask(&f, &random, (uint32_t)crux_random_between(&random, 1, CONTEXT), CONTEXT,
                           0);
        engine_pair_open(&pair, &f, NULL, NULL);
        check(&f, pair.model, NULL, 0, 0);
        for (unsigned k = 0; k < LIES; k++) lie_at_random(&f, pair.model, &random);
        engine_pair_close(&pair);
        engine_fixture_free(&f);
    }
}

/* Weights that are not the model's: both engines compute with them, and commit the model's own root. */
static void test_other_weights(void **state) {
    struct crux_random random = {.state = 5};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    struct engine_pair pair;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    engine_fixture_init(&f, &config, &random);
    engine_fixture_ask(&f, &random, 9, 6, 0);
    struct crux_model_memory other = f.memory;
    struct crux_model_bytes tensors[256];
    assert_true(f.memory.count <= CRUX_ARRAY_LEN(tensors));
    memcpy(tensors, f.memory.tensors, f.memory.count * sizeof *tensors);
    other.tensors = tensors;
    unsigned changed = 0;
    for (uint32_t i = 0; i < f.memory.count; i++) {
        if (strcmp(f.program.tensors[i].name, "b0.up") != 0) continue;
        changed++;
        tensors[i].bytes = test_malloc(tensors[i].len);
        memcpy(tensors[i].bytes, f.memory.tensors[i].bytes, tensors[i].len);
        tensors[i].bytes[tensors[i].len / 2] ^= 0x10;
        const struct crux_engine_source source = {
            .config = &f.config, .program = &f.program, .memory = &other};
        const struct crux_lie lie = {.memory = &other};
        struct crux_engine_model *model;
        assert_int_equal(crux_engine_model_open(&model, &source, NULL, NULL), CRUX_OK);
        check(&f, model, &lie, 0, 0);
        crux_engine_model_close(model);
        struct crux_archive *liar;
        struct crux_archive_request request = request_of(&f);
        assert_int_equal(crux_archive_run(&liar, &f.model, &request, &lie), CRUX_OK);
        assert_memory_not_equal(crux_archive_claim(liar)->trace_root,
                                crux_archive_claim(f.archive)->trace_root, 32);
        assert_memory_equal(crux_archive_claim(liar)->model_root,
                            crux_archive_claim(f.archive)->model_root, 32);
        crux_archive_free(liar);
        test_free(tensors[i].bytes);
    }
    assert_int_equal(changed, 1);
    engine_pair_open(&pair, &f, NULL, NULL);
    check(&f, pair.model, NULL, 3, 1);
    engine_pair_close(&pair);
    engine_fixture_free(&f);
}

static void test_refusals(void **state) {
    struct crux_random random = {.state = 6};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    struct engine_pair pair;
    struct flip what = {0, 0};
    const struct crux_lie everywhere = {.ctx = &what, .computed = flip};
    struct crux_archive *archive;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    engine_fixture_init(&f, &config, &random);
    engine_fixture_ask(&f, &random, 4, 3, 0);
    engine_pair_open(&pair, &f, NULL, NULL);
    struct crux_archive_request request = request_of(&f);
    assert_int_equal(
        crux_archive_run_fast(&archive, &f.model, pair.model, 1, &request, &everywhere),
        CRUX_E_USAGE);
    assert_null(archive);
    request.fields.request_tokens = 0;
    assert_int_not_equal(crux_archive_run_fast(&archive, &f.model, pair.model, 1, &request, NULL),
                         CRUX_OK);
    assert_null(archive);
    engine_pair_close(&pair);
    engine_fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archives), cmocka_unit_test(test_again), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_other_weights), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
