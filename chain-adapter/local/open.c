#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/local/inside.h"

/* Out: value, of a pragma that gives one number. */
static enum crux_status pragma_number(struct local *local, const char *pragma, int *value) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(local->db, pragma, -1, &statement, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    *value = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    if (code == SQLITE_ROW) return CRUX_OK;
    return local_fail(local, code, "read the chain file");
}

static enum crux_status check_format(struct local *local, const char *path) {
    int application, version;
    enum crux_status status = pragma_number(local, "PRAGMA application_id", &application);
    if (status == CRUX_OK) status = pragma_number(local, "PRAGMA user_version", &version);
    if (status != CRUX_OK) return status;
    if (application != LOCAL_APPLICATION) {
        (void)snprintf(local->chain->message, sizeof local->chain->message,
                       "'%.300s' is no chain file", path);
        return CRUX_E_BAD_MAGIC;
    }
    if (version == LOCAL_VERSION) return CRUX_OK;
    (void)snprintf(local->chain->message, sizeof local->chain->message,
                   "'%.300s' is a chain file of version %d; this program reads version %d", path,
                   version, (int)LOCAL_VERSION);
    return CRUX_E_BAD_VERSION;
}

/* The file's schema is not trusted: no trigger, view or function of it runs. */
static int harden(sqlite3 *db) {
    int code = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (code == SQLITE_OK) code = sqlite3_busy_timeout(db, LOCAL_WAIT_MILLISECONDS);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 2 * CRUX_MOVE_BYTES_MAX);
    return code;
}

static enum crux_status open_file(struct local *local, const char *path) {
    int code = sqlite3_open_v2(path, &local->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = harden(local->db);
    if (code != SQLITE_OK) {
        enum crux_status status = local_fail(local, code, "open the chain file");
        (void)snprintf(local->chain->message, sizeof local->chain->message,
                       "cannot open '%.300s': %s", path,
                       local->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(local->db));
        return status;
    }
    enum crux_status status = check_format(local, path);
    if (status != CRUX_OK) return status;
    code = sqlite3_exec(local->db,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        "PRAGMA cell_size_check = ON",
                        NULL, NULL, NULL);
    if (code != SQLITE_OK) return local_fail(local, code, "use the chain file");
    return local_prepare(local);
}

enum crux_status crux_chain_local_open(struct crux_chain *chain, const char *path,
                                       const struct crux_chain_local_verifier *verifier) {
    memset(chain, 0, sizeof *chain);
    struct local *local = calloc(1, sizeof *local);
    if (local == NULL) return CRUX_E_OUT_OF_MEMORY;
    chain->ops = &local_ops;
    chain->ctx = local;
    local->chain = chain;
    local->game.store = (struct crux_game_store){local, local_get, local_put};
    local->game.scratch = local->scratch;
    local->game.scratch_bytes = sizeof local->scratch;
    if (verifier != NULL) {
        local->game.verify = verifier->verify;
        local->game.verify_ctx = verifier->ctx;
    }
    enum crux_status status = open_file(local, path);
    if (status == CRUX_OK) status = local_begin(local, false);
    if (status == CRUX_OK) status = local_end(local, CRUX_OK);
    if (status != CRUX_OK) {
        if (chain->message[0] == 0)
            (void)snprintf(chain->message, sizeof chain->message,
                           "the chain file '%.300s' is damaged", path);
        local_ops.close(chain);
    }
    return status;
}
