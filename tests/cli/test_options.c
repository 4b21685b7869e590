#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/options.h"

enum { OUTPUT, SEED, FORCE, MODEL };

static const struct crux_cli_option table[] = {
    [OUTPUT] = {.name = "output", .letter = 'o', .kind = CRUX_CLI_TEXT, .value = "FILE"},
    [SEED] = {.name = "seed", .kind = CRUX_CLI_NUMBER, .value = "N", .least = 1, .most = 300},
    [FORCE] = {.name = "force", .kind = CRUX_CLI_FLAG},
    [MODEL] = {.name = "model", .kind = CRUX_CLI_TEXT, .value = "FILE", .repeats = true},
    {.name = NULL},
};

static struct crux_cli_parsed parsed;
static char message[CRUX_CLI_MESSAGE_BYTES];

enum { WORDS_MAX = 16, LINE_BYTES = 256 };

/* In: line, words with single blanks between; "~" is an empty word. */
static enum crux_status parse(const char *line) {
    static char copy[LINE_BYTES];
    static char empty[1];
    char *word[WORDS_MAX];
    int count = 0;
    assert_true(strlen(line) < LINE_BYTES);
    strcpy(copy, line);
    for (char *rest = copy, *w; (w = strtok_r(rest, " ", &rest)) != NULL;) {
        assert_true(count < WORDS_MAX);
        word[count++] = strcmp(w, "~") == 0 ? empty : w;
    }
    return crux_cli_parse(&parsed, message, table, word, count);
}

static void refused(const char *line, const char *why) {
    assert_int_equal(parse(line), CRUX_E_USAGE);
    assert_string_equal(message, why);
}

static void test_takes_values_in_every_form(void **state) {
    (void)state;
    static const char *const lines[] = {"in --output a --seed 7", "--output=a in --seed=7",
                                        "-o a --seed 0x7 in", "-oa in --seed 0x07"};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(lines); i++) {
        assert_int_equal(parse(lines[i]), CRUX_OK);
        assert_string_equal(parsed.value[OUTPUT].text, "a");
        assert_int_equal(parsed.value[SEED].number, 7);
        assert_false(parsed.value[FORCE].given);
        assert_int_equal(parsed.operand_count, 1);
        assert_string_equal(parsed.operand[0], "in");
    }
}

static void test_repeats(void **state) {
    (void)state;
    assert_int_equal(parse("--model a --model=b in --model c"), CRUX_OK);
    assert_int_equal(parsed.value[MODEL].count, 3);
    assert_string_equal(parsed.value[MODEL].all[0], "a");
    assert_string_equal(parsed.value[MODEL].all[1], "b");
    assert_string_equal(parsed.value[MODEL].all[2], "c");
    assert_string_equal(parsed.value[MODEL].text, "c");
    char *words[2 * (CRUX_CLI_REPEATS_MAX + 1)];
    static char option[] = "--model", value[] = "x";
    for (size_t i = 0; i < CRUX_ARRAY_LEN(words); i++) words[i] = i % 2 == 0 ? option : value;
    assert_int_equal(crux_cli_parse(&parsed, message, table, words, 2 * CRUX_CLI_REPEATS_MAX),
                     CRUX_OK);
    assert_int_equal(crux_cli_parse(&parsed, message, table, words, CRUX_ARRAY_LEN(words)),
                     CRUX_E_USAGE);
}

static void test_nothing_is_given(void **state) {
    (void)state;
    assert_int_equal(crux_cli_parse(&parsed, message, table, NULL, 0), CRUX_OK);
    for (size_t i = 0; i < 3; i++) assert_false(parsed.value[i].given);
    assert_false(parsed.json);
    assert_false(parsed.help);
    assert_int_equal(parsed.operand_count, 0);
}

static void test_common_options(void **state) {
    (void)state;
    assert_int_equal(parse("--json -h"), CRUX_OK);
    assert_true(parsed.json);
    assert_true(parsed.help);
    refused("--json --json", "--json is given twice");
    refused("--help=yes", "--help takes no value");
}

static void test_two_dashes_end_options(void **state) {
    (void)state;
    assert_int_equal(parse("--force -- --seed - --"), CRUX_OK);
    assert_true(parsed.value[FORCE].given);
    assert_int_equal(parsed.operand_count, 3);
    assert_string_equal(parsed.operand[0], "--seed");
    assert_string_equal(parsed.operand[1], "-");
    assert_string_equal(parsed.operand[2], "--");
}

static void test_values_that_look_like_options(void **state) {
    (void)state;
    assert_int_equal(parse("--output=--force -o=b"), CRUX_E_USAGE);
    assert_string_equal(message, "--output is given twice");
    assert_int_equal(parse("--output=--force"), CRUX_OK);
    assert_string_equal(parsed.value[OUTPUT].text, "--force");
    assert_int_equal(parse("-o -"), CRUX_OK);
    assert_string_equal(parsed.value[OUTPUT].text, "-");
    assert_int_equal(parse("--output="), CRUX_OK);
    assert_string_equal(parsed.value[OUTPUT].text, "");
    refused("--output --force", "--output needs a value (FILE)");
}

static void test_refusals_name_the_option(void **state) {
    (void)state;
    refused("--seed", "--seed needs a value (N)");
    refused("--force=1", "--force takes no value");
    refused("--seed 1 --seed 2", "--seed is given twice");
    refused("--sed 1", "there is no option --sed; did you mean --seed?");
    refused("--outptu=a", "there is no option --outptu; did you mean --output?");
    refused("--qqqqqqqqqq", "there is no option --qqqqqqqqqq");
    refused("-x", "there is no option -x");
    refused("--=3", "there is no option --");
    refused("1 2 3 4 5 6 7 8 9 10", "too many arguments, from '9' on");
}

static void test_numbers(void **state) {
    (void)state;
    static const char *const wrong[] = {"0",
                                        "301",
                                        "0x",
                                        "~",
                                        "-1",
                                        "+1",
                                        "1.0",
                                        "1e2",
                                        "0x1g",
                                        "a",
                                        "18446744073709551617",
                                        "0x1000000000000012c"};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(wrong); i++) {
        char line[LINE_BYTES] = "--seed=";
        strcat(line, strcmp(wrong[i], "~") == 0 ? "" : wrong[i]);
        assert_int_equal(parse(line), CRUX_E_USAGE);
        assert_non_null(strstr(message, "--seed takes a whole number from 1 to 300, not '"));
    }
    assert_int_equal(parse("--seed 300"), CRUX_OK);
    assert_int_equal(parsed.value[SEED].number, 300);
    assert_int_equal(parse("--seed 0x12C"), CRUX_OK);
    assert_int_equal(parsed.value[SEED].number, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_values_in_every_form),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_nothing_is_given),
        cmocka_unit_test(test_common_options),
        cmocka_unit_test(test_two_dashes_end_options),
        cmocka_unit_test(test_values_that_look_like_options),
        cmocka_unit_test(test_refusals_name_the_option),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
