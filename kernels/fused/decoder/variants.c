/* What differs between the blocks of one decoder. */
#include "kernels/fused/attention/attention.h"
#include "kernels/fused/decoder/decoder.h"

static bool is_every_so_many(const struct crux_fused_decoder *config, uint32_t block) {
    return config->global_every != 0 && (block + 1) % config->global_every == 0;
}

bool crux_fused_decoder_is_global(const struct crux_fused_decoder *config, uint32_t block) {
    return config->window == 0 || is_every_so_many(config, block);
}

uint32_t crux_fused_decoder_window(const struct crux_fused_decoder *config, uint32_t block) {
    return crux_fused_decoder_is_global(config, block) ? 0 : config->window;
}

bool crux_fused_decoder_turns_locally(const struct crux_fused_decoder *config, uint32_t block) {
    return config->rope_local_base != 0 && !is_every_so_many(config, block);
}

uint64_t crux_fused_decoder_divisor(const struct crux_fused_decoder *config) {
    if (config->score_divisor != 0) return config->score_divisor;
    return (uint64_t)config->head_width << CRUX_DIVISOR_BITS;
}
