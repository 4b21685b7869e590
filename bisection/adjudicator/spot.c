#include "bisection/adjudicator/spot.h"

static uint64_t product(const uint32_t *extent, unsigned ndim) {
    uint64_t total = 1;
    for (unsigned i = 0; i < ndim; i++) total *= extent[i]; /* at most 2^40: crux_op_bind */
    return total;
}

void crux_leaves_of_operand(struct crux_leaves *leaves, const struct crux_bound_op *bound,
                            const struct crux_place *place) {
    static const uint32_t one[1] = {1};
    const struct crux_operand *operand = place->operand;
    const uint32_t *extent = bound->view[place->slot];
    *leaves = (struct crux_leaves){.dtype = operand->dtype};
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP:
        crux_layout_step(&leaves->layout, operand->dtype, operand->ndim, operand->dim, extent);
        break;
    case CRUX_FROM_MODEL:
        if (operand->layout != 0) {
            leaves->tiled = true;
            CRUX_ASSERT(crux_tile_decode(&leaves->tile, operand->layout) ==
                        CRUX_OK); /* the descriptor decoded */
            leaves->inputs = extent[operand->ndim - 1];
            leaves->count = product(extent, operand->ndim - 1U) *
                            crux_tile_count(&leaves->tile, leaves->inputs);
            return;
        }
        crux_layout_model(&leaves->layout, operand->dtype, product(extent, operand->ndim));
        break;
    case CRUX_FROM_RECORD:
        if (operand->kind == CRUX_KIND_TOKEN) {
            crux_layout_record(&leaves->layout, CRUX_I32, 1, one);
        } else {
            crux_layout_record(&leaves->layout, operand->dtype, operand->ndim, extent);
        }
        break;
    case CRUX_FROM_TOKENS:
        leaves->dtype = CRUX_U32;
        crux_layout_model(&leaves->layout, CRUX_U32, bound->at.n);
        break;
    case CRUX_FROM_PARAM: break; /* in the request itself */
    }
    leaves->count = leaves->layout.pages;
}

void crux_spot_find(struct crux_spot *spot, const struct crux_leaves *leaves,
                    const struct crux_place *place) {
    uint64_t flat = place->source == CRUX_FROM_TOKENS ? place->time : place->flat;
    if (leaves->tiled) {
        const struct crux_tile *tile = &leaves->tile;
        uint32_t input = (uint32_t)(flat % leaves->inputs), t = input / tile->chunk;
        spot->leaf = flat / leaves->inputs * crux_tile_count(tile, leaves->inputs) + t;
        spot->leaf_bytes = crux_tile_bytes(tile, crux_tile_inputs(tile, leaves->inputs, t));
        spot->at = input % tile->chunk;
        return;
    }
    uint64_t offset = crux_layout_offset(&leaves->layout, flat);
    spot->leaf = offset / leaves->layout.page_bytes;
    spot->leaf_bytes = crux_layout_page_length(&leaves->layout, spot->leaf);
    spot->at = (uint32_t)(offset % leaves->layout.page_bytes);
}

int64_t crux_spot_value(const struct crux_leaves *leaves, const struct crux_spot *spot,
                        const uint8_t *bytes) {
    if (leaves->tiled) {
        uint32_t row_tiles = crux_tile_count(&leaves->tile, leaves->inputs);
        uint32_t count =
            crux_tile_inputs(&leaves->tile, leaves->inputs, (uint32_t)(spot->leaf % row_tiles));
        return crux_tile_value(&leaves->tile, bytes, count, spot->at);
    }
    return crux_dtype_get(leaves->dtype, bytes + spot->at);
}
