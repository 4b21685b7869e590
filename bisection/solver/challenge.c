/* The challenger follows its own recomputation down. */
#include "bisection/solver/inside.h"

/* spec/70-game.md#honest-players: "Pick the first node that differs from your own" */
static enum crux_status pick_node(struct crux_solver_move *out, const struct crux_scene *scene,
                                  const struct crux_game_reveal *reveal,
                                  const struct crux_provider *own) {
    const struct crux_game_dispute *dispute = &scene->dispute;
    const struct crux_game_place *place = &dispute->place;
    struct crux_tree_id tree = crux_provider_tree(own->evidence->program, place);
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    uint8_t mine[32];
    uint64_t leaves = crux_dispute_leaves(&scene->claim, dispute, place->tree);
    uint32_t count = crux_game_frontier(nodes, leaves, crux_dispute_node(dispute, place),
                                        scene->batch.parameters.k);
    for (uint32_t i = 0; i < count; i++) {
        enum crux_status status =
            place->tree == CRUX_GAME_TRACE
                ? crux_provider_trace_node(own, mine, &scene->claim.claim, leaves, nodes[i])
                : own->node(own->ctx, &tree, nodes[i].level, nodes[i].index, mine);
        if (status != CRUX_OK) return status;
        if (crux_equal(mine, reveal->data + 32 * i, 32)) continue;
        crux_scene_move(out, scene, CRUX_MOVE_PICK);
        out->move.index = i;
        return CRUX_OK;
    }
    return CRUX_OK; /* nothing differs: nothing to say */
}

static enum crux_status pick_element(struct crux_solver_move *out, const struct crux_scene *scene,
                                     const struct crux_game_reveal *reveal,
                                     const struct crux_provider *own) {
    const struct crux_game_dispute *dispute = &scene->dispute;
    const struct crux_game_place *place = &dispute->place;
    struct crux_tree_id tree = crux_provider_tree(own->evidence->program, place);
    uint8_t mine[CRUX_RECORD_PAGE_BYTES];
    uint64_t page = crux_dispute_node(dispute, place).index, index;
    struct crux_layout layout;
    bool differs, padding, is_output = place->tree == CRUX_GAME_OUTPUT;
    size_t len;
    enum crux_status status = crux_solver_page(mine, &len, own, &tree, page);
    if (status != CRUX_OK) return status;
    if (len != reveal->page_bytes) return CRUX_E_INTERNAL;
    if (is_output)
        crux_layout_output(&layout, &scene->claim.claim);
    else
        crux_layout_unpack(&layout, &dispute->layout);
    crux_solver_compare_pages(&differs, &index, &padding, &layout, page, reveal->data, mine, len);
    if (!differs) return CRUX_OK;
    crux_scene_move(out, scene, CRUX_MOVE_PICK);
    out->move.flag = padding && !is_output;
    out->move.index = padding ? 0 : index;
    if (is_output) { /* padding slots are elements of the output too */
        size_t at = 0;
        while (reveal->data[at] == mine[at]) at++;
        out->move.index = (page * layout.page_bytes + at) / 4;
    }
    return CRUX_OK;
}

static enum crux_status pick_side(struct crux_solver_move *out, const struct crux_scene *scene,
                                  const struct crux_provider *own,
                                  const struct crux_provider *served) {
    const struct crux_game_place *place = &scene->dispute.place;
    struct crux_tree_id tree = {CRUX_TREE_TENSORS, place->pos, place->layer, 0};
    uint8_t tensors[32], record[32];
    enum crux_status status;
    if (served != NULL) {
        status = crux_solver_jump(out, scene, own, served);
        if (status == CRUX_OK && out->any) return CRUX_OK;
        out->any = false;
    }
    status = own->evidence->root(own->evidence->ctx, &tree, tensors);
    if (status != CRUX_OK) return status;
    tree.kind = CRUX_TREE_RECORD;
    status = own->evidence->root(own->evidence->ctx, &tree, record);
    if (status != CRUX_OK) return status;
    bool in_tensors = !crux_equal(tensors, scene->dispute.tensors_root, 32);
    if (!in_tensors && crux_equal(record, scene->dispute.record_root, 32)) return CRUX_OK;
    crux_scene_move(out, scene, CRUX_MOVE_PICK);
    out->move.index = in_tensors;
    return CRUX_OK;
}

static enum crux_status choose(struct crux_solver_move *out, const struct crux_scene *scene,
                               const struct crux_provider *own,
                               const struct crux_provider *served) {
    struct crux_game_reveal reveal;
    if (scene->dispute.stage == CRUX_STAGE_SIDE) return pick_side(out, scene, own, served);
    enum crux_status status =
        crux_game_get_reveal(scene->game, &scene->claim.key, &scene->dispute.place, &reveal);
    if (status != CRUX_OK) return status;
    return scene->dispute.stage == CRUX_STAGE_PICK ? pick_node(out, scene, &reveal, own)
                                                   : pick_element(out, scene, &reveal, own);
}

static bool is_over(uint32_t stage) {
    return stage == CRUX_STAGE_WON || stage == CRUX_STAGE_LOST || stage == CRUX_STAGE_REFUNDED;
}

enum crux_status crux_solver_challenge(struct crux_solver_move *out, const struct crux_game *game,
                                       const struct crux_claim_id *claim, uint32_t number,
                                       const struct crux_provider *own,
                                       const struct crux_provider *served, uint64_t now) {
    struct crux_scene scene;
    out->any = false;
    enum crux_status status = crux_scene_load(&scene, game, claim, number);
    if (status != CRUX_OK || is_over(scene.dispute.stage)) return status;
    if (scene.claim.fallen) {
        crux_scene_move(out, &scene, CRUX_MOVE_REFUND);
        return CRUX_OK;
    }
    unsigned turn = crux_game_turn(&scene.dispute);
    bool late = now > crux_game_deadline(&scene.dispute);
    if (turn == 1 && !late) return choose(out, &scene, own, served);
    if (turn == 0 && late) crux_scene_move(out, &scene, CRUX_MOVE_TIMEOUT);
    return CRUX_OK;
}

enum crux_status crux_solver_timeout(struct crux_solver_move *out, const struct crux_game *game,
                                     const struct crux_claim_id *id, uint32_t number,
                                     uint64_t now) {
    struct crux_game_claim claim;
    struct crux_game_dispute dispute;
    out->any = false;
    crux_zero(&out->move, sizeof out->move);
    out->move.kind = CRUX_MOVE_TIMEOUT;
    out->move.claim = *id;
    out->move.dispute = number;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status != CRUX_OK || claim.fallen) return status;
    if (number == CRUX_DISPUTE_DEMAND) {
        out->any = claim.demand == CRUX_DEMAND_OPEN && now > claim.demand_deadline;
        return CRUX_OK;
    }
    status = crux_game_get_dispute(game, id, number, &dispute);
    out->any = status == CRUX_OK && now > crux_game_deadline(&dispute);
    return status;
}
