/* .crux files: every bit of one is guarded, by opening it or by verifying it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/engine/model_layout.h"
#include "executor/import/import.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temporary_folder.h"

static uint8_t *file;
static size_t file_len;
static uint8_t root[32];

static void put_tokenizer(struct gguf_writer *w) {
    static const char *const tokens[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    static const char *const merges[] = {NULL};
    gguf_text(w, "tokenizer.ggml.model", "gpt2");
    gguf_text(w, "tokenizer.ggml.pre", "gpt-2");
    gguf_texts(w, "tokenizer.ggml.tokens", tokens, 8);
    gguf_texts(w, "tokenizer.ggml.merges", merges, 0);
    gguf_text(w, "tokenizer.chat_template", "{{ messages }}");
}

static int set_up(void **state) {
    struct gguf_model small = gguf_small_model("qwen3", CRUX_BLOCK_Q4_1);
    struct crux_import_report report;
    struct crux_import_message said;
    char folder[256], source[300], output[300];
    size_t len;
    (void)state;
    small.width = 64;
    small.heads = 2;
    small.kv_heads = 1;
    small.head_width = 16;
    small.ffn_width = 96;
    small.vocab = 24;
    small.context = 8;
    temporary_folder_make(folder);
    (void)snprintf(source, sizeof source, "%s/a.gguf", folder);
    (void)snprintf(output, sizeof output, "%s/a.crux", folder);
    struct gguf_writer w;
    gguf_begin(&w);
    gguf_put_model(&w, &small);
    put_tokenizer(&w);
    uint8_t *bytes = gguf_finish(&w, &len);
    temporary_folder_write(source, bytes, len);
    free(bytes);
    enum crux_status status = crux_import(source, output, NULL, &report, &said);
    if (status != CRUX_OK) print_error("%s\n", said.text);
    memcpy(root, report.model_root, 32);
    file = status == CRUX_OK ? temporary_folder_read(output, &file_len) : NULL;
    temporary_folder_remove(folder);
    return file == NULL;
}

static int tear_down(void **state) {
    (void)state;
    free(file);
    return 0;
}

/* Both checks. Out: where it was found. */
static enum crux_status check(const uint8_t *bytes, size_t len, bool *opened) {
    struct crux_model_file model;
    char message[CRUX_MODEL_MESSAGE_BYTES] = "";
    enum crux_status status = crux_model_file_parse(&model, bytes, len, message);
    *opened = status == CRUX_OK;
    if (*opened) {
        status = crux_model_file_verify(&model, message, NULL, NULL);
        crux_model_file_close(&model);
    }
    if (status != CRUX_OK) assert_true(message[0] != 0);
    return status;
}

static void a_whole_file_is_whole(void **state) {
    struct crux_model_file model;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    bool opened;
    (void)state;
    assert_int_equal(check(file, file_len, &opened), CRUX_OK);
    assert_int_equal(crux_model_file_parse(&model, file, file_len, message), CRUX_OK);
    assert_memory_equal(model.root, root, 32);
    for (uint32_t i = 0; i < model.memory.count; i++) {
        assert_int_equal((uintptr_t)(model.memory.tensors[i].bytes - file) % CRUX_MODEL_ALIGNMENT,
                         0);
        assert_int_equal(model.memory.tensors[i].len,
                         crux_model_tensor_bytes(&model.program.tensors[i]));
    }
    crux_model_file_close(&model);
}

static void every_flipped_bit_is_found(void **state) {
    struct crux_random random = {5};
    size_t by_opening = 0, by_verifying = 0;
    (void)state;
    for (size_t at = 0; at < file_len;) {
        uint8_t bit = (uint8_t)(1U << crux_random_below(&random, 8));
        bool opened;
        file[at] ^= bit;
        if (check(file, file_len, &opened) == CRUX_OK) fail_msg("byte %zu", at);
        file[at] ^= bit;
        *(opened ? &by_verifying : &by_opening) += 1;
        /* each byte of the header's fields, and some of everything else */
        at += at < 400 ? 1 : 1 + (size_t)crux_random_below(&random, 400);
    }
    print_message("%zu found by opening, %zu by verifying\n", by_opening, by_verifying);
    assert_true(by_opening > 300 && by_verifying > 100);
}

static void every_other_length_is_refused(void **state) {
    struct crux_random random = {6};
    bool opened;
    (void)state;
    for (int i = 0; i < 200; i++) {
        size_t len = (size_t)crux_random_below(&random, i < 20 ? 5000 : file_len);
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, file, len);
        assert_int_not_equal(check(copy, len, &opened), CRUX_OK);
        assert_false(opened);
        free(copy);
    }
    uint8_t *longer = calloc(1, file_len + 64);
    memcpy(longer, file, file_len);
    assert_int_equal(check(longer, file_len + 64, &opened), CRUX_E_TRUNCATED);
    free(longer);
}

/* A forger mends every checksum, and the root too: what is left to tell is the configuration. */
static void a_configuration_must_lower_to_the_program(void **state) {
    struct crux_model_header header;
    bool opened;
    size_t refused = 0;
    (void)state;
    uint8_t *copy = malloc(file_len);
    memcpy(copy, file, file_len);
    assert_int_equal(crux_model_header_decode(&header, copy), CRUX_OK);
    uint8_t *config = copy + header.section[CRUX_MODEL_CONFIG].offset;
    size_t len = (size_t)header.section[CRUX_MODEL_CONFIG].len;
    for (size_t at = 0; at < len; at++) {
        struct crux_model_header mended = header;
        config[at] ^= 1;
        crux_sha256(mended.section[CRUX_MODEL_CONFIG].hash, config, len);
        crux_model_header_encode(copy, &mended);
        /* what the program does not hold, such as the name of an activation, is a table's matter: verify compares it */
        refused += check(copy, file_len, &opened) != CRUX_OK;
        config[at] ^= 1;
    }
    print_message("%zu of %zu changed bytes of the configuration refused\n", refused, len);
    assert_true(refused > len / 2);
    free(copy);
}

static void tokenizer_and_template_are_the_manifests(void **state) {
    static const enum crux_model_section sections[] = {CRUX_MODEL_TOKENIZER, CRUX_MODEL_TEMPLATE};
    struct crux_model_header header;
    bool opened;
    (void)state;
    uint8_t *copy = malloc(file_len);
    memcpy(copy, file, file_len);
    assert_int_equal(crux_model_header_decode(&header, copy), CRUX_OK);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(sections); i++) {
        struct crux_model_header mended = header;
        uint8_t *bytes = copy + header.section[sections[i]].offset;
        size_t len = (size_t)header.section[sections[i]].len;
        assert_true(len > 0);
        bytes[len - 1] ^= 1;
        crux_sha256(mended.section[sections[i]].hash, bytes, len);
        crux_model_header_encode(copy, &mended);
        assert_int_equal(check(copy, file_len, &opened), CRUX_E_CHECKSUM_MISMATCH);
        bytes[len - 1] ^= 1;
    }
    free(copy);
}

static void configurations_survive_their_bytes(void **state) {
    struct crux_model_file model;
    struct crux_model_config config;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    uint8_t *bytes, *again;
    size_t len, again_len;
    (void)state;
    assert_int_equal(crux_model_file_parse(&model, file, file_len, message), CRUX_OK);
    assert_int_equal(crux_model_config_encode(&bytes, &len, &model.config.decoder), CRUX_OK);
    assert_int_equal(crux_model_config_decode(&config, bytes, len), CRUX_OK);
    assert_int_equal(crux_model_config_encode(&again, &again_len, &config.decoder), CRUX_OK);
    assert_true(len == again_len && memcmp(bytes, again, len) == 0);
    crux_model_config_free(&config);
    for (size_t shorter = 0; shorter < len; shorter++) {
        assert_int_not_equal(crux_model_config_decode(&config, bytes, shorter), CRUX_OK);
        crux_model_config_free(&config);
    }
    free(bytes);
    free(again);
    crux_model_file_close(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_whole),
        cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(a_configuration_must_lower_to_the_program),
        cmocka_unit_test(tokenizer_and_template_are_the_manifests),
        cmocka_unit_test(configurations_survive_their_bytes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
