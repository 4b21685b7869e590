/* The file: made, opened, refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/service/store/inside.h"

/* Runs are small and change; their bodies are large and do not. Numbers are never given twice. */
static const char schema[] =
    "CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), chain_id BLOB NOT NULL, "
    "contract BLOB NOT NULL, executor BLOB NOT NULL);"
    "CREATE TABLE runs (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, "
    "claim_hash BLOB NOT NULL UNIQUE, request_hash BLOB NOT NULL, receipt BLOB NOT NULL, "
    "signature BLOB NOT NULL, claim BLOB NOT NULL, request BLOB NOT NULL, model TEXT NOT NULL, "
    "owner TEXT NOT NULL, name TEXT NOT NULL, fee BLOB NOT NULL, created INTEGER NOT NULL, "
    "mode INTEGER NOT NULL, requester BLOB NOT NULL, deadline INTEGER NOT NULL, "
    "state INTEGER NOT NULL, batch INTEGER, member INTEGER, path BLOB, "
    "shown INTEGER NOT NULL DEFAULT 0, published INTEGER NOT NULL DEFAULT 0, "
    "bound INTEGER NOT NULL DEFAULT 0, paid INTEGER NOT NULL DEFAULT 0, "
    "demanded INTEGER NOT NULL DEFAULT 0, disputes INTEGER NOT NULL DEFAULT 0, "
    "late INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX runs_by_name ON runs (owner, name) WHERE name <> '';"
    "CREATE INDEX runs_by_request ON runs (request_hash);"
    "CREATE INDEX runs_by_batch ON runs (batch, member);"
    "CREATE INDEX runs_by_state ON runs (state, created);"
    "CREATE INDEX runs_waiting ON runs (mode, requester, number) WHERE state = 1;"
    "CREATE INDEX runs_to_show ON runs (number) WHERE state = 3 AND shown = 0;"
    "CREATE INDEX runs_to_publish ON runs (number) WHERE state = 3 AND demanded = 1 AND "
    "published = 0;"
    "CREATE INDEX runs_to_bind ON runs (number) WHERE state = 3 AND bound = 0 AND "
    "fee <> zeroblob(20);"
    "CREATE INDEX runs_to_pay ON runs (number) WHERE bound = 1 AND paid = 0;"
    "CREATE INDEX runs_disputed ON runs (number) WHERE disputes > 0;"
    "CREATE INDEX runs_late ON runs (number) WHERE late = 1;"
    "CREATE INDEX runs_ended ON runs (ended) WHERE state >= 4;"
    "CREATE TABLE bodies (number INTEGER PRIMARY KEY, request_tokens BLOB NOT NULL, "
    "output_tokens BLOB NOT NULL, annex BLOB NOT NULL, leaf_count INTEGER NOT NULL, "
    "leaves BLOB NOT NULL);"
    "CREATE INDEX bodies_with_leaves ON bodies (number, leaf_count) WHERE leaf_count > 0;"
    "CREATE TABLE batches (number INTEGER PRIMARY KEY AUTOINCREMENT, mode INTEGER NOT NULL, "
    "requester BLOB NOT NULL, root BLOB NOT NULL, count INTEGER NOT NULL, bond INTEGER NOT NULL, "
    "state INTEGER NOT NULL, chain_batch INTEGER NOT NULL DEFAULT 0, "
    "posted_at INTEGER NOT NULL DEFAULT 0, window_end INTEGER NOT NULL DEFAULT 0, "
    "try_at INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX batches_by_state ON batches (state, number);"
    "CREATE INDEX batches_by_place ON batches (chain_batch);"
    "CREATE TABLE cursors (number INTEGER PRIMARY KEY, hash BLOB NOT NULL);";

/* Of version 2. */
static const char schema_calls[] =
    "CREATE TABLE calls (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, "
    "state INTEGER NOT NULL, answer_by INTEGER NOT NULL, ended INTEGER NOT NULL);"
    "CREATE INDEX calls_by_state ON calls (state, number);";

/* Of version 3: what ends first is found first. `demanded` is the demand's deadline; of an older file 1, and so the first,
 * until its events are read again. */
static const char schema_deadlines[] =
    "DROP INDEX IF EXISTS calls_by_state;"
    "CREATE INDEX calls_by_state ON calls (state, answer_by, number);"
    "DROP INDEX IF EXISTS runs_to_publish;"
    "CREATE INDEX runs_to_publish ON runs (number) WHERE state = 3 AND demanded > 0 AND "
    "published = 0;"
    "CREATE INDEX runs_demanded ON runs (demanded, number) WHERE state = 3 AND demanded > 0 AND "
    "published = 0;";

static enum crux_status run(struct crux_store *store, const char *text) {
    int code = sqlite3_exec(store->db, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? CRUX_OK : store_sqlite(store, code, "use the store of runs");
}

static enum crux_status pragma_number(struct crux_store *store, const char *pragma, int *value) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, pragma, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    *value = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    if (code == SQLITE_ROW) return CRUX_OK;
    return store_sqlite(store, code, "read the store of runs");
}

/* One transaction makes all of it: a process that is killed leaves the file as it was. An older file lacks what events would
 * have said that it has perhaps read: it reads all of them again.  In: from, the file's version; 0: it is empty. */
static enum crux_status make(struct crux_store *store, int from) {
    char version[96];
    (void)snprintf(version, sizeof version, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   (int)STORE_APPLICATION, (int)CRUX_STORE_VERSION);
    enum crux_status status = run(store, "BEGIN IMMEDIATE");
    if (status == CRUX_OK && from < 1) status = run(store, schema);
    if (status == CRUX_OK && from < 2) status = run(store, schema_calls);
    if (status == CRUX_OK) status = run(store, schema_deadlines);
    if (status == CRUX_OK) status = run(store, "DELETE FROM cursors");
    if (status == CRUX_OK) status = run(store, version);
    if (status == CRUX_OK) status = run(store, "COMMIT");
    return status;
}

static enum crux_status check_format(struct crux_store *store, const char *path) {
    int application = 0, version = 0, tables = 0;
    enum crux_status status = pragma_number(store, "PRAGMA application_id", &application);
    if (status == CRUX_OK) status = pragma_number(store, "PRAGMA user_version", &version);
    if (status == CRUX_OK)
        status = pragma_number(store, "SELECT COUNT(*) FROM sqlite_schema", &tables);
    if (status != CRUX_OK) return status;
    if (application == 0 && version == 0 && tables == 0) return make(store, 0);
    if (application != STORE_APPLICATION)
        return store_fail(store, CRUX_E_BAD_MAGIC, "'%.300s' is no store of runs", path);
    if (version >= 1 && version < CRUX_STORE_VERSION) return make(store, version);
    if (version != CRUX_STORE_VERSION)
        return store_fail(store, CRUX_E_BAD_VERSION,
                          "'%.300s' is a store of runs of version %d; this program uses version %d",
                          path, version, (int)CRUX_STORE_VERSION);
    return CRUX_OK;
}

/* The file's schema is not trusted: no trigger, view or function of it runs. */
static int harden(sqlite3 *db) {
    int code = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_busy_timeout(db, STORE_WAIT_MILLISECONDS);
    return code;
}

static enum crux_status open_file(struct crux_store *store, const char *path) {
    int code = sqlite3_open_v2(
        path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = harden(store->db);
    if (code != SQLITE_OK)
        return store_fail(store, CRUX_E_IO, "cannot open '%.300s': %s", path,
                          store->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(store->db));
    /* exclusive: the lock is taken by the first transaction, kept to the end, and falls with the process */
    enum crux_status status =
        run(store, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT");
    if (status == CRUX_E_IO && (sqlite3_errcode(store->db) & 0xff) == SQLITE_BUSY)
        return store_fail(store, CRUX_E_IO, "another process has '%.300s' open", path);
    if (status == CRUX_OK)
        status = check_format(store, path); /* before anything of a file is changed */
    if (status == CRUX_OK)
        status = run(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                            "PRAGMA cell_size_check = ON");
    if (status == CRUX_OK)
        status = run(store, "CREATE TEMP TABLE gone (number INTEGER PRIMARY KEY)");
    return status == CRUX_OK ? store_prepare(store) : status;
}

enum crux_status crux_store_open(struct crux_store **store, const char *path,
                                 char message[CRUX_STORE_NAME_BYTES_MAX * 2]) {
    message[0] = 0;
    *store = calloc(1, sizeof **store);
    if (*store == NULL) return CRUX_E_OUT_OF_MEMORY;
    (*store)->leaves_came = true;
    enum crux_status status = open_file(*store, path);
    if (status == CRUX_OK) return CRUX_OK;
    memcpy(message, (*store)->message, CRUX_STORE_NAME_BYTES_MAX * 2);
    crux_store_close(*store);
    *store = NULL;
    return status;
}

void crux_store_close(struct crux_store *store) {
    if (store == NULL) return;
    for (unsigned i = 0; i < STORE_STATEMENTS; i++) (void)sqlite3_finalize(store->statement[i]);
    (void)sqlite3_close_v2(store->db);
    free(store);
}

const char *crux_store_message(const struct crux_store *store) {
    return store->message;
}

enum crux_status crux_store_bind(struct crux_store *store, const uint8_t chain_id[32],
                                 const uint8_t contract[32], const struct crux_account *executor) {
    uint8_t found[32 + 32 + 20] = {0};
    bool own;
    enum crux_status status = store_row(store, STORE_META);
    if (status == CRUX_OK) {
        struct store_reader reader = {store, STORE_META, CRUX_OK};
        store_get_bytes(&reader, 0, found, 32);
        store_get_bytes(&reader, 1, found + 32, 32);
        store_get_bytes(&reader, 2, found + 64, 20);
        store_reset(store, STORE_META);
        if (reader.status != CRUX_OK) return reader.status;
        if (memcmp(found, chain_id, 32) != 0 || memcmp(found + 32, contract, 32) != 0)
            return store_fail(store, CRUX_E_USAGE, "this store of runs belongs to another chain");
        if (memcmp(found + 64, executor->b, 20) != 0)
            return store_fail(store, CRUX_E_USAGE,
                              "this store of runs belongs to another executor's key");
        return CRUX_OK;
    }
    if (status != CRUX_E_NOT_FOUND) return status;
    status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_bytes(store, STORE_BIND, 1, chain_id, 32);
    store_put_bytes(store, STORE_BIND, 2, contract, 32);
    store_put_bytes(store, STORE_BIND, 3, executor->b, 20);
    return store_end(store, own, store_do(store, STORE_BIND));
}
