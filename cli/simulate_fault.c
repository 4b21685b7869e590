#include "cli/simulate_fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "cli/simulate_fault_draw.h"

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
    enum crux_status status = crux_cli_fault_draw(fault, model, honest, seed, random);
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
