#include "chain-adapter/io/http_chunked.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

/* Hexadecimal, at most 12 digits; what follows a semicolon means nothing here. */
static bool read_size(uint64_t *size, const char *line, size_t len) {
    size_t digits = 0;
    *size = 0;
    for (; digits < len; digits++) {
        char c = line[digits];
        unsigned value;
        if (c >= '0' && c <= '9')
            value = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = (unsigned)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            value = (unsigned)(c - 'A' + 10);
        else
            break;
        *size = *size * 16 + value;
    }
    return digits > 0 && digits <= 12 && (digits == len || line[digits] == ';');
}

/* Takes a line without its end.  Returns: false if it is not there yet, or never will be (*problem). */
static bool take_line(char line[CRUX_HTTP_CHUNK_LINE_MAX], size_t *len,
                      enum crux_http_problem *problem, struct evbuffer *in) {
    struct evbuffer_ptr end = evbuffer_search_eol(in, NULL, NULL, EVBUFFER_EOL_CRLF_STRICT);
    if (end.pos < 0 ? evbuffer_get_length(in) > CRUX_HTTP_CHUNK_LINE_MAX
                    : end.pos > CRUX_HTTP_CHUNK_LINE_MAX)
        *problem = CRUX_HTTP_BAD_REQUEST;
    if (*problem != CRUX_HTTP_FINE || end.pos < 0) return false;
    *len = (size_t)end.pos;
    if (evbuffer_remove(in, line, *len) != (int)*len || evbuffer_drain(in, 2) != 0)
        *problem = CRUX_HTTP_BUSY;
    /* a CR or LF by itself is the end of a line to some readers: they would see another body */
    for (size_t i = 0; *problem == CRUX_HTTP_FINE && i < *len; i++) {
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            *problem = CRUX_HTTP_BAD_REQUEST;
    }
    return *problem == CRUX_HTTP_FINE;
}

static bool take_size(struct crux_http_chunked *chunked, enum crux_http_problem *problem,
                      const char *line, size_t len, uint64_t room) {
    if (!read_size(&chunked->left, line, len))
        *problem = CRUX_HTTP_BAD_REQUEST;
    else if (chunked->left > room)
        *problem = CRUX_HTTP_BODY_TOO_LARGE;
    chunked->part = chunked->left == 0 ? CRUX_CHUNK_TRAILERS : CRUX_CHUNK_BYTES;
    return *problem == CRUX_HTTP_FINE;
}

bool crux_http_body_take(struct evbuffer *out, struct evbuffer *in, size_t len) {
    char some[4096];
    while (len > 0) {
        size_t most = len < sizeof some ? len : sizeof some;
        if (evbuffer_remove(in, some, most) != (int)most || evbuffer_add(out, some, most) != 0)
            return false;
        len -= most;
    }
    return true;
}

static bool take_bytes(struct crux_http_chunked *chunked, enum crux_http_problem *problem,
                       struct evbuffer *out, struct evbuffer *in) {
    size_t here = evbuffer_get_length(in);
    if (here > chunked->left) here = (size_t)chunked->left;
    if (!crux_http_body_take(out, in, here)) *problem = CRUX_HTTP_BUSY;
    chunked->left -= here;
    if (chunked->left == 0) chunked->part = CRUX_CHUNK_BEHIND;
    return *problem == CRUX_HTTP_FINE && chunked->left == 0;
}

enum crux_http_problem crux_http_chunked_feed(struct crux_http_chunked *chunked, bool *done,
                                              struct evbuffer *out, struct evbuffer *in,
                                              uint64_t most) {
    enum crux_http_problem problem = CRUX_HTTP_FINE;
    char line[CRUX_HTTP_CHUNK_LINE_MAX];
    size_t len = 0;
    *done = false;
    /* each turn takes bytes from `in` or is the last */
    while (problem == CRUX_HTTP_FINE) {
        if (chunked->part == CRUX_CHUNK_BYTES) {
            if (!take_bytes(chunked, &problem, out, in)) break;
            continue;
        }
        if (!take_line(line, &len, &problem, in)) break;
        if (chunked->part == CRUX_CHUNK_SIZE) {
            if (!take_size(chunked, &problem, line, len, most - evbuffer_get_length(out))) break;
        } else if (chunked->part == CRUX_CHUNK_BEHIND) {
            if (len != 0) problem = CRUX_HTTP_BAD_REQUEST;
            chunked->part = CRUX_CHUNK_SIZE;
        } else if (len == 0) {
            *done = true;
            break;
        } else if (++chunked->trailers > CRUX_HTTP_CHUNK_TRAILERS_MAX) {
            problem = CRUX_HTTP_HEADER_TOO_LARGE;
        }
    }
    return problem;
}
