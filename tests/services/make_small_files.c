/* make_small_files FOLDER: a.crux and b.crux, two small models of the same shape. */
#include <stdio.h>

#include "tests/support/small_file.h"

int main(int argc, char **argv) {
    char path[300];
    if (argc != 2) return 2;
    (void)snprintf(path, sizeof path, "%.280s/a.crux", argv[1]);
    small_file_make(path, argv[1], 1);
    (void)snprintf(path, sizeof path, "%.280s/b.crux", argv[1]);
    small_file_make(path, argv[1], 2);
    return 0;
}
