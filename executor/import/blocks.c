#include "executor/import/blocks.h"

#include <math.h>

static const struct crux_block_type types[] = {
    {CRUX_BLOCK_F32, "F32", 1, 4, 0, false, false},
    {CRUX_BLOCK_F16, "F16", 1, 2, 0, false, false},
    {CRUX_BLOCK_BF16, "BF16", 1, 2, 0, false, false},
    {CRUX_BLOCK_Q8_0, "Q8_0", 32, 34, 32, false, false},
    {CRUX_BLOCK_Q4_0, "Q4_0", 32, 18, 32, true, true},
    {CRUX_BLOCK_Q4_1, "Q4_1", 32, 20, 32, true, true},
    {CRUX_BLOCK_Q5_0, "Q5_0", 32, 22, 32, false, false},
    {CRUX_BLOCK_Q5_1, "Q5_1", 32, 24, 32, false, true},
    {CRUX_BLOCK_Q4_K, "Q4_K", 256, 144, 32, true, true},
    {CRUX_BLOCK_Q5_K, "Q5_K", 256, 176, 32, false, true},
    {CRUX_BLOCK_Q6_K, "Q6_K", 256, 210, 16, false, false},
};

const struct crux_block_type *crux_block_type_of(uint32_t gguf_number) {
    for (size_t i = 0; i < CRUX_ARRAY_LEN(types); i++) {
        if ((uint32_t)types[i].number == gguf_number) return &types[i];
    }
    return NULL;
}

/* An f16 times 2^24: an integer below 2^41 in magnitude. Infinities and what is no number make *finite false. */
static int64_t half(const uint8_t *bytes, bool *finite) {
    uint32_t bits = crux_load_u16(bytes), exponent = bits >> 10 & 31;
    int64_t mantissa = bits & 1023;
    if (exponent == 31) *finite = false;
    if (exponent != 0) mantissa = (mantissa | 1024) << (exponent - 1);
    return (bits & 0x8000) != 0 ? -mantissa : mantissa;
}

/* The nibbles of `bytes`: all low halves first, then all high ones. */
static void nibbles(int8_t *q, const uint8_t *bytes, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        q[i] = (int8_t)(bytes[i] & 15);
        q[count + i] = (int8_t)(bytes[i] >> 4);
    }
}

static void decode_q8_0(int8_t *q, struct crux_block_group *group, const uint8_t *block,
                        bool *finite) {
    group->scale = half(block, finite);
    group->offset = 0;
    for (unsigned i = 0; i < 32; i++) q[i] = (int8_t)block[2 + i];
}

static void decode_q4(int8_t *q, struct crux_block_group *group, const uint8_t *block, bool has_min,
                      bool *finite) {
    group->scale = half(block, finite);
    group->offset = has_min ? half(block + 2, finite) : -8 * group->scale;
    nibbles(q, block + (has_min ? 4 : 2), 16);
}

static void decode_q5(int8_t *q, struct crux_block_group *group, const uint8_t *block, bool has_min,
                      bool *finite) {
    const uint8_t *rest = block + (has_min ? 4 : 2);
    uint32_t high = crux_load_u32(rest);
    group->scale = half(block, finite);
    group->offset = has_min ? half(block + 2, finite) + 16 * group->scale : 0;
    nibbles(q, rest + 4, 16);
    for (unsigned i = 0; i < 32; i++) q[i] = (int8_t)(q[i] + (int)(high >> i & 1) * 16 - 16);
}

/* The six-bit scale and minimum of group j of a Q4_K or Q5_K block, out of twelve bytes. */
static void scale_and_min(int64_t *scale, int64_t *min, const uint8_t *bytes, unsigned j) {
    if (j < 4) {
        *scale = bytes[j] & 63;
        *min = bytes[j + 4] & 63;
        return;
    }
    *scale = (bytes[j + 4] & 15) | (bytes[j - 4] >> 6) << 4;
    *min = bytes[j + 4] >> 4 | (bytes[j] >> 6) << 4;
}

/* has_fifth: Q5_K, with 32 bytes of fifth bits before the nibbles, bit j of byte i for input i of group j. */
static void decode_k(int8_t *q, struct crux_block_group *group, const uint8_t *block,
                     bool has_fifth, bool *finite) {
    int64_t d = half(block, finite), dmin = half(block + 2, finite);
    const uint8_t *fifth = block + 16, *low = block + (has_fifth ? 48 : 16);
    for (unsigned j = 0; j < 8; j++) {
        int64_t scale, min;
        scale_and_min(&scale, &min, block + 4, j);
        group[j].scale = d * scale;
        group[j].offset = -dmin * min + (has_fifth ? 16 * group[j].scale : 0);
    }
    for (unsigned j = 0; j < 4; j++) nibbles(q + 64 * j, low + 32 * j, 32);
    for (unsigned j = 0; has_fifth && j < 8; j++) {
        for (unsigned i = 0; i < 32; i++)
            q[32 * j + i] = (int8_t)(q[32 * j + i] + (fifth[i] >> j & 1) * 16 - 16);
    }
}

/* Two halves of 128 inputs: 64 bytes of low nibbles, 32 of upper pairs of bits; inputs 32 apart share an upper byte. */
static void decode_q6_k(int8_t *q, struct crux_block_group *group, const uint8_t *block,
                        bool *finite) {
    int64_t d = half(block + 208, finite);
    for (unsigned h = 0; h < 2; h++) {
        const uint8_t *low = block + 64 * h, *high = block + 128 + 32 * h;
        int8_t *out = q + 128 * h;
        for (unsigned i = 0; i < 32; i++) {
            out[i] = (int8_t)((low[i] & 15) + (high[i] & 3) * 16 - 32);
            out[i + 32] = (int8_t)((low[i + 32] & 15) + (high[i] >> 2 & 3) * 16 - 32);
            out[i + 64] = (int8_t)((low[i] >> 4) + (high[i] >> 4 & 3) * 16 - 32);
            out[i + 96] = (int8_t)((low[i + 32] >> 4) + (high[i] >> 6) * 16 - 32);
        }
    }
    for (unsigned j = 0; j < 16; j++) {
        group[j].scale = d * (int8_t)block[192 + j];
        group[j].offset = 0;
    }
}

enum crux_status crux_block_decode(const struct crux_block_type *type,
                                   int8_t q[CRUX_BLOCK_INPUTS_MAX],
                                   struct crux_block_group group[CRUX_BLOCK_GROUPS_MAX],
                                   const uint8_t *block) {
    bool finite = true;
    switch (type->number) {
    case CRUX_BLOCK_F32:
    case CRUX_BLOCK_F16:
    case CRUX_BLOCK_BF16: return CRUX_E_BAD_DTYPE;
    case CRUX_BLOCK_Q8_0: decode_q8_0(q, group, block, &finite); break;
    case CRUX_BLOCK_Q4_0: decode_q4(q, group, block, false, &finite); break;
    case CRUX_BLOCK_Q4_1: decode_q4(q, group, block, true, &finite); break;
    case CRUX_BLOCK_Q5_0: decode_q5(q, group, block, false, &finite); break;
    case CRUX_BLOCK_Q5_1: decode_q5(q, group, block, true, &finite); break;
    case CRUX_BLOCK_Q4_K: decode_k(q, group, block, false, &finite); break;
    case CRUX_BLOCK_Q5_K: decode_k(q, group, block, true, &finite); break;
    case CRUX_BLOCK_Q6_K: decode_q6_k(q, group, block, &finite); break;
    }
    return finite ? CRUX_OK : CRUX_E_BAD_RANGE;
}

enum crux_status crux_block_float(struct crux_block_float *out, const struct crux_block_type *type,
                                  const uint8_t *bytes) {
    uint32_t bits, exponent;
    if (type->number == CRUX_BLOCK_F16) {
        bool finite = true;
        int64_t value = half(bytes, &finite), magnitude = value < 0 ? -value : value;
        int shift = 0;
        while (magnitude >> shift >= 1 << 24)
            shift++; /* what is shifted out is zero: 11 bits count */
        out->mantissa = (int32_t)(value < 0 ? -(magnitude >> shift) : magnitude >> shift);
        out->exponent = shift - CRUX_BLOCK_UNIT_BITS;
        return finite ? CRUX_OK : CRUX_E_BAD_RANGE;
    }
    if (type->number == CRUX_BLOCK_F32)
        bits = crux_load_u32(bytes);
    else if (type->number == CRUX_BLOCK_BF16)
        bits = (uint32_t)crux_load_u16(bytes) << 16;
    else
        return CRUX_E_BAD_DTYPE;
    exponent = bits >> 23 & 255;
    if (exponent == 255) return CRUX_E_BAD_RANGE;
    out->mantissa = (int32_t)(bits & 0x7fffff);
    if (exponent != 0) out->mantissa |= 0x800000;
    if (bits >> 31 != 0) out->mantissa = -out->mantissa;
    out->exponent = (exponent == 0 ? 1 : (int32_t)exponent) - 150;
    return CRUX_OK;
}

enum crux_status crux_block_doubles(double *values, const struct crux_block_type *type,
                                    const uint8_t *row, uint64_t inputs) {
    enum crux_status status = CRUX_OK;
    for (uint64_t at = 0; at < inputs && status == CRUX_OK; at += type->inputs) {
        if (type->group == 0) {
            struct crux_block_float f = {0, 0};
            status = crux_block_float(&f, type, row);
            values[at] = ldexp(f.mantissa, f.exponent);
        } else {
            int8_t q[CRUX_BLOCK_INPUTS_MAX];
            struct crux_block_group group[CRUX_BLOCK_GROUPS_MAX];
            status = crux_block_decode(type, q, group, row);
            for (unsigned i = 0; status == CRUX_OK && i < type->inputs; i++) {
                const struct crux_block_group *g = &group[i / type->group];
                /* below 2^52 * 2^7 */
                values[at + i] =
                    ldexp((double)(g->scale * q[i] + g->offset), -CRUX_BLOCK_UNIT_BITS);
            }
        }
        row += type->bytes;
    }
    return status;
}
