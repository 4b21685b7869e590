/* Whole runs of the toy program: determinism, ranges, records, and when a run ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kernels/base/sha256.h"
#include "kernels/ops/dim.h"
#include "tests/support/toy_program.h"

struct digest {
    struct crux_sha256_ctx ctx;
    uint32_t steps;
    uint64_t elements;
};

static void check_tensor(const struct crux_step *step, uint32_t op) {
    const struct crux_op *law =
        &step->program->ops[step->program->layers[step->layer].first + op].op;
    const struct crux_step_tensor *tensor = &step->tensors[op];
    uint64_t elements = 1;
    assert_int_equal(tensor->dtype, law->dtype);
    assert_int_equal(tensor->ndim, law->ndim);
    for (unsigned i = 0; i < law->ndim; i++) {
        assert_int_equal(tensor->extent[i], crux_dim_value(&law->dim[i], step->pos, step->n));
        elements *= tensor->extent[i];
    }
    assert_int_equal(tensor->elements, elements);
    for (uint64_t i = 0; i < elements; i++) {
        int64_t v = crux_step_value(step, op, i);
        assert_true(v >= law->lo && v <= law->hi);
    }
}

static enum crux_status digest_step(void *ctx, const struct crux_step *step) {
    struct digest *digest = ctx;
    digest->steps++;
    assert_int_equal(step->count, step->program->layers[step->layer].ops);
    for (uint32_t i = 0; i < step->count; i++) {
        const struct crux_step_tensor *tensor = &step->tensors[i];
        check_tensor(step, i);
        crux_sha256_update(&digest->ctx, tensor->bytes,
                           (size_t)(tensor->elements * tensor->element_bytes));
        digest->elements += tensor->elements;
    }
    return CRUX_OK;
}

static void run_digest(uint8_t out[32], uint64_t seed, struct crux_run *run, struct crux_toy *toy) {
    struct digest digest = {.steps = 0};
    const struct crux_run_hook hook = {.ctx = &digest, .step = digest_step};
    crux_sha256_init(&digest.ctx);
    assert_int_equal(crux_toy_init(toy, seed), CRUX_OK);
    assert_int_equal(crux_run_all(run, &toy->program, &toy->model, &toy->request, &hook), CRUX_OK);
    crux_sha256_final(&digest.ctx, out);
    assert_int_equal(run->chosen, 6);
    assert_int_equal(run->positions, CRUX_TOY_PROMPT + 6 - 1);
    assert_int_equal(digest.steps, 8 * 2 + 6); /* the head works from position P-1 */
    assert_true(digest.elements > 8 * 700);
}

static void is_deterministic_and_in_range(void **state) {
    uint8_t a[32], b[32], other[32];
    struct crux_toy toy;
    struct crux_run run;
    uint32_t tokens[6];
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        run_digest(a, seed, &run, &toy);
        memcpy(tokens, run.tokens, sizeof tokens);
        crux_run_free(&run);
        crux_toy_free(&toy);
        run_digest(b, seed, &run, &toy);
        assert_memory_equal(a, b, 32);
        assert_memory_equal(tokens, run.tokens, sizeof tokens);
        crux_run_free(&run);
        crux_toy_free(&toy);
        run_digest(other, seed + 1000, &run, &toy);
        assert_memory_not_equal(a, other, 32);
        crux_run_free(&run);
        crux_toy_free(&toy);
    }
}

/* The same numbers on every machine. Changes with the toy program, and with nothing else. */
static void has_a_known_answer(void **state) {
    static const uint32_t expected[6] = {2, 5, 2, 10, 3, 4};
    uint8_t hash[32];
    struct crux_toy toy;
    struct crux_run run;
    (void)state;
    run_digest(hash, 1, &run, &toy);
    assert_memory_equal(run.tokens, expected, sizeof expected);
    crux_run_free(&run);
    crux_toy_free(&toy);
}

/* Records are the STOREs; a step made again from them is the same; inactive steps have none. */
static void records_make_the_step_again(void **state) {
    struct crux_toy toy;
    struct crux_run run;
    uint8_t hash[32];
    unsigned inactive = 0;
    (void)state;
    run_digest(hash, 3, &run, &toy);
    struct digest again = {.steps = 0};
    crux_sha256_init(&again.ctx);
    for (uint32_t pos = 0; pos < run.positions; pos++) {
        for (uint32_t layer = 0; layer < CRUX_TOY_LAYERS; layer++) {
            struct crux_step step;
            enum crux_status status =
                crux_run_step(&step, &run, &toy.model, &toy.request, NULL, pos, layer);
            bool active = layer < 2 || pos + 1 >= CRUX_TOY_PROMPT;
            assert_int_equal(status, active ? CRUX_OK : CRUX_E_STEP_INACTIVE);
            for (uint32_t i = 0; i < toy.program.layers[layer].stores; i++) {
                const struct crux_run_record *record = crux_run_record_at(&run, pos, layer, i);
                if (!active) {
                    assert_null(record);
                    inactive++;
                    continue;
                }
                const struct crux_step_tensor *tensor = crux_step_store(&step, i);
                assert_int_equal(record->elements, tensor->elements);
                assert_memory_equal(record->bytes, tensor->bytes,
                                    (size_t)(tensor->elements * tensor->element_bytes));
                assert_true(crux_run_value(&run, pos, layer, i, 0) ==
                            crux_step_value(&step, step.count - step.stores + i, 0));
            }
            if (active) assert_int_equal(digest_step(&again, &step), CRUX_OK);
            crux_step_free(&step);
        }
    }
    assert_int_equal(inactive, 2 * toy.program.layers[2].stores);
    uint8_t hash_again[32];
    crux_sha256_final(&again.ctx, hash_again);
    assert_memory_equal(hash, hash_again, 32);
    struct crux_step beyond;
    assert_int_equal(crux_run_step(&beyond, &run, &toy.model, &toy.request, NULL, run.positions, 0),
                     CRUX_E_STEP_OUTSIDE);
    crux_step_free(&beyond);
    crux_run_free(&run);
    crux_toy_free(&toy);
}

static uint32_t chosen_with(struct crux_toy *toy, uint32_t *tokens) {
    struct crux_run run;
    assert_int_equal(crux_run_all(&run, &toy->program, &toy->model, &toy->request, NULL), CRUX_OK);
    uint32_t chosen = run.chosen;
    assert_int_equal(run.positions, toy->request.n + chosen - 1);
    for (uint32_t i = 0; i < chosen; i++)
        assert_int_equal(crux_run_is_done(&toy->program, &toy->request, i, run.tokens[i]),
                         i + 1 == chosen);
    if (tokens != NULL) memcpy(tokens, run.tokens, chosen * sizeof *tokens);
    crux_run_free(&run);
    return chosen;
}

static void ends_as_asked(void **state) {
    uint32_t free_run[CRUX_TOY_CONTEXT], tokens[CRUX_TOY_CONTEXT];
    struct crux_toy toy;
    (void)state;
    assert_int_equal(crux_toy_init(&toy, 5), CRUX_OK);
    toy.request.limit = UINT32_MAX;
    assert_int_equal(chosen_with(&toy, free_run),
                     CRUX_TOY_CONTEXT - CRUX_TOY_PROMPT + 1); /* the context is full */
    for (uint32_t limit = 1; limit <= 14; limit++) {
        toy.request.limit = limit;
        assert_int_equal(chosen_with(&toy, tokens), limit);
        assert_memory_equal(tokens, free_run, limit * sizeof *tokens);
    }
    toy.request.limit = UINT32_MAX;
    toy.request.cancelled = 4;
    assert_int_equal(chosen_with(&toy, NULL), 4);
    toy.request.cancelled = 0;
    for (uint32_t stop = 0; stop < CRUX_TOY_VOCAB; stop++) {
        uint32_t first = 0;
        while (first < 14 && free_run[first] != stop) first++;
        toy.request.stop_count = 2;
        toy.request.stop[0] = stop;
        toy.request.stop[1] = CRUX_TOY_VOCAB + 5;
        assert_int_equal(chosen_with(&toy, NULL), first == 14 ? 14 : first + 1);
    }
    crux_toy_free(&toy);
}

/* Greedy and sampled, one request token and a full context of them. */
static void serves_odd_requests(void **state) {
    static uint32_t full[CRUX_TOY_CONTEXT + 1];
    struct crux_toy toy;
    struct crux_run run;
    uint32_t sampled[6], greedy[6], other[6], differ = 0;
    (void)state;
    assert_int_equal(crux_toy_init(&toy, 6), CRUX_OK);
    for (uint32_t i = 0; i < 20; i++) {
        toy.request.params[0] = 700;
        toy.request.sample = i;
        assert_int_equal(chosen_with(&toy, sampled), 6);
        toy.request.params[0] = -1; /* clamped to 0, below P */
        assert_int_equal(chosen_with(&toy, greedy), 6);
        if (i > 0) assert_memory_equal(greedy, other, sizeof greedy);
        memcpy(other, greedy, sizeof greedy);
        if (memcmp(greedy, sampled, sizeof greedy) != 0) differ++;
    }
    assert_true(differ > 10);
    toy.request.n = 1;
    assert_int_equal(chosen_with(&toy, NULL), 6);
    toy.request.tokens = full;
    toy.request.n = CRUX_TOY_CONTEXT;
    assert_int_equal(chosen_with(&toy, NULL), 1);
    toy.request.n = CRUX_TOY_CONTEXT + 1;
    assert_int_equal(crux_run_all(&run, &toy.program, &toy.model, &toy.request, NULL),
                     CRUX_E_REQUEST_INVALID);
    crux_run_free(&run);
    toy.request.n = 0;
    assert_int_equal(crux_run_all(&run, &toy.program, &toy.model, &toy.request, NULL),
                     CRUX_E_REQUEST_INVALID);
    crux_run_free(&run);
    toy.request.n = 1;
    toy.request.limit = 0;
    assert_int_equal(crux_run_all(&run, &toy.program, &toy.model, &toy.request, NULL),
                     CRUX_E_REQUEST_INVALID);
    crux_run_free(&run);
    toy.request.limit = 1;
    toy.request.stop_count = CRUX_STOPS_MAX + 1;
    assert_int_equal(crux_run_all(&run, &toy.program, &toy.model, &toy.request, NULL),
                     CRUX_E_REQUEST_INVALID);
    crux_run_free(&run);
    crux_toy_free(&toy);
}

static enum crux_status fail_at_third(void *ctx, const struct crux_step *step) {
    (void)step;
    return ++*(uint32_t *)ctx == 3 ? CRUX_E_IO : CRUX_OK;
}

static void failures_end_the_run(void **state) {
    struct crux_toy toy;
    struct crux_run run;
    uint32_t steps = 0;
    const struct crux_run_hook hook = {.ctx = &steps, .step = fail_at_third};
    (void)state;
    assert_int_equal(crux_toy_init(&toy, 7), CRUX_OK);
    assert_int_equal(crux_run_all(&run, &toy.program, &toy.model, &toy.request, &hook), CRUX_E_IO);
    assert_int_equal(steps, 3);
    crux_run_free(&run);
    toy.model.tensors[0].len--;
    assert_int_equal(crux_run_all(&run, &toy.program, &toy.model, &toy.request, NULL),
                     CRUX_E_BAD_LAYOUT);
    crux_run_free(&run);
    crux_toy_free(&toy);
}

/* ---- a step that is known in part ---- */

static void raise_first(void *ctx, struct crux_step *step, uint32_t op) {
    const struct crux_step_tensor *tensor = &step->tensors[op];
    if (op != *(const uint32_t *)ctx || tensor->elements == 0) return;
    tensor->bytes[0] ^= 1;
}

static uint64_t compare_steps(const struct crux_step *a, const struct crux_step *b,
                              const struct crux_step *honest) {
    uint64_t changed = 0;
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->stores, b->stores);
    for (uint32_t i = 0; i < a->count; i++) {
        size_t bytes = (size_t)(a->tensors[i].elements * a->tensors[i].element_bytes);
        assert_int_equal(a->tensors[i].elements, b->tensors[i].elements);
        if (bytes == 0) continue;
        assert_memory_equal(a->tensors[i].bytes, b->tensors[i].bytes, bytes);
        changed += memcmp(a->tensors[i].bytes, honest->tensors[i].bytes, bytes) != 0;
    }
    return changed;
}

static void like_another(void **state) {
    struct crux_toy toy;
    struct crux_run run;
    uint64_t steps = 0, changed = 0;
    (void)state;
    assert_int_equal(crux_toy_init(&toy, 3), CRUX_OK);
    assert_int_equal(crux_run_all(&run, &toy.program, &toy.model, &toy.request, NULL), CRUX_OK);
    for (uint32_t pos = 0; pos < run.positions; pos++) {
        for (uint32_t layer = 0; layer < CRUX_TOY_LAYERS; layer++) {
            struct crux_step honest, whole, part, same;
            uint32_t op;
            struct crux_run_hook plain = {.ctx = &op, .computed = raise_first}, like = plain;
            if (!crux_layer_is_active(&toy.program, layer, pos, run.n)) continue;
            assert_int_equal(
                crux_run_step(&honest, &run, &toy.model, &toy.request, NULL, pos, layer), CRUX_OK);
            for (op = 0; op < honest.count; op++) {
                like.like = &honest;
                assert_int_equal(
                    crux_run_step(&whole, &run, &toy.model, &toy.request, &plain, pos, layer),
                    CRUX_OK);
                assert_int_equal(
                    crux_run_step(&part, &run, &toy.model, &toy.request, &like, pos, layer),
                    CRUX_OK);
                changed += compare_steps(&whole, &part, &honest);
                /* like itself, with nothing changed */
                const struct crux_run_hook again = {.like = &part};
                assert_int_equal(
                    crux_run_step(&same, &run, &toy.model, &toy.request, &again, pos, layer),
                    CRUX_OK);
                crux_step_free(&same);
                crux_step_free(&part);
                crux_step_free(&whole);
                steps++;
            }
            crux_step_free(&honest);
        }
    }
    assert_true(changed > 2 * steps); /* the change, and what comes of it */
    crux_run_free(&run);
    crux_toy_free(&toy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_another),        cmocka_unit_test(is_deterministic_and_in_range),
        cmocka_unit_test(has_a_known_answer),  cmocka_unit_test(records_make_the_step_again),
        cmocka_unit_test(ends_as_asked),       cmocka_unit_test(serves_odd_requests),
        cmocka_unit_test(failures_end_the_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
