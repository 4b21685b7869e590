/* The tensors without freedom. */
#include <string.h>

#include "kernels/base/bytes.h"
#include "kernels/fused/attention/attention.h"
#include "kernels/fused/decoder/decoder.h"

/* Little-endian, whatever this machine is. */
static void put_i32(uint8_t *bytes, const int32_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) crux_store_u32(bytes + 4 * i, (uint32_t)values[i]);
}

static enum crux_status lut(const struct crux_fused_decoder *config, bool softcap, uint8_t *bytes,
                            size_t len) {
    int32_t entries[CRUX_TABLE_ENTRIES];
    unsigned bits = (unsigned)config->inner_bits;
    if (len != sizeof entries) return CRUX_E_BAD_LAYOUT;
    if (softcap)
        crux_table_softcap(entries, config->softcap);
    else
        crux_table_activation(entries, config->activation, bits, bits);
    put_i32(bytes, entries, CRUX_TABLE_ENTRIES);
    return CRUX_OK;
}

static enum crux_status exp2_table(uint8_t *bytes, size_t len) {
    uint16_t entries[CRUX_TABLE_ENTRIES];
    if (len != sizeof entries) return CRUX_E_BAD_LAYOUT;
    crux_table_exp2(entries);
    for (size_t i = 0; i < CRUX_TABLE_ENTRIES; i++) crux_store_u16(bytes + 2 * i, entries[i]);
    return CRUX_OK;
}

static enum crux_status rope(const struct crux_fused_decoder *config, uint8_t *bytes, size_t len) {
    uint64_t made[CRUX_TABLE_ROPE_DIMS_MAX / 2];
    const uint64_t *turns = config->rope_turns != NULL ? config->rope_turns : made;
    int32_t row[CRUX_TABLE_ROPE_DIMS_MAX / 2 * 3];
    uint32_t pairs = config->head_width / 2;
    if (config->head_width > CRUX_TABLE_ROPE_DIMS_MAX) return CRUX_E_UNSUPPORTED;
    if (len != (size_t)config->context * pairs * 3 * sizeof *row) return CRUX_E_BAD_LAYOUT;
    if (config->rope_turns == NULL)
        crux_table_rope_turns(made, config->rope_base, config->head_width);
    for (uint32_t pos = 0; pos < config->context; pos++) {
        crux_table_rope(row, turns, pairs, pos, 1);
        put_i32(bytes + (size_t)pos * pairs * 3 * sizeof *row, row, (size_t)pairs * 3);
    }
    return CRUX_OK;
}

enum crux_status crux_fused_decoder_table(const struct crux_fused_decoder *config, const char *name,
                                          uint8_t *bytes, size_t len) {
    if (strcmp(name, "exp2") == 0) return exp2_table(bytes, len);
    if (strcmp(name, "act") == 0) return lut(config, false, bytes, len);
    if (strcmp(name, "softcap") == 0) return lut(config, true, bytes, len);
    if (strcmp(name, "rope") == 0) return rope(config, bytes, len);
    return CRUX_OK;
}
