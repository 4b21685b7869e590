/* An executor's trace over HTTP as a provider: what it says is checked by the solver as the chain will check it, so that
 * a lie costs the executor its short cut and the challenger nothing but rounds. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "challenger/inside.h"
#include "chain-adapter/io/seconds.h"

enum {
    REQUESTS = 4096,     /* of one move: two a level, in trees of at most 41 levels */
    REPLY_SECONDS = 120, /* the executor may have to run its request again */
    TRIES = 3,
    PAUSE_SECONDS_MAX = 5,
    PROOF_BYTES = CRUX_SOLVER_BYTES
};

static const char *tree_name(uint8_t kind) {
    switch ((enum crux_tree_kind)kind) {
    case CRUX_TREE_TRACE: return "trace";
    case CRUX_TREE_OUTPUT: return "output";
    case CRUX_TREE_RECORD: return "record";
    case CRUX_TREE_STORE: return "store";
    case CRUX_TREE_TENSORS: return "tensors";
    case CRUX_TREE_TENSOR: return "tensor";
    case CRUX_TREE_LAYERS:
    case CRUX_TREE_OPS:
    case CRUX_TREE_MODEL:
    case CRUX_TREE_TOKENS: break;
    }
    return NULL;
}

static void give_up(struct challenger_served *served) {
    struct crux_challenger *c = served->c;
    served->left = 0;
    challenger_unheard(c, served->peer, served->waited);
    memcpy(c->unserved[c->unserved_count++ % CHALLENGER_UNSERVED_MAX], served->hash, 32);
}

/* Returns: milliseconds that one reply may take; 0: nothing more is asked. */
static uint32_t time_left(const struct challenger_served *served) {
    double seconds = challenger_patience_left(served->c, served->peer);
    if (challenger_stopped(served->c)) return 0;
    return (uint32_t)(1000 * (seconds < REPLY_SECONDS ? seconds : REPLY_SECONDS));
}

/* In: start, crux_seconds() since when it was waited for. */
static void count_time(struct challenger_served *served, double start) {
    double seconds = crux_seconds() - start;
    served->waited += seconds;
    challenger_waited(served->c, served->peer, seconds);
}

static void sleep_a_while(struct challenger_served *served, uint32_t seconds) {
    uint32_t left = time_left(served) / 1000;
    if (seconds > PAUSE_SECONDS_MAX) seconds = PAUSE_SECONDS_MAX;
    const struct timespec wait = {.tv_sec = seconds < left ? seconds : left};
    double start = crux_seconds();
    (void)nanosleep(&wait, NULL);
    count_time(served, start);
}

/* Out: reply, to be freed if CRUX_OK is returned: 200. */
static enum crux_status get(struct challenger_served *served, struct crux_http_reply *reply,
                            const struct crux_tree_id *tree, const char *what, const char *rest,
                            size_t most) {
    char url[CRUX_HTTP_URL_BYTES_MAX], hex[65];
    const char *name = tree_name(tree->kind);
    if (name == NULL || served->left == 0) return CRUX_E_UNSUPPORTED;
    size_t len = strlen(served->peer->url);
    while (len > 0 && served->peer->url[len - 1] == '/') len--;
    challenger_hex(hex, served->hash, 32);
    (void)snprintf(url, sizeof url, "%.*s/v1/traces/%s/%s?tree=%s&pos=%u&layer=%u&number=%u&%s",
                   (int)len, served->peer->url, hex, what, name, (unsigned)tree->pos,
                   (unsigned)tree->layer, (unsigned)tree->number, rest);
    struct crux_http_ask ask = {
        .url = url, .bearer = served->peer->bearer, .limits = {.body_bytes_max = most}};
    for (unsigned i = 0; i < TRIES && served->left > 0; i++) {
        uint32_t milliseconds = time_left(served);
        if (milliseconds == 0) break;
        double start = crux_seconds();
        ask.limits.whole_milliseconds = milliseconds;
        served->left--;
        enum crux_status status = crux_http_fetch(reply, &ask);
        served->c->fetched_bytes += reply->body_bytes;
        count_time(served, start);
        if (status == CRUX_OK && reply->code == 200) return CRUX_OK;
        uint32_t pause = reply->retry_after_seconds;
        bool is_busy = status == CRUX_OK && (reply->code == 429 || reply->code == 503);
        crux_http_reply_free(reply);
        if (!is_busy) break;
        sleep_a_while(served, pause == 0 ? 1 : pause);
    }
    give_up(served);
    return CRUX_E_IO;
}

static enum crux_status give_node(void *ctx, const struct crux_tree_id *tree, unsigned level,
                                  uint64_t index, uint8_t out[32]) {
    struct challenger_served *served = ctx;
    struct crux_http_reply reply;
    char rest[64];
    (void)snprintf(rest, sizeof rest, "level=%u&from=%llu&count=1", level,
                   (unsigned long long)index);
    enum crux_status status = get(served, &reply, tree, "nodes", rest, 32);
    if (status != CRUX_OK) return status;
    if (reply.body_bytes == 32)
        memcpy(out, reply.body, 32);
    else
        status = CRUX_E_TRUNCATED;
    crux_http_reply_free(&reply);
    return status;
}

static enum crux_status give_leaf(void *ctx, const struct crux_tree_id *tree, uint64_t leaf,
                                  struct crux_writer *out) {
    struct challenger_served *served = ctx;
    struct crux_http_reply reply;
    char rest[64];
    (void)snprintf(rest, sizeof rest, "from=%llu&count=1", (unsigned long long)leaf);
    enum crux_status status = get(served, &reply, tree, "pages", rest, 4 + CRUX_RECORD_PAGE_BYTES);
    if (status != CRUX_OK) return status;
    if (reply.body_bytes >= 4 && crux_load_u32(reply.body) == reply.body_bytes - 4) {
        crux_put_bytes(out, reply.body + 4, reply.body_bytes - 4);
        status = out->status;
    } else {
        status = CRUX_E_TRUNCATED;
    }
    crux_http_reply_free(&reply);
    return status;
}

static enum crux_status give_proof(void *ctx, const struct crux_tree_id *tree,
                                   const uint64_t *leaves, size_t n, struct crux_writer *out) {
    struct challenger_served *served = ctx;
    struct crux_http_reply reply;
    char rest[64];
    if (n != 1) return CRUX_E_UNSUPPORTED; /* the solver asks for paths alone */
    (void)snprintf(rest, sizeof rest, "leaves=%llu", (unsigned long long)leaves[0]);
    enum crux_status status = get(served, &reply, tree, "proof", rest, PROOF_BYTES);
    if (status != CRUX_OK) return status;
    crux_put_bytes(out, reply.body, reply.body_bytes);
    crux_http_reply_free(&reply);
    return out->status;
}

static enum crux_status give_root(void *ctx, const struct crux_tree_id *tree, uint8_t out[32]) {
    (void)ctx;
    (void)tree;
    (void)out;
    return CRUX_E_UNSUPPORTED; /* roots are on the chain */
}

const struct crux_provider *challenger_served(struct challenger_served *served,
                                              struct crux_challenger *c,
                                              const struct crux_account *executor,
                                              const uint8_t hash[32]) {
    const struct crux_challenger_peer *peer = challenger_peer(c, executor);
    if (peer == NULL || peer->url == NULL || challenger_patience_left(c, peer) == 0) return NULL;
    for (uint32_t i = 0; i < CHALLENGER_UNSERVED_MAX && i < c->unserved_count; i++) {
        if (memcmp(c->unserved[i], hash, 32) == 0) return NULL;
    }
    *served = (struct challenger_served){.c = c, .peer = peer, .hash = hash, .left = REQUESTS};
    served->evidence = (struct crux_evidence){
        .ctx = served, .leaf = give_leaf, .prove = give_proof, .root = give_root};
    served->provider = (struct crux_provider){&served->evidence, served, give_node};
    return &served->provider;
}

void challenger_served_end(const struct challenger_served *served) {
    if (served->waited > challenger_grace(served->c))
        challenger_unheard(served->c, served->peer, served->waited);
}
