/* Models with seeded random weights in the shapes of published ones, for benches: a GGUF file that any engine reads, with
 * a byte-level tokenizer of the right size. Rates depend on shapes and formats, not on what the weights are worth.
 *
 *   make_model --shape 1b|smol-16k|tiny [--type Q8_0|F16] FILE
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/gguf_writer.h"

enum { SPECIAL = 256, LETTERS = 256, WORD_BYTES = 32, ALIGNMENT = 32, NAME_BYTES = 64 };

struct shape {
    const char *name, *pre;
    uint32_t blocks, width, ffn, heads, kv_heads, head_width, vocab, context, rope_base;
    bool stretched; /* frequencies divided as Llama 3.1 and 3.2 do */
};

static const struct shape shapes[] = {
    {"1b", "llama-bpe", 16, 2048, 8192, 32, 8, 64, 128256, 16384, 500000, true},
    {"tiny", "llama-bpe", 2, 64, 96, 4, 2, 16, 1024, 64, 500000, true}, /* for the test of this */
    {"smol-16k", "smollm", 30, 576, 1536, 9, 3, 64, 49152, 16384, 100000, false},
};

struct maker {
    FILE *out;
    const struct shape *shape;
    const struct crux_block_type *type;
    struct crux_random random;
    struct gguf_writer head; /* its entries only */
    uint64_t offset;         /* of the next tensor */
    uint32_t count;
    bool data; /* the second pass: elements, not descriptions */
};

static void die(const char *message) {
    fprintf(stderr, "make_model: %s\n", message);
    exit(1);
}

static void put(struct maker *m, const void *bytes, size_t len) {
    if (fwrite(bytes, 1, len, m->out) != len) die("the file could not be written");
}

static void put_number(struct maker *m, uint64_t value, size_t len) {
    uint8_t bytes[8];
    crux_store_u64(bytes, value);
    put(m, bytes, len);
}

/* ---- tensors: described in the first pass, written in the second ---- */

static uint64_t up(uint64_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void pad(struct maker *m, uint64_t len) {
    static const uint8_t zeros[ALIGNMENT];
    put(m, zeros, (size_t)(up(len) - len));
}

static void describe(struct maker *m, const char *name, uint32_t type, uint64_t rows,
                     uint64_t inputs, uint64_t len) {
    put_number(m, strlen(name), 8);
    put(m, name, strlen(name));
    put_number(m, rows == 0 ? 1 : 2, 4);
    put_number(m, inputs, 8);
    if (rows != 0) put_number(m, rows, 8);
    put_number(m, type, 4);
    put_number(m, m->offset, 8);
    m->offset += up(len);
    m->count++;
}

static void matrix(struct maker *m, const char *name, uint64_t rows, uint64_t inputs) {
    size_t row_bytes = (size_t)(inputs / m->type->inputs * m->type->bytes);
    if (!m->data) {
        describe(m, name, m->type->number, rows, inputs, rows * row_bytes);
        return;
    }
    uint8_t *row = malloc(row_bytes);
    if (row == NULL) die("not enough memory");
    for (uint64_t i = 0; i < rows; i++) {
        gguf_random_rows(&m->random, row, m->type, inputs, 1 / sqrt((double)inputs));
        put(m, row, row_bytes);
    }
    free(row);
    pad(m, rows * row_bytes);
}

/* F32.  In: value, of each index. */
static void vector(struct maker *m, const char *name, uint64_t len,
                   float (*value)(struct maker *m, uint64_t i)) {
    if (!m->data) {
        describe(m, name, CRUX_BLOCK_F32, 0, len, 4 * len);
        return;
    }
    for (uint64_t i = 0; i < len; i++) {
        float x = value(m, i);
        uint32_t bits;
        memcpy(&bits, &x, 4);
        put_number(m, bits, 4);
    }
    pad(m, 4 * len);
}

static float norm_weight(struct maker *m, uint64_t i) {
    (void)i;
    return 0.5F + (float)(crux_random_next(&m->random) >> 40) * 0x1p-24F;
}

/* What "llama3" scaling by 32 over 8192 positions divides the frequency of a pair by: low ones by 32, high ones by 1,
 * those between by what lies between. */
static float rope_divisor(struct maker *m, uint64_t i) {
    double pi = acos(-1),
           wave = 2 * pi * pow(m->shape->rope_base, 2.0 * (double)i / m->shape->head_width),
           smooth = (8192 / wave - 1) / (4 - 1);
    if (smooth >= 1) return 1;
    return smooth <= 0 ? 32.0F : (float)(1 / ((1 - smooth) / 32 + smooth));
}

static void tensors(struct maker *m) {
    const struct shape *s = m->shape;
    uint64_t width = s->width, ffn = s->ffn, q = (uint64_t)s->heads * s->head_width,
             kv = (uint64_t)s->kv_heads * s->head_width;
    m->random.state = 1;
    matrix(m, "token_embd.weight", s->vocab, width); /* the head's too */
    vector(m, "output_norm.weight", width, norm_weight);
    if (s->stretched) vector(m, "rope_freqs.weight", s->head_width / 2, rope_divisor);
    for (uint32_t b = 0; b < s->blocks; b++) {
        const struct {
            const char *name;
            uint64_t rows, inputs;
        } part[] = {{"attn_norm", 0, width},  {"attn_q", q, width},      {"attn_k", kv, width},
                    {"attn_v", kv, width},    {"attn_output", width, q}, {"ffn_norm", 0, width},
                    {"ffn_gate", ffn, width}, {"ffn_up", ffn, width},    {"ffn_down", width, ffn}};
        for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
            char name[NAME_BYTES];
            (void)snprintf(name, sizeof name, "blk.%u.%s.weight", (unsigned)b, part[i].name);
            if (part[i].rows == 0)
                vector(m, name, part[i].inputs, norm_weight);
            else
                matrix(m, name, part[i].rows, part[i].inputs);
        }
    }
}

/* ---- tokenizer: the letters of all bytes, then pairs and triples of them ---- */

/* The letter that stands for a byte in vocabularies of this kind, in UTF-8: what prints is itself, others follow 255. */
static void letter(char out[3], unsigned byte) {
    static const struct { unsigned first, last; } printed[] = {{33, 126}, {161, 172}, {174, 255}};
    unsigned moved = 0, code = 0;
    for (unsigned b = 0; b <= byte; b++) {
        bool prints = false;
        for (size_t i = 0; i < 3; i++) prints |= b >= printed[i].first && b <= printed[i].last;
        code = prints ? b : LETTERS + moved;
        moved += !prints;
    }
    memset(out, 0, 3);
    out[0] = (char)(code < 128 ? code : 0xC0U | code >> 6);
    if (code >= 128) out[1] = (char)(0x80U | (code & 63));
}

/* Token i, or merge i - LETTERS with a space where its parts meet. */
static void word(char out[WORD_BYTES], uint32_t i, const char *between) {
    char last[3];
    uint32_t rest = i - LETTERS;
    if (i < LETTERS) {
        letter(out, i);
        return;
    }
    letter(last, rest % LETTERS);
    if (rest < LETTERS * LETTERS) {
        char first[3];
        letter(first, rest / LETTERS);
        (void)snprintf(out, WORD_BYTES, "%s%s%s", first, between, last);
    } else { /* a pair, and one more */
        char pair[WORD_BYTES];
        word(pair, LETTERS + (rest - LETTERS * LETTERS) / LETTERS, "");
        (void)snprintf(out, WORD_BYTES, "%.8s%s%s", pair, between, last);
    }
}

static void tokenizer(struct maker *m) {
    uint32_t vocab = m->shape->vocab, words = vocab - SPECIAL;
    char(*text)[WORD_BYTES] = calloc(vocab, WORD_BYTES);
    const char **list = calloc(vocab, sizeof *list);
    uint32_t *type = calloc(vocab, sizeof *type);
    if (text == NULL || list == NULL || type == NULL) die("not enough memory");
    for (uint32_t i = 0; i < vocab; i++) {
        if (i < words)
            word(text[i], i, "");
        else
            (void)snprintf(text[i], WORD_BYTES, "<|special_%u|>", (unsigned)(i - words));
        list[i] = text[i];
        type[i] = i < words ? 1 : 3; /* normal, control */
    }
    gguf_text(&m->head, "tokenizer.ggml.model", "gpt2");
    gguf_text(&m->head, "tokenizer.ggml.pre", m->shape->pre);
    gguf_texts(&m->head, "tokenizer.ggml.tokens", list, vocab);
    gguf_i32s(&m->head, "tokenizer.ggml.token_type", type, vocab);
    for (uint32_t i = LETTERS; i < words; i++) word(text[i], i, " ");
    gguf_texts(&m->head, "tokenizer.ggml.merges", list + LETTERS, words - LETTERS);
    gguf_u32(&m->head, "tokenizer.ggml.bos_token_id", words);
    gguf_u32(&m->head, "tokenizer.ggml.eos_token_id", words + 1);
    free(text);
    free(list);
    free(type);
}

static void settings(struct maker *m) {
    const struct shape *s = m->shape;
    gguf_begin(&m->head);
    gguf_text(&m->head, "general.architecture", "llama");
    gguf_text(&m->head, "general.name", s->name);
    gguf_u32(&m->head, "llama.block_count", s->blocks);
    gguf_u32(&m->head, "llama.context_length", s->context);
    gguf_u32(&m->head, "llama.embedding_length", s->width);
    gguf_u32(&m->head, "llama.feed_forward_length", s->ffn);
    gguf_u32(&m->head, "llama.attention.head_count", s->heads);
    gguf_u32(&m->head, "llama.attention.head_count_kv", s->kv_heads);
    gguf_u32(&m->head, "llama.rope.dimension_count", s->head_width);
    gguf_u32(&m->head, "llama.vocab_size", s->vocab);
    gguf_f32(&m->head, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    gguf_f32(&m->head, "llama.rope.freq_base", (float)s->rope_base);
    tokenizer(m);
}

static void count_tensors(struct maker *m) {
    FILE *out = m->out;
    m->out = tmpfile();
    if (m->out == NULL) die("no temporary file");
    tensors(m);
    (void)fclose(m->out);
    m->out = out;
    m->offset = 0;
}

static void usage(void) {
    die("usage: make_model --shape 1b|smol-16k|tiny [--type Q8_0|F16] FILE");
}

static const struct shape *shape_of(const char *name) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(name, shapes[i].name) == 0) return &shapes[i];
    return NULL;
}

static const struct crux_block_type *type_of(const char *name) {
    if (strcmp(name, "Q8_0") == 0) return crux_block_type_of(CRUX_BLOCK_Q8_0);
    return strcmp(name, "F16") == 0 ? crux_block_type_of(CRUX_BLOCK_F16) : NULL;
}

int main(int argc, char **argv) {
    struct maker m = {.type = crux_block_type_of(CRUX_BLOCK_Q8_0)};
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--shape") == 0 && i + 1 < argc)
            m.shape = shape_of(argv[++i]);
        else if (strcmp(argv[i], "--type") == 0 && i + 1 < argc)
            m.type = type_of(argv[++i]);
        else if (path == NULL && argv[i][0] != '-')
            path = argv[i];
        else
            usage();
    }
    if (m.shape == NULL || m.type == NULL || path == NULL) usage();
    m.out = fopen(path, "wb");
    if (m.out == NULL) die("the file could not be made");
    settings(&m);
    count_tensors(&m);
    put(&m, "GGUF", 4);
    put_number(&m, m.head.version, 4);
    put_number(&m, m.count, 8);
    put_number(&m, m.head.entry_count, 8);
    put(&m, m.head.entries.p, m.head.entries.len);
    tensors(&m);
    long head = ftell(m.out);
    if (head < 0) die("the file could not be written");
    pad(&m, (uint64_t)head);
    m.data = true;
    tensors(&m);
    free(m.head.entries.p);
    if (fclose(m.out) != 0) die("the file could not be written");
    return 0;
}
