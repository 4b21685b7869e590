#include "cli/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

/* Of an option and its value; what is wider has a line to itself. */
enum { LEFT_COLUMNS = 24 };

static bool in_group(const struct crux_cli_command *command, const char *group) {
    if (group == NULL) return true;
    size_t len = strlen(group);
    return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

static void write_overview(FILE *out, const char *group) {
    if (group == NULL) {
        fprintf(out, "usage: crux COMMAND [options]\n\n"
                     "Neural networks in exact integers: committed, disputed, and judged by one "
                     "element.\n\n");
    } else {
        fprintf(out, "usage: crux %s COMMAND [options]\n\n", group);
    }
    fprintf(out, "commands:\n");
    for (const struct crux_cli_command *c = crux_cli_commands; c->name != NULL; c++) {
        if (in_group(c, group)) fprintf(out, "  %-18s %s\n", c->name, c->summary);
    }
    fprintf(out, "\n`crux help COMMAND` says more.%s\n",
            group == NULL ? " `crux --version` says which crux this is." : "");
}

static void write_options(FILE *out, const struct crux_cli_option *options) {
    for (; options != NULL && options->name != NULL; options++) {
        char left[64];
        const char *value = options->kind != CRUX_CLI_FLAG ? options->value : "";
        if (options->letter != 0)
            (void)snprintf(left, sizeof left, "-%c, --%s %s", options->letter, options->name,
                           value);
        else
            (void)snprintf(left, sizeof left, "--%s %s", options->name, value);
        bool fits = strlen(left) <= LEFT_COLUMNS;
        fprintf(out, "  %-*s%s", LEFT_COLUMNS, left, fits ? " " : "\n");
        fprintf(out, "%*s%s\n", fits ? 0 : LEFT_COLUMNS + 3, "", options->help);
    }
}

static void write_command(FILE *out, const struct crux_cli_command *command) {
    fprintf(out, "usage: crux %s%s%s [options]\n\n%s\n", command->name,
            command->operands[0] != 0 ? " " : "", command->operands, command->summary);
    if (command->help != NULL) fprintf(out, "\n%s", command->help);
    fprintf(out, "\noptions:\n");
    write_options(out, command->options);
    write_options(out, crux_cli_common_options);
}

static enum crux_cli_exit say(const struct crux_cli_call *call, const char *group,
                              const struct crux_cli_command *command) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = call->json ? open_memstream(&text, &len) : stdout;
    if (out == NULL) return crux_cli_answer(call, NULL);
    if (command != NULL)
        write_command(out, command);
    else
        write_overview(out, group);
    if (!call->json) return CRUX_CLI_OK;
    json_t *object = fclose(out) == 0 ? json_pack("{s:s}", "help", text) : NULL;
    free(text);
    return crux_cli_answer(call, object);
}

enum crux_cli_exit crux_cli_help_overview(const struct crux_cli_call *call, const char *group) {
    return say(call, group, NULL);
}

enum crux_cli_exit crux_cli_help_command(const struct crux_cli_call *call,
                                         const struct crux_cli_command *command) {
    return say(call, NULL, command);
}
