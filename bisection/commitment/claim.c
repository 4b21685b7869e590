#include "bisection/commitment/claim.h"

#include "bisection/commitment/preimage.h"

enum crux_status crux_claim_check(const struct crux_claim *claim) {
    uint32_t p = claim->request_tokens, n = claim->chosen_tokens;
    if (p < 1 || n < 1 || (uint64_t)p + n - 1 > CRUX_POSITIONS_MAX) return CRUX_E_CLAIM_INVALID;
    if (claim->cancelled != 0 && claim->cancelled != n) return CRUX_E_CLAIM_INVALID;
    return CRUX_OK;
}

uint32_t crux_claim_positions(const struct crux_claim *claim) {
    return claim->request_tokens + claim->chosen_tokens - 1;
}

void crux_claim_encode(uint8_t out[CRUX_CLAIM_BYTES], const struct crux_claim *claim) {
    struct crux_writer writer;
    crux_writer_init(&writer, out, CRUX_CLAIM_BYTES);
    crux_put_bytes(&writer, claim->model_root, 32);
    crux_put_bytes(&writer, claim->request_hash, 32);
    crux_put_bytes(&writer, claim->output_root, 32);
    crux_put_bytes(&writer, claim->trace_root, 32);
    crux_put_u32(&writer, claim->request_tokens);
    crux_put_u32(&writer, claim->chosen_tokens);
    crux_put_u32(&writer, claim->cancelled);
    CRUX_ASSERT(writer.status == CRUX_OK && writer.at == CRUX_CLAIM_BYTES);
}

static void get_hash(uint8_t out[32], struct crux_cursor *cursor) {
    const uint8_t *in = crux_get_bytes(cursor, 32);
    if (in != NULL) crux_copy(out, in, 32);
}

enum crux_status crux_claim_decode(struct crux_claim *claim, const uint8_t *in, size_t len) {
    struct crux_cursor cursor;
    enum crux_status status;
    crux_zero(claim, sizeof *claim);
    crux_cursor_init(&cursor, in, len);
    get_hash(claim->model_root, &cursor);
    get_hash(claim->request_hash, &cursor);
    get_hash(claim->output_root, &cursor);
    get_hash(claim->trace_root, &cursor);
    claim->request_tokens = crux_get_u32(&cursor);
    claim->chosen_tokens = crux_get_u32(&cursor);
    claim->cancelled = crux_get_u32(&cursor);
    status = crux_cursor_finish(&cursor);
    return status != CRUX_OK ? status : crux_claim_check(claim);
}

/* The hashed fields are the encoded ones in the same order. */
void crux_claim_hash(uint8_t out[32], const struct crux_claim *claim) {
    uint8_t encoded[CRUX_CLAIM_BYTES];
    struct crux_sha256_plain_ctx ctx;
    crux_claim_encode(encoded, claim);
    crux_commitment_begin(&ctx, "crux-claim-v1");
    crux_sha256_plain_update(&ctx, encoded, sizeof encoded);
    crux_sha256_plain_final(&ctx, out);
}
