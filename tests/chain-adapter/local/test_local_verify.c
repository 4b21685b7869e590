/* A file whose events are played again: an honest one holds what they make, and whatever is changed in it is found. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "tests/chain-adapter/local/local_chain.h"
#include "tests/support/game_table.h"
#include "tests/support/temporary_folder.h"

static struct local_chain made;

static int end(void **state) {
    (void)state;
    local_chain_remove(&made);
    return 0;
}

static void move(unsigned sender, const struct crux_move *what) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_account account = table_account(sender);
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    assert_int_equal(crux_move_encode(&writer, what), CRUX_OK);
    assert_int_equal(made.chain.ops->move(&made.chain, &outcome, &account, bytes, writer.at),
                     CRUX_OK);
}

/* Deposits, a batch, an escrow, a withdrawal. */
static int begin(void **state) {
    static const uint8_t root[32] = {7};
    struct crux_account executor = table_account(1), nobody = {{0}};
    (void)state;
    local_chain_make(&made, &table_parameters, NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct crux_account account = table_account(i);
        if (made.chain.ops->deposit(&made.chain, &account, 100000) != CRUX_OK) return 1;
    }
    const struct crux_move moves[] = {
        {.kind = CRUX_MOVE_SETTLE, .hash = root, .count = 3, .account = nobody.b, .amount = 1000},
        {.kind = CRUX_MOVE_ESCROW,
         .executor = executor.b,
         .hash = root,
         .amount = 50,
         .deadline = UINT32_MAX},
        {.kind = CRUX_MOVE_WITHDRAW, .amount = 70}};
    move(1, &moves[0]);
    move(2, &moves[1]);
    move(0, &moves[2]);
    return 0;
}

static void change(const char *text) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(made.path, &db), SQLITE_OK);
    int code = sqlite3_exec(db, text, NULL, NULL, NULL);
    if (code != SQLITE_OK) print_message("%s: %s\n", text, sqlite3_errmsg(db));
    assert_int_equal(code, SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static enum crux_status verify(void) {
    struct crux_chain_local_verified verified;
    enum crux_status status = crux_chain_local_verify(&made.chain, &verified);
    if (status == CRUX_OK) {
        assert_int_equal(verified.events, 6);
        assert_int_equal(verified.records, 7); /* chain, 3 accounts, batch, its root, escrow */
    } else {
        assert_string_not_equal(made.chain.message, "");
    }
    return status;
}

static void honest(void **state) {
    struct crux_account account = table_account(0);
    (void)state;
    assert_int_equal(verify(), CRUX_OK);
    assert_int_equal(verify(), CRUX_OK);
    assert_int_equal(made.chain.ops->deposit(&made.chain, &account, 1), CRUX_OK);
    assert_int_equal(made.chain.ops->rewind(&made.chain, 1), CRUX_OK);
    assert_int_equal(verify(), CRUX_OK);
}

/* In: change and its opposite. */
static void found(enum crux_status wanted, const char *text, const char *back) {
    change(text);
    enum crux_status status = verify();
    if (status != wanted) print_message("%s: %s\n", text, crux_status_name(status));
    assert_int_equal(status, wanted);
    change(back);
    assert_int_equal(verify(), CRUX_OK);
}

static void changed(void **state) {
    (void)state;
    change("CREATE TABLE was AS SELECT * FROM records; CREATE TABLE then_ AS SELECT * FROM events; "
           "CREATE TABLE named AS SELECT contract FROM meta");
    static const char back[] = "DELETE FROM records; INSERT INTO records SELECT * FROM was; "
                               "DELETE FROM events; INSERT INTO events SELECT * FROM then_";
    /* a balance, by one unit: byte 24 of an account */
    found(CRUX_E_NON_CANONICAL,
          "UPDATE records SET record = CAST(substr(record, 1, 24) || x'01' || substr(record, 26) "
          "AS BLOB) WHERE tbl = 2",
          back);
    found(CRUX_E_NON_CANONICAL, "DELETE FROM records WHERE tbl = 12", back);
    found(CRUX_E_NON_CANONICAL,
          "INSERT INTO records SELECT 2, x'0101010101010101010101010101010101010101', "
          "CAST(x'0101010101010101010101010101010101010101' || substr(record, 21) AS BLOB) "
          "FROM records WHERE tbl = 2 LIMIT 1",
          back);
    found(CRUX_E_NON_CANONICAL,
          "INSERT INTO records SELECT 99, key, record FROM records WHERE tbl = 2 LIMIT 1", back);
    found(CRUX_E_CHECKSUM_MISMATCH, "UPDATE events SET paid = 71 WHERE number = 6", back);
    found(CRUX_E_CHECKSUM_MISMATCH, "UPDATE events SET time = time + 1 WHERE number = 2", back);
    found(CRUX_E_CHECKSUM_MISMATCH, "DELETE FROM events WHERE number = 3", back);
    /* the last event taken away, hashes and all: what it did is still there */
    found(CRUX_E_NON_CANONICAL, "DELETE FROM events WHERE number = 6", back);
    found(CRUX_E_NON_CANONICAL, "UPDATE meta SET contract = CAST(zeroblob(31) || x'05' AS BLOB)",
          "UPDATE meta SET contract = (SELECT contract FROM named)");
}

/* An event that never was, with a hash that follows: the forger knows the format. */
static void forged(void **state) {
    struct crux_chain_local_info info;
    struct crux_account account = table_account(0);
    uint8_t bytes[28];
    char text[1024], hex[2][65];
    struct crux_chain_event event = {.number = 7,
                                     .time = 0,
                                     .sender = account,
                                     .kind = CRUX_CHAIN_EVENT_DEPOSIT,
                                     .bytes = bytes,
                                     .len = sizeof bytes};
    (void)state;
    assert_int_equal(crux_chain_local_info(&made.chain, &info), CRUX_OK);
    memcpy(bytes, account.b, 20);
    crux_store_u64(bytes + 20, 1000);
    crux_chain_event_hash(event.hash, info.last, &event);
    for (unsigned i = 0; i < 28; i++) (void)snprintf(hex[0] + 2 * i, 3, "%02x", bytes[i]);
    for (unsigned i = 0; i < 32; i++) (void)snprintf(hex[1] + 2 * i, 3, "%02x", event.hash[i]);
    (void)snprintf(text, sizeof text,
                   "INSERT INTO events SELECT 7, 0, sender, 0, 0, 0, 0, 0, 0, 0, x'%s', x'%s' "
                   "FROM events WHERE number = 1",
                   hex[0], hex[1]);
    found(CRUX_E_NON_CANONICAL, text, "DELETE FROM events WHERE number = 7");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(honest, begin, end),
                                       cmocka_unit_test_setup_teardown(changed, begin, end),
                                       cmocka_unit_test_setup_teardown(forged, begin, end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
