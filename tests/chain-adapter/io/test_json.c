#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "chain-adapter/io/json.h"

static void test_read(void **state) {
    static const struct {
        const char *text;
        enum crux_status status;
        const char *says;
    } cases[] = {{"{\"a\":1}", CRUX_OK, ""},
                 {" [1, 2.5, null, \"\\u00e9\"] ", CRUX_OK, ""},
                 {"\"text\"", CRUX_OK, ""},
                 {"{\"a\":1,\"a\":2}", CRUX_E_SYNTAX, "duplicate"},
                 {"{\"a\":1}\n x", CRUX_E_SYNTAX, "line 2"},
                 {"{\"a\":1,}", CRUX_E_SYNTAX, "line 1"},
                 {"{\"a\":\"\xff\"}", CRUX_E_SYNTAX, "0xff"},
                 {"{\"a\":\"\\ud800\"}", CRUX_E_SYNTAX, "line 1"},
                 {"{\"a\":\"\\u0000\"}", CRUX_E_SYNTAX, "line 1"},
                 {"", CRUX_E_SYNTAX, "line 1"},
                 {"{\"a\":1e999}", CRUX_E_SYNTAX, "line 1"},
                 {"{\"a\":99999999999999999999}", CRUX_E_SYNTAX, "line 1"},
                 {"NaN", CRUX_E_SYNTAX, "line 1"}};
    struct crux_json_error error;
    json_t *value;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        enum crux_status status =
            crux_json_read(&value, &error, cases[i].text, strlen(cases[i].text), 1000);
        if (status != cases[i].status || strstr(error.message, cases[i].says) == NULL)
            fail_msg("%s: %d, %s", cases[i].text, (int)status, error.message);
        assert_true((value != NULL) == (status == CRUX_OK));
        json_decref(value);
    }
}

static void test_limits(void **state) {
    struct crux_json_error error;
    json_t *value;
    char deep[2 * (CRUX_JSON_DEPTH_MAX + 1) + 1];
    (void)state;
    for (size_t depth = CRUX_JSON_DEPTH_MAX; depth <= CRUX_JSON_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        enum crux_status status = crux_json_read(&value, &error, deep, 2 * depth, 1000);
        assert_int_equal(status, depth == CRUX_JSON_DEPTH_MAX ? CRUX_OK : CRUX_E_UNSUPPORTED);
        json_decref(value);
    }
    /* brackets in strings do not count, behind a quote in one neither */
    const char *flat = "\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"";
    assert_int_equal(crux_json_read(&value, &error, flat, strlen(flat), 1000), CRUX_OK);
    json_decref(value);
    assert_int_equal(crux_json_read(&value, &error, "[1,2]", 5, 4), CRUX_E_UNSUPPORTED);
    assert_int_equal(crux_json_read(&value, &error, "[1,2]", 5, 5), CRUX_OK);
    json_decref(value);
}

/* Values are counted before any of them takes memory. */
static void test_counts(void **state) {
    static const struct {
        const char *text;
        size_t values, groups;
    } cases[] = {{"1", 1, 0},
                 {"[]", 2, 1},
                 {"[1,2,3]", 4, 1},
                 {"{\"a\":1,\"b\":2}", 5, 1},
                 {"[[],[],{}]", 7, 4},
                 {"[\"a,b:[{\\\",{\",2]", 3, 1},
                 {"{\"a\\\\\":[1,{\"b\":[]}]}", 8, 4}};
    struct crux_json_error error;
    json_t *value;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        const struct crux_json_limits limits[] = {
            {1000, cases[i].values, cases[i].groups},
            {1000, cases[i].values - 1, cases[i].groups},
            {1000, cases[i].values, cases[i].groups - (cases[i].groups > 0)}};
        for (size_t k = 0; k < CRUX_ARRAY_LEN(limits); k++) {
            bool fits = k == 0 || (k == 2 && cases[i].groups == 0);
            enum crux_status status = crux_json_read_within(&value, &error, cases[i].text,
                                                            strlen(cases[i].text), &limits[k]);
            if (status != (fits ? CRUX_OK : CRUX_E_UNSUPPORTED))
                fail_msg("%s, %zu: %d, %s", cases[i].text, k, (int)status, error.message);
            if (!fits)
                assert_non_null(
                    strstr(error.message, k == 1 ? "values in JSON" : "lists and objects in JSON"));
            json_decref(value);
        }
    }
}

static const char object_text[] =
    "{\"text\":\"t\",\"int\":3,\"real\":0.5,\"yes\":true,\"hex\":\"00fF\",\"list\":[1,2,3],"
    "\"none\":null,\"in\":{\"x\":1}}";

static void test_fields(void **state) {
    struct crux_json_error error;
    struct crux_json_fields fields;
    json_t *object;
    const char *text = "before";
    const json_t *list = NULL;
    int64_t integer = 7;
    double number = 7;
    bool boolean = false;
    uint8_t hex[2];
    (void)state;
    assert_int_equal(crux_json_read(&object, &error, object_text, strlen(object_text), 1000),
                     CRUX_OK);
    crux_json_fields(&fields, object, "", &error);
    assert_true(crux_json_text(&fields, &text, "text"));
    assert_string_equal(text, "t");
    assert_true(crux_json_integer(&fields, &integer, "int", 3, 3));
    assert_true(crux_json_number(&fields, &number, "real", 0, 1));
    assert_true(crux_json_number(&fields, &number, "int", 0, 3));
    assert_true(number > 2.9);
    assert_true(crux_json_boolean(&fields, &boolean, "yes"));
    assert_true(crux_json_hex(&fields, hex, 2, "hex"));
    assert_memory_equal(hex, "\x00\xff", 2);
    assert_true(crux_json_array_of(&fields, &list, "list", 3));
    assert_false(crux_json_text(&fields, &text, "none"));
    assert_false(crux_json_text(&fields, &text, "absent"));
    assert_int_equal(fields.status, CRUX_OK);
    json_decref(object);
}

static void fails(enum crux_status status, const char *path, const char *message, unsigned which) {
    static const char *const known[] = {"text", "int", "real", "yes", "hex", "list", "none", NULL};
    struct crux_json_error error;
    struct crux_json_fields fields;
    json_t *object;
    const char *text;
    const json_t *list;
    int64_t integer;
    double number;
    bool boolean;
    uint8_t hex[3];
    assert_int_equal(crux_json_read(&object, &error, object_text, strlen(object_text), 1000),
                     CRUX_OK);
    crux_json_fields(&fields, object, "a[2]", &error);
    bool got = which == 0   ? crux_json_text(&fields, &text, "int")
               : which == 1 ? crux_json_integer(&fields, &integer, "int", 4, 9)
               : which == 2 ? crux_json_integer(&fields, &integer, "real", 0, 9)
               : which == 3 ? crux_json_number(&fields, &number, "real", 0, 0.25)
               : which == 4 ? crux_json_boolean(&fields, &boolean, "int")
               : which == 5 ? crux_json_hex(&fields, hex, 3, "hex")
               : which == 6 ? crux_json_array_of(&fields, &list, "list", 2)
                            : false;
    if (which == 7) crux_json_only(&fields, known);
    assert_false(got);
    assert_int_equal(fields.status, status);
    assert_string_equal(error.path, path);
    assert_string_equal(error.message, message);
    /* the first failure stays */
    assert_false(crux_json_text(&fields, &text, "yes"));
    assert_int_equal(fields.status, status);
    json_decref(object);
}

static void test_failures(void **state) {
    (void)state;
    fails(CRUX_E_SYNTAX, "a[2].int", "a[2].int must be a string", 0);
    fails(CRUX_E_BAD_RANGE, "a[2].int", "a[2].int must be between 4 and 9, not 3", 1);
    fails(CRUX_E_SYNTAX, "a[2].real", "a[2].real must be an integer", 2);
    fails(CRUX_E_BAD_RANGE, "a[2].real", "a[2].real must be between 0 and 0.25, not 0.5", 3);
    fails(CRUX_E_SYNTAX, "a[2].int", "a[2].int must be true or false", 4);
    fails(CRUX_E_SYNTAX, "a[2].hex", "a[2].hex must be 6 hexadecimal digits", 5);
    fails(CRUX_E_BAD_RANGE, "a[2].list", "a[2].list has 3 entries, and 2 are the most", 6);
    fails(CRUX_E_UNKNOWN_NAME, "a[2].in", "a[2].in is not known here", 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_counts), cmocka_unit_test(test_fields),
                                       cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
