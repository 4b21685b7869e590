/* What the executor has promised and what became of it, in one SQLite file that survives kill -9.
 *
 *   promise --> WAITING --form--> FORMED --on the chain--> POSTED --window over--> FINAL, UNCHALLENGED, FALLEN, UNSHOWN
 *               (a run and       (its batch's                 |                       `--kept a stated time--> deleted
 *                its receipt)     root is fixed)              `--shown, published, bound as wanted
 *
 * A run is kept once for each claim: who asks the same again, nonce and all, is given the receipt that is there.
 * After CRUX_OK of a call that writes, what it wrote survives the process and the machine, unless a group is open: then
 * from crux_store_commit on. One process at a time has the file. A handle belongs to one thread.
 *
 * Everything read from the file is checked: lengths, hashes of claim, request and receipt. What is wrong is
 * CRUX_E_NON_CANONICAL, and the message names it. Functions that fail say why in crux_store_message. */
#ifndef CRUX_EXECUTOR_SERVICE_STORE_STORE_H
#define CRUX_EXECUTOR_SERVICE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/bisection.h"

struct crux_store;

enum {
    CRUX_STORE_VERSION = 3,                  /* one of an earlier version is taken over */
    CRUX_STORE_NAME_BYTES_MAX = 256,         /* of a model, of an owner */
    CRUX_STORE_KEY_BYTES_MAX = 256,          /* of a request's own name */
    CRUX_STORE_ANNEX_BYTES_MAX = 1 << 24,    /* what the caller keeps with a run */
    CRUX_STORE_TOKENS_MAX = CRUX_CONTEXT_MAX /* of a request, of an answer */
};
/* Leaves of a longer trace are not kept: they can be computed again. */
#define CRUX_STORE_LEAVES_MAX (UINT64_C(1) << 23)

/* ---- opening ---- */

/* Opens the file, or makes it.  Out: store, NULL on failure; message, then.
 * Returns: CRUX_E_BAD_MAGIC (not such a file), CRUX_E_BAD_VERSION, CRUX_E_IO (also: another process has it). */
CRUX_MUST_CHECK
enum crux_status crux_store_open(struct crux_store **store, const char *path,
                                 char message[CRUX_STORE_NAME_BYTES_MAX * 2]);
void crux_store_close(struct crux_store *store);
const char *crux_store_message(const struct crux_store *store);

/* Writes into a new store whose it is; of one that is in use, compares.
 * Returns: CRUX_E_USAGE if it is that of another chain, contract or executor. */
CRUX_MUST_CHECK
enum crux_status crux_store_bind(struct crux_store *store, const uint8_t chain_id[32],
                                 const uint8_t contract[32], const struct crux_account *executor);

/* What is written between the two is on the disk, all of it, when commit returns CRUX_OK; else none of it is. Between
 * the two, a call that fails spoils the group: commit then returns its status. */
CRUX_MUST_CHECK
enum crux_status crux_store_begin(struct crux_store *store);
CRUX_MUST_CHECK
enum crux_status crux_store_commit(struct crux_store *store);

/* ---- runs ---- */

enum crux_store_state {
    CRUX_STORE_WAITING = 1,
    CRUX_STORE_FORMED = 2,
    CRUX_STORE_POSTED = 3,
    /* ends */
    CRUX_STORE_FINAL = 4,
    CRUX_STORE_UNCHALLENGED = 5, /* private */
    CRUX_STORE_FALLEN = 6,
    CRUX_STORE_UNSHOWN = 7, /* nobody asked to see it: never final, never fallen */
    CRUX_STORE_REFUSED = 8, /* the chain will never take it: what was promised is broken */
    CRUX_STORE_STATES = 9
};

/* Returns: "waiting" ... ; "unknown". */
const char *crux_store_state_name(unsigned state);

/* A run as it is stored. Pointers are the caller's for crux_store_add, and the store's own from crux_store_find. */
struct crux_store_run {
    uint64_t number; /* Out of add; counts from 1, in order of promise */
    uint8_t id[32];  /* of the receipt: its digest */
    struct crux_receipt receipt;
    uint8_t signature[CRUX_SIGNATURE_BYTES];
    struct crux_claim claim;
    uint8_t request[CRUX_REQUEST_BYTES];
    const uint32_t *request_tokens,
        *output_tokens; /* claim.request_tokens, claim.chosen_tokens of them */
    const char *model;  /* the name that it was asked by */
    const char *owner;  /* whose it is: of private claims; "" for anybody's */
    const char *key;    /* the request's own name, unique for its owner; "" for none */
    struct crux_account fee_requester; /* whose escrow pays; zero for none */
    const uint8_t *annex; /* the caller's, such as how the answer was worded; may be NULL */
    size_t annex_bytes;
    uint64_t created_at;         /* seconds of the system's clock */
    bool is_fresh;               /* In of crux_settle_promise: its nonce was drawn for it */
    const uint8_t (*leaves)[32]; /* add: of the trace, or NULL; find: NULL, see crux_store_leaves */
    uint64_t leaf_count;         /* find: 0 if they are not kept */

    /* Out of find: what became of it */
    enum crux_store_state state;
    uint64_t batch;         /* number in this store; 0 while it waits */
    uint64_t chain_batch;   /* once posted */
    uint32_t member, count; /* of the batch */
    uint8_t batch_root[32];
    const uint8_t *path; /* siblings in the batch */
    size_t path_bytes;
    uint64_t posted_at, window_end; /* of the chain's clock */
    uint64_t ended_at;              /* seconds of the system's clock */
    bool shown, published, bound, paid, demanded;
    bool fee_refused;  /* the chain has no escrow for it that it could be bound to */
    uint32_t disputes; /* open on the chain, as last seen */
};

/* Keeps a run and its receipt. spec/85-receipts.md#what-it-promises: "An executor keeps the run and the receipt on its disk before it
 * gives the receipt away."  In/out: run; in: all but what find gives; out: number.
 * Returns: CRUX_E_ALREADY_POSTED if a run of this claim is kept (find it by claim); CRUX_E_USAGE if a length is beyond
 *          its limit, or the parts do not belong together. */
CRUX_MUST_CHECK
enum crux_status crux_store_add(struct crux_store *store, struct crux_store_run *run);

enum crux_store_by {
    CRUX_STORE_BY_ID = 1,      /* 32 bytes, of the receipt */
    CRUX_STORE_BY_CLAIM = 2,   /* 32 bytes, the claim hash */
    CRUX_STORE_BY_REQUEST = 3, /* 32 bytes, the request hash: the latest run of it */
    CRUX_STORE_BY_NUMBER = 4   /* a uint64_t */
};

/* Out: run, malloced, to be freed with crux_store_run_free; NULL on failure.
 * Returns: CRUX_E_NOT_FOUND: never kept, or deleted since. */
CRUX_MUST_CHECK
enum crux_status crux_store_find(struct crux_store *store, struct crux_store_run **run,
                                 enum crux_store_by by, const void *what);
/* The same, by owner and the request's own name. */
CRUX_MUST_CHECK
enum crux_status crux_store_find_key(struct crux_store *store, struct crux_store_run **run,
                                     const char *owner, const char *key);
/* The same, by where the claim stands on the chain. */
CRUX_MUST_CHECK
enum crux_status crux_store_find_claim(struct crux_store *store, struct crux_store_run **run,
                                       const struct crux_claim_id *claim);
void crux_store_run_free(struct crux_store_run *run);

/* Out: leaves, count of them, from the number `from` on, CLOSE not among them. No others are read.
 * Returns: CRUX_E_NOT_FOUND if they are not kept; CRUX_E_INDEX_BEYOND_COUNT if there are fewer. */
CRUX_MUST_CHECK
enum crux_status crux_store_leaves(struct crux_store *store, uint8_t (*leaves)[32], uint64_t number,
                                   uint64_t from, uint64_t count);

/* Out: hashes, malloced, of the claims of the latest batch with this root that was posted, in the order of its members;
 * their count.  Returns: CRUX_E_NOT_FOUND, also if some of them are kept no longer. */
CRUX_MUST_CHECK
enum crux_status crux_store_batch_hashes(struct crux_store *store, uint8_t (**hashes)[32],
                                         uint32_t *count, const uint8_t root[32]);

/* Calls visit with the number of each run whose claim has an open dispute or a demand, until it returns false: what
 * has to be defended. visit may call the store, but not write. */
CRUX_MUST_CHECK
enum crux_status crux_store_contested(struct crux_store *store,
                                      bool (*visit)(void *ctx, uint64_t number), void *ctx);

struct crux_store_figures {
    uint64_t runs[CRUX_STORE_STATES]; /* kept, by state */
    uint64_t oldest_waiting;          /* created_at; 0: none waits */
    uint64_t file_bytes;
};
CRUX_MUST_CHECK
enum crux_status crux_store_figures(struct crux_store *store, struct crux_store_figures *figures);

#endif
