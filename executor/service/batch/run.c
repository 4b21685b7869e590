/* One request: its text, its tokens as they come, its claim. */
#include <stdlib.h>
#include <string.h>

#include "executor/service/batch/parts.h"
#include "chain-adapter/io/seconds.h"

/* ---- begin ---- */

static enum crux_status copy(struct batcher_run *run, const struct batcher_model *model) {
    const struct crux_engine_request *request = &run->job.request;
    uint32_t context = model->about.program->header.context;
    enum crux_status status = runner_asked(&run->asked, request, model->about.root, context);
    if (status != CRUX_OK) return status;
    uint32_t n = run->asked.run.n;
    uint64_t positions = (uint64_t)n + run->asked.run.limit - 1;
    if (positions > context) positions = context;
    if (positions > model->positions_max) return CRUX_E_CACHE_TOO_SMALL;
    /* the tokens chosen by all positions, and guesses behind any of them */
    run->text_cap = (uint32_t)positions + 1 + CRUX_SPECULATE_DRAFT_MAX;
    run->text = malloc((size_t)run->text_cap * sizeof *run->text);
    if (run->text == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(run->text, request->tokens, n * sizeof *run->text);
    run->known = n;
    run->job.request.tokens = run->asked.run.tokens = run->text;
    if (!run->job.logprobs) return CRUX_OK;
    run->logits = malloc(model->about.config->vocab * sizeof *run->logits);
    return run->logits == NULL ? CRUX_E_OUT_OF_MEMORY : CRUX_OK;
}

enum crux_status batcher_run_new(struct batcher_run **out, const struct batcher_model *model,
                                 const struct crux_batcher_job *job) {
    struct batcher_run *run = calloc(1, sizeof *run);
    *out = NULL;
    if (run == NULL) return CRUX_E_OUT_OF_MEMORY;
    run->job = *job;
    run->submitted = crux_seconds();
    if (job->deadline_seconds > 0) run->deadline = run->submitted + job->deadline_seconds;
    crux_speculate_init(&run->speculate);
    enum crux_status status = copy(run, model);
    if (status == CRUX_OK)
        *out = run;
    else
        batcher_run_free(run);
    return status;
}

void batcher_run_free(struct batcher_run *run) {
    if (run == NULL) return;
    crux_engine_sequence_close(run->sequence);
    free(run->text);
    free(run->logits);
    free(run);
}

/* ---- tokens ---- */

static uint32_t positions_of(const struct batcher_run *run) {
    return run->sequence == NULL ? 0 : crux_engine_sequence_positions(run->sequence);
}

static uint32_t chosen_of(const struct batcher_run *run) {
    return run->known - run->asked.run.n;
}

uint32_t batcher_run_left(const struct batcher_run *run) {
    return run->known - (run->ending ? 1 : 0) - positions_of(run);
}

void batcher_run_end(struct batcher_run *run, enum crux_batcher_end end, enum crux_status status) {
    if (run->ending && end != CRUX_BATCHER_TROUBLE) return;
    run->ending = true;
    run->end = end;
    run->status = status;
}

static bool is_stop(const struct crux_run_request *request, uint32_t token) {
    for (uint32_t i = 0; i < request->stop_count; i++) {
        if (request->stop[i] == token) return true;
    }
    return false;
}

void batcher_run_take(struct batcher_run *run, struct batcher_model *model, uint32_t token) {
    struct crux_batcher_logprob top[CRUX_BATCHER_TOP_MAX];
    struct crux_batcher_token about = {.id = run->id, .index = chosen_of(run), .token = token};
    const struct crux_run_request *request = &run->asked.run;
    if (about.index == 0) run->first_token = crux_seconds();
    CRUX_ASSERT(run->known < run->text_cap);
    run->text[run->known++] = token;
    model->chosen_tokens++;
    if (run->logits != NULL)
        batcher_logprob(&about, top, run->logits, model->about.config, run->job.top);
    bool more = run->job.token == NULL || run->job.token(run->job.ctx, &about);
    if (crux_run_is_done(model->about.program, request, about.index, token))
        batcher_run_end(run,
                        is_stop(request, token)             ? CRUX_BATCHER_STOP_TOKEN
                        : about.index + 1 == request->limit ? CRUX_BATCHER_LIMIT
                                                            : CRUX_BATCHER_CONTEXT,
                        CRUX_OK);
    else if (!more)
        batcher_run_end(run, CRUX_BATCHER_ASKED, CRUX_OK);
}

uint32_t batcher_run_draft(struct batcher_run *run, const struct batcher_model *model,
                           uint32_t most) {
    uint32_t context = model->about.program->header.context,
             to_come = run->asked.run.limit - chosen_of(run);
    if (most > CRUX_SPECULATE_DRAFT_MAX) most = CRUX_SPECULATE_DRAFT_MAX;
    /* no more than there are positions and tokens to come; the last token has none after it */
    if (most > context - run->known) most = context - run->known;
    if (most > to_come - 1) most = to_come - 1;
    if (most == 0) return 0;
    uint32_t drafted =
        crux_speculate_lookup(run->text + run->known, &run->match, most, run->text, run->known);
    uint32_t worth = drafted == 0 ? 0 : crux_speculate_length(&run->speculate, run->match);
    return drafted < worth ? drafted : worth;
}

/* ---- end ---- */

static enum crux_status make_claim(struct crux_batcher_result *result, struct batcher_run *run,
                                   const struct batcher_model *model, bool commit) {
    struct crux_claim *claim = &result->claim;
    bool lawful = result->end <= CRUX_BATCHER_CONTEXT;
    enum crux_status status = CRUX_OK;
    if (!lawful) {
        run->job.request.fields.limit = result->count;
        status = runner_asked(&run->asked, &run->job.request, model->about.root,
                              model->about.program->header.context);
        if (status != CRUX_OK) return status;
    }
    result->limit = run->asked.run.limit;
    memcpy(result->request, run->asked.bytes, sizeof result->request);
    memcpy(claim->model_root, run->asked.model_root, sizeof claim->model_root);
    memcpy(claim->request_hash, run->asked.hash, sizeof claim->request_hash);
    claim->request_tokens = run->asked.run.n;
    claim->chosen_tokens = result->count;
    status = runner_list_root(claim->output_root, result->tokens, result->count);
    if (status != CRUX_OK || !commit) return status;
    return crux_engine_sequence_trace_root(claim->trace_root, run->sequence, claim);
}

static enum crux_status copy_tokens(struct crux_batcher_result *result,
                                    const struct batcher_run *run) {
    uint32_t count = chosen_of(run);
    result->tokens = malloc(count * sizeof *result->tokens);
    if (result->tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(result->tokens, run->text + run->asked.run.n, count * sizeof *result->tokens);
    result->count = count;
    return CRUX_OK;
}

static enum crux_status copy_leaves(struct crux_batcher_result *result,
                                    const struct batcher_run *run) {
    uint64_t count;
    const uint8_t(*leaves)[32] = crux_engine_sequence_leaves(run->sequence, &count);
    if (!run->job.leaves || count == 0) return CRUX_OK;
    result->leaves = malloc((size_t)count * sizeof *result->leaves);
    if (result->leaves == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(result->leaves, leaves, (size_t)count * sizeof *leaves);
    result->leaf_count = count;
    return CRUX_OK;
}

/* What was chosen, with its claim: all of it or nothing. */
static enum crux_status answer(struct crux_batcher_result *result, struct batcher_run *run,
                               const struct batcher_model *model, bool commit) {
    enum crux_status status = copy_tokens(result, run);
    if (status == CRUX_OK) status = copy_leaves(result, run);
    if (status == CRUX_OK) status = make_claim(result, run, model, commit);
    return status;
}

void batcher_run_done(struct batcher_run *run, const struct batcher_model *model, bool commit) {
    struct crux_batcher_result result = {.id = run->id, .end = run->end, .status = run->status};
    double now = crux_seconds();
    bool there = run->sequence != NULL && chosen_of(run) > 0 && batcher_run_left(run) == 0;
    if (there && run->end != CRUX_BATCHER_TROUBLE) {
        enum crux_status status = answer(&result, run, model, commit);
        if (status != CRUX_OK) {
            crux_batcher_result_free(&result);
            result = (struct crux_batcher_result){
                .id = run->id, .end = CRUX_BATCHER_TROUBLE, .status = status};
        }
    }
    result.queue_seconds = (run->admitted > 0 ? run->admitted : now) - run->submitted;
    if (run->admitted > 0)
        result.prefill_seconds = (run->first_token > 0 ? run->first_token : now) - run->admitted;
    if (run->first_token > 0) result.decode_seconds = now - run->first_token;
    result.reused = run->reused;
    result.drafted = run->all_drafted;
    result.accepted = run->accepted;
    result.set_back = run->set_back;
    run->job.done(run->job.ctx, &result);
}

void crux_batcher_result_free(struct crux_batcher_result *result) {
    free(result->tokens);
    free(result->leaves);
    *result = (struct crux_batcher_result){.tokens = NULL};
}
