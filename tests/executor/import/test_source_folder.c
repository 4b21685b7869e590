/* Hugging Face folders: sharded safetensors and config.json. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/import.h"
#include "executor/import/safetensors.h"
#include "executor/import/source_parts.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temporary_folder.h"

enum {
    WIDTH = 32,
    HEADS = 2,
    KV = 1,
    HEAD = 16,
    FFN = 48,
    VOCAB = 20,
    BLOCKS = 2,
    EXPERTS = 3,
    EXPERT_FFN = 48
};

static char folder[256];

static int set_up(void **state) {
    (void)state;
    temporary_folder_make(folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    temporary_folder_remove(folder);
    return 0;
}

static void write_file(const char *name, const void *bytes, size_t len) {
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    temporary_folder_write(path, bytes, len);
}

/* One safetensors file in the making. */
struct shard {
    char header[32768];
    size_t header_len;
    uint8_t data[1 << 18];
    size_t data_len;
    struct crux_random random;
};

static void begin(struct shard *s, uint64_t seed) {
    s->header_len =
        (size_t)snprintf(s->header, sizeof s->header, "{\"__metadata__\":{\"format\":\"pt\"}");
    s->data_len = 0;
    s->random.state = seed;
}

/* rows 0: a vector */
static void put(struct shard *s, const char *name, const char *dtype, unsigned rows,
                unsigned inputs) {
    bool half = strcmp(dtype, "F32") != 0;
    size_t weights = (size_t)(rows == 0 ? 1 : rows) * inputs, len = weights * (half ? 2 : 4);
    char shape[40];
    if (rows == 0)
        (void)snprintf(shape, sizeof shape, "%u", inputs);
    else
        (void)snprintf(shape, sizeof shape, "%u,%u", rows, inputs);
    s->header_len +=
        (size_t)snprintf(s->header + s->header_len, sizeof s->header - s->header_len,
                         ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
                         name, dtype, shape, s->data_len, s->data_len + len);
    assert_true(s->data_len + len <= sizeof s->data);
    uint32_t number = !half                       ? CRUX_BLOCK_F32
                      : strcmp(dtype, "F16") == 0 ? CRUX_BLOCK_F16
                                                  : CRUX_BLOCK_BF16;
    gguf_random_rows(&s->random, s->data + s->data_len, crux_block_type_of(number), weights,
                     rows == 0 ? 1 : 0.2);
    s->data_len += len;
}

static void finish(struct shard *s, const char *name) {
    uint8_t *bytes = malloc(8 + s->header_len + 1 + s->data_len);
    s->header[s->header_len++] = '}';
    crux_store_u64(bytes, s->header_len);
    memcpy(bytes + 8, s->header, s->header_len);
    memcpy(bytes + 8 + s->header_len, s->data, s->data_len);
    write_file(name, bytes, 8 + s->header_len + s->data_len);
    free(bytes);
}

static void write_config(const char *type, const char *more) {
    char text[4096];
    bool gemma = strncmp(type, "gemma", 5) == 0;
    int len = snprintf(text, sizeof text,
                       "{\"model_type\":\"%s\",\"hidden_size\":%d,\"intermediate_size\":%d,"
                       "\"num_hidden_layers\":%d,\"num_attention_heads\":%d,"
                       "\"num_key_value_heads\":%d,\"vocab_size\":%d,"
                       "\"max_position_embeddings\":64,\"rms_norm_eps\":1e-05,"
                       "%s\"hidden_act\":\"silu\"%s}",
                       type, WIDTH, FFN, BLOCKS, HEADS, KV, VOCAB,
                       gemma ? "\"head_dim\":16,\"hidden_activation\":\"gelu_pytorch_tanh\","
                             : "\"rope_theta\":500000.0,",
                       more);
    write_file("config.json", text, (size_t)len);
}

static const char *in_layer(char out[96], int layer, const char *name) {
    (void)snprintf(out, 96, "model.layers.%d.%s", layer, name);
    return out;
}

static void put_expert(struct shard *s, const char *type, int layer, int expert) {
    bool mixtral = strcmp(type, "mixtral") == 0;
    static const char *const theirs[2][3] = {{"gate_proj", "up_proj", "down_proj"},
                                             {"w1", "w3", "w2"}};
    char name[96], part[64];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(part, sizeof part, "%s.experts.%d.%s.weight",
                       mixtral ? "block_sparse_moe" : "mlp", expert, theirs[mixtral][i]);
        put(s, in_layer(name, layer, part), "BF16", i == 2 ? WIDTH : EXPERT_FFN,
            i == 2 ? EXPERT_FFN : WIDTH);
    }
}

static bool has_experts(const char *type) {
    return strcmp(type, "mixtral") == 0 || strcmp(type, "qwen3_moe") == 0;
}

static void put_layer(struct shard *s, const char *type, int layer) {
    char name[96];
    if (strcmp(type, "phi3") == 0) {
        put(s, in_layer(name, layer, "self_attn.qkv_proj.weight"), "BF16", 2 * KV * HEAD + WIDTH,
            WIDTH);
        put(s, in_layer(name, layer, "mlp.gate_up_proj.weight"), "BF16", 2 * FFN, WIDTH);
    } else {
        put(s, in_layer(name, layer, "self_attn.q_proj.weight"), "BF16", WIDTH, WIDTH);
        put(s, in_layer(name, layer, "self_attn.k_proj.weight"), "F16", KV * HEAD, WIDTH);
        put(s, in_layer(name, layer, "self_attn.v_proj.weight"), "F32", KV * HEAD, WIDTH);
    }
    if (has_experts(type)) {
        bool mixtral = strcmp(type, "mixtral") == 0;
        put(s, in_layer(name, layer, mixtral ? "block_sparse_moe.gate.weight" : "mlp.gate.weight"),
            "BF16", EXPERTS, WIDTH);
        for (int e = 0; e < EXPERTS; e++) put_expert(s, type, layer, e);
    } else if (strcmp(type, "phi3") != 0) {
        put(s, in_layer(name, layer, "mlp.gate_proj.weight"), "BF16", FFN, WIDTH);
        put(s, in_layer(name, layer, "mlp.up_proj.weight"), "BF16", FFN, WIDTH);
    }
    put(s, in_layer(name, layer, "self_attn.o_proj.weight"), "BF16", WIDTH, WIDTH);
    if (!has_experts(type))
        put(s, in_layer(name, layer, "mlp.down_proj.weight"), "BF16", WIDTH, FFN);
    put(s, in_layer(name, layer, "input_layernorm.weight"), "BF16", 0, WIDTH);
    put(s, in_layer(name, layer, "post_attention_layernorm.weight"), "BF16", 0, WIDTH);
    if (strcmp(type, "gemma2") == 0 || strncmp(type, "gemma3", 6) == 0) {
        put(s, in_layer(name, layer, "pre_feedforward_layernorm.weight"), "BF16", 0, WIDTH);
        put(s, in_layer(name, layer, "post_feedforward_layernorm.weight"), "BF16", 0, WIDTH);
    }
    if (strcmp(type, "qwen2") == 0) {
        put(s, in_layer(name, layer, "self_attn.q_proj.bias"), "BF16", 0, WIDTH);
        put(s, in_layer(name, layer, "self_attn.k_proj.bias"), "BF16", 0, KV * HEAD);
        put(s, in_layer(name, layer, "self_attn.v_proj.bias"), "BF16", 0, KV * HEAD);
    }
    if (strncmp(type, "qwen3", 5) == 0 || strncmp(type, "gemma3", 6) == 0) {
        put(s, in_layer(name, layer, "self_attn.q_norm.weight"), "BF16", 0, HEAD);
        put(s, in_layer(name, layer, "self_attn.k_norm.weight"), "BF16", 0, HEAD);
    }
}

/* Two shards; an untied head. */
static void write_model(const char *type, const char *more) {
    static struct shard s;
    begin(&s, 1);
    put(&s, "model.embed_tokens.weight", "BF16", VOCAB, WIDTH);
    put_layer(&s, type, 0);
    finish(&s, "model-00001-of-00002.safetensors");
    begin(&s, 2);
    put_layer(&s, type, 1);
    put(&s, "model.norm.weight", "BF16", 0, WIDTH);
    put(&s, "lm_head.weight", "BF16", VOCAB, WIDTH);
    finish(&s, "model-00002-of-00002.safetensors");
    write_config(type, more);
}

static enum crux_status import(struct crux_import_report *report,
                               struct crux_import_message *said) {
    char output[600];
    struct crux_import_options options = {.weights = CRUX_WEIGHTS_INT16};
    (void)snprintf(output, sizeof output, "%s/model.crux", folder);
    return crux_import(folder, output, &options, report, said);
}

static void folders_are_imported(void **state) {
    static const char *const types[] = {"llama", "mistral", "qwen2",  "qwen3",
                                        "phi3",  "gemma",   "gemma2", "gemma3_text"};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(types); i++) {
        struct crux_import_report report, again;
        struct crux_import_message said;
        write_model(types[i], "");
        enum crux_status status = import(&report, &said);
        if (status != CRUX_OK)
            fail_msg("%s: %s: %s", types[i], crux_status_name(status), said.text);
        assert_true(report.import_error > 0 && report.import_error < 3e-5);
        assert_int_equal(import(&again, &said), CRUX_OK);
        assert_memory_equal(report.model_root, again.model_root, 32);
    }
}

static const char mixtral_keys[] = ",\"num_local_experts\":3,\"num_experts_per_tok\":2";
static const char qwen_keys[] = ",\"num_experts\":3,\"num_experts_per_tok\":2,"
                                "\"moe_intermediate_size\":48,\"decoder_sparse_step\":1,"
                                "\"mlp_only_layers\":[]";

static void mixtures_of_experts_are_imported(void **state) {
    struct crux_import_report report;
    struct crux_import_message said;
    struct crux_model_source source;
    char more[400];
    (void)state;
    for (int i = 0; i < 3; i++) {
        const char *type = i == 0 ? "mixtral" : "qwen3_moe";
        (void)snprintf(more, sizeof more, "%s%s", i == 0 ? mixtral_keys : qwen_keys,
                       i == 2 ? ",\"norm_topk_prob\":true" : "");
        write_model(type, more);
        enum crux_status status = import(&report, &said);
        if (status != CRUX_OK) fail_msg("%s: %s: %s", type, crux_status_name(status), said.text);
        assert_true(report.import_error > 0 && report.import_error < 3e-5);
        assert_int_equal(crux_source_open(&source, folder, 0, &said), CRUX_OK);
        assert_int_equal(source.decoder.experts, 3);
        assert_int_equal(source.decoder.experts_used, 2);
        assert_int_equal(source.decoder.experts_of_all, i == 1);
        assert_int_equal(crux_source_find(&source, "b1.down.2")->rows, WIDTH);
        assert_int_equal(crux_source_find(&source, "b0.router")->rows, 3);
        assert_null(crux_source_find(&source, "b0.gate"));
        /* w1, w3, w2 follow each other in the file */
        const struct crux_source_tensor *gate = crux_source_find(&source, "b0.gate.1"),
                                        *up = crux_source_find(&source, "b0.up.1"),
                                        *down = crux_source_find(&source, "b0.down.1");
        assert_true(up->bytes == gate->bytes + EXPERT_FFN * gate->row_bytes);
        assert_true(down->bytes == up->bytes + EXPERT_FFN * up->row_bytes);
        crux_source_close(&source);
    }
}

static void fused_rows_are_parts(void **state) {
    struct crux_model_source source;
    struct crux_import_message said;
    (void)state;
    write_model("phi3", "");
    assert_int_equal(crux_source_open(&source, folder, 0, &said), CRUX_OK);
    const struct crux_source_tensor *q = crux_source_find(&source, "b1.q"),
                                    *k = crux_source_find(&source, "b1.k"),
                                    *v = crux_source_find(&source, "b1.v"),
                                    *gate = crux_source_find(&source, "b1.gate"),
                                    *up = crux_source_find(&source, "b1.up");
    assert_true(k->bytes == q->bytes + WIDTH * q->row_bytes);
    assert_true(v->bytes == k->bytes + KV * HEAD * k->row_bytes);
    assert_true(up->bytes == gate->bytes + FFN * gate->row_bytes);
    assert_int_equal(source.decoder.rope_layout, CRUX_ROPE_HALF_SPLIT);
    assert_int_equal(source.decoder.rope_base, 500000);
    assert_false(source.decoder.tied);
    crux_source_close(&source);
}

static void open_folder(struct crux_model_source *source, const char *type, const char *more) {
    struct crux_import_message said;
    write_model(type, more);
    if (crux_source_open(source, folder, 0, &said) != CRUX_OK) fail_msg("%s", said.text);
}

static void gemma_is_read(void **state) {
    struct crux_model_source s;
    uint64_t turns[HEAD / 2];
    double doubles[WIDTH];
    (void)state;
    open_folder(&s, "gemma2", ",\"query_pre_attn_scalar\":144,\"sliding_window\":9");
    assert_true(s.scale_embed && s.decoder.post_norms && s.decoder.tied && !s.decoder.qk_norm);
    assert_int_equal(s.decoder.activation, CRUX_TABLE_GELU_TANH);
    assert_int_equal(s.decoder.window, 9);
    assert_int_equal(s.decoder.global_every, 2);
    assert_int_equal(s.decoder.rope_local_base, 0);
    assert_int_equal(s.decoder.rope_base, 10000);
    assert_true(s.decoder.score_divisor == UINT64_C(144) << 32);
    assert_int_equal(s.decoder.logit_cap, 30 << 16);
    assert_int_equal(s.decoder.softcap, lround(50 / log(2) * 65536));
    const struct crux_source_tensor *n1 = crux_source_find(&s, "b1.n1.post");
    assert_true(n1->plus_one && !crux_source_find(&s, "b1.o")->plus_one);
    assert_int_equal(crux_source_doubles(doubles, n1, 0), CRUX_OK);
    struct crux_block_float f;
    assert_int_equal(crux_block_float(&f, n1->type, n1->bytes), CRUX_OK);
    assert_true(doubles[0] == 1 + ldexp(f.mantissa, f.exponent));
    crux_source_close(&s);
    open_folder(&s, "gemma2", ",\"attn_logit_softcapping\":null,\"final_logit_softcapping\":null");
    assert_int_equal(s.decoder.window, 4096);
    assert_true(s.decoder.softcap == 0 && s.decoder.logit_cap == 0);
    crux_source_close(&s);
    /* both ways of saying the same */
    static const char *const ways[] = {
        ",\"rope_theta\":1e6,\"rope_local_base_freq\":20000,\"sliding_window\":7,"
        "\"sliding_window_pattern\":2,\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":8.0},"
        "\"query_pre_attn_scalar\":16",
        ",\"sliding_window\":7,\"layer_types\":[\"sliding_attention\",\"full_attention\"],"
        "\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"linear\",\"factor\":8,"
        "\"rope_theta\":1000000.0},\"sliding_attention\":{\"rope_type\":\"default\","
        "\"rope_theta\":20000}},\"query_pre_attn_scalar\":16"};
    crux_table_rope_turns(turns, 1000000, HEAD);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(ways); i++) {
        open_folder(&s, "gemma3_text", ways[i]);
        assert_true(s.decoder.qk_norm && s.decoder.post_norms);
        assert_true(s.decoder.softcap == 0 && s.decoder.logit_cap == 0);
        assert_int_equal(s.decoder.window, 7);
        assert_int_equal(s.decoder.global_every, 2);
        assert_int_equal(s.decoder.rope_base, 1000000);
        assert_int_equal(s.decoder.rope_local_base, 20000);
        assert_true(s.decoder.score_divisor == 0); /* the width of a head */
        for (int j = 0; j < HEAD / 2; j++)
            assert_true(s.decoder.rope_turns[j] == (turns[j] + 4) / 8);
        crux_source_close(&s);
    }
    open_folder(&s, "gemma3_text", "");
    assert_int_equal(s.decoder.window, 4096);
    assert_int_equal(s.decoder.global_every, 6);
    assert_int_equal(s.decoder.rope_base, 1000000);
    assert_int_equal(s.decoder.rope_local_base, 10000);
    assert_true(s.decoder.score_divisor == UINT64_C(256) << 32);
    crux_source_close(&s);
    open_folder(&s, "gemma3_text", ",\"layer_types\":[\"full_attention\",\"full_attention\"]");
    assert_true(s.decoder.window == 0 && s.decoder.global_every == 0);
    assert_int_equal(s.decoder.rope_local_base, 0);
    crux_source_close(&s);
}

static void windows_are_those_in_use(void **state) {
    struct crux_model_source s;
    (void)state;
    open_folder(&s, "qwen2", ",\"sliding_window\":8");
    assert_int_equal(s.decoder.window, 0);
    crux_source_close(&s);
    open_folder(&s, "qwen2",
                ",\"sliding_window\":8,\"use_sliding_window\":true,\"max_window_layers\":0");
    assert_int_equal(s.decoder.window, 8);
    crux_source_close(&s);
    open_folder(&s, "qwen2",
                ",\"sliding_window\":8,\"use_sliding_window\":true,\"max_window_layers\":2");
    assert_int_equal(s.decoder.window, 0);
    crux_source_close(&s);
    open_folder(&s, "mistral", ",\"sliding_window\":8");
    assert_true(s.decoder.window == 8 && s.decoder.global_every == 0);
    crux_source_close(&s);
    open_folder(&s, "llama",
                ",\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":777.0}");
    assert_int_equal(s.decoder.rope_base, 777);
    crux_source_close(&s);
}

/* The published formulas, in doubles. */
static void yarn_is_stretched(void **state) {
    static const struct {
        const char *more;
        double factor, original, fast, slow, attention;
    } cases[] = {
        {",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4.0,"
         "\"original_max_position_embeddings\":4096}",
         4, 4096, 32, 1, 0},
        {",\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":40.0,\"beta_fast\":16,\"beta_slow\":"
         "2.5,"
         "\"original_max_position_embeddings\":8192,\"attention_factor\":1.25}",
         40, 8192, 16, 2.5, 1.25},
        {",\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":32,\"mscale\":2.0,"
         "\"mscale_all_dim\":0.7,\"original_max_position_embeddings\":512}",
         32, 512, 32, 1, -1},
    };
    const double tau = 2 * acos(-1);
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        struct crux_model_source s;
        open_folder(&s, "llama", cases[i].more);
        double low =
            floor(HEAD * log(cases[i].original / (cases[i].fast * tau)) / (2 * log(500000)));
        double high =
            ceil(HEAD * log(cases[i].original / (cases[i].slow * tau)) / (2 * log(500000)));
        for (int j = 0; j < HEAD / 2; j++) {
            double f = pow(500000, -2.0 * j / HEAD),
                   ramp = fmin(fmax((j - low) / (high - low), 0), 1);
            double want = f / cases[i].factor * ramp + f * (1 - ramp);
            assert_true(fabs(ldexp((double)s.decoder.rope_turns[j], -64) * tau / want - 1) < 1e-9);
        }
        double a = cases[i].attention;
        if (a == 0) a = 1 + 0.1 * log(cases[i].factor);
        if (a < 0) a = (1 + 0.2 * log(cases[i].factor)) / (1 + 0.07 * log(cases[i].factor));
        assert_true(fabs(ldexp((double)s.decoder.score_divisor, -32) / (HEAD / pow(a, 4)) - 1) <
                    1e-7);
        crux_source_close(&s);
    }
}

static void longrope_goes_by_the_context(void **state) {
    struct crux_import_message said;
    const double tau = 2 * acos(-1);
    (void)state;
    write_model("phi3",
                ",\"original_max_position_embeddings\":32,\"rope_scaling\":{\"type\":\"longrope\","
                "\"short_factor\":[1,1,1,1,1,1,1.5,1.5],\"long_factor\":[1,2,3,4,5,6,7,8.5]}");
    for (uint32_t context = 32; context <= 33; context++) {
        struct crux_model_source s;
        assert_int_equal(crux_source_open(&s, folder, context, &said), CRUX_OK);
        for (int j = 0; j < HEAD / 2; j++) {
            double f = pow(500000, -2.0 * j / HEAD), list = j == 7 ? 8.5 : j + 1;
            if (context == 32) list = j < 6 ? 1 : 1.5;
            assert_true(fabs(ldexp((double)s.decoder.rope_turns[j], -64) * tau * list / f - 1) <
                        1e-9);
        }
        /* 64 positions from 32, whatever is used of them */
        double square = 1 + log(2) / log(32);
        assert_true(fabs(ldexp((double)s.decoder.score_divisor, -32) * square * square / HEAD - 1) <
                    1e-8);
        crux_source_close(&s);
    }
}

static void expect(const char *type, const char *more, const char *word) {
    struct crux_import_report report;
    struct crux_import_message said;
    write_model(type, more);
    assert_int_not_equal(import(&report, &said), CRUX_OK);
    if (strstr(said.text, word) == NULL) fail_msg("%s", said.text);
    assert_int_equal(temporary_folder_count(folder), 3);
}

static void what_is_not_supported_is_refused_by_name(void **state) {
    (void)state;
    expect("mamba", "", "mamba");
    expect("llama", ",\"quantization_config\":{}", "quantization_config");
    expect("llama", ",\"attention_bias\":true", "attention_bias");
    expect("phi3", ",\"partial_rotary_factor\":0.75", "partial_rotary_factor");
    expect("llama", ",\"rope_scaling2\":1,\"head_dim\":8", "q_proj");
    expect("qwen2_moe", "", "qwen2_moe");
    expect("mixtral", "", "num_local_experts");
    expect("mixtral", ",\"num_local_experts\":4,\"num_experts_per_tok\":2", "gate.weight");
    expect("mixtral", ",\"num_local_experts\":3,\"num_experts_per_tok\":4", "num_experts_per_tok");
    expect("qwen3_moe",
           ",\"num_experts\":3,\"num_experts_per_tok\":2,\"moe_intermediate_size\":48,"
           "\"decoder_sparse_step\":2",
           "decoder_sparse_step");
    expect("qwen3_moe",
           ",\"num_experts\":3,\"num_experts_per_tok\":2,\"moe_intermediate_size\":48,"
           "\"mlp_only_layers\":[1]",
           "mlp_only_layers");
    expect("qwen3_moe",
           ",\"num_experts\":3,\"num_experts_per_tok\":2,\"moe_intermediate_size\":48,"
           "\"shared_expert_intermediate_size\":48",
           "shared");
    expect("mistral", ",\"tie_word_embeddings\":7,\"sliding_window\":\"x\"", "sliding_window");
    expect("gemma3", "", "gemma3_text");
    expect("gemma2", ",\"use_bidirectional_attention\":true", "use_bidirectional_attention");
    expect("gemma3_text", ",\"query_pre_attn_scalar\":-1", "query_pre_attn_scalar");
    expect("gemma2", ",\"final_logit_softcapping\":\"x\"", "final_logit_softcapping");
    expect("gemma3_text", ",\"layer_types\":[\"full_attention\",\"sliding_attention\"]",
           "layer_types");
    expect("qwen2", ",\"layer_types\":[\"linear_attention\",\"full_attention\"]", "layer_types");
    expect("qwen2", ",\"sliding_window\":8,\"use_sliding_window\":true,\"max_window_layers\":1",
           "max_window_layers");
    expect("gemma3_text", ",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4}", "global blocks");
    expect("llama", ",\"rope_parameters\":{\"rope_type\":\"dynamic\",\"factor\":4}", "dynamic");
    expect("llama", ",\"rope_parameters\":{\"rope_type\":\"yarn\",\"factor\":4,\"truncate\":false}",
           "truncate");
    /* divisors of more than 64 bits, whose lower ones look like one */
    expect("llama",
           ",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4,\"attention_factor\":0.0017}",
           "attention factor");
    expect("llama",
           ",\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4,\"attention_factor\":0.0027}",
           "attention factor");
    expect("llama", ",\"rope_parameters\":{\"rope_type\":\"yarn\"}", "all of its numbers");
    expect("llama", ",\"rope_parameters\":{\"rope_type\":\"yarn\",\"factor\":\"4\"}", "number");
    expect("llama", ",\"rope_parameters\":{\"partial_rotary_factor\":0.5}",
           "partial_rotary_factor");
    expect("phi3", ",\"rope_scaling\":{\"type\":\"su\",\"long_factor\":[1],\"short_factor\":[1]}",
           "all of its numbers");
    expect("phi3", ",\"rope_scaling\":{\"type\":\"su\",\"long_mscale\":1.2}", "long_mscale");
    write_model("qwen2", "");
    write_config("llama", ""); /* biases that llama has no place for */
    struct crux_import_report report;
    struct crux_import_message said;
    assert_int_equal(import(&report, &said), CRUX_E_UNSUPPORTED);
    assert_non_null(strstr(said.text, "bias"));
}

/* The published formula, in doubles. */
static void llama3_frequencies_are_stretched(void **state) {
    uint64_t turns[64], plain[64];
    (void)state;
    crux_table_rope_turns(turns, 500000, 128);
    memcpy(plain, turns, sizeof turns);
    assert_int_equal(crux_rope_llama3(turns, 0x41000000, 0x3f800000, 0x40800000, 8192, 64),
                     CRUX_OK);
    int kept = 0, divided = 0;
    for (int i = 0; i < 64; i++) {
        double f = pow(500000, -2.0 * i / 128), wavelength = 2 * acos(-1) / f, out;
        if (wavelength < 8192 / 4.0) {
            out = f;
            kept++;
        } else if (wavelength > 8192 / 1.0) {
            out = f / 8;
            divided++;
        } else {
            double smooth = (8192 / wavelength - 1) / (4.0 - 1);
            out = (1 - smooth) * f / 8 + smooth * f;
        }
        double got = ldexp((double)turns[i], -64) * 2 * acos(-1);
        assert_true(fabs(got / out - 1) < 1e-6);
        if (wavelength < 2048) assert_true(turns[i] == plain[i]);
    }
    assert_true(kept > 20 && divided > 20 && kept + divided < 64);
}

static void damaged_headers_are_refused(void **state) {
    static const char *const headers[] = {
        "{}x",
        "[]",
        "{\"a\":1}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":1}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e3],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}",
    };
    (void)state;
    for (size_t i = 0; i <= CRUX_ARRAY_LEN(headers); i++) {
        const char *header =
            i < CRUX_ARRAY_LEN(headers)
                ? headers[i]
                : "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
        uint8_t bytes[512];
        struct crux_safetensors file;
        struct crux_import_message said = {.text = ""};
        size_t len = strlen(header);
        crux_store_u64(bytes, len);
        memcpy(bytes + 8, header, len);
        memset(bytes + 8 + len, 0, 8);
        enum crux_status status = crux_safetensors_parse(&file, bytes, 16 + len, &said);
        assert_int_equal(status == CRUX_OK, i == CRUX_ARRAY_LEN(headers));
        crux_safetensors_free(&file);
        assert_int_not_equal(crux_safetensors_parse(&file, bytes, 7 + len, &said), CRUX_OK);
        crux_safetensors_free(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folders_are_imported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mixtures_of_experts_are_imported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fused_rows_are_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gemma_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(windows_are_those_in_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(yarn_is_stretched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(longrope_goes_by_the_context, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_supported_is_refused_by_name, set_up,
                                        tear_down),
        cmocka_unit_test(llama3_frequencies_are_stretched),
        cmocka_unit_test(damaged_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
