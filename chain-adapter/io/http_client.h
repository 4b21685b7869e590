/* One HTTP/1.1 request and its reply, from a server that may be hostile: every length and every second has a limit.
 *
 *   crux_http_start  -- on the caller's event loop --> done(ctx, reply), once
 *   crux_http_fetch  -- the same on a loop of its own: for command lines and worker threads
 *
 * Plain http:// only; nothing is redirected, kept alive, or sent twice. Host names are looked up before anything is
 * sent, and that look-up blocks: an event loop that must not wait is given addresses. */
#ifndef CRUX_CHAIN_ADAPTER_IO_HTTP_CLIENT_H
#define CRUX_CHAIN_ADAPTER_IO_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_HTTP_MESSAGE_BYTES = 256, CRUX_HTTP_TYPE_BYTES = 64, CRUX_HTTP_URL_BYTES_MAX = 2048 };

/* 0: the default. */
struct crux_http_limits {
    uint32_t connect_milliseconds; /* 5,000: until the connection stands */
    uint32_t whole_milliseconds;   /* 30,000: from the start to the last byte of the reply */
    size_t header_bytes_max;       /* 16,384: of the reply */
    size_t body_bytes_max;         /* 16 MiB: of the reply */
};

struct crux_http_ask {
    const char *url;       /* "http://host:port/path?query" */
    const char *bearer;    /* what follows "Authorization: Bearer "; NULL: none */
    const uint8_t *body;   /* posted; NULL: the request is a GET */
    size_t body_bytes;     /* 0 with a body of "": an empty POST */
    const char *body_type; /* its Content-Type; NULL: application/json */
    struct crux_http_limits limits;
};

/* Zeroed: nothing yet. */
struct crux_http_reply {
    int code;      /* 200 ..; 0: there was no reply */
    uint8_t *body; /* malloced, with a zero behind its end; NULL if code is 0 */
    size_t body_bytes;
    char type[CRUX_HTTP_TYPE_BYTES];       /* its Content-Type; "" if none, or too long */
    uint32_t retry_after_seconds;          /* 0: not said */
    char message[CRUX_HTTP_MESSAGE_BYTES]; /* why there was no reply */
};

void crux_http_reply_free(struct crux_http_reply *reply);

/* Out: reply, to be freed whatever is returned.
 * Returns: CRUX_OK for every reply that came whole, whatever its code; CRUX_E_USAGE for a URL that is none; CRUX_E_IO for
 *          a connection or a reply that failed, broke a limit or took too long; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_http_fetch(struct crux_http_reply *reply, const struct crux_http_ask *ask);

struct event_base;
struct crux_http_call;

/* Out: call, which ends by `done` or by crux_http_cancel, never by both. `done` runs on the loop of `base`, not before
 * this returns; reply is its own to free, and call is gone by then.
 * In: ask, copied; message, may be NULL.
 * Returns: CRUX_E_USAGE, CRUX_E_IO, CRUX_E_OUT_OF_MEMORY; then `done` is not called. */
CRUX_MUST_CHECK
enum crux_status crux_http_start(struct crux_http_call **call, struct event_base *base,
                                 const struct crux_http_ask *ask,
                                 void (*done)(void *ctx, enum crux_status status,
                                              struct crux_http_reply *reply),
                                 void *ctx, char message[CRUX_HTTP_MESSAGE_BYTES]);
void crux_http_cancel(struct crux_http_call *call);

/* Is this a URL that crux_http_fetch would take?  Returns: CRUX_E_USAGE, with why in message. */
CRUX_MUST_CHECK
enum crux_status crux_http_url_check(const char *url, char message[CRUX_HTTP_MESSAGE_BYTES]);

#endif
