/* Writes the files of spec/vectors/ into a folder: the same bytes on every machine.  spec/60-vectors.md
 *
 *   generate FOLDER [FILE...]      all files, or those named (without .json)
 */
#include <stdio.h>
#include <string.h>

#include "kernels/base/macros.h"
#include "tests/conformance/vector_file.h"

struct generator {
    const char *name;
    void (*generate)(const char *folder);
};

static const struct generator all[] = {
    {"errors", crux_generate_errors},
    {"ops", crux_generate_ops},
    {"descriptors", crux_generate_descriptors},
    {"layout", crux_generate_layout},
    {"merkle", crux_generate_merkle},
    {"encodings", crux_generate_encodings},
    {"programs", crux_generate_programs},
    {"witnesses", crux_generate_witnesses},
    {"game", crux_generate_game},
};

static const struct generator *find(const char *name) {
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        if (strcmp(all[i].name, name) == 0) return &all[i];
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: generate FOLDER [FILE...]\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        if (find(argv[i]) == NULL) {
            fprintf(stderr, "generate: no file '%s'\n", argv[i]);
            return 2;
        }
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        bool wanted = argc == 2;
        for (int j = 2; j < argc; j++) wanted = wanted || strcmp(argv[j], all[i].name) == 0;
        if (wanted) all[i].generate(argv[1]);
    }
    return 0;
}
