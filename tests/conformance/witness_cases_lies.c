/* What an executor might lie about besides its sums: each lie is planted before it commits. */
#include <string.h>

#include "tests/conformance/witness_case.h"
#include "tests/support/toy_program.h"

enum { POSITION = 4 };

static void value_vector(struct crux_vector_file *file, const char *function, const char *reason,
                         struct world *world, struct crux_element_id element,
                         enum crux_finding want) {
    static struct case_bytes c;
    case_build(&c, world, element);
    case_expect(file, function, reason, &c, want);
}

/* ---- values ---- */

struct planted {
    uint32_t pos, layer, op;
    int64_t value;
    bool hit;
};

static void plant(void *ctx, struct crux_step *step, uint32_t op) {
    struct planted *planted = ctx;
    if (step->pos != planted->pos || step->layer != planted->layer || op != planted->op) return;
    crux_dtype_put(step->tensors[op].bytes, step->tensors[op].dtype, planted->value);
    planted->hit = true;
}

static void outside_range(struct crux_vector_file *file) {
    struct world honest, world;
    world_init(&honest, NULL, NULL);
    uint32_t mixed = crux_toy_op(&honest.program, 0, "mixed"),
             reader = crux_toy_op(&honest.program, 0, "mixed.ramp");
    uint32_t block_at = crux_toy_op(&honest.program, 2, "block.at"),
             top = crux_toy_op(&honest.program, 2, "top");
    struct planted planted = {POSITION, 0, mixed, 601, false};
    struct crux_lie lie = {.ctx = &planted, .computed = plant};
    world_init(&world, &lie, NULL);
    world_must(planted.hit, "nothing planted");
    value_vector(file, "value", "outside_its_range_where_it_is_made", &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .op = mixed},
                 CRUX_INCONSISTENT);
    value_vector(
        file, "value", "outside_its_range_where_it_is_read", &world,
        (struct crux_element_id){.kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .op = reader},
        CRUX_INCONSISTENT);
    world_free(&world);
    planted = (struct planted){POSITION, 2, block_at, 3, false};
    world_init(&world, &lie, NULL);
    world_must(planted.hit, "nothing planted");
    value_vector(file, "value", "x_outside_its_range", &world,
                 (struct crux_element_id){
                     .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .layer = 2, .op = top},
                 CRUX_INCONSISTENT);
    world_free(&world);
    world_free(&honest);
}

static void row_out_of_range(void *ctx, struct crux_step *step, uint32_t op) {
    struct planted *planted = ctx;
    if (step->pos != planted->pos || step->layer != planted->layer || op != planted->op) return;
    crux_dtype_put(step->tensors[op].bytes + 2 * 5, step->tensors[op].dtype, 128);
    planted->hit = true;
}

static void record_outside_range(struct crux_vector_file *file) {
    struct world honest, world;
    world_init(&honest, NULL, NULL);
    uint32_t old =
        crux_toy_op(&honest.program, 1, "old");        /* element 0 reads element 5 of the record */
    uint32_t store = honest.program.layers[0].ops - 3; /* of row */
    struct planted planted = {POSITION, 0, store, 0, false};
    struct crux_lie lie = {.ctx = &planted, .computed = row_out_of_range};
    world_init(&world, &lie, NULL);
    world_must(planted.hit, "nothing planted");
    value_vector(file, "value", "record_outside_its_range_where_it_is_read", &world,
                 (struct crux_element_id){
                     .kind = CRUX_ELEMENT_VALUE, .pos = POSITION + 1, .layer = 1, .op = old},
                 CRUX_INCONSISTENT);
    value_vector(file, "value", "record_outside_its_range_where_it_is_stored", &world,
                 (struct crux_element_id){
                     .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .op = store, .index = 5},
                 CRUX_INCONSISTENT);
    world_free(&world);
    world_free(&honest);
}

/* A STORE beside an honest tensor. */
static void false_record(struct crux_vector_file *file) {
    struct world honest, world;
    world_init(&honest, NULL, NULL);
    uint32_t store = honest.program.layers[1].ops - 4; /* out */
    struct planted planted = {POSITION, 1, store, 12345, false};
    struct crux_lie lie = {.ctx = &planted, .computed = plant};
    world_init(&world, &lie, NULL);
    world_must(planted.hit, "nothing planted");
    value_vector(file, "value", "record_that_differs_from_the_tensor", &world,
                 (struct crux_element_id){
                     .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .layer = 1, .op = store},
                 CRUX_INCONSISTENT);
    world_free(&world);
    world_free(&honest);
}

/* ---- padding ---- */

struct dirty {
    struct crux_tree_id id;
    uint64_t leaf;
    uint32_t byte;
    bool hit;
};

static void dirty_page(void *ctx, const struct crux_tree_id *id, uint64_t leaf, uint8_t *bytes,
                       uint32_t length) {
    struct dirty *dirty = ctx;
    if (id->kind != dirty->id.kind || id->pos != dirty->id.pos || id->layer != dirty->id.layer ||
        id->number != dirty->id.number || leaf != dirty->leaf || dirty->byte >= length) {
        return;
    }
    bytes[dirty->byte] = 1;
    dirty->hit = true;
}

static void padding(struct crux_vector_file *file) {
    struct world honest, world;
    const struct crux_step *step;
    world_init(&honest, NULL, NULL);
    uint32_t wide = crux_toy_op(&honest.program, 0, "wide"),
             keys = crux_toy_op(&honest.program, 1, "keys"),
             square = honest.program.layers[0].ops - 2;
    const struct {
        const char *reason;
        uint32_t layer, op, page;
        struct dirty dirty;
    } all[] = {
        /* wide: 576 bytes in a row of four pages */
        {"first_byte_of_the_last_page_with_data",
         0,
         wide,
         2,
         {{CRUX_TREE_TENSOR, POSITION, 0, wide}, 2, 64, false}},
        {"last_byte_of_the_last_page_with_data",
         0,
         wide,
         2,
         {{CRUX_TREE_TENSOR, POSITION, 0, wide}, 2, 255, false}},
        /* keys: rows of 5 * 2 * 2 = 20 bytes, padded to 32 */
        {"between_two_rows_of_a_page",
         1,
         keys,
         0,
         {{CRUX_TREE_TENSOR, POSITION, 1, keys}, 0, 31, false}},
        {"after_the_last_row", 1, keys, 0, {{CRUX_TREE_TENSOR, POSITION, 1, keys}, 0, 63, false}},
        /* square: 1,152 bytes in two record pages */
        {"of_a_record", 0, square, 1, {{CRUX_TREE_STORE, POSITION, 0, 2}, 1, 1023, false}},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        struct dirty dirty = all[i].dirty;
        struct crux_lie lie = {.ctx = &dirty, .page = dirty_page};
        world_init(&world, &lie, NULL);
        world_must(crux_archive_step(world.archive, POSITION, all[i].layer, &step) == CRUX_OK,
                   "step");
        struct crux_element_id element = {.kind = CRUX_ELEMENT_PADDING,
                                          .pos = POSITION,
                                          .layer = all[i].layer,
                                          .op = all[i].op,
                                          .index = all[i].page};
        value_vector(file, "padding", all[i].reason, &world, element, CRUX_INCONSISTENT);
        world_must(dirty.hit, all[i].reason);
        /* the values of the page are still right */
        element.kind = CRUX_ELEMENT_VALUE;
        element.index = 0;
        if (i == 2)
            value_vector(file, "value", "beside_padding_that_is_not_zero", &world, element,
                         CRUX_CONSISTENT);
        world_free(&world);
    }
    /* A page that is padding and nothing else is never hashed by an honest executor: here it is committed by hand. */
    static struct case_bytes c;
    case_build(&c, &honest,
               (struct crux_element_id){
                   .kind = CRUX_ELEMENT_PADDING, .pos = POSITION, .op = wide, .index = 3});
    case_expect(file, "padding", "page_of_nothing_else", &c, CRUX_CONSISTENT);
    size_t start = case_part(&c, "page");
    c.witness[start + 100] = 0x80;
    crux_merkle_leaf_hash(c.element.leaf_hash, c.witness + start, 256);
    case_expect(file, "padding", "byte_in_a_page_of_nothing_else", &c, CRUX_INCONSISTENT);
    world_free(&honest);
}

/* ---- the trace ---- */

static void junk_leaf(void *ctx, uint64_t leaf, uint8_t hash[32]) {
    if (leaf == *(uint64_t *)ctx) memset(hash, 0x5a, 32);
}

static void trace(struct crux_vector_file *file) {
    struct world world;
    uint64_t leaf = CRUX_TOY_LAYERS - 1; /* the head at position 0 */
    struct crux_lie lie = {.ctx = &leaf, .trace_leaf = junk_leaf};
    world_init(&world, &lie, NULL);
    value_vector(file, "null", "junk_in_a_null_leaf", &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_NULL, .layer = 2},
                 CRUX_INCONSISTENT);
    world_free(&world);
    world_init(&world, NULL, NULL);
    static struct case_bytes c;
    case_build(&c, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_CLOSE});
    struct case_bytes honest = c;
    c.element.leaf_hash[31] ^= 1;
    case_expect(file, "close", "junk_in_the_close_leaf", &c, CRUX_INCONSISTENT);
    c = honest;
    crux_null_leaf(c.element.leaf_hash);
    case_expect(file, "close", "null_in_the_close_leaf", &c, CRUX_INCONSISTENT);
    c = honest;
    crux_close_leaf(c.element.leaf_hash, c.claim.request_tokens, c.claim.chosen_tokens + 1, 0,
                    c.claim.output_root);
    case_expect(file, "close", "of_another_n", &c, CRUX_INCONSISTENT);
    c = honest;
    crux_close_leaf(c.element.leaf_hash, c.claim.request_tokens - 1, c.claim.chosen_tokens, 0,
                    c.claim.output_root);
    case_expect(file, "close", "of_another_p", &c, CRUX_INCONSISTENT);
    c = honest;
    crux_close_leaf(c.element.leaf_hash, c.claim.request_tokens, c.claim.chosen_tokens,
                    c.claim.chosen_tokens, c.claim.output_root);
    case_expect(file, "close", "cancelled_though_the_claim_is_not", &c, CRUX_INCONSISTENT);
    c = honest;
    crux_close_leaf(c.element.leaf_hash, c.claim.request_tokens, c.claim.chosen_tokens, 0,
                    c.claim.trace_root);
    case_expect(file, "close", "of_another_output", &c, CRUX_INCONSISTENT);
    world_free(&world);
}

/* ---- the claim ---- */

static int p_change, n_change;

static void change_counts(void *ctx, struct crux_claim *claim) {
    (void)ctx;
    claim->request_tokens += (uint32_t)p_change;
    claim->chosen_tokens += (uint32_t)n_change;
}

static void counts(struct crux_vector_file *file) {
    static struct case_bytes c;
    struct world world;
    struct crux_lie lie = {.claim = change_counts};
    p_change = 1;
    n_change = -1; /* the same number of positions */
    world_init(&world, &lie, NULL);
    value_vector(file, "count", "p_too_large", &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_COUNT}, CRUX_INCONSISTENT);
    world_free(&world);
    p_change = -1;
    n_change = 1;
    world_init(&world, &lie, NULL);
    value_vector(file, "count", "p_too_small", &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_COUNT}, CRUX_INCONSISTENT);
    world_free(&world);
    /* with P wrong, the tokens of the request are not those of the claim */
    world_init(&world, NULL, NULL);
    case_build(&c, &world,
               (struct crux_element_id){.kind = CRUX_ELEMENT_VALUE,
                                        .pos = 0,
                                        .op = crux_toy_op(&world.program, 0, "tok")});
    c.claim.request_tokens++;
    c.claim.chosen_tokens--;
    case_expect_error(file, "value", "request_token_under_a_wrong_p", &c, CRUX_E_REQUEST_MISMATCH);
    /* N one more than there are: the end is not where the claim says. The page of the output is the same: 7 tokens or 6, and padding. */
    case_build(&c, &world,
               (struct crux_element_id){.kind = CRUX_ELEMENT_DONE, .index = WORLD_LIMIT - 1});
    c.claim.chosen_tokens++;
    case_expect(file, "done", "n_too_large", &c, CRUX_INCONSISTENT);
    case_build(&c, &world,
               (struct crux_element_id){.kind = CRUX_ELEMENT_OUTPUT, .index = WORLD_LIMIT - 1});
    c.claim.chosen_tokens++;
    /* a path does not prove a count: this output is the token chosen there, and "done" is what falls */
    case_expect(file, "output", "under_n_too_large", &c, CRUX_CONSISTENT);
    case_build(&c, &world,
               (struct crux_element_id){.kind = CRUX_ELEMENT_DONE, .index = WORLD_LIMIT - 2});
    c.claim.chosen_tokens--;
    case_expect(file, "done", "n_too_small", &c, CRUX_INCONSISTENT);
    world_free(&world);
}

static void stop_early(struct crux_archive_request *request) {
    request->stop_early = WORLD_LIMIT - 2;
}
static void stop_late(struct crux_archive_request *request) {
    request->stop_early = WORLD_LIMIT + 2;
}
static uint32_t stop_token;
static void stop_ignored(struct crux_archive_request *request) {
    request->fields.stop_count = 2;
    request->fields.stop[0] = stop_token;
    request->fields.stop[1] = 1000;
    request->ignore_stops = true;
}
static void stop_obeyed(struct crux_archive_request *request) {
    stop_ignored(request);
    request->ignore_stops = false;
}
static void cancel(struct crux_archive_request *request) {
    request->cancelled = 3;
}
static void no_cancel(void *ctx, struct crux_claim *claim) {
    (void)ctx;
    claim->cancelled = 0;
}
static void to_the_context(struct crux_archive_request *request) {
    request->fields.limit = 1000;
}

static void done_vector(struct crux_vector_file *file, const char *reason,
                        const struct crux_lie *lie, world_change *change, uint32_t from_end,
                        enum crux_finding want) {
    struct world world;
    world_init(&world, lie, change);
    uint32_t index = world.evidence.claim->chosen_tokens - 1 - from_end;
    value_vector(file, "done", reason, &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_DONE, .index = index}, want);
    world_free(&world);
}

static void ends(struct crux_vector_file *file) {
    struct world world;
    struct crux_lie forged = {.claim = no_cancel};
    done_vector(file, "early_stop", NULL, stop_early, 0, CRUX_INCONSISTENT);
    done_vector(file, "before_an_early_stop", NULL, stop_early, 1, CRUX_CONSISTENT);
    done_vector(file, "running_past_the_limit", NULL, stop_late, 2, CRUX_INCONSISTENT);
    done_vector(file, "end_past_the_limit", NULL, stop_late, 0, CRUX_INCONSISTENT);
    done_vector(file, "at_the_end_of_the_context", NULL, to_the_context, 0, CRUX_CONSISTENT);
    done_vector(file, "before_the_end_of_the_context", NULL, to_the_context, 1, CRUX_CONSISTENT);
    done_vector(file, "cancelled", NULL, cancel, 0, CRUX_CONSISTENT);
    done_vector(file, "before_cancelled", NULL, cancel, 1, CRUX_CONSISTENT);
    done_vector(file, "cancelled_without_a_signature", &forged, cancel, 0, CRUX_INCONSISTENT);
    world_init(&world, NULL, NULL);
    const uint32_t *tokens = crux_archive_tokens(world.archive)->tokens;
    uint32_t index = 1;
    while (index < WORLD_LIMIT - 1 && tokens[index] == tokens[0]) index++;
    world_must(index < WORLD_LIMIT - 1, "the run has one token only");
    for (uint32_t i = 0; i < index; i++)
        world_must(tokens[i] != tokens[index], "the token comes earlier too");
    stop_token = tokens[index];
    world_free(&world);
    done_vector(file, "at_a_stop_token", NULL, stop_obeyed, 0, CRUX_CONSISTENT);
    done_vector(file, "running_past_the_stop_token", NULL, stop_ignored, WORLD_LIMIT - 1 - index,
                CRUX_INCONSISTENT);
}

static void other_output(void *ctx, uint32_t *tokens, uint32_t count) {
    (void)ctx;
    world_must(count > 2, "a longer run is needed");
    tokens[2] = tokens[2] == 0 ? 1 : 0;
}

static void outputs(struct crux_vector_file *file) {
    struct world world;
    struct crux_lie lie = {.output = other_output};
    world_init(&world, &lie, NULL);
    value_vector(file, "output", "differs_from_the_token", &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_OUTPUT, .index = 2},
                 CRUX_INCONSISTENT);
    value_vector(file, "output", "beside_one_that_differs", &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_OUTPUT, .index = 3},
                 CRUX_CONSISTENT);
    world_free(&world);
    world_init(&world, NULL, NULL);
    struct planted planted = {WORLD_REQUEST_TOKENS, 2, world.program.layers[2].ops - 4,
                              CRUX_TOY_VOCAB, false};
    world_free(&world);
    lie = (struct crux_lie){.ctx = &planted, .computed = plant};
    world_init(&world, &lie, NULL);
    world_must(planted.hit, "nothing planted");
    value_vector(file, "output", "token_beyond_the_vocabulary", &world,
                 (struct crux_element_id){.kind = CRUX_ELEMENT_OUTPUT, .index = 1},
                 CRUX_INCONSISTENT);
    world_free(&world);
}

/* ---- requests ---- */

static void request_vector(struct crux_vector_file *file, const char *reason, size_t at,
                           uint32_t value) {
    static struct case_bytes c;
    struct world world;
    world_init(&world, NULL, NULL);
    case_build(&c, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_COUNT});
    crux_store_u32(c.witness + 2 + at, value);
    crux_request_hash(c.claim.request_hash, c.witness + 2);
    case_expect(file, "count", reason, &c, CRUX_INCONSISTENT);
    world_free(&world);
}

static void requests(struct crux_vector_file *file) {
    request_vector(file, "request_for_another_model", 0, 1);
    request_vector(file, "request_without_tokens", 100, 0);
    request_vector(file, "request_without_limit", 104, 0);
    request_vector(file, "request_with_nine_stops", 108, 9);
    request_vector(file, "request_with_an_unused_stop", 112 + 28, 5);
}

/* ---- what no op computes ---- */

static void output_padding(struct crux_vector_file *file) {
    static struct case_bytes c;
    struct world world;
    world_init(&world, NULL, NULL);
    case_build(&c, &world,
               (struct crux_element_id){.kind = CRUX_ELEMENT_OUTPUT, .index = WORLD_LIMIT + 1});
    size_t page = case_part(&c, "output");
    c.witness[page + 4 * (WORLD_LIMIT + 1) + 3] = 1;
    crux_merkle_leaf_hash(c.claim.output_root, c.witness + page, c.len - page); /* the only page */
    case_expect(file, "output", "padding_not_zero", &c, CRUX_INCONSISTENT);
    world_free(&world);
}

static void beyond_the_context(struct crux_vector_file *file) {
    static struct case_bytes c;
    struct world world;
    world_init(&world, NULL, NULL);
    case_build(&c, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_DONE, .index = 0});
    uint8_t *request = c.witness + case_part(&c, "request");
    c.claim.request_tokens = world.program.header.context + 1;
    crux_store_u32(request + 100, c.claim.request_tokens); /* P, behind three hashes and sample */
    crux_request_hash(c.claim.request_hash, request);
    case_expect(file, "done", "request_longer_than_the_context", &c, CRUX_INCONSISTENT);
    world_free(&world);
}

void witness_cases_lies(struct crux_vector_file *file) {
    output_padding(file);
    beyond_the_context(file);
    outside_range(file);
    record_outside_range(file);
    false_record(file);
    padding(file);
    trace(file);
    counts(file);
    ends(file);
    outputs(file);
    requests(file);
}
