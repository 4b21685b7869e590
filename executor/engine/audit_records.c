/* The records that a layer reads: asked for, parsed, hashed, and used only if they are what the claim commits. */
#include <string.h>

#include "executor/engine/audit_parts.h"
#include "executor/engine/served.h"

enum { GROUP = CRUX_SHA256_LANES_MAX /* records hashed side by side */ };

/* Records that lie in the places of rows. */
struct batch {
    struct audit *audit;
    const struct audit_check *check;
    const struct runner_layer *layer; /* that recorded them */
    uint32_t row, count;
};

static uint8_t *place_of(const struct audit *audit, const struct runner_layer *layer,
                         uint32_t row) {
    return audit->records + (size_t)row * layer->record_bytes;
}

/* Returns: how many are well formed. */
static uint32_t parse(const struct batch *batch, const uint8_t *bytes, size_t len) {
    struct crux_cursor in;
    crux_cursor_init(&in, bytes, len);
    for (uint32_t i = 0; i < batch->count; i++) {
        crux_served_get(place_of(batch->audit, batch->layer, batch->row + i), &in,
                        batch->layer->layout, batch->layer->at, batch->layer->stores);
        if (in.status != CRUX_OK) return i;
    }
    return crux_cursor_finish(&in) == CRUX_OK ? batch->count : 0;
}

static void hash_group(void *ctx, uint32_t task, unsigned thread) {
    const struct batch *batch = ctx;
    const struct audit *audit = batch->audit;
    const struct runner_layer *layer = batch->layer;
    uint32_t first = task * GROUP, left = batch->count - first;
    uint32_t count = left < GROUP ? left : GROUP;
    struct crux_tensor tensors[CRUX_STORES_MAX];
    uint8_t roots[GROUP][32];
    for (uint32_t i = 0; i < layer->stores; i++)
        tensors[i] = (struct crux_tensor){
            layer->layout[i], place_of(audit, layer, batch->row + first) + layer->at[i]};
    crux_nested_roots(roots, tensors, layer->stores, layer->record_bytes, count,
                      audit->engine->scratch[thread].nested);
    for (uint32_t i = 0; i < count; i++)
        audit->differs[batch->row + first + i] =
            memcmp(
                roots[i],
                audit_leaf(audit, batch->check, batch->check->given + first + i, audit->layer - 1),
                32) != 0;
}

/* Returns: how many are those of their leaves. */
static uint32_t authenticate(struct batch *batch) {
    struct crux_engine *engine = batch->audit->engine;
    if (batch->count == 0) return 0;
    crux_threads_run(engine->threads, hash_group, batch, (batch->count - 1) / GROUP + 1);
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->audit->differs[batch->row + i]) return i;
    }
    return batch->count;
}

/* spec/40-adjudicator.md#value: "If a value read from step or run space is outside its declared range: `inconsistent`."
 * Returns: how many residual rows are within it, as the kernels count on. */
static uint32_t in_range(const struct batch *batch) {
    const struct audit *audit = batch->audit;
    const struct crux_program *program = audit->engine->model->program;
    const struct crux_layer *layer = &program->layers[audit->layer - 1];
    const struct crux_op *op = &program->ops[layer->first + layer->ops - 1].op;
    size_t width = audit->engine->model->config.width;
    for (uint32_t i = 0; i < batch->count; i++) {
        const uint8_t *r = place_of(audit, batch->layer, batch->row + i) +
                           batch->layer->at[batch->layer->stores - 1];
        for (size_t k = 0; k < width; k++) {
            int32_t value;
            memcpy(&value, r + k * sizeof value, sizeof value);
            if (value < op->lo || value > op->hi) return i;
        }
    }
    return batch->count;
}

uint32_t audit_records(struct audit *audit, struct audit_check *check, uint32_t row,
                       uint32_t count) {
    struct crux_engine_audited *audited = check->audited;
    const struct crux_engine_served *served = audit->served;
    uint32_t before = audit->layer - 1;
    const struct runner_layer *layer = &audit->engine->model->layers[before];
    struct batch batch = {audit, check, layer, row, count};
    const uint8_t *bytes = NULL;
    size_t len = 0;
    enum crux_status status =
        served->records(served->ctx, check->number, before, check->given, count, &bytes, &len);
    if (status != CRUX_OK) {
        if (audit_judge(check, CRUX_ENGINE_AUDIT_UNSERVED, check->given, before))
            audited->served = status;
        return 0;
    }
    batch.count = parse(&batch, bytes, len);
    if (batch.count < count)
        (void)audit_judge(check, CRUX_ENGINE_AUDIT_MALFORMED, check->given + batch.count, before);
    uint32_t good = authenticate(&batch);
    if (good < batch.count)
        (void)audit_judge(check, CRUX_ENGINE_AUDIT_MISMATCH, check->given + good, before);
    batch.count = good;
    good = in_range(&batch);
    if (good < batch.count)
        (void)audit_judge(check, CRUX_ENGINE_AUDIT_RANGE, check->given + good, before);
    for (uint32_t i = 0; i < good; i++)
        audit->rows[row + i].r = place_of(audit, layer, row + i) + layer->at[layer->stores - 1];
    return good;
}
