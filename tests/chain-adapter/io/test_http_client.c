#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chain-adapter/io/http_client.h"
#include "tests/chain-adapter/io/script_server.h"

/* What has to come within them may be long in coming on a busy machine. */
enum { PATIENT_MILLISECONDS = 60000 };

static struct crux_http_reply reply;

/* Asks a server of this script.  In: ask, its URL filled in here. */
static enum crux_status fetch_as(struct script_server *server, const struct script *script,
                                 struct crux_http_ask *ask) {
    char url[128];
    crux_http_reply_free(&reply);
    script_server_start(server, script);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/a/b?c=d", server->port);
    ask->url = url;
    enum crux_status status = crux_http_fetch(&reply, ask);
    script_server_stop(server);
    return status;
}

static enum crux_status fetch_within(const struct script *script, uint32_t milliseconds) {
    struct script_server server;
    struct crux_http_ask ask = {.limits = {.body_bytes_max = 1000,
                                           .header_bytes_max = 2000,
                                           .whole_milliseconds = milliseconds,
                                           .connect_milliseconds = PATIENT_MILLISECONDS}};
    return fetch_as(&server, script, &ask);
}

static enum crux_status fetch(const struct script *script) {
    return fetch_within(script, PATIENT_MILLISECONDS);
}

static void expect_no_reply(const char *why) {
    assert_string_equal(reply.message, why);
    assert_int_equal(reply.code, 0);
    assert_null(reply.body);
}

static void expect_failure(const struct script *script, const char *why) {
    assert_int_equal(fetch(script), CRUX_E_IO);
    expect_no_reply(why);
}

static void expect_too_long(const struct script *script) {
    assert_int_equal(fetch_within(script, 500), CRUX_E_IO);
    expect_no_reply("the reply took too long");
}

static void test_get(void **state) {
    struct script_server server;
    struct crux_http_ask ask = {.bearer = "secret",
                                .limits = {.whole_milliseconds = PATIENT_MILLISECONDS}};
    const struct script script = {
        .head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"};
    (void)state;
    assert_int_equal(fetch_as(&server, &script, &ask), CRUX_OK);
    assert_int_equal(reply.code, 200);
    assert_int_equal(reply.body_bytes, 5);
    assert_string_equal((const char *)reply.body, "hello");
    assert_string_equal(reply.type, "text/plain");
    assert_ptr_equal(strstr(server.request, "GET /a/b?c=d HTTP/1.1\r\n"), server.request);
    assert_non_null(strstr(server.request, "Authorization: Bearer secret\r\n"));
    assert_non_null(strstr(server.request, "Host: 127.0.0.1:"));
}

static void test_post(void **state) {
    struct script_server server;
    struct crux_http_ask ask = {.body = (const uint8_t *)"{}",
                                .body_bytes = 2,
                                .limits = {.whole_milliseconds = PATIENT_MILLISECONDS}};
    const struct script script = {.head = "HTTP/1.1 204 None\r\n\r\n"};
    (void)state;
    assert_int_equal(fetch_as(&server, &script, &ask), CRUX_OK);
    assert_int_equal(reply.code, 204);
    assert_int_equal(reply.body_bytes, 0);
    assert_ptr_equal(strstr(server.request, "POST /a/b?c=d"), server.request);
    assert_non_null(strstr(server.request, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(server.request, "\r\n\r\n{}"));
}

static void test_codes_and_headers(void **state) {
    (void)state;
    assert_int_equal(fetch(&(struct script){.head = "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n"
                                                    "Content-Length: 0\r\n\r\n"}),
                     CRUX_OK);
    assert_int_equal(reply.code, 429);
    assert_int_equal(reply.retry_after_seconds, 7);
    /* nothing is followed */
    assert_int_equal(fetch(&(struct script){.head = "HTTP/1.1 302 There\r\nLocation: "
                                                    "http://127.0.0.1:1/\r\n"
                                                    "Content-Length: 0\r\n\r\n"}),
                     CRUX_OK);
    assert_int_equal(reply.code, 302);
    assert_int_equal(fetch(&(struct script){.head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                                    "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"}),
                     CRUX_OK);
    assert_int_equal(reply.body_bytes, 3);
    /* without a length, the end is where the connection ends */
    assert_int_equal(fetch(&(struct script){.head = "HTTP/1.1 200 OK\r\n\r\n", .fill_bytes = 1000}),
                     CRUX_OK);
    assert_int_equal(reply.body_bytes, 1000);
}

static void test_lengths_that_lie(void **state) {
    (void)state;
    expect_failure(
        &(struct script){.head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", .fill_bytes = 8},
        "the connection was closed before the end of the reply");
    expect_failure(
        &(struct script){.head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"},
        "the reply is longer than its limit");
    assert_int_equal(
        fetch(&(struct script){.head = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"}),
        CRUX_E_IO);
    assert_int_equal(fetch(&(struct script){.head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
                                            .fill_bytes = 900}),
                     CRUX_OK);
    assert_int_equal(reply.body_bytes, 3);
}

static void test_limits(void **state) {
    static char long_header[4096];
    (void)state;
    expect_failure(&(struct script){.head = "HTTP/1.1 200 OK\r\n\r\n", .fill_bytes = 1001},
                   "the reply is longer than its limit");
    expect_failure(&(struct script){.head = "HTTP/1.1 200 OK\r\n\r\n", .fill_bytes = 50000000},
                   "the reply is longer than its limit");
    expect_failure(&(struct script){.head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                            "fffffff\r\n",
                                    .fill_bytes = 50000},
                   "the reply is longer than its limit");
    (void)snprintf(long_header, sizeof long_header, "HTTP/1.1 200 OK\r\nX: %3000s", "y\r\n\r\n");
    expect_failure(&(struct script){.head = long_header},
                   "the reply's headers are malformed or too long");
    expect_failure(&(struct script){.head = "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"},
                   "the reply's headers are malformed or too long");
    assert_int_equal(fetch(&(struct script){.head = "SSH-2.0-thing\r\n\r\n"}), CRUX_E_IO);
}

static void test_time(void **state) {
    (void)state;
    expect_too_long(&(struct script){.stay = true});
    expect_too_long(&(struct script){.head = "HTTP/1.1 200 OK\r\nX: ", .stay = true});
    expect_too_long(&(struct script){.head = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
                                     .fill_bytes = 900,
                                     .drip_milliseconds = 100});
}

/* The port is taken all along, so that nobody else comes to listen there. */
static void test_no_server(void **state) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    char url[64];
    const struct crux_http_ask ask = {.url = url,
                                      .limits = {.whole_milliseconds = PATIENT_MILLISECONDS}};
    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int taken = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(taken >= 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
    crux_http_reply_free(&reply);
    assert_int_equal(crux_http_fetch(&reply, &ask), CRUX_E_IO);
    assert_string_equal(reply.message, "nothing answers there");
    (void)close(taken);
}

static void test_urls(void **state) {
    static const char *const bad[] = {"",        "ftp://a/",          "https://a/",
                                      "http://", "http://a:0/",       "http://a:70000/",
                                      "a",       "http://user:pw@a/", "http://a b/"};
    char message[CRUX_HTTP_MESSAGE_BYTES], far[CRUX_HTTP_URL_BYTES_MAX + 20];
    (void)state;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(bad); i++) {
        message[0] = 0;
        assert_int_equal(crux_http_url_check(bad[i], message), CRUX_E_USAGE);
        assert_true(message[0] != 0);
    }
    memset(far, 'a', sizeof far);
    memcpy(far, "http://", 7);
    far[sizeof far - 1] = 0;
    assert_int_equal(crux_http_url_check(far, message), CRUX_E_USAGE);
    assert_int_equal(crux_http_url_check("http://a:1", message), CRUX_OK);
    assert_int_equal(crux_http_url_check("http://[::1]:80/x?y", message), CRUX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_codes_and_headers),
        cmocka_unit_test(test_lengths_that_lie),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_urls),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crux_http_reply_free(&reply);
    return failed;
}
