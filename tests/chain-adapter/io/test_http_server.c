/* The server and its clients in one process and thread: each turn lets the loop run, then looks at the sockets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "chain-adapter/io/http_chunked.h"
#include "chain-adapter/io/http_server.h"

enum { WAIT_SECONDS = 60, REPLY_BYTES = 1 << 20 };

struct world {
    struct event_base *base;
    struct crux_http_server *server;
    struct crux_http_exchange *held; /* by GET /hold and GET /stream */
    unsigned gone, seen, handled, holds;
    int last_status;
    char last_peer[160];
    bool drained;
    char *reply;
    size_t reply_len;
};

static void hello(void *ctx, struct crux_http_exchange *exchange) {
    struct world *world = ctx;
    char text[256];
    const char *query = crux_http_query(exchange, "q");
    world->handled++;
    (void)snprintf(text, sizeof text, "hello %s %s", crux_http_parameter(exchange, 0),
                   query == NULL ? "-" : query);
    crux_http_answer(exchange, 200, "text/plain", text, strlen(text));
}

static void echo(void *ctx, struct crux_http_exchange *exchange) {
    size_t len;
    const char *body = crux_http_body(exchange, &len);
    (void)ctx;
    crux_http_add(exchange, "Crux-Test", "yes");
    crux_http_answer(exchange, 200, "application/octet-stream", body, len);
}

static void on_gone(void *ctx) {
    struct world *world = ctx;
    world->gone++;
    world->held = NULL;
}

static void hold(void *ctx, struct crux_http_exchange *exchange) {
    struct world *world = ctx;
    world->held = exchange;
    world->holds++;
    crux_http_when_gone(exchange, on_gone, world);
}

static void stream(void *ctx, struct crux_http_exchange *exchange) {
    hold(ctx, exchange);
    crux_http_begin(exchange, 200, "text/event-stream");
    assert_true(crux_http_send(exchange, "data: 1\n\n", 9));
}

/* 1 MiB */
static void big(void *ctx, struct crux_http_exchange *exchange) {
    static char bytes[1 << 20];
    struct world *world = ctx;
    world->handled++;
    crux_http_answer(exchange, 200, "application/octet-stream", bytes, sizeof bytes);
}

static const struct crux_http_route routes[] = {{"GET", "/big", big},
                                                {"GET", "/hello/{}", hello},
                                                {"POST", "/echo", echo},
                                                {"GET", "/hold", hold},
                                                {"GET", "/stream", stream}};

static void seen(void *ctx, const struct crux_http_seen *what) {
    struct world *world = ctx;
    world->seen++;
    world->last_status = what->status;
    (void)snprintf(world->last_peer, sizeof world->last_peer, "%s", what->peer);
}

static const struct crux_http_proxies *trusted; /* of the next start; NULL: nobody */

static void start(struct world *world, const struct crux_http_server_limits *limits) {
    char message[CRUX_HTTP_SERVER_MESSAGE_BYTES];
    struct crux_http_server_options options = {.address = "127.0.0.1:0",
                                               .routes = routes,
                                               .route_count = CRUX_ARRAY_LEN(routes),
                                               .ctx = world,
                                               .seen = seen,
                                               .proxies = trusted};
    *world = (struct world){.base = event_base_new(), .reply = malloc(REPLY_BYTES + 1)};
    if (limits != NULL) options.limits = *limits;
    assert_non_null(world->reply);
    assert_int_equal(crux_http_server_open(&world->server, world->base, &options, message),
                     CRUX_OK);
    assert_int_not_equal(crux_http_server_port(world->server), 0);
}

static void stop(struct world *world) {
    crux_http_server_close(world->server);
    event_base_free(world->base);
    free(world->reply);
}

static void turn(struct world *world) {
    (void)event_base_loop(world->base, EVLOOP_NONBLOCK);
}

/* In: from, an address of the loopback's; NULL: whichever. */
static int dial_from(struct world *world, const char *from) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)crux_http_server_port(world->server))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr_in own = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    if (from != NULL) {
        assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
        assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    }
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    turn(world);
    return fd;
}

static int dial(struct world *world) {
    return dial_from(world, NULL);
}

static void nap(long milliseconds) {
    const struct timespec time = {0, milliseconds * 1000000};
    (void)nanosleep(&time, NULL);
}

static bool in_time(const struct timespec *start_time) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - start_time->tv_sec < WAIT_SECONDS;
}

/* Lets the loop run until a handler holds an exchange. */
static void wait_for_held(struct world *world) {
    struct timespec from;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (world->held == NULL && in_time(&from)) turn(world), nap(1);
    assert_non_null(world->held);
}

static void wait_for_gone(struct world *world, unsigned count) {
    struct timespec from;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (world->gone < count && in_time(&from)) turn(world), nap(1);
    assert_int_equal(world->gone, count);
}

static void wait_for_connections(struct world *world, uint64_t count) {
    struct crux_http_server_figures figures;
    struct timespec from;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        turn(world), nap(1);
        crux_http_server_figures(world->server, &figures);
    } while (figures.connections != count && in_time(&from));
    assert_int_equal(figures.connections, count);
}

static void say_bytes(struct world *world, int fd, const char *bytes, size_t len) {
    struct timespec from;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (len > 0 && in_time(&from)) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return; /* it hung up: the test looks at what it said */
        if (sent > 0) bytes += sent, len -= (size_t)sent;
        turn(world);
    }
}

static void say(struct world *world, int fd, const char *text) {
    say_bytes(world, fd, text, strlen(text));
}

/* Takes from the socket what comes until `piece` is in it, `times` times; NULL: until the server closes. */
static bool hear(struct world *world, int fd, const char *piece, unsigned times) {
    struct timespec from;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    world->reply_len = 0;
    while (in_time(&from)) {
        turn(world);
        ssize_t got = recv(fd, world->reply + world->reply_len, REPLY_BYTES - world->reply_len, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return piece == NULL;
        if (got < 0) {
            nap(1);
            continue;
        }
        world->reply_len += (size_t)got;
        world->reply[world->reply_len] = 0;
        unsigned found = 0;
        for (const char *at = world->reply; piece != NULL && (at = strstr(at, piece)) != NULL; at++)
            found++;
        if (piece != NULL && found >= times) return true;
    }
    return false;
}

static void ask(struct world *world, const char *request, const char *status, const char *piece) {
    int fd = dial(world);
    say(world, fd, request);
    assert_true(hear(world, fd, piece, 1));
    if (strncmp(world->reply + 9, status, 3) != 0) fail_msg("%s -> %s", request, world->reply);
    (void)close(fd);
    turn(world);
}

#define HOST "Host: x\r\n"

static void test_routes(void **state) {
    struct world world;
    (void)state;
    start(&world, NULL);
    ask(&world, "GET /hello/a%20%C3%A9?q=1+%2B HTTP/1.1\r\n" HOST "\r\n", "200",
        "hello a \xc3\xa9 1 +");
    ask(&world, "GET /hello/a%252e HTTP/1.1\r\n" HOST "\r\n", "200", "hello a%2e -");
    ask(&world, "GET /hello/ HTTP/1.1\r\n" HOST "\r\n", "404", "not_found");
    ask(&world, "GET /hello/a/b HTTP/1.1\r\n" HOST "\r\n", "404", "not_found");
    ask(&world, "POST /hello/a HTTP/1.1\r\n" HOST "\r\n", "405", "Allow: GET");
    ask(&world, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", "200",
        "Crux-Test: yes\r\n\r\nabc");
    ask(&world,
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n"
        "0000A\r\n0123456789\r\n0\r\nTrailer: no\r\n\r\n",
        "200", "\r\n\r\nabc0123456789");
    ask(&world, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: 100-continue\r\n\r\nz",
        "100", "\r\n\r\nz");
    ask(&world, "HEAD /hello/a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "200",
        "Content-Length: 9");
    ask(&world, "GET /hello/a HTTP/1.0\r\n\r\n", "200", "Connection: close");
    stop(&world);
}

static void test_refused(void **state) {
    static const struct {
        const char *request, *status, *name;
    } cases[] = {
        {"GET /hello/../x HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/%2e%2E HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/%00 HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/%0a HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/%f HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/%ff HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/%c0%ae HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/%ed%a0%80 HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET /hello/a?q=%c3 HTTP/1.1\r\n" HOST "\r\n", "400", "bad_path"},
        {"GET http://x/hello/a HTTP/1.1\r\n" HOST "\r\n", "400", "bad_request"},
        {"GET hello/a HTTP/1.1\r\n" HOST "\r\n", "400", "bad_request"},
        {"GET /hello/a\r\n\r\n", "400", "bad_request"},
        {"GET  /hello/a HTTP/1.1\r\n" HOST "\r\n", "400", "bad_request"},
        {"GET /hello/a HTTP/2.0\r\n" HOST "\r\n", "505", "http_version_unsupported"},
        {"GET /hello/a HTTP/1.1\r\n\r\n", "400", "bad_request"},
        {"GET /hello/a HTTP/1.1\r\n" HOST HOST "\r\n", "400", "bad_request"},
        {"GET /hello/a HTTP/1.1\r\n" HOST " folded: x\r\n\r\n", "400", "bad_request"},
        {"GET /hello/a HTTP/1.1\r\n" HOST "a : x\r\n\r\n", "400", "bad_request"},
        {"GET /hello/a HTTP/1.1\n" HOST "\r\n\r\n", "400", "bad_request"},
        {"GET /hello/a HTTP/1.1\r\n" HOST "x: a\x01z\r\n\r\n", "400", "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", "400", "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", "400", "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400",
         "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST
         "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         "400", "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", "501",
         "transfer_encoding_unsupported"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n", "413",
         "body_too_large"},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", "413",
         "body_too_large"},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc", "400",
         "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "400",
         "bad_request"},
        /* some readers end the line at the LF: they see another body */
        {"POST /echo HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n3;x\nyy\r\nabc\r\n0\r\n\r\n",
         "400", "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n3;x\ryy\r\nabc\r\n0\r\n\r\n",
         "400", "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\na: b\nc: d\r\n\r\n",
         "400", "bad_request"}};
    struct world world;
    (void)state;
    start(&world, NULL);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++)
        ask(&world, cases[i].request, cases[i].status, cases[i].name);
    assert_int_equal(world.handled, 0);
    ask(&world, "GET /hello/a HTTP/1.1\r\n" HOST "\r\n", "200", "hello");
    stop(&world);
}

static void test_large(void **state) {
    const struct crux_http_server_limits limits = {.header_bytes = 4096, .body_bytes = 100000};
    struct world world;
    char *big = malloc(300000);
    (void)state;
    assert_non_null(big);
    start(&world, &limits);
    memset(big, 'a', 300000);
    /* a head without end, and one that ends beyond the limit */
    int fd = dial(&world);
    say(&world, fd, "GET /hello/a HTTP/1.1\r\nx: ");
    say_bytes(&world, fd, big, 300000);
    assert_true(hear(&world, fd, NULL, 0));
    assert_non_null(strstr(world.reply, "header_too_large"));
    (void)close(fd);
    /* the answer arrives although the client goes on sending */
    fd = dial(&world);
    say(&world, fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n");
    say_bytes(&world, fd, big, 300000);
    assert_true(hear(&world, fd, NULL, 0));
    assert_non_null(strstr(world.reply, "413 "));
    (void)close(fd);
    fd = dial(&world);
    say(&world, fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    say_bytes(&world, fd, big, 99999);
    say(&world, fd, "b");
    assert_true(hear(&world, fd, "aaab", 1));
    (void)close(fd);
    stop(&world);
    free(big);
}

static void test_pipeline(void **state) {
    struct world world;
    char *many = malloc(100 * 64);
    size_t len = 0;
    (void)state;
    assert_non_null(many);
    for (unsigned i = 0; i < 100; i++)
        len += (size_t)sprintf(many + len, "GET /hello/%03u HTTP/1.1\r\n" HOST "\r\n", i);
    start(&world, NULL);
    int fd = dial(&world);
    say(&world, fd, many);
    assert_true(hear(&world, fd, "hello ", 100));
    const char *at = world.reply;
    for (unsigned i = 0; i < 100; i++) {
        char want[16];
        (void)sprintf(want, "hello %03u", i);
        at = strstr(at, "hello ");
        assert_non_null(at);
        assert_memory_equal(at++, want, 9);
    }
    /* an answer given later lets the next request through */
    say(&world, fd, "GET /hold HTTP/1.1\r\n" HOST "\r\nGET /hello/z HTTP/1.1\r\n" HOST "\r\n");
    wait_for_held(&world);
    turn(&world);
    assert_int_equal(world.handled, 100);
    crux_http_answer(world.held, 200, "text/plain", "later", 5);
    assert_true(hear(&world, fd, "hello z", 1));
    (void)close(fd);
    stop(&world);
    free(many);
}

static void test_gone(void **state) {
    struct world world;
    (void)state;
    start(&world, NULL);
    for (unsigned i = 1; i <= 3; i++) {
        int fd = dial(&world);
        say(&world, fd,
            i == 2 ? "GET /hold HTTP/1.1\r\n" HOST "\r\n" : "GET /stream HTTP/1.1\r\n" HOST "\r\n");
        wait_for_held(&world);
        if (i != 2) assert_true(hear(&world, fd, "9\r\ndata: 1\n\n", 1));
        (void)close(fd);
        wait_for_gone(&world, i);
    }
    struct crux_http_server_figures figures;
    crux_http_server_figures(world.server, &figures);
    assert_int_equal(figures.connections, 0);
    assert_int_equal(figures.held_bytes, 0);
    stop(&world);
}

/* Who does not read a stream is dropped at the limit, and nothing is held for them any more. */
static void test_slow_reader(void **state) {
    const struct crux_http_server_limits limits = {.backlog_bytes = 65536};
    struct crux_http_server_figures figures;
    struct world world;
    static char event[4096];
    (void)state;
    start(&world, &limits);
    int fd = dial(&world);
    say(&world, fd, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
    wait_for_held(&world);
    memset(event, 'e', sizeof event);
    bool taken = true;
    unsigned sent = 0;
    for (; taken && sent < 1u << 16; sent++) {
        taken = crux_http_send(world.held, event, sizeof event);
        if (sent % 4 == 0) turn(&world);
        crux_http_server_figures(world.server, &figures);
        assert_true(figures.held_bytes <= 65536 + 4096);
    }
    assert_false(taken);
    assert_int_equal(world.gone, 0);
    turn(&world);
    crux_http_server_figures(world.server, &figures);
    assert_int_equal(figures.held_bytes, 0);
    assert_int_equal(figures.dropped_slow, 1);
    (void)close(fd);
    stop(&world);
}

/* Who asks on and does not read is answered no more than so far ahead. */
static void test_reads_nothing(void **state) {
    enum { COUNT = 32, AHEAD = 65536 };
    const struct crux_http_server_limits limits = {.backlog_bytes = AHEAD};
    struct crux_http_server_figures figures;
    struct timespec from;
    struct world world;
    char many[COUNT * 64] = "";
    size_t all = 0;
    (void)state;
    start(&world, &limits);
    int fd = dial(&world);
    for (unsigned i = 0; i < COUNT; i++) strcat(many, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    say(&world, fd, many);
    for (unsigned k = 0; k < 200; k++) {
        turn(&world), nap(1);
        crux_http_server_figures(world.server, &figures);
        assert_true(figures.held_bytes <= AHEAD + (1 << 20) + 4096);
    }
    assert_true(world.handled < COUNT);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (all < COUNT * (size_t)(1 << 20) && in_time(&from)) {
        turn(&world);
        ssize_t got = recv(fd, world.reply, REPLY_BYTES, 0);
        if (got > 0) all += (size_t)got;
    }
    assert_true(all > COUNT * (size_t)(1 << 20));
    assert_int_equal(world.handled, COUNT);
    (void)close(fd);
    stop(&world);
}

/* Who takes an answer slowly, but takes it, is not idle; who takes nothing is dropped; and who has taken it all is idle. */
static void test_slow_but_reads(void **state) {
    enum { PIECES = 40, PIECE_BYTES = 4096, COUNT = 16 };
    const struct crux_http_server_limits limits = {
        .idle_seconds = 1, .write_seconds = 60, .flush_seconds = 600, .backlog_bytes = 64 << 20};
    struct crux_http_server_figures figures;
    struct timespec from;
    struct world world;
    char many[COUNT * 64] = "";
    size_t all = 0;
    (void)state;
    start(&world, &limits);
    int fd = dial(&world);
    for (unsigned i = 0; i < COUNT; i++) strcat(many, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    say(&world, fd, many);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (world.handled < COUNT && in_time(&from)) turn(&world);
    assert_int_equal(world.handled, COUNT);
    for (unsigned i = 0; i < PIECES; i++) { /* twice the time that it may be idle */
        ssize_t got = recv(fd, world.reply, PIECE_BYTES, 0);
        if (got > 0) all += (size_t)got;
        turn(&world);
        nap(50);
    }
    crux_http_server_figures(world.server, &figures);
    assert_true(figures.held_bytes >
                0); /* or the kernel has taken it, and there is nothing to see */
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (all < COUNT * (size_t)(1 << 20) && in_time(&from)) {
        turn(&world);
        ssize_t got = recv(fd, world.reply, REPLY_BYTES, 0);
        if (got == 0) break;
        if (got > 0) all += (size_t)got;
    }
    assert_true(all > COUNT * (size_t)(1 << 20));
    assert_true(hear(&world, fd, NULL, 0));
    (void)close(fd);
    stop(&world);
}

/* An answer for which there is no room is refused, and the connection goes on. */
static void test_no_room(void **state) {
    const struct crux_http_server_limits limits = {.held_bytes = 512 << 10};
    struct world world;
    (void)state;
    start(&world, &limits);
    int fd = dial(&world);
    say(&world, fd, "GET /big HTTP/1.1\r\n" HOST "\r\nGET /hello/a HTTP/1.1\r\n" HOST "\r\n");
    assert_true(hear(&world, fd, "hello a", 1));
    assert_non_null(strstr(world.reply, "HTTP/1.1 503 "));
    assert_non_null(strstr(world.reply, "server_busy"));
    assert_int_equal(world.handled, 2);
    (void)close(fd);
    stop(&world);
}

/* One address that takes nothing of what it asks for leaves room for the others. */
static void test_room_of_each(void **state) {
    enum { COUNT = 32 };
    const struct crux_http_server_limits limits = {
        .held_bytes = 64 << 20, .held_bytes_per_address = 6 << 20, .backlog_bytes = 64 << 20};
    struct crux_http_server_figures figures;
    struct timespec from;
    struct world world;
    char many[COUNT * 64] = "";
    (void)state;
    start(&world, &limits);
    int greedy = dial(&world), other = dial_from(&world, "127.0.0.2");
    for (unsigned i = 0; i < COUNT; i++) strcat(many, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    say(&world, greedy, many);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (world.last_status != 503 && in_time(&from)) turn(&world);
    assert_int_equal(world.last_status, 503); /* what the kernel has not taken is held */
    for (unsigned k = 0; k < 100; k++) turn(&world);
    crux_http_server_figures(world.server, &figures);
    assert_true(figures.held_bytes <= (6 << 20) + COUNT * 4096);
    say(&world, other, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    while (world.last_status != 200 && in_time(&from)) turn(&world);
    assert_int_equal(world.last_status, 200);
    (void)close(greedy);
    (void)close(other);
    wait_for_connections(&world, 0);
    crux_http_server_figures(world.server, &figures);
    assert_int_equal(figures.held_bytes, 0);
    stop(&world);
}

/* The same of a trusted proxy's clients: an answer that is not taken is its client's, on however many connections. None of
 * them alone reaches the limit, and the kernel takes at most 4 MiB of each. */
static void test_room_of_clients(void **state) {
    enum { CONNECTIONS = 12, EACH = 5 };
    const struct crux_http_server_limits limits = {.held_bytes = 64 << 20,
                                                   .held_bytes_per_address = 6 << 20,
                                                   .backlog_bytes = 64 << 20,
                                                   .header_seconds = 600,
                                                   .idle_seconds = 600,
                                                   .write_seconds = 600,
                                                   .flush_seconds = 600};
    char message[CRUX_HTTP_PROXIES_MESSAGE_BYTES], many[EACH * 96] = "";
    struct crux_http_proxies proxies;
    struct timespec from;
    struct world world;
    int greedy[CONNECTIONS];
    (void)state;
    assert_int_equal(crux_http_proxies_read(&proxies, "127.0.0.1", message), CRUX_OK);
    trusted = &proxies;
    start(&world, &limits);
    trusted = NULL;
    for (unsigned i = 0; i < EACH; i++)
        strcat(many, "GET /big HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.7\r\n\r\n");
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        greedy[i] = dial(&world);
        say(&world, greedy[i], many);
        while (world.seen < EACH * (i + 1) && in_time(&from)) turn(&world);
    }
    assert_int_equal(world.seen, EACH * CONNECTIONS);
    assert_int_equal(world.last_status, 503);
    int other = dial(&world);
    say(&world, other, "GET /big HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.8\r\n\r\n");
    while (world.seen == EACH * CONNECTIONS && in_time(&from)) turn(&world);
    assert_int_equal(world.last_status, 200);
    for (unsigned i = 0; i < CONNECTIONS; i++) (void)close(greedy[i]);
    (void)close(other);
    stop(&world);
}

/* A body that comes byte by byte takes no block of memory for each. */
static void test_crumbs(void **state) {
    enum { COUNT = 10000 };
    struct evbuffer *in = evbuffer_new(), *out = evbuffer_new();
    (void)state;
    assert_non_null(in);
    assert_non_null(out);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(evbuffer_add_reference(in, "x", 1, NULL, NULL), 0);
    assert_int_equal(evbuffer_peek(in, -1, NULL, NULL, 0), COUNT);
    assert_true(crux_http_body_take(out, in, COUNT));
    assert_int_equal(evbuffer_get_length(out), COUNT);
    assert_int_equal(evbuffer_get_length(in), 0);
    assert_true(evbuffer_peek(out, -1, NULL, NULL, 0) < 16);
    evbuffer_free(in);
    evbuffer_free(out);
}

/* One byte now and then does not keep a connection open. */
static void test_slowloris(void **state) {
    const struct crux_http_server_limits limits = {.header_seconds = 1, .body_seconds = 1};
    static const char *const begun[] = {"GET /hello/a HTTP/1.1\r\nx: ",
                                        "POST /echo HTTP/1.1\r\n" HOST
                                        "Content-Length: 1000\r\n\r\n"};
    struct world world;
    (void)state;
    start(&world, &limits);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(begun); i++) {
        int fd = dial(&world);
        say(&world, fd, begun[i]);
        world.reply_len = 0;
        ssize_t got = -1;
        for (unsigned k = 0; k < 400 && got <= 0; k++) {
            (void)send(fd, "a", 1, MSG_NOSIGNAL);
            turn(&world);
            nap(20);
            got = recv(fd, world.reply, REPLY_BYTES, 0);
        }
        assert_true(got > 0);
        world.reply[got] = 0;
        assert_non_null(strstr(world.reply, "request_timeout"));
        (void)close(fd);
    }
    /* one that says nothing at all just goes */
    int fd = dial(&world);
    assert_true(hear(&world, fd, NULL, 0));
    assert_int_equal(world.reply_len, 0);
    (void)close(fd);
    stop(&world);
}

static void test_drain(void **state) {
    struct world world;
    (void)state;
    start(&world, NULL);
    int idle = dial(&world), busy = dial(&world), told = dial(&world);
    say(&world, told, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    wait_for_held(&world);
    struct crux_http_exchange *answered = world.held;
    world.held = NULL;
    say(&world, busy, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
    wait_for_held(&world);
    /* one that is answered, and of which nothing is sent yet */
    crux_http_answer(answered, 200, "text/plain", "to its end", 10);
    crux_http_server_drain(world.server, NULL, NULL);
    assert_true(hear(&world, told, NULL, 0));
    assert_non_null(strstr(world.reply, "to its end"));
    (void)close(told);
    assert_true(hear(&world, idle, NULL, 0));
    assert_true(crux_http_send(world.held, "data: 2\n\n", 9));
    crux_http_end(world.held);
    assert_true(hear(&world, busy, NULL, 0));
    assert_non_null(strstr(world.reply, "data: 2\n\n\r\n0\r\n\r\n"));
    (void)close(idle);
    (void)close(busy);
    stop(&world);
}

/* Beyond the limit each is told why, and those within it go on; none of them costs more than a little memory. */
static void test_many_connections(void **state) {
    struct rlimit files;
    struct crux_http_server_figures figures;
    struct world world;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max < 25000 ? files.rlim_max : 25000;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    unsigned count = files.rlim_cur >= 21000 ? 10000 : (unsigned)(files.rlim_cur - 200) / 2 - 100,
             over = 50;
    const struct crux_http_server_limits limits = {
        .connections = count, .connections_per_address = 20000, .header_seconds = 300};
    int *fds = malloc((count + over) * sizeof *fds);
    assert_non_null(fds);
    start(&world, &limits);
    for (unsigned i = 0; i < count; i++) {
        fds[i] = dial(&world);
        if (i % 2 == 0) say(&world, fds[i], "GET /hel"); /* half a request each */
    }
    wait_for_connections(&world, count);
    crux_http_server_figures(world.server, &figures);
    printf("%u connections, %llu bytes held\n", count, (unsigned long long)figures.held_bytes);
    assert_true(figures.held_bytes <= (uint64_t)count * 16);
    for (unsigned i = count; i < count + over; i++) {
        fds[i] = dial(&world);
        assert_true(hear(&world, fds[i], NULL, 0));
        assert_non_null(strstr(world.reply, "too_many_connections"));
    }
    say(&world, fds[0], "lo/a HTTP/1.1\r\n" HOST "\r\n");
    assert_true(hear(&world, fds[0], "hello a", 1));
    for (unsigned i = 0; i < count + over; i++) (void)close(fds[i]);
    stop(&world);
    free(fds);
}

static void test_per_address(void **state) {
    const struct crux_http_server_limits limits = {.connections_per_address = 2};
    struct world world;
    (void)state;
    start(&world, &limits);
    int a = dial(&world), b = dial(&world), c = dial(&world);
    assert_true(hear(&world, c, NULL, 0));
    assert_non_null(strstr(world.reply, "too_many_connections_from_address"));
    (void)close(a);
    (void)close(c);
    wait_for_connections(&world, 1);
    ask(&world, "GET /hello/a HTTP/1.1\r\n" HOST "\r\n", "200", "hello");
    (void)close(b);
    stop(&world);
}

/* One held request more.  In: client, as the proxy says.  Returns: its socket. */
static int hold_for(struct world *world, const char *client) {
    char request[256];
    struct timespec from;
    unsigned before = world->holds;
    int fd = dial(world);
    (void)snprintf(request, sizeof request,
                   "GET /hold HTTP/1.1\r\n" HOST "X-Forwarded-For: %s\r\n\r\n", client);
    say(world, fd, request);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    while (world->holds == before && in_time(&from)) turn(world);
    assert_int_equal(world->holds, before + 1);
    return fd;
}

static void refused_for(struct world *world, const char *client) {
    char request[256];
    int fd = dial(world);
    (void)snprintf(request, sizeof request,
                   "GET /hold HTTP/1.1\r\n" HOST "X-Forwarded-For: %s\r\n\r\n", client);
    say(world, fd, request);
    assert_true(hear(world, fd, NULL, 0));
    assert_non_null(strstr(world->reply, "too_many_connections_from_address"));
    (void)close(fd);
}

/* A trusted proxy's requests are its clients', whatever they write before their own addresses. */
static void test_proxy(void **state) {
    enum { IDLE = 10 };
    const struct crux_http_server_limits limits = {.connections = 64,
                                                   .connections_per_address = 2,
                                                   .header_seconds = 600,
                                                   .idle_seconds = 600};
    char message[CRUX_HTTP_PROXIES_MESSAGE_BYTES];
    struct crux_http_proxies proxies;
    struct world world;
    int idle[IDLE], held[16];
    unsigned count = 0;
    (void)state;
    assert_int_equal(crux_http_proxies_read(&proxies, "127.0.0.1,10.0.0.0/8", message), CRUX_OK);
    trusted = &proxies;
    start(&world, &limits);
    trusted = NULL;
    /* those that wait are nobody's, also behind a request */
    for (unsigned i = 0; i < IDLE; i++) {
        idle[i] = dial(&world);
        say(&world, idle[i], "GET /hello/a HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.7\r\n\r\n");
        assert_true(hear(&world, idle[i], "hello a", 1));
        assert_non_null(strstr(world.last_peer, "192.0.2.7 by 127.0.0.1:"));
    }
    held[count++] = hold_for(&world, "192.0.2.7");
    held[count++] = hold_for(&world, "198.51.100.1, 192.0.2.7, 10.0.0.9");
    refused_for(&world, "192.0.2.7");
    refused_for(&world, "198.51.100.2, 192.0.2.7");
    held[count++] = hold_for(&world, "192.0.2.8");
    /* four times two of a /48, two of a /64 */
    held[count++] = hold_for(&world, "2001:db8:1::1");
    held[count++] = hold_for(&world, "2001:db8:1::2");
    refused_for(&world, "2001:db8:1::3");
    for (unsigned i = 0; i < 6; i++) {
        char client[64];
        (void)snprintf(client, sizeof client, "2001:db8:1:%x::1", i + 1);
        held[count++] = hold_for(&world, client);
    }
    refused_for(&world, "2001:db8:1:7::1");
    held[count++] = hold_for(&world, "2001:db8:2::1");
    /* one that does not say for whom it asks is a client as any other */
    held[count++] = hold_for(&world, "unknown");
    held[count++] = hold_for(&world, "192.0.2.99, unknown");
    refused_for(&world, "unknown");
    /* who is no proxy is not asked for whom */
    int stranger[3];
    for (unsigned i = 0; i < 3; i++) stranger[i] = dial_from(&world, "127.0.0.2");
    assert_true(hear(&world, stranger[2], NULL, 0));
    assert_non_null(strstr(world.reply, "too_many_connections_from_address"));
    say(&world, stranger[0], "GET /hello/a HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.7\r\n\r\n");
    assert_true(hear(&world, stranger[0], "hello a", 1));
    assert_memory_equal(world.last_peer, "127.0.0.2:", 10);
    for (unsigned i = 0; i < 3; i++) (void)close(stranger[i]);
    for (unsigned i = 0; i < count; i++) (void)close(held[i]);
    for (unsigned i = 0; i < IDLE; i++) (void)close(idle[i]);
    stop(&world);
}

static void test_address(void **state) {
    static const char *const bad[] = {"", "127.0.0.1", "127.0.0.1:", "x:1", "::1:80x", "[::1:80"};
    char message[CRUX_HTTP_SERVER_MESSAGE_BYTES];
    struct event_base *base = event_base_new();
    struct crux_http_server *server;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(bad); i++) {
        struct crux_http_server_options options = {.address = bad[i]};
        assert_int_equal(crux_http_server_open(&server, base, &options, message), CRUX_E_USAGE);
        assert_null(server);
    }
    event_base_free(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_routes),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_large),
                                       cmocka_unit_test(test_pipeline),
                                       cmocka_unit_test(test_gone),
                                       cmocka_unit_test(test_slow_reader),
                                       cmocka_unit_test(test_reads_nothing),
                                       cmocka_unit_test(test_slow_but_reads),
                                       cmocka_unit_test(test_no_room),
                                       cmocka_unit_test(test_room_of_each),
                                       cmocka_unit_test(test_room_of_clients),
                                       cmocka_unit_test(test_crumbs),
                                       cmocka_unit_test(test_slowloris),
                                       cmocka_unit_test(test_drain),
                                       cmocka_unit_test(test_per_address),
                                       cmocka_unit_test(test_proxy),
                                       cmocka_unit_test(test_address),
                                       cmocka_unit_test(test_many_connections)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
