/* Audits of drawn layers: the weights of those alone are in memory, and what they read is served by the executor and
 * found under the claim's trace root before it is used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/inside.h"
#include "chain-adapter/io/seconds.h"

enum { ROWS = 256, RECORDS_BYTES_MAX = 64 << 20, SECONDS = 600, FIRST_MILLISECONDS = 120000 };

/* What is asked of one executor after the other. */
struct asking {
    struct crux_challenger *c;
    const struct journal_claim *claims;
    struct crux_http_reply reply; /* the records of the last call */
    double until;
};

bool challenger_audits_layers(const struct crux_challenger *c,
                              const struct challenger_model *model) {
    return c->options.layers > 0 && c->options.layers < model->file.program.header.layers;
}

static enum crux_status get(struct asking *asking, uint32_t number, const char *rest, size_t most) {
    const struct journal_claim *claim = &asking->claims[number];
    const struct crux_challenger_peer *peer = challenger_peer(asking->c, &claim->executor);
    char url[CRUX_HTTP_URL_BYTES_MAX], hex[65];
    crux_http_reply_free(&asking->reply);
    if (peer == NULL || peer->url == NULL || crux_seconds() > asking->until ||
        challenger_stopped(asking->c))
        return CRUX_E_NOT_FOUND;
    size_t len = strlen(peer->url);
    while (len > 0 && peer->url[len - 1] == '/') len--;
    challenger_hex(hex, claim->hash, 32);
    (void)snprintf(url, sizeof url, "%.*s/v1/traces/%s/%s", (int)len, peer->url, hex, rest);
    const struct crux_http_ask ask = {
        .url = url,
        .bearer = peer->bearer,
        .limits = {.body_bytes_max = most, .whole_milliseconds = FIRST_MILLISECONDS}};
    enum crux_status status = crux_http_fetch(&asking->reply, &ask);
    if (status == CRUX_OK && asking->reply.code != 200) status = CRUX_E_NOT_FOUND;
    return status;
}

static enum crux_status give_leaves(void *ctx, uint32_t claim, uint64_t first, uint32_t count,
                                    uint8_t (*leaves)[32]) {
    struct asking *asking = ctx;
    char rest[96];
    (void)snprintf(rest, sizeof rest, "leaves?from=%llu&count=%u", (unsigned long long)first,
                   (unsigned)count);
    enum crux_status status = get(asking, claim, rest, (size_t)count * 32);
    if (status != CRUX_OK) return status;
    if (asking->reply.body_bytes != (size_t)count * 32) return CRUX_E_TRUNCATED;
    memcpy(leaves, asking->reply.body, (size_t)count * 32);
    return CRUX_OK;
}

static enum crux_status give_records(void *ctx, uint32_t claim, uint32_t layer, uint32_t first,
                                     uint32_t count, const uint8_t **bytes, size_t *len) {
    struct asking *asking = ctx;
    char rest[96];
    (void)snprintf(rest, sizeof rest, "records?layer=%u&from=%u&count=%u", (unsigned)layer,
                   (unsigned)first, (unsigned)count);
    enum crux_status status = get(asking, claim, rest, RECORDS_BYTES_MAX);
    if (status != CRUX_OK) return status;
    *bytes = asking->reply.body;
    *len = asking->reply.body_bytes;
    return CRUX_OK;
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

static enum crux_status audit(struct crux_challenger *c, const struct crux_engine_loaded *loaded,
                              struct asking *asking, struct crux_engine_audited *audited,
                              uint32_t count) {
    const struct crux_engine_options options = {.threads = c->options.threads, .rows = ROWS};
    const struct crux_engine_served served = {asking, give_leaves, give_records};
    struct crux_engine *engine;
    enum crux_status status = crux_engine_open(&engine, loaded->model, &options);
    if (status != CRUX_OK) return status;
    status = crux_engine_audit(engine, loaded->file.root, &served, audited, count);
    crux_engine_close(engine);
    return status;
}

static enum crux_status batch_root(struct crux_challenger *c, uint64_t number, uint8_t root[32]) {
    journal_bind_number(&c->journal, JOURNAL_BATCH_GET, 1, number);
    enum crux_status status = journal_row(&c->journal, JOURNAL_BATCH_GET);
    if (status != CRUX_OK) return status;
    status = journal_bytes(&c->journal, JOURNAL_BATCH_GET, 4, root, 32);
    journal_reset(&c->journal, JOURNAL_BATCH_GET);
    return status;
}

enum crux_status challenger_audit(struct crux_challenger *c, struct challenger_model *model,
                                  const struct journal_claim *claims,
                                  const struct crux_engine_claimed *claimed, uint32_t count,
                                  enum crux_engine_audit_verdict *verdicts) {
    struct asking asking = {.c = c, .claims = claims, .until = crux_seconds() + SECONDS};
    uint32_t drawn = c->options.layers;
    struct crux_engine_loaded loaded;
    char why[CRUX_MODEL_MESSAGE_BYTES];
    uint8_t root[32];
    enum crux_status status = batch_root(c, claims[0].id.batch, root);
    if (status != CRUX_OK) return status;
    uint32_t *layers = calloc(drawn, sizeof *layers);
    struct crux_engine_audited *audited = calloc(count, sizeof *audited);
    if (layers == NULL || audited == NULL) status = CRUX_E_OUT_OF_MEMORY;
    if (status == CRUX_OK) {
        challenger_draw(c, layers, drawn, model->file.program.header.layers, root);
        status =
            crux_engine_load_layers(&loaded, model->path, c->options.backend, layers, drawn, why);
        if (status != CRUX_OK) (void)snprintf(c->message, sizeof c->message, "%.500s", why);
    }
    if (status == CRUX_OK) {
        for (uint32_t i = 0; i < count; i++)
            audited[i] = (struct crux_engine_audited){.request = claimed[i].request,
                                                      .claim = claimed[i].claim,
                                                      .tokens = claimed[i].tokens,
                                                      .layers = layers,
                                                      .layer_count = drawn};
        status = audit(c, &loaded, &asking, audited, count);
        crux_engine_unload(&loaded);
    }
    for (uint32_t i = 0; status == CRUX_OK && i < count; i++)
        verdicts[i] = settle(audited[i].verdict);
    crux_http_reply_free(&asking.reply);
    free(layers);
    free(audited);
    return status;
}
