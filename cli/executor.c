/* crux executor: serve models over HTTP, and keep what is promised about the answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/passphrase.h"
#include "executor/service/service.h"

enum {
#define CRUX_SETTING(field, in_file, flag, of_kind, called, said, from, to) OPTION_##field,
#include "executor/service/config_settings.def"
#undef CRUX_SETTING
    OPTION_CONFIG,
    OPTION_COUNT
};

#define CLI_TEXT CRUX_CLI_TEXT
#define CLI_NUMBER                                                                                 \
    CRUX_CLI_TEXT /* the service reads it, as it does those of file and environment */
#define CLI_LIST CRUX_CLI_TEXT
#define CLI_FLAG CRUX_CLI_FLAG

const struct crux_cli_option crux_cli_executor_options[] = {
#define CRUX_SETTING(field, in_file, flag, of_kind, called, said, from, to)                        \
    [OPTION_##field] = {.name = flag,                                                              \
                        .kind = CLI_##of_kind,                                                     \
                        .value = called,                                                           \
                        .help = said,                                                              \
                        .repeats = CRUX_CONFIG_##of_kind == CRUX_CONFIG_LIST},
#include "executor/service/config_settings.def"
#undef CRUX_SETTING
    [OPTION_CONFIG] = {.name = "config",
                       .kind = CRUX_CLI_TEXT,
                       .value = "FILE",
                       .help = "a JSON object with any of these, named with _ for -; flags and "
                               "environment win"},
    [OPTION_COUNT] = {.name = NULL},
};

extern char **environ;

static enum crux_status read_flags(struct crux_service_config *config,
                                   const struct crux_cli_call *call, char *message) {
    enum crux_status status = CRUX_OK;
    char where[64];
    for (unsigned i = 0; i < OPTION_CONFIG; i++) {
        const struct crux_cli_value *value = &call->option[i];
        (void)snprintf(where, sizeof where, "--%s", crux_cli_executor_options[i].name);
        for (unsigned k = 0; k < value->count && status == CRUX_OK; k++)
            status = crux_config_set(config, &crux_config_settings[i], where, value->all[k], k == 0,
                                     message);
        if (value->given && value->count == 0 && status == CRUX_OK) /* a flag */
            status =
                crux_config_set(config, &crux_config_settings[i], where, "true", true, message);
    }
    return status;
}

static void say_ready(void *ctx, const char *address, unsigned port) {
    const struct crux_cli_call *call = ctx;
    char host[64] = "127.0.0.1";
    const char *colon = address == NULL ? NULL : strrchr(address, ':');
    if (colon != NULL && colon != address && address[0] != '*')
        (void)snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    if (call->json)
        printf("{\"url\": \"http://%s:%u\"}\n", host, port);
    else
        printf("http://%s:%u\n", host, port);
    (void)fflush(stdout);
}

/* Out: key, to be wiped. */
static enum crux_status read_key(struct crux_key *key, const struct crux_service_config *config,
                                 char message[CRUX_SERVICE_MESSAGE_BYTES]) {
    static const char variable[] = "CRUX_PASSPHRASE";
    struct crux_cli_passphrase passphrase = {.len = 0};
    char why[CRUX_CLI_MESSAGE_BYTES];
    bool open_to_others = false;
    if (config->key == NULL) return CRUX_OK;
    const char *from =
        config->passphrase_file == NULL && getenv(variable) != NULL ? variable : NULL;
    enum crux_status status =
        crux_cli_passphrase_read(&passphrase, why, config->passphrase_file, from, false);
    if (status == CRUX_OK)
        status = crux_keystore_read(key, config->key, passphrase.bytes, passphrase.len,
                                    &open_to_others, why);
    crux_cli_passphrase_wipe(&passphrase);
    if (status != CRUX_OK) (void)snprintf(message, CRUX_SERVICE_MESSAGE_BYTES, "%s", why);
    if (status == CRUX_OK && open_to_others)
        crux_log(CRUX_LOG_WARNING, NULL, "others than its owner may read the key file");
    return status;
}

enum crux_cli_exit crux_cli_run_executor(const struct crux_cli_call *call) {
    char message[CRUX_SERVICE_MESSAGE_BYTES] = "";
    struct crux_service_config config;
    struct crux_key key = {.secret = {0}};
    enum crux_status status = CRUX_OK;
    crux_config_init(&config);
    if (call->option[OPTION_CONFIG].given)
        status = crux_config_read_file(&config, call->option[OPTION_CONFIG].text, message);
    if (status == CRUX_OK) status = crux_config_read_environment(&config, environ, message);
    if (status == CRUX_OK) status = read_flags(&config, call, message);
    if (status == CRUX_OK) status = crux_config_check(&config, message);
    if (status == CRUX_OK) status = read_key(&key, &config, message);
    if (status == CRUX_OK)
        status = crux_service_run(&config, &key, say_ready, (void *)(uintptr_t)call, message);
    crux_key_wipe(&key);
    crux_config_free(&config);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "%s", message[0] == 0 ? crux_status_text(status) : message);
}
