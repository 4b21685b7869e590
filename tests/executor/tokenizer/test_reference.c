/* Token ids equal those of other tokenizers: test_tokenizer_reference FILE...; without one, the committed file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/executor/tokenizer/reference.h"

static char **paths;

static void equals_the_reference(void **state) {
    (void)state;
    for (char **path = paths; *path != NULL; path++) {
        json_t *root = reference_load(*path);
        const json_t *cases = json_object_get(root, "cases");
        size_t wrong = 0;
        assert_true(json_array_size(cases) > 0 &&
                    json_array_size(json_object_get(root, "texts")) > 0);
        for (size_t i = 0; i < json_array_size(cases); i++) {
            const json_t *one = json_array_get(cases, i);
            struct reference_count count = reference_run(root, one);
            printf("%-28s %6zu texts, %8zu tokens: %zu other ids, %zu come back as another\n",
                   json_string_value(json_object_get(one, "name")), count.lines, count.tokens,
                   count.wrong_ids, count.wrong_text);
            wrong += count.wrong_ids + count.wrong_text;
        }
        assert_int_equal(wrong, 0);
        json_decref(root);
    }
}

int main(int argc, char **argv) {
    static char *committed[] = {"tests/executor/tokenizer/reference.json", NULL};
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_reference)};
    paths = argc > 1 ? argv + 1 : committed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
