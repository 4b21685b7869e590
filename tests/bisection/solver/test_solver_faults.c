/* Every fault in every place, every k: the honest challenger fells the claim, with and without a served trace. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/game_table.h"

enum { EXECUTOR = 0, CHALLENGER = 1, MOVES_MAX = 400 };

static struct crux_solver_move step;

struct counts {
    struct table_model *model;
    const struct table_run *honest; /* by tokens chosen: limit-1, limit, limit+1 */
    uint32_t k;
    bool served;
    unsigned games, inside, most_moves, by_kind[FAULT_KINDS];
};

/* Lets the two solvers play a dispute to its end.  Returns: moves made. */
static unsigned play(struct table *table, const struct crux_claim_id *id, uint32_t dispute,
                     const struct crux_provider *executor, const struct crux_provider *challenger,
                     const struct crux_provider *served) {
    unsigned moves = 0;
    while (!table_get_claim(table, id).fallen &&
           table_get_dispute(table, id, dispute).stage < CRUX_STAGE_WON) {
        table->now += 10;
        assert_true(moves < MOVES_MAX);
        assert_int_equal(
            crux_solver_challenge(&step, &table->game, id, dispute, challenger, served, table->now),
            CRUX_OK);
        if (step.any) {
            assert_int_equal(table_move(table, CHALLENGER, &step.move), CRUX_OK);
            moves++;
            continue;
        }
        /* a liar that does what it can; errors of a trace that does not fit itself are silence */
        enum crux_status status =
            crux_solver_defend(&step, &table->game, id, dispute, executor, table->now);
        if (status == CRUX_OK && step.any && table_move(table, EXECUTOR, &step.move) == CRUX_OK)
            moves++;
        else
            table->now = table_get_dispute(table, id, dispute).since + 20000;
    }
    return moves;
}

/* A step that nobody has reason to dispute. */
static void open_step(const struct crux_claim_id *id, const struct crux_claim *claim,
                      const struct table_fault *fault, const struct crux_provider *own) {
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    uint32_t layers = fault->model->program.header.layers;
    struct crux_writer path;
    crux_writer_init(&path, step.bytes, sizeof step.bytes);
    step.move = (struct crux_move){.kind = CRUX_MOVE_OPEN,
                                   .claim = *id,
                                   .hash = step.hash,
                                   .leaf = step.leaf,
                                   .flag = CRUX_TARGET_LEAF,
                                   .index = crux_trace_leaf(fault->pos, fault->layer, layers),
                                   .amount = 1000,
                                   .rest = step.bytes};
    crux_claim_hash(step.hash, claim);
    assert_int_equal(own->node(own->ctx, &trace, 0, step.move.index, step.leaf), CRUX_OK);
    assert_int_equal(own->evidence->prove(own->evidence->ctx, &trace, &step.move.index, 1, &path),
                     CRUX_OK);
    step.move.rest_bytes = path.at;
}

static void one_fault(void *ctx, const struct table_fault *place) {
    struct counts *counts = ctx;
    struct table_fault fault = *place;
    struct table_run lying;
    struct table table;
    enum crux_target target;
    uint64_t index;
    if (!table_lying_run(&lying, counts->model, &fault)) return;
    struct crux_game_parameters parameters = table_parameters;
    parameters.k = counts->k;
    table_init(&table, &parameters);
    const struct crux_claim *claim = lying.evidence.claim;
    struct crux_claim_id id = table_claim(&table, EXECUTOR, counts->model, claim, 1, 3);
    const struct table_run *own = &counts->honest[claim->chosen_tokens + 1 - counts->model->limit];
    const struct crux_provider *mine = &own->provider;
    assert_int_equal(crux_solver_opening(&target, &index, claim, &counts->model->program.header,
                                         own->evidence.request, mine),
                     CRUX_OK);
    const struct crux_provider *served = counts->served ? &lying.provider : NULL;
    if (target == 0) {
        /* false in a tensor of a step, but in no record: the claim is true. Only an executor who commits to that tensor
         * when asked lies, so it is asked. */
        assert_memory_equal(claim, own->evidence.claim, sizeof *claim);
        open_step(&id, claim, &fault, mine);
        counts->inside++;
    } else {
        assert_int_equal(crux_solver_open(&step, &id, claim, target, index, 1, 1000,
                                          counts->model->program.header.layers, mine, served),
                         CRUX_OK);
    }
    assert_int_equal(table_move(&table, CHALLENGER, &step.move), CRUX_OK);
    unsigned moves = 1 + play(&table, &id, 0, &lying.provider, mine, served);
    assert_true(table_get_claim(&table, &id).fallen);
    assert_int_equal(table_balance(&table, CHALLENGER), 1000000 + 400);
    assert_int_equal(table_balance(&table, EXECUTOR), 1000000 - 3 * 1000);
    table.now += 200000;
    struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = id};
    assert_int_equal(table_move(&table, EXECUTOR, &finalise), CRUX_OK);
    assert_int_equal(table_balance(&table, EXECUTOR), 1000000 - 1000);
    if (moves > counts->most_moves) counts->most_moves = moves;
    counts->games++;
    counts->by_kind[fault.kind]++;
    table_free(&table);
    table_run_free(&lying);
}

static void all_faults(enum table_model_kind kind, const uint32_t *all_k, size_t ks) {
    struct table_model model;
    struct table_run honest[3];
    table_model_init(&model, kind);
    for (uint32_t i = 0; i < 3; i++) {
        honest[i] = (struct table_run){0};
        if (model.limit + i > 1) table_run_init(&honest[i], &model, NULL, model.limit - 1 + i);
    }
    for (size_t i = 0; i < ks; i++) {
        for (int served = 0; served < 2; served++) {
            struct counts counts = {
                .model = &model, .honest = honest, .k = all_k[i], .served = served};
            table_each_fault(&model, one_fault, &counts);
            printf("k %2u %s: %u games, %u of them inside a step, at most %u moves\n", all_k[i],
                   served ? "served" : "not served", counts.games, counts.inside,
                   counts.most_moves);
            for (int k = FAULT_VALUE; k < FAULT_KINDS; k++) {
                assert_true(counts.by_kind[k] > 0 || kind == TABLE_WIDE);
            }
            if (served) assert_true(counts.most_moves <= 8);
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        if (honest[i].archive != NULL) table_run_free(&honest[i]);
    }
    table_model_free(&model);
}

static const uint32_t small_k[] = {2, 3, 4, 8, 16}, one_k[] = {16};

static void long_model(void **state) {
    (void)state;
    all_faults(TABLE_LONG, small_k, CRUX_ARRAY_LEN(small_k));
}

static void wide_model(void **state) {
    (void)state;
    all_faults(TABLE_WIDE, small_k, CRUX_ARRAY_LEN(small_k));
}

/* Every op there is, in every element and page. */
static void every_op(void **state) {
    (void)state;
    all_faults(TABLE_TOY, one_k, CRUX_ARRAY_LEN(one_k));
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_model),
        cmocka_unit_test(wide_model),
    };
    const struct CMUnitTest all[] = {cmocka_unit_test(every_op)};
    bool is_all = argc > 1 && strcmp(argv[1], "--all") == 0;
    return is_all ? cmocka_run_group_tests(all, NULL, NULL)
                  : cmocka_run_group_tests(tests, NULL, NULL);
}
