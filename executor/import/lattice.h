/* A matrix on Crux's lattice: tiles of m*q + n, times one scale a row.
 *
 *   block types    q as it is in the source, z = 8 for q4, else 0:
 *                  S = max(max |scale| / 4095, max |offset| / 32762)           over the groups of the row, exactly
 *                  m = round(scale / S)      n = round((offset + z * scale) / S) - z * m
 *   float types    q, m and n by search (--weights int8, int16, int4)
 *
 *   rowmul[r] = round(S[r] * 2^k), one k for the matrix: the greatest with rowmul <= 2^30
 *   weight    = (m*q + n) * rowmul[r] / 2^k
 *
 * n goes by the middle of the q range, so that rounding m costs least there. All by integers: the same source gives the
 * same bytes on every machine.   spec/55-import.md#lattice
 */
#ifndef CRUX_EXECUTOR_IMPORT_LATTICE_H
#define CRUX_EXECUTOR_IMPORT_LATTICE_H

#include <stddef.h>
#include <stdint.h>

#include "executor/import/blocks.h"

enum crux_weights { CRUX_WEIGHTS_INT8 = 0, CRUX_WEIGHTS_INT16 = 1, CRUX_WEIGHTS_INT4 = 2 };

enum {
    CRUX_LATTICE_CHUNK = 512,
    CRUX_LATTICE_M_MAX = 4095,
    CRUX_LATTICE_N_MAX = 32762, /* 4.5 short of an i16: what rounding m can add */
    CRUX_LATTICE_ROWMUL_BITS = 30,
    CRUX_LATTICE_K_MAX = 80
};

/* A row's scale: num / den * 2^exponent. num = 0: a row of zeros. */
struct crux_lattice_scale {
    int64_t num; /* below 2^53 */
    int32_t den; /* 1 .. 2^23 */
    int32_t exponent;
};

struct crux_lattice {
    const struct crux_block_type *type;
    enum crux_weights weights; /* looked at for float types */
    struct crux_tile tile;
    uint8_t layout;
    uint32_t rows, inputs;
    int64_t most;                     /* greatest |m*q + n| so far */
    struct crux_lattice_scale *scale; /* rows of them, the caller's */
    /* Of the rows so far; for people only, in floating point. */
    double error, value; /* sums of squares, in units of 2^-48 */
    double unit;         /* of the float row at work: what its squares are multiplied by */
};

/* Out: lattice.  In: scale, room for `rows`; inputs, a multiple of the type's block. */
void crux_lattice_init(struct crux_lattice *lattice, const struct crux_block_type *type,
                       enum crux_weights weights, uint32_t rows, uint32_t inputs,
                       struct crux_lattice_scale *scale);

/* Returns: bytes of the tiles of one row. */
uint64_t crux_lattice_row_bytes(const struct crux_lattice *lattice);

/* Out: tiles, the row's bytes, zero at first; lattice->scale[row].
 * In: row, its number; source, its bytes.
 * Returns: CRUX_E_BAD_RANGE if a number of the source is not finite. */
CRUX_MUST_CHECK
enum crux_status crux_lattice_row(struct crux_lattice *lattice, uint8_t *tiles, uint32_t row,
                                  const uint8_t *source);

/* Out: rowmul, `rows` of them; k.
 * Returns: CRUX_E_BAD_RANGE if the weights are so large that k would be negative. */
CRUX_MUST_CHECK
enum crux_status crux_lattice_rowmul(int32_t *rowmul, int32_t *k,
                                     const struct crux_lattice_scale *scale, uint32_t rows);

/* round(a / b), halves up.  In: b > 0; |a| < 2^126. */
int64_t crux_lattice_quotient(crux_i128 a, crux_i128 b);

/* ---- inside --- */

/* Writes one group into the tile that holds it.  In: first, of its inputs, in the row; count, of them. */
void crux_lattice_put(const struct crux_lattice *lattice, uint8_t *row, uint32_t first,
                      uint32_t count, int64_t m, int64_t n, const int16_t *q);
CRUX_MUST_CHECK
enum crux_status crux_lattice_float_row(struct crux_lattice *lattice, uint8_t *tiles, uint32_t row,
                                        const uint8_t *source);

#endif
