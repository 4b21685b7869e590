#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/suggest.h"

enum { COMMON_JSON, COMMON_HELP, COMMON_COUNT };

const struct crux_cli_option crux_cli_common_options[] = {
    [COMMON_JSON] = {.name = "json", .help = "one JSON object on standard output"},
    [COMMON_HELP] = {.name = "help", .letter = 'h', .help = "this text"},
    [COMMON_COUNT] = {.name = NULL},
};

struct parser {
    struct crux_cli_parsed *parsed;
    char *message;
    const struct crux_cli_option *options;
    struct crux_cli_value common[COMMON_COUNT];
};

/* One option of the command line: the word split, and its table entry with the place for its value. */
struct given {
    const struct crux_cli_option *option;
    struct crux_cli_value *value;
    const char *text; /* after '=', or NULL */
};

CRUX_PRINTF(2, 3)
static enum crux_status refuse(struct parser *parser, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(parser->message, CRUX_CLI_MESSAGE_BYTES, format, args);
    va_end(args);
    return CRUX_E_USAGE;
}

static bool match(const struct crux_cli_option *option, const char *name, size_t len, char letter) {
    if (letter != 0) return option->letter == letter;
    return strlen(option->name) == len && memcmp(option->name, name, len) == 0;
}

static bool find(struct parser *parser, struct given *given, const char *name, size_t len,
                 char letter) {
    for (size_t i = 0; parser->options != NULL && parser->options[i].name != NULL; i++) {
        CRUX_ASSERT(i < CRUX_CLI_OPTIONS_MAX);
        if (match(&parser->options[i], name, len, letter)) {
            given->option = &parser->options[i];
            given->value = &parser->parsed->value[i];
            return true;
        }
    }
    for (size_t i = 0; i < COMMON_COUNT; i++) {
        if (match(&crux_cli_common_options[i], name, len, letter)) {
            given->option = &crux_cli_common_options[i];
            given->value = &parser->common[i];
            return true;
        }
    }
    return false;
}

static enum crux_status unknown(struct parser *parser, const char *name, size_t len) {
    struct crux_cli_nearest nearest;
    crux_cli_nearest_init(&nearest, name, len);
    for (size_t i = 0; parser->options != NULL && parser->options[i].name != NULL; i++)
        crux_cli_nearest_offer(&nearest, parser->options[i].name, strlen(parser->options[i].name));
    for (size_t i = 0; i < COMMON_COUNT; i++)
        crux_cli_nearest_offer(&nearest, crux_cli_common_options[i].name,
                               strlen(crux_cli_common_options[i].name));
    if (nearest.name == NULL)
        return refuse(parser, "there is no option --%.*s", (int)(len < 100 ? len : 100), name);
    return refuse(parser, "there is no option --%.*s; did you mean --%s?",
                  (int)(len < 100 ? len : 100), name, nearest.name);
}

static bool read_number(uint64_t *number, const char *text) {
    unsigned base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (*text == 0) return false;
    uint64_t sum = 0;
    for (; *text != 0; text++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = strchr(digits, *text);
        if (digit == NULL) return false;
        unsigned d = (unsigned)(digit - digits);
        if (d > 15) d -= 6;
        if (d >= base || sum > (UINT64_MAX - d) / base) return false;
        sum = sum * base + d;
    }
    *number = sum;
    return true;
}

static enum crux_status take_value(struct parser *parser, const struct given *given) {
    const struct crux_cli_option *option = given->option;
    given->value->given = true;
    given->value->text = given->text;
    given->value->all[given->value->count++] = given->text;
    if (option->kind != CRUX_CLI_NUMBER) return CRUX_OK;
    uint64_t number;
    if (!read_number(&number, given->text) || number < option->least || number > option->most)
        return refuse(parser, "--%s takes a whole number from %llu to %llu, not '%.100s'",
                      option->name, (unsigned long long)option->least,
                      (unsigned long long)option->most, given->text);
    given->value->number = number;
    return CRUX_OK;
}

/* In: word, which starts with '-' and is longer; next, the word after it or NULL.  Out: used, words taken. */
static enum crux_status take_option(struct parser *parser, int *used, const char *word,
                                    const char *next) {
    struct given given = {.text = NULL};
    *used = 1;
    if (word[1] != '-') {
        if (!find(parser, &given, NULL, 0, word[1]) ||
            (given.option->kind == CRUX_CLI_FLAG && word[2] != 0))
            return refuse(parser, "there is no option %.100s", word);
        if (word[2] != 0) given.text = word + 2;
    } else {
        const char *name = word + 2;
        const char *equals = strchr(name, '=');
        size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
        if (!find(parser, &given, name, len, 0)) return unknown(parser, name, len);
        if (equals != NULL) given.text = equals + 1;
    }
    const struct crux_cli_option *option = given.option;
    if (given.value->given && !option->repeats)
        return refuse(parser, "--%s is given twice", option->name);
    if (given.value->count == CRUX_CLI_REPEATS_MAX)
        return refuse(parser, "--%s is given more than %d times", option->name,
                      (int)CRUX_CLI_REPEATS_MAX);
    if (option->kind == CRUX_CLI_FLAG) {
        if (given.text != NULL) return refuse(parser, "--%s takes no value", option->name);
        given.value->given = true;
        return CRUX_OK;
    }
    if (given.text == NULL) {
        if (next == NULL || (next[0] == '-' && next[1] == '-'))
            return refuse(parser, "--%s needs a value (%s)", option->name, option->value);
        given.text = next;
        *used = 2;
    }
    return take_value(parser, &given);
}

enum crux_status crux_cli_parse(struct crux_cli_parsed *parsed,
                                char message[CRUX_CLI_MESSAGE_BYTES],
                                const struct crux_cli_option *options, char *const *args,
                                int arg_count) {
    struct parser parser = {.parsed = parsed, .message = message, .options = options};
    memset(parsed, 0, sizeof *parsed);
    message[0] = 0;
    bool ended = false;
    for (int i = 0; i < arg_count;) {
        const char *word = args[i];
        if (!ended && strcmp(word, "--") == 0) {
            ended = true;
            i++;
        } else if (!ended && word[0] == '-' && word[1] != 0) {
            int used;
            enum crux_status status =
                take_option(&parser, &used, word, i + 1 < arg_count ? args[i + 1] : NULL);
            if (status != CRUX_OK) return status;
            i += used;
        } else {
            if (parsed->operand_count == CRUX_CLI_OPERANDS_MAX)
                return refuse(&parser, "too many arguments, from '%.100s' on", word);
            parsed->operand[parsed->operand_count++] = word;
            i++;
        }
    }
    parsed->json = parser.common[COMMON_JSON].given;
    parsed->help = parser.common[COMMON_HELP].given;
    return CRUX_OK;
}
