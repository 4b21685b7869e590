/* Shared by the solvers. */
#ifndef CRUX_BISECTION_SOLVER_INSIDE_H
#define CRUX_BISECTION_SOLVER_INSIDE_H

#include "bisection/game/inside.h"
#include "bisection/solver/solver.h"

/* A dispute as a player sees it. */
struct crux_scene {
    const struct crux_game *game;
    struct crux_game_batch batch;
    struct crux_game_claim claim;
    struct crux_game_dispute dispute;
};

CRUX_MUST_CHECK
enum crux_status crux_scene_load(struct crux_scene *scene, const struct crux_game *game,
                                 const struct crux_claim_id *claim, uint32_t dispute);

/* Begins a move in the scene's dispute, that answers its node. */
void crux_scene_move(struct crux_solver_move *out, const struct crux_scene *scene,
                     enum crux_move_kind kind);

/* A writer over out->bytes, and its end: the rest of the move. */
void crux_solver_rest(struct crux_writer *rest, struct crux_solver_move *out);
CRUX_MUST_CHECK
enum crux_status crux_solver_rest_end(struct crux_solver_move *out, const struct crux_writer *rest);

/* Fills in a jump from the step in dispute to the first element that differs.  Out: out->any, false if the served step
 * does not lead to the roots in dispute, or nothing differs. */
CRUX_MUST_CHECK
enum crux_status crux_solver_jump(struct crux_solver_move *out, const struct crux_scene *scene,
                                  const struct crux_provider *own,
                                  const struct crux_provider *served);

/* Out: differs, and leaf: the first leaf in which two trees of `leaves` leaves differ.
 * In: served, which may lie: its nodes need not fit each other; claim, for a trace: whose CLOSE mine would have. */
CRUX_MUST_CHECK
enum crux_status crux_solver_first_difference(bool *differs, uint64_t *leaf,
                                              const struct crux_provider *served,
                                              const struct crux_provider *mine,
                                              const struct crux_claim *claim,
                                              const struct crux_tree_id *tree, uint64_t leaves);

/* Where two pages differ first.  Out: index, flat, or the page number with padding; differs. */
void crux_solver_compare_pages(bool *differs, uint64_t *index, bool *padding,
                               const struct crux_layout *layout, uint64_t page,
                               const uint8_t *theirs, const uint8_t *mine, size_t len);

/* A page of the provider's.  Out: bytes, CRUX_RECORD_PAGE_BYTES of room; *len. */
CRUX_MUST_CHECK
enum crux_status crux_solver_page(uint8_t *bytes, size_t *len, const struct crux_provider *provider,
                                  const struct crux_tree_id *tree, uint64_t page);

#endif
