#include "bisection/witness/witness.h"

enum { VERSION = 1 };
static const uint8_t magic[8] = {'C', 'R', 'U', 'X', 'C', 'A', 'S', 'E'};

enum crux_status crux_case_encode(struct crux_writer *out, const struct crux_case *c) {
    uint8_t claim[CRUX_CLAIM_BYTES], element[CRUX_ELEMENT_BYTES];
    crux_claim_encode(claim, &c->claim);
    crux_element_encode(element, &c->element);
    crux_put_bytes(out, magic, sizeof magic);
    crux_put_u32(out, VERSION);
    crux_put_bytes(out, claim, sizeof claim);
    crux_put_bytes(out, element, sizeof element);
    crux_put_u32(out, c->witness_bytes);
    crux_put_bytes(out, c->witness, c->witness_bytes);
    return out->status;
}

enum crux_status crux_case_decode(struct crux_case *c, const uint8_t *in, size_t len) {
    struct crux_cursor cursor;
    enum crux_status status;
    crux_cursor_init(&cursor, in, len);
    const uint8_t *found = crux_get_bytes(&cursor, sizeof magic);
    if (found == NULL) return cursor.status;
    if (!crux_equal(found, magic, sizeof magic)) return CRUX_E_BAD_MAGIC;
    uint32_t version = crux_get_u32(&cursor);
    const uint8_t *claim = crux_get_bytes(&cursor, CRUX_CLAIM_BYTES);
    const uint8_t *element = crux_get_bytes(&cursor, CRUX_ELEMENT_BYTES);
    c->witness_bytes = crux_get_u32(&cursor);
    c->witness = crux_get_bytes(&cursor, c->witness_bytes);
    status = crux_cursor_finish(&cursor);
    if (status != CRUX_OK) return status;
    if (version != VERSION) return CRUX_E_BAD_VERSION;
    status = crux_claim_decode(&c->claim, claim, CRUX_CLAIM_BYTES);
    return status == CRUX_OK ? crux_element_decode(&c->element, element, CRUX_ELEMENT_BYTES)
                             : status;
}
