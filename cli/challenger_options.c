#include "cli/challenger_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/http_client.h"
#include "cli/chain_file.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/share.h"

const struct crux_cli_option crux_cli_challenger_options[] = {
    [CRUX_CLI_CHALLENGER_MODEL] =
        {.name = "model",
         .kind = CRUX_CLI_TEXT,
         .value = "M.crux",
         .help = "a model whose claims can be run again here; may be repeated",
         .repeats = true},
    [CRUX_CLI_CHALLENGER_CHAIN] = {.name = "chain",
                                   .kind = CRUX_CLI_TEXT,
                                   .value = "URL",
                                   .help = "where the claims live: local:PATH"},
    [CRUX_CLI_CHALLENGER_DATA] = {.name = "data",
                                  .kind = CRUX_CLI_TEXT,
                                  .value = "DIR",
                                  .help = "folder of the journal; made if it is not there"},
    [CRUX_CLI_CHALLENGER_MODE] =
        {.name = "mode",
         .kind = CRUX_CLI_TEXT,
         .value = "MODE",
         .help = "watch (moves nothing; the default), defend (disputes false claims of "
                 "those it is told to watch), challenge (all false claims)"},
    [CRUX_CLI_CHALLENGER_ACCOUNT] = {.name = "account",
                                     .kind = CRUX_CLI_TEXT,
                                     .value = "ACCOUNT",
                                     .help = "whose moves and bonds these are"},
    [CRUX_CLI_CHALLENGER_EXECUTOR] = {.name = "executor",
                                      .kind = CRUX_CLI_TEXT,
                                      .value = "ACCOUNT=URL",
                                      .help =
                                          "where an executor serves its claims; may be repeated",
                                      .repeats = true},
    [CRUX_CLI_CHALLENGER_BEARER] =
        {.name = "bearer",
         .kind = CRUX_CLI_TEXT,
         .value = "ACCOUNT=FILE",
         .help = "the key with which that executor serves private claims: the first "
                 "line of the file; may be repeated",
         .repeats = true},
    [CRUX_CLI_CHALLENGER_WATCHED] = {.name = "watched",
                                     .kind = CRUX_CLI_TEXT,
                                     .value = "ACCOUNT",
                                     .help = "an executor or a requester to watch; may be repeated",
                                     .repeats = true},
    [CRUX_CLI_CHALLENGER_ONLY_WATCHED] =
        {.name = "only-watched", .help = "leave the claims of all others alone, in every mode"},
    [CRUX_CLI_CHALLENGER_SHARE] = {.name = "share",
                                   .kind = CRUX_CLI_TEXT,
                                   .value = "X",
                                   .help =
                                       "of claims that are run again, from 0 to 1, drawn in secret "
                                       "(default 1)"},
    [CRUX_CLI_CHALLENGER_LAYERS] =
        {.name = "layers",
         .kind = CRUX_CLI_NUMBER,
         .value = "N",
         .help = "audit so many layers of each, drawn in secret, with their weights "
                 "alone in memory (default: whole runs)",
         .least = 1,
         .most = 65536},
    [CRUX_CLI_CHALLENGER_RISK] =
        {.name = "risk",
         .kind = CRUX_CLI_NUMBER,
         .value = "UNITS",
         .help = "bonds of own disputes at any time, at most (default: the balance)",
         .most = INT64_MAX},
    [CRUX_CLI_CHALLENGER_DEMAND_FEES] =
        {.name = "demand-fees",
         .kind = CRUX_CLI_NUMBER,
         .value = "UNITS",
         .help = "fees in all for demanding what is not served (default 0: "
                 "nothing is demanded)",
         .most = INT64_MAX},
    [CRUX_CLI_CHALLENGER_KEEP] =
        {.name = "keep",
         .kind = CRUX_CLI_NUMBER,
         .value = "UNITS",
         .help = "withdraw what the balance holds beyond this (default: never)",
         .least = 1,
         .most = INT64_MAX},
    [CRUX_CLI_CHALLENGER_CHAIN_ID] = {.name = "chain-id",
                                      .kind = CRUX_CLI_TEXT,
                                      .value = "HEX",
                                      .help = "refuse any other chain"},
    [CRUX_CLI_CHALLENGER_HOOK] =
        {.name = "alert-hook",
         .kind = CRUX_CLI_TEXT,
         .value = "PROGRAM",
         .help = "run at an alert, without a shell: PROGRAM KIND CLAIM EXECUTOR TEXT"},
    [CRUX_CLI_CHALLENGER_WEBHOOK] = {.name = "alert-webhook",
                                     .kind = CRUX_CLI_TEXT,
                                     .value = "URL",
                                     .help = "where an alert is posted as JSON"},
    [CRUX_CLI_CHALLENGER_METRICS] = {.name = "metrics-listen",
                                     .kind = CRUX_CLI_TEXT,
                                     .value = "ADDRESS:PORT",
                                     .help = "serve /metrics for Prometheus there"},
    [CRUX_CLI_CHALLENGER_POLL] = {.name = "poll",
                                  .kind = CRUX_CLI_NUMBER,
                                  .value = "MS",
                                  .help = "milliseconds between looks at the chain (default 1000)",
                                  .least = 10,
                                  .most = 3600000},
    [CRUX_CLI_CHALLENGER_RETRY] =
        {.name = "retry",
         .kind = CRUX_CLI_NUMBER,
         .value = "SECONDS",
         .help = "between attempts to fetch what is not served (default 10; with "
                 "--once 0)",
         .most = 86400},
    [CRUX_CLI_CHALLENGER_WAIT] =
        {.name = "wait",
         .kind = CRUX_CLI_NUMBER,
         .value = "SECONDS",
         .help = "for one executor's traces, at a time; then they count as not served "
                 "(default: 1/288 of the chain's window or 1/48 of its clocks, 5 to 300)",
         .least = 1,
         .most = 86400},
    [CRUX_CLI_CHALLENGER_THREADS] = {.name = "threads",
                                     .kind = CRUX_CLI_NUMBER,
                                     .value = "N",
                                     .help = "of the engine (default: all processors)",
                                     .least = 1,
                                     .most = 1024},
    [CRUX_CLI_CHALLENGER_BACKEND] = {.name = "backend",
                                     .kind = CRUX_CLI_TEXT,
                                     .value = "NAME",
                                     .help =
                                         "of matrix products (default: the first that works here)"},
    [CRUX_CLI_CHALLENGER_ONCE] =
        {.name = "once", .help = "do what there is to do and end: 3 if a claim was found false"},
    [CRUX_CLI_CHALLENGER_CONFIG] =
        {.name = "config",
         .kind = CRUX_CLI_TEXT,
         .value = "FILE",
         .help = "a JSON object with any of these, named with _ for -; flags and "
                 "environment (CRUX_CHALLENGER_RISK ..) win"},
    [CRUX_CLI_CHALLENGER_COUNT] = {.name = NULL},
};

static enum crux_cli_exit take_mode(struct crux_cli_challenger_asked *asked,
                                    const struct crux_cli_call *call) {
    static const char *const names[] = {[CRUX_CHALLENGER_WATCH] = "watch",
                                        [CRUX_CHALLENGER_DEFEND] = "defend",
                                        [CRUX_CHALLENGER_CHALLENGE] = "challenge"};
    const struct crux_cli_value *mode = &call->option[CRUX_CLI_CHALLENGER_MODE];
    asked->options.mode = CRUX_CHALLENGER_WATCH;
    if (!mode->given) return CRUX_CLI_OK;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        if (strcmp(mode->text, names[i]) != 0) continue;
        asked->options.mode = (enum crux_challenger_mode)i;
        return CRUX_CLI_OK;
    }
    return crux_cli_fail(call, CRUX_E_USAGE, "--mode takes watch, defend or challenge, not '%.50s'",
                         mode->text);
}

static enum crux_cli_exit take_executor(const struct crux_cli_call *call,
                                        struct crux_challenger_peer *peer, const char *text) {
    char account[CRUX_CHAIN_NAME_BYTES_MAX + 1], why[CRUX_HTTP_MESSAGE_BYTES];
    const char *sign = strchr(text, '=');
    if (sign == NULL || (size_t)(sign - text) >= sizeof account)
        return crux_cli_fail(call, CRUX_E_USAGE, "--executor takes ACCOUNT=URL, not '%.100s'",
                             text);
    (void)snprintf(account, sizeof account, "%.*s", (int)(sign - text), text);
    peer->url = sign + 1;
    if (crux_http_url_check(peer->url, why) != CRUX_OK)
        return crux_cli_fail(call, CRUX_E_USAGE, "--executor '%.100s': %s", text, why);
    return crux_cli_chain_account(&peer->account, call, account);
}

/* In: text, ACCOUNT=FILE of an executor that is known. */
static enum crux_cli_exit take_bearer(struct crux_cli_challenger_asked *asked,
                                      const struct crux_cli_call *call,
                                      char bearer[CRUX_CLI_BEARER_BYTES], uint32_t peer_count,
                                      const char *text) {
    char name[CRUX_CHAIN_NAME_BYTES_MAX + 1], message[CRUX_CLI_MESSAGE_BYTES];
    const char *sign = strchr(text, '=');
    struct crux_account account;
    uint8_t *bytes;
    size_t len;
    if (sign == NULL || (size_t)(sign - text) >= sizeof name)
        return crux_cli_fail(call, CRUX_E_USAGE, "--bearer takes ACCOUNT=FILE, not '%.100s'", text);
    (void)snprintf(name, sizeof name, "%.*s", (int)(sign - text), text);
    enum crux_cli_exit code = crux_cli_chain_account(&account, call, name);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status =
        crux_cli_file_read(&bytes, &len, message, sign + 1, CRUX_CLI_BEARER_BYTES - 1);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    (void)snprintf(bearer, CRUX_CLI_BEARER_BYTES, "%.*s", (int)strcspn((const char *)bytes, "\r\n"),
                   (const char *)bytes);
    free(bytes);
    for (uint32_t i = 0; i < peer_count; i++) {
        if (memcmp(asked->peers[i].account.b, account.b, sizeof account.b) != 0) continue;
        asked->peers[i].bearer = bearer;
        return CRUX_CLI_OK;
    }
    return crux_cli_fail(call, CRUX_E_USAGE, "--bearer: no --executor is called '%s'", name);
}

static enum crux_cli_exit take_peers(struct crux_cli_challenger_asked *asked,
                                     const struct crux_cli_call *call) {
    const struct crux_cli_value *executors = &call->option[CRUX_CLI_CHALLENGER_EXECUTOR],
                                *watched = &call->option[CRUX_CLI_CHALLENGER_WATCHED],
                                *bearers = &call->option[CRUX_CLI_CHALLENGER_BEARER];
    enum crux_cli_exit code = CRUX_CLI_OK;
    uint32_t count = 0;
    for (unsigned i = 0; code == CRUX_CLI_OK && i < executors->count; i++)
        code = take_executor(call, &asked->peers[count++], executors->all[i]);
    for (unsigned i = 0; code == CRUX_CLI_OK && i < watched->count; i++)
        code = crux_cli_chain_account(&asked->peers[count++].account, call, watched->all[i]);
    for (unsigned i = 0; code == CRUX_CLI_OK && i < bearers->count; i++)
        code = take_bearer(asked, call, asked->bearer[i], count, bearers->all[i]);
    asked->options.peers = asked->peers;
    asked->options.peer_count = count;
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

static enum crux_cli_exit take_numbers(struct crux_cli_challenger_asked *asked,
                                       const struct crux_cli_call *call) {
    const struct crux_cli_value *option = call->option;
    struct crux_challenger_options *options = &asked->options;
    uint32_t share = 1000000000;
    if (option[CRUX_CLI_CHALLENGER_SHARE].given &&
        !crux_cli_share_read(&share, option[CRUX_CLI_CHALLENGER_SHARE].text))
        return crux_cli_fail(call, CRUX_E_USAGE, "--share takes a decimal from 0 to 1, not '%.50s'",
                             option[CRUX_CLI_CHALLENGER_SHARE].text);
    options->share = share / (1000000000 / CRUX_CHALLENGER_ALL);
    options->layers = (uint32_t)option[CRUX_CLI_CHALLENGER_LAYERS].number;
    options->risk_max = option[CRUX_CLI_CHALLENGER_RISK].given
                            ? option[CRUX_CLI_CHALLENGER_RISK].number
                            : INT64_MAX;
    options->demand_max = option[CRUX_CLI_CHALLENGER_DEMAND_FEES].number;
    options->keep = option[CRUX_CLI_CHALLENGER_KEEP].number;
    options->threads = (unsigned)option[CRUX_CLI_CHALLENGER_THREADS].number;
    options->retry_seconds = option[CRUX_CLI_CHALLENGER_RETRY].given
                                 ? (uint32_t)option[CRUX_CLI_CHALLENGER_RETRY].number
                             : option[CRUX_CLI_CHALLENGER_ONCE].given ? 0
                                                                      : 10;
    options->wait_seconds = (uint32_t)option[CRUX_CLI_CHALLENGER_WAIT].number;
    if (option[CRUX_CLI_CHALLENGER_CHAIN_ID].given) {
        if (!take_chain_id(asked->chain_id, option[CRUX_CLI_CHALLENGER_CHAIN_ID].text))
            return crux_cli_fail(call, CRUX_E_USAGE,
                                 "--chain-id takes 64 hexadecimal digits in lower case");
        options->chain_id = asked->chain_id;
    }
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_challenger_ask(struct crux_cli_challenger_asked *asked,
                                           const struct crux_cli_call *call) {
    const struct crux_cli_value *option = call->option;
    static const unsigned needed[] = {CRUX_CLI_CHALLENGER_CHAIN, CRUX_CLI_CHALLENGER_DATA,
                                      CRUX_CLI_CHALLENGER_MODEL};
    char why[CRUX_HTTP_MESSAGE_BYTES];
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(needed); i++) {
        if (!option[needed[i]].given)
            return crux_cli_fail(call, CRUX_E_USAGE, "--%s is needed",
                                 crux_cli_challenger_options[needed[i]].name);
    }
    asked->options = (struct crux_challenger_options){
        .folder = option[CRUX_CLI_CHALLENGER_DATA].text,
        .peers_only = option[CRUX_CLI_CHALLENGER_ONLY_WATCHED].given,
        .backend = option[CRUX_CLI_CHALLENGER_BACKEND].text,
        .hook = option[CRUX_CLI_CHALLENGER_HOOK].text,
        .webhook = option[CRUX_CLI_CHALLENGER_WEBHOOK].text,
    };
    if (option[CRUX_CLI_CHALLENGER_WEBHOOK].given &&
        crux_http_url_check(option[CRUX_CLI_CHALLENGER_WEBHOOK].text, why) != CRUX_OK)
        return crux_cli_fail(call, CRUX_E_USAGE, "--alert-webhook: %s", why);
    enum crux_cli_exit code = take_mode(asked, call);
    if (code == CRUX_CLI_OK) code = take_numbers(asked, call);
    if (code == CRUX_CLI_OK) code = take_peers(asked, call);
    if (code != CRUX_CLI_OK) return code;
    if (option[CRUX_CLI_CHALLENGER_ACCOUNT].given)
        return crux_cli_chain_account(&asked->options.account, call,
                                      option[CRUX_CLI_CHALLENGER_ACCOUNT].text);
    if (asked->options.mode == CRUX_CHALLENGER_WATCH) return CRUX_CLI_OK;
    return crux_cli_fail(call, CRUX_E_USAGE, "--account is needed: whose bonds are these?");
}
