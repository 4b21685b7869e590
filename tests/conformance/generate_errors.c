/* The numbers behind the error names: what adjudicator.wasm returns. */
#include "tests/conformance/vector_file.h"

void crux_generate_errors(const char *folder) {
    struct crux_vector_file file;
    crux_vector_file_begin(&file, "errors");
    for (unsigned number = 0; number < CRUX_STATUS_COUNT; number++) {
        const char *name = crux_status_name((enum crux_status)number);
        json_t *vector = crux_vector_add(&file, "error", name);
        crux_vector_set_u32(vector, "number", number);
        crux_vector_set(vector, "status", json_string(name));
    }
    crux_vector_file_end(&file, folder);
}
