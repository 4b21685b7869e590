#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chain-adapter/io/http_inside.h"

enum { BACKLOG = 1024, RESUME_MICROSECONDS = 100000 };

static const struct crux_http_server_limits defaults = {.header_bytes = 16 << 10,
                                                        .body_bytes = 4 << 20,
                                                        .held_bytes = 256 << 20,
                                                        .held_bytes_per_address = 64 << 20,
                                                        .backlog_bytes = 256 << 10,
                                                        .connections = 4096,
                                                        .connections_per_address = 1024,
                                                        .header_seconds = 10,
                                                        .body_seconds = 60,
                                                        .idle_seconds = 75,
                                                        .write_seconds = 30,
                                                        .flush_seconds = 120,
                                                        .flush_rate = 32 << 10};

static void fill_limits(struct crux_http_server_limits *limits) {
#define FILL(field)                                                                                \
    if (limits->field == 0) limits->field = defaults.field
    FILL(header_bytes);
    FILL(body_bytes);
    FILL(held_bytes);
    FILL(held_bytes_per_address);
    FILL(backlog_bytes);
    FILL(connections);
    FILL(connections_per_address);
    FILL(header_seconds);
    FILL(body_seconds);
    FILL(idle_seconds);
    FILL(write_seconds);
    FILL(flush_seconds);
    FILL(flush_rate);
#undef FILL
}

static void say_peer(char peer[CRUX_HTTP_PEER_BYTES], const struct sockaddr *from) {
    char text[INET6_ADDRSTRLEN] = "?";
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)from;
        (void)inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
        (void)snprintf(peer, CRUX_HTTP_PEER_BYTES, "%s:%u", text, (unsigned)ntohs(four->sin_port));
    } else {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)from;
        (void)inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
        (void)snprintf(peer, CRUX_HTTP_PEER_BYTES, "[%s]:%u", text,
                       (unsigned)ntohs(six->sin6_port));
    }
}

/* ---- listening ---- */

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int from_len, void *ctx) {
    struct crux_http_server *server = ctx;
    const struct crux_http_server_limits *limits = &server->options.limits;
    enum crux_http_problem problem = CRUX_HTTP_FINE;
    char peer[CRUX_HTTP_PEER_BYTES];
    uint8_t own[CRUX_HTTP_ADDRESS_BYTES];
    int on = 1;
    (void)listener;
    (void)from_len;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    server->figures.accepted++;
    /* beyond the limit only as many as are being told so, and then none is told */
    if (server->figures.connections >= limits->connections)
        problem = CRUX_HTTP_TOO_MANY_CONNECTIONS;
    crux_http_address_of(own, from);
    struct http_address *address = crux_http_proxies_have(&server->proxies, own)
                                       ? http_counted_enter_proxy(server)
                                       : http_counted_enter(server, own);
    if (problem == CRUX_HTTP_FINE && address != NULL && !http_counted_may_connect(server, address))
        problem = CRUX_HTTP_TOO_MANY_FROM_ADDRESS;
    say_peer(peer, from);
    struct http_connection *connection = NULL;
    if (address != NULL && server->figures.connections < (uint64_t)limits->connections + 64)
        connection = http_connection_open(server, fd, address, own, peer);
    if (connection == NULL) {
        http_counted_leave(server, address);
        (void)evutil_closesocket(fd);
        server->figures.refused++;
        return;
    }
    if (problem == CRUX_HTTP_FINE) return;
    server->figures.refused++;
    http_connection_refuse(connection, problem);
}

/* Descriptors or memory ran out: without a pause the loop would do nothing but fail to accept. */
static void on_accept_error(struct evconnlistener *listener, void *ctx) {
    struct crux_http_server *server = ctx;
    const struct timeval pause = {0, RESUME_MICROSECONDS};
    (void)evconnlistener_disable(listener);
    (void)evtimer_add(server->resume, &pause);
}

static void on_resume(evutil_socket_t fd, short what, void *ctx) {
    struct crux_http_server *server = ctx;
    (void)fd;
    (void)what;
    if (server->listener != NULL) (void)evconnlistener_enable(server->listener);
}

static void on_reap(evutil_socket_t fd, short what, void *ctx) {
    struct crux_http_server *server = ctx;
    (void)fd;
    (void)what;
    while (server->closed != NULL) {
        struct http_connection *connection = server->closed;
        server->closed = connection->next;
        free(connection);
    }
    http_server_if_drained(server);
}

/* "127.0.0.1:80", "[::1]:80", "*:80".  Returns: the bytes of *at, 0 if it is none of them. */
static socklen_t read_address(struct sockaddr_storage *at, const char *address) {
    char host[64];
    const char *colon = strrchr(address, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - address);
    unsigned port = 0;
    memset(at, 0, sizeof *at);
    if (len == 0 || len >= sizeof host || colon[1] == 0 || strlen(colon + 1) > 5) return 0;
    for (const char *digit = colon + 1; *digit != 0; digit++) {
        if (*digit < '0' || *digit > '9') return 0;
        port = port * 10 + (unsigned)(*digit - '0');
    }
    if (port > UINT16_MAX) return 0;
    memcpy(host, address, len);
    host[len] = 0;
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)at;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        return sizeof *four;
    }
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)at;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    if (strcmp(host, "*") == 0) return sizeof *six; /* both families, as in6addr_any */
    if (host[0] != '[' || host[len - 1] != ']') return 0;
    host[len - 1] = 0;
    return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1 ? (socklen_t)sizeof *six : 0;
}

static enum crux_status listen_at(struct crux_http_server *server, char *message,
                                  const char *address) {
    const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    struct sockaddr_storage at;
    socklen_t len = address == NULL ? 0 : read_address(&at, address);
    if (len == 0) {
        (void)snprintf(message, CRUX_HTTP_SERVER_MESSAGE_BYTES,
                       "'%.100s' is no address to listen at; 127.0.0.1:8080, [::1]:8080 and *:8080 "
                       "(everywhere) are",
                       address == NULL ? "" : address);
        return CRUX_E_USAGE;
    }
    server->listener = evconnlistener_new_bind(server->base, on_accept, server, flags, BACKLOG,
                                               (const struct sockaddr *)&at, (int)len);
    if (server->listener == NULL) {
        (void)snprintf(message, CRUX_HTTP_SERVER_MESSAGE_BYTES, "cannot listen at %.100s: %s",
                       address, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
        return CRUX_E_IO;
    }
    evconnlistener_set_error_cb(server->listener, on_accept_error);
    len = sizeof at;
    if (getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&at, &len) == 0)
        server->port =
            ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&at)->sin_port
                                          : ((struct sockaddr_in6 *)(void *)&at)->sin6_port);
    return CRUX_OK;
}

enum crux_status crux_http_server_open(struct crux_http_server **out, struct event_base *base,
                                       const struct crux_http_server_options *options,
                                       char message[CRUX_HTTP_SERVER_MESSAGE_BYTES]) {
    struct crux_http_server *server = calloc(1, sizeof *server);
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    *out = NULL;
    (void)snprintf(message, CRUX_HTTP_SERVER_MESSAGE_BYTES,
                   "no memory or no random bytes for a server");
    if (server == NULL) return status;
    server->base = base;
    server->options = *options;
    server->options.address = NULL; /* read below, and not kept */
    if (options->proxies != NULL) server->proxies = *options->proxies;
    server->options.proxies = NULL; /* copied */
    fill_limits(&server->options.limits);
    server->resume = evtimer_new(base, on_resume, server);
    server->reap = evtimer_new(base, on_reap, server);
    if (options->cors_origin != NULL) server->cors_origin = strdup(options->cors_origin);
    server->options.cors_origin = server->cors_origin;
    bool has_key = getrandom(server->key, sizeof server->key, 0) == (ssize_t)sizeof server->key;
    if (has_key && server->resume != NULL && server->reap != NULL &&
        (server->cors_origin != NULL || options->cors_origin == NULL))
        status = listen_at(server, message, options->address);
    if (status != CRUX_OK) {
        crux_http_server_close(server);
        return status;
    }
    message[0] = 0;
    *out = server;
    return CRUX_OK;
}

void crux_http_server_close(struct crux_http_server *server) {
    if (server == NULL) return;
    server->drained = NULL;
    if (server->listener != NULL) evconnlistener_free(server->listener);
    server->listener = NULL;
    while (server->first != NULL) http_connection_close(server->first);
    if (server->reap != NULL) on_reap(-1, 0, server);
    if (server->reap != NULL) event_free(server->reap);
    if (server->resume != NULL) event_free(server->resume);
    free(server->cors_origin);
    free(server);
}

unsigned crux_http_server_port(const struct crux_http_server *server) {
    return server->port;
}

void crux_http_server_figures(const struct crux_http_server *server,
                              struct crux_http_server_figures *figures) {
    *figures = server->figures;
}

void http_server_if_drained(struct crux_http_server *server) {
    void (*drained)(void *ctx) = server->drained;
    if (!server->draining || server->first != NULL || drained == NULL) return;
    server->drained = NULL;
    drained(server->drained_ctx);
}

void crux_http_server_drain(struct crux_http_server *server, void (*drained)(void *ctx),
                            void *ctx) {
    server->draining = true;
    server->drained = drained;
    server->drained_ctx = ctx;
    if (server->listener != NULL) evconnlistener_free(server->listener);
    server->listener = NULL;
    for (struct http_connection *at = server->first, *next; at != NULL; at = next) {
        next = at->next;
        http_connection_drain(at);
    }
    http_server_if_drained(server);
}
