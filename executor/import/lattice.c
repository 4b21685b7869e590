#include "executor/import/lattice.h"

static struct crux_tile tile_for(const struct crux_block_type *type, enum crux_weights weights) {
    struct crux_tile tile = {.width = 2, .group = 32, .chunk = CRUX_LATTICE_CHUNK};
    if (type->group != 0) {
        if (type->is_q4) tile.width = 1;
        tile.group = type->group;
        tile.has_offsets = type->has_offsets;
        return tile;
    }
    switch (weights) {
    case CRUX_WEIGHTS_INT8: break;
    case CRUX_WEIGHTS_INT16: tile.width = 3; break;
    case CRUX_WEIGHTS_INT4:
        tile.width = 1;
        tile.has_offsets = true;
        break;
    }
    return tile;
}

void crux_lattice_init(struct crux_lattice *lattice, const struct crux_block_type *type,
                       enum crux_weights weights, uint32_t rows, uint32_t inputs,
                       struct crux_lattice_scale *scale) {
    *lattice = (struct crux_lattice){.type = type,
                                     .weights = weights,
                                     .tile = tile_for(type, weights),
                                     .rows = rows,
                                     .inputs = inputs,
                                     .scale = scale};
    lattice->layout = crux_tile_encode(&lattice->tile);
}

uint64_t crux_lattice_row_bytes(const struct crux_lattice *lattice) {
    uint32_t last = crux_tile_count(&lattice->tile, lattice->inputs) - 1;
    return (uint64_t)last * crux_tile_bytes(&lattice->tile, lattice->tile.chunk) +
           crux_tile_bytes(&lattice->tile, crux_tile_inputs(&lattice->tile, lattice->inputs, last));
}

int64_t crux_lattice_quotient(crux_i128 a, crux_i128 b) {
    crux_i128 top = 2 * a + b, bottom = 2 * b, q = top / bottom;
    if (top % bottom < 0) q--;
    return (int64_t)q;
}

static void put_i16(uint8_t *out, int64_t value) {
    CRUX_ASSERT(value >= INT16_MIN && value <= INT16_MAX);
    crux_store_u16(out, (uint16_t)(int16_t)value);
}

void crux_lattice_put(const struct crux_lattice *lattice, uint8_t *row, uint32_t first,
                      uint32_t count, int64_t m, int64_t n, const int16_t *q) {
    const struct crux_tile *tile = &lattice->tile;
    uint32_t t = first / tile->chunk, inputs = crux_tile_inputs(tile, lattice->inputs, t);
    uint32_t groups = (inputs + tile->group - 1) / tile->group, at = first - t * tile->chunk;
    uint8_t *bytes = row + (size_t)t * crux_tile_bytes(tile, tile->chunk);
    put_i16(bytes + 2 * (at / tile->group), m);
    if (tile->has_offsets) put_i16(bytes + 2 * (groups + at / tile->group), n);
    bytes += groups * (tile->has_offsets ? 4 : 2);
    for (uint32_t i = 0; i < count; i++, at++) {
        if (tile->width == 1)
            bytes[at / 2] = (uint8_t)(bytes[at / 2] | q[i] << (at % 2 * 4));
        else if (tile->width == 2)
            bytes[at] = (uint8_t)q[i];
        else
            put_i16(bytes + 2 * at, q[i]);
    }
}

/* a / b > c / d, all positive */
static bool greater(int64_t a, int64_t b, int64_t c, int64_t d) {
    return (crux_i128)a * d > (crux_i128)c * b;
}

static void widen(struct crux_lattice_scale *scale, int64_t value, int32_t limit) {
    int64_t size = value < 0 ? -value : value;
    if (size == 0 || (scale->num != 0 && !greater(size, limit, scale->num, scale->den))) return;
    scale->num = size;
    scale->den = limit;
}

/* How far a group lies from its source, in units of 2^-24. */
static void measure(struct crux_lattice *lattice, const struct crux_block_group *g, int64_t m,
                    int64_t n, const int16_t *q, uint32_t count, double s) {
    double scale_off = (double)g->scale - s * (double)m,
           offset_off = (double)g->offset - s * (double)n;
    for (uint32_t i = 0; i < count; i++) {
        double value = (double)(g->scale * q[i] + g->offset), off = scale_off * q[i] + offset_off;
        lattice->value += value * value;
        lattice->error += off * off;
        int64_t weight = m * q[i] + n;
        if (weight < 0) weight = -weight;
        if (weight > lattice->most) lattice->most = weight;
    }
}

static void put_block(struct crux_lattice *lattice, uint8_t *tiles, uint32_t first,
                      const struct crux_lattice_scale *scale, const int8_t *q,
                      const struct crux_block_group *group) {
    const struct crux_block_type *type = lattice->type;
    double s = (double)scale->num / scale->den;
    int64_t z = type->is_q4 ? 8 : 0;
    for (uint32_t j = 0; j < (uint32_t)type->inputs / type->group; j++, first += type->group) {
        const struct crux_block_group *g = &group[j];
        int16_t wide[CRUX_BLOCK_INPUTS_MAX];
        int64_t m = 0, n = 0;
        for (uint32_t i = 0; i < type->group; i++) wide[i] = q[j * type->group + i];
        if (scale->num != 0) {
            /* below 2^52 * 2^15, and (16 * 2^51) * 2^15 */
            m = crux_lattice_quotient((crux_i128)g->scale * scale->den, scale->num);
            n = crux_lattice_quotient((crux_i128)(g->offset + z * g->scale) * scale->den,
                                      scale->num) -
                z * m;
        }
        crux_lattice_put(lattice, tiles, first, type->group, m, n, wide);
        measure(lattice, g, m, n, wide, type->group, s);
    }
}

enum crux_status crux_lattice_row(struct crux_lattice *lattice, uint8_t *tiles, uint32_t row,
                                  const uint8_t *source) {
    const struct crux_block_type *type = lattice->type;
    struct crux_lattice_scale scale = {0, 1, -CRUX_BLOCK_UNIT_BITS};
    int8_t q[CRUX_BLOCK_INPUTS_MAX];
    struct crux_block_group group[CRUX_BLOCK_GROUPS_MAX];
    uint32_t blocks = lattice->inputs / type->inputs;
    if (type->group == 0) return crux_lattice_float_row(lattice, tiles, row, source);
    for (uint32_t b = 0; b < blocks; b++) {
        enum crux_status status =
            crux_block_decode(type, q, group, source + (size_t)b * type->bytes);
        if (status != CRUX_OK) return status;
        for (uint32_t j = 0; j < (uint32_t)type->inputs / type->group; j++) {
            widen(&scale, group[j].scale, CRUX_LATTICE_M_MAX);
            widen(&scale, group[j].offset, CRUX_LATTICE_N_MAX);
        }
    }
    for (uint32_t b = 0; b < blocks; b++) {
        enum crux_status status =
            crux_block_decode(type, q, group, source + (size_t)b * type->bytes);
        if (status != CRUX_OK) return status;
        put_block(lattice, tiles, b * type->inputs, &scale, q, group);
    }
    lattice->scale[row] = scale;
    return CRUX_OK;
}

static int bit_length(int64_t v) {
    int bits = 0;
    for (; v != 0; v >>= 1) bits++;
    return bits;
}

/* round(scale * 2^k); 2^31 for anything above 2^30 */
static int64_t rowmul_at(const struct crux_lattice_scale *scale, int32_t k) {
    int32_t shift = k + scale->exponent;
    int bits = bit_length(scale->num) + shift; /* num * 2^shift is below 2^bits */
    if (scale->num == 0 || bits < -1) return 0;
    if (bits > CRUX_LATTICE_ROWMUL_BITS + 25) return INT64_C(1) << 31; /* 2^55 / 2^23 or more */
    if (shift >= 0) return crux_lattice_quotient((crux_i128)scale->num << shift, scale->den);
    /* bits >= -1 and num below 2^53: a shift of 54 at most */
    return crux_lattice_quotient(scale->num, (crux_i128)scale->den << -shift);
}

enum crux_status crux_lattice_rowmul(int32_t *rowmul, int32_t *k,
                                     const struct crux_lattice_scale *scale, uint32_t rows) {
    *k = CRUX_LATTICE_K_MAX;
    for (uint32_t r = 0; r < rows; r++) {
        while (*k >= 0 && rowmul_at(&scale[r], *k) > INT64_C(1) << CRUX_LATTICE_ROWMUL_BITS) --*k;
        if (*k < 0) return CRUX_E_BAD_RANGE;
    }
    for (uint32_t r = 0; r < rows; r++) rowmul[r] = (int32_t)rowmul_at(&scale[r], *k);
    return CRUX_OK;
}
