/* Where elements lie: the shapes that divide rows, pages and tiles in every way. */
#include <string.h>

#include "bisection/adjudicator/spot.h"
#include "kernels/lowering/value.h"
#include "tests/conformance/vector_file.h"
#include "tests/support/random.h"

struct shape_case {
    const char *space, *reason;
    uint8_t dtype;
    uint32_t pos, n;
    struct crux_shape shape;
};

static json_t *dims_of(const struct crux_shape *shape) {
    json_t *dims = json_array();
    for (unsigned i = 0; i < shape->ndim; i++) {
        const struct crux_dim *dim = &shape->dim[i];
        if (!crux_dim_grows(dim)) {
            json_array_append_new(dims, json_integer(dim->e));
            continue;
        }
        json_t *grows = json_object();
        crux_vector_set(grows, "a", json_integer(dim->a));
        crux_vector_set(grows, "b", json_integer(dim->b));
        crux_vector_set(grows, "c", json_integer(dim->c));
        crux_vector_set(grows, "d", json_integer(dim->d));
        crux_vector_set(grows, "e", json_integer(dim->e));
        json_array_append_new(dims, grows);
    }
    return dims;
}

static void make_layout(struct crux_layout *layout, const struct shape_case *c) {
    uint32_t extent[CRUX_DIMS_MAX];
    uint64_t elements = 1;
    for (unsigned i = 0; i < c->shape.ndim; i++) {
        extent[i] = crux_dim_value(&c->shape.dim[i], c->pos, c->n);
        elements *= extent[i];
    }
    if (strcmp(c->space, "model") == 0)
        crux_layout_model(layout, c->dtype, elements);
    else if (strcmp(c->space, "run") == 0)
        crux_layout_record(layout, c->dtype, c->shape.ndim, extent);
    else
        crux_layout_step(layout, c->dtype, c->shape.ndim, c->shape.dim, extent);
}

static void add_flat(json_t *elements, const struct crux_layout *layout, uint64_t flat) {
    uint64_t offset;
    if (flat >= layout->rows * layout->row_elements) return;
    offset = crux_layout_offset(layout, flat);
    json_array_append_new(elements, json_pack("[I,I,I]", (json_int_t)flat,
                                              (json_int_t)(offset / layout->page_bytes),
                                              (json_int_t)(offset % layout->page_bytes)));
}

static void add_byte(json_t *bytes, const struct crux_layout *layout, uint64_t byte) {
    if (byte >= layout->bytes) return;
    json_array_append_new(
        bytes, json_pack("[I,b]", (json_int_t)byte, crux_layout_is_padding(layout, byte)));
}

static void add_shape(struct crux_vector_file *file, const struct shape_case *c) {
    struct crux_layout layout;
    json_t *vector = crux_vector_add(file, c->space, c->reason), *elements = json_array(),
           *padding = json_array();
    make_layout(&layout, c);
    crux_vector_set(vector, "dtype", json_string(crux_dtype_name(c->dtype)));
    crux_vector_set(vector, "dims", dims_of(&c->shape));
    crux_vector_set_u32(vector, "pos", c->pos);
    crux_vector_set_u32(vector, "n", c->n);
    crux_vector_set(vector, "pages", json_integer((json_int_t)layout.pages));
    crux_vector_set(vector, "bytes", json_integer((json_int_t)layout.bytes));
    crux_vector_set(
        vector, "last_page_bytes",
        json_integer(layout.pages == 0 ? 0 : crux_layout_page_length(&layout, layout.pages - 1)));
    uint64_t e = layout.row_elements, all = layout.rows * e;
    uint64_t per_page = layout.page_bytes / layout.element_bytes;
    const uint64_t flats[] = {0, 1,     per_page - 1, per_page, e - 1,
                              e, e + 1, 2 * e - 1,    all / 2,  all - 1};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(flats); i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++) again = again || flats[j] == flats[i];
        if (!again) add_flat(elements, &layout, flats[i]);
    }
    uint64_t used = e * layout.element_bytes, stride = layout.stride_bytes;
    const uint64_t bytes[] = {
        0, used - 1, used, stride - 1, stride, stride + used, layout.bytes - 1};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(bytes); i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++) again = again || bytes[j] == bytes[i];
        if (!again) add_byte(padding, &layout, bytes[i]);
    }
    crux_vector_set(vector, "elements", elements);
    crux_vector_set(vector, "padding", padding);
}

static void shapes(struct crux_vector_file *file) {
    const struct crux_dim pos1 = {1, 1, 0, 1, 4096}, blocks = {1, 1, 0, 256, 16},
                          by_n = {0, 0, 1, 1, 512};
    const struct crux_dim from0 = {0, 1, 0, 1, 64};
    const struct shape_case all[] = {
        {"step", "one_element", CRUX_I8, 0, 1, CRUX_ROW(1)},
        {"step", "row_is_padded_to_a_power_of_two", CRUX_I16, 0, 1, CRUX_ROW(5)},
        {"step", "row_of_a_whole_page", CRUX_I32, 0, 1, CRUX_ROW(64)},
        {"step", "one_element_more_than_a_page", CRUX_I32, 0, 1, CRUX_ROW(65)},
        {"step", "row_of_three_pages_is_padded_to_four", CRUX_I16, 0, 1, CRUX_ROW(300)},
        {"step", "row_of_four_pages", CRUX_I64, 0, 1, CRUX_ROW(128)},
        {"step", "row_of_576_is_padded_to_eight_pages", CRUX_I16, 0, 1, CRUX_ROW(576)},
        {"step", "constant_dimensions_are_one_row", CRUX_I16, 0, 1, CRUX_CUBE(3, 5, 7)},
        {"step", "rows_start_at_the_growing_dimension", CRUX_I32, 4, 1,
         CRUX_SHAPE(crux_dim_constant(3), pos1)},
        {"step", "rows_at_position_zero", CRUX_I32, 0, 1, CRUX_SHAPE(crux_dim_constant(3), pos1)},
        {"step", "rows_of_a_page", CRUX_I32, 63, 1, CRUX_SHAPE(crux_dim_constant(3), pos1)},
        {"step", "rows_of_two_pages", CRUX_I32, 64, 1, CRUX_SHAPE(crux_dim_constant(3), pos1)},
        {"step", "rows_of_five_pages_are_padded_to_eight", CRUX_I32, 259, 1,
         CRUX_SHAPE(crux_dim_constant(2), pos1)},
        {"step", "growing_first_is_one_row", CRUX_I16, 6, 1,
         CRUX_SHAPE(pos1, crux_dim_constant(9))},
        {"step", "growing_in_the_middle", CRUX_U8, 2, 1,
         CRUX_SHAPE(crux_dim_constant(2), crux_dim_constant(2), pos1, crux_dim_constant(5))},
        {"step", "blocks_of_positions", CRUX_I64, 511, 1, CRUX_SHAPE(crux_dim_constant(4), blocks)},
        {"step", "grows_with_n", CRUX_I16, 0, 33, CRUX_SHAPE(crux_dim_constant(2), by_n)},
        {"step", "no_elements_no_pages", CRUX_I32, 0, 1, CRUX_SHAPE(crux_dim_constant(3), from0)},
        {"step", "largest_rows", CRUX_I64, 8191, 1,
         CRUX_SHAPE(crux_dim_constant(32), ((struct crux_dim){1, 1, 0, 1, 8192}))},
        {"model", "last_page_is_shorter", CRUX_I16, 0, 1, CRUX_ROW(5)},
        {"model", "one_page", CRUX_I32, 0, 1, CRUX_ROW(64)},
        {"model", "two_pages", CRUX_I32, 0, 1, CRUX_ROW(65)},
        {"model", "all_dimensions_are_one_row", CRUX_I16, 0, 1, CRUX_GRID(7, 50)},
        {"model", "lut_of_4097", CRUX_I32, 0, 1, CRUX_ROW(4097)},
        {"run", "one_token", CRUX_I32, 0, 1, CRUX_ROW(1)},
        {"run", "row_of_a_page", CRUX_I32, 0, 1, CRUX_ROW(256)},
        {"run", "row_of_576_is_three_pages_padded_to_four", CRUX_I32, 0, 1, CRUX_ROW(576)},
        {"run", "a_row_is_the_last_dimension", CRUX_I16, 0, 1, CRUX_GRID(3, 64)},
        {"run", "rows_never_straddle_a_page", CRUX_I16, 0, 1, CRUX_GRID(5, 300)},
        {"run", "three_dimensions", CRUX_I8, 0, 1, CRUX_CUBE(2, 3, 5)},
        {"run", "four_dimensions_with_rows_of_two_pages", CRUX_I64, 0, 1, CRUX_BOX(2, 1, 3, 129)},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) add_shape(file, &all[i]);
}

struct tile_case {
    const char *reason;
    uint32_t width, group, chunk;
    bool has_offsets;
    uint64_t rows;
    uint32_t inputs;
    uint64_t flat;
};

static void tile_vector(struct crux_vector_file *file, const struct tile_case *c,
                        const uint8_t *bytes, size_t len) {
    struct crux_leaves leaves = {
        .tiled = true, .inputs = c->inputs, .tile = {c->width, c->group, c->chunk, c->has_offsets}};
    struct crux_place place = {.source = CRUX_FROM_MODEL, .flat = c->flat};
    struct crux_spot spot;
    json_t *vector = crux_vector_add(file, "tile", c->reason);
    crux_vector_set_u32(vector, "layout", crux_tile_encode(&leaves.tile));
    crux_vector_set(vector, "rows", json_integer((json_int_t)c->rows));
    crux_vector_set_u32(vector, "inputs", c->inputs);
    crux_vector_set(vector, "flat", json_integer((json_int_t)c->flat));
    crux_spot_find(&spot, &leaves, &place);
    CRUX_ASSERT(len == spot.leaf_bytes);
    crux_vector_set_hex(vector, "tile", bytes, len);
    crux_vector_set(vector, "leaves",
                    json_integer((json_int_t)(c->rows * crux_tile_count(&leaves.tile, c->inputs))));
    crux_vector_set(vector, "leaf", json_integer((json_int_t)spot.leaf));
    crux_vector_set_i64(vector, "value", crux_spot_value(&leaves, &spot, bytes));
}

static void tiles(struct crux_vector_file *file) {
    static const struct tile_case all[] = {
        {"q8_first", 2, 32, 512, false, 3, 512, 0},
        {"q8_last_of_row", 2, 32, 512, false, 3, 512, 1023},
        {"q8_two_tiles_in_a_row", 2, 32, 512, false, 3, 576, 576 + 512},
        {"q8_last_tile_is_not_padded", 2, 32, 512, false, 3, 576, 3 * 576 - 1},
        {"q8_group_16", 2, 16, 128, false, 2, 100, 99},
        {"q8_offsets", 2, 32, 256, true, 2, 300, 255},
        {"q8_offsets_of_the_last_group", 2, 32, 256, true, 2, 300, 299},
        {"q8_odd_group", 2, 32, 128, true, 1, 33, 32},
        {"q4_even_input", 1, 32, 512, true, 2, 64, 62},
        {"q4_odd_input", 1, 32, 512, true, 2, 64, 63},
        {"q4_last_of_an_odd_tile", 1, 16, 128, true, 1, 131, 130},
        {"q4_without_offsets", 1, 32, 256, false, 1, 40, 33},
        {"q16", 3, 32, 128, false, 2, 200, 399},
        {"q16_group_16_offsets", 3, 16, 512, true, 1, 515, 514},
        {"many_rows", 2, 32, 512, false, UINT64_C(1) << 30, 1024, (UINT64_C(1) << 40) - 1},
    };
    struct crux_random random = {30};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        const struct tile_case *c = &all[i];
        struct crux_tile tile = {c->width, c->group, c->chunk, c->has_offsets};
        uint32_t t = (uint32_t)(c->flat % c->inputs) / c->chunk,
                 count = crux_tile_inputs(&tile, c->inputs, t);
        uint8_t bytes[CRUX_TILE_BYTES_MAX];
        size_t len = crux_tile_bytes(&tile, count);
        for (size_t j = 0; j < len; j++) bytes[j] = (uint8_t)crux_random_next(&random);
        if (c->width == 1 && count % 2 == 1) bytes[len - 1] &= 15;
        tile_vector(file, c, bytes, len);
    }
    /* m and q extreme: the value has 31 bits. */
    const struct tile_case extreme = {"q16_extreme", 3, 32, 128, true, 1, 1, 0};
    tile_vector(file, &extreme, (const uint8_t[]){0x00, 0x80, 0xff, 0x7f, 0x00, 0x80}, 6);
    static const uint8_t bad[] = {0, 4, 8, 12, 16, 0x32, 0x42, 0x82, 0xff};
    static const char *const reason[] = {"layout_plain",
                                         "layout_without_width",
                                         "layout_offsets_without_width",
                                         "layout_flags_without_width",
                                         "layout_chunk_without_width",
                                         "layout_chunk_code_3",
                                         "layout_bit_6",
                                         "layout_bit_7",
                                         "layout_all_bits"};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(bad); i++) {
        json_t *vector = crux_vector_add(file, "tile", reason[i]);
        crux_vector_set_u32(vector, "layout", bad[i]);
        crux_vector_set_u32(vector, "rows", 1);
        crux_vector_set_u32(vector, "inputs", 1);
        crux_vector_set_u32(vector, "flat", 0);
        crux_vector_set_hex(vector, "tile", (const uint8_t[]){1, 0, 1}, 3);
        crux_vector_set_error(vector, CRUX_E_BAD_LAYOUT);
    }
}

void crux_generate_layout(const char *folder) {
    struct crux_vector_file file;
    crux_vector_file_begin(&file, "layout");
    shapes(&file);
    tiles(&file);
    crux_vector_file_end(&file, folder);
}
