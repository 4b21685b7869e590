#include "executor/evaluate/float_model.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 96 };

struct reader {
    struct crux_float_model *model;
    struct crux_import_message *message;
    char arch[32];
    uint32_t context;        /* positions that it is used for */
    enum crux_status status; /* of the first failure */
};

static void refuse(struct reader *reader, enum crux_status status, const char *what,
                   const char *name) {
    if (reader->status != CRUX_OK) return;
    reader->status = crux_import_fail(reader->message, status, "%s: %s", name, what);
}

/* A number of the architecture, or `otherwise` where the file has none. */
static uint32_t number(struct reader *reader, const char *key, uint32_t otherwise) {
    char name[NAME_BYTES];
    uint32_t value = otherwise;
    (void)snprintf(name, sizeof name, "%s.%s", reader->arch, key);
    if (!crux_gguf_u32(&reader->model->gguf, name, &value)) return otherwise;
    return value;
}

/* The same within [1, most]; a missing one without `otherwise` (0) is refused too. */
static uint32_t count(struct reader *reader, const char *key, uint32_t otherwise, uint32_t most) {
    uint32_t value = number(reader, key, otherwise);
    if (value == 0 || value > most)
        refuse(reader, CRUX_E_BAD_RANGE, "missing, zero or too large", key);
    return value;
}

static double real(struct reader *reader, const char *key, double otherwise) {
    char name[NAME_BYTES];
    uint32_t bits;
    float value;
    (void)snprintf(name, sizeof name, "%s.%s", reader->arch, key);
    if (!crux_gguf_f32(&reader->model->gguf, name, &bits)) return otherwise;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) refuse(reader, CRUX_E_BAD_RANGE, "not a finite number", key);
    return (double)value;
}

static bool text_is(const struct crux_gguf_text *text, const char *word) {
    return text->len == strlen(word) && memcmp(text->text, word, text->len) == 0;
}

/* Rows first .. first + rows of the tensor called name, which has depth * `of` rows. */
static struct crux_float_tensor part_of(struct reader *reader, const char *name, uint32_t depth,
                                        uint32_t of, uint32_t first, uint32_t rows,
                                        uint32_t inputs) {
    struct crux_float_tensor out = {.rows = rows, .inputs = inputs};
    const struct crux_gguf_tensor *tensor = crux_gguf_find_tensor(&reader->model->gguf, name);
    if (reader->status != CRUX_OK) return out;
    if (tensor == NULL) {
        refuse(reader, CRUX_E_UNKNOWN_NAME, "no such tensor", name);
    } else if (tensor->type == NULL) {
        refuse(reader, CRUX_E_UNSUPPORTED, "a tensor type that is not known", name);
    } else if (tensor->dim[0] != inputs || tensor->dim[1] != of || tensor->dim[2] != depth ||
               tensor->dims > 3 || inputs % tensor->type->inputs != 0) {
        refuse(reader, CRUX_E_BAD_SHAPE, "another shape than the model's numbers say", name);
    } else {
        out.type = tensor->type;
        out.row_bytes = (size_t)(inputs / tensor->type->inputs) * tensor->type->bytes;
        CRUX_ASSERT((uint64_t)depth * of * out.row_bytes <= tensor->len);
        out.bytes = tensor->bytes + first * out.row_bytes;
    }
    return out;
}

static struct crux_float_tensor part(struct reader *reader, const char *name, uint32_t of,
                                     uint32_t first, uint32_t rows, uint32_t inputs) {
    return part_of(reader, name, 1, of, first, rows, inputs);
}

static const char *block_name(char name[NAME_BYTES], uint32_t block, const char *what) {
    (void)snprintf(name, NAME_BYTES, "blk.%u.%s", block, what);
    return name;
}

static bool has(const struct reader *reader, const char *name) {
    return crux_gguf_find_tensor(&reader->model->gguf, name) != NULL;
}

/* Returns: the tensor's values, malloced; NULL on failure. */
static double *vector(struct reader *reader, const char *name, uint32_t len) {
    struct crux_float_tensor tensor = part(reader, name, 1, 0, 1, len);
    if (reader->status != CRUX_OK) return NULL;
    double *out = malloc(len * sizeof *out);
    if (out == NULL)
        refuse(reader, CRUX_E_OUT_OF_MEMORY, "no memory", name);
    else if (crux_float_tensor_row(&tensor, 0, out) != CRUX_OK)
        refuse(reader, CRUX_E_BAD_RANGE, "holds what is no finite number", name);
    if (reader->status == CRUX_OK) return out;
    free(out);
    return NULL;
}

static double *vector_if(struct reader *reader, const char *name, uint32_t len) {
    return has(reader, name) ? vector(reader, name, len) : NULL;
}

static double *turns(struct reader *reader, double base, double divisor) {
    uint32_t pairs = reader->model->head_width / 2;
    double *turn = malloc(pairs * sizeof *turn);
    if (turn == NULL) {
        refuse(reader, CRUX_E_OUT_OF_MEMORY, "no memory", "rope");
        return NULL;
    }
    for (uint32_t i = 0; i < pairs; i++) turn[i] = pow(base, -(double)i / (double)pairs) / divisor;
    return turn;
}

/* YaRN as published: pairs between two, found by logarithms, go from their own frequency to a stretched one. */
static void stretch_by_yarn(struct reader *reader, double base) {
    struct crux_float_model *model = reader->model;
    const double tau = 6.283185307179586477;
    uint32_t d = model->head_width;
    double factor = real(reader, "rope.scaling.factor", 1),
           original = number(reader, "rope.scaling.original_context_length", model->context),
           fast = real(reader, "rope.scaling.yarn_beta_fast", 32),
           slow = real(reader, "rope.scaling.yarn_beta_slow", 1);
    double low = floor(d * log(original / (fast * tau)) / (2 * log(base))),
           high = ceil(d * log(original / (slow * tau)) / (2 * log(base)));
    low = fmax(low, 0);
    high = fmin(high, d - 1.0);
    for (uint32_t i = 0; i < d / 2; i++) {
        double ramp = fmin(fmax((i - low) / fmax(high - low, 0.001), 0), 1);
        model->turns[i] *= ramp / factor + (1 - ramp);
    }
    model->score_scale *= pow(1 + 0.1 * log(fmax(factor, 1)), 2);
}

/* One list of factors for short contexts, one for long ones. */
static void stretch_by_lists(struct reader *reader) {
    struct crux_float_model *model = reader->model;
    bool is_long =
        reader->context > number(reader, "rope.scaling.original_context_length", model->context);
    double *factor =
        vector(reader, is_long ? "rope_factors_long.weight" : "rope_factors_short.weight",
               model->head_width / 2);
    for (uint32_t i = 0; factor != NULL && i < model->head_width / 2; i++)
        model->turns[i] /= factor[i];
    free(factor);
}

static void read_rope(struct reader *reader) {
    struct crux_float_model *model = reader->model;
    struct crux_gguf_text scaling = {"", 0};
    char name[NAME_BYTES];
    double base = real(reader, "rope.freq_base", 10000), divisor = 1, *factor;
    if (!(base >= 1)) refuse(reader, CRUX_E_BAD_RANGE, "below 1", "rope.freq_base");
    if (number(reader, "rope.dimension_count", model->head_width) != model->head_width)
        refuse(reader, CRUX_E_UNSUPPORTED, "rope over a part of a head", "rope.dimension_count");
    (void)snprintf(name, sizeof name, "%s.rope.scaling.type", reader->arch);
    if (!crux_gguf_text(&model->gguf, name, &scaling) || text_is(&scaling, "linear"))
        divisor = real(reader, "rope.scaling.factor", 1);
    else if (!text_is(&scaling, "none") && !text_is(&scaling, "yarn") &&
             !text_is(&scaling, "longrope"))
        refuse(reader, CRUX_E_UNSUPPORTED, "a scaling that the float reference lacks", name);
    if (!(divisor > 0)) refuse(reader, CRUX_E_BAD_RANGE, "not above 0", "rope.scaling.factor");
    if (reader->status != CRUX_OK) return;
    model->turns = turns(reader, base, divisor);
    model->local_turns = turns(reader, real(reader, "rope.freq_base_swa", 10000), 1);
    if (text_is(&scaling, "yarn") && reader->status == CRUX_OK) stretch_by_yarn(reader, base);
    if (text_is(&scaling, "longrope") && reader->status == CRUX_OK) stretch_by_lists(reader);
    model->score_scale *= pow(real(reader, "rope.scaling.attn_factor", 1), 2);
    factor = vector_if(reader, "rope_freqs.weight", model->head_width / 2);
    for (uint32_t i = 0; factor != NULL && i < model->head_width / 2; i++)
        model->turns[i] /= factor[i];
    free(factor);
}

static void read_experts(struct reader *reader) {
    struct crux_float_model *model = reader->model;
    char name[NAME_BYTES];
    bool of_chosen = true;
    if (number(reader, "expert_count", 0) == 0) return;
    if (strcmp(reader->arch, "llama") != 0 && strcmp(reader->arch, "qwen3moe") != 0)
        refuse(reader, CRUX_E_UNSUPPORTED, "experts of this architecture", "expert_count");
    model->experts = count(reader, "expert_count", 0, CRUX_FLOAT_EXPERTS_MAX);
    model->experts_used = count(reader, "expert_used_count", 0, model->experts);
    model->ffn_width =
        count(reader, "expert_feed_forward_length", model->ffn_width, CRUX_FLOAT_WIDTH_MAX);
    (void)snprintf(name, sizeof name, "%s.expert_weights_norm", reader->arch);
    if (crux_gguf_bool(&reader->model->gguf, name, &of_chosen)) model->experts_of_all = !of_chosen;
}

static void read_numbers(struct reader *reader) {
    struct crux_float_model *model = reader->model;
    model->blocks = count(reader, "block_count", 0, CRUX_FLOAT_BLOCKS_MAX);
    model->width = count(reader, "embedding_length", 0, CRUX_FLOAT_WIDTH_MAX);
    model->heads = count(reader, "attention.head_count", 0, CRUX_FLOAT_HEADS_MAX);
    model->kv_heads = count(reader, "attention.head_count_kv", model->heads, CRUX_FLOAT_HEADS_MAX);
    model->ffn_width = count(reader, "feed_forward_length", 0, CRUX_FLOAT_WIDTH_MAX);
    model->context = count(reader, "context_length", 0, UINT32_MAX);
    if (reader->context == 0 || reader->context > model->context) reader->context = model->context;
    if (reader->status != CRUX_OK) return;
    model->head_width = count(reader, "attention.key_length", model->width / model->heads,
                              CRUX_FLOAT_HEAD_WIDTH_MAX);
    if (number(reader, "attention.value_length", model->head_width) != model->head_width ||
        model->head_width % 2 != 0 || model->heads % model->kv_heads != 0)
        refuse(reader, CRUX_E_UNSUPPORTED, "heads of these shapes", "attention");
    read_experts(reader);
    model->eps = real(reader, "attention.layer_norm_rms_epsilon", 1e-5);
    model->score_scale = 1 / sqrt((double)model->head_width);
    model->embed_scale = 1;
    model->activation = CRUX_FLOAT_SILU;
    model->score_cap = real(reader, "attn_logit_softcapping", 0);
    model->logit_cap = real(reader, "final_logit_softcapping", 0);
}

/* What the names of architectures mean beyond their numbers. */
static void read_arch(struct reader *reader) {
    struct crux_float_model *model = reader->model;
    struct crux_gguf_text arch;
    if (!crux_gguf_text(&model->gguf, "general.architecture", &arch)) {
        refuse(reader, CRUX_E_UNKNOWN_NAME, "missing", "general.architecture");
        return;
    }
    static const char *const known[] = {"llama", "qwen2", "qwen3",  "qwen3moe",
                                        "phi3",  "gemma", "gemma2", "gemma3"};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(known); i++) {
        if (text_is(&arch, known[i]))
            (void)snprintf(reader->arch, sizeof reader->arch, "%s", known[i]);
    }
    if (reader->arch[0] == 0) {
        refuse(reader, CRUX_E_UNSUPPORTED, "an architecture that the float reference lacks",
               "general.architecture");
        return;
    }
    read_numbers(reader);
    model->interleaved = text_is(&arch, "llama");
    if (strncmp(reader->arch, "gemma", 5) == 0) {
        /* The scale is a bfloat16 in the models, and a float in what runs them. */
        model->embed_scale = (double)sqrtf((float)model->width);
        model->activation = CRUX_FLOAT_GELU_TANH;
    }
    /* Those with 27B parameters divide by the width of a head as if there were fewer heads. */
    if ((text_is(&arch, "gemma2") && model->blocks == 46) ||
        (text_is(&arch, "gemma3") && model->blocks == 62))
        model->score_scale = 1 / sqrt((double)model->width / (double)model->heads);
    if (text_is(&arch, "gemma2")) {
        model->score_cap = real(reader, "attn_logit_softcapping", 50);
        model->logit_cap = real(reader, "final_logit_softcapping", 30);
    }
    if (reader->status == CRUX_OK) read_rope(reader);
}

static void read_window(struct reader *reader, struct crux_float_block *block,
                        uint32_t number_of_block, uint32_t window) {
    block->turn = reader->model->turns;
    bool second = strcmp(reader->arch, "gemma2") == 0, third = strcmp(reader->arch, "gemma3") == 0;
    if ((second || third) && window != 0) {
        uint32_t every = number(reader, "attention.sliding_window_pattern", second ? 2 : 6);
        if (every != 0 && (number_of_block + 1) % every == 0) return;
        if (third) block->turn = reader->model->local_turns;
    }
    block->window = window;
}

/* One matrix of one expert: of a tensor with all of them, or by itself in older files. */
static struct crux_float_tensor of_expert(struct reader *reader, uint32_t i, const char *what,
                                          uint32_t expert, uint32_t rows, uint32_t inputs) {
    char word[32], name[NAME_BYTES];
    (void)snprintf(word, sizeof word, "ffn_%s_exps.weight", what);
    if (has(reader, block_name(name, i, word)))
        return part_of(reader, name, reader->model->experts, rows, expert * rows, rows, inputs);
    (void)snprintf(word, sizeof word, "ffn_%s.%u.weight", what, (unsigned)expert);
    return part(reader, block_name(name, i, word), rows, 0, rows, inputs);
}

static void read_feed_forward(struct reader *reader, uint32_t i) {
    struct crux_float_model *model = reader->model;
    struct crux_float_block *block = &model->block[i];
    uint32_t width = model->width, ffn = model->ffn_width;
    char name[NAME_BYTES];
    if (model->experts != 0) {
        block->router = part(reader, block_name(name, i, "ffn_gate_inp.weight"), model->experts, 0,
                             model->experts, width);
        block->expert = calloc((size_t)3 * model->experts, sizeof *block->expert);
        if (block->expert == NULL) refuse(reader, CRUX_E_OUT_OF_MEMORY, "no memory", "experts");
        for (uint32_t e = 0; reader->status == CRUX_OK && e < model->experts; e++) {
            struct crux_float_tensor *expert = block->expert + (size_t)3 * e;
            expert[0] = of_expert(reader, i, "gate", e, ffn, width);
            expert[1] = of_expert(reader, i, "up", e, ffn, width);
            expert[2] = of_expert(reader, i, "down", e, width, ffn);
        }
        return;
    }
    if (has(reader, block_name(name, i, "ffn_gate.weight"))) {
        block->gate = part(reader, name, ffn, 0, ffn, width);
        block->up = part(reader, block_name(name, i, "ffn_up.weight"), ffn, 0, ffn, width);
    } else {
        (void)block_name(name, i, "ffn_up.weight");
        block->gate = part(reader, name, 2 * ffn, 0, ffn, width);
        block->up = part(reader, name, 2 * ffn, ffn, ffn, width);
    }
    block->down = part(reader, block_name(name, i, "ffn_down.weight"), width, 0, width, ffn);
}

static void read_block(struct reader *reader, uint32_t i) {
    struct crux_float_model *model = reader->model;
    struct crux_float_block *block = &model->block[i];
    uint32_t width = model->width, q = model->heads * model->head_width,
             kv = model->kv_heads * model->head_width;
    char name[NAME_BYTES];
    if (has(reader, block_name(name, i, "attn_qkv.weight"))) {
        block->q = part(reader, name, q + 2 * kv, 0, q, width);
        block->k = part(reader, name, q + 2 * kv, q, kv, width);
        block->v = part(reader, name, q + 2 * kv, q + kv, kv, width);
    } else {
        block->q = part(reader, block_name(name, i, "attn_q.weight"), q, 0, q, width);
        block->k = part(reader, block_name(name, i, "attn_k.weight"), kv, 0, kv, width);
        block->v = part(reader, block_name(name, i, "attn_v.weight"), kv, 0, kv, width);
    }
    block->o = part(reader, block_name(name, i, "attn_output.weight"), width, 0, width, q);
    read_feed_forward(reader, i);
    block->n1 = vector(reader, block_name(name, i, "attn_norm.weight"), width);
    block->n2 = vector(reader, block_name(name, i, "ffn_norm.weight"), width);
    block->after_attention =
        vector_if(reader, block_name(name, i, "post_attention_norm.weight"), width);
    block->after_ffn = vector_if(reader, block_name(name, i, "post_ffw_norm.weight"), width);
    block->q_norm = vector_if(reader, block_name(name, i, "attn_q_norm.weight"), model->head_width);
    block->k_norm = vector_if(reader, block_name(name, i, "attn_k_norm.weight"), model->head_width);
    block->bq = vector_if(reader, block_name(name, i, "attn_q.bias"), q);
    block->bk = vector_if(reader, block_name(name, i, "attn_k.bias"), kv);
    block->bv = vector_if(reader, block_name(name, i, "attn_v.bias"), kv);
    block->bo = vector_if(reader, block_name(name, i, "attn_output.bias"), width);
    uint32_t window = strcmp(reader->arch, "gemma2") == 0 ? 4096 : 0;
    read_window(reader, block, i, number(reader, "attention.sliding_window", window));
}

static void read_vocab(struct reader *reader) {
    struct crux_float_model *model = reader->model;
    const struct crux_gguf_tensor *embed = crux_gguf_find_tensor(&model->gguf, "token_embd.weight");
    if (embed == NULL || embed->dim[1] == 0 || embed->dim[1] > CRUX_FLOAT_VOCAB_MAX) {
        refuse(reader, CRUX_E_BAD_SHAPE, "missing, or of a wrong shape", "token_embd.weight");
        return;
    }
    model->vocab = (uint32_t)embed->dim[1];
    model->embed = part(reader, "token_embd.weight", model->vocab, 0, model->vocab, model->width);
    model->head = model->embed;
    if (has(reader, "output.weight"))
        model->head = part(reader, "output.weight", model->vocab, 0, model->vocab, model->width);
    model->out_norm = vector(reader, "output_norm.weight", model->width);
}

enum crux_status crux_float_model_parse(struct crux_float_model *model, const uint8_t *bytes,
                                        size_t len, uint32_t context,
                                        struct crux_import_message *message) {
    struct reader reader = {.model = model, .context = context, .message = message};
    *model = (struct crux_float_model){.map = NULL};
    reader.status = crux_gguf_parse(&model->gguf, bytes, len, message);
    if (reader.status == CRUX_OK) read_arch(&reader);
    if (reader.status == CRUX_OK) read_vocab(&reader);
    if (reader.status != CRUX_OK) return reader.status;
    model->block = calloc(model->blocks, sizeof *model->block);
    if (model->block == NULL) refuse(&reader, CRUX_E_OUT_OF_MEMORY, "no memory", "blocks");
    for (uint32_t i = 0; reader.status == CRUX_OK && i < model->blocks; i++) read_block(&reader, i);
    return reader.status;
}

enum crux_status crux_float_model_open(struct crux_float_model *model, const char *path,
                                       uint32_t context, struct crux_import_message *message) {
    struct stat about;
    *model = (struct crux_float_model){.map = NULL};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size == 0) {
        if (fd >= 0) (void)close(fd);
        return crux_import_fail(message, CRUX_E_IO, "%s: no file that can be read", path);
    }
    size_t len = (size_t)about.st_size;
    void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (map == MAP_FAILED)
        return crux_import_fail(message, CRUX_E_IO, "%s: could not be mapped", path);
    enum crux_status status = crux_float_model_parse(model, map, len, context, message);
    model->map = map;
    model->map_len = len;
    return status;
}

void crux_float_model_free(struct crux_float_model *model) {
    for (uint32_t i = 0; model->block != NULL && i < model->blocks; i++) {
        struct crux_float_block *block = &model->block[i];
        double *vectors[] = {block->n1,        block->n2,     block->after_attention,
                             block->after_ffn, block->q_norm, block->k_norm,
                             block->bq,        block->bk,     block->bv,
                             block->bo};
        for (size_t j = 0; j < CRUX_ARRAY_LEN(vectors); j++) free(vectors[j]);
        free(block->expert);
    }
    free(model->block);
    free(model->out_norm);
    free(model->turns);
    free(model->local_turns);
    crux_gguf_free(&model->gguf);
    if (model->map != NULL) (void)munmap((void *)(uintptr_t)model->map, model->map_len);
    *model = (struct crux_float_model){.map = NULL};
}
