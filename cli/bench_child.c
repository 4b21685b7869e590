#include "cli/bench_child.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/bench_figures.h"

/* What a child says. A pipe takes it in one piece, so the child never waits for its parent. */
struct said {
    enum crux_status status;
    uint64_t peak_bytes;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    uint8_t answer[CRUX_CLI_BENCH_ANSWER_MAX];
};

static bool read_all(int from, void *out, size_t bytes) {
    uint8_t *at = out;
    while (bytes > 0) {
        ssize_t got = read(from, at, bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

enum crux_status crux_cli_bench_child(
    void *answer, size_t bytes, uint64_t *peak_bytes, char message[CRUX_MODEL_MESSAGE_BYTES],
    enum crux_status (*work)(void *ctx, void *answer, char *message), void *ctx) {
    struct said said = {.status = CRUX_E_IO};
    int ends[2], how;
    CRUX_ASSERT(bytes <= sizeof said.answer);
    (void)snprintf(message, CRUX_MODEL_MESSAGE_BYTES, "the measuring process gave no answer");
    if (pipe(ends) != 0) return CRUX_E_IO;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        said.status = work(ctx, said.answer, said.message);
        said.peak_bytes = crux_cli_bench_peak();
        _exit(write(ends[1], &said, sizeof said) == (ssize_t)sizeof said ? 0 : 1);
    }
    (void)close(ends[1]);
    bool answered = child > 0 && read_all(ends[0], &said, sizeof said);
    (void)close(ends[0]);
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR) {
    }
    if (!answered) return CRUX_E_IO;
    memcpy(answer, said.answer, bytes);
    memcpy(message, said.message, sizeof said.message);
    *peak_bytes = said.peak_bytes;
    return said.status;
}
