#include "kernels/backends/panel.h"

#include <string.h>

static size_t up_to_64(size_t n) {
    return (n + 63) / 64 * 64;
}

static uint32_t group_count(const struct crux_tile *tile, uint32_t inputs) {
    return (inputs + tile->group - 1) / tile->group;
}

static size_t panel_bytes(const struct crux_tile *tile, uint32_t inputs) {
    size_t q_bytes = crux_panel_q_bytes(tile->width, tile->group);
    return sizeof(struct crux_panel_header) + CRUX_PANEL_OUTPUTS * sizeof(int64_t) + q_bytes +
           crux_panel_q_at(q_bytes, tile->has_offsets, group_count(tile, inputs) - 1);
}

size_t crux_panel_packed_bytes(const struct crux_tile *tile, uint32_t outputs, uint32_t inputs) {
    size_t panels = ((size_t)outputs + CRUX_PANEL_OUTPUTS - 1) / CRUX_PANEL_OUTPUTS;
    return panels * panel_bytes(tile, inputs);
}

/* --- packing --------------------------------------------------------------------------------- */

static int16_t get16(const uint8_t *bytes) {
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

static void put16(uint8_t *bytes, int16_t value) {
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)((uint16_t)value >> 8);
}

static int16_t tile_q(uint32_t width, const uint8_t *q, uint32_t i) {
    if (width == CRUX_WIDTH_Q4) return i % 2 == 0 ? q[i / 2] & 15 : q[i / 2] >> 4;
    return width == CRUX_WIDTH_Q8 ? (int8_t)q[i] : get16(q + 2 * i);
}

/* Puts q of output `lane` and input i of a group into the group's block. */
static void place(uint8_t *block, uint32_t width, enum crux_panel_order order, uint32_t lane,
                  uint32_t i, int16_t q) {
    if (width == CRUX_WIDTH_Q16) {
        put16(block + i / 2 * 64 + lane * 4 + i % 2 * 2, q);
    } else if (order == CRUX_PANEL_QUADS) {
        uint32_t step = i / 4, byte = lane * 4 + i % 4;
        if (width == CRUX_WIDTH_Q8)
            block[step * 64 + byte] = (uint8_t)q;
        else
            block[step / 2 * 64 + byte] |= (uint8_t)(q << step % 2 * 4);
    } else if (width == CRUX_WIDTH_Q8) {
        block[i / 2 * 32 + lane * 2 + i % 2] = (uint8_t)q;
    } else {
        block[i / 2 * 16 + lane % 8 * 2 + i % 2] |= (uint8_t)(q << lane / 8 * 4);
    }
}

struct target {
    uint8_t *panel; /* after its header; zero so far */
    enum crux_panel_order order;
    uint32_t lane;
    uint32_t most; /* the greatest |m| + |n| so far */
};

static void pack_group(struct target *to, const struct crux_tiles *w, uint32_t g, int16_t m,
                       int16_t n, const uint8_t *q, uint32_t first, uint32_t count) {
    size_t q_bytes = crux_panel_q_bytes(w->tile.width, w->tile.group);
    uint8_t *groups = to->panel + CRUX_PANEL_OUTPUTS * sizeof(int64_t),
            *entry = groups + crux_panel_entry_at(q_bytes, w->tile.has_offsets, g),
            *block = groups + crux_panel_q_at(q_bytes, w->tile.has_offsets, g);
    int32_t size = (m < 0 ? -m : m) + (n < 0 ? -n : n), sum = 0;
    if (w->tile.has_offsets) {
        put16(entry + 4 * to->lane, m);
        put16(entry + 4 * to->lane + 2, n);
    } else {
        put16(entry + 2 * to->lane, m);
    }
    for (uint32_t i = 0; i < count; i++) {
        int16_t value = tile_q(w->tile.width, q, first + i);
        sum += value;
        place(block, w->tile.width, to->order, to->lane, i, value);
    }
    if ((uint32_t)size > to->most) to->most = (uint32_t)size;
    if (to->order == CRUX_PANEL_QUADS && w->tile.width != CRUX_WIDTH_Q16) {
        /* x + 32768 was multiplied: 32768 * m*q too much. Below 2^13 groups * 2^15 * 2^15 * 2^12 = 2^55. */
        int64_t start;
        memcpy(&start, to->panel + to->lane * sizeof start, sizeof start);
        start -= INT64_C(32768) * m * sum;
        memcpy(to->panel + to->lane * sizeof start, &start, sizeof start);
    }
}

static const uint8_t *pack_tile(struct target *to, const struct crux_tiles *w, uint32_t g,
                                const uint8_t *tile, uint32_t count) {
    uint32_t groups = group_count(&w->tile, count);
    const uint8_t *n = tile + 2 * groups, *q = w->tile.has_offsets ? n + 2 * groups : n;
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t first = i * w->tile.group, left = count - first;
        pack_group(to, w, g + i, get16(tile + 2 * i), w->tile.has_offsets ? get16(n + 2 * i) : 0, q,
                   first, left < w->tile.group ? left : w->tile.group);
    }
    return tile + crux_tile_bytes(&w->tile, count);
}

static void bounds(struct crux_panel_header *header, uint32_t most) {
    uint32_t carry = most == 0 ? CRUX_PANEL_SPAN_GROUPS_MAX : 65533 / most;
    if (carry < 1) carry = 1;
    if (carry > CRUX_PANEL_SPAN_GROUPS_MAX) carry = CRUX_PANEL_SPAN_GROUPS_MAX;
    uint32_t span = (uint32_t)((INT32_MAX - 32769) / (INT64_C(4089) * carry * most + 32769));
    CRUX_ASSERT(span >= 8);
    if (span > CRUX_PANEL_SPAN_GROUPS_MAX / carry) span = CRUX_PANEL_SPAN_GROUPS_MAX / carry;
    memset(header, 0, sizeof *header);
    header->carry_groups = carry;
    header->span_carries = span;
}

static void pack_panel(uint8_t *panel, const struct crux_tiles *w, enum crux_panel_order order,
                       uint32_t first) {
    struct target to = {panel + sizeof(struct crux_panel_header), order, 0, 0};
    const uint8_t *tile = w->bytes + first * crux_tiles_row_bytes(&w->tile, w->inputs);
    uint32_t count = w->rows - first < CRUX_PANEL_OUTPUTS ? w->rows - first : CRUX_PANEL_OUTPUTS;
    memset(panel, 0, panel_bytes(&w->tile, w->inputs));
    for (; to.lane < count; to.lane++) {
        for (uint32_t t = 0; t < crux_tile_count(&w->tile, w->inputs); t++)
            tile = pack_tile(&to, w, t * (w->tile.chunk / w->tile.group), tile,
                             crux_tile_inputs(&w->tile, w->inputs, t));
    }
    bounds((struct crux_panel_header *)(void *)panel, to.most);
}

void crux_panel_pack(void *packed, const struct crux_tiles *w, enum crux_panel_order order,
                     uint32_t first, uint32_t panels) {
    CRUX_ASSERT(w->inputs >= 1 && w->inputs <= CRUX_BACKEND_INPUTS_MAX);
    for (uint32_t p = first; p < first + panels; p++)
        pack_panel((uint8_t *)packed + p * panel_bytes(&w->tile, w->inputs), w, order,
                   p * CRUX_PANEL_OUTPUTS);
}

/* --- prepared rows --------------------------------------------------------------------------- */

static size_t block_count(uint32_t inputs) {
    return ((size_t)inputs + 31) / 32;
}

size_t crux_panel_row_bytes(uint32_t inputs, bool planes) {
    return up_to_64(block_count(inputs) * sizeof(struct crux_panel_block) * (planes ? 2 : 1));
}

static struct crux_panel_sum halves(int32_t sum) {
    int32_t low = (int16_t)(uint16_t)(uint32_t)sum;
    struct crux_panel_sum halves = {(uint32_t)low << 16, (uint32_t)((sum - low) / 65536) & 0xffff};
    return halves;
}

static void prepare_pairs(struct crux_panel_block *block, const int16_t *x, uint32_t count) {
    int32_t sum[2] = {0, 0};
    memset(block, 0, sizeof *block);
    memcpy(block->u.x, x, count * sizeof *x);
    for (int i = 0; i < 16; i++) {
        sum[0] += block->u.x[i];
        sum[1] += block->u.x[16 + i];
    }
    block->sum16[0] = halves(sum[0]);
    block->sum16[1] = halves(sum[1]);
    block->sum32 = halves(sum[0] + sum[1]);
}

static void prepare_planes(struct crux_panel_block *block, const struct crux_panel_block *pairs) {
    *block = *pairs;
    for (int i = 0; i < 32; i++) {
        unsigned u = (unsigned)(pairs->u.x[i] + 32768);
        block->u.planes.high[i] = (uint8_t)(u >> 8);
        block->u.planes.low[i] = (uint8_t)u;
    }
}

void crux_panel_prepare(void *row, const int16_t *x, uint32_t inputs, bool planes) {
    struct crux_panel_block *blocks = row;
    size_t count = block_count(inputs), used = count * sizeof *blocks * (planes ? 2 : 1);
    for (size_t b = 0; b < count; b++) {
        uint32_t left = inputs - (uint32_t)(32 * b);
        prepare_pairs(&blocks[b], x + 32 * b, left < 32 ? left : 32);
        if (planes) prepare_planes(&blocks[count + b], &blocks[b]);
    }
    memset((uint8_t *)row + used, 0, crux_panel_row_bytes(inputs, planes) - used);
}

/* --- products -------------------------------------------------------------------------------- */

static struct crux_panel panel_of(const struct crux_backend_matrix *w, uint32_t p) {
    const uint8_t *at = (const uint8_t *)w->packed + p * panel_bytes(&w->tile, w->inputs),
                  *bytes = at + sizeof(struct crux_panel_header);
    const struct crux_panel_header *header = (const struct crux_panel_header *)(const void *)at;
    struct crux_panel panel = {
        .start = (const int64_t *)(const void *)bytes,
        .groups_at = bytes + CRUX_PANEL_OUTPUTS * sizeof(int64_t),
        .width = w->tile.width,
        .group = w->tile.group,
        .groups = group_count(&w->tile, w->inputs),
        .has_offsets = w->tile.has_offsets,
        .carry_groups = header->carry_groups,
        .span_carries = header->span_carries,
    };
    return panel;
}

void crux_panel_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                       const void *prepared, bool planes, uint32_t rows, uint32_t o0, uint32_t o1,
                       crux_panel_choose *choose) {
    CRUX_ASSERT(rows >= 1 && o0 < o1 && o1 <= w->outputs);
    int64_t sums[CRUX_PANEL_ROWS_MAX * CRUX_PANEL_OUTPUTS] CRUX_ALIGNED(64);
    struct crux_panel_rows x = {prepared, crux_panel_row_bytes(w->inputs, planes)};
    const struct crux_panel_block *blocks = prepared;
    if (planes && w->tile.width != CRUX_WIDTH_Q16) blocks += block_count(w->inputs);
    for (uint32_t p = o0 / CRUX_PANEL_OUTPUTS; p * CRUX_PANEL_OUTPUTS < o1; p++) {
        struct crux_panel panel = panel_of(w, p);
        uint32_t first = p * CRUX_PANEL_OUTPUTS, from = first < o0 ? o0 : first,
                 end = o1 - first < CRUX_PANEL_OUTPUTS ? o1 : first + CRUX_PANEL_OUTPUTS;
        for (uint32_t r = 0, taken; r < rows; r += taken) {
            crux_panel_kernel *kernel = choose(&panel, rows - r, &taken);
            x.blocks = (const struct crux_panel_block *)(const void *)((const uint8_t *)blocks +
                                                                       r * x.stride_bytes);
            kernel(sums, &panel, &x);
            for (uint32_t i = 0; i < taken; i++)
                memcpy(acc + (r + i) * acc_stride + (from - o0),
                       sums + i * CRUX_PANEL_OUTPUTS + (from - first), (end - from) * sizeof *acc);
        }
    }
}
