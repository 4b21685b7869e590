#include "chain-adapter/io/http_head.h"

#include <string.h>
#include <strings.h>

const struct crux_http_problem_row *crux_http_problem_row(enum crux_http_problem problem) {
    static const struct crux_http_problem_row rows[] = {{0, NULL, NULL},
#define ROW(upper, status, name, text) {status, name, text},
                                                        CRUX_HTTP_PROBLEMS(ROW)
#undef ROW
    };
    CRUX_ASSERT(problem > CRUX_HTTP_FINE && problem < CRUX_HTTP_PROBLEM_COUNT);
    return &rows[problem];
}

/* A letter of a token: RFC 9110, 5.6.2. */
static bool is_token(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_all_token(const char *at, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (!is_token((unsigned char)at[i])) return false;
    }
    return len > 0;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Neither cut, overlong, a surrogate nor beyond U+10FFFF; no control characters. */
static bool is_clean_text(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    while (*at != 0) {
        unsigned char lead = *at++;
        if (lead < 0x20 || lead == 0x7f) return false;
        if (lead < 0x80) continue;
        unsigned more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        if (lead < 0xc2 || lead > 0xf4) return false;
        if ((lead == 0xe0 && *at < 0xa0) || (lead == 0xed && *at > 0x9f) ||
            (lead == 0xf0 && *at < 0x90) || (lead == 0xf4 && *at > 0x8f))
            return false;
        for (; more > 0; more--, at++) {
            if ((*at & 0xc0) != 0x80) return false;
        }
    }
    return true;
}

/* Decodes in place; once, so that %252e stays %2e.  Returns: false for half an escape, a zero byte, or no clean text. */
static bool decode(char *text, bool plus_is_space) {
    char *to = text;
    for (const char *from = text; *from != 0; from++) {
        if (*from == '%') {
            int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
            if (low < 0 || (high == 0 && low == 0)) return false;
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = plus_is_space && *from == '+' ? ' ' : *from;
        }
    }
    *to = 0;
    return is_clean_text(text);
}

static enum crux_http_problem read_path(struct crux_http_head *head, char *path) {
    while (path != NULL) {
        char *segment = path + 1; /* behind a slash */
        path = strchr(segment, '/');
        if (path != NULL) *path = 0;
        if (head->segments == CRUX_HTTP_SEGMENTS_MAX) return CRUX_HTTP_NOT_FOUND;
        if (!decode(segment, false) || strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
            return CRUX_HTTP_BAD_PATH;
        head->segment[head->segments++] = segment;
    }
    return CRUX_HTTP_FINE;
}

static enum crux_http_problem read_queries(struct crux_http_head *head, char *query) {
    while (query != NULL && *query != 0) {
        char *next = strchr(query, '&');
        if (next != NULL) *next++ = 0;
        char *equals = strchr(query, '=');
        if (equals != NULL) *equals++ = 0;
        if (head->queries == CRUX_HTTP_QUERIES_MAX) return CRUX_HTTP_BAD_REQUEST;
        if (!decode(query, true) || (equals != NULL && !decode(equals, true)))
            return CRUX_HTTP_BAD_PATH;
        head->query[head->queries++] = (struct crux_http_pair){query, equals == NULL ? "" : equals};
        query = next;
    }
    return CRUX_HTTP_FINE;
}

/* METHOD SP /path SP HTTP/1.x */
static enum crux_http_problem read_first_line(struct crux_http_head *head, char *line) {
    char *target = strchr(line, ' ');
    if (target == NULL) return CRUX_HTTP_BAD_REQUEST;
    *target++ = 0;
    char *version = strchr(target, ' ');
    if (version == NULL) return CRUX_HTTP_BAD_REQUEST;
    *version++ = 0;
    head->method = line;
    if (!is_all_token(line, strlen(line)) || strlen(line) > CRUX_HTTP_METHOD_BYTES_MAX)
        return CRUX_HTTP_BAD_REQUEST;
    if (strncmp(version, "HTTP/", 5) != 0) return CRUX_HTTP_BAD_REQUEST;
    head->http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    if (!head->http_1_0 && strcmp(version, "HTTP/1.1") != 0) return CRUX_HTTP_BAD_VERSION;
    if (target[0] != '/') return CRUX_HTTP_BAD_REQUEST;
    char *fragment = strchr(target, '#'), *query = strchr(target, '?');
    if (fragment != NULL) return CRUX_HTTP_BAD_REQUEST;
    if (query != NULL) *query++ = 0;
    enum crux_http_problem problem = read_path(head, target);
    return problem != CRUX_HTTP_FINE ? problem : read_queries(head, query);
}

static enum crux_http_problem read_field(struct crux_http_head *head, char *line) {
    char *value = strchr(line, ':');
    if (value == NULL || !is_all_token(line, (size_t)(value - line))) return CRUX_HTTP_BAD_REQUEST;
    *value++ = 0;
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) len--;
    value[len] = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return CRUX_HTTP_BAD_REQUEST;
    }
    if (head->fields == CRUX_HTTP_FIELDS_MAX) return CRUX_HTTP_HEADER_TOO_LARGE;
    head->field[head->fields++] = (struct crux_http_pair){line, value};
    return CRUX_HTTP_FINE;
}

/* Decimal, at most 15 digits. */
static bool read_length(uint64_t *length, const char *text) {
    size_t len = strlen(text);
    *length = 0;
    if (len == 0 || len > 15) return false;
    for (; *text >= '0' && *text <= '9'; text++) *length = *length * 10 + (uint64_t)(*text - '0');
    return *text == 0;
}

/* Is the word among those with commas between? */
static bool lists(const char *value, const char *word) {
    size_t len = strlen(word);
    while (*value != 0) {
        value += strspn(value, " \t,");
        size_t here = strcspn(value, ",");
        size_t trimmed = here;
        while (trimmed > 0 && (value[trimmed - 1] == ' ' || value[trimmed - 1] == '\t')) trimmed--;
        if (trimmed == len && strncasecmp(value, word, len) == 0) return true;
        value += here;
    }
    return false;
}

/* What says where the body ends may be said once only: otherwise a proxy may see another end than we do. */
static enum crux_http_problem read_framing(struct crux_http_head *head) {
    unsigned lengths = 0, encodings = 0, hosts = 0;
    head->keep_alive = !head->http_1_0;
    for (unsigned i = 0; i < head->fields; i++) {
        const struct crux_http_pair *field = &head->field[i];
        if (strcasecmp(field->name, "content-length") == 0) {
            lengths++;
            if (!read_length(&head->content_length, field->value)) return CRUX_HTTP_BAD_REQUEST;
        } else if (strcasecmp(field->name, "transfer-encoding") == 0) {
            encodings++;
            head->chunked = true;
            if (strcasecmp(field->value, "chunked") != 0) return CRUX_HTTP_BAD_ENCODING;
        } else if (strcasecmp(field->name, "connection") == 0) {
            if (lists(field->value, "close"))
                head->keep_alive = false;
            else if (head->http_1_0 && lists(field->value, "keep-alive"))
                head->keep_alive = true;
        } else if (strcasecmp(field->name, "expect") == 0) {
            if (strcasecmp(field->value, "100-continue") != 0) return CRUX_HTTP_BAD_REQUEST;
            head->expects_continue = true;
        } else if (strcasecmp(field->name, "host") == 0) {
            hosts++;
        }
    }
    if (lengths + encodings > 1 || hosts > 1 || (hosts == 0 && !head->http_1_0) ||
        (encodings == 1 && head->http_1_0))
        return CRUX_HTTP_BAD_REQUEST;
    return CRUX_HTTP_FINE;
}

enum crux_http_problem crux_http_head_read(struct crux_http_head *head, char *bytes, size_t len) {
    *head = (struct crux_http_head){.method = ""};
    enum crux_http_problem problem = CRUX_HTTP_FINE;
    bool first = true;
    if (len < 4 || memcmp(bytes + len - 4, "\r\n\r\n", 4) != 0 || memchr(bytes, 0, len) != NULL)
        return CRUX_HTTP_BAD_REQUEST;
    bytes[len - 2] = 0; /* the empty line */
    for (char *line = bytes; *line != 0 && problem == CRUX_HTTP_FINE; first = false) {
        char *end = strstr(line, "\r\n");
        if (end == NULL || memchr(line, '\n', (size_t)(end - line)) != NULL ||
            memchr(line, '\r', (size_t)(end - line)) != NULL)
            return CRUX_HTTP_BAD_REQUEST;
        *end = 0;
        problem = first ? read_first_line(head, line) : read_field(head, line);
        line = end + 2;
    }
    if (first) return CRUX_HTTP_BAD_REQUEST;
    return problem != CRUX_HTTP_FINE ? problem : read_framing(head);
}

const char *crux_http_head_field(const struct crux_http_head *head, const char *name) {
    for (unsigned i = 0; i < head->fields; i++) {
        if (strcasecmp(head->field[i].name, name) == 0) return head->field[i].value;
    }
    return NULL;
}

bool crux_http_head_matches(const struct crux_http_head *head, const char *pattern,
                            const char *parameter[CRUX_HTTP_SEGMENTS_MAX]) {
    unsigned parameters = 0, i = 0;
    for (; *pattern == '/'; i++) {
        const char *piece = pattern + 1;
        size_t len = strcspn(piece, "/");
        pattern = piece + len;
        if (i == head->segments) return false;
        const char *segment = head->segment[i];
        if (len == 2 && memcmp(piece, "{}", 2) == 0) {
            if (segment[0] == 0) return false;
            parameter[parameters++] = segment;
        } else if (strlen(segment) != len || memcmp(segment, piece, len) != 0) {
            return false;
        }
    }
    return i == head->segments;
}
