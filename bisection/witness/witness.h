/* Building witnesses, keeping them in files, showing them to people. */
#ifndef CRUX_BISECTION_WITNESS_WITNESS_H
#define CRUX_BISECTION_WITNESS_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/adjudicator/adjudicator.h"
#include "bisection/witness/evidence.h"

enum {
    /* Room for any witness of a program certified at 4 KB, with much to spare for programs certified higher. */
    CRUX_WITNESS_BYTES_MAX = 1 << 16
};

/* Fills in the roots and the leaf hash of an element of kind value or padding (pos, layer, op and index given), or the
 * leaf hash of null and close: what the moves of a dispute would have fixed.
 * Returns: CRUX_E_STEP_OUTSIDE, CRUX_E_ELEMENT_OUTSIDE, CRUX_E_STEP_INACTIVE, or the evidence's error. */
CRUX_MUST_CHECK
enum crux_status crux_witness_address(struct crux_element_id *element,
                                      const struct crux_evidence *evidence);

/* Writes the witness of an element.
 * Returns: as above; CRUX_E_TRUNCATED if the writer is too small. */
CRUX_MUST_CHECK
enum crux_status crux_witness_build(struct crux_writer *out, const struct crux_evidence *evidence,
                                    const struct crux_element_id *element);

/* The parts model and layer, and the part op, of spec/40-adjudicator.md#parts: moves of a game bring them too.
 * In: layer < layers; op < its ops. */
CRUX_MUST_CHECK
enum crux_status crux_witness_put_layer(struct crux_writer *out,
                                        const struct crux_evidence *evidence, uint32_t layer);
CRUX_MUST_CHECK
enum crux_status crux_witness_put_op(struct crux_writer *out, const struct crux_evidence *evidence,
                                     uint32_t layer, uint32_t op);

/* A case: claim, element and witness in one file, for people and for vectors.
 * "CRUXCASE" || version u32 (1) || claim (140) || element (117) || witness length u32 || witness */
enum { CRUX_CASE_HEAD_BYTES = 8 + 4 + CRUX_CLAIM_BYTES + CRUX_ELEMENT_BYTES + 4 };

struct crux_case {
    struct crux_claim claim;
    struct crux_element_id element;
    const uint8_t *witness; /* into the decoded bytes */
    uint32_t witness_bytes;
};

CRUX_MUST_CHECK
enum crux_status crux_case_encode(struct crux_writer *out, const struct crux_case *c);
CRUX_MUST_CHECK
enum crux_status crux_case_decode(struct crux_case *c, const uint8_t *in, size_t len);

/* Says what a witness holds, part by part, and what the adjudicator finds: one line of text per call of `line`. A
 * malformed witness is shown as far as it goes, with the error as the last line. */
void crux_witness_show(const struct crux_case *c, void (*line)(void *ctx, const char *text),
                       void *ctx);

#endif
