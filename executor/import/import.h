/* The only way into executor/import/ from another folder.
 *
 *   source file --crux_import--> .crux file, under a model root that depends on the source and the options alone
 *
 *     open      metadata -> a decoder; tensors by name                 source.h
 *     lattice   rows -> tiles, rowmul, range, shift                    lattice.h
 *     lower     decoder -> program, bound to the tensors' roots
 *     certify   overflow margin, longest witness; or refused
 *     write     everything into one file, which appears when it is whole
 *
 * spec/55-import.md
 */
#ifndef CRUX_EXECUTOR_IMPORT_IMPORT_H
#define CRUX_EXECUTOR_IMPORT_IMPORT_H

#include <stdint.h>

#include "executor/import/lattice.h"
#include "executor/import/message.h"
#include "executor/import/source.h"

struct crux_import_options {
    enum crux_weights weights; /* of matrices that the source has in a float type */
    uint32_t context;          /* positions; 0, or more than the source says: the source's */
    /* NULL: nobody watches. In: what, a word for a person; done <= all, in some unit. */
    void (*progress)(void *ctx, const char *what, uint64_t done, uint64_t all);
    void *progress_ctx;
};

enum { CRUX_IMPORT_TYPES = 11 };

struct crux_import_report {
    uint8_t model_root[32];
    uint8_t source_hash[32];
    char arch[CRUX_SOURCE_TEXT_BYTES], name[CRUX_SOURCE_TEXT_BYTES];
    double seconds;
    uint32_t layers, ops, tensors, context;
    uint64_t file_bytes;
    struct crux_certificate certificate; /* without its per-op figures */
    /* Root of (sum of squared differences between source and model weights / sum of squared source weights), over all
     * matrices; for people. */
    double import_error;
    double norm_error; /* the same over the weights of norms */
    struct {
        const char *type; /* of the source; NULL: no more */
        uint64_t weights;
        double error;
    } matrices[CRUX_IMPORT_TYPES];
};

/* Writes `output`, or leaves whatever is there alone.
 * Out: report, complete if CRUX_OK is returned; message, on failure: what, where, and why.
 * Returns: CRUX_E_UNSUPPORTED, CRUX_E_BAD_RANGE (a number that is not finite, or too large), CRUX_E_IO, the readers' and
 *          the certificate's errors. */
CRUX_MUST_CHECK
enum crux_status crux_import(const char *source, const char *output,
                             const struct crux_import_options *options,
                             struct crux_import_report *report,
                             struct crux_import_message *message);

#endif
