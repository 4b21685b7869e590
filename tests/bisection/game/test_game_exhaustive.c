/* Everything a player can do, at every turn, against an honest one: all openings and all picks against a true claim,
 * silence and the best a liar can do for every fault; every k; every clock at T-1, T and T+1. The honest one wins all, and
 * value is conserved in every state (tests/support/game_table.c checks it after each move). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/game_table.h"

enum { EXECUTOR = 0, CHALLENGER = 1, STRANGER = 2, DEPTH_MAX = 100 };

struct world {
    struct table_model model;
    struct table_run honest[3]; /* of limit-1, limit, limit+1 tokens; the first may be absent */
    struct table table;
    struct crux_claim_id id;
    const struct crux_provider *executor, *challenger;
    uint32_t k;
    unsigned states, ends;
};

static struct crux_solver_move made[DEPTH_MAX]; /* one a level: a move points into it */

static void world_begin(struct world *world, enum table_model_kind kind) {
    memset(world, 0, sizeof *world);
    table_model_init(&world->model, kind);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t tokens = world->model.limit - 1 + i;
        if (tokens > 0) table_run_init(&world->honest[i], &world->model, NULL, tokens);
    }
}

static void world_end(struct world *world) {
    for (uint32_t i = 0; i < 3; i++) {
        if (world->honest[i].archive != NULL) table_run_free(&world->honest[i]);
    }
    table_model_free(&world->model);
}

static void deal(struct world *world, const struct crux_claim *claim) {
    struct crux_game_parameters parameters = table_parameters;
    parameters.k = world->k;
    table_init(&world->table, &parameters);
    world->id = table_claim(&world->table, EXECUTOR, &world->model, claim, 1, 2);
}

static struct crux_game_dispute now_at(const struct world *world) {
    return table_get_dispute(&world->table, &world->id, 0);
}

static void expect(struct world *world, unsigned sender, const struct crux_move *move,
                   enum crux_status status) {
    assert_string_equal(crux_status_name(table_move(&world->table, sender, move)),
                        crux_status_name(status));
}

/* spec/70-game.md#clocks: "A move is in time iff now <= deadline (`too_late`). A timeout can be called, by anybody, iff now
 * > deadline (`not_too_late`), and the side whose turn it is loses." Leaves the state as it was. */
static void check_clocks(struct world *world, const struct crux_move *move, unsigned sender) {
    struct table *table = &world->table;
    struct crux_game_dispute dispute = now_at(world);
    struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT, .claim = world->id};
    uint64_t start = table->now, deadline = crux_game_deadline(&dispute);
    uint8_t *saved = table_save(table);
    for (uint64_t at = deadline - 1; at <= deadline + 1; at++) {
        bool late = at == deadline + 1;
        table->now = at;
        if (move != NULL) {
            expect(world, sender, move, late ? CRUX_E_TOO_LATE : CRUX_OK);
            table_restore(table, saved);
        }
        expect(world, STRANGER, &timeout, late ? CRUX_OK : CRUX_E_NOT_TOO_LATE);
        if (late) {
            uint32_t stage = now_at(world).stage;
            unsigned loser = crux_game_turn(&dispute);
            assert_int_equal(stage, loser == 0 ? CRUX_STAGE_WON : CRUX_STAGE_LOST);
            assert_int_equal(table_get_claim(table, &world->id).fallen, loser == 0);
            expect(world, STRANGER, &timeout, CRUX_OK);
            assert_true(table->out.repeated);
        }
        table_restore(table, saved);
    }
    table->now = start;
    free(saved);
}

static struct crux_move pick_of(const struct crux_game_dispute *dispute, uint64_t index,
                                bool padding) {
    return (struct crux_move){.kind = CRUX_MOVE_PICK,
                              .claim = {dispute->key.batch, dispute->key.member, 0},
                              .node = dispute->node,
                              .round = dispute->round,
                              .index = index,
                              .flag = padding};
}

static void walk_sham(struct world *world, unsigned depth);

/* Makes the pick, goes on from there, and takes it back.  Returns: was it one? */
static bool try_pick(struct world *world, const struct crux_game_dispute *dispute, uint64_t index,
                     bool padding, unsigned depth) {
    struct crux_move pick = pick_of(dispute, index, padding);
    uint8_t *saved = table_save(&world->table);
    enum crux_status status = table_move(&world->table, CHALLENGER, &pick);
    if (status == CRUX_OK) {
        expect(world, CHALLENGER, &pick, CRUX_OK);
        assert_true(world->table.out.repeated);
        walk_sham(world, depth + 1);
    } else {
        assert_int_equal(status, CRUX_E_PICK_OUTSIDE);
    }
    table_restore(&world->table, saved);
    free(saved);
    return status == CRUX_OK;
}

/* All the challenger can do in its turn. */
static void every_choice(struct world *world, unsigned depth) {
    struct crux_game_dispute dispute = now_at(world);
    struct crux_move first = pick_of(&dispute, 0, false);
    unsigned picks = 0;
    expect(world, STRANGER, &first, CRUX_E_NOT_PERMITTED);
    expect(world, EXECUTOR, &first, CRUX_E_NOT_PERMITTED);
    /* flat indices of this page are anywhere in the tensor: all that could be are tried */
    for (uint64_t index = 0; index < 80; index++)
        picks += try_pick(world, &dispute, index, false, depth);
    unsigned paddings = try_pick(world, &dispute, 0, true, depth);
    assert_false(try_pick(world, &dispute, 1, true, depth));
    if (dispute.stage == CRUX_STAGE_SIDE) assert_int_equal(picks, 2);
    if (dispute.stage == CRUX_STAGE_PICK) assert_true(picks >= 1 && picks <= world->k);
    bool is_op = dispute.stage == CRUX_STAGE_ELEMENT && dispute.place.tree == CRUX_GAME_OP;
    assert_int_equal(paddings, is_op);
    assert_true(picks > 0);
}

/* Every game from here on, with an honest executor. */
static void walk_sham(struct world *world, unsigned depth) {
    struct crux_solver_move *honest = &made[depth];
    struct table *table = &world->table;
    struct crux_game_dispute dispute = now_at(world);
    world->states++;
    assert_true(depth < DEPTH_MAX);
    table->now += 3;
    if (dispute.stage >= CRUX_STAGE_WON) {
        assert_int_equal(dispute.stage, CRUX_STAGE_LOST);
        assert_false(table_get_claim(table, &world->id).fallen);
        assert_int_equal(table_balance(table, EXECUTOR), 1000000 - 2 * 1000 + 45);
        assert_int_equal(table_balance(table, CHALLENGER), 1000000 - 100);
        world->ends++;
        return;
    }
    assert_int_equal(
        crux_solver_defend(honest, &table->game, &world->id, 0, world->executor, table->now),
        CRUX_OK);
    if (crux_game_turn(&dispute) == 1) {
        assert_false(
            honest->any); /* it is not the executor's turn, and the challenger is not late */
        check_clocks(world, NULL, 0);
        every_choice(world, depth);
        return;
    }
    assert_true(honest->any);
    check_clocks(world, &honest->move, EXECUTOR);
    expect(world, EXECUTOR, &honest->move, CRUX_OK);
    assert_false(table->out.repeated);
    walk_sham(world, depth + 1);
}

static struct crux_move opening(const struct world *world, enum crux_target target,
                                uint64_t index) {
    static const uint8_t zero[32];
    static uint8_t hash[32];
    crux_claim_hash(hash, world->executor->evidence->claim);
    return (struct crux_move){.kind = CRUX_MOVE_OPEN,
                              .claim = world->id,
                              .hash = hash,
                              .leaf = zero,
                              .amount = 100,
                              .flag = (uint8_t)target,
                              .index = index};
}

static void open_and_walk(struct world *world, const struct crux_move *open) {
    uint8_t *saved = table_save(&world->table);
    expect(world, CHALLENGER, open, CRUX_OK);
    walk_sham(world, 0);
    table_restore(&world->table, saved);
    free(saved);
}

static void open_leaves(struct world *world) {
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    const struct crux_evidence *evidence = world->executor->evidence;
    uint64_t leaves = crux_trace_leaves(crux_claim_positions(evidence->claim),
                                        world->model.program.header.layers);
    for (uint64_t i = 0; i < leaves; i++) {
        struct crux_move open = opening(world, CRUX_TARGET_LEAF, i);
        uint8_t path[32 * 40], leaf[32];
        struct crux_writer writer;
        crux_writer_init(&writer, path, sizeof path);
        assert_int_equal(evidence->prove(evidence->ctx, &trace, &i, 1, &writer), CRUX_OK);
        assert_int_equal(world->executor->node(world->executor->ctx, &trace, 0, i, leaf), CRUX_OK);
        open.leaf = leaf;
        open.rest = path;
        open.rest_bytes = writer.at;
        open_and_walk(world, &open);
        leaf[0] ^= 1;
        expect(world, CHALLENGER, &open, CRUX_E_PROOF_ROOT_MISMATCH);
    }
}

static void shams(enum table_model_kind kind, uint32_t k) {
    struct world *world = malloc(sizeof *world);
    assert_non_null(world);
    world_begin(world, kind);
    world->executor = &world->honest[1].provider;
    const struct crux_claim *claim = world->executor->evidence->claim;
    world->k = k;
    deal(world, claim);
    for (int target = CRUX_TARGET_TRACE; target <= CRUX_TARGET_DONE; target++) {
        uint64_t end = target == CRUX_TARGET_TOKEN  ? (claim->chosen_tokens == 3 ? 4 : 1)
                       : target == CRUX_TARGET_DONE ? claim->chosen_tokens
                                                    : 1;
        if (target == CRUX_TARGET_LEAF) {
            open_leaves(world);
            continue;
        }
        for (uint64_t i = 0; i < end; i++) {
            struct crux_move open = opening(world, (enum crux_target)target, i);
            open_and_walk(world, &open);
        }
        struct crux_move open = opening(world, (enum crux_target)target, end);
        bool has_index = target == CRUX_TARGET_TOKEN || target == CRUX_TARGET_DONE;
        expect(world, CHALLENGER, &open,
               has_index ? CRUX_E_ELEMENT_OUTSIDE : CRUX_E_MOVE_MALFORMED);
    }
    printf("k %2u: %u states, %u ends, all won by the honest executor\n", k, world->states,
           world->ends);
    assert_true(world->ends > 100);
    table_free(&world->table);
    world_end(world);
    free(world);
}

/* Every game from here on against a liar, who is silent or does its best. */
static void walk_lie(struct world *world, unsigned depth) {
    struct crux_solver_move *step = &made[depth];
    struct table *table = &world->table;
    struct crux_game_dispute dispute = now_at(world);
    world->states++;
    assert_true(depth < DEPTH_MAX);
    table->now += 3;
    if (dispute.stage >= CRUX_STAGE_WON) {
        assert_int_equal(dispute.stage, CRUX_STAGE_WON);
        assert_int_equal(table_balance(table, CHALLENGER), 1000000 + 400);
        world->ends++;
        return;
    }
    if (crux_game_turn(&dispute) == 1) {
        assert_int_equal(crux_solver_challenge(step, &table->game, &world->id, 0, world->challenger,
                                               NULL, table->now),
                         CRUX_OK);
        assert_true(step->any);
        check_clocks(world, &step->move, CHALLENGER);
        expect(world, CHALLENGER, &step->move, CRUX_OK);
        walk_lie(world, depth + 1);
        return;
    }
    enum crux_status status =
        crux_solver_defend(step, &table->game, &world->id, 0, world->executor, table->now);
    bool any = status == CRUX_OK && step->any;
    uint8_t *saved = table_save(table);
    any = any && table_move(table, EXECUTOR, &step->move) == CRUX_OK;
    table_restore(table, saved);
    check_clocks(world, any ? &step->move : NULL, EXECUTOR); /* silent: loses at T+1 */
    world->ends++;
    if (any) {
        expect(world, EXECUTOR, &step->move, CRUX_OK);
        walk_lie(world, depth + 1);
        table_restore(table, saved);
    }
    free(saved);
}

static void one_lie(void *ctx, const struct table_fault *place) {
    struct world *world = ctx;
    struct table_fault fault = *place;
    struct table_run *lying = malloc(sizeof *lying);
    enum crux_target target;
    uint64_t index;
    assert_non_null(lying);
    if (table_lying_run(lying, &world->model, &fault)) {
        const struct crux_claim *claim = lying->evidence.claim;
        world->executor = &lying->provider;
        world->challenger = &world->honest[claim->chosen_tokens + 1 - world->model.limit].provider;
        assert_int_equal(crux_solver_opening(&target, &index, claim, &world->model.program.header,
                                             world->challenger->evidence->request,
                                             world->challenger),
                         CRUX_OK);
        if (target != 0) {
            deal(world, claim);
            struct crux_move open = opening(world, target, index);
            expect(world, CHALLENGER, &open, CRUX_OK);
            walk_lie(world, 0);
            table_free(&world->table);
        }
        table_run_free(lying);
    }
    free(lying);
}

static void lies(enum table_model_kind kind, uint32_t k) {
    struct world *world = malloc(sizeof *world);
    assert_non_null(world);
    world_begin(world, kind);
    world->k = k;
    table_each_fault(&world->model, one_lie, world);
    printf("k %2u: %u states, %u ends, all won by the honest challenger\n", k, world->states,
           world->ends);
    assert_true(world->ends > 40);
    world_end(world);
    free(world);
}

static const uint32_t all_k[] = {2, 3, 4, 8, 16};

static void shams_against_a_true_claim(void **state) {
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all_k); i++) {
        shams(TABLE_LONG, all_k[i]);
        shams(TABLE_WIDE, all_k[i]);
    }
}

static void every_lie(void **state) {
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all_k); i++) {
        lies(TABLE_LONG, all_k[i]);
        lies(TABLE_WIDE, all_k[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shams_against_a_true_claim),
        cmocka_unit_test(every_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
