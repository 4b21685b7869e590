/* The file: opened, locked, its tables made; statements; cursors. */
#include "challenger/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum {
    APPLICATION = 0x43525557, /* "CRUW" */
    VERSION = 1,
    CURSORS_KEPT = 1024
};

static const char schema[] =
    "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), chain_id BLOB, contract BLOB,"
    " account BLOB, secret BLOB, nonce INTEGER);"
    "CREATE TABLE cursors (number INTEGER PRIMARY KEY, hash BLOB);"
    "CREATE TABLE batches (batch INTEGER PRIMARY KEY, event INTEGER, executor BLOB, requester BLOB,"
    " root BLOB, members INTEGER, mode INTEGER, window_end INTEGER, listed INTEGER, tries INTEGER,"
    " due INTEGER);"
    "CREATE TABLE claims (batch INTEGER, member INTEGER, event INTEGER, window_end INTEGER,"
    " fell INTEGER, state INTEGER, mode INTEGER, tries INTEGER, due INTEGER, shown INTEGER,"
    " executor BLOB, requester BLOB, hash BLOB, claim BLOB, positions INTEGER, request BLOB,"
    " tokens BLOB, output BLOB, PRIMARY KEY (batch, member)) WITHOUT ROWID;"
    "CREATE INDEX claims_by_state ON claims (state, window_end);"
    "CREATE TABLE disputes (nonce INTEGER PRIMARY KEY, batch INTEGER, member INTEGER, hash BLOB,"
    " state INTEGER, bond INTEGER);"
    "CREATE TABLE demands (batch INTEGER, member INTEGER, fee INTEGER, state INTEGER,"
    " PRIMARY KEY (batch, member));";

#define CLAIM_COLUMNS                                                                              \
    "batch, member, event, window_end, fell, state, mode, tries, shown, executor, requester, "     \
    "hash, claim, request, tokens, output"

static const char *const texts[JOURNAL_STATEMENTS] = {
    [JOURNAL_BEGIN] = "BEGIN IMMEDIATE",
    [JOURNAL_COMMIT] = "COMMIT",
    [JOURNAL_ROLLBACK] = "ROLLBACK",
    [JOURNAL_CURSOR_LAST] = "SELECT number, hash FROM cursors ORDER BY number DESC LIMIT 1",
    [JOURNAL_CURSOR_PUT] = "INSERT OR REPLACE INTO cursors (number, hash) VALUES (?1, ?2)",
    [JOURNAL_CURSOR_FORGET] = "DELETE FROM cursors WHERE number <= (SELECT number FROM cursors "
                              "ORDER BY number DESC LIMIT 1 OFFSET ?1)",
    [JOURNAL_CURSOR_DROP] = "DELETE FROM cursors WHERE number = (SELECT MAX(number) FROM cursors)",
    [JOURNAL_BACK_CLAIMS] = "DELETE FROM claims WHERE event > ?1",
    [JOURNAL_BACK_FELL] = "UPDATE claims SET fell = 0 WHERE fell > ?1",
    [JOURNAL_BACK_BATCHES] = "DELETE FROM batches WHERE event > ?1",
    [JOURNAL_BATCH_PUT] = "INSERT OR REPLACE INTO batches (batch, event, executor, requester, root,"
                          " members, mode, window_end, listed, tries, due)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0)",
    [JOURNAL_BATCH_GET] = "SELECT batch, event, executor, requester, root, members, mode,"
                          " window_end, tries FROM batches WHERE batch = ?1",
    [JOURNAL_BATCH_NEXT] = "SELECT batch FROM batches WHERE listed = 0 AND due <= ?1"
                           " ORDER BY window_end LIMIT 1",
    [JOURNAL_BATCH_TRIED] = "UPDATE batches SET tries = tries + 1, due = ?2 WHERE batch = ?1",
    [JOURNAL_BATCH_DONE] = "UPDATE batches SET listed = ?2 WHERE batch = ?1",
    [JOURNAL_CLAIM_PUT] = "INSERT OR IGNORE INTO claims (batch, member, event, window_end, fell,"
                          " state, mode, tries, due, shown, executor, requester, hash)"
                          " VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, 0, 0, ?7, ?8, ?9, ?10)",
    [JOURNAL_CLAIM_GET] = "SELECT " CLAIM_COLUMNS " FROM claims WHERE batch = ?1 AND member = ?2",
    [JOURNAL_CLAIM_NEXT] = "SELECT batch, member FROM claims WHERE state = ?1 AND due <= ?2 AND"
                           " fell = 0 ORDER BY window_end, batch, member LIMIT ?3",
    [JOURNAL_CLAIM_STATE] = "UPDATE claims SET state = ?3 WHERE batch = ?1 AND member = ?2",
    [JOURNAL_CLAIM_DATA] =
        "UPDATE claims SET state = ?3, claim = IFNULL(?4, claim), positions = IFNULL(?5,"
        " positions), request = IFNULL(?6, request), tokens = IFNULL(?7, tokens),"
        " output = IFNULL(?8, output), due = 0 WHERE batch = ?1 AND member = ?2",
    [JOURNAL_CLAIM_CLEAR] = "UPDATE claims SET request = NULL, tokens = NULL, output = NULL"
                            " WHERE batch = ?1 AND member = ?2",
    [JOURNAL_CLAIM_TRIED] = "UPDATE claims SET tries = tries + 1, due = ?3"
                            " WHERE batch = ?1 AND member = ?2",
    [JOURNAL_CLAIM_SHOWN] = "UPDATE claims SET shown = 1, due = 0"
                            " WHERE batch = ?1 AND member = ?2",
    [JOURNAL_CLAIM_FELL] = "UPDATE claims SET fell = ?3 WHERE batch = ?1 AND member = ?2",
    [JOURNAL_CLAIM_COUNTS] = "SELECT state, COUNT(*), IFNULL(SUM(positions), 0) FROM claims"
                             " GROUP BY state",
    [JOURNAL_NONCE_TAKE] = "UPDATE meta SET nonce = nonce + 1",
    [JOURNAL_NONCE_GET] = "SELECT nonce FROM meta",
    [JOURNAL_DISPUTE_PUT] = "INSERT INTO disputes (nonce, batch, member, hash, state, bond)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [JOURNAL_DISPUTE_STATE] = "UPDATE disputes SET state = ?2, bond = ?3 WHERE nonce = ?1",
    [JOURNAL_DISPUTE_OF] = "SELECT nonce, batch, member, hash, state, bond FROM disputes"
                           " WHERE batch = ?1 AND member = ?2 AND hash = ?3"
                           " ORDER BY nonce DESC LIMIT 1",
    [JOURNAL_DISPUTES_OPEN] = "SELECT nonce, batch, member, hash, state, bond FROM disputes"
                              " WHERE state <= ?1 ORDER BY nonce LIMIT ?2",
    [JOURNAL_DISPUTE_COUNTS] = "SELECT state, COUNT(*), SUM(bond) FROM disputes GROUP BY state",
    [JOURNAL_DEMAND_PUT] = "INSERT OR IGNORE INTO demands (batch, member, fee, state)"
                           " VALUES (?1, ?2, ?3, 1)",
    [JOURNAL_DEMAND_STATE] = "UPDATE demands SET state = ?3, fee = fee * ?4"
                             " WHERE batch = ?1 AND member = ?2",
    [JOURNAL_DEMANDS_OPEN] = "SELECT batch, member FROM demands WHERE state = 1 LIMIT ?1",
    [JOURNAL_DEMAND_FEES] = "SELECT IFNULL(SUM(fee), 0) FROM demands",
};

/* ---- statements ---- */

static enum crux_status fail(struct journal *journal, int code, const char *doing) {
    const char *said = journal->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(journal->db);
    (void)snprintf(journal->message, CRUX_CHALLENGER_MESSAGE_BYTES, "cannot %s the journal: %s",
                   doing, said);
    switch (code & 0xff) {
    case SQLITE_NOTADB: return CRUX_E_BAD_MAGIC;
    case SQLITE_NOMEM: return CRUX_E_OUT_OF_MEMORY;
    case SQLITE_CORRUPT: return CRUX_E_NON_CANONICAL;
    case SQLITE_BUSY:
        (void)snprintf(journal->message, CRUX_CHALLENGER_MESSAGE_BYTES,
                       "another process uses the journal");
        return CRUX_E_IO;
    default: return CRUX_E_IO;
    }
}

sqlite3_stmt *journal_bind(struct journal *journal, enum journal_statement which) {
    return journal->statement[which];
}

/* Nothing is copied or allocated, so that binding to a column that is there cannot fail. */
void journal_bind_number(struct journal *journal, enum journal_statement which, int at,
                         uint64_t number) {
    int code = sqlite3_bind_int64(journal->statement[which], at,
                                  number > INT64_MAX ? INT64_MAX : (sqlite3_int64)number);
    CRUX_ASSERT(code == SQLITE_OK);
}

void journal_bind_bytes(struct journal *journal, enum journal_statement which, int at,
                        const void *bytes, size_t len) {
    CRUX_ASSERT(len <= INT32_MAX);
    int code = bytes == NULL ? sqlite3_bind_null(journal->statement[which], at)
                             : sqlite3_bind_blob(journal->statement[which], at, bytes, (int)len,
                                                 SQLITE_STATIC);
    CRUX_ASSERT(code == SQLITE_OK);
}

void journal_reset(struct journal *journal, enum journal_statement which) {
    (void)sqlite3_reset(journal->statement[which]);
    (void)sqlite3_clear_bindings(journal->statement[which]);
}

enum crux_status journal_row(struct journal *journal, enum journal_statement which) {
    int code = sqlite3_step(journal->statement[which]);
    if (code == SQLITE_ROW) return CRUX_OK;
    enum crux_status status = code == SQLITE_DONE ? CRUX_E_NOT_FOUND : fail(journal, code, "use");
    journal_reset(journal, which);
    return status;
}

enum crux_status journal_do(struct journal *journal, enum journal_statement which) {
    enum crux_status status = journal_row(journal, which);
    if (status == CRUX_OK) journal_reset(journal, which);
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

uint64_t journal_number(const struct journal *journal, enum journal_statement which, int column) {
    sqlite3_int64 number = sqlite3_column_int64(journal->statement[which], column);
    return number < 0 ? 0 : (uint64_t)number;
}

enum crux_status journal_bytes(struct journal *journal, enum journal_statement which, int column,
                               void *bytes, size_t len) {
    sqlite3_stmt *row = journal->statement[which];
    const void *found =
        sqlite3_column_type(row, column) == SQLITE_BLOB ? sqlite3_column_blob(row, column) : NULL;
    if (found == NULL || (size_t)sqlite3_column_bytes(row, column) != len) {
        (void)snprintf(journal->message, CRUX_CHALLENGER_MESSAGE_BYTES, "the journal is damaged");
        return CRUX_E_NON_CANONICAL;
    }
    memcpy(bytes, found, len);
    return CRUX_OK;
}

enum crux_status journal_begin(struct journal *journal) {
    return journal_do(journal, JOURNAL_BEGIN);
}

enum crux_status journal_end(struct journal *journal, enum crux_status status) {
    if (status == CRUX_OK) {
        status = journal_do(journal, JOURNAL_COMMIT);
        if (status == CRUX_OK) return CRUX_OK;
    }
    /* some errors have rolled back already */
    if (sqlite3_get_autocommit(journal->db) == 0) {
        (void)sqlite3_step(journal->statement[JOURNAL_ROLLBACK]);
        journal_reset(journal, JOURNAL_ROLLBACK);
    }
    return status;
}

/* ---- the file ---- */

static enum crux_status pragma_number(struct journal *journal, const char *pragma, int *value) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(journal->db, pragma, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    *value = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    return code == SQLITE_ROW ? CRUX_OK : fail(journal, code, "read");
}

static enum crux_status make_tables(struct journal *journal, const uint8_t chain_id[32],
                                    const uint8_t contract[32],
                                    const struct crux_account *account) {
    static const char put[] = "INSERT INTO meta (one, chain_id, contract, account, secret, nonce)"
                              " VALUES (1, ?1, ?2, ?3, ?4, 0)";
    char marks[96];
    uint8_t secret[32];
    sqlite3_stmt *statement = NULL;
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret) return CRUX_E_IO;
    (void)snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                   (int)APPLICATION, (int)VERSION);
    int code = sqlite3_exec(journal->db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
    if (code == SQLITE_OK) code = sqlite3_exec(journal->db, schema, NULL, NULL, NULL);
    if (code == SQLITE_OK) code = sqlite3_exec(journal->db, marks, NULL, NULL, NULL);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(journal->db, put, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_bind_blob(statement, 1, chain_id, 32, SQLITE_STATIC);
        (void)sqlite3_bind_blob(statement, 2, contract, 32, SQLITE_STATIC);
        (void)sqlite3_bind_blob(statement, 3, account->b, sizeof account->b, SQLITE_STATIC);
        (void)sqlite3_bind_blob(statement, 4, secret, sizeof secret, SQLITE_STATIC);
        code = sqlite3_step(statement) == SQLITE_DONE ? SQLITE_OK : SQLITE_IOERR;
    }
    (void)sqlite3_finalize(statement);
    if (code == SQLITE_OK) code = sqlite3_exec(journal->db, "COMMIT", NULL, NULL, NULL);
    return code == SQLITE_OK ? CRUX_OK : fail(journal, code, "make");
}

static enum crux_status check_owner(struct journal *journal, const uint8_t chain_id[32],
                                    const uint8_t contract[32],
                                    const struct crux_account *account) {
    static const char get[] = "SELECT chain_id, contract, account, secret FROM meta";
    const void *wanted[] = {chain_id, contract, account->b};
    const int bytes[] = {32, 32, sizeof account->b, 32};
    static const char *const names[] = {"chain", "contract", "account"};
    enum crux_status status = CRUX_OK;
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(journal->db, get, -1, &row, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(row);
    if (code != SQLITE_ROW) status = fail(journal, code, "read");
    for (int i = 0; status == CRUX_OK && i < 4; i++) {
        const void *found = sqlite3_column_blob(row, i);
        if (found == NULL || sqlite3_column_bytes(row, i) != bytes[i]) {
            status = CRUX_E_NON_CANONICAL;
        } else if (i == 3) {
            memcpy(journal->secret, found, 32);
        } else if (memcmp(found, wanted[i], (size_t)bytes[i]) != 0) {
            (void)snprintf(journal->message, CRUX_CHALLENGER_MESSAGE_BYTES,
                           "the journal in this folder belongs to another %s", names[i]);
            status = CRUX_E_CLAIM_MISMATCH;
        }
    }
    (void)sqlite3_finalize(row);
    return status;
}

static enum crux_status open_file(struct journal *journal, const char *path) {
    enum { WAIT_MILLISECONDS = 2000 };
    int code = sqlite3_open_v2(
        path, &journal->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = sqlite3_busy_timeout(journal->db, WAIT_MILLISECONDS);
    /* Exclusive before the first access: the lock is held until the file is closed, however the process ends. */
    if (code == SQLITE_OK)
        code = sqlite3_exec(journal->db,
                            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                            "PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT",
                            NULL, NULL, NULL);
    return code == SQLITE_OK ? CRUX_OK : fail(journal, code, "open");
}

static enum crux_status open_tables(struct journal *journal, const uint8_t chain_id[32],
                                    const uint8_t contract[32],
                                    const struct crux_account *account) {
    int application, version;
    enum crux_status status = pragma_number(journal, "PRAGMA application_id", &application);
    if (status == CRUX_OK) status = pragma_number(journal, "PRAGMA user_version", &version);
    if (status != CRUX_OK) return status;
    if (application == 0 && version == 0)
        status = make_tables(journal, chain_id, contract, account);
    else if (application != APPLICATION)
        status = CRUX_E_BAD_MAGIC;
    else if (version != VERSION)
        status = CRUX_E_BAD_VERSION;
    if (status != CRUX_OK && journal->message[0] == 0)
        (void)snprintf(journal->message, CRUX_CHALLENGER_MESSAGE_BYTES,
                       "what lies in this folder is no journal that this program reads");
    return status == CRUX_OK ? check_owner(journal, chain_id, contract, account) : status;
}

enum crux_status journal_open(struct journal *journal, const char *folder, char *message,
                              const uint8_t chain_id[32], const uint8_t contract[32],
                              const struct crux_account *account) {
    char path[4096];
    memset(journal, 0, sizeof *journal);
    journal->message = message;
    message[0] = 0;
    int len = snprintf(path, sizeof path, "%s/challenger.db", folder);
    if (len < 0 || (size_t)len >= sizeof path) return CRUX_E_USAGE;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        (void)snprintf(message, CRUX_CHALLENGER_MESSAGE_BYTES, "cannot make '%.300s': %s", folder,
                       strerror(errno));
        return CRUX_E_IO;
    }
    enum crux_status status = open_file(journal, path);
    if (status == CRUX_OK) status = open_tables(journal, chain_id, contract, account);
    for (unsigned i = 0; status == CRUX_OK && i < JOURNAL_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(journal->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &journal->statement[i], NULL);
        if (code != SQLITE_OK) status = fail(journal, code, "read");
    }
    return status;
}

void journal_close(struct journal *journal) {
    for (unsigned i = 0; i < JOURNAL_STATEMENTS; i++) (void)sqlite3_finalize(journal->statement[i]);
    (void)sqlite3_close_v2(journal->db);
    journal->db = NULL;
}

/* ---- cursors ---- */

enum crux_status journal_cursor(struct journal *journal, struct crux_chain_cursor *cursor) {
    memset(cursor, 0, sizeof *cursor);
    enum crux_status status = journal_row(journal, JOURNAL_CURSOR_LAST);
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
    if (status != CRUX_OK) return status;
    cursor->number = journal_number(journal, JOURNAL_CURSOR_LAST, 0);
    status = journal_bytes(journal, JOURNAL_CURSOR_LAST, 1, cursor->hash, 32);
    journal_reset(journal, JOURNAL_CURSOR_LAST);
    return status;
}

enum crux_status journal_cursor_put(struct journal *journal,
                                    const struct crux_chain_cursor *cursor) {
    journal_bind_number(journal, JOURNAL_CURSOR_PUT, 1, cursor->number);
    journal_bind_bytes(journal, JOURNAL_CURSOR_PUT, 2, cursor->hash, 32);
    enum crux_status status = journal_do(journal, JOURNAL_CURSOR_PUT);
    if (status != CRUX_OK) return status;
    journal_bind_number(journal, JOURNAL_CURSOR_FORGET, 1, CURSORS_KEPT);
    return journal_do(journal, JOURNAL_CURSOR_FORGET);
}

enum crux_status journal_fall_back(struct journal *journal) {
    static const enum journal_statement steps[] = {JOURNAL_BACK_CLAIMS, JOURNAL_BACK_FELL,
                                                   JOURNAL_BACK_BATCHES};
    struct crux_chain_cursor cursor;
    enum crux_status status = journal_begin(journal);
    if (status != CRUX_OK) return status;
    status = journal_do(journal, JOURNAL_CURSOR_DROP);
    if (status == CRUX_OK) status = journal_cursor(journal, &cursor);
    for (unsigned i = 0; status == CRUX_OK && i < CRUX_ARRAY_LEN(steps); i++) {
        journal_bind_number(journal, steps[i], 1, cursor.number);
        status = journal_do(journal, steps[i]);
    }
    return journal_end(journal, status);
}
