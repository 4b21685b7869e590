#include "chain-adapter/io/http_client.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CONNECT_MILLISECONDS = 5000,
    WHOLE_MILLISECONDS = 30000,
    HEADER_BYTES = 16384,
    BODY_BYTES = 16 << 20,
    URL_HOST_BYTES = 256,
    RETRY_SECONDS_MAX = 86400
};

struct target {
    char host[URL_HOST_BYTES];      /* to connect to: an IPv6 address without its brackets */
    char named[URL_HOST_BYTES + 8]; /* as the Host header has it */
    char path[CRUX_HTTP_URL_BYTES_MAX + 2];
    uint16_t port;
};

struct crux_http_call {
    struct evhttp_connection *connection;
    struct evhttp_request *request;  /* owned by the connection; NULL once it is over */
    struct event *connected, *whole; /* timers */
    struct event *ended;             /* calls `done` outside of the connection's own callbacks */
    void (*done)(void *ctx, enum crux_status status, struct crux_http_reply *reply);
    void *ctx;
    size_t body_max;
    enum crux_status status;
    const char *why; /* the first reason to fail; NULL: none */
    struct crux_http_reply reply;
};

/* ---- URLs ---- */

static enum crux_status refuse(char *message, const char *why) {
    if (message != NULL) (void)snprintf(message, CRUX_HTTP_MESSAGE_BYTES, "%s", why);
    return CRUX_E_USAGE;
}

static enum crux_status take_parts(struct target *target, const struct evhttp_uri *uri,
                                   char *message) {
    const char *scheme = evhttp_uri_get_scheme(uri), *host = evhttp_uri_get_host(uri);
    const char *path = evhttp_uri_get_path(uri), *query = evhttp_uri_get_query(uri);
    int port = evhttp_uri_get_port(uri);
    if (scheme == NULL || evutil_ascii_strcasecmp(scheme, "http") != 0)
        return refuse(message, "the URL does not begin with http://");
    if (host == NULL || host[0] == 0) return refuse(message, "the URL names no host");
    if (evhttp_uri_get_userinfo(uri) != NULL)
        return refuse(message, "the URL holds a user name, which is not sent");
    if (strlen(host) >= URL_HOST_BYTES) return refuse(message, "the URL's host is too long");
    if (port == 0 || port > UINT16_MAX) return refuse(message, "the URL's port is none");
    target->port = (uint16_t)(port < 0 ? 80 : port);
    size_t len = strlen(host);
    bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
    (void)snprintf(target->host, sizeof target->host, "%.*s", (int)(bracketed ? len - 2 : len),
                   host + bracketed);
    if (port < 0)
        (void)snprintf(target->named, sizeof target->named, "%s", host);
    else
        (void)snprintf(target->named, sizeof target->named, "%s:%d", host, port);
    bool has_path = path != NULL && path[0] != 0;
    (void)snprintf(target->path, sizeof target->path, "%s%s%s", has_path ? path : "/",
                   query != NULL ? "?" : "", query != NULL ? query : "");
    return CRUX_OK;
}

static enum crux_status take_url(struct target *target, const char *url, char *message) {
    if (url == NULL || strlen(url) > CRUX_HTTP_URL_BYTES_MAX)
        return refuse(message, "the URL is too long");
    struct evhttp_uri *uri = evhttp_uri_parse(url);
    if (uri == NULL) return refuse(message, "this is no URL");
    enum crux_status status = take_parts(target, uri, message);
    evhttp_uri_free(uri);
    return status;
}

enum crux_status crux_http_url_check(const char *url, char message[CRUX_HTTP_MESSAGE_BYTES]) {
    struct target target;
    return take_url(&target, url, message);
}

/* ---- the end of a call ---- */

void crux_http_reply_free(struct crux_http_reply *reply) {
    free(reply->body);
    reply->body = NULL;
    reply->body_bytes = 0;
}

static void free_call(struct crux_http_call *call) {
    if (call->connected != NULL) event_free(call->connected);
    if (call->whole != NULL) event_free(call->whole);
    if (call->ended != NULL) event_free(call->ended);
    if (call->connection != NULL) evhttp_connection_free(call->connection);
    free(call);
}

void crux_http_cancel(struct crux_http_call *call) {
    if (call == NULL) return;
    call->done = NULL;
    crux_http_reply_free(&call->reply);
    free_call(call);
}

static void on_ended(evutil_socket_t fd, short what, void *ctx) {
    struct crux_http_call *call = ctx;
    struct crux_http_reply reply = call->reply;
    enum crux_status status = call->status;
    void (*done)(void *, enum crux_status, struct crux_http_reply *) = call->done;
    void *done_ctx = call->ctx;
    (void)fd;
    (void)what;
    if (status != CRUX_OK) {
        crux_http_reply_free(&reply);
        reply.code = 0;
        (void)snprintf(reply.message, sizeof reply.message, "%s",
                       call->why != NULL ? call->why : "the connection failed");
    }
    free_call(call);
    done(done_ctx, status, &reply);
}

/* The first reason stands. */
static void end(struct crux_http_call *call, enum crux_status status, const char *why) {
    if (call->status == CRUX_OK) {
        call->status = status;
        call->why = why;
    }
    (void)event_del(call->connected);
    (void)event_del(call->whole);
    event_active(call->ended, EV_TIMEOUT, 0);
}

static void give_up(struct crux_http_call *call, const char *why) {
    struct evhttp_request *request = call->request;
    call->request = NULL;
    end(call, CRUX_E_IO, why);
    if (request != NULL) evhttp_cancel_request(request);
}

/* libevent reads headers into the reply of a request that is over as well; what counts is what is taken here. */
static void take_reply(struct crux_http_call *call, struct evhttp_request *request) {
    struct crux_http_reply *reply = &call->reply;
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    const char *type =
        evhttp_find_header(evhttp_request_get_input_headers(request), "Content-Type");
    const char *after =
        evhttp_find_header(evhttp_request_get_input_headers(request), "Retry-After");
    size_t len = evbuffer_get_length(body);
    if (len > call->body_max) {
        end(call, CRUX_E_IO, "the reply is longer than its limit");
        return;
    }
    reply->body = malloc(len + 1);
    if (reply->body == NULL || evbuffer_remove(body, reply->body, len) != (int)len) {
        end(call, CRUX_E_OUT_OF_MEMORY, "no memory for the reply");
        return;
    }
    reply->body[len] = 0;
    reply->body_bytes = len;
    reply->code = evhttp_request_get_response_code(request);
    if (type != NULL && strlen(type) < sizeof reply->type) strcpy(reply->type, type);
    if (after != NULL && after[0] >= '0' && after[0] <= '9') {
        unsigned long seconds = strtoul(after, NULL, 10);
        reply->retry_after_seconds =
            seconds > RETRY_SECONDS_MAX ? RETRY_SECONDS_MAX : (uint32_t)seconds;
    }
    end(call, CRUX_OK, NULL);
}

static void on_reply(struct evhttp_request *request, void *ctx) {
    struct crux_http_call *call = ctx;
    if (call->request == NULL) return; /* given up */
    call->request = NULL;
    if (request == NULL || evhttp_request_get_response_code(request) == 0)
        end(call, CRUX_E_IO, "nothing answers there");
    else
        take_reply(call, request);
}

static void on_error(enum evhttp_request_error error, void *ctx) {
    struct crux_http_call *call = ctx;
    if (call->why != NULL) return;
    call->status = CRUX_E_IO;
    switch (error) {
    case EVREQ_HTTP_TIMEOUT: call->why = "the connection said nothing for too long"; break;
    case EVREQ_HTTP_EOF: call->why = "the connection was closed before the end of the reply"; break;
    case EVREQ_HTTP_INVALID_HEADER:
        call->why = "the reply's headers are malformed or too long";
        break;
    case EVREQ_HTTP_BUFFER_ERROR: call->why = "reading or writing failed"; break;
    case EVREQ_HTTP_REQUEST_CANCEL: call->why = "the request was given up"; break;
    case EVREQ_HTTP_DATA_TOO_LONG: call->why = "the reply is longer than its limit"; break;
    }
}

static void on_whole(evutil_socket_t fd, short what, void *ctx) {
    (void)fd;
    (void)what;
    give_up(ctx, "the reply took too long");
}

static void on_connected(evutil_socket_t fd, short what, void *ctx) {
    struct crux_http_call *call = ctx;
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    (void)fd;
    (void)what;
    evutil_socket_t socket = bufferevent_getfd(evhttp_connection_get_bufferevent(call->connection));
    if (socket >= 0 && getpeername(socket, (struct sockaddr *)&peer, &len) == 0) return;
    give_up(call, "no connection within its time");
}

/* ---- the start of one ---- */

static struct timeval after(uint32_t milliseconds, uint32_t otherwise) {
    uint32_t time = milliseconds != 0 ? milliseconds : otherwise;
    return (struct timeval){.tv_sec = (time_t)(time / 1000),
                            .tv_usec = (suseconds_t)(time % 1000) * 1000};
}

static bool add_headers(struct crux_http_call *call, const struct crux_http_ask *ask,
                        const struct target *target) {
    struct evkeyvalq *headers = evhttp_request_get_output_headers(call->request);
    char bearer[CRUX_HTTP_URL_BYTES_MAX];
    bool fine = evhttp_add_header(headers, "Host", target->named) == 0 &&
                evhttp_add_header(headers, "Connection", "close") == 0;
    if (ask->bearer != NULL) {
        int len = snprintf(bearer, sizeof bearer, "Bearer %s", ask->bearer);
        fine = fine && len > 0 && (size_t)len < sizeof bearer &&
               evhttp_add_header(headers, "Authorization", bearer) == 0;
    }
    if (ask->body != NULL) {
        const char *type = ask->body_type != NULL ? ask->body_type : "application/json";
        fine = fine && evhttp_add_header(headers, "Content-Type", type) == 0 &&
               evbuffer_add(evhttp_request_get_output_buffer(call->request), ask->body,
                            ask->body_bytes) == 0;
    }
    return fine;
}

static bool open_connection(struct crux_http_call *call, struct event_base *base,
                            const struct crux_http_ask *ask, const struct target *target) {
    const struct crux_http_limits *limits = &ask->limits;
    /* No byte for as long as the whole may take is the same as taking too long. */
    struct timeval idle = after(limits->whole_milliseconds, WHOLE_MILLISECONDS);
    call->body_max = limits->body_bytes_max != 0 ? limits->body_bytes_max : BODY_BYTES;
    call->connection = evhttp_connection_base_new(base, NULL, target->host, target->port);
    if (call->connection == NULL) return false;
    idle.tv_sec++;
    evhttp_connection_set_timeout_tv(call->connection, &idle);
    evhttp_connection_set_retries(call->connection, 0);
    evhttp_connection_set_max_headers_size(
        call->connection,
        (ev_ssize_t)(limits->header_bytes_max != 0 ? limits->header_bytes_max : HEADER_BYTES));
    evhttp_connection_set_max_body_size(call->connection, (ev_ssize_t)call->body_max);
    call->connected = event_new(base, -1, 0, on_connected, call);
    call->whole = event_new(base, -1, 0, on_whole, call);
    call->ended = event_new(base, -1, 0, on_ended, call);
    call->request = evhttp_request_new(on_reply, call);
    if (call->request != NULL) evhttp_request_set_error_cb(call->request, on_error);
    return call->connected != NULL && call->whole != NULL && call->ended != NULL &&
           call->request != NULL && add_headers(call, ask, target);
}

static enum crux_status make(struct crux_http_call *call, struct event_base *base,
                             const struct crux_http_ask *ask, const struct target *target) {
    struct timeval connect = after(ask->limits.connect_milliseconds, CONNECT_MILLISECONDS),
                   whole = after(ask->limits.whole_milliseconds, WHOLE_MILLISECONDS);
    if (!open_connection(call, base, ask, target) || event_add(call->connected, &connect) != 0 ||
        event_add(call->whole, &whole) != 0) {
        if (call->request != NULL) evhttp_request_free(call->request);
        call->request = NULL;
        return CRUX_E_OUT_OF_MEMORY;
    }
    /* Failure frees the request, and may say so by on_reply first. */
    if (evhttp_make_request(call->connection, call->request,
                            ask->body != NULL ? EVHTTP_REQ_POST : EVHTTP_REQ_GET,
                            target->path) == 0)
        return CRUX_OK;
    call->request = NULL;
    return CRUX_E_IO;
}

enum crux_status crux_http_start(struct crux_http_call **out, struct event_base *base,
                                 const struct crux_http_ask *ask,
                                 void (*done)(void *ctx, enum crux_status status,
                                              struct crux_http_reply *reply),
                                 void *ctx, char message[CRUX_HTTP_MESSAGE_BYTES]) {
    struct target target;
    *out = NULL;
    enum crux_status status = take_url(&target, ask->url, message);
    if (status != CRUX_OK) return status;
    struct crux_http_call *call = calloc(1, sizeof *call);
    if (call == NULL) return CRUX_E_OUT_OF_MEMORY;
    call->done = done;
    call->ctx = ctx;
    status = make(call, base, ask, &target);
    if (status == CRUX_OK) {
        *out = call;
        return CRUX_OK;
    }
    if (message != NULL)
        (void)snprintf(message, CRUX_HTTP_MESSAGE_BYTES, "no connection to %.200s", target.named);
    crux_http_cancel(call);
    return status;
}

struct fetched {
    struct crux_http_reply *reply;
    enum crux_status status;
};

static void on_fetched(void *ctx, enum crux_status status, struct crux_http_reply *reply) {
    struct fetched *fetched = ctx;
    fetched->status = status;
    *fetched->reply = *reply;
}

enum crux_status crux_http_fetch(struct crux_http_reply *reply, const struct crux_http_ask *ask) {
    struct fetched fetched = {reply, CRUX_E_IO};
    struct crux_http_call *call;
    memset(reply, 0, sizeof *reply);
    struct event_base *base = event_base_new();
    if (base == NULL) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status =
        crux_http_start(&call, base, ask, on_fetched, &fetched, reply->message);
    if (status == CRUX_OK) {
        (void)event_base_dispatch(base); /* ends when no timer is left: then `done` was called */
        status = fetched.status;
    }
    event_base_free(base);
    return status;
}
