/* The model tensors of a program. spec/21-descriptors.md#program-file */
#include <stdlib.h>
#include <string.h>

#include "kernels/ops/dtype.h"
#include "kernels/program/check_internal.h"
#include "kernels/program/layout.h"
#include "kernels/program/letters.h"

static const uint64_t elements_max = UINT64_C(1) << 40;

static bool is_bound(const struct crux_model_tensor *tensor) {
    for (unsigned i = 0; i < CRUX_HASH_BYTES; i++) {
        if (tensor->root[i] != 0) return true;
    }
    return false;
}

static enum crux_status check_shape(const struct crux_checker *checker,
                                    const struct crux_model_tensor *t) {
    uint64_t elements = 1;
    if (t->ndim < 1 || t->ndim > CRUX_DIMS_MAX) {
        return crux_check_refuse(checker, CRUX_E_BAD_SHAPE,
                                 "tensor %s has %u dimensions, 1 to 4 are permitted", t->name,
                                 t->ndim);
    }
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) {
        if (i >= t->ndim && t->dim[i] == 0) continue;
        if (i >= t->ndim || t->dim[i] < 1 || t->dim[i] > INT32_MAX) {
            return crux_check_refuse(checker, CRUX_E_BAD_DIM, "tensor %s: dimension %u is %u",
                                     t->name, i, t->dim[i]);
        }
        if (elements > elements_max / t->dim[i]) {
            return crux_check_refuse(checker, CRUX_E_TOO_MANY_ELEMENTS,
                                     "tensor %s has more than 2^40 elements", t->name);
        }
        elements *= t->dim[i];
    }
    return CRUX_OK;
}

static enum crux_status check_tensor(const struct crux_checker *checker, uint32_t number) {
    const struct crux_model_tensor *t = &checker->program->tensors[number];
    struct crux_tile tile;
    if (!crux_letters_padded(t->name, CRUX_NAME_BYTES) || t->name[0] == 0) {
        return crux_check_refuse(checker, CRUX_E_SYNTAX,
                                 "tensor %u: the name is not 1 to 55 letters of a-z0-9._-", number);
    }
    if (crux_dtype_bytes(t->dtype) == 0 || (t->layout != 0 && t->dtype != CRUX_I32)) {
        return crux_check_refuse(checker, CRUX_E_BAD_DTYPE,
                                 "tensor %s: dtype %u is unknown, or not i32 for tiles", t->name,
                                 t->dtype);
    }
    if (t->layout != 0 && crux_tile_decode(&tile, t->layout) != CRUX_OK) {
        return crux_check_refuse(checker, CRUX_E_BAD_LAYOUT,
                                 "tensor %s: layout byte %u names no layout", t->name, t->layout);
    }
    if (t->lo > t->hi || t->lo < crux_dtype_lo(t->dtype) || t->hi > crux_dtype_hi(t->dtype)) {
        return crux_check_refuse(checker, CRUX_E_BAD_RANGE,
                                 "tensor %s: [%lld, %lld] is not a range of %s", t->name,
                                 (long long)t->lo, (long long)t->hi, crux_dtype_name(t->dtype));
    }
    if (is_bound(t) != is_bound(&checker->program->tensors[0])) {
        return crux_check_refuse(checker, CRUX_E_PROGRAM_INVALID,
                                 "tensors %s and %s: one has a root, one has none",
                                 checker->program->tensors[0].name, t->name);
    }
    return check_shape(checker, t);
}

static int by_name(const void *a, const void *b) {
    const struct crux_model_tensor *const *x = a, *const *y = b;
    return memcmp((*x)->name, (*y)->name, CRUX_NAME_BYTES);
}

static enum crux_status check_names(const struct crux_checker *checker) {
    uint32_t count = checker->program->tensor_count;
    enum crux_status status = CRUX_OK;
    if (count < 2) return CRUX_OK;
    const struct crux_model_tensor **sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL)
        return crux_check_refuse(checker, CRUX_E_OUT_OF_MEMORY, "no memory to compare names");
    for (uint32_t i = 0; i < count; i++) sorted[i] = &checker->program->tensors[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    for (uint32_t i = 1; i < count; i++) {
        if (by_name(&sorted[i - 1], &sorted[i]) != 0) continue;
        status = crux_check_refuse(checker, CRUX_E_DUPLICATE_NAME, "two tensors are called %s",
                                   sorted[i]->name);
        goto out;
    }
out:
    free(sorted);
    return status;
}

enum crux_status crux_check_tensors(const struct crux_checker *checker) {
    const struct crux_program *program = checker->program;
    if (program->tensor_count > CRUX_TENSORS_MAX) {
        return crux_check_refuse(checker, CRUX_E_TOO_MANY_TENSORS, "%u tensors",
                                 program->tensor_count);
    }
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        enum crux_status status = check_tensor(checker, i);
        if (status != CRUX_OK) return status;
    }
    return check_names(checker);
}
