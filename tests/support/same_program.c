#include "tests/support/same_program.h"

#include <string.h>

#include "kernels/program/op_check.h"

static bool same_tensor(const struct crux_model_tensor *a, const struct crux_model_tensor *b) {
    return memcmp(a->name, b->name, sizeof a->name) == 0 && a->dtype == b->dtype &&
           a->layout == b->layout && a->ndim == b->ndim &&
           memcmp(a->dim, b->dim, sizeof a->dim) == 0 && a->lo == b->lo && a->hi == b->hi &&
           memcmp(a->root, b->root, sizeof a->root) == 0;
}

static bool same_layer(const struct crux_layer *a, const struct crux_layer *b) {
    return a->ops == b->ops && a->stores == b->stores && a->active == b->active &&
           a->first == b->first;
}

bool crux_same_program(const struct crux_program *a, const struct crux_program *b,
                       const char **what) {
    *what = "header";
    if (memcmp(&a->header, &b->header, sizeof a->header) != 0) return false;
    *what = "counts";
    if (a->tensor_count != b->tensor_count || a->op_count != b->op_count) return false;
    *what = "tensor";
    for (uint32_t i = 0; i < a->tensor_count; i++) {
        if (!same_tensor(&a->tensors[i], &b->tensors[i])) return false;
    }
    *what = "layer";
    for (uint32_t i = 0; i < a->header.layers; i++) {
        if (!same_layer(&a->layers[i], &b->layers[i])) return false;
    }
    for (uint32_t i = 0; i < a->op_count; i++) {
        *what = "label";
        if (memcmp(a->ops[i].label, b->ops[i].label, CRUX_LABEL_BYTES) != 0) return false;
        if (!crux_op_same(&a->ops[i].op, &b->ops[i].op, what)) return false;
    }
    return true;
}
