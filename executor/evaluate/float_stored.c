#include "executor/evaluate/float_stored.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_BYTES = 64 };
#define TURN 6.283185307179586477

struct reader {
    struct crux_float_model *model;
    const struct crux_model_file *file;
    struct crux_import_message *message;
    enum crux_status status; /* of the first failure */
};

static void refuse(struct reader *reader, enum crux_status status, const char *what,
                   const char *name) {
    if (reader->status != CRUX_OK) return;
    reader->status = crux_import_fail(reader->message, status, "%s: %s", name, what);
}

static const char *block_name(char name[NAME_BYTES], uint32_t block, const char *what) {
    (void)snprintf(name, NAME_BYTES, "b%u.%s", (unsigned)block, what);
    return name;
}

/* Returns: the bytes of a tensor of `len` bytes; NULL on failure. */
static const uint8_t *bytes_of(struct reader *reader, const char *name, uint64_t len) {
    uint32_t number = crux_model_file_find(reader->file, name);
    if (number == UINT32_MAX) {
        refuse(reader, CRUX_E_UNKNOWN_NAME, "no such tensor", name);
    } else if (reader->file->memory.tensors[number].len != len) {
        refuse(reader, CRUX_E_BAD_LAYOUT, "another length than its shape gives", name);
    } else {
        return reader->file->memory.tensors[number].bytes;
    }
    return NULL;
}

/* scale: the name of the tensor of row scales.  k: a weight is (m*q + n) * scale / 2^k. */
static struct crux_float_tensor matrix(struct reader *reader, const char *name, const char *scale,
                                       uint8_t layout, int32_t k, uint32_t rows, uint32_t inputs) {
    struct crux_float_tensor out = {.rows = rows, .inputs = inputs, .k = k};
    if (reader->status != CRUX_OK) return out;
    if (crux_tile_decode(&out.tile, layout) != CRUX_OK) {
        refuse(reader, CRUX_E_BAD_LAYOUT, "no tiles", name);
        return out;
    }
    uint32_t tiles = crux_tile_count(&out.tile, inputs);
    for (uint32_t t = 0; t < tiles; t++)
        out.row_bytes += crux_tile_bytes(&out.tile, crux_tile_inputs(&out.tile, inputs, t));
    out.bytes = bytes_of(reader, name, (uint64_t)rows * out.row_bytes);
    out.row_scale = bytes_of(reader, scale, (uint64_t)rows * 4);
    return out;
}

static struct crux_float_tensor linear(struct reader *reader, uint32_t block,
                                       enum crux_decoder_matrix which, uint32_t rows,
                                       uint32_t inputs) {
    static const char *const names[CRUX_DECODER_MATRICES] = {
        [CRUX_DECODER_Q] = "q",       [CRUX_DECODER_K] = "k",          [CRUX_DECODER_V] = "v",
        [CRUX_DECODER_O] = "o",       [CRUX_DECODER_GATE] = "gate",    [CRUX_DECODER_UP] = "up",
        [CRUX_DECODER_DOWN] = "down", [CRUX_DECODER_ROUTER] = "router"};
    const struct crux_fused_decoder *d = &reader->file->config.decoder;
    const struct crux_decoder_plan *plan = &d->plans[block];
    bool to_r = !d->post_norms &&
                (which == CRUX_DECODER_O || (which == CRUX_DECODER_DOWN && d->experts == 0));
    int32_t out_bits = which == CRUX_DECODER_ROUTER ? d->logit_bits
                       : to_r                       ? d->r_bits
                                                    : d->inner_bits;
    char name[NAME_BYTES], scale[NAME_BYTES], word[16];
    (void)snprintf(word, sizeof word, "%s.scale", names[which]);
    /* spec/50-fused.md#linear */
    int32_t k = plan->s0[which] + out_bits - d->inner_bits;
    return matrix(reader, block_name(name, block, names[which]), block_name(scale, block, word),
                  plan->tiles[which].layout, k, rows, inputs);
}

/* Out: malloced; values of i16 or i32 with so many fraction bits. */
static double *vector(struct reader *reader, const char *name, unsigned dtype, int32_t bits,
                      uint32_t len) {
    size_t size = crux_dtype_bytes(dtype);
    if (reader->status != CRUX_OK) return NULL;
    const uint8_t *bytes = bytes_of(reader, name, len * size);
    double *out = malloc(len * sizeof *out);
    if (out == NULL) refuse(reader, CRUX_E_OUT_OF_MEMORY, "no memory", name);
    for (uint32_t i = 0; reader->status == CRUX_OK && i < len; i++)
        out[i] = ldexp((double)crux_dtype_get(dtype, bytes + i * size), -bits);
    if (reader->status == CRUX_OK) return out;
    free(out);
    return NULL;
}

/* Expert number `expert` of a matrix with `rows` rows each. */
static struct crux_float_tensor of_expert(struct crux_float_tensor all, uint32_t expert,
                                          uint32_t rows) {
    if (all.bytes == NULL || all.row_scale == NULL) return all; /* refused */
    all.bytes += (size_t)expert * rows * all.row_bytes;
    all.row_scale += (size_t)expert * rows * 4;
    all.rows = rows;
    return all;
}

static void read_feed_forward(struct reader *reader, uint32_t i) {
    struct crux_float_block *block = &reader->model->block[i];
    const struct crux_fused_decoder *d = &reader->file->config.decoder;
    uint32_t each = d->experts != 0 ? d->experts : 1, ffn = each * d->ffn_width;
    struct crux_float_tensor gate = linear(reader, i, CRUX_DECODER_GATE, ffn, d->width),
                             up = linear(reader, i, CRUX_DECODER_UP, ffn, d->width),
                             down = linear(reader, i, CRUX_DECODER_DOWN, each * d->width,
                                           d->ffn_width);
    block->gate = gate;
    block->up = up;
    block->down = down;
    if (d->experts == 0) return;
    block->router = linear(reader, i, CRUX_DECODER_ROUTER, d->experts, d->width);
    block->expert = calloc((size_t)3 * d->experts, sizeof *block->expert);
    if (block->expert == NULL) refuse(reader, CRUX_E_OUT_OF_MEMORY, "no memory", "experts");
    for (uint32_t e = 0; reader->status == CRUX_OK && e < d->experts; e++) {
        block->expert[3 * e] = of_expert(gate, e, d->ffn_width);
        block->expert[3 * e + 1] = of_expert(up, e, d->ffn_width);
        block->expert[3 * e + 2] = of_expert(down, e, d->width);
    }
}

static void read_block(struct reader *reader, uint32_t i) {
    struct crux_float_model *model = reader->model;
    struct crux_float_block *block = &model->block[i];
    const struct crux_fused_decoder *d = &reader->file->config.decoder;
    const int32_t *bits = d->plans[i].norm_bits;
    uint32_t q = d->heads * d->head_width, kv = d->kv_heads * d->head_width;
    char name[NAME_BYTES];
    block->q = linear(reader, i, CRUX_DECODER_Q, q, d->width);
    block->k = linear(reader, i, CRUX_DECODER_K, kv, d->width);
    block->v = linear(reader, i, CRUX_DECODER_V, kv, d->width);
    block->o = linear(reader, i, CRUX_DECODER_O, d->width, q);
    read_feed_forward(reader, i);
    block->n1 =
        vector(reader, block_name(name, i, "n1"), CRUX_I16, bits[CRUX_DECODER_NORM_1], d->width);
    block->n2 =
        vector(reader, block_name(name, i, "n2"), CRUX_I16, bits[CRUX_DECODER_NORM_2], d->width);
    if (d->post_norms) {
        block->after_attention = vector(reader, block_name(name, i, "n1.post"), CRUX_I16,
                                        bits[CRUX_DECODER_NORM_1_POST], d->width);
        block->after_ffn = vector(reader, block_name(name, i, "n2.post"), CRUX_I16,
                                  bits[CRUX_DECODER_NORM_2_POST], d->width);
    }
    if (d->qk_norm) {
        block->q_norm = vector(reader, block_name(name, i, "q.norm"), CRUX_I16,
                               bits[CRUX_DECODER_NORM_Q], d->head_width);
        block->k_norm = vector(reader, block_name(name, i, "k.norm"), CRUX_I16,
                               bits[CRUX_DECODER_NORM_K], d->head_width);
    }
    if (d->qkv_bias) {
        block->bq = vector(reader, block_name(name, i, "q.bias"), CRUX_I32, d->inner_bits, q);
        block->bk = vector(reader, block_name(name, i, "k.bias"), CRUX_I32, d->inner_bits, kv);
        block->bv = vector(reader, block_name(name, i, "v.bias"), CRUX_I32, d->inner_bits, kv);
    }
    block->window = crux_fused_decoder_window(d, i);
    block->turn = crux_fused_decoder_turns_locally(d, i) ? model->local_turns : model->turns;
}

static void read_rope(struct reader *reader) {
    const struct crux_fused_decoder *d = &reader->file->config.decoder;
    uint32_t pairs = d->head_width / 2;
    uint64_t *turns = malloc(pairs * sizeof *turns);
    double **out[2] = {&reader->model->turns, &reader->model->local_turns};
    for (unsigned i = 0; i < 2; i++) *out[i] = malloc(pairs * sizeof **out[i]);
    if (turns == NULL || *out[0] == NULL || *out[1] == NULL) {
        refuse(reader, CRUX_E_OUT_OF_MEMORY, "no memory", "rope");
    } else {
        crux_table_rope_turns(turns, d->rope_base, d->head_width);
        for (uint32_t i = 0; i < pairs; i++) {
            uint64_t turn = d->rope_turns != NULL ? d->rope_turns[i] : turns[i];
            (*out[0])[i] = ldexp((double)turn, -64) * TURN;
        }
        if (d->rope_local_base != 0)
            crux_table_rope_turns(turns, d->rope_local_base, d->head_width);
        for (uint32_t i = 0; i < pairs; i++) (*out[1])[i] = ldexp((double)turns[i], -64) * TURN;
    }
    free(turns);
}

static void read_shape(struct reader *reader) {
    const struct crux_fused_decoder *d = &reader->file->config.decoder;
    struct crux_float_model *model = reader->model;
    if (d->norm != CRUX_DECODER_RMSNORM || d->positions != CRUX_DECODER_ROPE ||
        d->ffn != CRUX_DECODER_GATED || d->bias || d->activation == CRUX_TABLE_GELU_ERF)
        refuse(reader, CRUX_E_UNSUPPORTED, "a decoder that the float reference lacks", "model");
    if (d->plans == NULL || d->embed_s0 == NULL || d->head_s0 == NULL)
        refuse(reader, CRUX_E_UNSUPPORTED, "not imported: its weights stand for no numbers",
               "model");
    model->blocks = d->blocks;
    model->width = d->width;
    model->heads = d->heads;
    model->kv_heads = d->kv_heads;
    model->head_width = d->head_width;
    model->ffn_width = d->ffn_width;
    model->experts = d->experts;
    model->experts_used = d->experts_used;
    model->experts_of_all = d->experts_of_all;
    model->vocab = d->vocab;
    model->context = d->context;
    model->eps = ldexp((double)d->eps_m, -d->eps_shift);
    model->embed_scale = 1;
    model->score_scale = 1 / sqrt(ldexp((double)crux_fused_decoder_divisor(d), -32));
    model->score_cap = ldexp((double)d->softcap, -16) * 0.69314718055994530942; /* in log2 units */
    model->logit_cap = ldexp((double)d->logit_cap, -d->logit_bits);
    model->interleaved = d->rope_layout == CRUX_ROPE_INTERLEAVED;
    model->activation = d->activation == CRUX_TABLE_SILU ? CRUX_FLOAT_SILU : CRUX_FLOAT_GELU_TANH;
}

enum crux_status crux_float_model_stored(struct crux_float_model *model,
                                         const struct crux_model_file *file,
                                         struct crux_import_message *message) {
    struct reader reader = {.model = model, .file = file, .message = message};
    const struct crux_fused_decoder *d = &file->config.decoder;
    *model = (struct crux_float_model){.map = NULL};
    read_shape(&reader);
    if (reader.status != CRUX_OK) return reader.status;
    read_rope(&reader);
    model->embed = matrix(&reader, "embed", "embed.scale", d->embed_tiles.layout,
                          *d->embed_s0 + d->r_bits, d->vocab, d->width);
    model->head = matrix(&reader, d->tied ? "embed" : "head", "head.scale",
                         d->tied ? d->embed_tiles.layout : d->head_tiles.layout,
                         *d->head_s0 + d->logit_bits - d->inner_bits, d->vocab, d->width);
    model->out_norm = vector(&reader, "out.norm", CRUX_I16, d->norm_bits, d->width);
    model->block = calloc(model->blocks, sizeof *model->block);
    if (model->block == NULL) refuse(&reader, CRUX_E_OUT_OF_MEMORY, "no memory", "blocks");
    for (uint32_t i = 0; reader.status == CRUX_OK && i < model->blocks; i++) read_block(&reader, i);
    return reader.status;
}
