#include "tests/support/temporary_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels/kernels.h"

void temporary_folder_make(char path[256]) {
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, 256, "%.200s/crux-test-XXXXXX", base != NULL ? base : "/tmp");
    CRUX_ASSERT(mkdtemp(path) != NULL);
}

static unsigned walk(const char *path, int removes) {
    unsigned count = 0;
    DIR *folder = opendir(path);
    CRUX_ASSERT(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char full[600];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        (void)snprintf(full, sizeof full, "%.256s/%.256s", path, entry->d_name);
        if (removes) (void)unlink(full);
        count++;
    }
    (void)closedir(folder);
    return count;
}

void temporary_folder_remove(const char *path) {
    (void)walk(path, 1);
    (void)rmdir(path);
}

unsigned temporary_folder_count(const char *path) {
    return walk(path, 0);
}

void temporary_folder_write(const char *path, const uint8_t *bytes, size_t len) {
    FILE *file = fopen(path, "wb");
    CRUX_ASSERT(file != NULL);
    CRUX_ASSERT(fwrite(bytes, 1, len, file) == len);
    CRUX_ASSERT(fclose(file) == 0);
}

uint8_t *temporary_folder_read(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    CRUX_ASSERT(fseek(file, 0, SEEK_END) == 0);
    *len = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*len + 1);
    CRUX_ASSERT(bytes != NULL && fread(bytes, 1, *len, file) == *len);
    (void)fclose(file);
    return bytes;
}
