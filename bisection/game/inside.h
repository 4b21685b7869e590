/* Shared by the moves. A move loads what it names, checks, and only then changes and puts: so a refusal changes nothing. */
#ifndef CRUX_BISECTION_GAME_INSIDE_H
#define CRUX_BISECTION_GAME_INSIDE_H

#include "bisection/game/game.h"

/* One move in progress. */
struct crux_play {
    struct crux_game *game;
    const struct crux_account *sender;
    uint64_t now;
    const struct crux_move *move;
    struct crux_game_outcome *out;
    struct crux_game_chain chain;
    struct crux_game_batch batch;     /* after crux_play_load_claim */
    struct crux_game_claim claim;     /* the same */
    struct crux_game_dispute dispute; /* after crux_play_load_dispute */
};

/* ---- store.c ---- */
CRUX_MUST_CHECK
enum crux_status crux_play_get(const struct crux_play *play, enum crux_game_table table,
                               const void *key, void *record);
CRUX_MUST_CHECK
enum crux_status crux_play_put(const struct crux_play *play, enum crux_game_table table,
                               const void *record);
/* Loads batch and claim that the move names.  Returns: CRUX_E_CLAIM_UNKNOWN, the store's. */
CRUX_MUST_CHECK
enum crux_status crux_play_load_claim(struct crux_play *play);
/* The same, and the dispute.  Returns: also CRUX_E_DISPUTE_UNKNOWN. */
CRUX_MUST_CHECK
enum crux_status crux_play_load_dispute(struct crux_play *play);
/* Puts chain, batch and claim, and the dispute too. */
CRUX_MUST_CHECK
enum crux_status crux_play_save_chain(struct crux_play *play);
CRUX_MUST_CHECK
enum crux_status crux_play_save_claim(struct crux_play *play);
CRUX_MUST_CHECK
enum crux_status crux_play_save_dispute(struct crux_play *play);

/* Reports success and changes nothing. */
enum crux_status crux_play_repeated(struct crux_play *play);

bool crux_account_equal(const struct crux_account *a, const struct crux_account *b);

/* ---- money.c ---- */
/* Out of the sender's balance; the caller says where to. The last check of a move.
 * Returns: CRUX_E_BALANCE_TOO_SMALL. */
CRUX_MUST_CHECK
enum crux_status crux_play_take(struct crux_play *play, uint64_t amount);
/* Into a balance; the caller says where from. */
CRUX_MUST_CHECK
enum crux_status crux_play_pay(struct crux_play *play, const struct crux_account *account,
                               uint64_t amount);

/* ---- claims ---- */
bool crux_claim_is_open(const struct crux_game_claim *claim);
/* May the sender demand and dispute the loaded claim?  Returns: CRUX_E_NOT_PERMITTED. */
CRUX_MUST_CHECK
enum crux_status crux_play_may_dispute(const struct crux_play *play);
uint64_t crux_batch_window_end(const struct crux_game_batch *batch);

/* The model of the claim, and the requester's word if it was cancelled.  In/out: cursor, from which that word is read.
 * In: request, its 240 bytes, or NULL: they stand before the word.  Out: layers of the model. */
CRUX_MUST_CHECK
enum crux_status crux_play_admit(struct crux_play *play, uint32_t *layers,
                                 const struct crux_claim *claim, const uint8_t *request,
                                 struct crux_cursor *cursor);
/* A u32 list of `count`, read from the cursor, under this root.
 * Returns: CRUX_E_TRUNCATED, CRUX_E_PUBLICATION_MISMATCH. */
CRUX_MUST_CHECK
enum crux_status crux_play_published(struct crux_cursor *cursor, const uint8_t root[32],
                                     uint32_t count);
/* Binds the escrow of `requester` to the claim.  Out: escrow, to be put.
 * Returns: CRUX_E_ESCROW_UNKNOWN, CRUX_E_ESCROW_DIFFERS, CRUX_E_TOO_LATE. */
CRUX_MUST_CHECK
enum crux_status crux_play_bind(const struct crux_play *play, struct crux_game_escrow *escrow,
                                const struct crux_account *requester,
                                const struct crux_account *executor, const uint8_t request_hash[32],
                                const struct crux_claim_id *claim);

/* ---- disputes ---- */
/* Is the loaded dispute running, and its claim standing?  Returns: CRUX_E_CLAIM_FALLEN, _DISPUTE_OVER, _DISPUTE_QUEUED. */
CRUX_MUST_CHECK
enum crux_status crux_play_running(const struct crux_play *play);
/* Is the move in time?  Returns: CRUX_E_TOO_LATE. */
CRUX_MUST_CHECK
enum crux_status crux_play_in_time(const struct crux_play *play);
/* Stops the mover's clock, and starts the next one. */
void crux_dispute_stop_clock(struct crux_game_dispute *dispute, uint64_t now);
/* A dispute whose place is set begins to run.  Returns: the store's. */
CRUX_MUST_CHECK
enum crux_status crux_dispute_start(struct crux_play *play, struct crux_game_dispute *dispute);
/* The dispute has come to `place`, whose hash is `node`: sets its stage, and takes a stored answer.
 * Returns: the store's. */
CRUX_MUST_CHECK
enum crux_status crux_dispute_arrive(const struct crux_play *play,
                                     struct crux_game_dispute *dispute,
                                     const struct crux_game_place *place, const uint8_t node[32]);
/* Goes on from an answer to its place.  In: batch, of the claim. */
void crux_dispute_answered(struct crux_game_dispute *dispute, const struct crux_game_batch *batch,
                           const struct crux_game_reveal *reveal);

/* Returns: leaves of the tree that a place lies in.  In: not a step's, not an unopened op's. */
uint64_t crux_dispute_leaves(const struct crux_game_claim *claim,
                             const struct crux_game_dispute *dispute, uint32_t tree);
/* Returns: the node of the tree whose frontier a reveal at the place shows. */
struct crux_game_node crux_dispute_node(const struct crux_game_dispute *dispute,
                                        const struct crux_game_place *place);
/* Is the place a page? */
bool crux_place_is_page(const struct crux_game_dispute *dispute,
                        const struct crux_game_place *place);

void crux_layout_pack(struct crux_game_layout *out, const struct crux_layout *layout);
void crux_layout_unpack(struct crux_layout *out, const struct crux_game_layout *layout);
void crux_layout_output(struct crux_layout *out, const struct crux_claim *claim);
/* The op part of section 40, and how the op's tensor is cut into pages there.
 * Returns: the part's errors, crux_op_bind's. */
CRUX_MUST_CHECK
enum crux_status crux_op_open(struct crux_game_layout *layout, struct crux_cursor *cursor,
                              const struct crux_game_claim *claim,
                              const struct crux_game_dispute *dispute, uint32_t op);
/* One leaf's path in a tree.  Returns: the cursor's, the proof's. */
CRUX_MUST_CHECK
enum crux_status crux_path_root(uint8_t root[32], uint64_t count, uint64_t index,
                                const uint8_t leaf[32], struct crux_cursor *cursor);

/* ---- verdict.c ---- */
CRUX_MUST_CHECK
enum crux_status crux_play_verdict(struct crux_play *play, bool challenger_wins,
                                   enum crux_game_end end);

/* ---- the moves ---- */
typedef enum crux_status crux_play_move(struct crux_play *play);
crux_play_move crux_play_register, crux_play_post, crux_play_settle, crux_play_show,
    crux_play_demand, crux_play_publish, crux_play_open, crux_play_reveal, crux_play_pick,
    crux_play_signed_pick, crux_play_jump, crux_play_expand, crux_play_put_blob, crux_play_prove,
    crux_play_timeout, crux_play_refund, crux_play_finalise, crux_play_escrow, crux_play_bind_move,
    crux_play_pay_move, crux_play_delegate, crux_play_withdraw, crux_play_pledge, crux_play_leave,
    crux_play_release, crux_play_call, crux_play_keep, crux_play_lapse, crux_play_convict,
    crux_play_payee, crux_play_collect;

#endif
