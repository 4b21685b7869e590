/* Audits of drawn layers: the weights of those alone are in memory, and what they read is served by the executor and
 * found under the claim's trace root before it is used. One draw for a batch on the chain: all of its claims were posted
 * before their executor is asked for a record, which tells it the layers. */
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "challenger/inside.h"
#include "challenger/trace_source.h"

enum {
    /* Audited together: enough to fill steps, and few enough that an executor that runs them again for their records has
     * them all in memory from the first layer to the last. */
    POSITIONS_AT_ONCE = 1024,
    RUNS_WORTH = 2 /* as many runs as a whole as an audit may be waited for */
};

/* Seconds of an audit. */
struct spent {
    double waited; /* for replies */
    double worth;  /* that it was worth to wait */
};

bool challenger_audits_layers(const struct crux_challenger *c,
                              const struct challenger_model *model) {
    return c->options.layers > 0 && c->options.layers < model->file.program.header.layers;
}

static enum crux_engine_audit_verdict settle(enum crux_engine_audit_verdict verdict) {
    switch (verdict) {
    case CRUX_ENGINE_AUDIT_TRUE:
    case CRUX_ENGINE_AUDIT_REQUEST:
    case CRUX_ENGINE_AUDIT_END:
    case CRUX_ENGINE_AUDIT_OUTPUT:
    case CRUX_ENGINE_AUDIT_TOKEN:
    case CRUX_ENGINE_AUDIT_CLOSE:
    case CRUX_ENGINE_AUDIT_RECORD:
    case CRUX_ENGINE_AUDIT_RANGE: return verdict;
    /* spec/70-game.md#honest-players speaks of what is committed: what is served badly is not served. */
    case CRUX_ENGINE_AUDIT_UNSERVED:
    case CRUX_ENGINE_AUDIT_TRACE:
    case CRUX_ENGINE_AUDIT_MISMATCH:
    case CRUX_ENGINE_AUDIT_MALFORMED:
    case CRUX_ENGINE_AUDIT_VERDICTS: break;
    }
    return CRUX_ENGINE_AUDIT_UNSERVED;
}

/* Where the records of each claim are served.  Out: served, by claim.  In: claims, of one batch and so of one executor.
 * Returns: seconds that it may be waited for, all together; 0: it is asked for nothing. */
static double find_servers(struct crux_challenger_served_claim *served,
                           const struct crux_challenger *c, const struct journal_claim *claims,
                           uint32_t count) {
    const struct crux_challenger_peer *peer = challenger_peer(c, &claims[0].executor);
    double patience = peer == NULL ? 0 : challenger_patience_left(c, peer);
    for (uint32_t i = 0; i < count; i++) {
        served[i] = (struct crux_challenger_served_claim){.hash = claims[i].hash};
        if (patience == 0) continue;
        served[i].url = peer->url;
        served[i].bearer = peer->bearer;
    }
    return patience;
}

/* An executor that serves all, but slowly, could else keep others' claims from being looked at in time.
 * In: spent, for all of them. */
static void judge_server(struct crux_challenger *c, const struct journal_claim *claims,
                         const struct crux_engine_audited *audited, uint32_t count,
                         const struct spent *spent) {
    const struct crux_challenger_peer *peer = challenger_peer(c, &claims[0].executor);
    bool served = true;
    for (uint32_t i = 0; i < count; i++)
        served = served && audited[i].verdict != CRUX_ENGINE_AUDIT_UNSERVED;
    if (peer == NULL) return;
    challenger_waited(c, peer, spent->waited);
    if (!served || spent->waited > spent->worth) challenger_unheard(c, peer, spent->waited);
}

static enum crux_status batch_root(struct crux_challenger *c, uint64_t number, uint8_t root[32]) {
    journal_bind_number(&c->journal, JOURNAL_BATCH_GET, 1, number);
    enum crux_status status = journal_row(&c->journal, JOURNAL_BATCH_GET);
    if (status != CRUX_OK) return status;
    status = journal_bytes(&c->journal, JOURNAL_BATCH_GET, 4, root, 32);
    journal_reset(&c->journal, JOURNAL_BATCH_GET);
    return status;
}

/* Returns: how many claims, from the first on, are audited together. */
static uint32_t group(const struct crux_engine_audited *audited, uint32_t count) {
    uint64_t positions = 0;
    uint32_t taken = 0;
    do positions += crux_claim_positions(&audited[taken++].claim);
    while (taken < count &&
           positions + crux_claim_positions(&audited[taken].claim) <= POSITIONS_AT_ONCE);
    return taken;
}

static enum crux_status audit_groups(struct crux_engine *engine, const uint8_t *model_root,
                                     struct crux_challenger_source *source,
                                     struct crux_engine_audited *audited, uint32_t count) {
    enum crux_status status = CRUX_OK;
    struct crux_engine_served served;
    crux_challenger_source_serve(&served, source);
    while (status == CRUX_OK && count > 0) {
        uint32_t some = group(audited, count);
        status = crux_engine_audit(engine, model_root, &served, audited, some);
        source->claims += some;
        audited += some;
        count -= some;
    }
    crux_challenger_source_free(source);
    return status;
}

static enum crux_status audit(struct crux_challenger *c, const struct challenger_model *model,
                              const uint32_t *layers,
                              const struct crux_challenger_served_claim *claims, double patience,
                              struct crux_engine_audited *audited, uint32_t count,
                              struct spent *spent) {
    struct crux_challenger_source source = {
        .claims = claims, .patience = patience, .stop = c->options.stop};
    struct challenger_engine engine;
    double start = crux_seconds();
    enum crux_status status = challenger_engine_open(&engine, c, model, layers, c->options.layers);
    if (status != CRUX_OK) return status;
    status = audit_groups(engine.engine, model->file.root, &source, audited, count);
    c->fetched_bytes += source.bytes;
    double own = crux_seconds() - start - source.waited;
    double whole = own * model->file.program.header.layers / c->options.layers;
    *spent = (struct spent){source.waited, RUNS_WORTH * whole + challenger_grace(c)};
    challenger_engine_close(&engine);
    return status;
}

enum crux_status challenger_audit(struct crux_challenger *c, struct challenger_model *model,
                                  const struct journal_claim *claims,
                                  const struct crux_engine_claimed *claimed, uint32_t count,
                                  enum crux_engine_audit_verdict *verdicts) {
    uint32_t drawn = c->options.layers;
    uint32_t *layers = calloc(drawn, sizeof *layers);
    struct crux_engine_audited *audited = calloc(count, sizeof *audited);
    struct crux_challenger_served_claim *served = calloc(count, sizeof *served);
    uint8_t root[32];
    struct spent spent = {0, 0};
    enum crux_status status = batch_root(c, claims[0].id.batch, root);
    if (layers == NULL || audited == NULL || served == NULL) status = CRUX_E_OUT_OF_MEMORY;
    if (status == CRUX_OK)
        status = crux_challenger_draw(layers, drawn, model->file.program.header.layers,
                                      c->journal.secret, root);
    if (status == CRUX_OK) {
        for (uint32_t i = 0; i < count; i++)
            audited[i] = (struct crux_engine_audited){.request = claimed[i].request,
                                                      .claim = claimed[i].claim,
                                                      .tokens = claimed[i].tokens,
                                                      .layers = layers,
                                                      .layer_count = drawn};
        double patience = find_servers(served, c, claims, count);
        status = audit(c, model, layers, served, patience, audited, count, &spent);
    }
    if (status == CRUX_OK) judge_server(c, claims, audited, count, &spent);
    for (uint32_t i = 0; status == CRUX_OK && i < count; i++)
        verdicts[i] = settle(audited[i].verdict);
    free(layers);
    free(audited);
    free(served);
    return status;
}
