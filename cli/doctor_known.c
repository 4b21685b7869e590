#include "cli/doctor_known.h"

#include <stdio.h>

struct question {
    const char *words;
    int64_t answer;
    struct crux_op op; /* immediates only; the rest is filled in by `ask` */
};

#define IMM(number)                                                                                \
    {                                                                                              \
        .kind = CRUX_KIND_IMM, .at = {.coef = {[CRUX_VAR_ONE] = (number)} }                        \
    }
#define K_PLUS_ONE                                                                                 \
    {                                                                                              \
        .kind = CRUX_KIND_IMM, .at = {.coef = {[CRUX_VAR_ONE] = 1, [CRUX_VAR_K] = 1} }             \
    }
#define CONSTANT(v)                                                                                \
    { .a = (v), .d = 1, .e = (v) }
#define TEN_K .nk = 1, .kdim = {CONSTANT(10)}

static const struct question questions[] = {
    {"1^2 + 2^2 + .. + 10^2",
     385,
     {.code = CRUX_CONTRACT, .nin = 2, TEN_K, .in = {K_PLUS_ONE, K_PLUS_ONE}}},
    {"the count of 1..10 above 7",
     3,
     {.code = CRUX_REDUCE,
      .func = CRUX_REDUCE_COUNT,
      .cmp = CRUX_CMP_GT,
      .nin = 2,
      TEN_K,
      .in = {K_PLUS_ONE, IMM(7)}}},
    {"the place of the greatest of 1..10",
     9,
     {.code = CRUX_REDUCE, .func = CRUX_REDUCE_ARGMAX, .nin = 1, TEN_K, .in = {K_PLUS_ONE}}},
    {"-5 / 2^1, rounded half up",
     -2,
     {.code = CRUX_MAP, .func = CRUX_MAP_REQUANT, .m0 = 1, .s0 = 1, .nin = 1, .in = {IMM(-5)}}},
    {"-5 / 2^1, rounded down",
     -3,
     {.code = CRUX_MAP,
      .func = CRUX_MAP_REQUANT,
      .rounding = CRUX_FLOOR,
      .m0 = 1,
      .s0 = 1,
      .nin = 1,
      .in = {IMM(-5)}}},
    {"the bits of 1000",
     10,
     {.code = CRUX_MAP, .func = CRUX_MAP_BITLEN, .nin = 1, .in = {IMM(1000)}}},
    {"-7 * 2^3 / 5, rounded down",
     -12,
     {.code = CRUX_DIV, .shift = 3, .nin = 2, .in = {IMM(-7), IMM(5)}}},
    {"7 / 0", 0, {.code = CRUX_DIV, .nin = 2, .in = {IMM(7), IMM(0)}}},
    {"the square root of 2 * 2^60",
     1518500249,
     {.code = CRUX_SQRT, .shift = 60, .nin = 1, .in = {IMM(2)}}},
    {"the run of 1..10 whose sum exceeds 20",
     5,
     {.code = CRUX_FIND, .nin = 2, TEN_K, .in = {K_PLUS_ONE, IMM(20)}}},
};

static int64_t read_nothing(void *ctx, const struct crux_place *place) {
    (void)ctx;
    (void)place;
    CRUX_ASSERT(false); /* immediates are not read */
    return 0;
}

static enum crux_status ask(int64_t *answer, const struct question *question) {
    struct crux_op op = question->op;
    op.dtype = CRUX_I64;
    op.lo = INT64_MIN;
    op.hi = INT64_MAX;
    op.ndim = 1;
    op.dim[0] = (struct crux_dim)CONSTANT(1);
    if (op.code == CRUX_FIND) op.dim[0] = (struct crux_dim)CONSTANT(2);
    struct crux_at at = {.pos = 0, .n = 1};
    struct crux_reader reader = {.read = read_nothing};
    struct crux_bound_op bound;
    enum crux_status status = crux_op_bind(&bound, &op, &at);
    if (status != CRUX_OK) return status;
    const uint32_t index[CRUX_DIMS_MAX] = {0};
    *answer = crux_op_element(&bound, index, 0, &reader);
    return CRUX_OK;
}

enum crux_status crux_cli_doctor_reference(char why[CRUX_CLI_MESSAGE_BYTES]) {
    for (size_t i = 0; i < CRUX_ARRAY_LEN(questions); i++) {
        int64_t answer = 0;
        enum crux_status status = ask(&answer, &questions[i]);
        if (status == CRUX_OK && answer == questions[i].answer) continue;
        (void)snprintf(why, CRUX_CLI_MESSAGE_BYTES, "%s is %lld, and the evaluator says %lld (%s)",
                       questions[i].words, (long long)questions[i].answer, (long long)answer,
                       crux_status_name(status));
        return CRUX_E_KNOWN_ANSWER_FAILED;
    }
    return CRUX_OK;
}
