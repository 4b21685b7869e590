#include <string.h>

#include "kernels/fused/decoder/parts.h"
#include "kernels/fused/embed/embed.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/sample/sample.h"
#include "kernels/fused/softcap.h"

enum { EMBED_BITS_MOST = 30, CAP_MAX = 1 << 30 };
#define DIVISOR_LEAST (UINT64_C(1) << 32)

static bool is_valid(const struct crux_fused_decoder *config) {
    const uint32_t counts[] = {config->blocks,     config->width,     config->heads,
                               config->kv_heads,   config->ffn_width, config->vocab,
                               config->head_width, config->context,   config->blocks_per_layer};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(counts); i++) {
        if (counts[i] == 0 || counts[i] > CRUX_CONTEXT_MAX) return false;
    }
    const int32_t bits[] = {config->r_bits, config->norm_bits, config->inner_bits,
                            config->logit_bits};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(bits); i++) {
        if (bits[i] < 0 || bits[i] > 24) return false;
    }
    for (uint32_t i = 0; config->plans != NULL && i < config->blocks; i++) {
        for (size_t j = 0; j < CRUX_DECODER_NORMS; j++) {
            int32_t norm_bits = config->plans[i].norm_bits[j];
            if (norm_bits < 0 || norm_bits > 24) return false;
        }
    }
    if (config->positions == CRUX_DECODER_ROPE && config->head_width % 2 != 0) return false;
    if (config->experts != 0 && (config->bias || config->post_norms)) return false;
    if (config->logit_cap < 0 || config->logit_cap >= CAP_MAX) return false;
    if (config->score_divisor != 0 &&
        (config->score_divisor < DIVISOR_LEAST || config->score_divisor >> 62 != 0))
        return false;
    return config->inner_bits >= 7; /* the least that an activation table takes */
}

static struct crux_value declare_rope(const struct crux_decoder_parts *parts, const char *name) {
    const struct crux_fused_decoder *config = parts->config;
    int64_t one = INT64_C(1) << CRUX_ROPE_BITS;
    return crux_builder_tensor(parts->b, name, 0, crux_type_of(CRUX_I32, -one, one),
                               CRUX_CUBE(config->context, config->head_width / 2, 3));
}

static void declare_tables(struct crux_decoder_parts *parts) {
    const struct crux_fused_decoder *config = parts->config;
    struct crux_shape entries = CRUX_ROW(CRUX_TABLE_ENTRIES);
    int64_t act_most = INT64_C(1) << (config->inner_bits + 5); /* 16 and a little, at inner_bits */
    parts->exp2 = crux_builder_tensor(parts->b, "exp2", 0, crux_exp2_type(), entries);
    parts->act =
        crux_builder_tensor(parts->b, "act", 0, crux_type_fit(-act_most, act_most, 4), entries);
    if (config->positions == CRUX_DECODER_ROPE) {
        parts->rope = declare_rope(parts, "rope");
        if (config->rope_local_base != 0) parts->rope_local = declare_rope(parts, "rope.local");
    }
    if (config->softcap != 0) {
        parts->softcap = crux_builder_tensor(
            parts->b, "softcap", 0, crux_type_fit(-config->softcap, config->softcap, 4), entries);
    }
    if (config->logit_cap != 0) {
        parts->logit_cap =
            crux_builder_tensor(parts->b, "logit.cap", 0,
                                crux_type_fit(-config->logit_cap, config->logit_cap, 4), entries);
    }
}

static struct crux_value declare_embedding(const struct crux_decoder_parts *parts) {
    const struct crux_fused_decoder *config = parts->config;
    struct crux_decoder_tiles tiles = config->embed_tiles;
    return crux_builder_tensor(parts->b, "embed", tiles.layout,
                               crux_type_of(CRUX_I32, -tiles.most, tiles.most),
                               CRUX_GRID(config->vocab, config->width));
}

static struct crux_value embed(const struct crux_decoder_parts *parts, struct crux_value table) {
    const struct crux_fused_decoder *config = parts->config;
    struct crux_fused_embed embed = {.vocab = config->vocab, .r = crux_type_symmetric(INT32_MAX)};
    struct crux_value positions;
    struct crux_fused_embed_values values = {.table = table};
    /* one input: an embedding keeps its own size, 1 at its greatest */
    embed.s0 = config->embed_s0 != NULL
                   ? *config->embed_s0
                   : crux_decoder_shift(config->embed_tiles.most, 1, 0, config->r_bits);
    values.rowmul = crux_builder_tensor(parts->b, "embed.scale", 0,
                                        crux_type_of(CRUX_I32, 0, INT64_C(1) << EMBED_BITS_MOST),
                                        CRUX_ROW(config->vocab));
    if (config->positions == CRUX_DECODER_LEARNED) {
        int64_t most = INT64_C(4) << config->r_bits;
        positions = crux_builder_tensor(parts->b, "positions", 0, crux_type_fit(-most, most, 4),
                                        CRUX_GRID(config->context, config->width));
        values.positions = &positions;
    }
    return crux_fused_embed(parts->b, "embed", &embed, &values);
}

static struct crux_value cap(const struct crux_decoder_parts *parts, struct crux_value logits) {
    int32_t most = parts->config->logit_cap;
    if (most == 0) return logits;
    return crux_emit(parts->b, "cap",
                     crux_draft_lut(crux_type_of(CRUX_I32, -most, most), logits.shape,
                                    crux_softcap_lut(most), CRUX_ARGS(crux_operand_same(logits)),
                                    parts->logit_cap));
}

static struct crux_record head(const struct crux_decoder_parts *parts, struct crux_record r_record,
                               struct crux_value table) {
    const struct crux_fused_decoder *config = parts->config;
    struct crux_builder *b = parts->b;
    struct crux_fused_sample sample = {config->vocab, CRUX_SAMPLE_BLOCK, config->logit_bits};
    struct crux_decoder_linear linear = {.prefix = "",
                                         .name = "head",
                                         .tiles = config->tied ? config->embed_tiles
                                                               : config->head_tiles,
                                         .out = config->vocab,
                                         .in = config->width,
                                         .w = config->tied ? &table : NULL};
    linear.s0 = config->head_s0 != NULL
                    ? *config->head_s0
                    : crux_decoder_shift(linear.tiles.most, config->width, config->inner_bits,
                                         config->logit_bits);
    crux_builder_begin_layer(b, CRUX_ACTIVE_FROM_LAST);
    struct crux_value r = crux_emit_load_record(b, "r", r_record);
    const struct crux_decoder_norm_parts norm = {"out.",
                                                 "norm",
                                                 config->norm,
                                                 config->width,
                                                 config->r_bits,
                                                 config->norm_bits,
                                                 config->inner_bits};
    struct crux_value n = crux_decoder_norm(parts, &norm, r);
    struct crux_quantised x = crux_fused_quant_rows(b, "norm.row", CRUX_LIMIT_LINEAR, n);
    struct crux_value logits = cap(parts, crux_decoder_linear(parts, &linear, x));
    struct crux_value token = config->head == CRUX_DECODER_GREEDY
                                  ? crux_fused_sample_greedy(b, "sample", &sample, logits)
                                  : crux_fused_sample(b, "sample", &sample, logits, parts->exp2);
    struct crux_record record = crux_builder_store(b, "token", token);
    crux_builder_end_layer(b);
    return record;
}

enum crux_status crux_fused_decoder(struct crux_program *program,
                                    const struct crux_fused_decoder *config, char *where) {
    struct crux_builder b;
    struct crux_decoder_parts parts = {.b = &b, .config = config};
    struct crux_record record = {.layer = 0};
    if (where != NULL) memset(where, 0, CRUX_LABEL_BYTES);
    if (!is_valid(config)) return CRUX_E_USAGE;
    crux_builder_init(&b, program, config->context, config->vocab);
    declare_tables(&parts);
    struct crux_value table = declare_embedding(&parts);
    for (uint32_t block = 0; block < config->blocks && b.status == CRUX_OK;) {
        crux_builder_begin_layer(&b, CRUX_ACTIVE_ALWAYS);
        struct crux_value r =
            block == 0 ? embed(&parts, table) : crux_emit_load_record(&b, "r", record);
        for (uint32_t i = 0; i < config->blocks_per_layer && block < config->blocks; i++) {
            r = crux_decoder_block(&parts, block++, r);
        }
        record = crux_builder_store(&b, "r", r);
        crux_builder_end_layer(&b);
    }
    enum crux_status status = crux_builder_finish(&b, head(&parts, record, table));
    if (status != CRUX_OK && where != NULL) memcpy(where, b.what, CRUX_LABEL_BYTES);
    return status;
}
