#include "bisection/game/promise_bytes.h"

void crux_promise_encode(uint8_t out[CRUX_PROMISE_BYTES], const struct crux_receipt *receipt,
                         const uint8_t signature[CRUX_SIGNATURE_BYTES]) {
    struct crux_writer writer;
    crux_writer_init(&writer, out, CRUX_PROMISE_BYTES);
    crux_put_bytes(&writer, receipt->claim_hash, 32);
    crux_put_u8(&writer, receipt->mode);
    crux_put_bytes(&writer, receipt->requester, sizeof receipt->requester);
    crux_put_u64(&writer, receipt->deadline);
    crux_put_bytes(&writer, signature, CRUX_SIGNATURE_BYTES);
}

const uint8_t *crux_promise_read(struct crux_receipt *receipt,
                                 const uint8_t in[CRUX_PROMISE_BYTES]) {
    struct crux_cursor cursor;
    crux_cursor_init(&cursor, in, CRUX_PROMISE_BYTES);
    crux_copy(receipt->claim_hash, crux_get_bytes(&cursor, 32), 32);
    receipt->mode = crux_get_u8(&cursor);
    crux_copy(receipt->requester, crux_get_bytes(&cursor, sizeof receipt->requester),
              sizeof receipt->requester);
    receipt->deadline = crux_get_u64(&cursor);
    return crux_get_bytes(&cursor, CRUX_SIGNATURE_BYTES);
}
