/* What lies outside the step: request, tokens, records. */
#include "kernels/certificate/witness_parts.h"
#include "kernels/program/layout.h"

/* A page of a record's tensor, up to the trace root. */
static uint32_t record_part(const struct crux_layout *layout, uint32_t stores,
                            uint64_t trace_leaves) {
    uint64_t bytes = layout->bytes < layout->page_bytes ? layout->bytes : layout->page_bytes;
    return (uint32_t)bytes + crux_witness_path_bytes(layout->pages) +
           crux_witness_path_bytes(stores) + crux_witness_path_bytes(trace_leaves);
}

uint32_t crux_witness_chosen_token(uint32_t stores, uint64_t trace_leaves) {
    static const uint32_t one[1] = {1};
    struct crux_layout layout;
    crux_layout_record(&layout, CRUX_I32, 1, one);
    return record_part(&layout, stores, trace_leaves);
}

uint32_t crux_witness_token_page(uint32_t count) {
    struct crux_layout layout;
    crux_layout_model(&layout, CRUX_U32, count);
    return (uint32_t)(layout.bytes < layout.page_bytes ? layout.bytes : layout.page_bytes) +
           crux_witness_path_bytes(layout.pages);
}

static uint32_t greater(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* The longest of the places its value can come from. */
void crux_witness_add_load(struct crux_witness_parts *parts, const struct crux_proof *proof,
                           const struct crux_sight *sight) {
    const struct crux_operand *operand = &proof->op->in[0];
    const struct crux_proof_frame *frame = proof->frame;
    if (proof->op->code == CRUX_RAND) parts->load = CRUX_WITNESS_REQUEST_BYTES;
    if (proof->op->code != CRUX_LOAD) return;
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM:
    case CRUX_KIND_STEP:
    case CRUX_KIND_MODEL: return;
    case CRUX_KIND_RECORD: {
        struct crux_layout layout;
        uint32_t extent[CRUX_DIMS_MAX] = {0};
        for (unsigned i = 0; i < operand->ndim; i++) extent[i] = operand->dim[i].e; /* constants */
        crux_layout_record(&layout, operand->dtype, operand->ndim, extent);
        parts->load = record_part(&layout, operand->stores, frame->trace_leaves);
        if (operand->self != CRUX_SELF_NONE) {
            parts->load =
                greater(parts->load,
                        crux_witness_step_page(&sight->reach[0], operand->self, proof->tensors));
        }
        parts->pages++;
        break;
    }
    case CRUX_KIND_TOKEN:
        parts->load = greater(CRUX_WITNESS_REQUEST_BYTES + crux_witness_token_page(frame->context),
                              crux_witness_chosen_token(operand->stores, frame->trace_leaves));
        parts->pages++;
        break;
    case CRUX_KIND_PARAM: parts->load = CRUX_WITNESS_REQUEST_BYTES; break;
    }
}
