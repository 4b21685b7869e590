#include "tests/support/small_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "executor/import/import.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temporary_folder.h"

static void put_tokenizer(struct gguf_writer *w) {
    static const char *const tokens[] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                         "i", "j", "k", "l", "m", "n", "o", "p",
                                         "q", "r", "s", "t", "u", "v", "w", "x"};
    static const char *const merges[] = {NULL};
    gguf_text(w, "tokenizer.ggml.model", "gpt2");
    gguf_text(w, "tokenizer.ggml.pre", "gpt-2");
    gguf_texts(w, "tokenizer.ggml.tokens", tokens, SMALL_FILE_VOCAB);
    gguf_texts(w, "tokenizer.ggml.merges", merges, 0);
    gguf_text(w, "tokenizer.chat_template",
              "{% for m in messages %}{{ m['content'] }}{% endfor %}");
}

void small_file_make(const char *path, const char *folder, uint64_t seed) {
    struct gguf_model small = gguf_small_model("qwen3", CRUX_BLOCK_Q4_1);
    struct crux_import_report report;
    struct crux_import_message said;
    struct gguf_writer w;
    char source[300];
    size_t len;
    small.seed = seed;
    small.width = 64;
    small.heads = 2;
    small.kv_heads = 1;
    small.head_width = 16;
    small.ffn_width = 96;
    small.vocab = SMALL_FILE_VOCAB;
    small.context = SMALL_FILE_CONTEXT;
    (void)snprintf(source, sizeof source, "%.256s/source.gguf", folder);
    gguf_begin(&w);
    gguf_put_model(&w, &small);
    put_tokenizer(&w);
    uint8_t *bytes = gguf_finish(&w, &len);
    temporary_folder_write(source, bytes, len);
    free(bytes);
    enum crux_status status = crux_import(source, path, NULL, &report, &said);
    (void)unlink(source);
    if (status == CRUX_OK) return;
    (void)fprintf(stderr, "%s\n", said.text);
    abort();
}
