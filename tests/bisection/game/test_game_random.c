/* Whole games from a seed: a true claim and false ones, honest players and every kind of bad one, over a network that
 * delays, drops, repeats and reorders, and a chain that reorganises. Every game must end, with the true claim final, the
 * false ones fallen, no honest player poorer, and every unit of value somewhere.
 *
 *   test_game_random [--games N] [--seed S]      a failing game prints its seed; --seed S plays that one game again,
 *                                              and --seed S --games N the N games from there on
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bisection/game/random_game.h"

/* What all games share. */
struct table_model model;
struct table_run honest[3];
struct crux_solver_move step;
struct sim sim;
static struct table_run lies[LIES_MAX];
static struct table_fault lie_faults[LIES_MAX];
static unsigned lie_count;
static uint64_t first_seed = 1, games = 2000, kept, broken, convicted;

static void post(unsigned c, unsigned executor, const struct table_run *run, bool is_true) {
    struct player_claim *claim = &sim.claim[c];
    const struct crux_claim *what = run->evidence.claim;
    *claim = (struct player_claim){
        .run = run, .executor = executor, .is_true = is_true, .served = one_in(2)};
    claim->id = table_claim(&sim.table, executor, &model, what, 0, 1);
    claim->window_end = sim.table.now + table_parameters.window_seconds;
    struct crux_game_batch batch;
    if (crux_game_get_batch(&sim.table.game, claim->id.batch, &batch) == CRUX_OK)
        claim->window_end = sim.table.now + batch.parameters.window_seconds;
}

static const char *begin(uint64_t seed) {
    static const uint32_t all_k[] = {2, 3, 4, 5, 8, 16, 64};
    struct crux_game_parameters parameters = table_parameters;
    memset(sim.message, 0, sizeof sim.message);
    memset(sim.sent_at, 0, sizeof sim.sent_at);
    memset(sim.asleep_until, 0, sizeof sim.asleep_until);
    memset(sim.drops_in_a_row, 0, sizeof sim.drops_in_a_row);
    sim.random.state = seed;
    sim.tick = sim.reorgs = 0;
    sim.nonce = 0;
    sim.liar_mode = (unsigned)below(4);
    sim.floods = (unsigned)below(12);
    parameters.k = all_k[below(CRUX_ARRAY_LEN(all_k))];
    parameters.running_max = 1 + (uint32_t)below(3);
    parameters.move_seconds = 300; /* delays, drops, sleep and reorganisations together */
    parameters.clock_seconds = crux_game_moves_max(parameters.k) * parameters.move_seconds;
    parameters.demand_seconds = 4000;
    parameters.window_seconds = parameters.clock_seconds + 8000;
    table_init(&sim.table, &parameters);
    struct crux_account executor = table_account(HONEST_EXECUTOR);
    struct crux_move escrow = {.kind = CRUX_MOVE_ESCROW,
                               .executor = executor.b,
                               .hash = honest[1].evidence.claim->request_hash,
                               .amount = FEE,
                               .deadline = sim.table.now};
    CHECK(table_move(&sim.table, REQUESTER, &escrow) == CRUX_OK, "escrow");
    sim.claims = 2 + (unsigned)below(CLAIMS_MAX - 1);
    post(0, HONEST_EXECUTOR, &honest[1], true);
    struct crux_account requester = table_account(REQUESTER);
    struct crux_move bind = {
        .kind = CRUX_MOVE_BIND, .claim = sim.claim[0].id, .account = requester.b};
    CHECK(table_move(&sim.table, HONEST_EXECUTOR, &bind) == CRUX_OK, "bind");
    unsigned lie = (unsigned)below(lie_count);
    for (unsigned c = 1; c < sim.claims; c++) {
        struct player_claim *claim = &sim.claim[c];
        post(c, LIAR, &lies[(lie + 7 * c) % lie_count], false);
        CHECK(crux_solver_opening(&claim->target, &claim->index, claim->run->evidence.claim,
                                  &model.program.header, provider_for(claim)->evidence->request,
                                  provider_for(claim)) == CRUX_OK,
              "opening");
        CHECK(claim->target != 0, "a lie that is none");
    }
    CHECK(crux_solver_opening(&sim.claim[0].target, &sim.claim[0].index, honest[1].evidence.claim,
                              &model.program.header, honest[1].evidence.request,
                              &honest[1].provider) == CRUX_OK &&
              sim.claim[0].target == 0,
          "the true claim is true");
    return pledge_and_sign();
}

static bool is_quiet(void) {
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        if (sim.message[i].in_flight) return false;
    }
    return true;
}

/* Out: when, the next time at which something is due.  Returns: is anything open, or can be opened? */
static bool next_time(uint64_t *when) {
    bool any = false;
    *when = UINT64_MAX;
    for (unsigned i = 0; i < RECEIPTS; i++) {
        struct crux_game_promise promise;
        if (!is_called(&sim.receipt[i], &promise)) continue;
        any = true;
        if (promise.answer_by + 1 < *when) *when = promise.answer_by + 1;
    }
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        if (state.fallen) continue;
        uint64_t end = claim->window_end + 1;
        if (end > sim.table.now && end < *when) *when = end;
        any = any || end > sim.table.now || state.open > 0 || state.demand == CRUX_DEMAND_OPEN;
        if (state.demand == CRUX_DEMAND_OPEN && state.demand_deadline + 1 < *when)
            *when = state.demand_deadline + 1;
        for (uint32_t i = 0; i < state.disputes; i++) {
            struct crux_game_dispute dispute = table_get_dispute(&sim.table, &claim->id, i);
            uint64_t deadline = crux_game_deadline(&dispute);
            if (deadline < *when) *when = deadline + 1;
        }
    }
    return any;
}

/* Nobody has said anything: go where the next clock ends, but no faster than an honest player wakes. */
static void pass_time(void) {
    uint64_t when;
    sim.table.now += 1 + below(TICK_SECONDS);
    if (!is_quiet() || !next_time(&when) || !one_in(10)) return;
    /* honest players are never asleep for long: let all of them look before a long wait */
    for (unsigned player = 0; player < PLAYERS; player++) {
        if (is_honest(player) && sim.asleep_until[player] > sim.table.now) return;
    }
    for (unsigned i = 0; i < RECEIPTS; i++) {
        struct crux_game_promise promise;
        if (sim.receipt[i].executor == HONEST_EXECUTOR && is_called(&sim.receipt[i], &promise))
            return;
    }
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        if (state.fallen) continue;
        if (claim->target != 0 && state.disputes == 0) return;
        if (state.demand == CRUX_DEMAND_OPEN && claim->is_true) return;
        for (uint32_t i = 0; i < state.disputes; i++) {
            struct crux_game_dispute dispute = table_get_dispute(&sim.table, &claim->id, i);
            struct crux_account mine = table_account(HONEST_CHALLENGER);
            unsigned turn = crux_game_turn(&dispute);
            bool is_mine = memcmp(&dispute.challenger, &mine, sizeof mine) == 0;
            if ((turn == 0 && claim->is_true) || (turn == 1 && is_mine)) return;
        }
        uint32_t number;
        if (claim->target != 0 && !find_dispute(HONEST_CHALLENGER, claim, &number)) return;
    }
    if (when > sim.table.now && when != UINT64_MAX) sim.table.now = when;
}

/* What a person wants to see of a game that went wrong. */
static void describe(void) {
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        print_message("claim %u (%s): fallen %u, demand %u, %u disputes, %u started, %u open; now "
                      "%llu, window end %llu\n",
                      c, claim->is_true ? "true" : "false", state.fallen, state.demand,
                      state.disputes, state.started, state.open, (unsigned long long)sim.table.now,
                      (unsigned long long)claim->window_end);
        for (uint32_t i = 0; i < state.disputes; i++) {
            struct crux_game_dispute dispute = table_get_dispute(&sim.table, &claim->id, i);
            print_message("  %u by player %u: stage %u, tree %u, deadline %lld\n", i,
                          dispute.challenger.b[0] - 0xa0u, dispute.stage, dispute.place.tree,
                          (long long)crux_game_deadline(&dispute));
        }
    }
}

static void count_promises(void) {
    static const uint8_t nobody[32];
    struct crux_account liar = table_account(LIAR);
    struct crux_game_promise promise;
    struct crux_game_pledge pledge;
    for (unsigned i = 0; i < RECEIPTS; i++) {
        if (crux_game_get_promise(&sim.table.game, sim.receipt[i].digest, &promise) != CRUX_OK)
            continue;
        kept += promise.state == CRUX_PROMISE_KEPT;
        broken += promise.state == CRUX_PROMISE_BROKEN;
    }
    if (crux_game_get_pledge(&sim.table.game, &liar, &pledge) == CRUX_OK)
        convicted += memcmp(pledge.convicted, nobody, 32) != 0;
}

/* After the last game move: everybody takes what is theirs. */
static const char *settle(void) {
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        CHECK(state.fallen != claim->is_true, "a true claim stands, and a false one falls");
        for (uint32_t i = 0; state.fallen && i < state.disputes; i++) {
            struct crux_move refund = {.kind = CRUX_MOVE_REFUND, .claim = claim->id, .dispute = i};
            enum crux_status status = table_move(&sim.table, SPAMMER, &refund);
            CHECK(status == CRUX_OK || status == CRUX_E_DISPUTE_OVER, "refund");
        }
        struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = claim->id};
        CHECK(table_move(&sim.table, SPAMMER, &finalise) == CRUX_OK, "finalise");
    }
    struct crux_account requester = table_account(REQUESTER),
                        executor = table_account(HONEST_EXECUTOR);
    struct crux_move pay = {.kind = CRUX_MOVE_PAY,
                            .account = requester.b,
                            .executor = executor.b,
                            .hash = honest[1].evidence.claim->request_hash};
    CHECK(table_move(&sim.table, SPAMMER, &pay) == CRUX_OK, "pay");
    const char *wrong = release_all();
    if (wrong != NULL) return wrong;
    count_promises();
    struct crux_game_chain chain;
    CHECK(crux_game_get_chain(&sim.table.game, &chain) == CRUX_OK, "chain");
    CHECK(chain.bonds == 0 && chain.stakes == 0 && chain.fees == 0 && chain.pledges == 0,
          "nothing is left behind");
    CHECK(table_balance(&sim.table, HONEST_EXECUTOR) >= START + FEE, "the honest executor lost");
    CHECK(table_balance(&sim.table, HONEST_CHALLENGER) >= START, "the honest challenger lost");
    /* what it was paid for answering calls, it has earned */
    CHECK(table_balance(&sim.table, LIAR) + 600 * (sim.claims - 1) <=
              START + RECEIPTS * table_parameters.demand_fee,
          "lying paid");
    return NULL;
}

static const char *play(uint64_t seed) {
    uint64_t when;
    const char *wrong = begin(seed);
    while (wrong == NULL && (next_time(&when) || !is_quiet())) {
        if (sim.tick == TICKS_MAX) return "stuck";
        take_snapshot();
        everybody_acts();
        deliver();
        if (one_in(40)) reorganise();
        pass_time();
        sim.tick++;
    }
    return wrong != NULL ? wrong : settle();
}

static void end(void) {
    for (unsigned i = 0; i < SNAPSHOTS; i++) {
        free(sim.snapshot[i]);
        sim.snapshot[i] = NULL;
    }
    table_free(&sim.table);
}

static void add_lie(void *ctx, const struct table_fault *fault) {
    const struct crux_claim *truth = honest[1].evidence.claim;
    unsigned *seen = ctx;
    /* every other value, and all else: what is false in no record is no false claim */
    if (fault->kind == FAULT_VALUE && (*seen)++ % 2 != 0) return;
    if (lie_count == LIES_MAX) return;
    lie_faults[lie_count] = *fault;
    if (!table_lying_run(&lies[lie_count], &model, &lie_faults[lie_count])) return;
    if (memcmp(lies[lie_count].evidence.claim, truth, sizeof *truth) == 0)
        table_run_free(&lies[lie_count]);
    else
        lie_count++;
}

static void games_from_seeds(void **state) {
    unsigned seen = 0;
    uint64_t moves = 0, ticks = 0, reorgs = 0, slowest = 0, slowest_ticks = 0;
    (void)state;
    table_model_init(&model, TABLE_LONG);
    for (uint32_t i = 0; i < 3; i++) table_run_init(&honest[i], &model, NULL, model.limit - 1 + i);
    table_each_fault(&model, add_lie, &seen);
    assert_true(lie_count > 30);
    for (uint64_t seed = first_seed; seed < first_seed + games; seed++) {
        const char *wrong = play(seed);
        if (wrong != NULL) {
            describe();
            fail_msg("%s: seed %llu, tick %u", wrong, (unsigned long long)seed, sim.tick);
        }
        moves += sim.table.moves;
        ticks += sim.tick;
        reorgs += sim.reorgs;
        if (sim.tick > slowest_ticks) {
            slowest_ticks = sim.tick;
            slowest = seed;
        }
        end();
    }
    print_message("%llu games of %u lies: %llu moves, %llu ticks, %llu reorganisations; slowest: "
                  "seed %llu, %llu ticks\n",
                  (unsigned long long)games, lie_count, (unsigned long long)moves,
                  (unsigned long long)ticks, (unsigned long long)reorgs,
                  (unsigned long long)slowest, (unsigned long long)slowest_ticks);
    print_message("%llu promises kept, %llu broken, %llu executors convicted\n",
                  (unsigned long long)kept, (unsigned long long)broken,
                  (unsigned long long)convicted);
    assert_true(games < 100 || (kept > 0 && broken > 0 && convicted > 0));
    for (unsigned i = 0; i < lie_count; i++) table_run_free(&lies[i]);
    for (uint32_t i = 0; i < 3; i++) table_run_free(&honest[i]);
    table_model_free(&model);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(games_from_seeds)};
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--games") == 0) games = value;
        if (strcmp(argv[i], "--seed") == 0) {
            first_seed = value;
            games = 1;
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
