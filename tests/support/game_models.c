/* The models, runs and faults of tests/support/game_table.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/program/program_text.h"
#include "tests/support/game_table.h"
#include "tests/support/toy_program.h"
#include "tests/support/toy_world.h"

static const char long_text[] =
    "program op_set 1 context 8 vocab 4 token_store 0\n"
    "tensor embed i8 [4, 2] in [-9, 9]\n"
    "layer 0 always\n"
    "r0 token: i32 [1] in [0, 3] = load (token(time pos))\n"
    "r1 row: i16 [2] in [-9, 9] = load (@embed(x, o0)) x r0(0)\n"
    "r2 past: i16 [min(pos, 3)] in [-100, 100] = load (record(layer 0, store 0, time pos - o0 - "
    "1)(0))\n"
    "r3 sum: i32 [1] in [-1000, 1000] = reduce sum k [min(pos, 3)] (r2(k0))\n"
    "r4 h: i16 [2] in [-100, 100] = map requant c0 0 m0 1 s0 0 round (r1(o0), add r3(0))\n"
    "r5 h: i16 [2] in [-100, 100] = store (r4(o0))\n"
    "r6 token: i32 [1] in [0, 3] = store (r0(0))\n"
    "layer 1 from_last\n"
    "r0 h: i16 [2] in [-100, 100] = load (record(layer 0, store 0, time pos)(o0))\n"
    "r1 best: i32 [1] in [0, 1] = reduce argmax k [2] (r0(k0))\n"
    "r2 next: i32 [1] in [0, 3] = map requant c0 1 m0 1 s0 0 round (imm(0), add r1(0))\n"
    "r3 next: i32 [1] in [0, 3] = store (r2(0))\n";

static const char wide_text[] =
    "program op_set 1 context 4 vocab 4 token_store 0\n"
    "tensor embed i8 [4, 34] in [-9, 9]\n"
    "layer 0 always\n"
    "r0 token: i32 [1] in [0, 3] = load (token(time pos))\n"
    "r1 wide: i64 [34] in [-9, 9] = load (@embed(x, o0)) x r0(0)\n"
    "r2 sum: i32 [1] in [-1000, 1000] = reduce sum k [34] (r1(k0))\n"
    "r3 sum: i32 [1] in [-1000, 1000] = store (r2(0))\n"
    "layer 1 from_last\n"
    "r0 sum: i32 [1] in [-1000, 1000] = load (record(layer 0, store 0, time pos)(0))\n"
    "r1 more: i32 [1] in [0, 1] = map compare (r0(0) > imm(0))\n"
    "r2 next: i32 [1] in [0, 3] = map requant c0 1 m0 1 s0 0 round (imm(0), add r1(0))\n"
    "r3 next: i32 [1] in [0, 3] = store (r2(0))\n";

static void assemble(struct crux_program *program, const char *text) {
    struct crux_text_error error = {0};
    struct crux_refusal refusal = {0};
    if (crux_program_assemble(program, text, strlen(text), &error) != CRUX_OK)
        fprintf(stderr, "%u:%u: %s\n", error.line, error.column, error.what);
    world_must(error.status == CRUX_OK, "game model: text");
    bool valid = crux_program_check(program, &refusal) == CRUX_OK;
    if (!valid) fprintf(stderr, "layer %u op %u: %s\n", refusal.layer, refusal.op, refusal.what);
    world_must(valid, "game model: program");
}

void table_model_init(struct table_model *model, enum table_model_kind kind) {
    static const uint8_t manifest[] = "table";
    memset(model, 0, sizeof *model);
    model->kind = kind;
    model->stop = UINT32_MAX;
    model->request_tokens = kind == TABLE_WIDE ? 1 : kind == TABLE_LONG ? 2 : 3;
    model->limit = kind == TABLE_WIDE ? 1 : kind == TABLE_LONG ? 3 : 5;
    if (kind == TABLE_TOY)
        world_must(crux_toy_program(&model->program) == CRUX_OK, "toy program");
    else
        assemble(&model->program, kind == TABLE_WIDE ? wide_text : long_text);
    world_must(crux_model_generate(&model->memory, &model->program, 5) == CRUX_OK, "constants");
    world_must(crux_committed_model_init(&model->committed, &model->program, &model->memory,
                                         manifest, sizeof manifest) == CRUX_OK,
               "committed model");
}

void table_model_free(struct table_model *model) {
    crux_committed_model_free(&model->committed);
    crux_model_memory_free(&model->memory);
    crux_program_free(&model->program);
}

static bool is_false_output(const struct table_run *run, const struct crux_tree_id *id) {
    return id->kind == CRUX_TREE_OUTPUT && run->output_bytes != 0;
}

static enum crux_status give_leaf(void *ctx, const struct crux_tree_id *id, uint64_t leaf,
                                  struct crux_writer *out) {
    struct table_run *run = ctx;
    if (!is_false_output(run, id))
        return run->honest.evidence.leaf(run->honest.evidence.ctx, id, leaf, out);
    crux_put_bytes(out, run->output_page, run->output_bytes);
    return out->status;
}

static enum crux_status give_proof(void *ctx, const struct crux_tree_id *id, const uint64_t *leaves,
                                   size_t n, struct crux_writer *out) {
    struct table_run *run = ctx;
    return run->honest.evidence.prove(run->honest.evidence.ctx, id, leaves, n, out);
}

static enum crux_status give_root(void *ctx, const struct crux_tree_id *id, uint8_t out[32]) {
    struct table_run *run = ctx;
    return run->honest.evidence.root(run->honest.evidence.ctx, id, out);
}

static enum crux_status give_node(void *ctx, const struct crux_tree_id *id, unsigned level,
                                  uint64_t index, uint8_t out[32]) {
    struct table_run *run = ctx;
    if (is_false_output(run, id)) {
        crux_merkle_leaf_hash(out, run->output_page, run->output_bytes);
        return CRUX_OK;
    }
    return run->honest.provider.node(run->honest.provider.ctx, id, level, index, out);
}

void table_run_init(struct table_run *run, const struct table_model *model,
                    const struct crux_lie *lie, uint32_t tokens) {
    static const uint32_t request_tokens[] = {2, 0, 1};
    struct crux_archive_request request = {.tokens = request_tokens};
    run->archive = NULL;
    request.fields.request_tokens = model->request_tokens;
    request.fields.limit = model->limit;
    if (model->stop != UINT32_MAX) {
        request.fields.stop_count = 1;
        request.fields.stop[0] = model->stop;
    }
    for (unsigned i = 0; i < 32; i++) request.fields.nonce[i] = (uint8_t)(200 - i);
    for (unsigned i = 0; i < CRUX_PARAMS; i++) request.fields.param[i] = (int32_t)i + 695;
    request.stop_early = tokens;
    request.ignore_stops = tokens != 0;
    world_must(crux_archive_run(&run->archive, &model->committed, &request, lie) == CRUX_OK, "run");
    crux_archive_provider(&run->honest, run->archive);
    run->evidence = run->honest.evidence;
    run->evidence.ctx = run;
    run->evidence.leaf = give_leaf;
    run->evidence.prove = give_proof;
    run->evidence.root = give_root;
    run->provider = (struct crux_provider){&run->evidence, run, give_node};
}

void table_run_free(struct table_run *run) {
    crux_archive_free(run->archive);
    memset(run, 0, sizeof *run);
}

/* ---- faults ---- */

const char *const table_fault_names[FAULT_KINDS] = {
    "none",           "value",       "padding", "leaf",  "token",
    "output padding", "output root", "count",   "early", "one too long"};

static void on_computed(void *ctx, struct crux_step *step, uint32_t op) {
    struct table_fault *fault = ctx;
    if (fault->kind != FAULT_VALUE || step->pos != fault->pos || step->layer != fault->layer ||
        op != fault->op || fault->at >= step->tensors[op].elements)
        return;
    const struct crux_op *law =
        &fault->model->program.ops[fault->model->program.layers[step->layer].first + op].op;
    uint8_t *at = step->tensors[op].bytes + fault->at * crux_dtype_bytes(law->dtype);
    int64_t right = crux_dtype_get(law->dtype, at);
    if (law->lo == law->hi) return;
    crux_dtype_put(at, law->dtype, right == law->hi ? right - 1 : right + 1);
    fault->hit = true;
}

/* The layout of an op's tensor at a position. */
static bool layout_of(struct crux_layout *layout, const struct table_fault *fault) {
    static const uint8_t seed[32];
    const struct crux_layer *layer = &fault->model->program.layers[fault->layer];
    const struct crux_op *op = &fault->model->program.ops[layer->first + fault->op].op;
    struct crux_at at = {
        .pos = fault->pos, .n = fault->model->request_tokens, .layer = fault->layer, .seed = seed};
    struct crux_bound_op bound;
    if (crux_op_bind(&bound, op, &at) != CRUX_OK) return false;
    if (op->code == CRUX_STORE)
        crux_layout_record(layout, op->dtype, op->ndim, bound.dim);
    else
        crux_layout_step(layout, op->dtype, op->ndim, op->dim, bound.dim);
    return true;
}

static void on_page(void *ctx, const struct crux_tree_id *tree, uint64_t leaf, uint8_t *bytes,
                    uint32_t length) {
    struct table_fault *fault = ctx;
    const struct crux_layer *layer = &fault->model->program.layers[fault->layer];
    uint32_t tensors = layer->ops - layer->stores;
    struct crux_layout layout;
    if (fault->kind != FAULT_PADDING || tree->pos != fault->pos || tree->layer != fault->layer ||
        leaf != fault->at)
        return;
    bool is_store = fault->op >= tensors;
    if (tree->kind != (is_store ? CRUX_TREE_STORE : CRUX_TREE_TENSOR) ||
        tree->number != (is_store ? fault->op - tensors : fault->op) || !layout_of(&layout, fault))
        return;
    for (uint32_t i = 0; i < length; i++) {
        if (!crux_layout_is_padding(&layout, leaf * layout.page_bytes + i)) continue;
        bytes[i] = 7;
        fault->hit = true;
        return;
    }
}

/* A false byte in the padding of the output's page; the claim's root then follows. */
static void plan_output_padding(struct table_fault *fault, const uint32_t *tokens, uint32_t count) {
    struct table_run *run = fault->run;
    struct crux_tensor output = {.elements = (const uint8_t *)tokens};
    crux_layout_model(&output.layout, CRUX_U32, count);
    uint32_t length = crux_tensor_page(run->output_page, &output, 0);
    if (fault->at < count * 4 || fault->at >= length) return;
    run->output_page[fault->at] ^= 1;
    run->output_bytes = length;
    fault->hit = true;
}

static void on_output(void *ctx, uint32_t *tokens, uint32_t count) {
    struct table_fault *fault = ctx;
    if (fault->kind == FAULT_OUTPUT_PADDING) plan_output_padding(fault, tokens, count);
    if (fault->kind != FAULT_TOKEN || fault->at >= count) return;
    tokens[fault->at] ^= 1;
    fault->hit = true;
}

static void on_trace_leaf(void *ctx, uint64_t leaf, uint8_t hash[32]) {
    struct table_fault *fault = ctx;
    if (fault->kind != FAULT_LEAF || leaf != fault->at) return;
    hash[5] ^= 0x40;
    fault->hit = true;
}

static void on_claim(void *ctx, struct crux_claim *claim) {
    struct table_fault *fault = ctx;
    if (fault->kind == FAULT_OUTPUT_ROOT) claim->output_root[0] ^= 1;
    if (fault->kind == FAULT_OUTPUT_PADDING && fault->hit)
        crux_merkle_leaf_hash(claim->output_root, fault->run->output_page,
                              fault->run->output_bytes);
    if (fault->kind == FAULT_COUNT) claim->request_tokens++;
    if (fault->kind == FAULT_OUTPUT_ROOT || fault->kind == FAULT_COUNT) fault->hit = true;
}

bool table_lying_run(struct table_run *run, const struct table_model *model,
                     struct table_fault *fault) {
    struct crux_lie lie = {.ctx = fault,
                           .computed = on_computed,
                           .page = on_page,
                           .output = on_output,
                           .trace_leaf = on_trace_leaf,
                           .claim = on_claim};
    uint32_t tokens = 0;
    run->output_bytes = 0;
    fault->model = model;
    fault->run = run;
    fault->hit = fault->kind == FAULT_EARLY || fault->kind == FAULT_LONG;
    if (fault->kind == FAULT_EARLY) tokens = model->limit - 1;
    if (fault->kind == FAULT_LONG) tokens = model->limit + 1;
    if (fault->kind == FAULT_EARLY && tokens == 0) return false;
    table_run_init(run, model, &lie, tokens);
    /* pages of a step's tensors are made when the step is asked for */
    if (fault->kind == FAULT_PADDING && !fault->hit) {
        struct crux_tree_id tensors = {CRUX_TREE_TENSORS, fault->pos, fault->layer, 0};
        uint8_t root[32];
        (void)(run->evidence.root(run->evidence.ctx, &tensors, root) == CRUX_OK);
    }
    if (!fault->hit) table_run_free(run);
    return fault->hit;
}

void table_each_fault(const struct table_model *model,
                      void (*visit)(void *ctx, const struct table_fault *fault), void *ctx) {
    const struct crux_program *program = &model->program;
    struct table_fault fault = {.model = model};
    uint32_t positions = model->request_tokens + model->limit - 1;
    for (fault.pos = 0; fault.pos < positions; fault.pos++) {
        for (fault.layer = 0; fault.layer < program->header.layers; fault.layer++) {
            bool active = program->layers[fault.layer].active == CRUX_ACTIVE_ALWAYS ||
                          fault.pos + 1 >= model->request_tokens;
            for (fault.op = 0; active && fault.op < program->layers[fault.layer].ops; fault.op++) {
                struct crux_layout layout;
                world_must(layout_of(&layout, &fault), "layout");
                fault.kind = FAULT_VALUE;
                for (fault.at = 0; fault.at < layout.rows * layout.row_elements; fault.at++)
                    visit(ctx, &fault);
                fault.kind = FAULT_PADDING;
                for (fault.at = 0; fault.at < layout.pages; fault.at++) visit(ctx, &fault);
            }
        }
    }
    fault = (struct table_fault){.model = model, .kind = FAULT_LEAF};
    for (; fault.at <= (uint64_t)positions * program->header.layers; fault.at++) visit(ctx, &fault);
    fault.kind = FAULT_TOKEN;
    for (fault.at = 0; fault.at < model->limit; fault.at++) visit(ctx, &fault);
    fault.kind = FAULT_OUTPUT_PADDING;
    for (fault.at = (uint64_t)model->limit * 4; fault.at < 256; fault.at++) visit(ctx, &fault);
    fault.at = 0;
    for (int kind = FAULT_OUTPUT_ROOT; kind < FAULT_KINDS; kind++) {
        fault.kind = (enum table_fault_kind)kind;
        visit(ctx, &fault);
    }
}
