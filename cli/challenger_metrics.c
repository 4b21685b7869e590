#include <event2/event.h>
#include <event2/util.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain-adapter/io/http_server.h"
#include "cli/challenger.h"

enum { TEXT_BYTES = 8192 };

/* One figure: its name, what it is, and where it lies. */
struct row {
    const char *name, *kind, *help;
    size_t at;
    bool real; /* double, else uint64_t */
};

#define COUNT(field, kind, help)                                                                   \
    { #field, kind, help, offsetof(struct crux_challenger_figures, field), false }
#define REAL(field, kind, help)                                                                    \
    { #field, kind, help, offsetof(struct crux_challenger_figures, field), true }

static const struct row rows[] = {
    COUNT(event, "gauge", "number of the last event read"),
    COUNT(chain_time, "gauge", "time of the chain, seconds"),
    COUNT(claims, "gauge", "claims known"),
    COUNT(unfetched, "gauge", "claims whose request or tokens are missing"),
    COUNT(waiting, "gauge", "claims to be verified"),
    COUNT(waiting_positions, "gauge", "positions in them"),
    COUNT(valid, "gauge", "claims verified and true"),
    COUNT(invalid, "gauge", "claims verified and false"),
    COUNT(unsampled, "gauge", "claims that the draw left out"),
    COUNT(unknown_model, "gauge", "claims on models that are not loaded"),
    COUNT(withheld, "gauge", "claims whose contents nobody serves"),
    COUNT(not_permitted, "gauge", "claims that are not for this challenger"),
    COUNT(disputes_open, "gauge", "own disputes, planned or open"),
    COUNT(disputes_won, "gauge", "own disputes won"),
    COUNT(disputes_lost, "gauge", "own disputes lost"),
    COUNT(disputes_refunded, "gauge", "own disputes refunded"),
    COUNT(deadline, "gauge", "the earliest deadline of an own turn; 0: none"),
    COUNT(balance, "gauge", "units of value on the chain"),
    COUNT(at_risk, "gauge", "bonds of own disputes"),
    COUNT(demand_fees, "gauge", "fees of own demands"),
    COUNT(reorganisations, "counter", "times the chain was reorganised, since the start"),
    COUNT(audited_layers, "counter", "claims of which single layers were judged"),
    COUNT(positions, "counter", "positions verified since the start"),
    COUNT(fetched_bytes, "counter", "bytes fetched from executors since the start"),
    REAL(verify_seconds, "counter", "seconds spent on them"),
    REAL(token_seconds, "gauge", "seconds for one position"),
    REAL(catch_up_seconds, "gauge", "forecast for what is waiting"),
    REAL(audited_share, "gauge", "claims verified, of those that are not waiting"),
};

struct crux_cli_metrics {
    struct event_base *base;
    struct crux_http_server *server;
    struct event *end;
    int wake[2];
    pthread_t thread;
    pthread_mutex_t lock;
    char text[TEXT_BYTES]; /* under the lock */
};

static double value_of(const struct row *row, const struct crux_challenger_figures *figures) {
    const uint8_t *at = (const uint8_t *)figures + row->at;
    uint64_t number;
    double real;
    if (row->real) {
        memcpy(&real, at, sizeof real);
        return real;
    }
    memcpy(&number, at, sizeof number);
    return (double)number;
}

json_t *crux_cli_challenger_json(const struct crux_challenger_figures *figures) {
    json_t *object = json_object();
    for (size_t i = 0; object != NULL && i < CRUX_ARRAY_LEN(rows); i++) {
        double value = value_of(&rows[i], figures);
        json_t *number = rows[i].real ? json_real(value) : json_integer((json_int_t)value);
        (void)json_object_set_new(object, rows[i].name, number);
    }
    return object;
}

void crux_cli_metrics_set(struct crux_cli_metrics *metrics,
                          const struct crux_challenger_figures *figures) {
    size_t at = 0;
    if (metrics == NULL) return;
    (void)pthread_mutex_lock(&metrics->lock);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(rows); i++) {
        int len = snprintf(metrics->text + at, sizeof metrics->text - at,
                           "# HELP crux_challenger_%s %s\n# TYPE crux_challenger_%s %s\n"
                           "crux_challenger_%s %.9g\n",
                           rows[i].name, rows[i].help, rows[i].name, rows[i].kind, rows[i].name,
                           value_of(&rows[i], figures));
        CRUX_ASSERT(len > 0 && (size_t)len < sizeof metrics->text - at);
        at += (size_t)len;
    }
    (void)pthread_mutex_unlock(&metrics->lock);
}

static void on_metrics(void *ctx, struct crux_http_exchange *exchange) {
    struct crux_cli_metrics *metrics = ctx;
    (void)pthread_mutex_lock(&metrics->lock);
    crux_http_answer(exchange, 200, "text/plain; version=0.0.4", metrics->text,
                     strlen(metrics->text));
    (void)pthread_mutex_unlock(&metrics->lock);
}

static void on_health(void *ctx, struct crux_http_exchange *exchange) {
    (void)ctx;
    crux_http_answer(exchange, 200, "text/plain", "ok\n", 3);
}

static void on_end(evutil_socket_t fd, short what, void *ctx) {
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(ctx);
}

static void *serve(void *ctx) {
    struct crux_cli_metrics *metrics = ctx;
    (void)event_base_dispatch(metrics->base);
    return NULL;
}

static enum crux_status start(struct crux_cli_metrics *metrics, const char *address,
                              char *message) {
    static const struct crux_http_route routes[] = {
        {"GET", "/metrics", on_metrics},
        {"GET", "/healthz", on_health},
    };
    const struct crux_http_server_options options = {.address = address,
                                                     .limits = {.connections = 64},
                                                     .routes = routes,
                                                     .route_count = CRUX_ARRAY_LEN(routes),
                                                     .ctx = metrics};
    sigset_t all, before;
    metrics->base = event_base_new();
    if (metrics->base == NULL || pipe(metrics->wake) != 0) return CRUX_E_OUT_OF_MEMORY;
    metrics->end = event_new(metrics->base, metrics->wake[0], EV_READ, on_end, metrics->base);
    if (metrics->end == NULL || event_add(metrics->end, NULL) != 0) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status =
        crux_http_server_open(&metrics->server, metrics->base, &options, message);
    if (status != CRUX_OK) return status;
    /* signals belong to the main thread */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&metrics->thread, NULL, serve, metrics);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 ? CRUX_OK : CRUX_E_IO;
}

static void release(struct crux_cli_metrics *metrics) {
    if (metrics->server != NULL) crux_http_server_close(metrics->server);
    if (metrics->end != NULL) event_free(metrics->end);
    if (metrics->base != NULL) event_base_free(metrics->base);
    for (unsigned i = 0; i < 2; i++) {
        if (metrics->wake[i] >= 0) (void)close(metrics->wake[i]);
    }
    (void)pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

enum crux_status crux_cli_metrics_open(struct crux_cli_metrics **out, const char *address,
                                       char message[CRUX_CLI_METRICS_MESSAGE_BYTES]) {
    *out = NULL;
    (void)snprintf(message, CRUX_CLI_METRICS_MESSAGE_BYTES, "cannot serve figures");
    struct crux_cli_metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL) return CRUX_E_OUT_OF_MEMORY;
    metrics->wake[0] = metrics->wake[1] = -1;
    if (pthread_mutex_init(&metrics->lock, NULL) != 0) {
        free(metrics);
        return CRUX_E_OUT_OF_MEMORY;
    }
    enum crux_status status = start(metrics, address, message);
    if (status == CRUX_OK)
        *out = metrics;
    else
        release(metrics);
    return status;
}

void crux_cli_metrics_close(struct crux_cli_metrics *metrics) {
    if (metrics == NULL) return;
    if (write(metrics->wake[1], "", 1) == 1) (void)pthread_join(metrics->thread, NULL);
    release(metrics);
}

unsigned crux_cli_metrics_port(const struct crux_cli_metrics *metrics) {
    return crux_http_server_port(metrics->server);
}
