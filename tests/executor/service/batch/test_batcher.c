/* Continuous batching: whatever shares the steps, and whenever runs come, end or give way, each request's tokens, claim and
 * trace are those of a run alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "executor/service/batch/batcher.h"
#include "tests/executor/engine/engine_fixture.h"

enum { CONTEXT = 200, MODELS = 3, CASES = 24, ROUNDS = 6, PATIENCE_SECONDS = 300 };

/* One request, what a run alone makes of it, and what became of it in the batcher. */
struct asked {
    uint32_t model;
    uint32_t tokens[CONTEXT];
    struct crux_engine_request request;
    struct crux_engine_result alone;
    /* how it is to end */
    uint32_t end_after; /* tokens: the callback says so; 0: it does not */
    uint32_t cancel_after;
    struct crux_batcher *batcher;
    uint64_t id;
    /* what happened */
    bool refused;
    uint32_t seen;
    unsigned done;
    struct crux_batcher_result result;
};

struct world {
    struct engine_fixture fixture[MODELS];
    struct engine_pair pair[MODELS]; /* for runs alone */
    struct crux_batcher_model model[MODELS];
    struct asked asked[CASES];
};

static uint32_t any(struct crux_random *random, uint32_t lo, uint32_t hi) {
    return (uint32_t)crux_random_between(random, lo, hi);
}

/* ---- requests ---- */

/* Some begin like an earlier request and its answer. */
static uint32_t begin_alike(struct asked *asked, struct crux_random *random,
                            const struct asked *before) {
    uint32_t n = before->request.fields.request_tokens, all = n + before->alone.count,
             same = any(random, 1, all);
    if (before->model != asked->model) return 0;
    for (uint32_t i = 0; i < same && i < CONTEXT; i++)
        asked->tokens[i] = i < n ? before->tokens[i] : before->alone.tokens[i - n];
    return same < CONTEXT ? same : CONTEXT;
}

static void ask(struct world *world, uint32_t number, struct crux_random *random) {
    struct asked *asked = &world->asked[number];
    struct crux_request *fields = &asked->request.fields;
    *asked = (struct asked){.model = any(random, 0, MODELS - 1)};
    const struct engine_fixture *f = &world->fixture[asked->model];
    uint32_t n = any(random, 1, crux_random_one_in(random, 4) ? CONTEXT : 30);
    for (uint32_t i = 0; i < CONTEXT; i++) asked->tokens[i] = any(random, 0, f->config.vocab - 1);
    if (number > 0 && !crux_random_one_in(random, 3)) {
        uint32_t same = begin_alike(asked, random, &world->asked[any(random, 0, number - 1)]);
        n = any(random, same > 0 ? same : 1, same + 20 < CONTEXT ? same + 20 : CONTEXT);
    }
    if (crux_random_one_in(random, 5)) asked->tokens[any(random, 0, n - 1)] = UINT32_MAX;
    for (unsigned i = 0; i < 32; i++) fields->seed[i] = (uint8_t)crux_random_next(random);
    fields->request_tokens = n;
    fields->limit = any(random, 1, crux_random_one_in(random, 3) ? CONTEXT : 40);
    if (crux_random_one_in(random, 3)) {
        fields->stop_count = 1;
        fields->stop[0] = any(random, 0, f->config.vocab - 1);
    }
    fields->param[CRUX_SAMPLE_TEMPERATURE] = (int32_t)any(random, 0, 2) << 15;
    fields->param[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    fields->param[CRUX_SAMPLE_PENALTY] =
        crux_random_one_in(random, 2) ? CRUX_SAMPLE_ONE : (int32_t)any(random, 1 << 12, 1 << 18);
    asked->request.tokens = asked->tokens;
    assert_int_equal(crux_engine_generate(world->pair[asked->model].engine, f->model.tree.root,
                                          &asked->request, NULL, &asked->alone),
                     CRUX_OK);
}

/* ---- worlds ---- */

static void world_open(struct world *world, struct crux_random *random) {
    for (uint32_t i = 0; i < MODELS; i++) {
        struct crux_fused_decoder config;
        engine_fixture_random_config(&config, random, CONTEXT);
        if (i == 0) engine_fixture_two_kinds(&config, CONTEXT);
        if (i == 1) { /* pages fall behind the window */
            config.window = any(random, 1, 70);
            config.global_every = 0;
        }
        engine_fixture_init(&world->fixture[i], &config, random);
        engine_pair_open(&world->pair[i], &world->fixture[i], NULL, NULL);
        world->model[i] = (struct crux_batcher_model){.engine_model = world->pair[i].model,
                                                      .program = &world->fixture[i].program,
                                                      .config = &world->fixture[i].config,
                                                      .root = world->fixture[i].model.tree.root};
    }
    for (uint32_t i = 0; i < CASES; i++) ask(world, i, random);
}

static void world_close(struct world *world) {
    for (uint32_t i = 0; i < CASES; i++) crux_engine_result_free(&world->asked[i].alone);
    for (uint32_t i = 0; i < MODELS; i++) {
        engine_pair_close(&world->pair[i]);
        engine_fixture_free(&world->fixture[i]);
    }
}

/* ---- runs ---- */

static bool on_token(void *ctx, const struct crux_batcher_token *token) {
    struct asked *asked = ctx;
    assert_int_equal(token->index, asked->seen);
    assert_int_equal(token->token, asked->alone.tokens[asked->seen]);
    asked->seen++;
    if (asked->seen == asked->cancel_after) crux_batcher_cancel(asked->batcher, token->id);
    return asked->seen != asked->end_after;
}

static void on_done(void *ctx, struct crux_batcher_result *result) {
    struct asked *asked = ctx;
    asked->result = *result;
    asked->done++;
}

/* The same claim on the same request, where the run ended early: on one with that limit. */
static void check_claim(const struct world *world, struct asked *asked) {
    struct crux_batcher_result *result = &asked->result;
    struct crux_engine_request request = asked->request;
    struct crux_engine_result alone;
    uint8_t got[CRUX_CLAIM_BYTES], want[CRUX_CLAIM_BYTES], hash[32];
    request.fields.limit = result->limit;
    if (result->end <= CRUX_BATCHER_CONTEXT)
        assert_int_equal(result->limit, asked->request.fields.limit);
    else
        assert_int_equal(result->limit, result->count);
    assert_int_equal(crux_engine_generate(world->pair[asked->model].engine,
                                          world->fixture[asked->model].model.tree.root, &request,
                                          NULL, &alone),
                     CRUX_OK);
    assert_int_equal(result->count, alone.count);
    assert_memory_equal(result->tokens, alone.tokens, alone.count * sizeof *alone.tokens);
    crux_claim_encode(got, &result->claim);
    crux_claim_encode(want, &alone.claim);
    assert_memory_equal(got, want, sizeof got);
    assert_memory_equal(result->request, alone.request, sizeof alone.request);
    crux_request_hash(hash, result->request);
    assert_memory_equal(hash, result->claim.request_hash, sizeof hash);
    crux_engine_result_free(&alone);
}

/* The leaves are those that the trace root commits. */
static void check_leaves(const struct world *world, const struct asked *asked) {
    const struct crux_batcher_result *result = &asked->result;
    uint32_t layers = world->fixture[asked->model].program.header.layers;
    struct crux_trace trace;
    uint8_t root[32];
    crux_trace_init(&trace, layers);
    assert_int_equal(result->leaf_count, (uint64_t)crux_claim_positions(&result->claim) * layers);
    for (uint64_t i = 0; i < result->leaf_count; i++)
        assert_int_equal(crux_trace_append(&trace, result->leaves[i]), CRUX_OK);
    assert_int_equal(crux_trace_close(root, &trace, &result->claim), CRUX_OK);
    assert_memory_equal(root, result->claim.trace_root, sizeof root);
}

static void check(const struct world *world, struct asked *asked) {
    struct crux_batcher_result *result = &asked->result;
    assert_int_equal(asked->done, asked->refused ? 0 : 1);
    if (asked->refused) return;
    assert_int_equal(result->status, CRUX_OK);
    assert_true(result->end != CRUX_BATCHER_TROUBLE);
    if (result->end != CRUX_BATCHER_STOPPED || result->count > 0)
        assert_int_equal(result->count, asked->seen);
    if (result->end <= CRUX_BATCHER_CONTEXT) assert_int_equal(result->count, asked->alone.count);
    if (result->end == CRUX_BATCHER_ASKED) assert_int_equal(result->count, asked->end_after);
    if (result->count > 0) {
        check_claim(world, asked);
        check_leaves(world, asked);
    }
    crux_batcher_result_free(result);
}

static void pause_for(uint32_t microseconds) {
    struct timespec time = {.tv_nsec = (long)microseconds * 1000};
    (void)nanosleep(&time, NULL);
}

static void submit(struct crux_batcher *batcher, struct asked *asked, struct crux_random *random) {
    struct crux_batcher_job job = {.model = asked->model,
                                   .request = asked->request,
                                   .leaves = true,
                                   .no_prefix = crux_random_one_in(random, 6),
                                   .group = crux_random_one_in(random, 4),
                                   .ctx = asked,
                                   .token = on_token,
                                   .done = on_done};
    asked->batcher = batcher;
    asked->seen = asked->done = 0;
    asked->end_after = crux_random_one_in(random, 4) ? any(random, 1, 20) : 0;
    asked->cancel_after = crux_random_one_in(random, 6) ? any(random, 1, 20) : 0;
    if (crux_random_one_in(random, 8)) job.deadline_seconds = 1e-3 * any(random, 0, 4);
    enum crux_status status = crux_batcher_submit(batcher, &job, &asked->id);
    asked->refused = status == CRUX_E_CACHE_TOO_SMALL;
    if (asked->refused) return;
    assert_int_equal(status, CRUX_OK);
    assert_true(asked->id > 0);
    if (crux_random_one_in(random, 3)) pause_for(any(random, 1, 1000));
    if (crux_random_one_in(random, 8)) crux_batcher_cancel(batcher, asked->id);
}

/* Out: options, any that are lawful. */
static void any_options(struct crux_batcher_options *options, struct crux_random *random,
                        uint64_t least_bytes) {
    *options = (struct crux_batcher_options){.threads = any(random, 1, 3),
                                             .sequences_max = any(random, 1, 9),
                                             .queue_max = CASES,
                                             .prefill_rows = any(random, 1, 40),
                                             .no_speculation = crux_random_one_in(random, 2)};
    if (crux_random_one_in(random, 2))
        options->cache_bytes_max = least_bytes + any(random, 0, 3) * least_bytes / 4;
    if (!crux_random_one_in(random, 3)) options->prefix_bytes_max = UINT64_MAX;
}

static uint64_t sum_of(struct crux_batcher *batcher, size_t offset) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < MODELS; i++) {
        struct crux_batcher_figures figures;
        crux_batcher_figures(batcher, i, &figures);
        sum += *(const uint64_t *)((const uint8_t *)&figures + offset);
    }
    return sum;
}

struct counts {
    uint64_t set_back, accepted, prefix_hits;
};

/* Random arrivals, ends, and limits. In: close, whether to stop in the middle. */
static void mix(struct world *world, struct crux_random *random, bool stop, struct counts *counts) {
    struct crux_batcher_options options;
    struct crux_batcher *batcher;
    /* little cache for one model is none for another, or enough */
    any_options(&options, random,
                crux_engine_cache_bytes(world->pair[any(random, 0, MODELS - 1)].engine, CONTEXT));
    assert_int_equal(crux_batcher_open(&batcher, world->model, MODELS, &options), CRUX_OK);
    for (uint32_t i = 0; i < CASES; i++) submit(batcher, &world->asked[i], random);
    if (!stop) {
        crux_batcher_drain(batcher);
        uint64_t id;
        struct crux_batcher_job late = {
            .request = world->asked[0].request, .model = world->asked[0].model, .done = on_done};
        late.request.fields.request_tokens = late.request.fields.limit = 1;
        assert_int_equal(crux_batcher_submit(batcher, &late, &id), CRUX_E_STOPPING);
        assert_true(crux_batcher_wait(batcher, PATIENCE_SECONDS));
        counts->set_back += sum_of(batcher, offsetof(struct crux_batcher_figures, set_back));
        counts->accepted += sum_of(batcher, offsetof(struct crux_batcher_figures, accepted));
        counts->prefix_hits += sum_of(batcher, offsetof(struct crux_batcher_figures, prefix_hits));
    }
    crux_batcher_close(batcher);
    for (uint32_t i = 0; i < CASES; i++) check(world, &world->asked[i]);
}

static void test_mixes(void **state) {
    struct crux_random random = {.state = 20260711};
    struct counts counts = {.set_back = 0};
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct world *world = calloc(1, sizeof *world);
        assert_non_null(world);
        world_open(world, &random);
        for (unsigned i = 0; i < 4; i++) mix(world, &random, i == 3, &counts);
        world_close(world);
        free(world);
    }
    /* each way was gone */
    assert_true(counts.set_back > 0);
    assert_true(counts.accepted > 0);
    assert_true(counts.prefix_hits > 0);
}

/* ---- limits ---- */

static struct crux_batcher_job plain(struct asked *asked) {
    return (struct crux_batcher_job){
        .model = asked->model, .request = asked->request, .ctx = asked, .done = on_done};
}

/* Holds the compute thread in a callback. */
struct gate {
    pthread_mutex_t closed;
    atomic_bool reached;
};

static bool wait_for_gate(void *ctx, const struct crux_batcher_token *token) {
    struct gate *gate = ctx;
    (void)token;
    atomic_store(&gate->reached, true);
    (void)pthread_mutex_lock(&gate->closed);
    (void)pthread_mutex_unlock(&gate->closed);
    return true;
}

static void wait_until_reached(struct gate *gate) {
    while (!atomic_load(&gate->reached)) (void)sched_yield();
}

static void ignore(void *ctx, struct crux_batcher_result *result) {
    (void)ctx;
    crux_batcher_result_free(result);
}

static void test_refusals(void **state) {
    struct crux_random random = {.state = 5};
    struct world *world = calloc(1, sizeof *world);
    struct crux_batcher_options options = {.threads = 1, .sequences_max = 1, .queue_max = 2};
    struct crux_batcher *batcher;
    struct crux_batcher_job job;
    struct gate gate = {.closed = PTHREAD_MUTEX_INITIALIZER};
    uint64_t id;
    (void)state;
    assert_non_null(world);
    world_open(world, &random);
    assert_int_equal(crux_batcher_open(&batcher, world->model, 0, &options), CRUX_E_USAGE);
    options.pin = "nowhere";
    assert_int_equal(crux_batcher_open(&batcher, world->model, 1, &options), CRUX_E_USAGE);
    options.pin = NULL;
    options.cache_bytes_max = crux_engine_cache_bytes(world->pair[0].engine, 130);
    assert_int_equal(crux_batcher_open(&batcher, world->model, 1, &options), CRUX_OK);
    world->asked[0].model = 0;
    assert_int_equal(crux_batcher_positions_max(batcher, 0), 192);
    job = plain(&world->asked[0]);
    job.model = 1;
    assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_E_USAGE);
    job.model = 0;
    job.top = CRUX_BATCHER_TOP_MAX + 1;
    assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_E_USAGE);
    job.top = 0;
    job.request.fields.request_tokens = 0;
    assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_E_REQUEST_INVALID);
    job.request.fields.request_tokens = 100;
    job.request.fields.stop_count = 0;
    job.request.fields.limit = 94;
    assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_E_CACHE_TOO_SMALL);
    /* one works, two wait, a fourth finds no room */
    job.request.fields.limit = 5;
    job.ctx = &gate;
    job.token = wait_for_gate;
    job.done = ignore;
    (void)pthread_mutex_lock(&gate.closed);
    assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_OK);
    struct crux_batcher_figures figures;
    wait_until_reached(&gate);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_OK);
    assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_E_QUEUE_FULL);
    assert_false(crux_batcher_wait(batcher, 0.01));
    (void)pthread_mutex_unlock(&gate.closed);
    assert_true(crux_batcher_wait(batcher, PATIENCE_SECONDS));
    crux_batcher_figures(batcher, 0, &figures);
    assert_int_equal(figures.ended[CRUX_BATCHER_LIMIT], 3);
    assert_int_equal(figures.chosen_tokens, 15);
    assert_int_equal(figures.request_tokens, 300);
    crux_batcher_close(batcher);
    world_close(world);
    free(world);
}

/* ---- beginnings ---- */

/* Requests that come at once and begin alike: their beginning is computed once. */
static void test_same_beginning(void **state) {
    enum { SAME = 100, ALIKE = 6 };
    struct crux_random random = {.state = 8};
    struct world *world = calloc(1, sizeof *world);
    struct crux_batcher_options options = {.threads = 1, .prefix_bytes_max = UINT64_MAX};
    struct crux_batcher_figures figures;
    struct crux_batcher *batcher;
    struct gate gate = {.closed = PTHREAD_MUTEX_INITIALIZER};
    uint64_t id;
    (void)state;
    assert_non_null(world);
    world_open(world, &random);
    assert_int_equal(crux_batcher_open(&batcher, world->model, 1, &options), CRUX_OK);
    struct asked *asked = &world->asked[0];
    struct crux_batcher_job job = {.request = asked->request, .done = ignore};
    uint32_t *tokens = asked->tokens, vocab = world->fixture[0].config.vocab;
    job.request.fields.stop_count = job.request.fields.stop[0] = 0;
    job.request.fields.request_tokens = 1;
    job.request.fields.limit = 2;
    job.ctx = &gate;
    job.token = wait_for_gate;
    (void)pthread_mutex_lock(&gate.closed);
    assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_OK);
    wait_until_reached(&gate);
    job.token = NULL;
    for (uint32_t i = 0; i < ALIKE; i++) {
        for (uint32_t at = 0; at < SAME + ALIKE; at++)
            tokens[at] = (at * 7 + (at < SAME ? 1 : at - SAME <= i)) % vocab;
        job.request.fields.request_tokens = SAME + 1 + i;
        assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_OK);
    }
    (void)pthread_mutex_unlock(&gate.closed);
    assert_true(crux_batcher_wait(batcher, PATIENCE_SECONDS));
    crux_batcher_figures(batcher, 0, &figures);
    assert_int_equal(figures.prefix_hits, ALIKE - 1);
    assert_int_equal(figures.prefix_misses, 2);
    assert_true(figures.prefix_positions >= SAME * (ALIKE - 1));
    crux_batcher_close(batcher);
    world_close(world);
    free(world);
}

static void keep_reused(void *ctx, struct crux_batcher_result *result) {
    uint32_t *reused = ctx;
    *reused = result->reused;
    crux_batcher_result_free(result);
}

/* What one group asked is no help to another, so that nobody sees from outside what others asked. */
static void test_groups(void **state) {
    enum { SAME = 100, TURNS = 6 };
    static const uint64_t groups[TURNS] = {0, 1, 0, 1, UINT64_MAX, 1};
    static const bool alike[TURNS] = {false, false, true, true, false, true};
    struct crux_random random = {.state = 9};
    struct world *world = calloc(1, sizeof *world);
    struct crux_batcher_options options = {.threads = 1, .prefix_bytes_max = UINT64_MAX};
    struct crux_batcher *batcher;
    (void)state;
    assert_non_null(world);
    world_open(world, &random);
    assert_int_equal(crux_batcher_open(&batcher, world->model, 1, &options), CRUX_OK);
    struct asked *asked = &world->asked[0];
    struct crux_batcher_job job = {.request = asked->request, .done = keep_reused};
    for (uint32_t at = 0; at < SAME; at++) asked->tokens[at] = at % world->fixture[0].config.vocab;
    job.request.fields.stop_count = job.request.fields.stop[0] = 0;
    job.request.fields.request_tokens = SAME;
    job.request.fields.limit = 2;
    for (unsigned i = 0; i < TURNS; i++) {
        uint32_t reused = UINT32_MAX;
        uint64_t id;
        job.group = groups[i];
        job.ctx = &reused;
        assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_OK);
        assert_true(crux_batcher_wait(batcher, PATIENCE_SECONDS));
        assert_int_equal(reused > 0, alike[i]);
    }
    crux_batcher_close(batcher);
    world_close(world);
    free(world);
}

/* A request counts once as a hit or a miss, however often it begins: here all but one are set back. */
static void test_counted_once(void **state) {
    enum { RUNS = 4 };
    struct crux_random random = {.state = 10};
    struct world *world = calloc(1, sizeof *world);
    struct crux_batcher_figures figures;
    struct crux_batcher *batcher;
    struct gate gate = {.closed = PTHREAD_MUTEX_INITIALIZER};
    uint64_t id;
    (void)state;
    assert_non_null(world);
    world_open(world, &random);
    struct crux_batcher_options options = {
        .threads = 1,
        .cache_bytes_max = crux_engine_cache_bytes(world->pair[0].engine, CONTEXT),
        .prefix_bytes_max = UINT64_MAX};
    assert_int_equal(crux_batcher_open(&batcher, world->model, 1, &options), CRUX_OK);
    struct asked *asked = &world->asked[0];
    struct crux_batcher_job job = {.request = asked->request, .done = ignore};
    job.request.fields.stop_count = job.request.fields.stop[0] = 0;
    job.request.fields.request_tokens = 1;
    job.request.fields.limit = CONTEXT;
    job.ctx = &gate;
    job.token = wait_for_gate; /* the first is not over before the others have come */
    (void)pthread_mutex_lock(&gate.closed);
    for (uint32_t i = 0; i < RUNS; i++) {
        asked->tokens[0] = i;
        assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_OK);
    }
    (void)pthread_mutex_unlock(&gate.closed);
    assert_true(crux_batcher_wait(batcher, PATIENCE_SECONDS));
    crux_batcher_figures(batcher, 0, &figures);
    assert_true(figures.set_back > 0);
    assert_int_equal(figures.prefix_hits + figures.prefix_misses, RUNS);
    crux_batcher_close(batcher);
    world_close(world);
    free(world);
}

/* ---- shares ---- */

struct shares {
    uint32_t top, vocab, seen;
    bool greedy;
};

static bool look_at_shares(void *ctx, const struct crux_batcher_token *token) {
    struct shares *shares = ctx;
    double sum = 0;
    uint32_t most = shares->top < shares->vocab ? shares->top : shares->vocab;
    assert_int_equal(token->top_count, most);
    assert_true(token->logprob <= 1e-9);
    for (uint32_t i = 0; i < token->top_count; i++) {
        sum += exp(token->top[i].logprob);
        if (i > 0) assert_true(token->top[i].logprob <= token->top[i - 1].logprob);
        if (token->top[i].token == token->token)
            assert_true(fabs(token->top[i].logprob - token->logprob) < 1e-12);
    }
    assert_true(sum < 1 + 1e-9);
    if (most == shares->vocab) assert_true(fabs(sum - 1) < 1e-9);
    if (shares->greedy && most > 0) assert_int_equal(token->token, token->top[0].token);
    shares->seen++;
    return true;
}

static void test_logprobs(void **state) {
    struct crux_random random = {.state = 77};
    struct world *world = calloc(1, sizeof *world);
    struct crux_batcher *batcher;
    uint64_t id;
    (void)state;
    assert_non_null(world);
    world_open(world, &random);
    assert_int_equal(crux_batcher_open(&batcher, world->model, MODELS, NULL), CRUX_OK);
    for (uint32_t i = 0; i < CASES; i++) {
        struct asked *asked = &world->asked[i];
        struct crux_batcher_job job = plain(asked);
        const struct crux_request *fields = &asked->request.fields;
        struct shares shares = {.top = i % (CRUX_BATCHER_TOP_MAX + 1),
                                .vocab = world->fixture[asked->model].config.vocab};
        shares.greedy = fields->param[CRUX_SAMPLE_TEMPERATURE] == 0 &&
                        fields->param[CRUX_SAMPLE_PENALTY] == CRUX_SAMPLE_ONE;
        job.logprobs = true;
        job.top = shares.top;
        job.ctx = &shares;
        job.token = look_at_shares;
        job.done = ignore;
        assert_int_equal(crux_batcher_submit(batcher, &job, &id), CRUX_OK);
        assert_true(crux_batcher_wait(batcher, PATIENCE_SECONDS));
        assert_int_equal(shares.seen, asked->alone.count);
    }
    crux_batcher_close(batcher);
    world_close(world);
    free(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixes),          cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_same_beginning), cmocka_unit_test(test_groups),
        cmocka_unit_test(test_counted_once),   cmocka_unit_test(test_logprobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
