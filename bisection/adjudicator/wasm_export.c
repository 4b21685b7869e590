/* adjudicator.wasm: the adjudicator behind two functions and one buffer. No imports.
 *
 *   p = crux_input()                           the caller writes claim (140) || element (117) || witness there
 *   r = crux_run_adjudicator(witness_bytes)    r = status << 8 | finding
 *
 * status is the number of enum crux_status (spec/vectors lists names and numbers), finding 1 consistent,
 * 2 inconsistent, 0 beside an error. Nothing is kept between calls.
 */
#include "bisection/adjudicator/adjudicator.h"

enum { WITNESS_BYTES_MAX = 1 << 16 };

static uint8_t input[CRUX_CLAIM_BYTES + CRUX_ELEMENT_BYTES + WITNESS_BYTES_MAX];

__attribute__((export_name("crux_input"))) uint8_t *crux_wasm_input(void);
__attribute__((export_name("crux_run_adjudicator"))) uint32_t crux_wasm_run_adjudicator(
    uint32_t witness_bytes);

uint8_t *crux_wasm_input(void) {
    return input;
}

static enum crux_status run(enum crux_finding *finding, uint32_t witness_bytes) {
    struct crux_claim claim;
    struct crux_element_id element;
    enum crux_status status;
    *finding = CRUX_FINDING_NONE;
    if (witness_bytes > WITNESS_BYTES_MAX) return CRUX_E_WITNESS_TOO_LARGE;
    status = crux_claim_decode(&claim, input, CRUX_CLAIM_BYTES);
    if (status != CRUX_OK) return status;
    status = crux_element_decode(&element, input + CRUX_CLAIM_BYTES, CRUX_ELEMENT_BYTES);
    if (status != CRUX_OK) return status;
    return crux_adjudicate(finding, &claim, &element, input + CRUX_CLAIM_BYTES + CRUX_ELEMENT_BYTES,
                           witness_bytes);
}

uint32_t crux_wasm_run_adjudicator(uint32_t witness_bytes) {
    enum crux_finding finding;
    enum crux_status status = run(&finding, witness_bytes);
    return (uint32_t)status << 8 | (uint32_t)finding;
}
