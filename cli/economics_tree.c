#include "cli/economics_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYER_TEXT_BYTES = 512, TOKEN = 2 };

static const char first_layer[] =
    "program op_set 1 context 64 vocab 4 token_store 0\n"
    "tensor embed i8 [4, 2] in [-9, 9]\n"
    "layer 0 always\n"
    "r0 token: i32 [1] in [0, 3] = load (token(time pos))\n"
    "r1 row: i16 [2] in [-9, 9] = load (@embed(x, o0)) x r0(0)\n"
    "r2 h: i16 [2] in [-100, 100] = map requant c0 0 m0 1 s0 0 round (r1(o0))\n"
    "r3 h: i16 [2] in [-100, 100] = store (r2(o0))\n";

static void write_layer(char *out, uint32_t layer) {
    (void)snprintf(out, LAYER_TEXT_BYTES,
                   "layer %u always\n"
                   "r0 h: i16 [2] in [-100, 100] = load (record(layer %u, store 0, time pos)(o0))\n"
                   "r1 h: i16 [2] in [-100, 100] = map requant c0 1 m0 1 s0 0 round (r0(o0))\n"
                   "r2 h: i16 [2] in [-100, 100] = store (r1(o0))\n",
                   layer, layer - 1);
}

static void write_last(char *out, uint32_t layer) {
    (void)snprintf(
        out, LAYER_TEXT_BYTES,
        "layer %u from_last\n"
        "r0 h: i16 [2] in [-100, 100] = load (record(layer %u, store 0, time pos)(o0))\n"
        "r1 best: i32 [1] in [0, 1] = reduce argmax k [2] (r0(k0))\n"
        "r2 next: i32 [1] in [0, 3] = map requant c0 1 m0 1 s0 0 round (imm(0), add r1(0))\n"
        "r3 next: i32 [1] in [0, 3] = store (r2(0))\n",
        layer, layer - 1);
}

static enum crux_status make_program(struct crux_program *program, uint32_t layers) {
    struct crux_text_error error;
    struct crux_refusal refusal;
    char *text = malloc(sizeof first_layer + (size_t)layers * LAYER_TEXT_BYTES);
    if (text == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(text, first_layer, sizeof first_layer);
    for (uint32_t i = 1; i < layers; i++)
        (i + 1 < layers ? write_layer : write_last)(text + strlen(text), i);
    enum crux_status status = crux_program_assemble(program, text, strlen(text), &error);
    if (status == CRUX_OK) status = crux_program_check(program, &refusal);
    free(text);
    return status;
}

/* One element, changed before the op that records it reads it. It stays within its declared range: a row changes by 3 at
 * most, the token from 1 to 2 or from 2 to 1. */
static void lie(void *ctx, struct crux_step *step, uint32_t op) {
    const struct crux_cli_tree_run *run = ctx;
    uint32_t recorded = step->program->layers[step->layer].ops - step->stores - 1;
    if (step->pos != run->pos || step->layer != run->layer || op != recorded) return;
    step->tensors[op].bytes[0] ^= 3;
}

static struct crux_archive_request request_of(const struct crux_cli_tree *tree) {
    static const uint32_t token = TOKEN;
    struct crux_archive_request request = {.tokens = &token};
    request.fields.request_tokens = 1;
    request.fields.limit = tree->positions;
    return request;
}

/* An audit of one layer at one position: it is computed from the committed records, and compared with its own. */
static enum crux_status audit(bool *is_false, const struct crux_cli_tree *tree,
                              const struct crux_run *run, uint32_t pos, uint32_t layer) {
    static const uint32_t token = TOKEN;
    const struct crux_run_request request = {.tokens = &token, .n = 1, .limit = tree->positions};
    struct crux_step step;
    enum crux_status status = crux_run_step(&step, run, &tree->memory, &request, NULL, pos, layer);
    for (uint32_t i = 0; status == CRUX_OK && i < step.stores; i++) {
        const struct crux_step_tensor *computed = crux_step_store(&step, i);
        const struct crux_run_record *claimed = crux_run_record_at(run, pos, layer, i);
        if (claimed == NULL || claimed->elements != computed->elements ||
            memcmp(claimed->bytes, computed->bytes, computed->elements * computed->element_bytes) !=
                0)
            *is_false = true;
    }
    crux_step_free(&step);
    return status;
}

static enum crux_status make_run(struct crux_cli_tree_run *run, const struct crux_cli_tree *tree,
                                 const struct crux_lie *with) {
    struct crux_archive_request request = request_of(tree);
    enum crux_status status = crux_archive_run(&run->archive, &tree->model, &request, with);
    if (status != CRUX_OK) return status;
    const struct crux_run *tokens = crux_archive_tokens(run->archive);
    for (uint32_t pos = 0; status == CRUX_OK && pos < tree->positions; pos++)
        for (uint32_t layer = 0; status == CRUX_OK && layer < tree->layers; layer++)
            status = audit(&run->is_false[layer], tree, tokens, pos, layer);
    crux_archive_provider(&run->provider, run->archive);
    return status;
}

static enum crux_status make_runs(struct crux_cli_tree *tree) {
    enum crux_status status = make_run(&tree->honest, tree, NULL);
    for (uint32_t i = 0; status == CRUX_OK && i < tree->layers; i++) {
        struct crux_cli_tree_run *run = &tree->lying[i];
        run->pos = i % tree->positions;
        run->layer = i;
        const struct crux_lie with = {
            .ctx = run, .computed = lie, .one_step = true, .pos = run->pos, .layer = i};
        status = make_run(run, tree, &with);
    }
    for (uint32_t i = 0; status == CRUX_OK && i < tree->layers; i++)
        for (uint32_t layer = 0; layer < tree->layers; layer++)
            if (tree->honest.is_false[layer] || tree->lying[i].is_false[layer] != (layer == i))
                return CRUX_E_INTERNAL;
    return status;
}

enum crux_status crux_cli_tree_init(struct crux_cli_tree *tree, uint32_t layers) {
    static const uint8_t manifest[] = "crux economics";
    memset(tree, 0, sizeof *tree);
    tree->layers = layers;
    tree->positions = (CRUX_CLI_TREE_LEAVES + layers - 1) / layers;
    enum crux_status status = make_program(&tree->program, layers);
    if (status == CRUX_OK) status = crux_model_generate(&tree->memory, &tree->program, 1);
    if (status == CRUX_OK)
        status = crux_committed_model_init(&tree->model, &tree->program, &tree->memory, manifest,
                                           sizeof manifest);
    return status == CRUX_OK ? make_runs(tree) : status;
}

void crux_cli_tree_free(struct crux_cli_tree *tree) {
    crux_archive_free(tree->honest.archive);
    for (uint32_t i = 0; i < tree->layers; i++) crux_archive_free(tree->lying[i].archive);
    crux_committed_model_free(&tree->model);
    crux_model_memory_free(&tree->memory);
    crux_program_free(&tree->program);
}
