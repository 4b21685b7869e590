/* How much one asker is answered: what is saved up, what comes back, and that others take nothing away. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "executor/service/claims/allowance.h"
#include "kernels/kernels.h"
#include "tests/support/random.h"

enum { RATE = 1 << 20, BURST = RATE * CRUX_ALLOWANCE_SECONDS };

static const uint8_t ann[CRUX_ALLOWANCE_ASKER_BYTES] = {1}, bob[CRUX_ALLOWANCE_ASKER_BYTES] = {2};

static struct crux_allowance *fresh_of(double rate, uint8_t secret) {
    const uint8_t key[CRUX_ALLOWANCE_KEY_BYTES] = {secret};
    struct crux_allowance *allowance = malloc(sizeof *allowance);
    assert_non_null(allowance);
    crux_allowance_init(allowance, rate, key);
    return allowance;
}

static struct crux_allowance *fresh(double rate) {
    return fresh_of(rate, 7);
}

/* Returns: whether it was answered. */
static bool ask(struct crux_allowance *allowance, const uint8_t *asker, uint64_t bytes,
                double now) {
    if (crux_allowance_wait(allowance, asker, now) > 0) return false;
    crux_allowance_take(allowance, asker, bytes, now);
    return true;
}

static unsigned count(struct crux_allowance *allowance, const uint8_t *asker, double now) {
    unsigned taken = 0;
    while (taken < 100000 && ask(allowance, asker, CRUX_ALLOWANCE_LEAST, now)) taken++;
    return taken;
}

static void test_runs_out(void **state) {
    struct crux_allowance *allowance = fresh(RATE);
    (void)state;
    assert_int_equal(count(allowance, ann, 50), BURST / CRUX_ALLOWANCE_LEAST);
    assert_true(ask(allowance, bob, 1, 50));
    double wait = crux_allowance_wait(allowance, ann, 50);
    assert_true(wait > 0 && wait < 1);
    assert_false(ask(allowance, ann, 1, 50));
    assert_true(ask(allowance, ann, CRUX_ALLOWANCE_LEAST, 50 + 2 * wait));
    assert_false(ask(allowance, ann, 1, 50 + 2 * wait));
    /* no more is saved up than the most */
    assert_int_equal(count(allowance, ann, 5000), BURST / CRUX_ALLOWANCE_LEAST);
    free(allowance);
}

/* One answer may be larger than what is left; it is paid for afterwards. */
static void test_large(void **state) {
    struct crux_allowance *allowance = fresh(RATE);
    (void)state;
    assert_true(ask(allowance, ann, (uint64_t)BURST * 3, 0));
    double wait = crux_allowance_wait(allowance, ann, 0);
    assert_true(wait > 2 * CRUX_ALLOWANCE_SECONDS && wait < 2 * CRUX_ALLOWANCE_SECONDS + 1);
    assert_false(ask(allowance, ann, 1, wait / 2));
    assert_true(ask(allowance, ann, 1, wait + 0.1));
    free(allowance);
}

/* However many others ask, who owes something still does. */
static void test_many(void **state) {
    struct crux_allowance *allowance = fresh(RATE);
    struct crux_random random = {.state = 4};
    (void)state;
    assert_true(ask(allowance, ann, (uint64_t)BURST * 3, 0));
    for (unsigned i = 0; i < 100000; i++) {
        uint8_t other[CRUX_ALLOWANCE_ASKER_BYTES];
        for (unsigned k = 0; k < sizeof other; k++) other[k] = (uint8_t)crux_random_next(&random);
        assert_true(ask(allowance, other, 1, 0));
    }
    assert_false(ask(allowance, ann, 1, 0));
    free(allowance);
}

/* In: number, of 64 bits of an address. */
static void name(uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], uint64_t number) {
    memset(asker, 0, CRUX_ALLOWANCE_ASKER_BYTES);
    crux_store_u64(asker, number);
}

/* Returns: is ann forgotten when two groups' worth of others owe more than she does?  In: others, their numbers. */
static bool is_pushed_out(uint8_t secret, const uint64_t *others) {
    struct crux_allowance *allowance = fresh_of(RATE, secret);
    uint8_t other[CRUX_ALLOWANCE_ASKER_BYTES];
    assert_true(ask(allowance, ann, (uint64_t)BURST * 3, 0));
    for (unsigned i = 0; i < 2 * CRUX_ALLOWANCE_PLACES; i++) {
        name(other, others[i]);
        crux_allowance_take(allowance, other, (uint64_t)BURST * 9, 0);
    }
    bool forgotten = crux_allowance_wait(allowance, ann, 0) == 0;
    free(allowance);
    return forgotten;
}

/* Who knows the key finds askers that share a group with ann, one by one: those push her out. Under another key they are in
 * other groups. */
static void test_groups_are_secret(void **state) {
    uint64_t others[2 * CRUX_ALLOWANCE_PLACES], number = 1000; /* ann is 1 */
    (void)state;
    for (unsigned found = 0; found < CRUX_ARRAY_LEN(others); number++) {
        struct crux_allowance *allowance = fresh_of(RATE, 7);
        uint8_t other[CRUX_ALLOWANCE_ASKER_BYTES];
        name(other, number);
        crux_allowance_take(allowance, ann, 1, 0);
        crux_allowance_take(allowance, other, 1, 0);
        unsigned taken = 0;
        for (unsigned group = 0; group < CRUX_ALLOWANCE_GROUPS; group++)
            taken += allowance->place[group][0].is_taken;
        free(allowance);
        if (taken == 1) others[found++] = number;
    }
    assert_true(is_pushed_out(7, others));
    assert_false(is_pushed_out(8, others));
}

static void test_no_limit(void **state) {
    struct crux_allowance *allowance = fresh(0);
    (void)state;
    for (unsigned i = 0; i < 100; i++) assert_true(ask(allowance, ann, UINT64_MAX, 0));
    free(allowance);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_out), cmocka_unit_test(test_large), cmocka_unit_test(test_many),
        cmocka_unit_test(test_groups_are_secret), cmocka_unit_test(test_no_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
