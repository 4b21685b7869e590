/* Questions about encodings and hash preimages. */
#include "bisection/witness/witness.h"
#include "tests/conformance/answer_parts.h"

enum crux_status crux_answer_uvarint(struct crux_writer *answer, struct crux_cursor *question) {
    uint64_t v = crux_get_uvarint(question);
    enum crux_status status = crux_cursor_finish(question);
    crux_put_u64(answer, v);
    crux_put_uvarint(answer, v);
    return status;
}

enum crux_status crux_answer_svarint(struct crux_writer *answer, struct crux_cursor *question) {
    int64_t v = crux_get_svarint(question);
    enum crux_status status = crux_cursor_finish(question);
    crux_put_i64(answer, v);
    crux_put_svarint(answer, v);
    return status;
}

enum crux_status crux_answer_claim(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t again[CRUX_CLAIM_BYTES], hash[32];
    struct crux_claim claim;
    size_t len;
    const uint8_t *bytes = crux_answer_rest(question, &len);
    enum crux_status status = crux_claim_decode(&claim, bytes, len);
    if (status != CRUX_OK) return status;
    crux_claim_hash(hash, &claim);
    crux_claim_encode(again, &claim);
    crux_put_bytes(answer, hash, sizeof hash);
    crux_put_bytes(answer, claim.model_root, 32);
    crux_put_bytes(answer, claim.request_hash, 32);
    crux_put_bytes(answer, claim.output_root, 32);
    crux_put_bytes(answer, claim.trace_root, 32);
    crux_put_u64(answer, claim.request_tokens);
    crux_put_u64(answer, claim.chosen_tokens);
    crux_put_u64(answer, claim.cancelled);
    crux_put_bytes(answer, again, sizeof again);
    return CRUX_OK;
}

enum crux_status crux_answer_element(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t again[CRUX_ELEMENT_BYTES];
    struct crux_element_id element;
    size_t len;
    const uint8_t *bytes = crux_answer_rest(question, &len);
    enum crux_status status = crux_element_decode(&element, bytes, len);
    if (status != CRUX_OK) return status;
    crux_element_encode(again, &element);
    crux_put_u64(answer, element.kind);
    crux_put_u64(answer, element.pos);
    crux_put_u64(answer, element.layer);
    crux_put_u64(answer, element.op);
    crux_put_u64(answer, element.index);
    crux_put_bytes(answer, element.record_root, 32);
    crux_put_bytes(answer, element.tensors_root, 32);
    crux_put_bytes(answer, element.leaf_hash, 32);
    crux_put_bytes(answer, again, sizeof again);
    return CRUX_OK;
}

enum crux_status crux_answer_request(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t again[CRUX_REQUEST_BYTES], hash[32];
    struct crux_request request;
    size_t len;
    const uint8_t *bytes = crux_answer_rest(question, &len);
    enum crux_status status = crux_request_decode(&request, bytes, len);
    if (status != CRUX_OK) return status;
    crux_request_encode(again, &request);
    crux_request_hash(hash, again);
    crux_put_bytes(answer, hash, sizeof hash);
    crux_put_bytes(answer, request.model_root, 32);
    crux_put_bytes(answer, request.nonce, 32);
    crux_put_bytes(answer, request.seed, 32);
    crux_put_bytes(answer, request.tokens_root, 32);
    crux_put_u64(answer, request.sample);
    crux_put_u64(answer, request.request_tokens);
    crux_put_u64(answer, request.limit);
    crux_put_u32(answer, request.stop_count);
    for (uint32_t i = 0; i < request.stop_count; i++) crux_put_u64(answer, request.stop[i]);
    crux_put_u32(answer, CRUX_PARAMS);
    for (uint32_t i = 0; i < CRUX_PARAMS; i++) crux_put_i64(answer, request.param[i]);
    crux_put_bytes(answer, again, sizeof again);
    return CRUX_OK;
}

enum crux_status crux_answer_receipt(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t again[CRUX_RECEIPT_BYTES], hash[32];
    struct crux_receipt receipt;
    size_t len;
    const uint8_t *bytes = crux_answer_rest(question, &len);
    enum crux_status status = crux_receipt_decode(&receipt, bytes, len);
    if (status != CRUX_OK) return status;
    crux_receipt_encode(again, &receipt);
    crux_receipt_digest(hash, &receipt);
    crux_put_bytes(answer, hash, sizeof hash);
    crux_put_bytes(answer, receipt.chain_id, 32);
    crux_put_bytes(answer, receipt.contract, 32);
    crux_put_bytes(answer, receipt.executor, sizeof receipt.executor);
    crux_put_bytes(answer, receipt.request_hash, 32);
    crux_put_bytes(answer, receipt.claim_hash, 32);
    crux_put_u64(answer, receipt.mode);
    crux_put_bytes(answer, receipt.requester, sizeof receipt.requester);
    crux_put_u64(answer, receipt.deadline);
    crux_put_bytes(answer, again, sizeof again);
    return CRUX_OK;
}

enum crux_status crux_answer_null_leaf(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t hash[32];
    (void)question;
    crux_null_leaf(hash);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

enum crux_status crux_answer_close_leaf(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t hash[32];
    uint32_t p = crux_get_u32(question), n = crux_get_u32(question),
             cancelled = crux_get_u32(question);
    const uint8_t *output_root = crux_get_bytes(question, 32);
    if (output_root == NULL) return CRUX_E_USAGE;
    crux_close_leaf(hash, p, n, cancelled, output_root);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

enum crux_status crux_answer_step_root(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t hash[32];
    const uint8_t *record = crux_get_bytes(question, 32), *tensors = crux_get_bytes(question, 32);
    if (tensors == NULL) return CRUX_E_USAGE;
    crux_step_root(hash, record, tensors);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

enum crux_status crux_answer_op_leaf(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t hash[32];
    const uint8_t *descriptor = crux_get_bytes(question, CRUX_DESCRIPTOR_BYTES);
    if (descriptor == NULL) return CRUX_E_USAGE;
    crux_op_leaf(hash, descriptor);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

enum crux_status crux_answer_layer_leaf(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t hash[32];
    const uint8_t *layer = crux_get_bytes(question, CRUX_LAYER_BYTES),
                  *ops_root = crux_get_bytes(question, 32);
    if (ops_root == NULL) return CRUX_E_USAGE;
    crux_layer_leaf(hash, layer, ops_root);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

enum crux_status crux_answer_manifest_hash(struct crux_writer *answer,
                                           struct crux_cursor *question) {
    uint8_t hash[32];
    size_t len;
    const uint8_t *manifest = crux_answer_rest(question, &len);
    if (manifest == NULL) return CRUX_E_USAGE;
    crux_manifest_hash(hash, manifest, len);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

enum crux_status crux_answer_model_root(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t hash[32];
    const uint8_t *header = crux_get_bytes(question, CRUX_HEADER_BYTES);
    const uint8_t *manifest_hash = crux_get_bytes(question, 32),
                  *layers_root = crux_get_bytes(question, 32);
    if (layers_root == NULL) return CRUX_E_USAGE;
    crux_model_root(hash, header, manifest_hash, layers_root);
    crux_put_bytes(answer, hash, sizeof hash);
    return CRUX_OK;
}

enum crux_status crux_answer_case(struct crux_writer *answer, struct crux_cursor *question) {
    uint8_t claim[CRUX_CLAIM_BYTES], element[CRUX_ELEMENT_BYTES];
    struct crux_case c;
    size_t len;
    const uint8_t *bytes = crux_answer_rest(question, &len);
    enum crux_status status = crux_case_decode(&c, bytes, len);
    if (status != CRUX_OK) return status;
    crux_claim_encode(claim, &c.claim);
    crux_element_encode(element, &c.element);
    crux_put_bytes(answer, claim, sizeof claim);
    crux_put_bytes(answer, element, sizeof element);
    crux_put_bytes(answer, c.witness, c.witness_bytes);
    return CRUX_OK;
}
