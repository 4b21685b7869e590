/* The question about program files. Needs malloc: a C library, or tests/conformance/wasm_libc/. */
#include <stdlib.h>

#include "tests/conformance/answer_parts.h"

enum crux_status crux_answer_program(struct crux_writer *answer, struct crux_cursor *question) {
    struct crux_program program = {.tensor_count = 0};
    struct crux_refusal refusal;
    uint8_t *again = NULL;
    size_t len, again_len = 0;
    const uint8_t *bytes = crux_answer_rest(question, &len);
    enum crux_status status = crux_program_decode(&program, bytes, len, &refusal);
    if (status == CRUX_OK) status = crux_program_check(&program, &refusal);
    if (status == CRUX_OK) status = crux_program_encode(&again, &again_len, &program);
    if (status == CRUX_OK) crux_put_bytes(answer, again, again_len);
    free(again);
    crux_program_free(&program);
    return status;
}
