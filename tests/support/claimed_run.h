/* A committed run of the toy program, honest or not: what tests of the adjudicator start from. */
#ifndef CRUX_TESTS_SUPPORT_CLAIMED_RUN_H
#define CRUX_TESTS_SUPPORT_CLAIMED_RUN_H

#include <stdint.h>

#include "executor/engine/engine.h"

enum { CLAIMED_RUN_REQUEST_TOKENS = 3, CLAIMED_RUN_LIMIT = 7 }; /* positions 0 .. 8 */

struct claimed_run {
    struct crux_program program;
    struct crux_model_memory memory;
    struct crux_committed_model model;
    struct crux_archive *archive;
    struct crux_evidence evidence;
};

/* Builds program, model and request, runs and commits. Fails the test on any error.
 * In: lie, may be NULL; change, may be NULL: alters the request before the run. */
void claimed_run_init(struct claimed_run *run, const struct crux_lie *lie,
                      void (*change)(struct crux_archive_request *request));
void claimed_run_free(struct claimed_run *run);

/* Addresses the element, builds its witness and adjudicates.  Out: witness, CRUX_WITNESS_BYTES_MAX bytes, and its
 * length. Fails the test unless address and witness can be built. */
enum crux_status claimed_run_try(struct claimed_run *run, struct crux_element_id *element,
                                 uint8_t *witness, size_t *witness_bytes,
                                 enum crux_finding *finding);

/* The bytes of a witness before which the output page of a value or padding element ends. */
size_t claimed_run_page_end(struct claimed_run *run, const struct crux_element_id *element,
                            const uint8_t *witness, size_t witness_bytes);

#endif
