#include "tests/kernels/ops/naive.h"

#include <string.h>

#include "kernels/base/sha256.h"
#include "kernels/ops/arith.h"
#include "tests/kernels/ops/big.h"

enum { USED_MAX = CRUX_K_WORK_MAX };

struct scene {
    const struct crux_op *op;
    const struct crux_at *at;
    const struct naive_world *world;
    uint32_t extent[CRUX_DIMS_MAX], k_extent[CRUX_KDIMS_MAX];
    uint32_t index[CRUX_DIMS_MAX];
    int64_t x;
    uint32_t k[CRUX_KDIMS_MAX];
};

static crux_i128 floor_quotient(crux_i128 a, crux_i128 d) {
    crux_i128 q = a / d;
    while (q * d > a) q--;
    return q;
}

uint32_t naive_dim(const struct crux_dim *dim, uint32_t pos, uint32_t n) {
    crux_i128 v;
    if (dim->b == 0 && dim->c == 0) return dim->e;
    v = (crux_i128)dim->a + (crux_i128)dim->b * pos + (crux_i128)dim->c * n;
    v = -floor_quotient(-v, dim->d);
    if (v < 0) v = 0;
    return v > dim->e ? dim->e : (uint32_t)v;
}

/* v as a two's complement of 64 bits */
static int64_t wrap64(crux_i128 v) {
    const crux_i128 whole = (crux_i128)1 << 64;
    crux_i128 m = v % whole;
    if (m < 0) m += whole;
    if (m >= whole / 2) m -= whole;
    return (int64_t)m;
}

static struct scene make_scene(const struct crux_op *op, const struct crux_at *at,
                               const uint32_t *index, int64_t x, const struct naive_world *world) {
    struct scene scene;
    memset(&scene, 0, sizeof scene);
    scene.op = op;
    scene.at = at;
    scene.world = world;
    scene.x = x;
    for (unsigned i = 0; i < op->ndim; i++)
        scene.extent[i] = naive_dim(&op->dim[i], at->pos, at->n);
    for (unsigned i = 0; i < op->nk; i++)
        scene.k_extent[i] = naive_dim(&op->kdim[i], at->pos, at->n);
    for (unsigned i = 0; i < op->ndim; i++) scene.index[i] = index[i];
    return scene;
}

/* Returns: false if the expression uses an x that no 32 bits hold. */
static bool affine(const struct scene *scene, const struct crux_affine *expression,
                   crux_i128 *value) {
    const int32_t *c = expression->coef;
    *value = c[0];
    for (unsigned i = 0; i < 4; i++) *value += (crux_i128)c[1 + i] * scene->index[i];
    for (unsigned i = 0; i < 3; i++) *value += (crux_i128)c[5 + i] * scene->k[i];
    *value += (crux_i128)c[8] * scene->at->pos + (crux_i128)c[10] * scene->at->n;
    if (c[9] == 0) return true;
    if (scene->x < -(INT64_C(1) << 31) || scene->x >= INT64_C(1) << 31) return false;
    *value += (crux_i128)c[9] * scene->x;
    return true;
}

/* Returns: false outside. */
static bool flat_index(const struct scene *scene, const struct crux_operand *operand,
                       uint64_t *flat) {
    crux_i128 sum = 0, stride = 1;
    bool inside = true;
    for (unsigned i = operand->ndim; i-- > 0;) {
        crux_i128 at;
        uint32_t extent = naive_dim(&operand->dim[i], scene->at->pos, scene->at->n);
        if (!affine(scene, &operand->index[i], &at))
            inside = false;
        else if (at < 0 || at >= extent)
            inside = false;
        else
            sum += at * stride;
        stride *= extent;
    }
    *flat = inside ? (uint64_t)sum : 0;
    return inside;
}

/* Returns: false where the value is 0 because there is nothing to read. */
static bool find_place(const struct scene *scene, const struct crux_operand *o,
                       struct naive_place *place) {
    crux_i128 time, pos = scene->at->pos, n = scene->at->n;
    switch ((enum crux_kind)o->kind) {
    case CRUX_KIND_IMM: return false;
    case CRUX_KIND_STEP:
    case CRUX_KIND_MODEL:
        place->source = o->kind == CRUX_KIND_STEP ? CRUX_FROM_STEP : CRUX_FROM_MODEL;
        place->tensor = o->tensor;
        return flat_index(scene, o, &place->flat);
    case CRUX_KIND_PARAM:
        place->source = CRUX_FROM_PARAM;
        place->tensor = o->tensor;
        return true;
    case CRUX_KIND_RECORD:
        if (!affine(scene, &o->at, &time)) return false;
        if (!flat_index(scene, o, &place->flat)) return false;
        if (time < 0 || time > pos) return false;
        if (time == pos && o->self != CRUX_SELF_NONE) {
            place->source = CRUX_FROM_STEP;
            place->tensor = o->self;
            return true;
        }
        if (time == pos && !(o->layer < scene->at->layer)) return false;
        if ((o->flags & CRUX_FLAG_FROM_LAST) != 0 && time < n - 1) return false;
        *place = (struct naive_place){.slot = place->slot,
                                      .source = CRUX_FROM_RECORD,
                                      .tensor = o->tensor,
                                      .layer = o->layer,
                                      .time = (uint64_t)time,
                                      .flat = place->flat};
        return true;
    case CRUX_KIND_TOKEN:
        if (!affine(scene, &o->at, &time)) return false;
        if (time < 0 || time > pos) return false;
        place->source = CRUX_FROM_TOKENS;
        place->time = (uint64_t)time;
        if (time < n) return true;
        *place = (struct naive_place){.slot = place->slot,
                                      .source = CRUX_FROM_RECORD,
                                      .tensor = o->tensor,
                                      .layer = o->layer,
                                      .time = (uint64_t)time - 1};
        return true;
    }
    return false;
}

static int64_t read_slot(const struct scene *scene, unsigned slot) {
    const struct crux_operand *operand = slot == CRUX_SLOT_X ? &scene->op->x : &scene->op->in[slot];
    struct naive_place place = {.slot = slot};
    if (operand->kind == CRUX_KIND_IMM) {
        crux_i128 v;
        return affine(scene, &operand->at, &v) ? wrap64(v) : 0;
    }
    if (!find_place(scene, operand, &place)) return 0;
    return scene->world->read(scene->world->ctx, operand, &place);
}

int64_t naive_x(const struct crux_op *op, const struct crux_at *at, const uint32_t *index,
                const struct naive_world *world) {
    struct scene scene = make_scene(op, at, index, 0, world);
    return op->has_x ? read_slot(&scene, CRUX_SLOT_X) : 0;
}

static bool next_k(struct scene *scene) {
    for (unsigned i = scene->op->nk; i-- > 0;) {
        if (scene->k[i] + 1 < scene->k_extent[i]) {
            scene->k[i]++;
            return true;
        }
        scene->k[i] = 0;
    }
    return false;
}

static bool no_k(const struct scene *scene) {
    for (unsigned i = 0; i < scene->op->nk; i++) {
        if (scene->k_extent[i] == 0) return true;
    }
    return false;
}

static bool outside_somewhere(const struct scene *scene, unsigned slots) {
    for (unsigned slot = 0; slot < slots; slot++) {
        const struct crux_operand *o = &scene->op->in[slot];
        uint64_t flat;
        if ((o->flags & CRUX_FLAG_PAD) != 0 && !flat_index(scene, o, &flat)) return true;
    }
    return false;
}

static bool holds(unsigned cmp, int64_t a, int64_t b) {
    int order = a < b ? -1 : a > b ? 1 : 0;
    static const bool table[7][3] = {
        {true, true, true},  {false, true, false}, {true, false, true}, {true, false, false},
        {true, true, false}, {false, false, true}, {false, true, true}};
    return table[cmp][order + 1];
}

struct used {
    uint32_t number;
    int64_t value;
};

/* All used k.  Returns: how many. */
static unsigned list_used(struct scene *scene, struct used *used) {
    const struct crux_op *op = scene->op;
    unsigned count = 0, pads = op->code == CRUX_FIND ? 1 : op->nin;
    uint32_t number = 0;
    bool counts = op->code == CRUX_REDUCE && op->func == CRUX_REDUCE_COUNT;
    if (no_k(scene)) return 0;
    do {
        bool yes = !outside_somewhere(scene, pads);
        if (yes && op->cmp != CRUX_CMP_NONE) {
            unsigned left = counts ? 0 : 1;
            yes = holds(op->cmp, read_slot(scene, left), read_slot(scene, left + 1));
        }
        if (yes) used[count++] = (struct used){number, counts ? 0 : read_slot(scene, 0)};
        number++;
    } while (next_k(scene));
    return count;
}

static struct big reduce(struct scene *scene) {
    static struct used used[USED_MAX];
    const struct crux_op *op = scene->op;
    unsigned count = list_used(scene, used), at = 0;
    crux_i128 sum = 0;
    struct big best = big_from(0);
    switch ((enum crux_reduce)op->func) {
    case CRUX_REDUCE_MAX:
    case CRUX_REDUCE_ARGMAX:
        for (unsigned i = 1; i < count; i++) at = used[i].value > used[at].value ? i : at;
        if (op->func == CRUX_REDUCE_ARGMAX) return big_from(count == 0 ? 0 : used[at].number);
        return big_from(count == 0 ? op->lo : used[at].value);
    case CRUX_REDUCE_MIN:
        for (unsigned i = 1; i < count; i++) at = used[i].value < used[at].value ? i : at;
        return big_from(count == 0 ? op->hi : used[at].value);
    case CRUX_REDUCE_ABSMAX:
        for (unsigned i = 0; i < count; i++) {
            struct big v = big_from(used[i].value);
            if (v.negative) v = big_neg(&v);
            if (big_cmp(&v, &best) > 0) best = v;
        }
        return best;
    case CRUX_REDUCE_SUM:
        for (unsigned i = 0; i < count; i++) sum += used[i].value; /* 2^12 * 2^63 */
        return big_from(wrap64(sum));
    case CRUX_REDUCE_COUNT: return big_from(count);
    }
    return best;
}

static struct big find(struct scene *scene) {
    static struct used used[USED_MAX];
    const struct crux_op *op = scene->op;
    unsigned count = list_used(scene, used), at;
    memset(scene->k, 0, sizeof scene->k);
    int64_t r = read_slot(scene, 1);
    crux_i128 before = 0;
    if (count == 0) return big_from(0);
    for (at = 0; at + 1 < count; at++) {
        if (wrap64(before + used[at].value) > r) break;
        before += used[at].value;
    }
    return scene->index[op->ndim - 1] == 0 ? big_from(used[at].number)
                                           : big_from(wrap64(r - before));
}

static struct big contract(struct scene *scene) {
    crux_i128 sum = 0;
    if (no_k(scene)) return big_from(0);
    do {
        int64_t product = 1;
        for (unsigned slot = scene->op->nin; slot-- > 0;)
            product = wrap64((crux_i128)product * read_slot(scene, slot));
        sum += product;
    } while (next_k(scene));
    return big_from(wrap64(sum));
}

static struct big requantise(struct scene *scene) {
    const struct crux_op *op = scene->op;
    struct big product = big_from(op->m0), rest = big_from(op->c0), scaled;
    crux_i128 shift = op->s0;
    for (unsigned slot = 0; slot < op->nin; slot++) {
        int64_t v = read_slot(scene, slot);
        struct big b = big_from(v);
        if (op->in[slot].role == CRUX_ROLE_FACTOR) product = big_mul(&product, &b);
        if (op->in[slot].role == CRUX_ROLE_ADD) rest = big_add(&rest, &b);
        if (op->in[slot].role == CRUX_ROLE_EXPONENT)
            shift += (crux_i128)op->in[slot].coef * (v < INT32_MIN   ? INT32_MIN
                                                     : v > INT32_MAX ? INT32_MAX
                                                                     : v);
    }
    int64_t s = shift < -31 ? -31 : shift > 95 ? 95 : (int64_t)shift;
    product = big_wrap(&product, 128);
    if (op->rounding == CRUX_ROUND && s >= 1) {
        struct big half = big_pow2((unsigned)(s - 1));
        product = big_add(&product, &half);
        product = big_wrap(&product, 128);
    }
    scaled = big_floor(&product, s);
    scaled = big_wrap(&scaled, 128);
    scaled = big_add(&scaled, &rest);
    return big_wrap(&scaled, 128);
}

static struct big dynexp(struct scene *scene) {
    struct big a = big_from(read_slot(scene, 0)), limit = big_from(scene->op->limit);
    int64_t least = scene->op->hi;
    for (int64_t e = scene->op->hi; e >= scene->op->lo; e--) {
        struct big v = big_round(&a, e);
        if (big_cmp(&v, &limit) <= 0) least = e;
    }
    return big_from(least);
}

static struct big map(struct scene *scene) {
    const struct crux_op *op = scene->op;
    int64_t v[3] = {0, 0, 0}, bits = 0;
    if (op->func == CRUX_MAP_REQUANT) return requantise(scene);
    if (op->func == CRUX_MAP_DYNEXP) return dynexp(scene);
    for (unsigned slot = 0; slot < op->nin; slot++) v[slot] = read_slot(scene, slot);
    if (op->func == CRUX_MAP_SELECT) return big_from(v[0] == 0 ? v[2] : v[1]);
    if (op->func == CRUX_MAP_COMPARE) return big_from(holds(op->cmp, v[0], v[1]) ? 1 : 0);
    if (op->func == CRUX_MAP_MIN) return big_from(holds(CRUX_CMP_LE, v[0], v[1]) ? v[0] : v[1]);
    if (op->func == CRUX_MAP_MAX) return big_from(holds(CRUX_CMP_GE, v[0], v[1]) ? v[0] : v[1]);
    crux_i128 magnitude = v[0] < 0 ? -(crux_i128)v[0] : v[0];
    while (magnitude >= (crux_i128)1 << bits) bits++; /* the least power of two above it */
    return big_from(bits);
}

static struct big lut_end(const struct crux_lut_end *end, int64_t v) {
    struct big a = big_from(v), m = big_from(end->value);
    if (end->kind == 0) return m;
    a = big_mul(&a, &m);
    return big_round(&a, end->shift);
}

static int64_t table_entry(struct scene *scene, uint32_t entry) {
    unsigned slot = scene->op->nin - 1U;
    const struct crux_operand *table = &scene->op->in[slot];
    struct naive_place place = {
        .slot = slot, .source = CRUX_FROM_MODEL, .tensor = table->tensor, .flat = entry};
    return scene->world->read(scene->world->ctx, table, &place);
}

static struct big lut(struct scene *scene) {
    const struct crux_op *op = scene->op;
    crux_i128 cell = (crux_i128)1 << op->shift, v = read_slot(scene, 0);
    if (op->nin == 3) v = wrap64(v - read_slot(scene, 1));
    if (v < op->x0) return lut_end(&op->left, (int64_t)v);
    for (uint32_t i = 0; i < op->cells; i++) {
        crux_i128 from = op->x0 + i * cell;
        if (v < from || v >= from + cell) continue;
        /* the two entries, weighted by the distance to the other one */
        struct big a = big_from(table_entry(scene, i)), b = big_from(table_entry(scene, i + 1));
        struct big to_b = big_from((int64_t)(from + cell - v)),
                   to_a = big_from((int64_t)(v - from));
        a = big_mul(&a, &to_b);
        b = big_mul(&b, &to_a);
        a = big_add(&a, &b);
        return big_round(&a, op->shift);
    }
    return lut_end(&op->right, (int64_t)v);
}

static struct big div_op(struct scene *scene) {
    int64_t a = read_slot(scene, 0), d = read_slot(scene, 1);
    if (d <= 0) return big_from(0);
    crux_i128 shifted = wrap64((crux_i128)a * ((crux_i128)1 << scene->op->shift));
    return big_from((int64_t)floor_quotient(shifted, d));
}

static struct big sqrt_op(struct scene *scene) {
    int64_t a = read_slot(scene, 0);
    if (a < 0) return big_from(0);
    crux_u128 whole = (crux_u128)1 << 64,
              square = (crux_u128)a * ((crux_u128)1 << scene->op->shift) % whole;
    uint64_t lo = 0, hi = UINT64_C(1) << 32; /* lo^2 <= square < hi^2 */
    while (hi - lo > 1) {
        uint64_t middle = (lo + hi) / 2;
        if ((crux_u128)middle * middle <= square)
            lo = middle;
        else
            hi = middle;
    }
    return big_from((int64_t)lo);
}

static void put_u32(uint8_t *out, uint64_t v) {
    for (unsigned i = 0; i < 4; i++) out[i] = (uint8_t)(v >> (8 * i));
}

static struct big rand_op(struct scene *scene) {
    uint8_t message[60] = {'c', 'r', 'u', 'x', '-', 'r', 'a', 'n', 'd', '-', 'v', '1'}, hash[32];
    uint64_t flat = 0;
    for (unsigned i = 0; i < scene->op->ndim; i++) flat = flat * scene->extent[i] + scene->index[i];
    memcpy(message + 16, scene->at->seed, 32);
    put_u32(message + 48, scene->at->pos);
    put_u32(message + 52, scene->at->sample);
    put_u32(message + 56, flat);
    crux_sha256(hash, message, sizeof message);
    return big_from((hash[0] + 256 * (hash[1] + 256 * (hash[2] + INT64_C(256) * hash[3]))) %
                    (1 << 30));
}

int64_t naive_element(const struct crux_op *op, const struct crux_at *at, const uint32_t *index,
                      int64_t x, const struct naive_world *world) {
    struct scene scene = make_scene(op, at, index, x, world);
    struct big v = big_from(0);
    switch ((enum crux_opcode)op->code) {
    case CRUX_LOAD:
    case CRUX_STORE: v = big_from(read_slot(&scene, 0)); break;
    case CRUX_CONTRACT: v = contract(&scene); break;
    case CRUX_REDUCE: v = reduce(&scene); break;
    case CRUX_MAP: v = map(&scene); break;
    case CRUX_LUT: v = lut(&scene); break;
    case CRUX_DIV: v = div_op(&scene); break;
    case CRUX_SQRT: v = sqrt_op(&scene); break;
    case CRUX_RAND: v = rand_op(&scene); break;
    case CRUX_FIND: v = find(&scene); break;
    }
    return big_saturate(&v, op->lo, op->hi);
}
