#include "kernels/fused/exact.h"
#include "kernels/fused/quant_rows/quant_rows.h"
#include "kernels/lowering/range.h"
#include "kernels/lowering/split.h"

enum { E_MAX = 63 };

int32_t crux_fused_quant_rows_dot_limit(uint32_t width) {
    int32_t limit = CRUX_LIMIT_LINEAR;
    uint64_t most = INT32_MAX / (width > 0 ? width : 1);
    uint64_t root = crux_exact_sqrt(most);
    CRUX_ASSERT(root >= 1);
    return root < (uint64_t)limit ? (int32_t)root : limit;
}

int crux_fused_quant_rows_e_max(struct crux_type type, int32_t limit) {
    struct crux_range range = crux_range_absolute(crux_range_of(type));
    return crux_exact_exponent((int64_t)range.hi, limit, E_MAX);
}

struct crux_quantised crux_fused_quant_rows(struct crux_builder *b, const char *label,
                                            int32_t limit, struct crux_value v) {
    struct crux_quantised out;
    int e_max = crux_fused_quant_rows_e_max(v.type, limit);
    unsigned length = crux_builder_push(b, label);
    struct crux_value absmax = crux_split_last(b, "absmax", CRUX_REDUCE_ABSMAX, v);
    out.e = crux_emit(b, "e",
                      crux_draft_dynexp(0, e_max, absmax.shape, limit, crux_operand_same(absmax)));
    struct crux_operand e = crux_operand_exponent(crux_operand_outer(out.e, v.shape.ndim), 1);
    struct crux_type type = crux_type_fit(-limit, limit, sizeof(int16_t));
    out.x = crux_emit(b, "x",
                      crux_draft_requant(type, v.shape, crux_scale_round(1, 0),
                                         CRUX_ARGS(crux_operand_same(v), e)));
    crux_builder_pop(b, length);
    return out;
}
