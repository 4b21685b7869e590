/* Options as a table: --name value, --name=value, one letter (-o FILE) where the table gives one, flags without a value.
 * An option is given at most once, unless the table says that it repeats; `--` ends them; `-` is an operand. */
#ifndef CRUX_CLI_OPTIONS_H
#define CRUX_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum crux_cli_option_kind { CRUX_CLI_FLAG, CRUX_CLI_TEXT, CRUX_CLI_NUMBER };

struct crux_cli_option {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* or 0 */
    enum crux_cli_option_kind kind;
    const char *value; /* what its value is called in help: "FILE" */
    const char *help;
    uint64_t least, most; /* number: inclusive; decimal, or hexadecimal after 0x */
    bool repeats;         /* text: may be given up to CRUX_CLI_REPEATS_MAX times */
};

enum {
    CRUX_CLI_OPTIONS_MAX = 64,
    CRUX_CLI_OPERANDS_MAX = 8,
    CRUX_CLI_REPEATS_MAX = 32,
    CRUX_CLI_MESSAGE_BYTES = 512
};

struct crux_cli_value {
    bool given;
    const char *text; /* text; of one that repeats, the last */
    uint64_t number;  /* number */
    unsigned count;   /* times it is given */
    const char *all[CRUX_CLI_REPEATS_MAX];
};

struct crux_cli_parsed {
    bool json, help; /* every command has these two */
    struct crux_cli_value value[CRUX_CLI_OPTIONS_MAX];
    const char *operand[CRUX_CLI_OPERANDS_MAX];
    unsigned operand_count;
};

/* Out: parsed; message, on failure, why, naming the option.
 * In: options, at most CRUX_CLI_OPTIONS_MAX, or NULL; args, the words after the command's name.
 * Returns: CRUX_E_USAGE. */
CRUX_MUST_CHECK
enum crux_status crux_cli_parse(struct crux_cli_parsed *parsed,
                                char message[CRUX_CLI_MESSAGE_BYTES],
                                const struct crux_cli_option *options, char *const *args,
                                int arg_count);

/* The two that every command has, as a table for help. */
extern const struct crux_cli_option crux_cli_common_options[];

#endif
