/* What the parts of crux_program_assemble share.
 *
 * The text is read twice: an operand may name a record of a later layer, so the second reading, with the first one's
 * program at hand, fills in what operands take from the tensors they name. */
#ifndef CRUX_KERNELS_PROGRAM_TEXT_ASSEMBLER_H
#define CRUX_KERNELS_PROGRAM_TEXT_ASSEMBLER_H

#include "kernels/program/text_lexer.h"

struct crux_assembler {
    struct crux_lexer lexer;
    struct crux_program *program;
    const struct crux_program *known; /* the first reading's; NULL during it */
    const uint32_t
        *by_name; /* known->tensor_count numbers of tensors, ordered by name, then number */
};

/* 2*o0 - pos + 1 */
void crux_assemble_affine(struct crux_lexer *lexer, struct crux_affine *affine);
/* [64, min(pos + 1, 8)].  Returns: their number. */
unsigned crux_assemble_dims(struct crux_lexer *lexer, struct crux_dim *dim, unsigned most);
uint8_t crux_assemble_dtype(struct crux_lexer *lexer);
/* in [lo, hi] */
void crux_assemble_range(struct crux_lexer *lexer, int64_t *lo, int64_t *hi);
/* tile q8 group 32 chunk 512 offsets, or layout N, or nothing */
uint8_t crux_assemble_layout(struct crux_lexer *lexer);

void crux_assemble_operand(struct crux_assembler *assembler, struct crux_operand *operand);

/* The line of one op, from after its "rN". */
void crux_assemble_op(struct crux_assembler *assembler, struct crux_labelled_op *labelled);

/* Returns: the least number of a tensor of this name, UINT32_MAX if there is none or during the first reading. */
uint32_t crux_assemble_find_tensor(const struct crux_assembler *assembler,
                                   const char name[CRUX_NAME_BYTES]);

#endif
