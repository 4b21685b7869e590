/* Whole imports of small files: every type, every architecture, the same root twice; and files that are refused leave
 * nothing behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/engine/engine.h"
#include "executor/import/import.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temporary_folder.h"

static char folder[256], source[300], output[300];

static int set_up(void **state) {
    (void)state;
    temporary_folder_make(folder);
    (void)snprintf(source, sizeof source, "%s/source.gguf", folder);
    (void)snprintf(output, sizeof output, "%s/model.crux", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    temporary_folder_remove(folder);
    return 0;
}

static void write_source(const struct gguf_model *model) {
    size_t len;
    uint8_t *bytes = gguf_make_model(model, &len);
    temporary_folder_write(source, bytes, len);
    free(bytes);
}

static void import_or_fail(struct crux_import_report *report, enum crux_weights weights) {
    struct crux_import_options options = {.weights = weights};
    struct crux_import_message message;
    enum crux_status status = crux_import(source, output, &options, report, &message);
    if (status != CRUX_OK) fail_msg("%s: %s", crux_status_name(status), message.text);
}

static void open_and_verify(const struct crux_import_report *report) {
    struct crux_model_file model;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    enum crux_status status = crux_model_file_open(&model, output, message);
    if (status != CRUX_OK) fail_msg("%s: %s", crux_status_name(status), message);
    assert_memory_equal(model.root, report->model_root, 32);
    status = crux_model_file_verify(&model, message, NULL, NULL);
    if (status != CRUX_OK) fail_msg("%s: %s", crux_status_name(status), message);
    assert_int_equal(model.program.tensor_count, report->tensors);
    assert_int_not_equal(crux_model_file_find(&model, "b1.down.scale"), UINT32_MAX);
    assert_int_equal(crux_model_file_find(&model, "b2.down"), UINT32_MAX);
    crux_model_file_close(&model);
}

static void every_type_is_imported(void **state) {
    static const uint32_t numbers[] = {0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 30};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(numbers); i++) {
        struct gguf_model model = gguf_small_model("llama", numbers[i]);
        struct crux_import_report report;
        model.head_type = i % 2 == 0 ? UINT32_MAX : (uint32_t)CRUX_BLOCK_Q8_0;
        write_source(&model);
        import_or_fail(&report, CRUX_WEIGHTS_INT8);
        assert_true(report.import_error > 0 && report.import_error < 0.006);
        assert_true(report.norm_error > 0 && report.norm_error < 1e-4);
        assert_true(report.certificate.witness_bytes.value <= 4096);
        assert_true(report.certificate.margin_bits.value >= 0);
        open_and_verify(&report);
    }
}

static void every_architecture_is_imported(void **state) {
    static const char *const archs[] = {"llama", "qwen2",  "qwen3", "phi3",
                                        "gemma", "gemma2", "gemma3"};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        struct gguf_model model = gguf_small_model(archs[i], CRUX_BLOCK_Q4_1);
        if (i >= 5) model.window = 9;
        struct crux_import_report report;
        write_source(&model);
        import_or_fail(&report, CRUX_WEIGHTS_INT8);
        assert_string_equal(report.arch, archs[i]);
        open_and_verify(&report);
    }
}

static void mixtures_of_experts_are_imported(void **state) {
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_Q4_1);
    struct crux_import_report together, apart, other;
    struct crux_model_file file;
    char said[CRUX_MODEL_MESSAGE_BYTES];
    (void)state;
    model.experts = 8;
    model.experts_used = 2;
    write_source(&model);
    import_or_fail(&together, CRUX_WEIGHTS_INT8);
    open_and_verify(&together);
    model.experts_apart = true; /* the same weights, in a tensor for each expert */
    write_source(&model);
    import_or_fail(&apart, CRUX_WEIGHTS_INT8);
    open_and_verify(&apart);
    assert_memory_not_equal(apart.source_hash, together.source_hash, 32);
    model.arch = "qwen3moe";
    model.type = CRUX_BLOCK_F16;
    model.experts = 20;
    model.experts_used = 8;
    model.ffn_width = 96;
    write_source(&model);
    import_or_fail(&other, CRUX_WEIGHTS_INT4);
    open_and_verify(&other);
    assert_int_equal(crux_model_file_open(&file, output, said), CRUX_OK);
    assert_int_equal(file.config.decoder.experts, 20);
    assert_int_equal(file.config.decoder.experts_used, 8);
    assert_int_equal(file.config.decoder.ffn_width, 96);
    assert_false(file.config.decoder.experts_of_all);
    const struct crux_model_tensor *gate =
        &file.program.tensors[crux_model_file_find(&file, "b1.gate")];
    assert_int_equal(gate->ndim, 3);
    assert_int_equal(gate->dim[0], 20);
    /* 16 bits, whatever the others have */
    struct crux_tile tile;
    const struct crux_model_tensor *router =
        &file.program.tensors[crux_model_file_find(&file, "b1.router")];
    assert_int_equal(crux_tile_decode(&tile, router->layout), CRUX_OK);
    assert_int_equal(tile.width, 3);
    assert_int_equal(tile.chunk, 512);
    crux_model_file_close(&file);
    import_or_fail(&other, CRUX_WEIGHTS_INT16);
    open_and_verify(&other);
    assert_int_equal(crux_model_file_open(&file, output, said), CRUX_OK);
    gate = &file.program.tensors[crux_model_file_find(&file, "b1.gate")];
    assert_int_equal(crux_tile_decode(&tile, gate->layout), CRUX_OK);
    assert_int_equal(tile.chunk, 256);
    crux_model_file_close(&file);
}

/* Both forms of a file hold the same numbers in the same order, so every committed tensor is the same. */
static void experts_apart_are_the_same_model(void **state) {
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_Q8_0);
    struct crux_model_source part[2];
    uint8_t *bytes[2];
    size_t len[2];
    (void)state;
    model.experts = 3;
    model.experts_used = 1;
    for (int i = 0; i < 2; i++) {
        model.experts_apart = i == 1;
        bytes[i] = gguf_make_model(&model, &len[i]);
        assert_int_equal(crux_source_parse(&part[i], bytes[i], len[i], 0, NULL), CRUX_OK);
    }
    assert_int_equal(part[0].tensor_count, part[1].tensor_count);
    for (uint32_t i = 0; i < part[0].tensor_count; i++) {
        const struct crux_source_tensor *a = &part[0].tensors[i], *b = &part[1].tensors[i];
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->rows, b->rows);
        assert_memory_equal(a->bytes, b->bytes, a->rows * a->row_bytes);
    }
    for (int i = 0; i < 2; i++) {
        crux_source_close(&part[i]);
        free(bytes[i]);
    }
}

static void the_same_source_gives_the_same_root(void **state) {
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_F32);
    struct crux_import_report first, again, other;
    (void)state;
    write_source(&model);
    import_or_fail(&first, CRUX_WEIGHTS_INT8);
    import_or_fail(&again, CRUX_WEIGHTS_INT8);
    assert_memory_equal(first.model_root, again.model_root, 32);
    import_or_fail(&other, CRUX_WEIGHTS_INT16);
    assert_memory_not_equal(first.model_root, other.model_root, 32);
    open_and_verify(&other);
    import_or_fail(&other, CRUX_WEIGHTS_INT4);
    open_and_verify(&other);
    model.seed++;
    write_source(&model);
    import_or_fail(&other, CRUX_WEIGHTS_INT8);
    assert_memory_not_equal(first.model_root, other.model_root, 32);
}

static void linear_scaling_and_factors_stretch_rope(void **state) {
    struct crux_model_source plain, linear, both;
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_Q8_0);
    struct gguf_writer w;
    uint8_t factors[32 * 4], *bytes[3];
    uint64_t pairs = 32;
    size_t len[3];
    (void)state;
    for (uint32_t i = 0; i < 32; i++) crux_store_u32(factors + 4 * i, 0x41000000); /* 8 */
    for (int i = 0; i < 3; i++) {
        gguf_begin(&w);
        gguf_put_model(&w, &model);
        if (i >= 1) {
            gguf_text(&w, "llama.rope.scaling.type", "linear");
            gguf_f32(&w, "llama.rope.scaling.factor", 2);
        }
        if (i == 2)
            gguf_tensor(&w, "rope_freqs.weight", CRUX_BLOCK_F32, 1, &pairs, factors,
                        sizeof factors);
        bytes[i] = gguf_finish(&w, &len[i]);
    }
    assert_int_equal(crux_source_parse(&plain, bytes[0], len[0], 0, NULL), CRUX_OK);
    assert_int_equal(crux_source_parse(&linear, bytes[1], len[1], 0, NULL), CRUX_OK);
    assert_int_equal(crux_source_parse(&both, bytes[2], len[2], 0, NULL), CRUX_OK);
    uint64_t turns[32];
    crux_table_rope_turns(turns, 10000, 64);
    assert_null(plain.decoder.rope_turns);
    for (int i = 0; i < 32; i++) {
        assert_int_equal(linear.decoder.rope_turns[i], (turns[i] + 1) / 2);
        assert_int_equal(both.decoder.rope_turns[i], ((turns[i] + 1) / 2 + 4) / 8);
    }
    crux_source_close(&plain);
    crux_source_close(&linear);
    crux_source_close(&both);
    for (int i = 0; i < 3; i++) free(bytes[i]);
}

/* Blocks of two kinds, as keys of a file say. */
static void windows_go_by_the_file(void **state) {
    struct crux_model_source source_;
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct gguf_model model = gguf_small_model(i == 0 ? "gemma2" : "gemma3", CRUX_BLOCK_Q8_0);
        struct gguf_writer w;
        size_t len;
        model.window = i == 2 ? 0 : 9;
        gguf_begin(&w);
        gguf_put_model(&w, &model);
        if (i == 3) {
            gguf_u32(&w, "gemma3.attention.sliding_window_pattern", 2);
            gguf_f32(&w, "gemma3.rope.freq_base_swa", 5000);
        }
        uint8_t *bytes = gguf_finish(&w, &len);
        assert_int_equal(crux_source_parse(&source_, bytes, len, 0, NULL), CRUX_OK);
        const struct crux_fused_decoder *d = &source_.decoder;
        assert_true(source_.scale_embed && d->post_norms);
        assert_int_equal(d->window, i == 2 ? 0 : 9);
        assert_int_equal(d->global_every, i == 0 ? 2 : i == 1 ? 6 : i == 2 ? 0 : 2);
        assert_int_equal(d->rope_local_base, i == 1 ? 10000 : i == 3 ? 5000 : 0);
        assert_int_equal(d->rope_base, i == 0 ? 10000 : 1000000);
        assert_int_equal(d->logit_cap, i == 0 ? 3 << 16 : 0);
        assert_int_equal(d->softcap != 0, i == 0);
        assert_false(crux_source_find(&source_, "b0.n1.post")->plus_one);
        crux_source_close(&source_);
        free(bytes);
    }
}

/* A stream that may grow beyond what 14 fraction bits hold has fewer. */
static void the_stream_has_room(void **state) {
    static const double weights[] = {1, 100, 5000, 30000};
    static const int32_t bits[] = {14, 14, 12, 10};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(weights); i++) {
        struct gguf_model model = gguf_small_model("gemma3", CRUX_BLOCK_Q8_0);
        struct crux_import_report report;
        struct crux_model_file file;
        char message[CRUX_MODEL_MESSAGE_BYTES];
        model.post_weight = (float)weights[i];
        write_source(&model);
        import_or_fail(&report, CRUX_WEIGHTS_INT8);
        assert_int_equal(crux_model_file_open(&file, output, message), CRUX_OK);
        /* 2 blocks of 2 norms of 17 * weight each, and the embedding's few */
        assert_int_equal(file.config.decoder.r_bits, bits[i]);
        crux_model_file_close(&file);
    }
}

/* Refused, with a message that has `word`, and nothing written. */
static void expect_refusal(struct gguf_writer *w, enum crux_status expected, const char *word) {
    struct crux_import_report report;
    struct crux_import_message message;
    size_t len;
    uint8_t *bytes = gguf_finish(w, &len);
    temporary_folder_write(source, bytes, len);
    free(bytes);
    enum crux_status status = crux_import(source, output, NULL, &report, &message);
    if (status != expected || strstr(message.text, word) == NULL)
        fail_msg("%s: %s", crux_status_name(status), message.text);
    assert_int_equal(temporary_folder_count(folder), 1);
}

static void what_is_not_supported_is_refused_by_name(void **state) {
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_Q8_0);
    struct gguf_model shrunk = model;
    const uint64_t one[1] = {256}, half_head[1] = {32};
    uint8_t data[1024] = {0};
    struct gguf_writer w;
    (void)state;
    gguf_begin(&w);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "architecture");
    gguf_begin(&w);
    model.arch = "rwkv6";
    gguf_put_model(&w, &model);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "rwkv6");
    model.arch = "llama";
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_u32(&w, "llama.expert_count", 8);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "llama.expert_used_count");
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_u32(&w, "llama.expert_count", 8);
    gguf_u32(&w, "llama.expert_used_count", 2);
    expect_refusal(&w, CRUX_E_UNKNOWN_NAME, "ffn_gate_inp");
    for (int i = 0; i < 5; i++) {
        static const char *const keys[] = {
            "llama.expert_shared_count", "llama.leading_dense_block_count",
            "llama.expert_group_count", "llama.expert_gating_func", "llama.expert_weights_norm"};
        static const char *const words[] = {"shared by all", "dense blocks", "groups",
                                            "expert_gating_func", "expert_weights_norm"};
        struct gguf_model mixture = model;
        mixture.experts = 4;
        mixture.experts_used = 2;
        gguf_begin(&w);
        gguf_put_model(&w, &mixture);
        gguf_u32(&w, keys[i], 2);
        expect_refusal(&w, CRUX_E_UNSUPPORTED, words[i]);
    }
    gguf_begin(&w);
    model.arch = "qwen2";
    gguf_put_model(&w, &model);
    gguf_u32(&w, "qwen2.expert_count", 8);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "experts");
    gguf_begin(&w);
    model.arch = "qwen3moe";
    gguf_put_model(&w, &model);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "expert_count");
    model.arch = "llama";
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_text(&w, "llama.rope.scaling.type", "longrope");
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "longrope");
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_text(&w, "llama.rope.scaling.type", "dynamic");
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "dynamic");
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_f32(&w, "llama.rope.scaling.yarn_attn_factor", 1);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "yarn_attn_factor");
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_text(&w, "llama.rope.scaling.type", "yarn");
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "all of its numbers");
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_tensor(&w, "rope_factors_long.weight", CRUX_BLOCK_F32, 1, half_head, data, 128);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "without longrope");
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_u32(&w, "llama.attention.sliding_window_pattern", 2);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "sliding_window_pattern");
    gguf_begin(&w);
    shrunk.arch = "gemma3";
    gguf_put_model(&w, &shrunk);
    gguf_f32(&w, "gemma3.final_logit_softcapping", -3);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "cap of its logits");
    gguf_begin(&w);
    gguf_put_model(&w, &shrunk);
    gguf_u32(&w, "gemma3.attention.sliding_window", 8);
    gguf_text(&w, "gemma3.attention.sliding_window_pattern", "ab");
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "order of blocks");
    shrunk.arch = "llama";
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_u32(&w, "llama.rope.dimension_count", 32);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "part of each head");
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    gguf_tensor(&w, "blk.1.attn_sinks.weight", CRUX_BLOCK_F32, 1, one, data, 1024);
    expect_refusal(&w, CRUX_E_UNSUPPORTED, "attn_sinks");
    gguf_begin(&w);
    model.context = 1 << 23;
    gguf_put_model(&w, &model);
    expect_refusal(&w, CRUX_E_TOO_MANY_ELEMENTS, "--context");
    gguf_begin(&w);
    shrunk.blocks = 1;
    gguf_put_model(&w, &shrunk);
    w.entries.len = w.entry_count = 0;
    shrunk.blocks = 3; /* a third block is announced that is not there */
    struct gguf_writer entries;
    gguf_begin(&entries);
    gguf_put_model(&entries, &shrunk);
    free(w.entries.p);
    w.entries = entries.entries;
    w.entry_count = entries.entry_count;
    free(entries.tensors.p);
    free(entries.data.p);
    expect_refusal(&w, CRUX_E_UNKNOWN_NAME, "blk.1.");
}

static void numbers_that_are_not_finite_are_refused(void **state) {
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_Q4_0);
    struct gguf_writer w;
    (void)state;
    gguf_begin(&w);
    gguf_put_model(&w, &model);
    w.data.p[w.data.len - 17] = 0x7e; /* the last tensor's last scale */
    expect_refusal(&w, CRUX_E_BAD_RANGE, "b1.down");
}

/* Whatever happens to the file: a status and, unless it is CRUX_OK, no file and no temporary one. */
static void damaged_sources_leave_nothing(void **state) {
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_Q4_0);
    struct crux_random random = {11};
    struct crux_import_report report;
    struct crux_import_message message;
    size_t len;
    unsigned refused = 0;
    (void)state;
    model.width = 32;
    model.heads = 2;
    model.head_width = 16;
    model.ffn_width = 32;
    model.vocab = 8;
    uint8_t *bytes = gguf_make_model(&model, &len);
    for (unsigned i = 0; i < 150; i++) {
        uint8_t *copy = malloc(len);
        size_t shorter = len;
        memcpy(copy, bytes, len);
        if (i % 2 == 0)
            shorter = (size_t)crux_random_below(&random, len);
        else
            copy[crux_random_below(&random, 2500)] ^=
                (uint8_t)(1U << crux_random_below(&random, 8));
        temporary_folder_write(source, copy, shorter);
        free(copy);
        enum crux_status status = crux_import(source, output, NULL, &report, &message);
        if (status != CRUX_OK) {
            assert_true(message.text[0] != 0);
            refused++;
        }
        assert_int_equal(temporary_folder_count(folder), status == CRUX_OK ? 2 : 1);
        (void)remove(output);
    }
    print_message("%u of 150 damaged files refused\n", refused);
    assert_true(refused >= 100);
    free(bytes);
}

static void a_failed_import_leaves_the_old_model(void **state) {
    struct gguf_model model = gguf_small_model("llama", CRUX_BLOCK_Q4_0);
    struct crux_import_report report;
    size_t len, after;
    (void)state;
    write_source(&model);
    import_or_fail(&report, CRUX_WEIGHTS_INT8);
    uint8_t *old = temporary_folder_read(output, &len);
    temporary_folder_write(source, (const uint8_t *)"GGUF", 4);
    assert_int_not_equal(crux_import(source, output, NULL, &report, NULL), CRUX_OK);
    uint8_t *now = temporary_folder_read(output, &after);
    assert_true(after == len && memcmp(old, now, len) == 0);
    free(old);
    free(now);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_is_imported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_architecture_is_imported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mixtures_of_experts_are_imported, set_up, tear_down),
        cmocka_unit_test(experts_apart_are_the_same_model),
        cmocka_unit_test_setup_teardown(the_same_source_gives_the_same_root, set_up, tear_down),
        cmocka_unit_test(linear_scaling_and_factors_stretch_rope),
        cmocka_unit_test(windows_go_by_the_file),
        cmocka_unit_test_setup_teardown(the_stream_has_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_supported_is_refused_by_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_that_are_not_finite_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_sources_leave_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_import_leaves_the_old_model, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
