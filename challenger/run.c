/* Own runs for disputes: a few are kept, and made again when they are needed again. Determinism is the archive. */
#include <stdlib.h>
#include <string.h>

#include "challenger/inside.h"

static void forget(struct challenger_run *run) {
    crux_archive_free(run->archive);
    free(run->tokens);
    memset(run, 0, sizeof *run);
}

void challenger_runs_free(struct crux_challenger *c) {
    for (unsigned i = 0; i < CHALLENGER_RUNS_MAX; i++) forget(&c->run[i]);
}

static enum crux_status commit(struct challenger_model *model) {
    struct crux_model_file *file = &model->file;
    if (model->is_committed) return CRUX_OK;
    enum crux_status status =
        crux_committed_model_init_as(&model->committed, &file->program, &file->memory,
                                     file->manifest.bytes, file->manifest.len, file->root);
    model->is_committed = status == CRUX_OK;
    return status;
}

static enum crux_status make(struct crux_challenger *c, struct challenger_run *run,
                             struct challenger_model *model, const struct journal_claim *claim) {
    size_t bytes = (size_t)claim->claim.request_tokens * 4;
    struct crux_archive_request request = {.stop_early = claim->claim.chosen_tokens,
                                           .ignore_stops = true};
    enum crux_status status = commit(model);
    if (status == CRUX_OK) status = challenger_model_whole(c, model);
    if (status != CRUX_OK) return status;
    run->tokens = malloc(bytes);
    if (run->tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(run->tokens, claim->tokens, bytes);
    crux_request_read(&request.fields, claim->request);
    request.tokens = run->tokens;
    status = crux_archive_run_fast(&run->archive, &model->committed, model->whole.model,
                                   c->options.threads, &request, NULL);
    if (status != CRUX_OK) return status;
    memcpy(run->hash, claim->hash, 32);
    crux_archive_provider(&run->provider, run->archive);
    return CRUX_OK;
}

enum crux_status challenger_own_run(struct crux_challenger *c, struct challenger_run **out,
                                    struct challenger_model *model,
                                    const struct journal_claim *claim) {
    struct challenger_run *oldest = &c->run[0];
    *out = NULL;
    for (unsigned i = 0; i < CHALLENGER_RUNS_MAX; i++) {
        struct challenger_run *run = &c->run[i];
        if (run->archive != NULL && memcmp(run->hash, claim->hash, 32) == 0) {
            run->used = ++c->runs_used;
            *out = run;
            return CRUX_OK;
        }
        if (run->used < oldest->used) oldest = run;
    }
    if (claim->tokens == NULL) return CRUX_OK;
    forget(oldest);
    enum crux_status status = make(c, oldest, model, claim);
    if (status != CRUX_OK) {
        forget(oldest);
        return status;
    }
    oldest->used = ++c->runs_used;
    *out = oldest;
    return CRUX_OK;
}
