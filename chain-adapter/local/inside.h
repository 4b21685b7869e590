/* Shared by the files of the local chain. Each function that fails says why in local->chain->message. */
#ifndef CRUX_CHAIN_ADAPTER_LOCAL_INSIDE_H
#define CRUX_CHAIN_ADAPTER_LOCAL_INSIDE_H

#include <sqlite3.h>

#include "chain-adapter/local/local.h"

enum {
    LOCAL_APPLICATION = 0x43525558, /* "CRUX" */
    LOCAL_VERSION = 3,
    LOCAL_WAIT_MILLISECONDS = 20000, /* for other processes */
    LOCAL_UNDO_EVENTS = 256          /* how many a rewind can take back */
};

enum local_statement {
    LOCAL_BEGIN_READ,
    LOCAL_BEGIN_WRITE,
    LOCAL_COMMIT,
    LOCAL_ROLLBACK,
    LOCAL_META,
    LOCAL_SET_TIME,
    LOCAL_GET,
    LOCAL_PUT,
    LOCAL_UNDO_SAVE,
    LOCAL_UNDO_FORGET,
    LOCAL_EVENT_LAST,
    LOCAL_EVENT_PUT,
    LOCAL_EVENT_HASH,
    LOCAL_EVENTS,
    LOCAL_REWIND_TAKE,
    LOCAL_REWIND_GIVE,
    LOCAL_REWIND_UNDO,
    LOCAL_REWIND_EVENT,
    LOCAL_REWIND_COUNT,
    LOCAL_RECORDS_SIZE,
    LOCAL_RECORDS,
    LOCAL_STATEMENTS
};

struct local {
    sqlite3 *db;
    sqlite3_stmt *statement[LOCAL_STATEMENTS];
    struct crux_chain *chain; /* where messages go; NULL between calls */
    struct crux_game game;
    uint8_t genesis[32];
    bool scripted;
    uint64_t time;      /* scripted: at the beginning of this transaction */
    uint64_t event;     /* number that the transaction will give; 0: it only reads */
    uint8_t last[32];   /* hash of the event before */
    uint64_t last_time; /* its time, which a deposit leaves in no record */
    uint8_t scratch[CRUX_WITNESS_BYTES_MAX];
};

/* ---- create.c ---- */
void local_genesis(uint8_t genesis[32], const struct crux_game *game);

/* ---- sql.c ---- */

/* Says in chain->message what SQLite says.  Returns: the named status of a code of SQLite that is no success. */
enum crux_status local_fail(struct local *local, int code, const char *doing);
/* Prepares all statements.  Returns: CRUX_E_BAD_MAGIC if the file lacks their tables. */
CRUX_MUST_CHECK
enum crux_status local_prepare(struct local *local);
/* Steps a statement without rows and resets it. */
CRUX_MUST_CHECK
enum crux_status local_do(struct local *local, enum local_statement which);
/* Steps a statement to its next row.  Returns: CRUX_E_NOT_FOUND, after a reset, if there is none. */
CRUX_MUST_CHECK
enum crux_status local_row(struct local *local, enum local_statement which);
/* Out: bytes, of a column that must be a blob of this length.  Returns: CRUX_E_NON_CANONICAL. */
CRUX_MUST_CHECK
enum crux_status local_blob(struct local *local, uint8_t *bytes, size_t len,
                            enum local_statement which, int column);
void local_reset(struct local *local, enum local_statement which);
void local_bind_number(struct local *local, enum local_statement which, int at, uint64_t number);
/* The bytes must stay until the statement is reset. */
void local_bind_bytes(struct local *local, enum local_statement which, int at, const void *bytes,
                      size_t len);
/* Begins to read, or to write, and loads what every transaction needs. */
CRUX_MUST_CHECK
enum crux_status local_begin(struct local *local, bool writes);
/* Commits if status is CRUX_OK, else rolls back.  Returns: status, or why it could not be committed. */
CRUX_MUST_CHECK
enum crux_status local_end(struct local *local, enum crux_status status);

/* ---- records.c ---- */
enum crux_status local_get(void *ctx, enum crux_game_table table, const void *key, void *record);
enum crux_status local_put(void *ctx, enum crux_game_table table, const void *record);

/* ---- events.c ---- */

/* In: event, whose number and hash are filled in. */
CRUX_MUST_CHECK
enum crux_status local_append(struct local *local, struct crux_chain_event *event);
/* The events after the cursor, within a transaction. */
CRUX_MUST_CHECK
enum crux_status local_read_events(struct local *local, struct crux_chain_cursor *cursor,
                                   uint64_t most,
                                   bool (*visit)(void *ctx, const struct crux_chain_event *event),
                                   void *ctx);
enum crux_status local_events(struct crux_chain *chain, struct crux_chain_cursor *cursor,
                              bool *reorganised, uint64_t most,
                              bool (*visit)(void *ctx, const struct crux_chain_event *event),
                              void *ctx);
enum crux_status local_rewind(struct crux_chain *chain, uint64_t events);

/* ---- play.c ---- */
extern const struct crux_chain_ops local_ops;

/* Returns: the handle's own part, with messages going to it. */
struct local *local_of(struct crux_chain *chain);

#endif
