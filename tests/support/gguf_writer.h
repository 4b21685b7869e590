/* GGUF files in memory, for tests: small models of every tensor type, and files that are wrong on purpose. */
#ifndef CRUX_TESTS_SUPPORT_GGUF_WRITER_H
#define CRUX_TESTS_SUPPORT_GGUF_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "executor/import/blocks.h"
#include "tests/support/random.h"

struct gguf_bytes {
    uint8_t *p;
    size_t len, cap;
};

/* Metadata, descriptions and data grow apart, and are joined by gguf_finish. */
struct gguf_writer {
    struct gguf_bytes entries, tensors, data;
    uint32_t entry_count, tensor_count, version;
};

void gguf_begin(struct gguf_writer *w);
void gguf_u32(struct gguf_writer *w, const char *key, uint32_t value);
void gguf_f32(struct gguf_writer *w, const char *key, float value);
void gguf_text(struct gguf_writer *w, const char *key, const char *value);
/* An array of strings. */
void gguf_texts(struct gguf_writer *w, const char *key, const char *const *value, uint64_t count);
/* An array of signed 32-bit numbers. */
void gguf_i32s(struct gguf_writer *w, const char *key, const uint32_t *value, uint64_t count);
/* In: data, len bytes; dim, fastest first. */
void gguf_tensor(struct gguf_writer *w, const char *name, uint32_t type, uint32_t dims,
                 const uint64_t *dim, const uint8_t *data, size_t len);
/* Out: the whole file, the caller frees. Frees the writer. */
uint8_t *gguf_finish(struct gguf_writer *w, size_t *len);

/* Fills rows of a type with weights that are random, finite, and of about `size`. */
void gguf_random_rows(struct crux_random *random, uint8_t *out, const struct crux_block_type *type,
                      uint64_t weights, double size);

/* A small model of the llama family. */
struct gguf_model {
    const char *arch; /* "llama", "qwen2", "qwen3", "qwen3moe", "phi3", "gemma", .. "gemma3" */
    uint32_t type;    /* of matrices; vectors are F32 */
    uint32_t
        head_type; /* of output.weight; UINT32_MAX: there is none, the head is the embedding's */
    uint32_t blocks, width, heads, kv_heads, head_width, ffn_width, vocab, context;
    uint64_t seed;
    uint32_t experts, experts_used; /* 0: one feed-forward a block */
    bool experts_apart;             /* a tensor for each expert, as older files have them */
    uint32_t window;                /* 0: the file does not say one */
    const char *scaling;            /* of rope: "linear", "yarn", "longrope"; NULL: none */
    float scaling_factor;           /* of linear and yarn */
    uint32_t original;              /* positions, of yarn and longrope */
    float post_weight;              /* greatest of the norms after branches; 0: 0.8 */
};
struct gguf_model gguf_small_model(const char *arch, uint32_t type);
/* Adds metadata and tensors of a model. */
void gguf_put_model(struct gguf_writer *w, const struct gguf_model *model);
uint8_t *gguf_make_model(const struct gguf_model *model, size_t *len);

#endif
