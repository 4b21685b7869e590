/* Claims, elements, requests, receipts, varints, case files, and the preimages of spec/30-commitment.md and
 * spec/85-receipts.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bisection/bisection.h"
#include "bisection/witness/witness.h"
#include "tests/conformance/vector_file.h"
#include "tests/support/random.h"

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "generate: encodings: %s\n", what);
    exit(1);
}

/* A hash that is easy to see: each byte its own. */
static void fill(uint8_t hash[32], uint8_t start) {
    for (unsigned i = 0; i < 32; i++) hash[i] = (uint8_t)(start + i);
}

/* ---- varints ---- */

struct bytes_case {
    const char *reason;
    size_t len;
    uint8_t bytes[16];
    enum crux_status status;
};

static void varints(struct crux_vector_file *file) {
    static const struct bytes_case all[] = {
        {"zero", 1, {0x00}, CRUX_OK},
        {"one", 1, {0x01}, CRUX_OK},
        {"127", 1, {0x7f}, CRUX_OK},
        {"128", 2, {0x80, 0x01}, CRUX_OK},
        {"300", 2, {0xac, 0x02}, CRUX_OK},
        {"2_63", 10, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, CRUX_OK},
        {"all_64_bits", 10, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, CRUX_OK},
        {"2_64_less_2", 10, {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, CRUX_OK},
        {"65_bits",
         10,
         {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02},
         CRUX_E_NON_CANONICAL},
        {"eleven_bytes",
         11,
         {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01},
         CRUX_E_NON_CANONICAL},
        {"zero_in_two_bytes", 2, {0x80, 0x00}, CRUX_E_NON_CANONICAL},
        {"one_in_three_bytes", 3, {0x81, 0x80, 0x00}, CRUX_E_NON_CANONICAL},
        {"empty", 0, {0}, CRUX_E_TRUNCATED},
        {"unfinished", 2, {0x80, 0x80}, CRUX_E_TRUNCATED},
        {"trailing_byte", 2, {0x01, 0x00}, CRUX_E_TRAILING_BYTES},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        for (unsigned is_signed = 0; is_signed < 2; is_signed++) {
            struct crux_cursor cursor;
            json_t *vector =
                crux_vector_add(file, is_signed ? "svarint" : "uvarint", all[i].reason);
            crux_cursor_init(&cursor, all[i].bytes, all[i].len);
            uint64_t u = 0;
            int64_t s = 0;
            if (is_signed)
                s = crux_get_svarint(&cursor);
            else
                u = crux_get_uvarint(&cursor);
            must(crux_cursor_finish(&cursor) == all[i].status, all[i].reason);
            crux_vector_set_hex(vector, "bytes", all[i].bytes, all[i].len);
            if (all[i].status != CRUX_OK)
                crux_vector_set_error(vector, all[i].status);
            else if (is_signed)
                crux_vector_set_i64(vector, "value", s);
            else
                crux_vector_set_u64(vector, "value", u);
        }
    }
}

/* ---- claims ---- */

static struct crux_claim sample_claim(void) {
    struct crux_claim claim = {.request_tokens = 3, .chosen_tokens = 5};
    fill(claim.model_root, 0);
    fill(claim.request_hash, 32);
    fill(claim.output_root, 64);
    fill(claim.trace_root, 96);
    return claim;
}

static void claim_vector(struct crux_vector_file *file, const char *reason, const uint8_t *bytes,
                         size_t len, enum crux_status want) {
    json_t *vector = crux_vector_add(file, "claim", reason);
    struct crux_claim claim;
    uint8_t hash[32];
    must(crux_claim_decode(&claim, bytes, len) == want, reason);
    crux_vector_set_hex(vector, "bytes", bytes, len);
    if (want != CRUX_OK) {
        crux_vector_set_error(vector, want);
        return;
    }
    json_t *fields = json_object();
    crux_vector_set_hex(fields, "model_root", claim.model_root, 32);
    crux_vector_set_hex(fields, "request_hash", claim.request_hash, 32);
    crux_vector_set_hex(fields, "output_root", claim.output_root, 32);
    crux_vector_set_hex(fields, "trace_root", claim.trace_root, 32);
    crux_vector_set_u32(fields, "request_tokens", claim.request_tokens);
    crux_vector_set_u32(fields, "chosen_tokens", claim.chosen_tokens);
    crux_vector_set_u32(fields, "cancelled", claim.cancelled);
    crux_vector_set(vector, "fields", fields);
    crux_claim_hash(hash, &claim);
    crux_vector_set_hex(vector, "hash", hash, 32);
}

static void claims(struct crux_vector_file *file) {
    static const struct {
        const char *reason;
        uint32_t p, n, cancelled;
        bool valid;
    } all[] = {
        {"plain", 3, 5, 0, true},
        {"cancelled", 3, 5, 5, true},
        {"shortest_run", 1, 1, 0, true},
        {"longest_run", 1 << 23, (1 << 23) + 1, 0, true},
        {"no_request_tokens", 0, 5, 0, false},
        {"no_chosen_tokens", 3, 0, 0, false},
        {"cancelled_earlier", 3, 5, 4, false},
        {"cancelled_later", 3, 5, 6, false},
        {"more_than_2_24_positions", (1 << 23) + 1, (1 << 23) + 1, 0, false},
        {"counts_that_wrap", UINT32_MAX, 2, 0, false},
        {"largest_counts", UINT32_MAX, UINT32_MAX, 0, false},
    };
    uint8_t bytes[CRUX_CLAIM_BYTES + 1] = {0};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        struct crux_claim claim = sample_claim();
        claim.request_tokens = all[i].p;
        claim.chosen_tokens = all[i].n;
        claim.cancelled = all[i].cancelled;
        crux_claim_encode(bytes, &claim);
        claim_vector(file, all[i].reason, bytes, CRUX_CLAIM_BYTES,
                     all[i].valid ? CRUX_OK : CRUX_E_CLAIM_INVALID);
    }
    struct crux_claim claim = sample_claim();
    crux_claim_encode(bytes, &claim);
    claim_vector(file, "truncated", bytes, CRUX_CLAIM_BYTES - 1, CRUX_E_TRUNCATED);
    claim_vector(file, "trailing_byte", bytes, CRUX_CLAIM_BYTES + 1, CRUX_E_TRAILING_BYTES);
    claim_vector(file, "empty", bytes, 0, CRUX_E_TRUNCATED);
}

/* ---- elements ---- */

static void element_vector(struct crux_vector_file *file, const char *reason, const uint8_t *bytes,
                           size_t len, enum crux_status want) {
    json_t *vector = crux_vector_add(file, "element", reason);
    struct crux_element_id element;
    must(crux_element_decode(&element, bytes, len) == want, reason);
    crux_vector_set_hex(vector, "bytes", bytes, len);
    if (want != CRUX_OK) {
        crux_vector_set_error(vector, want);
        return;
    }
    json_t *fields = json_object();
    crux_vector_set_u32(fields, "kind", element.kind);
    crux_vector_set_u32(fields, "pos", element.pos);
    crux_vector_set_u32(fields, "layer", element.layer);
    crux_vector_set_u32(fields, "op", element.op);
    crux_vector_set_u64(fields, "index", element.index);
    crux_vector_set_hex(fields, "record_root", element.record_root, 32);
    crux_vector_set_hex(fields, "tensors_root", element.tensors_root, 32);
    crux_vector_set_hex(fields, "leaf_hash", element.leaf_hash, 32);
    crux_vector_set(vector, "fields", fields);
}

enum { POS = 1, LAYER = 2, OP = 4, INDEX = 8, RECORD = 16, TENSORS = 32, LEAF = 64 };

static struct crux_element_id element_of(uint8_t kind, unsigned fields) {
    struct crux_element_id element = {.kind = kind};
    if ((fields & POS) != 0) element.pos = 7;
    if ((fields & LAYER) != 0) element.layer = 2;
    if ((fields & OP) != 0) element.op = 11;
    if ((fields & INDEX) != 0) element.index = UINT64_C(0x0102030405060708);
    if ((fields & RECORD) != 0) fill(element.record_root, 1);
    if ((fields & TENSORS) != 0) fill(element.tensors_root, 33);
    if ((fields & LEAF) != 0) fill(element.leaf_hash, 65);
    return element;
}

static void elements(struct crux_vector_file *file) {
    static const struct {
        const char *kind;
        unsigned uses;
    } kinds[] = {
        {"value", POS | LAYER | OP | INDEX | RECORD | TENSORS | LEAF},
        {"padding", POS | LAYER | OP | INDEX | RECORD | TENSORS | LEAF},
        {"null", POS | LAYER | LEAF},
        {"close", LEAF},
        {"count", 0},
        {"output", INDEX},
        {"done", INDEX},
    };
    static const struct {
        const char *name;
        unsigned field;
    } fields[] = {{"pos", POS},       {"layer", LAYER},        {"op", OP},
                  {"index", INDEX},   {"record_root", RECORD}, {"tensors_root", TENSORS},
                  {"leaf_hash", LEAF}};
    uint8_t bytes[CRUX_ELEMENT_BYTES + 1] = {0};
    char reason[64];
    for (size_t i = 0; i < CRUX_ARRAY_LEN(kinds); i++) {
        struct crux_element_id element = element_of((uint8_t)(i + 1), kinds[i].uses);
        crux_element_encode(bytes, &element);
        element_vector(file, kinds[i].kind, bytes, CRUX_ELEMENT_BYTES, CRUX_OK);
        for (size_t j = 0; j < CRUX_ARRAY_LEN(fields); j++) {
            if ((kinds[i].uses & fields[j].field) != 0) continue;
            element = element_of((uint8_t)(i + 1), kinds[i].uses | fields[j].field);
            crux_element_encode(bytes, &element);
            (void)snprintf(reason, sizeof reason, "%s_with_%s", kinds[i].kind, fields[j].name);
            element_vector(file, reason, bytes, CRUX_ELEMENT_BYTES, CRUX_E_ELEMENT_INVALID);
        }
    }
    static const uint8_t unknown[] = {0, 8, 255};
    for (size_t i = 0; i < sizeof unknown; i++) {
        memset(bytes, 0, sizeof bytes);
        bytes[0] = unknown[i];
        (void)snprintf(reason, sizeof reason, "kind_%u", unknown[i]);
        element_vector(file, reason, bytes, CRUX_ELEMENT_BYTES, CRUX_E_ELEMENT_INVALID);
    }
    bytes[0] = CRUX_ELEMENT_COUNT;
    element_vector(file, "truncated", bytes, CRUX_ELEMENT_BYTES - 1, CRUX_E_TRUNCATED);
    element_vector(file, "trailing_byte", bytes, CRUX_ELEMENT_BYTES + 1, CRUX_E_TRAILING_BYTES);
}

/* ---- requests ---- */

static struct crux_request sample_request(void) {
    struct crux_request request = {
        .sample = 4, .request_tokens = 3, .limit = 64, .stop_count = 2, .stop = {2, 50256}};
    fill(request.model_root, 0);
    fill(request.nonce, 32);
    fill(request.seed, 64);
    fill(request.tokens_root, 96);
    for (int i = 0; i < CRUX_PARAMS; i++) request.param[i] = i * 1000 - 5000;
    return request;
}

static void request_vector(struct crux_vector_file *file, const char *reason, const uint8_t *bytes,
                           size_t len, enum crux_status want) {
    json_t *vector = crux_vector_add(file, "request", reason);
    struct crux_request request;
    uint8_t hash[32];
    must(crux_request_decode(&request, bytes, len) == want, reason);
    crux_vector_set_hex(vector, "bytes", bytes, len);
    if (want != CRUX_OK) {
        crux_vector_set_error(vector, want);
        return;
    }
    json_t *fields = json_object(), *stops = json_array(), *params = json_array();
    for (uint32_t i = 0; i < request.stop_count; i++)
        json_array_append_new(stops, json_integer(request.stop[i]));
    for (uint32_t i = 0; i < CRUX_PARAMS; i++)
        json_array_append_new(params, json_integer(request.param[i]));
    crux_vector_set_hex(fields, "model_root", request.model_root, 32);
    crux_vector_set_hex(fields, "nonce", request.nonce, 32);
    crux_vector_set_hex(fields, "seed", request.seed, 32);
    crux_vector_set_hex(fields, "tokens_root", request.tokens_root, 32);
    crux_vector_set_u32(fields, "sample", request.sample);
    crux_vector_set_u32(fields, "request_tokens", request.request_tokens);
    crux_vector_set_u32(fields, "limit", request.limit);
    crux_vector_set(fields, "stops", stops);
    crux_vector_set(fields, "params", params);
    crux_vector_set(vector, "fields", fields);
    crux_request_hash(hash, bytes);
    crux_vector_set_hex(vector, "hash", hash, 32);
}

static void requests(struct crux_vector_file *file) {
    uint8_t bytes[CRUX_REQUEST_BYTES + 1] = {0};
    struct crux_request r;
#define REQUEST(reason, status, ...)                                                               \
    do {                                                                                           \
        r = sample_request();                                                                      \
        __VA_ARGS__;                                                                               \
        crux_request_encode(bytes, &r);                                                            \
        request_vector(file, reason, bytes, CRUX_REQUEST_BYTES, status);                           \
    } while (0)
    REQUEST("plain", CRUX_OK, (void)0);
    REQUEST("no_stops", CRUX_OK, r.stop_count = 0; r.stop[0] = r.stop[1] = 0);
    REQUEST("eight_stops_to_the_largest", CRUX_OK, r.stop_count = 8;
            for (uint32_t i = 0; i < 8; i++) r.stop[i] = UINT32_MAX - 7 + i);
    REQUEST("token_zero_stops", CRUX_OK, r.stop_count = 1; r.stop[0] = r.stop[1] = 0);
    REQUEST("extreme_params", CRUX_OK, r.param[0] = INT32_MIN; r.param[15] = INT32_MAX);
    REQUEST("largest_counts", CRUX_OK, r.request_tokens = r.limit = r.sample = UINT32_MAX);
    REQUEST("no_tokens", CRUX_E_REQUEST_INVALID, r.request_tokens = 0);
    REQUEST("no_limit", CRUX_E_REQUEST_INVALID, r.limit = 0);
    REQUEST("nine_stops", CRUX_E_REQUEST_INVALID, r.stop_count = 9);
    REQUEST("far_too_many_stops", CRUX_E_REQUEST_INVALID, r.stop_count = UINT32_MAX);
    REQUEST("equal_stops", CRUX_E_REQUEST_INVALID, r.stop[1] = 2);
    REQUEST("descending_stops", CRUX_E_REQUEST_INVALID, r.stop[0] = 50257);
    REQUEST("unused_stop_is_not_zero", CRUX_E_REQUEST_INVALID, r.stop[7] = 1);
    REQUEST("stop_beyond_the_count", CRUX_E_REQUEST_INVALID, r.stop_count = 1);
#undef REQUEST
    r = sample_request();
    crux_request_encode(bytes, &r);
    request_vector(file, "truncated", bytes, CRUX_REQUEST_BYTES - 1, CRUX_E_TRUNCATED);
    request_vector(file, "trailing_byte", bytes, CRUX_REQUEST_BYTES + 1, CRUX_E_TRAILING_BYTES);
}

/* ---- receipts ---- */

static struct crux_receipt sample_receipt(void) {
    struct crux_receipt receipt = {.mode = CRUX_MODE_BATCHED, .deadline = 1700000000};
    fill(receipt.chain_id, 0);
    fill(receipt.contract, 32);
    for (uint8_t i = 0; i < sizeof receipt.executor; i++) receipt.executor[i] = (uint8_t)(64 + i);
    fill(receipt.request_hash, 96);
    fill(receipt.claim_hash, 128);
    return receipt;
}

static void receipt_vector(struct crux_vector_file *file, const char *reason, const uint8_t *bytes,
                           size_t len, enum crux_status want) {
    json_t *vector = crux_vector_add(file, "receipt", reason);
    struct crux_receipt receipt;
    uint8_t hash[32];
    must(crux_receipt_decode(&receipt, bytes, len) == want, reason);
    crux_vector_set_hex(vector, "bytes", bytes, len);
    if (want != CRUX_OK) {
        crux_vector_set_error(vector, want);
        return;
    }
    json_t *fields = json_object();
    crux_vector_set_hex(fields, "chain", receipt.chain_id, 32);
    crux_vector_set_hex(fields, "contract", receipt.contract, 32);
    crux_vector_set_hex(fields, "executor", receipt.executor, sizeof receipt.executor);
    crux_vector_set_hex(fields, "request_hash", receipt.request_hash, 32);
    crux_vector_set_hex(fields, "claim_hash", receipt.claim_hash, 32);
    crux_vector_set_u32(fields, "mode", receipt.mode);
    crux_vector_set_hex(fields, "requester", receipt.requester, sizeof receipt.requester);
    crux_vector_set_u64(fields, "deadline", receipt.deadline);
    crux_vector_set(vector, "fields", fields);
    crux_receipt_digest(hash, &receipt);
    crux_vector_set_hex(vector, "hash", hash, 32);
}

static void receipts(struct crux_vector_file *file) {
    uint8_t bytes[CRUX_RECEIPT_BYTES + 1] = {0};
    struct crux_receipt r;
#define RECEIPT(reason, status, ...)                                                               \
    do {                                                                                           \
        r = sample_receipt();                                                                      \
        __VA_ARGS__;                                                                               \
        crux_receipt_encode(bytes, &r);                                                            \
        receipt_vector(file, reason, bytes, CRUX_RECEIPT_BYTES, status);                           \
    } while (0)
    RECEIPT("batched", CRUX_OK, (void)0);
    RECEIPT("full", CRUX_OK, r.mode = CRUX_MODE_FULL);
    RECEIPT("private", CRUX_OK, r.mode = CRUX_MODE_PRIVATE; r.requester[19] = 1);
    RECEIPT("first_deadline", CRUX_OK, r.deadline = 1);
    RECEIPT("last_deadline", CRUX_OK, r.deadline = (UINT64_C(1) << 40) - 1);
    RECEIPT("no_deadline", CRUX_E_RECEIPT_INVALID, r.deadline = 0);
    RECEIPT("deadline_beyond_2_40", CRUX_E_RECEIPT_INVALID, r.deadline = UINT64_C(1) << 40);
    RECEIPT("no_mode", CRUX_E_RECEIPT_INVALID, r.mode = 0);
    RECEIPT("unknown_mode", CRUX_E_RECEIPT_INVALID, r.mode = 4);
    RECEIPT("private_without_requester", CRUX_E_RECEIPT_INVALID, r.mode = CRUX_MODE_PRIVATE);
    RECEIPT("batched_with_requester", CRUX_E_RECEIPT_INVALID, r.requester[0] = 1);
    RECEIPT("full_with_requester", CRUX_E_RECEIPT_INVALID, r.mode = CRUX_MODE_FULL;
            r.requester[19] = 1);
#undef RECEIPT
    r = sample_receipt();
    crux_receipt_encode(bytes, &r);
    receipt_vector(file, "truncated", bytes, CRUX_RECEIPT_BYTES - 1, CRUX_E_TRUNCATED);
    receipt_vector(file, "trailing_byte", bytes, CRUX_RECEIPT_BYTES + 1, CRUX_E_TRAILING_BYTES);
}

/* ---- preimages ---- */

static void preimages(struct crux_vector_file *file) {
    uint8_t a[32], b[32], hash[32], header[CRUX_HEADER_BYTES], layer[CRUX_LAYER_BYTES],
        descriptor[CRUX_DESCRIPTOR_BYTES] = {0};
    const struct crux_program_header fields = {CRUX_OP_SET, 33, 8192, 49152, 0};
    const struct crux_layer head = {24, 1, CRUX_ACTIVE_FROM_LAST, 0};
    static const uint8_t manifest[] = "{\"name\":\"toy\"}";
    fill(a, 0);
    fill(b, 128);
    json_t *vector = crux_vector_add(file, "null_leaf", "constant");
    crux_null_leaf(hash);
    crux_vector_set_hex(vector, "hash", hash, 32);
    for (unsigned i = 0; i < 2; i++) {
        vector = crux_vector_add(file, "close_leaf", i == 0 ? "plain" : "cancelled");
        crux_close_leaf(hash, 3, 5, i * 5, a);
        crux_vector_set_u32(vector, "request_tokens", 3);
        crux_vector_set_u32(vector, "chosen_tokens", 5);
        crux_vector_set_u32(vector, "cancelled", i * 5);
        crux_vector_set_hex(vector, "output_root", a, 32);
        crux_vector_set_hex(vector, "hash", hash, 32);
    }
    vector = crux_vector_add(file, "step_root", "plain");
    crux_step_root(hash, a, b);
    crux_vector_set_hex(vector, "record_root", a, 32);
    crux_vector_set_hex(vector, "tensors_root", b, 32);
    crux_vector_set_hex(vector, "hash", hash, 32);
    vector = crux_vector_add(file, "op_leaf", "hashes_the_zero_tail_too");
    fill(descriptor, 1);
    crux_op_leaf(hash, descriptor);
    crux_vector_set_hex(vector, "descriptor", descriptor, 32);
    crux_vector_set_hex(vector, "hash", hash, 32);
    vector = crux_vector_add(file, "layer_leaf", "plain");
    must(crux_layer_encode(layer, &head) == CRUX_OK, "layer");
    crux_layer_leaf(hash, layer, a);
    crux_vector_set_hex(vector, "layer", layer, sizeof layer);
    crux_vector_set_hex(vector, "ops_root", a, 32);
    crux_vector_set_hex(vector, "hash", hash, 32);
    for (unsigned i = 0; i < 2; i++) {
        size_t len = i == 0 ? sizeof manifest - 1 : 0;
        vector = crux_vector_add(file, "manifest_hash", i == 0 ? "plain" : "empty");
        crux_manifest_hash(hash, manifest, len);
        crux_vector_set_hex(vector, "manifest", manifest, len);
        crux_vector_set_hex(vector, "hash", hash, 32);
    }
    vector = crux_vector_add(file, "model_root", "plain");
    must(crux_header_encode(header, &fields) == CRUX_OK, "header");
    crux_model_root(hash, header, a, b);
    crux_vector_set_hex(vector, "header", header, sizeof header);
    crux_vector_set_hex(vector, "manifest_hash", a, 32);
    crux_vector_set_hex(vector, "layers_root", b, 32);
    crux_vector_set_hex(vector, "hash", hash, 32);
}

/* ---- case files ---- */

static void case_vector(struct crux_vector_file *file, const char *reason, const uint8_t *bytes,
                        size_t len, enum crux_status want) {
    json_t *vector = crux_vector_add(file, "case", reason);
    struct crux_case c;
    uint8_t encoded[CRUX_CLAIM_BYTES];
    must(crux_case_decode(&c, bytes, len) == want, reason);
    crux_vector_set_hex(vector, "bytes", bytes, len);
    if (want != CRUX_OK) {
        crux_vector_set_error(vector, want);
        return;
    }
    crux_claim_encode(encoded, &c.claim);
    crux_vector_set_hex(vector, "claim", encoded, CRUX_CLAIM_BYTES);
    crux_element_encode(encoded, &c.element);
    crux_vector_set_hex(vector, "element", encoded, CRUX_ELEMENT_BYTES);
    crux_vector_set_hex(vector, "witness", c.witness, c.witness_bytes);
}

static void cases(struct crux_vector_file *file) {
    static const uint8_t witness[] = {1, 4, 9, 9, 9};
    enum { LEN = CRUX_CASE_HEAD_BYTES + sizeof witness };
    uint8_t honest[LEN + 1] = {0}, bytes[LEN + 1];
    struct crux_case c = {.claim = sample_claim(),
                          .element = element_of(CRUX_ELEMENT_CLOSE, LEAF),
                          .witness = witness,
                          .witness_bytes = sizeof witness};
    struct crux_writer writer;
    crux_writer_init(&writer, honest, LEN);
    must(crux_case_encode(&writer, &c) == CRUX_OK && writer.at == LEN, "case");
#define CASE(reason, length, status, ...)                                                          \
    do {                                                                                           \
        memcpy(bytes, honest, sizeof bytes);                                                       \
        __VA_ARGS__;                                                                               \
        case_vector(file, reason, bytes, length, status);                                          \
    } while (0)
    CASE("plain", LEN, CRUX_OK, (void)0);
    CASE("empty_witness", LEN - 5, CRUX_OK, bytes[LEN - 9] = 0);
    CASE("wrong_magic", LEN, CRUX_E_BAD_MAGIC, bytes[7] ^= 1);
    CASE("wrong_version", LEN, CRUX_E_BAD_VERSION, bytes[8] = 2);
    CASE("truncated", LEN - 1, CRUX_E_TRUNCATED, (void)0);
    CASE("only_magic", 8, CRUX_E_TRUNCATED, (void)0);
    CASE("trailing_byte", LEN + 1, CRUX_E_TRAILING_BYTES, (void)0);
    CASE("witness_length_too_large", LEN, CRUX_E_TRUNCATED, bytes[LEN - 6] = 0xff);
    CASE("invalid_claim", LEN, CRUX_E_CLAIM_INVALID, bytes[12 + 128] = 0);
    CASE("invalid_element", LEN, CRUX_E_ELEMENT_INVALID, bytes[12 + CRUX_CLAIM_BYTES] = 9);
#undef CASE
}

void crux_generate_encodings(const char *folder) {
    struct crux_vector_file file;
    crux_vector_file_begin(&file, "encodings");
    varints(&file);
    claims(&file);
    elements(&file);
    requests(&file);
    receipts(&file);
    preimages(&file);
    cases(&file);
    crux_vector_file_end(&file, folder);
}
