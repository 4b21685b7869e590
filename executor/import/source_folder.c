/* A Hugging Face folder to a decoder: config.json, safetensors in one file or many, tokenizer.json. What the folder has
 * and this does not know is refused by name. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/safetensors.h"
#include "executor/import/source_config.h"

enum { FILE_NAME_BYTES = 256 };

/* Keys, and names of tensors below "model.layers.7.": folder.gate.weight routes, folder.experts.3.gate.weight is one. */
struct expert_names {
    const char *count, *width, *norm; /* width NULL: intermediate_size; norm NULL: always true */
    const char *folder, *gate, *up, *down;
};
static const struct expert_names mixtral = {
    "num_local_experts", NULL, NULL, "block_sparse_moe", "w1", "w3", "w2"};
static const struct expert_names qwen3_moe = {
    "num_experts", "moe_intermediate_size", "norm_topk_prob", "mlp", "gate_proj", "up_proj",
    "down_proj"};

static const struct arch {
    const char *name; /* model_type */
    bool qk_norm, qkv_bias, fused;
    const struct expert_names *experts; /* or NULL */
    unsigned gemma;                     /* crux_source_gemma */
} archs[] = {
    {"llama", false, false, false, NULL, 0},
    {"mistral", false, false, false, NULL, 0},
    {"qwen2", false, true, false, NULL, 0},
    {"qwen3", true, false, false, NULL, 0},
    {"phi3", false, false, true, NULL, 0},
    {"mixtral", false, false, false, &mixtral, 0},
    {"qwen3_moe", true, false, false, &qwen3_moe, 0},
    {"gemma", false, false, false, NULL, 1},
    {"gemma2", false, false, false, NULL, 2},
    {"gemma3_text", true, false, false, NULL, 3},
};

struct shard {
    char name[FILE_NAME_BYTES];
    struct crux_safetensors file;
    bool *used;
};

struct reading {
    struct crux_model_source *source;
    const char *path;
    struct crux_import_message *message;
    json_t *config;
    const struct arch *arch;
    struct shard *shards;
    uint32_t shard_count;
};

static enum crux_status unsupported(const struct reading *r, const char *what) {
    return crux_import_fail(r->message, CRUX_E_UNSUPPORTED, "config.json: %s is not supported",
                            what);
}

/* ---- config.json ---- */

static const json_t *key(const struct reading *r, const char *name) {
    const json_t *value = json_object_get(r->config, name);
    return json_is_null(value) ? NULL : value;
}

static enum crux_status whole(const struct reading *r, const char *name, bool needed, uint32_t most,
                              uint32_t *out) {
    const json_t *value = key(r, name);
    if (value == NULL && !needed) return CRUX_OK;
    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > (json_int_t)most)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "config.json does not give %s as a whole number up to %u", name,
                                (unsigned)most);
    *out = (uint32_t)json_integer_value(value);
    return CRUX_OK;
}

static bool is_true(const struct reading *r, const char *name) {
    return json_is_true(json_object_get(r->config, name));
}

static enum crux_status read_experts(const struct reading *r) {
    struct crux_fused_decoder *d = &r->source->decoder;
    const struct expert_names *names = r->arch->experts;
    const json_t *step = key(r, "decoder_sparse_step"), *dense = key(r, "mlp_only_layers");
    enum crux_status status;
    if (names == NULL) return CRUX_OK;
    if ((status = whole(r, names->count, true, CRUX_EXPERTS_MAX, &d->experts)) != CRUX_OK ||
        (status = whole(r, "num_experts_per_tok", true, CRUX_EXPERTS_USED_MAX, &d->experts_used)) !=
            CRUX_OK)
        return status;
    if (names->width != NULL &&
        (status = whole(r, names->width, true, 1 << 20, &d->ffn_width)) != CRUX_OK)
        return status;
    d->experts_of_all = names->norm != NULL && !is_true(r, names->norm);
    if (d->experts_used > d->experts)
        return unsupported(r, "num_experts_per_tok above the number of experts");
    if (step != NULL && json_integer_value(step) != 1)
        return unsupported(r, "decoder_sparse_step other than 1");
    if (dense != NULL && json_array_size(dense) != 0) return unsupported(r, "mlp_only_layers");
    if (key(r, "shared_expert_intermediate_size") != NULL || key(r, "n_shared_experts") != NULL)
        return unsupported(r, "an expert shared by all tokens");
    return CRUX_OK;
}

static enum crux_status read_shape(struct reading *r, uint32_t context) {
    struct crux_fused_decoder *d = &r->source->decoder;
    uint32_t positions = 0;
    enum crux_status status;
    if ((status = whole(r, "num_hidden_layers", true, CRUX_LAYERS_MAX - 1, &d->blocks)) !=
            CRUX_OK ||
        (status = whole(r, "max_position_embeddings", true, CRUX_CONTEXT_MAX - 1, &positions)) !=
            CRUX_OK ||
        (status = whole(r, "hidden_size", true, 1 << 20, &d->width)) != CRUX_OK ||
        (status = whole(r, "intermediate_size", true, 1 << 20, &d->ffn_width)) != CRUX_OK ||
        (status = whole(r, "vocab_size", true, 1 << 18, &d->vocab)) != CRUX_OK ||
        (status = whole(r, "num_attention_heads", true, 1 << 12, &d->heads)) != CRUX_OK)
        return status;
    if ((status = read_experts(r)) != CRUX_OK) return status;
    d->kv_heads = d->heads;
    d->head_width = d->width / d->heads;
    bool needed = r->arch->gemma != 0; /* whose defaults are one model's numbers */
    if ((status = whole(r, "num_key_value_heads", needed, 1 << 12, &d->kv_heads)) != CRUX_OK ||
        (status = whole(r, "head_dim", needed, CRUX_SOURCE_HEAD_WIDTH_MAX, &d->head_width)) !=
            CRUX_OK)
        return status;
    if (d->head_width == 0 || d->head_width > CRUX_SOURCE_HEAD_WIDTH_MAX || d->head_width % 2 != 0)
        return unsupported(r, "the width of its heads");
    if (d->heads % d->kv_heads != 0)
        return unsupported(r, "a number of heads that key_value_heads do not divide");
    d->context = context == 0 || context > positions ? positions : context;
    /* gemma's configurations leave it out where it is true */
    d->tied = r->arch->gemma != 0
                  ? !json_is_false(json_object_get(r->config, "tie_word_embeddings"))
                  : is_true(r, "tie_word_embeddings");
    d->qk_norm = r->arch->qk_norm;
    d->qkv_bias = r->arch->qkv_bias || is_true(r, "attention_bias");
    return CRUX_OK;
}

static enum crux_status read_eps(const struct reading *r) {
    struct crux_block_float eps;
    uint32_t bits;
    if (!crux_source_json_f32(&bits, json_object_get(r->config, "rms_norm_eps")) ||
        !crux_source_f32(&eps, bits) || eps.mantissa <= 0 || eps.exponent > 0 || eps.exponent < -64)
        return unsupported(r, "rms_norm_eps");
    r->source->decoder.eps_m = eps.mantissa;
    r->source->decoder.eps_shift = -eps.exponent;
    return CRUX_OK;
}

/* ---- files ---- */

static int compare_names(const void *a, const void *b) {
    return strcmp(((const struct shard *)a)->name, ((const struct shard *)b)->name);
}

static bool ends_with(const char *name, const char *ending) {
    size_t len = strlen(name), end = strlen(ending);
    return len > end && strcmp(name + len - end, ending) == 0;
}

static enum crux_status list_shards(struct reading *r) {
    enum crux_status status = CRUX_OK;
    DIR *folder = opendir(r->path);
    if (folder == NULL)
        return crux_import_fail(r->message, CRUX_E_IO, "cannot open '%.300s': %s", r->path,
                                strerror(errno));
    r->shards = calloc(CRUX_SOURCE_MAPS_MAX, sizeof *r->shards);
    if (r->shards == NULL) status = CRUX_E_OUT_OF_MEMORY;
    for (struct dirent *entry; status == CRUX_OK && (entry = readdir(folder)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ".safetensors")) continue;
        if (len >= FILE_NAME_BYTES || r->shard_count + 4 >= CRUX_SOURCE_MAPS_MAX)
            status = CRUX_E_TOO_MANY_ELEMENTS;
        else
            memcpy(r->shards[r->shard_count++].name, entry->d_name, len + 1);
    }
    (void)closedir(folder);
    if (status != CRUX_OK) return status;
    if (r->shard_count == 0)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "'%.300s' has no file *.safetensors", r->path);
    qsort(r->shards, r->shard_count, sizeof *r->shards, compare_names);
    return CRUX_OK;
}

static enum crux_status map_in(const struct reading *r, struct crux_source_map *map,
                               const char *name) {
    char full[4096];
    int len = snprintf(full, sizeof full, "%s/%s", r->path, name);
    if (len < 0 || (size_t)len >= sizeof full)
        return crux_import_fail(r->message, CRUX_E_IO, "the folder's path is too long");
    return crux_source_map_file(r->source, map, full, r->message);
}

/* spec/55-import.md#sources: name, a zero, and the hash of each file that counts. */
static void add_hash(struct crux_sha256_ctx *ctx, const char *name, struct crux_source_map map) {
    uint8_t hash[32];
    crux_sha256(hash, map.bytes, map.len);
    crux_sha256_update(ctx, (const uint8_t *)name, strlen(name) + 1);
    crux_sha256_update(ctx, hash, 32);
}

static enum crux_status map_all(struct reading *r) {
    struct crux_source_map map;
    struct crux_sha256_ctx ctx;
    crux_sha256_init(&ctx);
    enum crux_status status = map_in(r, &map, "config.json");
    if (status != CRUX_OK) return status;
    add_hash(&ctx, "config.json", map);
    r->config = json_loadb((const char *)map.bytes, map.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(r->config))
        return crux_import_fail(r->message, CRUX_E_SYNTAX, "config.json is no JSON object");
    for (uint32_t i = 0; i < r->shard_count; i++) {
        struct shard *shard = &r->shards[i];
        if ((status = map_in(r, &map, shard->name)) != CRUX_OK) return status;
        add_hash(&ctx, shard->name, map);
        status = crux_safetensors_parse(&shard->file, map.bytes, map.len, r->message);
        if (status != CRUX_OK) return status;
        shard->used = calloc(shard->file.count + 1U, sizeof *shard->used);
        if (shard->used == NULL) return CRUX_E_OUT_OF_MEMORY;
    }
    /* these two need not be there */
    if (map_in(r, &r->source->tokenizer_json, "tokenizer.json") == CRUX_OK)
        add_hash(&ctx, "tokenizer.json", r->source->tokenizer_json);
    if (map_in(r, &r->source->tokenizer_config, "tokenizer_config.json") == CRUX_OK)
        add_hash(&ctx, "tokenizer_config.json", r->source->tokenizer_config);
    crux_sha256_final(&ctx, r->source->hash);
    if (r->message != NULL) r->message->text[0] = 0;
    return CRUX_OK;
}

/* ---- tensors ---- */

static const struct crux_safetensor *take(const struct reading *r, const char *name) {
    const struct crux_safetensor *found = NULL;
    for (uint32_t i = 0; i < r->shard_count; i++) {
        const struct shard *shard = &r->shards[i];
        for (uint32_t j = 0; j < shard->file.count; j++) {
            if (strcmp(shard->file.tensors[j].name, name) != 0 || shard->used[j]) continue;
            found = &shard->file.tensors[j];
            shard->used[j] = true;
            return found;
        }
    }
    return found;
}

/* Rows first .. first+rows-1 of `tensor`, which must have `all`; all = 0: it is a vector. */
static enum crux_status add_rows(const struct reading *r, const char *ours,
                                 const struct crux_safetensor *tensor, const char *theirs,
                                 uint64_t all, uint64_t first, uint64_t rows, uint64_t inputs) {
    struct crux_source_tensor out = {.name = ""};
    if (tensor == NULL)
        return crux_import_fail(r->message, CRUX_E_UNKNOWN_NAME, "the folder has no tensor '%s'",
                                theirs);
    if (tensor->type == NULL)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "tensor '%s' has a dtype that is not supported", theirs);
    bool fits = all == 0 ? tensor->dims == 1 && tensor->dim[0] == inputs
                         : tensor->dims == 2 && tensor->dim[0] == all && tensor->dim[1] == inputs;
    if (!fits)
        return crux_import_fail(r->message, CRUX_E_BAD_SHAPE,
                                "tensor '%s' has not the shape that config.json gives it", theirs);
    crux_source_name(&out, ours);
    out.type = tensor->type;
    out.rows = (uint32_t)rows;
    out.inputs = (uint32_t)inputs;
    out.row_bytes = (size_t)inputs * tensor->type->bytes;
    out.plus_one = all == 0 && r->arch->gemma != 0; /* the vectors of gemma are norms */
    out.bytes = tensor->bytes + first * out.row_bytes;
    return crux_source_add(r->source, &out);
}

static enum crux_status add(const struct reading *r, const char *ours, const char *theirs,
                            uint64_t rows, uint64_t inputs) {
    return add_rows(r, ours, take(r, theirs), theirs, rows, 0, rows == 0 ? 1 : rows, inputs);
}

struct part {
    const char *ours, *theirs;
    uint64_t rows, inputs; /* rows 0: a vector */
};

static enum crux_status add_parts(const struct reading *r, uint32_t block, const struct part *part,
                                  size_t count) {
    enum crux_status status = CRUX_OK;
    for (size_t i = 0; i < count && status == CRUX_OK; i++) {
        char ours[48], theirs[96];
        if (part[i].ours == NULL) continue;
        (void)snprintf(ours, sizeof ours, "b%u.%s", (unsigned)block, part[i].ours);
        (void)snprintf(theirs, sizeof theirs, "model.layers.%u.%s", (unsigned)block,
                       part[i].theirs);
        status = add(r, ours, theirs, part[i].rows, part[i].inputs);
    }
    return status;
}

/* Several of ours, one after the other in the rows of one of theirs. */
static enum crux_status add_fused(const struct reading *r, uint32_t block, const char *theirs,
                                  const struct part *part, size_t count) {
    char ours[48], full[96];
    uint64_t all = 0, first = 0;
    enum crux_status status = CRUX_OK;
    (void)snprintf(full, sizeof full, "model.layers.%u.%s", (unsigned)block, theirs);
    const struct crux_safetensor *tensor = take(r, full);
    for (size_t i = 0; i < count; i++) all += part[i].rows;
    for (size_t i = 0; i < count && status == CRUX_OK; i++, first += part[i - 1].rows) {
        (void)snprintf(ours, sizeof ours, "b%u.%s", (unsigned)block, part[i].ours);
        status = add_rows(r, ours, tensor, full, all, first, part[i].rows, part[i].inputs);
    }
    return status;
}

/* One matrix of all experts, which must have one dtype: they become one tensor. */
static enum crux_status add_expert_matrix(const struct reading *r, uint32_t block, const char *ours,
                                          const char *theirs, uint64_t rows, uint64_t inputs) {
    const struct crux_block_type *type = NULL;
    enum crux_status status = CRUX_OK;
    for (uint32_t e = 0; e < r->source->decoder.experts && status == CRUX_OK; e++) {
        char name[48], full[96];
        (void)snprintf(name, sizeof name, "b%u.%s.%u", (unsigned)block, ours, (unsigned)e);
        (void)snprintf(full, sizeof full, "model.layers.%u.%s.experts.%u.%s.weight",
                       (unsigned)block, r->arch->experts->folder, (unsigned)e, theirs);
        const struct crux_safetensor *tensor = take(r, full);
        if (tensor != NULL && type != NULL && tensor->type != type)
            return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                    "tensor '%s' has another dtype than those of other experts",
                                    full);
        if (tensor != NULL) type = tensor->type;
        status = add_rows(r, name, tensor, full, rows, 0, rows, inputs);
    }
    return status;
}

static enum crux_status add_experts(const struct reading *r, uint32_t block) {
    const struct crux_fused_decoder *d = &r->source->decoder;
    const struct expert_names *names = r->arch->experts;
    uint64_t width = d->width, ffn = d->ffn_width;
    char router[64];
    (void)snprintf(router, sizeof router, "%s.gate.weight", names->folder);
    const struct part part = {"router", router, d->experts, width};
    enum crux_status status = add_parts(r, block, &part, 1);
    if (status == CRUX_OK) status = add_expert_matrix(r, block, "gate", names->gate, ffn, width);
    if (status == CRUX_OK) status = add_expert_matrix(r, block, "up", names->up, ffn, width);
    if (status == CRUX_OK) status = add_expert_matrix(r, block, "down", names->down, width, ffn);
    return status;
}

static enum crux_status add_block(const struct reading *r, uint32_t block) {
    const struct crux_fused_decoder *d = &r->source->decoder;
    uint64_t width = d->width, q = (uint64_t)d->heads * d->head_width,
             kv = (uint64_t)d->kv_heads * d->head_width, ffn = d->ffn_width;
    const struct part qkv[] = {{"q", "self_attn.q_proj.weight", q, width},
                               {"k", "self_attn.k_proj.weight", kv, width},
                               {"v", "self_attn.v_proj.weight", kv, width}};
    const struct part gated[] = {{"gate", "mlp.gate_proj.weight", ffn, width},
                                 {"up", "mlp.up_proj.weight", ffn, width}};
    const struct part rest[] = {
        {"o", "self_attn.o_proj.weight", width, q},
        {d->experts == 0 ? "down" : NULL, "mlp.down_proj.weight", width, ffn},
        {"n1", "input_layernorm.weight", 0, width},
        {d->post_norms ? NULL : "n2", "post_attention_layernorm.weight", 0, width},
        {d->post_norms ? "n1.post" : NULL, "post_attention_layernorm.weight", 0, width},
        {d->post_norms ? "n2" : NULL, "pre_feedforward_layernorm.weight", 0, width},
        {d->post_norms ? "n2.post" : NULL, "post_feedforward_layernorm.weight", 0, width},
        {d->qk_norm ? "q.norm" : NULL, "self_attn.q_norm.weight", 0, d->head_width},
        {d->qk_norm ? "k.norm" : NULL, "self_attn.k_norm.weight", 0, d->head_width},
        {d->qkv_bias ? "q.bias" : NULL, "self_attn.q_proj.bias", 0, q},
        {d->qkv_bias ? "k.bias" : NULL, "self_attn.k_proj.bias", 0, kv},
        {d->qkv_bias ? "v.bias" : NULL, "self_attn.v_proj.bias", 0, kv},
    };
    enum crux_status status =
        r->arch->fused ? add_fused(r, block, "self_attn.qkv_proj.weight", qkv, CRUX_ARRAY_LEN(qkv))
                       : add_parts(r, block, qkv, CRUX_ARRAY_LEN(qkv));
    if (status == CRUX_OK)
        status = d->experts != 0 ? add_experts(r, block)
                 : r->arch->fused
                     ? add_fused(r, block, "mlp.gate_up_proj.weight", gated, CRUX_ARRAY_LEN(gated))
                     : add_parts(r, block, gated, CRUX_ARRAY_LEN(gated));
    return status == CRUX_OK ? add_parts(r, block, rest, CRUX_ARRAY_LEN(rest)) : status;
}

static enum crux_status add_tensors(const struct reading *r) {
    const struct crux_fused_decoder *d = &r->source->decoder;
    enum crux_status status = add(r, "embed", "model.embed_tokens.weight", d->vocab, d->width);
    if (status == CRUX_OK && !d->tied)
        status = add(r, "head", "lm_head.weight", d->vocab, d->width);
    if (d->tied) (void)take(r, "lm_head.weight"); /* some files have the copy too */
    if (status == CRUX_OK) status = add(r, "out.norm", "model.norm.weight", 0, d->width);
    for (uint32_t i = 0; i < d->blocks && status == CRUX_OK; i++) status = add_block(r, i);
    for (uint32_t i = 0; i < r->shard_count && status == CRUX_OK; i++) {
        const struct shard *shard = &r->shards[i];
        for (uint32_t j = 0; j < shard->file.count && status == CRUX_OK; j++) {
            const char *name = shard->file.tensors[j].name;
            /* a table that follows from the configuration */
            if (shard->used[j] || ends_with(name, ".rotary_emb.inv_freq")) continue;
            status = crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                      "the folder has a tensor '%s', which is there twice or not "
                                      "supported for '%s'",
                                      name, r->arch->name);
        }
    }
    return status;
}

static enum crux_status choose_arch(struct reading *r) {
    const char *name = json_string_value(json_object_get(r->config, "model_type"));
    if (name == NULL)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "config.json does not say its model_type");
    (void)snprintf(r->source->arch, sizeof r->source->arch, "%s", name);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        if (strcmp(name, archs[i].name) == 0) r->arch = &archs[i];
    }
    if (strcmp(name, "gemma3") == 0)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "architecture 'gemma3' has eyes, which are not supported; its text "
                                "model alone (model_type gemma3_text) is");
    if (r->arch == NULL)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "architecture '%.100s' is not supported", name);
    return CRUX_OK;
}

enum crux_status crux_source_from_folder(struct crux_model_source *source, const char *path,
                                         uint32_t context, struct crux_import_message *message) {
    struct reading r = {.source = source, .path = path, .message = message};
    memcpy(source->format, "safetensors", 12);
    source->decoder = (struct crux_fused_decoder){.blocks_per_layer = 1,
                                                  .norm = CRUX_DECODER_RMSNORM,
                                                  .positions = CRUX_DECODER_ROPE,
                                                  .ffn = CRUX_DECODER_GATED,
                                                  .activation = CRUX_TABLE_SILU,
                                                  .head = CRUX_DECODER_SAMPLED};
    enum crux_status status = list_shards(&r);
    if (status == CRUX_OK) status = map_all(&r);
    if (status == CRUX_OK) status = choose_arch(&r);
    if (status == CRUX_OK) status = read_shape(&r, context);
    if (status == CRUX_OK) status = read_eps(&r);
    if (status == CRUX_OK) {
        const struct crux_source_config c = {source, message, r.config, r.arch->name,
                                             r.arch->gemma};
        source->decoder.rope_layout = CRUX_ROPE_HALF_SPLIT;
        status = crux_source_folder_variants(&c, r.arch->qkv_bias);
        if (status == CRUX_OK) status = crux_source_folder_rope(&c);
    }
    if (status == CRUX_OK) status = add_tensors(&r);
    for (uint32_t i = 0; i < r.shard_count; i++) {
        crux_safetensors_free(&r.shards[i].file);
        free(r.shards[i].used);
    }
    free(r.shards);
    json_decref(r.config);
    if (status != CRUX_OK && message != NULL && message->text[0] == 0)
        (void)crux_import_fail(message, status, "%s", crux_status_text(status));
    return status;
}
