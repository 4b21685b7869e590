/* LUT, DIV and SQRT by hand. */
#include "tests/conformance/op_case.h"

#define TWO(n) (INT64_C(1) << (n))

static struct crux_operand wide(uint32_t tensor) {
    return CRUX_READ(op_case_step(tensor, FULL(I64), CRUX_ROW(4)), crux_ix_o(0));
}

static struct crux_op lut(struct crux_lut shape, struct crux_args args) {
    return crux_draft_lut(FULL(I64), CRUX_ROW(4), shape, args,
                          op_case_model(9, FULL(I64), CRUX_ROW(shape.cells + 1)));
}

/* Four cells of 16 from -32 on, entries 100, 200, 150, -50, -51; constants at both ends. */
static void lut_points(struct op_case *c) {
    static const struct {
        const char *reason;
        int64_t v, want;
    } all[] = {
        {"before_the_first_cell", -33, 7},
        {"first_point", -32, 100},
        {"inside_the_first_cell", -31, 106},
        {"end_of_the_first_cell", -17, 194},
        {"cell_edge", -16, 200},
        {"falling_cell_ties_go_up", -8, 175},
        {"falling_below_zero", 15, -37},
        {"edge_below_zero", 16, -50},
        {"tie_below_zero_goes_up", 24, -50},
        {"last_point", 31, -51},
        {"past_the_last_cell", 32, 9},
        {"far_right", INT64_MAX, 9},
        {"far_left", INT64_MIN, 7},
    };
    struct crux_lut shape = {-32, 4, 4, crux_lut_constant(7), crux_lut_constant(9)};
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        op_case_begin(c, "lut", all[i].reason, lut(shape, CRUX_ARGS(wide(1))));
        GIVE(c, 0, all[i].v);
        GIVE(c, 1, 100, 200, 150, -50, -51);
        op_case_expect(c, all[i].want);
    }
}

static void luts(struct op_case *c) {
    struct crux_lut line = {0, 0, 1, crux_lut_line(3, 1), crux_lut_line(-1, 62)};
    static const struct {
        const char *reason;
        int64_t v, want;
    } ends[] = {
        {"left_identity_rounds_a_tie_up", -1, -1}, /* round(-3 / 2) */
        {"left_identity_of_even", -10, -15},
        {"right_identity_by_62", TWO(62), -1},
        {"right_identity_tie_of_negative", TWO(61), 0},
        {"identity_product_of_more_than_64_bits", INT64_MIN, INT64_MIN}, /* 3 * -2^62 saturates */
    };
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(ends); i++) {
        op_case_begin(c, "lut", ends[i].reason, lut(line, CRUX_ARGS(wide(1))));
        GIVE(c, 0, ends[i].v);
        op_case_expect(c, ends[i].want);
    }
    struct crux_lut shape = {-32, 4, 4, crux_lut_constant(7), crux_lut_constant(9)};
    op_case_begin(c, "lut", "of_a_difference", lut(shape, CRUX_ARGS(wide(1), wide(2))));
    GIVE(c, 0, 1000);
    GIVE(c, 1, 1008);
    GIVE(c, 2, 0, 100, 50, 0, 0);
    op_case_expect(c, 75);
    op_case_begin(c, "lut", "difference_wraps_modulo_2_64",
                  lut(shape, CRUX_ARGS(wide(1), wide(2))));
    GIVE(c, 0, INT64_MIN);
    GIVE(c, 1, 1); /* 2^63 - 1 */
    op_case_expect(c, 9);
    struct crux_lut far = {INT64_MIN, 0, 2, crux_lut_constant(-1), crux_lut_constant(1)};
    op_case_begin(c, "lut", "distance_from_x0_does_not_wrap", lut(far, CRUX_ARGS(wide(1))));
    GIVE(c, 0, INT64_MAX); /* 2^64 - 1 beyond x0 */
    op_case_expect(c, 1);
    op_case_begin(c, "lut", "x0_at_the_least", lut(far, CRUX_ARGS(wide(1))));
    GIVE(c, 0, INT64_MIN + 1);
    GIVE(c, 1, 5, 6, 7);
    op_case_expect(c, 6);
    struct crux_lut steep = {0, 31, 1, crux_lut_constant(0), crux_lut_constant(0)};
    op_case_begin(c, "lut", "steepest_cell_is_exact", lut(steep, CRUX_ARGS(wide(1))));
    GIVE(c, 0, TWO(31) - 1);
    GIVE(c, 1, INT64_MIN, INT64_MAX); /* -2^63 + (2^64-1)(2^31-1)/2^31 = 2^63 - 2^33 - 1 + 2^-31 */
    op_case_expect(c, INT64_MAX - TWO(33));
    op_case_begin(c, "lut", "table_value_is_clamped_to_its_range",
                  crux_draft_lut(FULL(I64), CRUX_ROW(4), shape, CRUX_ARGS(wide(1)),
                                 op_case_model(9, crux_type_of(CRUX_I16, -10, 10), CRUX_ROW(5))));
    GIVE(c, 0, 8);
    GIVE(c, 1, 0, 0, 100, -100, 0); /* 10, then -10 */
    op_case_expect(c, 0);
    op_case_begin(c, "lut", "most_cells",
                  lut((struct crux_lut){0, 0, 65536, crux_lut_constant(0), crux_lut_constant(0)},
                      CRUX_ARGS(wide(1))));
    GIVE(c, 0, 65535);
    GIVE_FROM(c, 1, 65535, -3, 4);
    op_case_expect(c, -3);
    op_case_begin(c, "lut", "of_an_imm", lut(shape, CRUX_ARGS(crux_operand_imm(crux_ix_pos()))));
    GIVE(c, 1, 0, 0, 160, 320, 0); /* at 5 */
    op_case_expect(c, 210);
}

static void quotients(struct op_case *c) {
    static const struct {
        const char *reason;
        int64_t a, d;
        unsigned s;
        int64_t want;
    } divs[] = {
        {"exact", 42, 7, 0, 6},
        {"floor_of_positive", 43, 7, 0, 6},
        {"floor_of_negative", -43, 7, 0, -7},
        {"floor_of_minus_one", -1, INT64_MAX, 0, -1},
        {"by_zero_is_zero", 42, 0, 0, 0},
        {"by_negative_is_zero", 42, -7, 0, 0},
        {"by_least_is_zero", INT64_MIN, INT64_MIN, 0, 0},
        {"least_by_one", INT64_MIN, 1, 0, INT64_MIN},
        {"shifted", 10, 3, 10, 3413},
        {"shifted_negative", -10, 3, 10, -3414},
        {"shift_62", 1, INT64_MAX, 62, 0},
        {"shift_wraps_modulo_2_64", TWO(62), 3, 2, 0},
        {"shift_wraps_to_negative", 3, 1, 62, -TWO(62)},
    };
    static const struct {
        const char *reason;
        int64_t a;
        unsigned s;
        int64_t want;
    } roots[] = {
        {"zero", 0, 0, 0},
        {"square", 144, 0, 12},
        {"one_below_a_square", 143, 0, 11},
        {"one_above_a_square", 145, 0, 12},
        {"negative_is_zero", -4, 0, 0},
        {"least_is_zero", INT64_MIN, 5, 0},
        {"greatest", INT64_MAX, 0, 3037000499},
        {"greatest_square", INT64_C(3037000499) * 3037000499, 0, 3037000499},
        {"shifted", 2, 60, 1518500249},
        {"shifted_by_an_odd_number", 2, 1, 2},
        {"shifted_value_is_unsigned", TWO(62), 1, 3037000499},
        {"shifted_value_of_64_bits", INT64_MAX, 1, 4294967295},
        {"shift_wraps_modulo_2_64", TWO(62), 2, 0},
    };
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(divs); i++) {
        op_case_begin(c, "div", divs[i].reason,
                      crux_draft_div(FULL(I64), CRUX_ROW(4), divs[i].s, wide(1), wide(2)));
        GIVE(c, 0, divs[i].a);
        GIVE(c, 1, divs[i].d);
        op_case_expect(c, divs[i].want);
    }
    op_case_begin(c, "div", "saturates",
                  crux_draft_div(crux_type_of(CRUX_I8, -4, 4), CRUX_ROW(4), 0, wide(1), wide(2)));
    GIVE(c, 0, -100);
    GIVE(c, 1, 1);
    op_case_expect(c, -4);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(roots); i++) {
        op_case_begin(c, "sqrt", roots[i].reason,
                      crux_draft_sqrt(FULL(I64), CRUX_ROW(4), roots[i].s, wide(1)));
        GIVE(c, 0, roots[i].a);
        op_case_expect(c, roots[i].want);
    }
}

void op_cases_tables(struct op_case *c) {
    lut_points(c);
    luts(c);
    quotients(c);
}
