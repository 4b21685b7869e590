/* One operand of the text form: r3(o0, k0), @embed(x, o0), record(layer 0, store 1, time pos - o0)(o1), ... */
#include "kernels/program/text_assembler.h"
#include "kernels/program/text_source.h"

/* What is said of a record or token between its parentheses. */
enum item {
    ITEM_LAYER = 1,
    ITEM_STORE = 2,
    ITEM_STORES = 4,
    ITEM_ACTIVE = 8,
    ITEM_TIME = 16,
    ITEM_SELF = 32
};

struct said {
    unsigned items;
    uint32_t stores;
    uint8_t from_last;
};

static unsigned read_item(struct crux_lexer *lexer, struct crux_operand *operand,
                          struct said *said) {
    if (crux_lexer_accept_word(lexer, "layer")) {
        operand->layer = (uint32_t)crux_lexer_number(lexer, 0, CRUX_LAYERS_MAX - 1);
        return ITEM_LAYER;
    }
    if (crux_lexer_accept_word(lexer, "store")) {
        operand->tensor = (uint32_t)crux_lexer_number(lexer, 0, CRUX_STORES_MAX - 1);
        return ITEM_STORE;
    }
    if (crux_lexer_accept_word(lexer, "stores")) {
        said->stores = (uint32_t)crux_lexer_number(lexer, 1, CRUX_STORES_MAX);
        return ITEM_STORES;
    }
    if (crux_lexer_accept_word(lexer, "always")) return ITEM_ACTIVE;
    if (crux_lexer_accept_word(lexer, "from_last")) {
        said->from_last = CRUX_FLAG_FROM_LAST;
        return ITEM_ACTIVE;
    }
    if (crux_lexer_accept_word(lexer, "time")) {
        crux_assemble_affine(lexer, &operand->at);
        return ITEM_TIME;
    }
    crux_lexer_expect_word(lexer, "self");
    if (!crux_lexer_accept_numbered(lexer, 'r', CRUX_OPS_MAX, &operand->self)) {
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "the number of an op, such as r3, is expected here");
    }
    return ITEM_SELF;
}

static void read_items(struct crux_lexer *lexer, struct crux_operand *operand, struct said *said,
                       unsigned needed, unsigned permitted) {
    crux_lexer_expect_sign(lexer, "(");
    while (!crux_lexer_failed(lexer)) {
        unsigned item = read_item(lexer, operand, said);
        if ((permitted & item) == 0 || (said->items & item) != 0) {
            crux_lexer_fail(lexer, CRUX_E_SYNTAX,
                            "what stands before this is said twice, or not for this operand");
        }
        said->items |= item;
        if (crux_lexer_accept_sign(lexer, ")")) break;
        crux_lexer_expect_sign(lexer, ",");
    }
    if ((said->items & needed) == needed) return;
    crux_lexer_fail(lexer, CRUX_E_SYNTAX,
                    "a record needs layer, store and time, a token needs time");
}

static void read_record(struct crux_assembler *a, struct crux_operand *operand, struct said *said) {
    operand->kind = CRUX_KIND_RECORD;
    operand->self = CRUX_SELF_NONE;
    read_items(&a->lexer, operand, said, ITEM_LAYER | ITEM_STORE | ITEM_TIME, 63);
}

static void read_token(struct crux_assembler *a, struct crux_operand *operand, struct said *said) {
    operand->kind = CRUX_KIND_TOKEN;
    operand->dtype = CRUX_I32;
    crux_text_token_source(operand, a->known != NULL ? a->known : a->program);
    read_items(&a->lexer, operand, said, ITEM_TIME, 63 & ~(unsigned)ITEM_SELF);
}

static void read_param(struct crux_lexer *lexer, struct crux_operand *operand) {
    operand->kind = CRUX_KIND_PARAM;
    crux_lexer_expect_sign(lexer, "(");
    operand->tensor = (uint32_t)crux_lexer_number(lexer, 0, CRUX_PARAMS - 1);
    crux_lexer_expect_sign(lexer, ")");
    crux_lexer_expect_word(lexer, "as");
    operand->dtype = crux_assemble_dtype(lexer);
    crux_assemble_range(lexer, &operand->lo, &operand->hi);
}

static void read_model(struct crux_assembler *a, struct crux_operand *operand) {
    char name[CRUX_NAME_BYTES];
    size_t start = a->lexer.at;
    operand->kind = CRUX_KIND_MODEL;
    crux_lexer_letters(&a->lexer, name, sizeof name);
    if (a->known == NULL) return;
    operand->tensor = crux_assemble_find_tensor(a, name);
    if (operand->tensor != UINT32_MAX) return;
    a->lexer.at = start;
    crux_lexer_fail(&a->lexer, CRUX_E_UNKNOWN_NAME, "no tensor is called %s", name);
}

static void read_place(struct crux_assembler *a, struct crux_operand *operand, struct said *said) {
    struct crux_lexer *lexer = &a->lexer;
    if (crux_lexer_accept_word(lexer, "record")) {
        read_record(a, operand, said);
    } else if (crux_lexer_accept_word(lexer, "token")) {
        read_token(a, operand, said);
    } else if (crux_lexer_accept_word(lexer, "model")) {
        operand->kind = CRUX_KIND_MODEL;
        crux_lexer_expect_sign(lexer, "(");
        operand->tensor = (uint32_t)crux_lexer_number(lexer, 0, CRUX_TENSORS_MAX - 1);
        crux_lexer_expect_sign(lexer, ")");
    } else if (crux_lexer_accept_sign(lexer, "@")) {
        read_model(a, operand);
    } else if (crux_lexer_accept_numbered(lexer, 'r', CRUX_OPS_MAX, &operand->tensor)) {
        operand->kind = CRUX_KIND_STEP;
    } else {
        crux_lexer_fail(lexer, CRUX_E_SYNTAX,
                        "an operand is expected here: r0, @name, imm, record, token or param");
    }
}

/* In: found, whether the tensor read has given its view already. */
static void read_view(struct crux_assembler *a, struct crux_operand *operand, bool found) {
    struct crux_lexer *lexer = &a->lexer;
    unsigned count = 0;
    crux_lexer_skip(lexer);
    if (lexer->at < lexer->len && lexer->text[lexer->at] == '[') {
        for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) operand->dim[i] = (struct crux_dim){0};
        operand->ndim = (uint8_t)crux_assemble_dims(lexer, operand->dim, CRUX_DIMS_MAX);
    } else if (!found && a->known != NULL) {
        crux_lexer_fail(lexer, CRUX_E_UNKNOWN_NAME,
                        "there is no such tensor, so its view must be given here");
    } else if (!found) {
        operand->ndim = CRUX_DIMS_MAX;
    }
    crux_lexer_expect_sign(lexer, "(");
    while (!crux_lexer_failed(lexer) && count < CRUX_DIMS_MAX) {
        crux_assemble_affine(lexer, &operand->index[count++]);
        if (crux_lexer_accept_sign(lexer, ")")) break;
        if (count == CRUX_DIMS_MAX)
            crux_lexer_expect_sign(lexer, ")");
        else
            crux_lexer_expect_sign(lexer, ",");
    }
    if (a->known != NULL && count != operand->ndim) {
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "%u indices before this, the view has %u dimensions",
                        count, operand->ndim);
    }
}

static void read_type(struct crux_assembler *a, struct crux_operand *operand, bool found) {
    struct crux_lexer *lexer = &a->lexer;
    if (!crux_lexer_accept_word(lexer, "as")) {
        if (!found && a->known != NULL) {
            crux_lexer_fail(lexer, CRUX_E_UNKNOWN_NAME,
                            "there is no such tensor, so its type must be given here");
        }
        return;
    }
    operand->dtype = crux_assemble_dtype(lexer);
    crux_assemble_range(lexer, &operand->lo, &operand->hi);
    operand->layout = crux_assemble_layout(lexer);
    for (unsigned i = 0; i < CRUX_HASH_BYTES; i++) operand->root[i] = 0;
    if (crux_lexer_accept_word(lexer, "root")) crux_lexer_hash(lexer, operand->root);
}

void crux_assemble_operand(struct crux_assembler *a, struct crux_operand *operand) {
    struct crux_lexer *lexer = &a->lexer;
    struct said said = {0, 0, 0};
    *operand = (struct crux_operand){0};
    if (crux_lexer_accept_word(lexer, "add")) operand->role = CRUX_ROLE_ADD;
    if (crux_lexer_accept_word(lexer, "exponent")) {
        operand->role = CRUX_ROLE_EXPONENT;
        operand->coef = (int8_t)crux_lexer_number(lexer, INT8_MIN, INT8_MAX);
    }
    if (crux_lexer_accept_word(lexer, "imm")) {
        crux_lexer_expect_sign(lexer, "(");
        crux_assemble_affine(lexer, &operand->at);
        crux_lexer_expect_sign(lexer, ")");
        return;
    }
    if (crux_lexer_accept_word(lexer, "param")) {
        read_param(lexer, operand);
        return;
    }
    if (crux_lexer_accept_word(lexer, "pad")) operand->flags = CRUX_FLAG_PAD;
    read_place(a, operand, &said);
    if (crux_lexer_failed(lexer)) return;
    uint32_t layer = a->program->header.layers - 1;
    bool found = a->known != NULL && crux_text_source(operand, a->known, layer);
    if ((said.items & ITEM_STORES) != 0) operand->stores = said.stores;
    if ((said.items & ITEM_ACTIVE) != 0) {
        operand->flags = (uint8_t)((operand->flags & CRUX_FLAG_PAD) | said.from_last);
    }
    if (operand->kind != CRUX_KIND_TOKEN) read_view(a, operand, found);
    read_type(a, operand, found);
}
