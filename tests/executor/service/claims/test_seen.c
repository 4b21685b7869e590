/* What is seen of settlement while the ledger is held, as it is for as long as a disk or a chain takes to answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chain-adapter/io/http_client.h"
#include "executor/service/claims/receipts.h"
#include "tests/executor/service/settle/settle_world.h"
#include "tests/support/toy_world.h"

enum {
    START = 5000,       /* of the system's clock */
    STUCK_SECONDS = 60, /* after which a test that waits for the ledger is ended */
    SILENT_SECONDS = 61
};

static const struct crux_http_route routes[] = {{"GET", "/metrics", figures_metrics},
                                                {"GET", "/healthz", figures_health}};

static struct settle_world world;
static struct service service;
static struct receipts receipts;
static struct crux_http_reply reply;

/* ---- a service without models, whose ledger nobody but the test holds ---- */

static enum crux_status no_chain(void *ctx, struct crux_chain *chain) {
    (void)ctx;
    (void)chain;
    return CRUX_E_IO;
}

static int begin(void **state) {
    static const struct crux_archives_model model;
    static const struct crux_archives_options options;
    const struct crux_defend_options defence = {.open = no_chain};
    const struct crux_http_server_options http = {.address = "127.0.0.1:0",
                                                  .routes = routes,
                                                  .route_count = CRUX_ARRAY_LEN(routes),
                                                  .ctx = &service};
    char message[CRUX_HTTP_SERVER_MESSAGE_BYTES] = "";
    (void)state;
    settle_world_make(&world);
    settle_world_open(&world);
    memset(&service, 0, sizeof service);
    memset(&receipts, 0, sizeof receipts);
    receipts.store = world.store;
    receipts.settle = world.settle;
    world_must(crux_archives_open(&receipts.archives, &model, 1, &options) == CRUX_OK, "archives");
    world_must(crux_defend_open(&receipts.defend, receipts.archives, &defence) == CRUX_OK,
               "defence");
    world_must(receipts_seen_open(&receipts.seen), "a lock");
    service.receipts = &receipts;
    service.ledger.started = true;
    world_must(pthread_mutex_init(&service.ledger.held, NULL) == 0 &&
                   pthread_mutex_init(&service.mailbox.lock, NULL) == 0,
               "locks");
    service.base = event_base_new();
    world_must(service.base != NULL, "a loop");
    world_must(crux_http_server_open(&service.http, service.base, &http, message) == CRUX_OK,
               message);
    return 0;
}

static int end(void **state) {
    (void)state;
    crux_http_server_close(service.http);
    event_base_free(service.base);
    (void)pthread_mutex_destroy(&service.mailbox.lock);
    (void)pthread_mutex_destroy(&service.ledger.held);
    crux_archives_close(receipts.archives);
    crux_defend_close(receipts.defend);
    receipts_seen_close(&receipts.seen);
    settle_world_remove(&world);
    return 0;
}

static void tick(void) {
    receipts.status = crux_settle_tick(receipts.settle, START);
    receipts_show(&receipts);
}

/* ---- asking ---- */

static void on_reply(void *ctx, enum crux_status status, struct crux_http_reply *came) {
    (void)ctx;
    assert_int_equal(status, CRUX_OK);
    reply = *came;
    memset(came, 0, sizeof *came);
    (void)event_base_loopbreak(service.base);
}

/* Asks while somebody else holds the ledger: who waits for it waits for ever.  Returns: the reply's code. */
static int ask(const char *path) {
    char url[128], message[CRUX_HTTP_MESSAGE_BYTES];
    struct crux_http_call *call;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", crux_http_server_port(service.http),
                   path);
    const struct crux_http_ask question = {.url = url};
    crux_http_reply_free(&reply);
    assert_int_equal(pthread_mutex_lock(&service.ledger.held), 0);
    (void)alarm(STUCK_SECONDS);
    assert_int_equal(crux_http_start(&call, service.base, &question, on_reply, NULL, message),
                     CRUX_OK);
    (void)event_base_dispatch(service.base);
    (void)alarm(0);
    assert_int_equal(pthread_mutex_unlock(&service.ledger.held), 0);
    return reply.code;
}

static bool says(const char *what) {
    return reply.body != NULL && strstr((const char *)reply.body, what) != NULL;
}

static void figures(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    tick();
    assert_int_equal(ask("/metrics"), 200);
    assert_true(says("\ncrux_claims{state=\"waiting\"} 1\n"));
    assert_true(says("\ncrux_balance 1000000\n"));
    assert_true(says("\ncrux_ledger_age_seconds "));
    assert_int_equal(ask("/healthz"), 200);
    assert_true(says("\"ok\""));
    crux_http_reply_free(&reply);
}

/* A chain that cannot be reached. */
static enum crux_status no_look(struct crux_chain *chain,
                                enum crux_status (*visit)(void *ctx, const struct crux_game *game,
                                                          uint64_t now),
                                void *ctx) {
    (void)visit;
    (void)ctx;
    (void)strcpy(chain->message, "no answer");
    return CRUX_E_IO;
}

static void trouble(void **state) {
    const struct crux_chain_ops *up = world.chain.ops;
    struct crux_chain_ops down = *up;
    (void)state;
    down.look = no_look;
    world.chain.ops = &down;
    tick();
    assert_int_equal(ask("/healthz"), 503);
    assert_true(says("\"no answer\""));
    world.chain.ops = up;
    receipts.status = crux_settle_tick(receipts.settle, START + 1);
    receipts_show(&receipts);
    assert_int_equal(ask("/healthz"), 200);
    assert_false(says("no answer"));
    /* the store's, too */
    receipts.status = CRUX_E_CHECKSUM_MISMATCH;
    receipts_show(&receipts);
    assert_int_equal(ask("/healthz"), 503);
    assert_true(says(crux_status_text(CRUX_E_CHECKSUM_MISMATCH)));
    crux_http_reply_free(&reply);
}

/* A ledger that never comes round leaves no word of its own. */
static void silence(void **state) {
    (void)state;
    tick();
    assert_int_equal(ask("/healthz"), 200);
    receipts.seen.at -= SILENT_SECONDS;
    assert_int_equal(ask("/healthz"), 503);
    assert_true(says("have not answered for"));
    tick();
    assert_int_equal(ask("/healthz"), 200);
    crux_http_reply_free(&reply);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {RULE(figures), RULE(trouble), RULE(silence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
