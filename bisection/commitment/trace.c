#include "bisection/commitment/trace.h"

#include "bisection/commitment/preimage.h"

uint64_t crux_trace_leaves(uint32_t positions, uint32_t layers) {
    return (uint64_t)positions * layers + 1;
}

uint64_t crux_trace_leaf(uint32_t pos, uint32_t layer, uint32_t layers) {
    return (uint64_t)pos * layers + layer;
}

void crux_trace_init(struct crux_trace *trace, uint32_t layers) {
    trace->layers = layers;
    crux_merkle_append_init(&trace->steps);
}

enum crux_status crux_trace_append(struct crux_trace *trace, const uint8_t record_root[32]) {
    uint8_t null_leaf[32];
    if (record_root != NULL) return crux_merkle_append_leaf(&trace->steps, record_root);
    crux_null_leaf(null_leaf);
    return crux_merkle_append_leaf(&trace->steps, null_leaf);
}

enum crux_status crux_trace_close(uint8_t trace_root[32], const struct crux_trace *trace,
                                  const struct crux_claim *claim) {
    struct crux_merkle_append closed = trace->steps;
    uint8_t close_leaf[32];
    enum crux_status status = crux_claim_check(claim);
    if (status != CRUX_OK) return status;
    if (closed.leaf_count != (uint64_t)crux_claim_positions(claim) * trace->layers)
        return CRUX_E_CLAIM_INVALID;
    crux_close_leaf(close_leaf, claim->request_tokens, claim->chosen_tokens, claim->cancelled,
                    claim->output_root);
    status = crux_merkle_append_leaf(&closed, close_leaf);
    if (status == CRUX_OK) crux_merkle_append_root(trace_root, &closed);
    return status;
}
