/* crux challenger: follows a chain and disputes what is false. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chain-adapter/io/http_client.h"
#include "cli/chain_file.h"
#include "cli/challenger.h"
#include "cli/challenger_config.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/share.h"

enum {
    OPTION_MODEL,
    OPTION_CHAIN,
    OPTION_DATA,
    OPTION_MODE,
    OPTION_ACCOUNT,
    OPTION_EXECUTOR,
    OPTION_BEARER,
    OPTION_WATCHED,
    OPTION_ONLY_WATCHED,
    OPTION_SHARE,
    OPTION_LAYERS,
    OPTION_RISK,
    OPTION_DEMAND_FEES,
    OPTION_KEEP,
    OPTION_CHAIN_ID,
    OPTION_HOOK,
    OPTION_WEBHOOK,
    OPTION_METRICS,
    OPTION_POLL,
    OPTION_RETRY,
    OPTION_THREADS,
    OPTION_BACKEND,
    OPTION_ONCE,
    OPTION_CONFIG,
    OPTION_COUNT
};

const struct crux_cli_option crux_cli_challenger_options[] = {
    [OPTION_MODEL] = {.name = "model",
                      .kind = CRUX_CLI_TEXT,
                      .value = "M.crux",
                      .help = "a model whose claims can be run again here; may be repeated",
                      .repeats = true},
    [OPTION_CHAIN] = {.name = "chain",
                      .kind = CRUX_CLI_TEXT,
                      .value = "URL",
                      .help = "where the claims live: local:PATH"},
    [OPTION_DATA] = {.name = "data",
                     .kind = CRUX_CLI_TEXT,
                     .value = "DIR",
                     .help = "folder of the journal; made if it is not there"},
    [OPTION_MODE] = {.name = "mode",
                     .kind = CRUX_CLI_TEXT,
                     .value = "MODE",
                     .help = "watch (moves nothing; the default), defend (disputes false claims of "
                             "those it is told to watch), challenge (all false claims)"},
    [OPTION_ACCOUNT] = {.name = "account",
                        .kind = CRUX_CLI_TEXT,
                        .value = "ACCOUNT",
                        .help = "whose moves and bonds these are"},
    [OPTION_EXECUTOR] = {.name = "executor",
                         .kind = CRUX_CLI_TEXT,
                         .value = "ACCOUNT=URL",
                         .help = "where an executor serves its claims; may be repeated",
                         .repeats = true},
    [OPTION_BEARER] = {.name = "bearer",
                       .kind = CRUX_CLI_TEXT,
                       .value = "ACCOUNT=FILE",
                       .help = "the key with which that executor serves private claims: the first "
                               "line of the file; may be repeated",
                       .repeats = true},
    [OPTION_WATCHED] = {.name = "watched",
                        .kind = CRUX_CLI_TEXT,
                        .value = "ACCOUNT",
                        .help = "an executor or a requester to watch; may be repeated",
                        .repeats = true},
    [OPTION_ONLY_WATCHED] = {.name = "only-watched",
                             .help = "leave the claims of all others alone, in every mode"},
    [OPTION_SHARE] = {.name = "share",
                      .kind = CRUX_CLI_TEXT,
                      .value = "X",
                      .help = "of claims that are run again, from 0 to 1, drawn in secret "
                              "(default 1)"},
    [OPTION_LAYERS] = {.name = "layers",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "audit so many layers of each, drawn in secret, with their weights "
                               "alone in memory (default: whole runs)",
                       .least = 1,
                       .most = 65536},
    [OPTION_RISK] = {.name = "risk",
                     .kind = CRUX_CLI_NUMBER,
                     .value = "UNITS",
                     .help = "bonds of own disputes at any time, at most (default: the balance)",
                     .most = INT64_MAX},
    [OPTION_DEMAND_FEES] = {.name = "demand-fees",
                            .kind = CRUX_CLI_NUMBER,
                            .value = "UNITS",
                            .help = "fees in all for demanding what is not served (default 0: "
                                    "nothing is demanded)",
                            .most = INT64_MAX},
    [OPTION_KEEP] = {.name = "keep",
                     .kind = CRUX_CLI_NUMBER,
                     .value = "UNITS",
                     .help = "withdraw what the balance holds beyond this (default: never)",
                     .least = 1,
                     .most = INT64_MAX},
    [OPTION_CHAIN_ID] = {.name = "chain-id",
                         .kind = CRUX_CLI_TEXT,
                         .value = "HEX",
                         .help = "refuse any other chain"},
    [OPTION_HOOK] = {.name = "alert-hook",
                     .kind = CRUX_CLI_TEXT,
                     .value = "PROGRAM",
                     .help = "run at an alert, without a shell: PROGRAM KIND CLAIM EXECUTOR TEXT"},
    [OPTION_WEBHOOK] = {.name = "alert-webhook",
                        .kind = CRUX_CLI_TEXT,
                        .value = "URL",
                        .help = "where an alert is posted as JSON"},
    [OPTION_METRICS] = {.name = "metrics-listen",
                        .kind = CRUX_CLI_TEXT,
                        .value = "ADDRESS:PORT",
                        .help = "serve /metrics for Prometheus there"},
    [OPTION_POLL] = {.name = "poll",
                     .kind = CRUX_CLI_NUMBER,
                     .value = "MS",
                     .help = "milliseconds between looks at the chain (default 1000)",
                     .least = 10,
                     .most = 3600000},
    [OPTION_RETRY] = {.name = "retry",
                      .kind = CRUX_CLI_NUMBER,
                      .value = "SECONDS",
                      .help = "between attempts to fetch what is not served (default 10; with "
                              "--once 0)",
                      .most = 86400},
    [OPTION_THREADS] = {.name = "threads",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "of the engine (default: all processors)",
                        .least = 1,
                        .most = 1024},
    [OPTION_BACKEND] = {.name = "backend",
                        .kind = CRUX_CLI_TEXT,
                        .value = "NAME",
                        .help = "of matrix products (default: the first that works here)"},
    [OPTION_ONCE] = {.name = "once",
                     .help = "do what there is to do and end: 3 if a claim was found false"},
    [OPTION_CONFIG] = {.name = "config",
                       .kind = CRUX_CLI_TEXT,
                       .value = "FILE",
                       .help = "a JSON object with any of these, named with _ for -; flags and "
                               "environment (CRUX_CHALLENGER_RISK ..) win"},
    [OPTION_COUNT] = {.name = NULL},
};

extern char **environ;

static volatile sig_atomic_t stopped;
static volatile int stop; /* the same for the library */

static void on_signal(int number) {
    (void)number;
    stopped = 1;
    stop = 1;
}

enum { BEARER_BYTES = 512 };

struct watch {
    const struct crux_cli_call *call;
    struct crux_chain chain;
    struct crux_challenger *challenger;
    struct crux_challenger_options options;
    struct crux_challenger_peer peers[2 * CRUX_CLI_REPEATS_MAX];
    uint8_t chain_id[32];
    char bearer[CRUX_CLI_REPEATS_MAX][BEARER_BYTES];
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

/* ---- what was asked ---- */

static enum crux_cli_exit take_mode(struct watch *watch) {
    static const char *const names[] = {[CRUX_CHALLENGER_WATCH] = "watch",
                                        [CRUX_CHALLENGER_DEFEND] = "defend",
                                        [CRUX_CHALLENGER_CHALLENGE] = "challenge"};
    const struct crux_cli_value *mode = &watch->call->option[OPTION_MODE];
    watch->options.mode = CRUX_CHALLENGER_WATCH;
    if (!mode->given) return CRUX_CLI_OK;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        if (strcmp(mode->text, names[i]) != 0) continue;
        watch->options.mode = (enum crux_challenger_mode)i;
        return CRUX_CLI_OK;
    }
    return crux_cli_fail(watch->call, CRUX_E_USAGE,
                         "--mode takes watch, defend or challenge, not '%.50s'", mode->text);
}

static enum crux_cli_exit take_executor(struct watch *watch, struct crux_challenger_peer *peer,
                                        const char *text) {
    char account[CRUX_CHAIN_NAME_BYTES_MAX + 1], why[CRUX_HTTP_MESSAGE_BYTES];
    const char *sign = strchr(text, '=');
    if (sign == NULL || (size_t)(sign - text) >= sizeof account)
        return crux_cli_fail(watch->call, CRUX_E_USAGE,
                             "--executor takes ACCOUNT=URL, not '%.100s'", text);
    (void)snprintf(account, sizeof account, "%.*s", (int)(sign - text), text);
    peer->url = sign + 1;
    if (crux_http_url_check(peer->url, why) != CRUX_OK)
        return crux_cli_fail(watch->call, CRUX_E_USAGE, "--executor '%.100s': %s", text, why);
    return crux_cli_chain_account(&peer->account, watch->call, account);
}

/* In: text, ACCOUNT=FILE of an executor that is known. */
static enum crux_cli_exit take_bearer(struct watch *watch, char bearer[BEARER_BYTES],
                                      uint32_t peer_count, const char *text) {
    char name[CRUX_CHAIN_NAME_BYTES_MAX + 1], message[CRUX_CLI_MESSAGE_BYTES];
    const char *sign = strchr(text, '=');
    struct crux_account account;
    uint8_t *bytes;
    size_t len;
    if (sign == NULL || (size_t)(sign - text) >= sizeof name)
        return crux_cli_fail(watch->call, CRUX_E_USAGE, "--bearer takes ACCOUNT=FILE, not '%.100s'",
                             text);
    (void)snprintf(name, sizeof name, "%.*s", (int)(sign - text), text);
    enum crux_cli_exit code = crux_cli_chain_account(&account, watch->call, name);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_cli_file_read(&bytes, &len, message, sign + 1, BEARER_BYTES - 1);
    if (status != CRUX_OK) return crux_cli_fail(watch->call, status, "%s", message);
    (void)snprintf(bearer, BEARER_BYTES, "%.*s", (int)strcspn((const char *)bytes, "\r\n"),
                   (const char *)bytes);
    free(bytes);
    for (uint32_t i = 0; i < peer_count; i++) {
        if (memcmp(watch->peers[i].account.b, account.b, sizeof account.b) != 0) continue;
        watch->peers[i].bearer = bearer;
        return CRUX_CLI_OK;
    }
    return crux_cli_fail(watch->call, CRUX_E_USAGE, "--bearer: no --executor is called '%s'", name);
}

static enum crux_cli_exit take_peers(struct watch *watch) {
    const struct crux_cli_value *executors = &watch->call->option[OPTION_EXECUTOR],
                                *watched = &watch->call->option[OPTION_WATCHED],
                                *bearers = &watch->call->option[OPTION_BEARER];
    enum crux_cli_exit code = CRUX_CLI_OK;
    uint32_t count = 0;
    for (unsigned i = 0; code == CRUX_CLI_OK && i < executors->count; i++)
        code = take_executor(watch, &watch->peers[count++], executors->all[i]);
    for (unsigned i = 0; code == CRUX_CLI_OK && i < watched->count; i++)
        code = crux_cli_chain_account(&watch->peers[count++].account, watch->call, watched->all[i]);
    for (unsigned i = 0; code == CRUX_CLI_OK && i < bearers->count; i++)
        code = take_bearer(watch, watch->bearer[i], count, bearers->all[i]);
    watch->options.peers = watch->peers;
    watch->options.peer_count = count;
    return code;
}

static bool take_chain_id(uint8_t id[32], const char *text) {
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64) return false;
    for (unsigned i = 0; i < 32; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) return false;
        id[i] = (uint8_t)byte;
    }
    return true;
}

static enum crux_cli_exit take_numbers(struct watch *watch) {
    const struct crux_cli_value *option = watch->call->option;
    struct crux_challenger_options *options = &watch->options;
    uint32_t share = 1000000000;
    if (option[OPTION_SHARE].given && !crux_cli_share_read(&share, option[OPTION_SHARE].text))
        return crux_cli_fail(watch->call, CRUX_E_USAGE,
                             "--share takes a decimal from 0 to 1, not '%.50s'",
                             option[OPTION_SHARE].text);
    options->share = share / (1000000000 / CRUX_CHALLENGER_ALL);
    options->layers = (uint32_t)option[OPTION_LAYERS].number;
    options->risk_max = option[OPTION_RISK].given ? option[OPTION_RISK].number : INT64_MAX;
    options->demand_max = option[OPTION_DEMAND_FEES].number;
    options->keep = option[OPTION_KEEP].number;
    options->threads = (unsigned)option[OPTION_THREADS].number;
    options->retry_seconds = option[OPTION_RETRY].given  ? (uint32_t)option[OPTION_RETRY].number
                             : option[OPTION_ONCE].given ? 0
                                                         : 10;
    if (option[OPTION_CHAIN_ID].given) {
        if (!take_chain_id(watch->chain_id, option[OPTION_CHAIN_ID].text))
            return crux_cli_fail(watch->call, CRUX_E_USAGE,
                                 "--chain-id takes 64 hexadecimal digits in lower case");
        options->chain_id = watch->chain_id;
    }
    return CRUX_CLI_OK;
}

static enum crux_cli_exit take_options(struct watch *watch) {
    const struct crux_cli_call *call = watch->call;
    const struct crux_cli_value *option = call->option;
    static const unsigned needed[] = {OPTION_CHAIN, OPTION_DATA, OPTION_MODEL};
    char why[CRUX_HTTP_MESSAGE_BYTES];
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(needed); i++) {
        if (!option[needed[i]].given)
            return crux_cli_fail(call, CRUX_E_USAGE, "--%s is needed",
                                 crux_cli_challenger_options[needed[i]].name);
    }
    watch->options = (struct crux_challenger_options){
        .folder = option[OPTION_DATA].text,
        .peers_only = option[OPTION_ONLY_WATCHED].given,
        .backend = option[OPTION_BACKEND].text,
        .hook = option[OPTION_HOOK].text,
        .webhook = option[OPTION_WEBHOOK].text,
        .stop = &stop,
        .log = on_log,
        .log_ctx = watch,
    };
    if (option[OPTION_WEBHOOK].given &&
        crux_http_url_check(option[OPTION_WEBHOOK].text, why) != CRUX_OK)
        return crux_cli_fail(call, CRUX_E_USAGE, "--alert-webhook: %s", why);
    enum crux_cli_exit code = take_mode(watch);
    if (code == CRUX_CLI_OK) code = take_numbers(watch);
    if (code == CRUX_CLI_OK) code = take_peers(watch);
    if (code != CRUX_CLI_OK) return code;
    if (option[OPTION_ACCOUNT].given)
        return crux_cli_chain_account(&watch->options.account, call, option[OPTION_ACCOUNT].text);
    if (watch->options.mode == CRUX_CHALLENGER_WATCH) return CRUX_CLI_OK;
    return crux_cli_fail(call, CRUX_E_USAGE, "--account is needed: whose bonds are these?");
}

/* ---- running ---- */

static enum crux_cli_exit open_challenger(struct watch *watch) {
    const struct crux_cli_call *call = watch->call;
    const struct crux_cli_value *models = &call->option[OPTION_MODEL];
    char message[CRUX_CHALLENGER_MESSAGE_BYTES];
    enum crux_status status =
        crux_challenger_open(&watch->challenger, &watch->chain, &watch->options, message);
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
    if (!call->option[OPTION_METRICS].given) return CRUX_CLI_OK;
    status = crux_cli_metrics_open(&watch->metrics, call->option[OPTION_METRICS].text, message);
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
    bool once = option[OPTION_ONCE].given;
    uint64_t poll = option[OPTION_POLL].given ? option[OPTION_POLL].number : 1000, wait = 0;
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
    enum crux_cli_exit code = take_options(watch);
    if (code == CRUX_CLI_OK)
        code = crux_cli_chain_url(&watch->chain, call, call->option[OPTION_CHAIN].text);
    if (code != CRUX_CLI_OK) {
        free(watch);
        return code;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    code = open_challenger(watch);
    if (code == CRUX_CLI_OK) code = run(watch);
    if (code == CRUX_CLI_OK) code = say_figures(watch);
    if (code == CRUX_CLI_OK && call->option[OPTION_ONCE].given && watch->found > 0)
        code = CRUX_CLI_FALSE;
    crux_cli_metrics_close(watch->metrics);
    crux_challenger_close(watch->challenger);
    watch->chain.ops->close(&watch->chain);
    free(watch);
    return code;
}

enum crux_cli_exit crux_cli_run_challenger(const struct crux_cli_call *call) {
    const struct crux_cli_value *config = &call->option[OPTION_CONFIG];
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
