/* What a chain keeps for the game: plain records of fixed size, each beginning with its key. No pointers, and no byte
 * that is not a field (gaps are named and zero), so that a store may copy and compare them as bytes.
 *
 *   batch 0..  --- executor, root over claims, parameters, bonds, when posted
 *     `-- claim (batch, member) --- shown header, disputes, demand, fallen
 *           |-- dispute (claim, number) --- stage, place, clocks, bond
 *           |-- reveal (claim, place) --- answers, shared by all disputes of the claim
 *           `-- blob (claim, hash) --- pieces of witnesses
 *                                                                            spec/70-game.md#records */
#ifndef CRUX_BISECTION_GAME_RECORDS_H
#define CRUX_BISECTION_GAME_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/commitment/claim.h"
#include "bisection/commitment/element.h"
#include "bisection/commitment/request.h"
#include "bisection/game/frontier.h"
#include "bisection/game/parameters.h"
#include "kernels/kernels.h"

enum {
    CRUX_GAME_BLOB_BYTES = 4096,
    CRUX_GAME_BATCH_MAX = 1 << 20 /* claims in one batch */
};

/* An address of the chain; opaque to the game. */
struct crux_account {
    uint8_t b[20];
};

enum crux_game_table {
    CRUX_TABLE_CHAIN = 1,
    CRUX_TABLE_ACCOUNT = 2,
    CRUX_TABLE_DELEGATE = 3,
    CRUX_TABLE_MODEL = 4,
    CRUX_TABLE_BATCH = 5,
    CRUX_TABLE_BATCH_OF = 6,
    CRUX_TABLE_CLAIM = 7,
    CRUX_TABLE_DISPUTE = 8,
    CRUX_TABLE_DISPUTE_OF = 9,
    CRUX_TABLE_REVEAL = 10,
    CRUX_TABLE_BLOB = 11,
    CRUX_TABLE_ESCROW = 12,
    CRUX_TABLE_PLEDGE = 13,
    CRUX_TABLE_PROMISE = 14,
    CRUX_GAME_TABLES = 15 /* one more than the last */
};

enum { CRUX_GAME_KEY_BYTES_MAX = 72 };

/* Returns: bytes of the key, of the whole record. */
size_t crux_game_key_bytes(enum crux_game_table table);
size_t crux_game_record_bytes(enum crux_game_table table);

/* The only record of its table. Sums of value:
 * deposited = balances + bonds + stakes + fees + pledges + burned + withdrawn. */
struct crux_game_chain {
    uint64_t key; /* 0 */
    uint64_t time;
    uint64_t batches;
    uint64_t deposited, withdrawn, burned;
    uint64_t balances;                      /* of accounts */
    uint64_t bonds;                         /* of executors, held by batches */
    uint64_t stakes;                        /* of challengers, held by disputes */
    uint64_t fees;                          /* held by escrows, demands and called promises */
    uint64_t pledges;                       /* of executors */
    struct crux_game_parameters parameters; /* for claims posted from now on */
};

struct crux_game_account {
    struct crux_account key;
    struct crux_account payee; /* whom its withdrawals go to; zero: it has none */
    uint64_t balance;
    uint64_t withdrawn; /* in all */
};

/* Who may act for the requester of private claims. */
struct crux_game_delegate {
    struct {
        struct crux_account requester, delegate;
    } key;
    uint8_t is_one;
    uint8_t zero[7];
};

struct crux_game_model {
    uint8_t key[32]; /* model root */
    uint32_t layers, context, vocab, zero;
};

enum crux_game_mode { CRUX_MODE_FULL = 1, CRUX_MODE_BATCHED = 2, CRUX_MODE_PRIVATE = 3 };

struct crux_game_batch {
    uint64_t key; /* number */
    struct crux_account executor;
    struct crux_account requester; /* private: who may dispute; else zero */
    uint8_t root[32];
    uint64_t posted_at;
    uint64_t bond; /* of each claim */
    uint32_t count;
    uint32_t mode;     /* enum crux_game_mode */
    uint32_t fallen;   /* claims */
    uint32_t open;     /* claims with an open dispute or demand */
    uint32_t released; /* bonds paid back */
    uint32_t zero;
    struct crux_game_parameters parameters;
};

struct crux_game_batch_of {
    struct {
        struct crux_account executor;
        uint8_t root[32];
    } key;
    uint8_t zero[4];
    uint64_t batch;
};

struct crux_claim_id {
    uint64_t batch;
    uint32_t member;
    uint32_t zero;
};

enum crux_demand_state {
    CRUX_DEMAND_NONE = 0,
    CRUX_DEMAND_OPEN = 1,
    CRUX_DEMAND_MET = 2,  /* the request is published, demanded or not */
    CRUX_DEMAND_UNMET = 3 /* the claim fell for it */
};

/* Absent: nobody has touched this member of its batch. */
struct crux_game_claim {
    struct crux_claim_id key;
    uint8_t hash[32];        /* of the claim; zero until it is shown */
    struct crux_claim claim; /* if shown */
    uint32_t layers;         /* L of its model */
    uint8_t shown, fallen;
    uint8_t demand; /* enum crux_demand_state */
    uint8_t zero;
    uint32_t disputes; /* opened in all */
    uint32_t started;  /* of these, have run or run; the others are queued, in order */
    uint32_t open;     /* not over; 0 once fallen */
    uint32_t running;
    struct crux_account demander;
    uint64_t demand_deadline;
};

enum crux_game_tree {
    CRUX_GAME_TRACE = 1,
    CRUX_GAME_OUTPUT = 2,
    CRUX_GAME_STEP = 3,    /* the node of a step: record root and tensors root; level and index 0 */
    CRUX_GAME_TENSORS = 4, /* leaves: ops */
    CRUX_GAME_RECORD = 5,  /* leaves: stores */
    CRUX_GAME_OP = 6 /* leaves: pages of the op's tensor; at level CRUX_GAME_UNOPENED: its root */
};
#define CRUX_GAME_UNOPENED UINT32_MAX

/* A node that somebody may be asked about. Fields that the tree does not use are 0. */
struct crux_game_place {
    uint32_t tree; /* enum crux_game_tree */
    uint32_t pos, layer, op;
    uint32_t level;
    uint32_t zero;
    uint64_t index;
};

/* The layer of a step, and an op's tensor there, as opened under the model root. */
struct crux_game_layer {
    uint32_t ops, stores;
    uint8_t ops_root[32];
};
struct crux_game_layout {
    uint64_t rows, row_elements, stride_bytes, pages;
    uint32_t element_bytes, page_bytes;
};

struct crux_game_reveal {
    struct {
        struct crux_claim_id claim;
        struct crux_game_place place;
    } key;
    struct crux_game_layer layer;   /* of a step */
    struct crux_game_layout layout; /* of an unopened op */
    uint64_t at;                    /* when it was made */
    uint32_t nodes;                 /* in data: hashes of 32 bytes */
    uint32_t page_bytes;            /* in data: a page, if nodes is 0 */
    uint8_t data[CRUX_GAME_K_MAX * 32];
};

enum crux_game_stage {
    CRUX_STAGE_QUEUED = 1,  /* nobody's turn */
    CRUX_STAGE_REVEAL = 2,  /* executor: the frontier below the node, or its page */
    CRUX_STAGE_PICK = 3,    /* challenger: a node of the frontier */
    CRUX_STAGE_EXPAND = 4,  /* executor: the step's tensors root; or proves that the step is NULL */
    CRUX_STAGE_SIDE = 5,    /* challenger: record (0) or tensors (1), or jumps */
    CRUX_STAGE_ELEMENT = 6, /* challenger: an element of the page, or its padding */
    CRUX_STAGE_PROVE = 7,   /* executor */
    CRUX_STAGE_WON = 8,     /* by the challenger */
    CRUX_STAGE_LOST = 9,    /* by the challenger */
    CRUX_STAGE_REFUNDED = 10 /* another dispute felled the claim first */
};

enum crux_game_end { CRUX_END_NONE = 0, CRUX_END_PROVE = 1, CRUX_END_TIMEOUT = 2 };

struct crux_game_dispute {
    struct {
        uint64_t batch;
        uint32_t member;
        uint32_t number; /* 0 .. of its claim */
    } key;
    struct crux_account challenger;
    uint32_t nonce;
    uint64_t bond;
    uint64_t since;      /* when the mover's clock started */
    uint64_t left[2];    /* seconds: executor, challenger */
    uint8_t opening[32]; /* hash of the target that it was opened with */
    uint32_t stage;      /* enum crux_game_stage */
    uint32_t end;        /* enum crux_game_end */
    uint32_t round;      /* picks made */
    uint32_t zero;
    struct crux_game_place place;
    uint8_t node[32];            /* its hash: what moves name */
    struct crux_game_place last; /* where the last pick was made */
    uint8_t last_node[32];
    uint8_t last_move[32];                     /* hash of that pick's canonical bytes */
    uint8_t record_root[32], tensors_root[32]; /* from expand on */
    struct crux_game_layer layer;              /* from expand on */
    struct crux_game_layout layout;            /* once the op is opened */
    uint8_t element[CRUX_ELEMENT_BYTES];       /* encoded: what PROVE proves */
    uint8_t zero_too[3];
};

struct crux_game_dispute_of {
    struct {
        uint64_t batch;
        uint32_t member;
        uint32_t nonce;
        struct crux_account challenger;
        uint32_t zero;
    } key;
    uint32_t number;
    uint32_t zero;
};

struct crux_game_blob {
    struct {
        struct crux_claim_id claim;
        uint8_t hash[32];
    } key;
    uint32_t bytes;
    uint32_t zero;
    uint8_t data[CRUX_GAME_BLOB_BYTES];
};

enum crux_escrow_state {
    CRUX_ESCROW_HELD = 1,
    CRUX_ESCROW_BOUND = 2, /* to a claim */
    CRUX_ESCROW_PAID = 3,
    CRUX_ESCROW_RETURNED = 4
};

struct crux_game_escrow {
    struct {
        struct crux_account requester, executor;
        uint8_t request_hash[32];
    } key;
    uint64_t amount;
    uint64_t deadline; /* to bind a claim */
    struct crux_claim_id claim;
    uint32_t state; /* enum crux_escrow_state */
    uint32_t zero;
};

/* What an executor has locked for the promises of its receipts. */
struct crux_game_pledge {
    struct crux_account key;
    uint8_t zero[4];
    uint64_t amount;
    uint64_t total;        /* pledged in all */
    uint64_t leaving_at;   /* if it leaves: it can be taken out after this time */
    uint32_t leaving;      /* 0, 1 */
    uint32_t open;         /* promises that are called and not over */
    uint8_t convicted[32]; /* hash of the receipts that felled it last; zero: none did */
};

enum crux_promise_state { CRUX_PROMISE_OPEN = 1, CRUX_PROMISE_KEPT = 2, CRUX_PROMISE_BROKEN = 3 };

/* A receipt that was called. */
struct crux_game_promise {
    uint8_t key[32]; /* its digest */
    struct crux_account executor, holder, requester;
    uint8_t claim_hash[32];
    uint32_t mode;  /* enum crux_game_mode */
    uint32_t state; /* enum crux_promise_state */
    uint32_t zero;
    uint64_t answer_by;
    uint64_t penalty; /* of the pledge, if it is broken */
    uint64_t reward;  /* of that, to the holder */
    uint64_t fee;     /* of the holder */
};

#endif
