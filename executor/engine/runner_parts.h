/* Inside the engine: what the files runner_*.c share. */
#ifndef CRUX_EXECUTOR_ENGINE_RUNNER_PARTS_H
#define CRUX_EXECUTOR_ENGINE_RUNNER_PARTS_H

#include "executor/engine/runner.h"
#include "executor/engine/runner_memory.h"
#include "executor/engine/threads.h"

enum {
    CRUX_RUNNER_PAGE = CRUX_ENGINE_CACHE_POSITIONS,
    CRUX_RUNNER_E_MAX =
        63, /* no row needs a greater exponent: the kernels find the least that does */
    CRUX_RUNNER_STORES = 4 /* of a block: k, k.e, v, v.e */
};

/* ---- model: runner_model.c ---- */

struct runner_norm {
    enum crux_decoder_norm kind;
    struct crux_norm_constants constants;
    struct crux_type out;
    const int16_t *weight;
    const int32_t *bias;
    uint32_t width;
};

/* A matrix, packed for the backend, with what belongs to it. */
struct runner_matrix {
    struct crux_backend_matrix packed;
    struct crux_fused_linear linear;
    const int32_t *rowmul, *bias;
};

struct runner_block {
    struct runner_norm n1, n2, q_norm, k_norm;
    struct runner_norm n1_post, n2_post; /* looked at with post_norms */
    const struct crux_fused_attention *attention;
    const int32_t *rope; /* NULL: none */
    struct runner_matrix matrix[CRUX_DECODER_MATRICES];
    struct runner_matrix
        *expert[CRUX_DECODER_MATRICES]; /* gate, up, down: config.experts of each */
    struct crux_fused_rope q_rope, k_rope;
};

struct runner_layer {
    bool open; /* its weights are there */
    uint32_t first_block, blocks;
    uint32_t stores;
    struct crux_layout layout[CRUX_STORES_MAX];
    size_t at[CRUX_STORES_MAX]; /* of each store's dense elements in a kept record */
    size_t record_bytes;        /* of a kept record: a multiple of RUNNER_RECORD_ALIGN */
    size_t roots_bytes;         /* for crux_nested_roots */
    bool as_before;             /* the layer before has the same layouts */
};

struct crux_engine_model {
    struct runner_memory memory;
    uint64_t packed_bytes; /* of all matrices */
    const struct crux_backend *backend;
    const struct crux_fused_kernels *fused; /* the backend's */
    struct crux_fused_decoder config;
    const struct crux_program *program;
    struct runner_block *blocks; /* config.blocks */
    struct runner_layer *layers; /* program->header.layers; the last is the head */
    struct runner_norm out_norm;
    struct runner_matrix head;
    struct crux_tiles embed_tiles;
    struct crux_fused_embed embed;
    const int32_t *embed_rowmul, *positions;                /* positions: NULL unless learned */
    struct crux_fused_attention attention, local_attention; /* of blocks with a window */
    uint32_t positions_seen;                                /* at most, by any block */
    struct crux_attention_tables tables;
    struct crux_fused_activation activation;
    const int32_t *act, *rope, *local_rope;
    const int32_t *logit_cap; /* NULL: none */
    struct crux_lut logit_lut;
    struct crux_fused_sample sample;
    int32_t dot_limit; /* of q and k */
    bool whole;        /* all layers are open */
};

/* ---- cache: runner_cache.c ---- */

/* One page: for each block of the model a page of attention (kernels/fused/attention/block.h) of each cache head. Of a
 * model that is not whole, for each block of one layer: only one is at work. */
struct runner_cache {
    uint32_t blocks;
    size_t page_bytes, block_bytes, head_bytes;
    size_t stride; /* of pages: each has its struct runner_page_use behind it */
    uint64_t bytes, bytes_max, resting_bytes;
    struct runner_memory slabs;
    uint8_t *fresh; /* of the last slab, never used */
    uint32_t fresh_count;
    uint32_t pages;   /* ever taken from slabs */
    uint8_t **unused; /* pages given back; room for all */
    uint32_t unused_count, unused_cap;
};

struct runner_page_use {
    uint32_t sequences; /* that hold the page; above one nobody writes to it */
    uint32_t resting;   /* of them at rest */
};

void runner_cache_init(struct runner_cache *cache, const struct crux_engine_model *model,
                       uint64_t bytes_max);
void runner_cache_free(struct runner_cache *cache);

struct crux_engine_sequence {
    struct crux_engine *engine;
    struct crux_engine_ask ask;
    uint32_t positions; /* done */
    uint32_t *tokens; /* of positions done and of the step in progress, clamped to the vocabulary */
    uint32_t token_cap;
    uint8_t **pages; /* [position / CRUX_RUNNER_PAGE]; NULL: not yet there, or behind the window */
    uint32_t page_cap;
    struct crux_trace trace;
    uint8_t (*leaves)[32];
    uint64_t leaf_count, leaf_cap, leaf_done; /* leaf_done: those in trace */
    uint32_t rows;                            /* in the step in progress */
    bool resting;
    /* crux_engine_sequence_try: until it is known what stays, no subtree is closed and no page given back */
    bool trying;
    uint32_t floor; /* positions then */
};

/* Room for positions up to `end`.  Returns: CRUX_E_OUT_OF_MEMORY; then some of it may be there. */
CRUX_MUST_CHECK
enum crux_status runner_cache_reserve(struct crux_engine_sequence *sequence, uint32_t end);
/* Gives back pages that no position from `next` on can see. */
void runner_cache_trim(struct crux_engine_sequence *sequence, uint32_t next);
void runner_cache_release(struct crux_engine_sequence *sequence);
/* Returns: the first page that a position sees. */
uint32_t runner_cache_first(const struct crux_engine_sequence *sequence, uint32_t pos);
/* Gives a new sequence the pages of the first positions of another; the last one as a copy if it goes on there.
 * Returns: CRUX_E_OUT_OF_MEMORY; then some of it may be there. */
CRUX_MUST_CHECK
enum crux_status runner_cache_share(struct crux_engine_sequence *sequence,
                                    const struct crux_engine_sequence *from, uint32_t positions);
void runner_cache_rest(struct crux_engine_sequence *sequence);

/* Returns: where a cache head of a block lies in each page. */
size_t runner_cache_offset(const struct runner_cache *cache, uint32_t block, uint32_t kv);

/* ---- engine ---- */

/* One thread's own memory. */
struct runner_scratch {
    int16_t *z;
    int64_t *c;
    int16_t *x; /* the widest input of a matrix */
    void *attention;
    struct crux_sample_scratch sample;
    uint8_t *nested; /* for crux_nested_roots */
    int64_t *acc;    /* RUNNER_ACC of them, or a row of 16 outputs for each row of a step */
    void *matmul;
    uint64_t saturated;
    double commit_seconds;
};

/* Who goes through which expert: runner_experts.c. A place is one slot of one row; those of an expert lie together. */
struct runner_experts {
    int32_t *logits;           /* [row] experts */
    uint16_t *chosen;          /* [row] used */
    int32_t *share;            /* [row] used */
    uint32_t *place;           /* [row] used: its place */
    uint32_t *row;             /* [place] */
    uint32_t *first;           /* place of each expert, and one more */
    uint8_t *x;                /* [place] inputs, prepared */
    int8_t *e;                 /* [place] */
    int32_t *gate, *up;        /* [place] ffn_width */
    int32_t *down;             /* [place] width */
    struct runner_part *parts; /* two of each expert */
};

/* Rows of the step, [rows] of each. */
struct runner_batch {
    int32_t *r;         /* width */
    int32_t *n;         /* width */
    uint8_t *x;         /* inputs of the next products, as the backend prepares them */
    int8_t *e;          /* 1 */
    int32_t *q;         /* heads * head_width; then attention's output */
    int32_t *k, *v;     /* kv_heads * head_width */
    int16_t *q16;       /* heads * head_width */
    int8_t *eq;         /* heads */
    int16_t *k16, *v16; /* [block of the layer][row][kv_heads * head_width] */
    int8_t *ek, *ev;    /* [block of the layer][row][kv_heads] */
    int32_t *gate, *up; /* ffn_width */
    int32_t *logits;    /* [head rows] vocab */
    struct runner_experts experts;
    uint32_t *first_piece; /* of each part of a product, and one more */
    uint8_t (*roots)[32];  /* [row][layer] */
    struct runner_place {
        struct crux_engine_sequence *sequence;
        uint32_t pos;
        bool alone;         /* no other row of the step shares a line of the cache with it */
        uint32_t saturated; /* elements of its records, so far */
    } * place;
    uint32_t *head_row;               /* rows that need the head */
    struct crux_engine_row *head_out; /* of runner_layer.c: what the head chooses */
    struct runner_run {
        uint32_t row, rows; /* positions of one sequence, each after the one before */
    } * runs, *puts;        /* puts: cut where cache lines end */
    uint32_t run_count, put_count;
    /* what one task of attention does: some query heads of a cache head, for rows of one run */
    struct runner_attend {
        uint32_t row, rows, head, heads;
    } * attend; /* [rows * heads] */
};

enum {
    /* Logits in memory at once: rows enough for tile registers (kernels/backends/x86.c). */
    RUNNER_HEAD_ROWS = 32,
    RUNNER_ACC = 1 << 16, /* sums that a thread holds at once: half a megabyte */
    RUNNER_RECORD_ALIGN = 64,
    RUNNER_RECORDS_LEAST = 8, /* kept at once: of more, the first ones have left the cache */
    RUNNER_RECORD_LAYERS = 3  /* whose records are kept at once, where helpers hash them */
};

/* Records of the step in progress, layer by layer, each layer row by row; number i lies in place i % ring. They are
 * copies: a layer's own rows are overwritten by the next layer, while these wait to be hashed. */
struct runner_records {
    uint8_t *bytes;
    size_t stride;
    uint32_t cap, ring;    /* records: there is room for; used in this step */
    uint32_t kept, posted; /* records */
    struct runner_group {
        uint32_t first, count; /* records */
    } * group;                 /* an errand: [number % cap] */
    uint32_t groups, done;     /* posted, of all steps; known to be finished */
    uint8_t null_leaf[32];
};

struct crux_engine {
    struct runner_memory memory;
    const struct crux_engine_model *model;
    struct crux_engine_options options;
    struct crux_threads *threads;
    struct runner_cache cache;
    struct runner_scratch *scratch; /* one a thread */
    struct runner_batch batch;
    struct runner_records records;
    uint32_t count; /* rows of the step in progress */
    uint32_t layer; /* at work */
    uint32_t block;
    double step_seconds;
    uint64_t rows_done;
    uint32_t sequences;
};

double runner_seconds(void);

/* runner.c */
/* Room for tokens of positions up to `end`. */
CRUX_MUST_CHECK
enum crux_status runner_reserve_tokens(struct crux_engine_sequence *sequence, uint32_t end);
/* Returns: as which token the law reads this one. */
uint32_t runner_token(const struct crux_engine_model *model, uint32_t token);
/* The rows of the step are done. */
void runner_advance(struct crux_engine *engine);

/* runner_layer.c: one layer of a step, from given rows. */
struct runner_layer_row {
    struct crux_engine_sequence *sequence;
    const uint8_t *
        r; /* what the layer before recorded: the dense residual row, in its range; NULL for layer 0 */
    uint32_t chosen; /* out: by the head */
};
/* A sequence whose next positions are `first` and so on, and whose tokens are all known.  In: count, positions. */
CRUX_MUST_CHECK
enum crux_status runner_layer_open(struct crux_engine_sequence **sequence,
                                   struct crux_engine *engine, const struct crux_engine_ask *ask,
                                   const uint32_t *tokens, uint32_t count, uint32_t first);
/* In: an open layer; rows, 1 to options.rows, each of its sequence's next position.
 * Returns: CRUX_E_OUT_OF_MEMORY, also for the cache's limit. */
CRUX_MUST_CHECK
enum crux_status runner_layer_step(struct crux_engine *engine, uint32_t layer,
                                   struct runner_layer_row *rows, uint32_t count);

/* runner_batch.c */
CRUX_MUST_CHECK
enum crux_status runner_batch_open(struct crux_engine *engine);

/* runner_rows.c: one row of the step. */
void runner_norm(int32_t *n, const struct crux_fused_kernels *fused, const struct runner_norm *norm,
                 const int32_t *r, uint32_t rows, struct runner_scratch *scratch);
/* v of row number `row` becomes an input of the next products.  In: place, the row's number among them. */
void runner_prepare(struct crux_engine *engine, uint32_t place, const int32_t *v, uint32_t width,
                    struct runner_scratch *scratch);

/* runner_linear.c: several matrices times the prepared rows, shared among the threads. */
struct runner_product {
    const struct runner_matrix *matrix;
    int32_t *y;              /* [rows][outputs] */
    const int32_t *residual; /* the same shape, or NULL; may be y */
};
enum { RUNNER_PRODUCTS = 3 /* at most, at once */ };
void runner_multiply(struct crux_engine *engine, const struct runner_product *products,
                     uint32_t count, uint32_t rows);
/* The same where each has rows of its own.  In: count, as many as batch.first_piece has room for. */
struct runner_part {
    struct runner_product product;
    const uint8_t *x; /* prepared rows */
    const int8_t *e;
    uint32_t rows; /* at least 1 */
};
void runner_multiply_parts(struct crux_engine *engine, const struct runner_part *parts,
                           uint32_t count);

/* runner_experts.c: from prepared rows, those of the second norm, into r. */
CRUX_MUST_CHECK
bool runner_experts_open(struct crux_engine *engine, size_t prepared_bytes);
void runner_experts(struct crux_engine *engine);

/* runner_attention.c: q of each row becomes what attention makes of it, with k and v in the cache. */
/* Returns: bytes of a thread's scratch. */
size_t runner_attention_bytes(const struct crux_engine_model *model);
void runner_attention_begin(struct crux_engine *engine); /* once a step */
void runner_attention(struct crux_engine *engine);
/* k and v of one row of the block at work, into the cache: once more, if they changed. */
void runner_attention_put(const struct crux_engine *engine, uint32_t row);

/* runner_block.c */
/* Returns: the row of the block at work among those of its layer, for k16, v16, ek and ev. */
size_t runner_layer_row(const struct crux_engine *engine, uint32_t row);
void runner_embed(struct crux_engine *engine);
void runner_block(struct crux_engine *engine, uint32_t layer, uint32_t block);
/* runner_head.c */
void runner_head(struct crux_engine *engine, struct crux_engine_row *rows);
/* runner_record.c: records of a layer of blocks, and of the head; then the traces. Records are hashed while the layers
 * after them are computed; runner_record_append waits for them. */
CRUX_MUST_CHECK
enum crux_status runner_record_open(struct crux_engine *engine);
/* In: layer, the first of the step. */
void runner_record_begin(struct crux_engine *engine, uint32_t layer);
void runner_record_layer(struct crux_engine *engine, uint32_t layer);
void runner_record_head(struct crux_engine *engine, struct crux_engine_row *rows);
CRUX_MUST_CHECK
enum crux_status runner_record_reserve(struct crux_engine_sequence *sequence, uint32_t rows);
/* Waits until all records of the step are hashed. */
void runner_record_finish(struct crux_engine *engine);
/* Returns: the root of a record of the step, 32 bytes. */
uint8_t *runner_record_root(const struct crux_engine *engine, uint32_t row, uint32_t layer);
void runner_record_append(struct crux_engine *engine);
/* Subtrees that are complete, into the trace. */
void runner_record_close(struct crux_engine_sequence *sequence);

#endif
