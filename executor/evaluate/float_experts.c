#include "executor/evaluate/float_experts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "executor/evaluate/float_activation.h"

static uint32_t greater(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

enum crux_status crux_float_experts_open(struct crux_float_experts *experts,
                                         const struct crux_float_model *model, uint32_t positions) {
    size_t rows = positions, slots = rows * model->experts_used;
    uint32_t widest = greater(model->width, model->ffn_width);
    *experts = (struct crux_float_experts){.model = model, .positions = positions, .gap = INFINITY};
    experts->chosen = malloc(slots * sizeof *experts->chosen);
    experts->share = malloc(slots * sizeof *experts->share);
    experts->logits = malloc(rows * model->experts * sizeof *experts->logits);
    experts->x = malloc(rows * widest * sizeof *experts->x);
    experts->gate = malloc(rows * model->ffn_width * sizeof *experts->gate);
    experts->up = malloc(rows * model->ffn_width * sizeof *experts->up);
    experts->out = malloc(rows * model->width * sizeof *experts->out);
    experts->packed = malloc(crux_float_packed(positions, widest) * sizeof *experts->packed);
    if (experts->chosen == NULL || experts->share == NULL || experts->logits == NULL ||
        experts->x == NULL || experts->gate == NULL || experts->up == NULL ||
        experts->out == NULL || experts->packed == NULL)
        return CRUX_E_OUT_OF_MEMORY;
    return CRUX_OK;
}

void crux_float_experts_free(struct crux_float_experts *experts) {
    free(experts->chosen);
    free(experts->share);
    free(experts->logits);
    free(experts->x);
    free(experts->gate);
    free(experts->up);
    free(experts->out);
    free(experts->packed);
    *experts = (struct crux_float_experts){.model = NULL};
}

static bool is_among(const uint32_t *chosen, uint32_t count, uint32_t expert) {
    for (uint32_t i = 0; i < count; i++) {
        if (chosen[i] == expert) return true;
    }
    return false;
}

/* The greatest logit of those not yet chosen. Returns: model->experts if all are. */
static uint32_t best(const struct crux_float_experts *experts, const float *logits,
                     const uint32_t *chosen, uint32_t count) {
    uint32_t all = experts->model->experts, found = all;
    for (uint32_t e = 0; e < all; e++) {
        if (is_among(chosen, count, e)) continue;
        if (found == all || logits[e] > logits[found]) found = e;
    }
    return found;
}

static void route(struct crux_float_experts *experts, uint32_t pos) {
    const struct crux_float_model *model = experts->model;
    uint32_t used = model->experts_used, *chosen = experts->chosen + (size_t)pos * used;
    double *share = experts->share + (size_t)pos * used, sum = 0;
    const float *logits = experts->logits + (size_t)pos * model->experts;
    for (uint32_t i = 0; i < used; i++) chosen[i] = best(experts, logits, chosen, i);
    uint32_t next = best(experts, logits, chosen, used);
    if (next < model->experts)
        experts->gap = fmin(experts->gap, (double)logits[chosen[used - 1]] - (double)logits[next]);
    double top = (double)logits[chosen[0]];
    for (uint32_t e = 0; e < model->experts; e++) {
        if (model->experts_of_all || is_among(chosen, used, e)) sum += exp((double)logits[e] - top);
    }
    for (uint32_t i = 0; i < used; i++) share[i] = exp((double)logits[chosen[i]] - top) / sum;
}

static enum crux_status multiply(struct crux_float_experts *experts, float *y,
                                 const struct crux_float_tensor *tensor, uint32_t rows,
                                 struct crux_threads *threads, void *const *scratch) {
    const struct crux_float_product product = {.y = y,
                                               .y_stride = tensor->rows,
                                               .tensor = tensor,
                                               .packed = experts->packed,
                                               .rows = rows};
    return crux_float_multiply(threads, &product, 1, scratch);
}

/* One expert's feed-forward of the rows in experts->x, into experts->out. */
static enum crux_status feed(struct crux_float_experts *experts,
                             const struct crux_float_tensor expert[3], uint32_t rows,
                             struct crux_threads *threads, void *const *scratch) {
    const struct crux_float_model *model = experts->model;
    crux_float_pack(experts->packed, experts->x, rows, model->width);
    enum crux_status status = multiply(experts, experts->gate, &expert[0], rows, threads, scratch);
    if (status == CRUX_OK)
        status = multiply(experts, experts->up, &expert[1], rows, threads, scratch);
    if (status != CRUX_OK) return status;
    for (size_t i = 0; i < (size_t)rows * model->ffn_width; i++)
        experts->x[i] = (float)(crux_float_activate(model->activation, (double)experts->gate[i]) *
                                (double)experts->up[i]);
    crux_float_pack(experts->packed, experts->x, rows, model->ffn_width);
    return multiply(experts, experts->out, &expert[2], rows, threads, scratch);
}

/* Adds what one expert gives to the positions that chose it. */
static enum crux_status add_expert(float *y, struct crux_float_experts *experts,
                                   const struct crux_float_block *block, uint32_t expert,
                                   const float *x, uint32_t count, struct crux_threads *threads,
                                   void *const *scratch) {
    uint32_t width = experts->model->width, used = experts->model->experts_used, rows = 0;
    for (size_t at = 0; at < (size_t)count * used; at++) {
        if (experts->chosen[at] != expert) continue;
        memcpy(experts->x + (size_t)rows++ * width, x + at / used * width, width * sizeof *x);
    }
    if (rows == 0) return CRUX_OK;
    enum crux_status status =
        feed(experts, block->expert + (size_t)3 * expert, rows, threads, scratch);
    const float *out = experts->out;
    for (size_t at = 0; status == CRUX_OK && at < (size_t)count * used; at++) {
        if (experts->chosen[at] != expert) continue;
        float *row = y + at / used * width;
        for (uint32_t i = 0; i < width; i++)
            row[i] = (float)((double)row[i] + experts->share[at] * (double)out[i]);
        out += width;
    }
    return status;
}

enum crux_status crux_float_experts_run(float *y, struct crux_float_experts *experts,
                                        const struct crux_float_block *block, const float *x,
                                        uint32_t count, struct crux_threads *threads,
                                        void *const *scratch) {
    const struct crux_float_model *model = experts->model;
    CRUX_ASSERT(count <= experts->positions);
    crux_float_pack(experts->packed, x, count, model->width);
    enum crux_status status =
        multiply(experts, experts->logits, &block->router, count, threads, scratch);
    if (status != CRUX_OK) return status;
    for (uint32_t pos = 0; pos < count; pos++) route(experts, pos);
    memset(y, 0, (size_t)count * model->width * sizeof *y);
    for (uint32_t e = 0; e < model->experts && status == CRUX_OK; e++)
        status = add_expert(y, experts, block, e, x, count, threads, scratch);
    return status;
}
