#include "chain-adapter/io/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { SITE_BYTES = 6, SITE_MARK = 8 /* where addresses' keys have zeros */ };

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    return memcmp(address, mapped, sizeof mapped) == 0;
}

void crux_http_address_of(uint8_t address[CRUX_HTTP_ADDRESS_BYTES], const struct sockaddr *from) {
    if (from->sa_family == AF_INET) {
        memcpy(address, mapped, sizeof mapped);
        memcpy(address + sizeof mapped, &((const struct sockaddr_in *)(const void *)from)->sin_addr,
               4);
    } else {
        memcpy(address, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    }
}

void crux_http_address_key(uint8_t key[CRUX_HTTP_ADDRESS_BYTES],
                           const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    memset(key, 0, CRUX_HTTP_ADDRESS_BYTES);
    if (is_mapped(address))
        memcpy(key + 12, address + 12, 4);
    else
        memcpy(key, address, 8);
}

bool crux_http_site_key(uint8_t key[CRUX_HTTP_ADDRESS_BYTES],
                        const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    memset(key, 0, CRUX_HTTP_ADDRESS_BYTES);
    if (is_mapped(address)) return false;
    memcpy(key, address, SITE_BYTES);
    key[SITE_MARK] = 48;
    return true;
}

void crux_http_address_say(char text[CRUX_HTTP_ADDRESS_TEXT_BYTES],
                           const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    bool four = is_mapped(address);
    if (inet_ntop(four ? AF_INET : AF_INET6, address + (four ? 12 : 0), text,
                  CRUX_HTTP_ADDRESS_TEXT_BYTES) == NULL)
        (void)snprintf(text, CRUX_HTTP_ADDRESS_TEXT_BYTES, "?");
}
