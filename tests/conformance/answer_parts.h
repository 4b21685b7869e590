/* One function for each group of questions. Each reads its arguments from the cursor and writes what follows the
 * status; a cursor that has failed at the end is the caller's to refuse. Only answer*.c include it. */
#ifndef CRUX_TESTS_CONFORMANCE_ANSWER_PARTS_H
#define CRUX_TESTS_CONFORMANCE_ANSWER_PARTS_H

#include "bisection/bisection.h"
#include "tests/conformance/answer.h"

typedef enum crux_status crux_answer_fn(struct crux_writer *answer, struct crux_cursor *question);

crux_answer_fn crux_answer_op, crux_answer_descriptor, crux_answer_header, crux_answer_layer;
crux_answer_fn crux_answer_layout, crux_answer_tile;
crux_answer_fn crux_answer_leaf, crux_answer_root, crux_answer_proof, crux_answer_nested,
    crux_answer_peaks;
crux_answer_fn crux_answer_uvarint, crux_answer_svarint, crux_answer_claim, crux_answer_element,
    crux_answer_request;
crux_answer_fn crux_answer_null_leaf, crux_answer_close_leaf, crux_answer_step_root,
    crux_answer_op_leaf;
crux_answer_fn crux_answer_layer_leaf, crux_answer_manifest_hash, crux_answer_model_root,
    crux_answer_case;
crux_answer_fn crux_answer_error_name, crux_answer_program, crux_answer_receipt;

/* Takes all bytes that are left. */
static inline const uint8_t *crux_answer_rest(struct crux_cursor *question, size_t *len) {
    *len = crux_cursor_left(question);
    return crux_get_bytes(question, *len);
}

#endif
