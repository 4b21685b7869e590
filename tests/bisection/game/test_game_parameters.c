/* spec/70-game.md#parameters: each bound, at it and beyond it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "bisection/game/game.h"
#include "bisection/game/memory.h"

static const struct crux_game_parameters right = {.executor_bond = 1000,
                                                  .reward = 500,
                                                  .challenger_bond = 100,
                                                  .defence_cost = 50,
                                                  .demand_fee = 0,
                                                  .window_seconds = 3020,
                                                  .clock_seconds = 2000,
                                                  .extension_seconds = 100,
                                                  .demand_seconds = 1000,
                                                  .move_seconds = 20,
                                                  .k = 2,
                                                  .running_max = 1};

static void refused(const struct crux_game_parameters *parameters) {
    assert_int_equal(crux_game_parameters_check(parameters), CRUX_E_PARAMETERS_INVALID);
}

/* The right ones, with one field changed. */
#define REFUSED_WITH(field, value)                                                                 \
    do {                                                                                           \
        struct crux_game_parameters wrong = right;                                                 \
        wrong.field = (value);                                                                     \
        refused(&wrong);                                                                           \
    } while (0)

static void each_bound(void **state) {
    (void)state;
    assert_int_equal(crux_game_parameters_check(&right), CRUX_OK);
    REFUSED_WITH(k, 1);
    REFUSED_WITH(k, 65);
    REFUSED_WITH(running_max, 0);
    REFUSED_WITH(running_max, 65);
    REFUSED_WITH(leave_seconds, CRUX_GAME_SECONDS_MAX + 1);
    REFUSED_WITH(receipt_penalty, CRUX_GAME_AMOUNT_MAX + 1);
    REFUSED_WITH(receipt_reward, 1);
    REFUSED_WITH(executor_bond, 999); /* below twice the reward */
    REFUSED_WITH(executor_bond, CRUX_GAME_AMOUNT_MAX + 1);
    REFUSED_WITH(reward, 501);
    REFUSED_WITH(challenger_bond, 99); /* below twice the defence */
    REFUSED_WITH(challenger_bond, CRUX_GAME_AMOUNT_MAX + 1);
    REFUSED_WITH(defence_cost, 51);
    REFUSED_WITH(defence_cost, UINT64_MAX);
    REFUSED_WITH(demand_fee, CRUX_GAME_AMOUNT_MAX + 1);
    REFUSED_WITH(window_seconds, 3019); /* below move + demand + clock */
    REFUSED_WITH(window_seconds, CRUX_GAME_SECONDS_MAX + 1u);
    REFUSED_WITH(clock_seconds, 2001);
    REFUSED_WITH(clock_seconds, 0);
    REFUSED_WITH(extension_seconds, 2001); /* above the clock */
    REFUSED_WITH(demand_seconds, 0);
    REFUSED_WITH(demand_seconds, UINT32_MAX);
    REFUSED_WITH(move_seconds, 0);
    struct crux_game_parameters nothing = right;
    nothing.executor_bond = nothing.reward = 0;
    refused(&nothing);
    nothing = right;
    nothing.challenger_bond = nothing.defence_cost = 0;
    refused(&nothing);
}

static void clocks_hold_the_rounds(void **state) {
    (void)state;
    assert_int_equal(crux_game_moves_max(2), 37 + 12 + 41 + 4);
    assert_int_equal(crux_game_moves_max(3), crux_game_moves_max(2));
    assert_int_equal(crux_game_moves_max(16), 10 + 3 + 11 + 4);
    assert_int_equal(crux_game_moves_max(64), 7 + 2 + 7 + 4);
    /* spec/70-game.md#parameters: "the moves before expand fit into the clock alone" */
    for (uint32_t k = 2; k <= CRUX_GAME_K_MAX; k++) {
        uint32_t m = 0;
        while (k >> (m + 1) != 0) m++;
        assert_true(2 * ((37 + m - 1) / m + 1) <= crux_game_moves_max(k));
    }
    struct crux_game_parameters p = right; /* 94 moves in 2,100 seconds: 22 each, not 23 */
    p.window_seconds = 4000;
    p.move_seconds = 22;
    assert_int_equal(crux_game_parameters_check(&p), CRUX_OK);
    p.move_seconds = 23;
    assert_int_equal(crux_game_parameters_check(&p), CRUX_E_ROUNDS_EXCEED_CLOCK);
    p.k = 4;
    assert_int_equal(crux_game_parameters_check(&p), CRUX_OK);
    p.move_seconds = UINT32_MAX;
    REFUSED_WITH(move_seconds, UINT32_MAX);
}

static void a_chain_takes_no_others(void **state) {
    static uint64_t memory[1 << 12];
    struct crux_game game = {.scratch = NULL};
    struct crux_account account = {{1}};
    (void)state;
    assert_int_equal(crux_game_memory_init(&game.store, memory, sizeof memory, 64), CRUX_OK);
    assert_int_equal(crux_game_deposit(&game, &account, 1), CRUX_E_NOT_FOUND); /* not configured */
    struct crux_game_parameters wrong = right;
    wrong.k = 1;
    assert_int_equal(crux_game_configure(&game, &wrong), CRUX_E_PARAMETERS_INVALID);
    assert_int_equal(crux_game_configure(&game, &right), CRUX_OK);
    assert_int_equal(crux_game_deposit(&game, &account, 0), CRUX_E_AMOUNT_INVALID);
    assert_int_equal(crux_game_deposit(&game, &account, CRUX_GAME_AMOUNT_MAX + 1),
                     CRUX_E_AMOUNT_INVALID);
    assert_int_equal(crux_game_deposit(&game, &account, CRUX_GAME_AMOUNT_MAX), CRUX_OK);
    assert_int_equal(crux_game_deposit(&game, &account, 1), CRUX_E_AMOUNT_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bound),
        cmocka_unit_test(clocks_hold_the_rounds),
        cmocka_unit_test(a_chain_takes_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
