/* FIND by hand: weights 3, 0, 4, 5 unless a case says otherwise. */
#include "tests/conformance/op_case.h"

struct find {
    const char *reason;
    int64_t r, k, remainder;
};

static void both(struct op_case *c, const char *reason, struct crux_op op, int64_t r, int64_t first,
                 int64_t second) {
    static const char *const ending[2] = {"k", "remainder"};
    const int64_t want[2] = {first, second};
    for (uint32_t o = 0; o < 2; o++) {
        char text[100];
        size_t at = 0;
        for (const char *p = reason; *p != '\0'; p++) text[at++] = *p;
        text[at++] = '_';
        for (const char *p = ending[o]; *p != '\0'; p++) text[at++] = *p;
        text[at] = '\0';
        op_case_begin(c, "find", text, op);
        c->index[1] = o;
        GIVE(c, 0, 3, 0, 4, 5);
        GIVE(c, 1, r);
        op_case_expect(c, want[o]);
    }
}

void op_cases_find(struct op_case *c) {
    static const struct find all[] = {
        {"first", 0, 0, 0},
        {"last_of_first", 2, 0, 2},
        {"at_a_prefix_sum_the_next_with_weight", 3, 2, 0},
        {"third", 6, 2, 3},
        {"last", 11, 3, 4},
        {"none_exceeds_takes_the_last", 12, 3, 5},
        {"far_beyond", 1000, 3, 993},
        {"negative_r", -1, 0, -1},
    };
    struct crux_value w = op_case_step(1, FULL(I64), CRUX_ROW(4)),
                      r = op_case_step(2, FULL(I64), CRUX_ROW(1));
    struct crux_shape pair = CRUX_ROW(6), k4 = CRUX_ROW(4);
    struct crux_operand wk = CRUX_READ(w, crux_ix_k(0)), r0 = CRUX_READ(r, crux_ix_c(0));
    struct crux_op op = crux_draft_find(FULL(I64), pair, k4, wk, r0);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++)
        both(c, all[i].reason, op, all[i].r, all[i].k, all[i].remainder);

    struct crux_operand window =
        crux_operand_pad(CRUX_READ(w, crux_ix_add(crux_ix_k(0), crux_ix_o(0))));
    struct crux_op clipped = crux_draft_find(FULL(I64), pair, k4, window, r0);
    op_case_begin(c, "find", "last_used_k_when_clipped", clipped);
    c->index[0] = 2; /* weights 4, 5 at k = 0, 1 */
    GIVE_FROM(c, 0, 2, 4, 5);
    GIVE(c, 1, 100);
    op_case_expect(c, 1);
    struct crux_operand late =
        crux_operand_pad(CRUX_READ(w, crux_ix_add(crux_ix_k(0), crux_ix_c(-2))));
    op_case_begin(c, "find", "numbers_k_from_its_start",
                  crux_draft_find(FULL(I64), pair, k4, late, r0));
    GIVE(c, 0, 3, 1);
    GIVE(c, 1, 0);
    op_case_expect(c, 2);
    for (uint32_t o = 0; o < 2; o++) {
        op_case_begin(c, "find", o == 0 ? "empty_k_number_is_zero" : "empty_remainder_is_zero",
                      clipped);
        c->index[0] = 4;
        c->index[1] = o;
        GIVE(c, 1, 77);
        op_case_expect(c, 0);
    }
    op_case_begin(c, "find", "reads_every_weight_though_the_first_is_found", op);
    GIVE(c, 0, 1, 0, 4, 5);
    GIVE(c, 1, 0);
    op_case_expect(c, 0);
    op_case_begin(c, "find", "sums_wrap_modulo_2_64", op);
    /* the prefix sums are 2^63 - 1, then -2^63, -2^63 + 4 and +9: only the first exceeds r */
    GIVE(c, 0, INT64_MAX, 1, 4, 5);
    GIVE(c, 1, INT64_MAX);
    op_case_expect(c, 3);
    op_case_begin(c, "find", "remainder_saturates",
                  crux_draft_find(crux_type_of(CRUX_I8, 0, 4), pair, k4, wk, r0));
    c->index[1] = 1;
    GIVE(c, 0, 3, 0, 4, 5);
    GIVE(c, 1, 1000);
    op_case_expect(c, 4);
}
