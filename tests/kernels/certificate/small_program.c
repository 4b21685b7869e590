#include "tests/kernels/certificate/small_program.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

void small_program_build(struct crux_program *program, uint32_t context, struct crux_type type,
                         struct crux_shape shape, small_program_draft *make) {
    struct crux_builder b;
    struct crux_refusal refusal;
    struct crux_type token_type = crux_type_of(CRUX_I32, 0, SMALL_VOCAB - 1);
    struct crux_scale keep = crux_scale_round(1, 0);
    memset(program, 0, sizeof *program);
    crux_builder_init(&b, program, context, SMALL_VOCAB);
    crux_builder_begin_layer(&b, CRUX_ACTIVE_ALWAYS);
    struct crux_value a = crux_emit(
        &b, "a", crux_draft_requant(type, shape, keep, CRUX_ARGS(crux_operand_imm(crux_ix_o(0)))));
    (void)crux_emit(&b, "tested", make(&b, a));
    (void)crux_emit(&b, "filler", crux_draft_rand(CRUX_ROW(1)));
    struct crux_value token = crux_emit(
        &b, "token", crux_draft_load(CRUX_ROW(1), crux_operand_token(crux_ix_pos(), SMALL_VOCAB)));
    assert_int_equal(token.type.lo, token_type.lo);
    assert_int_equal(token.type.hi, token_type.hi);
    struct crux_record record = crux_builder_store(&b, "token", token);
    crux_builder_end_layer(&b);
    assert_int_equal(crux_builder_finish(&b, record), CRUX_OK);
    if (crux_program_check(program, &refusal) != CRUX_OK)
        fail_msg("op %u: %s", refusal.op, refusal.what);
}
