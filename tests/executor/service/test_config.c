/* Settings from file, environment and flags, and keys of clients: what is taken, and how what is wrong is named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/service/api_keys.h"
#include "executor/service/config.h"
#include "tests/support/temporary_folder.h"

static struct crux_service_config config;
static char message[CRUX_CONFIG_MESSAGE_BYTES];

static enum crux_status read_text(const char *text) {
    char folder[256], path[300];
    temporary_folder_make(folder);
    (void)snprintf(path, sizeof path, "%s/config.json", folder);
    temporary_folder_write(path, (const uint8_t *)text, strlen(text));
    enum crux_status status = crux_config_read_file(&config, path, message);
    temporary_folder_remove(folder);
    return status;
}

static const struct crux_config_setting *setting(const char *name) {
    const struct crux_config_setting *at = crux_config_settings;
    while (at->name != NULL && strcmp(at->name, name) != 0) at++;
    assert_non_null(at->name);
    return at;
}

static void test_order(void **state) {
    char *environment[] = {(char *)"PATH=/bin",       (char *)"CRUX_LISTEN=[::1]:2",
                           (char *)"CRUX_THREADS=2",  (char *)"CRUX_MODELS=c,d=e",
                           (char *)"CRUX_UNKNOWN=ok", NULL};
    (void)state;
    crux_config_init(&config);
    assert_int_equal(config.request_seconds, 600);
    assert_int_equal(read_text("{\"listen\": \"*:1\", \"threads\": 1, \"queue\": 7,\n \"models\": "
                               "[\"a\", \"b=b.crux\"], \"withdraw\": true,\n \"bond\": "
                               "4611686018427387904}"),
                     CRUX_OK);
    assert_int_equal(config.model_count, 2);
    assert_string_equal(config.models[1], "b=b.crux");
    assert_true(config.withdraw);
    assert_true(config.bond == UINT64_C(1) << 62);
    assert_int_equal(crux_config_read_environment(&config, environment, message), CRUX_OK);
    assert_string_equal(config.listen, "[::1]:2");
    assert_int_equal(config.threads, 2);
    assert_int_equal(config.model_count, 2);
    assert_string_equal(config.models[0], "c");
    assert_int_equal(crux_config_set(&config, setting("threads"), "--threads", "3", true, message),
                     CRUX_OK);
    assert_int_equal(config.threads, 3);
    assert_int_equal(config.queue, 7);
    assert_int_equal(crux_config_check(&config, message), CRUX_OK);
    crux_config_free(&config);
}

static void test_proxies(void **state) {
    (void)state;
    crux_config_init(&config);
    assert_int_equal(read_text("{\"models\": [\"a\"], \"trusted_proxies\": \"::1, 10.0.0.0/8\"}"),
                     CRUX_OK);
    assert_int_equal(crux_config_check(&config, message), CRUX_OK);
    assert_int_equal(crux_config_set(&config, setting("trusted_proxies"), "--trusted-proxies",
                                     "::1, 10.0.0.1/8", true, message),
                     CRUX_OK);
    assert_int_equal(crux_config_check(&config, message), CRUX_E_USAGE);
    assert_string_equal(message, "trusted_proxies: '10.0.0.1/8' has bits behind its prefix");
    crux_config_free(&config);
}

static void test_refused_files(void **state) {
    static const struct {
        const char *text, *says;
    } cases[] = {{"{\"listen\": 3}", ":1: listen must be a string"},
                 {"{\n\"threads\":\n 0}", ":2: threads takes a whole number from 1"},
                 {"{\"threads\": 1.5}", "threads takes"},
                 {"{\"threads\": -1}", "threads takes"},
                 {"{\"listen\": \"a\",\n\n \"lisen\": \"b\"}", ":3: lisen is no setting"},
                 {"{\"threads\": 1, \"threads\": 2}", "line 1"},
                 {"{\"threads\": 1\n", "line 2"},
                 {"[]", "must be an object"},
                 {"{\"models\": \"a\"}", "models must be a list"},
                 {"{\"models\": [3]}", "models[0] must be a string"},
                 {"{\"withdraw\": 1}", "withdraw must be true or false"},
                 {"{\"listen\": \"\"}", "listen takes 1 to"}};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        crux_config_init(&config);
        enum crux_status status = read_text(cases[i].text);
        if (status != CRUX_E_USAGE || strstr(message, cases[i].says) == NULL)
            fail_msg("%s: %d %s", cases[i].text, (int)status, message);
        crux_config_free(&config);
    }
    assert_int_equal(crux_config_read_file(&config, "/nonexistent", message), CRUX_E_IO);
}

static void test_refused_together(void **state) {
    (void)state;
    crux_config_init(&config);
    assert_int_equal(crux_config_check(&config, message), CRUX_E_USAGE);
    assert_non_null(strstr(message, "no model"));
    assert_int_equal(read_text("{\"models\": [\"a\"], \"chain\": \"local:x\"}"), CRUX_OK);
    assert_int_equal(crux_config_check(&config, message), CRUX_E_USAGE);
    assert_non_null(strstr(message, "--data"));
    assert_int_equal(read_text("{\"data\": \"d\", \"key\": \"k\", \"log\": \"loud\"}"), CRUX_OK);
    assert_int_equal(crux_config_check(&config, message), CRUX_E_USAGE);
    assert_non_null(strstr(message, "log is one of auto|text|json"));
    assert_int_equal(read_text("{\"log\": \"json\"}"), CRUX_OK);
    assert_int_equal(crux_config_check(&config, message), CRUX_OK);
    crux_config_free(&config);
}

/* A file is read whole or refused: keys at its end are not left out silently. */
static void test_keys_file(void **state) {
    enum { MOST = CRUX_API_KEYS_FILE_BYTES_MAX };
    static const char key[] = "\nann sixteen-letters-of-ann\n";
    char folder[256], path[300];
    char *text = malloc(MOST + 1);
    struct crux_api_keys keys;
    (void)state;
    assert_non_null(text);
    temporary_folder_make(folder);
    (void)snprintf(path, sizeof path, "%s/keys", folder);
    for (size_t len = MOST; len <= MOST + 1; len++) {
        memset(text, '#', len);
        memcpy(text + len - (sizeof key - 1), key, sizeof key - 1);
        temporary_folder_write(path, (const uint8_t *)text, len);
        assert_int_equal(crux_api_keys_read(&keys, path, message),
                         len == MOST ? CRUX_OK : CRUX_E_SYNTAX);
        if (len == MOST) assert_int_equal(keys.count, 1);
        if (len > MOST) assert_non_null(strstr(message, "more than 1048576 bytes"));
        crux_api_keys_free(&keys);
    }
    memset(text, '\n', 20);
    memcpy(text + 1, key, sizeof key - 1);
    text[0] = 0;
    temporary_folder_write(path, (const uint8_t *)text, sizeof key);
    assert_int_equal(crux_api_keys_read(&keys, path, message), CRUX_E_SYNTAX);
    assert_non_null(strstr(message, "zero byte"));
    temporary_folder_remove(folder);
    free(text);
}

static void test_keys(void **state) {
    /* sha256 of "sixteen letters!" */
    char text[] = "# people\n\nann  sixteen letters\n",
         good[] =
             "bob 0123456789abcdef\r\nsha256:"
             "ac9aebd20d44c3ff7a24bcb1cc5ad9d7c58d0df1e3c7ea2ab1a4b9d71c1b0b13\nfedcba9876543210\n";
    static const char *const refused[] = {"", "short", "sha256:12", "a b c", "name short"};
    struct crux_api_keys keys;
    (void)state;
    assert_int_equal(crux_api_keys_decode(&keys, text, message), CRUX_E_SYNTAX);
    assert_non_null(strstr(message, "line 3"));
    for (size_t i = 0; i < CRUX_ARRAY_LEN(refused); i++) {
        char copy[32];
        (void)snprintf(copy, sizeof copy, "%s", refused[i]);
        assert_int_equal(crux_api_keys_decode(&keys, copy, message), CRUX_E_SYNTAX);
    }
    assert_int_equal(crux_api_keys_decode(&keys, good, message), CRUX_OK);
    assert_int_equal(keys.count, 3);
    assert_string_equal(crux_api_keys_find(&keys, "Bearer 0123456789abcdef"), "bob");
    assert_string_equal(crux_api_keys_find(&keys, "bearer  0123456789abcdef"), "bob");
    assert_non_null(crux_api_keys_find(&keys, "Bearer fedcba9876543210"));
    assert_null(crux_api_keys_find(&keys, "Bearer 0123456789abcdeg"));
    assert_null(crux_api_keys_find(&keys, "Bearer 0123456789abcde"));
    assert_null(crux_api_keys_find(&keys, "Bearer "));
    assert_null(crux_api_keys_find(&keys, "Basic 0123456789abcdef"));
    assert_null(crux_api_keys_find(&keys, NULL));
    crux_api_keys_free(&keys);
    /* a hash instead of its key */
    uint8_t hash[32];
    char hashed[96] = "eve sha256:";
    crux_sha256(hash, (const uint8_t *)"0123456789abcdef", 16);
    for (unsigned i = 0; i < 32; i++) (void)sprintf(hashed + strlen(hashed), "%02x", hash[i]);
    assert_int_equal(crux_api_keys_decode(&keys, hashed, message), CRUX_OK);
    assert_string_equal(crux_api_keys_find(&keys, "Bearer 0123456789abcdef"), "eve");
    assert_null(crux_api_keys_find(&keys, hashed));
    crux_api_keys_free(&keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),         cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_refused_files), cmocka_unit_test(test_refused_together),
        cmocka_unit_test(test_keys),          cmocka_unit_test(test_keys_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
