/* What the double serves: the documents of an executor's HTTP interface. */
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "executor/engine/engine.h"
#include "tests/challenger/double_executor.h"

static void hex(char *out, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool is_hex(const uint8_t *bytes, const char *text) {
    char wanted[65];
    hex(wanted, bytes, 32);
    return strcmp(wanted, text) == 0;
}

static void refuse(struct crux_http_exchange *exchange) {
    crux_http_answer_problem(exchange, CRUX_HTTP_NOT_FOUND);
}

static struct double_claim *find(struct double_executor *d,
                                 const struct crux_http_exchange *exchange) {
    const char *wants = d->wants, *given = crux_http_field(exchange, "Authorization");
    if (wants != NULL && (given == NULL || strcmp(given, wants) != 0)) return NULL;
    for (uint32_t i = 0; i < d->count; i++) {
        if (is_hex(d->claim[i].hash, crux_http_parameter(exchange, 0)))
            return d->garbles ? &d->claim[(i + 1) % d->count] : &d->claim[i];
    }
    return NULL;
}

static void on_batch(void *ctx, struct crux_http_exchange *exchange) {
    struct double_executor *d = ctx;
    (void)pthread_mutex_lock(&d->lock);
    d->asked++;
    for (uint32_t i = 0; d->serves_batches && i < d->batch_count; i++) {
        const struct double_batch *batch = &d->batch[i];
        if (!is_hex(batch->root, crux_http_parameter(exchange, 0))) continue;
        uint8_t(*hashes)[32] = malloc((size_t)batch->count * 32);
        for (uint32_t m = 0; m < batch->count; m++)
            memcpy(hashes[m], d->claim[batch->first + m].hash, 32);
        crux_http_answer(exchange, 200, "application/octet-stream", hashes,
                         (size_t)batch->count * 32);
        free(hashes);
        (void)pthread_mutex_unlock(&d->lock);
        return;
    }
    (void)pthread_mutex_unlock(&d->lock);
    refuse(exchange);
}

static json_t *list(const uint32_t *tokens, uint32_t count) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_integer(tokens[i]));
    return array;
}

static void on_claim(void *ctx, struct crux_http_exchange *exchange) {
    struct double_executor *d = ctx;
    uint8_t bytes[CRUX_CLAIM_BYTES];
    char claim[2 * CRUX_CLAIM_BYTES + 1], request[2 * CRUX_REQUEST_BYTES + 1];
    (void)pthread_mutex_lock(&d->lock);
    d->asked++;
    const struct double_claim *c = d->serves_claims ? find(d, exchange) : NULL;
    char *text = NULL;
    if (c != NULL) {
        const struct crux_run *run = crux_archive_tokens(c->archive);
        struct crux_request fields;
        crux_request_read(&fields, c->request);
        crux_claim_encode(bytes, crux_archive_claim(c->archive));
        hex(claim, bytes, sizeof bytes);
        hex(request, c->request, sizeof c->request);
        json_t *object =
            json_pack("{s:s, s:s, s:o, s:o, s:s}", "claim", claim, "request", request,
                      "request_tokens", list(c->tokens, fields.request_tokens), "output_tokens",
                      list(run->tokens, d->hides_output ? 0 : run->chosen), "state", "open");
        text = json_dumps(object, 0);
        json_decref(object);
    }
    (void)pthread_mutex_unlock(&d->lock);
    if (text == NULL)
        refuse(exchange);
    else
        crux_http_answer(exchange, 200, "application/json", text, strlen(text));
    free(text);
}

static uint64_t number(const struct crux_http_exchange *exchange, const char *name) {
    const char *text = crux_http_query(exchange, name);
    return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static bool take_tree(struct crux_tree_id *tree, const struct crux_http_exchange *exchange) {
    static const struct {
        const char *name;
        enum crux_tree_kind kind;
    } names[] = {{"trace", CRUX_TREE_TRACE},     {"output", CRUX_TREE_OUTPUT},
                 {"record", CRUX_TREE_RECORD},   {"store", CRUX_TREE_STORE},
                 {"tensors", CRUX_TREE_TENSORS}, {"tensor", CRUX_TREE_TENSOR}};
    const char *asked = crux_http_query(exchange, "tree");
    for (unsigned i = 0; asked != NULL && i < CRUX_ARRAY_LEN(names); i++) {
        if (strcmp(names[i].name, asked) != 0) continue;
        *tree = (struct crux_tree_id){(uint8_t)names[i].kind, (uint32_t)number(exchange, "pos"),
                                      (uint32_t)number(exchange, "layer"),
                                      (uint32_t)number(exchange, "number")};
        return true;
    }
    return false;
}

static enum crux_status put_nodes(struct crux_writer *out, const struct double_claim *c,
                                  const struct crux_tree_id *tree,
                                  const struct crux_http_exchange *exchange) {
    const struct crux_provider *provider = &c->provider.provider;
    uint64_t from = number(exchange, "from"), count = number(exchange, "count");
    uint8_t hash[32];
    enum crux_status status = CRUX_OK;
    for (uint64_t i = 0; status == CRUX_OK && i < count; i++) {
        status = provider->node(provider->ctx, tree, (unsigned)number(exchange, "level"), from + i,
                                hash);
        if (status == CRUX_OK) crux_put_bytes(out, hash, 32);
    }
    return status;
}

static enum crux_status put_pages(struct crux_writer *out, const struct double_claim *c,
                                  const struct crux_tree_id *tree,
                                  const struct crux_http_exchange *exchange) {
    const struct crux_evidence *evidence = &c->provider.evidence;
    uint8_t page[CRUX_TILE_BYTES_MAX];
    struct crux_writer one;
    crux_writer_init(&one, page, sizeof page);
    enum crux_status status = evidence->leaf(evidence->ctx, tree, number(exchange, "from"), &one);
    crux_put_u32(out, (uint32_t)one.at);
    crux_put_bytes(out, page, one.at);
    return status;
}

static enum crux_status put_proof(struct crux_writer *out, const struct double_claim *c,
                                  const struct crux_tree_id *tree,
                                  const struct crux_http_exchange *exchange) {
    const struct crux_evidence *evidence = &c->provider.evidence;
    uint64_t leaf = number(exchange, "leaves");
    return evidence->prove(evidence->ctx, tree, &leaf, 1, out);
}

static enum crux_status put_records(struct crux_writer *out, const struct double_claim *c,
                                    const struct crux_tree_id *tree,
                                    const struct crux_http_exchange *exchange) {
    (void)tree;
    return crux_served_put(out, crux_archive_tokens(c->archive),
                           (uint32_t)number(exchange, "layer"), (uint32_t)number(exchange, "from"),
                           (uint32_t)number(exchange, "count"));
}

static void on_trace(void *ctx, struct crux_http_exchange *exchange) {
    enum { MOST = 4 << 20 };
    struct double_executor *d = ctx;
    struct crux_tree_id tree = {.kind = CRUX_TREE_TRACE};
    struct crux_writer out;
    const char *what = crux_http_parameter(exchange, 1);
    enum crux_status status = CRUX_E_NOT_FOUND;
    uint8_t *bytes = malloc(MOST);
    const struct timespec slow = {.tv_nsec = 1000000L * (long)d->slow_milliseconds};
    CRUX_ASSERT(bytes != NULL && d->slow_milliseconds < 1000);
    (void)nanosleep(&slow, NULL);
    crux_writer_init(&out, bytes, MOST);
    (void)pthread_mutex_lock(&d->lock);
    d->asked++;
    d->traces++;
    bool is_busy = d->is_busy;
    const struct double_claim *c = d->serves_traces && !is_busy ? find(d, exchange) : NULL;
    bool is_tree = take_tree(&tree, exchange);
    if (c != NULL && is_tree && strcmp(what, "nodes") == 0)
        status = put_nodes(&out, c, &tree, exchange);
    if (c != NULL && is_tree && strcmp(what, "pages") == 0)
        status = put_pages(&out, c, &tree, exchange);
    if (c != NULL && is_tree && strcmp(what, "proof") == 0)
        status = put_proof(&out, c, &tree, exchange);
    if (c != NULL && strcmp(what, "leaves") == 0) status = put_nodes(&out, c, &tree, exchange);
    if (c != NULL && strcmp(what, "records") == 0) status = put_records(&out, c, &tree, exchange);
    if (status == CRUX_OK && strcmp(what, "leaves") == 0 && d->serving == DOUBLE_SERVES_LEAVES)
        bytes[0] ^= 1;
    if (status == CRUX_OK && strcmp(what, "records") == 0) {
        if (d->serving == DOUBLE_SERVES_OTHERS) bytes[out.at - 1] ^= 1;
        if (d->serving == DOUBLE_SERVES_SHORT) out.at--;
        if (d->serving == DOUBLE_SERVES_LONG) bytes[out.at++] = 0;
    }
    bool is_too_large =
        d->answer_most > 0 && strcmp(what, "records") == 0 && out.at > d->answer_most;
    d->too_large += is_too_large;
    (void)pthread_mutex_unlock(&d->lock);
    if (is_too_large)
        crux_http_answer_problem(exchange, CRUX_HTTP_BODY_TOO_LARGE); /* 413 */
    else if (status == CRUX_OK && out.status == CRUX_OK)
        crux_http_answer(exchange, 200, "application/octet-stream", bytes, out.at);
    else if (is_busy)
        crux_http_answer_problem(exchange, CRUX_HTTP_BUSY);
    else
        refuse(exchange);
    free(bytes);
}

static void on_wake(evutil_socket_t fd, short what, void *ctx) {
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(ctx);
}

static void *serve(void *ctx) {
    struct double_executor *d = ctx;
    (void)event_base_dispatch(d->base);
    return NULL;
}

void double_listen(struct double_executor *d, unsigned port) {
    static const struct crux_http_route routes[] = {
        {"GET", "/v1/batches/{}", on_batch},
        {"GET", "/v1/claims/{}", on_claim},
        {"GET", "/v1/traces/{}/{}", on_trace},
    };
    char address[32], message[CRUX_HTTP_SERVER_MESSAGE_BYTES];
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", port);
    const struct crux_http_server_options options = {
        .address = address, .routes = routes, .route_count = CRUX_ARRAY_LEN(routes), .ctx = d};
    d->base = event_base_new();
    CRUX_ASSERT(d->base != NULL && pipe(d->wake) == 0);
    if (crux_http_server_open(&d->server, d->base, &options, message) != CRUX_OK) {
        (void)fprintf(stderr, "%s\n", message);
        abort();
    }
    CRUX_ASSERT(event_base_once(d->base, d->wake[0], EV_READ, on_wake, d->base, NULL) == 0);
    (void)snprintf(d->url, sizeof d->url, "http://127.0.0.1:%u", crux_http_server_port(d->server));
    d->is_listening = true;
    CRUX_ASSERT(pthread_create(&d->thread, NULL, serve, d) == 0);
}

void double_close(struct double_executor *d) {
    if (d->is_listening) {
        CRUX_ASSERT(write(d->wake[1], "x", 1) == 1);
        CRUX_ASSERT(pthread_join(d->thread, NULL) == 0);
        crux_http_server_close(d->server);
        event_base_free(d->base);
        (void)close(d->wake[0]);
        (void)close(d->wake[1]);
    }
    for (uint32_t i = 0; i < d->count; i++) crux_archive_free(d->claim[i].archive);
    if (d->other.model != NULL) crux_engine_unload(&d->other);
    crux_committed_model_free(&d->committed);
    crux_engine_unload(&d->loaded);
    (void)pthread_mutex_destroy(&d->lock);
}
