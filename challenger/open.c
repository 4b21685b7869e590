/* From a claim that was found false to an open dispute on it. Each part may be cut off and is then done again: the nonce
 * is in the journal before the move, and a move that was made is found on the chain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/inside.h"

enum { CLAIMS_AT_ONCE = 16, SAY_SECONDS = 60 };

/* ---- planning ---- */

static enum crux_status set_aside(struct crux_challenger *c, const struct crux_claim_id *id) {
    return journal_claim_tried(&c->journal, id, INT64_MAX);
}

static enum crux_status plan(struct crux_challenger *c, const struct crux_claim_id *id) {
    struct journal_claim claim;
    struct journal_dispute dispute;
    enum crux_status status = journal_claim_get(&c->journal, id, &claim);
    if (status != CRUX_OK) return status;
    status = journal_dispute_of(&c->journal, id, claim.hash, &dispute);
    /* What came to nothing may come back: a claim that was reorganised away and is there again. */
    bool is_new =
        status == CRUX_E_NOT_FOUND || (status == CRUX_OK && dispute.state == JOURNAL_DISPUTE_MOOT);
    if (is_new) {
        status = CRUX_OK;
        if (challenger_disputes(c, &claim)) {
            dispute = (struct journal_dispute){.id = *id};
            memcpy(dispute.hash, claim.hash, 32);
            status = journal_dispute_plan(&c->journal, &dispute);
        } else {
            challenger_alert(c, CRUX_CHALLENGER_INFO, "would_dispute", id, &claim.executor,
                             c->options.mode == CRUX_CHALLENGER_WATCH
                                 ? "another mode than watch would dispute it"
                                 : "it is none of those that are defended");
        }
    }
    journal_claim_free(&claim);
    return status == CRUX_OK ? set_aside(c, id) : status;
}

enum crux_status challenger_plan(struct crux_challenger *c, bool *more) {
    struct crux_claim_id ids[CLAIMS_AT_ONCE];
    uint32_t count;
    enum crux_status status =
        journal_claims(&c->journal, JOURNAL_FALSE, challenger_now(), ids, CLAIMS_AT_ONCE, &count);
    *more = count > 0;
    for (uint32_t i = 0; status == CRUX_OK && i < count; i++) status = plan(c, &ids[i]);
    return status;
}

/* ---- looking ---- */

static enum crux_status find_dispute(struct challenger_scene *scene, const struct crux_game *game) {
    const struct crux_account *own = &scene->c->options.account;
    for (uint32_t i = 0; i < scene->claim.disputes; i++) {
        enum crux_status status =
            crux_game_get_dispute(game, &scene->planned.id, i, &scene->dispute);
        if (status != CRUX_OK) return status;
        if (scene->dispute.nonce != scene->planned.nonce ||
            memcmp(scene->dispute.challenger.b, own->b, sizeof own->b) != 0)
            continue;
        scene->is_made = true;
        scene->number = i;
        return CRUX_OK;
    }
    return CRUX_OK;
}

static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct challenger_scene *scene = ctx;
    struct crux_game_account account;
    scene->now = now;
    enum crux_status status = crux_game_get_account(game, &scene->c->options.account, &account);
    if (status != CRUX_OK) return status;
    scene->balance = account.balance;
    status = crux_game_get_claim(game, &scene->planned.id, &scene->claim);
    scene->gone =
        status == CRUX_E_NOT_FOUND || (status == CRUX_OK && scene->claim.shown &&
                                       memcmp(scene->claim.hash, scene->planned.hash, 32) != 0);
    if (scene->gone) return CRUX_OK;
    if (status == CRUX_OK)
        status = crux_game_get_batch(game, scene->planned.id.batch, &scene->batch);
    return status == CRUX_OK ? find_dispute(scene, game) : status;
}

enum crux_status challenger_look(struct challenger_scene *scene, struct crux_challenger *c,
                                 const struct journal_dispute *planned) {
    memset(scene, 0, sizeof *scene);
    scene->c = c;
    scene->planned = *planned;
    return c->chain->ops->look(c->chain, look, scene);
}

/* ---- showing ---- */

static enum crux_status prove_member(struct crux_writer *path, const uint8_t (*hashes)[32],
                                     uint32_t count, uint32_t member) {
    struct crux_merkle_shape shape = crux_merkle_shape_plain(count);
    struct crux_merkle_tree tree;
    uint64_t leaf = member;
    void *memory = malloc(crux_merkle_tree_bytes(&shape));
    if (memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_merkle_tree_init(&tree, &shape, memory);
    memcpy(tree.hash, hashes, (size_t)count * 32);
    crux_merkle_tree_build(&tree);
    enum crux_status status = crux_merkle_prove(path, &tree, &leaf, 1);
    free(memory);
    return status;
}

/* Nobody has shown the claim: who would dispute it shows it.  Returns: CRUX_E_NOT_FOUND if its path is not to be had. */
static enum crux_status show(struct crux_challenger *c, const struct challenger_scene *scene,
                             const struct journal_claim *claim) {
    uint8_t bytes[CRUX_CLAIM_BYTES], path[32 * CRUX_MERKLE_DEPTH_MAX];
    uint8_t(*hashes)[32];
    struct crux_writer writer;
    enum crux_status status = challenger_members(c, &hashes, &scene->batch.executor,
                                                 scene->batch.root, scene->batch.count);
    if (status != CRUX_OK) return status;
    if (hashes == NULL) return CRUX_E_NOT_FOUND;
    crux_writer_init(&writer, path, sizeof path);
    status =
        prove_member(&writer, (const uint8_t(*)[32])hashes, scene->batch.count, claim->id.member);
    free(hashes);
    if (status != CRUX_OK) return status;
    crux_claim_encode(bytes, &claim->claim);
    const struct crux_move move = {.kind = CRUX_MOVE_SHOW,
                                   .claim = claim->id,
                                   .claim_bytes = bytes,
                                   .rest = path,
                                   .rest_bytes = writer.at};
    return challenger_move(c, &move);
}

/* ---- opening ---- */

static enum crux_status give_up(struct crux_challenger *c, const struct challenger_scene *scene,
                                enum crux_challenger_level level, const char *text) {
    challenger_alert(c, level, "no_dispute", &scene->planned.id, &scene->batch.executor, text);
    return journal_dispute_state(&c->journal, scene->planned.nonce, JOURNAL_DISPUTE_MOOT, 0);
}

/* Something that may pass hinders the dispute: said once a minute. */
static void hold(struct crux_challenger *c, const struct challenger_scene *scene,
                 const char *text) {
    uint64_t now = challenger_now();
    if (now < c->said + SAY_SECONDS) return;
    c->said = now;
    challenger_alert(c, CRUX_CHALLENGER_ALERT, "held_back", &scene->planned.id,
                     &scene->batch.executor, text);
}

static enum crux_status trouble(struct crux_challenger *c, const struct challenger_scene *scene,
                                const char *text) {
    challenger_alert(c, CRUX_CHALLENGER_ALERT, "trouble", &scene->planned.id,
                     &scene->batch.executor, text);
    enum crux_status status = journal_claim_state(&c->journal, &scene->planned.id, JOURNAL_TROUBLE);
    if (status != CRUX_OK) return status;
    return journal_dispute_state(&c->journal, scene->planned.nonce, JOURNAL_DISPUTE_MOOT, 0);
}

static enum crux_status make_open(struct crux_challenger *c, const struct challenger_scene *scene,
                                  const struct journal_claim *claim, struct challenger_model *model,
                                  uint64_t bond, struct crux_solver_move *step) {
    const struct crux_program_header *header = &model->file.program.header;
    struct challenger_served served;
    struct challenger_run *run;
    enum crux_target target;
    uint64_t index;
    enum crux_status status =
        crux_solver_opening(&target, &index, &claim->claim, header, claim->request, NULL);
    const struct crux_provider *own = NULL;
    if (status == CRUX_OK && target == 0) {
        status = challenger_own_run(c, &run, model, claim);
        if (status == CRUX_OK && run != NULL) {
            own = &run->provider.provider;
            status =
                crux_solver_opening(&target, &index, &claim->claim, header, claim->request, own);
        }
    }
    if (status != CRUX_OK) return status;
    if (target == 0)
        return trouble(c, scene, "it was found false once, and true when run again: not disputed");
    status = crux_solver_open(step, &claim->id, &claim->claim, target, index, scene->planned.nonce,
                              bond, header->layers, own,
                              challenger_served(&served, c, &scene->batch.executor, claim->hash));
    if (status == CRUX_OK)
        status =
            journal_dispute_state(&c->journal, scene->planned.nonce, JOURNAL_DISPUTE_PLANNED, bond);
    if (status != CRUX_OK) return status;
    status = challenger_move(c, &step->move);
    if (status == CRUX_OK) {
        challenger_alert(c, CRUX_CHALLENGER_ALERT, "dispute_opened", &claim->id, &claim->executor,
                         step->move.flag == CRUX_TARGET_LEAF ? "at a step, its trace being served"
                                                             : "from its root");
        return journal_dispute_state(&c->journal, scene->planned.nonce, JOURNAL_DISPUTE_OPEN, bond);
    }
    if (status == CRUX_E_NOT_PERMITTED || status == CRUX_E_WINDOW_CLOSED ||
        status == CRUX_E_CLAIM_FALLEN)
        return give_up(c, scene, CRUX_CHALLENGER_ALERT, c->message);
    return status;
}

/* Returns: may the bond be risked? */
static bool affordable(struct crux_challenger *c, const struct challenger_scene *scene,
                       uint64_t bond, uint64_t at_risk) {
    if (bond > c->options.risk_max || at_risk > c->options.risk_max - bond) {
        hold(c, scene, "its bond would exceed what may be at risk");
        return false;
    }
    if (scene->balance < bond) {
        hold(c, scene, "the balance does not hold its bond");
        return false;
    }
    return true;
}

static enum crux_status open_claim(struct crux_challenger *c, const struct challenger_scene *scene,
                                   const struct journal_claim *claim, uint64_t at_risk,
                                   bool *more) {
    struct challenger_model *model = challenger_model_of(c, claim->claim.model_root);
    uint64_t bond = crux_game_bond(&scene->batch, &scene->claim);
    if (model == NULL) {
        hold(c, scene, "its model is not loaded");
        return CRUX_OK;
    }
    if (!affordable(c, scene, bond, at_risk)) return CRUX_OK;
    if (!scene->claim.shown) {
        enum crux_status status = show(c, scene, claim);
        *more = status == CRUX_OK;
        if (status == CRUX_E_NOT_FOUND)
            return give_up(c, scene, CRUX_CHALLENGER_ALERT,
                           "nobody has shown it, and its path is not served: it is never final");
        return challenger_refused(status) ? give_up(c, scene, CRUX_CHALLENGER_ALERT, c->message)
                                          : status;
    }
    struct crux_solver_move *step = malloc(sizeof *step);
    if (step == NULL) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status = make_open(c, scene, claim, model, bond, step);
    free(step);
    *more = status == CRUX_OK;
    if (!challenger_refused(status)) return status;
    hold(c, scene, c->message);
    return CRUX_OK;
}

enum crux_status challenger_open(struct crux_challenger *c, const struct challenger_scene *scene,
                                 uint64_t at_risk, bool *more) {
    struct journal_claim claim;
    *more = false;
    uint64_t end = scene->batch.posted_at + scene->batch.parameters.window_seconds;
    if (scene->gone || scene->claim.fallen)
        return journal_dispute_state(&c->journal, scene->planned.nonce, JOURNAL_DISPUTE_MOOT, 0);
    if (scene->now > end)
        return give_up(c, scene, CRUX_CHALLENGER_ALERT, "its window is over: it is too late");
    enum crux_status status = journal_claim_get(&c->journal, &scene->planned.id, &claim);
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK; /* to be read again after a reorganisation */
    if (status != CRUX_OK) return status;
    if (claim.state == JOURNAL_FALSE && memcmp(claim.hash, scene->planned.hash, 32) == 0)
        status = open_claim(c, scene, &claim, at_risk, more);
    journal_claim_free(&claim);
    return status;
}
