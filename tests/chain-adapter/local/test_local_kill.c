/* A process is killed in the midst of its moves, again and again: what it was told is done is there, what was under way
 * is there whole or not at all, and no unit of value is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/chain-adapter/local/local_chain.h"
#include "tests/support/game_table.h"
#include "tests/support/random.h"

enum { KILLS = 60, PROCESSES = 2, MICROSECONDS = 4000, BOND = 1000 };

static struct local_chain made;

/* Settles one batch after the other, and says so by a byte each. Never returns. */
static void post(unsigned account, unsigned turn, int said) {
    struct crux_chain chain;
    struct crux_game_outcome outcome;
    struct crux_account sender = table_account(account);
    uint8_t bytes[128];
    local_chain_open(&chain, &made);
    for (uint64_t i = 0;; i++) {
        size_t len = local_chain_settle(bytes, (uint64_t)turn << 32 | i, BOND);
        if (chain.ops->move(&chain, &outcome, &sender, bytes, len) != CRUX_OK) _exit(1);
        if (write(said, bytes, 1) != 1) _exit(2);
    }
}

/* Returns: bytes that come out of the pipe until its other ends are closed. */
static uint64_t count_bytes(int from) {
    uint8_t bytes[256];
    uint64_t count = 0;
    for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;) count += (uint64_t)got;
    return count;
}

static void killed_at_any_moment(void **state) {
    struct crux_random random = {.state = 11};
    struct crux_chain_cursor cursor = {0};
    uint64_t posted = 0, cut_short = 0;
    (void)state;
    local_chain_make(&made, &table_parameters, NULL);
    for (unsigned i = 0; i < PROCESSES; i++) {
        struct crux_account account = table_account(i);
        assert_int_equal(made.chain.ops->deposit(&made.chain, &account, UINT64_C(1) << 40),
                         CRUX_OK);
    }
    assert_int_equal(local_chain_events(&made.chain, &cursor), PROCESSES);
    for (unsigned turn = 0; turn < KILLS; turn++) {
        pid_t child[PROCESSES];
        int pipe_ends[2];
        made.chain.ops->close(&made.chain); /* not to be taken through a fork */
        assert_int_equal(pipe(pipe_ends), 0);
        for (unsigned i = 0; i < PROCESSES; i++) {
            child[i] = fork();
            assert_true(child[i] >= 0);
            if (child[i] == 0) post(i, turn, pipe_ends[1]);
        }
        (void)close(pipe_ends[1]);
        /* Mostly some moves after the first, and at times while they open. */
        uint8_t byte;
        uint64_t said = 0;
        if (turn % 4 != 0) {
            assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
            said = 1;
        }
        long wait = (long)crux_random_below(&random, MICROSECONDS) * 1000;
        assert_int_equal(nanosleep(&(struct timespec){.tv_nsec = wait}, NULL), 0);
        for (unsigned i = 0; i < PROCESSES; i++) {
            int status;
            assert_int_equal(kill(child[i], SIGKILL), 0);
            assert_int_equal(waitpid(child[i], &status, 0), child[i]);
            assert_true(WIFSIGNALED(status));
        }
        said += count_bytes(pipe_ends[0]);
        (void)close(pipe_ends[0]);
        local_chain_open(&made.chain, &made);
        uint64_t done = local_chain_events(&made.chain, &cursor); /* none from before is gone */
        assert_in_range(done, said, said + PROCESSES);
        posted += done;
        cut_short += done - said;
        struct local_chain_totals totals = local_chain_totals(&made.chain);
        assert_int_equal(totals.total, totals.deposited);
        assert_int_equal(totals.chain.batches, posted);
        assert_int_equal(totals.chain.bonds, posted * BOND);
        assert_int_equal(totals.chain.balances, ((uint64_t)PROCESSES << 40) - posted * BOND);
    }
    print_message("%llu moves, %llu of them cut off before they could be reported\n",
                  (unsigned long long)posted, (unsigned long long)cut_short);
    assert_true(posted >= KILLS * 3 / 4);
    local_chain_remove(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_any_moment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
