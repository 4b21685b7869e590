/* The structure of a whole program: what no op shows alone. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernels/ops/dim.h"
#include "kernels/program/check_internal.h"
#include "kernels/program/letters.h"
#include "kernels/program/op_check.h"

static const uint64_t elements_max = UINT64_C(1) << 40;
static const uint64_t rand_elements_max = UINT64_C(1)
                                          << 32; /* the preimage has u32 for the element */

enum crux_status crux_check_refuse(const struct crux_checker *checker, enum crux_status status,
                                   const char *format, ...) {
    struct crux_refusal *refusal = checker->refusal;
    va_list args;
    memset(refusal, 0, sizeof *refusal);
    refusal->status = status;
    refusal->layer = checker->layer;
    refusal->op = checker->op;
    if (checker->op != UINT32_MAX) {
        uint32_t index = checker->program->layers[checker->layer].first + checker->op;
        memcpy(refusal->label, checker->program->ops[index].label, CRUX_LABEL_BYTES - 1);
    }
    va_start(args, format);
    (void)vsnprintf(refusal->what, sizeof refusal->what, format, args);
    va_end(args);
    return status;
}

const struct crux_op *crux_check_op_of(const struct crux_checker *checker, uint32_t layer,
                                       uint32_t number) {
    return &checker->program->ops[checker->program->layers[layer].first + number].op;
}

static enum crux_status check_alone(const struct crux_checker *checker, const struct crux_op *op) {
    struct crux_op_fault fault;
    struct crux_op again;
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    char place[48] = "";
    const char *field = "";
    enum crux_status status = crux_op_check(op, &fault);
    if (status != CRUX_OK) {
        size_t at = 0;
        if (fault.slot == CRUX_SLOT_X)
            at += (size_t)snprintf(place, sizeof place, "the index operand, ");
        else if (fault.slot != CRUX_FAULT_NOWHERE)
            at += (size_t)snprintf(place, sizeof place, "operand %u, ", fault.slot);
        if (fault.dim != CRUX_FAULT_NOWHERE)
            (void)snprintf(place + at, sizeof place - at, "dimension %u, ", fault.dim);
        return crux_check_refuse(checker, status, "%s%s", place, crux_op_rule_text(fault.rule));
    }
    status = crux_descriptor_encode(bytes, &used, op);
    if (status == CRUX_OK) return CRUX_OK;
    if (status == CRUX_E_DESCRIPTOR_TOO_LONG) {
        return crux_check_refuse(checker, status, "the descriptor needs more than %d bytes",
                                 CRUX_DESCRIPTOR_BYTES);
    }
    if (crux_descriptor_decode(&again, bytes) == CRUX_OK) (void)crux_op_same(op, &again, &field);
    return crux_check_refuse(checker, status, "a field that the op does not use is not zero: %s",
                             field);
}

static enum crux_status check_elements(const struct crux_checker *checker,
                                       const struct crux_op *op) {
    uint64_t most = op->code == CRUX_RAND ? rand_elements_max : elements_max, elements = 1;
    for (unsigned i = 0; i < op->ndim; i++) {
        uint32_t greatest = crux_dim_greatest(&op->dim[i], checker->positions);
        if (greatest != 0 && elements > most / greatest) {
            return crux_check_refuse(checker, CRUX_E_TOO_MANY_ELEMENTS,
                                     "it can have more than %llu elements",
                                     (unsigned long long)most);
        }
        elements *= greatest == 0 ? 1 : greatest;
    }
    return CRUX_OK;
}

static bool uses_pos(const struct crux_operand *operand) {
    for (unsigned i = 0; i < operand->ndim; i++) {
        if (operand->index[i].coef[CRUX_VAR_POS] != 0) return true;
    }
    return operand->at.coef[CRUX_VAR_POS] != 0;
}

/* A certificate looks at pos = 0 only, where dimensions grow with n: other positions must not differ from it.
 * spec/10-machine.md#dimensions: "no expression in it uses pos" */
static enum crux_status check_pos_unused(const struct crux_checker *checker,
                                         const struct crux_op *op) {
    bool used = op->has_x && uses_pos(&op->x);
    for (unsigned slot = 0; slot < op->nin; slot++) used = used || uses_pos(&op->in[slot]);
    if (!used || !checker->by_length) return CRUX_OK;
    return crux_check_refuse(checker, CRUX_E_BAD_INDEX_MAP,
                             "dimensions grow with n: no expression may use pos");
}

static enum crux_status check_op(const struct crux_checker *checker) {
    const struct crux_layer *layer = &checker->program->layers[checker->layer];
    const struct crux_labelled_op *labelled = &checker->program->ops[layer->first + checker->op];
    const struct crux_op *op = &labelled->op;
    if (!crux_letters_padded(labelled->label, CRUX_LABEL_BYTES)) {
        return crux_check_refuse(checker, CRUX_E_SYNTAX,
                                 "the label is not 0 to 23 letters of a-z0-9._-");
    }
    enum crux_status status = check_elements(checker, op);
    if (status == CRUX_OK) status = check_pos_unused(checker, op);
    for (unsigned slot = 0; status == CRUX_OK && slot < CRUX_SLOTS_MAX; slot++) {
        if (slot == CRUX_SLOT_X ? op->has_x : slot < op->nin)
            status = crux_check_operand(checker, slot);
    }
    return status;
}

struct growth {
    bool with_pos, with_n;
};

static void note_dims(struct growth *growth, const struct crux_dim *dim, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        growth->with_pos = growth->with_pos || dim[i].b != 0;
        growth->with_n = growth->with_n || dim[i].c != 0;
    }
}

static void note_growth(struct growth *growth, const struct crux_op *op) {
    note_dims(growth, op->dim, op->ndim);
    note_dims(growth, op->kdim, op->nk);
    for (unsigned i = 0; i < op->nin; i++) note_dims(growth, op->in[i].dim, op->in[i].ndim);
    if (op->has_x) note_dims(growth, op->x.dim, op->x.ndim);
}

static enum crux_status check_header(const struct crux_checker *checker) {
    const struct crux_program *program = checker->program;
    uint8_t bytes[CRUX_HEADER_BYTES];
    uint64_t ops = 0;
    enum crux_status status = crux_header_encode(bytes, &program->header);
    if (status != CRUX_OK) {
        return crux_check_refuse(
            checker, status,
            "header: op set %u, %u layers, context %u, vocabulary %u, token store %u",
            program->header.op_set, program->header.layers, program->header.context,
            program->header.vocab, program->header.token_store);
    }
    for (uint32_t l = 0; l < program->header.layers; l++) {
        const struct crux_layer *layer = &program->layers[l];
        status = crux_layer_encode(bytes, layer);
        if (status != CRUX_OK) {
            return crux_check_refuse(checker, status, "layer %u: %u ops, %u stores, active rule %u",
                                     l, layer->ops, layer->stores, layer->active);
        }
        if (layer->first != ops || layer->ops > program->op_count - ops) {
            return crux_check_refuse(checker, CRUX_E_PROGRAM_INVALID,
                                     "layer %u: its ops are not where they should be", l);
        }
        ops += layer->ops;
    }
    if (ops == program->op_count) return CRUX_OK;
    return crux_check_refuse(checker, CRUX_E_PROGRAM_INVALID,
                             "the layers have %llu ops, the program has %u",
                             (unsigned long long)ops, program->op_count);
}

/* spec/21-descriptors.md#layer: "The last layer of a program chooses the token" */
static enum crux_status check_token_store(struct crux_checker *checker) {
    const struct crux_program_header *header = &checker->program->header;
    const struct crux_layer *last = &checker->program->layers[header->layers - 1];
    if (header->token_store >= last->stores) {
        return crux_check_refuse(checker, CRUX_E_BAD_TOKEN_SOURCE,
                                 "token store %u, the last layer has %u stores",
                                 header->token_store, last->stores);
    }
    checker->layer = header->layers - 1;
    checker->op = last->ops - last->stores + header->token_store;
    const struct crux_op *op = crux_check_op_of(checker, checker->layer, checker->op);
    if (op->dtype == CRUX_I32 && op->ndim == 1 && op->dim[0].e == 1 && op->lo == 0 &&
        op->hi == header->vocab - 1) {
        return CRUX_OK;
    }
    return crux_check_refuse(checker, CRUX_E_BAD_TOKEN_SOURCE,
                             "the token store is not i32 [1] in [0, %u]", header->vocab - 1);
}

/* Calls `check` at every op, in order. */
static enum crux_status at_every_op(struct crux_checker *checker,
                                    enum crux_status (*check)(const struct crux_checker *)) {
    const struct crux_program *program = checker->program;
    enum crux_status status = CRUX_OK;
    for (checker->layer = 0; checker->layer < program->header.layers; checker->layer++) {
        for (checker->op = 0; checker->op < program->layers[checker->layer].ops; checker->op++) {
            status = check(checker);
            if (status != CRUX_OK) return status;
        }
    }
    checker->layer = checker->op = UINT32_MAX;
    return status;
}

/* What the checks of operands rely on: every op is valid alone, and STOREs are where they belong. */
static enum crux_status check_op_alone(const struct crux_checker *checker) {
    const struct crux_layer *layer = &checker->program->layers[checker->layer];
    const struct crux_op *op = crux_check_op_of(checker, checker->layer, checker->op);
    bool stores = checker->op >= layer->ops - layer->stores;
    if ((op->code == CRUX_STORE) != stores) {
        return crux_check_refuse(checker, CRUX_E_BAD_STORE,
                                 "STOREs are the last %u ops of this layer", layer->stores);
    }
    return check_alone(checker, op);
}

static enum crux_status check_growth(struct crux_checker *checker) {
    const struct crux_program *program = checker->program;
    struct growth growth = {false, false};
    for (uint32_t i = 0; i < program->op_count; i++) note_growth(&growth, &program->ops[i].op);
    if (growth.with_pos && growth.with_n) {
        return crux_check_refuse(checker, CRUX_E_BAD_DIM,
                                 "some dimensions grow with pos and others with n");
    }
    /* spec/10-machine.md#dimensions: "with c != 0 anywhere the program has a single position (pos = 0)" */
    checker->positions.pos_last = growth.with_n ? 0 : program->header.context - 1;
    checker->positions.context = program->header.context;
    checker->by_length = growth.with_n;
    return CRUX_OK;
}

enum crux_status crux_program_check(const struct crux_program *program,
                                    struct crux_refusal *refusal) {
    struct crux_refusal ignored;
    struct crux_checker checker = {.program = program, .layer = UINT32_MAX, .op = UINT32_MAX};
    checker.refusal = refusal != NULL ? refusal : &ignored;
    memset(checker.refusal, 0, sizeof *checker.refusal);
    enum crux_status status = check_header(&checker);
    if (status == CRUX_OK) status = crux_check_tensors(&checker);
    if (status == CRUX_OK) status = at_every_op(&checker, check_op_alone);
    if (status == CRUX_OK) status = check_growth(&checker);
    if (status == CRUX_OK) status = at_every_op(&checker, check_op);
    if (status == CRUX_OK) status = check_token_store(&checker);
    return status;
}
