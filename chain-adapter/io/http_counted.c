/* What each address has of connections and of bytes in their buffers, and each /48 of IPv6. */
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/http_inside.h"

/* Clients choose addresses, not the key: none can fill one bucket. */
static struct http_address **bucket_of(struct crux_http_server *server,
                                       const uint8_t key[CRUX_HTTP_ADDRESS_BYTES]) {
    uint8_t both[sizeof server->key + CRUX_HTTP_ADDRESS_BYTES], hash[32];
    memcpy(both, server->key, sizeof server->key);
    memcpy(both + sizeof server->key, key, CRUX_HTTP_ADDRESS_BYTES);
    crux_sha256(hash, both, sizeof both);
    return &server->addresses[crux_load_u32(hash) % HTTP_ADDRESS_BUCKETS];
}

/* Returns: NULL without memory.  Counts one more. */
static struct http_address *remember(struct crux_http_server *server,
                                     const uint8_t key[CRUX_HTTP_ADDRESS_BYTES]) {
    struct http_address **bucket = bucket_of(server, key), *at = *bucket;
    while (at != NULL && memcmp(at->key, key, sizeof at->key) != 0) at = at->next;
    if (at == NULL) {
        at = calloc(1, sizeof *at);
        if (at == NULL) return NULL;
        memcpy(at->key, key, sizeof at->key);
        at->next = *bucket;
        *bucket = at;
    }
    at->count++;
    return at;
}

static void forget(struct crux_http_server *server, struct http_address *address) {
    if (address == NULL || --address->count > 0 || address == &server->idle_proxies) return;
    struct http_address **at = bucket_of(server, address->key);
    while (*at != address) at = &(*at)->next;
    *at = address->next;
    free(address);
}

struct http_address *http_counted_enter(struct crux_http_server *server,
                                        const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    uint8_t key[CRUX_HTTP_ADDRESS_BYTES];
    struct http_address *site = NULL;
    if (crux_http_site_key(key, address)) {
        site = remember(server, key);
        if (site == NULL) return NULL;
    }
    crux_http_address_key(key, address);
    struct http_address *one = remember(server, key);
    if (one == NULL)
        forget(server, site);
    else
        one->site = site; /* the same for each of its connections */
    return one;
}

struct http_address *http_counted_enter_proxy(struct crux_http_server *server) {
    server->idle_proxies.count++;
    return &server->idle_proxies;
}

void http_counted_leave(struct crux_http_server *server, struct http_address *address) {
    struct http_address *site = address == NULL ? NULL : address->site;
    forget(server, address);
    forget(server, site);
}

void http_counted_hold(struct http_address *address, uint64_t added, uint64_t deleted) {
    address->held_bytes += added - deleted;
    if (address->site != NULL) address->site->held_bytes += added - deleted;
}

/* Returns: what all of a /48 may have where one address may have `one`, and everybody together `all`: so many times as
 * much, and no more than half of all, so that others stay. */
static uint64_t of_site(uint64_t one, uint64_t all) {
    uint64_t most = one < all / 2 / CRUX_HTTP_SITE_TIMES ? one * CRUX_HTTP_SITE_TIMES : all / 2;
    return most > one ? most : one;
}

bool http_counted_may_connect(const struct crux_http_server *server,
                              const struct http_address *address) {
    const struct crux_http_server_limits *limits = &server->options.limits;
    uint32_t one = limits->connections_per_address;
    if (address == &server->idle_proxies) return true;
    return address->count <= one &&
           (address->site == NULL || address->site->count <= of_site(one, limits->connections));
}

static bool fits(uint64_t held, uint64_t more, uint64_t most) {
    return held <= most && more <= most - held;
}

bool http_counted_has_room(const struct crux_http_server *server,
                           const struct http_address *address, uint64_t more) {
    const struct crux_http_server_limits *limits = &server->options.limits;
    uint64_t one = limits->held_bytes_per_address;
    if (!fits(server->figures.held_bytes, more, limits->held_bytes)) return false;
    if (address == &server->idle_proxies) return true;
    return fits(address->held_bytes, more, one) &&
           (address->site == NULL ||
            fits(address->site->held_bytes, more, of_site(one, limits->held_bytes)));
}
