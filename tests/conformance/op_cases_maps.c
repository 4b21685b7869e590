/* MAP by hand. */
#include "tests/conformance/op_case.h"

#define TWO(n) (INT64_C(1) << (n))

static struct crux_operand wide(uint32_t tensor) {
    return CRUX_READ(op_case_step(tensor, FULL(I64), CRUX_ROW(4)), crux_ix_o(0));
}

static struct crux_op requant(struct crux_scale scale, struct crux_args args) {
    return crux_draft_requant(FULL(I64), CRUX_ROW(4), scale, args);
}

struct rounding {
    const char *reason;
    int64_t v;
    int32_t s;
    int64_t rounded, floored;
};

/* round(a / 2^s) = floor((a + 2^(s-1)) / 2^s): ties go up, of negatives too */
static void roundings(struct op_case *c) {
    static const struct rounding all[] = {
        {"tie_of_1", 1, 1, 1, 0},
        {"tie_of_minus_1", -1, 1, 0, -1},
        {"tie_of_3", 3, 1, 2, 1},
        {"tie_of_minus_3", -3, 1, -1, -2},
        {"tie_of_minus_6_by_4", -6, 2, -1, -2},
        {"below_tie_of_minus_7_by_4", -7, 2, -2, -2},
        {"above_tie_of_minus_5_by_4", -5, 2, -1, -2},
        {"minus_1_by_2_40", -1, 40, 0, -1},
        {"shift_0", -7, 0, -7, -7},
        {"left_by_3", -7, -3, -56, -56},
        {"least_by_63", INT64_MIN, 63, -1, -1},
        {"least_by_64", INT64_MIN, 64, 0, -1},
        {"greatest_by_63", INT64_MAX, 63, 1, 0},
        {"greatest_by_95", INT64_MAX, 95, 0, 0},
        {"shift_200_is_95", -1, 200, 0, -1},
        {"shift_minus_256_is_minus_31", 3, -256, 3 * TWO(31), 3 * TWO(31)},
    };
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        op_case_begin(c, "map_requantise_round", all[i].reason,
                      requant(crux_scale_round(1, all[i].s), CRUX_ARGS(wide(1))));
        GIVE(c, 0, all[i].v);
        op_case_expect(c, all[i].rounded);
        op_case_begin(c, "map_requantise_floor", all[i].reason,
                      requant(crux_scale_floor(1, all[i].s), CRUX_ARGS(wide(1))));
        GIVE(c, 0, all[i].v);
        op_case_expect(c, all[i].floored);
    }
}

static void requantise(struct op_case *c) {
    struct crux_operand a = wide(1), b = wide(2), d = wide(3);
    struct crux_scale big = {0, TWO(33) - 1, 95, CRUX_ROUND};
    struct crux_scale one = crux_scale_round(1, 0);

    op_case_begin(c, "map_requantise", "no_operands_is_a_constant",
                  requant((struct crux_scale){-5, 7, -2, CRUX_ROUND}, crux_args_none()));
    op_case_expect(c, 23);
    op_case_begin(
        c, "map_requantise", "factors_add_and_exponent",
        requant((struct crux_scale){100, 3, 2, CRUX_ROUND},
                CRUX_ARGS(a, b, crux_operand_add(d), crux_operand_exponent(wide(4), -2))));
    GIVE(c, 0, 5);
    GIVE(c, 1, -7);
    GIVE(c, 2, 1000);
    GIVE(c, 3, -1); /* s = 2 + -2 * -1: round(-105 / 16) = -7 */
    op_case_expect(c, 1093);
    op_case_begin(c, "map_requantise", "add_is_not_scaled",
                  requant(crux_scale_round(1, 10), CRUX_ARGS(crux_operand_add(a))));
    GIVE(c, 0, 12345); /* the product of no factors is 1, and round(1 / 1024) = 0 */
    op_case_expect(c, 12345);
    op_case_begin(c, "map_requantise", "c0_and_add_need_65_bits",
                  requant((struct crux_scale){INT64_MIN, -1, -31, CRUX_ROUND},
                          CRUX_ARGS(wide(1), crux_operand_add(b))));
    GIVE(c, 0, -1 * TWO(62));
    GIVE(c, 1, INT64_MIN); /* -2^63 - 2^63 + 2^93 */
    op_case_expect(c, INT64_MAX);
    op_case_begin(c, "map_requantise", "saturates_low",
                  requant((struct crux_scale){INT64_MIN, 1, 0, CRUX_ROUND}, CRUX_ARGS(a)));
    GIVE(c, 0, -1);
    op_case_expect(c, INT64_MIN);
    op_case_begin(
        c, "map_requantise", "saturates_to_the_declared_range",
        crux_draft_requant(crux_type_of(CRUX_I16, -32639, 32639), CRUX_ROW(4), one, CRUX_ARGS(a)));
    GIVE(c, 0, 32640);
    op_case_expect(c, 32639);
    op_case_begin(c, "map_requantise", "product_of_126_bits",
                  requant(crux_scale_round(TWO(62), 95), CRUX_ARGS(a)));
    GIVE(c, 0, TWO(62) + TWO(32)); /* 2^124 + 2^94: a tie */
    op_case_expect(c, TWO(29) + 1);
    op_case_begin(c, "map_requantise", "product_wraps_modulo_2_128",
                  requant(crux_scale_floor(15, 95), CRUX_ARGS(a, b)));
    GIVE(c, 0, TWO(62));
    GIVE(c, 1, TWO(62)); /* 15 * 2^124 = -2^124 */
    op_case_expect(c, -TWO(29));
    op_case_begin(c, "map_requantise", "rounding_wraps_modulo_2_128",
                  requant(big, CRUX_ARGS(a, b)));
    GIVE(c, 0, TWO(62));
    GIVE(c, 1, TWO(32)); /* 2^127 - 2^94, and 2^94 to round: -2^127 */
    op_case_expect(c, -TWO(32));
    op_case_begin(c, "map_requantise", "left_shift_wraps_modulo_2_128",
                  requant(crux_scale_floor(1, -31), CRUX_ARGS(a, b)));
    GIVE(c, 0, TWO(60));
    GIVE(c, 1, TWO(37) + 1); /* 2^128 + 2^91: the first is lost */
    op_case_expect(c, INT64_MAX);
    op_case_begin(c, "map_requantise", "left_shift_wraps_to_zero",
                  requant(crux_scale_floor(1, -31), CRUX_ARGS(a, b)));
    GIVE(c, 0, TWO(60));
    GIVE(c, 1, TWO(37));
    op_case_expect(c, 0);

    static const struct {
        const char *reason;
        int64_t first, second; /* coefficients 4 and -4 */
        int64_t value;         /* of round(2^40 / 2^(10 + ..)) */
    } exponents[] = {
        {"exponents_add_up", 3, 1, TWO(22)},
        {"exponents_clamp_at_95", 100, 1, 0},
        {"exponents_clamp_at_minus_31", 1, 100, INT64_MAX},
        {"each_exponent_is_clamped_to_32_bits_first", TWO(40), TWO(41), TWO(30)},
        {"negative_exponents_are_clamped_to_32_bits_first", -TWO(40), -TWO(41), TWO(30)},
        {"clamped_exponents_are_not_symmetric", TWO(40), -TWO(40), 0},
        {"least_exponents", INT64_MIN, INT64_MIN, TWO(30)},
    };
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(exponents); i++) {
        op_case_begin(
            c, "map_requantise", exponents[i].reason,
            requant(crux_scale_round(TWO(40), 10),
                    CRUX_ARGS(crux_operand_exponent(a, 4), crux_operand_exponent(b, -4))));
        GIVE(c, 0, exponents[i].first);
        GIVE(c, 1, exponents[i].second);
        op_case_expect(c, exponents[i].value);
    }
    op_case_begin(c, "map_requantise", "clamped_exponents_may_leave_a_remainder",
                  requant(crux_scale_round(TWO(40), 10),
                          CRUX_ARGS(crux_operand_exponent(a, 1), crux_operand_exponent(b, 1))));
    GIVE(c, 0, TWO(40));
    GIVE(c, 1, -TWO(40)); /* 10 + (2^31 - 1) - 2^31 = 9 */
    op_case_expect(c, TWO(31));
    op_case_begin(c, "map_requantise", "a_broadcast_operand",
                  requant(one, CRUX_ARGS(a, CRUX_READ(op_case_step(2, FULL(I64), CRUX_ROW(1)),
                                                      crux_ix_c(0)))));
    c->index[0] = 2;
    GIVE_FROM(c, 0, 2, -6);
    GIVE(c, 1, 7);
    op_case_expect(c, -42);
}

static void dynexp(struct op_case *c) {
    static const struct {
        const char *reason;
        int lo, hi;
        int64_t limit, v, e;
    } all[] = {
        {"fits_at_once", 0, 20, 32639, 32639, 0},
        {"one_more_needs_a_bit", 0, 20, 32639, 32640, 1},
        {"rounding_up_does_not_fit", 0, 20, 32639, 65279, 2}, /* round(65279 / 2) = 32640 */
        {"rounding_up_just_fits", 0, 20, 32639, 65278, 1},
        {"none_fits_is_hi", 0, 4, 100, 1000000, 4},
        {"zero_is_lo", 3, 20, 1, 0, 3},
        {"negative_is_lo", -5, 20, 1, -100, -5},
        {"negative_exponents", -31, 95, 32639, 1, -14}, /* 2^15 is above the limit */
        {"greatest", -31, 95, 1, INT64_MAX, 63},
        {"range_of_one", 7, 7, 1, 1000, 7},
        {"limit_of_64_bits", -31, 95, INT64_MAX, TWO(32), -30},
    };
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        op_case_begin(c, "map_dynexp", all[i].reason,
                      crux_draft_dynexp(all[i].lo, all[i].hi, CRUX_ROW(4), all[i].limit, wide(1)));
        GIVE(c, 0, all[i].v);
        op_case_expect(c, all[i].e);
    }
}

static void choices(struct op_case *c) {
    static const struct {
        const char *reason;
        unsigned cmp;
        int64_t below, same, above;
    } comparisons[] = {
        {"eq", CRUX_CMP_EQ, 0, 1, 0}, {"ne", CRUX_CMP_NE, 1, 0, 1}, {"lt", CRUX_CMP_LT, 1, 0, 0},
        {"le", CRUX_CMP_LE, 1, 1, 0}, {"gt", CRUX_CMP_GT, 0, 0, 1}, {"ge", CRUX_CMP_GE, 0, 1, 1},
    };
    static const struct {
        const char *reason;
        int64_t v, bits;
    } lengths[] = {
        {"zero", 0, 0},
        {"one", 1, 1},
        {"minus_one", -1, 1},
        {"255", 255, 8},
        {"256", 256, 9},
        {"minus_256", -256, 9},
        {"greatest", INT64_MAX, 63},
        {"least", INT64_MIN, 64},
    };
    struct crux_operand a = wide(1), b = wide(2), d = wide(3);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(comparisons); i++) {
        const int64_t against[3] = {-4, -5, -6},
                      want[3] = {comparisons[i].below, comparisons[i].same, comparisons[i].above};
        static const char *const relation[3] = {"below", "same", "above"};
        for (unsigned j = 0; j < 3; j++) {
            char reason[20];
            size_t at = 0;
            for (const char *p = comparisons[i].reason; *p != '\0'; p++) reason[at++] = *p;
            reason[at++] = '_';
            for (const char *p = relation[j]; *p != '\0'; p++) reason[at++] = *p;
            reason[at] = '\0';
            op_case_begin(c, "map_compare", reason,
                          crux_draft_compare(CRUX_ROW(4), a, (enum crux_cmp)comparisons[i].cmp, b));
            GIVE(c, 0, -5);
            GIVE(c, 1, against[j]);
            op_case_expect(c, want[j]);
        }
    }
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(lengths); i++) {
        op_case_begin(c, "map_bitlen", lengths[i].reason, crux_draft_bitlen(CRUX_ROW(4), a));
        GIVE(c, 0, lengths[i].v);
        op_case_expect(c, lengths[i].bits);
    }
    for (unsigned i = 0; i < 2; i++) {
        op_case_begin(c, "map_select",
                      i == 0 ? "zero_takes_the_second_and_reads_both" : "any_other_takes_the_first",
                      crux_draft_select(FULL(I64), CRUX_ROW(4), a, b, d));
        GIVE(c, 0, i == 0 ? 0 : -TWO(40));
        GIVE(c, 1, 11);
        GIVE(c, 2, 22);
        op_case_expect(c, i == 0 ? 22 : 11);
        op_case_begin(
            c, i == 0 ? "map_min" : "map_max", "signed",
            crux_draft_pick(FULL(I64), CRUX_ROW(4), i == 0 ? CRUX_MAP_MIN : CRUX_MAP_MAX, a, b));
        GIVE(c, 0, INT64_MIN);
        GIVE(c, 1, INT64_MAX);
        op_case_expect(c, i == 0 ? INT64_MIN : INT64_MAX);
        op_case_begin(c, i == 0 ? "map_min" : "map_max", "saturates",
                      crux_draft_pick(crux_type_of(CRUX_I8, -3, 3), CRUX_ROW(4),
                                      i == 0 ? CRUX_MAP_MIN : CRUX_MAP_MAX, a, b));
        GIVE(c, 0, -100);
        GIVE(c, 1, 100);
        op_case_expect(c, i == 0 ? -3 : 3);
    }
}

void op_cases_maps(struct op_case *c) {
    roundings(c);
    requantise(c);
    dynexp(c);
    choices(c);
}
