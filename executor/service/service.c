#include "executor/service/service.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/service/service_parts.h"

/* Descriptors beside those of connections: files, the loop, the engine's. */
enum { DESCRIPTORS_BESIDE = 128 };

struct run {
    struct service service;
    struct event *term, *interrupt, *tick;
    bool drained; /* every connection is closed */
    bool cut;     /* by a second signal */
    double left;  /* seconds, once draining */
    char *message;
};

CRUX_PRINTF(3, 4)
static enum crux_status fail(struct run *run, enum crux_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(run->message, CRUX_SERVICE_MESSAGE_BYTES, format, args);
    va_end(args);
    return status;
}

/* ---- the end ---- */

static void on_drained(void *ctx) {
    struct run *run = ctx;
    run->drained = true;
}

static void on_signal(evutil_socket_t signal_number, short what, void *ctx) {
    struct run *run = ctx;
    struct service *service = &run->service;
    (void)what;
    if (service->draining) {
        crux_log(CRUX_LOG_WARNING, NULL, "signal %d again: ending at once", (int)signal_number);
        run->cut = true;
        (void)event_base_loopbreak(service->base);
        return;
    }
    service->draining = true;
    run->left = service->config->drain_seconds;
    crux_log(CRUX_LOG_INFO, NULL,
             "signal %d: what is being answered is answered to its end, for %u s at most",
             (int)signal_number, (unsigned)service->config->drain_seconds);
    crux_batcher_drain(service->batcher);
    crux_http_server_drain(service->http, on_drained, run);
}

enum { TICK_MILLISECONDS = 250 };

static void on_tick(evutil_socket_t fd, short what, void *ctx) {
    struct run *run = ctx;
    struct service *service = &run->service;
    (void)fd;
    (void)what;
    if (!service->draining) return;
    run->left -= TICK_MILLISECONDS / 1000.0;
    bool done = run->drained && service->answers == 0;
    if (done) {
        ledger_hold(service);
        done = receipts_drained(service);
        ledger_release(service);
    }
    if (!done && run->left > 0) return;
    if (!done) crux_log(CRUX_LOG_WARNING, NULL, "the time to drain is over");
    (void)event_base_loopbreak(service->base);
}

/* ---- opening ---- */

static void open_log(const struct crux_service_config *config) {
    const char *form = config->log == NULL ? "auto" : config->log,
               *level = config->log_level == NULL ? "info" : config->log_level;
    crux_log_open(strcmp(form, "json") == 0   ? CRUX_LOG_JSON
                  : strcmp(form, "text") == 0 ? CRUX_LOG_TEXT
                                              : CRUX_LOG_AUTO,
                  strcmp(level, "debug") == 0     ? CRUX_LOG_DEBUG
                  : strcmp(level, "warning") == 0 ? CRUX_LOG_WARNING
                  : strcmp(level, "error") == 0   ? CRUX_LOG_ERROR
                                                  : CRUX_LOG_INFO);
}

/* The folder, and a lock in it that goes with the process. */
static enum crux_status open_data(struct run *run) {
    const char *folder = run->service.config->data;
    char path[CRUX_CONFIG_TEXT_BYTES_MAX + 16];
    if (folder == NULL) return CRUX_OK;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return fail(run, CRUX_E_IO, "cannot make the folder '%.300s': %s", folder, strerror(errno));
    (void)snprintf(path, sizeof path, "%s/lock", folder);
    run->service.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (run->service.lock_fd < 0)
        return fail(run, CRUX_E_IO, "cannot open '%.300s': %s", path, strerror(errno));
    if (flock(run->service.lock_fd, LOCK_EX | LOCK_NB) != 0)
        return fail(run, CRUX_E_IO, "another process uses the folder '%.300s'", folder);
    return CRUX_OK;
}

static enum crux_status open_models(struct run *run) {
    struct service *service = &run->service;
    const struct crux_service_config *config = service->config;
    char message[CRUX_MODELS_MESSAGE_BYTES];
    for (unsigned i = 0; i < config->model_count; i++) {
        enum crux_status status = crux_models_add(&service->models, config->models[i],
                                                  config->chat_template, config->backend, message);
        if (status != CRUX_OK) return fail(run, status, "%s", message);
    }
    return CRUX_OK;
}

static enum crux_status open_batcher(struct run *run) {
    struct service *service = &run->service;
    const struct crux_service_config *config = service->config;
    const struct crux_batcher_options options = {.threads = config->threads,
                                                 .pin = config->pin,
                                                 .sequences_max = config->sequences,
                                                 .queue_max = config->queue,
                                                 .prefill_rows = config->prefill_rows,
                                                 .cache_bytes_max = config->cache_bytes,
                                                 .prefix_bytes_max = config->prefix_bytes};
    struct crux_batcher_model models[CRUX_MODELS_MAX];
    for (unsigned i = 0; i < service->models.count; i++)
        models[i] = crux_batcher_model_of(&service->models.model[i].loaded);
    enum crux_status status =
        crux_batcher_open(&service->batcher, models, service->models.count, &options);
    return status == CRUX_OK ? status
                             : fail(run, status, "the engine: %s", crux_status_text(status));
}

/* As many descriptors as connections need, if that is permitted; otherwise as many connections as descriptors allow. */
static uint32_t connections_possible(uint32_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    rlim_t need = (rlim_t)wanted + DESCRIPTORS_BESIDE;
    if (limit.rlim_cur < need) {
        limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= need) return wanted;
    uint32_t possible = limit.rlim_cur > 2 * DESCRIPTORS_BESIDE
                            ? (uint32_t)limit.rlim_cur - DESCRIPTORS_BESIDE
                            : DESCRIPTORS_BESIDE;
    crux_log(CRUX_LOG_WARNING, NULL, "descriptors for %u connections only, not %u",
             (unsigned)possible, (unsigned)wanted);
    return possible;
}

static enum crux_status open_http(struct run *run) {
    struct service *service = &run->service;
    const struct crux_service_config *config = service->config;
    struct crux_http_proxies proxies = {.count = 0};
    char why[CRUX_HTTP_PROXIES_MESSAGE_BYTES];
    if (config->trusted_proxies != NULL &&
        crux_http_proxies_read(&proxies, config->trusted_proxies, why) != CRUX_OK)
        return fail(run, CRUX_E_USAGE, "trusted_proxies: %s", why);
    const struct crux_http_server_options options = {
        .address = config->listen == NULL ? "127.0.0.1:8434" : config->listen,
        .limits = {.body_bytes = config->body_bytes,
                   .connections = connections_possible(config->connections),
                   .connections_per_address = config->connections_per_address,
                   .idle_seconds = config->idle_seconds},
        .routes = api_routes,
        .route_count = api_route_count,
        .ctx = service,
        .problem = api_problem,
        .seen = api_seen,
        .proxies = &proxies,
        .cors_origin = config->cors_origin};
    char message[CRUX_HTTP_SERVER_MESSAGE_BYTES];
    enum crux_status status =
        crux_http_server_open(&service->http, service->base, &options, message);
    return status == CRUX_OK ? status : fail(run, status, "%s", message);
}

static enum crux_status open_loop(struct run *run) {
    struct service *service = &run->service;
    const struct timeval tick = {0, TICK_MILLISECONDS * 1000};
    service->base = event_base_new();
    if (service->base == NULL) return fail(run, CRUX_E_OUT_OF_MEMORY, "no event loop");
    run->term = evsignal_new(service->base, SIGTERM, on_signal, run);
    run->interrupt = evsignal_new(service->base, SIGINT, on_signal, run);
    run->tick = event_new(service->base, -1, EV_PERSIST, on_tick, run);
    if (run->term == NULL || run->interrupt == NULL || run->tick == NULL ||
        event_add(run->tick, &tick) != 0)
        return fail(run, CRUX_E_OUT_OF_MEMORY, "no memory for the event loop");
    enum crux_status status = mailbox_open(&service->mailbox, service);
    return status == CRUX_OK ? status : fail(run, status, "no eventfd: %s", strerror(errno));
}

static enum crux_status open_keys(struct run *run) {
    const char *path = run->service.config->api_keys;
    char message[CRUX_API_KEYS_MESSAGE_BYTES];
    if (path == NULL) return CRUX_OK;
    enum crux_status status = crux_api_keys_read(&run->service.keys, path, message);
    return status == CRUX_OK ? status : fail(run, status, "%.300s: %s", path, message);
}

/* Beneath the loop's handlers the signals are ignored: once those are gone, none kills the process in the middle of its
 * closing. */
static enum crux_status catch_signals(struct run *run) {
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGTERM, &ignore, NULL);
    (void)sigaction(SIGINT, &ignore, NULL);
    return event_add(run->term, NULL) == 0 && event_add(run->interrupt, NULL) == 0
               ? CRUX_OK
               : fail(run, CRUX_E_OUT_OF_MEMORY, "no memory for the event loop");
}

static void release_signals(struct run *run) {
    /* looks once more: a signal that came while all was closed is told too */
    if (run->service.base != NULL && run->service.draining)
        (void)event_base_loop(run->service.base, EVLOOP_NONBLOCK);
    if (run->term != NULL) event_free(run->term);
    if (run->interrupt != NULL) event_free(run->interrupt);
}

static enum crux_status open_all(struct run *run) {
    enum crux_status status = open_data(run);
    if (status == CRUX_OK) status = open_keys(run);
    if (status == CRUX_OK) status = open_models(run);
    if (status == CRUX_OK) status = open_loop(run);
    if (status == CRUX_OK)
        status = receipts_open(&run->service, run->message, CRUX_SERVICE_MESSAGE_BYTES);
    if (status == CRUX_OK) {
        status = ledger_open(&run->service);
        if (status != CRUX_OK) (void)fail(run, status, "no thread for receipts");
    }
    if (status == CRUX_OK) status = open_batcher(run);
    if (status == CRUX_OK) status = open_http(run);
    return status == CRUX_OK ? catch_signals(run) : status;
}

/* Runs end before what their callbacks use does. */
static void close_all(struct run *run) {
    struct service *service = &run->service;
    crux_http_server_close(service->http);
    if (service->batcher != NULL) {
        crux_batcher_close(service->batcher);
        ledger_close(service);
        receipts_stop(service);
        /* each turn frees what is done; what it puts back is freed in the next */
        for (unsigned turn = 0; service->answers + service->traces > 0 && turn < 16; turn++)
            mailbox_take(service);
    }
    ledger_close(service);
    receipts_close(service);
    if (service->base != NULL) mailbox_close(&service->mailbox);
    if (run->tick != NULL) event_free(run->tick);
    crux_models_close(&service->models);
    crux_api_keys_free(&service->keys);
    release_signals(run);
    if (service->base != NULL) event_base_free(service->base);
    if (service->lock_fd >= 0) (void)close(service->lock_fd);
}

enum crux_status crux_service_run(const struct crux_service_config *config,
                                  const struct crux_key *key,
                                  void (*ready)(void *ctx, const char *address, unsigned port),
                                  void *ctx, char message[CRUX_SERVICE_MESSAGE_BYTES]) {
    struct run *run = calloc(1, sizeof *run);
    message[0] = 0;
    if (run == NULL) return CRUX_E_OUT_OF_MEMORY;
    run->message = message;
    run->service.config = config;
    run->service.key = key;
    run->service.lock_fd = -1;
    run->service.mailbox.wake = -1;
    open_log(config);
    enum crux_status status = crux_config_check(config, message);
    if (status == CRUX_OK) status = open_all(run);
    if (status == CRUX_OK) {
        unsigned port = crux_http_server_port(run->service.http);
        if (run->service.receipts == NULL)
            crux_log(CRUX_LOG_INFO, NULL, "no chain: answers carry no receipts");
        crux_log(CRUX_LOG_INFO, NULL, "%u models, listening at port %u", run->service.models.count,
                 port);
        if (ready != NULL) ready(ctx, config->listen, port);
        (void)event_base_dispatch(run->service.base);
        crux_log(CRUX_LOG_INFO, NULL, "stopped");
    }
    close_all(run);
    if (status == CRUX_OK && run->cut)
        status = fail(run, CRUX_E_STOPPING, "a second signal ended it at once");
    free(run);
    return status;
}
