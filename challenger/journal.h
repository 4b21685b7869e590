/* What the challenger must not forget: one SQLite file in its folder, written before what depends on it is done.
 *
 *   cursors    where it has read to, and earlier places to fall back to when the chain is reorganised
 *   batches    whose members are still to be listed
 *   claims     what is known of each, and what became of it
 *   disputes   own ones, by nonce: chosen here before the move, so that a move is never made twice as two
 *   demands    own ones, and what they cost
 *
 * Everything else is asked of the chain. One process at a time: the file is locked. */
#ifndef CRUX_CHALLENGER_JOURNAL_H
#define CRUX_CHALLENGER_JOURNAL_H

#include <sqlite3.h>

#include "challenger/challenger.h"

enum journal_statement {
    JOURNAL_BEGIN,
    JOURNAL_COMMIT,
    JOURNAL_ROLLBACK,
    JOURNAL_CURSOR_LAST,
    JOURNAL_CURSOR_PUT,
    JOURNAL_CURSOR_FORGET, /* beyond the number kept */
    JOURNAL_CURSOR_DROP,   /* the last one */
    JOURNAL_BACK_CLAIMS,
    JOURNAL_BACK_FELL,
    JOURNAL_BACK_BATCHES,
    JOURNAL_BATCH_PUT,
    JOURNAL_BATCH_GET,
    JOURNAL_BATCH_NEXT,
    JOURNAL_BATCH_TRIED,
    JOURNAL_BATCH_DONE,
    JOURNAL_CLAIM_PUT,
    JOURNAL_CLAIM_GET,
    JOURNAL_CLAIM_NEXT, /* in a state, due, the earliest window first */
    JOURNAL_CLAIM_STATE,
    JOURNAL_CLAIM_DATA,
    JOURNAL_CLAIM_CLEAR,
    JOURNAL_CLAIM_TRIED,
    JOURNAL_CLAIM_SHOWN,
    JOURNAL_CLAIM_FELL,
    JOURNAL_CLAIM_COUNTS,
    JOURNAL_NONCE_TAKE,
    JOURNAL_NONCE_GET,
    JOURNAL_DISPUTE_PUT,
    JOURNAL_DISPUTE_STATE,
    JOURNAL_DISPUTE_OF,
    JOURNAL_DISPUTES_OPEN,
    JOURNAL_DISPUTE_COUNTS,
    JOURNAL_DEMAND_PUT,
    JOURNAL_DEMAND_STATE,
    JOURNAL_DEMANDS_OPEN,
    JOURNAL_DEMAND_FEES,
    JOURNAL_STATEMENTS
};

struct journal {
    sqlite3 *db;
    sqlite3_stmt *statement[JOURNAL_STATEMENTS];
    char *message;      /* CRUX_CHALLENGER_MESSAGE_BYTES: why something failed */
    uint8_t secret[32]; /* from which is drawn what is sampled */
};

/* Out: journal, to be closed whatever is returned.  In: message, which outlives it; chain_id, contract, account: whose
 * journal it is, or becomes.  Returns: CRUX_E_CLAIM_MISMATCH, CRUX_E_IO, CRUX_E_BAD_VERSION, CRUX_E_BAD_MAGIC. */
CRUX_MUST_CHECK
enum crux_status journal_open(struct journal *journal, const char *folder, char *message,
                              const uint8_t chain_id[32], const uint8_t contract[32],
                              const struct crux_account *account);
void journal_close(struct journal *journal);

/* ---- statements ---- */

sqlite3_stmt *journal_bind(struct journal *journal, enum journal_statement which);
void journal_bind_number(struct journal *journal, enum journal_statement which, int at,
                         uint64_t number);
/* The bytes must stay until the statement is reset.  In: bytes, NULL: SQL's NULL. */
void journal_bind_bytes(struct journal *journal, enum journal_statement which, int at,
                        const void *bytes, size_t len);
/* Returns: CRUX_E_NOT_FOUND, after a reset, if there is no next row. */
CRUX_MUST_CHECK
enum crux_status journal_row(struct journal *journal, enum journal_statement which);
void journal_reset(struct journal *journal, enum journal_statement which);
/* A statement without rows. */
CRUX_MUST_CHECK
enum crux_status journal_do(struct journal *journal, enum journal_statement which);
uint64_t journal_number(const struct journal *journal, enum journal_statement which, int column);
/* Out: bytes.  Returns: CRUX_E_NON_CANONICAL unless the column is a blob of this length. */
CRUX_MUST_CHECK
enum crux_status journal_bytes(struct journal *journal, enum journal_statement which, int column,
                               void *bytes, size_t len);

CRUX_MUST_CHECK
enum crux_status journal_begin(struct journal *journal);
/* Commits if status is CRUX_OK, else rolls back.  Returns: status, or why it could not be committed. */
CRUX_MUST_CHECK
enum crux_status journal_end(struct journal *journal, enum crux_status status);

/* ---- cursors ---- */

CRUX_MUST_CHECK
enum crux_status journal_cursor(struct journal *journal, struct crux_chain_cursor *cursor);
CRUX_MUST_CHECK
enum crux_status journal_cursor_put(struct journal *journal,
                                    const struct crux_chain_cursor *cursor);
/* Forgets the last cursor, and what was learned after the one before it. */
CRUX_MUST_CHECK
enum crux_status journal_fall_back(struct journal *journal);

/* ---- batches ---- */

enum journal_batch_state {
    JOURNAL_BATCH_UNLISTED = 0,
    JOURNAL_BATCH_LISTED = 1,
    JOURNAL_BATCH_GIVEN_UP =
        2 /* nobody lists it; tried again when the challenger is opened again */
};

/* ---- claims ---- */

enum journal_claim_state {
    JOURNAL_KNOWN = 1, /* its request or tokens are missing */
    JOURNAL_READY = 2, /* to be verified */
    JOURNAL_TRUE = 3,
    JOURNAL_FALSE = 4,
    JOURNAL_UNSAMPLED = 5,
    JOURNAL_UNKNOWN_MODEL = 6,
    JOURNAL_WITHHELD = 7,
    JOURNAL_NOT_PERMITTED = 8, /* private, and not for us; our own; or not watched */
    JOURNAL_TROUBLE = 9        /* found false once, and not again: a person must look */
};

/* Zeroed: nothing. */
struct journal_claim {
    struct crux_claim_id id;
    uint64_t event; /* that it was learned from */
    uint64_t window_end;
    uint64_t fell; /* number of the event by which it fell; 0: it stands */
    uint32_t state, mode, tries;
    bool shown;
    bool has_claim;
    struct crux_account executor, requester; /* requester: of a private one */
    uint8_t hash[32];
    struct crux_claim claim;
    uint8_t *request;          /* CRUX_REQUEST_BYTES; malloced, or NULL */
    uint32_t *tokens, *output; /* P and N of them, if has_claim; malloced, or NULL */
};
void journal_claim_free(struct journal_claim *claim);

/* Puts a claim that is not there yet; one that is stays as it is. Contents are put by journal_claim_data. */
CRUX_MUST_CHECK
enum crux_status journal_claim_put(struct journal *journal, const struct journal_claim *claim);
/* Out: claim, to be freed.  Returns: CRUX_E_NOT_FOUND. */
CRUX_MUST_CHECK
enum crux_status journal_claim_get(struct journal *journal, const struct crux_claim_id *id,
                                   struct journal_claim *claim);
/* Out: ids, of at most `most` claims in this state that are due, the earliest window first; *count. */
CRUX_MUST_CHECK
enum crux_status journal_claims(struct journal *journal, enum journal_claim_state state,
                                uint64_t now, struct crux_claim_id *ids, uint32_t most,
                                uint32_t *count);
CRUX_MUST_CHECK
enum crux_status journal_claim_state(struct journal *journal, const struct crux_claim_id *id,
                                     enum journal_claim_state state);
/* Keeps what is not NULL in claim (claim bytes, request, tokens, output), and its state. */
CRUX_MUST_CHECK
enum crux_status journal_claim_data(struct journal *journal, const struct journal_claim *claim);
/* Drops what is no longer needed of a claim that has been judged. */
CRUX_MUST_CHECK
enum crux_status journal_claim_clear(struct journal *journal, const struct crux_claim_id *id);
CRUX_MUST_CHECK
enum crux_status journal_claim_tried(struct journal *journal, const struct crux_claim_id *id,
                                     uint64_t due);

/* ---- disputes ---- */

enum journal_dispute_state {
    JOURNAL_DISPUTE_PLANNED = 1, /* the move may or may not have been made */
    JOURNAL_DISPUTE_OPEN = 2,
    JOURNAL_DISPUTE_WON = 3,
    JOURNAL_DISPUTE_LOST = 4,
    JOURNAL_DISPUTE_REFUNDED = 5,
    JOURNAL_DISPUTE_MOOT = 6 /* the claim fell, or its window closed, before the move */
};

struct journal_dispute {
    struct crux_claim_id id;
    uint8_t hash[32]; /* of the claim */
    uint32_t nonce, state;
    uint64_t bond;
};

/* Out: nonce.  A new one, and the dispute PLANNED under it, durably. */
CRUX_MUST_CHECK
enum crux_status journal_dispute_plan(struct journal *journal, struct journal_dispute *dispute);
/* The last dispute on a claim.  Returns: CRUX_E_NOT_FOUND. */
CRUX_MUST_CHECK
enum crux_status journal_dispute_of(struct journal *journal, const struct crux_claim_id *id,
                                    const uint8_t hash[32], struct journal_dispute *dispute);
CRUX_MUST_CHECK
enum crux_status journal_dispute_state(struct journal *journal, uint32_t nonce,
                                       enum journal_dispute_state state, uint64_t bond);
/* Out: disputes, planned or open, at most `most`. */
CRUX_MUST_CHECK
enum crux_status journal_disputes(struct journal *journal, struct journal_dispute *disputes,
                                  uint32_t most, uint32_t *count);

#endif
