/* Records in memory are found again under any key of the store, in a copy too; the key draws their slots. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "bisection/game/memory.h"

enum { SLOTS = 1024, RECORDS = 1000, BYTES = 256 << 10 };

static uint64_t plain[BYTES / 8], keyed[BYTES / 8], copy[BYTES / 8];

static struct crux_game_account account(uint32_t number) {
    struct crux_game_account made;
    memset(&made, 0, sizeof made);
    memcpy(made.key.b, &number, sizeof number);
    made.balance = number;
    return made;
}

static void fill(struct crux_game_store *store, void *memory, const uint8_t *key) {
    assert_int_equal(crux_game_memory_init(store, memory, BYTES, SLOTS), CRUX_OK);
    if (key != NULL) crux_game_memory_key(memory, key);
    for (uint32_t i = 0; i < RECORDS; i++) {
        const struct crux_game_account made = account(i);
        assert_int_equal(store->put(store->ctx, CRUX_TABLE_ACCOUNT, &made), CRUX_OK);
    }
}

static void all_are_there(const struct crux_game_store *store) {
    struct crux_game_account found;
    for (uint32_t i = 0; i < RECORDS; i++) {
        const struct crux_game_account wanted = account(i);
        assert_int_equal(store->get(store->ctx, CRUX_TABLE_ACCOUNT, &wanted.key, &found), CRUX_OK);
        assert_memory_equal(&found, &wanted, sizeof found);
    }
    const struct crux_game_account none = account(RECORDS);
    assert_int_equal(store->get(store->ctx, CRUX_TABLE_ACCOUNT, &none.key, &found),
                     CRUX_E_NOT_FOUND);
}

static void found_under_any_key(void **state) {
    static const uint8_t key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct crux_game_store store;
    size_t different = 0;
    (void)state;
    fill(&store, plain, NULL);
    all_are_there(&store);
    fill(&store, keyed, key);
    all_are_there(&store);
    /* the same records in the same places; their slots are others */
    size_t used = crux_game_memory_used(keyed);
    assert_int_equal(crux_game_memory_used(plain), used);
    for (size_t i = 0; i < used / 8; i++) different += plain[i] != keyed[i];
    assert_true(different > SLOTS / 4);
    memcpy(copy, keyed, used);
    crux_game_memory_open(&store, copy);
    all_are_there(&store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_under_any_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
