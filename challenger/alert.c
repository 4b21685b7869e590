/* Who hears of it: the log; at an alert also a program and a web address. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "challenger/inside.h"

enum { HOOK_SECONDS = 10, WEBHOOK_MILLISECONDS = 5000 };

extern char **environ;

void challenger_hex(char *out, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void challenger_say(const struct crux_challenger *c, enum crux_challenger_level level,
                    const char *kind, const char *format, ...) {
    char text[CRUX_CHALLENGER_MESSAGE_BYTES];
    va_list args;
    if (c->options.log == NULL) return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->options.log(c->options.log_ctx, level, kind, text);
}

/* Waits for a bounded time: an alert must not stop a clock from being answered. */
static void run_hook(const struct crux_challenger *c, char *const argv[]) {
    const struct timespec pause = {.tv_nsec = 20000000};
    pid_t pid;
    int state = 0, failed = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
    if (failed != 0) {
        challenger_say(c, CRUX_CHALLENGER_WARNING, "hook", "cannot run '%.200s': %s", argv[0],
                       strerror(failed));
        return;
    }
    for (unsigned i = 0; i < HOOK_SECONDS * 50; i++) {
        pid_t ended = waitpid(pid, &state, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR)) {
            if (ended == pid && (!WIFEXITED(state) || WEXITSTATUS(state) != 0))
                challenger_say(c, CRUX_CHALLENGER_WARNING, "hook", "'%.200s' failed", argv[0]);
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &state, 0);
    challenger_say(c, CRUX_CHALLENGER_WARNING, "hook", "'%.200s' took more than %d seconds",
                   argv[0], (int)HOOK_SECONDS);
}

static void post_webhook(const struct crux_challenger *c, const char *kind, const char *claim,
                         const char *executor, const char *text) {
    struct crux_http_reply reply;
    char *body = NULL;
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "claim", claim, "executor",
                               executor, "text", text);
    if (object != NULL) body = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (body == NULL) return;
    const struct crux_http_ask ask = {
        .url = c->options.webhook,
        .body = (const uint8_t *)body,
        .body_bytes = strlen(body),
        .limits = {.whole_milliseconds = WEBHOOK_MILLISECONDS, .body_bytes_max = 65536}};
    if (crux_http_fetch(&reply, &ask) != CRUX_OK)
        challenger_say(c, CRUX_CHALLENGER_WARNING, "webhook", "no answer: %s", reply.message);
    else if (reply.code / 100 != 2)
        challenger_say(c, CRUX_CHALLENGER_WARNING, "webhook", "it answered with %d", reply.code);
    crux_http_reply_free(&reply);
    free(body);
}

void challenger_alert(const struct crux_challenger *c, enum crux_challenger_level level,
                      const char *kind, const struct crux_claim_id *id,
                      const struct crux_account *executor, const char *text) {
    char claim[40], hex[41] = "";
    (void)snprintf(claim, sizeof claim, "%llu/%u", (unsigned long long)id->batch,
                   (unsigned)id->member);
    if (executor != NULL) challenger_hex(hex, executor->b, sizeof executor->b);
    challenger_say(c, level, kind, "claim %s of %s: %s", claim, hex, text);
    if (level != CRUX_CHALLENGER_ALERT) return;
    if (c->options.hook != NULL) {
        /* posix_spawn takes words that it does not change */
        char *argv[] = {strdup(c->options.hook), strdup(kind), claim, hex, strdup(text), NULL};
        if (argv[0] != NULL && argv[1] != NULL && argv[4] != NULL) run_hook(c, argv);
        free(argv[0]);
        free(argv[1]);
        free(argv[4]);
    }
    if (c->options.webhook != NULL) post_webhook(c, kind, claim, hex, text);
}
