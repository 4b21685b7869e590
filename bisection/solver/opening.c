/* Is the claim true, and if not, where does one begin? */
#include "bisection/commitment/trace.h"
#include "bisection/solver/inside.h"

/* spec/70-game.md#honest-players: "If P is not the request's, the request is not well formed or not for this model: open
 * count." */
static bool count_holds(const struct crux_claim *claim, const struct crux_request *request) {
    return crux_request_check(request) == CRUX_OK &&
           request->request_tokens == claim->request_tokens &&
           crux_equal(request->model_root, claim->model_root, 32);
}

static bool is_stop(const struct crux_request *request, uint32_t token) {
    for (uint32_t i = 0; i < request->stop_count && i < CRUX_STOPS_MAX; i++) {
        if (request->stop[i] == token) return true;
    }
    return false;
}

/* Out: index, of the first token after which done holds and it is not the last, or the other way round; N if none. */
static enum crux_status check_done(uint64_t *index, const struct crux_claim *claim,
                                   const struct crux_program_header *header,
                                   const struct crux_request *request,
                                   const struct crux_provider *own) {
    const struct crux_tree_id output = {.kind = CRUX_TREE_OUTPUT};
    uint8_t page[CRUX_RECORD_PAGE_BYTES];
    size_t len = 0, at = 0;
    for (uint32_t i = 0; i < claim->chosen_tokens; i++, at += 4) {
        if (at == len) {
            enum crux_status status =
                crux_solver_page(page, &len, own, &output, (uint64_t)i * 4 / CRUX_STEP_PAGE_BYTES);
            if (status != CRUX_OK) return status;
            at = 0;
            if (len < 4 || len % 4 != 0) return CRUX_E_BAD_LAYOUT;
        }
        uint64_t length = (uint64_t)claim->request_tokens + i;
        bool done = is_stop(request, crux_load_u32(page + at)) || i + 1 == request->limit ||
                    length == header->context || i + 1 == claim->cancelled;
        *index = i;
        if (done != (i + 1 == claim->chosen_tokens)) return CRUX_OK;
    }
    *index = claim->chosen_tokens;
    return CRUX_OK;
}

static enum crux_status check_trace(bool *holds, const struct crux_claim *claim, uint64_t leaves,
                                    const struct crux_provider *own) {
    uint8_t root[32];
    enum crux_status status = crux_provider_trace_node(
        own, root, claim, leaves, (struct crux_game_node){crux_merkle_depth(leaves), 0});
    *holds = status == CRUX_OK && crux_equal(root, claim->trace_root, 32);
    return status;
}

enum crux_status crux_solver_opening(enum crux_target *target, uint64_t *index,
                                     const struct crux_claim *claim,
                                     const struct crux_program_header *header,
                                     const uint8_t *request_bytes,
                                     const struct crux_provider *own) {
    struct crux_request request;
    uint8_t hash[32];
    *target = (enum crux_target)0;
    *index = 0;
    crux_request_hash(hash, request_bytes);
    if (!crux_equal(hash, claim->request_hash, 32)) return CRUX_E_REQUEST_MISMATCH;
    crux_request_read(&request, request_bytes);
    if (!count_holds(claim, &request)) {
        *target = CRUX_TARGET_COUNT;
        return CRUX_OK;
    }
    /* spec/70-game.md#honest-players: "If P+N-1 exceeds the context: open done at N-1." */
    if (crux_claim_positions(claim) > header->context) {
        *target = CRUX_TARGET_DONE;
        *index = claim->chosen_tokens - 1;
        return CRUX_OK;
    }
    if (own == NULL) return CRUX_OK;
    const struct crux_claim *mine = own->evidence->claim;
    if (mine->request_tokens != claim->request_tokens ||
        mine->chosen_tokens != claim->chosen_tokens)
        return CRUX_E_USAGE;
    uint64_t leaves = crux_trace_leaves(crux_claim_positions(claim), header->layers);
    bool trace_holds;
    enum crux_status status = check_trace(&trace_holds, claim, leaves, own);
    if (status != CRUX_OK) return status;
    if (!trace_holds) {
        *target = CRUX_TARGET_TRACE;
        return CRUX_OK;
    }
    if (!crux_equal(mine->output_root, claim->output_root, 32)) {
        *target = CRUX_TARGET_OUTPUT;
        return CRUX_OK;
    }
    status = check_done(index, claim, header, &request, own);
    if (status != CRUX_OK) return status;
    if (*index < claim->chosen_tokens)
        *target = CRUX_TARGET_DONE;
    else
        *index = 0;
    return CRUX_OK;
}
