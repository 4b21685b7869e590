#include "bisection/commitment/request.h"

#include "bisection/commitment/preimage.h"

enum crux_status crux_request_check(const struct crux_request *request) {
    uint32_t stops = request->stop_count;
    if (request->request_tokens < 1 || request->limit < 1 || stops > CRUX_STOPS_MAX)
        return CRUX_E_REQUEST_INVALID;
    for (uint32_t i = 1; i < stops; i++) {
        if (request->stop[i - 1] >= request->stop[i]) return CRUX_E_REQUEST_INVALID;
    }
    for (uint32_t i = stops; i < CRUX_STOPS_MAX; i++) {
        if (request->stop[i] != 0) return CRUX_E_REQUEST_INVALID;
    }
    return CRUX_OK;
}

void crux_request_encode(uint8_t out[CRUX_REQUEST_BYTES], const struct crux_request *request) {
    struct crux_writer writer;
    crux_writer_init(&writer, out, CRUX_REQUEST_BYTES);
    crux_put_bytes(&writer, request->model_root, 32);
    crux_put_bytes(&writer, request->nonce, 32);
    crux_put_bytes(&writer, request->seed, 32);
    crux_put_u32(&writer, request->sample);
    crux_put_u32(&writer, request->request_tokens);
    crux_put_u32(&writer, request->limit);
    crux_put_u32(&writer, request->stop_count);
    for (size_t i = 0; i < CRUX_STOPS_MAX; i++) crux_put_u32(&writer, request->stop[i]);
    for (size_t i = 0; i < CRUX_PARAMS; i++) crux_put_i32(&writer, request->param[i]);
    crux_put_bytes(&writer, request->tokens_root, 32);
    CRUX_ASSERT(writer.status == CRUX_OK && writer.at == CRUX_REQUEST_BYTES);
}

/* In: the whole request is there. */
static void get_hash(uint8_t out[32], struct crux_cursor *cursor) {
    const uint8_t *in = crux_get_bytes(cursor, 32);
    CRUX_ASSERT(in != NULL);
    crux_copy(out, in, 32);
}

void crux_request_read(struct crux_request *request, const uint8_t in[CRUX_REQUEST_BYTES]) {
    struct crux_cursor cursor;
    crux_cursor_init(&cursor, in, CRUX_REQUEST_BYTES);
    get_hash(request->model_root, &cursor);
    get_hash(request->nonce, &cursor);
    get_hash(request->seed, &cursor);
    request->sample = crux_get_u32(&cursor);
    request->request_tokens = crux_get_u32(&cursor);
    request->limit = crux_get_u32(&cursor);
    request->stop_count = crux_get_u32(&cursor);
    for (size_t i = 0; i < CRUX_STOPS_MAX; i++) request->stop[i] = crux_get_u32(&cursor);
    for (size_t i = 0; i < CRUX_PARAMS; i++) request->param[i] = crux_get_i32(&cursor);
    get_hash(request->tokens_root, &cursor);
    CRUX_ASSERT(crux_cursor_left(&cursor) == 0);
}

enum crux_status crux_request_decode(struct crux_request *request, const uint8_t *in, size_t len) {
    if (len < CRUX_REQUEST_BYTES) return CRUX_E_TRUNCATED;
    if (len > CRUX_REQUEST_BYTES) return CRUX_E_TRAILING_BYTES;
    crux_request_read(request, in);
    return crux_request_check(request);
}

void crux_request_hash(uint8_t out[32], const uint8_t request[CRUX_REQUEST_BYTES]) {
    struct crux_sha256_plain_ctx ctx;
    crux_commitment_begin(&ctx, "crux-request-v1");
    crux_sha256_plain_update(&ctx, request, CRUX_REQUEST_BYTES);
    crux_sha256_plain_final(&ctx, out);
}
