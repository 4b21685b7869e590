/* The executor answers. */
#include "bisection/adjudicator/parts.h"
#include "bisection/solver/inside.h"

static enum crux_status put_frontier(struct crux_writer *rest, const struct crux_scene *scene,
                                     const struct crux_game_dispute *dispute,
                                     const struct crux_provider *own,
                                     const struct crux_tree_id *tree) {
    struct crux_game_node nodes[CRUX_GAME_K_MAX];
    const struct crux_game_place *place = &dispute->place;
    uint8_t hash[32];
    uint32_t count =
        crux_game_frontier(nodes, crux_dispute_leaves(&scene->claim, dispute, place->tree),
                           crux_dispute_node(dispute, place), scene->batch.parameters.k);
    for (uint32_t i = 0; i < count; i++) {
        enum crux_status status = own->node(own->ctx, tree, nodes[i].level, nodes[i].index, hash);
        if (status != CRUX_OK) return status;
        crux_put_bytes(rest, hash, 32);
    }
    return rest->status;
}

static enum crux_status reveal(struct crux_solver_move *out, const struct crux_scene *scene,
                               const struct crux_provider *own) {
    struct crux_game_dispute dispute = scene->dispute;
    const struct crux_game_place *place = &dispute.place;
    struct crux_tree_id tree = crux_provider_tree(own->evidence->program, place);
    struct crux_writer rest;
    struct crux_cursor cursor;
    enum crux_status status;
    crux_scene_move(out, scene, CRUX_MOVE_REVEAL);
    crux_solver_rest(&rest, out);
    if (place->tree == CRUX_GAME_OP && place->level == CRUX_GAME_UNOPENED) {
        status = crux_witness_put_op(&rest, own->evidence, place->layer, place->op);
        if (status != CRUX_OK) return status;
        crux_cursor_init(&cursor, out->bytes, rest.at);
        status = crux_op_open(&dispute.layout, &cursor, &scene->claim, &dispute, place->op);
        if (status != CRUX_OK) return status;
    }
    if (place->tree == CRUX_GAME_OP && dispute.layout.pages == 0)
        status = CRUX_OK;
    else if (crux_place_is_page(&dispute, place))
        status = own->evidence->leaf(own->evidence->ctx, &tree,
                                     crux_dispute_node(&dispute, place).index, &rest);
    else
        status = put_frontier(&rest, scene, &dispute, own, &tree);
    return status == CRUX_OK ? crux_solver_rest_end(out, &rest) : status;
}

/* One inline piece: 0 u8, length u32, the witness. */
static enum crux_status prove(struct crux_solver_move *out, const struct crux_scene *scene,
                              const struct crux_provider *own,
                              const struct crux_element_id *element) {
    enum { HEAD = 5 };
    struct crux_writer witness;
    crux_scene_move(out, scene, CRUX_MOVE_PROVE);
    crux_writer_init(&witness, out->bytes + HEAD, sizeof out->bytes - HEAD);
    enum crux_status status = crux_witness_build(&witness, own->evidence, element);
    if (status != CRUX_OK) return status;
    out->bytes[0] = 0;
    crux_store_u32(out->bytes + 1, (uint32_t)witness.at);
    out->move.rest_bytes = HEAD + witness.at;
    return CRUX_OK;
}

static enum crux_status expand(struct crux_solver_move *out, const struct crux_scene *scene,
                               const struct crux_provider *own) {
    const struct crux_evidence *evidence = own->evidence;
    const struct crux_game_place *place = &scene->dispute.place;
    const struct crux_layer *layer = &evidence->program->layers[place->layer];
    struct crux_tree_id tensors = {CRUX_TREE_TENSORS, place->pos, place->layer, 0};
    struct crux_writer rest;
    if (!crux_layer_active(layer, place->pos, scene->claim.claim.request_tokens)) {
        struct crux_element_id element = {
            .kind = CRUX_ELEMENT_NULL, .pos = place->pos, .layer = place->layer};
        crux_copy(element.leaf_hash, scene->dispute.node, 32);
        return prove(out, scene, own, &element);
    }
    crux_scene_move(out, scene, CRUX_MOVE_EXPAND);
    enum crux_status status = evidence->root(evidence->ctx, &tensors, out->hash);
    if (status != CRUX_OK) return status;
    crux_solver_rest(&rest, out);
    status = crux_witness_put_layer(&rest, evidence, place->layer);
    return status == CRUX_OK ? crux_solver_rest_end(out, &rest) : status;
}

enum crux_status crux_solver_defend(struct crux_solver_move *out, const struct crux_game *game,
                                    const struct crux_claim_id *claim, uint32_t number,
                                    const struct crux_provider *own, uint64_t now) {
    struct crux_element_id element;
    struct crux_scene scene;
    out->any = false;
    enum crux_status status = crux_scene_load(&scene, game, claim, number);
    if (status != CRUX_OK) return status;
    unsigned turn = crux_game_turn(&scene.dispute);
    bool late = now > crux_game_deadline(&scene.dispute);
    if (scene.claim.fallen || turn == 2 || (turn == 0 && late)) return CRUX_OK;
    if (turn == 1) {
        if (late) crux_scene_move(out, &scene, CRUX_MOVE_TIMEOUT);
        return CRUX_OK;
    }
    if (scene.dispute.stage == CRUX_STAGE_REVEAL) return reveal(out, &scene, own);
    if (scene.dispute.stage == CRUX_STAGE_EXPAND) return expand(out, &scene, own);
    status = crux_element_decode(&element, scene.dispute.element, CRUX_ELEMENT_BYTES);
    return status == CRUX_OK ? prove(out, &scene, own, &element) : status;
}

enum crux_status crux_solver_publish(struct crux_solver_move *out, const struct crux_game *game,
                                     const struct crux_claim_id *id,
                                     const struct crux_provider *own, uint64_t now) {
    const struct crux_tree_id tokens = {.kind = CRUX_TREE_TOKENS};
    struct crux_game_claim claim;
    struct crux_request request;
    struct crux_writer rest;
    uint8_t page[CRUX_RECORD_PAGE_BYTES];
    size_t len;
    out->any = false;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status != CRUX_OK || claim.fallen || !claim.shown || claim.demand != CRUX_DEMAND_OPEN ||
        now > claim.demand_deadline)
        return status;
    crux_request_read(&request, own->evidence->request);
    crux_solver_rest(&rest, out);
    for (uint64_t left = (uint64_t)request.request_tokens * 4, i = 0; left > 0; i++) {
        status = crux_solver_page(page, &len, own, &tokens, i);
        if (status != CRUX_OK) return status;
        if (len == 0) return CRUX_E_BAD_LAYOUT;
        if (len > left) len = (size_t)left; /* the rest of the last page is padding */
        crux_put_bytes(&rest, page, len);
        left -= len;
    }
    crux_zero(&out->move, sizeof out->move);
    out->move.kind = CRUX_MOVE_PUBLISH;
    out->move.claim = *id;
    out->move.request = own->evidence->request;
    out->move.rest = out->bytes;
    out->any = true;
    return crux_solver_rest_end(out, &rest);
}
