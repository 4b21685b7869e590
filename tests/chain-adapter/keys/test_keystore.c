/* Key files: the published ones open, those written here open again, and nothing else does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chain-adapter/keys/keys.h"
#include "tests/support/hex.h"
#include "tests/support/temporary_folder.h"

/* An example of the web3.js documentation; its passphrase is "test!". */
static const char by_scrypt[] =
    "{\"version\":3,\"id\":\"04e9bcbb-96fa-497b-94d1-14df4cd20af6\",\"address\":"
    "\"2c7536e3605d9c16a7a3d7b1898e529396a65c23\",\"crypto\":{\"ciphertext\":"
    "\"a1c25da3ecde4e6a24f3697251dd15d6208520efc84ad97397e906e6df24d251\",\"cipherparams\":"
    "{\"iv\":\"2885df2b63f7ef247d753c82fa20038a\"},\"cipher\":\"aes-128-ctr\",\"kdf\":\"scrypt\","
    "\"kdfparams\":{\"dklen\":32,\"salt\":"
    "\"4531b3c174cc3ff32a6a7a85d6761b410db674807b2d216d022318ceee50be10\",\"n\":262144,\"r\":8,"
    "\"p\":1},\"mac\":\"b8b010fff37f9ae5559a352a185e86f9b9c1d7f7a9f1bd4e82a5dd35468fc7f6\"}}";
/* Of the definition of Web3 Secret Storage; "testpassword". Its scrypt example has n = 2^18 with r = 1, which RFC 7914
 * forbids and libcrypto refuses. */
static const char by_pbkdf2[] =
    "{\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":"
    "\"6087dab2f9fdbbfaddc31a909735c1e6\"},\"ciphertext\":"
    "\"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46\",\"kdf\":\"pbkdf2\","
    "\"kdfparams\":{\"c\":262144,\"dklen\":32,\"prf\":\"hmac-sha256\",\"salt\":"
    "\"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd\"},\"mac\":"
    "\"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2\"},"
    "\"id\":\"3198bc9c-6672-5ab3-d995-4942343ae5b6\",\"version\":3}";
static const struct crux_keystore_cost cheap = {2, 1, 1};

static char message[CRUX_KEYSTORE_MESSAGE_BYTES];

static enum crux_status decode(struct crux_key *key, const char *json, const char *passphrase) {
    return crux_keystore_decode(key, json, strlen(json), (const uint8_t *)passphrase,
                                strlen(passphrase), message);
}

static void published(void **state) {
    static const struct {
        const char *json, *passphrase, *secret, *account;
    } files[] = {
        {by_scrypt, "test!", "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
         "2c7536e3605d9c16a7a3d7b1898e529396a65c23"},
        {by_pbkdf2, "testpassword",
         "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d",
         "008aeeda4d805471df9b2a5b0f38a0c3bcba786b"},
    };
    struct crux_key key;
    uint8_t secret[32], account[20];
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(files); i++) {
        hex_read(secret, files[i].secret, 32);
        hex_read(account, files[i].account, 20);
        assert_int_equal(decode(&key, files[i].json, files[i].passphrase), CRUX_OK);
        assert_memory_equal(key.secret, secret, 32);
        assert_memory_equal(key.account.b, account, 20);
        assert_int_equal(decode(&key, files[i].json, "another"), CRUX_E_PASSPHRASE_WRONG);
        for (unsigned b = 0; b < 32; b++) assert_int_equal(key.secret[b], 0);
    }
}

/* Each change of a good file, and what is said of it. */
static void refused(void **state) {
    static const struct {
        const char *from, *to, *says;
    } changes[] = {
        {"\"version\":3", "\"version\":1", "version"},
        {"\"version\":3", "\"version\":3,\"version\":3", "duplicate"},
        {"\"crypto\"", "\"krypto\"", "no crypto"},
        {"aes-128-ctr", "aes-128-cbc", "cipher"},
        {"\"2885df", "\"885df", "iv"},
        {"\"2885df", "\"zz85df", "iv"},
        {"\"a1c25d", "\"c25d", "ciphertext"},
        {"\"b8b010", "\"b8b01000", "mac"},
        {"scrypt", "bcrypt", "kdf"},
        {"\"dklen\":32", "\"dklen\":31", "dklen"},
        {"\"n\":262144", "\"n\":262145", "n, r and p"},
        {"\"n\":262144", "\"n\":2097152", "n, r and p"},
        {"\"n\":262144", "\"n\":1", "n, r and p"},
        {"\"n\":262144", "\"n\":\"262144\"", "n, r and p"},
        {"\"p\":1", "\"p\":65", "n, r and p"},
        {"\"p\":1", "\"p\":9", "n, r and p"},  /* r * p = 72 */
        {"\"r\":8", "\"r\":64", "n, r and p"}, /* 2 GiB */
        {"\"r\":8", "\"r\":1", "n, r and p"},  /* n is not below 2^(16 r) */
        {"\"salt\":\"4531", "\"salt\":1,\"x\":\"", "salt"},
        {"\"2c7536", "\"7536", "address"},
    };
    struct crux_key key;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(changes); i++) {
        char json[2048];
        const char *at = strstr(by_scrypt, changes[i].from);
        assert_non_null(at);
        (void)snprintf(json, sizeof json, "%.*s%s%s", (int)(at - by_scrypt), by_scrypt,
                       changes[i].to, at + strlen(changes[i].from));
        assert_int_equal(decode(&key, json, "test!"), CRUX_E_KEYSTORE_INVALID);
        if (strstr(message, changes[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", message, changes[i].says);
    }
    assert_int_equal(decode(&key, "", ""), CRUX_E_KEYSTORE_INVALID);
    assert_int_equal(decode(&key, "[", ""), CRUX_E_KEYSTORE_INVALID);
    assert_int_equal(decode(&key, "[]", ""), CRUX_E_KEYSTORE_INVALID);
}

static void written(void **state) {
    char folder[256], path[300];
    struct crux_key key, again;
    struct crux_account account;
    struct stat there;
    bool open_to_others = true;
    size_t len;
    (void)state;
    temporary_folder_make(folder);
    (void)snprintf(path, sizeof path, "%s/key", folder);
    assert_int_equal(crux_key_make(&key), CRUX_OK);
    assert_int_equal(crux_keystore_write(path, &key, (const uint8_t *)"pass", 4, &cheap, message),
                     CRUX_OK);
    assert_int_equal(stat(path, &there), 0);
    assert_int_equal(there.st_mode & 0777, 0600);
    assert_int_equal(temporary_folder_count(folder), 1); /* nothing beside it */
    assert_int_equal(
        crux_keystore_read(&again, path, (const uint8_t *)"pass", 4, &open_to_others, message),
        CRUX_OK);
    assert_memory_equal(&again, &key, sizeof key);
    assert_false(open_to_others);
    assert_int_equal(crux_keystore_account(&account, path, message), CRUX_OK);
    assert_memory_equal(&account, &key.account, sizeof account);
    assert_int_equal(crux_keystore_read(&again, path, (const uint8_t *)"pas", 3, NULL, message),
                     CRUX_E_PASSPHRASE_WRONG);
    /* a file that is there is left alone */
    uint8_t *before = temporary_folder_read(path, &len), *after;
    assert_int_equal(crux_keystore_write(path, &again, (const uint8_t *)"", 0, &cheap, message),
                     CRUX_E_IO);
    after = temporary_folder_read(path, &len);
    assert_memory_equal(before, after, len);
    assert_int_equal(temporary_folder_count(folder), 1);
    /* one whose address is another's */
    char *text = strstr((char *)after, "\"address\": \"");
    assert_non_null(text);
    text[strlen("\"address\": \"")] ^=
        1; /* a digit to another one: 0..9 in pairs, a to ` is no digit */
    enum crux_status status =
        crux_keystore_decode(&again, (char *)after, len, (const uint8_t *)"pass", 4, message);
    assert_int_equal(status, CRUX_E_KEYSTORE_INVALID);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(
        crux_keystore_read(&again, path, (const uint8_t *)"pass", 4, &open_to_others, message),
        CRUX_OK);
    assert_true(open_to_others);
    free(before);
    free(after);
    temporary_folder_remove(folder);
}

static void not_files(void **state) {
    char folder[256], path[300];
    struct crux_key key;
    static uint8_t long_file[CRUX_KEYSTORE_BYTES_MAX + 1];
    (void)state;
    temporary_folder_make(folder);
    (void)snprintf(path, sizeof path, "%s/none", folder);
    assert_int_equal(crux_keystore_read(&key, path, NULL, 0, NULL, message), CRUX_E_IO);
    assert_int_equal(crux_keystore_read(&key, folder, NULL, 0, NULL, message), CRUX_E_IO);
    memset(long_file, ' ', sizeof long_file);
    memcpy(long_file, by_scrypt, strlen(by_scrypt));
    temporary_folder_write(path, long_file, sizeof long_file);
    assert_int_equal(crux_keystore_read(&key, path, (const uint8_t *)"test!", 5, NULL, message),
                     CRUX_E_KEYSTORE_INVALID);
    temporary_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published),
        cmocka_unit_test(refused),
        cmocka_unit_test(written),
        cmocka_unit_test(not_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
