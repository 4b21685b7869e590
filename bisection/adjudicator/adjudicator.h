/* The adjudicator: a pure function (claim, element, witness) -> finding.
 *
 *      claim ----- what the executor posted: model root, request hash, output root, trace root, P, N
 *      element --- the one thing the dispute has come down to, with the hashes that its moves fixed
 *      witness --- bytes and sibling hashes, and nothing else
 *
 * It trusts only the claim and the element. Addresses come from descriptors that the witness opens under the model
 * root; a witness has one valid length for them. Freestanding, no allocation, bounded work: at most 64 pages a part and
 * CRUX_K_WORK_MAX multiply-adds, three times over.  spec/40-adjudicator.md
 */
#ifndef CRUX_BISECTION_ADJUDICATOR_ADJUDICATOR_H
#define CRUX_BISECTION_ADJUDICATOR_ADJUDICATOR_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/commitment/claim.h"
#include "bisection/commitment/element.h"
#include "kernels/kernels.h"

enum crux_finding {
    CRUX_FINDING_NONE = 0, /* only beside an error */
    CRUX_CONSISTENT = 1,
    CRUX_INCONSISTENT = 2
};

enum { CRUX_WITNESS_VERSION = 1 };

/* Out: finding; CRUX_FINDING_NONE unless CRUX_OK is returned.
 * Returns: CRUX_OK, or why this claim, element or witness is not well formed: then there is no finding, and the same
 *          element may be tried again with another witness.  spec/40-adjudicator.md#errors */
CRUX_MUST_CHECK
enum crux_status crux_adjudicate(enum crux_finding *finding, const struct crux_claim *claim,
                                 const struct crux_element_id *element, const uint8_t *witness,
                                 size_t witness_bytes);

/* Watches an adjudication, for people and reports. Every function may be NULL; none can change the finding. */
struct crux_observer {
    void *ctx;
    /* A part of the witness has been proven: it ended `at` bytes into the witness. */
    void (*part)(void *ctx, const char *name, size_t at);
    /* The op of a value or padding element. */
    void (*op)(void *ctx, const struct crux_program_header *header, const struct crux_layer *layer,
               const struct crux_bound_op *bound);
    /* The recomputation read v there. */
    void (*operand)(void *ctx, const struct crux_place *place, int64_t v);
    /* What the page says, and what the law says: values, or tokens. */
    void (*compared)(void *ctx, int64_t claimed, int64_t lawful);
};

/* The same, watched.  In: observer may be NULL. */
CRUX_MUST_CHECK
enum crux_status crux_adjudicate_watched(enum crux_finding *finding, const struct crux_claim *claim,
                                         const struct crux_element_id *element,
                                         const uint8_t *witness, size_t witness_bytes,
                                         const struct crux_observer *observer);

#endif
