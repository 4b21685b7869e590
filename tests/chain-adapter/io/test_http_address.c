/* Whom connections are counted for: the keys of addresses, and what an address and a /48 may have. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "chain-adapter/io/http_inside.h"

enum { BYTES = CRUX_HTTP_ADDRESS_BYTES };

static void take(uint8_t address[BYTES], const char *text) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        crux_http_address_of(address, (const struct sockaddr *)&four);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
        crux_http_address_of(address, (const struct sockaddr *)&six);
    }
}

/* Returns: are two addresses one, or in one /48? */
static bool same(const char *a, const char *b, bool site) {
    uint8_t address[2][BYTES], key[2][BYTES];
    take(address[0], a);
    take(address[1], b);
    for (unsigned i = 0; i < 2; i++) {
        if (site && !crux_http_site_key(key[i], address[i])) return false;
        if (!site) crux_http_address_key(key[i], address[i]);
    }
    return memcmp(key[0], key[1], BYTES) == 0;
}

static void test_keys(void **state) {
    static const char *const all[] = {"0.0.0.48",     "192.0.2.7",    "192.0.2.8",
                                      "::",           "2001:db8:1::", "2001:db8:1:1::",
                                      "2001:db8:2::", "0:0:0:30::1",  "2001:db8:1:30::"};
    static const char *const sites[] = {"::", "2001:db8:1::", "2001:db8:2::"};
    uint8_t address[BYTES], key[2 * CRUX_ARRAY_LEN(all)][BYTES];
    unsigned count = 0;
    (void)state;
    assert_true(same("192.0.2.7", "::ffff:192.0.2.7", false));
    assert_false(same("192.0.2.7", "192.0.2.8", false));
    assert_true(same("2001:db8:1:2::7", "2001:db8:1:2:ffff::8", false));
    assert_false(same("2001:db8:1:2::7", "2001:db8:1:3::7", false));
    assert_true(same("2001:db8:1:2::7", "2001:db8:1:3::7", true));
    assert_false(same("2001:db8:1:2::7", "2001:db8:2:2::7", true));
    assert_false(same("192.0.2.7", "192.0.2.7", true)); /* there is none */
    /* no two of all these have the same key */
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        take(address, all[i]);
        crux_http_address_key(key[count++], address);
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(sites); i++) {
        take(address, sites[i]);
        assert_true(crux_http_site_key(key[count++], address));
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < i; k++)
            if (memcmp(key[i], key[k], BYTES) == 0) fail_msg("%u and %u", i, k);
    }
}

static struct http_address *kept[1024]; /* connections that are let in */
static unsigned kept_count;

/* In: site, of the /48, 0: IPv4; apart, each of a /64 of its own.  Returns: how many of `count` connections are let in. */
static unsigned let_in(struct crux_http_server *server, unsigned site, bool apart, unsigned count) {
    unsigned taken = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t address[BYTES];
        char text[64];
        if (site == 0)
            (void)snprintf(text, sizeof text, "192.0.2.%u", apart ? i + 1 : 0);
        else
            (void)snprintf(text, sizeof text, "2001:db8:%x:%x::1", site, apart ? i + 1 : 0);
        take(address, text);
        struct http_address *entered = http_counted_enter(server, address);
        assert_non_null(entered);
        if (http_counted_may_connect(server, entered)) {
            kept[kept_count++] = entered;
            taken++;
        } else {
            http_counted_leave(server, entered);
        }
    }
    return taken;
}

static void leave_all(struct crux_http_server *server) {
    while (kept_count > 0) http_counted_leave(server, kept[--kept_count]);
    for (unsigned i = 0; i < HTTP_ADDRESS_BUCKETS; i++) assert_null(server->addresses[i]);
}

static void test_limits(void **state) {
    static struct crux_http_server server;
    struct crux_http_server_limits *limits = &server.options.limits;
    (void)state;
    *limits = (struct crux_http_server_limits){.connections = 1000,
                                               .connections_per_address = 10,
                                               .held_bytes = 1000000,
                                               .held_bytes_per_address = 10000};
    /* a /64 is one; all of a /48 have four times as much; the next /48 has its own */
    assert_int_equal(let_in(&server, 1, false, 100), 10);
    assert_int_equal(let_in(&server, 1, true, 100), 30);
    assert_int_equal(let_in(&server, 2, true, 100), 40);
    assert_int_equal(let_in(&server, 0, true, 200), 200);
    assert_int_equal(let_in(&server, 0, false, 100), 10);
    /* the same of bytes */
    http_counted_hold(kept[10], 10000, 0);
    assert_false(http_counted_has_room(&server, kept[10], 1));
    assert_true(http_counted_has_room(&server, kept[11], 10000));
    for (unsigned i = 11; i < 14; i++) http_counted_hold(kept[i], 10000, 0);
    assert_false(http_counted_has_room(&server, kept[14], 1)); /* has nothing; its /48 has all */
    assert_true(http_counted_has_room(&server, kept[40], 10000));
    http_counted_hold(kept[10], 0, 10000);
    assert_true(http_counted_has_room(&server, kept[14], 10000));
    for (unsigned i = 11; i < 14; i++) http_counted_hold(kept[i], 0, 10000);
    /* half of all, where four times would be more; but never less than one address */
    leave_all(&server);
    limits->connections_per_address = 200;
    assert_int_equal(let_in(&server, 1, true, 1000), 500);
    leave_all(&server);
    limits->connections_per_address = 800;
    assert_int_equal(let_in(&server, 1, true, 1000), 800);
    leave_all(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
