/* For whom a trusted proxy asks: the list of proxies, and what is believed of X-Forwarded-For. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "chain-adapter/io/http_proxies.h"

static char message[CRUX_HTTP_PROXIES_MESSAGE_BYTES];

static void test_list(void **state) {
    static const struct {
        const char *text, *says;
    } bad[] = {{"", "'' is no address"},
               {"127.0.0.1,", "'' is no address"},
               {"localhost", "'localhost' is no address"},
               {"127.0.0.1:80", "is no address"},
               {"127.0.0", "is no address"},
               {"[::1]", "is no address"},
               {"fe80::1%eth0", "is no address"},
               {"10.0.0.0/0", "bits that is one"},
               {"10.0.0.0/33", "bits that is one"},
               {"10.0.0.0/", "bits that is one"},
               {"10.0.0.0/8x", "bits that is one"},
               {"10.0.0.0/-8", "bits that is one"},
               {"10.0.0.0/4294967304", "bits that is one"},
               {"2001:db8::/129", "bits that is one"},
               {"::/0", "bits that is one"},
               {"10.0.0.1/8", "'10.0.0.1/8' has bits behind its prefix"},
               {"10.0.0.0/8, 2001:db8::1/64", "'2001:db8::1/64' has bits"}};
    struct crux_http_proxies proxies;
    char many[65 * 10 + 1] = "";
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(bad); i++) {
        assert_int_equal(crux_http_proxies_read(&proxies, bad[i].text, message), CRUX_E_USAGE);
        if (strstr(message, bad[i].says) == NULL) fail_msg("%s: %s", bad[i].text, message);
    }
    for (unsigned i = 0; i < 65; i++) (void)strcat(many, i == 0 ? "127.0.0.1" : ",127.0.0.1");
    assert_int_equal(crux_http_proxies_read(&proxies, many, message), CRUX_E_USAGE);
    assert_non_null(strstr(message, "one too many"));
    assert_int_equal(crux_http_proxies_read(&proxies, many + 10, message), CRUX_OK);
    assert_int_equal(proxies.count, 64);
}

/* In: fields, lines of a head, each with its end.  Returns: whom 127.0.0.1 asks for. */
static const char *client_of(const struct crux_http_proxies *proxies, const char *fields) {
    static const uint8_t proxy[CRUX_HTTP_ADDRESS_BYTES] = {[10] = 0xff, 0xff, 127, 0, 0, 1};
    static char text[CRUX_HTTP_ADDRESS_TEXT_BYTES];
    uint8_t client[CRUX_HTTP_ADDRESS_BYTES];
    struct crux_http_head head;
    char bytes[2048];
    int len = snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", fields);
    assert_true(len > 0 && (size_t)len < sizeof bytes);
    assert_int_equal(crux_http_head_read(&head, bytes, (size_t)len), CRUX_HTTP_FINE);
    memcpy(client, proxy, sizeof client);
    crux_http_proxies_client(proxies, client, &head);
    crux_http_address_say(text, client);
    return text;
}

#define FROM "X-Forwarded-For: "

static void test_client(void **state) {
    static const struct {
        const char *fields, *client;
    } cases[] = {
        {FROM "192.0.2.7\r\n", "192.0.2.7"},
        {"x-FORWARDED-for:192.0.2.7\r\n", "192.0.2.7"},
        {FROM "192.0.2.7:4711\r\n", "192.0.2.7"},
        {FROM "2001:db8:1::7\r\n", "2001:db8:1::7"},
        {FROM "[2001:db8:1::7]:80\r\n", "2001:db8:1::7"},
        {FROM "[2001:db8:1::7]\r\n", "2001:db8:1::7"},
        {FROM "::ffff:192.0.2.7\r\n", "192.0.2.7"},
        /* what stands before the last stranger is its own invention */
        {FROM "198.51.100.1, 192.0.2.7\r\n", "192.0.2.7"},
        {FROM "127.0.0.1,10.0.0.1 , 192.0.2.7\r\n", "192.0.2.7"},
        {FROM "198.51.100.1\r\n" FROM "192.0.2.7\r\n", "192.0.2.7"},
        {FROM "198.51.100.1, 192.0.2.7, 10.1.2.3, 2001:db8:8001::9\r\n", "192.0.2.7"},
        {FROM "198.51.100.1, 192.0.2.7\r\n" FROM "10.1.2.3\r\n", "192.0.2.7"},
        {FROM "::ffff:198.51.100.1, 192.0.2.7, ::ffff:10.1.2.3\r\n", "192.0.2.7"},
        /* nobody but proxies: the first of them */
        {FROM "10.0.0.7\r\n", "10.0.0.7"},
        {FROM "10.0.0.7, 10.0.0.8\r\n", "10.0.0.7"},
        /* what is no address ends the list */
        {"", "127.0.0.1"},
        {FROM "\r\n", "127.0.0.1"},
        {FROM ",\r\n", "127.0.0.1"},
        {FROM "192.0.2.7,\r\n", "127.0.0.1"},
        {FROM "unknown\r\n", "127.0.0.1"},
        {FROM "192.0.2.7, unknown\r\n", "127.0.0.1"},
        {FROM "192.0.2.7, unknown, 10.0.0.8\r\n", "10.0.0.8"},
        {FROM "192.0.2.7\r\n" FROM "unknown\r\n" FROM "10.0.0.8\r\n", "10.0.0.8"},
        {FROM "192.0.2.256\r\n", "127.0.0.1"},
        {FROM "192.0.2.7:\r\n", "127.0.0.1"},
        {FROM "192.0.2.7:99999\r\n", "127.0.0.1"},
        {FROM "192.0.2.7:123456\r\n", "127.0.0.1"},
        {FROM "192.0.2.7 192.0.2.8\r\n", "127.0.0.1"},
        {FROM "\"192.0.2.7\"\r\n", "127.0.0.1"},
        {FROM "[192.0.2.7]\r\n", "127.0.0.1"},
        {FROM "[2001:db8:1::7\r\n", "127.0.0.1"},
        {FROM "[\r\n", "127.0.0.1"},
        {FROM "[]\r\n", "127.0.0.1"},
        {FROM "[]:80\r\n", "127.0.0.1"},
        {FROM "[2001:db8:1::7]80\r\n", "127.0.0.1"},
        {FROM "fe80::1%1\r\n", "127.0.0.1"},
        {FROM "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001\r\n", "127.0.0.1"},
        /* no other field is read */
        {"Forwarded: for=192.0.2.7\r\nX-Real-IP: 192.0.2.7\r\n", "127.0.0.1"},
        {"Forwarded: for=192.0.2.8\r\n" FROM "192.0.2.7\r\n", "192.0.2.7"}};
    struct crux_http_proxies proxies;
    (void)state;
    assert_int_equal(
        crux_http_proxies_read(&proxies, "127.0.0.1, 10.0.0.0/8 ,2001:db8:8000::/33", message),
        CRUX_OK);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        const char *client = client_of(&proxies, cases[i].fields);
        if (strcmp(client, cases[i].client) != 0)
            fail_msg("%s: %s, not %s", cases[i].fields, client, cases[i].client);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_list), cmocka_unit_test(test_client)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
