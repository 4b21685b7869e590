#include "tests/support/random_op.h"

#include <string.h>

#include "kernels/base/macros.h"
#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"
#include "kernels/program/program.h"

struct maker {
    struct crux_random *random;
    const struct crux_random_op_shape *shape;
    struct crux_op *op;
    uint32_t grows_with; /* CRUX_VAR_POS or CRUX_VAR_N: one op never uses both */
};

static int64_t between(const struct maker *m, int64_t lo, int64_t hi) {
    return m->shape->wild ? crux_random_edgy(m->random, lo, hi)
                          : crux_random_between(m->random, lo, hi);
}

static bool one_in(const struct maker *m, unsigned times) {
    return crux_random_one_in(m->random, times);
}

static struct crux_dim make_dim(const struct maker *m, bool may_grow) {
    uint32_t e = (uint32_t)between(m, 1, m->shape->dim_max);
    struct crux_dim dim = crux_dim_constant(e);
    if (!may_grow || !one_in(m, 3)) return dim;
    int64_t limit = m->shape->wild ? INT32_MAX : 4;
    int32_t rate = (int32_t)between(m, -limit, limit);
    dim.a = (int32_t)between(m, -limit, limit);
    *(m->grows_with == CRUX_VAR_POS ? &dim.b : &dim.c) = rate == 0 ? 1 : rate;
    dim.d = (uint32_t)between(m, 1, limit);
    return dim;
}

static void make_coef(const struct maker *m, struct crux_affine *affine, unsigned variable) {
    int64_t limit = m->shape->wild ? CRUX_COEF_MAX : 2;
    affine->coef[variable] = (int32_t)between(m, -limit, limit);
}

/* `with_kx`: may k and x appear too? */
static struct crux_affine make_affine(const struct maker *m, bool with_kx) {
    struct crux_affine affine = {{0}};
    const struct crux_op *op = m->op;
    if (one_in(m, 2)) {
        affine.coef[CRUX_VAR_ONE] =
            (int32_t)(m->shape->wild ? between(m, INT32_MIN, INT32_MAX) : between(m, -2, 2));
    }
    if (one_in(m, 6)) make_coef(m, &affine, CRUX_VAR_POS);
    if (one_in(m, 12)) make_coef(m, &affine, CRUX_VAR_N);
    for (unsigned i = 0; i < op->ndim; i++) {
        if (one_in(m, 3)) make_coef(m, &affine, CRUX_VAR_O + i);
    }
    if (!with_kx) return affine;
    for (unsigned i = 0; i < op->nk; i++) {
        if (one_in(m, 2)) make_coef(m, &affine, CRUX_VAR_K + i);
    }
    if (op->has_x && one_in(m, 2)) make_coef(m, &affine, CRUX_VAR_X);
    return affine;
}

static void make_range(const struct maker *m, unsigned dtype, int64_t *lo, int64_t *hi) {
    int64_t a = crux_dtype_lo(dtype), b = crux_dtype_hi(dtype);
    if (!one_in(m, 3)) {
        a = crux_random_edgy(m->random, a, b);
        b = crux_random_edgy(m->random, a, b);
    }
    *lo = a;
    *hi = b;
}

static void make_view(const struct maker *m, struct crux_operand *operand, bool with_kx) {
    bool constant = operand->kind == CRUX_KIND_MODEL || operand->kind == CRUX_KIND_RECORD;
    operand->ndim = (uint8_t)crux_random_between(m->random, 1, CRUX_DIMS_MAX);
    for (unsigned i = 0; i < operand->ndim; i++) {
        operand->dim[i] = make_dim(m, !constant);
        operand->index[i] = make_affine(m, with_kx);
    }
}

static uint32_t number(const struct maker *m, uint32_t end) {
    return (uint32_t)between(m, 0, m->shape->wild ? end - 1 : end < 8 ? end - 1 : 7);
}

static uint8_t make_tile(const struct maker *m) {
    struct crux_tile tile = {0};
    tile.width = 1 + (uint32_t)crux_random_below(m->random, 3);
    tile.group = one_in(m, 2) ? 16 : 32;
    tile.chunk = UINT32_C(128) << crux_random_below(m->random, 3);
    tile.has_offsets = one_in(m, 2);
    return crux_tile_encode(&tile);
}

static void make_operand(const struct maker *m, struct crux_operand *operand, enum crux_kind kind,
                         bool with_kx) {
    bool narrow = m->op->code == CRUX_CONTRACT;
    operand->kind = (uint8_t)kind;
    operand->dtype = (uint8_t)crux_random_between(m->random, CRUX_I8, narrow ? CRUX_U32 : CRUX_I64);
    if (one_in(m, 3)) operand->flags = CRUX_FLAG_PAD;
    switch (kind) {
    case CRUX_KIND_IMM:
        operand->dtype = operand->flags = 0;
        operand->at = make_affine(m, with_kx);
        return;
    case CRUX_KIND_STEP: operand->tensor = number(m, CRUX_OPS_MAX); break;
    case CRUX_KIND_MODEL:
        operand->tensor = number(m, CRUX_TENSORS_MAX);
        if (one_in(m, 3)) {
            operand->layout = make_tile(m);
            operand->dtype = CRUX_I32;
        }
        if (one_in(m, 2)) {
            for (unsigned i = 0; i < CRUX_HASH_BYTES; i++)
                operand->root[i] = (uint8_t)crux_random_next(m->random);
        }
        break;
    case CRUX_KIND_TOKEN:
    case CRUX_KIND_PARAM:
        operand->dtype = CRUX_I32;
        operand->flags = 0;
        operand->tensor = number(m, CRUX_PARAMS);
        break;
    case CRUX_KIND_RECORD:
        operand->self = one_in(m, 3) ? number(m, CRUX_OPS_MAX) : CRUX_SELF_NONE;
        break;
    }
    if (kind == CRUX_KIND_RECORD || kind == CRUX_KIND_TOKEN) {
        if (one_in(m, 3)) operand->flags |= CRUX_FLAG_FROM_LAST;
        operand->layer = number(m, CRUX_LAYERS_MAX);
        operand->stores = 1 + number(m, CRUX_STORES_MAX);
        operand->tensor = (uint32_t)crux_random_below(m->random, operand->stores);
        operand->at = make_affine(m, false);
    }
    make_range(m, operand->dtype, &operand->lo, &operand->hi);
    if (kind != CRUX_KIND_TOKEN && kind != CRUX_KIND_PARAM) make_view(m, operand, with_kx);
}

static enum crux_kind any_kind(const struct maker *m) {
    return (enum crux_kind)crux_random_below(m->random, 3);
}

static unsigned operand_count(const struct maker *m) {
    const struct crux_op *op = m->op;
    switch ((enum crux_opcode)op->code) {
    case CRUX_LOAD:
    case CRUX_STORE:
    case CRUX_SQRT: return 1;
    case CRUX_CONTRACT: return 1 + (unsigned)crux_random_below(m->random, 3);
    case CRUX_REDUCE: return (op->func == CRUX_REDUCE_COUNT ? 0U : 1U) + (op->cmp == 0 ? 0U : 2U);
    case CRUX_LUT: return 2 + (unsigned)crux_random_below(m->random, 2);
    case CRUX_DIV:
    case CRUX_FIND: return 2;
    case CRUX_RAND: return 0;
    case CRUX_MAP: break;
    }
    switch ((enum crux_map)op->func) {
    case CRUX_MAP_REQUANT: return (unsigned)crux_random_below(m->random, CRUX_OPERANDS_MAX + 1);
    case CRUX_MAP_DYNEXP:
    case CRUX_MAP_BITLEN: return 1;
    case CRUX_MAP_COMPARE:
    case CRUX_MAP_MIN:
    case CRUX_MAP_MAX: return 2;
    case CRUX_MAP_SELECT: return 3;
    }
    CRUX_ASSERT(false);
    return 0;
}

static void make_end(const struct maker *m, struct crux_lut_end *end) {
    end->kind = (uint8_t)crux_random_below(m->random, 2);
    end->value = crux_random_edgy(m->random, INT64_MIN, INT64_MAX);
    if (end->kind == 1) end->shift = (uint8_t)crux_random_between(m->random, 0, 62);
}

static void make_attributes(const struct maker *m) {
    struct crux_op *op = m->op;
    int64_t limit = m->shape->wild ? INT64_MAX : 1000;
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT) {
        op->rounding = (uint8_t)crux_random_below(m->random, 2);
        op->c0 = between(m, -limit, limit);
        op->m0 = between(m, -limit, limit);
        op->s0 = (int32_t)(m->shape->wild ? between(m, -256, 256) : between(m, -4, 20));
    }
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_DYNEXP) op->limit = between(m, 1, limit);
    if (op->code == CRUX_DIV || op->code == CRUX_SQRT)
        op->shift = (uint8_t)crux_random_between(m->random, 0, 62);
    if (op->code == CRUX_LUT) {
        int64_t cells = m->shape->dim_max < 65536 ? m->shape->dim_max : 65536;
        op->x0 = between(m, -limit, limit);
        op->shift = (uint8_t)crux_random_between(m->random, 0, 31);
        op->cells = (uint32_t)between(m, 1, cells);
        make_end(m, &op->left);
        make_end(m, &op->right);
    }
}

static void make_roles(const struct maker *m) {
    struct crux_op *op = m->op;
    unsigned role = CRUX_ROLE_FACTOR;
    for (unsigned i = 0; i < op->nin; i++) {
        if (role == CRUX_ROLE_ADD) role = CRUX_ROLE_EXPONENT;
        if (role == CRUX_ROLE_FACTOR) role = (unsigned)crux_random_below(m->random, 3);
        op->in[i].role = (uint8_t)role;
        if (role != CRUX_ROLE_EXPONENT) continue;
        op->in[i].coef = (int8_t)crux_random_between(m->random, 1, 4);
        if (one_in(m, 2)) op->in[i].coef = (int8_t)-op->in[i].coef;
    }
}

static void make_table(struct crux_op *op, struct crux_operand *table) {
    table->flags = table->layout = 0;
    table->ndim = 1;
    memset(table->dim, 0, sizeof table->dim);
    memset(table->index, 0, sizeof table->index);
    table->dim[0] = crux_dim_constant(op->cells + 1);
}

static void make_operands(const struct maker *m) {
    struct crux_op *op = m->op;
    for (unsigned i = 0; i < op->nin; i++) {
        enum crux_kind kind = any_kind(m);
        bool find_r = op->code == CRUX_FIND && i == 1;
        if (op->code == CRUX_LOAD)
            kind = (enum crux_kind)crux_random_between(m->random, CRUX_KIND_STEP, CRUX_KIND_PARAM);
        if (op->code == CRUX_STORE) kind = CRUX_KIND_STEP;
        if (op->code == CRUX_LUT)
            kind = i + 1U == op->nin ? CRUX_KIND_MODEL
                                     : (enum crux_kind)crux_random_below(m->random, 2);
        unsigned nk = op->nk;
        if (find_r) op->nk = 0;
        make_operand(m, &op->in[i], kind, true);
        op->nk = (uint8_t)nk;
        if (find_r) op->in[i].flags = 0;
    }
    if (op->code == CRUX_LUT) make_table(op, &op->in[op->nin - 1]);
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT) make_roles(m);
    if (op->has_x) {
        make_operand(m, &op->x, CRUX_KIND_STEP, false);
        op->x.flags = 0;
    }
}

static void make_op(const struct maker *m) {
    const struct crux_random_op_shape *shape = m->shape;
    struct crux_op *op = m->op;
    memset(op, 0, sizeof *op);
    op->code =
        (uint8_t)(shape->code != 0 ? shape->code : 1 + crux_random_below(m->random, CRUX_FIND));
    if (op->code == CRUX_REDUCE) {
        op->func =
            (uint8_t)(shape->func != 0 ? shape->func
                                       : 1 + crux_random_below(m->random, CRUX_REDUCE_COUNT));
        if (op->func == CRUX_REDUCE_COUNT || one_in(m, 2))
            op->cmp = (uint8_t)crux_random_between(m->random, 1, CRUX_CMP_GE);
    }
    if (op->code == CRUX_MAP) {
        op->func = (uint8_t)(shape->func != 0 ? shape->func
                                              : 1 + crux_random_below(m->random, CRUX_MAP_BITLEN));
        if (op->func == CRUX_MAP_COMPARE)
            op->cmp = (uint8_t)crux_random_between(m->random, 1, CRUX_CMP_GE);
    }
    op->dtype = (uint8_t)crux_random_between(m->random, CRUX_I8, CRUX_I64);
    make_range(m, op->dtype, &op->lo, &op->hi);
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_DYNEXP) {
        op->lo = crux_random_between(m->random, crux_dtype_lo(op->dtype) < 0 ? -31 : 0, 95);
        op->hi = crux_random_between(m->random, op->lo, 95);
    }
    op->ndim = (uint8_t)crux_random_between(m->random, 1, CRUX_DIMS_MAX);
    for (unsigned i = 0; i < op->ndim; i++) op->dim[i] = make_dim(m, op->code != CRUX_STORE);
    if (op->code == CRUX_FIND) op->dim[op->ndim - 1] = crux_dim_constant(2);
    if (op->code == CRUX_CONTRACT)
        op->nk = (uint8_t)crux_random_between(m->random, 0, CRUX_KDIMS_MAX);
    if (op->code == CRUX_REDUCE || op->code == CRUX_FIND)
        op->nk = (uint8_t)crux_random_between(m->random, 1, CRUX_KDIMS_MAX);
    for (unsigned i = 0; i < op->nk; i++) op->kdim[i] = make_dim(m, true);
    op->has_x = op->code != CRUX_STORE && op->code != CRUX_RAND && one_in(m, 4);
    op->nin = (uint8_t)operand_count(m);
    make_attributes(m);
    make_operands(m);
}

void crux_random_op(struct crux_random *random, struct crux_op *op,
                    const struct crux_random_op_shape *shape) {
    struct maker m = {random, shape, op, CRUX_VAR_POS};
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    enum crux_status status;
    do { /* wild ones are often too long; each attempt draws fresh numbers */
        m.grows_with = crux_random_one_in(random, 4) ? CRUX_VAR_N : CRUX_VAR_POS;
        make_op(&m);
        status = crux_descriptor_encode(bytes, &used, op);
        CRUX_ASSERT(status == CRUX_OK || status == CRUX_E_DESCRIPTOR_TOO_LONG);
    } while (status != CRUX_OK);
}
