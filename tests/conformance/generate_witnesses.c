#include "tests/conformance/witness_case.h"

void crux_generate_witnesses(const char *folder) {
    struct crux_vector_file file;
    crux_vector_file_begin(&file, "witnesses");
    witness_cases_honest(&file);
    witness_cases_changed(&file);
    witness_cases_lies(&file);
    witness_cases_malformed(&file);
    witness_cases_programs(&file);
    crux_vector_file_end(&file, folder);
}
