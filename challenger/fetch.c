/* What the chain does not hold: members of batches, requests and tokens, from executors by HTTP. Whatever comes is
 * compared with the hashes on the chain, and kept only then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/document.h"
#include "chain-adapter/io/seconds.h"
#include "challenger/inside.h"

enum {
    CLAIMS_AT_ONCE = 8,
    ATTEMPTS = 3,
    DOCUMENT_BYTES = 1 << 16, /* of a claim document, but for its tokens */
    TOKEN_BYTES = 12,         /* of one in a list */
    WHOLE_MILLISECONDS = 20000,
    SLOW_SECONDS = 5,          /* after an answer that took so long, disputes are looked at first */
    PENALTY_SECONDS = 30,      /* an executor that does not answer is not asked for so long, */
    PENALTY_SECONDS_MAX = 3600 /* and each time for twice as long, up to this */
};

/* One that lets its clients wait must not keep them from all others. */
static void punish(struct challenger_penalty *penalty) {
    uint32_t seconds = penalty->seconds == 0 ? (uint32_t)PENALTY_SECONDS : 2 * penalty->seconds;
    penalty->seconds = seconds < PENALTY_SECONDS_MAX ? seconds : (uint32_t)PENALTY_SECONDS_MAX;
    penalty->until = crux_seconds() + penalty->seconds;
}

/* Returns: bytes that a claim of a known model can need in a document. */
static size_t document_bytes(const struct crux_challenger *c) {
    uint32_t context = 1;
    for (uint32_t i = 0; i < c->model_count; i++) {
        if (c->model[i]->file.program.header.context > context)
            context = c->model[i]->file.program.header.context;
    }
    return DOCUMENT_BYTES + (size_t)2 * TOKEN_BYTES * context;
}

/* Gets PATH from an executor.  Out: reply, to be freed; its code is 0 if nothing is known of the executor. */
static enum crux_status get(struct crux_challenger *c, struct crux_http_reply *reply,
                            const struct crux_account *executor, const char *path, size_t most) {
    const struct crux_challenger_peer *peer = challenger_peer(c, executor);
    char url[CRUX_HTTP_URL_BYTES_MAX];
    memset(reply, 0, sizeof *reply);
    if (peer == NULL || peer->url == NULL) {
        (void)snprintf(reply->message, sizeof reply->message, "no URL is known of this executor");
        return CRUX_OK;
    }
    struct challenger_penalty *penalty = &c->penalty[peer - c->options.peers];
    if (crux_seconds() < penalty->until) {
        (void)snprintf(reply->message, sizeof reply->message,
                       "the executor did not answer a while ago, and is not asked for now");
        return CRUX_OK;
    }
    size_t len = strlen(peer->url);
    while (len > 0 && peer->url[len - 1] == '/') len--;
    (void)snprintf(url, sizeof url, "%.*s%s", (int)len, peer->url, path);
    const struct crux_http_ask ask = {
        .url = url,
        .bearer = peer->bearer,
        .limits = {.body_bytes_max = most, .whole_milliseconds = WHOLE_MILLISECONDS}};
    double start = crux_seconds();
    enum crux_status status = crux_http_fetch(reply, &ask);
    c->fetched_bytes += reply->body_bytes;
    if (status == CRUX_OK)
        penalty->seconds = 0;
    else if (crux_seconds() > start + 1) /* what fails at once costs nothing */
        punish(penalty);
    if (status == CRUX_OK && reply->code != 200)
        (void)snprintf(reply->message, sizeof reply->message, "the executor answered with %d",
                       reply->code);
    return status == CRUX_E_OUT_OF_MEMORY ? status : CRUX_OK;
}

/* Returns: when to try again what this executor did not serve. All that is waiting for it uses up one attempt in the time
 * of a penalty, however much it is. */
static uint64_t retry_at(const struct crux_challenger *c, const struct crux_account *executor) {
    const struct crux_challenger_peer *peer = challenger_peer(c, executor);
    double left = peer == NULL ? 0 : c->penalty[peer - c->options.peers].until - crux_seconds();
    uint64_t seconds = left > 0 ? (uint64_t)left + 1 : 0;
    return challenger_now() +
           (seconds > c->options.retry_seconds ? seconds : c->options.retry_seconds);
}

static uint32_t attempts(const struct crux_challenger *c) {
    return c->options.attempts != 0 ? c->options.attempts : ATTEMPTS;
}

/* ---- batches ---- */

static bool leads_to(const uint8_t (*hashes)[32], uint32_t count, const uint8_t root[32]) {
    struct crux_merkle_append append;
    uint8_t found[32];
    crux_merkle_append_init(&append);
    for (uint32_t i = 0; i < count; i++) {
        if (crux_merkle_append_leaf(&append, hashes[i]) != CRUX_OK) return false;
    }
    crux_merkle_append_root(found, &append);
    return memcmp(found, root, 32) == 0;
}

enum crux_status challenger_members(struct crux_challenger *c, uint8_t (**hashes)[32],
                                    const struct crux_account *executor, const uint8_t root[32],
                                    uint32_t count) {
    struct crux_http_reply reply;
    char path[128], hex[65];
    *hashes = NULL;
    if (count == 1) { /* spec/70-game.md#batches-and-claims: the root of one claim is its hash */
        *hashes = malloc(32);
        if (*hashes == NULL) return CRUX_E_OUT_OF_MEMORY;
        memcpy(**hashes, root, 32);
        return CRUX_OK;
    }
    challenger_hex(hex, root, 32);
    (void)snprintf(path, sizeof path, "/v1/batches/%s", hex);
    enum crux_status status = get(c, &reply, executor, path, (size_t)count * 32);
    void *body = reply.body;
    if (status == CRUX_OK && reply.code == 200 && reply.body_bytes == (size_t)count * 32 &&
        leads_to(body, count, root)) {
        *hashes = body;
        return CRUX_OK;
    }
    crux_http_reply_free(&reply);
    return status;
}

struct listing {
    struct journal_claim claim; /* of each member, but for its number and hash */
    uint64_t batch;
    uint32_t members, tries;
    uint8_t root[32];
};

static enum crux_status load_listing(struct crux_challenger *c, struct listing *listing) {
    struct journal *journal = &c->journal;
    const enum journal_statement next = JOURNAL_BATCH_NEXT, get_it = JOURNAL_BATCH_GET;
    memset(listing, 0, sizeof *listing);
    journal_bind_number(journal, next, 1, challenger_now());
    enum crux_status status = journal_row(journal, next);
    if (status != CRUX_OK) return status;
    listing->batch = journal_number(journal, next, 0);
    journal_reset(journal, next);
    journal_bind_number(journal, get_it, 1, listing->batch);
    status = journal_row(journal, get_it);
    if (status != CRUX_OK) return status;
    struct journal_claim *claim = &listing->claim;
    claim->event = journal_number(journal, get_it, 1);
    claim->mode = (uint32_t)journal_number(journal, get_it, 6);
    claim->window_end = journal_number(journal, get_it, 7);
    listing->members = (uint32_t)journal_number(journal, get_it, 5);
    listing->tries = (uint32_t)journal_number(journal, get_it, 8);
    status = journal_bytes(journal, get_it, 2, claim->executor.b, sizeof claim->executor.b);
    if (status == CRUX_OK)
        status = journal_bytes(journal, get_it, 3, claim->requester.b, sizeof claim->requester.b);
    if (status == CRUX_OK) status = journal_bytes(journal, get_it, 4, listing->root, 32);
    journal_reset(journal, get_it);
    return status;
}

static enum crux_status batch_done(struct crux_challenger *c, uint64_t batch,
                                   enum journal_batch_state state) {
    journal_bind_number(&c->journal, JOURNAL_BATCH_DONE, 1, batch);
    journal_bind_number(&c->journal, JOURNAL_BATCH_DONE, 2, state);
    return journal_do(&c->journal, JOURNAL_BATCH_DONE);
}

static enum crux_status put_members(struct crux_challenger *c, struct listing *listing,
                                    const uint8_t (*hashes)[32]) {
    enum crux_status status = journal_begin(&c->journal);
    if (status != CRUX_OK) return status;
    for (uint32_t i = 0; status == CRUX_OK && i < listing->members; i++) {
        struct journal_claim *claim = &listing->claim;
        claim->id = (struct crux_claim_id){listing->batch, i, 0};
        memcpy(claim->hash, hashes[i], 32);
        claim->state = challenger_admit(c, claim, NULL);
        status = journal_claim_put(&c->journal, claim);
    }
    if (status == CRUX_OK) status = batch_done(c, listing->batch, JOURNAL_BATCH_LISTED);
    return journal_end(&c->journal, status);
}

/* A batch that nobody lists: members that the draw takes are demanded by number, if the fees allow. What is never shown
 * is never final. */
static enum crux_status give_up_batch(struct crux_challenger *c, const struct listing *listing) {
    enum crux_status status = CRUX_OK;
    char text[160];
    uint32_t demanded = 0;
    for (uint32_t i = 0; status == CRUX_OK && i < listing->members; i++) {
        struct crux_claim_id id = {listing->batch, i, 0};
        uint8_t place[36], hash[32];
        bool is_demanded;
        memcpy(place, listing->root, 32);
        crux_store_u32(place + 32, i);
        crux_sha256(hash, place, sizeof place);
        if (!challenger_samples(c, hash)) continue;
        status = challenger_demand(c, &id, &is_demanded);
        if (status == CRUX_OK && !is_demanded) break; /* no fees are left, or the window is over */
        demanded++;
    }
    (void)snprintf(text, sizeof text, "its %u members are not served; %u of them are demanded",
                   (unsigned)listing->members, (unsigned)demanded);
    const struct crux_claim_id first = {listing->batch, 0, 0};
    challenger_alert(c, CRUX_CHALLENGER_ALERT, "withheld", &first, &listing->claim.executor, text);
    return status == CRUX_OK ? batch_done(c, listing->batch, JOURNAL_BATCH_GIVEN_UP) : status;
}

static enum crux_status list_batch(struct crux_challenger *c, bool *more) {
    struct listing listing;
    uint8_t(*hashes)[32];
    enum crux_status status = load_listing(c, &listing);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    *more = true;
    status = challenger_members(c, &hashes, &listing.claim.executor, listing.root, listing.members);
    if (status != CRUX_OK) return status;
    if (hashes != NULL) {
        status = put_members(c, &listing, (const uint8_t(*)[32])hashes);
        free(hashes);
        return status;
    }
    if (listing.tries + 1 >= attempts(c)) return give_up_batch(c, &listing);
    journal_bind_number(&c->journal, JOURNAL_BATCH_TRIED, 1, listing.batch);
    journal_bind_number(&c->journal, JOURNAL_BATCH_TRIED, 2, retry_at(c, &listing.claim.executor));
    return journal_do(&c->journal, JOURNAL_BATCH_TRIED);
}

/* ---- claims ---- */

static void give_document(struct journal_claim *claim, struct challenger_document *document) {
    claim->claim = document->claim;
    claim->has_claim = true;
    if (claim->request == NULL) claim->request = malloc(CRUX_REQUEST_BYTES);
    if (claim->request != NULL) memcpy(claim->request, document->request, CRUX_REQUEST_BYTES);
    struct crux_request request;
    crux_request_read(&request, document->request);
    if (claim->tokens == NULL && request.request_tokens == document->claim.request_tokens) {
        claim->tokens = document->tokens;
        document->tokens = NULL;
    }
    if (claim->output == NULL) {
        claim->output = document->output;
        document->output = NULL;
    }
}

/* Out: claim, with what the executor says of it.  why, if it says nothing of use, in c->message. */
static enum crux_status ask(struct crux_challenger *c, struct journal_claim *claim) {
    struct challenger_document document;
    struct crux_http_reply reply;
    char path[128], hex[65];
    struct crux_json_error error = {"", ""};
    challenger_hex(hex, claim->hash, 32);
    (void)snprintf(path, sizeof path, "/v1/claims/%s", hex);
    enum crux_status status = get(c, &reply, &claim->executor, path, document_bytes(c));
    if (status == CRUX_OK && reply.code == 200) {
        enum crux_status read = challenger_document_read(
            &document, &error, (const char *)reply.body, reply.body_bytes, claim->hash);
        if (read == CRUX_OK) {
            give_document(claim, &document);
            challenger_document_free(&document);
            if (claim->request == NULL) status = CRUX_E_OUT_OF_MEMORY;
        } else if (read == CRUX_E_OUT_OF_MEMORY) {
            status = read;
        }
    }
    (void)snprintf(c->message, sizeof c->message, "%s",
                   error.message[0] != 0 ? error.message : reply.message);
    crux_http_reply_free(&reply);
    return status;
}

static enum crux_status give_up_claim(struct crux_challenger *c,
                                      const struct journal_claim *claim) {
    bool demanded = false;
    char text[CRUX_CHALLENGER_MESSAGE_BYTES + 64], why[CRUX_CHALLENGER_MESSAGE_BYTES];
    memcpy(why, c->message, sizeof why);
    enum crux_status status = CRUX_OK;
    if (challenger_disputes(c, claim)) status = challenger_demand(c, &claim->id, &demanded);
    (void)snprintf(text, sizeof text, "its request is not served (%s)%s", why,
                   demanded ? "; it is demanded on the chain" : "");
    challenger_alert(c, CRUX_CHALLENGER_ALERT, "withheld", &claim->id, &claim->executor, text);
    return status == CRUX_OK ? journal_claim_state(&c->journal, &claim->id, JOURNAL_WITHHELD)
                             : status;
}

static enum crux_status fetch_claim(struct crux_challenger *c, const struct crux_claim_id *id) {
    struct journal_claim claim;
    enum crux_status status = journal_claim_get(&c->journal, id, &claim);
    if (status != CRUX_OK) return status;
    if (!challenger_is_whole(&claim)) status = ask(c, &claim);
    if (status == CRUX_OK && claim.has_claim) {
        enum journal_claim_state state = challenger_admit(c, &claim, claim.claim.model_root);
        claim.state = state == JOURNAL_KNOWN && challenger_is_whole(&claim) ? JOURNAL_READY : state;
        status = journal_claim_data(&c->journal, &claim);
    }
    if (status == CRUX_OK && claim.state == JOURNAL_KNOWN) {
        status = claim.tries + 1 >= attempts(c)
                     ? give_up_claim(c, &claim)
                     : journal_claim_tried(&c->journal, id, retry_at(c, &claim.executor));
    }
    journal_claim_free(&claim);
    return status;
}

enum crux_status challenger_fetch(struct crux_challenger *c, bool *more) {
    struct crux_claim_id ids[CLAIMS_AT_ONCE];
    uint32_t count;
    *more = false;
    enum crux_status status = list_batch(c, more);
    if (status == CRUX_OK)
        status = journal_claims(&c->journal, JOURNAL_KNOWN, challenger_now(), ids, CLAIMS_AT_ONCE,
                                &count);
    double start = crux_seconds();
    for (uint32_t i = 0; status == CRUX_OK && i < count && !challenger_stopped(c); i++) {
        status = fetch_claim(c, &ids[i]);
        *more = true;
        if (crux_seconds() > start + SLOW_SECONDS) break;
    }
    return status;
}
