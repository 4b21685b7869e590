/* Tiles into panels: a group of 16 outputs at a time, words of 4 or 8 inputs at once. */
#include "kernels/backends/panel.h"

#include <string.h>

enum { WORDS_MAX = 16 }; /* of 4 bytes, in one output's q of one group */

/* One panel while it is packed. */
struct target {
    uint8_t *groups_at;
    const struct crux_tiles *w;
    uint32_t first, outputs; /* of them, at most 16 */
    uint32_t width;          /* of the panel */
    size_t row_bytes, tile_bytes, q_bytes;
    bool has_offsets, is_raw, is_narrow;
};

static int16_t get16(const uint8_t *bytes) {
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

static void put16(uint8_t *bytes, int32_t value) {
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)((uint32_t)value >> 8);
}

static size_t entry_at(const struct target *to, uint32_t g) {
    return crux_panel_entry_at(to->q_bytes, to->has_offsets, g);
}

/* Tile t of output `lane`. */
static const uint8_t *tile_at(const struct target *to, uint32_t lane, uint32_t t) {
    return to->w->bytes + (to->first + lane) * to->row_bytes + t * to->tile_bytes;
}

/* m' and n' of a group, or m and n if raw. */
static void multipliers(int32_t *m, int32_t *n, const struct target *to, const uint8_t *bytes,
                        uint32_t groups, uint32_t i, bool is_raw) {
    const struct crux_tile *tile = &to->w->tile;
    *m = get16(bytes + 2 * i);
    *n = tile->has_offsets ? get16(bytes + 2 * (groups + i)) : 0;
    if (is_raw) return;
    if (to->width == CRUX_WIDTH_Q4) {
        *n += 8 * *m;
        *m = -*m;
    } else if (to->width == CRUX_WIDTH_Q6 && tile->has_offsets) {
        *n += 16 * *m;
    }
}

static bool fits(int32_t value) {
    return value >= INT16_MIN && value <= INT16_MAX;
}

/* Do all m' and n' fit? And, of q4, every W? They lie between n and n + 15*m. */
static void survey(struct target *to) {
    const struct crux_tile *tile = &to->w->tile;
    to->is_narrow = tile->width == CRUX_WIDTH_Q4;
    uint32_t tiles = crux_tile_count(tile, to->w->inputs);
    for (uint32_t lane = 0; lane < to->outputs; lane++) {
        for (uint32_t t = 0; t < tiles; t++) {
            uint32_t groups = crux_panel_groups(tile, crux_tile_inputs(tile, to->w->inputs, t));
            const uint8_t *bytes = tile_at(to, lane, t);
            for (uint32_t i = 0; i < groups; i++) {
                int32_t m, n;
                multipliers(&m, &n, to, bytes, groups, i, false);
                if (!fits(m) || !fits(n)) to->is_raw = true;
                if (!to->is_narrow) continue;
                multipliers(&m, &n, to, bytes, groups, i, true);
                if (!fits(n + 15 * m)) to->is_narrow = false; /* and n always does */
            }
        }
    }
}

/* --- spans ----------------------------------------------------------------------------------- */

/* Returns: do all spans of `span` groups stay within `most`, the sum of m_times * |m'| + |n'|? */
static bool holds(const struct target *to, uint32_t groups, uint32_t span, int32_t m_times,
                  int32_t most) {
    for (uint32_t from = 0; from < groups; from += span) {
        int32_t sum[CRUX_PANEL_OUTPUTS] = {0};
        uint32_t end = groups - from < span ? groups : from + span;
        for (uint32_t g = from; g < end; g++) {
            const uint8_t *entry = to->groups_at + entry_at(to, g);
            for (uint32_t lane = 0; lane < CRUX_PANEL_OUTPUTS; lane++) {
                int32_t m = get16(entry + 4 * lane),
                        n = to->has_offsets ? get16(entry + 4 * lane + 2) : 0;
                sum[lane] += m_times * (m < 0 ? -m : m) + (n < 0 ? -n : n);
                if (sum[lane] > most) return false;
            }
        }
    }
    return true;
}

/* Returns: a span that holds, as long as may be; 0 if not even the shortest does. Groups that share an entry stay together. */
static uint32_t span_of(const struct target *to, uint32_t groups, int32_t m_times, int32_t most) {
    uint32_t least = to->has_offsets ? 1 : 2;
    for (uint32_t parts = 1; parts < groups; parts += 1 + parts / 2) {
        uint32_t span = (groups + parts - 1) / parts;
        span = (span + least - 1) / least * least;
        if (holds(to, groups, span, m_times, most)) return span;
    }
    return holds(to, groups, least, m_times, most) ? least : 0;
}

static void put_header(const struct target *to, struct crux_panel_header *header) {
    uint32_t groups = crux_panel_groups(&to->w->tile, to->w->inputs);
    memset(header, 0, sizeof *header);
    header->is_raw = to->is_raw;
    header->is_narrow = to->is_narrow;
    if (to->is_raw || to->w->tile.width == CRUX_WIDTH_Q16) return;
    header->span_halves = span_of(to, groups, 1, CRUX_PANEL_HALVES_MAX);
    header->span_planes = to->w->tile.width == CRUX_WIDTH_Q4
                              ? span_of(to, groups, 8, CRUX_PANEL_PLANES_MAX)
                              : header->span_halves;
}

/* --- q --------------------------------------------------------------------------------------- */

static uint32_t get32(const uint8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Of each byte, six bits of q + below.  In: below, at most 32 in each byte. */
static uint32_t six_of(const uint8_t *q, uint32_t below) {
    return ((get32(q) & 0x3f3f3f3f) + below) & 0x3f3f3f3f;
}

/* q of one output, a full group of 8 bits each, into its lane as six bits. */
static void put_lane_six(uint8_t *block, uint32_t lane, const uint8_t *q, bool offsets,
                         uint32_t words) {
    uint32_t below = offsets ? 0x10101010 : 0x20202020;
    uint8_t *to = block + 4 * lane;
    for (uint32_t i = 0; i < words; i += 4) {
        uint32_t last = six_of(q + 4 * i + 12, below);
        for (uint32_t j = 0; j < 3; j++, to += 64) {
            uint32_t word = six_of(q + 4 * (i + j), below) << 2;
            word |= last >> (4 - 2 * j) & 0x03030303;
            memcpy(to, &word, sizeof word);
        }
    }
}

/* q of one output, a full group, into its lane; words of 4 or 8 inputs are 64 bytes apart. */
static void put_lane(uint8_t *block, uint32_t lane, const uint8_t *q, uint32_t width,
                     uint32_t words) {
    uint8_t *to = block + 4 * lane;
    for (uint32_t i = 0; i < words; i++) {
        uint32_t a = get32(q + 4 * i);
        if (width == CRUX_WIDTH_Q16) { /* two words into one of upper bytes and one of lower ones */
            uint32_t b = get32(q + 4 * ++i);
            uint32_t low = (a & 0xff) | (a >> 8 & 0xff00) | (b & 0xff) << 16 | (b & 0xff0000) << 8;
            uint32_t high =
                (a >> 8 & 0xff) | (a >> 16 & 0xff00) | (b & 0xff00) << 8 | (b & 0xff000000);
            memcpy(to + 64 * (i - 1), &high, sizeof high);
            a = low;
        }
        memcpy(to + 64 * i, &a, sizeof a);
    }
}

/* What the words of all lanes still lack. */
static void finish_words(uint8_t *block, uint32_t width, uint32_t words) {
    for (uint32_t i = 0; i < words; i++) {
        uint32_t word[CRUX_PANEL_OUTPUTS];
        if (width == CRUX_WIDTH_Q16 && i % 2 == 1) continue;
        memcpy(word, block + 64 * i, sizeof word);
        for (uint32_t lane = 0; lane < CRUX_PANEL_OUTPUTS; lane++) {
            uint32_t v = word[lane];
            if (width == CRUX_WIDTH_Q4) {
                uint32_t swap = (v ^ v >> 8) & 0xff00;
                v ^= swap ^ swap << 8;
                swap = (v ^ v >> 4) & 0x00f000f0;
                v = ~(v ^ swap ^ swap << 4);
            } else {
                v ^= 0x80808080;
            }
            word[lane] = v;
        }
        memcpy(block + 64 * i, word, sizeof word);
    }
}

/* Group i of tile t, which is the panel's group g. */
static void pack_group(const struct target *to, uint32_t t, uint32_t i, uint32_t g) {
    const struct crux_tile *tile = &to->w->tile;
    size_t own_bytes = tile->group * ((size_t)2 << tile->width) / 8;
    uint8_t *entry = to->groups_at + entry_at(to, g),
            *block = to->groups_at + crux_panel_q_at(to->q_bytes, to->has_offsets, g);
    uint32_t count = crux_tile_inputs(tile, to->w->inputs, t),
             groups = crux_panel_groups(tile, count), words = (uint32_t)own_bytes / 4;
    uint32_t inputs = count - i * tile->group;
    if (to->outputs < CRUX_PANEL_OUTPUTS) memset(block, 0, to->q_bytes);
    if (to->has_offsets || g % 2 == 0) memset(entry, 0, 64);
    for (uint32_t lane = 0; lane < to->outputs; lane++) {
        const uint8_t *bytes = tile_at(to, lane, t),
                      *q = bytes + (size_t)groups * (tile->has_offsets ? 4 : 2) + i * own_bytes;
        uint8_t padded[4 * WORDS_MAX] = {0};
        int32_t m, n;
        multipliers(&m, &n, to, bytes, groups, i, to->is_raw);
        put16(entry + 4 * lane, m);
        CRUX_ASSERT(to->has_offsets || n == 0);
        if (to->has_offsets) put16(entry + 4 * lane + 2, n);
        if (inputs < tile->group) {
            size_t bits = (size_t)4 << (tile->width - 1);
            memcpy(padded, q, (inputs * bits + 7) / 8);
            q = padded;
        }
        if (to->width == CRUX_WIDTH_Q6)
            put_lane_six(block, lane, q, to->has_offsets, words);
        else
            put_lane(block, lane, q, tile->width, words);
    }
    if (to->width != CRUX_WIDTH_Q6) finish_words(block, tile->width, words);
}

static void pack_panel(uint8_t *panel, const struct crux_tiles *w, uint32_t first) {
    struct target to = {
        .groups_at = panel + sizeof(struct crux_panel_header),
        .w = w,
        .first = first,
        .outputs = w->rows - first < CRUX_PANEL_OUTPUTS ? w->rows - first : CRUX_PANEL_OUTPUTS,
        .width = crux_panel_width(&w->tile, w->form),
        .row_bytes = (size_t)crux_tiles_row_bytes(&w->tile, w->inputs),
        .tile_bytes = crux_tile_bytes(&w->tile, w->tile.chunk),
        .q_bytes = crux_panel_q_bytes(crux_panel_width(&w->tile, w->form), w->tile.group),
        .has_offsets = crux_panel_has_offsets(&w->tile, w->form)};
    const struct crux_tile *tile = &w->tile;
    uint32_t tiles = crux_tile_count(tile, w->inputs);
    survey(&to);
    for (uint32_t t = 0, g = 0; t < tiles; t++) {
        uint32_t end = g + crux_panel_groups(tile, crux_tile_inputs(tile, w->inputs, t));
        for (uint32_t i = 0; g < end; i++, g++) pack_group(&to, t, i, g);
    }
    put_header(&to, (struct crux_panel_header *)(void *)panel);
}

void crux_panel_pack_range(void *packed, const struct crux_tiles *w, uint32_t first_panel,
                           uint32_t panels) {
    CRUX_ASSERT(w->inputs >= 1 && w->inputs <= CRUX_BACKEND_INPUTS_MAX);
    for (uint32_t p = first_panel; p < first_panel + panels; p++)
        pack_panel((uint8_t *)packed + p * crux_panel_bytes(&w->tile, w->form, w->inputs), w,
                   p * CRUX_PANEL_OUTPUTS);
}

void crux_panel_pack(void *packed, const struct crux_tiles *w) {
    crux_panel_pack_range(packed, w, 0, (w->rows - 1) / CRUX_PANEL_OUTPUTS + 1);
}
