/* Files that are no chain, or were one: each is refused by name, and none is changed or trusted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/chain-adapter/local/local_chain.h"
#include "tests/support/game_table.h"
#include "tests/support/temporary_folder.h"

static struct local_chain made;

static int begin(void **state) {
    (void)state;
    local_chain_make(&made, &table_parameters, NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct crux_account account = table_account(i);
        if (made.chain.ops->deposit(&made.chain, &account, 1000) != CRUX_OK) return 1;
    }
    made.chain.ops->close(&made.chain);
    return 0;
}

static int end(void **state) {
    (void)state;
    local_chain_remove(&made);
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

static enum crux_status try_open(void) {
    struct crux_chain chain;
    enum crux_status status = crux_chain_local_open(&chain, made.path, NULL);
    if (status == CRUX_OK)
        chain.ops->close(&chain);
    else
        assert_string_not_equal(chain.message, "");
    return status;
}

static void other_files(void **state) {
    static const uint8_t text[] = "this is no database, and longer than its header would be: "
                                  "one hundred bytes are looked at before it is refused.";
    struct crux_chain chain;
    (void)state;
    assert_int_equal(try_open(), CRUX_OK);
    change("PRAGMA user_version = 2");
    assert_int_equal(try_open(), CRUX_E_BAD_VERSION);
    change("PRAGMA user_version = 3; PRAGMA application_id = 7");
    assert_int_equal(try_open(), CRUX_E_BAD_MAGIC);
    temporary_folder_write(made.path, text, sizeof text);
    assert_int_equal(try_open(), CRUX_E_BAD_MAGIC);
    temporary_folder_write(made.path, text, 0);
    assert_int_equal(try_open(), CRUX_E_BAD_MAGIC);
    assert_int_equal(crux_chain_local_open(&chain, "", NULL), CRUX_E_BAD_MAGIC);
    assert_int_equal(crux_chain_local_open(&chain, ":memory:", NULL), CRUX_E_BAD_MAGIC);
    assert_int_equal(crux_chain_local_open(&chain, made.folder, NULL), CRUX_E_IO);
    assert_int_equal(crux_chain_local_open(&chain, "/nowhere/chain", NULL), CRUX_E_IO);
}

static void other_tables(void **state) {
    static const char *const texts[] = {
        "DELETE FROM meta",
        "DROP TABLE meta",
        "DROP TABLE undo",
        "ALTER TABLE records RENAME COLUMN record TO records",
        "ALTER TABLE events RENAME TO e; CREATE VIEW events AS SELECT * FROM e",
    };
    (void)state;
    uint8_t *bytes;
    size_t len;
    bytes = temporary_folder_read(made.path, &len);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(texts); i++) {
        change(texts[i]);
        assert_int_equal(try_open(), CRUX_E_BAD_MAGIC);
        temporary_folder_write(made.path, bytes, len);
        assert_int_equal(try_open(), CRUX_OK);
    }
    free(bytes);
}

static enum crux_status get(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_game_account record;
    struct crux_account key = table_account(1);
    (void)ctx;
    (void)now;
    return crux_game_get_account(game, &key, &record);
}

static bool any(void *ctx, const struct crux_chain_event *event) {
    (void)ctx;
    return event->number != 0;
}

/* Reads a record and all events, and makes a move.  Returns: the first failure. */
static enum crux_status use(void) {
    struct crux_chain chain;
    struct crux_chain_cursor cursor = {0};
    struct crux_account account = table_account(1);
    bool reorganised;
    enum crux_status status = crux_chain_local_open(&chain, made.path, NULL);
    if (status != CRUX_OK) return status;
    status = chain.ops->look(&chain, get, NULL);
    if (status == CRUX_OK)
        status = chain.ops->events(&chain, &cursor, &reorganised, 100, any, NULL);
    if (status == CRUX_OK) status = chain.ops->deposit(&chain, &account, 1);
    if (status != CRUX_OK) assert_string_not_equal(chain.message, "");
    chain.ops->close(&chain);
    return status;
}

static void damaged_rows(void **state) {
    static const struct {
        const char *text;
        enum crux_status status;
    } cases[] = {
        {"UPDATE meta SET chain_id = x'00'", CRUX_E_NON_CANONICAL},
        {"UPDATE meta SET genesis = 'text of thirty-two letters ......'", CRUX_E_NON_CANONICAL},
        {"UPDATE meta SET genesis = zeroblob(32)", CRUX_E_CHECKSUM_MISMATCH},
        {"UPDATE meta SET time = -1", CRUX_E_NON_CANONICAL},
        {"UPDATE meta SET time = 1 << 62", CRUX_E_NON_CANONICAL},
        {"UPDATE records SET record = x'' WHERE tbl = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE records SET record = zeroblob(4096) WHERE tbl = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE records SET record = zeroblob(40) WHERE tbl = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE records SET record = 'text' WHERE tbl = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE records SET record = 5 WHERE tbl = 1", CRUX_E_NON_CANONICAL},
        {"UPDATE records SET record = CAST(substr(record, 1, 8) || x'ffffffffffffffff' || "
         "substr(record, 17) AS BLOB) WHERE tbl = 1",
         CRUX_E_NON_CANONICAL}, /* time */
        {"UPDATE records SET record = CAST(substr(record, 1, 16) || x'ffffffffffffffff' || "
         "substr(record, 25) AS BLOB) WHERE tbl = 1",
         CRUX_E_NON_CANONICAL}, /* batches */
        {"UPDATE records SET record = CAST(substr(record, 1, 80) || zeroblob(72) AS BLOB) "
         "WHERE tbl = 1",
         CRUX_E_NON_CANONICAL}, /* parameters */
        {"DELETE FROM records WHERE tbl = 1", CRUX_E_NOT_FOUND},
        {"UPDATE events SET paid = 1 WHERE number = 2", CRUX_E_CHECKSUM_MISMATCH},
        {"UPDATE events SET kind = kind + 256 WHERE number = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE events SET member = member + (1 << 32) WHERE number = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE events SET dispute = 'none' WHERE number = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE events SET bytes = x'' WHERE number = 2", CRUX_E_CHECKSUM_MISMATCH},
        {"UPDATE events SET sender = x'00' WHERE number = 2", CRUX_E_NON_CANONICAL},
        {"UPDATE events SET hash = x'00' WHERE number = 3", CRUX_E_NON_CANONICAL},
        {"DELETE FROM events WHERE number = 2", CRUX_E_CHECKSUM_MISMATCH},
        {"INSERT INTO events SELECT 9223372036854775807, time, sender, kind, batch, member, "
         "dispute, end, fell, paid, bytes, hash FROM events WHERE number = 3",
         CRUX_E_NON_CANONICAL},
        {"CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM meta; END", CRUX_OK},
    };
    (void)state;
    size_t len;
    uint8_t *bytes = temporary_folder_read(made.path, &len);
    assert_int_equal(use(), CRUX_OK);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        temporary_folder_write(made.path, bytes, len);
        change(cases[i].text);
        enum crux_status status = use();
        if (status != cases[i].status)
            print_message("%s: %s\n", cases[i].text, crux_status_name(status));
        assert_int_equal(status, cases[i].status);
    }
    /* no trigger ran */
    assert_int_equal(use(), CRUX_OK);
    free(bytes);
}

/* A batch with more claims open than it has; a pledge of more than there is; a promise in no state. */
static enum crux_status get_all(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_game_batch batch;
    struct crux_game_pledge pledge;
    struct crux_game_promise promise;
    struct crux_game_dispute dispute;
    struct crux_account nobody = {.b = {0}};
    (void)ctx;
    (void)now;
    enum crux_status status = crux_game_get_batch(game, 0, &batch);
    const struct crux_claim_id claim = {0, 0, 0};
    if (status == CRUX_OK) status = crux_game_get_dispute(game, &claim, 0, &dispute);
    if (status == CRUX_E_NOT_FOUND) status = CRUX_OK;
    if (status == CRUX_OK) status = crux_game_get_pledge(game, &nobody, &pledge);
    if (status == CRUX_OK) status = crux_game_get_promise(game, (const uint8_t[32]){0}, &promise);
    return status;
}

static void impossible_records(void **state) {
    static const struct {
        const char *text;
        enum crux_status status;
    } cases[] = {
        {"DELETE FROM undo", CRUX_E_NOT_FOUND},
        {"UPDATE records SET record = CAST(substr(record, 1, 108) || x'01000000' || "
         "substr(record, 113) AS BLOB) WHERE tbl = 5",
         CRUX_E_NOT_FOUND}, /* one claim, and it is open */
        {"UPDATE records SET record = CAST(substr(record, 1, 108) || x'02000000' || "
         "substr(record, 113) AS BLOB) WHERE tbl = 5",
         CRUX_E_NON_CANONICAL},
        {"INSERT INTO records VALUES (8, zeroblob(16), CAST(zeroblob(48) || "
         "x'ffffffffffffffff' || zeroblob(48) || x'01000000' || zeroblob(436) AS BLOB))",
         CRUX_E_NON_CANONICAL}, /* a dispute whose clock started at the end of time */
        {"INSERT INTO records VALUES (8, zeroblob(16), CAST(zeroblob(48) || "
         "x'0100000000000000' || zeroblob(48) || x'02000000' || zeroblob(436) AS BLOB));"
         "INSERT INTO records VALUES (10, zeroblob(48), zeroblob(2192))",
         CRUX_E_NON_CANONICAL}, /* one that waits where an answer came before it */
        {"INSERT INTO records VALUES (13, zeroblob(20), zeroblob(88))", CRUX_E_NOT_FOUND},
        {"INSERT INTO records VALUES (13, zeroblob(20), "
         "CAST(zeroblob(24) || x'01' || zeroblob(63) AS BLOB))",
         CRUX_E_NON_CANONICAL},
        {"INSERT INTO records VALUES (14, zeroblob(32), zeroblob(168))", CRUX_E_NON_CANONICAL},
    };
    uint8_t bytes[128];
    struct crux_game_outcome outcome;
    struct crux_chain chain;
    struct crux_account account = table_account(1);
    (void)state;
    local_chain_open(&chain, &made);
    size_t len = local_chain_settle(bytes, 1, 1000);
    assert_int_equal(chain.ops->move(&chain, &outcome, &account, bytes, len), CRUX_OK);
    chain.ops->close(&chain);
    uint8_t *file = temporary_folder_read(made.path, &len);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        temporary_folder_write(made.path, file, len);
        change(cases[i].text);
        local_chain_open(&chain, &made);
        enum crux_status status = chain.ops->look(&chain, get_all, NULL);
        if (status != cases[i].status) print_message("%s\n", cases[i].text);
        assert_int_equal(status, cases[i].status);
        chain.ops->close(&chain);
    }
    free(file);
}

/* A system's clock that runs backwards behind a deposit: the chain's stands still. */
static void clock_behind_a_deposit(void **state) {
    const struct crux_chain_local_new what = {.parameters = table_parameters};
    char message[CRUX_CHAIN_MESSAGE_BYTES];
    struct crux_chain chain;
    struct crux_account account = table_account(1);
    (void)state;
    assert_int_equal(unlink(made.path), 0);
    assert_int_equal(crux_chain_local_create(message, made.path, &what), CRUX_OK);
    local_chain_open(&chain, &made);
    assert_int_equal(chain.ops->deposit(&chain, &account, 1000), CRUX_OK);
    chain.ops->close(&chain);
    change("UPDATE events SET time = 1 << 39"); /* some time that is to come */
    local_chain_open(&chain, &made);
    assert_int_equal(local_chain_totals(&chain).now, UINT64_C(1) << 39);
    chain.ops->close(&chain);
    change("UPDATE events SET time = 1 << 40");
    assert_int_equal(try_open(), CRUX_E_NON_CANONICAL);
}

/* Every byte of the file in turn, and the file cut short: opened, read and moved on without a crash. */
static void flipped_bytes(void **state) {
    unsigned refused = 0;
    size_t len;
    (void)state;
    uint8_t *bytes = temporary_folder_read(made.path, &len);
    for (size_t i = 0; i < len; i += 1 + i / 40) {
        bytes[i] ^= 0xff;
        temporary_folder_write(made.path, bytes, len);
        if (use() != CRUX_OK) refused++;
        bytes[i] ^= 0xff;
    }
    for (size_t cut = 0; cut < len; cut += 4096 / 2) {
        temporary_folder_write(made.path, bytes, cut);
        if (use() != CRUX_OK) refused++;
    }
    assert_true(refused > 20);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(other_files, begin, end),
        cmocka_unit_test_setup_teardown(other_tables, begin, end),
        cmocka_unit_test_setup_teardown(damaged_rows, begin, end),
        cmocka_unit_test_setup_teardown(impossible_records, begin, end),
        cmocka_unit_test_setup_teardown(clock_behind_a_deposit, begin, end),
        cmocka_unit_test_setup_teardown(flipped_bytes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
