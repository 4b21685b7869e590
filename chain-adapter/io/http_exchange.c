#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain-adapter/io/http_inside.h"

static const char *reason(int status) {
    switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return status < 400 ? "OK" : "Error";
    }
}

/* ---- the request ---- */

const struct crux_http_head *crux_http_head(const struct crux_http_exchange *exchange) {
    return &exchange->head;
}

const char *crux_http_parameter(const struct crux_http_exchange *exchange, unsigned number) {
    CRUX_ASSERT(number < CRUX_HTTP_SEGMENTS_MAX && exchange->parameter[number] != NULL);
    return exchange->parameter[number];
}

const char *crux_http_query(const struct crux_http_exchange *exchange, const char *name) {
    for (unsigned i = 0; i < exchange->head.queries; i++) {
        if (strcmp(exchange->head.query[i].name, name) == 0) return exchange->head.query[i].value;
    }
    return NULL;
}

const char *crux_http_field(const struct crux_http_exchange *exchange, const char *name) {
    return crux_http_head_field(&exchange->head, name);
}

const char *crux_http_body(const struct crux_http_exchange *exchange, size_t *len) {
    struct evbuffer *body = exchange->connection->body;
    *len = evbuffer_get_length(body);
    const char *bytes = *len == 0 ? "" : (const char *)evbuffer_pullup(body, -1);
    if (bytes == NULL) *len = 0;
    return bytes == NULL ? "" : bytes;
}

const char *crux_http_peer(const struct crux_http_exchange *exchange) {
    return exchange->connection->peer;
}

void crux_http_address(const struct crux_http_exchange *exchange,
                       uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    memcpy(address, exchange->connection->address->key, CRUX_HTTP_ADDRESS_BYTES);
}

bool crux_http_site(const struct crux_http_exchange *exchange,
                    uint8_t site[CRUX_HTTP_ADDRESS_BYTES]) {
    const struct http_address *of = exchange->connection->address->site;
    if (of != NULL) memcpy(site, of->key, CRUX_HTTP_ADDRESS_BYTES);
    return of != NULL;
}

void crux_http_when_gone(struct crux_http_exchange *exchange, void (*gone)(void *ctx), void *ctx) {
    exchange->gone = gone;
    exchange->gone_ctx = ctx;
}

void crux_http_tag(struct crux_http_exchange *exchange, const char *tag) {
    (void)snprintf(exchange->tag, sizeof exchange->tag, "%s", tag);
}

void http_exchange_seen(struct crux_http_exchange *exchange) {
    const struct crux_http_server_options *options = &exchange->connection->server->options;
    const struct http_connection *connection = exchange->connection;
    char peer[CRUX_HTTP_ADDRESS_TEXT_BYTES + CRUX_HTTP_PEER_BYTES + 8];
    struct timespec end;
    if (options->seen == NULL) return;
    (void)snprintf(peer, sizeof peer, "%s%s%s", connection->client,
                   connection->client[0] == 0 ? "" : " by ", connection->peer);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    const struct crux_http_seen seen = {
        .method = exchange->head.method == NULL ? "" : exchange->head.method,
        .pattern = exchange->route == NULL ? "" : exchange->route->pattern,
        .peer = peer,
        .status = exchange->status,
        .body_bytes = evbuffer_get_length(exchange->connection->body),
        .sent_bytes = exchange->sent_bytes,
        .seconds = (double)(end.tv_sec - exchange->start.tv_sec) +
                   (double)(end.tv_nsec - exchange->start.tv_nsec) / 1e9,
        .tag = exchange->tag};
    options->seen(options->ctx, &seen);
}

void http_exchange_clear(struct crux_http_exchange *exchange) {
    struct http_connection *connection = exchange->connection;
    free(exchange->head_bytes);
    memset(exchange, 0, sizeof *exchange);
    exchange->connection = connection;
}

/* ---- the reply ---- */

void crux_http_add(struct crux_http_exchange *exchange, const char *name, const char *value) {
    size_t room = sizeof exchange->added - exchange->added_len;
    int len = snprintf(exchange->added + exchange->added_len, room, "%s: %s\r\n", name, value);
    CRUX_ASSERT(strpbrk(name, "\r\n") == NULL && strpbrk(value, "\r\n") == NULL);
    /* one that does not fit is left out whole */
    if (len > 0 && (size_t)len < room)
        exchange->added_len += (size_t)len;
    else
        exchange->added[exchange->added_len] = 0;
}

static struct evbuffer *output(struct crux_http_exchange *exchange) {
    return bufferevent_get_output(exchange->connection->bev);
}

static bool is_chunked(const struct crux_http_exchange *exchange) {
    return exchange->in_pieces && !exchange->head.http_1_0;
}

/* In: length, below 0 for a reply in pieces. */
static void put_head(struct crux_http_exchange *exchange, const char *type, int64_t length) {
    const struct crux_http_server *server = exchange->connection->server;
    struct evbuffer *out = output(exchange);
    char date[64] = "";
    CRUX_ASSERT(exchange->status != 0 && exchange->connection->state == HTTP_ANSWER);
    if (server->draining || (length < 0 && exchange->head.http_1_0)) exchange->keep_alive = false;
    (void)evutil_date_rfc1123(date, sizeof date, NULL);
    (void)evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", exchange->status,
                              reason(exchange->status), date);
    if (type != NULL)
        (void)evbuffer_add_printf(out, "Content-Type: %s\r\nX-Content-Type-Options: nosniff\r\n",
                                  type);
    if (length >= 0 && exchange->status != 204)
        (void)evbuffer_add_printf(out, "Content-Length: %" PRId64 "\r\n", length);
    if (is_chunked(exchange)) (void)evbuffer_add_printf(out, "Transfer-Encoding: chunked\r\n");
    if (server->options.cors_origin != NULL)
        (void)evbuffer_add_printf(out,
                                  "Access-Control-Allow-Origin: %s\r\n"
                                  "Access-Control-Expose-Headers: *\r\n",
                                  server->options.cors_origin);
    if (!exchange->keep_alive)
        (void)evbuffer_add_printf(out, "Connection: close\r\n");
    else if (exchange->head.http_1_0)
        (void)evbuffer_add_printf(out, "Connection: keep-alive\r\n");
    (void)evbuffer_add(out, exchange->added, exchange->added_len);
    (void)evbuffer_add(out, "\r\n", 2);
}

static void answer(struct crux_http_exchange *exchange, int status, const char *type,
                   const void *bytes, size_t len) {
    exchange->status = status;
    put_head(exchange, type, (int64_t)len);
    exchange->sent_bytes = exchange->no_body ? 0 : len;
    bool added = exchange->no_body || evbuffer_add(output(exchange), bytes, len) == 0;
    if (!added) { /* a head was promised more: the client must see that it is not whole */
        exchange->gone = NULL;
        http_connection_close(exchange->connection);
        return;
    }
    http_connection_answered(exchange->connection);
}

void crux_http_answer(struct crux_http_exchange *exchange, int status, const char *type,
                      const void *bytes, size_t len) {
    /* what says that there is no room finds some */
    if (exchange->no_body || len <= HTTP_SMALL_BYTES ||
        http_connection_has_room(exchange->connection, len))
        answer(exchange, status, type, bytes, len);
    else
        crux_http_answer_problem(exchange, CRUX_HTTP_BUSY);
}

void crux_http_answer_problem(struct crux_http_exchange *exchange, enum crux_http_problem problem) {
    const struct crux_http_problem_row *row = crux_http_problem_row(problem);
    const struct crux_http_server_options *options = &exchange->connection->server->options;
    char plain[512];
    char *made = options->problem == NULL ? NULL : options->problem(options->ctx, row);
    (void)snprintf(plain, sizeof plain, "{\"error\":\"%s\",\"message\":\"%s\"}\n", row->name,
                   row->text);
    if (row->status == 503) crux_http_add(exchange, "Retry-After", "1");
    if (problem == CRUX_HTTP_METHOD_NOT_ALLOWED) {
        const char *parameter[CRUX_HTTP_SEGMENTS_MAX];
        for (unsigned i = 0; i < options->route_count; i++) {
            if (!crux_http_head_matches(&exchange->head, options->routes[i].pattern, parameter))
                continue;
            crux_http_add(exchange, "Allow", options->routes[i].method);
        }
    }
    const char *body = made == NULL ? plain : made;
    answer(exchange, row->status, "application/json", body, strlen(body));
    free(made);
}

void crux_http_begin(struct crux_http_exchange *exchange, int status, const char *type) {
    exchange->status = status;
    exchange->in_pieces = true;
    put_head(exchange, type, -1);
}

bool crux_http_send(struct crux_http_exchange *exchange, const void *bytes, size_t len) {
    struct http_connection *connection = exchange->connection;
    struct crux_http_server *server = connection->server;
    struct evbuffer *out = output(exchange);
    CRUX_ASSERT(exchange->in_pieces);
    if (len == 0 || exchange->no_body) return true;
    bool fits = evbuffer_get_length(out) + len <= server->options.limits.backlog_bytes &&
                http_connection_has_room(connection, 0);
    bool chunked = is_chunked(exchange);
    if (fits && chunked) fits = evbuffer_add_printf(out, "%zx\r\n", len) > 0;
    if (fits) fits = evbuffer_add(out, bytes, len) == 0;
    if (fits && chunked) fits = evbuffer_add(out, "\r\n", 2) == 0;
    if (!fits) {
        server->figures.dropped_slow++;
        exchange->gone = NULL;
        http_connection_close(connection);
        return false;
    }
    exchange->sent_bytes += len;
    return true;
}

void crux_http_end(struct crux_http_exchange *exchange) {
    CRUX_ASSERT(exchange->in_pieces);
    if (is_chunked(exchange) && !exchange->no_body)
        (void)evbuffer_add(output(exchange), "0\r\n\r\n", 5);
    http_connection_answered(exchange->connection);
}

void crux_http_abort(struct crux_http_exchange *exchange) {
    exchange->gone = NULL;
    http_connection_close(exchange->connection);
}
