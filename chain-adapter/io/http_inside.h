/* What the files of the HTTP server share.
 *
 *   http_server.c      listening, limits on connections, drain, close
 *   http_counted.c     what each address has
 *   http_forwarded.c   a trusted proxy's requests, counted for its clients
 *   http_connection.c  bytes to requests, timeouts, the end of a connection
 *   http_exchange.c    what handlers ask and answer */
#ifndef CRUX_CHAIN_ADAPTER_IO_HTTP_INSIDE_H
#define CRUX_CHAIN_ADAPTER_IO_HTTP_INSIDE_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "chain-adapter/io/http_chunked.h"
#include "chain-adapter/io/http_server.h"

enum {
    HTTP_ADDRESS_BUCKETS = 1024,
    HTTP_LINGER_SECONDS = 2,
    HTTP_LINGER_BYTES =
        1 << 20, /* that a refused client may still send before its answer reaches it */
    HTTP_SMALL_BYTES = 1 << 12, /* of an answer that is given however much is held */
    HTTP_READ_BYTES = 1 << 14,  /* that wait in a connection's input, beside a head */
    HTTP_ADDED_BYTES = 2048, /* of the fields that a handler adds: 16 ids of receipts, and others */
    HTTP_TAG_BYTES = 64
};

/* What an address has, or all of a /48. */
struct http_address {
    struct http_address *next, *site; /* site: the /48 that it lies in, counted too; NULL: none */
    uint8_t key[CRUX_HTTP_ADDRESS_BYTES];
    unsigned count;      /* connections */
    uint64_t held_bytes; /* in their buffers */
};

enum http_state {
    HTTP_IDLE,    /* not a byte of the next request */
    HTTP_IN_HEAD, /* some of it */
    HTTP_IN_BODY, /* */
    HTTP_ANSWER,  /* the handler's turn */
    HTTP_FLUSH,   /* the reply is whole; the connection closes behind it */
    HTTP_LINGER, /* all is sent: the client is heard out, or a reset would destroy what it has not read */
    HTTP_CLOSED /* waits to be freed */
};

struct crux_http_exchange {
    struct http_connection *connection;
    struct crux_http_head head;
    char *head_bytes;
    const struct crux_http_route *route;
    const char *parameter[CRUX_HTTP_SEGMENTS_MAX];
    void (*gone)(void *ctx);
    void *gone_ctx;
    struct timespec start;
    int status;     /* 0: no reply yet */
    bool in_pieces; /* begun, not whole */
    bool keep_alive, no_body;
    uint64_t sent_bytes;
    size_t added_len;
    char added[HTTP_ADDED_BYTES];
    char tag[HTTP_TAG_BYTES];
};

struct http_connection {
    struct crux_http_server *server;
    struct http_connection *next, **link; /* of the server's list, or its list of closed ones */
    struct http_address *address;
    struct bufferevent *bev;
    struct event *timer; /* of the state; made active by hand to look at the input again */
    enum http_state state;
    bool in_loop;    /* http_connection_read is at work: it goes on by itself */
    bool flushing;   /* when it last became idle, its answer was not all taken */
    size_t searched; /* bytes of the input in which no head ends */
    uint64_t lingered;
    struct evbuffer *body;
    struct crux_http_chunked chunked;
    struct crux_http_exchange exchange;
    /* It is a trusted proxy: its address is its client's until the reply is taken, else idle_proxies. */
    bool is_proxy;
    uint8_t from[CRUX_HTTP_ADDRESS_BYTES];
    char peer[CRUX_HTTP_PEER_BYTES],
        client[CRUX_HTTP_ADDRESS_TEXT_BYTES]; /* client: of a proxy's request, "" */
};

struct crux_http_server {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *resume; /* listens again after descriptors ran out */
    struct event *reap;   /* frees closed connections, outside of their own callbacks */
    struct crux_http_server_options options;
    char *cors_origin;
    unsigned port;
    struct http_connection *first, *closed;
    struct http_address *addresses[HTTP_ADDRESS_BUCKETS];
    struct http_address idle_proxies; /* of all of them; without limits */
    struct crux_http_proxies proxies;
    uint8_t key[32]; /* secret: by which addresses are put into buckets */
    struct crux_http_server_figures figures;
    bool draining;
    void (*drained)(void *ctx);
    void *drained_ctx;
};

/* In: address, counted already, which outlives it; from, the other end's.
 * Returns: NULL without memory; fd is then still the caller's. */
struct http_connection *http_connection_open(struct crux_http_server *server, evutil_socket_t fd,
                                             struct http_address *address,
                                             const uint8_t from[CRUX_HTTP_ADDRESS_BYTES],
                                             const char *peer);
void http_connection_close(struct http_connection *connection);
/* Closes it if no request is on it, behind what is still to be sent. */
void http_connection_drain(struct http_connection *connection);
/* Looks at the input: as many requests as are there, one after the other. */
void http_connection_read(struct http_connection *connection);
/* The reply is whole: on to the next request, or to the end. */
void http_connection_answered(struct http_connection *connection);
/* Returns: is there room for so many bytes more, in all and of its address? */
bool http_connection_has_room(const struct http_connection *connection, uint64_t more);
/* Answers with a problem and closes behind that. */
void http_connection_refuse(struct http_connection *connection, enum crux_http_problem problem);

/* The request is read: from a trusted proxy, it is its client's, and so is the connection.
 * Returns: what stands in the way of that. */
enum crux_http_problem http_forwarded_enter(struct http_connection *connection);
/* The reply is taken: the connection is the proxy's again. */
void http_forwarded_leave(struct http_connection *connection);

/* Forgets the request, whatever became of it. */
void http_exchange_clear(struct crux_http_exchange *exchange);
/* Tells options.seen. */
void http_exchange_seen(struct crux_http_exchange *exchange);

/* Counts one connection more.  Returns: its address, to be left; NULL without memory. */
struct http_address *http_counted_enter(struct crux_http_server *server,
                                        const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]);
/* Likewise, of a proxy that asks for nothing. */
struct http_address *http_counted_enter_proxy(struct crux_http_server *server);
/* In: address, may be NULL, which holds nothing of that connection any more. */
void http_counted_leave(struct crux_http_server *server, struct http_address *address);
/* Counts bytes in buffers. */
void http_counted_hold(struct http_address *address, uint64_t added, uint64_t deleted);
/* Returns: may it have as many connections as it has? */
bool http_counted_may_connect(const struct crux_http_server *server,
                              const struct http_address *address);
/* Returns: is there room for so many bytes more, in all and of this address? */
bool http_counted_has_room(const struct crux_http_server *server,
                           const struct http_address *address, uint64_t more);

void http_server_if_drained(struct crux_http_server *server);

#endif
