#include "kernels/fused/embed/embed.h"
#include "kernels/fused/exact.h"

void crux_fused_embed_reference(int32_t *r, const struct crux_fused_embed *config, uint32_t token,
                                const struct crux_tiles *table, const int32_t *rowmul,
                                const int32_t *position) {
    const uint8_t *bytes = table->bytes + token * crux_tiles_row_bytes(&table->tile, table->inputs);
    for (uint32_t first = 0; first < table->inputs; first += table->tile.chunk) {
        uint32_t left = table->inputs - first,
                 count = left < table->tile.chunk ? left : table->tile.chunk;
        for (uint32_t i = 0; i < count; i++) {
            int64_t weight = crux_tile_value(&table->tile, bytes, count, i);
            int64_t add = position == NULL ? 0 : position[first + i];
            /* below 2^31 * 2^31 */
            r[first + i] = (int32_t)crux_exact_requant(weight * rowmul[token], config->s0, add,
                                                       config->r.lo, config->r.hi);
        }
        bytes += crux_tile_bytes(&table->tile, count);
    }
}
