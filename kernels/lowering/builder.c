#include "kernels/lowering/builder.h"

#include <string.h>

static const struct crux_value nothing = {
    .kind = CRUX_KIND_IMM, .type = {CRUX_I32, 0, 0}, .shape = {1, {{1, 0, 0, 1, 1}}}};

/* As much of the name as fits. */
static void copy_name(char *out, size_t cap, const char *name) {
    size_t len = strlen(name);
    memset(out, 0, cap);
    memcpy(out, name, len < cap ? len : cap - 1);
}

void crux_builder_init(struct crux_builder *b, struct crux_program *program, uint32_t context,
                       uint32_t vocab) {
    *b = (struct crux_builder){.program = program};
    program->header.op_set = CRUX_OP_SET;
    program->header.context = context;
    program->header.vocab = vocab;
}

void crux_builder_fail(struct crux_builder *b, enum crux_status status, const char *where) {
    if (b->status != CRUX_OK || status == CRUX_OK) return;
    b->status = status;
    copy_name(b->what, sizeof b->what, where);
}

struct crux_value crux_builder_tensor(struct crux_builder *b, const char *name, uint8_t layout,
                                      struct crux_type type, struct crux_shape shape) {
    struct crux_model_tensor tensor = {.dtype = type.dtype,
                                       .layout = layout,
                                       .ndim = (uint8_t)shape.ndim,
                                       .lo = type.lo,
                                       .hi = type.hi};
    uint32_t number = 0;
    if (strlen(name) >= sizeof tensor.name) crux_builder_fail(b, CRUX_E_USAGE, name);
    if (b->status != CRUX_OK) return nothing;
    copy_name(tensor.name, sizeof tensor.name, name);
    for (unsigned i = 0; i < shape.ndim; i++) {
        if (crux_dim_grows(&shape.dim[i])) crux_builder_fail(b, CRUX_E_BAD_DIM, name);
        tensor.dim[i] = shape.dim[i].e;
    }
    crux_builder_fail(b, crux_program_add_tensor(b->program, &tensor, &number), name);
    if (b->status != CRUX_OK) return nothing;
    return (struct crux_value){
        .kind = CRUX_KIND_MODEL, .layout = layout, .tensor = number, .type = type, .shape = shape};
}

void crux_builder_begin_layer(struct crux_builder *b, enum crux_active active) {
    if (b->in_layer) crux_builder_fail(b, CRUX_E_INTERNAL, b->prefix);
    if (b->status != CRUX_OK) return;
    b->layer = b->program->header.layers;
    b->store_count = 0;
    b->in_layer = true;
    crux_builder_fail(b, crux_program_add_layer(b->program, active), b->prefix);
}

unsigned crux_builder_push(struct crux_builder *b, const char *word) {
    size_t used = strlen(b->prefix), more = strlen(word);
    if (used + more + 1 >= sizeof b->prefix) {
        crux_builder_fail(b, CRUX_E_USAGE, word);
        return (unsigned)used;
    }
    memcpy(b->prefix + used, word, more);
    b->prefix[used + more] = '.';
    b->prefix[used + more + 1] = 0;
    return (unsigned)used;
}

void crux_builder_pop(struct crux_builder *b, unsigned length) {
    CRUX_ASSERT(length < sizeof b->prefix);
    memset(b->prefix + length, 0, sizeof b->prefix - length);
}

/* prefix + label; without a label, the prefix less its dot. */
static void full_label(struct crux_builder *b, char out[CRUX_LABEL_BYTES], const char *label) {
    size_t used = strlen(b->prefix), more = label == NULL ? 0 : strlen(label);
    memset(out, 0, CRUX_LABEL_BYTES);
    if (used + more >= CRUX_LABEL_BYTES) {
        crux_builder_fail(b, CRUX_E_USAGE, label == NULL ? b->prefix : label);
        return;
    }
    memcpy(out, b->prefix, used);
    if (more > 0)
        memcpy(out + used, label, more);
    else if (used > 0)
        out[used - 1] = 0;
}

static struct crux_value output(const struct crux_op *op, uint32_t number) {
    struct crux_value value = {.kind = CRUX_KIND_STEP,
                               .tensor = number,
                               .type = {op->dtype, op->lo, op->hi},
                               .shape = {.ndim = op->ndim}};
    for (unsigned i = 0; i < op->ndim; i++) value.shape.dim[i] = op->dim[i];
    return value;
}

struct crux_value crux_emit(struct crux_builder *b, const char *label, struct crux_op draft) {
    char full[CRUX_LABEL_BYTES];
    uint32_t number = 0;
    if (b->status == CRUX_OK && !b->in_layer)
        crux_builder_fail(b, CRUX_E_INTERNAL, "outside a layer");
    full_label(b, full, label);
    if (b->status != CRUX_OK) return nothing;
    crux_builder_fail(b, crux_program_add_op(b->program, &draft, full, &number), full);
    return b->status == CRUX_OK ? output(&draft, number) : nothing;
}

struct crux_record crux_builder_store(struct crux_builder *b, const char *label,
                                      struct crux_value value) {
    struct crux_record record = {.layer = b->layer,
                                 .store = b->store_count,
                                 .op = value.tensor,
                                 .type = value.type,
                                 .shape = value.shape};
    char full[CRUX_LABEL_BYTES];
    full_label(b, full, label);
    if (b->store_count == CRUX_STORES_MAX) crux_builder_fail(b, CRUX_E_BAD_STORE, full);
    if (!b->in_layer || value.kind != CRUX_KIND_STEP) crux_builder_fail(b, CRUX_E_BAD_STORE, full);
    if (b->status != CRUX_OK) return record;
    memcpy(b->store_label[b->store_count], full, sizeof full);
    b->stored[b->store_count++] = value;
    return record;
}

void crux_builder_end_layer(struct crux_builder *b) {
    char prefix[CRUX_LABEL_BYTES];
    if (!b->in_layer) crux_builder_fail(b, CRUX_E_INTERNAL, "outside a layer");
    memcpy(prefix, b->prefix, sizeof prefix);
    memset(b->prefix, 0, sizeof b->prefix);
    for (uint32_t i = 0; i < b->store_count && b->status == CRUX_OK; i++) {
        struct crux_affine index[CRUX_DIMS_MAX];
        const struct crux_value *value = &b->stored[i];
        for (unsigned k = 0; k < value->shape.ndim; k++)
            index[k] = crux_ix_o(k); /* of a [1], too */
        struct crux_op op =
            crux_draft_load(value->shape, crux_operand_read(*value, index, value->shape.ndim));
        op.code = CRUX_STORE;
        op.lo = b->stored[i].type.lo;
        op.hi = b->stored[i].type.hi;
        (void)crux_emit(b, b->store_label[i], op);
    }
    if (b->status == CRUX_OK) b->program->layers[b->layer].stores = b->store_count;
    memcpy(b->prefix, prefix, sizeof prefix);
    b->in_layer = false;
}

/* A layer may be read before its STOREs are counted, and the token comes from a layer that does not exist yet. */
static void complete(const struct crux_program *program, struct crux_operand *operand,
                     struct crux_record token) {
    if (operand->kind == CRUX_KIND_TOKEN) {
        operand->layer = token.layer;
        operand->tensor = token.store;
    } else if (operand->kind != CRUX_KIND_RECORD) {
        return;
    }
    const struct crux_layer *layer = &program->layers[operand->layer];
    operand->stores = layer->stores;
    if (layer->active == CRUX_ACTIVE_FROM_LAST) operand->flags |= CRUX_FLAG_FROM_LAST;
}

enum crux_status crux_builder_finish(struct crux_builder *b, struct crux_record token) {
    struct crux_program *program = b->program;
    if (b->in_layer || program->header.layers == 0)
        crux_builder_fail(b, CRUX_E_INTERNAL, "a layer is open");
    if (b->status != CRUX_OK) return b->status;
    if (token.layer + 1 != program->header.layers)
        crux_builder_fail(b, CRUX_E_BAD_TOKEN_SOURCE, "token");
    if (b->status != CRUX_OK) return b->status;
    program->header.token_store = token.store;
    for (uint32_t i = 0; i < program->op_count; i++) {
        struct crux_op *op = &program->ops[i].op;
        for (unsigned slot = 0; slot < op->nin; slot++) complete(program, &op->in[slot], token);
    }
    return CRUX_OK;
}

struct crux_operand crux_operand_record(struct crux_record record, struct crux_affine time,
                                        const struct crux_affine *index, unsigned count) {
    struct crux_value value = {.kind = CRUX_KIND_RECORD,
                               .tensor = record.store,
                               .type = record.type,
                               .shape = record.shape};
    struct crux_operand operand = crux_operand_read(value, index, count);
    operand.self = CRUX_SELF_NONE;
    operand.layer = record.layer;
    operand.at = time;
    return operand;
}

struct crux_operand crux_operand_cache(struct crux_record record, struct crux_affine time,
                                       const struct crux_affine *index, unsigned count) {
    struct crux_operand operand = crux_operand_record(record, time, index, count);
    operand.self = record.op;
    return operand;
}

struct crux_operand crux_operand_token(struct crux_affine time, uint32_t vocab) {
    struct crux_operand operand = {
        .kind = CRUX_KIND_TOKEN, .dtype = CRUX_I32, .lo = 0, .hi = (int64_t)vocab - 1, .at = time};
    return operand;
}

struct crux_operand crux_operand_param(uint32_t number, int64_t lo, int64_t hi) {
    struct crux_operand operand = {
        .kind = CRUX_KIND_PARAM, .dtype = CRUX_I32, .tensor = number, .lo = lo, .hi = hi};
    return operand;
}

struct crux_value crux_emit_load_record(struct crux_builder *b, const char *label,
                                        struct crux_record record) {
    struct crux_affine index[CRUX_DIMS_MAX];
    for (unsigned i = 0; i < record.shape.ndim; i++) index[i] = crux_ix_o(i);
    struct crux_operand operand =
        crux_operand_record(record, crux_ix_pos(), index, record.shape.ndim);
    /* a record of this position by a lower layer always exists: no 0 joins its range */
    struct crux_op op = crux_draft_load(record.shape, operand);
    op.lo = record.type.lo;
    op.hi = record.type.hi;
    return crux_emit(b, label, op);
}
