/* A program of corners, for tests: tensors and sums that are empty at position 0, rows of records with whole pages of
 * padding, values at the ends of 64 bits, tokens and parameters beyond their ranges. */
#ifndef CRUX_TESTS_SUPPORT_CORNER_PROGRAM_H
#define CRUX_TESTS_SUPPORT_CORNER_PROGRAM_H

#include <stdint.h>

#include "tests/support/claimed_run.h"

enum { CORNER_CONTEXT = 6, CORNER_VOCAB = 7 };

struct corner_request {
    uint32_t request_tokens; /* 1 .. CORNER_CONTEXT */
    uint32_t limit;
};

/* Assembles, certifies, generates constants, runs and commits; to be freed with claimed_run_free. Fails the test on any
 * error.  In: lie, may be NULL. */
void corner_run_init(struct claimed_run *run, struct corner_request request,
                     const struct crux_lie *lie);

#endif
