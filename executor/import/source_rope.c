#include "executor/import/source_rope.h"

#include <stdlib.h>
#include <string.h>

#include "executor/import/lattice.h"

enum { ONE_BITS = 30, F32_ONE = 0x3f800000, FAST = 0x42000000 /* 32 */ };

bool crux_source_rope_kind(enum crux_rope_kind *kind, const char *name, size_t len) {
    static const struct {
        const char *name;
        enum crux_rope_kind kind;
    } kinds[] = {{"none", CRUX_ROPE_PLAIN},    {"default", CRUX_ROPE_PLAIN},
                 {"linear", CRUX_ROPE_LINEAR}, {"llama3", CRUX_ROPE_LLAMA3},
                 {"yarn", CRUX_ROPE_YARN},     {"longrope", CRUX_ROPE_LONG},
                 {"su", CRUX_ROPE_LONG}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(kinds); i++) {
        if (strlen(kinds[i].name) != len || memcmp(name, kinds[i].name, len) != 0) continue;
        *kind = kinds[i].kind;
        return true;
    }
    return false;
}

static uint32_t or_else(uint32_t bits, uint32_t otherwise) {
    return bits != 0 ? bits : otherwise;
}

/* longrope has one list for contexts up to the original one, and one beyond. */
static const uint8_t *chosen(const struct crux_source_rope *rope, uint32_t context) {
    return context > rope->original ? rope->long_factor : rope->short_factor;
}

static enum crux_status stretch(uint64_t *turns, const struct crux_source_rope *rope,
                                const struct crux_fused_decoder *d) {
    uint32_t pairs = d->head_width / 2;
    switch (rope->kind) {
    case CRUX_ROPE_PLAIN: return CRUX_OK;
    case CRUX_ROPE_LINEAR: return crux_rope_linear(turns, rope->factor, pairs);
    case CRUX_ROPE_LLAMA3:
        return crux_rope_llama3(turns, rope->factor, rope->low, rope->high, rope->original, pairs);
    case CRUX_ROPE_YARN:
        return crux_rope_yarn(turns, rope->factor, or_else(rope->fast, FAST),
                              or_else(rope->slow, F32_ONE), rope->original, d->rope_base,
                              d->head_width);
    case CRUX_ROPE_LONG: return crux_rope_divide(turns, chosen(rope, d->context), pairs);
    }
    return CRUX_E_INTERNAL;
}

/* The square of what q and k are multiplied by, times 2^30; 0: not possible. */
static int64_t square_of(const struct crux_source_rope *rope) {
    int64_t one = INT64_C(1) << ONE_BITS, factor = one, more = one, square;
    if (rope->attention != 0) {
        factor = crux_rope_given_factor(rope->attention);
    } else if (rope->kind == CRUX_ROPE_YARN) {
        factor = crux_rope_yarn_factor(rope->factor, or_else(rope->scale, F32_ONE));
        int64_t all =
            rope->scale_all != 0 ? crux_rope_yarn_factor(rope->factor, rope->scale_all) : one;
        if (factor == 0 || all == 0) return 0;
        factor = crux_lattice_quotient((crux_i128)factor << ONE_BITS, all);
    }
    if (rope->attention_more != 0) more = crux_rope_given_factor(rope->attention_more);
    /* below 2^58 each, and their squares are looked at only if they are below 2^32 */
    if (factor >> 32 != 0 || more >> 32 != 0) return 0;
    square = crux_lattice_quotient((crux_i128)factor * factor, one);
    square = crux_lattice_quotient((crux_i128)square * more, one);
    square = crux_lattice_quotient((crux_i128)square * more, one);
    if (rope->kind == CRUX_ROPE_LONG && rope->attention == 0 && rope->attention_more == 0)
        square = crux_rope_long_square(rope->factor, rope->positions, rope->original);
    return square >> 34 != 0 ? 0 : square;
}

/* q . k grows with the square, which is the same as a divisor smaller by its square. */
static bool shrink_divisor(struct crux_fused_decoder *d, int64_t square) {
    if (square <= 0) return false;
    if (square == INT64_C(1) << ONE_BITS) return true;
    crux_i128 top = (crux_i128)crux_fused_decoder_divisor(d) << (2 * ONE_BITS), /* below 2^122 */
        bottom = (crux_i128)square * square;
    if (top >> 62 >= bottom) return false; /* before the quotient loses what is beyond 64 bits */
    int64_t divisor = crux_lattice_quotient(top, bottom);
    if (divisor >> 32 == 0 || divisor >> 62 != 0) return false;
    d->score_divisor = (uint64_t)divisor;
    return true;
}

static bool has_all(const struct crux_source_rope *rope) {
    switch (rope->kind) {
    case CRUX_ROPE_PLAIN: return true;
    case CRUX_ROPE_LINEAR: return rope->factor != 0;
    case CRUX_ROPE_LLAMA3:
        return rope->factor != 0 && rope->low != 0 && rope->high != 0 && rope->original != 0;
    case CRUX_ROPE_YARN:
        return rope->factor != 0 && rope->original != 0 &&
               (rope->scale != 0) == (rope->scale_all != 0);
    case CRUX_ROPE_LONG:
        return rope->original != 0 && rope->positions != 0 && rope->long_factor != NULL &&
               rope->short_factor != NULL;
    }
    return false;
}

enum crux_status crux_source_rope_apply(struct crux_model_source *source,
                                        const struct crux_source_rope *rope, const char *who,
                                        struct crux_import_message *message) {
    struct crux_fused_decoder *d = &source->decoder;
    uint32_t pairs = d->head_width / 2;
    if (!has_all(rope))
        return crux_import_fail(message, CRUX_E_UNSUPPORTED,
                                "%s: rope scaling without all of its numbers is not supported",
                                who);
    int64_t square = square_of(rope);
    if (d->rope_local_base != 0 && square != INT64_C(1) << ONE_BITS)
        return crux_import_fail(message, CRUX_E_UNSUPPORTED,
                                "%s: rope scaling that changes the scores of global blocks alone "
                                "is not supported",
                                who);
    if (!shrink_divisor(d, square))
        return crux_import_fail(message, CRUX_E_UNSUPPORTED,
                                "%s: the attention factor of its rope scaling is not supported",
                                who);
    if (rope->kind == CRUX_ROPE_PLAIN && rope->divisors == NULL) return CRUX_OK;
    source->rope_turns = calloc(pairs + 1U, sizeof *source->rope_turns);
    if (source->rope_turns == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_table_rope_turns(source->rope_turns, d->rope_base, d->head_width);
    d->rope_turns = source->rope_turns;
    enum crux_status status = stretch(source->rope_turns, rope, d);
    if (status == CRUX_OK && rope->divisors != NULL)
        status = crux_rope_divide(source->rope_turns, rope->divisors, pairs);
    if (status == CRUX_OK) return CRUX_OK;
    return crux_import_fail(message, CRUX_E_UNSUPPORTED,
                            "%s: a factor of its rope scaling is not supported", who);
}
