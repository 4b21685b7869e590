/* The lock of a simulation's folder: who does not get it has lost the folder to another process, and makes another one. */
#define _DEFAULT_SOURCE /* setenv, flock */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/simulate_folder.h"
#include "tests/support/temporary_folder.h"

static char base[256];
static unsigned calls, lost; /* of flock; how many of the first fail */
static int failure;          /* as which; 0: the folder is gone by then */

/* Stands before the C library's. */
int flock(int fd, int operation) {
    char path[64], folder[512];
    assert_int_equal(operation, LOCK_EX | LOCK_NB);
    if (calls++ >= lost) return 0;
    errno = failure;
    if (failure != 0) return -1;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(path, folder, sizeof folder - 1);
    assert_true(len > 0);
    folder[len] = 0;
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

/* In: how many locks fail, and as what.  Returns: how often a lock was tried. */
static unsigned make(unsigned lost_first, int as, enum crux_status wanted) {
    struct crux_cli_simulate_folder folder = {.made = false};
    calls = 0;
    lost = lost_first;
    failure = as;
    assert_int_equal(crux_cli_simulate_folder_make(&folder), wanted);
    assert_int_equal(temporary_folder_count(base), wanted == CRUX_OK);
    assert_int_equal(folder.made, wanted == CRUX_OK);
    if (folder.made) assert_int_equal(access(folder.path, W_OK), 0);
    crux_cli_simulate_folder_remove(&folder);
    assert_int_equal(temporary_folder_count(base), 0);
    return calls;
}

static void test_lock(void **state) {
    (void)state;
    assert_int_equal(make(0, 0, CRUX_OK), 1);
    assert_int_equal(make(1, EWOULDBLOCK, CRUX_OK), 2);
    assert_int_equal(make(3, 0, CRUX_OK), 4); /* locked, and removed by then */
    assert_int_equal(make(1000, EWOULDBLOCK, CRUX_E_IO), 8);
    assert_int_equal(make(1000, 0, CRUX_E_IO), 8);
    /* where there are no locks, nobody has one */
    assert_int_equal(make(1000, EBADF, CRUX_OK), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lock)};
    temporary_folder_make(base);
    if (setenv("TMPDIR", base, 1) != 0) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temporary_folder_remove(base);
    return failed;
}
