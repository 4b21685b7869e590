/* A request's head and a chunked body of any bytes: no crash, clean text out, and no body beyond its limit. */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/http_chunked.h"
#include "chain-adapter/io/http_proxies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For whom it asks: an address of its text, or the proxy's own; and what is said of strangers changes nothing. */
static void look_at_client(const struct crux_http_head *head) {
    static const uint8_t own[CRUX_HTTP_ADDRESS_BYTES] = {[10] = 0xff, 0xff, 127, 0, 0, 1};
    char message[CRUX_HTTP_PROXIES_MESSAGE_BYTES], text[CRUX_HTTP_ADDRESS_TEXT_BYTES];
    const char *said = crux_http_head_field(head, "X-Forwarded-For");
    struct crux_http_proxies proxies, none = {.count = 0};
    uint8_t client[CRUX_HTTP_ADDRESS_BYTES], last[CRUX_HTTP_ADDRESS_BYTES];
    CRUX_ASSERT(crux_http_proxies_read(&proxies, "127.0.0.1,10.0.0.0/8,2001:db8::/33", message) ==
                CRUX_OK);
    memcpy(client, own, sizeof client);
    memcpy(last, own, sizeof last);
    crux_http_proxies_client(&proxies, client, head);
    crux_http_proxies_client(&none, last, head);
    crux_http_address_say(text, client);
    CRUX_ASSERT(said != NULL || memcmp(client, own, sizeof own) == 0);
    /* without proxies the last one is the client; so is it with them, if it is no proxy */
    if (!crux_http_proxies_have(&proxies, last))
        CRUX_ASSERT(memcmp(client, last, sizeof last) == 0);
    if (said != NULL && crux_http_proxies_read(&proxies, said, message) == CRUX_OK)
        CRUX_ASSERT(proxies.count > 0 && proxies.count <= CRUX_HTTP_PROXIES_MAX);
}

static void look_at_head(const uint8_t *data, size_t size) {
    const char *parameter[CRUX_HTTP_SEGMENTS_MAX];
    struct crux_http_head head;
    char *bytes = malloc(size + 1);
    if (bytes == NULL) return;
    memcpy(bytes, data, size);
    if (crux_http_head_read(&head, bytes, size) == CRUX_HTTP_FINE) {
        CRUX_ASSERT(!(head.chunked && head.content_length != 0));
        for (unsigned i = 0; i < head.segments; i++) {
            CRUX_ASSERT(strcmp(head.segment[i], "..") != 0);
            for (const char *at = head.segment[i]; *at != 0; at++)
                CRUX_ASSERT((unsigned char)*at >= 0x20);
        }
        (void)crux_http_head_matches(&head, "/v1/{}/{}", parameter);
        (void)crux_http_head_field(&head, "Host");
        look_at_client(&head);
    }
    free(bytes);
}

/* The first byte says how the rest is cut, which must not matter. */
static void look_at_chunks(const uint8_t *data, size_t size) {
    enum { MOST = 300 };
    enum crux_http_problem problem[2] = {CRUX_HTTP_FINE, CRUX_HTTP_FINE};
    struct evbuffer *out[2], *in;
    bool done[2] = {false, false};
    if (size == 0) return;
    for (unsigned k = 0; k < 2; k++) {
        size_t piece = k == 0 ? size : (size_t)data[0] % 7 + 1;
        struct crux_http_chunked chunked = {.left = 0};
        out[k] = evbuffer_new();
        in = evbuffer_new();
        for (size_t at = 1; at < size && problem[k] == CRUX_HTTP_FINE && !done[k]; at += piece) {
            (void)evbuffer_add(in, data + at, size - at < piece ? size - at : piece);
            problem[k] = crux_http_chunked_feed(&chunked, &done[k], out[k], in, MOST);
        }
        CRUX_ASSERT(evbuffer_get_length(out[k]) <= MOST);
        evbuffer_free(in);
    }
    CRUX_ASSERT(done[0] == done[1]);
    if (done[0]) {
        size_t len = evbuffer_get_length(out[0]);
        CRUX_ASSERT(len == evbuffer_get_length(out[1]));
        CRUX_ASSERT(len == 0 ||
                    memcmp(evbuffer_pullup(out[0], -1), evbuffer_pullup(out[1], -1), len) == 0);
    }
    evbuffer_free(out[0]);
    evbuffer_free(out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    look_at_head(data, size);
    look_at_chunks(data, size);
    return 0;
}
