/* What an operand names: an earlier op, a model tensor, a record, the tokens. */
#include <string.h>

#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/check_internal.h"
#include "kernels/program/view.h"

/* One operand under check; `checker` first, so that messages can name the place. */
struct at {
    const struct crux_checker *checker;
    const struct crux_op *op;
    const struct crux_operand *operand;
    const char *name; /* "operand 2", "the index operand" */
};

#define REFUSE(at, status, ...) crux_check_refuse((at)->checker, status, __VA_ARGS__)

static struct crux_view view_of(const struct crux_operand *operand) {
    return (struct crux_view){operand->ndim, operand->dim};
}

static struct crux_view tensor_of(const struct crux_op *op) {
    return (struct crux_view){op->ndim, op->dim};
}

static enum crux_status check_type(const struct at *at, unsigned dtype, int64_t lo, int64_t hi,
                                   const char *source) {
    const struct crux_operand *o = at->operand;
    if (o->dtype != dtype) {
        return REFUSE(at, CRUX_E_BAD_DTYPE, "%s: it says %s, %s is %s", at->name,
                      crux_dtype_name(o->dtype), source, crux_dtype_name(dtype));
    }
    if (o->lo != lo || o->hi != hi) {
        return REFUSE(at, CRUX_E_BAD_RANGE, "%s: it says [%lld, %lld], %s is in [%lld, %lld]",
                      at->name, (long long)o->lo, (long long)o->hi, source, (long long)lo,
                      (long long)hi);
    }
    return CRUX_OK;
}

/* An earlier op of this layer that makes a step tensor. */
static enum crux_status check_earlier(const struct at *at, uint32_t number, const char *word) {
    if (number >= at->checker->op) {
        return REFUSE(at, CRUX_E_FORWARD_REFERENCE, "%s: %s op %u is not before op %u", at->name,
                      word, number, at->checker->op);
    }
    if (crux_check_op_of(at->checker, at->checker->layer, number)->code == CRUX_STORE) {
        return REFUSE(at, CRUX_E_BAD_OPERAND, "%s: %s op %u is a STORE", at->name, word, number);
    }
    return CRUX_OK;
}

static enum crux_status check_step(const struct at *at) {
    enum crux_status status = check_earlier(at, at->operand->tensor, "it reads");
    if (status != CRUX_OK) return status;
    const struct crux_op *source =
        crux_check_op_of(at->checker, at->checker->layer, at->operand->tensor);
    status = check_type(at, source->dtype, source->lo, source->hi, "the tensor");
    if (status != CRUX_OK) return status;
    if (!crux_view_keeps_step_rows(tensor_of(source), view_of(at->operand))) {
        return REFUSE(at, CRUX_E_BAD_VIEW,
                      "%s: the view does not keep the rows of op %u at every position", at->name,
                      at->operand->tensor);
    }
    return CRUX_OK;
}

static enum crux_status check_model(const struct at *at) {
    const struct crux_operand *o = at->operand;
    const struct crux_program *program = at->checker->program;
    uint64_t elements = 1;
    crux_u128 viewed = 1;
    if (o->tensor >= program->tensor_count) {
        return REFUSE(at, CRUX_E_BAD_OPERAND, "%s: model tensor %u of %u", at->name, o->tensor,
                      program->tensor_count);
    }
    const struct crux_model_tensor *t = &program->tensors[o->tensor];
    enum crux_status status = check_type(at, t->dtype, t->lo, t->hi, t->name);
    if (status != CRUX_OK) return status;
    if (o->layout != t->layout) {
        return REFUSE(at, CRUX_E_BAD_LAYOUT, "%s: it says layout %u, %s has %u", at->name,
                      o->layout, t->name, t->layout);
    }
    if (memcmp(o->root, t->root, CRUX_HASH_BYTES) != 0) {
        return REFUSE(at, CRUX_E_BAD_OPERAND, "%s: its root is not that of %s", at->name, t->name);
    }
    for (unsigned i = 0; i < t->ndim; i++) elements *= t->dim[i];
    for (unsigned i = 0; i < o->ndim; i++) viewed *= o->dim[i].e;
    if (viewed != elements) {
        return REFUSE(at, CRUX_E_BAD_VIEW, "%s: the view has not the %llu elements of %s", at->name,
                      (unsigned long long)elements, t->name);
    }
    if (t->layout != 0 && o->dim[o->ndim - 1].e != t->dim[t->ndim - 1]) {
        return REFUSE(at, CRUX_E_BAD_VIEW,
                      "%s: the view's last dimension is %u, the tiles of %s have rows of %u",
                      at->name, o->dim[o->ndim - 1].e, t->name, t->dim[t->ndim - 1]);
    }
    return CRUX_OK;
}

/* The layer, its store count and its active rule: what a decoder of this op alone must be able to trust.
 * Out: store, the STORE that made the record. */
static enum crux_status find_store(const struct at *at, enum crux_status status,
                                   const struct crux_op **store) {
    const struct crux_operand *o = at->operand;
    const struct crux_program *program = at->checker->program;
    if (o->layer >= program->header.layers) {
        return REFUSE(at, status, "%s: layer %u of %u", at->name, o->layer, program->header.layers);
    }
    const struct crux_layer *layer = &program->layers[o->layer];
    if (o->stores != layer->stores) {
        return REFUSE(at, status, "%s: it says that layer %u has %u stores, it has %u", at->name,
                      o->layer, o->stores, layer->stores);
    }
    if (((o->flags & CRUX_FLAG_FROM_LAST) != 0) != (layer->active == CRUX_ACTIVE_FROM_LAST)) {
        return REFUSE(at, status, "%s: its from_last flag is not the rule of layer %u", at->name,
                      o->layer);
    }
    *store = crux_check_op_of(at->checker, o->layer, layer->ops - layer->stores + o->tensor);
    return CRUX_OK;
}

static bool is_identity(const struct crux_op *op, const struct crux_operand *operand) {
    if (operand->ndim != op->ndim) return false;
    for (unsigned i = 0; i < op->ndim; i++) {
        if (!crux_dim_same(&op->dim[i], &operand->dim[i])) return false;
        for (unsigned v = 0; v < CRUX_VARS; v++) {
            if (operand->index[i].coef[v] != (v == CRUX_VAR_O + i ? 1 : 0)) return false;
        }
    }
    return true;
}

/* `self` must be the tensor, whole and in order, that the STORE copies into the record: then the two are the same at
 * time = pos, and it does not matter that the record is not yet there. */
static enum crux_status check_self(const struct at *at, const struct crux_op *store) {
    uint32_t self = at->operand->self;
    if (at->operand->layer != at->checker->layer) {
        return REFUSE(at, CRUX_E_BAD_OPERAND, "%s: self is given, but layer %u is not this one",
                      at->name, at->operand->layer);
    }
    enum crux_status status = check_earlier(at, self, "self");
    if (status != CRUX_OK) return status;
    const struct crux_op *source = crux_check_op_of(at->checker, at->checker->layer, self);
    if (store->in[0].tensor != self || !is_identity(store, &store->in[0])) {
        return REFUSE(at, CRUX_E_BAD_OPERAND, "%s: store %u is not a plain copy of self, op %u",
                      at->name, at->operand->tensor, self);
    }
    return check_type(at, source->dtype, source->lo, source->hi, "self");
}

static enum crux_status check_record(const struct at *at) {
    const struct crux_operand *o = at->operand;
    const struct crux_op *store = NULL;
    enum crux_status status = find_store(at, CRUX_E_BAD_OPERAND, &store);
    if (status == CRUX_OK) status = check_type(at, store->dtype, store->lo, store->hi, "the STORE");
    if (status != CRUX_OK) return status;
    if (!crux_view_keeps_record_rows(tensor_of(store), view_of(o))) {
        return REFUSE(at, CRUX_E_BAD_VIEW,
                      "%s: the view does not keep the rows of store %u of layer %u", at->name,
                      o->tensor, o->layer);
    }
    crux_i128 late = crux_time_bound(at->op, &o->at, at->checker->positions);
    if (late > 0) {
        return REFUSE(at, CRUX_E_LATER_STEP, "%s: time can reach pos + %lld", at->name,
                      late > INT64_MAX ? INT64_MAX : (long long)late);
    }
    if (o->self != CRUX_SELF_NONE) return check_self(at, store);
    if (late == 0 && o->layer >= at->checker->layer) {
        return REFUSE(at, CRUX_E_LATER_STEP,
                      "%s: time can reach pos, and layer %u is not before layer %u", at->name,
                      o->layer, at->checker->layer);
    }
    return CRUX_OK;
}

static enum crux_status check_token(const struct at *at) {
    const struct crux_operand *o = at->operand;
    const struct crux_program_header *header = &at->checker->program->header;
    const struct crux_op *store = NULL;
    if (o->layer + 1 != header->layers || o->tensor != header->token_store) {
        return REFUSE(at, CRUX_E_BAD_TOKEN_SOURCE,
                      "%s: tokens are store %u of layer %u, not %u of %u", at->name,
                      header->token_store, header->layers - 1, o->tensor, o->layer);
    }
    enum crux_status status = find_store(at, CRUX_E_BAD_TOKEN_SOURCE, &store);
    if (status != CRUX_OK) return status;
    return check_type(at, CRUX_I32, 0, (int64_t)header->vocab - 1, "a token");
}

static const char *const slot_names[CRUX_SLOTS_MAX] = {"operand 0", "operand 1", "operand 2",
                                                       "operand 3", "the index operand"};

enum crux_status crux_check_operand(const struct crux_checker *checker, unsigned slot) {
    const struct crux_op *op = crux_check_op_of(checker, checker->layer, checker->op);
    struct at at = {checker, op, slot == CRUX_SLOT_X ? &op->x : &op->in[slot], slot_names[slot]};
    switch ((enum crux_kind)at.operand->kind) {
    case CRUX_KIND_IMM:
    case CRUX_KIND_PARAM: return CRUX_OK; /* bounded by crux_op_check */
    case CRUX_KIND_STEP: return check_step(&at);
    case CRUX_KIND_MODEL: return check_model(&at);
    case CRUX_KIND_RECORD: return check_record(&at);
    case CRUX_KIND_TOKEN: return check_token(&at);
    }
    return crux_check_refuse(checker, CRUX_E_INTERNAL, "an operand of no kind");
}
