#include "bisection/commitment/receipt.h"

#include "bisection/commitment/preimage.h"

/* spec/70-game.md#batches-and-claims gives the modes; full is the first, private the last. */
enum { MODE_FIRST = 1, MODE_PRIVATE = 3 };

/* Of the times of spec/70-game.md. */
#define TIME_END (UINT64_C(1) << 40)

static bool is_zero(const uint8_t account[CRUX_RECEIPT_ACCOUNT_BYTES]) {
    static const uint8_t zero[CRUX_RECEIPT_ACCOUNT_BYTES];
    return crux_equal(account, zero, sizeof zero);
}

/* spec/85-receipts.md#preimage: "the requester is zero exactly if the mode is not private" */
enum crux_status crux_receipt_check(const struct crux_receipt *receipt) {
    bool is_private = receipt->mode == MODE_PRIVATE;
    if (receipt->mode < MODE_FIRST || receipt->mode > MODE_PRIVATE) return CRUX_E_RECEIPT_INVALID;
    if (is_zero(receipt->requester) == is_private) return CRUX_E_RECEIPT_INVALID;
    if (receipt->deadline == 0 || receipt->deadline >= TIME_END) return CRUX_E_RECEIPT_INVALID;
    return CRUX_OK;
}

void crux_receipt_encode(uint8_t out[CRUX_RECEIPT_BYTES], const struct crux_receipt *receipt) {
    struct crux_writer writer;
    crux_writer_init(&writer, out, CRUX_RECEIPT_BYTES);
    crux_put_bytes(&writer, receipt->chain_id, 32);
    crux_put_bytes(&writer, receipt->contract, 32);
    crux_put_bytes(&writer, receipt->executor, CRUX_RECEIPT_ACCOUNT_BYTES);
    crux_put_bytes(&writer, receipt->request_hash, 32);
    crux_put_bytes(&writer, receipt->claim_hash, 32);
    crux_put_u8(&writer, receipt->mode);
    crux_put_bytes(&writer, receipt->requester, CRUX_RECEIPT_ACCOUNT_BYTES);
    crux_put_u64(&writer, receipt->deadline);
    CRUX_ASSERT(writer.status == CRUX_OK && writer.at == CRUX_RECEIPT_BYTES);
}

static void get(uint8_t *out, struct crux_cursor *cursor, size_t len) {
    const uint8_t *in = crux_get_bytes(cursor, len);
    if (in != NULL) crux_copy(out, in, len);
}

enum crux_status crux_receipt_decode(struct crux_receipt *receipt, const uint8_t *in, size_t len) {
    struct crux_cursor cursor;
    enum crux_status status;
    crux_zero(receipt, sizeof *receipt);
    crux_cursor_init(&cursor, in, len);
    get(receipt->chain_id, &cursor, 32);
    get(receipt->contract, &cursor, 32);
    get(receipt->executor, &cursor, CRUX_RECEIPT_ACCOUNT_BYTES);
    get(receipt->request_hash, &cursor, 32);
    get(receipt->claim_hash, &cursor, 32);
    receipt->mode = crux_get_u8(&cursor);
    get(receipt->requester, &cursor, CRUX_RECEIPT_ACCOUNT_BYTES);
    receipt->deadline = crux_get_u64(&cursor);
    status = crux_cursor_finish(&cursor);
    return status != CRUX_OK ? status : crux_receipt_check(receipt);
}

/* The hashed fields are the encoded ones in the same order. */
void crux_receipt_digest(uint8_t digest[32], const struct crux_receipt *receipt) {
    uint8_t encoded[CRUX_RECEIPT_BYTES];
    struct crux_sha256_plain_ctx ctx;
    crux_receipt_encode(encoded, receipt);
    crux_commitment_begin(&ctx, "crux-receipt-v1");
    crux_sha256_plain_update(&ctx, encoded, sizeof encoded);
    crux_sha256_plain_final(&ctx, digest);
}
