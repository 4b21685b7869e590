/* Shared by the files of the store. Each function that fails says why in store->message. */
#ifndef CRUX_EXECUTOR_SERVICE_STORE_INSIDE_H
#define CRUX_EXECUTOR_SERVICE_STORE_INSIDE_H

#include <sqlite3.h>

#include "executor/service/store/store.h"
#include "executor/service/store/batches.h"

enum {
    STORE_APPLICATION = 0x43525553, /* "CRUS" */
    STORE_WAIT_MILLISECONDS = 5000, /* for a process that is just ending */
    STORE_CURSORS = 64,
    STORE_MESSAGE_BYTES = 512
};

enum store_statement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_META,
    STORE_BIND,
    STORE_ADD_RUN,
    STORE_ADD_BODY,
    STORE_FIND_ID,
    STORE_FIND_CLAIM,
    STORE_FIND_REQUEST,
    STORE_FIND_NUMBER,
    STORE_FIND_KEY,
    STORE_FIND_PLACE,
    STORE_FIND_OPEN,
    STORE_GET_RUN,
    STORE_COUNT_LEAVES,
    STORE_SUM_LEAVES,
    STORE_OLDEST_LEAVES,
    STORE_DROP_LEAVES,
    STORE_CONTESTED,
    STORE_COUNTS,
    STORE_BATCH_HASHES,
    STORE_SIZE,
    STORE_WAITING,
    STORE_OWED,
    STORE_BONDS,
    STORE_LATE,
    STORE_TAKE,
    STORE_FORM_BATCH,
    STORE_FORM_RUN,
    STORE_UNFORM_RUNS,
    STORE_UNFORM_BATCH,
    STORE_NEXT_BATCH,
    STORE_SET_POSTED,
    STORE_SET_POSTED_RUNS,
    STORE_SET_BOND,
    STORE_SET_TRY,
    STORE_UNPOST_BATCHES,
    STORE_UNPOST_RUNS,
    STORE_MEMBERS,
    STORE_DUE_SHOW,
    STORE_DUE_SHOW_FEE,
    STORE_DEMAND_NEXT,
    STORE_DUE_BIND,
    STORE_DUE_PAY,
    STORE_MARK_SHOWN,
    STORE_MARK_PUBLISHED,
    STORE_MARK_BOUND,
    STORE_MARK_PAID,
    STORE_MARK_DEMANDED,
    STORE_MARK_DISPUTES,
    STORE_END_RUN,
    STORE_OPEN_RUNS,
    STORE_END_BATCH,
    STORE_REFUSE,
    STORE_FORGET,
    STORE_FORGET_BODIES,
    STORE_FORGET_RUNS,
    STORE_FORGET_BATCHES,
    STORE_FORGET_CALLS,
    STORE_CALL_PUT,
    STORE_CALL_DROP,
    STORE_CALL_NEXT,
    STORE_CALL_COUNTS,
    STORE_REOPEN_CALLS,
    STORE_CURSOR_GET,
    STORE_CURSOR_PUT,
    STORE_CURSOR_TRIM,
    STORE_CURSOR_DROP,
    STORE_STATEMENTS
};

struct crux_store {
    sqlite3 *db;
    sqlite3_stmt *statement[STORE_STATEMENTS];
    bool grouped;             /* between crux_store_begin and commit */
    enum crux_status spoiled; /* of the group */
    bool leaves_came;         /* since they were last counted, or may have */
    char message[STORE_MESSAGE_BYTES];
};

/* ---- sql.c ---- */

CRUX_PRINTF(3, 4)
enum crux_status store_fail(struct crux_store *store, enum crux_status status, const char *format,
                            ...);
/* Says what SQLite says.  Returns: the named status of a code that is no success. */
enum crux_status store_sqlite(struct crux_store *store, int code, const char *doing);
CRUX_MUST_CHECK
enum crux_status store_prepare(struct crux_store *store);
/* Steps to the next row.  Returns: CRUX_E_NOT_FOUND, after a reset, if there is none. */
CRUX_MUST_CHECK
enum crux_status store_row(struct crux_store *store, enum store_statement which);
/* Steps a statement that gives no row, and resets it. */
CRUX_MUST_CHECK
enum crux_status store_do(struct crux_store *store, enum store_statement which);
void store_reset(struct crux_store *store, enum store_statement which);

/* In: at, from 1. What is bound must stay until the reset. */
void store_put_number(struct crux_store *store, enum store_statement which, int at,
                      uint64_t number);
void store_put_bytes(struct crux_store *store, enum store_statement which, int at,
                     const void *bytes, size_t len);
void store_put_text(struct crux_store *store, enum store_statement which, int at, const char *text);

/* Reading a row; the first value that is not as it must be stays as `status`. In: column, from 0. */
struct store_reader {
    struct crux_store *store;
    enum store_statement which;
    enum crux_status status;
};
uint64_t store_get_number(struct store_reader *reader, int column, uint64_t most);
/* Out: bytes, exactly len of them. */
void store_get_bytes(struct store_reader *reader, int column, void *bytes, size_t len);
/* Out: len, a multiple of `unit`, at most `most`.  Returns: until the reset; NULL for none. */
const void *store_get_blob(struct store_reader *reader, int column, size_t *len, size_t unit,
                           size_t most);
/* Returns: a string of at most `most` bytes, until the reset; "" on failure. */
const char *store_get_text(struct store_reader *reader, int column, size_t most);

/* Begins to write unless a group is open.  Out: own, to be given to store_end. */
CRUX_MUST_CHECK
enum crux_status store_write(struct crux_store *store, bool *own);
/* Commits what is its own if status is CRUX_OK, else rolls it back, or spoils the group.
 * Returns: status, or why it could not be committed. */
CRUX_MUST_CHECK
enum crux_status store_end(struct crux_store *store, bool own, enum crux_status status);

#endif
