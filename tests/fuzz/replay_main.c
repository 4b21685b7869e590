/* Runs one fuzz target over every file of a folder, without libFuzzer: what each build and compiler can repeat. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_BYTES_MAX = 1 << 20, PATH_BYTES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path) {
    int failed = 1;
    uint8_t *data = NULL;
    long size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 ||
        size > INPUT_BYTES_MAX) {
        goto out;
    }
    /* Exactly as many bytes as the input has, so that a read past its end is one past the allocation too. */
    data = malloc(size > 0 ? (size_t)size : 1);
    if (data == NULL || fseek(file, 0, SEEK_SET) != 0 ||
        fread(data, 1, (size_t)size, file) != (size_t)size) {
        goto out;
    }
    (void)LLVMFuzzerTestOneInput(data, (size_t)size);
    failed = 0;
out:
    if (failed != 0) {
        fprintf(stderr, "%s: cannot be read, or is longer than %d bytes\n", path,
                (int)INPUT_BYTES_MAX);
    }
    free(data);
    if (file != NULL) {
        fclose(file);
    }
    return failed;
}

static int run_folder(const char *folder, unsigned *count) {
    DIR *dir = opendir(folder);
    const struct dirent *entry = NULL;
    int failed = 0;
    if (dir == NULL) {
        fprintf(stderr, "%s: no such corpus; commit a few small inputs there\n", folder);
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        char path[PATH_BYTES_MAX];
        struct stat info;
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path || stat(path, &info) != 0) {
            fprintf(stderr, "%s/%s: cannot be opened\n", folder, entry->d_name);
            failed = 1;
        } else if (S_ISREG(info.st_mode)) {
            failed |= run_file(path);
            ++*count;
        }
    }
    closedir(dir);
    return failed;
}

int main(int argc, char **argv) {
    unsigned count = 0;
    int failed = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; ++i) {
        failed |= run_folder(argv[i], &count);
    }
    printf("%u inputs replayed\n", count);
    return failed != 0 || count == 0 ? 1 : 0;
}
