/* Random valid ops with random operands: what nobody thought of. Both small ones and ones at the limits. */
#include <stdio.h>

#include "tests/conformance/op_case.h"
#include "tests/support/random_op.h"

enum { SMALL = 8, WILD = 3, READS_MAX = 48, ATTEMPTS_MAX = 10000 };

static void draw_place(struct op_case *c, struct crux_random *random, bool wild) {
    struct crux_bound_op bound;
    c->at.n = 1 + (uint32_t)crux_random_below(random, wild ? 1000000 : 6);
    c->at.pos = (uint32_t)crux_random_below(random, wild ? 1000000 : 9);
    c->at.layer = (uint32_t)crux_random_below(random, 4);
    c->at.sample = (uint32_t)crux_random_below(random, 3);
    for (unsigned i = 0; i < sizeof c->seed; i++) c->seed[i] = (uint8_t)crux_random_next(random);
    c->at.seed = c->seed;
    if (crux_op_bind(&bound, &c->op, &c->at) != CRUX_OK || bound.elements == 0) return;
    crux_op_unflatten(&bound, crux_random_below(random, bound.elements), c->index);
}

static void cases_of(struct op_case *c, struct crux_random *random, const char *function,
                     unsigned code, unsigned func) {
    unsigned written = 0;
    for (unsigned attempt = 0; written < SMALL + WILD; attempt++) {
        bool wild = written >= SMALL;
        struct crux_random_op_shape shape = {code, func, wild ? INT32_MAX : 4, wild};
        struct crux_op op;
        char reason[32];
        CRUX_ASSERT(attempt < ATTEMPTS_MAX);
        (void)snprintf(reason, sizeof reason, "%s_%02u", wild ? "random_wild" : "random", written);
        crux_random_op(random, &op, &shape);
        op_case_begin(c, function, reason, op);
        c->random = random;
        draw_place(c, random, wild);
        if (op_case_write(c, READS_MAX)) written++;
    }
}

void op_cases_random(struct op_case *c) {
    static const char *const reductions[] = {"reduce_max",    "reduce_min", "reduce_absmax",
                                             "reduce_argmax", "reduce_sum", "reduce_count"};
    static const char *const maps[] = {"map_requantise", "map_dynexp", "map_select", "map_compare",
                                       "map_min",        "map_max",    "map_bitlen"};
    static const struct {
        const char *function;
        unsigned code;
    } others[] = {
        {"load", CRUX_LOAD}, {"store", CRUX_STORE}, {"contract", CRUX_CONTRACT},
        {"lut", CRUX_LUT},   {"div", CRUX_DIV},     {"sqrt", CRUX_SQRT},
        {"rand", CRUX_RAND}, {"find", CRUX_FIND},
    };
    struct crux_random random = {20};
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(others); i++)
        cases_of(c, &random, others[i].function, others[i].code, 0);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(reductions); i++)
        cases_of(c, &random, reductions[i], CRUX_REDUCE, i + 1);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(maps); i++)
        cases_of(c, &random, maps[i], CRUX_MAP, i + 1);
}
