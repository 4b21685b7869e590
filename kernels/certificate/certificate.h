/* Certificates: a proof, made from declared ranges and shapes alone, that every element of a program can be
 * judged: its arithmetic fits, its reads stay inside, its witness is short.  spec/25-certificates.md
 *
 *   for every op, at every position
 *      overflow   every intermediate fits 64 bits, requantise 95           margin_bits
 *      inside     an operand without `pad` is never read outside its view
 *      witness    an upper bound of the bytes and pages of any element     witness_bytes, pages
 *      work       multiply-adds of one element                            k_work
 *
 * Whoever loads a model makes the certificate again; nobody takes one on trust.
 */
#ifndef CRUX_KERNELS_CERTIFICATE_CERTIFICATE_H
#define CRUX_KERNELS_CERTIFICATE_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/program/program.h"

enum {
    CRUX_CERTIFICATE_WITNESS_BYTES = 4096,
    CRUX_CERTIFICATE_K_WORK = 2048,
    CRUX_CERTIFICATE_NO_MARGIN =
        96 /* an op without arithmetic: more spare bits than any proof can find */
};

struct crux_certificate_limits {
    uint32_t witness_bytes; /* of one element, all parts */
    uint32_t k_work;        /* multiply-adds of one element */
};

/* What was proven of one op. */
struct crux_op_certificate {
    uint32_t witness_bytes; /* no element's witness is longer, at any position */
    uint32_t witness_pos;   /* the first position where the bound is that large */
    uint32_t pages;         /* pages and tiles in it, the output page included */
    uint32_t k_work;
    int32_t
        margin_bits; /* spare bits of the tightest intermediate; CRUX_CERTIFICATE_NO_MARGIN without one */
};

/* A figure of the whole program and the op it comes from. */
struct crux_certificate_worst {
    int64_t value;
    uint32_t layer, op; /* UINT32_MAX: an element that belongs to no op, such as `output` */
    char label[CRUX_LABEL_BYTES];
};

struct crux_certificate {
    struct crux_op_certificate
        *ops; /* in: NULL, or room for program->op_count; filled in the order of program->ops */
    struct crux_certificate_worst witness_bytes;
    struct crux_certificate_worst pages;
    struct crux_certificate_worst k_work;
    struct crux_certificate_worst margin_bits; /* the least */
};

/* The limits a chain uses. */
struct crux_certificate_limits crux_certificate_default_limits(void);

/* In: program, one that crux_program_check accepts; limits, NULL for the default ones.
 * Out: out (out->ops: see there), complete only if CRUX_OK is returned; refusal, filled otherwise.
 * Returns: CRUX_E_OVERFLOW, CRUX_E_INDEX_OUTSIDE, CRUX_E_WITNESS_TOO_LARGE, CRUX_E_WITNESS_UNBOUNDED,
 *          CRUX_E_TOO_MANY_LEAVES, CRUX_E_WORK_TOO_LARGE, CRUX_E_TOO_MANY_ELEMENTS: the first op that cannot be proven;
 *          CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_certify(const struct crux_program *program,
                              const struct crux_certificate_limits *limits,
                              struct crux_certificate *out, struct crux_refusal *refusal);

/* Writes a table for people: the program's worst figures and, if certificate->ops was filled, one line for each label
 * with its worst figures over all layers.  In: write, called with pieces of text, not zero-terminated. */
void crux_certificate_show(const struct crux_program *program,
                           const struct crux_certificate *certificate,
                           void (*write)(void *ctx, const char *text, size_t len), void *ctx);

#endif
