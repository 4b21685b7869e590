/* conformance.wasm: tests/conformance/answer.h behind three functions. No imports.
 *
 *   q = crux_question()       the caller writes a question there
 *   n = crux_ask(bytes)       answers it; the answer is n bytes long
 *   a = crux_answer()         where it lies
 */
#include <stdlib.h>

#include "tests/conformance/answer.h"

static uint8_t question[CRUX_QUESTION_BYTES_MAX], answer[CRUX_ANSWER_BYTES_MAX];

__attribute__((export_name("crux_question"))) uint8_t *crux_wasm_question(void);
__attribute__((export_name("crux_answer"))) uint8_t *crux_wasm_answer(void);
__attribute__((export_name("crux_ask"))) uint32_t crux_wasm_ask(uint32_t bytes);

uint8_t *crux_wasm_question(void) {
    return question;
}
uint8_t *crux_wasm_answer(void) {
    return answer;
}

uint32_t crux_wasm_ask(uint32_t bytes) {
    if (bytes > sizeof question) return 0;
    crux_wasm_libc_reset();
    return (uint32_t)crux_conformance_answer(answer, sizeof answer, question, bytes);
}
