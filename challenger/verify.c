/* Runs claims again, teacher-forced, many in one batch. */
#include <stdlib.h>
#include <string.h>

#include "challenger/inside.h"
#include "chain-adapter/io/seconds.h"

enum {
    CLAIMS_AT_ONCE = 32,
    POSITIONS_AT_ONCE = 8192, /* so that the clocks of disputes are looked at between batches */
    GATHER_SECONDS = 5        /* a claim waits for others at most so long */
};

/* Claims of one model. */
struct batch {
    struct challenger_model *model;
    struct journal_claim claim[CLAIMS_AT_ONCE];
    struct crux_engine_claimed claimed[CLAIMS_AT_ONCE];
    uint32_t count;
    uint64_t positions;
    bool in_layers; /* drawn for the batch on the chain, which is then the same for all */
};

static const char *const verdicts[] = {
    [CRUX_ENGINE_CLAIM_TRUE] = "it is true",
    [CRUX_ENGINE_CLAIM_REQUEST] = "it is not about its request",
    [CRUX_ENGINE_CLAIM_TOKEN] = "another token is chosen",
    [CRUX_ENGINE_CLAIM_END] = "it ends at the wrong token",
    [CRUX_ENGINE_CLAIM_OUTPUT] = "its output root is not that of its tokens",
    [CRUX_ENGINE_CLAIM_TRACE] = "its trace is another one",
};

/* What was found of claims: said first, then kept in one transaction. Cut off in between, it is found again. */
struct finding {
    const struct journal_claim *claim;
    bool is_true;
    const char *why; /* not */
};

static enum crux_status keep(struct crux_challenger *c, const struct finding *findings,
                             uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct journal_claim *claim = findings[i].claim;
        if (!findings[i].is_true)
            challenger_alert(c, CRUX_CHALLENGER_ALERT, "false_claim", &claim->id, &claim->executor,
                             findings[i].why);
    }
    enum crux_status status = journal_begin(&c->journal);
    if (status != CRUX_OK) return status;
    for (uint32_t i = 0; status == CRUX_OK && i < count; i++) {
        const struct crux_claim_id *id = &findings[i].claim->id;
        status = journal_claim_state(&c->journal, id,
                                     findings[i].is_true ? JOURNAL_TRUE : JOURNAL_FALSE);
        if (status == CRUX_OK && findings[i].is_true) status = journal_claim_clear(&c->journal, id);
    }
    return journal_end(&c->journal, status);
}

/* What is false by the request's bytes alone needs no run.  Out: is_false. */
static enum crux_status judge_bytes(bool *is_false, const struct challenger_model *model,
                                    const struct journal_claim *claim) {
    enum crux_target target;
    uint64_t index;
    enum crux_status status = crux_solver_opening(
        &target, &index, &claim->claim, &model->file.program.header, claim->request, NULL);
    *is_false = target != 0;
    return status;
}

/* Nobody has said what was chosen: chosen here, to as many tokens as claimed whatever the request says of ends. */
static enum crux_status choose(struct crux_challenger *c, struct challenger_model *model,
                               struct journal_claim *claim) {
    struct crux_engine_request request = {.tokens = claim->tokens};
    struct crux_engine_result result;
    uint32_t wanted = claim->claim.chosen_tokens;
    enum crux_status status =
        challenger_model_whole(c, model); /* who audits layers has it not open */
    if (status != CRUX_OK) return status;
    crux_request_read(&request.fields, claim->request);
    request.fields.limit = wanted;
    request.fields.stop_count = 0;
    memset(request.fields.stop, 0, sizeof request.fields.stop);
    double start = crux_seconds();
    status = crux_engine_generate(model->whole.engine, model->file.root, &request, NULL, &result);
    c->verify_seconds += crux_seconds() - start;
    if (status == CRUX_OK && result.count != wanted) status = CRUX_E_INTERNAL;
    if (status == CRUX_OK) {
        claim->output = result.tokens;
        result.tokens = NULL;
    }
    crux_engine_result_free(&result);
    return status;
}

/* Takes a claim into the batch, or judges it at once.  Out: is_full: it belongs to a later batch. */
static enum crux_status take(struct crux_challenger *c, struct batch *batch,
                             struct journal_claim *claim, bool *is_full) {
    struct challenger_model *model = challenger_model_of(c, claim->claim.model_root);
    uint64_t positions = crux_claim_positions(&claim->claim);
    bool is_false;
    bool in_layers = model != NULL && claim->output != NULL && challenger_audits_layers(c, model);
    *is_full = (batch->model != NULL && batch->model != model) ||
               (batch->count > 0 && (batch->positions + positions > POSITIONS_AT_ONCE ||
                                     in_layers != batch->in_layers ||
                                     (in_layers && batch->claim[0].id.batch != claim->id.batch)));
    if (*is_full) return CRUX_OK;
    if (model == NULL) return journal_claim_state(&c->journal, &claim->id, JOURNAL_UNKNOWN_MODEL);
    enum crux_status status = judge_bytes(&is_false, model, claim);
    if (status != CRUX_OK) return status;
    if (is_false) {
        const struct finding found = {claim, false, "its counts do not fit its request or model"};
        return keep(c, &found, 1);
    }
    if (claim->tokens == NULL) return CRUX_E_INTERNAL;
    if (claim->output == NULL) status = choose(c, model, claim);
    if (status != CRUX_OK) return status;
    struct crux_engine_claimed *claimed = &batch->claimed[batch->count];
    *claimed = (struct crux_engine_claimed){
        .request = {.tokens = claim->tokens}, .claim = claim->claim, .tokens = claim->output};
    crux_request_read(&claimed->request.fields, claim->request);
    batch->model = model;
    batch->in_layers = in_layers;
    batch->claim[batch->count++] = *claim;
    batch->positions += positions;
    claim->request = NULL; /* the batch's */
    claim->tokens = claim->output = NULL;
    return CRUX_OK;
}

/* All of each run.  In: numbers, of the claims that are verified; count of them. */
static enum crux_status verify_whole(struct crux_challenger *c, struct batch *batch,
                                     const uint32_t *numbers, uint32_t count) {
    struct crux_engine_claimed claimed[CLAIMS_AT_ONCE];
    struct finding findings[CLAIMS_AT_ONCE];
    enum crux_status status = count > 0 ? challenger_model_whole(c, batch->model) : CRUX_OK;
    if (status != CRUX_OK || count == 0) return status;
    for (uint32_t i = 0; i < count; i++) claimed[i] = batch->claimed[numbers[i]];
    status =
        crux_engine_verify(batch->model->whole.engine, batch->model->file.root, claimed, count);
    if (status != CRUX_OK) return status;
    for (uint32_t i = 0; i < count; i++)
        findings[i] = (struct finding){&batch->claim[numbers[i]],
                                       claimed[i].verdict == CRUX_ENGINE_CLAIM_TRUE,
                                       verdicts[claimed[i].verdict]};
    return keep(c, findings, count);
}

/* Drawn layers of each. What is not served for that is run again as a whole. */
static enum crux_status verify_layers(struct crux_challenger *c, struct batch *batch) {
    enum crux_engine_audit_verdict audited[CLAIMS_AT_ONCE];
    struct finding findings[CLAIMS_AT_ONCE];
    uint32_t whole[CLAIMS_AT_ONCE], count = 0, found = 0;
    const struct crux_challenger_peer *peer = challenger_peer(c, &batch->claim[0].executor);
    /* who is not asked now withholds nothing */
    bool is_asked = peer == NULL || challenger_patience_left(c, peer) > 0;
    enum crux_status status =
        challenger_audit(c, batch->model, batch->claim, batch->claimed, batch->count, audited);
    if (status != CRUX_OK) return status;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (audited[i] == CRUX_ENGINE_AUDIT_UNSERVED) {
            if (is_asked)
                challenger_alert(c, CRUX_CHALLENGER_WARNING, "layers_withheld", &batch->claim[i].id,
                                 &batch->claim[i].executor, "it is run again as a whole");
            whole[count++] = i;
            continue;
        }
        c->audited_layers++;
        findings[found++] = (struct finding){&batch->claim[i], audited[i] == CRUX_ENGINE_AUDIT_TRUE,
                                             crux_engine_audit_name(audited[i])};
    }
    if (found > 0) status = keep(c, findings, found);
    return status == CRUX_OK ? verify_whole(c, batch, whole, count) : status;
}

static enum crux_status verify(struct crux_challenger *c, struct batch *batch) {
    uint32_t all[CLAIMS_AT_ONCE];
    double start = crux_seconds();
    enum crux_status status;
    for (uint32_t i = 0; i < batch->count; i++) all[i] = i;
    if (batch->in_layers)
        status = verify_layers(c, batch);
    else
        status = verify_whole(c, batch, all, batch->count);
    if (status != CRUX_OK) return status;
    c->verify_seconds += crux_seconds() - start;
    c->positions += batch->positions;
    return CRUX_OK;
}

/* What cannot be verified now must not keep all others from it: it is tried again later.
 * Returns: status, if it is trouble with disk or chain and not with these claims. */
static enum crux_status put_off(struct crux_challenger *c, const struct crux_claim_id *ids,
                                uint32_t count, enum crux_status status) {
    enum { LATER_SECONDS = 300 };
    if (status == CRUX_OK || status == CRUX_E_IO || status == CRUX_E_NON_CANONICAL) return status;
    for (uint32_t i = 0; i < count; i++) {
        enum crux_status noted =
            journal_claim_tried(&c->journal, &ids[i], challenger_now() + LATER_SECONDS);
        if (noted != CRUX_OK) return noted;
    }
    challenger_say(c, CRUX_CHALLENGER_WARNING, "put_off",
                   "%u claims from %llu/%u on cannot be verified now: %s", (unsigned)count,
                   (unsigned long long)ids[0].batch, (unsigned)ids[0].member,
                   c->message[0] != 0 ? c->message : crux_status_text(status));
    return CRUX_OK;
}

/* A batch is the cheaper the more claims it has: rows fill whole steps, and what requests have in common is computed once.
 * Returns: is it worth to wait for claims that are being fetched? */
static bool gathers(struct crux_challenger *c, uint32_t ready) {
    double now = crux_seconds();
    if (c->gathering_until == 0) c->gathering_until = now + GATHER_SECONDS;
    if (c->is_fetching && ready < CLAIMS_AT_ONCE && now < c->gathering_until) return true;
    c->gathering_until = 0;
    return false;
}

enum crux_status challenger_verify(struct crux_challenger *c, bool *more) {
    struct crux_claim_id ids[CLAIMS_AT_ONCE];
    uint32_t count;
    bool is_full = false;
    *more = false;
    enum crux_status status =
        journal_claims(&c->journal, JOURNAL_READY, challenger_now(), ids, CLAIMS_AT_ONCE, &count);
    if (status != CRUX_OK || count == 0 || gathers(c, count)) return status;
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) return CRUX_E_OUT_OF_MEMORY;
    *more = true;
    for (uint32_t i = 0; status == CRUX_OK && i < count && !is_full && !challenger_stopped(c);
         i++) {
        struct journal_claim claim;
        status = journal_claim_get(&c->journal, &ids[i], &claim);
        if (status != CRUX_OK) break;
        status = take(c, batch, &claim, &is_full);
        journal_claim_free(&claim);
        if (status != CRUX_OK) status = put_off(c, &ids[i], 1, status);
    }
    if (status == CRUX_OK && batch->count > 0 && !challenger_stopped(c)) {
        struct crux_claim_id taken[CLAIMS_AT_ONCE];
        for (uint32_t i = 0; i < batch->count; i++) taken[i] = batch->claim[i].id;
        status = put_off(c, taken, batch->count, verify(c, batch));
    }
    for (uint32_t i = 0; i < batch->count; i++) journal_claim_free(&batch->claim[i]);
    free(batch);
    return status;
}
