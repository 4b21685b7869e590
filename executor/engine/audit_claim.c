/* What an audit judges whatever its layers: all that follows from the claim, its tokens and its trace leaves alone. */
#include <stdlib.h>
#include <string.h>

#include "executor/engine/asked.h"
#include "executor/engine/audit_parts.h"

static void false_at(struct audit_check *check, enum crux_engine_audit_verdict verdict,
                     uint32_t index) {
    check->audited->verdict = verdict;
    check->audited->index = index;
    check->limit = 0;
}

/* ---- from the tokens ---- */

static enum crux_status take_tokens(struct audit *audit, struct audit_check *check,
                                    struct runner_asked *asked) {
    struct crux_engine_audited *audited = check->audited;
    const struct crux_engine_model *model = audit->engine->model;
    uint8_t root[32];
    bool ended;
    uint32_t chosen =
        runner_asked_end(asked, &ended, model->program, &audited->claim, audited->tokens);
    if (!ended) {
        false_at(check, CRUX_ENGINE_AUDIT_END, chosen);
        return CRUX_OK;
    }
    enum crux_status status = runner_list_root(root, audited->tokens, chosen);
    if (status != CRUX_OK) return status;
    if (memcmp(root, audited->claim.output_root, sizeof root) != 0) {
        false_at(check, CRUX_ENGINE_AUDIT_OUTPUT, 0);
        return CRUX_OK;
    }
    check->n = asked->run.n;
    check->positions = check->limit = check->n + chosen - 1;
    check->tokens = calloc(check->positions, sizeof *check->tokens);
    if (check->tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t pos = 0; pos < check->positions; pos++)
        check->tokens[pos] =
            pos < check->n ? audited->request.tokens[pos] : audited->tokens[pos - check->n];
    return CRUX_OK;
}

/* ---- from the leaves ---- */

static enum crux_status root_of(uint8_t root[32], const uint8_t (*leaves)[32], uint64_t count) {
    struct crux_merkle_append append;
    enum crux_status status = CRUX_OK;
    crux_merkle_append_init(&append);
    for (uint64_t i = 0; i < count && status == CRUX_OK; i++)
        status = crux_merkle_append_leaf(&append, leaves[i]);
    if (status == CRUX_OK) crux_merkle_append_root(root, &append);
    return status;
}

/* CRUX_OK with limit 0: they are not served, or are not those of the claim. */
static enum crux_status take_leaves(struct audit *audit, struct audit_check *check) {
    struct crux_engine_audited *audited = check->audited;
    uint64_t count =
        crux_trace_leaves(check->positions, audit->engine->model->program->header.layers);
    uint8_t root[32];
    if (count > SIZE_MAX / 32) return CRUX_E_OUT_OF_MEMORY;
    check->leaves = calloc((size_t)count, sizeof *check->leaves);
    if (check->leaves == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint64_t first = 0; first < count; first += CRUX_ENGINE_AUDIT_LEAVES_MAX) {
        uint64_t left = count - first;
        uint32_t some =
            left < CRUX_ENGINE_AUDIT_LEAVES_MAX ? (uint32_t)left : CRUX_ENGINE_AUDIT_LEAVES_MAX;
        audited->served = audit->served->leaves(audit->served->ctx, check->number, first, some,
                                                check->leaves + first);
        if (audited->served == CRUX_OK) continue;
        false_at(check, CRUX_ENGINE_AUDIT_UNSERVED, 0);
        return CRUX_OK;
    }
    enum crux_status status = root_of(root, (const uint8_t(*)[32])check->leaves, count);
    if (status != CRUX_OK) return status;
    if (memcmp(root, audited->claim.trace_root, sizeof root) != 0)
        false_at(check, CRUX_ENGINE_AUDIT_TRACE, 0);
    return CRUX_OK;
}

/* spec/30-commitment.md#traces: the last leaf. */
static void check_close(struct audit *audit, struct audit_check *check) {
    struct crux_engine_audited *audited = check->audited;
    const struct crux_claim *claim = &audited->claim;
    uint64_t last =
        crux_trace_leaves(check->positions, audit->engine->model->program->header.layers) - 1;
    crux_close_leaf(audited->own, claim->request_tokens, claim->chosen_tokens, claim->cancelled,
                    claim->output_root);
    if (memcmp(audited->own, check->leaves[last], 32) == 0) return;
    memcpy(audited->committed, check->leaves[last], 32);
    audited->leaf = last;
    false_at(check, CRUX_ENGINE_AUDIT_CLOSE, 0);
}

static void compare_leaf(const struct audit *audit, struct audit_check *check, uint32_t pos,
                         uint32_t layer, const uint8_t own[32]) {
    const uint8_t *committed = audit_leaf(audit, check, pos, layer);
    if (memcmp(committed, own, 32) == 0 ||
        !audit_judge(check, CRUX_ENGINE_AUDIT_RECORD, pos, layer))
        return;
    memcpy(check->audited->committed, committed, 32);
    memcpy(check->audited->own, own, 32);
}

/* spec/30-commitment.md#records: the head does nothing before position P-1. */
static void check_inactive(const struct audit *audit, struct audit_check *check) {
    uint32_t head = audit->engine->model->program->header.layers - 1;
    uint8_t none[32];
    crux_null_leaf(none);
    for (uint32_t pos = 0; pos + 1 < check->n && pos < check->limit; pos++)
        compare_leaf(audit, check, pos, head, none);
}

/* The head's record of each output token. */
static void check_tokens(const struct audit *audit, struct audit_check *check) {
    const struct crux_engine_model *model = audit->engine->model;
    uint32_t head = model->program->header.layers - 1;
    struct crux_tensor tensor = {.layout = model->layers[head].layout[0]};
    for (uint32_t i = 0; i < check->audited->claim.chosen_tokens; i++) {
        uint32_t token = check->audited->tokens[i], pos = check->n - 1 + i;
        uint8_t bytes[4], root[1][32];
        if (pos >= check->limit) return;
        crux_store_u32(bytes, token);
        tensor.elements = bytes;
        crux_nested_roots(root, &tensor, 1, sizeof bytes, 1, audit->engine->scratch[0].nested);
        if (memcmp(root[0], audit_leaf(audit, check, pos, head), 32) != 0) {
            false_at(check, CRUX_ENGINE_AUDIT_TOKEN, i);
            return;
        }
        if (token >= model->config.vocab)
            (void)audit_judge(check, CRUX_ENGINE_AUDIT_RANGE, pos, head);
    }
}

enum crux_status audit_claim(struct audit *audit, struct audit_check *check,
                             const uint8_t *model_root) {
    struct crux_engine_audited *audited = check->audited;
    uint32_t context = audit->engine->model->config.context;
    struct runner_asked asked;
    enum crux_status status = runner_asked(&asked, &audited->request, model_root, context);
    if (status != CRUX_OK && status != CRUX_E_REQUEST_INVALID) return status;
    if (status != CRUX_OK || !runner_asked_by(&asked, &audited->claim, context)) {
        false_at(check, CRUX_ENGINE_AUDIT_REQUEST, 0);
        return CRUX_OK;
    }
    check->ask = asked.ask;
    status = take_tokens(audit, check, &asked);
    if (status == CRUX_OK && check->limit > 0) status = take_leaves(audit, check);
    if (status == CRUX_OK && check->limit > 0) check_close(audit, check);
    if (status == CRUX_OK && check->limit > 0) check_inactive(audit, check);
    if (status == CRUX_OK && check->limit > 0) check_tokens(audit, check);
    return status;
}
