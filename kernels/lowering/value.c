#include "kernels/lowering/value.h"

#include "kernels/base/macros.h"

struct crux_affine crux_ix_c(int32_t constant) {
    struct crux_affine a = {{0}};
    a.coef[CRUX_VAR_ONE] = constant;
    return a;
}

static struct crux_affine variable(unsigned number) {
    struct crux_affine a = {{0}};
    a.coef[number] = 1;
    return a;
}

struct crux_affine crux_ix_o(unsigned dimension) {
    CRUX_ASSERT(dimension < CRUX_DIMS_MAX);
    return variable(CRUX_VAR_O + dimension);
}

struct crux_affine crux_ix_k(unsigned dimension) {
    CRUX_ASSERT(dimension < CRUX_KDIMS_MAX);
    return variable(CRUX_VAR_K + dimension);
}

struct crux_affine crux_ix_pos(void) {
    return variable(CRUX_VAR_POS);
}
struct crux_affine crux_ix_x(void) {
    return variable(CRUX_VAR_X);
}
struct crux_affine crux_ix_n(void) {
    return variable(CRUX_VAR_N);
}

struct crux_affine crux_ix_mad(struct crux_affine a, int32_t factor, struct crux_affine b) {
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        int64_t sum = (int64_t)a.coef[i] * factor + b.coef[i]; /* below 2^62 + 2^31 */
        CRUX_ASSERT(sum >= INT32_MIN && sum <= INT32_MAX);
        a.coef[i] = (int32_t)sum;
    }
    return a;
}

struct crux_affine crux_ix_add(struct crux_affine a, struct crux_affine b) {
    return crux_ix_mad(a, 1, b);
}
struct crux_affine crux_ix_sub(struct crux_affine a, struct crux_affine b) {
    return crux_ix_mad(b, -1, a);
}
struct crux_affine crux_ix_mul(struct crux_affine a, int32_t factor) {
    return crux_ix_mad(a, factor, crux_ix_c(0));
}

struct crux_dim crux_dim_positions(uint32_t most) {
    struct crux_dim dim = {1, 1, 0, 1, most};
    return dim;
}

struct crux_dim crux_dim_blocks(struct crux_dim dim, uint32_t block) {
    uint32_t most = dim.e / block + (dim.e % block != 0 ? 1 : 0);
    CRUX_ASSERT(block > 0);
    if (!crux_dim_grows(&dim)) return crux_dim_constant(most);
    /* ceil(ceil(a / d) / block) = ceil(a / (d * block)), and both caps round up alike */
    CRUX_ASSERT((uint64_t)dim.d * block <= INT32_MAX);
    dim.d *= block;
    dim.e = most;
    return dim;
}

struct crux_shape crux_shape_of(const struct crux_dim *dim, unsigned ndim) {
    struct crux_shape shape = {.ndim = ndim};
    CRUX_ASSERT(ndim >= 1 && ndim <= CRUX_DIMS_MAX);
    for (unsigned i = 0; i < ndim; i++) shape.dim[i] = dim[i];
    return shape;
}

struct crux_shape crux_shape_outer(struct crux_shape shape) {
    if (shape.ndim == 1) return CRUX_ROW(1);
    shape.ndim--;
    shape.dim[shape.ndim] = (struct crux_dim){0, 0, 0, 0, 0};
    return shape;
}

struct crux_shape crux_shape_with(struct crux_shape shape, struct crux_dim dim) {
    CRUX_ASSERT(shape.ndim < CRUX_DIMS_MAX);
    shape.dim[shape.ndim++] = dim;
    return shape;
}

uint64_t crux_shape_elements_max(const struct crux_shape *shape) {
    uint64_t product = 1;
    for (unsigned i = 0; i < shape->ndim; i++) {
        CRUX_ASSERT(product <= UINT64_MAX >> 32);
        product *= shape->dim[i].e;
    }
    return product;
}

struct crux_dim crux_shape_last(const struct crux_shape *shape) {
    return shape->dim[shape->ndim - 1];
}

struct crux_type crux_type_of(uint8_t dtype, int64_t lo, int64_t hi) {
    struct crux_type type = {dtype, lo, hi};
    CRUX_ASSERT(lo <= hi && lo >= crux_dtype_lo(dtype) && hi <= crux_dtype_hi(dtype));
    return type;
}

struct crux_type crux_type_full(uint8_t dtype) {
    return crux_type_of(dtype, crux_dtype_lo(dtype), crux_dtype_hi(dtype));
}

struct crux_type crux_type_symmetric(int64_t limit) {
    return crux_type_fit(-limit, limit, 1);
}

struct crux_type crux_type_fit(int64_t lo, int64_t hi, unsigned bytes) {
    static const uint8_t order[] = {CRUX_I8,  CRUX_U8,  CRUX_I16, CRUX_U16,
                                    CRUX_I32, CRUX_U32, CRUX_I64};
    unsigned i = 0;
    while (i + 1 < sizeof order && (crux_dtype_bytes(order[i]) < bytes ||
                                    lo < crux_dtype_lo(order[i]) || hi > crux_dtype_hi(order[i]))) {
        i++;
    }
    return crux_type_of(order[i], lo, hi);
}

struct crux_value crux_value_view(struct crux_value value, struct crux_shape shape) {
    value.shape = shape;
    return value;
}

struct crux_operand crux_operand_imm(struct crux_affine value) {
    struct crux_operand operand = {.kind = CRUX_KIND_IMM, .at = value};
    return operand;
}

struct crux_operand crux_operand_read(struct crux_value value, const struct crux_affine *index,
                                      unsigned count) {
    struct crux_operand operand = {.kind = value.kind,
                                   .dtype = value.type.dtype,
                                   .layout = value.layout,
                                   .ndim = (uint8_t)value.shape.ndim,
                                   .tensor = value.tensor,
                                   .lo = value.type.lo,
                                   .hi = value.type.hi};
    if (value.kind == CRUX_KIND_IMM) return crux_operand_imm(crux_ix_c(0));
    CRUX_ASSERT(count == value.shape.ndim);
    for (unsigned i = 0; i < count; i++) {
        operand.dim[i] = value.shape.dim[i];
        operand.index[i] = index[i];
    }
    return operand;
}

struct crux_operand crux_operand_same(struct crux_value value) {
    return crux_operand_outer(value, value.shape.ndim);
}

struct crux_operand crux_operand_outer(struct crux_value value, unsigned output_ndim) {
    struct crux_affine index[CRUX_DIMS_MAX];
    bool single =
        value.shape.ndim == 1 && !crux_dim_grows(&value.shape.dim[0]) && value.shape.dim[0].e == 1;
    CRUX_ASSERT(value.shape.ndim <= output_ndim || value.kind == CRUX_KIND_IMM);
    for (unsigned i = 0; i < value.shape.ndim; i++) index[i] = single ? crux_ix_c(0) : crux_ix_o(i);
    return crux_operand_read(value, index, value.shape.ndim);
}

struct crux_operand crux_operand_pad(struct crux_operand operand) {
    operand.flags |= CRUX_FLAG_PAD;
    return operand;
}

struct crux_operand crux_operand_add(struct crux_operand operand) {
    operand.role = CRUX_ROLE_ADD;
    return operand;
}

struct crux_operand crux_operand_exponent(struct crux_operand operand, int coef) {
    CRUX_ASSERT(coef >= -4 && coef <= 4 && coef != 0);
    operand.role = CRUX_ROLE_EXPONENT;
    operand.coef = (int8_t)coef;
    return operand;
}

struct crux_args crux_args_of(const struct crux_operand *operand, unsigned count) {
    struct crux_args args = {.count = count};
    CRUX_ASSERT(count <= CRUX_OPERANDS_MAX);
    for (unsigned i = 0; i < count; i++) args.operand[i] = operand[i];
    return args;
}

struct crux_args crux_args_none(void) {
    struct crux_args args = {.count = 0};
    return args;
}
