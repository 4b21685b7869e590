/* Proxies that are trusted to say for whom they ask, in the field X-Forwarded-For. Pure.
 *
 *   client --> proxy --> proxy --> here          X-Forwarded-For: made up, 192.0.2.7, 10.0.0.2
 *              10.0.0.2  10.0.0.1                                          ^ the client: the last that is no trusted proxy
 *
 * Each proxy adds whom it was asked by behind what is there already, so that only the end of the list is to be believed, and
 * of that only what stands behind the first stranger. The field Forwarded is not read: of two fields a client could write the
 * one that its proxy does not. */
#ifndef CRUX_CHAIN_ADAPTER_IO_HTTP_PROXIES_H
#define CRUX_CHAIN_ADAPTER_IO_HTTP_PROXIES_H

#include "chain-adapter/io/http_address.h"
#include "chain-adapter/io/http_head.h"

enum { CRUX_HTTP_PROXIES_MAX = 64, CRUX_HTTP_PROXIES_MESSAGE_BYTES = 160 };

/* Zeroed: none. */
struct crux_http_proxies {
    struct crux_http_prefix {
        uint8_t address[CRUX_HTTP_ADDRESS_BYTES];
        unsigned bits; /* of the 128 */
    } prefix[CRUX_HTTP_PROXIES_MAX];
    unsigned count;
};

/* In: text, "127.0.0.1, 10.0.0.0/8, 2001:db8::/32": addresses and prefixes.  Out: message, on failure, what is wrong.
 * Returns: CRUX_E_USAGE. */
CRUX_MUST_CHECK
enum crux_status crux_http_proxies_read(struct crux_http_proxies *proxies, const char *text,
                                        char message[CRUX_HTTP_PROXIES_MESSAGE_BYTES]);
bool crux_http_proxies_have(const struct crux_http_proxies *proxies,
                            const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]);
/* In: head, of a request by one of these proxies.
 * In/out: client, the proxy's address; then that of the last one in the list that is no proxy, or, where the list ends or
 * something that is no address stands before such a one, of the first proxy that is known. */
void crux_http_proxies_client(const struct crux_http_proxies *proxies,
                              uint8_t client[CRUX_HTTP_ADDRESS_BYTES],
                              const struct crux_http_head *head);

#endif
