/* LOAD, STORE and RAND by hand: at position 5 of a request of 3 tokens, in layer 2, unless a case says otherwise. */
#include "kernels/lowering/builder.h"
#include "tests/conformance/op_case.h"

enum { OTHER_LAYER = 1, OWN_LAYER = 2, LATER_LAYER = 3, STORE = 1, STORES = 2, SELF = 4 };

static struct crux_op load(struct crux_operand operand) {
    return crux_draft_load(CRUX_ROW(9), operand);
}

/* Store 1 of 2 of a layer, i32 [3] within +-1000, at position `time`; element 2. */
static struct crux_op record_at(uint32_t layer, struct crux_affine time) {
    struct crux_value v = op_case_step(STORE, crux_type_of(CRUX_I32, -1000, 1000), CRUX_ROW(3));
    struct crux_operand operand = CRUX_READ(v, crux_ix_c(2));
    operand.kind = CRUX_KIND_RECORD;
    operand.layer = layer;
    operand.stores = STORES;
    operand.self = CRUX_SELF_NONE;
    operand.at = time;
    return load(operand);
}

static void records(struct op_case *c) {
    static const struct {
        const char *reason;
        uint32_t layer;
        int32_t time;
        bool self, from_last;
        enum crux_source source; /* 0: the element is 0 without reading */
    } all[] = {
        {"record_of_an_earlier_position", OWN_LAYER, 4, false, false, CRUX_FROM_RECORD},
        {"record_of_a_later_layer_at_an_earlier_position", LATER_LAYER, 4, false, false,
         CRUX_FROM_RECORD},
        {"record_of_position_zero", OWN_LAYER, 0, false, false, CRUX_FROM_RECORD},
        {"record_before_the_first_position_is_zero", OWN_LAYER, -1, true, false, 0},
        {"record_of_a_later_position_is_zero", OTHER_LAYER, 6, true, false, 0},
        {"record_of_a_far_position_is_zero", OTHER_LAYER, INT32_MAX, true, false, 0},
        {"record_of_this_position_in_a_lower_layer", OTHER_LAYER, 5, false, false,
         CRUX_FROM_RECORD},
        {"record_of_this_step_is_zero", OWN_LAYER, 5, false, false, 0},
        {"record_of_a_later_step_is_zero", LATER_LAYER, 5, false, false, 0},
        {"record_of_this_position_is_self", OWN_LAYER, 5, true, false, CRUX_FROM_STEP},
        {"record_of_an_earlier_position_is_not_self", OWN_LAYER, 4, true, false, CRUX_FROM_RECORD},
        {"null_record_is_zero", OTHER_LAYER, 1, false, true, 0},
        {"record_of_the_last_request_token_is_not_null", OTHER_LAYER, 2, false, true,
         CRUX_FROM_RECORD},
        {"record_of_a_chosen_token_is_not_null", OTHER_LAYER, 4, false, true, CRUX_FROM_RECORD},
        {"self_of_a_from_last_layer_is_never_null", OWN_LAYER, 5, true, true, CRUX_FROM_STEP},
    };
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        op_case_begin(c, "load", all[i].reason, record_at(all[i].layer, crux_ix_c(all[i].time)));
        if (all[i].self) c->op.in[0].self = SELF;
        if (all[i].from_last) c->op.in[0].flags = CRUX_FLAG_FROM_LAST;
        if (all[i].source == CRUX_FROM_RECORD) {
            op_case_give_place(c, CRUX_FROM_RECORD, STORE, all[i].layer, (uint32_t)all[i].time, 2,
                               -77);
        }
        if (all[i].source == CRUX_FROM_STEP)
            op_case_give_place(c, CRUX_FROM_STEP, SELF, all[i].layer, 0, 2, -77);
        op_case_expect(c, all[i].source == 0 ? 0 : -77);
    }
    op_case_begin(c, "load", "record_by_age",
                  record_at(OWN_LAYER, crux_ix_sub(crux_ix_pos(), crux_ix_o(0))));
    c->index[0] = 3;
    op_case_give_place(c, CRUX_FROM_RECORD, STORE, OWN_LAYER, 2, 2, 5);
    op_case_expect(c, 5);
    op_case_begin(c, "load", "record_by_age_before_the_start_is_zero",
                  record_at(OWN_LAYER, crux_ix_sub(crux_ix_pos(), crux_ix_o(0))));
    c->index[0] = 6;
    op_case_expect(c, 0);
    op_case_begin(c, "load", "record_counted_from_the_end_of_the_request",
                  record_at(OTHER_LAYER, crux_ix_sub(crux_ix_n(), crux_ix_c(1))));
    op_case_give_place(c, CRUX_FROM_RECORD, STORE, OTHER_LAYER, 2, 2, 6);
    op_case_expect(c, 6);
    op_case_begin(c, "load", "record_index_outside_is_zero", record_at(OTHER_LAYER, crux_ix_c(1)));
    c->op.in[0].index[0] = crux_ix_c(3);
    c->op.in[0].flags = CRUX_FLAG_PAD;
    op_case_expect(c, 0);
}

static void tokens(struct op_case *c) {
    static const struct {
        const char *reason;
        int32_t time;
        enum crux_source source;
    } all[] = {
        {"token_of_the_request", 2, CRUX_FROM_TOKENS},
        {"token_chosen_at_the_position_before", 3, CRUX_FROM_RECORD},
        {"token_of_this_position", 5, CRUX_FROM_RECORD},
        {"token_of_a_later_position_is_zero", 6, 0},
        {"token_before_the_first_is_zero", -1, 0},
    };
    struct crux_operand operand = crux_operand_token(crux_ix_c(0), 100);
    operand.layer = LATER_LAYER;
    operand.tensor = STORE;
    operand.stores = STORES;
    operand.flags = CRUX_FLAG_FROM_LAST;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        operand.at = crux_ix_c(all[i].time);
        op_case_begin(c, "load", all[i].reason, load(operand));
        if (all[i].source == CRUX_FROM_TOKENS) {
            op_case_give_place(c, CRUX_FROM_TOKENS, STORE, LATER_LAYER, (uint32_t)all[i].time, 0,
                               42);
        }
        if (all[i].source == CRUX_FROM_RECORD) {
            op_case_give_place(c, CRUX_FROM_RECORD, STORE, LATER_LAYER, (uint32_t)all[i].time - 1,
                               0, 42);
        }
        op_case_expect(c, all[i].source == 0 ? 0 : 42);
    }
    operand.at = crux_ix_c(5);
    op_case_begin(c, "load", "token_of_this_position_in_a_request_of_one", load(operand));
    c->at.n = 1;
    op_case_give_place(c, CRUX_FROM_RECORD, STORE, LATER_LAYER, 4, 0, 9);
    op_case_expect(c, 9);
    static const int64_t raw[3] = {100, 2147483648, 4294967295};
    static const char *const reason[3] = {"token_beyond_the_vocabulary_is_clamped",
                                          "token_of_2_31_is_not_negative",
                                          "token_of_2_32_less_1_is_not_negative"};
    operand.at = crux_ix_c(0);
    for (unsigned i = 0; i < 3; i++) {
        op_case_begin(c, "load", reason[i], load(operand));
        op_case_give_place(c, CRUX_FROM_TOKENS, STORE, LATER_LAYER, 0, 0, raw[i]);
        op_case_expect(c, 99);
    }
    static const int64_t params[3] = {-2147483647 - 1, 50, 2147483647}, clamped[3] = {-10, 50, 60};
    static const char *const about[3] = {"param_is_clamped_low", "param", "param_is_clamped_high"};
    for (unsigned i = 0; i < 3; i++) {
        op_case_begin(c, "load", about[i], load(crux_operand_param(15, -10, 60)));
        op_case_give_place(c, CRUX_FROM_PARAM, 15, 0, 0, 0, params[i]);
        op_case_expect(c, clamped[i]);
    }
}

static void copies(struct op_case *c) {
    struct crux_value grid = op_case_step(1, FULL(I16), CRUX_GRID(2, 3));
    struct crux_operand turned = CRUX_READ(grid, crux_ix_o(1), crux_ix_o(0));
    op_case_begin(c, "load", "step_transposed", crux_draft_load(CRUX_GRID(3, 2), turned));
    c->index[0] = 2;
    c->index[1] = 1;
    GIVE(c, 0, 1, 2, 3, 4, 5, -6);
    op_case_expect(c, -6);
    op_case_begin(c, "load", "saturates", crux_draft_load(CRUX_GRID(3, 2), turned));
    c->op.lo = -5;
    GIVE(c, 0, -6);
    op_case_expect(c, -5);
    op_case_begin(c, "load", "model_is_clamped",
                  load(CRUX_READ(op_case_model(7, crux_type_of(CRUX_I32, 0, 10), CRUX_ROW(9)),
                                 crux_ix_o(0))));
    c->index[0] = 8;
    GIVE_FROM(c, 0, 8, 11);
    op_case_expect(c, 10);
    struct crux_dim grows = {1, 1, 0, 1, 100};
    struct crux_value cache = op_case_step(1, FULL(I8), CRUX_SHAPE(grows, crux_dim_constant(2)));
    op_case_begin(c, "load", "view_grows_with_the_position",
                  crux_draft_load(CRUX_ROW(9),
                                  crux_operand_pad(CRUX_READ(cache, crux_ix_o(0), crux_ix_c(1)))));
    c->index[0] = 5;
    GIVE_FROM(c, 0, 11, 33);
    op_case_expect(c, 33);
    op_case_begin(c, "load", "view_ends_at_the_position",
                  crux_draft_load(CRUX_ROW(9),
                                  crux_operand_pad(CRUX_READ(cache, crux_ix_o(0), crux_ix_c(1)))));
    c->index[0] = 6;
    op_case_expect(c, 0);
    struct crux_op store = load(CRUX_READ(op_case_step(3, FULL(I16), CRUX_ROW(9)), crux_ix_o(0)));
    store.code = CRUX_STORE;
    op_case_begin(c, "store", "copies", store);
    c->index[0] = 4;
    GIVE_FROM(c, 0, 4, -32768);
    op_case_expect(c, -32768);
    op_case_begin(c, "store", "saturates", store);
    c->op.dtype = CRUX_I8;
    c->op.lo = -100;
    c->op.hi = 100;
    GIVE(c, 0, -32768);
    op_case_expect(c, -100);
}

static void rands(struct op_case *c) {
    static const struct {
        const char *reason;
        uint32_t pos, sample, o0, o1;
        uint8_t seed;
        int64_t want; /* by another implementation of SHA-256 */
    } all[] = {
        {"first", 0, 0, 0, 0, 0, 467661976},
        {"another_position", 1, 0, 0, 0, 0, 348413788},
        {"another_sample", 0, 1, 0, 0, 0, 519035643},
        {"counts_row_major", 0, 0, 1, 2, 0, 392432454},
        {"another_seed", 0, 0, 0, 0, 255, 542827599},
        {"largest_fields", (1U << 24) - 1, 4294967295U, 2, 3, 1, 714206288},
    };
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        op_case_begin(c, "rand", all[i].reason, crux_draft_rand(CRUX_GRID(3, 4)));
        c->at.pos = all[i].pos;
        c->at.sample = all[i].sample;
        c->seed[31] = all[i].seed;
        c->index[0] = all[i].o0;
        c->index[1] = all[i].o1;
        op_case_expect(c, all[i].want);
    }
    op_case_begin(c, "rand", "saturates", crux_draft_rand(CRUX_ROW(1)));
    c->op.hi = 3;
    op_case_expect(c, 3);
}

void op_cases_loads(struct op_case *c) {
    records(c);
    tokens(c);
    copies(c);
    rands(c);
}
