/* Vectors of witnesses.json in the making: committed runs of the toy program, and witnesses that can be spoilt. */
#ifndef CRUX_TESTS_CONFORMANCE_WITNESS_CASE_H
#define CRUX_TESTS_CONFORMANCE_WITNESS_CASE_H

#include "bisection/adjudicator/adjudicator.h"
#include "bisection/witness/witness.h"
#include "tests/conformance/vector_file.h"
#include "tests/support/toy_world.h"

enum { WORLD_PARTS_MAX = 16, WORLD_WITNESS_MAX = 8192 };

/* A claim, an element and a witness, all three to be changed at will. */
struct case_bytes {
    struct crux_claim claim;
    struct crux_element_id element;
    uint8_t witness[WORLD_WITNESS_MAX];
    size_t len;
    struct {
        const char *name;
        size_t start, end;
    } part[WORLD_PARTS_MAX]; /* as the adjudicator proved them */
    unsigned parts;
};

/* The honest witness that the world's holder builds. */
void case_build(struct case_bytes *c, struct world *world, struct crux_element_id element);
/* Returns: where the part lies; stops the generator if there is none. */
size_t case_part(const struct case_bytes *c, const char *name);
size_t case_part_end(const struct case_bytes *c, const char *name);
/* Replaces the bytes [at, at + cut) of the witness. */
void case_splice(struct case_bytes *c, size_t at, size_t cut, const uint8_t *put, size_t len);

/* Writes the vector; stops the generator unless the adjudicator agrees. */
void case_expect(struct crux_vector_file *file, const char *function, const char *reason,
                 const struct case_bytes *c, enum crux_finding want);
void case_expect_error(struct crux_vector_file *file, const char *function, const char *reason,
                       const struct case_bytes *c, enum crux_status want);

/* The vectors, by what they are about; generate_witnesses.c calls them. */
void witness_cases_honest(struct crux_vector_file *file);
void witness_cases_changed(struct crux_vector_file *file);
void witness_cases_lies(struct crux_vector_file *file);
void witness_cases_malformed(struct crux_vector_file *file);
void witness_cases_programs(struct crux_vector_file *file);

#endif
