#include "tests/support/corner_program.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "kernels/certificate/certificate.h"
#include "kernels/program/program_text.h"

static const char text[] =
    "program op_set 1 context 6 vocab 7 token_store 1\n"
    "tensor embed i8 [7, 3] in [-9, 9]\n"
    "tensor nibbles i32 [3, 5] in [-300, 300] tile q4 group 16 chunk 128 offsets\n"
    "tensor table i16 [5] in [-100, 100]\n"
    "layer 0 always\n"
    "  r0 token: i32 [1] in [0, 6] = load (token(time pos))\n"
    "  r1 next: i32 [1] in [0, 6] = load (token(time pos + 1))\n" /* not yet chosen: 0 */
    "  r2 row: i16 [3] in [-9, 9] = load (@embed(x, o0)) x r0(0)\n"
    "  r3 odd: i32 [5] in [-3000, 3000] = contract k [3] (@nibbles(k0, o0), r2(k0))\n"
    "  r4 wide: i32 [600] in [-2147483648, 2147483647] = map requant c0 0 m0 1 s0 -31 round (pad "
    "r3(o0), add imm(5*o0 + pos))\n"
    "  r5 block: i16 [3, 5] in [-300, 300] = map requant c0 0 m0 1 s0 0 floor (@nibbles(o0, o1))\n"
    "  r6 past: i16 [2, min(pos, 4), 3] in [-9, 9] = load (record(layer 0, store 0, time pos - o1 "
    "- 1)(o2))\n"
    "  r7 self: i16 [min(pos + 1, 4), 3] in [-9, 9] = load (record(layer 0, store 0, time pos - "
    "o0, self r2)(o1))\n"
    "  r8 sums: i64 [3] in [-9223372036854775808, 9223372036854775807] = contract k [min(pos, 4)] "
    "(r6(1, k0, o0))\n"
    "  r9 most: i64 [2] in [-77, 77] = reduce max k [min(pos, 4)] (r6(o0, k0, 1))\n"
    "  r10 least: i64 [2] in [-77, 77] = reduce min k [min(pos, 4)] (r6(o0, k0, 1))\n"
    "  r11 which: u8 [2] in [1, 77] = reduce argmax k [min(pos, 4), 3] (r6(o0, k0, k1))\n"
    "  r12 found: i64 [2, 2] in [-50, 50] = find k [min(pos, 4)] (r6(o0, k0, 0), r9(1))\n"
    "  r13 ends: i64 [2] in [-9223372036854775808, 9223372036854775807] = map requant c0 "
    "-9223372036854775808 m0 1 s0 0 round (r10(o0))\n"
    "  r14 greatest: i64 [1] in [0, 9223372036854775807] = reduce absmax k [2] (r13(k0))\n"
    "  r15 exponent: i8 [1] in [-31, 95] = map dynexp limit 1 (r14(0))\n"
    "  r16 moved: i64 [1] in [-9223372036854775808, 9223372036854775807] = map requant c0 "
    "9223372036854775807 m0 9 s0 0 round (r3(0), exponent 1 r15(0))\n"
    "  r17 ratio: i32 [1] in [-100, 100] = div shift 31 (r3(1), r8[3](0))\n"
    "  r18 root: i32 [1] in [-1, 100000] = sqrt shift 20 (r3(2))\n"
    "  r19 curve: i16 [5] in [-100, 100] = lut x0 -8 shift 2 cells 4 left line 3 shift 2 right "
    "constant -7 (r3(o0), imm(o0), @table(0))\n"
    "  r20 far: i16 [4] in [-9, 9] = map max (pad r2(o0 + x - 40), imm(x)) x r1(0)\n"
    "  r21 from_head: i32 [4] in [0, 3] = load (record(layer 1, store 0, time pos - o0 - 1)(0, 1, "
    "0))\n"
    "  r22 row: i16 [3] in [-9, 9] = store (r2(o0))\n"
    "  r23 wide: i32 [600] in [-2147483648, 2147483647] = store (r4(o0))\n"
    "  r24 wide: i32 [2, 300] in [-2147483648, 2147483647] = store (r4[2, 300](o0, o1))\n"
    "  r25 block: i16 [3, 5] in [-300, 300] = store (r5(o0, o1))\n"
    "layer 1 from_last\n"
    "  r0 wide: i32 [3] in [-2147483648, 2147483647] = load (record(layer 0, store 2, time pos)(1, "
    "299 - o0))\n"
    "  r1 old: i32 [3] in [-2147483648, 2147483647] = load (record(layer 0, store 1, time pos - "
    "2)(599 - o0))\n"
    "  r2 low: i32 [1] in [-3, -2] = load (param(0) as i32 in [-3, -2])\n"
    "  r3 high: i32 [1] in [100, 200] = load (param(15) as i32 in [100, 200])\n"
    "  r4 rand: u32 [3, 2] in [5, 1073741823] = rand ()\n"
    "  r5 token: i32 [1] in [0, 6] = map requant c0 0 m0 1 s0 27 floor (r4(2, 1))\n"
    "  r6 three: i32 [2, 2, 1] in [0, 3] = map requant c0 0 m0 1 s0 28 floor (r4[2, 3](o0, o1))\n"
    "  r7 three: i32 [2, 2, 1] in [0, 3] = store (r6(o0, o1, o2))\n"
    "  r8 token: i32 [1] in [0, 6] = store (r5(0))\n";

void corner_run_init(struct claimed_run *run, struct corner_request ask,
                     const struct crux_lie *lie) {
    static const uint32_t tokens[CORNER_CONTEXT] = {3, UINT32_MAX, 6, CORNER_VOCAB, 0, 1u << 31};
    struct crux_archive_request request = {.tokens = tokens};
    struct crux_text_error error;
    struct crux_refusal refusal;
    struct crux_certificate certificate = {.ops = NULL};
    memset(run, 0, sizeof *run);
    if (crux_program_assemble(&run->program, text, sizeof text - 1, &error) != CRUX_OK)
        fail_msg("%u:%u: %s", error.line, error.column, error.what);
    if (crux_program_check(&run->program, &refusal) != CRUX_OK)
        fail_msg("layer %u op %u: %s", refusal.layer, refusal.op, refusal.what);
    if (crux_certify(&run->program, NULL, &certificate, &refusal) != CRUX_OK)
        fail_msg("layer %u op %u: %s", refusal.layer, refusal.op, refusal.what);
    assert_int_equal(crux_model_generate(&run->memory, &run->program, 5), CRUX_OK);
    assert_int_equal(crux_committed_model_init(&run->model, &run->program, &run->memory,
                                               (const uint8_t *)text, sizeof text),
                     CRUX_OK);
    request.fields.request_tokens = ask.request_tokens;
    request.fields.limit = ask.limit;
    request.fields.param[0] = INT32_MAX;
    request.fields.param[CRUX_PARAMS - 1] = INT32_MIN;
    memset(request.fields.seed, 0xa5, sizeof request.fields.seed);
    assert_int_equal(crux_archive_run(&run->archive, &run->model, &request, lie), CRUX_OK);
    crux_archive_evidence(run->archive, &run->evidence);
}
