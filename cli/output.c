#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crux_cli_output_start(void) {
    (void)signal(SIGPIPE, SIG_IGN);
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        /* The wrong way round, so that using it fails. */
        int taken = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        if (taken != fd) abort();
    }
}

enum crux_cli_exit crux_cli_output_finish(enum crux_cli_exit code) {
    errno = 0;
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0) failed = true;
    if (!failed) return code;
    fprintf(stderr, "crux: standard output could not be written%s%s\n", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return CRUX_CLI_FAILURE;
}

json_t *crux_cli_json_text(const char *text) {
    json_t *string = json_string(text);
    if (string != NULL) return string;
    char *plain = strdup(text);
    if (plain == NULL) return NULL;
    for (char *c = plain; *c != 0; c++) {
        if ((unsigned char)*c >= 0x80) *c = '?';
    }
    string = json_string(plain);
    free(plain);
    return string;
}

static bool print_object(const json_t *object) {
    if (json_dumpf(object, stdout, 0) != 0) return false;
    return putchar('\n') != EOF;
}

enum crux_cli_exit crux_cli_answer(const struct crux_cli_call *call, json_t *object) {
    if (object == NULL)
        return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for the answer");
    bool printed = print_object(object);
    json_decref(object);
    /* A write that failed is told by crux_cli_output_finish. */
    return printed ? CRUX_CLI_OK : CRUX_CLI_FAILURE;
}

static enum crux_cli_exit exit_code(enum crux_status status) {
    return status == CRUX_E_USAGE ? CRUX_CLI_USAGE : CRUX_CLI_FAILURE;
}

enum crux_cli_exit crux_cli_fail_json(const struct crux_cli_call *call, enum crux_status status,
                                      const char *message, json_t *details) {
    (void)call;
    json_t *object = json_pack("{s:s, s:o}", "error", crux_status_name(status), "message",
                               crux_cli_json_text(message));
    if (object != NULL && details != NULL) (void)json_object_update_missing(object, details);
    json_decref(details);
    if (object != NULL) {
        (void)print_object(object);
    } else {
        /* No memory for an object: the same in letters that need none. */
        printf("{\"error\": \"%s\", \"message\": \"out of memory\"}\n", crux_status_name(status));
    }
    json_decref(object);
    return exit_code(status);
}

enum crux_cli_exit crux_cli_fail(const struct crux_cli_call *call, enum crux_status status,
                                 const char *format, ...) {
    char message[2 * CRUX_CLI_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (call->json) return crux_cli_fail_json(call, status, message, NULL);
    const char *name = call->command != NULL ? call->command->name : NULL;
    fprintf(stderr, "crux%s%s: %s\n", name != NULL ? " " : "", name != NULL ? name : "", message);
    return exit_code(status);
}

const struct crux_cli_style *crux_cli_style(void) {
    static const struct crux_cli_style plain = {"", "", "", "", ""};
    static const struct crux_cli_style colours = {"\033[1m", "\033[2m", "\033[32m", "\033[31m",
                                                  "\033[0m"};
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (no_color != NULL && no_color[0] != 0) return &plain;
    if (term == NULL || strcmp(term, "dumb") == 0 || isatty(STDOUT_FILENO) == 0) return &plain;
    return &colours;
}
