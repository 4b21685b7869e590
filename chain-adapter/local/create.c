/* A chain file is made whole under another name and then linked to its own, so that nobody ever opens half of one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "chain-adapter/local/inside.h"

enum { PATH_BYTES = 4096 };

/* spec/80-chains.md#the-local-chain */
static const char schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;"
    "CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), chain_id BLOB NOT NULL, "
    "contract BLOB NOT NULL, genesis BLOB NOT NULL, scripted INTEGER NOT NULL, "
    "time INTEGER NOT NULL);"
    "CREATE TABLE records (tbl INTEGER NOT NULL, key BLOB NOT NULL, record BLOB NOT NULL, "
    "PRIMARY KEY (tbl, key)) WITHOUT ROWID;"
    "CREATE TABLE events (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, "
    "sender BLOB NOT NULL, kind INTEGER NOT NULL, batch INTEGER NOT NULL, "
    "member INTEGER NOT NULL, dispute INTEGER NOT NULL, end INTEGER NOT NULL, "
    "fell INTEGER NOT NULL, paid INTEGER NOT NULL, bytes BLOB NOT NULL, hash BLOB NOT NULL);"
    "CREATE TABLE undo (number INTEGER NOT NULL, tbl INTEGER NOT NULL, key BLOB NOT NULL, "
    "record BLOB, PRIMARY KEY (number, tbl, key)) WITHOUT ROWID;";

struct making {
    struct local local;
    struct crux_chain chain;
    const struct crux_chain_local_new *what;
};

static enum crux_status run(struct making *m, const char *text) {
    int code = sqlite3_exec(m->local.db, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? CRUX_OK : local_fail(&m->local, code, "make the chain file");
}

/* spec/80-chains.md#events: "The hash before the first event, genesis, is H(tag "crux-genesis-v1" || chain (32) ||
 * contract (32))" */
void local_genesis(uint8_t genesis[32], const struct crux_game *game) {
    struct crux_sha256_plain_ctx ctx;
    crux_commitment_begin(&ctx, "crux-genesis-v1");
    crux_sha256_plain_update(&ctx, game->chain_id, 32);
    crux_sha256_plain_update(&ctx, game->contract, 32);
    crux_sha256_plain_final(&ctx, genesis);
}

static enum crux_status choose_names(struct making *m) {
    struct crux_game *game = &m->local.game;
    if (m->what->contract != NULL) memcpy(game->contract, m->what->contract, 32);
    if (m->what->chain_id != NULL)
        memcpy(game->chain_id, m->what->chain_id, 32);
    else if (getrandom(game->chain_id, 32, 0) != 32)
        return CRUX_E_IO;
    local_genesis(m->local.genesis, game);
    return CRUX_OK;
}

static enum crux_status put_meta(struct making *m) {
    struct local *local = &m->local;
    sqlite3_stmt *insert = NULL;
    int code = sqlite3_prepare_v2(local->db, "INSERT INTO meta VALUES (1, ?1, ?2, ?3, ?4, ?5)", -1,
                                  &insert, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_bind_blob(insert, 1, local->game.chain_id, 32, SQLITE_STATIC);
        (void)sqlite3_bind_blob(insert, 2, local->game.contract, 32, SQLITE_STATIC);
        (void)sqlite3_bind_blob(insert, 3, local->genesis, 32, SQLITE_STATIC);
        (void)sqlite3_bind_int(insert, 4, m->what->scripted);
        (void)sqlite3_bind_int64(insert, 5, (sqlite3_int64)(m->what->scripted ? m->what->time : 0));
        code = sqlite3_step(insert);
    }
    (void)sqlite3_finalize(insert);
    return code == SQLITE_DONE ? CRUX_OK : local_fail(local, code, "make the chain file");
}

static enum crux_status fill(struct making *m, const char *path) {
    char version[96];
    int code =
        sqlite3_open_v2(path, &m->local.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (code != SQLITE_OK) return local_fail(&m->local, code, "make the chain file");
    (void)snprintf(version, sizeof version, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   (int)LOCAL_APPLICATION, (int)LOCAL_VERSION);
    enum crux_status status = run(m, schema);
    if (status == CRUX_OK) status = run(m, version);
    if (status == CRUX_OK) status = put_meta(m);
    if (status == CRUX_OK) status = local_prepare(&m->local);
    m->local.event = UINT32_MAX; /* what is put now can never be taken back */
    if (status == CRUX_OK) status = crux_game_configure(&m->local.game, &m->what->parameters);
    if (status == CRUX_OK) status = run(m, "DELETE FROM undo; COMMIT");
    return status;
}

/* The folder's entry too must last. */
static void sync_folder(const char *path) {
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    memcpy(folder, slash == NULL ? "." : path, slash == NULL ? 1 : len);
    folder[slash == NULL ? 1 : len] = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    (void)close(fd);
}

static void remove_parts(const char *path) {
    char part[PATH_BYTES + 8];
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(ends); i++) {
        (void)snprintf(part, sizeof part, "%s%s", path, ends[i]);
        (void)unlink(part);
    }
}

enum crux_status crux_chain_local_create(char message[CRUX_CHAIN_MESSAGE_BYTES], const char *path,
                                         const struct crux_chain_local_new *what) {
    char part[PATH_BYTES];
    message[0] = 0;
    if (path[0] == 0 || what->time >= CRUX_GAME_TIME_MAX) return CRUX_E_USAGE;
    int len = snprintf(part, sizeof part, "%s.new-%ld", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof part) return CRUX_E_USAGE;
    enum crux_status status = crux_game_parameters_check(&what->parameters);
    if (status != CRUX_OK) {
        (void)snprintf(message, CRUX_CHAIN_MESSAGE_BYTES, "%s", crux_status_text(status));
        return status;
    }
    struct making *m = calloc(1, sizeof *m);
    if (m == NULL) return CRUX_E_OUT_OF_MEMORY;
    m->local.chain = &m->chain;
    m->local.game.store = (struct crux_game_store){&m->local, local_get, local_put};
    m->what = what;
    remove_parts(part); /* of a dead process of the same number */
    status = choose_names(m);
    if (status == CRUX_OK) status = fill(m, part);
    for (unsigned i = 0; i < LOCAL_STATEMENTS; i++) (void)sqlite3_finalize(m->local.statement[i]);
    if (sqlite3_close(m->local.db) != SQLITE_OK && status == CRUX_OK) status = CRUX_E_IO;
    memcpy(message, m->chain.message, CRUX_CHAIN_MESSAGE_BYTES);
    if (status == CRUX_OK && link(part, path) != 0) {
        (void)snprintf(message, CRUX_CHAIN_MESSAGE_BYTES, "cannot make '%.300s': %s", path,
                       strerror(errno));
        status = CRUX_E_IO;
    }
    remove_parts(part);
    if (status == CRUX_OK) sync_folder(path);
    free(m);
    return status;
}
