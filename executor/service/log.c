#include "executor/service/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    bool json;
    enum crux_log_level least;
} how = {false, CRUX_LOG_INFO};

void crux_log_open(enum crux_log_form form, enum crux_log_level least) {
    how.json = form == CRUX_LOG_JSON || (form == CRUX_LOG_AUTO && isatty(STDERR_FILENO) == 0);
    how.least = least;
}

static const char *level_name(enum crux_log_level level) {
    switch (level) {
    case CRUX_LOG_DEBUG: return "debug";
    case CRUX_LOG_INFO: return "info";
    case CRUX_LOG_WARNING: return "warning";
    case CRUX_LOG_ERROR: return "error";
    }
    return "error";
}

/* Copies what a line or a JSON string may hold: no control characters; bytes that are no ASCII become '?', for they may be
 * half a character. */
static size_t put_clean(char *out, size_t room, const char *text, bool json) {
    size_t len = 0;
    for (; *text != 0 && len + 2 < room; text++) {
        unsigned char c = (unsigned char)*text;
        if (json && (c == '"' || c == '\\')) out[len++] = '\\';
        out[len++] = c < 0x20 ? ' ' : c >= 0x7f ? '?' : (char)c;
    }
    out[len] = 0;
    return len;
}

void crux_log(enum crux_log_level level, const char *request, const char *format, ...) {
    char said[CRUX_LOG_LINE_BYTES], clean[CRUX_LOG_LINE_BYTES], name[128], date[32],
        line[2 * CRUX_LOG_LINE_BYTES];
    struct timespec now;
    struct tm parts;
    va_list args;
    if (level < how.least) return;
    va_start(args, format);
    (void)vsnprintf(said, sizeof said, format, args);
    va_end(args);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &parts);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)put_clean(clean, sizeof clean, said, how.json);
    (void)put_clean(name, sizeof name, request == NULL ? "" : request, how.json);
    int len;
    if (how.json)
        len =
            snprintf(line, sizeof line,
                     "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",%s%s%s\"message\":\"%s\"}\n", date,
                     now.tv_nsec / 1000000, level_name(level), name[0] == 0 ? "" : "\"request\":\"",
                     name, name[0] == 0 ? "" : "\",", clean);
    else
        len = snprintf(line, sizeof line, "%s %-7s %s%s%s\n", date + 11, level_name(level), name,
                       name[0] == 0 ? "" : " ", clean);
    /* one write a line, so that lines of threads do not mix */
    if (len > 0) (void)!write(STDERR_FILENO, line, (size_t)len);
}
