#include "tests/bisection/commitment/naive_tensor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/naive_tree.h"

/* spec/10-machine.md#rows: "if E*s <= B, a row is padded to the least power of two >= E*s; this is the row stride" */
static size_t stride_of(size_t row_bytes, size_t page_bytes) {
    size_t unit = row_bytes <= page_bytes ? 1 : page_bytes, stride = unit;
    if (row_bytes == 0) return 0;
    while (stride < row_bytes) stride *= 2;
    return stride;
}

void naive_tensor_make(struct naive_tensor *naive, const struct crux_layout *layout,
                       struct crux_random *random) {
    size_t rows = (size_t)layout->rows, size = layout->element_bytes,
           page_bytes = layout->page_bytes;
    size_t row_bytes = (size_t)layout->row_elements * size,
           stride = stride_of(row_bytes, page_bytes);
    naive->padded_bytes = rows * stride;
    naive->pages = (naive->padded_bytes + page_bytes - 1) / page_bytes;
    naive->elements = malloc(rows * row_bytes + 1);
    naive->padded = calloc(1, naive->padded_bytes + 1);
    naive->leaves = malloc(32 * naive->pages + 1);
    assert(naive->elements != NULL && naive->padded != NULL && naive->leaves != NULL);
    for (size_t i = 0; i < rows * row_bytes; i++)
        naive->elements[i] = (uint8_t)crux_random_next(random);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < (size_t)layout->row_elements; i++) {
            memcpy(naive->padded + r * stride + i * size,
                   naive->elements + r * row_bytes + i * size, size);
        }
    }
    for (size_t page = 0; page < naive->pages; page++) {
        size_t left = naive->padded_bytes - page * page_bytes;
        naive_leaf(naive->leaves[page], naive->padded + page * page_bytes,
                   left < page_bytes ? left : page_bytes);
    }
    naive_root(naive->root, (const uint8_t(*)[32])naive->leaves, naive->pages);
    naive->tensor = (struct crux_tensor){.layout = *layout, .elements = naive->elements};
}

void naive_tensor_free(struct naive_tensor *naive) {
    free(naive->elements);
    free(naive->padded);
    free(naive->leaves);
}

void naive_tensor_layout(struct crux_layout *layout, struct crux_random *random) {
    static const unsigned dtypes[] = {CRUX_I8,  CRUX_U8,  CRUX_I16, CRUX_U16,
                                      CRUX_I32, CRUX_U32, CRUX_I64};
    unsigned dtype = dtypes[crux_random_below(random, 7)];
    unsigned ndim = (unsigned)crux_random_between(random, 1, 4);
    unsigned kind = (unsigned)crux_random_below(random, 3);
    unsigned growing = (unsigned)crux_random_below(random, ndim + 1); /* ndim: none */
    struct crux_dim dim[CRUX_DIMS_MAX];
    uint32_t extent[CRUX_DIMS_MAX];
    uint64_t elements = 1;
    for (unsigned i = 0; i < ndim; i++) {
        extent[i] =
            (uint32_t)crux_random_between(random, 1, crux_random_one_in(random, 3) ? 70 : 5);
        if (crux_random_one_in(random, 8)) extent[i] = (uint32_t)1 << crux_random_below(random, 8);
        dim[i] = (struct crux_dim){.a = (int32_t)extent[i], .d = 1, .e = extent[i]};
        if (i == growing && kind == 0) {
            dim[i] = (struct crux_dim){.b = 1, .d = 1, .e = 1000};
            if (crux_random_one_in(random, 10)) extent[i] = 0;
        }
        elements *= extent[i];
        if (elements > 20000) extent[i] = 1;
        if (elements > 20000) elements = 1;
    }
    if (kind == 0)
        crux_layout_step(layout, dtype, ndim, dim, extent);
    else if (kind == 1)
        crux_layout_record(layout, dtype, ndim, extent);
    else
        crux_layout_model(layout, dtype, elements > 0 ? elements : 1);
}
