#include "kernels/fused/linear/finish_rows.h"
#include "kernels/fused/linear/finish.h"

void crux_fused_finish_reference(int32_t *y, size_t y_stride,
                                 const struct crux_fused_finish *finish, const int64_t *acc,
                                 size_t acc_stride, uint32_t rows, uint32_t o0, uint32_t o1) {
    for (uint32_t r = 0; r < rows; r++) {
        int s = finish->config->s0 - finish->e[r * finish->e_stride];
        const int32_t *residual =
            finish->residual == NULL ? NULL : finish->residual + r * finish->residual_stride;
        for (uint32_t o = o0; o < o1; o++) {
            y[r * y_stride + o] = crux_fused_linear_finish(
                finish->config, acc[r * acc_stride + (o - o0)], finish->rowmul[o], s,
                finish->bias == NULL ? NULL : &finish->bias[o],
                residual == NULL ? NULL : &residual[o]);
        }
    }
}
