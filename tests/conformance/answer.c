#include "tests/conformance/answer.h"

#include "tests/conformance/answer_parts.h"

static crux_answer_fn *find(unsigned function) {
    switch ((enum crux_question)function) {
    case CRUX_ASK_OP: return crux_answer_op;
    case CRUX_ASK_DESCRIPTOR: return crux_answer_descriptor;
    case CRUX_ASK_HEADER: return crux_answer_header;
    case CRUX_ASK_LAYER: return crux_answer_layer;
    case CRUX_ASK_LAYOUT: return crux_answer_layout;
    case CRUX_ASK_TILE: return crux_answer_tile;
    case CRUX_ASK_LEAF: return crux_answer_leaf;
    case CRUX_ASK_ROOT: return crux_answer_root;
    case CRUX_ASK_PROOF: return crux_answer_proof;
    case CRUX_ASK_NESTED: return crux_answer_nested;
    case CRUX_ASK_PEAKS: return crux_answer_peaks;
    case CRUX_ASK_UVARINT: return crux_answer_uvarint;
    case CRUX_ASK_SVARINT: return crux_answer_svarint;
    case CRUX_ASK_CLAIM: return crux_answer_claim;
    case CRUX_ASK_ELEMENT: return crux_answer_element;
    case CRUX_ASK_REQUEST: return crux_answer_request;
    case CRUX_ASK_NULL_LEAF: return crux_answer_null_leaf;
    case CRUX_ASK_CLOSE_LEAF: return crux_answer_close_leaf;
    case CRUX_ASK_STEP_ROOT: return crux_answer_step_root;
    case CRUX_ASK_OP_LEAF: return crux_answer_op_leaf;
    case CRUX_ASK_LAYER_LEAF: return crux_answer_layer_leaf;
    case CRUX_ASK_MANIFEST_HASH: return crux_answer_manifest_hash;
    case CRUX_ASK_MODEL_ROOT: return crux_answer_model_root;
    case CRUX_ASK_CASE: return crux_answer_case;
    case CRUX_ASK_ERROR_NAME: return crux_answer_error_name;
    case CRUX_ASK_PROGRAM: return crux_answer_program;
    case CRUX_ASK_RECEIPT: return crux_answer_receipt;
    }
    return NULL;
}

size_t crux_conformance_answer(uint8_t *answer, size_t cap, const uint8_t *question, size_t len) {
    struct crux_cursor cursor;
    struct crux_writer writer;
    enum crux_status status = CRUX_E_USAGE;
    crux_cursor_init(&cursor, question, len);
    crux_writer_init(&writer, answer, cap);
    crux_put_u16(&writer, 0);
    crux_answer_fn *function = find(crux_get_u8(&cursor));
    if (function != NULL) {
        status = function(&writer, &cursor);
        if (status == CRUX_OK && crux_cursor_finish(&cursor) != CRUX_OK) status = CRUX_E_USAGE;
        if (status == CRUX_OK && writer.status != CRUX_OK) status = CRUX_E_INTERNAL;
    }
    crux_store_u16(answer, (uint16_t)status);
    return status == CRUX_OK ? writer.at : 2;
}

enum crux_status crux_answer_error_name(struct crux_writer *answer, struct crux_cursor *question) {
    const char *name = crux_status_name((enum crux_status)crux_get_u32(question));
    for (size_t i = 0; name[i] != '\0'; i++) crux_put_u8(answer, (uint8_t)name[i]);
    return CRUX_OK;
}
