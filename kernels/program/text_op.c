/* The line of one op. */
#include "kernels/program/text_assembler.h"

static const char *code_name(unsigned i) {
    return crux_opcode_name(i);
}
static const char *reduce_name(unsigned i) {
    return crux_function_name(CRUX_REDUCE, i);
}
static const char *map_name(unsigned i) {
    return crux_function_name(CRUX_MAP, i);
}

static bool is_map(const struct crux_op *op, enum crux_map func) {
    return op->code == CRUX_MAP && op->func == func;
}

static int64_t named_number(struct crux_lexer *lexer, const char *word, int64_t lo, int64_t hi) {
    crux_lexer_expect_word(lexer, word);
    return crux_lexer_number(lexer, lo, hi);
}

static void read_end(struct crux_lexer *lexer, const char *side, struct crux_lut_end *end) {
    crux_lexer_expect_word(lexer, side);
    end->kind = crux_lexer_accept_word(lexer, "line") ? 1 : 0;
    if (end->kind == 0) crux_lexer_expect_word(lexer, "constant");
    end->value = crux_lexer_number(lexer, INT64_MIN, INT64_MAX);
    if (end->kind == 1) end->shift = (uint8_t)named_number(lexer, "shift", 0, UINT8_MAX);
}

static void read_attributes(struct crux_lexer *lexer, struct crux_op *op) {
    if (is_map(op, CRUX_MAP_REQUANT)) {
        op->c0 = named_number(lexer, "c0", INT64_MIN, INT64_MAX);
        op->m0 = named_number(lexer, "m0", INT64_MIN, INT64_MAX);
        op->s0 = (int32_t)named_number(lexer, "s0", INT32_MIN, INT32_MAX);
        op->rounding = crux_lexer_accept_word(lexer, "floor") ? CRUX_FLOOR : CRUX_ROUND;
        if (op->rounding == CRUX_ROUND) crux_lexer_expect_word(lexer, "round");
    }
    if (is_map(op, CRUX_MAP_DYNEXP)) op->limit = named_number(lexer, "limit", INT64_MIN, INT64_MAX);
    if (op->code == CRUX_LUT) op->x0 = named_number(lexer, "x0", INT64_MIN, INT64_MAX);
    if (op->code == CRUX_LUT || op->code == CRUX_DIV || op->code == CRUX_SQRT) {
        op->shift = (uint8_t)named_number(lexer, "shift", 0, UINT8_MAX);
    }
    if (op->code == CRUX_LUT) {
        op->cells = (uint32_t)named_number(lexer, "cells", 0, UINT32_MAX);
        read_end(lexer, "left", &op->left);
        read_end(lexer, "right", &op->right);
    }
    if (crux_lexer_accept_word(lexer, "k"))
        op->nk = (uint8_t)crux_assemble_dims(lexer, op->kdim, CRUX_KDIMS_MAX);
}

static uint8_t read_cmp(struct crux_lexer *lexer) {
    static const uint8_t longest_first[] = {CRUX_CMP_EQ, CRUX_CMP_NE, CRUX_CMP_LE,
                                            CRUX_CMP_GE, CRUX_CMP_LT, CRUX_CMP_GT};
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(longest_first); i++) {
        if (crux_lexer_accept_sign(lexer, crux_cmp_name(longest_first[i]))) return longest_first[i];
    }
    crux_lexer_fail(lexer, CRUX_E_SYNTAX, "a comparison is expected here: == != < <= > >=");
    return CRUX_CMP_NONE;
}

static void read_operand(struct crux_assembler *a, struct crux_op *op) {
    if (op->nin == CRUX_OPERANDS_MAX) {
        crux_lexer_fail(&a->lexer, CRUX_E_BAD_OPERAND, "an op has at most %d operands",
                        CRUX_OPERANDS_MAX);
    } else {
        crux_assemble_operand(a, &op->in[op->nin++]);
    }
}

/* (a, b), (a < b), (a where b < c), (where b < c) */
static void read_operands(struct crux_assembler *a, struct crux_op *op) {
    struct crux_lexer *lexer = &a->lexer;
    bool compares = is_map(op, CRUX_MAP_COMPARE);
    crux_lexer_expect_sign(lexer, "(");
    if (crux_lexer_accept_sign(lexer, ")")) return;
    bool reduces = op->code == CRUX_REDUCE;
    compares = compares || (reduces && crux_lexer_accept_word(lexer, "where"));
    while (!crux_lexer_failed(lexer)) {
        read_operand(a, op);
        if (compares) {
            op->cmp = read_cmp(lexer);
            read_operand(a, op);
            crux_lexer_expect_sign(lexer, ")");
            return;
        }
        if (crux_lexer_accept_sign(lexer, ")")) return;
        compares = reduces && crux_lexer_accept_word(lexer, "where");
        if (!compares) crux_lexer_expect_sign(lexer, ",");
    }
}

void crux_assemble_op(struct crux_assembler *a, struct crux_labelled_op *labelled) {
    struct crux_lexer *lexer = &a->lexer;
    struct crux_op *op = &labelled->op;
    crux_lexer_letters(lexer, labelled->label, sizeof labelled->label);
    crux_lexer_expect_sign(lexer, ":");
    op->dtype = crux_assemble_dtype(lexer);
    op->ndim = (uint8_t)crux_assemble_dims(lexer, op->dim, CRUX_DIMS_MAX);
    crux_assemble_range(lexer, &op->lo, &op->hi);
    crux_lexer_expect_sign(lexer, "=");
    op->code = (uint8_t)crux_lexer_choice(lexer, "an op", code_name, CRUX_FIND + 1);
    if (op->code == CRUX_REDUCE) {
        op->func = (uint8_t)crux_lexer_choice(lexer, "a function of reduce", reduce_name,
                                              CRUX_REDUCE_COUNT + 1);
    }
    if (op->code == CRUX_MAP) {
        op->func =
            (uint8_t)crux_lexer_choice(lexer, "a function of map", map_name, CRUX_MAP_BITLEN + 1);
    }
    read_attributes(lexer, op);
    read_operands(a, op);
    op->has_x = crux_lexer_accept_word(lexer, "x");
    if (op->has_x) crux_assemble_operand(a, &op->x);
}
