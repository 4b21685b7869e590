#include "tests/models/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/macros.h"

enum {
    T = NET_POSITIONS,
    D = NET_WIDTH,
    H = NET_HEADS,
    KV = NET_KV_HEADS,
    W = NET_HEAD_WIDTH,
    F = NET_FFN,
    V = NET_VOCAB,
    Q_WIDTH = H * W,
    KV_WIDTH = KV * W
};

static const float eps = 1e-5F;

/* ---- parameters ---- */

struct net_place net_embed(void) {
    return (struct net_place){0, V, D};
}
struct net_place net_out_norm(void) {
    return (struct net_place){(size_t)V * D, 1, D};
}
struct net_place net_block(unsigned block, enum net_part part) {
    static const size_t shape[NET_PARTS][2] = {{1, D},        {Q_WIDTH, D}, {KV_WIDTH, D},
                                               {KV_WIDTH, D}, {D, Q_WIDTH}, {1, D},
                                               {F, D},        {F, D},       {D, F}};
    size_t at = (size_t)V * D + D, all = 0;
    for (unsigned p = 0; p < NET_PARTS; p++) all += shape[p][0] * shape[p][1];
    at += block * all;
    for (unsigned p = 0; p < (unsigned)part; p++) at += shape[p][0] * shape[p][1];
    return (struct net_place){at, shape[part][0], shape[part][1]};
}
size_t net_parameters(void) {
    return net_block(NET_BLOCKS, NET_N1).at;
}

/* ---- pieces, each with its gradient ---- */

/* y[t][o] = sum of x[t][i] * w[o][i] */
static void linear(float *restrict y, const float *restrict x, const float *restrict w, size_t out,
                   size_t in) {
    for (size_t t = 0; t < T; t++) {
        for (size_t o = 0; o < out; o++) {
            float sum = 0;
            for (size_t i = 0; i < in; i++) sum += x[t * in + i] * w[o * in + i];
            y[t * out + o] = sum;
        }
    }
}

static void linear_back(float *restrict dx, float *restrict dw, const float *restrict dy,
                        const float *restrict x, const float *restrict w, size_t out, size_t in) {
    for (size_t t = 0; t < T; t++) {
        for (size_t o = 0; o < out; o++) {
            float d = dy[t * out + o];
            for (size_t i = 0; i < in; i++) dx[t * in + i] += d * w[o * in + i];
            for (size_t i = 0; i < in; i++) dw[o * in + i] += d * x[t * in + i];
        }
    }
}

static float inverse_size(const float *x) {
    float sum = 0;
    for (size_t i = 0; i < D; i++) sum += x[i] * x[i];
    return 1 / sqrtf(sum / D + eps);
}

static void norm(float *y, const float *x, const float *w) {
    for (size_t t = 0; t < T; t++) {
        float inverse = inverse_size(x + t * D);
        for (size_t i = 0; i < D; i++) y[t * D + i] = x[t * D + i] * inverse * w[i];
    }
}

static void norm_back(float *dx, float *dw, const float *dy, const float *x, const float *w) {
    for (size_t t = 0; t < T; t++) {
        const float *xt = x + t * D, *dyt = dy + t * D;
        float inverse = inverse_size(xt), dot = 0;
        for (size_t i = 0; i < D; i++) dot += dyt[i] * w[i] * xt[i];
        for (size_t i = 0; i < D; i++) {
            dw[i] += dyt[i] * xt[i] * inverse;
            dx[t * D + i] += inverse * (dyt[i] * w[i] - xt[i] * inverse * inverse * dot / D);
        }
    }
}

/* Turns neighbours by the position's angle; backwards with direction -1. */
static void rope(float *x, size_t heads, float direction) {
    for (size_t t = 0; t < T; t++) {
        for (size_t i = 0; i < W / 2; i++) {
            float angle = (float)t * powf(10000, -2 * (float)i / W), c = cosf(angle),
                  s = direction * sinf(angle);
            for (size_t h = 0; h < heads; h++) {
                float *pair = x + (t * heads + h) * W + 2 * i, a = pair[0], b = pair[1];
                pair[0] = a * c - b * s;
                pair[1] = a * s + b * c;
            }
        }
    }
}

static float dot_of(const float *a, const float *b) {
    float sum = 0;
    for (size_t i = 0; i < W; i++) sum += a[i] * b[i];
    return sum;
}

/* Out: p [H][T][T], a [T][H][W]. */
static void attention(float *p, float *a, const float *q, const float *k, const float *v) {
    const float scale = 1 / sqrtf(W);
    memset(a, 0, sizeof *a * T * Q_WIDTH);
    for (size_t h = 0; h < H; h++) {
        size_t kv = h / (H / KV);
        for (size_t t = 0; t < T; t++) {
            float *pt = p + (h * T + t) * T, most = -INFINITY, sum = 0;
            for (size_t u = 0; u <= t; u++) {
                pt[u] = scale * dot_of(q + (t * H + h) * W, k + (u * KV + kv) * W);
                most = pt[u] > most ? pt[u] : most;
            }
            for (size_t u = 0; u <= t; u++) sum += pt[u] = expf(pt[u] - most);
            for (size_t u = 0; u <= t; u++) {
                pt[u] /= sum;
                for (size_t i = 0; i < W; i++)
                    a[(t * H + h) * W + i] += pt[u] * v[(u * KV + kv) * W + i];
            }
        }
    }
}

static void attention_back(float *dq, float *dk, float *dv, const float *da, const float *p,
                           const float *q, const float *k, const float *v) {
    const float scale = 1 / sqrtf(W);
    for (size_t h = 0; h < H; h++) {
        size_t kv = h / (H / KV);
        for (size_t t = 0; t < T; t++) {
            const float *pt = p + (h * T + t) * T, *dat = da + (t * H + h) * W;
            float dp[T], sum = 0;
            for (size_t u = 0; u <= t; u++) {
                dp[u] = dot_of(dat, v + (u * KV + kv) * W);
                sum += pt[u] * dp[u];
                for (size_t i = 0; i < W; i++) dv[(u * KV + kv) * W + i] += pt[u] * dat[i];
            }
            for (size_t u = 0; u <= t; u++) {
                float ds = scale * pt[u] * (dp[u] - sum);
                for (size_t i = 0; i < W; i++) {
                    dq[(t * H + h) * W + i] += ds * k[(u * KV + kv) * W + i];
                    dk[(u * KV + kv) * W + i] += ds * q[(t * H + h) * W + i];
                }
            }
        }
    }
}

/* ---- a sequence ---- */

struct activations {
    float x[T * D], n1[T * D], q[T * Q_WIDTH], k[T * KV_WIDTH], v[T * KV_WIDTH];
    float p[H * T * T], a[T * Q_WIDTH], middle[T * D], n2[T * D], gate[T * F], up[T * F], h[T * F];
};

struct net_memory {
    struct activations block[NET_BLOCKS];
    float x[T * D], n[T * D], logits[T * V], y[T * D];
    float dx[T * D], dn[T * D], dq[T * Q_WIDTH], dk[T * KV_WIDTH], dv[T * KV_WIDTH],
        da[T * Q_WIDTH];
    float dgate[T * F], dup[T * F], dh[T * F];
};

struct net_memory *net_open(void) {
    return calloc(1, sizeof(struct net_memory));
}
void net_close(struct net_memory *memory) {
    free(memory);
}

static void add(float *x, const float *y) {
    for (size_t i = 0; i < (size_t)T * D; i++) x[i] += y[i];
}

static void forward(struct net_memory *m, unsigned b, const float *w) {
    struct activations *s = &m->block[b];
#define AT(part) (w + net_block(b, part).at)
    memcpy(s->x, m->x, sizeof s->x);
    norm(s->n1, s->x, AT(NET_N1));
    linear(s->q, s->n1, AT(NET_Q), Q_WIDTH, D);
    linear(s->k, s->n1, AT(NET_K), KV_WIDTH, D);
    linear(s->v, s->n1, AT(NET_V), KV_WIDTH, D);
    rope(s->q, H, 1);
    rope(s->k, KV, 1);
    attention(s->p, s->a, s->q, s->k, s->v);
    linear(m->y, s->a, AT(NET_O), D, Q_WIDTH);
    add(m->x, m->y);
    memcpy(s->middle, m->x, sizeof s->middle);
    norm(s->n2, s->middle, AT(NET_N2));
    linear(s->gate, s->n2, AT(NET_GATE), F, D);
    linear(s->up, s->n2, AT(NET_UP), F, D);
    for (size_t i = 0; i < (size_t)T * F; i++)
        s->h[i] = s->gate[i] / (1 + expf(-s->gate[i])) * s->up[i];
    linear(m->y, s->h, AT(NET_DOWN), D, F);
    add(m->x, m->y);
}

static void backward(struct net_memory *m, float *dw, unsigned b, const float *w) {
    const struct activations *s = &m->block[b];
#define D_AT(part) (dw + net_block(b, part).at)
    memset(m->dh, 0, sizeof m->dh);
    linear_back(m->dh, D_AT(NET_DOWN), m->dx, s->h, AT(NET_DOWN), D, F);
    for (size_t i = 0; i < (size_t)T * F; i++) {
        float sigmoid = 1 / (1 + expf(-s->gate[i])), silu = s->gate[i] * sigmoid;
        m->dup[i] = m->dh[i] * silu;
        m->dgate[i] = m->dh[i] * s->up[i] * (sigmoid + silu * (1 - sigmoid));
    }
    memset(m->dn, 0, sizeof m->dn);
    linear_back(m->dn, D_AT(NET_GATE), m->dgate, s->n2, AT(NET_GATE), F, D);
    linear_back(m->dn, D_AT(NET_UP), m->dup, s->n2, AT(NET_UP), F, D);
    norm_back(m->dx, D_AT(NET_N2), m->dn, s->middle, AT(NET_N2));
    memset(m->da, 0, sizeof m->da);
    memset(m->dq, 0, sizeof m->dq);
    memset(m->dk, 0, sizeof m->dk);
    memset(m->dv, 0, sizeof m->dv);
    linear_back(m->da, D_AT(NET_O), m->dx, s->a, AT(NET_O), D, Q_WIDTH);
    attention_back(m->dq, m->dk, m->dv, m->da, s->p, s->q, s->k, s->v);
    rope(m->dq, H, -1);
    rope(m->dk, KV, -1);
    memset(m->dn, 0, sizeof m->dn);
    linear_back(m->dn, D_AT(NET_Q), m->dq, s->n1, AT(NET_Q), Q_WIDTH, D);
    linear_back(m->dn, D_AT(NET_K), m->dk, s->n1, AT(NET_K), KV_WIDTH, D);
    linear_back(m->dn, D_AT(NET_V), m->dv, s->n1, AT(NET_V), KV_WIDTH, D);
    norm_back(m->dx, D_AT(NET_N1), m->dn, s->x, AT(NET_N1));
}

/* logits become d loss / d logits.  Returns: the mean loss. */
static float losses(float *logits, const uint32_t *tokens) {
    float loss = 0;
    for (size_t t = 0; t < T; t++) {
        float *row = logits + t * V, most = row[0], sum = 0;
        for (size_t i = 0; i < V; i++) most = row[i] > most ? row[i] : most;
        for (size_t i = 0; i < V; i++) sum += row[i] = expf(row[i] - most);
        loss -= logf(row[tokens[t + 1]] / sum);
        for (size_t i = 0; i < V; i++) row[i] /= sum * T;
        row[tokens[t + 1]] -= 1.0F / T;
    }
    return loss / T;
}

float net_learn(struct net_memory *m, float *dw, const float *w, const uint32_t *tokens) {
    const float *embed = w + net_embed().at;
    float *dembed = dw + net_embed().at;
    for (size_t t = 0; t < T; t++) memcpy(m->x + t * D, embed + tokens[t] * D, D * sizeof *embed);
    for (unsigned b = 0; b < NET_BLOCKS; b++) forward(m, b, w);
    norm(m->n, m->x, w + net_out_norm().at);
    linear(m->logits, m->n, embed, V, D);
    float loss = losses(m->logits, tokens);
    memset(m->dn, 0, sizeof m->dn);
    memset(m->dx, 0, sizeof m->dx);
    linear_back(m->dn, dembed, m->logits, m->n, embed, V, D);
    norm_back(m->dx, dw + net_out_norm().at, m->dn, m->x, w + net_out_norm().at);
    for (unsigned b = NET_BLOCKS; b-- > 0;) backward(m, dw, b, w);
    for (size_t t = 0; t < T; t++) {
        for (size_t i = 0; i < D; i++) dembed[tokens[t] * D + i] += m->dx[t * D + i];
    }
    return loss;
}
