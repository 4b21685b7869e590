#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"

enum { PATH_BYTES = 256 };

static char folder[] = "/tmp/test-crux-file-XXXXXX";
static char path[PATH_BYTES];
static char message[CRUX_CLI_MESSAGE_BYTES];

static const char *in_folder(const char *name) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static unsigned files_in_folder(void) {
    unsigned count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) count++;
    }
    assert_int_equal(closedir(dir), 0);
    return count;
}

static int remove_folder(void **state) {
    (void)state;
    static const char *const names[] = {"a", "link", "empty", "long"};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(names); i++) (void)unlink(in_folder(names[i]));
    return rmdir(folder);
}

static void write_text(const char *name, const char *text) {
    assert_int_equal(
        crux_cli_file_write(message, in_folder(name), (const uint8_t *)text, strlen(text)),
        CRUX_OK);
}

static void expect_text(const char *name, const char *text) {
    uint8_t *bytes;
    size_t len;
    assert_int_equal(crux_cli_file_read(&bytes, &len, message, in_folder(name), 1000), CRUX_OK);
    assert_int_equal(len, strlen(text));
    assert_string_equal((const char *)bytes, text);
    free(bytes);
}

static void test_writes_what_it_reads(void **state) {
    (void)state;
    write_text("a", "first");
    expect_text("a", "first");
    write_text("a", "second, and longer");
    expect_text("a", "second, and longer");
    write_text("empty", "");
    expect_text("empty", "");
    assert_int_equal(files_in_folder(), 2);
}

static void test_limit_is_inclusive(void **state) {
    (void)state;
    enum { LONG_BYTES = 200001 };
    uint8_t *bytes;
    size_t len;
    uint8_t *many = malloc(LONG_BYTES);
    assert_non_null(many);
    for (size_t i = 0; i < LONG_BYTES; i++) many[i] = (uint8_t)(i * 7);
    assert_int_equal(crux_cli_file_write(message, in_folder("long"), many, LONG_BYTES), CRUX_OK);
    assert_int_equal(crux_cli_file_read(&bytes, &len, message, path, LONG_BYTES), CRUX_OK);
    assert_int_equal(len, LONG_BYTES);
    assert_memory_equal(bytes, many, LONG_BYTES);
    free(bytes);
    free(many);
    assert_int_equal(crux_cli_file_read(&bytes, &len, message, path, LONG_BYTES - 1),
                     CRUX_E_UNSUPPORTED);
    assert_non_null(strstr(message, "is longer than 200000 bytes"));
    assert_int_equal(crux_cli_file_read(&bytes, &len, message, path, 0), CRUX_E_UNSUPPORTED);
}

static void test_permissions(void **state) {
    (void)state;
    struct stat found;
    mode_t mask = umask(027);
    write_text("empty", "");
    assert_int_equal(unlink(in_folder("empty")), 0);
    write_text("empty", "");
    (void)umask(mask);
    assert_int_equal(stat(in_folder("empty"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0640);
    assert_int_equal(chmod(path, 0604), 0);
    write_text("empty", "kept");
    assert_int_equal(stat(in_folder("empty"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0604);
}

static void test_a_link_is_followed(void **state) {
    (void)state;
    struct stat found;
    write_text("a", "old");
    assert_int_equal(symlink("a", in_folder("link")), 0);
    write_text("link", "new");
    assert_int_equal(lstat(in_folder("link"), &found), 0);
    assert_true(S_ISLNK(found.st_mode));
    expect_text("a", "new");
}

static void test_failures_say_what_and_leave_nothing(void **state) {
    (void)state;
    uint8_t *bytes;
    size_t len;
    unsigned before = files_in_folder();
    static const uint8_t some[] = "some";
    assert_int_equal(crux_cli_file_read(&bytes, &len, message, in_folder("none"), 10), CRUX_E_IO);
    assert_non_null(strstr(message, "cannot open '/tmp/test-crux-file-"));
    assert_non_null(strstr(message, "No such file or directory"));
    assert_int_equal(crux_cli_file_read(&bytes, &len, message, folder, 10), CRUX_E_IO);
    assert_non_null(strstr(message, "Is a directory"));
    assert_int_equal(crux_cli_file_write(message, folder, some, 4), CRUX_E_IO);
    assert_non_null(strstr(message, "Is a directory"));
    assert_int_equal(crux_cli_file_write(message, in_folder("none/a"), some, 4), CRUX_E_IO);
    assert_non_null(strstr(message, "No such file or directory"));
    assert_int_equal(crux_cli_file_write(message, "/dev/full", some, 4), CRUX_E_IO);
    assert_non_null(strstr(message, "No space left"));
    assert_int_equal(files_in_folder(), before);
}

static void test_a_device_stays_a_device(void **state) {
    (void)state;
    struct stat found;
    static const uint8_t some[] = "some";
    assert_int_equal(crux_cli_file_write(message, "/dev/null", some, 4), CRUX_OK);
    assert_int_equal(stat("/dev/null", &found), 0);
    assert_true(S_ISCHR(found.st_mode));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_what_it_reads),
        cmocka_unit_test(test_limit_is_inclusive),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_a_link_is_followed),
        cmocka_unit_test(test_failures_say_what_and_leave_nothing),
        cmocka_unit_test(test_a_device_stays_a_device),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
