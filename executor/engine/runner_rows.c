#include "executor/engine/runner_parts.h"

void runner_norm(int32_t *n, const struct crux_fused_kernels *fused, const struct runner_norm *norm,
                 const int32_t *r, uint32_t rows, struct runner_scratch *scratch) {
    if (norm->kind == CRUX_DECODER_RMSNORM)
        fused->rmsnorm(n, scratch->z, &norm->constants, r, rows, norm->width, CRUX_RUNNER_E_MAX,
                       norm->weight);
    else
        fused->layernorm(n, scratch->z, scratch->c, &norm->constants, norm->out, r, rows,
                         norm->width, CRUX_RUNNER_E_MAX, norm->weight, norm->bias);
}

void runner_prepare(struct crux_engine *engine, uint32_t place, const int32_t *v, uint32_t width,
                    struct runner_scratch *scratch) {
    const struct crux_backend *backend = engine->model->backend;
    engine->model->fused->quant_rows(scratch->x, &engine->batch.e[place], v, 1, width,
                                     CRUX_LIMIT_LINEAR, CRUX_RUNNER_E_MAX);
    backend->prepare(engine->batch.x + place * backend->row_bytes(width), scratch->x, width);
}
