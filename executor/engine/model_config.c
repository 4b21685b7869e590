#include "executor/engine/model_config.h"

#include <stdlib.h>

enum {
    VERSION = 2,
    VERSION_1 = 1,     /* still read: blocks all alike, and no norms after branches */
    NORMS_1 = 4,       /* of a block in version 1 */
    FIXED_BYTES = 256, /* at least what stands before the plans */
    WIDTH_MAX = 1 << 20,
    HEADS_MAX = 1 << 12,
    HEAD_WIDTH_MAX = 256,
    VOCAB_MAX = 1 << 18,
    BITS_MAX = 24, /* fraction bits */
    S0_LO = -31,   /* requantise's shifts */
    S0_HI = 95,
    PLAN_BYTES = CRUX_DECODER_MATRICES * 13 + CRUX_DECODER_NORMS * 4
};

void crux_model_config_free(struct crux_model_config *config) {
    free(config->plans);
    free(config->rope_turns);
    *config = (struct crux_model_config){0};
}

/* Only a block of experts has a router, the last of the kinds. */
static size_t matrices_of(const struct crux_fused_decoder *d) {
    return d->experts != 0 ? CRUX_DECODER_MATRICES : CRUX_DECODER_ROUTER;
}

static void put_tiles(struct crux_writer *out, const struct crux_decoder_tiles *tiles) {
    crux_put_u8(out, tiles->layout);
    crux_put_i64(out, tiles->most);
}

static void put_fixed(struct crux_writer *out, const struct crux_fused_decoder *d) {
    const uint32_t counts[] = {d->blocks,    d->width, d->heads,   d->kv_heads, d->head_width,
                               d->ffn_width, d->vocab, d->context, d->window,   d->blocks_per_layer,
                               d->rope_base};
    const uint8_t choices[] = {(uint8_t)d->norm,    (uint8_t)d->positions,  (uint8_t)d->rope_layout,
                               (uint8_t)d->ffn,     (uint8_t)d->activation, (uint8_t)d->head,
                               (uint8_t)d->qk_norm, (uint8_t)d->qkv_bias,   (uint8_t)d->bias,
                               (uint8_t)d->tied};
    crux_put_u32(out, VERSION);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(counts); i++) crux_put_u32(out, counts[i]);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(choices); i++) crux_put_u8(out, choices[i]);
    crux_put_i32(out, d->softcap);
    put_tiles(out, &d->embed_tiles);
    put_tiles(out, &d->block_tiles);
    put_tiles(out, &d->head_tiles);
    crux_put_i64(out, d->eps_m);
    crux_put_i32(out, d->eps_shift);
    crux_put_i32(out, d->r_bits);
    crux_put_i32(out, d->norm_bits);
    crux_put_i32(out, d->inner_bits);
    crux_put_i32(out, d->logit_bits);
    crux_put_u8(out, d->embed_s0 != NULL);
    crux_put_i32(out, d->embed_s0 != NULL ? *d->embed_s0 : 0);
    crux_put_u8(out, d->head_s0 != NULL);
    crux_put_i32(out, d->head_s0 != NULL ? *d->head_s0 : 0);
    crux_put_u8(out, d->plans != NULL);
    crux_put_u8(out, d->rope_turns != NULL);
    crux_put_u32(out, d->global_every);
    crux_put_u32(out, d->rope_local_base);
    crux_put_u8(out, d->post_norms);
    crux_put_i32(out, d->logit_cap);
    crux_put_u64(out, d->score_divisor);
    crux_put_u32(out, d->experts);
    crux_put_u32(out, d->experts_used);
    crux_put_u8(out, d->experts_of_all);
}

enum crux_status crux_model_config_encode(uint8_t **out, size_t *len,
                                          const struct crux_fused_decoder *decoder) {
    struct crux_writer writer;
    size_t cap = FIXED_BYTES + (size_t)decoder->blocks * PLAN_BYTES + decoder->head_width * 4U;
    uint8_t *bytes = malloc(cap);
    *out = NULL;
    if (bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_writer_init(&writer, bytes, cap);
    put_fixed(&writer, decoder);
    for (uint32_t i = 0; decoder->plans != NULL && i < decoder->blocks; i++) {
        const struct crux_decoder_plan *plan = &decoder->plans[i];
        for (size_t j = 0; j < matrices_of(decoder); j++) {
            put_tiles(&writer, &plan->tiles[j]);
            crux_put_i32(&writer, plan->s0[j]);
        }
        for (size_t j = 0; j < CRUX_DECODER_NORMS; j++) crux_put_i32(&writer, plan->norm_bits[j]);
    }
    for (uint32_t i = 0; decoder->rope_turns != NULL && i < decoder->head_width / 2; i++)
        crux_put_u64(&writer, decoder->rope_turns[i]);
    enum crux_status status = crux_writer_finish(&writer, len);
    CRUX_ASSERT(status == CRUX_OK); /* cap is enough */
    *out = bytes;
    return CRUX_OK;
}

/* A number up to `most`. */
static unsigned get_choice(struct crux_cursor *in, unsigned most) {
    unsigned value = crux_get_u8(in);
    if (value <= most) return value;
    crux_cursor_fail(in, CRUX_E_BAD_RANGE);
    return 0;
}

static bool get_bool(struct crux_cursor *in) {
    return get_choice(in, 1) != 0;
}

static void get_tiles(struct crux_cursor *in, struct crux_decoder_tiles *tiles) {
    struct crux_tile tile;
    tiles->layout = crux_get_u8(in);
    tiles->most = crux_get_i64(in);
    if (tiles->most < 1 || tiles->most > INT32_MAX) crux_cursor_fail(in, CRUX_E_BAD_RANGE);
    enum crux_status status = crux_tile_decode(&tile, tiles->layout);
    if (status != CRUX_OK) crux_cursor_fail(in, status);
}

static int32_t get_between(struct crux_cursor *in, int32_t lo, int32_t hi) {
    int32_t value = crux_get_i32(in);
    if (value >= lo && value <= hi) return value;
    crux_cursor_fail(in, CRUX_E_BAD_RANGE);
    return lo;
}

static bool is_count(uint32_t value, uint32_t most) {
    return value >= 1 && value <= most;
}

static bool has_good_experts(const struct crux_fused_decoder *d) {
    if (d->experts == 0) return d->experts_used == 0 && !d->experts_of_all;
    return d->experts <= CRUX_EXPERTS_MAX && is_count(d->experts_used, d->experts) &&
           d->experts_used <= CRUX_EXPERTS_USED_MAX;
}

/* What lowering would otherwise assert, allocate by, or compute beyond 32 bits with. */
static bool is_within_limits(const struct crux_fused_decoder *d) {
    return is_count(d->blocks, CRUX_LAYERS_MAX - 1) && is_count(d->width, WIDTH_MAX) &&
           is_count(d->heads, HEADS_MAX) && is_count(d->kv_heads, HEADS_MAX) &&
           d->heads % d->kv_heads == 0 && is_count(d->head_width, HEAD_WIDTH_MAX) &&
           is_count(d->ffn_width, WIDTH_MAX) && is_count(d->vocab, VOCAB_MAX) &&
           is_count(d->context, CRUX_CONTEXT_MAX - 1) && d->window <= CRUX_CONTEXT_MAX &&
           is_count(d->blocks_per_layer, CRUX_STORES_MAX) && d->rope_base >= 1 && d->softcap >= 0 &&
           d->softcap < 1 << 30 && d->global_every <= CRUX_LAYERS_MAX && d->logit_cap >= 0 &&
           d->logit_cap < 1 << 30 && (d->score_divisor == 0 || d->score_divisor >> 32 != 0) &&
           d->score_divisor >> 62 == 0 && d->eps_m >= 0 && d->eps_m >> 53 == 0 &&
           has_good_experts(d) && d->eps_shift >= -64 && d->eps_shift <= 512 && d->inner_bits >= 7;
}

/* What comes after the fixed part. */
struct rest {
    uint32_t norms; /* of a plan */
    bool plans, turns;
};

/* What version 2 added. */
static void get_variants(struct crux_cursor *in, struct crux_fused_decoder *d) {
    d->global_every = crux_get_u32(in);
    d->rope_local_base = crux_get_u32(in);
    d->post_norms = get_bool(in);
    d->logit_cap = crux_get_i32(in);
    d->score_divisor = crux_get_u64(in);
    d->experts = crux_get_u32(in);
    d->experts_used = crux_get_u32(in);
    d->experts_of_all = get_bool(in);
}

static void get_fixed(struct crux_cursor *in, struct crux_model_config *config, struct rest *rest) {
    struct crux_fused_decoder *d = &config->decoder;
    uint32_t *counts[] = {&d->blocks,    &d->width, &d->heads,   &d->kv_heads, &d->head_width,
                          &d->ffn_width, &d->vocab, &d->context, &d->window,   &d->blocks_per_layer,
                          &d->rope_base};
    uint32_t version = crux_get_u32(in);
    if (version != VERSION && version != VERSION_1) crux_cursor_fail(in, CRUX_E_BAD_VERSION);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(counts); i++) *counts[i] = crux_get_u32(in);
    d->norm = (enum crux_decoder_norm)get_choice(in, CRUX_DECODER_LAYERNORM);
    d->positions = (enum crux_decoder_positions)get_choice(in, CRUX_DECODER_NO_POSITIONS);
    d->rope_layout = (enum crux_rope_layout)get_choice(in, CRUX_ROPE_INTERLEAVED);
    d->ffn = (enum crux_decoder_ffn)get_choice(in, CRUX_DECODER_PLAIN);
    d->activation = (enum crux_table_activation)get_choice(in, CRUX_TABLE_GELU_ERF);
    d->head = (enum crux_decoder_head)get_choice(in, CRUX_DECODER_GREEDY);
    d->qk_norm = get_bool(in);
    d->qkv_bias = get_bool(in);
    d->bias = get_bool(in);
    d->tied = get_bool(in);
    d->softcap = crux_get_i32(in);
    get_tiles(in, &d->embed_tiles);
    get_tiles(in, &d->block_tiles);
    get_tiles(in, &d->head_tiles);
    d->eps_m = crux_get_i64(in);
    d->eps_shift = crux_get_i32(in);
    d->r_bits = get_between(in, 0, BITS_MAX);
    d->norm_bits = get_between(in, 0, BITS_MAX);
    d->inner_bits = get_between(in, 0, BITS_MAX);
    d->logit_bits = get_between(in, 0, BITS_MAX);
    if (get_bool(in)) d->embed_s0 = &config->embed_s0;
    config->embed_s0 = get_between(in, S0_LO, S0_HI);
    if (get_bool(in)) d->head_s0 = &config->head_s0;
    config->head_s0 = get_between(in, S0_LO, S0_HI);
    rest->plans = get_bool(in);
    rest->turns = get_bool(in);
    rest->norms = version == VERSION_1 ? NORMS_1 : CRUX_DECODER_NORMS;
    if (version != VERSION_1) get_variants(in, d);
    if (in->status == CRUX_OK && !is_within_limits(d)) crux_cursor_fail(in, CRUX_E_BAD_RANGE);
}

static enum crux_status get_arrays(struct crux_cursor *in, struct crux_model_config *config,
                                   const struct rest *rest) {
    struct crux_fused_decoder *d = &config->decoder;
    if (rest->plans) {
        config->plans = calloc(d->blocks + 1U, sizeof *config->plans);
        if (config->plans == NULL) return CRUX_E_OUT_OF_MEMORY;
        d->plans = config->plans;
    }
    for (uint32_t i = 0; rest->plans && i < d->blocks; i++) {
        struct crux_decoder_plan *plan = &config->plans[i];
        for (size_t j = 0; j < matrices_of(d); j++) {
            get_tiles(in, &plan->tiles[j]);
            plan->s0[j] = get_between(in, S0_LO, S0_HI);
        }
        for (uint32_t j = 0; j < rest->norms; j++)
            plan->norm_bits[j] = get_between(in, 0, BITS_MAX);
    }
    if (rest->turns) {
        config->rope_turns = calloc(d->head_width + 1U, sizeof *config->rope_turns);
        if (config->rope_turns == NULL) return CRUX_E_OUT_OF_MEMORY;
        d->rope_turns = config->rope_turns;
    }
    for (uint32_t i = 0; rest->turns && i < d->head_width / 2; i++)
        config->rope_turns[i] = crux_get_u64(in);
    return CRUX_OK;
}

enum crux_status crux_model_config_decode(struct crux_model_config *config, const uint8_t *in,
                                          size_t len) {
    struct crux_cursor cursor;
    struct rest rest;
    *config = (struct crux_model_config){0};
    crux_cursor_init(&cursor, in, len);
    get_fixed(&cursor, config, &rest);
    if (cursor.status != CRUX_OK) return cursor.status;
    enum crux_status status = get_arrays(&cursor, config, &rest);
    return status == CRUX_OK ? crux_cursor_finish(&cursor) : status;
}
