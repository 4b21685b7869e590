#include "tests/models/tiny_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/gguf_writer.h"

enum { TEXT_BYTES = 2 * PAIRS_TOKEN_BYTES + 1 };

static const char *const end_of_text = "<|endoftext|>";

static bool is_printed(unsigned byte) {
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
}

/* The character that stands for a byte in vocabularies of GPT-2's kind: itself if it prints, else the next from 256 on. */
static unsigned character_of(unsigned byte) {
    unsigned next = 256;
    if (is_printed(byte)) return byte;
    for (unsigned b = 0; b < byte; b++) next += !is_printed(b);
    return next;
}

static size_t spell(char *out, const struct byte_pairs *pairs, uint32_t id) {
    size_t len = 0;
    for (uint32_t i = 0; i < pairs->token[id].len; i++) {
        unsigned c = character_of(pairs->token[id].bytes[i]);
        if (c < 128) {
            out[len++] = (char)c;
        } else {
            out[len++] = (char)(0xc0 | c >> 6);
            out[len++] = (char)(0x80 | (c & 63));
        }
    }
    out[len] = '\0';
    return len;
}

static void put_vocabulary(struct gguf_writer *w, const struct byte_pairs *pairs) {
    static char text[PAIRS_VOCAB_MAX][TEXT_BYTES], merge[PAIRS_VOCAB_MAX][2 * TEXT_BYTES];
    const char *texts[PAIRS_VOCAB_MAX], *merges[PAIRS_VOCAB_MAX];
    uint32_t kinds[PAIRS_VOCAB_MAX], count = 0;
    for (uint32_t id = 0; id < PAIRS_VOCAB_MAX; id++) {
        texts[id] = text[id];
        kinds[id] = id < pairs->vocab ? 1 : 5; /* normal, unused */
        if (id < pairs->vocab)
            (void)spell(text[id], pairs, id);
        else
            (void)snprintf(text[id], TEXT_BYTES, "<|unused%u|>", (unsigned)id);
        if (id < 256 || id >= pairs->vocab) continue;
        size_t len = spell(merge[count], pairs, pairs->token[id].left);
        merge[count][len] = ' ';
        (void)spell(merge[count] + len + 1, pairs, pairs->token[id].right);
        merges[count] = merge[count];
        count++;
    }
    (void)snprintf(text[PAIRS_VOCAB_MAX - 1], TEXT_BYTES, "%s", end_of_text);
    kinds[PAIRS_VOCAB_MAX - 1] = 3; /* control */
    gguf_text(w, "tokenizer.ggml.model", "gpt2");
    gguf_text(w, "tokenizer.ggml.pre", "gpt-2");
    gguf_texts(w, "tokenizer.ggml.tokens", texts, PAIRS_VOCAB_MAX);
    gguf_i32s(w, "tokenizer.ggml.token_type", kinds, PAIRS_VOCAB_MAX);
    gguf_texts(w, "tokenizer.ggml.merges", merges, count);
    gguf_u32(w, "tokenizer.ggml.eos_token_id", PAIRS_VOCAB_MAX - 1);
    gguf_u32(w, "tokenizer.ggml.bos_token_id", PAIRS_VOCAB_MAX - 1);
}

static void put(struct gguf_writer *w, const char *name, struct net_place place,
                const float *from) {
    size_t count = place.rows * place.inputs;
    uint64_t dim[2] = {place.inputs, place.rows};
    uint8_t *bytes = malloc(count * 4);
    CRUX_ASSERT(bytes != NULL);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, from + place.at + i, 4);
        crux_store_u32(bytes + 4 * i, bits);
    }
    gguf_tensor(w, name, CRUX_BLOCK_F32, place.rows == 1 ? 1 : 2, dim, bytes, count * 4);
    free(bytes);
}

uint8_t *tiny_file(size_t *len, const struct byte_pairs *pairs, const float *parameters) {
    static const char *const part[NET_PARTS] = {"attn_norm", "attn_q",      "attn_k",
                                                "attn_v",    "attn_output", "ffn_norm",
                                                "ffn_gate",  "ffn_up",      "ffn_down"};
    struct gguf_writer w;
    char name[64];
    gguf_begin(&w);
    gguf_text(&w, "general.architecture", "llama");
    gguf_text(&w, "general.name", "tiny");
    gguf_u32(&w, "llama.block_count", NET_BLOCKS);
    gguf_u32(&w, "llama.context_length", NET_CONTEXT);
    gguf_u32(&w, "llama.embedding_length", NET_WIDTH);
    gguf_u32(&w, "llama.feed_forward_length", NET_FFN);
    gguf_u32(&w, "llama.attention.head_count", NET_HEADS);
    gguf_u32(&w, "llama.attention.head_count_kv", NET_KV_HEADS);
    gguf_u32(&w, "llama.rope.dimension_count", NET_HEAD_WIDTH);
    gguf_f32(&w, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    gguf_f32(&w, "llama.rope.freq_base", 10000);
    put_vocabulary(&w, pairs);
    put(&w, "token_embd.weight", net_embed(), parameters);
    put(&w, "output_norm.weight", net_out_norm(), parameters);
    for (unsigned b = 0; b < NET_BLOCKS; b++) {
        for (unsigned p = 0; p < NET_PARTS; p++) {
            (void)snprintf(name, sizeof name, "blk.%u.%s.weight", b, part[p]);
            put(&w, name, net_block(b, (enum net_part)p), parameters);
        }
    }
    return gguf_finish(&w, len);
}
