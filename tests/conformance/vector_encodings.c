/* encodings.json, errors.json. */
#include "tests/conformance/vector_check.h"

static bool has_error(const struct crux_vector_check *check) {
    return json_object_get(check->vector, "error") != NULL;
}

static void ask_number(struct crux_vector_check *check, bool is_signed) {
    crux_vector_get_hex(check, &check->question, check->vector, "bytes");
    if (has_error(check)) return;
    if (is_signed)
        crux_put_i64(&check->want, crux_vector_get_i64(check, check->vector, "value"));
    else
        crux_put_u64(&check->want, crux_vector_get_u64(check, check->vector, "value"));
    crux_vector_get_hex(check, &check->want, check->vector, "bytes");
}

static void ask_uvarint(struct crux_vector_check *check) {
    ask_number(check, false);
}
static void ask_svarint(struct crux_vector_check *check) {
    ask_number(check, true);
}

/* 32-byte members and u32 members of an object, in the order given. */
static void want_hashes(struct crux_vector_check *check, const json_t *object,
                        const char *const *keys, size_t count) {
    for (size_t i = 0; i < count; i++)
        crux_vector_get_bytes(check, &check->want, object, keys[i], 32);
}

static void want_numbers(struct crux_vector_check *check, const json_t *object,
                         const char *const *keys, size_t count) {
    for (size_t i = 0; i < count; i++)
        crux_put_u64(&check->want, crux_vector_get_number(check, object, keys[i], UINT32_MAX));
}

static void ask_claim(struct crux_vector_check *check) {
    static const char *const hashes[] = {"model_root", "request_hash", "output_root", "trace_root"};
    static const char *const numbers[] = {"request_tokens", "chosen_tokens", "cancelled"};
    const json_t *fields = json_object_get(check->vector, "fields");
    crux_vector_get_hex(check, &check->question, check->vector, "bytes");
    if (has_error(check)) return;
    crux_vector_check_keys(
        check, fields,
        "model_root request_hash output_root trace_root request_tokens chosen_tokens cancelled",
        "");
    crux_vector_get_bytes(check, &check->want, check->vector, "hash", 32);
    want_hashes(check, fields, hashes, CRUX_ARRAY_LEN(hashes));
    want_numbers(check, fields, numbers, CRUX_ARRAY_LEN(numbers));
    crux_vector_get_hex(check, &check->want, check->vector, "bytes");
}

static void ask_element(struct crux_vector_check *check) {
    static const char *const hashes[] = {"record_root", "tensors_root", "leaf_hash"};
    static const char *const numbers[] = {"kind", "pos", "layer", "op"};
    const json_t *fields = json_object_get(check->vector, "fields");
    crux_vector_get_hex(check, &check->question, check->vector, "bytes");
    if (has_error(check)) return;
    crux_vector_check_keys(check, fields,
                           "kind pos layer op index record_root tensors_root leaf_hash", "");
    want_numbers(check, fields, numbers, CRUX_ARRAY_LEN(numbers));
    crux_put_u64(&check->want, crux_vector_get_u64(check, fields, "index"));
    want_hashes(check, fields, hashes, CRUX_ARRAY_LEN(hashes));
    crux_vector_get_hex(check, &check->want, check->vector, "bytes");
}

static void ask_request(struct crux_vector_check *check) {
    static const char *const hashes[] = {"model_root", "nonce", "seed", "tokens_root"};
    static const char *const numbers[] = {"sample", "request_tokens", "limit"};
    const json_t *fields = json_object_get(check->vector, "fields");
    crux_vector_get_hex(check, &check->question, check->vector, "bytes");
    if (has_error(check)) return;
    crux_vector_check_keys(
        check, fields, "model_root nonce seed tokens_root sample request_tokens limit stops params",
        "");
    crux_vector_get_bytes(check, &check->want, check->vector, "hash", 32);
    want_hashes(check, fields, hashes, CRUX_ARRAY_LEN(hashes));
    want_numbers(check, fields, numbers, CRUX_ARRAY_LEN(numbers));
    const json_t *stops = crux_vector_get_array(check, fields, "stops"),
                 *params = crux_vector_get_array(check, fields, "params");
    crux_put_u32(&check->want, (uint32_t)json_array_size(stops));
    for (size_t i = 0; i < json_array_size(stops); i++)
        crux_put_u64(&check->want, crux_vector_number(check, json_array_get(stops, i), UINT32_MAX));
    crux_put_u32(&check->want, (uint32_t)json_array_size(params));
    for (size_t i = 0; i < json_array_size(params); i++) {
        crux_put_i64(&check->want,
                     crux_vector_signed(check, json_array_get(params, i), INT32_MIN, INT32_MAX));
    }
    crux_vector_get_hex(check, &check->want, check->vector, "bytes");
}

static void ask_receipt(struct crux_vector_check *check) {
    const json_t *fields = json_object_get(check->vector, "fields");
    crux_vector_get_hex(check, &check->question, check->vector, "bytes");
    if (has_error(check)) return;
    crux_vector_check_keys(
        check, fields, "chain contract executor request_hash claim_hash mode requester deadline",
        "");
    crux_vector_get_bytes(check, &check->want, check->vector, "hash", 32);
    crux_vector_get_bytes(check, &check->want, fields, "chain", 32);
    crux_vector_get_bytes(check, &check->want, fields, "contract", 32);
    crux_vector_get_bytes(check, &check->want, fields, "executor", 20);
    crux_vector_get_bytes(check, &check->want, fields, "request_hash", 32);
    crux_vector_get_bytes(check, &check->want, fields, "claim_hash", 32);
    crux_put_u64(&check->want, crux_vector_get_number(check, fields, "mode", UINT8_MAX));
    crux_vector_get_bytes(check, &check->want, fields, "requester", 20);
    crux_put_u64(&check->want, crux_vector_get_u64(check, fields, "deadline"));
    crux_vector_get_hex(check, &check->want, check->vector, "bytes");
}

static void ask_preimage(struct crux_vector_check *check, const char *const *keys, size_t count) {
    for (size_t i = 0; i < count; i++)
        crux_vector_get_hex(check, &check->question, check->vector, keys[i]);
    crux_vector_get_bytes(check, &check->want, check->vector, "hash", 32);
}

static void ask_null_leaf(struct crux_vector_check *check) {
    ask_preimage(check, NULL, 0);
}

static void ask_close_leaf(struct crux_vector_check *check) {
    static const char *const numbers[] = {"request_tokens", "chosen_tokens", "cancelled"},
                             *const root[] = {"output_root"};
    for (size_t i = 0; i < 3; i++) {
        crux_put_u32(&check->question, (uint32_t)crux_vector_get_number(check, check->vector,
                                                                        numbers[i], UINT32_MAX));
    }
    ask_preimage(check, root, 1);
}

static void ask_step_root(struct crux_vector_check *check) {
    static const char *const keys[] = {"record_root", "tensors_root"};
    ask_preimage(check, keys, 2);
}

static void ask_op_leaf(struct crux_vector_check *check) {
    crux_vector_get_hex(check, &check->question, check->vector, "descriptor");
    while (check->question.at < 1 + CRUX_DESCRIPTOR_BYTES) crux_put_u8(&check->question, 0);
    ask_preimage(check, NULL, 0);
}

static void ask_layer_leaf(struct crux_vector_check *check) {
    static const char *const keys[] = {"layer", "ops_root"};
    ask_preimage(check, keys, 2);
}

static void ask_manifest_hash(struct crux_vector_check *check) {
    static const char *const keys[] = {"manifest"};
    ask_preimage(check, keys, 1);
}

static void ask_model_root(struct crux_vector_check *check) {
    static const char *const keys[] = {"header", "manifest_hash", "layers_root"};
    ask_preimage(check, keys, 3);
}

static void ask_case(struct crux_vector_check *check) {
    crux_vector_get_hex(check, &check->question, check->vector, "bytes");
    if (has_error(check)) return;
    crux_vector_get_hex(check, &check->want, check->vector, "claim");
    crux_vector_get_hex(check, &check->want, check->vector, "element");
    crux_vector_get_hex(check, &check->want, check->vector, "witness");
}

static void ask_error_name(struct crux_vector_check *check) {
    const char *name = crux_vector_get_string(check, check->vector, "status");
    crux_put_u32(&check->question,
                 (uint32_t)crux_vector_get_number(check, check->vector, "number", UINT32_MAX));
    while (*name != '\0') crux_put_u8(&check->want, (uint8_t)*name++);
}

const struct crux_vector_kind crux_vector_kinds_encodings[] = {
    {"encodings", "uvarint", CRUX_ASK_UVARINT, "bytes", "value", "", ask_uvarint},
    {"encodings", "svarint", CRUX_ASK_SVARINT, "bytes", "value", "", ask_svarint},
    {"encodings", "claim", CRUX_ASK_CLAIM, "bytes", "fields hash", "", ask_claim},
    {"encodings", "element", CRUX_ASK_ELEMENT, "bytes", "fields", "", ask_element},
    {"encodings", "request", CRUX_ASK_REQUEST, "bytes", "fields hash", "", ask_request},
    {"encodings", "receipt", CRUX_ASK_RECEIPT, "bytes", "fields hash", "", ask_receipt},
    {"encodings", "null_leaf", CRUX_ASK_NULL_LEAF, "", "hash", "", ask_null_leaf},
    {"encodings", "close_leaf", CRUX_ASK_CLOSE_LEAF,
     "request_tokens chosen_tokens cancelled output_root", "hash", "", ask_close_leaf},
    {"encodings", "step_root", CRUX_ASK_STEP_ROOT, "record_root tensors_root", "hash", "",
     ask_step_root},
    {"encodings", "op_leaf", CRUX_ASK_OP_LEAF, "descriptor", "hash", "", ask_op_leaf},
    {"encodings", "layer_leaf", CRUX_ASK_LAYER_LEAF, "layer ops_root", "hash", "", ask_layer_leaf},
    {"encodings", "manifest_hash", CRUX_ASK_MANIFEST_HASH, "manifest", "hash", "",
     ask_manifest_hash},
    {"encodings", "model_root", CRUX_ASK_MODEL_ROOT, "header manifest_hash layers_root", "hash", "",
     ask_model_root},
    {"encodings", "case", CRUX_ASK_CASE, "bytes", "claim element witness", "", ask_case},
    {"errors", "error", CRUX_ASK_ERROR_NAME, "number status", "", "", ask_error_name},
    {0},
};
