/* The tensors without freedom. */
#include <string.h>

#include "kernels/base/bytes.h"
#include "kernels/fused/attention/attention.h"
#include "kernels/fused/decoder/decoder.h"

/* Little-endian, whatever this machine is. */
static void put_i32(uint8_t *bytes, const int32_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) crux_store_u32(bytes + 4 * i, (uint32_t)values[i]);
}

static enum crux_status activation(const struct crux_fused_decoder *config, uint8_t *bytes,
                                   size_t len) {
    int32_t entries[CRUX_TABLE_ENTRIES];
    unsigned bits = (unsigned)config->inner_bits;
    if (len != sizeof entries) return CRUX_E_BAD_LAYOUT;
    crux_table_activation(entries, config->activation, bits, bits);
    put_i32(bytes, entries, CRUX_TABLE_ENTRIES);
    return CRUX_OK;
}

static enum crux_status cap(int32_t most, uint8_t *bytes, size_t len) {
    int32_t entries[CRUX_TABLE_ENTRIES];
    if (len != sizeof entries) return CRUX_E_BAD_LAYOUT;
    crux_table_softcap(entries, most);
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

/* In: turns, or NULL: those of `base`. */
static enum crux_status rope(const struct crux_fused_decoder *config, const uint64_t *turns,
                             uint32_t base, uint8_t *bytes, size_t len) {
    uint64_t made[CRUX_TABLE_ROPE_DIMS_MAX / 2];
    int32_t row[CRUX_TABLE_ROPE_DIMS_MAX / 2 * 3];
    uint32_t pairs = config->head_width / 2;
    if (config->head_width > CRUX_TABLE_ROPE_DIMS_MAX) return CRUX_E_UNSUPPORTED;
    if (len != (size_t)config->context * pairs * 3 * sizeof *row) return CRUX_E_BAD_LAYOUT;
    if (turns == NULL) {
        crux_table_rope_turns(made, base, config->head_width);
        turns = made;
    }
    for (uint32_t pos = 0; pos < config->context; pos++) {
        crux_table_rope(row, turns, pairs, pos, 1);
        put_i32(bytes + (size_t)pos * pairs * 3 * sizeof *row, row, (size_t)pairs * 3);
    }
    return CRUX_OK;
}

enum crux_status crux_fused_decoder_table(const struct crux_fused_decoder *config, const char *name,
                                          uint8_t *bytes, size_t len) {
    if (strcmp(name, "exp2") == 0) return exp2_table(bytes, len);
    if (strcmp(name, "act") == 0) return activation(config, bytes, len);
    if (strcmp(name, "softcap") == 0) return cap(config->softcap, bytes, len);
    if (strcmp(name, "logit.cap") == 0) return cap(config->logit_cap, bytes, len);
    if (strcmp(name, "rope") == 0)
        return rope(config, config->rope_turns, config->rope_base, bytes, len);
    if (strcmp(name, "rope.local") == 0)
        return rope(config, NULL, config->rope_local_base, bytes, len);
    return CRUX_OK;
}
