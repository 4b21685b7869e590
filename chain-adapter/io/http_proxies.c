#include "chain-adapter/io/http_proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAPPED_BITS = 96 }; /* before an IPv4 address */

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

/* Out: text without spaces around it. */
static void trim(const char **text, size_t *len) {
    while (*len > 0 && is_space(**text)) (*text)++, (*len)--;
    while (*len > 0 && is_space((*text)[*len - 1])) (*len)--;
}

/* Out: four, whether it is written as an IPv4 address.  Returns: false for what is no address. */
static bool read_address(uint8_t address[CRUX_HTTP_ADDRESS_BYTES], bool *four, const char *text,
                         size_t len) {
    char copy[CRUX_HTTP_ADDRESS_TEXT_BYTES];
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    if (len == 0 || len >= sizeof copy || memchr(text, 0, len) != NULL) return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    *four = inet_pton(AF_INET, copy, &ipv4.sin_addr) == 1;
    if (!*four) return inet_pton(AF_INET6, copy, address) == 1;
    crux_http_address_of(address, (const struct sockaddr *)(const void *)&ipv4);
    return true;
}

/* Returns: UINT32_MAX for what is no number of up to five digits. */
static unsigned read_digits(const char *text, size_t len) {
    unsigned number = 0;
    if (len == 0 || len > 5) return UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return UINT32_MAX;
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    return number;
}

/* ---- the list of proxies ---- */

static bool is_within(const struct crux_http_prefix *prefix,
                      const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    unsigned bytes = prefix->bits / 8, rest = prefix->bits % 8;
    if (memcmp(prefix->address, address, bytes) != 0) return false;
    return rest == 0 || ((prefix->address[bytes] ^ address[bytes]) >> (8 - rest)) == 0;
}

bool crux_http_proxies_have(const struct crux_http_proxies *proxies,
                            const uint8_t address[CRUX_HTTP_ADDRESS_BYTES]) {
    for (unsigned i = 0; i < proxies->count; i++) {
        if (is_within(&proxies->prefix[i], address)) return true;
    }
    return false;
}

/* Are all bits behind the prefix zero? "10.0.0.1/8" is a slip, of one or the other. */
static bool is_clean(const struct crux_http_prefix *prefix) {
    for (unsigned bit = prefix->bits; bit < 8 * CRUX_HTTP_ADDRESS_BYTES; bit++) {
        if ((prefix->address[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
    }
    return true;
}

/* Returns: NULL, or what is wrong. */
static const char *read_prefix(struct crux_http_prefix *prefix, const char *text, size_t len) {
    const char *slash = memchr(text, '/', len);
    size_t address_len = slash == NULL ? len : (size_t)(slash - text);
    bool four;
    if (!read_address(prefix->address, &four, text, address_len)) return "is no address";
    unsigned most = four ? 32 : 128;
    unsigned bits = slash == NULL ? most : read_digits(slash + 1, len - address_len - 1);
    if (bits == 0 || bits > most) return "has no number of bits that is one of its address's";
    prefix->bits = bits + (four ? MAPPED_BITS : 0);
    return is_clean(prefix) ? NULL : "has bits behind its prefix";
}

enum crux_status crux_http_proxies_read(struct crux_http_proxies *proxies, const char *text,
                                        char message[CRUX_HTTP_PROXIES_MESSAGE_BYTES]) {
    memset(proxies, 0, sizeof *proxies);
    for (;;) {
        size_t whole = strcspn(text, ","), len = whole;
        const char *one = text, *wrong = "is one too many: 64 may be";
        trim(&one, &len);
        if (proxies->count < CRUX_HTTP_PROXIES_MAX)
            wrong = read_prefix(&proxies->prefix[proxies->count], one, len);
        if (wrong != NULL) {
            (void)snprintf(message, CRUX_HTTP_PROXIES_MESSAGE_BYTES, "'%.*s' %s",
                           len > 60 ? 60 : (int)len, one, wrong);
            return CRUX_E_USAGE;
        }
        proxies->count++;
        if (text[whole] == 0) return CRUX_OK;
        text += whole + 1;
    }
}

/* ---- the field ---- */

/* "192.0.2.7", "192.0.2.7:80", "2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:80". */
static bool read_hop(uint8_t address[CRUX_HTTP_ADDRESS_BYTES], const char *text, size_t len) {
    bool four;
    trim(&text, &len);
    if (len > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', len);
        size_t inner = end == NULL ? 0 : (size_t)(end - text) - 1, rest = len - inner - 2;
        if (end == NULL || (rest > 0 && (end[1] != ':' || read_digits(end + 2, rest - 1) > 65535)))
            return false;
        return read_address(address, &four, text + 1, inner) && !four;
    }
    const char *colon = memchr(text, ':', len);
    size_t before = colon == NULL ? len : (size_t)(colon - text);
    if (colon == NULL || memchr(colon + 1, ':', len - before - 1) != NULL)
        return read_address(address, &four, text, len);
    return read_digits(colon + 1, len - before - 1) <= 65535 &&
           read_address(address, &four, text, before) && four;
}

/* From the end of one field to its beginning.  Returns: does the list go on before it? */
static bool look_at(const struct crux_http_proxies *proxies,
                    uint8_t client[CRUX_HTTP_ADDRESS_BYTES], const char *value) {
    uint8_t hop[CRUX_HTTP_ADDRESS_BYTES];
    for (size_t end = strlen(value);; end--) {
        size_t begin = end;
        while (begin > 0 && value[begin - 1] != ',') begin--;
        if (!read_hop(hop, value + begin, end - begin)) return false;
        memcpy(client, hop, sizeof hop);
        if (!crux_http_proxies_have(proxies, hop)) return false;
        if (begin == 0) return true;
        end = begin;
    }
}

void crux_http_proxies_client(const struct crux_http_proxies *proxies,
                              uint8_t client[CRUX_HTTP_ADDRESS_BYTES],
                              const struct crux_http_head *head) {
    bool goes_on = true;
    for (unsigned i = head->fields; i-- > 0 && goes_on;) {
        if (strcasecmp(head->field[i].name, "X-Forwarded-For") == 0)
            goes_on = look_at(proxies, client, head->field[i].value);
    }
}
