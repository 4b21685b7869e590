/* An HTTP/1.1 server on one event loop, with a limit on everything that a client can make it hold or wait for.
 *
 *   listener -> connection -> head -> body -> handler(exchange) -> reply, or begin, send, send, ..., end
 *                  ^                                                   |
 *                  `------------------ keep-alive, one request at a time
 *
 * No files are served; paths are decoded once and only compared. No TLS: a reverse proxy's business.
 * Everything runs on the thread of the event loop, which is the only one that may call this. */
#ifndef CRUX_CHAIN_ADAPTER_IO_HTTP_SERVER_H
#define CRUX_CHAIN_ADAPTER_IO_HTTP_SERVER_H

#include "chain-adapter/io/http_proxies.h"

struct event_base;
struct crux_http_server;
struct crux_http_exchange; /* one request and its reply */

enum { CRUX_HTTP_SERVER_MESSAGE_BYTES = 512, CRUX_HTTP_ROUTES_MAX = 64, CRUX_HTTP_PEER_BYTES = 64 };

/* 0 stands for the default. An IPv6 /64 counts as one address; a /48 may have CRUX_HTTP_SITE_TIMES as much as one of its
 * addresses, but no more than half of all, unless one address may. */
struct crux_http_server_limits {
    uint32_t header_bytes; /* of a request's head; 16 KiB */
    uint64_t body_bytes;   /* 4 MiB */
    uint64_t
        held_bytes; /* in buffers of all connections; 256 MiB; an answer beyond it is refused */
    uint64_t held_bytes_per_address;  /* in buffers of those of one address; likewise; 64 MiB */
    uint64_t backlog_bytes;           /* that a reader of a stream may lag behind; 256 KiB */
    uint32_t connections;             /* 4096; as many as the limit on descriptors permits */
    uint32_t connections_per_address; /* 1024 */
    uint32_t header_seconds;          /* for a whole head; 10 */
    uint32_t body_seconds;            /* for a whole body; 60 */
    uint32_t idle_seconds;            /* between requests, from when the last answer is taken; 75 */
    uint32_t write_seconds;           /* in which a reader must take something; 30 */
    uint32_t flush_seconds; /* in which it must take the rest, once the reply is whole; 120, */
    uint32_t flush_rate;    /* and one more for every so many bytes of that; 32 KiB */
};

/* Answers now or later, on the same thread. One that answers later must ask to be told if the client goes
 * (crux_http_when_gone). */
typedef void (*crux_http_handler)(void *ctx, struct crux_http_exchange *exchange);

struct crux_http_route {
    const char *method;  /* "GET" also serves HEAD */
    const char *pattern; /* "/v1/models/{}" */
    crux_http_handler handle;
};

/* What was answered; for logs and metrics. */
struct crux_http_seen {
    const char *method, *pattern; /* "" where there was no request or no route */
    const char *peer; /* "192.0.2.7:4711"; "192.0.2.7 by 127.0.0.1:4711" through a trusted proxy */
    int status;       /* 0: the client went away before there was any */
    uint64_t body_bytes, sent_bytes;
    double seconds;
    const char *tag; /* of crux_http_tag, or "" */
};

struct crux_http_server_options {
    const char *address; /* "127.0.0.1:8080", "[::1]:0", "*:8080" (every address) */
    struct crux_http_server_limits limits;
    const struct crux_http_route *routes; /* outlive the server */
    unsigned route_count;
    void *ctx; /* of handlers and of what follows */
    /* The body of an answer that no handler gives, as JSON, malloced; NULL: {"error": name, "message": text}. */
    char *(*problem)(void *ctx, const struct crux_http_problem_row *row);
    void (*seen)(void *ctx, const struct crux_http_seen *seen); /* may be NULL */
    /* Who may say for whom they ask; NULL: nobody. What they ask is counted for their clients, and only connections that
     * wait for a request are not counted for any address. */
    const struct crux_http_proxies *proxies;
    const char *cors_origin; /* NULL: browsers of other origins may not; else one origin, or "*" */
};

struct crux_http_server_figures {
    uint64_t connections, held_bytes;                   /* now */
    uint64_t accepted, refused, dropped_slow, timeouts; /* ever */
};

/* Out: server, to be closed; message, on failure, why.
 * In: options are copied, strings too; base outlives it.
 * Returns: CRUX_E_USAGE (address, routes), CRUX_E_IO (cannot listen), CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_http_server_open(struct crux_http_server **server, struct event_base *base,
                                       const struct crux_http_server_options *options,
                                       char message[CRUX_HTTP_SERVER_MESSAGE_BYTES]);
/* Drops every connection; handlers that wait are told. May be called in no handler. */
void crux_http_server_close(struct crux_http_server *server);

/* Returns: the port it listens on. */
unsigned crux_http_server_port(const struct crux_http_server *server);
void crux_http_server_figures(const struct crux_http_server *server,
                              struct crux_http_server_figures *figures);

/* Listens no more, drops idle connections, and closes each other one behind its reply; `drained` is called once there
 * is none left, which may be during this call. */
void crux_http_server_drain(struct crux_http_server *server, void (*drained)(void *ctx), void *ctx);

/* ---- the request ---- valid until the reply is whole or the client is gone */

const struct crux_http_head *crux_http_head(const struct crux_http_exchange *exchange);
/* Returns: what the number-th {} of the route stands for. */
const char *crux_http_parameter(const struct crux_http_exchange *exchange, unsigned number);
/* Returns: NULL if it is not given. */
const char *crux_http_query(const struct crux_http_exchange *exchange, const char *name);
const char *crux_http_field(const struct crux_http_exchange *exchange, const char *name);
/* Out: len.  Returns: the body. */
const char *crux_http_body(const struct crux_http_exchange *exchange, size_t *len);
const char *crux_http_peer(const struct crux_http_exchange *exchange);
/* Out: address, whom this is counted for: an IPv4 address behind zeros, or the /64 of an IPv6 address. */
void crux_http_address(const struct crux_http_exchange *exchange,
                       uint8_t address[CRUX_HTTP_ADDRESS_BYTES]);
/* Out: site, the key of the IPv6 /48 that this lies in.  Returns: false if it lies in none. */
bool crux_http_site(const struct crux_http_exchange *exchange,
                    uint8_t site[CRUX_HTTP_ADDRESS_BYTES]);

/* Calls `gone` if the client hangs up, reads too slowly, or the server closes, before the reply is whole; the exchange
 * must not be touched from then on. */
void crux_http_when_gone(struct crux_http_exchange *exchange, void (*gone)(void *ctx), void *ctx);

/* Names the exchange in crux_http_seen. In: tag, at most 63 bytes of it are kept. */
void crux_http_tag(struct crux_http_exchange *exchange, const char *tag);

/* ---- the reply ---- */

/* Adds a field to it; before it begins.  In: name and value without control characters. */
void crux_http_add(struct crux_http_exchange *exchange, const char *name, const char *value);

/* The whole reply. */
void crux_http_answer(struct crux_http_exchange *exchange, int status, const char *type,
                      const void *bytes, size_t len);
/* The whole reply, in the form of options.problem. */
void crux_http_answer_problem(struct crux_http_exchange *exchange, enum crux_http_problem problem);

/* A reply in pieces (chunked; of HTTP/1.0, until the connection closes). */
void crux_http_begin(struct crux_http_exchange *exchange, int status, const char *type);
/* Returns: false if the reader lags behind by more than limits.backlog_bytes, or all of them together hold too much:
 * the connection is dropped and the exchange is gone (`gone` is not called). */
CRUX_MUST_CHECK
bool crux_http_send(struct crux_http_exchange *exchange, const void *bytes, size_t len);
void crux_http_end(struct crux_http_exchange *exchange);
/* Breaks a begun reply off, so that the client sees that it is not whole. */
void crux_http_abort(struct crux_http_exchange *exchange);

#endif
