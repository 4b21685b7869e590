/* CONTRACT and REDUCE by hand: each case names what it is about, with the value worked out on paper. */
#include "tests/conformance/op_case.h"

static struct crux_value vector_of(uint32_t tensor, struct crux_type type, uint32_t count) {
    return op_case_step(tensor, type, CRUX_ROW(count));
}

static void contract(struct op_case *c) {
    struct crux_value a = vector_of(1, FULL(I16), 4);
    struct crux_value w = op_case_model(9, crux_type_of(CRUX_I8, -100, 100), CRUX_GRID(2, 4));
    struct crux_operand ak = CRUX_READ(a, crux_ix_k(0));
    struct crux_operand wok = CRUX_READ(w, crux_ix_o(0), crux_ix_k(0));
    struct crux_shape k4 = CRUX_ROW(4), out2 = CRUX_ROW(2), one = CRUX_ROW(1);
    struct crux_type i64 = FULL(I64);

    op_case_begin(c, "contract", "dot",
                  crux_draft_contract(FULL(I32), out2, k4, CRUX_ARGS(ak, wok)));
    c->index[0] = 1;
    GIVE(c, 0, 1, -2, 3, 32767);
    GIVE(c, 1, 0, 0, 0, 0, 10, 20, -30, 100);
    op_case_expect(c, 10 - 40 - 90 + 3276700);

    op_case_begin(c, "contract", "model_value_is_clamped_to_its_range",
                  crux_draft_contract(FULL(I32), out2, k4, CRUX_ARGS(ak, wok)));
    GIVE(c, 0, 1, 1, 1, 1);
    GIVE(c, 1, 127, -128, 100, 1);
    op_case_expect(c, 100 - 100 + 100 + 1);

    op_case_begin(
        c, "contract", "no_k_is_the_product",
        crux_draft_contract(FULL(I32), out2, CRUX_ROW(1),
                            CRUX_ARGS(CRUX_READ(a, crux_ix_o(0)), CRUX_READ(a, crux_ix_c(3)))));
    c->op.nk = 0;
    c->op.kdim[0] = (struct crux_dim){0};
    GIVE(c, 0, 7, 0, 0, -3);
    GIVE(c, 1, 7, 0, 0, -3);
    op_case_expect(c, -21);

    op_case_begin(c, "contract", "one_factor_is_a_sum",
                  crux_draft_contract(FULL(I32), one, k4, CRUX_ARGS(ak)));
    GIVE(c, 0, 1, 2, 3, -10);
    op_case_expect(c, -4);

    op_case_begin(c, "contract", "three_factors",
                  crux_draft_contract(FULL(I32), one, k4, CRUX_ARGS(ak, ak, ak)));
    for (unsigned slot = 0; slot < 3; slot++) GIVE(c, slot, 1, 2, 3, -4);
    op_case_expect(c, 1 + 8 + 27 - 64);

    op_case_begin(c, "contract", "saturates_high",
                  crux_draft_contract(crux_type_of(CRUX_I16, -1000, 1000), one, k4, CRUX_ARGS(ak)));
    GIVE(c, 0, 1000, 1, 0, 0);
    op_case_expect(c, 1000);

    op_case_begin(c, "contract", "saturates_low",
                  crux_draft_contract(crux_type_of(CRUX_I16, -1000, 1000), one, k4, CRUX_ARGS(ak)));
    GIVE(c, 0, -1000, -1, 0, 0);
    op_case_expect(c, -1000);

    op_case_begin(c, "contract", "sum_saturates_only_at_the_end",
                  crux_draft_contract(crux_type_of(CRUX_I16, -1000, 1000), one, k4, CRUX_ARGS(ak)));
    GIVE(c, 0, 32767, 32767, -32768, -32768);
    op_case_expect(c, -2);

    struct crux_value u = vector_of(1, FULL(U32), 2);
    struct crux_operand uk = CRUX_READ(u, crux_ix_k(0));
    op_case_begin(c, "contract", "product_wraps_modulo_2_64",
                  crux_draft_contract(i64, one, CRUX_ROW(2), CRUX_ARGS(uk, uk, uk)));
    /* (2^32-1)^3 = 2^96 - 3*2^64 + 3*2^32 - 1 */
    for (unsigned slot = 0; slot < 3; slot++) GIVE(c, slot, 4294967295, 0);
    op_case_expect(c, 3 * (INT64_C(1) << 32) - 1);

    op_case_begin(c, "contract", "sum_wraps_modulo_2_64",
                  crux_draft_contract(i64, one, CRUX_ROW(2), CRUX_ARGS(uk, uk)));
    /* 2 * (2^64 - 2^33 + 1) */
    for (unsigned slot = 0; slot < 2; slot++) GIVE(c, slot, 4294967295, 4294967295);
    op_case_expect(c, -(INT64_C(1) << 34) + 2);

    struct crux_operand before = crux_operand_pad(
        CRUX_READ(a, crux_ix_add(crux_ix_o(0), crux_ix_add(crux_ix_k(0), crux_ix_c(-1)))));
    op_case_begin(c, "contract", "pad_outside_is_zero",
                  crux_draft_contract(FULL(I32), k4, CRUX_ROW(3), CRUX_ARGS(before)));
    c->index[0] = 3; /* a[2] + a[3] + nothing */
    GIVE(c, 0, 1, 2, 30, 400);
    op_case_expect(c, 430);

    struct crux_value grid = op_case_step(1, FULL(I16), CRUX_GRID(2, 4));
    op_case_begin(
        c, "contract", "coordinate_outside_though_flat_index_is_inside",
        crux_draft_contract(FULL(I32), one, CRUX_ROW(2),
                            CRUX_ARGS(crux_operand_pad(CRUX_READ(
                                grid, crux_ix_c(0), crux_ix_mad(crux_ix_k(0), 3, crux_ix_c(3)))))));
    GIVE(c, 0, 0, 0, 0, 5, 9, 9, 9); /* [0,3] is read, [0,6] is not [1,2] */
    op_case_expect(c, 5);

    struct crux_dim grows = {0, 1, 0, 1, 100}; /* pos */
    op_case_begin(c, "contract", "empty_k_is_zero",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(grows), CRUX_ARGS(ak)));
    c->at.pos = 0;
    op_case_expect(c, 0);

    struct crux_dim third = {1, 1, 0, 3, 2}; /* min(ceil((1 + pos) / 3), 2) */
    op_case_begin(c, "contract", "k_grows_with_the_position",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(third), CRUX_ARGS(ak)));
    c->at.pos = 2; /* 1 term */
    GIVE(c, 0, 5, 6, 7, 8);
    op_case_expect(c, 5);
    op_case_begin(c, "contract", "k_rounds_up",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(third), CRUX_ARGS(ak)));
    c->at.pos = 3; /* ceil(4/3) = 2 terms */
    GIVE(c, 0, 5, 6, 7, 8);
    op_case_expect(c, 11);
    op_case_begin(c, "contract", "k_stops_growing",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(third), CRUX_ARGS(ak)));
    c->at.pos = 90;
    GIVE(c, 0, 5, 6, 7, 8);
    op_case_expect(c, 11);
    struct crux_dim shrinks = {3, -1, 0, 1, 4}; /* max(3 - pos, 0) */
    op_case_begin(c, "contract", "k_shrinks_to_nothing",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(shrinks), CRUX_ARGS(ak)));
    op_case_expect(c, 0);
    struct crux_dim by_n = {0, 0, 2, 3, 4}; /* ceil(2n / 3) */
    op_case_begin(c, "contract", "k_grows_with_n",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(by_n), CRUX_ARGS(ak)));
    c->at.pos = 0;
    c->at.n = 4; /* ceil(8/3) */
    GIVE(c, 0, 1, 10, 100, 1000);
    op_case_expect(c, 111);

    struct crux_affine ramp =
        crux_ix_mad(crux_ix_k(0), -2, crux_ix_add(crux_ix_pos(), crux_ix_o(0)));
    op_case_begin(
        c, "contract", "imm_is_an_affine_expression",
        crux_draft_contract(FULL(I32), out2, CRUX_ROW(3), CRUX_ARGS(ak, crux_operand_imm(ramp))));
    c->index[0] = 1; /* factors 6, 4, 2 */
    GIVE(c, 0, 1, 10, 100, 1000);
    op_case_expect(c, 6 + 40 + 200);

    op_case_begin(c, "contract", "most_terms",
                  crux_draft_contract(FULL(I32), one, CRUX_GRID(64, 64),
                                      CRUX_ARGS(crux_operand_imm(crux_ix_k(1)))));
    op_case_expect(c, 64 * 2016);
    op_case_begin(c, "contract", "too_many_terms",
                  crux_draft_contract(FULL(I32), one, CRUX_GRID(17, 241),
                                      CRUX_ARGS(crux_operand_imm(crux_ix_k(1)))));
    op_case_expect_error(c, CRUX_E_WORK_TOO_LARGE);
    op_case_begin(
        c, "contract", "too_many_elements",
        crux_draft_contract(FULL(I32), CRUX_BOX(1024, 1024, 1024, 1025), k4, CRUX_ARGS(ak)));
    op_case_expect_error(c, CRUX_E_TOO_MANY_ELEMENTS);
    struct crux_dim none = {0, 1, 0, 1, 9}; /* 0 at position 0 */
    struct crux_dim huge = crux_dim_constant(INT32_MAX);
    op_case_begin(c, "contract", "too_many_elements_beside_an_empty_dimension",
                  crux_draft_contract(FULL(I32), CRUX_SHAPE(none, huge, huge), k4, CRUX_ARGS(ak)));
    c->at.pos = 0;
    op_case_expect_error(c, CRUX_E_TOO_MANY_ELEMENTS);
    op_case_begin(c, "contract", "terms_beside_an_empty_dimension",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(none, crux_dim_constant(5000)),
                                      CRUX_ARGS(ak)));
    c->at.pos = 0;
    op_case_expect(c, 0);
    op_case_begin(c, "contract", "too_many_terms_beside_an_empty_dimension",
                  crux_draft_contract(FULL(I32), one, CRUX_SHAPE(none, huge, huge), CRUX_ARGS(ak)));
    c->at.pos = 0;
    op_case_expect_error(c, CRUX_E_WORK_TOO_LARGE);
    op_case_begin(
        c, "contract", "too_many_elements_in_a_view",
        crux_draft_contract(
            FULL(I32), one, k4,
            CRUX_ARGS(CRUX_READ(op_case_step(1, FULL(I8), CRUX_GRID(1 << 20, (1 << 20) + 1)),
                                crux_ix_c(0), crux_ix_c(0)))));
    op_case_expect_error(c, CRUX_E_TOO_MANY_ELEMENTS);
}

/* The data-dependent index. */
static void by_x(struct op_case *c) {
    static const struct {
        const char *reason;
        int64_t x;
    } outside[] = {
        {"x_just_outside_is_zero", 5},
        {"x_negative_is_zero", -1},
        {"x_of_2_31_is_outside", INT64_C(1) << 31},
        {"x_of_2_32_does_not_wrap", INT64_C(1) << 32},
        {"x_below_minus_2_31_is_outside", -(INT64_C(1) << 31) - 1},
        {"x_least_of_64_bits_is_outside", INT64_MIN},
    };
    struct crux_value rows = op_case_model(9, FULL(I16), CRUX_GRID(5, 2)),
                      which = vector_of(2, FULL(I64), 3);
    struct crux_operand row = CRUX_READ(rows, crux_ix_x(), crux_ix_o(0)),
                        first = CRUX_READ(rows, crux_ix_c(0), crux_ix_o(0));
    struct crux_operand x = CRUX_READ(which, crux_ix_o(0));
    struct crux_shape out2 = CRUX_ROW(2);
    struct crux_scale one = crux_scale_round(1, 0);
    struct crux_op op = crux_draft_with_x(crux_draft_load(out2, row), x);
    struct crux_op pad = crux_draft_with_x(crux_draft_load(out2, crux_operand_pad(row)), x);

    op_case_begin(c, "load", "x_chooses_a_row", op);
    c->index[0] = 1;
    GIVE_FROM(c, CRUX_SLOT_X, 1, 3);
    GIVE_FROM(c, 0, 6, 70, 71);
    op_case_expect(c, 71);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(outside); i++) {
        op_case_begin(c, "load", outside[i].reason, pad);
        GIVE(c, CRUX_SLOT_X, outside[i].x);
        op_case_expect(c, 0);
    }
    struct crux_affine shifted = crux_ix_add(crux_ix_x(), crux_ix_c(-5));
    op_case_begin(
        c, "load", "x_in_an_affine_index",
        crux_draft_with_x(crux_draft_load(out2, CRUX_READ(rows, shifted, crux_ix_o(0))), x));
    GIVE(c, CRUX_SLOT_X, 9);
    GIVE_FROM(c, 0, 8, 55, 66);
    op_case_expect(c, 55);
    op_case_begin(c, "load", "x_itself_read_outside_is_zero",
                  crux_draft_with_x(crux_draft_load(out2, row), CRUX_READ(which, crux_ix_c(3))));
    GIVE(c, 0, 12, 13);
    op_case_expect(c, 12);
    struct crux_affine steep = crux_ix_mad(crux_ix_x(), 1 << 24, crux_ix_c(7));
    struct crux_op imm = crux_draft_with_x(
        crux_draft_requant(FULL(I64), out2, one, CRUX_ARGS(crux_operand_imm(steep))), x);
    op_case_begin(c, "map_requantise", "imm_of_x", imm);
    GIVE(c, CRUX_SLOT_X, 2147483647);
    op_case_expect(c, (INT64_C(1) << 24) * 2147483647 + 7);
    op_case_begin(c, "map_requantise", "imm_of_x_beyond_32_bits_is_zero", imm);
    GIVE(c, CRUX_SLOT_X, INT64_C(1) << 31);
    op_case_expect(c, 0);
    op_case_begin(
        c, "map_requantise", "operand_beside_one_outside_is_read",
        crux_draft_with_x(
            crux_draft_requant(FULL(I64), out2, one, CRUX_ARGS(crux_operand_pad(row), first)), x));
    GIVE(c, CRUX_SLOT_X, 99);
    GIVE(c, 1, 44, 45);
    op_case_expect(c, 0);
    struct crux_value narrow = vector_of(2, FULL(U32), 3);
    op_case_begin(c, "contract", "unsigned_x_of_2_31_is_outside",
                  crux_draft_with_x(crux_draft_contract(FULL(I32), out2, CRUX_ROW(2),
                                                        CRUX_ARGS(crux_operand_pad(row), first)),
                                    CRUX_READ(narrow, crux_ix_o(0))));
    GIVE(c, CRUX_SLOT_X, INT64_C(1) << 31);
    GIVE(c, 1, 44, 45);
    op_case_expect(c, 0);
}

struct reduction {
    const char *function;
    unsigned func;
    int64_t value; /* of 3, -7, 5, 5, -7 */
    int64_t empty; /* with the range [-90, 90] */
};

static void reduce(struct op_case *c) {
    static const struct reduction all[] = {
        {"reduce_max", CRUX_REDUCE_MAX, 5, -90},     {"reduce_min", CRUX_REDUCE_MIN, -7, 90},
        {"reduce_absmax", CRUX_REDUCE_ABSMAX, 7, 0}, {"reduce_argmax", CRUX_REDUCE_ARGMAX, 2, 0},
        {"reduce_sum", CRUX_REDUCE_SUM, -1, 0},
    };
    struct crux_type type = crux_type_of(CRUX_I8, -90, 90);
    struct crux_value a = vector_of(1, FULL(I8), 5);
    struct crux_operand ak = CRUX_READ(a, crux_ix_k(0));
    struct crux_operand from_o =
        crux_operand_pad(CRUX_READ(a, crux_ix_add(crux_ix_k(0), crux_ix_o(0))));
    struct crux_shape k5 = CRUX_ROW(5), out9 = CRUX_ROW(9);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        const struct reduction *r = &all[i];
        struct crux_op plain = crux_draft_reduce(type, out9, k5, r->func, CRUX_ARGS(ak));
        struct crux_op window = crux_draft_reduce(type, out9, k5, r->func, CRUX_ARGS(from_o));
        op_case_begin(c, r->function, "all", plain);
        GIVE(c, 0, 3, -7, 5, 5, -7);
        op_case_expect(c, r->value);
        op_case_begin(c, r->function, "empty_by_pad", window);
        c->index[0] = 5;
        op_case_expect(c, r->empty);
        op_case_begin(c, r->function, "empty_by_predicate",
                      crux_draft_where(plain, ak, CRUX_CMP_GT, crux_operand_imm(crux_ix_c(100))));
        GIVE(c, 0, 3, -7, 5, 5, -7);
        GIVE(c, 1, 3, -7, 5, 5, -7);
        op_case_expect(c, r->empty);
        op_case_begin(c, r->function, "empty_k",
                      crux_draft_reduce(type, out9, CRUX_SHAPE(((struct crux_dim){0, 1, 0, 1, 9})),
                                        r->func, CRUX_ARGS(ak)));
        c->at.pos = 0;
        op_case_expect(c, r->empty);
    }

    op_case_begin(c, "reduce_max", "outside_is_not_used_with_pad",
                  crux_draft_reduce(type, out9, k5, CRUX_REDUCE_MAX, CRUX_ARGS(from_o)));
    c->index[0] = 3;
    GIVE_FROM(c, 0, 3, -50, -60);
    op_case_expect(c, -50);
    struct crux_operand unmarked = CRUX_READ(a, crux_ix_add(crux_ix_k(0), crux_ix_o(0)));
    op_case_begin(c, "reduce_max", "outside_is_zero_without_pad",
                  crux_draft_reduce(type, out9, k5, CRUX_REDUCE_MAX, CRUX_ARGS(unmarked)));
    c->index[0] = 3;
    GIVE_FROM(c, 0, 3, -50, -60);
    op_case_expect(c, 0);
    op_case_begin(c, "reduce_argmax", "numbers_k_from_its_start_not_from_the_first_used",
                  crux_draft_reduce(type, out9, k5, CRUX_REDUCE_ARGMAX,
                                    CRUX_ARGS(crux_operand_pad(
                                        CRUX_READ(a, crux_ix_add(crux_ix_k(0), crux_ix_c(-2)))))));
    GIVE(c, 0, -5, 1, 1);
    op_case_expect(c, 3);
    struct crux_value grid = op_case_step(1, FULL(I8), CRUX_GRID(2, 3));
    op_case_begin(c, "reduce_argmax", "numbers_a_box_row_major",
                  crux_draft_reduce(type, out9, CRUX_GRID(3, 2), CRUX_REDUCE_ARGMAX,
                                    CRUX_ARGS(CRUX_READ(grid, crux_ix_k(1), crux_ix_k(0)))));
    GIVE(c, 0, 0, 1, 2, 0, 9, 2); /* the 9 is at k = (1, 1) */
    op_case_expect(c, 3);
    op_case_begin(c, "reduce_argmax", "saturates",
                  crux_draft_reduce(crux_type_of(CRUX_I8, 0, 2), out9, k5, CRUX_REDUCE_ARGMAX,
                                    CRUX_ARGS(ak)));
    GIVE(c, 0, 0, 0, 0, 0, 1);
    op_case_expect(c, 2);
    struct crux_value wide = vector_of(1, FULL(I64), 2);
    struct crux_operand wk = CRUX_READ(wide, crux_ix_k(0));
    op_case_begin(
        c, "reduce_absmax", "of_the_least_saturates",
        crux_draft_reduce(FULL(I64), out9, CRUX_ROW(2), CRUX_REDUCE_ABSMAX, CRUX_ARGS(wk)));
    GIVE(c, 0, INT64_MIN, 1);
    op_case_expect(c, INT64_MAX);
    op_case_begin(c, "reduce_sum", "wraps_modulo_2_64",
                  crux_draft_reduce(FULL(I64), out9, CRUX_ROW(2), CRUX_REDUCE_SUM, CRUX_ARGS(wk)));
    GIVE(c, 0, INT64_MAX, 1);
    op_case_expect(c, INT64_MIN);
    op_case_begin(c, "reduce_sum", "saturates",
                  crux_draft_reduce(type, out9, k5, CRUX_REDUCE_SUM, CRUX_ARGS(ak)));
    GIVE(c, 0, 127, 127, 1, 1, -128);
    op_case_expect(c, 90);
    op_case_begin(c, "reduce_min", "empty_is_hi_not_zero",
                  crux_draft_reduce(crux_type_of(CRUX_I64, -5, INT64_MAX), out9, k5,
                                    CRUX_REDUCE_MIN, CRUX_ARGS(from_o)));
    c->index[0] = 8;
    op_case_expect(c, INT64_MAX);
}

static void predicates(struct op_case *c) {
    static const struct {
        const char *reason;
        unsigned cmp;
        int64_t count; /* of -1, 0, 1, 2, 2 against 1 */
    } all[] = {
        {"eq", CRUX_CMP_EQ, 1}, {"ne", CRUX_CMP_NE, 4}, {"lt", CRUX_CMP_LT, 2},
        {"le", CRUX_CMP_LE, 3}, {"gt", CRUX_CMP_GT, 2}, {"ge", CRUX_CMP_GE, 3},
    };
    struct crux_value a = vector_of(1, FULL(I8), 5), b = vector_of(2, FULL(I8), 3);
    struct crux_operand ak = CRUX_READ(a, crux_ix_k(0)), one = crux_operand_imm(crux_ix_c(1));
    struct crux_operand bk = crux_operand_pad(CRUX_READ(b, crux_ix_k(0)));
    struct crux_op count =
        crux_draft_reduce(FULL(I32), CRUX_ROW(1), CRUX_ROW(5), CRUX_REDUCE_COUNT, crux_args_none());
    struct crux_op sum =
        crux_draft_reduce(FULL(I32), CRUX_ROW(1), CRUX_ROW(5), CRUX_REDUCE_SUM, CRUX_ARGS(ak));
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        op_case_begin(c, "reduce_count", all[i].reason,
                      crux_draft_where(count, ak, (enum crux_cmp)all[i].cmp, one));
        GIVE(c, 0, -1, 0, 1, 2, 2);
        op_case_expect(c, all[i].count);
    }
    op_case_begin(c, "reduce_count", "of_positions_up_to_this_one",
                  crux_draft_where(count, crux_operand_imm(crux_ix_k(0)), CRUX_CMP_LE,
                                   crux_operand_imm(crux_ix_pos())));
    c->at.pos = 2;
    op_case_expect(c, 3);
    op_case_begin(c, "reduce_count", "pad_of_a_predicate_operand_clips_too",
                  crux_draft_where(count, bk, CRUX_CMP_EQ, crux_operand_imm(crux_ix_c(0))));
    GIVE(c, 0, 0, 1, 0); /* k = 3, 4 are outside, and not counted as zeros */
    op_case_expect(c, 2);
    op_case_begin(c, "reduce_sum", "predicate_reads_both_sides_of_every_k_inside",
                  crux_draft_where(sum, bk, CRUX_CMP_GE, CRUX_READ(b, crux_ix_c(2))));
    GIVE(c, 0, 1, 2, 4, 8, 16); /* at k = 3, 4 nothing is read */
    GIVE(c, 1, 5, 6, 7);
    GIVE(c, 2, 0, 0, 6);
    op_case_expect(c, 2 + 4);
}

void op_cases_sums(struct op_case *c) {
    contract(c);
    by_x(c);
    reduce(c);
    predicates(c);
}
