/* Any bytes as program text: what assembles must show as a text that assembles to the same program. */
#include <stdlib.h>
#include <string.h>

#include "kernels/program/program_text.h"
#include "tests/support/same_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_program program, back;
    struct crux_text_error error;
    struct crux_refusal refusal;
    char *text = NULL, *again = NULL;
    size_t len = 0, again_len = 0;
    const char *what;
    if (crux_program_assemble(&program, (const char *)data, size, &error) != CRUX_OK) {
        CRUX_ASSERT(error.status != CRUX_OK && error.line > 0 && error.what[0] != 0);
        return 0;
    }
    enum crux_status status = crux_program_show(&text, &len, &program);
    CRUX_ASSERT(status == CRUX_OK);
    status = crux_program_assemble(&back, text, len, &error);
    CRUX_ASSERT(status == CRUX_OK);
    CRUX_ASSERT(crux_same_program(&program, &back, &what));
    status = crux_program_show(&again, &again_len, &back);
    CRUX_ASSERT(status == CRUX_OK && len == again_len && memcmp(text, again, len) == 0);
    status = crux_program_check(&program, &refusal); /* either way, without harm */
    CRUX_ASSERT(status == refusal.status);
    free(text);
    free(again);
    crux_program_free(&program);
    crux_program_free(&back);
    return 0;
}
