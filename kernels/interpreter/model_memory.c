#include <stdlib.h>

#include "kernels/interpreter/run.h"

void crux_model_memory_free(struct crux_model_memory *model) {
    for (uint32_t i = 0; i < model->count; i++) free(model->tensors[i].bytes);
    free(model->tensors);
    *model = (struct crux_model_memory){NULL, 0};
}

const uint8_t *crux_model_memory_get(void *ctx, uint32_t tensor, size_t *len) {
    const struct crux_model_memory *model = ctx;
    if (tensor >= model->count) return NULL;
    *len = model->tensors[tensor].len;
    return model->tensors[tensor].bytes;
}
