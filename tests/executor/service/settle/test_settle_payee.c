/* Whom withdrawals go to: named once, and never another. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tests/executor/service/settle/settle_case.h"

enum { START = 5000, FLOAT = 4 * SETTLE_WORLD_BOND };

static int begin(void **state) {
    settle_case_begin(state);
    world.options.withdraws = true;
    world.options.payee = world.stranger.account;
    return 0;
}

struct looking {
    const struct crux_account *key;
    struct crux_game_account account;
};

static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct looking *looking = ctx;
    (void)now;
    return crux_game_get_account(game, looking->key, &looking->account);
}

static struct crux_game_account account(const struct crux_key *key) {
    struct looking looking = {.key = &key->account};
    assert_int_equal(world.chain.ops->look(&world.chain, look, &looking), CRUX_OK);
    return looking.account;
}

/* Names the executor's payee, as somebody. */
static enum crux_status name(const struct crux_key *sender, const struct crux_key *payee) {
    const struct crux_move move = {
        .kind = CRUX_MOVE_PAYEE, .account = world.executor.account.b, .payee = payee->account.b};
    return settle_world_move(&world, &sender->account, &move);
}

static bool differs(void) {
    struct crux_settle_pledged pledged;
    assert_int_equal(crux_settle_pledged(world.settle, &pledged), CRUX_OK);
    return pledged.payee_differs;
}

static void named_before_anything_goes(void **state) {
    (void)state;
    world.options.moves_a_tick = 1;
    settle_world_open(&world);
    for (unsigned turn = 0; turn < 2; turn++) { /* the model, the payee */
        assert_int_equal(crux_settle_tick(world.settle, START), CRUX_OK);
        assert_int_equal(account(&world.executor).balance, SETTLE_WORLD_MONEY);
        assert_false(differs());
    }
    const struct crux_game_account executor = account(&world.executor);
    assert_memory_equal(&executor.payee, &world.stranger.account, sizeof executor.payee);
    settle_world_tick(&world, START);
    assert_int_equal(account(&world.executor).balance, FLOAT);
    assert_int_equal(account(&world.stranger).balance, 2 * SETTLE_WORLD_MONEY - FLOAT);
    assert_int_equal(settle_case_figures().refused, 0);
}

/* Whoever had the key before may have named another: nothing goes there. */
static void another_gets_nothing(void **state) {
    (void)state;
    settle_world_open(&world);
    assert_int_equal(name(&world.executor, &world.requester), CRUX_OK);
    settle_world_tick(&world, START);
    assert_true(differs());
    assert_int_equal(account(&world.executor).balance, SETTLE_WORLD_MONEY);
    assert_int_equal(account(&world.requester).balance, SETTLE_WORLD_MONEY);
    assert_int_equal(settle_case_figures().refused, 0);
    assert_int_equal(name(&world.requester, &world.stranger), CRUX_OK);
    settle_world_tick(&world, START + 1);
    assert_false(differs());
    assert_int_equal(account(&world.stranger).balance, 2 * SETTLE_WORLD_MONEY - FLOAT);
}

static void not_itself(void **state) {
    struct crux_settle *other;
    char message[CRUX_SETTLE_TROUBLE_BYTES];
    (void)state;
    settle_world_open(&world);
    const struct crux_settle_options options = {.payee = world.executor.account};
    assert_int_equal(
        crux_settle_open(&other, world.store, &world.chain, &world.executor, &options, message),
        CRUX_E_USAGE);
    assert_non_null(strstr(message, "its own payee"));
}

static void none_by_default(void **state) {
    (void)state;
    memset(&world.options.payee, 0, sizeof world.options.payee);
    settle_world_open(&world);
    assert_int_equal(name(&world.executor, &world.requester), CRUX_OK);
    settle_world_tick(&world, START);
    assert_false(differs());
    assert_int_equal(account(&world.requester).balance, 2 * SETTLE_WORLD_MONEY - FLOAT);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, begin, settle_case_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RULE(named_before_anything_goes),
        RULE(another_gets_nothing),
        RULE(not_itself),
        RULE(none_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
