#include "executor/engine/generate.h"

#include <stdlib.h>
#include <string.h>

#include "executor/engine/asked.h"
#include "executor/engine/runner_parts.h"
#include "executor/engine/speculate.h"

struct run {
    struct crux_engine *engine;
    struct crux_engine_sequence *sequence;
    const struct crux_engine_generate_options *options;
    struct crux_run_request request; /* for crux_run_is_done */
    struct crux_engine_row *rows;
    struct crux_engine_result *result;
    uint32_t cap;
    uint32_t *text; /* request and answer; NULL: nothing is guessed */
    struct crux_speculate speculate;
    uint32_t match; /* of the draft, in the text */
};

static enum crux_status begin(struct run *run, const uint8_t *model_root,
                              const struct crux_engine_request *request) {
    struct runner_asked asked;
    struct crux_claim *claim = &run->result->claim;
    enum crux_status status =
        runner_asked(&asked, request, model_root, run->engine->model->config.context);
    if (status != CRUX_OK) return status;
    crux_speculate_init(&run->speculate);
    run->request = asked.run;
    run->rows = calloc(run->engine->options.rows, sizeof *run->rows);
    if (run->rows == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(run->result->request, asked.bytes, sizeof asked.bytes);
    memcpy(claim->model_root, asked.model_root, sizeof asked.model_root);
    memcpy(claim->request_hash, asked.hash, sizeof asked.hash);
    claim->request_tokens = asked.run.n;
    return crux_engine_sequence_open(&run->sequence, run->engine, &asked.ask);
}

/* Out: token, the one chosen after the request. */
static enum crux_status prefill(struct run *run, uint32_t *token) {
    uint32_t most = run->engine->options.rows, n = run->request.n;
    if (run->options->chunk != 0 && run->options->chunk < most) most = run->options->chunk;
    for (uint32_t first = 0; first < n;) {
        uint32_t count = n - first < most ? n - first : most;
        for (uint32_t i = 0; i < count; i++)
            run->rows[i] = (struct crux_engine_row){run->sequence, run->request.tokens[first + i],
                                                    NULL, CRUX_ENGINE_NO_TOKEN};
        enum crux_status status = crux_engine_step(run->engine, run->rows, count);
        if (status != CRUX_OK) return status;
        *token = run->rows[count - 1].chosen;
        first += count;
    }
    return CRUX_OK;
}

static enum crux_status keep(struct run *run, uint32_t token) {
    struct crux_engine_result *result = run->result;
    if (result->count == run->cap) {
        uint32_t cap = run->cap == 0 ? 256 : 2 * run->cap; /* no more than the context, 2^24 */
        uint32_t *tokens = realloc(result->tokens, cap * sizeof *tokens);
        if (tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
        result->tokens = tokens;
        run->cap = cap;
    }
    result->tokens[result->count++] = token;
    return CRUX_OK;
}

/* The request's tokens and room for all that may be chosen. */
static enum crux_status begin_text(struct run *run) {
    const struct crux_engine_options *engine = &run->engine->options;
    if (run->options->speculate == CRUX_ENGINE_SPECULATE_OFF || engine->record != NULL ||
        engine->amend != NULL)
        return CRUX_OK;
    run->text = malloc(((size_t)run->engine->model->config.context + 1) * sizeof *run->text);
    if (run->text == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(run->text, run->request.tokens, run->request.n * sizeof *run->text);
    return CRUX_OK;
}

/* Returns: how many tokens are guessed in the rows that follow the first. */
static uint32_t draft(struct run *run) {
    const struct crux_engine_generate_options *options = run->options;
    uint32_t tokens[CRUX_SPECULATE_DRAFT_MAX],
        most = CRUX_SPECULATE_DRAFT_MAX, count = run->result->count,
        chosen_last = run->request.n + count, context = run->engine->model->config.context,
        rows = run->engine->options.rows;
    if (run->text == NULL) return 0;
    /* no more than there are rows, positions and tokens to come; the last token has none after it */
    if (most > rows - 1) most = rows - 1;
    if (most > context - chosen_last) most = context - chosen_last;
    if (most > run->request.limit - count - 1) most = run->request.limit - count - 1;
    if (most == 0) return 0;
    uint32_t drafted = options->draft != NULL ? options->draft(options->ctx, tokens, most, count)
                                              : crux_speculate_lookup(tokens, &run->match, most,
                                                                      run->text, chosen_last);
    if (drafted > 0 && options->draft == NULL && options->speculate == CRUX_ENGINE_SPECULATE_AUTO) {
        uint32_t worth = crux_speculate_length(&run->speculate, run->match);
        if (drafted > worth) drafted = worth;
    }
    CRUX_ASSERT(drafted <= most);
    for (uint32_t i = 0; i < drafted; i++)
        run->rows[1 + i] =
            (struct crux_engine_row){run->sequence, tokens[i], NULL, CRUX_ENGINE_NO_TOKEN};
    return drafted;
}

static enum crux_status take(struct run *run, uint32_t token, bool *done) {
    const struct crux_engine_generate_options *options = run->options;
    enum crux_status status = keep(run, token);
    if (status != CRUX_OK) return status;
    if (run->text != NULL) run->text[run->request.n + run->result->count - 1] = token;
    if (options->token != NULL && !options->token(options->ctx, token))
        run->request.cancelled = run->result->count;
    *done =
        crux_run_is_done(run->engine->model->program, &run->request, run->result->count - 1, token);
    return CRUX_OK;
}

/* The first row is what was chosen; each after it stays if its token is what the row before chose. */
static enum crux_status step(struct run *run, uint32_t drafted, bool *done) {
    uint32_t first = crux_engine_sequence_positions(run->sequence), stay = 0;
    if (drafted > 0) crux_engine_sequence_try(run->sequence);
    enum crux_status status = crux_engine_step(run->engine, run->rows, 1 + drafted);
    if (status != CRUX_OK && drafted > 0) { /* there may be too little memory for that many */
        crux_engine_sequence_keep(run->sequence, first);
        return step(run, 0, done);
    }
    do {
        if (status == CRUX_OK) status = take(run, run->rows[stay++].chosen, done);
    } while (status == CRUX_OK && !*done && stay <= drafted &&
             run->rows[stay].token == run->rows[stay - 1].chosen);
    if (drafted == 0) return status;
    crux_engine_sequence_keep(run->sequence, first + stay);
    crux_speculate_learn(&run->speculate, run->match, drafted, stay - 1);
    run->result->drafted += drafted;
    run->result->accepted += stay - 1;
    return status;
}

static enum crux_status decode(struct run *run, uint32_t token) {
    bool done = false;
    enum crux_status status = begin_text(run);
    if (status == CRUX_OK) status = take(run, token, &done);
    while (status == CRUX_OK && !done) {
        token = run->result->tokens[run->result->count - 1];
        run->rows[0] = (struct crux_engine_row){run->sequence, token, NULL, CRUX_ENGINE_NO_TOKEN};
        status = step(run, draft(run), &done);
    }
    return status;
}

static enum crux_status claim(struct run *run) {
    struct crux_claim *claim = &run->result->claim;
    enum crux_status status =
        runner_list_root(claim->output_root, run->result->tokens, run->result->count);
    claim->chosen_tokens = run->result->count;
    claim->cancelled = run->request.cancelled;
    if (status != CRUX_OK || run->engine->options.no_commit) return status;
    return crux_engine_sequence_trace_root(claim->trace_root, run->sequence, claim);
}

static double commit_share(const struct crux_engine_figures *before,
                           const struct crux_engine_figures *after) {
    double seconds = (after->step_seconds - before->step_seconds) * after->threads;
    return seconds > 0 ? (after->commit_seconds - before->commit_seconds) / seconds : 0;
}

enum crux_status crux_engine_generate(struct crux_engine *engine, const uint8_t *model_root,
                                      const struct crux_engine_request *request,
                                      const struct crux_engine_generate_options *options,
                                      struct crux_engine_result *result) {
    static const struct crux_engine_generate_options plain = {.chunk = 0};
    struct run run = {
        .engine = engine, .options = options == NULL ? &plain : options, .result = result};
    struct crux_engine_figures before, after;
    uint32_t token = CRUX_ENGINE_NO_TOKEN;
    *result = (struct crux_engine_result){.tokens = NULL};
    crux_engine_figures(engine, &before);
    enum crux_status status = begin(&run, model_root, request);
    double start = runner_seconds();
    if (status == CRUX_OK) status = prefill(&run, &token);
    double middle = runner_seconds();
    if (status == CRUX_OK) status = decode(&run, token);
    if (status == CRUX_OK) status = claim(&run);
    crux_engine_figures(engine, &after);
    result->prefill_seconds = middle - start;
    result->decode_seconds = runner_seconds() - middle;
    result->commit_share = commit_share(&before, &after);
    result->saturated = after.saturated - before.saturated;
    crux_engine_sequence_close(run.sequence);
    free(run.rows);
    free(run.text);
    return status;
}

void crux_engine_result_free(struct crux_engine_result *result) {
    free(result->tokens);
    *result = (struct crux_engine_result){.tokens = NULL};
}
