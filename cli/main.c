/* crux: words of the command line -> an entry of the command table -> an exit code. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/suggest.h"

/* Words that may name a command: "doctor", or "program" and "show". */
struct words {
    char *const *word;
    int count;
};

static bool is_group(const char *name) {
    size_t len = strlen(name);
    for (const struct crux_cli_command *c = crux_cli_commands; c->name != NULL; c++) {
        if (strncmp(c->name, name, len) == 0 && c->name[len] == ' ') return true;
    }
    return false;
}

/* Is the command's name the first words?  Out: used, how many. */
static bool is_named(const struct crux_cli_command *command, int *used, struct words words) {
    const char *second = strchr(command->name, ' ');
    if (second == NULL) {
        *used = 1;
        return strcmp(command->name, words.word[0]) == 0;
    }
    size_t len = (size_t)(second - command->name);
    *used = 2;
    return words.count > 1 && strlen(words.word[0]) == len &&
           memcmp(command->name, words.word[0], len) == 0 && strcmp(second + 1, words.word[1]) == 0;
}

static const struct crux_cli_command *find_command(int *used, struct words words) {
    for (const struct crux_cli_command *c = crux_cli_commands; c->name != NULL; c++) {
        if (is_named(c, used, words)) return c;
    }
    return NULL;
}

/* In: words, of which the first is no command; the second is looked at if the first names a group. */
static enum crux_cli_exit unknown_command(const struct crux_cli_call *call, struct words words) {
    const char *group = is_group(words.word[0]) ? words.word[0] : NULL;
    const char *word = group != NULL ? words.word[1] : words.word[0];
    struct crux_cli_nearest nearest;
    crux_cli_nearest_init(&nearest, word, strlen(word));
    for (const struct crux_cli_command *c = crux_cli_commands; c->name != NULL; c++) {
        size_t first = strcspn(c->name, " ");
        if (group == NULL)
            crux_cli_nearest_offer(&nearest, c->name, first);
        else if (strncmp(c->name, group, first) == 0 && group[first] == 0 && c->name[first] != 0)
            crux_cli_nearest_offer(&nearest, c->name + first + 1, strlen(c->name + first + 1));
    }
    const char *gap = group != NULL ? " " : "";
    if (group == NULL) group = "";
    if (nearest.name == NULL)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "there is no command '%s%s%.100s'; `crux help` lists them", group, gap,
                             word);
    return crux_cli_fail(call, CRUX_E_USAGE,
                         "there is no command '%s%s%.100s'; did you mean '%s%s%.*s'?", group, gap,
                         word, group, gap, (int)nearest.name_len, nearest.name);
}

static enum crux_cli_exit say_version(const struct crux_cli_call *call) {
    if (call->json)
        return crux_cli_answer(
            call, json_pack("{s:s, s:i}", "version", CRUX_CLI_VERSION, "op_set", (int)CRUX_OP_SET));
    printf("crux %s, op set %d\n", CRUX_CLI_VERSION, (int)CRUX_OP_SET);
    return CRUX_CLI_OK;
}

/* Words after a group's name that are no command of it. */
static enum crux_cli_exit run_group(const struct crux_cli_call *call, struct words words) {
    if (words.count == 1 || strcmp(words.word[1], "--json") == 0)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "'%s' needs a command after it; `crux help %s` lists them",
                             words.word[0], words.word[0]);
    if (strcmp(words.word[1], "--help") == 0 || strcmp(words.word[1], "-h") == 0)
        return crux_cli_help_overview(call, words.word[0]);
    return unknown_command(call, words);
}

/* crux help [COMMAND] */
static enum crux_cli_exit run_help(const struct crux_cli_call *call, struct words words) {
    int used;
    words.word++;
    words.count--;
    /* Options of help itself mean nothing more than help. */
    while (words.count > 0 && words.word[words.count - 1][0] == '-') words.count--;
    if (words.count == 0 || strcmp(words.word[0], "help") == 0)
        return crux_cli_help_overview(call, NULL);
    const struct crux_cli_command *command = find_command(&used, words);
    if (command != NULL) return crux_cli_help_command(call, command);
    if (is_group(words.word[0]) && words.count == 1)
        return crux_cli_help_overview(call, words.word[0]);
    return unknown_command(call, words);
}

static enum crux_cli_exit run_command(struct crux_cli_call *call, struct words words) {
    int used;
    call->command = find_command(&used, words);
    const struct crux_cli_command *command = call->command;
    if (command == NULL)
        return is_group(words.word[0]) ? run_group(call, words) : unknown_command(call, words);
    struct crux_cli_parsed parsed;
    char message[CRUX_CLI_MESSAGE_BYTES];
    enum crux_status status =
        crux_cli_parse(&parsed, message, command->options, words.word + used, words.count - used);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    if (parsed.help) return crux_cli_help_command(call, command);
    if (parsed.operand_count < command->operands_least)
        return crux_cli_fail(call, CRUX_E_USAGE, "it needs %s", command->operands);
    if (parsed.operand_count > command->operands_most)
        return crux_cli_fail(call, CRUX_E_USAGE, "'%.100s' is an argument too many",
                             parsed.operand[command->operands_most]);
    call->option = parsed.value;
    call->operand = parsed.operand;
    call->operand_count = parsed.operand_count;
    return command->run(call);
}

static enum crux_cli_exit run(struct crux_cli_call *call, struct words words) {
    for (; words.count > 0 && words.word[0][0] == '-'; words.word++, words.count--) {
        const char *word = words.word[0];
        if (strcmp(word, "--json") == 0) continue;
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            return crux_cli_help_overview(call, NULL);
        if (strcmp(word, "--version") == 0) return say_version(call);
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "there is no option %.100s before a command; `crux --help` says more",
                             word);
    }
    if (words.count == 0)
        return crux_cli_fail(
            call, CRUX_E_USAGE,
            "it needs a command; `crux help` lists them, `crux simulate` shows what "
            "it is about");
    if (strcmp(words.word[0], "help") == 0) return run_help(call, words);
    return run_command(call, words);
}

/* Known before the options are parsed, because their errors must be an object too. */
static bool wants_json(struct words words) {
    for (int i = 0; i < words.count && strcmp(words.word[i], "--") != 0; i++) {
        if (strcmp(words.word[i], "--json") == 0) return true;
    }
    return false;
}

int main(int argc, char **argv) {
    crux_cli_output_start();
    struct words words = {argv + 1, argc > 0 ? argc - 1 : 0};
    struct crux_cli_call call = {.json = wants_json(words)};
    return (int)crux_cli_output_finish(run(&call, words));
}
