/* What is derived from a model once. Names of tensors and labels of ops are the decoder's: kernels/fused/decoder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/engine/runner_pack.h"
#include "executor/engine/runner_parts.h"

enum { BIAS_MOST = 1 << 24, WORD_BYTES = CRUX_NAME_BYTES };

static const struct crux_type wide = {CRUX_I32, -INT32_MAX, INT32_MAX};

/* The model being opened. The first failure stays, with what it was about. */
struct opening {
    struct crux_engine_model *model;
    const struct crux_model_memory *memory;
    struct runner_packing packing;
    enum crux_status status;
    char what[WORD_BYTES];
};

static void fail(struct opening *o, enum crux_status status, const char *what) {
    if (o->status != CRUX_OK) return;
    o->status = status;
    (void)snprintf(o->what, sizeof o->what, "%s", what);
}

static void *get(struct opening *o, size_t count, size_t size) {
    void *memory = runner_memory_get(&o->model->memory, count, size);
    if (memory == NULL) fail(o, CRUX_E_OUT_OF_MEMORY, "model");
    return memory;
}

/* ---- tensors and constants of the program ---- */

/* Returns: the tensor's number; UINT32_MAX after a failure. */
static uint32_t number_of(struct opening *o, const char *name) {
    const struct crux_program *program = o->model->program;
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        const struct crux_model_tensor *tensor = &program->tensors[i];
        if (strcmp(tensor->name, name) != 0) continue;
        if (o->memory->tensors[i].len == crux_model_tensor_bytes(tensor)) return i;
        break;
    }
    fail(o, CRUX_E_BAD_LAYOUT, name);
    return UINT32_MAX;
}

/* Returns: the elements of a plain tensor; NULL after a failure. */
static const void *plain(struct opening *o, const char *name, unsigned dtype, uint64_t elements) {
    uint32_t number = number_of(o, name);
    if (number == UINT32_MAX) return NULL;
    const struct crux_model_tensor *tensor = &o->model->program->tensors[number];
    const uint8_t *bytes = o->memory->tensors[number].bytes;
    size_t size = crux_dtype_bytes(dtype);
    if (tensor->layout != 0 || tensor->dtype != dtype ||
        o->memory->tensors[number].len != elements * size || (uintptr_t)bytes % size != 0)
        fail(o, CRUX_E_BAD_LAYOUT, name);
    return bytes;
}

/* In: ndim, of the tensor, whose dimensions but the last multiply to rows. */
static struct crux_tiles tiles_of(struct opening *o, const char *name, unsigned ndim, uint32_t rows,
                                  uint32_t inputs) {
    struct crux_tiles tiles = {.rows = rows, .inputs = inputs};
    uint32_t number = number_of(o, name);
    if (number == UINT32_MAX) return tiles;
    const struct crux_model_tensor *tensor = &o->model->program->tensors[number];
    uint64_t found = 1;
    for (unsigned i = 0; i + 1 < tensor->ndim; i++) found *= tensor->dim[i];
    if (tensor->ndim != ndim || found != rows || tensor->dim[ndim - 1] != inputs ||
        crux_tile_decode(&tiles.tile, tensor->layout) != CRUX_OK)
        fail(o, CRUX_E_BAD_LAYOUT, name);
    tiles.bytes = o->memory->tensors[number].bytes;
    return tiles;
}

/* The shift that lowering chose: a constant of the op with this label. */
static int32_t shift_of(struct opening *o, uint32_t layer, const char *label) {
    const struct crux_layer *l = &o->model->program->layers[layer];
    for (uint32_t i = 0; i < l->ops; i++) {
        const struct crux_labelled_op *op = &o->model->program->ops[l->first + i];
        if (strcmp(op->label, label) == 0) return op->op.s0;
    }
    fail(o, CRUX_E_BAD_LAYOUT, label);
    return 0;
}

/* ---- parts of a block ---- */

static void word(char out[WORD_BYTES], const char *a, const char *b) {
    (void)snprintf(out, WORD_BYTES, "%.24s%.24s", a, b);
}

static struct runner_norm norm_of(struct opening *o, const char *name, enum crux_decoder_norm kind,
                                  uint32_t width, int32_t in_bits, int32_t weight_bits,
                                  int32_t out_bits) {
    const struct crux_fused_decoder *config = &o->model->config;
    struct runner_norm norm = {.kind = kind, .width = width};
    struct crux_fused_norm shape = {.width = width,
                                    .eps_m = config->eps_m,
                                    .eps_shift = config->eps_shift,
                                    .in_bits = in_bits,
                                    .weight_bits = weight_bits,
                                    .out_bits = out_bits,
                                    .weight_most = INT16_MAX};
    char bias[WORD_BYTES];
    norm.weight = plain(o, name, CRUX_I16, width);
    enum crux_status status = kind == CRUX_DECODER_RMSNORM
                                  ? crux_fused_rmsnorm_constants(&norm.constants, &shape)
                                  : crux_fused_layernorm_constants(&norm.constants, &shape);
    if (status != CRUX_OK) fail(o, status, name);
    if (kind == CRUX_DECODER_LAYERNORM) {
        word(bias, name, ".bias");
        norm.bias = plain(o, bias, CRUX_I32, width);
        norm.out = crux_fused_layernorm_out(&norm.constants, BIAS_MOST);
    } else {
        norm.out = (struct crux_type){CRUX_I32, -norm.constants.out_most, norm.constants.out_most};
    }
    return norm;
}

static void pack(struct opening *o, struct runner_matrix *matrix, const struct crux_tiles *tiles) {
    const struct crux_backend *backend = o->model->backend;
    if (o->status != CRUX_OK) return;
    if (tiles->inputs > CRUX_BACKEND_INPUTS_MAX) {
        fail(o, CRUX_E_UNSUPPORTED, backend->name);
        return;
    }
    enum crux_status status = runner_pack_add(&o->packing, &matrix->packed, tiles);
    if (status != CRUX_OK) fail(o, status, "model");
}

/* A matrix of each expert: one tensor of three dimensions, whose rows are cut among them. */
static struct runner_matrix *experts_of(struct opening *o, const char *name, uint32_t layer,
                                        const char *label, uint32_t out, uint32_t in) {
    uint32_t count = o->model->config.experts;
    struct crux_tiles tiles = tiles_of(o, name, 3, count * out, in);
    struct runner_matrix *all = get(o, count, sizeof *all);
    int32_t s0 = shift_of(o, layer, label);
    char part[WORD_BYTES];
    word(part, name, ".scale");
    const int32_t *rowmul = plain(o, part, CRUX_I32, (uint64_t)count * out);
    for (uint32_t i = 0; i < count && o->status == CRUX_OK; i++) {
        struct crux_tiles one = crux_fused_expert_tiles(&tiles, count, i);
        all[i] = (struct runner_matrix){.linear = {s0, wide}, .rowmul = rowmul + (size_t)i * out};
        pack(o, &all[i], &one);
    }
    return all;
}

/* In: name, of the tensor; label, of the op in that layer. */
static void matrix_of(struct opening *o, struct runner_matrix *matrix, const char *name,
                      uint32_t layer, const char *label, uint32_t out, uint32_t in, bool bias) {
    struct crux_tiles tiles = tiles_of(o, name, 2, out, in);
    char part[WORD_BYTES];
    matrix->linear = (struct crux_fused_linear){shift_of(o, layer, label), wide};
    word(part, name, ".scale");
    matrix->rowmul = plain(o, part, CRUX_I32, out);
    word(part, name, ".bias");
    if (bias) matrix->bias = plain(o, part, CRUX_I32, out);
    pack(o, matrix, &tiles);
}

static int32_t weight_bits(const struct crux_fused_decoder *config, uint32_t block,
                           enum crux_decoder_norm_of norm) {
    return config->plans != NULL ? config->plans[block].norm_bits[norm] : config->norm_bits;
}

static void project(struct opening *o, uint32_t block, enum crux_decoder_matrix kind,
                    const char *name, uint32_t out, uint32_t in, bool bias) {
    struct crux_engine_model *model = o->model;
    uint32_t per = model->config.blocks_per_layer;
    char prefix[WORD_BYTES], tensor[WORD_BYTES], label[WORD_BYTES];
    (void)snprintf(prefix, sizeof prefix, "b%u.", (unsigned)block);
    word(tensor, prefix, name);
    (void)snprintf(prefix, sizeof prefix, "b%u.", (unsigned)(block % per));
    word(label, per > 1 ? prefix : "", name);
    bool of_experts =
        model->config.experts != 0 &&
        (kind == CRUX_DECODER_GATE || kind == CRUX_DECODER_UP || kind == CRUX_DECODER_DOWN);
    if (of_experts)
        model->blocks[block].expert[kind] = experts_of(o, tensor, block / per, label, out, in);
    else
        matrix_of(o, &model->blocks[block].matrix[kind], tensor, block / per, label, out, in, bias);
}

static struct crux_fused_rope rope_of(const struct opening *o, const struct runner_norm *norm) {
    const struct crux_fused_decoder *config = &o->model->config;
    return (struct crux_fused_rope){config->rope_layout,
                                    crux_fused_rope_type(config->qk_norm ? norm->out : wide)};
}

/* A norm of a block over the residual stream's width, from or to its fraction bits. */
static struct runner_norm stream_norm(struct opening *o, uint32_t block, const char *name,
                                      enum crux_decoder_norm_of norm) {
    const struct crux_fused_decoder *c = &o->model->config;
    bool post = norm == CRUX_DECODER_NORM_1_POST || norm == CRUX_DECODER_NORM_2_POST;
    char prefix[WORD_BYTES], full[WORD_BYTES];
    (void)snprintf(prefix, sizeof prefix, "b%u.", (unsigned)block);
    word(full, prefix, name);
    return norm_of(o, full, c->norm, c->width, post ? c->inner_bits : c->r_bits,
                   weight_bits(c, block, norm), post ? c->r_bits : c->inner_bits);
}

static struct runner_norm head_norm(struct opening *o, uint32_t block, const char *name,
                                    enum crux_decoder_norm_of norm) {
    const struct crux_fused_decoder *c = &o->model->config;
    char prefix[WORD_BYTES], full[WORD_BYTES];
    (void)snprintf(prefix, sizeof prefix, "b%u.", (unsigned)block);
    word(full, prefix, name);
    return norm_of(o, full, CRUX_DECODER_RMSNORM, c->head_width, c->inner_bits,
                   weight_bits(c, block, norm), c->inner_bits);
}

static void open_block(struct opening *o, uint32_t number) {
    struct crux_engine_model *m = o->model;
    const struct crux_fused_decoder *c = &m->config;
    struct runner_block *block = &m->blocks[number];
    uint32_t q_width = c->heads * c->head_width, kv_width = c->kv_heads * c->head_width;
    bool global = crux_fused_decoder_is_global(c, number);
    block->attention = global ? &m->attention : &m->local_attention;
    block->rope = crux_fused_decoder_turns_locally(c, number) ? m->local_rope : m->rope;
    block->n1 = stream_norm(o, number, "n1", CRUX_DECODER_NORM_1);
    block->n2 = stream_norm(o, number, "n2", CRUX_DECODER_NORM_2);
    if (c->post_norms) {
        block->n1_post = stream_norm(o, number, "n1.post", CRUX_DECODER_NORM_1_POST);
        block->n2_post = stream_norm(o, number, "n2.post", CRUX_DECODER_NORM_2_POST);
    }
    if (c->qk_norm) {
        block->q_norm = head_norm(o, number, "q.norm", CRUX_DECODER_NORM_Q);
        block->k_norm = head_norm(o, number, "k.norm", CRUX_DECODER_NORM_K);
    }
    block->q_rope = rope_of(o, &block->q_norm);
    block->k_rope = rope_of(o, &block->k_norm);
    project(o, number, CRUX_DECODER_Q, "q", q_width, c->width, c->qkv_bias);
    project(o, number, CRUX_DECODER_K, "k", kv_width, c->width, c->qkv_bias);
    project(o, number, CRUX_DECODER_V, "v", kv_width, c->width, c->qkv_bias);
    project(o, number, CRUX_DECODER_O, "o", c->width, q_width, c->bias);
    if (c->experts != 0)
        project(o, number, CRUX_DECODER_ROUTER, "router", c->experts, c->width, false);
    if (c->ffn == CRUX_DECODER_GATED)
        project(o, number, CRUX_DECODER_GATE, "gate", c->ffn_width, c->width, c->bias);
    project(o, number, CRUX_DECODER_UP, "up", c->ffn_width, c->width, c->bias);
    project(o, number, CRUX_DECODER_DOWN, "down", c->width, c->ffn_width, c->bias);
}

/* ---- what all blocks share ---- */

static void open_tables(struct opening *o) {
    struct crux_engine_model *m = o->model;
    const struct crux_fused_decoder *c = &m->config;
    struct crux_table_grid grid = crux_table_activation_grid((unsigned)c->inner_bits);
    m->tables.exp2 = plain(o, "exp2", CRUX_U16, CRUX_TABLE_ENTRIES);
    if (c->softcap != 0) m->tables.softcap = plain(o, "softcap", CRUX_I32, CRUX_TABLE_ENTRIES);
    m->act = plain(o, "act", CRUX_I32, CRUX_TABLE_ENTRIES);
    uint64_t rope_entries = (uint64_t)c->context * (c->head_width / 2) * 3;
    if (c->positions == CRUX_DECODER_ROPE) {
        m->rope = plain(o, "rope", CRUX_I32, rope_entries);
        if (c->rope_local_base != 0) m->local_rope = plain(o, "rope.local", CRUX_I32, rope_entries);
    }
    if (c->logit_cap != 0) {
        m->logit_cap = plain(o, "logit.cap", CRUX_I32, CRUX_TABLE_ENTRIES);
        m->logit_lut = crux_softcap_lut(c->logit_cap);
    }
    if (c->positions == CRUX_DECODER_LEARNED)
        m->positions = plain(o, "positions", CRUX_I32, (uint64_t)c->context * c->width);
    m->activation = (struct crux_fused_activation){
        .lut = {grid.x0, grid.shift, grid.cells, crux_lut_constant(0), crux_lut_line(1, 0)},
        .a = wide,
        .s = c->inner_bits,
        .h = wide};
    m->attention = (struct crux_fused_attention){.heads = c->heads,
                                                 .kv_heads = c->kv_heads,
                                                 .width = c->head_width,
                                                 .context = c->context,
                                                 .softcap = c->softcap};
    crux_fused_attention_scale(&m->attention, crux_fused_decoder_divisor(c), 2 * c->inner_bits);
    m->local_attention = m->attention;
    m->local_attention.window = c->window;
    for (uint32_t i = 0; i < c->blocks; i++) {
        const struct crux_fused_attention *attention =
            crux_fused_decoder_is_global(c, i) ? &m->attention : &m->local_attention;
        uint32_t positions = crux_fused_attention_positions(attention);
        if (positions > m->positions_seen) m->positions_seen = positions;
    }
    m->dot_limit = crux_fused_quant_rows_dot_limit(c->head_width);
    m->sample = (struct crux_fused_sample){c->vocab, CRUX_SAMPLE_BLOCK, c->logit_bits};
}

static void open_ends(struct opening *o) {
    struct crux_engine_model *m = o->model;
    const struct crux_fused_decoder *c = &m->config;
    uint32_t last = m->program->header.layers - 1;
    m->embed_tiles = tiles_of(o, "embed", 2, c->vocab, c->width);
    m->embed_rowmul = plain(o, "embed.scale", CRUX_I32, c->vocab);
    m->embed = (struct crux_fused_embed){c->vocab, shift_of(o, 0, "embed"), wide};
    m->out_norm = norm_of(o, "out.norm", c->norm, c->width, c->r_bits, c->norm_bits, c->inner_bits);
    struct crux_tiles tiles = tiles_of(o, c->tied ? "embed" : "head", 2, c->vocab, c->width);
    m->head.linear = (struct crux_fused_linear){shift_of(o, last, "head"), wide};
    m->head.rowmul = plain(o, "head.scale", CRUX_I32, c->vocab);
    if (m->layers[last].open) pack(o, &m->head, &tiles);
}

static void place_stores(struct runner_layer *layer) {
    for (uint32_t i = 0; i < layer->stores; i++) {
        size_t bytes = (size_t)crux_tensor_bytes(&layer->layout[i]);
        layer->at[i] = layer->record_bytes;
        layer->record_bytes +=
            (bytes + RUNNER_RECORD_ALIGN - 1) / RUNNER_RECORD_ALIGN * RUNNER_RECORD_ALIGN;
    }
}

static bool same_layouts(const struct runner_layer *a, const struct runner_layer *b) {
    if (a->stores != b->stores) return false;
    for (uint32_t i = 0; i < a->stores; i++) {
        const struct crux_layout *x = &a->layout[i], *y = &b->layout[i];
        if (x->rows != y->rows || x->row_elements != y->row_elements ||
            x->element_bytes != y->element_bytes || x->page_bytes != y->page_bytes)
            return false;
    }
    return true;
}

/* Layouts of what a layer stores, from the program itself. */
static void open_layer(struct opening *o, uint32_t number) {
    const struct crux_fused_decoder *c = &o->model->config;
    const struct crux_layer *entry = &o->model->program->layers[number];
    struct runner_layer *layer = &o->model->layers[number];
    struct crux_tensor tensors[CRUX_STORES_MAX] = {{.elements = NULL}};
    uint32_t extent[CRUX_DIMS_MAX] = {0};
    bool head = number + 1 == o->model->program->header.layers;
    layer->first_block = number * c->blocks_per_layer;
    uint32_t left = head ? 0 : c->blocks - layer->first_block;
    layer->blocks = left < c->blocks_per_layer ? left : c->blocks_per_layer;
    layer->stores = layer->blocks * CRUX_RUNNER_STORES + 1;
    if (entry->stores != layer->stores) {
        fail(o, CRUX_E_BAD_LAYOUT, "stores");
        return;
    }
    for (uint32_t i = 0; i < layer->stores; i++) {
        const struct crux_op *op =
            &o->model->program->ops[entry->first + entry->ops - entry->stores + i].op;
        uint64_t k_bytes = UINT64_C(2) * c->kv_heads * c->head_width, wanted;
        for (unsigned d = 0; d < op->ndim; d++) extent[d] = crux_dim_value(&op->dim[d], 0, 1);
        crux_layout_record(&layer->layout[i], op->dtype, op->ndim, extent);
        tensors[i].layout = layer->layout[i];
        wanted = i + 1 < layer->stores ? (i % 2 == 0 ? k_bytes : c->kv_heads)
                 : head                ? sizeof(int32_t)
                                       : sizeof(int32_t) * (uint64_t)c->width;
        if (crux_tensor_bytes(&layer->layout[i]) != wanted) fail(o, CRUX_E_BAD_LAYOUT, "stores");
    }
    layer->roots_bytes = crux_nested_roots_bytes(tensors, layer->stores);
    place_stores(layer);
    if (number > 0) layer->as_before = same_layouts(layer - 1, layer);
}

static bool belong_together(const struct crux_fused_decoder *c,
                            const struct crux_engine_source *source) {
    const struct crux_program_header *header = &source->program->header;
    if (c->blocks == 0 || c->blocks_per_layer == 0 || c->kv_heads == 0) return false;
    return header->layers == (c->blocks - 1) / c->blocks_per_layer + 2 &&
           header->context == c->context && header->vocab == c->vocab &&
           source->memory->count == source->program->tensor_count;
}

/* Which layers are wanted. */
static void choose_layers(struct opening *o, const uint32_t *layers, uint32_t count) {
    struct crux_engine_model *model = o->model;
    uint32_t all = model->program->header.layers;
    model->whole = layers == NULL;
    for (uint32_t i = 0; model->whole && i < all; i++) model->layers[i].open = true;
    for (uint32_t i = 0; !model->whole && i < count; i++) {
        if (layers[i] >= all || (i > 0 && layers[i] <= layers[i - 1])) {
            fail(o, CRUX_E_USAGE, "layers");
            return;
        }
        model->layers[layers[i]].open = true;
    }
}

static void open_all(struct opening *o, const struct crux_engine_source *source) {
    struct crux_engine_model *model = o->model;
    model->blocks = get(o, model->config.blocks, sizeof *model->blocks);
    model->layers = get(o, model->program->header.layers, sizeof *model->layers);
    if (o->status != CRUX_OK) return;
    choose_layers(o, source->layers, source->layer_count);
    for (uint32_t i = 0; i < model->program->header.layers; i++) open_layer(o, i);
    open_tables(o);
    for (uint32_t i = 0; i < model->config.blocks && o->status == CRUX_OK; i++) {
        if (model->layers[i / model->config.blocks_per_layer].open) open_block(o, i);
    }
    open_ends(o);
    if (o->status != CRUX_OK) return;
    enum crux_status status = runner_pack_all(&o->packing, &model->memory);
    if (status != CRUX_OK) fail(o, status, "matrices");
    model->packed_bytes = o->packing.bytes;
}

static bool is_little_endian(void) {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

enum crux_status crux_engine_model_open(struct crux_engine_model **out,
                                        const struct crux_engine_source *source,
                                        const char *backend, char *what) {
    struct opening o = {.memory = source->memory};
    *out = NULL;
    o.model = calloc(1, sizeof *o.model);
    if (o.model == NULL) return CRUX_E_OUT_OF_MEMORY;
    o.model->config = *source->config;
    o.model->program = source->program;
    enum crux_status status = crux_backend_select(&o.model->backend, backend);
    if (status != CRUX_OK)
        fail(&o, status, backend == NULL ? "backend" : backend);
    else
        o.model->fused = o.model->backend->fused();
    if (!is_little_endian()) fail(&o, CRUX_E_UNSUPPORTED, "byte order");
    if (!belong_together(source->config, source)) fail(&o, CRUX_E_BAD_LAYOUT, "program");
    o.packing = (struct runner_packing){.backend = o.model->backend, .mapped = source->mapped};
    if (o.status == CRUX_OK) open_all(&o, source);
    runner_pack_free(&o.packing);
    if (what != NULL) memcpy(what, o.what, CRUX_NAME_BYTES);
    if (o.status == CRUX_OK)
        *out = o.model;
    else
        crux_engine_model_close(o.model);
    return o.status;
}

void crux_engine_model_close(struct crux_engine_model *model) {
    if (model == NULL) return;
    runner_memory_free(&model->memory);
    free(model);
}

uint64_t crux_engine_model_packed_bytes(const struct crux_engine_model *model) {
    return model->packed_bytes;
}

const char *crux_engine_model_backend(const struct crux_engine_model *model) {
    return model->backend->name;
}
