/* The formulas of spec/75: against the worked example, against sums and searches done the long way, and at their ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "bisection/bisection.h"

/* spec/75-economics.md#example */
static struct crux_economics example(void) {
    return (struct crux_economics){.game = {.executor_bond = 1000000,
                                            .reward = 400000,
                                            .challenger_bond = 20000,
                                            .defence_cost = 8000,
                                            .demand_fee = 100,
                                            .receipt_penalty = 200000,
                                            .receipt_reward = 80000,
                                            .window_seconds = 86400,
                                            .clock_seconds = 14400,
                                            .extension_seconds = 3600,
                                            .demand_seconds = 3600,
                                            .move_seconds = 300,
                                            .k = 16,
                                            .running_max = 4},
                                   .layers = 31,
                                   .sampled = 10,
                                   .audited = CRUX_SHARE_ONE / 10,
                                   .copied = 333333333,
                                   .called = CRUX_SHARE_ONE / 2,
                                   .interest = CRUX_SHARE_ONE / 20,
                                   .response = 60,
                                   .batch = 16,
                                   .execution = 1000,
                                   .audit = 1000,
                                   .saved = 1000,
                                   .prize = 500,
                                   .fee = 2500,
                                   .pledge = 1000000,
                                   .move = 240,
                                   .proof = 1200};
}

/* Does the fraction, times `scale`, have this floor? */
static bool is(struct crux_ratio ratio, int64_t scale, int64_t floor) {
    crux_i128 num = ratio.num * scale, den = (crux_i128)ratio.den;
    crux_i128 quotient = num / den - (num % den < 0 ? 1 : 0);
    return quotient == floor;
}

/* spec/75-economics.md#promises, by hand; and each number of promises against lapses counted one by one. */
static void test_promises(void **state) {
    struct crux_economics e = example();
    (void)state;
    assert_true(is(crux_economics_promise_gain(&e), 100, -8766667));
    assert_true(crux_economics_promise_called(&e).num < 0);
    e.prize = 88166; /* s + g - F is just what is lost: 0.5 * 173,333.33.. */
    assert_true(is(crux_economics_promise_called(&e), 1000000, 499996));
    assert_true(is(crux_economics_call_breaks_even(&e), 1000000, 4257));
    e.game.receipt_reward = e.game.demand_fee = 0;
    assert_int_equal(crux_economics_call_breaks_even(&e).den, 0);
    e = example();
    assert_int_equal(crux_economics_conviction_burned(&e), 920000);
    for (e.pledge = 0; e.pledge <= 1000000; e.pledge += 70001) {
        uint64_t left = e.pledge, burned = 0;
        for (uint32_t n = 1; n <= 20; n++) {
            uint64_t falls = left < e.game.receipt_penalty ? left : e.game.receipt_penalty;
            uint64_t reward = e.game.receipt_reward < falls / 2 ? e.game.receipt_reward : falls / 2;
            left -= falls;
            burned += falls - reward;
            assert_int_equal(crux_economics_promises_cost(&e, n), e.pledge - left);
            assert_int_equal(crux_economics_promises_burned(&e, n), burned);
        }
    }
    e.pledge = 1;
    assert_int_equal(crux_economics_conviction_burned(&e), 1);
    e.called = CRUX_SHARE_ONE + 1;
    assert_non_null(crux_economics_trouble(&e));
    e = example();
    e.pledge = (UINT64_C(1) << 40) + 1;
    assert_non_null(crux_economics_trouble(&e));
}

static void test_example(void **state) {
    const struct crux_economics e = example();
    (void)state;
    assert_null(crux_economics_trouble(&e));
    assert_true(is(crux_economics_found(&e), 1000000, 32258));
    assert_true(is(crux_economics_audit_cost(&e), 100, 3225));
    assert_true(is(crux_economics_audit_income(&e, CRUX_SHARE_ONE / 2), 1, 43010));
    assert_true(is(crux_economics_audit_breaks_even(&e), 1000000, 3749));
    assert_true(is(crux_economics_gain(&e), 100, -2655377));
    assert_true(is(crux_economics_even_bond(&e, e.copied), 100, 5019230));
    assert_int_equal(crux_economics_least_bond(&e, 0), 43501);
    assert_int_equal(crux_economics_least_bond(&e, CRUX_SHARE_ONE), 72501);
    assert_int_equal(crux_economics_defence(&e), 7680);
    assert_int_equal(crux_economics_least_challenger_bond(&e), 15360);
    assert_true(is(crux_economics_break_even_fee(&e), 100, 188698));
    assert_int_equal(crux_economics_stall(&e, 1), 18061);
    assert_int_equal(crux_economics_stall(&e, crux_game_moves_max(16)), 19681);
    assert_int_equal(crux_economics_flood_for(&e, 86400, 19681), 17);
    assert_int_equal(crux_economics_flood_cost(&e, 17), 2160000);
    assert_int_equal(crux_economics_flood_delay(&e, 17, 19681), 5 * 19681);
    assert_int_equal(crux_economics_executor_outlay(&e), 30720);
    assert_int_equal(crux_economics_challenger_outlay(&e, 0), 27920);
    assert_int_equal(crux_economics_challenger_repaid(&e, 24), 252007);
}

/* Whatever the assumptions, a lie gains nothing at the least bond, and something or nothing at one unit less. */
static void test_least_bond(void **state) {
    static const uint32_t shares[] = {1, 1000, 7654321, 333333333, CRUX_SHARE_ONE};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (uint32_t sampled = 1; sampled <= 31; sampled += 5)
            for (uint64_t prize = 0; prize < 3000000; prize += 999999) {
                struct crux_economics e = example();
                e.audited = shares[i];
                e.sampled = sampled;
                e.prize = prize;
                e.copied = 0;
                e.game.reward = 0;
                uint64_t bond = crux_economics_least_bond(&e, 0);
                assert_true(bond != CRUX_ECONOMICS_NONE);
                e.game.executor_bond = bond;
                assert_true(crux_economics_gain(&e).num < 0);
                e.game.executor_bond = bond - 1;
                assert_true(bond == 1 || crux_economics_gain(&e).num >= 0);
            }
}

static void test_copycats(void **state) {
    struct crux_economics e = example();
    (void)state;
    e.copied = CRUX_SHARE_ONE;
    e.game.reward = e.game.executor_bond / 2;
    assert_int_equal(crux_economics_least_bond(&e, CRUX_SHARE_ONE), 2 * 43500 + 1);
    for (uint64_t bond = 2 * 43500; bond <= 2 * 43500 + 2; bond += 2) {
        e.game.executor_bond = bond;
        e.game.reward = bond / 2;
        assert_true((crux_economics_gain(&e).num < 0) == (bond > 2 * 43500));
    }
    e.audited = 0;
    assert_true(crux_economics_least_bond(&e, 0) == CRUX_ECONOMICS_NONE);
    e.saved = e.prize = 0;
    e.audited = 1;
    assert_int_equal(crux_economics_least_bond(&e, 0), 1);
}

/* The bond that the game itself asks for, dispute by dispute. */
static void test_flood_cost(void **state) {
    (void)state;
    for (uint32_t running = 1; running <= 9; running++) {
        struct crux_economics e = example();
        struct crux_game_batch batch = {.parameters = e.game};
        struct crux_game_claim claim = {.disputes = 0};
        uint64_t sum = 0;
        e.game.running_max = batch.parameters.running_max = running;
        for (uint32_t n = 0; n < 100; n++) {
            uint64_t bond = crux_game_bond(&batch, &claim);
            assert_int_equal(crux_economics_flood_cost(&e, n), sum);
            assert_int_equal(crux_economics_bond_behind(&e, n), bond);
            for (uint64_t budget = sum; budget <= sum + bond - 1; budget += bond - 1)
                assert_int_equal(crux_economics_flood_of(&e, budget), n);
            sum += bond;
            claim.disputes++;
            if (claim.running < running) {
                claim.running++;
                claim.started++;
            }
        }
    }
}

/* D machines, jobs of one length, one after the other. */
static void test_flood_delay(void **state) {
    (void)state;
    for (uint32_t running = 1; running <= 9; running++) {
        struct crux_economics e = example();
        uint64_t free_at[9] = {0}, last = 0;
        e.game.running_max = running;
        for (uint32_t n = 0; n < 100; n++) {
            assert_int_equal(crux_economics_flood_delay(&e, n, 1000), last);
            uint32_t fewest = crux_economics_flood_for(&e, last == 0 ? 0 : last - 999, 1000);
            assert_int_equal(fewest, n == 0 ? 0 : (n - 1) / running * running + 1);
            assert_int_equal(crux_economics_flood_for(&e, last, 1000), fewest);
            uint32_t first = 0;
            for (uint32_t i = 1; i < running; i++)
                if (free_at[i] < free_at[first]) first = i;
            last = free_at[first] += 1000;
        }
    }
    struct crux_economics e = example();
    assert_true(crux_economics_flood_for(&e, UINT64_MAX, 1) > CRUX_ECONOMICS_DISPUTES_MAX);
}

static void test_ends(void **state) {
    struct crux_economics e = example();
    const uint64_t most = UINT64_C(1) << 40;
    (void)state;
    e.layers = e.sampled = CRUX_LAYERS_MAX;
    e.batch = CRUX_GAME_BATCH_MAX;
    e.interest = e.copied = CRUX_SHARE_ONE;
    e.audited = CRUX_SHARE_ONE;
    e.execution = e.audit = e.saved = e.prize = e.fee = e.move = e.proof = most;
    e.game.executor_bond = UINT64_C(1) << 42;
    e.game.reward = UINT64_C(1) << 41;
    e.game.challenger_bond = CRUX_GAME_AMOUNT_MAX;
    e.game.window_seconds = CRUX_GAME_SECONDS_MAX;
    assert_null(crux_economics_trouble(&e));
    /* s - (B - R + F), with q = 1 */
    assert_true(is(crux_economics_gain(&e), 1, -(INT64_C(1) << 41)));
    assert_true(is(crux_economics_audit_cost(&e), 1, INT64_C(1) << 40));
    assert_true(is(crux_economics_audit_income(&e, CRUX_SHARE_ONE), 1, 0));
    assert_true(crux_economics_audit_breaks_even(&e).den == 0);
    assert_true(is(crux_economics_even_bond(&e, CRUX_SHARE_ONE), 1, 0));
    /* 2^40 * 4 and 2^40 * 2 / 2^20, and 2^42 * 2^30 / year */
    assert_true(is(crux_economics_break_even_fee(&e), 1,
                   (INT64_C(1) << 42) + (INT64_C(1) << 21) +
                       (int64_t)(((crux_u128)1 << 72) / CRUX_ECONOMICS_YEAR)));
    assert_true(crux_economics_flood_cost(&e, CRUX_ECONOMICS_DISPUTES_MAX) == CRUX_ECONOMICS_NONE);
    assert_true(crux_economics_bond_behind(&e, UINT32_MAX) == CRUX_ECONOMICS_NONE);
    assert_int_equal(crux_economics_flood_of(&e, UINT64_MAX), 3);
    assert_int_equal(crux_economics_flood_of(&e, 0), 0);
}

static void test_trouble(void **state) {
    (void)state;
#define TROUBLE(CHANGE)                                                                            \
    do {                                                                                           \
        struct crux_economics e = example();                                                       \
        CHANGE;                                                                                    \
        assert_non_null(crux_economics_trouble(&e));                                               \
    } while (0)
    TROUBLE(e.game.k = 1);
    TROUBLE(e.game.reward = 500001);
    TROUBLE(e.game.clock_seconds = 3600);
    TROUBLE(e.game.executor_bond = (UINT64_C(1) << 42) + 1);
    TROUBLE(e.layers = 0);
    TROUBLE(e.layers = CRUX_LAYERS_MAX + 1);
    TROUBLE(e.sampled = 0);
    TROUBLE(e.sampled = 32);
    TROUBLE(e.audited = CRUX_SHARE_ONE + 1);
    TROUBLE(e.copied = CRUX_SHARE_ONE + 1);
    TROUBLE(e.interest = CRUX_SHARE_ONE + 1);
    TROUBLE(e.batch = 0);
    TROUBLE(e.batch = CRUX_GAME_BATCH_MAX + 1);
    TROUBLE(e.response = 301);
    TROUBLE(e.execution = (UINT64_C(1) << 40) + 1);
    TROUBLE(e.audit = (UINT64_C(1) << 40) + 1);
    TROUBLE(e.saved = (UINT64_C(1) << 40) + 1);
    TROUBLE(e.prize = (UINT64_C(1) << 40) + 1);
    TROUBLE(e.fee = (UINT64_C(1) << 40) + 1);
    TROUBLE(e.move = (UINT64_C(1) << 40) + 1);
    TROUBLE(e.proof = (UINT64_C(1) << 40) + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),    cmocka_unit_test(test_promises),
        cmocka_unit_test(test_least_bond), cmocka_unit_test(test_copycats),
        cmocka_unit_test(test_flood_cost), cmocka_unit_test(test_flood_delay),
        cmocka_unit_test(test_ends),       cmocka_unit_test(test_trouble)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
