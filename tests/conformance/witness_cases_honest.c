/* What is true: an element of each op of the toy program, and each kind of element; then one value of each changed. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/conformance/witness_case.h"
#include "tests/support/toy_program.h"

enum { POSITION = 4, NAME_MAX = 96 };

static void name_op(char name[NAME_MAX], const struct crux_program *program, uint32_t layer,
                    uint32_t op, const char *suffix) {
    static const char *const layers[CRUX_TOY_LAYERS] = {"in", "mix", "head"};
    const struct crux_labelled_op *entry = &program->ops[program->layers[layer].first + op];
    (void)snprintf(name, NAME_MAX, "%s_%s%s%s", layers[layer],
                   entry->op.code == CRUX_STORE ? "store_" : "", entry->label, suffix);
    for (char *p = name; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p)) *p = '_';
    }
}

static const struct crux_op *op_of(const struct world *world, uint32_t layer, uint32_t op) {
    return &world->program.ops[world->program.layers[layer].first + op].op;
}

static uint64_t elements_of(struct world *world, uint32_t pos, uint32_t layer, uint32_t op) {
    const struct crux_step *step;
    world_must(crux_archive_step(world->archive, pos, layer, &step) == CRUX_OK, "step");
    return step->tensors[op].elements;
}

static void value_at(struct crux_vector_file *file, struct world *world, uint32_t pos,
                     uint32_t layer, uint32_t op, const char *suffix) {
    static struct case_bytes c;
    char name[NAME_MAX];
    struct crux_element_id element = {
        .kind = CRUX_ELEMENT_VALUE, .pos = pos, .layer = layer, .op = op};
    uint64_t count = elements_of(world, pos, layer, op);
    if (count == 0) return;
    element.index = count - 1;
    case_build(&c, world, element);
    name_op(name, &world->program, layer, op, suffix);
    case_expect(file, "value", name, &c, CRUX_CONSISTENT);
}

/* Every op once; what depends on the position (LOAD) at the ends of the request and of the run too. */
static void values(struct crux_vector_file *file, struct world *world) {
    uint32_t last = crux_claim_positions(world->evidence.claim) - 1;
    for (uint32_t layer = 0; layer < CRUX_TOY_LAYERS; layer++) {
        for (uint32_t op = 0; op < world->program.layers[layer].ops; op++) {
            value_at(file, world, POSITION, layer, op, "");
            if (op_of(world, layer, op)->code != CRUX_LOAD) continue;
            if (crux_layer_is_active(&world->program, layer, 0, WORLD_REQUEST_TOKENS))
                value_at(file, world, 0, layer, op, "_at_first");
            value_at(file, world, WORLD_REQUEST_TOKENS - 1, layer, op, "_at_last_request_token");
            value_at(file, world, last, layer, op, "_at_last");
        }
    }
}

static void others(struct crux_vector_file *file, struct world *world) {
    static struct case_bytes c;
    static const struct {
        const char *function, *reason;
        struct crux_element_id element;
    } all[] = {
        {"padding",
         "page_with_padding",
         {.kind = CRUX_ELEMENT_PADDING, .pos = POSITION, .layer = 1, .op = 1}},
        {"padding",
         "page_of_a_record",
         {.kind = CRUX_ELEMENT_PADDING, .pos = POSITION, .layer = 0, .op = 0}},
        {"null", "first_position", {.kind = CRUX_ELEMENT_NULL, .pos = 0, .layer = 2}},
        {"null",
         "before_the_last_request_token",
         {.kind = CRUX_ELEMENT_NULL, .pos = 1, .layer = 2}},
        {"close", "of_this_claim", {.kind = CRUX_ELEMENT_CLOSE}},
        {"count", "of_this_request", {.kind = CRUX_ELEMENT_COUNT}},
        {"output", "first", {.kind = CRUX_ELEMENT_OUTPUT, .index = 0}},
        {"output", "last", {.kind = CRUX_ELEMENT_OUTPUT, .index = WORLD_LIMIT - 1}},
        {"output", "padding", {.kind = CRUX_ELEMENT_OUTPUT, .index = WORLD_LIMIT}},
        {"done", "not_at_first", {.kind = CRUX_ELEMENT_DONE, .index = 0}},
        {"done", "not_before_last", {.kind = CRUX_ELEMENT_DONE, .index = WORLD_LIMIT - 2}},
        {"done", "at_the_limit", {.kind = CRUX_ELEMENT_DONE, .index = WORLD_LIMIT - 1}},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        struct crux_element_id element = all[i].element;
        if (strcmp(all[i].reason, "page_of_a_record") == 0)
            element.op = world->program.layers[0].ops - 1;
        case_build(&c, world, element);
        case_expect(file, all[i].function, all[i].reason, &c, CRUX_CONSISTENT);
    }
}

void witness_cases_honest(struct crux_vector_file *file) {
    struct world world;
    world_init(&world, NULL, NULL);
    values(file, &world);
    others(file, &world);
    world_free(&world);
}

/* ---- one value changed, and everything else as the honest executor has it ---- */

static void changed(struct crux_vector_file *file, struct world *world, uint32_t layer,
                    uint32_t op) {
    static struct case_bytes c;
    const struct crux_op *law = op_of(world, layer, op);
    struct crux_element_id element = {
        .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .layer = layer, .op = op};
    const struct crux_step *step;
    world_must(crux_archive_step(world->archive, POSITION, layer, &step) == CRUX_OK, "step");
    int64_t v = crux_step_value(step, op, 0), lo = crux_dtype_lo(law->dtype),
            hi = crux_dtype_hi(law->dtype);
    const struct {
        const char *suffix;
        int64_t value;
    } all[] = {
        {"_plus_1", v == hi ? lo : v + 1},
        {"_minus_1", v == lo ? hi : v - 1},
        {"_other_sign", v == lo ? hi : -v},
        {"_least", lo},
        {"_greatest", hi},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        char name[NAME_MAX];
        if (all[i].value == v || all[i].value < lo || all[i].value > hi) continue;
        case_build(&c, world, element);
        size_t start = case_part(&c, "page"), length = case_part_end(&c, "page") - start;
        crux_dtype_put(c.witness + start, law->dtype,
                       all[i].value); /* element 0 is the page's first */
        crux_merkle_leaf_hash(c.element.leaf_hash, c.witness + start, length);
        name_op(name, &world->program, layer, op, all[i].suffix);
        case_expect(file, "value", name, &c, CRUX_INCONSISTENT);
    }
}

void witness_cases_changed(struct crux_vector_file *file) {
    static const struct {
        uint32_t layer;
        const char *label;
    } all[] = {
        {0, "tok"}, {0, "emb"}, {0, "peak"}, {0, "expo"}, {0, "row"},  {0, "part"},  {0, "bits"},
        {1, "e"},   {1, "ctx"}, {1, "root"}, {2, "heat"}, {2, "rand"}, {2, "found"}, {2, "token"},
    };
    struct world world;
    world_init(&world, NULL, NULL);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++)
        changed(file, &world, all[i].layer,
                crux_toy_op(&world.program, all[i].layer, all[i].label));
    changed(file, &world, 0, world.program.layers[0].ops - 1);
    changed(file, &world, 2, world.program.layers[2].ops - 4);
    world_free(&world);
}
