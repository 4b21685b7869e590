#include "tests/support/toy_program.h"

#include <string.h>

#include "kernels/lowering/builder.h"
#include "kernels/program/layout.h"

/* Index expressions, short enough to keep an op on a line. */
#define O0   crux_ix_o(0)
#define O1   crux_ix_o(1)
#define O2   crux_ix_o(2)
#define O3   crux_ix_o(3)
#define K0   crux_ix_k(0)
#define K1   crux_ix_k(1)
#define K2   crux_ix_k(2)
#define X    crux_ix_x()
#define POS  crux_ix_pos()
#define C(n) crux_ix_c(n)
#define ONE  CRUX_ROW(1)
#define SAME crux_operand_same

enum {
    VOCAB = CRUX_TOY_VOCAB,
    WIDE = 144, /* more than a tile of 128 inputs, and as i32 more than two pages */
    STORE_LOGITS = 1
};

static struct crux_type type(uint8_t dtype, int64_t lo, int64_t hi) {
    return crux_type_of(dtype, lo, hi);
}

static struct crux_operand imm(struct crux_affine value) {
    return crux_operand_imm(value);
}

/* The only element of a value of shape [1]. */
static struct crux_operand only(struct crux_value value) {
    return CRUX_READ(value, C(0));
}

static uint8_t tile(uint32_t width, uint32_t group, bool has_offsets, uint32_t chunk) {
    struct crux_tile tile = {width, group, chunk, has_offsets};
    return crux_tile_encode(&tile);
}

struct in_records {
    struct crux_record h, row, square;
};

static struct in_records build_in(struct crux_builder *b) {
    struct in_records records;
    struct crux_value embed =
        crux_builder_tensor(b, "embed", 0, type(CRUX_I8, -100, 100), CRUX_GRID(VOCAB, 8));
    struct crux_value spread =
        crux_builder_tensor(b, "spread", 0, type(CRUX_I16, -50, 50), CRUX_ROW(18));
    struct crux_value w4 = crux_builder_tensor(b, "w4", tile(1, 16, true, 128),
                                               type(CRUX_I32, -3000, 3000), CRUX_GRID(4, WIDE));
    struct crux_value w8 = crux_builder_tensor(b, "w8", tile(2, 32, false, 256),
                                               type(CRUX_I32, -9000, 9000), CRUX_GRID(3, 40));
    struct crux_value w16 = crux_builder_tensor(b, "w16", tile(3, 16, true, 512),
                                                type(CRUX_I32, -70000, 70000), CRUX_GRID(2, 21));
    struct crux_dim window = crux_dim_positions(4);

    crux_builder_begin_layer(b, CRUX_ACTIVE_ALWAYS);
    /* the token, the one before it (0 before the first), and the last four by age */
    struct crux_value tok =
        crux_emit(b, "tok", crux_draft_load(ONE, crux_operand_token(POS, VOCAB)));
    struct crux_value prev = crux_emit(
        b, "prev", crux_draft_load(ONE, crux_operand_token(crux_ix_sub(POS, C(1)), VOCAB)));
    struct crux_value tail = crux_emit(
        b, "tail",
        crux_draft_load(CRUX_SHAPE(window), crux_operand_token(crux_ix_sub(POS, O0), VOCAB)));
    struct crux_value again =
        crux_emit(b, "again",
                  crux_draft_where(crux_draft_reduce(type(CRUX_U8, 0, 4), ONE, CRUX_SHAPE(window),
                                                     CRUX_REDUCE_COUNT, crux_args_none()),
                                   CRUX_READ(tail, K0), CRUX_CMP_EQ, only(tok)));
    /* rows of the embedding, chosen by data */
    struct crux_value emb = crux_emit(
        b, "emb",
        crux_draft_with_x(crux_draft_load(CRUX_ROW(8), CRUX_READ(embed, X, O0)), only(tok)));
    struct crux_value emb2 = crux_emit(
        b, "emb.prev",
        crux_draft_with_x(crux_draft_load(CRUX_ROW(8), CRUX_READ(embed, X, crux_ix_sub(C(7), O0))),
                          only(prev)));
    /* no factor: c0 + add; saturates from position 5 on */
    struct crux_scale plus_one = {1, 0, 0, CRUX_ROUND};
    struct crux_value ramp = crux_emit(
        b, "ramp",
        crux_draft_requant(type(CRUX_I16, 0, 26), CRUX_ROW(8), plus_one,
                           CRUX_ARGS(crux_operand_add(imm(crux_ix_add(crux_ix_mul(O0, 3), POS))))));
    struct crux_value mixed =
        crux_emit(b, "mixed",
                  crux_draft_requant(type(CRUX_I16, -600, 600), CRUX_ROW(8), crux_scale_floor(5, 1),
                                     CRUX_ARGS(SAME(emb), crux_operand_add(SAME(emb2)))));
    struct crux_value mixed2 =
        crux_emit(b, "mixed.ramp",
                  crux_draft_requant(type(CRUX_I16, -700, 700), CRUX_ROW(8), crux_scale_round(1, 0),
                                     CRUX_ARGS(SAME(mixed), crux_operand_add(SAME(ramp)))));
    /* one row of three pages, padded to four */
    struct crux_value wide =
        crux_emit(b, "wide",
                  crux_draft_requant(type(CRUX_I32, -100000, 100000), CRUX_GRID(8, 18),
                                     crux_scale_round(3, 2),
                                     CRUX_ARGS(CRUX_READ(mixed2, O0), CRUX_READ(spread, O1))));
    struct crux_value flat = crux_value_view(wide, CRUX_ROW(WIDE));
    struct crux_value peak =
        crux_emit(b, "peak",
                  crux_draft_reduce(type(CRUX_U32, 0, 100000), ONE, CRUX_ROW(WIDE),
                                    CRUX_REDUCE_ABSMAX, CRUX_ARGS(CRUX_READ(flat, K0))));
    struct crux_value expo = crux_emit(b, "expo", crux_draft_dynexp(-8, 20, ONE, 127, only(peak)));
    struct crux_value row = crux_emit(
        b, "row",
        crux_draft_requant(type(CRUX_I16, -127, 127), CRUX_ROW(WIDE), crux_scale_round(1, 0),
                           CRUX_ARGS(SAME(flat), crux_operand_exponent(only(expo), 1))));
    struct crux_value square =
        crux_emit(b, "square",
                  crux_draft_requant(type(CRUX_I64, 0, INT64_C(10000000000)), CRUX_ROW(WIDE),
                                     crux_scale_round(1, 0), CRUX_ARGS(SAME(flat), SAME(flat))));
    /* q4 tiles in chunks of 128: the second of a row has 16 inputs, the rest of its sum is outside */
    struct crux_affine at = crux_ix_mad(O1, 128, K0);
    struct crux_value part = crux_emit(
        b, "part",
        crux_draft_contract(type(CRUX_I32, -50000000, 50000000), CRUX_GRID(4, 2), CRUX_ROW(128),
                            CRUX_ARGS(crux_operand_pad(CRUX_READ(row, at)),
                                      crux_operand_pad(CRUX_READ(w4, O0, at)))));
    struct crux_value lin4 =
        crux_emit(b, "lin4",
                  crux_draft_reduce(type(CRUX_I32, -100000000, 100000000), CRUX_ROW(4), CRUX_ROW(2),
                                    CRUX_REDUCE_SUM, CRUX_ARGS(CRUX_READ(part, O0, K0))));
    /* q8 and q16 tiles; three factors, one of them immediate */
    struct crux_value lin8 = crux_emit(
        b, "lin8",
        crux_draft_contract(
            type(CRUX_I64, -(INT64_C(1) << 40), INT64_C(1) << 40), CRUX_ROW(3), CRUX_ROW(40),
            CRUX_ARGS(CRUX_READ(row, K0), CRUX_READ(w8, O0, K0), imm(crux_ix_sub(K0, O0)))));
    struct crux_value lin16 = crux_emit(
        b, "lin16",
        crux_draft_contract(
            type(CRUX_I32, -1000000000, 1000000000), CRUX_ROW(2), CRUX_ROW(21),
            CRUX_ARGS(CRUX_READ(row, crux_ix_mad(K0, -1, C(WIDE - 1))), CRUX_READ(w16, O0, K0))));
    struct crux_value bits = crux_emit(b, "bits", crux_draft_bitlen(CRUX_ROW(3), SAME(lin8)));
    struct crux_scale shifted = {0, 1, 13, CRUX_ROUND};
    struct crux_value h =
        crux_emit(b, "h",
                  crux_draft_requant(type(CRUX_I16, -2047, 2047), CRUX_ROW(4), shifted,
                                     CRUX_ARGS(SAME(lin4), crux_operand_add(only(again)),
                                               crux_operand_exponent(CRUX_READ(bits, C(0)), 1),
                                               crux_operand_exponent(CRUX_READ(bits, C(1)), -1))));
    records.h = crux_builder_store(b, "h", h);
    records.row = crux_builder_store(b, "row", crux_value_view(row, CRUX_GRID(9, 16)));
    records.square = crux_builder_store(b, "square", square); /* a row of two record pages */
    (void)crux_builder_store(b, "lin16", lin16);
    crux_builder_end_layer(b);
    return records;
}

static struct crux_value project(struct crux_builder *b, const char *name, struct crux_value h,
                                 struct crux_type weights) {
    struct crux_value w = crux_builder_tensor(b, name, 0, weights, CRUX_CUBE(2, 2, 4));
    struct crux_value sum = crux_emit(
        b, name,
        crux_draft_contract(type(CRUX_I32, -3000000, 3000000), CRUX_GRID(2, 2), CRUX_ROW(4),
                            CRUX_ARGS(CRUX_READ(h, K0), CRUX_READ(w, O0, O1, K0))));
    unsigned length = crux_builder_push(b, name);
    sum = crux_emit(b, "i16",
                    crux_draft_requant(type(CRUX_I16, -4095, 4095), CRUX_GRID(2, 2),
                                       crux_scale_floor(1, 7), CRUX_ARGS(SAME(sum))));
    crux_builder_pop(b, length);
    return sum;
}

/* Attention of two heads; T positions, or the window's W. */
static struct crux_record build_mix(struct crux_builder *b, struct in_records in) {
    struct crux_dim positions = crux_dim_positions(CRUX_TOY_CONTEXT),
                    window = crux_dim_positions(4);
    struct crux_dim blocks = crux_dim_blocks(positions, 4), two = crux_dim_constant(2);
    struct crux_shape by_position = CRUX_SHAPE(two, positions),
                      by_age = CRUX_SHAPE(two, window, two);
    struct crux_value exp2 =
        crux_builder_tensor(b, "exp2", 0, type(CRUX_U16, 0, 65535), CRUX_ROW(9));
    struct crux_value leak =
        crux_builder_tensor(b, "leak", 0, type(CRUX_I32, -200000, 200000), CRUX_ROW(5));
    struct crux_record logits = {.layer = CRUX_TOY_LAYERS - 1,
                                 .store = STORE_LOGITS,
                                 .type = type(CRUX_I32, -(1 << 24), 1 << 24),
                                 .shape = CRUX_ROW(VOCAB)};

    crux_builder_begin_layer(b, CRUX_ACTIVE_ALWAYS);
    struct crux_value h = crux_emit_load_record(b, "h", in.h);
    struct crux_value q = project(b, "q", h, type(CRUX_I8, -128, 127));
    struct crux_value k = project(b, "k", h, type(CRUX_I16, -300, 300));
    struct crux_value v = project(b, "v", h, type(CRUX_U8, 0, 255));
    struct crux_record k_cache = crux_builder_store(b, "k.cache", k);
    struct crux_record v_cache = crux_builder_store(b, "v.cache", v);
    struct crux_value keys = crux_emit(
        b, "keys",
        crux_draft_load(CRUX_SHAPE(two, positions, two), CRUX_READ_CACHE(k_cache, O1, O0, O2)));
    struct crux_value values =
        crux_emit(b, "values",
                  crux_draft_load(by_age, CRUX_READ_CACHE(v_cache, crux_ix_sub(POS, O1), O0, O2)));

    struct crux_value score = crux_emit(
        b, "score",
        crux_draft_contract(type(CRUX_I32, -40000000, 40000000), by_position, CRUX_ROW(2),
                            CRUX_ARGS(CRUX_READ(q, O0, K0), CRUX_READ(keys, O0, O1, K0))));
    struct crux_args scores = CRUX_ARGS(CRUX_READ(score, O0, K0));
    struct crux_shape over = CRUX_SHAPE(positions);
    struct crux_value top =
        crux_emit(b, "top",
                  crux_draft_reduce(type(CRUX_I32, -40000000, 40000000), CRUX_ROW(2), over,
                                    CRUX_REDUCE_MAX, scores));
    struct crux_value low =
        crux_emit(b, "low",
                  crux_draft_reduce(type(CRUX_I32, -40000000, 40000000), CRUX_ROW(2), over,
                                    CRUX_REDUCE_MIN, scores));
    struct crux_value where = crux_emit(
        b, "where",
        crux_draft_reduce(type(CRUX_U8, 0, 15), CRUX_ROW(2), over, CRUX_REDUCE_ARGMAX, scores));
    /* exp2 of a difference; both ends constant */
    struct crux_lut exp_lut = {-(1 << 22), 19, 8, crux_lut_constant(7), crux_lut_constant(65535)};
    struct crux_value e =
        crux_emit(b, "e",
                  crux_draft_lut(type(CRUX_U16, 0, 65535), by_position, exp_lut,
                                 CRUX_ARGS(SAME(score), CRUX_READ(top, O0)), exp2));
    struct crux_value mass =
        crux_emit(b, "mass",
                  crux_draft_reduce(type(CRUX_U32, 0, 16 * 65535), CRUX_ROW(2), over,
                                    CRUX_REDUCE_SUM, CRUX_ARGS(CRUX_READ(e, O0, K0))));
    /* the sum over positions in blocks of four, the last one padded */
    struct crux_affine at = crux_ix_mad(O2, 4, K0);
    struct crux_value block =
        crux_emit(b, "block",
                  crux_draft_contract(type(CRUX_I64, -(INT64_C(1) << 32), INT64_C(1) << 32),
                                      CRUX_SHAPE(two, two, blocks), CRUX_ROW(4),
                                      CRUX_ARGS(crux_operand_pad(CRUX_READ(e, O0, at)),
                                                crux_operand_pad(CRUX_READ(keys, O0, at, O1)))));
    struct crux_value total =
        crux_emit(b, "total",
                  crux_draft_reduce(type(CRUX_I64, -(INT64_C(1) << 34), INT64_C(1) << 34),
                                    CRUX_GRID(2, 2), CRUX_SHAPE(blocks), CRUX_REDUCE_SUM,
                                    CRUX_ARGS(CRUX_READ(block, O0, O1, K0))));
    struct crux_value ctx = crux_emit(b, "ctx",
                                      crux_draft_div(type(CRUX_I32, -70000, 70000), CRUX_GRID(2, 2),
                                                     4, SAME(total), CRUX_READ(mass, O0)));
    struct crux_value win = crux_emit(
        b, "win",
        crux_draft_contract(type(CRUX_I32, -100000, 100000), CRUX_GRID(2, 2), CRUX_SHAPE(window),
                            CRUX_ARGS(CRUX_READ(values, O0, K0, O1), imm(crux_ix_sub(C(4), K0)))));
    /* a product without k, of four dimensions, and a minimum over three */
    struct crux_value outer = crux_emit(
        b, "outer",
        crux_draft_contract(type(CRUX_I64, -(INT64_C(1) << 40), INT64_C(1) << 40),
                            CRUX_SHAPE(two, two, window, two), (struct crux_shape){.ndim = 0},
                            CRUX_ARGS(CRUX_READ(values, O0, O2, O3), CRUX_READ(ctx, O1, O3))));
    struct crux_value least =
        crux_emit(b, "least",
                  crux_draft_reduce(type(CRUX_I16, -4095, 4095), ONE, by_age, CRUX_REDUCE_MIN,
                                    CRUX_ARGS(CRUX_READ(values, K0, K1, K2))));
    struct crux_value energy =
        crux_emit(b, "energy",
                  crux_draft_contract(type(CRUX_I64, 0, INT64_C(1) << 36), ONE, CRUX_GRID(2, 2),
                                      CRUX_ARGS(CRUX_READ(ctx, K0, K1), CRUX_READ(ctx, K0, K1))));
    struct crux_value root =
        crux_emit(b, "root", crux_draft_sqrt(type(CRUX_U32, 1, 1 << 24), ONE, 8, only(energy)));
    /* the other comparisons; a predicate over constant k with padding, and one that can leave no k */
    struct crux_value ties =
        crux_emit(b, "ties",
                  crux_draft_where(crux_draft_reduce(type(CRUX_U8, 0, 16), CRUX_ROW(2), over,
                                                     CRUX_REDUCE_COUNT, crux_args_none()),
                                   CRUX_READ(score, O0, K0), CRUX_CMP_GE, CRUX_READ(top, O0)));
    struct crux_value under = crux_emit(
        b, "under",
        crux_draft_where(crux_draft_reduce(type(CRUX_I32, 0, 16 * 65535), CRUX_ROW(2), over,
                                           CRUX_REDUCE_SUM, CRUX_ARGS(CRUX_READ(e, O0, K0))),
                         CRUX_READ(score, O0, K0), CRUX_CMP_LT, CRUX_READ(top, O0)));
    struct crux_value small = crux_emit(
        b, "small",
        crux_draft_where(
            crux_draft_reduce(type(CRUX_I32, -1, 65535), CRUX_ROW(2), CRUX_ROW(CRUX_TOY_CONTEXT),
                              CRUX_REDUCE_MAX, CRUX_ARGS(crux_operand_pad(CRUX_READ(e, O0, K0)))),
            crux_operand_pad(CRUX_READ(score, O0, K0)), CRUX_CMP_LE, CRUX_READ(low, O0)));
    struct crux_value moved =
        crux_emit(b, "moved", crux_draft_compare(CRUX_ROW(2), SAME(where), CRUX_CMP_NE, imm(POS)));
    struct crux_value more = crux_emit(
        b, "more", crux_draft_compare(CRUX_GRID(2, 2), SAME(ctx), CRUX_CMP_GT, SAME(win)));
    struct crux_value pick =
        crux_emit(b, "pick",
                  crux_draft_select(type(CRUX_I32, -100000, 100000), CRUX_GRID(2, 2), SAME(more),
                                    SAME(ctx), SAME(win)));
    struct crux_value raised =
        crux_emit(b, "at-least",
                  crux_draft_pick(type(CRUX_I32, -90000, 100000), CRUX_GRID(2, 2), CRUX_MAP_MAX,
                                  SAME(pick), imm(crux_ix_mad(O0, 100, C(-90000)))));
    struct crux_value cut =
        crux_emit(b, "at-most",
                  crux_draft_pick(type(CRUX_I32, -90000, 90000), CRUX_GRID(2, 2), CRUX_MAP_MIN,
                                  SAME(raised), imm(C(90000))));
    /* scaled identities at both ends */
    struct crux_lut leak_lut = {-2048, 10, 4, crux_lut_line(1, 3), crux_lut_line(3, 1)};
    struct crux_value act =
        crux_emit(b, "act",
                  crux_draft_lut(type(CRUX_I32, -200000, 200000), CRUX_GRID(2, 2), leak_lut,
                                 CRUX_ARGS(SAME(cut)), leak));
    /* what the head said one position ago, and the wide record of then */
    struct crux_affine before = crux_ix_sub(POS, C(1));
    struct crux_value said = crux_emit(
        b, "said", crux_draft_load(CRUX_ROW(VOCAB), CRUX_READ_RECORD(logits, before, O0)));
    struct crux_value old =
        crux_emit(b, "old",
                  crux_draft_load(CRUX_ROW(4), CRUX_READ_RECORD(in.row, before, crux_ix_mul(O0, 2),
                                                                crux_ix_add(O0, C(5)))));
    struct crux_value far =
        crux_emit(b, "far",
                  crux_draft_load(CRUX_ROW(3),
                                  crux_operand_pad(CRUX_READ_RECORD(in.square, crux_ix_sub(POS, O0),
                                                                    crux_ix_mad(O0, 70, C(20))))));
    struct crux_scale halves = {0, 1, 1, CRUX_ROUND};
    struct crux_value gate =
        crux_emit(b, "gate",
                  crux_draft_requant(type(CRUX_I32, -200000, 200000), CRUX_ROW(4), halves,
                                     CRUX_ARGS(SAME(crux_value_view(act, CRUX_ROW(4))),
                                               crux_operand_add(SAME(old)))));
    struct crux_value out = crux_emit(
        b, "out",
        crux_draft_requant(
            type(CRUX_I32, -(1 << 20), 1 << 20), CRUX_ROW(4), crux_scale_round(1, 7),
            CRUX_ARGS(CRUX_READ(said, crux_ix_mul(O0, 3)), crux_operand_add(SAME(gate)))));
    struct crux_record record = crux_builder_store(b, "out", out);
    (void)crux_builder_store(b, "root", root);
    (void)crux_builder_store(b, "least", least);
    (void)crux_builder_store(b, "far", far);
    (void)outer, (void)ties, (void)under, (void)small,
        (void)moved; /* leaves of the program: judged, and read by nobody */
    crux_builder_end_layer(b);
    return record;
}

static struct crux_record build_head(struct crux_builder *b, struct crux_record out) {
    struct crux_value w =
        crux_builder_tensor(b, "head", 0, type(CRUX_I8, -8, 7), CRUX_GRID(VOCAB, 4));
    struct crux_value exp2 =
        crux_builder_tensor(b, "exp2.head", 0, type(CRUX_U16, 0, 65535), CRUX_ROW(17));
    struct crux_type logit = type(CRUX_I32, -(1 << 24), 1 << 24);

    crux_builder_begin_layer(b, CRUX_ACTIVE_FROM_LAST);
    struct crux_value y = crux_emit_load_record(b, "y", out);
    struct crux_value logits =
        crux_emit(b, "logits",
                  crux_draft_contract(logit, CRUX_ROW(VOCAB), CRUX_ROW(4),
                                      CRUX_ARGS(CRUX_READ(y, K0), CRUX_READ(w, O0, K0))));
    /* argmax by blocks of four, the last of three; the winner's inner index is chosen by data */
    struct crux_args in_block =
        CRUX_ARGS(crux_operand_pad(CRUX_READ(logits, crux_ix_mad(O0, 4, K0))));
    struct crux_value best = crux_emit(
        b, "best", crux_draft_reduce(logit, CRUX_ROW(3), CRUX_ROW(4), CRUX_REDUCE_MAX, in_block));
    struct crux_value best_at =
        crux_emit(b, "best.at",
                  crux_draft_reduce(type(CRUX_U8, 0, 3), CRUX_ROW(3), CRUX_ROW(4),
                                    CRUX_REDUCE_ARGMAX, in_block));
    struct crux_value outer =
        crux_emit(b, "block.at",
                  crux_draft_reduce(type(CRUX_U8, 0, 2), ONE, CRUX_ROW(3), CRUX_REDUCE_ARGMAX,
                                    CRUX_ARGS(CRUX_READ(best, K0))));
    struct crux_value inner = crux_emit(
        b, "inner.at", crux_draft_with_x(crux_draft_load(ONE, CRUX_READ(best_at, X)), only(outer)));
    struct crux_value top = crux_emit(
        b, "top", crux_draft_with_x(crux_draft_load(ONE, CRUX_READ(best, X)), only(outer)));
    struct crux_value greedy =
        crux_emit(b, "greedy",
                  crux_draft_requant(type(CRUX_I32, 0, VOCAB - 1), ONE, crux_scale_round(4, 0),
                                     CRUX_ARGS(only(outer), crux_operand_add(only(inner)))));
    /* weights by temperature, r in [0, mass), then the first prefix sum above it */
    struct crux_value heat =
        crux_emit(b, "heat", crux_draft_load(ONE, crux_operand_param(0, 0, 1000)));
    struct crux_lut exp_lut = {-(1 << 20), 16, 16, crux_lut_constant(0), crux_lut_constant(65535)};
    struct crux_value weight =
        crux_emit(b, "weight",
                  crux_draft_lut(type(CRUX_U16, 0, 65535), CRUX_ROW(VOCAB), exp_lut,
                                 CRUX_ARGS(SAME(logits), only(top)), exp2));
    struct crux_value mass =
        crux_emit(b, "mass",
                  crux_draft_reduce(type(CRUX_I32, 0, VOCAB * 65535), ONE, CRUX_ROW(VOCAB),
                                    CRUX_REDUCE_SUM, CRUX_ARGS(CRUX_READ(weight, K0))));
    struct crux_value rand = crux_emit(b, "rand", crux_draft_rand(CRUX_GRID(2, 2)));
    struct crux_value r =
        crux_emit(b, "r",
                  crux_draft_requant(type(CRUX_I32, 0, VOCAB * 65535), ONE, crux_scale_floor(1, 30),
                                     CRUX_ARGS(CRUX_READ(rand, C(1), C(0)), only(mass))));
    struct crux_value found =
        crux_emit(b, "found",
                  crux_draft_find(type(CRUX_I32, -VOCAB * 65535, VOCAB * 65535), ONE, CRUX_ROW(12),
                                  crux_operand_pad(CRUX_READ(weight, K0)), only(r)));
    /* how many tokens, and how much mass, at each of four thresholds */
    struct crux_affine threshold = crux_ix_mul(O0, 16384);
    struct crux_value count = crux_emit(
        b, "count",
        crux_draft_where(crux_draft_reduce(type(CRUX_U8, 0, VOCAB), CRUX_ROW(4), CRUX_ROW(VOCAB),
                                           CRUX_REDUCE_COUNT, crux_args_none()),
                         CRUX_READ(weight, K0), CRUX_CMP_GT, imm(threshold)));
    struct crux_value above =
        crux_emit(b, "above",
                  crux_draft_where(crux_draft_reduce(type(CRUX_I32, 0, VOCAB * 65535), CRUX_ROW(4),
                                                     CRUX_ROW(VOCAB), CRUX_REDUCE_SUM,
                                                     CRUX_ARGS(CRUX_READ(weight, K0))),
                                   CRUX_READ(weight, K0), CRUX_CMP_LE, imm(threshold)));
    struct crux_value hot =
        crux_emit(b, "hot", crux_draft_compare(ONE, only(heat), CRUX_CMP_LT, imm(crux_ix_n())));
    struct crux_value token =
        crux_emit(b, "token",
                  crux_draft_select(type(CRUX_I32, 0, VOCAB - 1), ONE, only(hot), only(greedy),
                                    CRUX_READ(found, C(0), C(0))));
    struct crux_record record = crux_builder_store(b, "token", token);
    (void)crux_builder_store(b, "logits", logits);
    (void)crux_builder_store(b, "count", count);
    (void)crux_builder_store(b, "above", above);
    crux_builder_end_layer(b);
    return record;
}

enum crux_status crux_toy_program(struct crux_program *program) {
    struct crux_builder b;
    crux_builder_init(&b, program, CRUX_TOY_CONTEXT, CRUX_TOY_VOCAB);
    struct in_records in = build_in(&b);
    struct crux_record out = build_mix(&b, in);
    struct crux_record token = build_head(&b, out);
    return crux_builder_finish(&b, token);
}

enum crux_status crux_toy_init(struct crux_toy *toy, uint64_t seed) {
    *toy = (struct crux_toy){.request = {.n = CRUX_TOY_PROMPT, .limit = 6, .sample = 1}};
    for (uint32_t i = 0; i < CRUX_TOY_PROMPT; i++)
        toy->tokens[i] = (uint32_t)(seed + 3 * i + 1) % CRUX_TOY_VOCAB;
    for (uint32_t i = 0; i < CRUX_HASH_BYTES; i++) toy->request.seed[i] = (uint8_t)(seed + i);
    toy->request.tokens = toy->tokens;
    toy->request.params[0] = 700; /* above P: sampled */
    enum crux_status status = crux_toy_program(&toy->program);
    if (status != CRUX_OK) return status;
    return crux_model_generate(&toy->model, &toy->program, seed);
}

void crux_toy_free(struct crux_toy *toy) {
    crux_model_memory_free(&toy->model);
    crux_program_free(&toy->program);
}

uint32_t crux_toy_op(const struct crux_program *program, uint32_t layer, const char *label) {
    CRUX_ASSERT(layer < program->header.layers);
    const struct crux_layer *entry = &program->layers[layer];
    for (uint32_t i = 0; i < entry->ops; i++) {
        if (strcmp(program->ops[entry->first + i].label, label) == 0) return i;
    }
    CRUX_ASSERT(false);
    return UINT32_MAX;
}
