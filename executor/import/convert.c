#include "executor/import/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the importer chooses for every model: DESIGN's measured formats. */
enum {
    R_BITS = 14,
    INNER_BITS = 14,
    LOGIT_BITS = 16,
    PLACEHOLDER_S0 = 40,
    PLACEHOLDER_BITS = 11,
    BIAS_MOST = 1 << 24
};

static const struct {
    const char *name;
    enum crux_decoder_matrix matrix;
} matrices[] = {{"q", CRUX_DECODER_Q},       {"k", CRUX_DECODER_K},
                {"v", CRUX_DECODER_V},       {"o", CRUX_DECODER_O},
                {"gate", CRUX_DECODER_GATE}, {"up", CRUX_DECODER_UP},
                {"down", CRUX_DECODER_DOWN}, {"router", CRUX_DECODER_ROUTER}};

static const struct {
    const char *name;
    enum crux_decoder_norm_of norm;
} norms[] = {{"n1", CRUX_DECODER_NORM_1},           {"n2", CRUX_DECODER_NORM_2},
             {"q.norm", CRUX_DECODER_NORM_Q},       {"k.norm", CRUX_DECODER_NORM_K},
             {"n1.post", CRUX_DECODER_NORM_1_POST}, {"n2.post", CRUX_DECODER_NORM_2_POST}};

static bool is_of_experts(const struct crux_import_work *work, enum crux_decoder_matrix matrix) {
    return work->decoder.experts != 0 && (matrix == CRUX_DECODER_GATE ||
                                          matrix == CRUX_DECODER_UP || matrix == CRUX_DECODER_DOWN);
}

/* Which experts a row goes through should be as the source has it: spec/55-import.md#float-types */
static enum crux_weights weights_of(const struct crux_import_work *work,
                                    enum crux_decoder_matrix matrix) {
    return matrix == CRUX_DECODER_ROUTER ? CRUX_WEIGHTS_INT16 : work->options->weights;
}

/* One of the experts' matrices. */
static const struct crux_source_tensor *find_expert(const struct crux_import_work *work,
                                                    const char *name, uint32_t expert) {
    char full[48];
    (void)snprintf(full, sizeof full, "%.24s.%u", name, (unsigned)expert);
    return crux_source_find(work->source, full);
}

/* Experts' 16-bit tiles are half as long, so that a witness with the number of its expert still fits. */
static void init_lattice(struct crux_lattice *lattice, const struct crux_source_tensor *tensor,
                         enum crux_weights weights, uint32_t rows, bool of_experts,
                         struct crux_lattice_scale *scale) {
    crux_lattice_init(lattice, tensor->type, weights, rows, tensor->inputs, scale);
    if (!of_experts || lattice->tile.width != 3) return;
    lattice->tile.chunk = CRUX_LATTICE_CHUNK / 2;
    lattice->layout = crux_tile_encode(&lattice->tile);
}

static struct crux_decoder_tiles draft_tiles(const struct crux_source_tensor *tensor,
                                             enum crux_weights weights, bool of_experts) {
    struct crux_lattice lattice;
    if (tensor == NULL) return (struct crux_decoder_tiles){0};
    init_lattice(&lattice, tensor, weights, tensor->rows, of_experts, NULL);
    return (struct crux_decoder_tiles){lattice.layout, 1 << 18};
}

enum crux_status crux_import_work_init(struct crux_import_work *work,
                                       const struct crux_model_source *source,
                                       const struct crux_import_options *options,
                                       struct crux_import_message *message) {
    struct crux_fused_decoder *d = &work->decoder;
    *work = (struct crux_import_work){.source = source,
                                      .options = options,
                                      .message = message,
                                      .decoder = source->decoder,
                                      .embed_s0 = PLACEHOLDER_S0,
                                      .head_s0 = PLACEHOLDER_S0};
    uint32_t most = d->vocab, experts = d->experts != 0 ? d->experts : 1; /* rows of any matrix */
    if (d->ffn_width * experts > most) most = d->ffn_width * experts;     /* below 2^28 */
    if (d->width * experts > most) most = d->width * experts;
    if (d->heads * d->head_width > most) most = d->heads * d->head_width;
    work->plans = calloc(d->blocks, sizeof *work->plans);
    work->rowmul = calloc(most, sizeof *work->rowmul);
    work->embed_rowmul = calloc(d->vocab, sizeof *work->embed_rowmul);
    if (work->plans == NULL || work->rowmul == NULL || work->embed_rowmul == NULL)
        return crux_import_fail(message, CRUX_E_OUT_OF_MEMORY, "no memory for the model's shape");
    d->plans = work->plans;
    d->embed_s0 = &work->embed_s0;
    d->head_s0 = &work->head_s0;
    d->r_bits = R_BITS;
    d->inner_bits = INNER_BITS;
    d->logit_bits = LOGIT_BITS;
    d->norm_bits = PLACEHOLDER_BITS;
    d->embed_tiles = draft_tiles(crux_source_find(source, "embed"), options->weights, false);
    d->head_tiles = d->tied
                        ? d->embed_tiles
                        : draft_tiles(crux_source_find(source, "head"), options->weights, false);
    d->block_tiles = d->embed_tiles; /* not looked at beside plans */
    for (uint32_t i = 0; i < d->blocks; i++) {
        struct crux_decoder_plan *plan = &work->plans[i];
        for (size_t j = 0; j < CRUX_ARRAY_LEN(matrices); j++) {
            enum crux_decoder_matrix matrix = matrices[j].matrix;
            char name[48];
            (void)snprintf(name, sizeof name, "b%u.%s", (unsigned)i, matrices[j].name);
            plan->tiles[matrix] =
                draft_tiles(is_of_experts(work, matrix) ? find_expert(work, name, 0)
                                                        : crux_source_find(source, name),
                            weights_of(work, matrix), is_of_experts(work, matrix));
            plan->s0[matrix] = PLACEHOLDER_S0;
        }
        for (size_t j = 0; j < CRUX_DECODER_NORMS; j++) plan->norm_bits[j] = PLACEHOLDER_BITS;
    }
    return CRUX_OK;
}

void crux_import_work_free(struct crux_import_work *work) {
    free(work->plans);
    free(work->rowmul);
    free(work->embed_rowmul);
    *work = (struct crux_import_work){0};
}

static void add_sums(struct crux_import_work *work, const struct crux_lattice *lattice) {
    size_t i = 0;
    while (work->type_names[i] != NULL && strcmp(work->type_names[i], lattice->type->name) != 0)
        i++; /* there are as many places as types */
    work->type_names[i] = lattice->type->name;
    work->types[i].error += lattice->error;
    work->types[i].value += lattice->value;
    work->types[i].weights += (uint64_t)lattice->rows * lattice->inputs;
}

/* Rows of one tensor, from row `first` of the lattice on. */
static enum crux_status convert_rows(struct crux_import_work *work, struct crux_lattice *lattice,
                                     uint8_t *bytes, const struct crux_source_tensor *tensor,
                                     uint32_t first) {
    uint64_t row_bytes = crux_lattice_row_bytes(lattice);
    for (uint32_t r = 0; r < tensor->rows; r++) {
        enum crux_status status =
            crux_lattice_row(lattice, bytes + (first + (uint64_t)r) * row_bytes, first + r,
                             tensor->bytes + r * tensor->row_bytes);
        if (status == CRUX_E_BAD_RANGE)
            (void)crux_import_fail(work->message, status,
                                   "row %u of %s has a number that is not finite", (unsigned)r,
                                   tensor->name);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

/* In: tensor, the first of `count` that follow each other, each `rows` high; experts: their name, or NULL.
 * Out: tiles' range; k; work->rowmul. */
static enum crux_status convert_stack(struct crux_import_work *work, uint8_t *bytes,
                                      const struct crux_source_tensor *tensor, const char *experts,
                                      enum crux_weights weights, struct crux_decoder_tiles *tiles,
                                      int32_t *k) {
    uint32_t count = experts != NULL ? work->decoder.experts : 1, rows = tensor->rows * count;
    struct crux_lattice lattice;
    struct crux_lattice_scale *scale = calloc(rows, sizeof *scale);
    enum crux_status status = CRUX_OK;
    if (scale == NULL) return CRUX_E_OUT_OF_MEMORY;
    init_lattice(&lattice, tensor, weights, rows, experts != NULL, scale);
    for (uint32_t e = 0; e < count && status == CRUX_OK; e++) {
        const struct crux_source_tensor *part =
            experts != NULL ? find_expert(work, experts, e) : tensor;
        status = part == NULL ? CRUX_E_UNKNOWN_NAME
                              : convert_rows(work, &lattice, bytes, part, e * tensor->rows);
    }
    if (status != CRUX_OK) goto out;
    status = crux_lattice_rowmul(work->rowmul, k, scale, rows);
    if (status != CRUX_OK)
        (void)crux_import_fail(work->message, status, "the weights of %s are too large",
                               tensor->name);
    work->rowmul_count = rows;
    tiles->layout = lattice.layout;
    tiles->most = lattice.most > 0 ? lattice.most : 1;
    add_sums(work, &lattice);
out:
    free(scale);
    return status;
}

static enum crux_status convert_matrix(struct crux_import_work *work, uint8_t *bytes,
                                       const struct crux_source_tensor *tensor,
                                       struct crux_decoder_tiles *tiles, int32_t *k) {
    return convert_stack(work, bytes, tensor, NULL, work->options->weights, tiles, k);
}

/* s0 for a linear: spec/50-fused.md#linear, scale = rowmul / 2^k. */
static int32_t linear_s0(int32_t k, int32_t in_bits, int32_t out_bits) {
    return k - out_bits + in_bits;
}

static enum crux_status store_scale(const struct crux_import_work *work, uint8_t *bytes,
                                    uint64_t len, const int32_t *rowmul) {
    if (rowmul == work->rowmul && len != (uint64_t)work->rowmul_count * 4) return CRUX_E_INTERNAL;
    for (uint64_t i = 0; i < len / 4; i++) crux_store_u32(bytes + 4 * i, (uint32_t)rowmul[i]);
    return CRUX_OK;
}

static enum crux_status convert_outer(struct crux_import_work *work, uint8_t *bytes, uint64_t len,
                                      const char *name, const struct crux_source_tensor *tensor) {
    struct crux_fused_decoder *d = &work->decoder;
    enum crux_status status;
    int32_t k;
    if (strcmp(name, "embed") == 0) {
        status = convert_matrix(work, bytes, tensor, &d->embed_tiles, &work->embed_k);
        if (status != CRUX_OK) return status;
        memcpy(work->embed_rowmul, work->rowmul, d->vocab * sizeof *work->rowmul);
        if (d->tied) {
            d->head_tiles = d->embed_tiles;
            work->head_s0 = linear_s0(work->embed_k, d->inner_bits, d->logit_bits);
        }
        if (work->source->scale_embed)
            work->embed_k -= crux_import_scale_embed(work->rowmul, d->vocab, d->width);
        status = crux_import_stream_bits(work);
        work->embed_s0 = work->embed_k - d->r_bits;
        return status;
    }
    if (strcmp(name, "head") == 0) {
        status = convert_matrix(work, bytes, tensor, &d->head_tiles, &k);
        if (status == CRUX_OK) work->head_s0 = linear_s0(k, d->inner_bits, d->logit_bits);
        return status;
    }
    if (strcmp(name, "embed.scale") == 0) return store_scale(work, bytes, len, work->rowmul);
    if (strcmp(name, "head.scale") == 0)
        return store_scale(work, bytes, len, d->tied ? work->embed_rowmul : work->rowmul);
    if (strcmp(name, "out.norm") == 0)
        return crux_import_norm(bytes, &d->norm_bits, &work->norms, tensor);
    return crux_fused_decoder_table(d, name, bytes, (size_t)len);
}

/* Fraction bits of what a matrix gives: spec/50-fused.md#decoder */
static int32_t out_bits(const struct crux_fused_decoder *d, enum crux_decoder_matrix matrix) {
    if (matrix == CRUX_DECODER_ROUTER) return d->logit_bits;
    bool to_r = !d->post_norms &&
                (matrix == CRUX_DECODER_O || (matrix == CRUX_DECODER_DOWN && d->experts == 0));
    return to_r ? d->r_bits : d->inner_bits;
}

/* A matrix of a block, or that of all its experts. */
static enum crux_status convert_in_stack(struct crux_import_work *work, uint8_t *bytes,
                                         uint32_t block, const char *name,
                                         enum crux_decoder_matrix matrix) {
    const struct crux_fused_decoder *d = &work->decoder;
    struct crux_decoder_plan *plan = &work->plans[block];
    bool of_experts = is_of_experts(work, matrix);
    int32_t k;
    const struct crux_source_tensor *tensor =
        of_experts ? find_expert(work, name, 0) : crux_source_find(work->source, name);
    if (tensor == NULL) return CRUX_E_UNKNOWN_NAME;
    enum crux_status status = convert_stack(work, bytes, tensor, of_experts ? name : NULL,
                                            weights_of(work, matrix), &plan->tiles[matrix], &k);
    if (status == CRUX_OK) plan->s0[matrix] = linear_s0(k, d->inner_bits, out_bits(d, matrix));
    return status;
}

/* In: part, the name after "b7.". */
static enum crux_status convert_in_block(struct crux_import_work *work, uint8_t *bytes,
                                         uint64_t len, uint32_t block, const char *name,
                                         const char *part) {
    const struct crux_source_tensor *tensor = crux_source_find(work->source, name);
    struct crux_fused_decoder *d = &work->decoder;
    struct crux_decoder_plan *plan = &work->plans[block];
    size_t part_len = strlen(part);
    if (part_len > 6 && strcmp(part + part_len - 6, ".scale") == 0)
        return store_scale(work, bytes, len, work->rowmul);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(matrices); i++) {
        if (strcmp(part, matrices[i].name) == 0)
            return convert_in_stack(work, bytes, block, name, matrices[i].matrix);
    }
    if (tensor == NULL) return CRUX_E_UNKNOWN_NAME;
    if (part_len > 5 && strcmp(part + part_len - 5, ".bias") == 0)
        return crux_import_bias(bytes, d->inner_bits, BIAS_MOST, tensor);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(norms); i++) {
        if (strcmp(part, norms[i].name) == 0)
            return crux_import_norm(bytes, &plan->norm_bits[norms[i].norm], &work->norms, tensor);
    }
    return CRUX_E_UNKNOWN_NAME;
}

enum crux_status crux_import_convert(struct crux_import_work *work, uint8_t *bytes, uint64_t len,
                                     const struct crux_model_tensor *tensor) {
    const struct crux_source_tensor *found = crux_source_find(work->source, tensor->name);
    unsigned block = 0;
    int used = 0;
    work->message->text[0] = 0;
    enum crux_status status =
        sscanf(tensor->name, "b%u.%n", &block, &used) == 1 && used > 0 &&
                block < work->decoder.blocks
            ? convert_in_block(work, bytes, len, block, tensor->name, tensor->name + used)
            : convert_outer(work, bytes, len, tensor->name, found);
    if (status != CRUX_OK && work->message->text[0] == 0)
        (void)crux_import_fail(work->message, status, "tensor %s: %s", tensor->name,
                               status == CRUX_E_BAD_RANGE ? "a number is not finite, or too large"
                                                          : crux_status_text(status));
    return status;
}
