#include "executor/evaluate/float_reference.h"

#include <math.h>
#include <stdlib.h>

#include "executor/evaluate/float_activation.h"
#include "executor/evaluate/float_experts.h"
#include "executor/evaluate/float_product.h"

enum { LANES = 16, FLUSH = 64 /* positions summed as floats */, HEAD_ROWS = 128 };

struct crux_float_reference {
    const struct crux_float_model *model;
    struct crux_threads *threads;
    void **scratch; /* one a thread */
    uint32_t positions, count, at;
    const struct crux_float_block *block; /* at work */
    double *r;                            /* [positions][width] */
    float *x;                             /* [positions][the widest input of a matrix] */
    float *packed;                        /* the same */
    float *q, *k, *v; /* [positions][heads * head_width], kv_heads for k and v */
    float *y;         /* [positions][width] */
    float *gate, *up; /* [positions][ffn_width] */
    struct crux_float_experts experts;
    double *rope[2]; /* cos and sin, [positions][head_width / 2] of each pair */
    float *logits;   /* of positions first .. first + have, made ahead */
    uint32_t first, have;
};

/* ---- one row ---- */

static void norm(float *out, const double *in, const double *weight, uint32_t width, double eps) {
    double squares = 0;
    for (uint32_t i = 0; i < width; i++) squares += in[i] * in[i];
    double inverse = 1 / sqrt(squares / width + eps);
    for (uint32_t i = 0; i < width; i++) out[i] = (float)(in[i] * inverse * weight[i]);
}

/* weight NULL: left alone. */
static void norm_in_place(float *row, const double *weight, uint32_t width, double eps) {
    double squares = 0;
    if (weight == NULL) return;
    for (uint32_t i = 0; i < width; i++) squares += (double)row[i] * (double)row[i];
    double inverse = 1 / sqrt(squares / width + eps);
    for (uint32_t i = 0; i < width; i++) row[i] = (float)((double)row[i] * inverse * weight[i]);
}

static void add_bias(float *row, const double *bias, uint32_t width) {
    for (uint32_t i = 0; bias != NULL && i < width; i++) row[i] = (float)((double)row[i] + bias[i]);
}

static void turn(const struct crux_float_reference *ref, float *head, uint32_t pos) {
    const struct crux_float_model *model = ref->model;
    uint32_t pairs = model->head_width / 2;
    const double *table =
        ref->rope[ref->block->turn == model->turns ? 0 : 1] + (size_t)pos * pairs * 2;
    for (uint32_t i = 0; i < pairs; i++) {
        float *a = model->interleaved ? head + 2 * i : head + i;
        float *b = model->interleaved ? a + 1 : a + pairs;
        double v0 = (double)*a, v1 = (double)*b, c = table[2 * i], s = table[2 * i + 1];
        *a = (float)(v0 * c - v1 * s);
        *b = (float)(v0 * s + v1 * c);
    }
}

static double dot(const float *a, const float *b, uint32_t width) {
    float lane[LANES] = {0};
    double sum = 0;
    uint32_t i = 0;
    for (; i + LANES <= width; i += LANES) {
        for (uint32_t j = 0; j < LANES; j++) lane[j] += a[i + j] * b[i + j];
    }
    for (; i < width; i++) sum += (double)a[i] * (double)b[i];
    for (uint32_t j = 0; j < LANES; j++) sum += (double)lane[j];
    return sum;
}

/* ---- stages; a task is a position, or a position's head ---- */

static void before_attention(void *ctx, uint32_t pos, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    uint32_t width = ref->model->width;
    (void)thread;
    norm(ref->x + (size_t)pos * width, ref->r + (size_t)pos * width, ref->block->n1, width,
         ref->model->eps);
}

static void before_ffn(void *ctx, uint32_t pos, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    uint32_t width = ref->model->width;
    (void)thread;
    norm(ref->x + (size_t)pos * width, ref->r + (size_t)pos * width, ref->block->n2, width,
         ref->model->eps);
}

static void before_head(void *ctx, uint32_t pos, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    uint32_t width = ref->model->width;
    (void)thread;
    norm(ref->x + (size_t)pos * width, ref->r + (size_t)pos * width, ref->model->out_norm, width,
         ref->model->eps);
}

static void ready_heads(void *ctx, uint32_t pos, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    const struct crux_float_model *model = ref->model;
    uint32_t d = model->head_width, heads = model->heads * d, kv = model->kv_heads * d;
    (void)thread;
    add_bias(ref->q + (size_t)pos * heads, ref->block->bq, heads);
    add_bias(ref->k + (size_t)pos * kv, ref->block->bk, kv);
    add_bias(ref->v + (size_t)pos * kv, ref->block->bv, kv);
    for (uint32_t h = 0; h < model->heads + model->kv_heads; h++) {
        bool is_q = h < model->heads;
        float *head = is_q ? ref->q + (size_t)pos * heads + h * d
                           : ref->k + (size_t)pos * kv + (h - model->heads) * d;
        norm_in_place(head, is_q ? ref->block->q_norm : ref->block->k_norm, d, model->eps);
        turn(ref, head, pos);
    }
}

static void attend(void *ctx, uint32_t task, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    const struct crux_float_model *model = ref->model;
    uint32_t h = task % model->heads, pos = task / model->heads, d = model->head_width;
    uint32_t cached = h / (model->heads / model->kv_heads), window = ref->block->window;
    uint32_t first = window == 0 || pos < window ? 0 : pos + 1 - window;
    size_t kv = (size_t)model->kv_heads * d, at = ((size_t)pos * model->heads + h) * d;
    double *weight = ref->scratch[thread], *sum = weight + ref->positions, most = -INFINITY,
           all = 0;
    for (uint32_t t = first; t <= pos; t++) {
        double score = dot(ref->q + at, ref->k + t * kv + cached * d, d) * model->score_scale;
        if (model->score_cap > 0) score = model->score_cap * tanh(score / model->score_cap);
        weight[t] = score;
        if (score > most) most = score;
    }
    for (uint32_t i = 0; i < d; i++) sum[i] = 0;
    for (uint32_t t = first; t <= pos; t += FLUSH) {
        float some[CRUX_FLOAT_HEAD_WIDTH_MAX];
        for (uint32_t i = 0; i < d; i++) some[i] = 0;
        for (uint32_t u = t; u <= pos && u - t < FLUSH; u++) {
            const float *v = ref->v + u * kv + cached * d;
            double e = exp(weight[u] - most);
            float w = (float)e;
            all += e;
            for (uint32_t i = 0; i < d; i++) some[i] += w * v[i];
        }
        for (uint32_t i = 0; i < d; i++) sum[i] += (double)some[i];
    }
    for (uint32_t i = 0; i < d; i++) ref->x[at + i] = (float)(sum[i] / all);
}

static void after_attention(void *ctx, uint32_t pos, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    uint32_t width = ref->model->width;
    float *y = ref->y + (size_t)pos * width;
    double *r = ref->r + (size_t)pos * width;
    (void)thread;
    add_bias(y, ref->block->bo, width);
    norm_in_place(y, ref->block->after_attention, width, ref->model->eps);
    for (uint32_t i = 0; i < width; i++) r[i] += (double)y[i];
}

static void gate(void *ctx, uint32_t pos, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    uint32_t width = ref->model->ffn_width;
    size_t at = (size_t)pos * width;
    (void)thread;
    for (uint32_t i = 0; i < width; i++) {
        double a = crux_float_activate(ref->model->activation, (double)ref->gate[at + i]);
        ref->x[at + i] = (float)(a * (double)ref->up[at + i]);
    }
}

static void after_ffn(void *ctx, uint32_t pos, unsigned thread) {
    const struct crux_float_reference *ref = ctx;
    uint32_t width = ref->model->width;
    float *y = ref->y + (size_t)pos * width;
    double *r = ref->r + (size_t)pos * width;
    (void)thread;
    norm_in_place(y, ref->block->after_ffn, width, ref->model->eps);
    for (uint32_t i = 0; i < width; i++) r[i] += (double)y[i];
}

/* ---- a window ---- */

static struct crux_float_product product(const struct crux_float_reference *ref, float *y,
                                         const struct crux_float_tensor *tensor) {
    return (struct crux_float_product){.y = y,
                                       .y_stride = tensor->rows,
                                       .tensor = tensor,
                                       .packed = ref->packed,
                                       .rows = ref->count};
}

static enum crux_status feed_forward(struct crux_float_reference *ref) {
    const struct crux_float_model *model = ref->model;
    const struct crux_float_block *block = ref->block;
    const struct crux_float_product inner[] = {product(ref, ref->gate, &block->gate),
                                               product(ref, ref->up, &block->up)};
    const struct crux_float_product down = product(ref, ref->y, &block->down);
    if (model->experts != 0)
        return crux_float_experts_run(ref->y, &ref->experts, block, ref->x, ref->count,
                                      ref->threads, ref->scratch);
    crux_float_pack(ref->packed, ref->x, ref->count, model->width);
    enum crux_status status = crux_float_multiply(ref->threads, inner, 2, ref->scratch);
    if (status != CRUX_OK) return status;
    crux_threads_run(ref->threads, gate, ref, ref->count);
    crux_float_pack(ref->packed, ref->x, ref->count, model->ffn_width);
    return crux_float_multiply(ref->threads, &down, 1, ref->scratch);
}

static enum crux_status run_block(struct crux_float_reference *ref) {
    const struct crux_float_model *model = ref->model;
    const struct crux_float_block *block = ref->block;
    struct crux_threads *threads = ref->threads;
    const struct crux_float_product heads[] = {product(ref, ref->q, &block->q),
                                               product(ref, ref->k, &block->k),
                                               product(ref, ref->v, &block->v)};
    const struct crux_float_product out = product(ref, ref->y, &block->o);
    crux_threads_run(threads, before_attention, ref, ref->count);
    crux_float_pack(ref->packed, ref->x, ref->count, model->width);
    enum crux_status status = crux_float_multiply(threads, heads, 3, ref->scratch);
    if (status != CRUX_OK) return status;
    crux_threads_run(threads, ready_heads, ref, ref->count);
    crux_threads_run(threads, attend, ref, ref->count * model->heads);
    crux_float_pack(ref->packed, ref->x, ref->count, model->heads * model->head_width);
    status = crux_float_multiply(threads, &out, 1, ref->scratch);
    if (status != CRUX_OK) return status;
    crux_threads_run(threads, after_attention, ref, ref->count);
    crux_threads_run(threads, before_ffn, ref, ref->count);
    status = feed_forward(ref);
    if (status == CRUX_OK) crux_threads_run(threads, after_ffn, ref, ref->count);
    return status;
}

static enum crux_status begin(void *ctx, const uint32_t *tokens, uint32_t count) {
    struct crux_float_reference *ref = ctx;
    const struct crux_float_model *model = ref->model;
    enum crux_status status = CRUX_OK;
    if (count == 0 || count > ref->positions) return CRUX_E_USAGE;
    ref->count = count;
    ref->at = ref->first = ref->have = 0;
    for (uint32_t pos = 0; status == CRUX_OK && pos < count; pos++) {
        double *r = ref->r + (size_t)pos * model->width;
        if (tokens[pos] >= model->vocab) return CRUX_E_INDEX_OUTSIDE;
        status = crux_float_tensor_row(&model->embed, tokens[pos], r);
        for (uint32_t i = 0; i < model->width; i++) r[i] *= model->embed_scale;
    }
    for (uint32_t b = 0; status == CRUX_OK && b < model->blocks; b++) {
        ref->block = &model->block[b];
        status = run_block(ref);
    }
    crux_threads_run(ref->threads, before_head, ref, count);
    return status;
}

static enum crux_status next(void *ctx, double *logits, uint32_t rows) {
    struct crux_float_reference *ref = ctx;
    const struct crux_float_model *model = ref->model;
    if (rows > ref->count - ref->at) return CRUX_E_USAGE;
    for (uint32_t row = 0; row < rows; row++, ref->at++) {
        if (ref->at == ref->first + ref->have) {
            ref->first = ref->at;
            ref->have = ref->count - ref->at < HEAD_ROWS ? ref->count - ref->at : HEAD_ROWS;
            crux_float_pack(ref->packed, ref->x + (size_t)ref->at * model->width, ref->have,
                            model->width);
            struct crux_float_product head = product(ref, ref->logits, &model->head);
            head.rows = ref->have;
            enum crux_status status = crux_float_multiply(ref->threads, &head, 1, ref->scratch);
            if (status != CRUX_OK) return status;
        }
        const float *from = ref->logits + (size_t)(ref->at - ref->first) * model->vocab;
        double *to = logits + (size_t)row * model->vocab;
        for (uint32_t i = 0; i < model->vocab; i++) {
            to[i] = (double)from[i];
            if (model->logit_cap > 0) to[i] = model->logit_cap * tanh(to[i] / model->logit_cap);
        }
    }
    return CRUX_OK;
}

/* ---- memory ---- */

static void make_rope(struct crux_float_reference *ref) {
    const struct crux_float_model *model = ref->model;
    uint32_t pairs = model->head_width / 2;
    for (unsigned table = 0; table < 2; table++) {
        const double *turns = table == 0 ? model->turns : model->local_turns;
        for (uint32_t pos = 0; pos < ref->positions; pos++) {
            for (uint32_t i = 0; i < pairs; i++) {
                double *entry = ref->rope[table] + ((size_t)pos * pairs + i) * 2;
                entry[0] = cos(pos * turns[i]);
                entry[1] = sin(pos * turns[i]);
            }
        }
    }
}

static uint32_t greatest(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

enum crux_status crux_float_reference_open(struct crux_float_reference **reference,
                                           const struct crux_float_model *model, unsigned threads,
                                           uint32_t positions) {
    struct crux_float_reference *ref = calloc(1, sizeof *ref);
    uint32_t heads = model->heads * model->head_width, kv = model->kv_heads * model->head_width;
    uint32_t widest = greatest(greatest(model->width, heads), model->ffn_width);
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    *reference = NULL;
    if (ref == NULL) return status;
    ref->model = model;
    ref->positions = positions;
    /* A task of attention is a position's head. */
    if (positions == 0 || positions > CRUX_THREADS_TASKS_MAX / model->heads) {
        status = CRUX_E_USAGE;
        goto out;
    }
    status = crux_threads_open(&ref->threads, threads, NULL);
    if (status != CRUX_OK) goto out;
    status = CRUX_E_OUT_OF_MEMORY;
    size_t rows = positions, pairs = rows * model->head_width;
    ref->r = malloc(rows * model->width * sizeof *ref->r);
    ref->x = malloc(rows * widest * sizeof *ref->x);
    ref->packed = malloc(crux_float_packed(positions, widest) * sizeof *ref->packed);
    ref->q = malloc(rows * heads * sizeof *ref->q);
    ref->k = malloc(rows * kv * sizeof *ref->k);
    ref->v = malloc(rows * kv * sizeof *ref->v);
    ref->y = malloc(rows * model->width * sizeof *ref->y);
    ref->gate = malloc(rows * model->ffn_width * sizeof *ref->gate);
    ref->up = malloc(rows * model->ffn_width * sizeof *ref->up);
    ref->rope[0] = malloc(pairs * sizeof *ref->rope[0]);
    ref->rope[1] = malloc(pairs * sizeof *ref->rope[1]);
    ref->logits = malloc((size_t)HEAD_ROWS * model->vocab * sizeof *ref->logits);
    ref->scratch = calloc(crux_threads_count(ref->threads), sizeof *ref->scratch);
    if (ref->r == NULL || ref->x == NULL || ref->packed == NULL || ref->q == NULL ||
        ref->k == NULL || ref->v == NULL || ref->y == NULL || ref->gate == NULL ||
        ref->up == NULL || ref->rope[0] == NULL || ref->rope[1] == NULL || ref->logits == NULL ||
        ref->scratch == NULL)
        goto out;
    if (model->experts != 0) {
        status = crux_float_experts_open(&ref->experts, model, positions);
        if (status != CRUX_OK) goto out;
        status = CRUX_E_OUT_OF_MEMORY;
    }
    size_t scratch = crux_float_product_scratch(widest),
           attention = (rows + model->head_width) * sizeof(double);
    for (unsigned i = 0; i < crux_threads_count(ref->threads); i++) {
        ref->scratch[i] = malloc(scratch > attention ? scratch : attention);
        if (ref->scratch[i] == NULL) goto out;
    }
    make_rope(ref);
    *reference = ref;
    return CRUX_OK;
out:
    crux_float_reference_close(ref);
    return status;
}

void crux_float_reference_close(struct crux_float_reference *reference) {
    struct crux_float_reference *ref = reference;
    if (ref == NULL) return;
    for (unsigned i = 0; ref->scratch != NULL && i < crux_threads_count(ref->threads); i++)
        free(ref->scratch[i]);
    if (ref->threads != NULL) crux_threads_close(ref->threads);
    free((void *)ref->scratch);
    free(ref->r);
    free(ref->x);
    free(ref->packed);
    free(ref->q);
    free(ref->k);
    free(ref->v);
    free(ref->y);
    free(ref->gate);
    free(ref->up);
    free(ref->rope[0]);
    free(ref->rope[1]);
    free(ref->logits);
    crux_float_experts_free(&ref->experts);
    free(ref);
}

double crux_float_reference_route_gap(const struct crux_float_reference *reference) {
    return reference->model->experts != 0 ? reference->experts.gap : INFINITY;
}

struct crux_logit_source crux_float_reference_source(struct crux_float_reference *reference) {
    return (struct crux_logit_source){
        .ctx = reference, .vocab = reference->model->vocab, .begin = begin, .next = next};
}
