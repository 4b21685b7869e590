/* Header and layer, to bytes and back. spec/21-descriptors.md#header, spec/21-descriptors.md#layer */
#include "kernels/base/bytes.h"
#include "kernels/program/program.h"

enum { HEADER_PADDING = 12 };

static enum crux_status check_header(const struct crux_program_header *header) {
    if (header->op_set != CRUX_OP_SET) return CRUX_E_BAD_VERSION;
    if (header->layers < 1) return CRUX_E_PROGRAM_INVALID;
    if (header->layers > CRUX_LAYERS_MAX) return CRUX_E_TOO_MANY_LAYERS;
    if (header->context < 1 || header->context > CRUX_CONTEXT_MAX) return CRUX_E_BAD_RANGE;
    if (header->vocab < 1 || header->vocab > INT32_MAX) return CRUX_E_BAD_RANGE;
    return header->token_store < CRUX_STORES_MAX ? CRUX_OK : CRUX_E_BAD_TOKEN_SOURCE;
}

enum crux_status crux_header_encode(uint8_t out[CRUX_HEADER_BYTES],
                                    const struct crux_program_header *header) {
    static const uint8_t padding[HEADER_PADDING];
    struct crux_writer w;
    enum crux_status status = check_header(header);
    if (status != CRUX_OK) return status;
    crux_writer_init(&w, out, CRUX_HEADER_BYTES);
    crux_put_u32(&w, header->op_set);
    crux_put_u32(&w, header->layers);
    crux_put_u32(&w, header->context);
    crux_put_u32(&w, header->vocab);
    crux_put_u32(&w, header->token_store);
    crux_put_bytes(&w, padding, sizeof padding);
    return w.status;
}

enum crux_status crux_header_decode(struct crux_program_header *header,
                                    const uint8_t in[CRUX_HEADER_BYTES]) {
    struct crux_cursor c;
    crux_cursor_init(&c, in, CRUX_HEADER_BYTES);
    header->op_set = crux_get_u32(&c);
    header->layers = crux_get_u32(&c);
    header->context = crux_get_u32(&c);
    header->vocab = crux_get_u32(&c);
    header->token_store = crux_get_u32(&c);
    for (unsigned i = 0; i < HEADER_PADDING; i++) {
        if (crux_get_u8(&c) != 0) return CRUX_E_NON_CANONICAL;
    }
    return check_header(header);
}

static enum crux_status check_layer(const struct crux_layer *layer) {
    if (layer->ops > CRUX_OPS_MAX) return CRUX_E_TOO_MANY_OPS;
    if (layer->stores < 1 || layer->stores > CRUX_STORES_MAX || layer->stores >= layer->ops)
        return CRUX_E_BAD_STORE;
    return layer->active <= CRUX_ACTIVE_FROM_LAST ? CRUX_OK : CRUX_E_BAD_FUNCTION;
}

enum crux_status crux_layer_encode(uint8_t out[CRUX_LAYER_BYTES], const struct crux_layer *layer) {
    struct crux_writer w;
    enum crux_status status = check_layer(layer);
    if (status != CRUX_OK) return status;
    crux_writer_init(&w, out, CRUX_LAYER_BYTES);
    crux_put_u32(&w, layer->ops);
    crux_put_u32(&w, layer->stores);
    crux_put_u32(&w, layer->active);
    crux_put_u32(&w, 0);
    return w.status;
}

enum crux_status crux_layer_decode(struct crux_layer *layer, const uint8_t in[CRUX_LAYER_BYTES]) {
    struct crux_cursor c;
    crux_cursor_init(&c, in, CRUX_LAYER_BYTES);
    layer->ops = crux_get_u32(&c);
    layer->stores = crux_get_u32(&c);
    layer->active = crux_get_u32(&c);
    layer->first = 0;
    if (crux_get_u32(&c) != 0) return CRUX_E_NON_CANONICAL;
    return check_layer(layer);
}
