#include "bisection/adjudicator/adjudicator.h"

#include "bisection/adjudicator/laws.h"

static enum crux_status apply(bool *holds, const struct crux_law *law, struct crux_cursor *cursor) {
    switch ((enum crux_element_kind)law->element->kind) {
    case CRUX_ELEMENT_VALUE: return crux_law_value(holds, law, cursor);
    case CRUX_ELEMENT_PADDING: return crux_law_padding(holds, law, cursor);
    case CRUX_ELEMENT_NULL: return crux_law_null(holds, law, cursor);
    case CRUX_ELEMENT_CLOSE: return crux_law_close(holds, law, cursor);
    case CRUX_ELEMENT_COUNT: return crux_law_count(holds, law, cursor);
    case CRUX_ELEMENT_OUTPUT: return crux_law_output(holds, law, cursor);
    case CRUX_ELEMENT_DONE: return crux_law_done(holds, law, cursor);
    }
    return CRUX_E_ELEMENT_INVALID;
}

enum crux_status crux_adjudicate(enum crux_finding *finding, const struct crux_claim *claim,
                                 const struct crux_element_id *element, const uint8_t *witness,
                                 size_t witness_bytes) {
    return crux_adjudicate_watched(finding, claim, element, witness, witness_bytes, NULL);
}

enum crux_status crux_adjudicate_watched(enum crux_finding *finding, const struct crux_claim *claim,
                                         const struct crux_element_id *element,
                                         const uint8_t *witness, size_t witness_bytes,
                                         const struct crux_observer *observer) {
    struct crux_law law = {claim, element, observer};
    struct crux_cursor cursor;
    bool holds = false;
    enum crux_status status;
    *finding = CRUX_FINDING_NONE;
    status = crux_claim_check(claim);
    if (status != CRUX_OK) return status;
    status = crux_element_check(element);
    if (status != CRUX_OK) return status;
    crux_cursor_init(&cursor, witness, witness_bytes);
    uint8_t version = crux_get_u8(&cursor), kind = crux_get_u8(&cursor);
    if (cursor.status != CRUX_OK) return cursor.status;
    if (version != CRUX_WITNESS_VERSION || kind != element->kind) return CRUX_E_WITNESS_MALFORMED;
    status = apply(&holds, &law, &cursor);
    if (status == CRUX_OK) status = crux_cursor_finish(&cursor);
    if (status != CRUX_OK) return status;
    *finding = holds ? CRUX_CONSISTENT : CRUX_INCONSISTENT;
    return CRUX_OK;
}
