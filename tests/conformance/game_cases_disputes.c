/* Games about disputes: narrowed and served, won and lost, timed out, queued, and of each target. */
#include <stdio.h>
#include <string.h>

#include "tests/conformance/game_case.h"
#include "tests/support/toy_world.h"

static const uint8_t zero[32];

/* A lie is narrowed to its element, from the trace root on, with nothing served. */
static void narrowed(struct crux_vector_file *file, struct game_world *world) {
    static const uint32_t k[] = {2, 3, 4, 16, 64};
    for (unsigned i = 0; i < sizeof k / sizeof *k; i++) {
        struct game_case c;
        struct crux_game_parameters parameters = game_case_parameters;
        char reason[32];
        (void)snprintf(reason, sizeof reason, "narrowed_k_%u", k[i]);
        parameters.k = k[i];
        game_case_begin(&c, file, world, reason, &parameters);
        game_case_claim(&c, &world->lying);
        game_case_open(&c, CHALLENGER, CRUX_TARGET_TRACE, 0, 0);
        game_case_play(&c, 0, false, CRUX_STAGE_WON);
        const struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = c.id};
        c.now += 100000;
        game_case_move(&c, EXECUTOR, &finalise, CRUX_OK);
        game_case_end(&c);
    }
}

static void served(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "served", NULL);
    game_case_claim(&c, &world->lying);
    world_must(crux_solver_open(&c.step, &c.id, world->lying.evidence.claim, CRUX_TARGET_TRACE, 0,
                                7, 1000, world->model.program.header.layers,
                                &world->honest.provider, &world->lying.provider) == CRUX_OK,
               "an opening");
    game_case_move(&c, CHALLENGER, &c.step.move, CRUX_OK);
    game_case_play(&c, 0, true, CRUX_STAGE_WON);
    game_case_end(&c);
}

/* What is not arithmetic: each target, of a claim that is false there, and of a true one. */
static void targets(struct crux_vector_file *file, struct game_world *world) {
    static const struct {
        const char *name;
        enum crux_target target;
        uint64_t index;
        enum table_fault_kind fault;
    } cases[] = {{"count", CRUX_TARGET_COUNT, 0, FAULT_COUNT},
                 {"done", CRUX_TARGET_DONE, 1, FAULT_EARLY},
                 {"token", CRUX_TARGET_TOKEN, 1, FAULT_TOKEN},
                 {"output", CRUX_TARGET_OUTPUT, 0, FAULT_OUTPUT_PADDING}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct game_case c;
        struct table_run lying;
        struct table_fault fault = {.kind = cases[i].fault, .at = 1};
        char reason[48];
        if (fault.kind == FAULT_OUTPUT_PADDING) fault.at = 12;
        world_must(table_lying_run(&lying, &world->model, &fault), "a fault");
        for (int is_true = 0; is_true < 2; is_true++) {
            (void)snprintf(reason, sizeof reason, "target_%s_%s", cases[i].name,
                           is_true ? "true" : "false");
            game_case_begin(&c, file, world, reason, NULL);
            game_case_claim(&c, is_true ? &world->honest : &lying);
            game_case_open(&c, CHALLENGER, cases[i].target, cases[i].index, 0);
            if (cases[i].target == CRUX_TARGET_OUTPUT) { /* its only page, and a slot of it */
                struct crux_move pick;
                game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
                pick = game_case_pick(&c, 0, 64, false);
                game_case_move(&c, CHALLENGER, &pick, CRUX_E_PICK_OUTSIDE);
                pick = game_case_pick(&c, 0, 3, true);
                game_case_move(&c, CHALLENGER, &pick, CRUX_E_PICK_OUTSIDE);
                pick = game_case_pick(&c, 0, 3, false);
                game_case_move(&c, CHALLENGER, &pick, CRUX_OK);
            }
            game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
            world_must(c.out.end == (is_true ? CRUX_STAGE_LOST : CRUX_STAGE_WON), cases[i].name);
            game_case_end(&c);
        }
        table_run_free(&lying);
    }
}

static void openings(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "open", NULL);
    game_case_claim(&c, &world->honest);
    struct crux_move open = game_case_opening(&c, CRUX_TARGET_TRACE, 0, 0);
    open.claim.member = 0;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_CLAIM_NOT_SHOWN);
    open.claim.member = 2;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_CLAIM_UNKNOWN);
    open.claim = c.id;
    open.hash = zero;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_CLAIM_MISMATCH);
    open = game_case_opening(&c, CRUX_TARGET_TRACE, 0, 0);
    open.flag = 0;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_MOVE_MALFORMED);
    open.flag = CRUX_TARGET_TRACE;
    open.leaf = open.hash;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_MOVE_MALFORMED);
    open = game_case_opening(&c, CRUX_TARGET_LEAF, 3, 0);
    open.rest_bytes -= 32;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_TRUNCATED);
    open.rest_bytes += 32;
    open.index = 2;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_PROOF_ROOT_MISMATCH);
    open.index = 9; /* 4 positions of 2 layers, and CLOSE */
    game_case_move(&c, CHALLENGER, &open, CRUX_E_INDEX_BEYOND_COUNT);
    open = game_case_opening(&c, CRUX_TARGET_TOKEN, 64, 0);
    game_case_move(&c, CHALLENGER, &open, CRUX_E_ELEMENT_OUTSIDE);
    open = game_case_opening(&c, CRUX_TARGET_TRACE, 0, 0);
    open.amount = 99;
    game_case_move(&c, CHALLENGER, &open, CRUX_E_BOND_TOO_SMALL);
    open.amount = 100;
    game_case_move(&c, POOR, &open, CRUX_E_BALANCE_TOO_SMALL);
    c.now = 1000 + 100000;
    game_case_move(&c, CHALLENGER, &open, CRUX_OK);
    game_case_repeat(&c, CHALLENGER, &open);
    c.now++;
    game_case_repeat(&c, CHALLENGER, &open);
    open = game_case_opening(&c, CRUX_TARGET_COUNT, 0, 0);
    game_case_move(&c, CHALLENGER, &open, CRUX_E_ANSWER_DIFFERS);
    game_case_move(&c, RIVAL, &open, CRUX_E_WINDOW_CLOSED);
    const struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = c.id};
    game_case_move(&c, EXECUTOR, &finalise, CRUX_OK); /* of the other member; this one is open */
    game_case_end(&c);
}

/* At a deadline a move is in time; one second later only the timeout is. */
static void clocks(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "executor_late", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_TRACE, 0, 0);
    struct crux_move timeout = game_case_timeout(&c, 0);
    c.now += 10000;
    game_case_move(&c, CHALLENGER, &timeout, CRUX_E_NOT_TOO_LATE);
    struct crux_move reveal = *game_case_defence(&c, 0);
    c.now++;
    game_case_move(&c, EXECUTOR, &reveal, CRUX_E_TOO_LATE);
    game_case_move(&c, POOR, &timeout, CRUX_OK);
    game_case_repeat(&c, POOR, &timeout);
    game_case_move(&c, EXECUTOR, &reveal, CRUX_E_CLAIM_FALLEN);
    timeout = game_case_timeout(&c, 5);
    game_case_move(&c, POOR, &timeout, CRUX_E_DISPUTE_UNKNOWN);
    game_case_end(&c);

    game_case_begin(&c, file, world, "challenger_late", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_LEAF, 4, 0);
    c.now += 10000;
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK); /* expand, at the deadline */
    c.now += 10500;                                                  /* clock and extension */
    timeout = game_case_timeout(&c, 0);
    game_case_move(&c, EXECUTOR, &timeout, CRUX_E_NOT_TOO_LATE);
    struct crux_move pick = game_case_pick(&c, 0, 1, false);
    c.now++;
    game_case_move(&c, CHALLENGER, &pick, CRUX_E_TOO_LATE);
    game_case_move(&c, EXECUTOR, &timeout, CRUX_OK);
    game_case_move(&c, CHALLENGER, &pick, CRUX_E_DISPUTE_OVER);
    game_case_end(&c);
}

/* spec/70-game.md#opening: "as the p-th in the queue it costs (1 + p) * challenger_bond" */
static void queue(struct crux_vector_file *file, struct game_world *world) {
    static const uint64_t bond[] = {100, 100, 200, 300, 400};
    struct game_case c;
    game_case_begin(&c, file, world, "queue", NULL);
    game_case_claim(&c, &world->honest);
    for (uint32_t i = 0; i < 5; i++) { /* D is 2 */
        struct crux_move open = game_case_opening(&c, CRUX_TARGET_COUNT, 0, i);
        open.amount = bond[i] - 1;
        game_case_move(&c, CHALLENGER, &open, CRUX_E_BOND_TOO_SMALL);
        open.amount = bond[i];
        game_case_move(&c, CHALLENGER, &open, CRUX_OK);
    }
    struct crux_move timeout = game_case_timeout(&c, 2);
    struct crux_move refund = {.kind = CRUX_MOVE_REFUND, .claim = c.id, .dispute = 2};
    struct crux_move prove = *game_case_defence(&c, 0);
    c.now += 5000;
    game_case_move(&c, CHALLENGER, &timeout, CRUX_E_DISPUTE_QUEUED);
    prove.dispute = 2;
    game_case_move(&c, EXECUTOR, &prove, CRUX_E_DISPUTE_QUEUED);
    game_case_move(&c, CHALLENGER, &refund, CRUX_E_CLAIM_PENDING);
    prove.dispute = 0;
    game_case_move(&c, EXECUTOR, &prove, CRUX_OK); /* and the third runs */
    game_case_repeat(&c, EXECUTOR, &prove);
    prove.node = zero;
    game_case_move(&c, EXECUTOR, &prove, CRUX_E_DISPUTE_OVER);
    c.now += 5001; /* the second is late; the third has had but these */
    timeout.dispute = 2;
    game_case_move(&c, STRANGER, &timeout, CRUX_E_NOT_TOO_LATE);
    timeout.dispute = 1;
    game_case_move(&c, STRANGER, &timeout, CRUX_OK);
    for (uint32_t i = 0; i < 5; i++) {
        refund.dispute = i;
        game_case_move(&c, STRANGER, &refund, i < 2 ? CRUX_E_DISPUTE_OVER : CRUX_OK);
        if (i >= 2) game_case_repeat(&c, STRANGER, &refund);
    }
    game_case_end(&c);
}

void game_cases_disputes(struct crux_vector_file *file, struct game_world *world) {
    narrowed(file, world);
    served(file, world);
    targets(file, world);
    openings(file, world);
    clocks(file, world);
    queue(file, world);
}
