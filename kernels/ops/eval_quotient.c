/* DIV and SQRT. */
#include "kernels/ops/eval_internal.h"

crux_i128 crux_eval_div(const struct crux_element *element) {
    int64_t a = crux_fetch_one(element, 0), d = crux_fetch_one(element, 1);
    if (d <= 0) return 0;
    return crux_floor_div(crux_wrap_shl(a, element->bound->op->shift), d);
}

/* floor(sqrt(a)), digit by digit in base 4: no division, no float. */
static int64_t integer_sqrt(uint64_t a) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
        if (a >= root + bit) {
            a -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (int64_t)root;
}

crux_i128 crux_eval_sqrt(const struct crux_element *element) {
    int64_t a = crux_fetch_one(element, 0);
    if (a < 0) return 0;
    return integer_sqrt((uint64_t)a << element->bound->op->shift);
}
