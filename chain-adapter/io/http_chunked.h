/* A body in chunks (RFC 9112, 7.1), as its bytes arrive. Pure of sockets; the bytes come from anybody. */
#ifndef CRUX_CHAIN_ADAPTER_IO_HTTP_CHUNKED_H
#define CRUX_CHAIN_ADAPTER_IO_HTTP_CHUNKED_H

#include "chain-adapter/io/http_head.h"

struct evbuffer;

enum {
    CRUX_HTTP_CHUNK_LINE_MAX = 256,    /* bytes of a size with its extensions, or of a trailer */
    CRUX_HTTP_CHUNK_TRAILERS_MAX = 16, /* which nobody reads */
};

/* Moves len bytes, by copying: they may lie one by one, each in a block of memory of its own.
 * Returns: false if there is no memory. */
CRUX_MUST_CHECK
bool crux_http_body_take(struct evbuffer *out, struct evbuffer *in, size_t len);

/* Zero-initialised at the beginning of a body. */
struct crux_http_chunked {
    uint64_t left; /* of the chunk's bytes */
    unsigned trailers;
    enum { CRUX_CHUNK_SIZE, CRUX_CHUNK_BYTES, CRUX_CHUNK_BEHIND, CRUX_CHUNK_TRAILERS } part;
};

/* Moves what is there of the body from `in` to `out`, which holds at most `most` bytes in the end.
 * Out: done, the body is whole; what follows it stays in `in`.
 * Returns: CRUX_HTTP_FINE, BAD_REQUEST, BODY_TOO_LARGE. */
enum crux_http_problem crux_http_chunked_feed(struct crux_http_chunked *chunked, bool *done,
                                              struct evbuffer *out, struct evbuffer *in,
                                              uint64_t most);

#endif
