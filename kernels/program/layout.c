#include "kernels/program/layout.h"

#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"

static uint64_t pow2_at_least(uint64_t v) {
    uint64_t p = 1;
    while (p < v) p <<= 1; /* v <= 2^43: 2^40 elements of 8 bytes */
    return p;
}

static void from_rows(struct crux_layout *layout, unsigned dtype, uint64_t rows,
                      uint64_t row_elements, uint32_t page_bytes) {
    uint64_t bytes = row_elements * crux_dtype_bytes(dtype);
    uint64_t stride = 0;
    if (bytes != 0 && bytes <= page_bytes) stride = pow2_at_least(bytes);
    if (bytes > page_bytes)
        stride = pow2_at_least((bytes + page_bytes - 1) / page_bytes) * page_bytes;
    layout->rows = rows;
    layout->row_elements = row_elements;
    layout->stride_bytes = stride;
    layout->bytes = rows * stride;
    layout->pages = (layout->bytes + page_bytes - 1) / page_bytes;
    layout->element_bytes = crux_dtype_bytes(dtype);
    layout->page_bytes = page_bytes;
}

void crux_layout_step(struct crux_layout *layout, unsigned dtype, unsigned ndim,
                      const struct crux_dim *dim, const uint32_t *extent) {
    uint64_t rows = 1, row_elements = 1;
    bool grown = false;
    unsigned leading = 0; /* dimensions before the first growing one */
    for (unsigned i = 0; i < ndim; i++) {
        grown = grown || crux_dim_grows(&dim[i]);
        if (!grown) leading++;
    }
    if (!grown) leading = 0;
    for (unsigned i = 0; i < ndim; i++) {
        if (i < leading)
            rows *= extent[i];
        else
            row_elements *= extent[i];
    }
    from_rows(layout, dtype, rows, row_elements, CRUX_STEP_PAGE_BYTES);
}

void crux_layout_model(struct crux_layout *layout, unsigned dtype, uint64_t elements) {
    from_rows(layout, dtype, 1, elements, CRUX_STEP_PAGE_BYTES);
}

void crux_layout_record(struct crux_layout *layout, unsigned dtype, unsigned ndim,
                        const uint32_t *extent) {
    uint64_t rows = 1;
    for (unsigned i = 0; i + 1 < ndim; i++) rows *= extent[i];
    from_rows(layout, dtype, rows, extent[ndim - 1], CRUX_RECORD_PAGE_BYTES);
}

uint64_t crux_layout_offset(const struct crux_layout *layout, uint64_t flat) {
    return flat / layout->row_elements * layout->stride_bytes +
           flat % layout->row_elements * layout->element_bytes;
}

uint32_t crux_layout_page_length(const struct crux_layout *layout, uint64_t page) {
    uint64_t left = layout->bytes - page * layout->page_bytes;
    return left < layout->page_bytes ? (uint32_t)left : layout->page_bytes;
}

bool crux_layout_is_padding(const struct crux_layout *layout, uint64_t offset) {
    return offset % layout->stride_bytes >= layout->row_elements * layout->element_bytes;
}
