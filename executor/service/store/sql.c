#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "executor/service/store/inside.h"

/* The columns that run.c reads. */
#define RUN                                                                                        \
    "SELECT r.number, r.receipt, r.signature, r.claim, r.request, r.model, r.owner, r.name, "      \
    "r.fee, r.created, r.state, r.batch, r.member, r.path, r.shown, r.published, r.bound, "        \
    "r.paid, r.demanded, r.disputes, r.ended, b.count, b.root, b.chain_batch, b.posted_at, "       \
    "b.window_end, d.request_tokens, d.output_tokens, d.annex, d.leaf_count "                      \
    "FROM runs r JOIN bodies d ON d.number = r.number LEFT JOIN batches b ON b.number = r.batch "  \
    "WHERE r.number = ?1"

/* States stand as numbers, so that the partial indices of open.c serve. Where the planner, which knows no numbers of rows,
 * would rather read all runs of a state, the index is named: an executor has many that are posted, few that are due. */
static const char *const texts[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_META] = "SELECT chain_id, contract, executor FROM meta",
    [STORE_BIND] = "INSERT INTO meta VALUES (1, ?1, ?2, ?3)",
    [STORE_ADD_RUN] =
        "INSERT INTO runs (id, claim_hash, request_hash, receipt, signature, claim, request, "
        "model, "
        "owner, name, fee, created, mode, requester, deadline, state) VALUES (?1, ?2, ?3, ?4, ?5, "
        "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1)",
    [STORE_ADD_BODY] = "INSERT INTO bodies (number, request_tokens, output_tokens, annex, "
                       "leaf_count, leaves) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_FIND_ID] = "SELECT number FROM runs WHERE id = ?1",
    [STORE_FIND_CLAIM] = "SELECT number FROM runs WHERE claim_hash = ?1",
    [STORE_FIND_REQUEST] =
        "SELECT number FROM runs WHERE request_hash = ?1 ORDER BY number DESC LIMIT 1",
    [STORE_FIND_NUMBER] = "SELECT number FROM runs WHERE number = ?1",
    [STORE_FIND_KEY] = "SELECT number FROM runs WHERE owner = ?1 AND name = ?2 AND name <> ''",
    [STORE_FIND_PLACE] = "SELECT r.number FROM batches b JOIN runs r ON r.batch = b.number "
                         "WHERE b.chain_batch = ?1 AND b.state >= 3 AND r.member = ?2 "
                         "ORDER BY r.number DESC LIMIT 1",
    [STORE_FIND_OPEN] =
        "SELECT r.number FROM batches b JOIN runs r INDEXED BY runs_by_batch "
        "ON r.batch = b.number WHERE b.chain_batch = ?1 AND b.state = 3 AND r.member = ?2 AND "
        "r.state = 3 LIMIT 1",
    [STORE_GET_RUN] = RUN,
    [STORE_COUNT_LEAVES] = "SELECT leaf_count FROM bodies WHERE number = ?1",
    [STORE_SUM_LEAVES] = "SELECT IFNULL(SUM(leaf_count), 0) FROM bodies WHERE leaf_count > 0",
    [STORE_OLDEST_LEAVES] =
        "SELECT number, leaf_count FROM bodies WHERE leaf_count > 0 ORDER BY number LIMIT 1",
    [STORE_DROP_LEAVES] = "UPDATE bodies SET leaf_count = 0, leaves = x'' WHERE number = ?1",
    [STORE_CONTESTED] =
        "SELECT number FROM runs WHERE disputes > 0 AND state = 3 AND number > ?1 UNION "
        "SELECT number FROM runs INDEXED BY runs_to_publish WHERE state = 3 AND demanded > 0 AND "
        "published = 0 AND number > ?1 ORDER BY 1 LIMIT 1",
    [STORE_BATCH_HASHES] =
        "SELECT r.claim_hash, b.count FROM batches b JOIN runs r ON r.batch = b.number WHERE "
        "b.number = (SELECT MAX(number) FROM batches WHERE root = ?1 AND state >= 3) ORDER BY "
        "r.member",
    [STORE_COUNTS] = "SELECT state, COUNT(*), MIN(created) FROM runs GROUP BY state",
    [STORE_SIZE] = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    [STORE_WAITING] = "SELECT mode, requester, COUNT(*), MIN(created), MIN(deadline) AS first "
                      "FROM runs WHERE state = 1 GROUP BY mode, requester ORDER BY first LIMIT ?1",
    [STORE_OWED] = "SELECT (SELECT COUNT(*) FROM runs WHERE state = 1), "
                   "(SELECT COUNT(*) FROM runs WHERE state = 2)",
    /* multiplied in C: beyond 64 bits a product is no whole number here, and a sum is an error */
    [STORE_BONDS] = "SELECT bond, SUM(count) FROM batches WHERE state = 2 GROUP BY bond",
    [STORE_LATE] = "SELECT (SELECT COUNT(*) FROM runs WHERE late = 1) + "
                   "(SELECT COUNT(*) FROM runs WHERE state = 1 AND deadline < ?1) + "
                   "(SELECT COUNT(*) FROM runs WHERE state = 2 AND deadline < ?1)",
    [STORE_TAKE] = "SELECT number, claim_hash FROM runs WHERE state = 1 AND mode = ?1 AND "
                   "requester = ?2 ORDER BY number LIMIT ?3",
    [STORE_FORM_BATCH] = "INSERT INTO batches (mode, requester, root, count, bond, state) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, 2)",
    [STORE_FORM_RUN] = "UPDATE runs SET state = 2, batch = ?2, member = ?3, path = ?4 "
                       "WHERE number = ?1 AND state = 1",
    [STORE_UNFORM_RUNS] = "UPDATE runs INDEXED BY runs_by_batch SET state = 1, batch = NULL, "
                          "member = NULL, path = NULL "
                          "WHERE batch = ?1 AND state = 2",
    [STORE_UNFORM_BATCH] = "DELETE FROM batches WHERE number = ?1 AND state = 2",
    [STORE_NEXT_BATCH] = "SELECT number, mode, requester, root, count, bond, chain_batch, "
                         "posted_at, window_end, try_at FROM batches WHERE state = ?1 AND "
                         "number > ?2 AND try_at <= ?3 ORDER BY number LIMIT 1",
    [STORE_SET_POSTED] = "UPDATE batches SET state = 3, chain_batch = ?2, posted_at = ?3, "
                         "window_end = ?4, try_at = ?4 + 1 WHERE number = ?1",
    [STORE_SET_POSTED_RUNS] = "UPDATE runs INDEXED BY runs_by_batch SET state = 3, shown = "
                              "MAX(shown, ?3), published = MAX(published, ?3), "
                              "late = deadline < ?2 WHERE batch = ?1 AND state = 2",
    [STORE_SET_BOND] = "UPDATE batches SET bond = ?2 WHERE number = ?1 AND state = 2",
    [STORE_SET_TRY] = "UPDATE batches SET try_at = ?2 WHERE number = ?1",
    [STORE_UNPOST_BATCHES] = "UPDATE batches SET state = 2, try_at = 0 WHERE state = 3",
    [STORE_UNPOST_RUNS] = "UPDATE runs SET state = 2, shown = 0, published = 0, bound = 0, "
                          "demanded = 0, disputes = 0 WHERE state = 3",
    [STORE_MEMBERS] =
        "SELECT r.number, b.chain_batch, r.member FROM runs r INDEXED BY runs_by_batch JOIN "
        "batches b ON b.number = r.batch WHERE r.batch = ?1 AND r.member > ?2 AND r.state IN (2, "
        "3) "
        "ORDER BY r.member LIMIT ?3",
    [STORE_DUE_SHOW] = "SELECT number FROM runs INDEXED BY runs_to_show WHERE number > ?1 AND "
                       "state = 3 AND shown = 0 "
                       "ORDER BY number LIMIT 1",
    [STORE_DUE_SHOW_FEE] = "SELECT number FROM runs INDEXED BY runs_to_bind WHERE number > ?1 AND "
                           "state = 3 AND shown = 0 "
                           "AND bound = 0 AND fee <> zeroblob(20) ORDER BY number LIMIT 1",
    /* what the chain would not have shown cannot be published either */
    [STORE_DEMAND_NEXT] = "SELECT number, demanded, shown FROM runs INDEXED BY runs_demanded WHERE "
                          "state = 3 AND demanded > 0 AND "
                          "published = 0 AND (demanded, number) > (?1, ?2) AND shown < 2 "
                          "ORDER BY demanded, number LIMIT 1",
    [STORE_DUE_BIND] = "SELECT number FROM runs INDEXED BY runs_to_bind WHERE number > ?1 AND "
                       "state = 3 AND bound = 0 AND "
                       "fee <> zeroblob(20) AND shown = 1 ORDER BY number LIMIT 1",
    [STORE_DUE_PAY] = "SELECT number FROM runs INDEXED BY runs_to_pay WHERE number > ?1 AND bound "
                      "= 1 AND paid = 0 AND "
                      "(state = 4 OR state = 5) ORDER BY number LIMIT 1",
    [STORE_MARK_SHOWN] = "UPDATE runs SET shown = ?2 WHERE number = ?1",
    [STORE_MARK_PUBLISHED] = "UPDATE runs SET published = ?2 WHERE number = ?1",
    [STORE_MARK_BOUND] = "UPDATE runs SET bound = ?2 WHERE number = ?1",
    [STORE_MARK_PAID] = "UPDATE runs SET paid = ?2 WHERE number = ?1",
    /* what was to be shown too late may be shown again while it is demanded */
    [STORE_MARK_DEMANDED] =
        "UPDATE runs SET demanded = ?2, shown = CASE WHEN shown = 2 AND demanded <> ?2 THEN 0 "
        "ELSE shown END WHERE number = ?1",
    [STORE_MARK_DISPUTES] = "UPDATE runs SET disputes = ?2 WHERE number = ?1",
    [STORE_END_RUN] = "UPDATE runs SET state = ?2, ended = ?3, disputes = 0 "
                      "WHERE number = ?1 AND state IN (2, 3)",
    [STORE_OPEN_RUNS] =
        "SELECT COUNT(*) FROM runs INDEXED BY runs_by_batch WHERE batch = ?1 AND state = 3",
    [STORE_END_BATCH] = "UPDATE batches SET state = 4 WHERE number = ?1",
    [STORE_REFUSE] = "UPDATE runs INDEXED BY runs_by_batch SET state = 8, ended = ?2 WHERE batch = "
                     "?1 AND state = 2",
    /* an escrow that is still to be paid out keeps its run, and so does a receipt that can be called, or was and is not
     * answered */
    [STORE_FORGET] = "INSERT INTO temp.gone SELECT number FROM runs WHERE state >= 4 AND "
                     "ended <= ?1 AND deadline < ?3 AND "
                     "NOT (bound = 1 AND paid = 0 AND (state = 4 OR state = 5)) AND "
                     "NOT EXISTS (SELECT 1 FROM calls WHERE calls.id = runs.id AND "
                     "calls.state = 1) ORDER BY ended LIMIT ?2",
    [STORE_FORGET_BODIES] = "DELETE FROM bodies WHERE number IN (SELECT number FROM temp.gone)",
    [STORE_FORGET_RUNS] = "DELETE FROM runs WHERE number IN (SELECT number FROM temp.gone)",
    [STORE_FORGET_BATCHES] = "DELETE FROM batches WHERE state = 4 AND NOT EXISTS "
                             "(SELECT 1 FROM runs WHERE runs.batch = batches.number)",
    [STORE_FORGET_CALLS] = "DELETE FROM calls WHERE state >= 2 AND state <> 3 AND ended <= ?1",
    [STORE_CALL_PUT] =
        "INSERT INTO calls (id, state, answer_by, ended) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) "
        "DO UPDATE SET state = ?2, answer_by = ?3, ended = ?4 WHERE state <> ?2 OR "
        "answer_by <> ?3",
    [STORE_CALL_DROP] = "DELETE FROM calls WHERE id = ?1",
    [STORE_CALL_NEXT] =
        "SELECT c.number, c.id, c.answer_by, r.number, r.state FROM calls c LEFT JOIN runs r ON "
        "r.id = c.id WHERE c.state = ?1 AND (c.answer_by, c.number) > (?2, ?3) "
        "ORDER BY c.answer_by, c.number LIMIT 1",
    [STORE_CALL_COUNTS] =
        "SELECT IFNULL(SUM(state = 1), 0), IFNULL(SUM(state = 2), 0), IFNULL(SUM(state = 3), 0), "
        "IFNULL(SUM(state = 4), 0), IFNULL(SUM(state = 1 AND NOT EXISTS (SELECT 1 FROM runs WHERE "
        "runs.id = calls.id)), 0), IFNULL(MIN(CASE state WHEN 1 THEN answer_by END), 0) FROM calls",
    [STORE_REOPEN_CALLS] = "UPDATE calls SET state = 1",
    [STORE_CURSOR_GET] =
        "SELECT number, hash FROM cursors WHERE number < ?1 ORDER BY number DESC LIMIT 1",
    [STORE_CURSOR_PUT] = "INSERT OR REPLACE INTO cursors VALUES (?1, ?2)",
    [STORE_CURSOR_TRIM] = "DELETE FROM cursors WHERE number <= (SELECT number FROM cursors "
                          "ORDER BY number DESC LIMIT 1 OFFSET ?1)",
    [STORE_CURSOR_DROP] = "DELETE FROM cursors WHERE number > ?1",
};

enum crux_status store_fail(struct crux_store *store, enum crux_status status, const char *format,
                            ...) {
    va_list values;
    va_start(values, format);
    (void)vsnprintf(store->message, sizeof store->message, format, values);
    va_end(values);
    return status;
}

enum crux_status store_sqlite(struct crux_store *store, int code, const char *doing) {
    enum crux_status status = CRUX_E_IO; /* full, busy for too long, read-only ... */
    switch (code & 0xff) {
    case SQLITE_NOTADB: status = CRUX_E_BAD_MAGIC; break;
    case SQLITE_NOMEM: status = CRUX_E_OUT_OF_MEMORY; break;
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT: status = CRUX_E_NON_CANONICAL; break;
    case SQLITE_TOOBIG: status = CRUX_E_USAGE; break;
    case SQLITE_MISUSE: status = CRUX_E_INTERNAL; break;
    }
    return store_fail(store, status, "cannot %s: %s", doing,
                      store->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(store->db));
}

enum crux_status store_prepare(struct crux_store *store) {
    for (unsigned i = 0; i < STORE_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &store->statement[i], NULL);
        if (code == SQLITE_OK) continue;
        enum crux_status status = store_sqlite(store, code, "read this as a store of runs");
        return code == SQLITE_ERROR ? CRUX_E_BAD_MAGIC : status;
    }
    return CRUX_OK;
}

void store_reset(struct crux_store *store, enum store_statement which) {
    (void)sqlite3_reset(store->statement[which]);
    (void)sqlite3_clear_bindings(store->statement[which]);
}

enum crux_status store_row(struct crux_store *store, enum store_statement which) {
    int code = sqlite3_step(store->statement[which]);
    if (code == SQLITE_ROW) return CRUX_OK;
    enum crux_status status =
        code == SQLITE_DONE ? CRUX_E_NOT_FOUND : store_sqlite(store, code, "use the store of runs");
    store_reset(store, which);
    return status;
}

enum crux_status store_do(struct crux_store *store, enum store_statement which) {
    enum crux_status status = store_row(store, which);
    if (status == CRUX_OK) store_reset(store, which);
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

/* Nothing is copied or allocated, so that binding to a column that is there cannot fail. */
void store_put_number(struct crux_store *store, enum store_statement which, int at,
                      uint64_t number) {
    CRUX_ASSERT(number <= INT64_MAX);
    int code = sqlite3_bind_int64(store->statement[which], at, (sqlite3_int64)number);
    CRUX_ASSERT(code == SQLITE_OK);
}

void store_put_bytes(struct crux_store *store, enum store_statement which, int at,
                     const void *bytes, size_t len) {
    /* a pointer of NULL would be bound as NULL, and not as no bytes */
    int code =
        sqlite3_bind_blob64(store->statement[which], at, len == 0 ? "" : bytes, len, SQLITE_STATIC);
    CRUX_ASSERT(code == SQLITE_OK);
}

void store_put_text(struct crux_store *store, enum store_statement which, int at,
                    const char *text) {
    int code = sqlite3_bind_text(store->statement[which], at, text, -1, SQLITE_STATIC);
    CRUX_ASSERT(code == SQLITE_OK);
}

static void damaged(struct store_reader *reader, int column) {
    if (reader->status != CRUX_OK) return;
    const char *name = sqlite3_column_name(reader->store->statement[reader->which], column);
    reader->status = store_fail(reader->store, CRUX_E_NON_CANONICAL,
                                "the store of runs is damaged: '%.40s' is not what belongs there",
                                name == NULL ? "?" : name);
}

uint64_t store_get_number(struct store_reader *reader, int column, uint64_t most) {
    sqlite3_stmt *statement = reader->store->statement[reader->which];
    sqlite3_int64 number = sqlite3_column_int64(statement, column);
    int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL) return 0; /* of a batch that there is not yet */
    if (type == SQLITE_INTEGER && number >= 0 && (uint64_t)number <= most) return (uint64_t)number;
    damaged(reader, column);
    return 0;
}

const void *store_get_blob(struct store_reader *reader, int column, size_t *len, size_t unit,
                           size_t most) {
    sqlite3_stmt *statement = reader->store->statement[reader->which];
    const void *bytes = sqlite3_column_blob(statement, column);
    *len = (size_t)sqlite3_column_bytes(statement, column);
    int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL) *len = 0;
    if ((type == SQLITE_BLOB || type == SQLITE_NULL) && *len % unit == 0 && *len <= most &&
        (*len == 0 || bytes != NULL))
        return *len == 0 ? NULL : bytes;
    damaged(reader, column);
    *len = 0;
    return NULL;
}

void store_get_bytes(struct store_reader *reader, int column, void *bytes, size_t len) {
    size_t found;
    const void *from = store_get_blob(reader, column, &found, 1, len);
    if (from != NULL && found == len)
        memcpy(bytes, from, len);
    else
        damaged(reader, column);
}

const char *store_get_text(struct store_reader *reader, int column, size_t most) {
    sqlite3_stmt *statement = reader->store->statement[reader->which];
    const char *text = (const char *)sqlite3_column_text(statement, column);
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    if (sqlite3_column_type(statement, column) == SQLITE_TEXT && text != NULL && len <= most &&
        strlen(text) == len)
        return text;
    damaged(reader, column);
    return "";
}

enum crux_status store_write(struct crux_store *store, bool *own) {
    store->message[0] = 0;
    *own = !store->grouped;
    if (store->grouped) return store->spoiled;
    return store_do(store, STORE_BEGIN);
}

static void roll_back(struct crux_store *store) {
    /* some errors have rolled back already */
    if (sqlite3_get_autocommit(store->db) != 0) return;
    (void)sqlite3_step(store->statement[STORE_ROLLBACK]);
    store_reset(store, STORE_ROLLBACK);
}

enum crux_status store_end(struct crux_store *store, bool own, enum crux_status status) {
    if (!own) {
        if (status != CRUX_OK) store->spoiled = status;
        return status;
    }
    if (status == CRUX_OK) status = store_do(store, STORE_COMMIT);
    if (status != CRUX_OK) roll_back(store);
    return status;
}

enum crux_status crux_store_begin(struct crux_store *store) {
    bool own;
    if (store->grouped) return store_fail(store, CRUX_E_USAGE, "a group is open already");
    enum crux_status status = store_write(store, &own);
    store->grouped = status == CRUX_OK;
    store->spoiled = CRUX_OK;
    return status;
}

enum crux_status crux_store_commit(struct crux_store *store) {
    if (!store->grouped) return store_fail(store, CRUX_E_USAGE, "no group is open");
    store->grouped = false;
    return store_end(store, true, store->spoiled);
}
