#include "tests/conformance/op_case.h"

void crux_generate_ops(const char *folder) {
    static struct op_case c; /* large */
    struct crux_vector_file file;
    crux_vector_file_begin(&file, "ops");
    c.file = &file;
    op_cases_loads(&c);
    op_cases_sums(&c);
    op_cases_find(&c);
    op_cases_maps(&c);
    op_cases_tables(&c);
    op_cases_random(&c);
    crux_vector_file_end(&file, folder);
}
