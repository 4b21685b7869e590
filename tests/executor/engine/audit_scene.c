#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "tests/executor/engine/audit_scene.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { HIDDEN_BYTES = 1 << 24, TENSORS_MAX = 256 };

/* ---- lies ---- */

/* Another value of the declared range, or the least of the type: outside it. */
static int64_t changed(const struct crux_op *op, int64_t value, bool outside) {
    if (outside) return INT32_MIN;
    return value > op->lo ? value - 1 : value + 1;
}

static void lie_in(struct crux_step *step, uint32_t op, const struct audit_place *place) {
    const struct crux_op *store =
        &step->program->ops[step->program->layers[step->layer].first + op].op;
    struct crux_step_tensor *tensor = &step->tensors[op];
    uint64_t element = place->element % tensor->elements;
    int64_t value = crux_step_value(step, op, element);
    crux_dtype_put(tensor->bytes + element * tensor->element_bytes, store->dtype,
                   changed(store, value, place->outside));
}

static void lie(void *ctx, struct crux_step *step, uint32_t op) {
    const struct audit_lies *lies = ctx;
    const struct crux_layer *layer = &step->program->layers[step->layer];
    for (uint32_t i = 0; i < lies->count; i++) {
        const struct audit_place *place = &lies->at[i];
        if (place->pos == step->pos && place->layer == step->layer &&
            op == layer->ops - layer->stores + place->store)
            lie_in(step, op, place);
    }
}

void audit_lies_init(struct crux_lie *out, struct audit_lies *lies) {
    *out = (struct crux_lie){.ctx = lies, .computed = lie};
}

/* The head works from position P-1 on. */
struct audit_place audit_place_any(const struct engine_fixture *f, struct crux_random *random) {
    const struct crux_run *run = crux_archive_tokens(f->archive);
    uint32_t layers = f->program.header.layers;
    struct audit_place place = {.layer = (uint32_t)crux_random_below(random, layers)};
    bool head = place.layer + 1 == layers;
    place.pos = (uint32_t)crux_random_between(random, head ? run->n - 1 : 0, run->positions - 1);
    place.store = (uint32_t)crux_random_below(random, f->program.layers[place.layer].stores);
    place.element = (uint32_t)crux_random_below(random, 1 << 20);
    return place;
}

/* ---- one claim ---- */

void audit_scene_init(struct audit_scene *s, struct crux_random *random) {
    struct crux_fused_decoder config;
    engine_fixture_random_config(&config, random, AUDIT_CONTEXT);
    engine_fixture_init(&s->f, &config, random);
    uint32_t n = (uint32_t)crux_random_between(random, 1, AUDIT_CONTEXT - 4);
    engine_fixture_ask(&s->f, random, n, AUDIT_CONTEXT,
                       (int32_t)crux_random_between(random, 0, 2) << 15);
    served_archive_init(&s->store);
    s->layers = s->f.program.header.layers;
    assert_true(s->layers <= AUDIT_LAYERS_MAX);
}

void audit_scene_run(struct audit_scene *s, const struct crux_lie *lie) {
    struct crux_archive_request request = {.fields = s->f.request.fields, .tokens = s->f.tokens};
    struct crux_archive **archive = &s->store.archive[0];
    crux_archive_free(*archive);
    assert_int_equal(crux_archive_run(archive, &s->f.model, &request, lie), CRUX_OK);
    s->audited = (struct crux_engine_audited){.request = s->f.request,
                                              .claim = *crux_archive_claim(*archive),
                                              .tokens = crux_archive_tokens(*archive)->tokens};
}

void audit_scene_free(struct audit_scene *s) {
    crux_archive_free(s->store.archive[0]);
    served_archive_free(&s->store);
    engine_fixture_free(&s->f);
}

/* ---- the model, with no more than some layers ---- */

static bool is_of(const struct engine_fixture *f, const char *name, const uint32_t *layers,
                  uint32_t count) {
    uint32_t head = f->program.header.layers - 1, of = UINT32_MAX;
    unsigned block;
    if (sscanf(name, "b%u.", &block) == 1)
        of = block / f->config.blocks_per_layer;
    else if (strcmp(name, "head") == 0 || strcmp(name, "head.scale") == 0)
        of = head;
    else if (strcmp(name, "embed.scale") == 0 || (strcmp(name, "embed") == 0 && !f->config.tied))
        of = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool embeds = layers[i] == 0 || layers[i] == head;
        if (layers[i] == of || (strcmp(name, "embed") == 0 && f->config.tied && embeds))
            return true;
    }
    return of == UINT32_MAX && strcmp(name, "embed") != 0;
}

/* The constants of these layers; to look at any other ends the test. */
static void *hide_others(struct crux_model_memory *memory, struct crux_model_bytes *tensors,
                         const struct engine_fixture *f, const uint32_t *layers, uint32_t count) {
    void *hidden = mmap(NULL, HIDDEN_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(hidden != MAP_FAILED);
    *memory = f->memory;
    memory->tensors = tensors;
    for (uint32_t i = 0; i < memory->count; i++) {
        tensors[i] = f->memory.tensors[i];
        assert_true(tensors[i].len <= HIDDEN_BYTES);
        if (!is_of(f, f->program.tensors[i].name, layers, count)) tensors[i].bytes = hidden;
    }
    return hidden;
}

void audit_scene_judge(struct audit_scene *s, const struct audit_way *way, const uint32_t *layers,
                       uint32_t count) {
    struct crux_model_bytes tensors[TENSORS_MAX];
    struct crux_model_memory memory;
    struct crux_engine_source source = {.config = &s->f.config,
                                        .program = &s->f.program,
                                        .memory = &memory,
                                        .layers = layers,
                                        .layer_count = count};
    struct crux_engine_options options = {.threads = way->threads, .rows = way->rows};
    struct crux_engine_model *model;
    struct crux_engine *engine;
    struct crux_engine_figures figures;
    assert_true(s->f.memory.count <= TENSORS_MAX);
    void *hidden = hide_others(&memory, tensors, &s->f, layers, count);
    s->audited.layers = layers;
    s->audited.layer_count = count;
    assert_int_equal(crux_engine_model_open(&model, &source, way->backend, NULL), CRUX_OK);
    assert_int_equal(crux_engine_open(&engine, model, &options), CRUX_OK);
    assert_int_equal(
        crux_engine_audit(engine, s->f.model.tree.root, &s->store.served, &s->audited, 1), CRUX_OK);
    crux_engine_figures(engine, &figures);
    assert_int_equal(figures.cache_bytes, 0);
    crux_engine_close(engine);
    crux_engine_model_close(model);
    assert_int_equal(munmap(hidden, HIDDEN_BYTES), 0);
}

void audit_scene_expect(const struct audit_scene *s, enum crux_engine_audit_verdict verdict,
                        uint32_t pos, uint32_t layer) {
    if (s->audited.verdict != verdict || s->audited.pos != pos || s->audited.layer != layer)
        fail_msg("%s at (%u, %u), not %s at (%u, %u)", crux_engine_audit_name(s->audited.verdict),
                 (unsigned)s->audited.pos, (unsigned)s->audited.layer,
                 crux_engine_audit_name(verdict), (unsigned)pos, (unsigned)layer);
}
