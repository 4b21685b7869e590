#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"

static void names_are_unique_lower_case_words(void **unused CRUX_UNUSED) {
    for (int i = 0; i < CRUX_STATUS_COUNT; i++) {
        const char *name = crux_status_name((enum crux_status)i);
        assert_true(strlen(name) > 0);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(name, crux_status_name((enum crux_status)j));
    }
}

static void protocol_name_is_the_c_name_in_lower_case(void **unused CRUX_UNUSED) {
    static const struct {
        const char *upper;
        enum crux_status status;
    } all[] = {
#define CRUX_STATUS(upper, lower, text) {#upper, CRUX_E_##upper},
#include "kernels/base/status.def"
#undef CRUX_STATUS
    };
    assert_int_equal(CRUX_ARRAY_LEN(all) + 1, CRUX_STATUS_COUNT);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        const char *name = crux_status_name(all[i].status);
        assert_int_equal(strlen(name), strlen(all[i].upper));
        for (size_t k = 0; name[k] != '\0'; k++) {
            char upper = name[k] == '_' ? '_' : (char)(name[k] - 'a' + 'A');
            assert_int_equal(upper, all[i].upper[k]);
        }
    }
}

static void texts_are_unique_sentences(void **unused CRUX_UNUSED) {
    for (int i = 0; i < CRUX_STATUS_COUNT; i++) {
        const char *text = crux_status_text((enum crux_status)i);
        assert_in_range(text[0], 'A', 'Z');
        assert_int_equal(text[strlen(text) - 1], '.');
        for (int j = 0; j < i; j++)
            assert_string_not_equal(text, crux_status_text((enum crux_status)j));
    }
}

static void ok_and_strangers(void **unused CRUX_UNUSED) {
    assert_int_equal(CRUX_OK, 0);
    assert_string_equal(crux_status_name(CRUX_OK), "ok");
    assert_string_equal(crux_status_name(CRUX_E_INDEX_OUTSIDE), "index_outside");
    assert_string_equal(crux_status_name(CRUX_STATUS_COUNT), "unknown");
    assert_string_equal(crux_status_name((enum crux_status)1000), "unknown");
    assert_string_equal(crux_status_text((enum crux_status)1000),
                        crux_status_text(CRUX_STATUS_COUNT));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_lower_case_words),
        cmocka_unit_test(protocol_name_is_the_c_name_in_lower_case),
        cmocka_unit_test(texts_are_unique_sentences),
        cmocka_unit_test(ok_and_strangers),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
