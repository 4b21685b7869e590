/* Shapes with a name. */
#include <string.h>

#include "kernels/fused/decoder/decoder.h"
#include "kernels/program/layout.h"

static uint8_t tile(uint32_t width, uint32_t group, uint32_t chunk, bool has_offsets) {
    struct crux_tile layout = {
        .width = width, .group = group, .chunk = chunk, .has_offsets = has_offsets};
    return crux_tile_encode(&layout);
}

/* What they have in common. */
static struct crux_fused_decoder common(void) {
    struct crux_fused_decoder config = {.blocks_per_layer = 1,
                                        .eps_m = 10995116, /* 1e-5 */
                                        .eps_shift = 40,
                                        .r_bits = 14,
                                        .norm_bits = 11,
                                        .inner_bits = 14,
                                        .logit_bits = 16,
                                        .rope_base = 10000};
    /* q8, groups of 32, signed multipliers of 12 bits */
    struct crux_decoder_tiles tiles = {tile(2, 32, 512, false), 128 * 2048};
    config.embed_tiles = config.block_tiles = config.head_tiles = tiles;
    return config;
}

static struct crux_fused_decoder llama_3_8b(void) {
    struct crux_fused_decoder config = common();
    config.blocks = 32;
    config.width = 4096;
    config.heads = 32;
    config.kv_heads = 8;
    config.head_width = 128;
    config.ffn_width = 14336;
    config.vocab = 128256;
    config.context = 8192;
    config.rope_base = 500000;
    /* a 4-bit lattice with offsets: 15 * 2^12 + 2^15 */
    config.block_tiles.layout = tile(1, 32, 512, true);
    config.block_tiles.most = 15 * 4096 + 32768;
    return config;
}

static struct crux_fused_decoder smollm2_135m(void) {
    struct crux_fused_decoder config = common();
    config.blocks = 30;
    config.width = 576;
    config.heads = 9;
    config.kv_heads = 3;
    config.head_width = 64;
    config.ffn_width = 1536;
    config.vocab = 49152;
    config.context = 8192;
    config.rope_base = 100000;
    config.tied = true;
    return config;
}

static struct crux_fused_decoder mixtral_8x7b(void) {
    struct crux_fused_decoder config = llama_3_8b();
    config.vocab = 32000;
    config.context = 32768;
    config.rope_base = 1000000;
    config.experts = 8;
    config.experts_used = 2;
    return config;
}

static struct crux_fused_decoder qwen3_30b_a3b(void) {
    struct crux_fused_decoder config = common();
    config.blocks = 48;
    config.width = 2048;
    config.heads = 32;
    config.kv_heads = 4;
    config.head_width = 128;
    config.ffn_width = 768;
    config.vocab = 151936;
    config.context = 40960;
    config.rope_base = 1000000;
    config.qk_norm = true;
    config.experts = 128;
    config.experts_used = 8;
    return config;
}

static struct crux_fused_decoder tiny(void) {
    struct crux_fused_decoder config = common();
    config.blocks = 3;
    config.width = 80;
    config.heads = 4;
    config.kv_heads = 2;
    config.head_width = 16;
    config.ffn_width = 200;
    config.vocab = 600;
    config.context = 64;
    config.block_tiles.layout = tile(1, 16, 128, true);
    config.embed_tiles.layout = config.head_tiles.layout = tile(2, 32, 128, false);
    return config;
}

bool crux_fused_decoder_named(struct crux_fused_decoder *config, const char *name) {
    static const struct {
        const char *name;
        struct crux_fused_decoder (*make)(void);
    } table[] = {{"llama-3-8b", llama_3_8b},
                 {"mixtral-8x7b", mixtral_8x7b},
                 {"qwen3-30b-a3b", qwen3_30b_a3b},
                 {"smollm2-135m", smollm2_135m},
                 {"tiny", tiny}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(table); i++) {
        if (strcmp(name, table[i].name) != 0) continue;
        *config = table[i].make();
        return true;
    }
    return false;
}
