/* decoder: a whole program for the decoder family, from a configuration.
 *
 *   layer 0        embed, then blocks            layer l          blocks            last layer, from P-1 on
 *   token -> r --> |block|..|block| -> r --->    |block|..| -> r ---> ...   --->    norm, logits, sample -> token
 *                     `- k, k.e, v, v.e of each block: the cache rows of its record; r comes last
 *
 *   block:  n = norm(r); x = quant(n); q, k, v = linear(x); [q, k = norm(q), norm(k)]; rope(q), rope(k)
 *           r = r + [norm](linear(quant(attention(quant(q), quant(k), quant(v)))))
 *           n = norm(r); x = quant(n); h = act(linear(x)) [* linear(x)]; r = r + [norm](linear(quant(h)))
 *           or, with experts, the last line through the chosen ones of many: kernels/fused/experts
 *
 * Blocks may be of two kinds, local ones with a window and perhaps another rope table, and global ones:
 *
 *   global_every 3     local local GLOBAL local local GLOBAL ..
 *
 * Tensors are named embed, rope, rope.local, exp2, act, softcap, logit.cap, out.norm, head, and b7.q, b7.q.scale, b7.n1,
 * b7.n1.post .. for block 7.
 *
 * spec/50-fused.md#decoder
 */
#ifndef CRUX_KERNELS_FUSED_DECODER_H
#define CRUX_KERNELS_FUSED_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/fused/experts/experts.h"
#include "kernels/fused/rope/rope.h"
#include "kernels/lowering/tables.h"
#include "kernels/program/program.h"

enum crux_decoder_norm { CRUX_DECODER_RMSNORM = 0, CRUX_DECODER_LAYERNORM = 1 };
enum crux_decoder_positions {
    CRUX_DECODER_ROPE = 0,
    CRUX_DECODER_LEARNED = 1, /* added to the embedding */
    CRUX_DECODER_NO_POSITIONS = 2
};
enum crux_decoder_ffn { CRUX_DECODER_GATED = 0, CRUX_DECODER_PLAIN = 1 };
enum crux_decoder_head { CRUX_DECODER_SAMPLED = 0, CRUX_DECODER_GREEDY = 1 };

/* The matrices of a block. */
enum crux_decoder_matrix {
    CRUX_DECODER_Q,
    CRUX_DECODER_K,
    CRUX_DECODER_V,
    CRUX_DECODER_O,
    CRUX_DECODER_GATE,
    CRUX_DECODER_UP,
    CRUX_DECODER_DOWN,
    CRUX_DECODER_ROUTER, /* of a block of experts; gate, up and down are then those of all of them */
    CRUX_DECODER_MATRICES
};

/* How a kind of matrix is stored: a tile layout byte, and the range of its m*q + n. */
struct crux_decoder_tiles {
    uint8_t layout;
    int64_t most; /* greatest |m*q + n| */
};

/* The norms of a block. */
enum crux_decoder_norm_of {
    CRUX_DECODER_NORM_1,
    CRUX_DECODER_NORM_2,
    CRUX_DECODER_NORM_Q,
    CRUX_DECODER_NORM_K,
    CRUX_DECODER_NORM_1_POST, /* of what attention adds to r */
    CRUX_DECODER_NORM_2_POST, /* of what feed-forward adds to r */
    CRUX_DECODER_NORMS
};

/* What an importer decides for one block. */
struct crux_decoder_plan {
    struct crux_decoder_tiles tiles[CRUX_DECODER_MATRICES];
    int32_t s0[CRUX_DECODER_MATRICES];
    int32_t norm_bits[CRUX_DECODER_NORMS]; /* fraction bits of norm weights */
};

struct crux_fused_decoder {
    uint32_t blocks, width, heads, kv_heads, head_width, ffn_width, vocab, context;
    uint32_t window;           /* positions attention sees; 0: all */
    uint32_t global_every;     /* each so-many-th block has no window; 0: all blocks are alike */
    uint32_t blocks_per_layer; /* of the program; the last layer of blocks may have fewer */
    enum crux_decoder_norm norm;
    enum crux_decoder_positions positions;
    enum crux_rope_layout rope_layout;
    uint32_t rope_base;
    const uint64_t
        *rope_turns; /* head_width / 2, as crux_table_rope takes them, or NULL: from rope_base */
    /* of all blocks but every global_every-th, which then turn by a table of their own; 0: none does */
    uint32_t rope_local_base;
    bool qk_norm, qkv_bias, bias; /* bias: of every other linear of a block */
    bool post_norms;              /* what a branch adds to r is normed first */
    enum crux_decoder_ffn ffn;
    uint32_t experts, experts_used; /* of each block, each with ffn_width; 0: one feed-forward */
    bool experts_of_all; /* shares are of the softmax over all experts, not over those used */
    enum crux_table_activation activation;
    enum crux_decoder_head head;
    bool tied;         /* the head's matrix is the embedding's */
    int32_t softcap;   /* of attention scores, in score units; 0: none */
    int32_t logit_cap; /* of logits, at logit_bits; 0: none */
    /* Scores are q . k divided by the root of this, which has 32 fraction bits; 0: head_width. Below 2^62. */
    uint64_t score_divisor;
    struct crux_decoder_tiles embed_tiles, block_tiles, head_tiles;
    int64_t eps_m; /* eps = eps_m / 2^eps_shift */
    int32_t eps_shift;
    /* fraction bits: residual stream, norm weights, everything between linears, logits */
    int32_t r_bits, norm_bits, inner_bits, logit_bits;
    /* What differs from block to block, or NULL: block_tiles and norm_bits for all, and s0 chosen so that weights
     * spread over their range keep the size of a row. rowmul lies within [0, 2^30]. norm_bits is always out.norm's. */
    const struct crux_decoder_plan *plans; /* blocks */
    const int32_t *embed_s0, *head_s0;     /* or NULL, in the same way */
};

/* Out: config, of a published shape or a small one for demonstrations.
 * In: name, "llama-3-8b", "mixtral-8x7b", "qwen3-30b-a3b", "smollm2-135m", "tiny".  Returns: false for any other. */
CRUX_MUST_CHECK
bool crux_fused_decoder_named(struct crux_fused_decoder *config, const char *name);

/* Out: program, which was empty; to be freed with crux_program_free, on failure too.
 * where, if not NULL: the label at which lowering failed (CRUX_LABEL_BYTES). */
CRUX_MUST_CHECK
enum crux_status crux_fused_decoder(struct crux_program *program,
                                    const struct crux_fused_decoder *config, char *where);

/* How a configuration with experts routes, and mixes what they give. */
struct crux_fused_route crux_fused_decoder_route(const struct crux_fused_decoder *config);
struct crux_fused_mix crux_fused_decoder_mix(const struct crux_fused_decoder *config);

/* ---- variants.c: what differs between blocks ---- */

/* Returns: whether block number `block` sees all positions. */
bool crux_fused_decoder_is_global(const struct crux_fused_decoder *config, uint32_t block);
/* Returns: the positions that block number `block` sees at most; 0: all. */
uint32_t crux_fused_decoder_window(const struct crux_fused_decoder *config, uint32_t block);
/* Returns: whether block number `block` turns by the table rope.local. */
bool crux_fused_decoder_turns_locally(const struct crux_fused_decoder *config, uint32_t block);
/* Returns: score_divisor, or what 0 stands for. */
uint64_t crux_fused_decoder_divisor(const struct crux_fused_decoder *config);

/* ---- tables.c ---- */

/* Fills the bytes of a tensor that has no freedom: rope, rope.local, exp2, act, softcap, logit.cap. Others are left alone.
 * In: name, of the tensor; len, its bytes.  Returns: CRUX_OK also for a tensor that was left alone. */
CRUX_MUST_CHECK
enum crux_status crux_fused_decoder_table(const struct crux_fused_decoder *config, const char *name,
                                          uint8_t *bytes, size_t len);

#endif
