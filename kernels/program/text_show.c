/* A program as text. spec/22-text.md */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"
#include "kernels/program/program_text.h"
#include "kernels/program/text_source.h"

enum { COLUMNS = 120, FIRST_BYTES = 4096 };

/* A string that grows; after a failed allocation it stays as it is. */
struct page {
    char *text;
    size_t len, cap; /* len < cap once text is there */
    bool failed;
};

static bool reserve(struct page *page, size_t more) {
    if (page->failed) return false;
    if (page->cap - page->len > more) return true;
    size_t cap = page->cap == 0 ? FIRST_BYTES : page->cap;
    while (cap - page->len <= more) cap *= 2;
    char *grown = realloc(page->text, cap);
    page->failed = grown == NULL;
    if (page->failed) return false;
    page->text = grown;
    page->cap = cap;
    return true;
}

CRUX_PRINTF(2, 3)
static void put(struct page *page, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len > 0 && reserve(page, (size_t)len)) {
        (void)vsnprintf(page->text + page->len, page->cap - page->len, format, again);
        page->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

static const char *known(const char *word) {
    return word != NULL ? word : "?";
}

static const char *const variable_names[CRUX_VARS] = {"",   "o0", "o1",  "o2", "o3", "k0",
                                                      "k1", "k2", "pos", "x",  "n"};

static void put_term(struct page *page, bool *first, int32_t coef, const char *name) {
    long long magnitude = coef < 0 ? -(long long)coef : coef;
    if (coef == 0) return;
    put(page, "%s", *first ? (coef < 0 ? "-" : "") : coef < 0 ? " - " : " + ");
    if (name[0] == 0)
        put(page, "%lld", magnitude);
    else if (magnitude == 1)
        put(page, "%s", name);
    else
        put(page, "%lld*%s", magnitude, name);
    *first = false;
}

/* Positive terms first, so that a difference reads as one: pos - o0. */
static void put_sum(struct page *page, const struct crux_affine *affine) {
    bool first = true;
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (unsigned i = 1; i <= CRUX_VARS; i++) {
            int32_t coef = affine->coef[i % CRUX_VARS]; /* the constant last */
            if ((coef > 0) == (sign > 0))
                put_term(page, &first, coef, variable_names[i % CRUX_VARS]);
        }
    }
    if (first) put(page, "0");
}

static void put_dim(struct page *page, const struct crux_dim *dim) {
    struct crux_affine sum = {{0}};
    if (!crux_dim_grows(dim)) {
        put(page, "%u", dim->e);
        return;
    }
    sum.coef[CRUX_VAR_ONE] = dim->a;
    sum.coef[CRUX_VAR_POS] = dim->b;
    sum.coef[CRUX_VAR_N] = dim->c;
    put(page, dim->d == 1 ? "min(" : "min(ceil((");
    put_sum(page, &sum);
    if (dim->d != 1) put(page, ") / %u)", dim->d);
    put(page, ", %u)", dim->e);
}

static void put_dims(struct page *page, const struct crux_dim *dim, unsigned count) {
    put(page, "[");
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) put(page, ", ");
        put_dim(page, &dim[i]);
    }
    put(page, "]");
}

static void put_type(struct page *page, unsigned dtype, int64_t lo, int64_t hi) {
    put(page, "%s in [%lld, %lld]", known(crux_dtype_name(dtype)), (long long)lo, (long long)hi);
}

static void put_layout(struct page *page, uint8_t layout) {
    struct crux_tile tile;
    if (layout == 0) return;
    if (crux_tile_decode(&tile, layout) != CRUX_OK) {
        put(page, " layout %u", layout);
        return;
    }
    put(page, " tile %s group %u chunk %u%s", known(crux_tile_width_name(tile.width)), tile.group,
        tile.chunk, tile.has_offsets ? " offsets" : "");
}

static void put_root(struct page *page, const uint8_t root[CRUX_HASH_BYTES]) {
    put(page, " root ");
    for (unsigned i = 0; i < CRUX_HASH_BYTES; i++) put(page, "%02x", root[i]);
}

static bool is_zero(const uint8_t root[CRUX_HASH_BYTES]) {
    for (unsigned i = 0; i < CRUX_HASH_BYTES; i++) {
        if (root[i] != 0) return false;
    }
    return true;
}

struct show {
    const struct crux_program *program;
    uint32_t layer;
};

static bool same_view(const struct crux_operand *a, const struct crux_operand *b) {
    if (a->ndim != b->ndim) return false;
    for (unsigned i = 0; i < a->ndim; i++) {
        if (!crux_dim_same(&a->dim[i], &b->dim[i])) return false;
    }
    return true;
}

static void put_step_name(struct page *page, const struct crux_operand *operand) {
    put(page, "r%u", operand->tensor);
}

static void put_model_name(struct page *page, const struct show *show,
                           const struct crux_operand *operand) {
    if (operand->tensor >= show->program->tensor_count)
        put(page, "model(%u)", operand->tensor);
    else
        put(page, "@%.*s", CRUX_NAME_BYTES, show->program->tensors[operand->tensor].name);
}

/* Store count and active rule of the layer read, if they are not what the program says. */
static void put_layer_claims(struct page *page, const struct crux_operand *operand,
                             const struct crux_operand *source) {
    if (operand->stores != source->stores) put(page, ", stores %u", operand->stores);
    if ((operand->flags ^ source->flags) & CRUX_FLAG_FROM_LAST) {
        put(page, (operand->flags & CRUX_FLAG_FROM_LAST) != 0 ? ", from_last" : ", always");
    }
}

static void put_record_name(struct page *page, const struct crux_operand *operand,
                            const struct crux_operand *source) {
    put(page, "record(layer %u, store %u", operand->layer, operand->tensor);
    put_layer_claims(page, operand, source);
    put(page, ", time ");
    put_sum(page, &operand->at);
    if (operand->self != CRUX_SELF_NONE) put(page, ", self r%u", operand->self);
    put(page, ")");
}

static void put_token_name(struct page *page, const struct show *show,
                           const struct crux_operand *operand, const struct crux_operand *source) {
    struct crux_operand usual = {0};
    crux_text_token_source(&usual, show->program);
    put(page, "token(");
    if (operand->layer != usual.layer || operand->tensor != usual.tensor) {
        put(page, "layer %u, store %u, ", operand->layer, operand->tensor);
    }
    put(page, "time ");
    put_sum(page, &operand->at);
    put_layer_claims(page, operand, source);
    put(page, ")");
}

static void put_view(struct page *page, const struct crux_operand *operand,
                     const struct crux_operand *source) {
    if (!same_view(operand, source)) put_dims(page, operand->dim, operand->ndim);
    put(page, "(");
    for (unsigned i = 0; i < operand->ndim; i++) {
        if (i > 0) put(page, ", ");
        put_sum(page, &operand->index[i]);
    }
    put(page, ")");
}

static void put_operand(struct page *page, const struct show *show,
                        const struct crux_operand *operand) {
    struct crux_operand source = *operand;
    if (!crux_text_source(&source, show->program, show->layer)) {
        source.dtype = source.ndim = 0; /* nothing to take from: everything is said */
        source.stores = UINT32_MAX;
        source.flags ^= CRUX_FLAG_FROM_LAST;
    }
    if (operand->role == CRUX_ROLE_ADD) put(page, "add ");
    if (operand->role == CRUX_ROLE_EXPONENT) put(page, "exponent %d ", operand->coef);
    if ((operand->flags & CRUX_FLAG_PAD) != 0) put(page, "pad ");
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM:
        put(page, "imm(");
        put_sum(page, &operand->at);
        put(page, ")");
        return;
    case CRUX_KIND_PARAM:
        put(page, "param(%u) as ", operand->tensor);
        put_type(page, operand->dtype, operand->lo, operand->hi);
        return;
    case CRUX_KIND_STEP: put_step_name(page, operand); break;
    case CRUX_KIND_MODEL: put_model_name(page, show, operand); break;
    case CRUX_KIND_RECORD: put_record_name(page, operand, &source); break;
    case CRUX_KIND_TOKEN: put_token_name(page, show, operand, &source); break;
    }
    if (operand->kind != CRUX_KIND_TOKEN) put_view(page, operand, &source);
    if (operand->dtype == source.dtype && operand->lo == source.lo && operand->hi == source.hi &&
        operand->layout == source.layout &&
        memcmp(operand->root, source.root, CRUX_HASH_BYTES) == 0) {
        return;
    }
    put(page, " as ");
    put_type(page, operand->dtype, operand->lo, operand->hi);
    put_layout(page, operand->layout);
    if (!is_zero(operand->root)) put_root(page, operand->root);
}

static void put_end(struct page *page, const char *side, const struct crux_lut_end *end) {
    if (end->kind == 0)
        put(page, " %s constant %lld", side, (long long)end->value);
    else
        put(page, " %s line %lld shift %u", side, (long long)end->value, end->shift);
}

static void put_attributes(struct page *page, const struct crux_op *op) {
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT) {
        put(page, " c0 %lld m0 %lld s0 %d %s", (long long)op->c0, (long long)op->m0, op->s0,
            op->rounding == CRUX_FLOOR ? "floor" : "round");
    }
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_DYNEXP)
        put(page, " limit %lld", (long long)op->limit);
    if (op->code == CRUX_LUT) put(page, " x0 %lld", (long long)op->x0);
    if (op->code == CRUX_LUT || op->code == CRUX_DIV || op->code == CRUX_SQRT)
        put(page, " shift %u", op->shift);
    if (op->code == CRUX_LUT) {
        put(page, " cells %u", op->cells);
        put_end(page, "left", &op->left);
        put_end(page, "right", &op->right);
    }
    if (op->nk > 0) {
        put(page, " k ");
        put_dims(page, op->kdim, op->nk);
    }
}

/* What stands before operand i: a comma, "where", or the comparison. */
static const char *separator(const struct crux_op *op, unsigned i) {
    if (op->cmp != CRUX_CMP_NONE && i + 1U == op->nin) return known(crux_cmp_name(op->cmp));
    if (op->code == CRUX_REDUCE && op->cmp != CRUX_CMP_NONE && i + 2U == op->nin) return "where";
    return i > 0 ? "," : "";
}

/* Broken: one operand a line, but comparisons stay together. */
static void put_operands(struct page *page, const struct show *show, const struct crux_op *op,
                         bool broken) {
    put(page, " (");
    for (unsigned i = 0; i < op->nin && i < CRUX_OPERANDS_MAX; i++) {
        const char *word = separator(op, i);
        bool comma = word[0] == ',', compares = op->cmp != CRUX_CMP_NONE && i + 1U == op->nin;
        if (comma) put(page, ",");
        if (broken && !compares)
            put(page, "\n      ");
        else if (i > 0)
            put(page, " ");
        if (!comma && word[0] != 0) put(page, "%s ", word);
        put_operand(page, show, &op->in[i]);
    }
    put(page, ")");
    if (!op->has_x) return;
    put(page, " x ");
    put_operand(page, show, &op->x);
}

static void put_op(struct page *page, const struct show *show, uint32_t number,
                   const struct crux_labelled_op *labelled) {
    const struct crux_op *op = &labelled->op;
    const char *func = crux_function_name(op->code, op->func);
    size_t start = page->len;
    put(page, "  r%u", number);
    if (labelled->label[0] != 0) put(page, " %.*s", CRUX_LABEL_BYTES, labelled->label);
    put(page, ": %s ", known(crux_dtype_name(op->dtype)));
    put_dims(page, op->dim, op->ndim <= CRUX_DIMS_MAX ? op->ndim : CRUX_DIMS_MAX);
    put(page, " in [%lld, %lld] = %s", (long long)op->lo, (long long)op->hi,
        known(crux_opcode_name(op->code)));
    if (func != NULL) put(page, " %s", func);
    put_attributes(page, op);
    size_t head = page->len;
    put_operands(page, show, op, false);
    if (page->len - start > COLUMNS && op->nin > 0 && !page->failed) {
        page->len = head;
        put_operands(page, show, op, true);
    }
    put(page, "\n");
}

static void put_tensor(struct page *page, const struct crux_model_tensor *t) {
    put(page, "tensor %.*s %s [", CRUX_NAME_BYTES, t->name, known(crux_dtype_name(t->dtype)));
    for (unsigned i = 0; i < t->ndim && i < CRUX_DIMS_MAX; i++)
        put(page, "%s%u", i > 0 ? ", " : "", t->dim[i]);
    put(page, "] in [%lld, %lld]", (long long)t->lo, (long long)t->hi);
    put_layout(page, t->layout);
    if (!is_zero(t->root)) put_root(page, t->root);
    put(page, "\n");
}

enum crux_status crux_program_show(char **text, size_t *len, const struct crux_program *program) {
    struct page page = {NULL, 0, 0, false};
    struct show show = {program, 0};
    put(&page, "program op_set %u context %u vocab %u token_store %u\n", program->header.op_set,
        program->header.context, program->header.vocab, program->header.token_store);
    if (program->tensor_count > 0) put(&page, "\n");
    for (uint32_t i = 0; i < program->tensor_count; i++) put_tensor(&page, &program->tensors[i]);
    for (show.layer = 0; show.layer < program->header.layers; show.layer++) {
        const struct crux_layer *layer = &program->layers[show.layer];
        put(&page, "\nlayer %u %s\n", show.layer,
            layer->active == CRUX_ACTIVE_FROM_LAST ? "from_last" : "always");
        for (uint32_t i = 0; i < layer->ops; i++)
            put_op(&page, &show, i, &program->ops[layer->first + i]);
    }
    if (page.failed) {
        free(page.text);
        return CRUX_E_OUT_OF_MEMORY;
    }
    *text = page.text;
    *len = page.len;
    return CRUX_OK;
}
