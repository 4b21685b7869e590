/* Parts of a line: affine expressions, dimensions, dtypes, ranges, layouts. */
#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"
#include "kernels/program/text_assembler.h"

static const char *variable_name(unsigned i) {
    static const char *const names[CRUX_VARS] = {NULL, "o0", "o1",  "o2", "o3", "k0",
                                                 "k1", "k2", "pos", "x",  "n"};
    return i < CRUX_VARS ? names[i] : NULL;
}

static const char *dtype_name(unsigned i) {
    return crux_dtype_name(i);
}
static const char *width_name(unsigned i) {
    return crux_tile_width_name(i);
}

static void add_term(struct crux_lexer *lexer, struct crux_affine *affine, unsigned *seen,
                     bool negative) {
    int64_t magnitude = 1;
    unsigned variable = CRUX_VAR_ONE;
    bool number = crux_lexer_at_digit(lexer);
    if (number) magnitude = crux_lexer_number(lexer, 0, (int64_t)INT32_MAX + 1);
    if (!number || crux_lexer_accept_sign(lexer, "*")) {
        variable = crux_lexer_choice(lexer, "a variable: o0 .. o3, k0 .. k2, pos, x, n",
                                     variable_name, CRUX_VARS);
    }
    int64_t coef = negative ? -magnitude : magnitude;
    if ((*seen >> variable & 1) != 0)
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "the term before this one is a repetition");
    if (coef > INT32_MAX)
        crux_lexer_fail(lexer, CRUX_E_SYNTAX, "the number before this is above 2^31 - 1");
    if (crux_lexer_failed(lexer)) return;
    *seen |= 1U << variable;
    affine->coef[variable] = (int32_t)coef;
}

void crux_assemble_affine(struct crux_lexer *lexer, struct crux_affine *affine) {
    unsigned seen = 0;
    bool negative = crux_lexer_accept_sign(lexer, "-");
    *affine = (struct crux_affine){{0}};
    for (unsigned i = 0; i < CRUX_VARS && !crux_lexer_failed(lexer); i++) {
        add_term(lexer, affine, &seen, negative);
        negative = crux_lexer_accept_sign(lexer, "-");
        if (!negative && !crux_lexer_accept_sign(lexer, "+")) return;
    }
    crux_lexer_fail(lexer, CRUX_E_SYNTAX, "too many terms");
}

/* After "min". */
static void growing(struct crux_lexer *lexer, struct crux_dim *dim) {
    struct crux_affine sum;
    dim->d = 1;
    crux_lexer_expect_sign(lexer, "(");
    bool divided = crux_lexer_accept_word(lexer, "ceil");
    if (divided) crux_lexer_expect_sign(lexer, "(");
    if (divided) crux_lexer_expect_sign(lexer, "(");
    crux_assemble_affine(lexer, &sum);
    if (divided) crux_lexer_expect_sign(lexer, ")");
    if (divided) crux_lexer_expect_sign(lexer, "/");
    if (divided) dim->d = (uint32_t)crux_lexer_number(lexer, 1, INT32_MAX);
    if (divided) crux_lexer_expect_sign(lexer, ")");
    crux_lexer_expect_sign(lexer, ",");
    dim->e = (uint32_t)crux_lexer_number(lexer, 1, INT32_MAX);
    dim->a = sum.coef[CRUX_VAR_ONE];
    dim->b = sum.coef[CRUX_VAR_POS];
    dim->c = sum.coef[CRUX_VAR_N];
    sum.coef[CRUX_VAR_ONE] = sum.coef[CRUX_VAR_POS] = sum.coef[CRUX_VAR_N] = 0;
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        if (sum.coef[i] != 0)
            crux_lexer_fail(lexer, CRUX_E_BAD_DIM, "a dimension grows with pos or n only");
    }
    if (!crux_dim_grows(dim))
        crux_lexer_fail(lexer, CRUX_E_BAD_DIM, "a dimension that does not grow is a constant");
    crux_lexer_expect_sign(lexer, ")");
}

unsigned crux_assemble_dims(struct crux_lexer *lexer, struct crux_dim *dim, unsigned most) {
    crux_lexer_expect_sign(lexer, "[");
    for (unsigned count = 0; count < most && !crux_lexer_failed(lexer); count++) {
        dim[count] = (struct crux_dim){0};
        if (crux_lexer_accept_word(lexer, "min"))
            growing(lexer, &dim[count]);
        else
            dim[count] = crux_dim_constant((uint32_t)crux_lexer_number(lexer, 1, INT32_MAX));
        if (crux_lexer_accept_sign(lexer, "]")) return count + 1;
        crux_lexer_expect_sign(lexer, ",");
    }
    crux_lexer_fail(lexer, CRUX_E_BAD_SHAPE, "at most %u dimensions are permitted here", most);
    return 1;
}

uint8_t crux_assemble_dtype(struct crux_lexer *lexer) {
    return (uint8_t)crux_lexer_choice(lexer, "a dtype", dtype_name, CRUX_I64 + 1);
}

void crux_assemble_range(struct crux_lexer *lexer, int64_t *lo, int64_t *hi) {
    crux_lexer_expect_word(lexer, "in");
    crux_lexer_expect_sign(lexer, "[");
    *lo = crux_lexer_number(lexer, INT64_MIN, INT64_MAX);
    crux_lexer_expect_sign(lexer, ",");
    *hi = crux_lexer_number(lexer, INT64_MIN, INT64_MAX);
    crux_lexer_expect_sign(lexer, "]");
}

uint8_t crux_assemble_layout(struct crux_lexer *lexer) {
    struct crux_tile tile = {0}, again;
    if (crux_lexer_accept_word(lexer, "layout"))
        return (uint8_t)crux_lexer_number(lexer, 0, UINT8_MAX);
    if (!crux_lexer_accept_word(lexer, "tile")) return 0;
    tile.width = crux_lexer_choice(lexer, "a width: q4, q8 or q16", width_name, 4);
    crux_lexer_expect_word(lexer, "group");
    tile.group = (uint32_t)crux_lexer_number(lexer, 16, 32);
    crux_lexer_expect_word(lexer, "chunk");
    tile.chunk = (uint32_t)crux_lexer_number(lexer, 128, 512);
    tile.has_offsets = crux_lexer_accept_word(lexer, "offsets");
    uint8_t layout = crux_tile_encode(&tile);
    if (crux_tile_decode(&again, layout) != CRUX_OK || again.group != tile.group ||
        again.chunk != tile.chunk) {
        crux_lexer_fail(lexer, CRUX_E_BAD_LAYOUT,
                        "groups are of 16 or 32, chunks of 128, 256 or 512");
    }
    return layout;
}
