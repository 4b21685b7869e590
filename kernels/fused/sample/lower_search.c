/* The threshold that top-k, top-p and min-p agree on, digit by digit: no sorting.
 *
 *   round   thresholds at[i] = base + i * step, i = 0 .. 15      step 4096, 256, 16, 1
 *           how much of the weights is >= at[i]                  count or mass: falls as i rises
 *           digit = the last i that still has enough             base of the next round = at[digit]
 *
 * at saturates at 65535, so a search may start from any base. base itself always has enough, or nothing has, and then
 * the search ends where it started.
 */
#include "kernels/fused/sample/steps.h"
#include "kernels/lowering/split.h"

enum { ROUNDS = 4, DIGITS = 16, DIGIT_BITS = 4 };

struct search {
    struct crux_builder *b;
    const struct crux_fused_sample *config;
    struct crux_value weight;
    unsigned func; /* CRUX_REDUCE_COUNT, CRUX_REDUCE_SUM */
};

static struct crux_operand first(struct crux_value value) {
    return CRUX_READ(value, crux_ix_c(0));
}

static struct crux_value thresholds(const struct search *s, struct crux_operand base,
                                    unsigned shift, const struct crux_value *digit) {
    struct crux_operand rise = crux_operand_imm(crux_ix_mul(crux_ix_o(0), 1 << shift));
    struct crux_op draft =
        crux_draft_requant(crux_type_of(CRUX_U16, 0, UINT16_MAX), CRUX_ROW(DIGITS),
                           crux_scale_round(1, 0), CRUX_ARGS(rise, crux_operand_add(base)));
    return crux_emit(s->b, "at", digit == NULL ? draft : crux_draft_with_x(draft, first(*digit)));
}

/* Count or mass of the weights that reach each threshold, [16]. */
static struct crux_value reached(const struct search *s, struct crux_value at) {
    struct crux_operand weight = CRUX_READ(s->weight, crux_ix_k(0));
    struct crux_args none = crux_args_none(), one = CRUX_ARGS(weight);
    struct crux_op draft =
        crux_draft_reduce(crux_type_full(CRUX_I64), CRUX_ROW(DIGITS), CRUX_ROW(s->config->vocab),
                          s->func, s->func == CRUX_REDUCE_COUNT ? none : one);
    draft = crux_draft_where(draft, weight, CRUX_CMP_GE, CRUX_READ(at, crux_ix_o(0)));
    return crux_split(s->b, "sum", draft, 0, s->config->block);
}

/* ceil(top_p * mass / 65536), mass being what reaches the base. */
static struct crux_value mass_wanted(const struct search *s, struct crux_value mass) {
    struct crux_value top_p = crux_sample_param_value(s->b, "top_p", CRUX_SAMPLE_TOP_P);
    struct crux_type type = crux_type_of(CRUX_I64, -mass.type.hi, 0);
    struct crux_value below =
        crux_emit(s->b, "below",
                  crux_draft_requant(type, CRUX_ROW(1), crux_scale_floor(-1, 16),
                                     CRUX_ARGS(first(top_p), first(mass))));
    return crux_emit(s->b, "wanted",
                     crux_draft_requant(crux_type_of(CRUX_I64, 0, mass.type.hi), CRUX_ROW(1),
                                        crux_scale_round(-1, 0),
                                        CRUX_ARGS(crux_operand_same(below))));
}

/* The greatest T from base on whose weights reach `wanted` (NULL: top_p's share of the mass at base). */
static struct crux_value search(const struct search *s, char letter, struct crux_operand base,
                                const struct crux_value *wanted) {
    struct crux_value at = {0}, digit = {0}, share = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        char word[3] = {letter, (char)('0' + round), 0};
        unsigned length = crux_builder_push(s->b, word);
        if (round == 0)
            at = thresholds(s, base, DIGIT_BITS * (ROUNDS - 1), NULL);
        else
            at = thresholds(s, CRUX_READ(at, crux_ix_x()), DIGIT_BITS * (ROUNDS - 1 - round),
                            &digit);
        struct crux_value sum = reached(s, at);
        if (round == 0) share = wanted != NULL ? *wanted : mass_wanted(s, sum);
        struct crux_op count =
            crux_draft_reduce(crux_type_of(CRUX_I8, 0, DIGITS - 1), CRUX_ROW(1),
                              CRUX_ROW(DIGITS - 1), CRUX_REDUCE_COUNT, crux_args_none());
        struct crux_operand next = CRUX_READ(sum, crux_ix_add(crux_ix_k(0), crux_ix_c(1)));
        digit = crux_emit(s->b, "digit", crux_draft_where(count, next, CRUX_CMP_GE, first(share)));
        crux_builder_pop(s->b, length);
        if (s->b->status != CRUX_OK) return digit; /* `nothing` has no 16 elements to view */
    }
    char word[2] = {letter, 0};
    struct crux_op load = crux_draft_load(CRUX_ROW(1), CRUX_READ(at, crux_ix_x()));
    return crux_emit(s->b, word, crux_draft_with_x(load, first(digit)));
}

struct crux_value crux_sample_threshold(struct crux_builder *b,
                                        const struct crux_fused_sample *config,
                                        struct crux_value weight) {
    struct search by_count = {b, config, weight, CRUX_REDUCE_COUNT};
    struct search by_mass = {b, config, weight, CRUX_REDUCE_SUM};
    struct crux_value top_k = crux_sample_param_value(b, "top_k", CRUX_SAMPLE_TOP_K);
    struct crux_value k =
        crux_emit(b, "k.on",
                  crux_draft_select(crux_type_of(CRUX_I32, 0, CRUX_SAMPLE_TOP_K_OFF), CRUX_ROW(1),
                                    first(top_k), first(top_k),
                                    crux_operand_imm(crux_ix_c(CRUX_SAMPLE_TOP_K_OFF))));
    struct crux_value least_k = search(&by_count, 'k', crux_operand_imm(crux_ix_c(0)), &k);
    if (b->status != CRUX_OK) return least_k;
    struct crux_value least_p = search(&by_mass, 'p', first(least_k), NULL);
    struct crux_value min_p = crux_sample_param_value(b, "min_p", CRUX_SAMPLE_MIN_P);
    /* ceil(min_p * 65535 / 65536) is min_p, or 65535 for 65536: saturation does it */
    return crux_emit(b, "least",
                     crux_draft_pick(crux_type_of(CRUX_U16, 0, UINT16_MAX), CRUX_ROW(1),
                                     CRUX_MAP_MAX, first(least_p), first(min_p)));
}
