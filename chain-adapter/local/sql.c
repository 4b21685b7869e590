#include <stdio.h>
#include <string.h>

#include "chain-adapter/local/inside.h"

static const char *const texts[LOCAL_STATEMENTS] = {
    [LOCAL_BEGIN_READ] = "BEGIN",
    [LOCAL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [LOCAL_COMMIT] = "COMMIT",
    [LOCAL_ROLLBACK] = "ROLLBACK",
    [LOCAL_META] = "SELECT chain_id, contract, genesis, scripted, time FROM meta",
    [LOCAL_SET_TIME] = "UPDATE meta SET time = ?1",
    [LOCAL_GET] = "SELECT record FROM records WHERE tbl = ?1 AND key = ?2",
    [LOCAL_PUT] = "INSERT OR REPLACE INTO records (tbl, key, record) VALUES (?1, ?2, ?3)",
    [LOCAL_UNDO_SAVE] = "INSERT OR IGNORE INTO undo (number, tbl, key, record) VALUES (?1, ?2, ?3, "
                        "(SELECT record FROM records WHERE tbl = ?2 AND key = ?3))",
    [LOCAL_UNDO_FORGET] = "DELETE FROM undo WHERE number <= ?1",
    [LOCAL_EVENT_LAST] = "SELECT number, hash, time FROM events ORDER BY number DESC LIMIT 1",
    [LOCAL_EVENT_PUT] = "INSERT INTO events (number, time, sender, kind, batch, member, dispute, "
                        "end, fell, paid, bytes, hash) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [LOCAL_EVENT_HASH] = "SELECT hash FROM events WHERE number = ?1",
    [LOCAL_EVENTS] = "SELECT number, time, sender, kind, batch, member, dispute, end, fell, paid, "
                     "hash, bytes FROM events WHERE number > ?1 ORDER BY number",
    [LOCAL_REWIND_TAKE] =
        "DELETE FROM records WHERE (tbl, key) IN (SELECT tbl, key FROM undo WHERE number = ?1)",
    [LOCAL_REWIND_GIVE] = "INSERT INTO records (tbl, key, record) SELECT tbl, key, record "
                          "FROM undo WHERE number = ?1 AND record IS NOT NULL",
    [LOCAL_REWIND_UNDO] = "DELETE FROM undo WHERE number = ?1",
    [LOCAL_REWIND_EVENT] = "DELETE FROM events WHERE number = ?1",
    [LOCAL_REWIND_COUNT] = "SELECT COUNT(*) FROM undo WHERE number = ?1",
    [LOCAL_RECORDS_SIZE] = "SELECT COUNT(*), SUM(LENGTH(record)) FROM records",
    [LOCAL_RECORDS] = "SELECT tbl, key, record FROM records",
};

enum crux_status local_fail(struct local *local, int code, const char *doing) {
    (void)snprintf(local->chain->message, sizeof local->chain->message, "cannot %s: %s", doing,
                   local->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(local->db));
    switch (code & 0xff) {
    case SQLITE_NOTADB: return CRUX_E_BAD_MAGIC;
    case SQLITE_NOMEM: return CRUX_E_OUT_OF_MEMORY;
    case SQLITE_CORRUPT: return CRUX_E_NON_CANONICAL;
    case SQLITE_CONSTRAINT: return CRUX_E_NON_CANONICAL; /* two events of one number */
    case SQLITE_TOOBIG: return CRUX_E_TRAILING_BYTES;
    case SQLITE_MISUSE: return CRUX_E_INTERNAL;
    default: return CRUX_E_IO; /* full, busy for too long, read-only ...: the message says which */
    }
}

enum crux_status local_prepare(struct local *local) {
    for (unsigned i = 0; i < LOCAL_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(local->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &local->statement[i], NULL);
        if (code == SQLITE_OK) continue;
        enum crux_status status = local_fail(local, code, "read this as a chain file");
        return code == SQLITE_ERROR ? CRUX_E_BAD_MAGIC : status;
    }
    return CRUX_OK;
}

void local_reset(struct local *local, enum local_statement which) {
    (void)sqlite3_reset(local->statement[which]);
    (void)sqlite3_clear_bindings(local->statement[which]);
}

enum crux_status local_row(struct local *local, enum local_statement which) {
    int code = sqlite3_step(local->statement[which]);
    if (code == SQLITE_ROW) return CRUX_OK;
    enum crux_status status =
        code == SQLITE_DONE ? CRUX_E_NOT_FOUND : local_fail(local, code, "use the chain file");
    local_reset(local, which);
    return status;
}

enum crux_status local_do(struct local *local, enum local_statement which) {
    enum crux_status status = local_row(local, which);
    if (status == CRUX_OK) local_reset(local, which);
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

enum crux_status local_blob(struct local *local, uint8_t *bytes, size_t len,
                            enum local_statement which, int column) {
    sqlite3_stmt *statement = local->statement[which];
    bool is_blob = sqlite3_column_type(statement, column) == SQLITE_BLOB;
    const void *found = is_blob ? sqlite3_column_blob(statement, column) : NULL;
    size_t there = is_blob ? (size_t)sqlite3_column_bytes(statement, column) : 0;
    if (found == NULL || there != len) {
        (void)snprintf(local->chain->message, sizeof local->chain->message,
                       "the chain file is damaged: %zu bytes where %zu belong", there, len);
        return CRUX_E_NON_CANONICAL;
    }
    memcpy(bytes, found, len);
    return CRUX_OK;
}

/* Nothing is copied or allocated, so that binding to a column that is there cannot fail. */
void local_bind_number(struct local *local, enum local_statement which, int at, uint64_t number) {
    CRUX_ASSERT(number <= INT64_MAX);
    int code = sqlite3_bind_int64(local->statement[which], at, (sqlite3_int64)number);
    CRUX_ASSERT(code == SQLITE_OK);
}

void local_bind_bytes(struct local *local, enum local_statement which, int at, const void *bytes,
                      size_t len) {
    CRUX_ASSERT(len <= CRUX_MOVE_BYTES_MAX);
    /* a pointer of NULL would be bound as NULL, and not as no bytes */
    int code = sqlite3_bind_blob(local->statement[which], at, len == 0 ? "" : bytes, (int)len,
                                 SQLITE_STATIC);
    CRUX_ASSERT(code == SQLITE_OK);
}

static enum crux_status load(struct local *local) {
    sqlite3_stmt *meta = local->statement[LOCAL_META];
    enum crux_status status = local_row(local, LOCAL_META);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_E_BAD_MAGIC : status;
    status = local_blob(local, local->game.chain_id, 32, LOCAL_META, 0);
    if (status == CRUX_OK) status = local_blob(local, local->game.contract, 32, LOCAL_META, 1);
    if (status == CRUX_OK) status = local_blob(local, local->genesis, 32, LOCAL_META, 2);
    local->scripted = sqlite3_column_int64(meta, 3) != 0;
    sqlite3_int64 time = sqlite3_column_int64(meta, 4);
    local_reset(local, LOCAL_META);
    if (status != CRUX_OK) return status;
    if (time < 0 || (uint64_t)time >= CRUX_GAME_TIME_MAX) return CRUX_E_NON_CANONICAL;
    local->time = (uint64_t)time;
    local->event = 1;
    local->last_time = 0;
    memcpy(local->last, local->genesis, 32);
    status = local_row(local, LOCAL_EVENT_LAST);
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
    if (status != CRUX_OK) return status;
    sqlite3_int64 number = sqlite3_column_int64(local->statement[LOCAL_EVENT_LAST], 0);
    status = local_blob(local, local->last, 32, LOCAL_EVENT_LAST, 1);
    time = sqlite3_column_int64(local->statement[LOCAL_EVENT_LAST], 2);
    local_reset(local, LOCAL_EVENT_LAST);
    if (status == CRUX_OK && (number < 1 || number == INT64_MAX)) return CRUX_E_NON_CANONICAL;
    if (status == CRUX_OK && (time < 0 || (uint64_t)time >= CRUX_GAME_TIME_MAX))
        return CRUX_E_NON_CANONICAL;
    local->last_time = (uint64_t)time;
    local->event = (uint64_t)number + 1;
    return status;
}

enum crux_status local_begin(struct local *local, bool writes) {
    local->chain->message[0] = 0;
    enum crux_status status = local_do(local, writes ? LOCAL_BEGIN_WRITE : LOCAL_BEGIN_READ);
    if (status != CRUX_OK) return status;
    status = load(local);
    if (status == CRUX_OK) return CRUX_OK;
    return local_end(local, status);
}

enum crux_status local_end(struct local *local, enum crux_status status) {
    if (status == CRUX_OK) {
        status = local_do(local, LOCAL_COMMIT);
        if (status == CRUX_OK) return CRUX_OK;
    }
    /* some errors have rolled back already */
    if (sqlite3_get_autocommit(local->db) == 0) {
        (void)sqlite3_step(local->statement[LOCAL_ROLLBACK]);
        local_reset(local, LOCAL_ROLLBACK);
    }
    return status;
}
