#include "tests/executor/evaluate/textbook.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct matrix {
    uint64_t rows, inputs;
    double *w; /* NULL: the file has none */
};

static struct matrix get(const struct crux_gguf *file, const char *name) {
    const struct crux_gguf_tensor *tensor = crux_gguf_find_tensor(file, name);
    struct matrix m = {0, 0, NULL};
    if (tensor == NULL) return m;
    m.inputs = tensor->dim[0];
    m.rows = tensor->dim[1] * tensor->dim[2];
    m.w = malloc(m.rows * m.inputs * sizeof *m.w);
    CRUX_ASSERT(m.w != NULL);
    CRUX_ASSERT(crux_block_doubles(m.w, tensor->type, tensor->bytes, m.rows * m.inputs) == CRUX_OK);
    return m;
}

static struct matrix get_of(const struct crux_gguf *file, uint32_t block, const char *what) {
    char name[64];
    (void)snprintf(name, sizeof name, "blk.%u.%s", (unsigned)block, what);
    return get(file, name);
}

/* y[o] = bias[o] + sum of w[first + o][k] * x[k] */
static void times(double *y, const struct matrix *m, uint64_t first, uint64_t rows,
                  const struct matrix *bias, const double *x) {
    for (uint64_t o = 0; o < rows; o++) {
        y[o] = bias->w == NULL ? 0 : bias->w[o];
        for (uint64_t k = 0; k < m->inputs; k++) y[o] += m->w[(first + o) * m->inputs + k] * x[k];
    }
}

static void rmsnorm(double *y, const double *x, const struct matrix *w, uint32_t width) {
    double mean = 0;
    if (w->w == NULL) {
        memmove(y, x, width * sizeof *y);
        return;
    }
    for (uint32_t i = 0; i < width; i++) mean += x[i] * x[i] / width;
    for (uint32_t i = 0; i < width; i++) y[i] = x[i] / sqrt(mean + (double)1e-5F) * w->w[i];
}

/* What a family does to a block, as its papers and published code say. */
struct kind {
    bool fused, neighbours, gemma, gemma3, global;
    uint32_t window;     /* positions seen; 0: all */
    double *turn;        /* radians a position of each pair */
    double stretch;      /* that rotations multiply q and k by */
    double cap, divisor; /* of scores; cap 0: none */
};

static double yarn(const struct gguf_model *model, double base, uint32_t i) {
    double d = model->head_width, tau = 2 * acos(-1), factor = (double)model->scaling_factor;
    double low = floor(d * log(model->original / (32 * tau)) / (2 * log(base)));
    double high = ceil(d * log(model->original / (1 * tau)) / (2 * log(base)));
    double ramp = (i - fmax(low, 0)) / (fmin(high, d - 1) - fmax(low, 0));
    double own = pow(base, -2.0 * i / d);
    ramp = ramp < 0 ? 0 : ramp > 1 ? 1 : ramp;
    return own / factor * ramp + own * (1 - ramp);
}

/* A pair of numbers is one complex number, turned. */
static void rope(double *head, uint32_t width, uint32_t pos, const struct kind *kind) {
    for (uint32_t i = 0; i < width / 2; i++) {
        double *a = &head[kind->neighbours ? 2 * i : i],
               *b = &head[kind->neighbours ? 2 * i + 1 : i + width / 2];
        double complex z = (*a + *b * I) * kind->stretch * cexp(I * ((double)pos * kind->turn[i]));
        *a = creal(z);
        *b = cimag(z);
    }
}

static double *room(uint64_t count) {
    double *p = calloc(count, sizeof *p);
    CRUX_ASSERT(p != NULL);
    return p;
}

/* Softmax of the greatest logits; the first of equal ones. */
static void mixture(double *y, const struct crux_gguf *file, const struct gguf_model *model,
                    uint32_t b, const double *n) {
    static const char *const words[] = {"gate", "up", "down"};
    uint32_t width = model->width, ffn = model->ffn_width;
    struct matrix none = {0, 0, NULL}, router = get_of(file, b, "ffn_gate_inp.weight");
    double *logits = room(model->experts), *gate = room(ffn), *up = room(ffn), *out = room(width),
           top = 0, sum = 0, weight = 0;
    times(logits, &router, 0, model->experts, &none, n);
    for (uint32_t pass = 0; pass < 2; pass++) { /* the sum first, then the experts */
        double *left = room(model->experts);
        memcpy(left, logits, model->experts * sizeof *left);
        for (uint32_t i = 0; i < width; i++) y[i] = 0;
        for (uint32_t s = 0; s < model->experts_used; s++) {
            uint32_t e = 0;
            for (uint32_t j = 1; j < model->experts; j++) {
                if (left[j] > left[e]) e = j;
            }
            if (s == 0) top = left[e];
            weight = exp(left[e] - top);
            left[e] = -INFINITY;
            if (pass == 0) sum += weight;
            if (pass == 0) continue;
            struct matrix m[3];
            uint64_t first[3] = {0, 0, 0};
            for (unsigned i = 0; i < 3; i++) {
                char what[40];
                (void)snprintf(what, sizeof what, "ffn_%s_exps.weight", words[i]);
                m[i] = get_of(file, b, what);
                first[i] = (uint64_t)e * (i == 2 ? width : ffn);
                if (m[i].w != NULL) continue;
                (void)snprintf(what, sizeof what, "ffn_%s.%u.weight", words[i], (unsigned)e);
                m[i] = get_of(file, b, what);
                first[i] = 0;
            }
            times(gate, &m[0], first[0], ffn, &none, n);
            times(up, &m[1], first[1], ffn, &none, n);
            for (uint32_t i = 0; i < ffn; i++) up[i] *= gate[i] / (1 + exp(-gate[i]));
            times(out, &m[2], first[2], width, &none, up);
            for (uint32_t i = 0; i < width; i++) y[i] += weight / sum * out[i];
            for (unsigned i = 0; i < 3; i++) free(m[i].w);
        }
        free(left);
    }
    free(router.w), free(logits), free(gate), free(up), free(out);
}

static bool is(const struct gguf_model *model, const char *arch) {
    return strcmp(model->arch, arch) == 0;
}

static bool scales(const struct gguf_model *model, const char *scaling) {
    return model->scaling != NULL && strcmp(model->scaling, scaling) == 0;
}

/* Rope of one block: local ones of gemma3 are never stretched. */
static void set_turns(struct kind *kind, const struct crux_gguf *file,
                      const struct gguf_model *model) {
    uint32_t pairs = model->head_width / 2;
    bool local = kind->gemma3 && !kind->global, longer = model->context > model->original;
    double base = kind->gemma3 && kind->global ? 1000000 : 10000;
    struct matrix list =
        get(file, longer ? "rope_factors_long.weight" : "rope_factors_short.weight");
    kind->turn = room(pairs);
    kind->stretch = 1;
    for (uint32_t i = 0; i < pairs; i++) {
        kind->turn[i] = pow(base, -2.0 * i / model->head_width);
        if (local) continue;
        if (scales(model, "linear")) kind->turn[i] /= (double)model->scaling_factor;
        if (scales(model, "yarn")) kind->turn[i] = yarn(model, base, i);
        if (scales(model, "longrope")) kind->turn[i] /= list.w[i];
    }
    if (scales(model, "yarn")) kind->stretch = 0.1 * log((double)model->scaling_factor) + 1;
    if (scales(model, "longrope"))
        kind->stretch =
            sqrt(1 + log((double)model->context / model->original) / log(model->original));
    free(list.w);
}

static struct kind kind_of(const struct crux_gguf *file, const struct gguf_model *model,
                           uint32_t b) {
    bool second = is(model, "gemma2"), third = is(model, "gemma3");
    uint32_t every = second ? 2 : third ? 6 : 0;
    struct kind kind = {.fused = is(model, "phi3"),
                        .neighbours = is(model, "llama"),
                        .gemma = second || third || is(model, "gemma"),
                        .gemma3 = third,
                        .global = model->window == 0 || (every != 0 && b % every == every - 1),
                        .cap = second ? 2 : 0,
                        .divisor = model->head_width};
    kind.window = kind.global ? 0 : model->window;
    set_turns(&kind, file, model);
    return kind;
}

static double smooth(double g, bool gelu) {
    if (!gelu) return g / (1 + exp(-g));
    return g / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (g + 0.044715 * g * g * g)));
}

static void block(double *r, const struct crux_gguf *file, const struct gguf_model *model,
                  uint32_t b, uint32_t count) {
    uint32_t d = model->head_width, q = model->heads * d, kv = model->kv_heads * d,
             width = model->width, ffn = model->ffn_width;
    struct kind kind = kind_of(file, model, b);
    bool fused = kind.fused;
    struct matrix none = {0, 0, NULL};
    struct matrix m[] = {get_of(file, b, fused ? "attn_qkv.weight" : "attn_q.weight"),
                         get_of(file, b, "attn_k.weight"),
                         get_of(file, b, "attn_v.weight"),
                         get_of(file, b, "attn_output.weight"),
                         get_of(file, b, "ffn_gate.weight"),
                         get_of(file, b, "ffn_up.weight"),
                         get_of(file, b, "ffn_down.weight"),
                         get_of(file, b, "attn_norm.weight"),
                         get_of(file, b, "ffn_norm.weight"),
                         get_of(file, b, "attn_q_norm.weight"),
                         get_of(file, b, "attn_k_norm.weight"),
                         get_of(file, b, "attn_q.bias"),
                         get_of(file, b, "attn_k.bias"),
                         get_of(file, b, "attn_v.bias"),
                         get_of(file, b, "post_attention_norm.weight"),
                         get_of(file, b, "post_ffw_norm.weight")};
    double *n = room(width), *queries = room((uint64_t)count * q),
           *keys = room((uint64_t)count * kv), *values = room((uint64_t)count * kv),
           *mean = room(q), *y = room(width), *gate = room(ffn), *up = room(ffn),
           *weight = room(count);
    for (uint32_t t = 0; t < count; t++) {
        rmsnorm(n, r + (size_t)t * width, &m[7], width);
        times(queries + (size_t)t * q, &m[0], 0, q, &m[11], n);
        times(keys + (size_t)t * kv, fused ? &m[0] : &m[1], fused ? q : 0, kv, &m[12], n);
        times(values + (size_t)t * kv, fused ? &m[0] : &m[2], fused ? q + kv : 0, kv, &m[13], n);
        for (uint32_t h = 0; h < model->heads; h++) {
            double *head = queries + (size_t)t * q + h * d;
            rmsnorm(head, head, &m[9], d);
            rope(head, d, t, &kind);
        }
        for (uint32_t h = 0; h < model->kv_heads; h++) {
            double *head = keys + (size_t)t * kv + h * d;
            rmsnorm(head, head, &m[10], d);
            rope(head, d, t, &kind);
        }
    }
    for (uint32_t t = 0; t < count; t++) {
        double *row = r + (size_t)t * width;
        for (uint32_t h = 0; h < model->heads; h++) {
            uint32_t g = h / (model->heads / model->kv_heads);
            double all = 0;
            for (uint32_t s = 0; s <= t; s++) {
                weight[s] = 0;
                if (kind.window != 0 && t - s >= kind.window) continue;
                double score = 0;
                for (uint32_t i = 0; i < d; i++)
                    score += queries[(size_t)t * q + h * d + i] * keys[(size_t)s * kv + g * d + i];
                score /= sqrt(kind.divisor);
                if (kind.cap > 0) score = kind.cap * tanh(score / kind.cap);
                weight[s] = exp(score);
                all += weight[s];
            }
            for (uint32_t i = 0; i < d; i++) {
                mean[h * d + i] = 0;
                for (uint32_t s = 0; s <= t; s++)
                    mean[h * d + i] += weight[s] / all * values[(size_t)s * kv + g * d + i];
            }
        }
        times(y, &m[3], 0, width, &none, mean);
        rmsnorm(y, y, &m[14], width);
        for (uint32_t i = 0; i < width; i++) row[i] += y[i];
        rmsnorm(n, row, &m[8], width);
        if (model->experts != 0) {
            mixture(y, file, model, b, n);
        } else {
            times(gate, fused ? &m[5] : &m[4], 0, ffn, &none, n);
            times(up, &m[5], fused ? ffn : 0, ffn, &none, n);
            for (uint32_t i = 0; i < ffn; i++) up[i] *= smooth(gate[i], kind.gemma);
            times(y, &m[6], 0, width, &none, up);
        }
        rmsnorm(y, y, &m[15], width);
        for (uint32_t i = 0; i < width; i++) row[i] += y[i];
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(m); i++) free(m[i].w);
    free(kind.turn);
    double *all[] = {n, queries, keys, values, mean, y, gate, up, weight};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) free(all[i]);
}

void textbook_logits(double *logits, const struct crux_gguf *file, const struct gguf_model *model,
                     const uint32_t *tokens, uint32_t count) {
    uint32_t width = model->width;
    struct matrix none = {0, 0, NULL}, embed = get(file, "token_embd.weight"),
                  head = get(file, "output.weight"), norm = get(file, "output_norm.weight");
    double *r = room((uint64_t)count * width), *n = room(width);
    for (uint32_t t = 0; t < count; t++)
        for (uint32_t i = 0; i < width; i++)
            r[(size_t)t * width + i] = embed.w[(size_t)tokens[t] * width + i] *
                                       (strncmp(model->arch, "gemma", 5) == 0 ? sqrt(width) : 1);
    for (uint32_t b = 0; b < model->blocks; b++) block(r, file, model, b, count);
    for (uint32_t t = 0; t < count; t++) {
        rmsnorm(n, r + (size_t)t * width, &norm, width);
        times(logits + (size_t)t * model->vocab, head.w == NULL ? &embed : &head, 0, model->vocab,
              &none, n);
        double *row = logits + (size_t)t * model->vocab;
        for (uint32_t i = 0; is(model, "gemma2") && i < model->vocab; i++)
            row[i] = 3 * tanh(row[i] / 3);
    }
    free(embed.w);
    free(head.w);
    free(norm.w);
    free(r);
    free(n);
}
