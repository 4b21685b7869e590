/* The laws that are not arithmetic: NULL, CLOSE, count, output, done. */
#include "bisection/adjudicator/laws.h"
#include "bisection/adjudicator/parts.h"
#include "bisection/adjudicator/watch.h"
#include "bisection/commitment/preimage.h"

enum crux_status crux_law_null(bool *holds, const struct crux_law *law,
                               struct crux_cursor *cursor) {
    const struct crux_claim *claim = law->claim;
    const struct crux_element_id *element = law->element;
    struct crux_opened_layer opened;
    uint8_t null_leaf[32];
    enum crux_status status;
    if (element->pos >= crux_claim_positions(claim)) return CRUX_E_STEP_OUTSIDE;
    status = crux_part_layer(&opened, cursor, claim, &element->layer);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "model and layer", cursor->at);
    if (crux_layer_active(&opened.layer, element->pos, claim->request_tokens))
        return CRUX_E_ELEMENT_INVALID;
    crux_null_leaf(null_leaf);
    *holds = crux_equal(element->leaf_hash, null_leaf, 32);
    return CRUX_OK;
}

enum crux_status crux_law_close(bool *holds, const struct crux_law *law,
                                struct crux_cursor *cursor) {
    const struct crux_claim *claim = law->claim;
    uint8_t close_leaf[32];
    (void)cursor;
    crux_close_leaf(close_leaf, claim->request_tokens, claim->chosen_tokens, claim->cancelled,
                    claim->output_root);
    *holds = crux_equal(law->element->leaf_hash, close_leaf, 32);
    return CRUX_OK;
}

enum crux_status crux_law_count(bool *holds, const struct crux_law *law,
                                struct crux_cursor *cursor) {
    const struct crux_claim *claim = law->claim;
    struct crux_request request;
    enum crux_status status = crux_part_request(&request, cursor, claim);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "request", cursor->at);
    CRUX_WATCH(law, compared, claim->request_tokens, request.request_tokens);
    *holds = crux_request_check(&request) == CRUX_OK &&
             request.request_tokens == claim->request_tokens &&
             crux_equal(request.model_root, claim->model_root, 32);
    return CRUX_OK;
}

/* spec/40-adjudicator.md#output: "From N on, the only part is output; `consistent` if the u32 there is zero." */
static enum crux_status output_padding(bool *holds, const struct crux_law *law,
                                       struct crux_cursor *cursor) {
    const struct crux_claim *claim = law->claim;
    uint32_t padding;
    enum crux_status status =
        crux_part_list(&padding, cursor, claim->output_root, claim->chosen_tokens,
                       (uint32_t)law->element->index, CRUX_E_PAGE_MISMATCH);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "output", cursor->at);
    CRUX_WATCH(law, compared, padding, 0);
    *holds = padding == 0;
    return CRUX_OK;
}

enum crux_status crux_law_output(bool *holds, const struct crux_law *law,
                                 struct crux_cursor *cursor) {
    const struct crux_claim *claim = law->claim;
    const struct crux_element_id *element = law->element;
    struct crux_opened_layer last;
    const uint8_t *record;
    uint32_t output;
    enum crux_status status;
    if (element->index >= crux_list_slots(claim->chosen_tokens)) return CRUX_E_ELEMENT_OUTSIDE;
    if (element->index >= claim->chosen_tokens) return output_padding(holds, law, cursor);
    status = crux_part_layer(&last, cursor, claim, NULL);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "model and layer", cursor->at);
    status = crux_part_list(&output, cursor, claim->output_root, claim->chosen_tokens,
                            (uint32_t)element->index, CRUX_E_PAGE_MISMATCH);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "output", cursor->at);
    struct crux_record_page page = {
        .time = claim->request_tokens - 1 + (uint32_t)element->index,
        .layer = last.header.layers - 1,
        .store = last.header.token_store,
        .stores = last.layer.stores,
        .layers = last.header.layers,
        .leaf_count = 1,
        .length = 4, /* i32 [1] */
    };
    status = crux_part_record(&record, cursor, claim, &page);
    if (status != CRUX_OK) return status;
    uint32_t token = crux_load_u32(record);
    CRUX_WATCH(law, part, "record", cursor->at);
    CRUX_WATCH(law, compared, output, token);
    *holds = token == output && token < last.header.vocab;
    return CRUX_OK;
}

static bool is_stop(const struct crux_request *request, uint32_t token) {
    for (uint32_t i = 0; i < request->stop_count && i < CRUX_STOPS_MAX; i++) {
        if (request->stop[i] == token) return true;
    }
    return false;
}

enum crux_status crux_law_done(bool *holds, const struct crux_law *law,
                               struct crux_cursor *cursor) {
    const struct crux_claim *claim = law->claim;
    const struct crux_element_id *element = law->element;
    struct crux_program_header header;
    struct crux_request request;
    uint32_t token;
    enum crux_status status;
    if (element->index >= claim->chosen_tokens) return CRUX_E_ELEMENT_OUTSIDE;
    status = crux_part_header(&header, cursor, claim);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "model", cursor->at);
    status = crux_part_request(&request, cursor, claim);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "request", cursor->at);
    status = crux_part_list(&token, cursor, claim->output_root, claim->chosen_tokens,
                            (uint32_t)element->index, CRUX_E_PAGE_MISMATCH);
    if (status != CRUX_OK) return status;
    CRUX_WATCH(law, part, "output", cursor->at);
    uint32_t chosen = (uint32_t)element->index + 1;
    uint64_t length = (uint64_t)claim->request_tokens + element->index; /* positions up to this */
    bool done = is_stop(&request, token) || chosen == request.limit || length == header.context ||
                chosen == claim->cancelled;
    CRUX_WATCH(law, compared, chosen == claim->chosen_tokens, done);
    *holds = done == (chosen == claim->chosen_tokens) && length <= header.context;
    return CRUX_OK;
}
