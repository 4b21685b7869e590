/* Settings of crux challenger from elsewhere than flags: the environment, then a file. Flags win over both. */
#ifndef CRUX_CLI_CHALLENGER_CONFIG_H
#define CRUX_CLI_CHALLENGER_CONFIG_H

#include "cli/command.h"

/* Owns what the values point to. */
struct crux_cli_settings {
    struct crux_cli_value value[CRUX_CLI_OPTIONS_MAX];
    char *kept[CRUX_CLI_OPTIONS_MAX * CRUX_CLI_REPEATS_MAX];
    unsigned kept_count;
};
void crux_cli_settings_free(struct crux_cli_settings *settings);

/* Out: settings, to be freed whatever is returned: the values of the flags, and where a flag is not given, that of the
 * variable PREFIX_NAME (several with commas between), and where that is not set, that of the file: a JSON object with the
 * options' names, _ for -: a text, a whole number, true or false, or a list of texts.
 * In: options, of the call; path, of the file, or NULL; environment; prefix, "CRUX_CHALLENGER_"; skipped, an option that
 * only a flag sets, "config".
 * Returns: CRUX_E_USAGE, CRUX_E_SYNTAX, CRUX_E_BAD_RANGE, CRUX_E_IO, CRUX_E_OUT_OF_MEMORY, with a message that says
 *          where: a variable, or a file's line and field. */
CRUX_MUST_CHECK
enum crux_status crux_cli_settings_read(struct crux_cli_settings *settings,
                                        char message[CRUX_CLI_MESSAGE_BYTES],
                                        const struct crux_cli_option *options,
                                        const struct crux_cli_value *flags, const char *path,
                                        char *const *environment, const char *prefix,
                                        const char *skipped);

#endif
