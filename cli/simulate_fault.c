#include "cli/simulate_fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/seconds.h"

const char *crux_cli_fault_name(enum crux_cli_fault_kind kind) {
    switch (kind) {
    case CRUX_CLI_FAULT_NONE: return "none";
    case CRUX_CLI_FAULT_OP: return "op";
    case CRUX_CLI_FAULT_SAMPLING: return "sampling";
    case CRUX_CLI_FAULT_TOKEN: return "token";
    case CRUX_CLI_FAULT_OUTPUT: return "output";
    case CRUX_CLI_FAULT_COUNT: return "count";
    case CRUX_CLI_FAULT_EARLY: return "early";
    case CRUX_CLI_FAULT_LATE: return "late";
    case CRUX_CLI_FAULT_LEAF: return "leaf";
    case CRUX_CLI_FAULT_NULL: return "null";
    case CRUX_CLI_FAULT_CLOSE: return "close";
    case CRUX_CLI_FAULT_RANGE: return "range";
    case CRUX_CLI_FAULT_PADDING: return "padding";
    case CRUX_CLI_FAULT_WEIGHTS: return "weights";
    case CRUX_CLI_FAULT_STALE: return "stale";
    case CRUX_CLI_FAULTS: break;
    }
    return "?";
}

/* ---- what an archive calls ---- */

static void on_page(void *ctx, const struct crux_tree_id *tree, uint64_t leaf, uint8_t *bytes,
                    uint32_t length) {
    struct crux_cli_fault *fault = ctx;
    bool ranges = fault->kind == CRUX_CLI_FAULT_RANGE;
    if ((fault->kind != CRUX_CLI_FAULT_PADDING && !ranges) || tree->kind != CRUX_TREE_STORE ||
        tree->pos != fault->pos || tree->layer != fault->layer || tree->number != fault->lie.op ||
        leaf != fault->at)
        return;
    if (ranges)
        crux_dtype_put(bytes, fault->dtype, fault->value);
    else
        bytes[length - 1] ^= 1;
    fault->hit = true;
}

static void on_output(void *ctx, uint32_t *tokens, uint32_t count) {
    struct crux_cli_fault *fault = ctx;
    if (fault->kind != CRUX_CLI_FAULT_TOKEN) return;
    tokens[fault->at % count] ^= 1;
    fault->hit = true;
}

static bool is_leaf(enum crux_cli_fault_kind kind) {
    return kind == CRUX_CLI_FAULT_LEAF || kind == CRUX_CLI_FAULT_NULL ||
           kind == CRUX_CLI_FAULT_CLOSE;
}

static void on_leaf(void *ctx, uint64_t leaf, uint8_t hash[32]) {
    struct crux_cli_fault *fault = ctx;
    if (!is_leaf(fault->kind) || leaf != fault->at) return;
    hash[0] ^= 1;
    fault->hit = true;
}

static void on_claim(void *ctx, struct crux_claim *claim) {
    struct crux_cli_fault *fault = ctx;
    if (fault->kind == CRUX_CLI_FAULT_OUTPUT) claim->output_root[0] ^= 1;
    if (fault->kind == CRUX_CLI_FAULT_COUNT) claim->request_tokens++;
    if (fault->kind == CRUX_CLI_FAULT_STALE)
        memcpy(claim->request_hash, fault->request_hash, sizeof claim->request_hash);
    fault->hit = fault->hit || fault->kind == CRUX_CLI_FAULT_OUTPUT ||
                 fault->kind == CRUX_CLI_FAULT_COUNT || fault->kind == CRUX_CLI_FAULT_STALE;
}

/* ---- where ---- */

/* A value of the dtype beyond the declared range.  Returns: false if there is none. */
static bool find_beyond(int64_t *value, const struct crux_op *op) {
    uint8_t bytes[8] = {0};
    crux_dtype_put(bytes, op->dtype, op->hi == INT64_MAX ? op->hi : op->hi + 1);
    *value = crux_dtype_get(op->dtype, bytes);
    if (*value > op->hi) return true;
    crux_dtype_put(bytes, op->dtype, op->lo == INT64_MIN ? op->lo : op->lo - 1);
    *value = crux_dtype_get(op->dtype, bytes);
    return *value < op->lo;
}

/* Does the page serve?  PADDING: its last byte is padding.  RANGE: its first element could lie outside of its range. */
static bool fits_page(struct crux_cli_fault *fault, const struct crux_op *op,
                      const struct crux_layout *layout) {
    uint64_t begin = fault->at * layout->page_bytes, end = begin + layout->page_bytes;
    uint64_t all = layout->rows * layout->stride_bytes;
    if (end > all) end = all;
    if (fault->kind == CRUX_CLI_FAULT_PADDING) return crux_layout_is_padding(layout, end - 1);
    fault->dtype = op->dtype;
    fault->element = begin / layout->stride_bytes * layout->row_elements +
                     begin % layout->stride_bytes / layout->element_bytes;
    return !crux_layout_is_padding(layout, begin) && find_beyond(&fault->value, op);
}

/* A page of a record.  Returns: CRUX_E_UNSUPPORTED if the model has none that serves. */
static enum crux_status draw_page(struct crux_cli_fault *fault, const struct crux_program *program,
                                  const struct crux_run *run, struct crux_cli_random *random) {
    enum { TRIES = 2000 };
    for (unsigned i = 0; i < TRIES; i++) {
        struct crux_layout layout;
        uint32_t extent[CRUX_DIMS_MAX] = {0};
        fault->layer = (uint32_t)crux_cli_random_below(random, program->header.layers);
        fault->pos = (uint32_t)crux_cli_random_below(random, run->positions);
        const struct crux_layer *layer = &program->layers[fault->layer];
        if (!crux_layer_is_active(program, fault->layer, fault->pos, run->n)) continue;
        fault->lie.op = (uint32_t)crux_cli_random_below(random, layer->stores);
        const struct crux_op *op =
            &program->ops[layer->first + layer->ops - layer->stores + fault->lie.op].op;
        for (unsigned d = 0; d < op->ndim; d++) extent[d] = crux_dim_value(&op->dim[d], 0, 1);
        crux_layout_record(&layout, op->dtype, op->ndim, extent);
        if (layout.pages == 0) continue;
        fault->at = crux_cli_random_below(random, layout.pages);
        if (fits_page(fault, op, &layout)) return CRUX_OK;
    }
    return CRUX_E_UNSUPPORTED;
}

/* A leaf of the trace: any; that of a head which is skipped; the one that closes it. */
static enum crux_status draw_leaf(struct crux_cli_fault *fault, const struct crux_program *program,
                                  const struct crux_run *run, struct crux_cli_random *random) {
    uint32_t layers = program->header.layers;
    uint64_t leaves = crux_trace_leaves(run->positions, layers);
    if (fault->kind == CRUX_CLI_FAULT_LEAF) fault->at = crux_cli_random_below(random, leaves);
    if (fault->kind == CRUX_CLI_FAULT_CLOSE) fault->at = leaves - 1;
    if (fault->kind == CRUX_CLI_FAULT_NULL) {
        if (run->n < 2 || crux_layer_is_active(program, layers - 1, 0, run->n))
            return CRUX_E_UNSUPPORTED;
        uint32_t pos = (uint32_t)crux_cli_random_below(random, run->n - 1);
        fault->at = crux_trace_leaf(pos, layers - 1, layers);
    }
    fault->pos = (uint32_t)(fault->at / layers);
    fault->layer = (uint32_t)(fault->at % layers);
    return CRUX_OK;
}

static bool is_weights(const struct crux_model_tensor *tensor) {
    return tensor->layout != 0; /* tiles */
}

static enum crux_status draw_weights(struct crux_cli_fault *fault,
                                     const struct crux_program *program,
                                     const struct crux_model_memory *memory,
                                     struct crux_cli_random *random) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->tensor_count; i++) count += is_weights(&program->tensors[i]);
    if (count == 0) return CRUX_E_UNSUPPORTED;
    uint64_t number = crux_cli_random_below(random, count);
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        if (is_weights(&program->tensors[i]) && number-- == 0) fault->tensor = i;
    }
    fault->at = crux_cli_random_below(random, memory->tensors[fault->tensor].len);
    return CRUX_OK;
}

/* A false element that changes the record of its step. */
static enum crux_status draw_lie(struct crux_cli_fault *fault, struct crux_archive *honest,
                                 const struct crux_program *program, uint64_t seed,
                                 struct crux_cli_random *random) {
    bool samples = fault->kind == CRUX_CLI_FAULT_SAMPLING;
    const struct crux_cli_lie_wish wish = {.fault = samples ? "random" : fault->op,
                                           .first_layer = samples ? program->header.layers - 1 : 0,
                                           .seed = seed};
    return crux_cli_lie_find(&fault->lie, &fault->step, &fault->step_seconds, honest, program,
                             &wish, random);
}

static enum crux_status draw(struct crux_cli_fault *fault,
                             const struct crux_cli_simulate_model *model,
                             struct crux_archive *honest, uint64_t seed,
                             struct crux_cli_random *random) {
    const struct crux_program *program = crux_cli_simulate_program(model);
    const struct crux_run *run = crux_archive_tokens(honest);
    switch (fault->kind) {
    case CRUX_CLI_FAULT_OP:
    case CRUX_CLI_FAULT_SAMPLING: return draw_lie(fault, honest, program, seed, random);
    case CRUX_CLI_FAULT_TOKEN: fault->at = crux_cli_random_below(random, run->chosen); break;
    case CRUX_CLI_FAULT_LEAF:
    case CRUX_CLI_FAULT_NULL:
    case CRUX_CLI_FAULT_CLOSE: return draw_leaf(fault, program, run, random);
    case CRUX_CLI_FAULT_RANGE:
    case CRUX_CLI_FAULT_PADDING: return draw_page(fault, program, run, random);
    case CRUX_CLI_FAULT_WEIGHTS: return draw_weights(fault, program, model->model.memory, random);
    case CRUX_CLI_FAULT_STALE:
        memcpy(fault->request_hash, crux_archive_claim(honest)->request_hash, 32);
        break;
    case CRUX_CLI_FAULT_NONE:
    case CRUX_CLI_FAULT_OUTPUT:
    case CRUX_CLI_FAULT_COUNT:
    case CRUX_CLI_FAULT_EARLY:
    case CRUX_CLI_FAULT_LATE:
    case CRUX_CLI_FAULTS: break;
    }
    return CRUX_OK;
}

/* The op that reads these weights, in whichever layer. */
static void aim_at_weights(struct crux_cli_aim *aim, const struct crux_program *program,
                           uint32_t tensor, uint32_t pos) {
    for (uint32_t layer = 0; layer < program->header.layers; layer++) {
        for (uint32_t op = 0; op < program->layers[layer].ops; op++) {
            const struct crux_op *o = &program->ops[program->layers[layer].first + op].op;
            for (unsigned slot = 0; slot < o->nin; slot++) {
                if (o->in[slot].kind != CRUX_KIND_MODEL || o->in[slot].tensor != tensor) continue;
                *aim = (struct crux_cli_aim){.target = CRUX_TARGET_TRACE,
                                             .to_element = true,
                                             .pos = pos,
                                             .layer = layer,
                                             .op = op};
                return;
            }
        }
    }
}

struct crux_cli_aim crux_cli_fault_aim(const struct crux_cli_fault *fault,
                                       const struct crux_program *program,
                                       const struct crux_claim *claim) {
    struct crux_cli_aim aim = {.index = fault->at};
    const struct crux_cli_lie *lie = &fault->lie;
    const struct crux_layer *layer = &program->layers[fault->layer % program->header.layers];
    switch (fault->kind) {
    case CRUX_CLI_FAULT_OP:
    case CRUX_CLI_FAULT_SAMPLING:
        return (struct crux_cli_aim){.target = CRUX_TARGET_TRACE,
                                     .to_element = true,
                                     .pos = lie->pos,
                                     .layer = lie->layer,
                                     .op = lie->op,
                                     .element = lie->element};
    case CRUX_CLI_FAULT_RANGE:
    case CRUX_CLI_FAULT_PADDING:
        return (struct crux_cli_aim){.target = CRUX_TARGET_TRACE,
                                     .to_element = true,
                                     .pos = fault->pos,
                                     .layer = fault->layer,
                                     .op = layer->ops - layer->stores + lie->op,
                                     .element = fault->element,
                                     .padding = fault->kind == CRUX_CLI_FAULT_PADDING,
                                     .index = fault->at};
    case CRUX_CLI_FAULT_TOKEN: aim.target = CRUX_TARGET_TOKEN; break;
    case CRUX_CLI_FAULT_OUTPUT: aim.target = CRUX_TARGET_OUTPUT; break;
    case CRUX_CLI_FAULT_COUNT: aim.target = CRUX_TARGET_COUNT; break;
    case CRUX_CLI_FAULT_EARLY:
    case CRUX_CLI_FAULT_LATE:
        aim.target = CRUX_TARGET_DONE;
        aim.index = claim->chosen_tokens - 1;
        break;
    case CRUX_CLI_FAULT_LEAF:
    case CRUX_CLI_FAULT_NULL:
    case CRUX_CLI_FAULT_CLOSE: aim.target = CRUX_TARGET_LEAF; break;
    case CRUX_CLI_FAULT_WEIGHTS:
        aim_at_weights(&aim, program, fault->tensor, claim->request_tokens - 1);
        break;
    case CRUX_CLI_FAULT_NONE:
    case CRUX_CLI_FAULT_STALE:
    case CRUX_CLI_FAULTS: break;
    }
    return aim;
}

/* ---- the run ---- */

static enum crux_status run_other_weights(struct crux_archive **liar, struct crux_cli_fault *fault,
                                          const struct crux_cli_simulate_model *model,
                                          struct crux_lie *lie) {
    const struct crux_model_memory *memory = model->model.memory;
    const struct crux_model_bytes *tensor = &memory->tensors[fault->tensor];
    struct crux_engine_model *engine_model = NULL;
    fault->other = *memory;
    fault->other.tensors = malloc(memory->count * sizeof *memory->tensors);
    fault->other_bytes = malloc(tensor->len);
    if (fault->other.tensors == NULL || fault->other_bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(fault->other.tensors, memory->tensors, memory->count * sizeof *memory->tensors);
    memcpy(fault->other_bytes, tensor->bytes, tensor->len);
    fault->other_bytes[fault->at] ^= 0x55;
    fault->other.tensors[fault->tensor].bytes = fault->other_bytes;
    lie->memory = &fault->other;
    fault->hit = true;
    enum crux_status status = crux_cli_simulate_engine(&engine_model, model, &fault->other);
    if (status == CRUX_OK)
        status = crux_cli_simulate_run_of(liar, model, &model->request, lie, engine_model);
    crux_engine_model_close(engine_model);
    return status;
}

void crux_cli_fault_free(struct crux_cli_fault *fault) {
    crux_step_free(&fault->step);
    free(fault->other.tensors);
    free(fault->other_bytes);
    free(fault->other_tokens);
    fault->other.tensors = NULL;
    fault->other_bytes = NULL;
    fault->other_tokens = NULL;
}

enum crux_status crux_cli_fault_run(struct crux_archive **liar, struct crux_cli_fault *fault,
                                    const struct crux_cli_simulate_model *model,
                                    struct crux_archive *honest, uint64_t seed,
                                    struct crux_cli_random *random) {
    struct crux_lie lie = {.ctx = fault,
                           .page = on_page,
                           .output = on_output,
                           .trace_leaf = on_leaf,
                           .claim = on_claim};
    struct crux_archive_request request = model->request;
    uint32_t chosen = crux_archive_tokens(honest)->chosen;
    *liar = NULL;
    fault->hit = false;
    crux_cli_fault_free(fault);
    enum crux_status status = draw(fault, model, honest, seed, random);
    if (status != CRUX_OK) return status;
    double start = crux_seconds();
    if (fault->kind == CRUX_CLI_FAULT_WEIGHTS) {
        status = run_other_weights(liar, fault, model, &lie);
        goto out;
    }
    if (fault->kind == CRUX_CLI_FAULT_OP || fault->kind == CRUX_CLI_FAULT_SAMPLING) {
        lie = crux_cli_lie_plant(&fault->lie);
        lie.like = &fault->step;
        fault->hit = true;
    }
    if (fault->kind == CRUX_CLI_FAULT_EARLY || fault->kind == CRUX_CLI_FAULT_LATE) {
        bool late = fault->kind == CRUX_CLI_FAULT_LATE;
        uint64_t positions = (uint64_t)request.fields.request_tokens + chosen;
        if (late ? positions > crux_cli_simulate_program(model)->header.context : chosen == 1)
            return CRUX_E_UNSUPPORTED;
        request.stop_early = late ? chosen + 1 : chosen - 1;
        request.ignore_stops = true;
        fault->hit = true;
    }
    if (fault->kind == CRUX_CLI_FAULT_STALE) {
        size_t bytes = request.fields.request_tokens * sizeof *fault->other_tokens;
        fault->other_tokens = malloc(bytes);
        if (fault->other_tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
        memcpy(fault->other_tokens, request.tokens, bytes);
        fault->other_tokens[0] ^= 1;
        request.tokens = fault->other_tokens;
        request.stop_early = chosen;
        request.ignore_stops = true;
    }
    status = crux_cli_simulate_run_of(liar, model, &request, &lie, NULL);
out:
    fault->run_seconds = crux_seconds() - start;
    crux_step_free(&fault->step);
    if (status != CRUX_OK) return status;
    bool same = memcmp(crux_archive_claim(*liar)->trace_root,
                       crux_archive_claim(honest)->trace_root, 32) == 0 &&
                memcmp(crux_archive_claim(*liar)->output_root,
                       crux_archive_claim(honest)->output_root, 32) == 0;
    if (fault->hit && (!same || fault->kind == CRUX_CLI_FAULT_COUNT)) return CRUX_OK;
    crux_archive_free(*liar);
    *liar = NULL;
    return CRUX_OK;
}

void crux_cli_fault_say(char *text, size_t len, const struct crux_cli_fault *fault,
                        const struct crux_program *program) {
    const struct crux_cli_lie *lie = &fault->lie;
    switch (fault->kind) {
    case CRUX_CLI_FAULT_OP:
    case CRUX_CLI_FAULT_SAMPLING: {
        const struct crux_labelled_op *op =
            &program->ops[program->layers[lie->layer].first + lie->op];
        (void)snprintf(text, len,
                       "position %u, layer %u, op %u (%s %s), element %" PRIu64 ": %" PRId64
                       " instead of %" PRId64,
                       (unsigned)lie->pos, (unsigned)lie->layer, (unsigned)lie->op,
                       crux_opcode_name(op->op.code), op->label, lie->element, lie->value,
                       lie->honest);
        return;
    }
    case CRUX_CLI_FAULT_TOKEN:
        (void)snprintf(text, len, "output token %" PRIu64 " is not the one chosen", fault->at);
        return;
    case CRUX_CLI_FAULT_OUTPUT:
        (void)snprintf(text, len, "the output root is the root of nothing");
        return;
    case CRUX_CLI_FAULT_COUNT:
        (void)snprintf(text, len, "the claim counts one more request token");
        return;
    case CRUX_CLI_FAULT_EARLY: (void)snprintf(text, len, "the run ends a token too early"); return;
    case CRUX_CLI_FAULT_LATE: (void)snprintf(text, len, "the run goes on a token too long"); return;
    case CRUX_CLI_FAULT_LEAF:
        (void)snprintf(text, len, "trace leaf %" PRIu64 " is the hash of nothing", fault->at);
        return;
    case CRUX_CLI_FAULT_NULL:
        (void)snprintf(text, len, "position %u, layer %u is skipped, and has a record",
                       (unsigned)fault->pos, (unsigned)fault->layer);
        return;
    case CRUX_CLI_FAULT_CLOSE:
        (void)snprintf(text, len, "the leaf that closes the trace is the hash of nothing");
        return;
    case CRUX_CLI_FAULT_RANGE:
        (void)snprintf(text, len,
                       "position %u, layer %u, store %u, page %" PRIu64 ": %" PRId64
                       " is outside of the range",
                       (unsigned)fault->pos, (unsigned)fault->layer, (unsigned)lie->op, fault->at,
                       fault->value);
        return;
    case CRUX_CLI_FAULT_PADDING:
        (void)snprintf(text, len,
                       "position %u, layer %u, store %u, page %" PRIu64 ": padding is not zero",
                       (unsigned)fault->pos, (unsigned)fault->layer, (unsigned)lie->op, fault->at);
        return;
    case CRUX_CLI_FAULT_WEIGHTS:
        (void)snprintf(text, len, "computed with another byte %" PRIu64 " of %s", fault->at,
                       program->tensors[fault->tensor].name);
        return;
    case CRUX_CLI_FAULT_STALE: (void)snprintf(text, len, "the trace of another request"); return;
    case CRUX_CLI_FAULT_NONE:
    case CRUX_CLI_FAULTS: break;
    }
    (void)snprintf(text, len, "none");
}
