/* Binding an op to a position, and the dispatch over op codes. */
#include "kernels/ops/eval.h"

#include "kernels/ops/eval_internal.h"

static const uint64_t elements_max = UINT64_C(1) << 40;

/* Product of extents, or false beyond 2^40. */
static bool extents(uint32_t *out, uint64_t *product, const struct crux_dim *dim, unsigned ndim,
                    const struct crux_at *at) {
    uint64_t total = 1;
    bool empty = false;
    for (unsigned i = 0; i < ndim; i++) {
        out[i] = crux_dim_value(&dim[i], at->pos, at->n);
        if (out[i] == 0)
            empty = true;
        else if (total > elements_max / out[i])
            return false;
        else
            total *= out[i];
    }
    *product = empty ? 0 : total;
    return true;
}

enum crux_status crux_op_bind(struct crux_bound_op *bound, const struct crux_op *op,
                              const struct crux_at *at) {
    uint64_t product = 1;
    *bound = (struct crux_bound_op){.op = op, .at = *at};
    if (!extents(bound->dim, &bound->elements, op->dim, op->ndim, at))
        return CRUX_E_TOO_MANY_ELEMENTS;
    if (!extents(bound->kdim, &product, op->kdim, op->nk, at)) return CRUX_E_WORK_TOO_LARGE;
    if (product > CRUX_K_WORK_MAX) return CRUX_E_WORK_TOO_LARGE;
    bound->k_count = (uint32_t)product;
    for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
        const struct crux_operand *operand = slot == CRUX_SLOT_X ? &op->x : &op->in[slot];
        if (slot == CRUX_SLOT_X ? !op->has_x : slot >= op->nin) continue;
        if (!extents(bound->view[slot], &product, operand->dim, operand->ndim, at))
            return CRUX_E_TOO_MANY_ELEMENTS;
    }
    return CRUX_OK;
}

void crux_op_unflatten(const struct crux_bound_op *bound, uint64_t flat,
                       uint32_t index[CRUX_DIMS_MAX]) {
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) index[i] = 0;
    for (unsigned i = bound->op->ndim; i-- > 0;) {
        index[i] = (uint32_t)(flat % bound->dim[i]);
        flat /= bound->dim[i];
    }
}

static void element_begin(struct crux_element *element, const struct crux_bound_op *bound,
                          const uint32_t *index, const struct crux_reader *reader) {
    *element = (struct crux_element){.bound = bound, .reader = reader};
    element->vars.v[CRUX_VAR_ONE] = 1;
    for (unsigned i = 0; i < bound->op->ndim; i++) {
        element->vars.v[CRUX_VAR_O + i] = index[i];
        element->flat = element->flat * bound->dim[i] + index[i];
    }
    element->vars.v[CRUX_VAR_POS] = bound->at.pos;
    element->vars.v[CRUX_VAR_N] = bound->at.n;
}

int64_t crux_op_x(const struct crux_bound_op *bound, const uint32_t index[CRUX_DIMS_MAX],
                  const struct crux_reader *reader) {
    struct crux_element element;
    if (!bound->op->has_x) return 0;
    element_begin(&element, bound, index, reader);
    return crux_fetch_one(&element, CRUX_SLOT_X);
}

static crux_i128 dispatch(const struct crux_element *element) {
    switch ((enum crux_opcode)element->bound->op->code) {
    case CRUX_LOAD: return crux_eval_load(element);
    case CRUX_STORE: return crux_fetch_one(element, 0);
    case CRUX_CONTRACT: return crux_eval_contract(element);
    case CRUX_REDUCE: return crux_eval_reduce(element);
    case CRUX_MAP: return crux_eval_map(element);
    case CRUX_LUT: return crux_eval_lut(element);
    case CRUX_DIV: return crux_eval_div(element);
    case CRUX_SQRT: return crux_eval_sqrt(element);
    case CRUX_RAND: return crux_eval_rand(element);
    case CRUX_FIND: return crux_eval_find(element);
    }
    return 0; /* no descriptor with another code decodes */
}

int64_t crux_op_element(const struct crux_bound_op *bound, const uint32_t index[CRUX_DIMS_MAX],
                        int64_t x, const struct crux_reader *reader) {
    const struct crux_op *op = bound->op;
    struct crux_element element;
    element_begin(&element, bound, index, reader);
    if (x < INT32_MIN || x > INT32_MAX)
        element.x_outside = true;
    else
        element.vars.v[CRUX_VAR_X] = x;
    return crux_saturate(dispatch(&element), op->lo, op->hi);
}
