/* A table to play at: toy models, honest and lying runs, and a game in memory that checks its invariants at every move. */
#ifndef CRUX_TESTS_SUPPORT_GAME_TABLE_H
#define CRUX_TESTS_SUPPORT_GAME_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "bisection/bisection.h"
#include "executor/engine/engine.h"

/* ---- models ---- */

enum table_model_kind {
    TABLE_LONG, /* 2 layers, 4 positions at P = 2, N = 3; a tensor that is empty at position 0; 57 elements */
    TABLE_WIDE, /* 2 layers, 1 position at P = N = 1; a tensor of two pages */
    TABLE_TOY   /* tests/support/toy_program.h: every op; P = 3 */
};

struct table_model {
    enum table_model_kind kind;
    struct crux_program program;
    struct crux_model_memory memory;
    struct crux_committed_model committed;
    uint32_t request_tokens, limit;
    uint32_t stop; /* a stop token, or UINT32_MAX */
};

void table_model_init(struct table_model *model, enum table_model_kind kind);
void table_model_free(struct table_model *model);

/* ---- runs ---- */

/* Must not move. */
struct table_run {
    struct crux_archive *archive;
    struct crux_archive_provider honest; /* of the archive */
    struct crux_evidence evidence;       /* the same, but for a false output */
    struct crux_provider provider;
    uint8_t output_page[CRUX_STEP_PAGE_BYTES]; /* a false one, if output_bytes is not 0 */
    uint32_t output_bytes;
};

/* In: tokens, chosen; 0: until the request ends. lie, may be NULL.  Stops the process on an error. */
void table_run_init(struct table_run *run, const struct table_model *model,
                    const struct crux_lie *lie, uint32_t tokens);
void table_run_free(struct table_run *run);

/* ---- faults ---- */

enum table_fault_kind {
    FAULT_NONE,
    FAULT_VALUE,          /* pos, layer, op, at: element */
    FAULT_PADDING,        /* pos, layer, op, at: page */
    FAULT_LEAF,           /* at: trace leaf, CLOSE too */
    FAULT_TOKEN,          /* at: of the output */
    FAULT_OUTPUT_PADDING, /* at: byte of the only page */
    FAULT_OUTPUT_ROOT,
    FAULT_COUNT, /* another P in the claim */
    FAULT_EARLY, /* stops a token too early */
    FAULT_LONG,  /* goes on a token too long */
    FAULT_KINDS
};

struct table_fault {
    enum table_fault_kind kind;
    uint32_t pos, layer, op;
    uint64_t at;
    const struct table_model *model;
    bool hit; /* it has changed something */
    struct table_run *run;
};

extern const char *const table_fault_names[FAULT_KINDS];

/* A run with the fault in it.  Returns: false if there is no such fault here (fault->hit). */
bool table_lying_run(struct table_run *run, const struct table_model *model,
                     struct table_fault *fault);

/* Calls `visit` for every fault there can be in a run of the model. */
void table_each_fault(const struct table_model *model,
                      void (*visit)(void *ctx, const struct table_fault *fault), void *ctx);

/* ---- the game ---- */

enum { TABLE_MEMORY_BYTES = 3 << 20, TABLE_SLOTS = 1 << 11, TABLE_ACCOUNTS = 16 };

struct table {
    struct crux_game game;
    struct crux_game_outcome out; /* of the last move */
    uint64_t now;
    bool checks_refusals; /* compare all memory before and after a refused move: slow */
    uint64_t moves;
    uint8_t *memory, *before;
    uint8_t scratch[CRUX_WITNESS_BYTES_MAX];
    /* Called after each move, with its status; may be NULL. */
    void (*after)(void *ctx, const struct table *table, unsigned sender, const uint8_t *bytes,
                  size_t len, enum crux_status status);
    void *after_ctx;
};

extern const struct crux_game_parameters
    table_parameters; /* window 100,000, clocks 10,000, k 4, D 2 */

struct crux_account table_account(unsigned number);

/* In: parameters, may be NULL. Each account has 10^6 units. */
void table_init(struct table *table, const struct crux_game_parameters *parameters);
void table_free(struct table *table);

/* Makes the move by its bytes at table->now, and checks the invariants. */
enum crux_status table_move(struct table *table, unsigned sender, const struct crux_move *move);

/* The same from bytes, which need not be those of a move. */
enum crux_status table_bytes(struct table *table, unsigned sender, const uint8_t *bytes,
                             size_t len);

/* Registers the model, settles a batch of `count` in which the run's claim is member `member`, and shows it. */
struct crux_claim_id table_claim(struct table *table, unsigned executor,
                                 const struct table_model *model, const struct crux_claim *claim,
                                 uint32_t member, uint32_t count);
/* Settles only. The other members are hashes of nothing. */
struct crux_claim_id table_settle(struct table *table, unsigned executor,
                                  const struct crux_claim *claim, uint32_t member, uint32_t count,
                                  bool is_private, unsigned requester);
enum crux_status table_show(struct table *table, unsigned sender, const struct crux_claim_id *id,
                            const struct crux_claim *claim, uint32_t count);
enum crux_status table_register(struct table *table, unsigned sender,
                                const struct table_model *model);

uint64_t table_balance(const struct table *table, unsigned account);
struct crux_game_claim table_get_claim(const struct table *table, const struct crux_claim_id *id);
struct crux_game_dispute table_get_dispute(const struct table *table,
                                           const struct crux_claim_id *id, uint32_t number);

/* A copy of the whole state, to go back to. */
uint8_t *table_save(const struct table *table);
void table_restore(struct table *table, const uint8_t *saved);

/* Do the players' keys sign? A signature is the hash of account and digest, twice. */
void table_sign(uint8_t signature[CRUX_SIGNATURE_BYTES], unsigned account,
                const uint8_t digest[32]);

#endif
