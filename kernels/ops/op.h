/* The op descriptor in memory: what one op computes, and from where.
 *
 *   struct crux_op ---- out: dtype, range, dims ------------- spec/10-machine.md
 *        |----- k: the summation dims
 *        |----- in[0..3]: operands, each a place and an index map
 *        `----- x: the data-dependent index, an operand too    spec/20-ops.md
 *
 * A descriptor is a plain value: no pointers, comparable field by field. Its one byte form is spec/21-descriptors.md.
 */
#ifndef CRUX_KERNELS_OPS_OP_H
#define CRUX_KERNELS_OPS_OP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CRUX_DIMS_MAX = 4,
    CRUX_KDIMS_MAX = 3,
    CRUX_OPERANDS_MAX = 4,
    CRUX_SLOT_X = CRUX_OPERANDS_MAX, /* the index operand's slot number */
    CRUX_SLOTS_MAX = CRUX_OPERANDS_MAX + 1,
    CRUX_K_WORK_MAX = 4096, /* no element runs over more k than this */
    CRUX_HASH_BYTES = 32
};

enum crux_dtype {
    CRUX_I8 = 1,
    CRUX_U8 = 2,
    CRUX_I16 = 3,
    CRUX_U16 = 4,
    CRUX_I32 = 5,
    CRUX_U32 = 6,
    CRUX_I64 = 7
};

enum crux_opcode {
    CRUX_LOAD = 1,
    CRUX_STORE = 2,
    CRUX_CONTRACT = 3,
    CRUX_REDUCE = 4,
    CRUX_MAP = 5,
    CRUX_LUT = 6,
    CRUX_DIV = 7,
    CRUX_SQRT = 8,
    CRUX_RAND = 9,
    CRUX_FIND = 10
};

enum crux_reduce {
    CRUX_REDUCE_MAX = 1,
    CRUX_REDUCE_MIN = 2,
    CRUX_REDUCE_ABSMAX = 3,
    CRUX_REDUCE_ARGMAX = 4,
    CRUX_REDUCE_SUM = 5,
    CRUX_REDUCE_COUNT = 6
};

enum crux_map {
    CRUX_MAP_REQUANT = 1,
    CRUX_MAP_DYNEXP = 2,
    CRUX_MAP_SELECT = 3,
    CRUX_MAP_COMPARE = 4,
    CRUX_MAP_MIN = 5,
    CRUX_MAP_MAX = 6,
    CRUX_MAP_BITLEN = 7
};

enum crux_cmp {
    CRUX_CMP_NONE = 0,
    CRUX_CMP_EQ = 1,
    CRUX_CMP_NE = 2,
    CRUX_CMP_LT = 3,
    CRUX_CMP_LE = 4,
    CRUX_CMP_GT = 5,
    CRUX_CMP_GE = 6
};

enum crux_rounding { CRUX_ROUND = 0, CRUX_FLOOR = 1 };

enum crux_kind {
    CRUX_KIND_IMM = 0,
    CRUX_KIND_STEP = 1,
    CRUX_KIND_MODEL = 2,
    CRUX_KIND_RECORD = 3,
    CRUX_KIND_TOKEN = 4,
    CRUX_KIND_PARAM = 5
};

enum crux_role { CRUX_ROLE_FACTOR = 0, CRUX_ROLE_ADD = 1, CRUX_ROLE_EXPONENT = 2 };

enum {
    CRUX_FLAG_PAD = 1,      /* may be read outside, which gives 0 */
    CRUX_FLAG_FROM_LAST = 2 /* record, token: the layer read is active only from position P-1 */
};

enum { CRUX_SELF_NONE = UINT32_MAX };

/* min(max(ceil((a + b*pos + c*n) / d), 0), e); a constant dimension v is a = e = v, b = c = 0, d = 1. */
struct crux_dim {
    int32_t a, b, c;
    uint32_t d, e;
};

/* Places of the variables in struct crux_affine and in the encoding. */
enum {
    CRUX_VAR_ONE = 0,
    CRUX_VAR_O = 1,
    CRUX_VAR_K = 5,
    CRUX_VAR_POS = 8,
    CRUX_VAR_X = 9,
    CRUX_VAR_N = 10,
    CRUX_VARS = 11,
    CRUX_COEF_MAX = 1 << 24 /* of a variable; keeps every sum of products below 2^61 */
};

struct crux_affine {
    int32_t coef[CRUX_VARS];
};

/* A model tensor's storage: plain, or tiles of m*q + n (spec/10-machine.md#tiles). */
struct crux_tile {
    uint32_t width;   /* 1 q4, 2 q8, 3 q16 */
    uint32_t group;   /* inputs that share m and n: 16 or 32 */
    uint32_t chunk;   /* inputs of a full tile: 128, 256 or 512 */
    bool has_offsets; /* n is stored */
};

struct crux_operand {
    uint8_t kind;   /* enum crux_kind */
    uint8_t dtype;  /* enum crux_dtype; 0 for imm, CRUX_I32 for token, param and tiles */
    uint8_t layout; /* model: 0 plain, else a tile layout byte */
    uint8_t flags;
    uint8_t role; /* requantise: enum crux_role */
    int8_t coef;  /* exponent role: -4..4, not 0 */
    uint8_t ndim; /* of the view; 0 for imm, token and param */
    uint32_t
        tensor; /* step: op number; model: tensor number; record, token: store number; param: its number */
    uint32_t layer;        /* record, token: the layer read */
    uint32_t stores;       /* record, token: the number of STOREs of that layer */
    uint32_t self;         /* record: op whose tensor stands in at time = pos, or CRUX_SELF_NONE */
    int64_t lo, hi;        /* declared range of the tensor read */
    struct crux_affine at; /* imm: its value; record, token: time */
    struct crux_dim dim[CRUX_DIMS_MAX];
    struct crux_affine index[CRUX_DIMS_MAX];
    uint8_t
        root[CRUX_HASH_BYTES]; /* model: the tensor's Merkle root; all zero in an unbound program */
};

struct crux_lut_end {
    uint8_t kind;  /* 0 constant, 1 scaled identity */
    uint8_t shift; /* scaled identity: s */
    int64_t value; /* constant c, or multiplier m */
};

struct crux_op {
    uint8_t code;     /* enum crux_opcode */
    uint8_t func;     /* enum crux_reduce or crux_map; 0 for the others */
    uint8_t cmp;      /* enum crux_cmp: REDUCE's predicate, MAP compare; else 0 */
    uint8_t rounding; /* enum crux_rounding: requantise; else 0 */
    uint8_t dtype;    /* of the output */
    uint8_t ndim, nk, nin;
    bool has_x;
    int64_t lo, hi; /* declared range of the output */
    struct crux_dim dim[CRUX_DIMS_MAX];
    struct crux_dim kdim[CRUX_KDIMS_MAX];
    int64_t c0, m0; /* requantise */
    int32_t s0;     /* requantise */
    int64_t limit;  /* dynexp */
    uint8_t shift;  /* LUT cell width, DIV and SQRT pre-shift, all as a power of two */
    int64_t x0;     /* LUT */
    uint32_t cells; /* LUT */
    struct crux_lut_end left, right; /* LUT */
    struct crux_operand in[CRUX_OPERANDS_MAX];
    struct crux_operand x;
};

/* What an element depends on besides its operands. */
struct crux_at {
    uint32_t pos;
    uint32_t n;          /* P, the number of request tokens */
    uint32_t layer;      /* the layer the op belongs to */
    uint32_t sample;     /* request: which of several samples */
    const uint8_t *seed; /* request: 32 bytes; may be NULL for an op that is not RAND */
};

#endif
