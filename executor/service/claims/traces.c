/* Traces, recomputed on demand: the question is read on the main thread, answered on the archives' thread, and the answer
 * sent on the main thread. What everybody may ask costs at most so much: counts, bytes and the archives' queue have limits.
 *
 *   exchange --> question --archives--> bytes --mailbox--> exchange            spec/86-http.md#traces */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/service/claims/trace_job.h"

enum {
    LEAVES_PASSED =
        16 /* bytes of leaves in the store before those asked for, that cost as much as one of these */
};

/* ---- the archives' thread ---- */

static enum crux_status put_nodes(struct trace_job *job, struct crux_writer *out,
                                  const struct crux_provider *provider) {
    enum crux_status status = CRUX_OK;
    for (uint64_t i = 0; i < job->count && status == CRUX_OK; i++) {
        uint8_t hash[32];
        status = provider->node(provider->ctx, &job->tree, job->level, job->from + i, hash);
        if (status == CRUX_OK) crux_put_bytes(out, hash, 32);
    }
    return status;
}

static enum crux_status put_pages(struct trace_job *job, struct crux_writer *out,
                                  const struct crux_provider *provider) {
    const struct crux_evidence *evidence = provider->evidence;
    enum crux_status status = CRUX_OK;
    for (uint64_t i = 0; i < job->count && status == CRUX_OK; i++) {
        uint8_t page[CRUX_RECORD_PAGE_BYTES];
        struct crux_writer one;
        size_t len;
        crux_writer_init(&one, page, sizeof page);
        status = evidence->leaf(evidence->ctx, &job->tree, job->from + i, &one);
        if (status == CRUX_OK) status = crux_writer_finish(&one, &len);
        if (status != CRUX_OK) break;
        crux_put_u32(out, (uint32_t)len);
        crux_put_bytes(out, page, len);
    }
    return status;
}

static void on_archive(void *ctx, enum crux_status status, const struct crux_provider *provider) {
    struct trace_job *job = ctx;
    struct crux_writer out;
    size_t most = trace_room(job); /* at most TRACE_BYTES_MAX */
    if (status == CRUX_OK) {
        job->bytes = malloc(most + 1);
        if (job->bytes == NULL) status = CRUX_E_OUT_OF_MEMORY;
    }
    if (status == CRUX_OK) {
        crux_writer_init(&out, job->bytes, most);
        switch (job->what) {
        case TRACE_NODES: status = put_nodes(job, &out, provider); break;
        case TRACE_PAGES: status = put_pages(job, &out, provider); break;
        case TRACE_RECORDS: /* the provider of an archive has that as its own */
            status = crux_served_put(&out, crux_archive_tokens(provider->ctx), job->tree.layer,
                                     (uint32_t)job->from, (uint32_t)job->count);
            break;
        case TRACE_PROOF:
            status = provider->evidence->prove(provider->evidence->ctx, &job->tree, job->leaves,
                                               job->leaf_count, &out);
            break;
        }
        if (status == CRUX_OK) status = crux_writer_finish(&out, &job->len);
    }
    job->status = status;
    mailbox_put_trace(&job->service->mailbox, job);
}

/* ---- the answer ---- */

static struct trace_job *job_new(struct service *service, struct crux_http_exchange *exchange) {
    struct trace_job *job = calloc(1, sizeof *job);
    if (job == NULL) return NULL;
    job->service = service;
    job->exchange = exchange;
    job->older = service->newest_trace;
    if (job->older != NULL) job->older->newer = job;
    service->newest_trace = job;
    service->traces++;
    claims_asker(service, exchange, &job->asker);
    return job;
}

static void job_free(struct trace_job *job) {
    struct service *service = job->service;
    if (job->older != NULL) job->older->newer = job->newer;
    if (job->newer != NULL)
        job->newer->older = job->older;
    else
        service->newest_trace = job->older;
    service->traces--;
    free(job->bytes);
    free(job);
}

struct trace_job **trace_link(struct trace_job *job) {
    return &job->next;
}

void trace_news(struct trace_job *job) {
    if (job->exchange != NULL) {
        crux_http_when_gone(job->exchange, NULL, NULL);
        if (job->status == CRUX_OK)
            crux_http_answer(job->exchange, 200, "application/octet-stream", job->bytes, job->len);
        else
            trace_fail(job->exchange, job->status);
    }
    job_free(job);
}

static void on_gone(void *ctx) {
    struct trace_job *job = ctx;
    job->exchange = NULL;
}

/* Returns: does the asker's /48, if it has one, have no more questions than so many askers may have, nor half of all, unless
 * one may? */
static bool site_may_ask(const struct trace_job *job) {
    uint32_t of_one = job->service->config->traces_waiting, count = 0;
    if (of_one == 0) of_one = CRUX_ARCHIVES_OF_ONE;
    uint32_t most = of_one * CRUX_HTTP_SITE_TIMES; /* of_one is at most 64 */
    if (most > CRUX_ARCHIVES_QUEUE / 2) most = CRUX_ARCHIVES_QUEUE / 2;
    if (most < of_one) most = of_one;
    for (const struct trace_job *at = job->service->newest_trace; at != NULL; at = at->older)
        count += at->asker.has_site &&
                 memcmp(at->asker.site, job->asker.site, sizeof at->asker.site) == 0;
    return !job->asker.has_site || count <= most;
}

static void submit(struct trace_job *job, const struct crux_store_run *run) {
    struct crux_archives_run archived = {
        .tokens = run->request_tokens, .output = run->output_tokens, .claim = run->claim};
    struct crux_http_exchange *exchange = job->exchange;
    memcpy(archived.request, run->request, sizeof archived.request);
    crux_http_when_gone(exchange, on_gone, job);
    enum crux_status status = CRUX_E_QUEUE_FULL; /* the archives see to each asker */
    if (site_may_ask(job))
        status = crux_archives_submit(job->service->receipts->archives, &archived, job->asker.one,
                                      on_archive, job);
    if (status == CRUX_OK) return;
    crux_http_when_gone(exchange, NULL, NULL);
    trace_fail(exchange, status);
    job_free(job);
}

static const struct crux_served_model *model_of(struct service *service,
                                                const struct crux_store_run *run) {
    for (unsigned i = 0; i < service->models.count; i++) {
        const struct crux_served_model *model = &service->models.model[i];
        if (memcmp(model->loaded.file.root, run->claim.model_root, 32) == 0) return model;
    }
    return NULL;
}

/* Returns: the run, to be freed, and its model; NULL if that was answered. */
static struct crux_store_run *find(struct service *service, struct crux_http_exchange *exchange,
                                   const struct crux_served_model **model) {
    struct crux_store_run *run = claims_find(service, exchange, CRUX_STORE_BY_CLAIM);
    if (run == NULL) return NULL;
    *model = model_of(service, run);
    if (*model == NULL) trace_fail(exchange, CRUX_E_MODEL_UNKNOWN);
    if (*model != NULL && claims_may_see(service, exchange, run)) return run;
    crux_store_run_free(run);
    return NULL;
}

static void ask(struct service *service, struct crux_http_exchange *exchange,
                enum trace_what what) {
    const struct crux_served_model *model;
    struct crux_store_run *run = find(service, exchange, &model);
    if (run == NULL) return;
    struct trace_job *job = job_new(service, exchange);
    if (job == NULL) {
        trace_fail(exchange, CRUX_E_OUT_OF_MEMORY);
    } else {
        job->program = &model->loaded.file.program;
        job->what = what;
        if (trace_read_question(job, exchange) && trace_is_answerable(job, exchange, &run->claim)) {
            claims_count(service, exchange, trace_room(job));
            submit(job, run);
        } else {
            job_free(job);
        }
    }
    crux_store_run_free(run);
}

void traces_nodes(void *ctx, struct crux_http_exchange *exchange) {
    ask(ctx, exchange, TRACE_NODES);
}

void traces_pages(void *ctx, struct crux_http_exchange *exchange) {
    ask(ctx, exchange, TRACE_PAGES);
}

void traces_records(void *ctx, struct crux_http_exchange *exchange) {
    ask(ctx, exchange, TRACE_RECORDS);
}

void traces_proof(void *ctx, struct crux_http_exchange *exchange) {
    ask(ctx, exchange, TRACE_PROOF);
}

void traces_shape(void *ctx, struct crux_http_exchange *exchange) {
    const struct crux_served_model *model;
    struct crux_store_run *run = find(ctx, exchange, &model);
    if (run == NULL) return;
    uint32_t positions = crux_claim_positions(&run->claim),
             layers = model->loaded.file.program.header.layers;
    api_answer(exchange, 200,
               json_pack("{s:I, s:I, s:I}", "leaves",
                         (json_int_t)crux_trace_leaves(positions, layers), "layers",
                         (json_int_t)layers, "positions", (json_int_t)positions));
    crux_store_run_free(run);
}

/* Leaves that were kept, and CLOSE: nothing needs to be computed again, and nothing else is read.
 * Returns: false if some of them are not kept, or are none. */
static bool put_kept(struct service *service, struct crux_http_exchange *exchange,
                     const struct crux_store_run *run, uint64_t from, uint64_t count) {
    const struct crux_claim *claim = &run->claim;
    uint64_t kept = run->leaf_count;
    if (kept == 0 || from > kept || count > kept + 1 - from) return false;
    uint64_t stored = from + count > kept ? kept - from : count;
    uint8_t(*leaves)[32] = malloc((size_t)count * 32 + 1);
    bool whole = leaves != NULL;
    if (whole && stored > 0) {
        ledger_hold(service);
        whole = crux_store_leaves(service->receipts->store, leaves, run->number, from, stored) ==
                CRUX_OK;
        ledger_release(service);
    }
    if (whole) {
        if (stored < count)
            crux_close_leaf(leaves[stored], claim->request_tokens, claim->chosen_tokens,
                            claim->cancelled, claim->output_root);
        claims_count(service, exchange, count * 32 + from * 32 / LEAVES_PASSED);
        crux_http_answer(exchange, 200, "application/octet-stream", leaves, (size_t)count * 32);
    }
    free(leaves);
    return whole;
}

void traces_leaves(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    const struct crux_served_model *model;
    uint64_t from, count;
    struct crux_store_run *run = find(service, exchange, &model);
    if (run == NULL) return;
    bool done =
        !trace_read_number(&from, exchange, "from", 0, UINT64_C(1) << CRUX_MERKLE_DEPTH_MAX) ||
        !trace_read_number(&count, exchange, "count", 1, TRACE_NODES_MAX) ||
        put_kept(service, exchange, run, from, count);
    crux_store_run_free(run);
    if (!done) ask(service, exchange, TRACE_NODES);
}
