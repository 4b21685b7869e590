/* The head of an HTTP/1 request: what stands before the empty line. Strict: what two readers could understand in two
 * ways is refused. Pure; the bytes come from anybody. */
#ifndef CRUX_CHAIN_ADAPTER_IO_HTTP_HEAD_H
#define CRUX_CHAIN_ADAPTER_IO_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum {
    CRUX_HTTP_FIELDS_MAX = 64,
    CRUX_HTTP_SEGMENTS_MAX = 16,
    CRUX_HTTP_QUERIES_MAX = 32,
    CRUX_HTTP_METHOD_BYTES_MAX = 16
};

/* Why a request gets no answer of its route. X(NAME, status, name, text) */
#define CRUX_HTTP_PROBLEMS(X)                                                                      \
    X(BAD_REQUEST, 400, "bad_request", "The request is not well-formed HTTP/1.1.")                 \
    X(BAD_PATH, 400, "bad_path",                                                                   \
      "The path has a dot segment, a control character, or is not UTF-8.")                         \
    X(NOT_FOUND, 404, "not_found", "There is nothing under this path.")                            \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "The path does not take this method.")        \
    X(TIMEOUT, 408, "request_timeout", "The request did not arrive in time.")                      \
    X(BODY_TOO_LARGE, 413, "body_too_large", "The body is longer than the limit.")                 \
    X(HEADER_TOO_LARGE, 431, "header_too_large", "The header is longer than the limit.")           \
    X(BAD_ENCODING, 501, "transfer_encoding_unsupported",                                          \
      "The only transfer encoding is chunked.")                                                    \
    X(BUSY, 503, "server_busy", "The server holds as many bytes as it may; try again.")            \
    X(TOO_MANY_CONNECTIONS, 503, "too_many_connections",                                           \
      "There are as many connections as may be.")                                                  \
    X(TOO_MANY_FROM_ADDRESS, 503, "too_many_connections_from_address",                             \
      "This address has as many connections as one may have.")                                     \
    X(BAD_VERSION, 505, "http_version_unsupported", "The versions are HTTP/1.0 and HTTP/1.1.")

enum crux_http_problem {
    CRUX_HTTP_FINE = 0,
#define CRUX_HTTP_PROBLEM(upper, status, name, text) CRUX_HTTP_##upper,
    CRUX_HTTP_PROBLEMS(CRUX_HTTP_PROBLEM)
#undef CRUX_HTTP_PROBLEM
        CRUX_HTTP_PROBLEM_COUNT
};

struct crux_http_problem_row {
    int status;
    const char *name, *text;
};
/* In: problem, not CRUX_HTTP_FINE. */
const struct crux_http_problem_row *crux_http_problem_row(enum crux_http_problem problem);

struct crux_http_pair {
    const char *name, *value;
};

struct crux_http_head {
    const char *method;
    const char *segment[CRUX_HTTP_SEGMENTS_MAX]; /* "/v1/models" has two; decoded once, UTF-8 */
    unsigned segments;
    struct crux_http_pair query[CRUX_HTTP_QUERIES_MAX]; /* decoded once, UTF-8 */
    unsigned queries;
    struct crux_http_pair field[CRUX_HTTP_FIELDS_MAX];
    unsigned fields;
    uint64_t content_length; /* 0 where there is no body, or a chunked one */
    bool chunked, keep_alive, expects_continue, http_1_0;
};

/* Out: head, with pointers into bytes, which are changed.
 * In: bytes, len of them and one more that may be written: up to and with the empty line. */
enum crux_http_problem crux_http_head_read(struct crux_http_head *head, char *bytes, size_t len);

/* Returns: the value of the first field of that name, in any case of letters, or NULL. */
const char *crux_http_head_field(const struct crux_http_head *head, const char *name);

/* Returns: whether the path is the pattern's: "/v1/models/{}", where {} stands for any segment that is not empty.
 * Out: parameter, the segments that {} stand for. */
bool crux_http_head_matches(const struct crux_http_head *head, const char *pattern,
                            const char *parameter[CRUX_HTTP_SEGMENTS_MAX]);

#endif
