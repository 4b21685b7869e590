/* Reading operands: index maps, padding, and where a record or token comes from. */
#include "kernels/ops/eval_internal.h"

static const struct crux_operand *operand_of(const struct crux_op *op, unsigned slot) {
    return slot == CRUX_SLOT_X ? &op->x : &op->in[slot];
}

static bool uses_x(const struct crux_operand *operand) {
    for (unsigned i = 0; i < operand->ndim; i++) {
        if (operand->index[i].coef[CRUX_VAR_X] != 0) return true;
    }
    return operand->at.coef[CRUX_VAR_X] != 0;
}

/* Where a record operand's value is.  Returns: false if it is 0 without reading.  spec/20-ops.md#load */
static bool find_record(struct crux_place *place, const struct crux_operand *operand,
                        const struct crux_at *at, int64_t time) {
    if (time < 0 || time > at->pos) return false;
    if (time == at->pos) {
        if (operand->self != CRUX_SELF_NONE) {
            place->source = CRUX_FROM_STEP;
            place->tensor = operand->self;
            return true;
        }
        if (operand->layer >= at->layer) return false;
    }
    if ((operand->flags & CRUX_FLAG_FROM_LAST) != 0 && time + 1 < at->n) return false;
    place->source = CRUX_FROM_RECORD;
    place->time = (uint32_t)time;
    return true;
}

static bool find_token(struct crux_place *place, const struct crux_operand *operand,
                       const struct crux_at *at, int64_t time) {
    if (time < 0 || time > at->pos) return false;
    place->source = CRUX_FROM_TOKENS;
    place->time = (uint32_t)time;
    if (time < at->n) return true;
    place->source = CRUX_FROM_RECORD; /* time >= n >= 1: chosen at time - 1 */
    place->layer = operand->layer;
    place->tensor = operand->tensor;
    place->time = (uint32_t)time - 1;
    return true;
}

void crux_fetch_begin(struct crux_fetch *fetch, const struct crux_element *element, unsigned slot) {
    const struct crux_operand *operand = operand_of(element->bound->op, slot);
    *fetch = (struct crux_fetch){.element = element, .operand = operand};
    fetch->place.operand = operand;
    fetch->place.slot = (uint8_t)slot;
    fetch->place.tensor = operand->tensor;
    fetch->place.layer = operand->layer;
    fetch->outside = element->x_outside && uses_x(operand);
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM: break;
    case CRUX_KIND_STEP: fetch->place.source = CRUX_FROM_STEP; break;
    case CRUX_KIND_MODEL: fetch->place.source = CRUX_FROM_MODEL; break;
    case CRUX_KIND_PARAM: fetch->place.source = CRUX_FROM_PARAM; break;
    case CRUX_KIND_RECORD:
        if (!find_record(&fetch->place, operand, &element->bound->at,
                         crux_affine_value(&operand->at, &element->vars))) {
            fetch->outside = true;
        }
        break;
    case CRUX_KIND_TOKEN:
        if (!find_token(&fetch->place, operand, &element->bound->at,
                        crux_affine_value(&operand->at, &element->vars))) {
            fetch->outside = true;
        }
        break;
    }
    for (unsigned i = 0; i < operand->ndim; i++) {
        fetch->base[i] = crux_affine_value(&operand->index[i], &element->vars);
    }
}

/* The flat index at k, or false outside. */
static bool locate(const struct crux_fetch *fetch, const int64_t k[CRUX_KDIMS_MAX],
                   uint64_t *flat) {
    const struct crux_operand *operand = fetch->operand;
    const uint32_t *extent = fetch->element->bound->view[fetch->place.slot];
    uint64_t at = 0;
    for (unsigned i = 0; i < operand->ndim; i++) {
        const int32_t *coef = &operand->index[i].coef[CRUX_VAR_K];
        int64_t index = fetch->base[i] + coef[0] * k[0] + coef[1] * k[1] + coef[2] * k[2];
        if (index < 0 || index >= extent[i]) return false;
        at = at * extent[i] + (uint64_t)index; /* bind bounds the product by 2^40 */
    }
    *flat = at;
    return !fetch->outside;
}

bool crux_fetch_outside(const struct crux_fetch *fetch, const int64_t k[CRUX_KDIMS_MAX]) {
    uint64_t flat;
    return !locate(fetch, k, &flat);
}

int64_t crux_fetch(struct crux_fetch *fetch, const int64_t k[CRUX_KDIMS_MAX]) {
    if (fetch->operand->kind == CRUX_KIND_IMM) {
        struct crux_vars vars = fetch->element->vars;
        if (fetch->outside) return 0;
        for (unsigned i = 0; i < CRUX_KDIMS_MAX; i++) vars.v[CRUX_VAR_K + i] = k[i];
        return crux_affine_value(&fetch->operand->at, &vars);
    }
    if (!locate(fetch, k, &fetch->place.flat)) return 0;
    return fetch->element->reader->read(fetch->element->reader->ctx, &fetch->place);
}

int64_t crux_fetch_one(const struct crux_element *element, unsigned slot) {
    static const int64_t no_k[CRUX_KDIMS_MAX] = {0, 0, 0};
    struct crux_fetch fetch;
    crux_fetch_begin(&fetch, element, slot);
    return crux_fetch(&fetch, no_k);
}

void crux_k_begin(struct crux_k *k) {
    *k = (struct crux_k){{0, 0, 0}, 0};
}

void crux_k_next(struct crux_k *k, const struct crux_bound_op *bound) {
    k->number++;
    for (unsigned i = bound->op->nk; i-- > 0;) {
        if (++k->at[i] < bound->kdim[i]) return;
        k->at[i] = 0;
    }
}

crux_i128 crux_eval_load(const struct crux_element *element) {
    return crux_fetch_one(element, 0);
}
