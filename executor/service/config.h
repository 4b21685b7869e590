/* The settings of `crux executor`: flags over environment over file, each checked the same way.
 *
 *   --request-seconds 30     CRUX_REQUEST_SECONDS=30     {"request_seconds": 30}
 */
#ifndef CRUX_EXECUTOR_SERVICE_CONFIG_H
#define CRUX_EXECUTOR_SERVICE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum {
    CRUX_CONFIG_MODELS_MAX = 16,
    CRUX_CONFIG_TEXT_BYTES_MAX = 4096,
    CRUX_CONFIG_FILE_BYTES_MAX = 1 << 20,
    CRUX_CONFIG_MESSAGE_BYTES = 512
};

struct crux_service_config {
    char *models[CRUX_CONFIG_MODELS_MAX]; /* "[NAME=]PATH" */
    unsigned model_count;
    char *listen, *chain, *data, *key, *passphrase_file, *api_keys, *pin, *backend, *chat_template,
        *cors_origin, *trusted_proxies, *log, *log_level, *show, *payee;
    uint32_t threads, sequences, queue, prefill_rows, tokens_max, request_seconds, drain_seconds;
    uint64_t cache_bytes, prefix_bytes;
    uint64_t body_bytes;
    uint32_t connections, connections_per_address, idle_seconds;
    uint32_t batch_count, batch_seconds, receipt_seconds, retention_seconds;
    uint64_t bond, withdraw_above, pledge, archive_bytes, leaves_bytes, trace_bytes;
    uint32_t traces_waiting;
    bool withdraw, leave;
};

enum crux_config_kind { CRUX_CONFIG_TEXT, CRUX_CONFIG_NUMBER, CRUX_CONFIG_FLAG, CRUX_CONFIG_LIST };

struct crux_config_setting {
    const char *name; /* as in the file; flags and environment follow from it. NULL ends the list */
    enum crux_config_kind kind;
    const char *value; /* what its value is called in help */
    const char *help;
    uint64_t least, most;
    size_t offset, bytes; /* in the struct */
};
extern const struct crux_config_setting crux_config_settings[];

/* Out: config, with the defaults; to be freed. */
void crux_config_init(struct crux_service_config *config);
void crux_config_free(struct crux_service_config *config);

/* Sets what the file says.  Out: message, naming the line or the field.
 * Returns: CRUX_E_USAGE, CRUX_E_IO, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_config_read_file(struct crux_service_config *config, const char *path,
                                       char message[CRUX_CONFIG_MESSAGE_BYTES]);
/* Sets what the environment says: CRUX_LISTEN and so on; CRUX_MODELS with commas between.  In: environ. */
CRUX_MUST_CHECK
enum crux_status crux_config_read_environment(struct crux_service_config *config,
                                              char *const *environment,
                                              char message[CRUX_CONFIG_MESSAGE_BYTES]);
/* Sets one; a list is begun anew by the first of its texts.
 * In: where, how the setting is called there: "--listen"; first, of a list; text, of a flag "true" or "false". */
CRUX_MUST_CHECK
enum crux_status crux_config_set(struct crux_service_config *config,
                                 const struct crux_config_setting *setting, const char *where,
                                 const char *text, bool first,
                                 char message[CRUX_CONFIG_MESSAGE_BYTES]);
/* What must be said together.  Returns: CRUX_E_USAGE. */
CRUX_MUST_CHECK
enum crux_status crux_config_check(const struct crux_service_config *config,
                                   char message[CRUX_CONFIG_MESSAGE_BYTES]);

#endif
