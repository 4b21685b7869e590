#include "executor/engine/archive.h"

#include <stdlib.h>
#include <string.h>

#include "executor/engine/archive_parts.h"

static const struct crux_program *program_of(const struct crux_archive *archive) {
    return archive->model->program;
}

/* ---- lists ---- */

static enum crux_status list_init(struct archive_list *list, const uint32_t *values,
                                  uint32_t count) {
    crux_layout_model(&list->tensor.layout, CRUX_U32, count);
    list->bytes = malloc((size_t)count * 4);
    list->memory = malloc(crux_tensor_tree_bytes(&list->tensor.layout));
    if (list->bytes == NULL || list->memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) crux_store_u32(list->bytes + 4 * (size_t)i, values[i]);
    list->tensor.elements = list->bytes;
    crux_tensor_tree_build(&list->tree, &list->tensor, list->memory);
    return CRUX_OK;
}

static void list_free(struct archive_list *list) {
    free(list->bytes);
    free(list->memory);
}

/* ---- lies about pages ---- */

static void lie_about_page(const struct crux_archive *archive, const struct crux_tree_id *id,
                           uint64_t leaf, uint8_t *bytes, uint32_t length) {
    if (archive->lie.page != NULL) archive->lie.page(archive->lie.ctx, id, leaf, bytes, length);
}

/* Hashes the pages of a tensor again, as the lie has them. Pages of zeros that pad a row are never hashed, so a lie
 * about them has no effect. */
static void rehash(struct crux_archive *archive, struct crux_nested *nested,
                   const struct crux_tensor *tensors, struct crux_tree_id id) {
    uint8_t page[CRUX_RECORD_PAGE_BYTES], root[32];
    if (archive->lie.page == NULL) return;
    for (id.number = 0; id.number < nested->count; id.number++) {
        struct crux_merkle_tree *tree = &nested->inner[id.number];
        const struct crux_merkle_shape *shape = &tree->shape;
        for (uint64_t row = 0; row < shape->rows; row++) {
            for (uint64_t i = 0; i < shape->row_data; i++) {
                uint64_t leaf = (row << shape->row_log2) + i;
                uint32_t length = crux_tensor_page(page, &tensors[id.number], leaf);
                lie_about_page(archive, &id, leaf, page, length);
                crux_merkle_leaf_hash(tree->hash[row * shape->row_data + i], page, length);
            }
        }
        if (tree->leaf_count == 0) continue;
        crux_merkle_tree_build(tree);
        crux_merkle_tree_root(root, tree);
        memcpy(nested->outer.hash[id.number], root, sizeof root);
    }
    if (nested->count != 0) crux_merkle_tree_build(&nested->outer);
}

/* ---- records, as the run produces them ---- */

static const struct crux_op *store_op(const struct crux_program *program, uint32_t layer,
                                      uint32_t store) {
    const struct crux_layer *l = &program->layers[layer];
    return &program->ops[l->first + l->ops - l->stores + store].op;
}

/* In: bytes, the dense elements of the store. */
static struct crux_tensor store_tensor(const struct crux_program *program, uint32_t layer,
                                       uint32_t store, const uint8_t *bytes) {
    const struct crux_op *op = store_op(program, layer, store);
    struct crux_tensor tensor = {.elements = bytes};
    uint32_t extent[CRUX_DIMS_MAX] = {0};
    for (unsigned i = 0; i < op->ndim; i++)
        extent[i] = crux_dim_value(&op->dim[i], 0, 1); /* constants */
    crux_layout_record(&tensor.layout, op->dtype, op->ndim, extent);
    return tensor;
}

/* Room for the steps up to `count`; new ones are inactive. */
static enum crux_status reserve_steps(struct crux_archive *archive, uint64_t count) {
    if (count > archive->step_cap) {
        uint64_t cap = archive->step_cap * 2 > count ? archive->step_cap * 2 : count;
        void *records = realloc(archive->records, (size_t)cap * sizeof *archive->records);
        if (records == NULL) return CRUX_E_OUT_OF_MEMORY;
        archive->records = records;
        void *leaves =
            realloc(archive->trace_leaf, ((size_t)cap + 1) * sizeof *archive->trace_leaf);
        if (leaves == NULL) return CRUX_E_OUT_OF_MEMORY;
        archive->trace_leaf = leaves;
        archive->step_cap = cap;
    }
    for (; archive->step_count < count; archive->step_count++) {
        archive->records[archive->step_count] = (struct archive_record){.memory = NULL};
        crux_null_leaf(archive->trace_leaf[archive->step_count]);
    }
    return CRUX_OK;
}

enum crux_status archive_commit(struct crux_archive *archive, uint32_t pos, uint32_t layer,
                                const struct crux_tensor *tensors, uint32_t count) {
    uint64_t number = crux_trace_leaf(pos, layer, program_of(archive)->header.layers);
    enum crux_status status = reserve_steps(archive, number + 1);
    if (status != CRUX_OK) return status;
    struct archive_record *record = &archive->records[number];
    record->memory = malloc(crux_nested_bytes(tensors, count));
    if (record->memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_nested_build(&record->nested, tensors, count, record->memory);
    rehash(archive, &record->nested, tensors,
           (struct crux_tree_id){CRUX_TREE_STORE, pos, layer, 0});
    crux_nested_root(archive->trace_leaf[number], &record->nested);
    return CRUX_OK;
}

static enum crux_status commit_step(void *ctx, const struct crux_step *step) {
    struct crux_archive *archive = ctx;
    struct crux_tensor tensors[CRUX_STORES_MAX];
    for (uint32_t i = 0; i < step->stores; i++)
        tensors[i] = store_tensor(step->program, step->layer, i, crux_step_store(step, i)->bytes);
    return archive_commit(archive, step->pos, step->layer, tensors, step->stores);
}

static void lie_about_trace_leaf(const struct crux_archive *archive, uint64_t leaf) {
    if (archive->lie.trace_leaf != NULL)
        archive->lie.trace_leaf(archive->lie.ctx, leaf, archive->trace_leaf[leaf]);
}

/* Output, claim, CLOSE and the trace root. */
enum crux_status archive_close(struct crux_archive *archive, uint32_t cancelled) {
    struct crux_claim *claim = &archive->claim;
    uint64_t steps = (uint64_t)archive->run.positions * program_of(archive)->header.layers;
    struct crux_merkle_shape shape = crux_merkle_shape_plain(steps + 1);
    if (archive->lie.output != NULL) {
        archive->lie.output(archive->lie.ctx, archive->run.tokens, archive->run.chosen);
    }
    enum crux_status status = list_init(&archive->output, archive->run.tokens, archive->run.chosen);
    if (status == CRUX_OK) status = reserve_steps(archive, steps);
    if (status != CRUX_OK) return status;
    memcpy(claim->model_root, archive->model->tree.root, 32);
    crux_request_hash(claim->request_hash, archive->request_bytes);
    crux_merkle_tree_root(claim->output_root, &archive->output.tree);
    claim->request_tokens = archive->run.n;
    claim->chosen_tokens = archive->run.chosen;
    claim->cancelled = cancelled == archive->run.chosen ? cancelled : 0;
    if (archive->lie.claim != NULL) archive->lie.claim(archive->lie.ctx, claim);
    crux_close_leaf(archive->trace_leaf[steps], claim->request_tokens, claim->chosen_tokens,
                    claim->cancelled, claim->output_root);
    for (uint64_t leaf = 0; leaf <= steps; leaf++) lie_about_trace_leaf(archive, leaf);
    archive->trace_memory = malloc(crux_merkle_tree_bytes(&shape));
    if (archive->trace_memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_merkle_tree_init(&archive->trace, &shape, archive->trace_memory);
    memcpy(archive->trace.hash, archive->trace_leaf, ((size_t)steps + 1) * 32);
    crux_merkle_tree_build(&archive->trace);
    crux_merkle_tree_root(claim->trace_root, &archive->trace);
    return CRUX_OK;
}

static enum crux_status take_request(struct crux_archive *archive,
                                     const struct crux_archive_request *request) {
    struct crux_run_request *run = &archive->run_request;
    archive->request = request->fields;
    enum crux_status status =
        list_init(&archive->tokens, request->tokens, request->fields.request_tokens);
    if (status != CRUX_OK) return status;
    memcpy(archive->request.model_root, archive->model->tree.root, 32);
    crux_merkle_tree_root(archive->request.tokens_root, &archive->tokens.tree);
    status = crux_request_check(&archive->request);
    if (status != CRUX_OK) return status;
    crux_request_encode(archive->request_bytes, &archive->request);
    run->tokens = request->tokens;
    run->n = request->fields.request_tokens;
    run->limit = request->stop_early != 0 ? request->stop_early : request->fields.limit;
    run->cancelled = request->cancelled;
    run->stop_count = request->ignore_stops ? 0 : request->fields.stop_count;
    memcpy(run->stop, request->fields.stop, sizeof run->stop);
    memcpy(run->params, request->fields.param, sizeof run->params);
    memcpy(run->seed, request->fields.seed, sizeof run->seed);
    run->sample = request->fields.sample;
    return CRUX_OK;
}

static void lie_about_tensor(void *ctx, struct crux_step *step, uint32_t op) {
    const struct crux_archive *archive = ctx;
    if (crux_lie_is_at(&archive->lie, step->pos, step->layer))
        archive->lie.computed(archive->lie.ctx, step, op);
}

bool crux_lie_is_at(const struct crux_lie *lie, uint32_t pos, uint32_t layer) {
    return lie->computed != NULL && (!lie->one_step || (lie->pos == pos && lie->layer == layer));
}

static const struct crux_model_memory *memory_of(const struct crux_archive *archive) {
    return archive->lie.memory != NULL ? archive->lie.memory : archive->model->memory;
}

enum crux_status archive_begin(struct crux_archive **out, const struct crux_committed_model *model,
                               const struct crux_archive_request *request,
                               const struct crux_lie *lie) {
    struct crux_archive *archive = calloc(1, sizeof *archive);
    *out = NULL;
    if (archive == NULL) return CRUX_E_OUT_OF_MEMORY;
    archive->model = model;
    if (lie != NULL) archive->lie = *lie;
    enum crux_status status = take_request(archive, request);
    if (status == CRUX_OK)
        *out = archive;
    else
        crux_archive_free(archive);
    return status;
}

enum crux_status crux_archive_run(struct crux_archive **out,
                                  const struct crux_committed_model *model,
                                  const struct crux_archive_request *request,
                                  const struct crux_lie *lie) {
    enum crux_status status = archive_begin(out, model, request, lie);
    if (status != CRUX_OK) return status;
    struct crux_archive *archive = *out;
    archive->lie.like = NULL; /* by the law, everything is computed */
    struct crux_run_hook hook = {archive, commit_step, lie_about_tensor, NULL};
    status = crux_run_all(&archive->run, model->program, memory_of(archive), &archive->run_request,
                          &hook);
    if (status == CRUX_OK) status = archive_close(archive, request->cancelled);
    if (status == CRUX_OK) return CRUX_OK;
    crux_archive_free(archive);
    *out = NULL;
    return status;
}

enum crux_status archive_compute(const struct crux_archive *archive, struct crux_step *step,
                                 uint32_t pos, uint32_t layer) {
    bool is_lied = crux_lie_is_at(&archive->lie, pos, layer) && archive->lie.memory == NULL;
    struct crux_run_hook hook = {(void *)(uintptr_t)archive, NULL, lie_about_tensor,
                                 is_lied ? archive->lie.like : NULL};
    return crux_run_step(step, &archive->run, memory_of(archive), &archive->run_request, &hook, pos,
                         layer);
}

/* ---- the open step ---- */

static void close_step(struct archive_step *open) {
    if (!open->open) return;
    crux_step_free(&open->step);
    free(open->tensors);
    free(open->memory);
    *open = (struct archive_step){.open = false};
}

static struct crux_tensor step_tensor(const struct crux_step *step, uint32_t op) {
    const struct crux_program *program = step->program;
    const struct crux_op *descriptor = &program->ops[program->layers[step->layer].first + op].op;
    struct crux_tensor tensor = {.elements = step->tensors[op].bytes};
    crux_layout_step(&tensor.layout, descriptor->dtype, descriptor->ndim, descriptor->dim,
                     step->tensors[op].extent);
    return tensor;
}

static enum crux_status take_step(struct crux_archive *archive, struct crux_step *step,
                                  uint32_t pos, uint32_t layer) {
    const struct crux_step *lied = &archive->lied;
    if (lied->program == NULL || lied->pos != pos || lied->layer != layer)
        return archive_compute(archive, step, pos, layer);
    *step = archive->lied;
    archive->lied = (struct crux_step){.program = NULL};
    return CRUX_OK;
}

static enum crux_status open_step(struct crux_archive *archive, uint32_t pos, uint32_t layer) {
    struct archive_step *open = &archive->open;
    enum crux_status status;
    if (open->open && open->step.pos == pos && open->step.layer == layer) return CRUX_OK;
    if (pos >= archive->run.positions) return CRUX_E_STEP_OUTSIDE;
    close_step(open);
    open->open = true;
    status = take_step(archive, &open->step, pos, layer);
    if (status != CRUX_OK) goto fail;
    uint32_t count = open->step.count - open->step.stores;
    status = CRUX_E_OUT_OF_MEMORY;
    open->tensors = calloc(count + 1U, sizeof *open->tensors);
    if (open->tensors == NULL) goto fail;
    for (uint32_t op = 0; op < count; op++) open->tensors[op] = step_tensor(&open->step, op);
    open->memory = malloc(crux_nested_bytes(open->tensors, count));
    if (open->memory == NULL) goto fail;
    crux_nested_build(&open->nested, open->tensors, count, open->memory);
    rehash(archive, &open->nested, open->tensors,
           (struct crux_tree_id){CRUX_TREE_TENSOR, pos, layer, 0});
    return CRUX_OK;
fail:
    close_step(open);
    return status;
}

enum crux_status crux_archive_step(struct crux_archive *archive, uint32_t pos, uint32_t layer,
                                   const struct crux_step **step) {
    enum crux_status status = open_step(archive, pos, layer);
    *step = &archive->open.step;
    return status;
}

bool crux_archive_rest(struct crux_archive *archive) {
    bool was_open = archive->open.open;
    close_step(&archive->open);
    return was_open;
}

static bool same_record(const struct crux_step *a, const struct crux_step *b) {
    for (uint32_t i = 0; i < a->stores; i++) {
        const struct crux_step_tensor *x = crux_step_store(a, i), *y = crux_step_store(b, i);
        if (x->elements != 0 &&
            memcmp(x->bytes, y->bytes, (size_t)x->elements * x->element_bytes) != 0)
            return false;
    }
    return true;
}

enum crux_status crux_archive_try(struct crux_step *step, bool *shows, struct crux_archive *archive,
                                  const struct crux_lie *lie) {
    *step = (struct crux_step){.program = NULL};
    *shows = false;
    enum crux_status status = open_step(archive, lie->pos, lie->layer);
    if (status != CRUX_OK) return status;
    struct crux_run_hook hook = {lie->ctx, NULL, lie->computed, &archive->open.step};
    status = crux_run_step(step, &archive->run, memory_of(archive), &archive->run_request, &hook,
                           lie->pos, lie->layer);
    if (status == CRUX_OK) *shows = !same_record(step, &archive->open.step);
    return status;
}

/* ---- evidence ---- */

static enum crux_status record_of(const struct crux_archive *archive, const struct crux_tree_id *id,
                                  const struct crux_nested **nested) {
    uint32_t layers = program_of(archive)->header.layers;
    if (id->pos >= archive->run.positions || id->layer >= layers) return CRUX_E_STEP_OUTSIDE;
    const struct archive_record *record =
        &archive->records[crux_trace_leaf(id->pos, id->layer, layers)];
    if (record->memory == NULL) return CRUX_E_STEP_INACTIVE;
    *nested = &record->nested;
    return CRUX_OK;
}

enum crux_status crux_archive_tree(struct crux_archive *archive, const struct crux_tree_id *id,
                                   const struct crux_merkle_tree **tree) {
    const struct crux_program *program = program_of(archive);
    const struct crux_nested *nested = NULL;
    enum crux_status status = CRUX_OK;
    switch ((enum crux_tree_kind)id->kind) {
    case CRUX_TREE_LAYERS: *tree = &archive->model->tree.layers; return CRUX_OK;
    case CRUX_TREE_OPS:
        if (id->layer >= program->header.layers) return CRUX_E_STEP_OUTSIDE;
        *tree = &archive->model->tree.ops[id->layer];
        return CRUX_OK;
    case CRUX_TREE_MODEL:
        if (id->number >= program->tensor_count) return CRUX_E_ELEMENT_OUTSIDE;
        *tree = &archive->model->tensors[id->number].tree;
        return CRUX_OK;
    case CRUX_TREE_TOKENS: *tree = &archive->tokens.tree; return CRUX_OK;
    case CRUX_TREE_OUTPUT: *tree = &archive->output.tree; return CRUX_OK;
    case CRUX_TREE_TRACE: *tree = &archive->trace; return CRUX_OK;
    case CRUX_TREE_RECORD:
    case CRUX_TREE_STORE: status = record_of(archive, id, &nested); break;
    case CRUX_TREE_TENSORS:
    case CRUX_TREE_TENSOR:
        status = open_step(archive, id->pos, id->layer);
        nested = &archive->open.nested;
        break;
    }
    if (status != CRUX_OK) return status;
    if (nested == NULL) return CRUX_E_USAGE; /* no such kind of tree */
    if (id->kind == CRUX_TREE_RECORD || id->kind == CRUX_TREE_TENSORS) {
        *tree = &nested->outer;
        return CRUX_OK;
    }
    if (id->number >= nested->count) return CRUX_E_ELEMENT_OUTSIDE;
    *tree = &nested->inner[id->number];
    return CRUX_OK;
}

static enum crux_status give_root(void *ctx, const struct crux_tree_id *id, uint8_t out[32]) {
    struct crux_archive *archive = ctx;
    const struct crux_merkle_tree *tree;
    uint32_t layers = program_of(archive)->header.layers;
    if (id->kind ==
        CRUX_TREE_RECORD) { /* NULL for an inactive step, and whatever else the trace says */
        if (id->pos >= archive->run.positions || id->layer >= layers) return CRUX_E_STEP_OUTSIDE;
        memcpy(out, archive->trace_leaf[crux_trace_leaf(id->pos, id->layer, layers)], 32);
        return CRUX_OK;
    }
    enum crux_status status = crux_archive_tree(archive, id, &tree);
    if (status == CRUX_OK) crux_merkle_tree_root(out, tree);
    return status;
}

static enum crux_status give_proof(void *ctx, const struct crux_tree_id *id, const uint64_t *leaves,
                                   size_t n, struct crux_writer *out) {
    const struct crux_merkle_tree *tree;
    enum crux_status status = crux_archive_tree(ctx, id, &tree);
    return status == CRUX_OK ? crux_merkle_prove(out, tree, leaves, n) : status;
}

static enum crux_status give_leaf(void *ctx, const struct crux_tree_id *id, uint64_t leaf,
                                  struct crux_writer *out) {
    struct crux_archive *archive = ctx;
    const struct crux_merkle_tree *tree;
    uint8_t bytes[CRUX_TILE_BYTES_MAX]; /* a page is smaller */
    uint32_t length = 0;
    struct crux_tensor tensor;
    enum crux_status status = crux_archive_tree(archive, id, &tree);
    if (status != CRUX_OK) return status;
    if (leaf >= tree->leaf_count) return CRUX_E_INDEX_BEYOND_COUNT;
    switch ((enum crux_tree_kind)id->kind) {
    case CRUX_TREE_MODEL:
        length = crux_model_leaf(bytes, &archive->model->tensors[id->number].leaves,
                                 archive->model->memory->tensors[id->number].bytes, leaf);
        break;
    case CRUX_TREE_TOKENS: length = crux_tensor_page(bytes, &archive->tokens.tensor, leaf); break;
    case CRUX_TREE_OUTPUT: length = crux_tensor_page(bytes, &archive->output.tensor, leaf); break;
    case CRUX_TREE_STORE:
        tensor =
            store_tensor(program_of(archive), id->layer, id->number,
                         crux_run_record_at(&archive->run, id->pos, id->layer, id->number)->bytes);
        length = crux_tensor_page(bytes, &tensor, leaf);
        break;
    case CRUX_TREE_TENSOR:
        length = crux_tensor_page(bytes, &archive->open.tensors[id->number], leaf);
        break;
    case CRUX_TREE_LAYERS:
    case CRUX_TREE_OPS:
    case CRUX_TREE_TRACE:
    case CRUX_TREE_RECORD:
    case CRUX_TREE_TENSORS: return CRUX_E_USAGE; /* no bytes: bisection/witness/evidence.h */
    }
    lie_about_page(archive, id, leaf, bytes, length);
    crux_put_bytes(out, bytes, length);
    return out->status;
}

void crux_archive_evidence(struct crux_archive *archive, struct crux_evidence *evidence) {
    *evidence = (struct crux_evidence){
        .ctx = archive,
        .claim = &archive->claim,
        .program = program_of(archive),
        .manifest_hash = archive->model->tree.manifest_hash,
        .request = archive->request_bytes,
        .leaf = give_leaf,
        .prove = give_proof,
        .root = give_root,
    };
}

const struct crux_claim *crux_archive_claim(const struct crux_archive *archive) {
    return &archive->claim;
}
const struct crux_run *crux_archive_tokens(const struct crux_archive *archive) {
    return &archive->run;
}

void crux_archive_free(struct crux_archive *archive) {
    if (archive == NULL) return;
    close_step(&archive->open);
    crux_step_free(&archive->lied);
    for (uint64_t i = 0; i < archive->step_count; i++) free(archive->records[i].memory);
    free(archive->records);
    free(archive->trace_leaf);
    free(archive->trace_memory);
    list_free(&archive->tokens);
    list_free(&archive->output);
    crux_run_free(&archive->run);
    free(archive);
}
