#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "chain-adapter/io/http_inside.h"

static void wait_for(struct http_connection *connection, enum http_state state, uint32_t seconds) {
    const struct timeval time = {(time_t)seconds, 0};
    connection->state = state;
    if (evtimer_add(connection->timer, &time) != 0) http_connection_close(connection);
}

/* Keeps count of what all buffers hold. */
static void on_buffer(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *ctx) {
    struct http_connection *connection = ctx;
    (void)buffer;
    connection->server->figures.held_bytes += info->n_added;
    connection->server->figures.held_bytes -= info->n_deleted;
    http_counted_hold(connection->address, info->n_added, info->n_deleted);
}

static bool count_buffer(struct http_connection *connection, struct evbuffer *buffer) {
    return evbuffer_add_cb(buffer, on_buffer, connection) != NULL;
}

static void uncount_buffer(struct http_connection *connection, struct evbuffer *buffer) {
    (void)evbuffer_remove_cb(buffer, on_buffer, connection);
    connection->server->figures.held_bytes -= evbuffer_get_length(buffer);
    http_counted_hold(connection->address, 0, evbuffer_get_length(buffer));
}

bool http_connection_has_room(const struct http_connection *connection, uint64_t more) {
    return http_counted_has_room(connection->server, connection->address, more);
}

/* ---- the end ---- */

void http_connection_close(struct http_connection *connection) {
    struct crux_http_server *server = connection->server;
    struct crux_http_exchange *exchange = &connection->exchange;
    if (connection->state == HTTP_CLOSED) return;
    bool waits = connection->state == HTTP_ANSWER;
    connection->state = HTTP_CLOSED;
    if (waits) {
        void (*gone)(void *ctx) = exchange->gone;
        exchange->gone = NULL;
        if (gone != NULL) gone(exchange->gone_ctx);
        http_exchange_seen(exchange);
    }
    http_exchange_clear(exchange);
    uncount_buffer(connection, bufferevent_get_input(connection->bev));
    uncount_buffer(connection, bufferevent_get_output(connection->bev));
    uncount_buffer(connection, connection->body);
    evbuffer_free(connection->body);
    bufferevent_free(connection->bev);
    event_free(connection->timer);
    http_counted_leave(server, connection->address);
    server->figures.connections--;
    *connection->link = connection->next;
    if (connection->next != NULL) connection->next->link = connection->link;
    connection->next = server->closed;
    server->closed = connection;
    event_active(server->reap, EV_TIMEOUT, 0);
}

/* All is sent. The client may still be sending: closing now would reset the connection under its answer. */
static void linger(struct http_connection *connection) {
    struct evbuffer *in = bufferevent_get_input(connection->bev);
    (void)shutdown(bufferevent_getfd(connection->bev), SHUT_WR);
    (void)evbuffer_drain(in, evbuffer_get_length(in));
    wait_for(connection, HTTP_LINGER, HTTP_LINGER_SECONDS);
}

/* Returns: bytes that the client has not taken. */
static size_t left(const struct http_connection *connection) {
    return evbuffer_get_length(bufferevent_get_output(connection->bev));
}

/* Returns: the time for what is left. */
static uint32_t flush_seconds(const struct http_connection *connection) {
    const struct crux_http_server_limits *limits = &connection->server->options.limits;
    uint64_t more = left(connection) / limits->flush_rate;
    return more < UINT32_MAX - limits->flush_seconds ? limits->flush_seconds + (uint32_t)more
                                                     : UINT32_MAX;
}

static void flush_and_close(struct http_connection *connection) {
    wait_for(connection, HTTP_FLUSH, flush_seconds(connection));
    if (connection->state == HTTP_FLUSH && left(connection) == 0) linger(connection);
}

/* Waits for the next request; a client that still takes its answer has the time for that first. */
static void wait_for_next(struct http_connection *connection) {
    uint32_t idle = connection->server->options.limits.idle_seconds;
    connection->flushing = left(connection) > 0;
    if (!connection->flushing) http_forwarded_leave(connection);
    wait_for(connection, HTTP_IDLE, connection->flushing ? flush_seconds(connection) : idle);
}

void http_connection_drain(struct http_connection *connection) {
    if (connection->state != HTTP_IDLE) return;
    if (left(connection) == 0)
        http_connection_close(connection);
    else
        flush_and_close(connection);
}

void http_connection_answered(struct http_connection *connection) {
    struct crux_http_server *server = connection->server;
    bool keep = connection->exchange.keep_alive && !server->draining;
    http_exchange_seen(&connection->exchange);
    http_exchange_clear(&connection->exchange);
    (void)evbuffer_drain(connection->body, evbuffer_get_length(connection->body));
    if (!keep) {
        flush_and_close(connection);
        return;
    }
    wait_for_next(connection);
    /* the next request may be there already: looked at in turn, not from within this answer */
    if (!connection->in_loop && connection->state == HTTP_IDLE)
        event_active(connection->timer, EV_READ, 0);
}

void http_connection_refuse(struct http_connection *connection, enum crux_http_problem problem) {
    connection->exchange.keep_alive = false;
    connection->state = HTTP_ANSWER;
    crux_http_answer_problem(&connection->exchange, problem);
}

/* ---- requests ---- */

static void find_route(struct crux_http_exchange *exchange, bool *path_known) {
    const struct crux_http_server_options *options = &exchange->connection->server->options;
    const char *method = exchange->head.method;
    bool head = strcmp(method, "HEAD") == 0;
    *path_known = false;
    for (unsigned i = 0; i < options->route_count && exchange->route == NULL; i++) {
        const struct crux_http_route *route = &options->routes[i];
        if (!crux_http_head_matches(&exchange->head, route->pattern, exchange->parameter)) continue;
        *path_known = true;
        if (strcmp(route->method, head ? "GET" : method) == 0) exchange->route = route;
    }
    exchange->no_body = head;
}

/* What a browser asks before it sends a request of another origin. */
static void answer_preflight(struct crux_http_exchange *exchange) {
    crux_http_add(exchange, "Access-Control-Allow-Methods", "GET, POST");
    crux_http_add(exchange, "Access-Control-Allow-Headers", "Authorization, Content-Type");
    crux_http_add(exchange, "Access-Control-Max-Age", "600");
    crux_http_answer(exchange, 204, NULL, "", 0);
}

static void handle(struct http_connection *connection) {
    struct crux_http_exchange *exchange = &connection->exchange;
    bool path_known;
    (void)evtimer_del(connection->timer);
    connection->state = HTTP_ANSWER;
    find_route(exchange, &path_known);
    if (exchange->route != NULL)
        exchange->route->handle(connection->server->options.ctx, exchange);
    else if (path_known && connection->server->options.cors_origin != NULL &&
             strcmp(exchange->head.method, "OPTIONS") == 0)
        answer_preflight(exchange);
    else
        crux_http_answer_problem(exchange,
                                 path_known ? CRUX_HTTP_METHOD_NOT_ALLOWED : CRUX_HTTP_NOT_FOUND);
}

/* Returns: whether there is a body to wait for, or a problem that is answered. */
static bool begin_body(struct http_connection *connection) {
    const struct crux_http_server_limits *limits = &connection->server->options.limits;
    const struct crux_http_head *head = &connection->exchange.head;
    if (head->content_length > limits->body_bytes) {
        http_connection_refuse(connection, CRUX_HTTP_BODY_TOO_LARGE);
        return true;
    }
    if (head->content_length == 0 && !head->chunked) return false;
    connection->chunked = (struct crux_http_chunked){.left = 0};
    wait_for(connection, HTTP_IN_BODY, limits->body_seconds);
    if (head->expects_continue && connection->state == HTTP_IN_BODY)
        (void)bufferevent_write(connection->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return true;
}

/* Returns: whether there may be more to do. */
static bool read_head(struct http_connection *connection) {
    const struct crux_http_server_limits *limits = &connection->server->options.limits;
    struct crux_http_exchange *exchange = &connection->exchange;
    struct evbuffer *in = bufferevent_get_input(connection->bev);
    size_t have = evbuffer_get_length(in);
    struct evbuffer_ptr from, end;
    if (have == 0) return false;
    /* who does not read its answers is asked for no more requests: on_written goes on */
    if (left(connection) > limits->backlog_bytes) return false;
    if (connection->state == HTTP_IDLE) {
        connection->searched = 0;
        (void)clock_gettime(CLOCK_MONOTONIC, &exchange->start);
        wait_for(connection, HTTP_IN_HEAD, limits->header_seconds);
    }
    if (connection->state != HTTP_IN_HEAD ||
        evbuffer_ptr_set(in, &from, connection->searched, EVBUFFER_PTR_SET) != 0)
        return false;
    end = evbuffer_search(in, "\r\n\r\n", 4, &from);
    size_t len = end.pos < 0 ? 0 : (size_t)end.pos + 4;
    if (len > limits->header_bytes || (len == 0 && have > limits->header_bytes)) {
        http_connection_refuse(connection, CRUX_HTTP_HEADER_TOO_LARGE);
        return true;
    }
    if (!http_connection_has_room(connection, 0)) {
        http_connection_refuse(connection, CRUX_HTTP_BUSY);
        return true;
    }
    if (len == 0) {
        connection->searched = have < 3 ? 0 : have - 3;
        return false;
    }
    exchange->head_bytes = malloc(len + 1);
    if (exchange->head_bytes == NULL ||
        evbuffer_remove(in, exchange->head_bytes, len) != (ssize_t)len) {
        http_connection_refuse(connection, CRUX_HTTP_BUSY);
        return true;
    }
    enum crux_http_problem problem =
        crux_http_head_read(&exchange->head, exchange->head_bytes, len);
    if (problem == CRUX_HTTP_FINE) problem = http_forwarded_enter(connection);
    if (problem != CRUX_HTTP_FINE) {
        http_connection_refuse(connection, problem);
        return true;
    }
    exchange->keep_alive = exchange->head.keep_alive;
    if (!begin_body(connection)) handle(connection);
    return true;
}

/* Returns: whether there may be more to do. */
static bool read_body(struct http_connection *connection) {
    const struct crux_http_server_limits *limits = &connection->server->options.limits;
    const struct crux_http_head *head = &connection->exchange.head;
    struct evbuffer *in = bufferevent_get_input(connection->bev);
    enum crux_http_problem problem = CRUX_HTTP_FINE;
    bool done = false;
    if (!http_connection_has_room(connection, 0)) {
        problem = CRUX_HTTP_BUSY;
    } else if (head->chunked) {
        problem = crux_http_chunked_feed(&connection->chunked, &done, connection->body, in,
                                         limits->body_bytes);
    } else {
        size_t have = evbuffer_get_length(in),
               missing = (size_t)head->content_length - evbuffer_get_length(connection->body),
               take = have < missing ? have : missing;
        if (!crux_http_body_take(connection->body, in, take)) problem = CRUX_HTTP_BUSY;
        done = take == missing;
    }
    if (problem != CRUX_HTTP_FINE)
        http_connection_refuse(connection, problem);
    else if (done)
        handle(connection);
    return done || problem != CRUX_HTTP_FINE;
}

void http_connection_read(struct http_connection *connection) {
    bool more = true;
    if (connection->in_loop) return;
    connection->in_loop = true;
    /* each turn that goes on has taken a request from the input */
    while (more) {
        switch (connection->state) {
        case HTTP_IDLE:
        case HTTP_IN_HEAD: more = read_head(connection); break;
        case HTTP_IN_BODY: more = read_body(connection); break;
        case HTTP_ANSWER:
        case HTTP_FLUSH:
        case HTTP_LINGER:
        case HTTP_CLOSED: more = false; break;
        }
    }
    connection->in_loop = false;
}

/* ---- events ---- */

static void on_read(struct bufferevent *bev, void *ctx) {
    struct http_connection *connection = ctx;
    struct evbuffer *in = bufferevent_get_input(bev);
    if (connection->state == HTTP_LINGER) {
        connection->lingered += evbuffer_get_length(in);
        (void)evbuffer_drain(in, evbuffer_get_length(in));
        if (connection->lingered > HTTP_LINGER_BYTES) http_connection_close(connection);
        return;
    }
    http_connection_read(connection);
}

static void on_written(struct bufferevent *bev, void *ctx) {
    struct http_connection *connection = ctx;
    (void)bev;
    if (connection->state == HTTP_FLUSH) {
        linger(connection);
        return;
    }
    if (connection->state == HTTP_IDLE && connection->flushing) wait_for_next(connection);
    http_connection_read(connection);
}

static void on_end(struct bufferevent *bev, short what, void *ctx) {
    struct http_connection *connection = ctx;
    (void)bev;
    if ((what & BEV_EVENT_TIMEOUT) != 0) connection->server->figures.dropped_slow++;
    /* a client that only ends its sending side reads on: what is whole still goes out */
    if (what == (BEV_EVENT_EOF | BEV_EVENT_READING) && connection->state == HTTP_FLUSH) return;
    http_connection_close(connection);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx) {
    struct http_connection *connection = ctx;
    (void)fd;
    if ((what & EV_READ) != 0) {
        http_connection_read(connection);
        return;
    }
    if (connection->state != HTTP_LINGER) connection->server->figures.timeouts++;
    if (connection->state == HTTP_IN_HEAD || connection->state == HTTP_IN_BODY)
        http_connection_refuse(connection, CRUX_HTTP_TIMEOUT);
    else
        http_connection_close(connection);
}

struct http_connection *http_connection_open(struct crux_http_server *server, evutil_socket_t fd,
                                             struct http_address *address,
                                             const uint8_t from[CRUX_HTTP_ADDRESS_BYTES],
                                             const char *peer) {
    const struct timeval write_time = {(time_t)server->options.limits.write_seconds, 0};
    struct http_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) return NULL;
    connection->server = server;
    connection->address = address;
    connection->is_proxy = address == &server->idle_proxies;
    memcpy(connection->from, from, sizeof connection->from);
    connection->exchange.connection = connection;
    (void)snprintf(connection->peer, sizeof connection->peer, "%s", peer);
    connection->timer = event_new(server->base, -1, 0, on_timer, connection);
    connection->body = evbuffer_new();
    connection->bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (connection->timer == NULL || connection->body == NULL || connection->bev == NULL ||
        !count_buffer(connection, connection->body) ||
        !count_buffer(connection, bufferevent_get_input(connection->bev)) ||
        !count_buffer(connection, bufferevent_get_output(connection->bev)))
        goto out;
    bufferevent_setcb(connection->bev, on_read, on_written, on_end, connection);
    bufferevent_setwatermark(connection->bev, EV_READ, 0,
                             server->options.limits.header_bytes + HTTP_READ_BYTES);
    bufferevent_set_timeouts(connection->bev, NULL, &write_time);
    if (bufferevent_enable(connection->bev, EV_READ | EV_WRITE) != 0) goto out;
    connection->next = server->first;
    connection->link = &server->first;
    if (connection->next != NULL) connection->next->link = &connection->next;
    server->first = connection;
    server->figures.connections++;
    (void)clock_gettime(CLOCK_MONOTONIC, &connection->exchange.start);
    wait_for(connection, HTTP_IDLE, server->options.limits.header_seconds);
    return connection;
out:
    if (connection->bev != NULL) {
        (void)bufferevent_setfd(connection->bev, -1); /* it stays the caller's */
        bufferevent_free(connection->bev);
    }
    if (connection->body != NULL) evbuffer_free(connection->body);
    if (connection->timer != NULL) event_free(connection->timer);
    free(connection);
    return NULL;
}
