#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/file.h"

enum { READ_BYTES_FIRST = 1 << 16 };

static enum crux_status say_errno(char *message, const char *verb, const char *path) {
    (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "cannot %s '%.300s': %s", verb, path,
                   strerror(errno));
    return CRUX_E_IO;
}

/* Doubles the buffer, up to limit+1 bytes of contents: one more than permitted, to see that there is more. */
static bool grow(uint8_t **bytes, size_t *cap, size_t limit) {
    size_t more = *cap == 0 ? READ_BYTES_FIRST : *cap * 2;
    if (more > limit + 1) more = limit + 1;
    uint8_t *longer = realloc(*bytes, more + 1);
    if (longer == NULL) return false;
    *bytes = longer;
    *cap = more;
    return true;
}

enum crux_status crux_cli_file_read(uint8_t **bytes, size_t *len,
                                    char message[CRUX_CLI_MESSAGE_BYTES], const char *path,
                                    size_t limit) {
    CRUX_ASSERT(limit < SIZE_MAX / 4);
    enum crux_status status = CRUX_OK;
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    uint8_t *buffer = NULL;
    size_t at = 0, cap = 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return say_errno(message, "open", name);
    for (;;) {
        if (at == cap && !grow(&buffer, &cap, limit)) {
            (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "no memory for '%.300s'", name);
            status = CRUX_E_OUT_OF_MEMORY;
            goto out;
        }
        ssize_t got = read(fd, buffer + at, cap - at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = say_errno(message, "read", name);
            goto out;
        }
        if (got == 0) break;
        at += (size_t)got;
        if (at > limit) {
            (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "'%.300s' is longer than %zu bytes",
                           name, limit);
            status = CRUX_E_UNSUPPORTED;
            goto out;
        }
    }
    buffer[at] = 0;
    *bytes = buffer;
    *len = at;
    buffer = NULL;
out:
    free(buffer);
    if (!standard) (void)close(fd);
    return status;
}
