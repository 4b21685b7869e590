#include "tests/support/fused_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/certificate/certificate.h"
#include "kernels/fused/kernels.h"
#include "kernels/ops/arith.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"

static struct {
    const char *name;
    void (*one_case)(struct harness *h);
    uint64_t cases, seed;
} plan;

static uint64_t running; /* the seed of the case that runs */

static void broken(const char *what, const char *where) {
    fail_msg("case with --seed %llu: %s: %s", (unsigned long long)running, where, what);
}

void harness_ok(enum crux_status status) {
    if (status != CRUX_OK) broken(crux_status_name(status), "configuration");
}

static void all_cases(void **state) {
    struct harness *h = calloc(1, sizeof *h);
    (void)state;
    assert_non_null(h);
    for (uint64_t i = 0; i < plan.cases; i++) {
        running = plan.seed + i;
        memset(h, 0, sizeof *h);
        h->random.state = running;
        plan.one_case(h);
        crux_step_free(&h->step);
        crux_program_free(&h->program);
        for (unsigned k = 0; k < h->block_count; k++) free(h->block[k]);
    }
    free(h);
    printf("%s: %llu cases\n", plan.name, (unsigned long long)plan.cases);
}

/* Tests of kernels ask for every table: those that are not there are named once. */
static void name_skipped(void) {
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        if (crux_fused_kernels((enum crux_isa)isa) == NULL)
            printf("skipped: this processor lacks set %u\n", isa);
    }
}

int harness_main(int argc, char **argv, const char *name, void (*one_case)(struct harness *h)) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cases)};
    plan.name = name;
    plan.one_case = one_case;
    plan.cases = 1000;
    plan.seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--cases") == 0)
            plan.cases = value;
        else if (strcmp(argv[i], "--seed") == 0)
            plan.seed = value;
        else
            return 2;
    }
    name_skipped();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

void *harness_alloc(struct harness *h, size_t count, size_t size) {
    void *block = calloc(count == 0 ? 1 : count, size);
    assert_non_null(block);
    assert_true(h->block_count < HARNESS_BLOCKS_MAX);
    h->block[h->block_count++] = block;
    return block;
}

void harness_begin(struct harness *h, uint32_t context, uint32_t vocab) {
    crux_builder_init(&h->b, &h->program, context, vocab);
    h->tokens = harness_alloc(h, context, sizeof *h->tokens);
    crux_builder_begin_layer(&h->b, CRUX_ACTIVE_ALWAYS);
}

unsigned harness_input(struct harness *h, struct crux_type type, struct crux_shape shape,
                       const void *data) {
    unsigned number = h->input_count++;
    assert_true(number < HARNESS_INPUTS_MAX);
    struct crux_scale scale = crux_scale_round(0, 0);
    scale.c0 = crux_clamp(0, type.lo, type.hi);
    struct crux_value value =
        crux_emit(&h->b, "input", crux_draft_requant(type, shape, scale, crux_args_none()));
    h->input_record[number] = crux_builder_store(&h->b, "input", value);
    h->input[number].data = data;
    h->input[number].len = crux_shape_elements_max(&shape) * crux_dtype_bytes(type.dtype);
    return number;
}

void harness_enter(struct harness *h) {
    crux_builder_end_layer(&h->b);
    crux_builder_begin_layer(&h->b, CRUX_ACTIVE_ALWAYS);
    for (unsigned i = 0; i < h->input_count; i++) {
        h->input_value[i] = crux_emit_load_record(&h->b, "input", h->input_record[i]);
    }
}

struct crux_value harness_value(const struct harness *h, unsigned number) {
    assert_true(number < h->input_count);
    return h->input_value[number];
}

struct crux_value harness_tensor(struct harness *h, uint8_t layout, struct crux_type type,
                                 struct crux_shape shape, const void *data, size_t len) {
    char name[16];
    (void)snprintf(name, sizeof name, "t%u", (unsigned)h->program.tensor_count);
    struct crux_value value = crux_builder_tensor(&h->b, name, layout, type, shape);
    assert_true(value.tensor < HARNESS_TENSORS_MAX);
    h->tensor[value.tensor].data = data;
    h->tensor[value.tensor].len = len;
    return value;
}

void harness_history(struct harness *h, struct crux_record record, const void *data) {
    assert_int_equal(record.layer, 1);
    h->history[record.store].data = data;
    h->history_record[record.store] = record;
}

static const uint8_t *read_model(void *ctx, uint32_t tensor, size_t *len) {
    struct harness *h = ctx;
    assert_true(tensor < HARNESS_TENSORS_MAX);
    *len = h->tensor[tensor].len;
    return h->tensor[tensor].data;
}

static int64_t read_record(void *ctx, uint32_t time, uint32_t layer, uint32_t store,
                           uint64_t flat) {
    const struct harness *h = ctx;
    if (layer == 2) return h->tokens[time + 1];
    const struct crux_record *record =
        layer == 0 ? &h->input_record[store] : &h->history_record[store];
    uint64_t elements = crux_shape_elements_max(&record->shape);
    const uint8_t *data = layer == 0 ? h->input[store].data : h->history[store].data;
    assert_non_null(data);
    uint64_t at = (layer == 0 ? 0 : time * elements) + flat;
    return crux_dtype_get(record->type.dtype, data + at * crux_dtype_bytes(record->type.dtype));
}

static void choose_token(struct crux_builder *b) {
    crux_builder_begin_layer(b, CRUX_ACTIVE_FROM_LAST);
    struct crux_type type = crux_type_of(CRUX_I32, 0, (int64_t)b->program->header.vocab - 1);
    struct crux_value token =
        crux_emit(b, "token",
                  crux_draft_requant(type, CRUX_ROW(1), crux_scale_round(0, 0), crux_args_none()));
    struct crux_record record = crux_builder_store(b, "token", token);
    crux_builder_end_layer(b);
    enum crux_status status = crux_builder_finish(b, record);
    if (status != CRUX_OK) broken(crux_status_name(status), b->what);
}

static void prove(struct harness *h) {
    struct crux_refusal refusal = {0};
    struct crux_certificate certificate = {0};
    if (crux_program_check(&h->program, &refusal) != CRUX_OK) broken(refusal.what, refusal.label);
    if (crux_certify(&h->program, NULL, &certificate, &refusal) != CRUX_OK) {
        broken(refusal.what, refusal.label);
    }
}

void harness_run(struct harness *h, uint32_t pos, uint32_t n) {
    struct crux_world world = {
        .ctx = h, .model = read_model, .record = read_record, .tokens = h->tokens, .n = n};
    memcpy(world.params, h->params, sizeof world.params);
    world.seed = h->seed;
    world.sample = h->sample;
    /* every layer stores something */
    if (h->b.store_count == 0) (void)crux_builder_store(&h->b, "input", h->input_value[0]);
    crux_builder_end_layer(&h->b);
    if (h->b.status != CRUX_OK) broken(crux_status_name(h->b.status), h->b.what);
    choose_token(&h->b);
    prove(h);
    enum crux_status status = crux_step_run(&h->step, &h->program, &world, pos, 1);
    if (status != CRUX_OK) broken(crux_status_name(status), "crux_step_run");
}

int64_t harness_get(const struct harness *h, struct crux_value value, uint64_t flat) {
    return crux_step_value(&h->step, value.tensor, flat);
}

void harness_expect(struct harness *h, const char *what, struct crux_value value,
                    const void *data) {
    const struct crux_step_tensor *tensor = &h->step.tensors[value.tensor];
    if (tensor->elements == 0 ||
        memcmp(tensor->bytes, data, tensor->elements * tensor->element_bytes) == 0)
        return;
    for (uint64_t i = 0; i < tensor->elements; i++) {
        int64_t law = harness_get(h, value, i);
        int64_t kernel =
            crux_dtype_get(tensor->dtype, (const uint8_t *)data + i * tensor->element_bytes);
        if (law == kernel) continue;
        fail_msg("case with --seed %llu: %s[%llu] of %llu: ops give %lld, the kernel %lld",
                 (unsigned long long)running, what, (unsigned long long)i,
                 (unsigned long long)tensor->elements, (long long)law, (long long)kernel);
    }
}

uint32_t harness_extent(struct harness *h, uint32_t most, uint32_t edge) {
    struct crux_random *random = &h->random;
    if (crux_random_one_in(random, 6)) return 1;
    if (edge < most && crux_random_one_in(random, 2)) {
        int64_t near = (int64_t)edge * crux_random_between(random, 1, most / edge) +
                       crux_random_between(random, -1, 1);
        return (uint32_t)crux_clamp(near, 1, most);
    }
    return (uint32_t)crux_random_between(random, 1, most);
}

void harness_fill(struct harness *h, struct crux_type type, void *data, size_t count) {
    struct crux_random *random = &h->random;
    uint32_t bytes = crux_dtype_bytes(type.dtype);
    uint64_t kind = crux_random_below(random, 10);
    int64_t one = crux_random_edgy(random, type.lo, type.hi);
    int64_t zero = crux_clamp(0, type.lo, type.hi);
    /* a narrower range, as real rows have */
    unsigned narrow = (unsigned)crux_random_below(random, 8 * bytes - 1);
    int64_t lo = crux_clamp(type.lo / (INT64_C(1) << narrow), type.lo, zero);
    int64_t hi = crux_clamp(type.hi / (INT64_C(1) << narrow), zero, type.hi);
    for (size_t i = 0; i < count; i++) {
        int64_t v = crux_random_between(random, lo, hi);
        if (kind == 0) v = type.hi;
        if (kind == 1) v = type.lo;
        if (kind == 2) v = zero;
        if (kind == 3) v = one;
        if (kind == 4) v = crux_random_one_in(random, 2) ? type.lo : type.hi;
        if (kind == 5) v = crux_random_edgy(random, type.lo, type.hi);
        if (kind == 6) v = crux_random_between(random, type.lo, type.hi);
        crux_dtype_put((uint8_t *)data + i * bytes, type.dtype, v);
    }
    if (kind == 2 || kind >= 8) { /* a spike */
        size_t at = (size_t)crux_random_below(random, count);
        if (crux_random_one_in(random, 2))
            crux_dtype_put((uint8_t *)data + at * bytes, type.dtype, one);
    }
}

void *harness_array(struct harness *h, struct crux_type type, size_t count) {
    void *data = harness_alloc(h, count, crux_dtype_bytes(type.dtype));
    harness_fill(h, type, data, count);
    return data;
}

struct crux_tile harness_tile(struct harness *h) {
    struct crux_tile tile = {.width = (uint32_t)crux_random_between(&h->random, 1, 3)};
    tile.group = crux_random_one_in(&h->random, 2) ? 16 : 32;
    tile.chunk = UINT32_C(128) << crux_random_below(&h->random, 3);
    tile.has_offsets = crux_random_one_in(&h->random, 2);
    return tile;
}

static void fill_tile(struct harness *h, const struct crux_tile *tile, uint8_t *bytes,
                      uint32_t count) {
    uint32_t groups = (count + tile->group - 1) / tile->group,
             tables = tile->has_offsets ? 2 * groups : groups;
    uint32_t q_bytes = crux_tile_bytes(tile, count) - 2 * tables;
    uint8_t *q = bytes + 2 * tables;
    harness_fill(h, crux_type_full(CRUX_I16), bytes, tables);
    harness_fill(h,
                 crux_type_full(tile->width == 1   ? CRUX_U8
                                : tile->width == 2 ? CRUX_I8
                                                   : CRUX_I16),
                 q, tile->width == 3 ? count : q_bytes);
    if (tile->width == 1 && count % 2 != 0) q[q_bytes - 1] &= 15;
}

struct harness_tiles harness_tiles(struct harness *h, const struct crux_tile *tile, uint32_t rows,
                                   uint32_t inputs) {
    struct harness_tiles out;
    uint32_t tiles = crux_tile_count(tile, inputs);
    size_t len = 0, at = 0;
    int64_t lo = INT64_MAX, hi = INT64_MIN;
    for (uint32_t t = 0; t < tiles; t++)
        len += crux_tile_bytes(tile, crux_tile_inputs(tile, inputs, t));
    len *= rows;
    uint8_t *bytes = harness_alloc(h, len, 1);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t t = 0; t < tiles; t++) {
            uint32_t count = crux_tile_inputs(tile, inputs, t);
            fill_tile(h, tile, bytes + at, count);
            for (uint32_t i = 0; i < count; i++) {
                int64_t v = crux_tile_value(tile, bytes + at, count, i);
                if (v < lo) lo = v;
                if (v > hi) hi = v;
            }
            at += crux_tile_bytes(tile, count);
        }
    }
    out.bytes = bytes;
    out.value = harness_tensor(h, crux_tile_encode(tile), crux_type_of(CRUX_I32, lo, hi),
                               CRUX_GRID(rows, inputs), bytes, len);
    return out;
}
