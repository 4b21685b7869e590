#include "bisection/commitment/element.h"

enum { POS = 1, LAYER = 2, OP = 4, INDEX = 8, ROOTS = 16, LEAF = 32, KNOWN = 64 };

/* The column "uses" of spec/40-adjudicator.md#elements. */
static const uint8_t uses[] = {
    [CRUX_ELEMENT_VALUE] = KNOWN | POS | LAYER | OP | INDEX | ROOTS | LEAF,
    [CRUX_ELEMENT_PADDING] = KNOWN | POS | LAYER | OP | INDEX | ROOTS | LEAF,
    [CRUX_ELEMENT_NULL] = KNOWN | POS | LAYER | LEAF,
    [CRUX_ELEMENT_CLOSE] = KNOWN | LEAF,
    [CRUX_ELEMENT_COUNT] = KNOWN,
    [CRUX_ELEMENT_OUTPUT] = KNOWN | INDEX,
    [CRUX_ELEMENT_DONE] = KNOWN | INDEX,
};

static bool is_zero(const uint8_t hash[32]) {
    uint8_t any = 0;
    for (size_t i = 0; i < 32; i++) any |= hash[i];
    return any == 0;
}

enum crux_status crux_element_check(const struct crux_element_id *element) {
    unsigned used = element->kind < sizeof uses ? uses[element->kind] : 0, found = 0;
    if (element->pos != 0) found |= POS;
    if (element->layer != 0) found |= LAYER;
    if (element->op != 0) found |= OP;
    if (element->index != 0) found |= INDEX;
    if (!is_zero(element->record_root) || !is_zero(element->tensors_root)) found |= ROOTS;
    if (!is_zero(element->leaf_hash)) found |= LEAF;
    return (used & KNOWN) != 0 && (found & ~used) == 0 ? CRUX_OK : CRUX_E_ELEMENT_INVALID;
}

void crux_element_encode(uint8_t out[CRUX_ELEMENT_BYTES], const struct crux_element_id *element) {
    struct crux_writer writer;
    crux_writer_init(&writer, out, CRUX_ELEMENT_BYTES);
    crux_put_u8(&writer, element->kind);
    crux_put_u32(&writer, element->pos);
    crux_put_u32(&writer, element->layer);
    crux_put_u32(&writer, element->op);
    crux_put_u64(&writer, element->index);
    crux_put_bytes(&writer, element->record_root, 32);
    crux_put_bytes(&writer, element->tensors_root, 32);
    crux_put_bytes(&writer, element->leaf_hash, 32);
    CRUX_ASSERT(writer.status == CRUX_OK && writer.at == CRUX_ELEMENT_BYTES);
}

static void get_hash(uint8_t out[32], struct crux_cursor *cursor) {
    const uint8_t *in = crux_get_bytes(cursor, 32);
    if (in != NULL) crux_copy(out, in, 32);
}

enum crux_status crux_element_decode(struct crux_element_id *element, const uint8_t *in,
                                     size_t len) {
    struct crux_cursor cursor;
    enum crux_status status;
    crux_zero(element, sizeof *element);
    crux_cursor_init(&cursor, in, len);
    element->kind = crux_get_u8(&cursor);
    element->pos = crux_get_u32(&cursor);
    element->layer = crux_get_u32(&cursor);
    element->op = crux_get_u32(&cursor);
    element->index = crux_get_u64(&cursor);
    get_hash(element->record_root, &cursor);
    get_hash(element->tensors_root, &cursor);
    get_hash(element->leaf_hash, &cursor);
    status = crux_cursor_finish(&cursor);
    return status != CRUX_OK ? status : crux_element_check(element);
}
