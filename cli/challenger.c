/* crux challenger: follows a chain and disputes what is false. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/chain_file.h"
#include "cli/challenger.h"
#include "cli/challenger_config.h"
#include "cli/challenger_options.h"
#include "cli/output.h"

extern char **environ;

static volatile sig_atomic_t stopped;
static volatile int stop; /* the same for the library */

static void on_signal(int number) {
    (void)number;
    stopped = 1;
    stop = 1;
}

struct watch {
    const struct crux_cli_call *call;
    struct crux_chain chain;
    struct crux_challenger *challenger;
    struct crux_cli_challenger_asked asked;
    struct crux_cli_metrics *metrics;
    unsigned found; /* false claims, in this run */
    bool for_people;
};

/* ---- what it says ---- */

static void on_log(void *ctx, enum crux_challenger_level level, const char *kind,
                   const char *text) {
    static const char *const names[] = {"info", "warning", "alert"};
    struct watch *watch = ctx;
    struct timespec now = {0};
    char when[32] = "";
    struct tm utc;
    watch->found += strcmp(kind, "false_claim") == 0;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL)
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (watch->for_people) {
        (void)fprintf(stderr, "%s %-7s %s: %s\n", when, names[level], kind, text);
        return;
    }
    json_t *line = json_pack("{s:s, s:s, s:s, s:o}", "time", when, "level", names[level], "event",
                             kind, "text", crux_cli_json_text(text));
    if (line != NULL) (void)json_dumpf(line, stderr, JSON_COMPACT);
    (void)fputc('\n', stderr);
    json_decref(line);
}

/* ---- running ---- */

static enum crux_cli_exit open_challenger(struct watch *watch) {
    const struct crux_cli_call *call = watch->call;
    const struct crux_cli_value *models = &call->option[CRUX_CLI_CHALLENGER_MODEL];
    char message[CRUX_CHALLENGER_MESSAGE_BYTES];
    enum crux_status status =
        crux_challenger_open(&watch->challenger, &watch->chain, &watch->asked.options, message);
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "%s",
                             message[0] != 0 ? message : crux_status_text(status));
    for (unsigned i = 0; i < models->count; i++) {
        uint8_t root[32];
        char hex[65];
        status = crux_challenger_model(watch->challenger, models->all[i], root, message);
        if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
        crux_cli_chain_hex(hex, root, sizeof root);
        (void)snprintf(message, sizeof message, "%.300s is model %s", models->all[i], hex);
        on_log(watch, CRUX_CHALLENGER_INFO, "model", message);
    }
    if (!call->option[CRUX_CLI_CHALLENGER_METRICS].given) return CRUX_CLI_OK;
    status = crux_cli_metrics_open(&watch->metrics, call->option[CRUX_CLI_CHALLENGER_METRICS].text,
                                   message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    (void)snprintf(message, sizeof message, "port %u", crux_cli_metrics_port(watch->metrics));
    on_log(watch, CRUX_CHALLENGER_INFO, "metrics", message);
    return CRUX_CLI_OK;
}

static void pause_for(uint64_t milliseconds) {
    const struct timespec wait = {.tv_sec = (time_t)(milliseconds / 1000),
                                  .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    if (!stopped) (void)nanosleep(&wait, NULL); /* a signal ends it */
}

static void show_figures(struct watch *watch) {
    struct crux_challenger_figures figures;
    if (watch->metrics != NULL && crux_challenger_figures(watch->challenger, &figures) == CRUX_OK)
        crux_cli_metrics_set(watch->metrics, &figures);
}

/* Goes on through trouble with the chain or the disk, a minute at most between attempts. */
static enum crux_cli_exit run(struct watch *watch) {
    enum { TROUBLE_MILLISECONDS = 1000, TROUBLE_MILLISECONDS_MAX = 60000 };
    const struct crux_cli_value *option = watch->call->option;
    bool once = option[CRUX_CLI_CHALLENGER_ONCE].given;
    uint64_t poll = option[CRUX_CLI_CHALLENGER_POLL].given ? option[CRUX_CLI_CHALLENGER_POLL].number
                                                           : 1000,
             wait = 0;
    while (!stopped) {
        bool more;
        enum crux_status status = crux_challenger_step(watch->challenger, &more);
        if (status != CRUX_OK && once)
            return crux_cli_fail(watch->call, status, "%s",
                                 crux_challenger_message(watch->challenger));
        if (status != CRUX_OK) {
            on_log(watch, CRUX_CHALLENGER_WARNING, crux_status_name(status),
                   crux_challenger_message(watch->challenger));
            wait = wait == 0 ? (uint64_t)TROUBLE_MILLISECONDS : 2 * wait;
            if (wait > TROUBLE_MILLISECONDS_MAX) wait = TROUBLE_MILLISECONDS_MAX;
            pause_for(wait);
            continue;
        }
        wait = 0;
        show_figures(watch);
        if (more) continue;
        if (once) break;
        pause_for(poll);
    }
    return CRUX_CLI_OK;
}

static enum crux_cli_exit say_figures(struct watch *watch) {
    struct crux_challenger_figures figures;
    enum crux_status status = crux_challenger_figures(watch->challenger, &figures);
    if (status != CRUX_OK)
        return crux_cli_fail(watch->call, status, "%s", crux_challenger_message(watch->challenger));
    if (watch->call->json) {
        json_t *object = crux_cli_challenger_json(&figures);
        if (object != NULL) (void)json_object_set_new(object, "found", json_integer(watch->found));
        return crux_cli_answer(watch->call, object);
    }
    (void)printf(
        "read to event %llu; of %llu claims %llu are true, %llu false, %llu left out, %llu "
        "withheld, %llu of other models\n"
        "disputes: %llu open, %llu won, %llu lost, %llu refunded\n",
        (unsigned long long)figures.event, (unsigned long long)figures.claims,
        (unsigned long long)figures.valid, (unsigned long long)figures.invalid,
        (unsigned long long)(figures.unsampled + figures.not_permitted),
        (unsigned long long)figures.withheld, (unsigned long long)figures.unknown_model,
        (unsigned long long)figures.disputes_open, (unsigned long long)figures.disputes_won,
        (unsigned long long)figures.disputes_lost, (unsigned long long)figures.disputes_refunded);
    return CRUX_CLI_OK;
}

static enum crux_cli_exit run_call(const struct crux_cli_call *call) {
    struct watch *watch = calloc(1, sizeof *watch);
    const struct sigaction action = {.sa_handler = on_signal};
    if (watch == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory");
    watch->call = call;
    watch->for_people = isatty(STDERR_FILENO) != 0;
    enum crux_cli_exit code = crux_cli_challenger_ask(&watch->asked, call);
    watch->asked.options.stop = &stop;
    watch->asked.options.log = on_log;
    watch->asked.options.log_ctx = watch;
    if (code == CRUX_CLI_OK)
        code =
            crux_cli_chain_url(&watch->chain, call, call->option[CRUX_CLI_CHALLENGER_CHAIN].text);
    if (code != CRUX_CLI_OK) {
        free(watch);
        return code;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    code = open_challenger(watch);
    if (code == CRUX_CLI_OK) code = run(watch);
    if (code == CRUX_CLI_OK) code = say_figures(watch);
    if (code == CRUX_CLI_OK && call->option[CRUX_CLI_CHALLENGER_ONCE].given && watch->found > 0)
        code = CRUX_CLI_FALSE;
    crux_cli_metrics_close(watch->metrics);
    crux_challenger_close(watch->challenger);
    watch->chain.ops->close(&watch->chain);
    free(watch);
    return code;
}

enum crux_cli_exit crux_cli_run_challenger(const struct crux_cli_call *call) {
    const struct crux_cli_value *config = &call->option[CRUX_CLI_CHALLENGER_CONFIG];
    char message[CRUX_CLI_MESSAGE_BYTES];
    struct crux_cli_call whole = *call;
    struct crux_cli_settings *settings = malloc(sizeof *settings);
    enum crux_cli_exit code;
    if (settings == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory");
    enum crux_status status = crux_cli_settings_read(
        settings, message, crux_cli_challenger_options, call->option,
        config->given ? config->text : NULL, environ, "CRUX_CHALLENGER_", "config");
    whole.option = settings->value;
    if (status == CRUX_OK)
        code = run_call(&whole);
    else
        code = crux_cli_fail(call, status, "%s", message);
    crux_cli_settings_free(settings);
    free(settings);
    return code;
}
