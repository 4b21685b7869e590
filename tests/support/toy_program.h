/* The toy program: a language model of 11 tokens and 3 layers that a person can read, in which everything of spec/20-ops.md
 * happens once: every op, function and comparison, every kind of operand and layout, rows under and over a page.
 *
 *   layer 0 "in"    always      token -> embedding -> a wide row -> tiled weights -> h [4]
 *   layer 1 "mix"   always      attention over cached keys and a window of values -> out [4]
 *   layer 2 "head"  from_last   logits [11] -> greedy, and sampled by RAND and FIND -> token [1]
 *
 * What is small enough to judge element by element, but not trivial: tests of the adjudicator, vectors and corpora use it.
 */
#ifndef CRUX_TESTS_SUPPORT_TOY_PROGRAM_H
#define CRUX_TESTS_SUPPORT_TOY_PROGRAM_H

#include <stdint.h>

#include "kernels/interpreter/generate.h"
#include "kernels/interpreter/run.h"
#include "kernels/program/program.h"

enum {
    CRUX_TOY_CONTEXT = 16,
    CRUX_TOY_VOCAB = 11,
    CRUX_TOY_LAYERS = 3,
    CRUX_TOY_PROMPT = 3 /* tokens of crux_toy.request */
};

/* A program with constants and a request, ready to run. */
struct crux_toy {
    struct crux_program program; /* unbound */
    struct crux_model_memory model;
    uint32_t tokens[CRUX_TOY_PROMPT];
    struct crux_run_request request; /* limit 6, no stops, sampled */
};

/* Out: program, empty before; the same on every call. */
CRUX_MUST_CHECK
enum crux_status crux_toy_program(struct crux_program *program);

/* Out: toy, which must not move (request points into it).  In: seed, of constants, tokens and samples. */
CRUX_MUST_CHECK
enum crux_status crux_toy_init(struct crux_toy *toy, uint64_t seed);
void crux_toy_free(struct crux_toy *toy);

/* Returns: the op's number in its layer; stops the test if no op there has this label. */
uint32_t crux_toy_op(const struct crux_program *program, uint32_t layer, const char *label);

#endif
