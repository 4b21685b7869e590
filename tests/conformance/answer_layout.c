/* Questions about where elements lie. */
#include "bisection/adjudicator/spot.h"
#include "tests/conformance/answer_parts.h"

enum { SPACE_MODEL = 1, SPACE_RUN = 2, SPACE_STEP = 3 };

static bool make_layout(struct crux_layout *layout, struct crux_cursor *question) {
    struct crux_dim dim[CRUX_DIMS_MAX];
    uint32_t extent[CRUX_DIMS_MAX];
    uint64_t elements = 1;
    uint8_t space = crux_get_u8(question), dtype = crux_get_u8(question);
    uint32_t pos = crux_get_u32(question), n = crux_get_u32(question);
    uint32_t ndim = crux_get_u32(question);
    if (ndim < 1 || ndim > CRUX_DIMS_MAX || crux_dtype_bytes(dtype) == 0) return false;
    for (uint32_t i = 0; i < ndim; i++) {
        dim[i].a = crux_get_i32(question);
        dim[i].b = crux_get_i32(question);
        dim[i].c = crux_get_i32(question);
        dim[i].d = crux_get_u32(question);
        dim[i].e = crux_get_u32(question);
        extent[i] = crux_dim_value(&dim[i], pos, n);
        if (elements != 0 && extent[i] > (UINT64_C(1) << 40) / elements) return false;
        elements *= extent[i];
    }
    if (question->status != CRUX_OK) return false;
    if (space == SPACE_MODEL)
        crux_layout_model(layout, dtype, elements);
    else if (space == SPACE_RUN)
        crux_layout_record(layout, dtype, ndim, extent);
    else if (space == SPACE_STEP)
        crux_layout_step(layout, dtype, ndim, dim, extent);
    else
        return false;
    return true;
}

enum crux_status crux_answer_layout(struct crux_writer *answer, struct crux_cursor *question) {
    struct crux_layout layout;
    if (!make_layout(&layout, question)) return CRUX_E_USAGE;
    crux_put_u64(answer, layout.pages);
    crux_put_u64(answer, layout.bytes);
    crux_put_u32(answer,
                 layout.pages == 0 ? 0 : crux_layout_page_length(&layout, layout.pages - 1));
    uint32_t count = crux_get_u32(question);
    for (uint32_t i = 0; i < count && question->status == CRUX_OK; i++) {
        uint64_t flat = crux_get_u64(question);
        if (flat >= layout.rows * layout.row_elements) return CRUX_E_ELEMENT_OUTSIDE;
        uint64_t offset = crux_layout_offset(&layout, flat);
        crux_put_u64(answer, offset / layout.page_bytes);
        crux_put_u32(answer, (uint32_t)(offset % layout.page_bytes));
    }
    count = crux_get_u32(question);
    for (uint32_t i = 0; i < count && question->status == CRUX_OK; i++) {
        uint64_t byte = crux_get_u64(question);
        if (byte >= layout.bytes) return CRUX_E_ELEMENT_OUTSIDE;
        crux_put_u8(answer, crux_layout_is_padding(&layout, byte));
    }
    return CRUX_OK;
}

enum crux_status crux_answer_tile(struct crux_writer *answer, struct crux_cursor *question) {
    struct crux_leaves leaves = {.tiled = true};
    struct crux_place place = {.source = CRUX_FROM_MODEL};
    struct crux_spot spot;
    size_t len;
    uint8_t layout = crux_get_u8(question);
    leaves.inputs = crux_get_u32(question);
    uint64_t rows = crux_get_u64(question);
    place.flat = crux_get_u64(question);
    const uint8_t *bytes = crux_answer_rest(question, &len);
    if (bytes == NULL || leaves.inputs == 0 || place.flat / leaves.inputs >= rows)
        return CRUX_E_USAGE;
    enum crux_status status = crux_tile_decode(&leaves.tile, layout);
    if (status != CRUX_OK) return status;
    leaves.count = rows * crux_tile_count(&leaves.tile, leaves.inputs);
    crux_spot_find(&spot, &leaves, &place);
    if (len != spot.leaf_bytes) return CRUX_E_BAD_LAYOUT;
    crux_put_u64(answer, leaves.count);
    crux_put_u64(answer, spot.leaf);
    crux_put_u32(answer, spot.leaf_bytes);
    crux_put_i64(answer, crux_spot_value(&leaves, &spot, bytes));
    return CRUX_OK;
}
