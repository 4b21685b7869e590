/* Text to a program: the statements. spec/22-text.md */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/program/op_check.h"
#include "kernels/program/text_assembler.h"

static void read_program(struct crux_assembler *a) {
    struct crux_program_header *header = &a->program->header;
    crux_lexer_expect_word(&a->lexer, "program");
    crux_lexer_expect_word(&a->lexer, "op_set");
    header->op_set = (uint32_t)crux_lexer_number(&a->lexer, 0, UINT32_MAX);
    crux_lexer_expect_word(&a->lexer, "context");
    header->context = (uint32_t)crux_lexer_number(&a->lexer, 0, UINT32_MAX);
    crux_lexer_expect_word(&a->lexer, "vocab");
    header->vocab = (uint32_t)crux_lexer_number(&a->lexer, 0, UINT32_MAX);
    crux_lexer_expect_word(&a->lexer, "token_store");
    header->token_store = (uint32_t)crux_lexer_number(&a->lexer, 0, UINT32_MAX);
}

static void read_tensor(struct crux_assembler *a) {
    struct crux_lexer *lexer = &a->lexer;
    struct crux_model_tensor t;
    struct crux_dim dim[CRUX_DIMS_MAX];
    size_t start = lexer->at;
    memset(&t, 0, sizeof t);
    crux_lexer_letters(lexer, t.name, sizeof t.name);
    if (t.name[0] == 0) crux_lexer_fail(lexer, CRUX_E_SYNTAX, "a tensor's name is expected here");
    if (a->known != NULL && crux_assemble_find_tensor(a, t.name) != a->program->tensor_count) {
        lexer->at = start;
        crux_lexer_fail(lexer, CRUX_E_DUPLICATE_NAME, "another tensor is called %s", t.name);
    }
    t.dtype = crux_assemble_dtype(lexer);
    t.ndim = (uint8_t)crux_assemble_dims(lexer, dim, CRUX_DIMS_MAX);
    crux_assemble_range(lexer, &t.lo, &t.hi);
    t.layout = crux_assemble_layout(lexer);
    if (crux_lexer_accept_word(lexer, "root")) crux_lexer_hash(lexer, t.root);
    if (crux_lexer_failed(lexer)) return;
    for (unsigned i = 0; i < t.ndim; i++) {
        t.dim[i] = dim[i].e;
        if (dim[i].b == 0 && dim[i].c == 0) continue;
        crux_lexer_fail(lexer, CRUX_E_BAD_DIM, "a model tensor has constant dimensions");
    }
    enum crux_status status = crux_program_add_tensor(a->program, &t, NULL);
    if (status != CRUX_OK) crux_lexer_fail(lexer, status, "the tensor before this cannot be added");
}

static void read_layer(struct crux_assembler *a) {
    uint32_t number = a->program->header.layers;
    (void)crux_lexer_number(&a->lexer, number, number);
    bool from_last = crux_lexer_accept_word(&a->lexer, "from_last");
    if (!from_last) crux_lexer_expect_word(&a->lexer, "always");
    if (crux_lexer_failed(&a->lexer)) return;
    enum crux_status status =
        crux_program_add_layer(a->program, from_last ? CRUX_ACTIVE_FROM_LAST : CRUX_ACTIVE_ALWAYS);
    if (status != CRUX_OK)
        crux_lexer_fail(&a->lexer, status, "a program has at most %d layers", CRUX_LAYERS_MAX);
}

/* The rules of one op, told at the op's line. */
static void check_op(struct crux_assembler *a, const struct crux_op *op, size_t start) {
    struct crux_op_fault fault;
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    enum crux_status status = crux_op_check(op, &fault);
    const char *what = crux_op_rule_text(fault.rule);
    if (status == CRUX_OK) {
        status = crux_descriptor_encode(bytes, &used, op);
        what = status == CRUX_E_NON_CANONICAL
                   ? "the op has a role, self or type that it does not use"
                   : crux_status_text(status);
    }
    if (status == CRUX_OK) return;
    a->lexer.at = start;
    if (fault.slot == CRUX_FAULT_NOWHERE)
        crux_lexer_fail(&a->lexer, status, "%s", what);
    else if (fault.slot == CRUX_SLOT_X)
        crux_lexer_fail(&a->lexer, status, "the index operand: %s", what);
    else
        crux_lexer_fail(&a->lexer, status, "operand %u: %s", fault.slot, what);
}

static void read_op(struct crux_assembler *a, uint32_t number, size_t start) {
    struct crux_program *program = a->program;
    struct crux_labelled_op labelled;
    memset(&labelled, 0, sizeof labelled);
    if (program->header.layers == 0) {
        crux_lexer_fail(&a->lexer, CRUX_E_SYNTAX, "an op stands in a layer");
        return;
    }
    uint32_t expected = program->layers[program->header.layers - 1].ops;
    if (number != expected) {
        a->lexer.at = start;
        crux_lexer_fail(&a->lexer, CRUX_E_SYNTAX, "this is op %u of its layer, not r%u", expected,
                        number);
    }
    crux_assemble_op(a, &labelled);
    crux_lexer_expect_end_of_line(&a->lexer);
    if (crux_lexer_failed(&a->lexer)) return;
    if (a->known != NULL) check_op(a, &labelled.op, start);
    if (crux_lexer_failed(&a->lexer)) return;
    enum crux_status status = crux_program_add_op(program, &labelled.op, labelled.label, NULL);
    if (status != CRUX_OK) crux_lexer_fail(&a->lexer, status, "the op before this cannot be added");
}

static void read_statement(struct crux_assembler *a) {
    uint32_t number = 0;
    size_t start = a->lexer.at;
    if (crux_lexer_accept_word(&a->lexer, "tensor"))
        read_tensor(a);
    else if (crux_lexer_accept_word(&a->lexer, "layer"))
        read_layer(a);
    else if (crux_lexer_accept_numbered(&a->lexer, 'r', CRUX_OPS_MAX, &number))
        read_op(a, number, start);
    else
        crux_lexer_fail(&a->lexer, CRUX_E_SYNTAX,
                        "a line begins with tensor, layer or the number of an op, r0");
    crux_lexer_expect_end_of_line(&a->lexer);
}

/* Reads the whole text once. */
static enum crux_status read_text(struct crux_assembler *a, const char *text, size_t len,
                                  struct crux_text_error *error) {
    crux_lexer_init(&a->lexer, text, len, error);
    (void)crux_lexer_next_line(&a->lexer);
    read_program(a);
    crux_lexer_expect_end_of_line(&a->lexer);
    while (crux_lexer_next_line(&a->lexer)) {
        a->lexer.depth = 0;
        read_statement(a);
    }
    return error->status;
}

struct named {
    const struct crux_model_tensor *tensor;
};

static int by_name_then_number(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    int order = memcmp(x->tensor->name, y->tensor->name, CRUX_NAME_BYTES);
    if (order != 0) return order;
    return (x->tensor > y->tensor) - (x->tensor < y->tensor);
}

/* Returns: the numbers of the tensors in the order of their names, NULL without memory; the caller frees. */
static uint32_t *sort_names(const struct crux_program *program) {
    size_t count = program->tensor_count;
    struct named *sorted = malloc((count + 1) * sizeof *sorted);
    uint32_t *numbers = malloc((count + 1) * sizeof *numbers);
    if (sorted != NULL && numbers != NULL) {
        for (size_t i = 0; i < count; i++) sorted[i].tensor = &program->tensors[i];
        if (count > 1) qsort(sorted, count, sizeof *sorted, by_name_then_number);
        for (size_t i = 0; i < count; i++)
            numbers[i] = (uint32_t)(sorted[i].tensor - program->tensors);
    } else {
        free(numbers);
        numbers = NULL;
    }
    free(sorted);
    return numbers;
}

uint32_t crux_assemble_find_tensor(const struct crux_assembler *a,
                                   const char name[CRUX_NAME_BYTES]) {
    uint32_t from = 0, to = a->known == NULL ? 0 : a->known->tensor_count;
    uint32_t end = to;
    while (from < to) { /* the first that is not less */
        uint32_t middle = from + (to - from) / 2;
        if (memcmp(a->known->tensors[a->by_name[middle]].name, name, CRUX_NAME_BYTES) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == end || memcmp(a->known->tensors[a->by_name[from]].name, name, CRUX_NAME_BYTES) != 0)
        return UINT32_MAX;
    return a->by_name[from];
}

enum crux_status crux_program_assemble(struct crux_program *program, const char *text, size_t len,
                                       struct crux_text_error *error) {
    struct crux_program first = {0};
    struct crux_assembler a = {.program = &first};
    uint32_t *names = NULL;
    memset(program, 0, sizeof *program);
    enum crux_status status = read_text(&a, text, len, error);
    if (status != CRUX_OK) goto out;
    names = sort_names(&first);
    if (names == NULL) {
        status = error->status = CRUX_E_OUT_OF_MEMORY;
        goto out;
    }
    a.program = program;
    a.known = &first;
    a.by_name = names;
    status = read_text(&a, text, len, error);
    if (status != CRUX_OK) crux_program_free(program);
out:
    free(names);
    crux_program_free(&first);
    return status;
}
