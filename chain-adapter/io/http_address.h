/* Whom a connection is counted for: addresses, and what of them belongs to one owner. Pure.
 *
 *   192.0.2.7              one owner
 *   2001:db8:1:2::7        whoever has one address of a /64 has all of them: one owner; and often a whole /48 is one's, which
 *                          is 65536 of these: so that counts too, for more than one, since it may be many
 *
 * An address is 16 bytes, of IPv4 as ::ffff:192.0.2.7 is. */
#ifndef CRUX_CHAIN_ADAPTER_IO_HTTP_ADDRESS_H
#define CRUX_CHAIN_ADAPTER_IO_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

struct sockaddr;

enum {
    CRUX_HTTP_ADDRESS_BYTES = 16,
    CRUX_HTTP_ADDRESS_TEXT_BYTES = 48, /* with the zero */
    CRUX_HTTP_SITE_TIMES = 4           /* what one address may have, a /48 may have so many times */
};

/* In: from, of the family AF_INET or AF_INET6. */
void crux_http_address_of(uint8_t address[CRUX_HTTP_ADDRESS_BYTES], const struct sockaddr *from);
/* Out: key, by which it is counted: an IPv4 address behind zeros, or the /64 before zeros. */
void crux_http_address_key(uint8_t key[CRUX_HTTP_ADDRESS_BYTES],
                           const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]);
/* Out: key, of the /48 that it lies in; no other address or /48 has it.  Returns: false for IPv4, which has none. */
bool crux_http_site_key(uint8_t key[CRUX_HTTP_ADDRESS_BYTES],
                        const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]);
void crux_http_address_say(char text[CRUX_HTTP_ADDRESS_TEXT_BYTES],
                           const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]);

#endif
