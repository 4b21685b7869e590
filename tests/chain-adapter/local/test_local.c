/* The local chain by hand: what is made and refused, cursors, time, several processes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/chain-adapter/local/local_chain.h"
#include "tests/support/game_table.h"
#include "tests/support/temporary_folder.h"

enum { MONEY = 1000000, BOND = 1000 };

static struct local_chain made;

static int begin(void **state) {
    (void)state;
    local_chain_make(&made, &table_parameters, NULL);
    return 0;
}

static int end(void **state) {
    (void)state;
    local_chain_remove(&made);
    return 0;
}

static enum crux_status deposit(unsigned account, uint64_t amount) {
    struct crux_account key = table_account(account);
    return made.chain.ops->deposit(&made.chain, &key, amount);
}

static enum crux_status settle(struct crux_chain *chain, unsigned account, uint64_t number,
                               uint64_t bond, struct crux_game_outcome *outcome) {
    uint8_t bytes[128];
    struct crux_account sender = table_account(account);
    size_t len = local_chain_settle(bytes, number, bond);
    return chain->ops->move(chain, outcome, &sender, bytes, len);
}

static void refusals_change_nothing(void **state) {
    struct crux_game_outcome outcome;
    struct crux_chain_local_info before, after;
    (void)state;
    assert_int_equal(deposit(1, MONEY), CRUX_OK);
    assert_int_equal(settle(&made.chain, 1, 7, BOND, &outcome), CRUX_OK);
    assert_int_equal(outcome.claim.batch, 0);
    assert_int_equal(crux_chain_local_info(&made.chain, &before), CRUX_OK);
    assert_int_equal(before.events, 2);
    struct local_chain_totals totals = local_chain_totals(&made.chain);
    assert_int_equal(settle(&made.chain, 1, 7, BOND, &outcome), CRUX_OK);
    assert_true(outcome.repeated);
    assert_int_equal(settle(&made.chain, 1, 8, BOND - 1, &outcome), CRUX_E_BOND_TOO_SMALL);
    assert_string_not_equal(made.chain.message, "");
    assert_int_equal(settle(&made.chain, 2, 9, BOND, &outcome), CRUX_E_BALANCE_TOO_SMALL);
    assert_int_equal(deposit(1, 0), CRUX_E_AMOUNT_INVALID);
    struct crux_account sender = table_account(1);
    const uint8_t nonsense[] = {99, 1, 2};
    assert_int_equal(made.chain.ops->move(&made.chain, &outcome, &sender, nonsense, 3),
                     CRUX_E_MOVE_MALFORMED);
    assert_int_equal(made.chain.ops->move(&made.chain, &outcome, &sender, NULL, 0),
                     CRUX_E_TRUNCATED);
    assert_int_equal(crux_chain_local_info(&made.chain, &after), CRUX_OK);
    assert_memory_equal(&before, &after, sizeof after);
    struct local_chain_totals again = local_chain_totals(&made.chain);
    assert_memory_equal(&totals, &again, sizeof again);
}

static void time_passes_as_told(void **state) {
    struct crux_chain other;
    (void)state;
    assert_int_equal(local_chain_totals(&made.chain).now, 1000);
    assert_int_equal(made.chain.ops->advance(&made.chain, 50), CRUX_OK);
    local_chain_open(&other, &made);
    assert_int_equal(local_chain_totals(&other).now, 1050);
    assert_int_equal(other.ops->advance(&other, CRUX_GAME_TIME_MAX), CRUX_E_TIME_INVALID);
    assert_int_equal(other.ops->advance(&other, CRUX_GAME_TIME_MAX - 1051), CRUX_OK);
    assert_int_equal(other.ops->advance(&other, 1), CRUX_E_TIME_INVALID);
    other.ops->close(&other);
}

static void a_real_clock_is_not_told(void **state) {
    char path[320], message[CRUX_CHAIN_MESSAGE_BYTES];
    struct crux_chain chain;
    struct crux_chain_local_info one, two;
    const struct crux_chain_local_new what = {.parameters = table_parameters};
    (void)state;
    (void)snprintf(path, sizeof path, "%s/real", made.folder);
    assert_int_equal(crux_chain_local_create(message, path, &what), CRUX_OK);
    assert_int_equal(crux_chain_local_open(&chain, path, NULL), CRUX_OK);
    assert_true(local_chain_totals(&chain).now > 1600000000);
    assert_int_equal(chain.ops->advance(&chain, 1), CRUX_E_UNSUPPORTED);
    assert_int_equal(crux_chain_local_info(&chain, &one), CRUX_OK);
    assert_int_equal(crux_chain_local_info(&made.chain, &two), CRUX_OK);
    assert_memory_not_equal(one.chain_id, two.chain_id, 32);
    chain.ops->close(&chain);
    /* what is there already stays */
    assert_int_equal(crux_chain_local_create(message, path, &what), CRUX_E_IO);
    assert_int_equal(temporary_folder_count(made.folder), 4); /* and chain, with -wal and -shm */
}

static bool keep(void *ctx, const struct crux_chain_event *event) {
    struct crux_chain_cursor **next = ctx;
    (*next)->number = event->number;
    memcpy((*next)->hash, event->hash, 32);
    (*next)++;
    return true;
}

static void cursors(void **state) {
    struct crux_chain_cursor seen[8], *next = seen, cursor = {0};
    bool reorganised;
    (void)state;
    assert_int_equal(local_chain_events(&made.chain, &cursor), 0);
    for (unsigned i = 0; i < 5; i++) assert_int_equal(deposit(i, MONEY), CRUX_OK);
    assert_int_equal(made.chain.ops->events(&made.chain, &cursor, &reorganised, 2, keep, &next),
                     CRUX_OK);
    assert_int_equal(cursor.number, 2);
    assert_memory_equal(&cursor, &seen[1], sizeof cursor);
    assert_int_equal(made.chain.ops->events(&made.chain, &cursor, &reorganised, 9, keep, &next),
                     CRUX_OK);
    assert_int_equal(cursor.number, 5);
    assert_false(reorganised);
    /* taken back: a reader beyond is told, one before is not */
    uint64_t held = local_chain_totals(&made.chain).total;
    assert_int_equal(made.chain.ops->rewind(&made.chain, 2), CRUX_OK);
    assert_int_equal(local_chain_totals(&made.chain).total, held - 2 * MONEY);
    assert_int_equal(made.chain.ops->events(&made.chain, &cursor, &reorganised, 9, keep, &next),
                     CRUX_OK);
    assert_true(reorganised);
    assert_int_equal(deposit(3, MONEY), CRUX_OK);
    assert_int_equal(deposit(9, MONEY), CRUX_OK);
    assert_int_equal(made.chain.ops->events(&made.chain, &cursor, &reorganised, 9, keep, &next),
                     CRUX_OK);
    assert_true(reorganised); /* there is an event 5, but another one */
    assert_int_equal(local_chain_events(&made.chain, &seen[3]), 1); /* event 4 is the same again */
    assert_int_equal(made.chain.ops->rewind(&made.chain, 6), CRUX_E_NOT_FOUND);
    assert_int_equal(made.chain.ops->rewind(&made.chain, 5), CRUX_OK);
    assert_int_equal(local_chain_totals(&made.chain).total, 0);
}

/* A child's share: settles batches of its own, one after the other. */
static void post_many(unsigned account, unsigned count) {
    struct crux_chain chain;
    struct crux_game_outcome outcome;
    local_chain_open(&chain, &made);
    for (unsigned i = 0; i < count; i++) {
        if (settle(&chain, account, account * 1000 + i, BOND, &outcome) != CRUX_OK) _exit(1);
    }
    chain.ops->close(&chain);
    _exit(0);
}

static void several_processes_post(void **state) {
    enum { PROCESSES = 3, EACH = 40 };
    pid_t child[PROCESSES];
    struct crux_chain_cursor cursor = {0};
    (void)state;
    for (unsigned i = 0; i < PROCESSES; i++) assert_int_equal(deposit(i, MONEY), CRUX_OK);
    made.chain.ops->close(&made.chain); /* not to be taken through a fork */
    for (unsigned i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) post_many(i, EACH);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    local_chain_open(&made.chain, &made);
    struct local_chain_totals totals = local_chain_totals(&made.chain);
    assert_int_equal(totals.chain.batches, PROCESSES * EACH);
    assert_int_equal(totals.chain.bonds, PROCESSES * EACH * BOND);
    assert_int_equal(totals.total, totals.deposited);
    assert_int_equal(local_chain_events(&made.chain, &cursor), PROCESSES * (EACH + 1));
}

static void accounts_have_names(void **state) {
    static const char *const wrong[] = {"", "Alice", "a b", "1a", "-a", "0x00", "\xc3\xa4"};
    struct crux_account a, b;
    char text[70];
    (void)state;
    assert_int_equal(crux_chain_account_read(&a, "alice"), CRUX_OK);
    assert_int_equal(crux_chain_account_read(&b, "alicf"), CRUX_OK);
    assert_memory_not_equal(&a, &b, sizeof a);
    for (unsigned i = 0; i < 20; i++) (void)snprintf(text + 2 * i, 3, "%02x", a.b[i]);
    assert_int_equal(crux_chain_account_read(&b, text), CRUX_OK);
    assert_memory_equal(&a, &b, sizeof a);
    memset(text, 'a', 65);
    text[65] = 0;
    assert_int_equal(crux_chain_account_read(&a, text), CRUX_E_SYNTAX);
    text[64] = 0;
    assert_int_equal(crux_chain_account_read(&a, text), CRUX_OK);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(wrong); i++)
        assert_int_equal(crux_chain_account_read(&a, wrong[i]), CRUX_E_SYNTAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refusals_change_nothing, begin, end),
        cmocka_unit_test_setup_teardown(time_passes_as_told, begin, end),
        cmocka_unit_test_setup_teardown(a_real_clock_is_not_told, begin, end),
        cmocka_unit_test_setup_teardown(cursors, begin, end),
        cmocka_unit_test_setup_teardown(several_processes_post, begin, end),
        cmocka_unit_test(accounts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
