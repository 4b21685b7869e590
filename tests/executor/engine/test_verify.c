/* Claims checked with their tokens known: true ones are accepted, those of the interpreter too, and of false ones the
 * first difference is named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "executor/engine/verify.h"
#include "tests/executor/engine/engine_fixture.h"

enum { CONTEXT = 40, CASES = CRUX_SANITIZED ? 3 : 6, CLAIMS = 6, ROWS_WAYS = 3 };

/* Runs of one model, their requests and answers. */
struct batch {
    struct engine_fixture f;
    struct engine_pair pair;
    uint32_t tokens[CLAIMS][FIXTURE_TOKENS_MAX];
    struct crux_engine_result result[CLAIMS];
    struct crux_engine_claimed claimed[CLAIMS];
};

static void open_batch(struct batch *b, struct crux_random *random, uint32_t rows) {
    struct crux_engine_options options = {.threads = 2, .rows = rows};
    struct crux_fused_decoder config;
    engine_fixture_random_config(&config, random, CONTEXT);
    engine_fixture_init(&b->f, &config, random);
    engine_pair_open(&b->pair, &b->f, NULL, &options);
    for (unsigned i = 0; i < CLAIMS; i++) {
        engine_fixture_ask(&b->f, random, (uint32_t)crux_random_between(random, 1, CONTEXT),
                           (uint32_t)crux_random_between(random, 1, CONTEXT),
                           (int32_t)crux_random_between(random, 0, 2) << 15);
        memcpy(b->tokens[i], b->f.tokens, sizeof b->tokens[i]);
        b->claimed[i] = (struct crux_engine_claimed){.request = b->f.request};
        b->claimed[i].request.tokens = b->tokens[i];
        assert_int_equal(crux_engine_generate(b->pair.engine, b->f.model.tree.root,
                                              &b->claimed[i].request, NULL, &b->result[i]),
                         CRUX_OK);
        b->claimed[i].tokens = b->result[i].tokens;
        b->claimed[i].claim = *crux_archive_claim(b->f.archive); /* the interpreter's */
    }
}

static void close_batch(struct batch *b) {
    for (unsigned i = 0; i < CLAIMS; i++) crux_engine_result_free(&b->result[i]);
    engine_pair_close(&b->pair);
    engine_fixture_free(&b->f);
}

static void verify(struct batch *b) {
    struct crux_engine_figures figures;
    assert_int_equal(crux_engine_verify(b->pair.engine, b->f.model.tree.root, b->claimed, CLAIMS),
                     CRUX_OK);
    crux_engine_figures(b->pair.engine, &figures);
    assert_int_equal(figures.cache_bytes, 0);
}

static const uint32_t rows_ways[ROWS_WAYS] = {1, 7, 64};

static void test_true_claims(void **state) {
    struct crux_random random = {.state = 20260303};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct batch b;
        open_batch(&b, &random, rows_ways[i % ROWS_WAYS]);
        verify(&b);
        for (unsigned c = 0; c < CLAIMS; c++)
            assert_int_equal(b.claimed[c].verdict, CRUX_ENGINE_CLAIM_TRUE);
        close_batch(&b);
    }
}

/* All but the one at `at` stay true. */
static void expect(const struct batch *b, unsigned at, enum crux_engine_verdict verdict,
                   uint32_t index) {
    for (unsigned c = 0; c < CLAIMS; c++) {
        if (c != at) {
            assert_int_equal(b->claimed[c].verdict, CRUX_ENGINE_CLAIM_TRUE);
            continue;
        }
        assert_int_equal(b->claimed[c].verdict, verdict);
        assert_int_equal(b->claimed[c].index, index);
    }
}

static void try_false_tokens(struct batch *b, struct crux_random *random, unsigned at) {
    uint32_t *tokens = b->result[at].tokens, count = b->result[at].count;
    uint32_t index = (uint32_t)crux_random_between(random, 0, count - 1), was = tokens[index];
    tokens[index] = crux_random_one_in(random, 4) ? UINT32_MAX : (was + 1) % b->f.config.vocab;
    verify(b);
    expect(b, at, CRUX_ENGINE_CLAIM_TOKEN, index);
    assert_int_equal(b->claimed[at].token, was);
    tokens[index] = was;
    if (count == 1) return;
    b->claimed[at].claim.chosen_tokens--; /* ends before its end */
    verify(b);
    expect(b, at, CRUX_ENGINE_CLAIM_END, count - 1);
    b->claimed[at].claim.chosen_tokens++;
}

static void try_longer(struct batch *b, unsigned at) {
    uint32_t longer[FIXTURE_TOKENS_MAX] = {0}, count = b->result[at].count;
    memcpy(longer, b->result[at].tokens, count * sizeof *longer);
    b->claimed[at].tokens = longer;
    b->claimed[at].claim.chosen_tokens++;
    verify(b);
    /* beyond the end of the run, or of the context */
    if (b->claimed[at].request.fields.request_tokens + count - 1 < CONTEXT)
        expect(b, at, CRUX_ENGINE_CLAIM_END, count);
    else
        expect(b, at, CRUX_ENGINE_CLAIM_REQUEST, 0);
    b->claimed[at].tokens = b->result[at].tokens;
    b->claimed[at].claim.chosen_tokens--;
}

static void try_false_roots(struct batch *b, unsigned at) {
    struct crux_claim *claim = &b->claimed[at].claim;
    const struct {
        uint8_t *byte;
        enum crux_engine_verdict verdict;
    } roots[] = {{&claim->trace_root[31], CRUX_ENGINE_CLAIM_TRACE},
                 {&claim->output_root[0], CRUX_ENGINE_CLAIM_OUTPUT},
                 {&claim->request_hash[5], CRUX_ENGINE_CLAIM_REQUEST},
                 {&claim->model_root[9], CRUX_ENGINE_CLAIM_REQUEST}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(roots); i++) {
        *roots[i].byte ^= 1;
        verify(b);
        expect(b, at, roots[i].verdict, 0);
        *roots[i].byte ^= 1;
    }
}

static void test_false_claims(void **state) {
    struct crux_random random = {.state = 20260404};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct batch b;
        unsigned at = (unsigned)crux_random_between(&random, 0, CLAIMS - 1);
        open_batch(&b, &random, rows_ways[i % ROWS_WAYS]);
        try_false_tokens(&b, &random, at);
        try_longer(&b, at);
        try_false_roots(&b, at);
        close_batch(&b);
    }
}

/* ---- requests that begin alike ---- */

enum { LONG_CONTEXT = 400, COMMON = 200 };

struct alike {
    struct engine_fixture f;
    struct engine_pair pair;
    uint32_t tokens[CLAIMS][LONG_CONTEXT];
    struct crux_engine_result result[CLAIMS];
    struct crux_engine_claimed claimed[CLAIMS];
};

/* The first COMMON tokens of all are the same; the last claim goes on where the first one's answer ends. */
static void open_alike(struct alike *a, struct crux_random *random, uint32_t rows) {
    struct crux_engine_options options = {.threads = 2, .rows = rows};
    struct crux_fused_decoder config;
    engine_fixture_random_config(&config, random, LONG_CONTEXT);
    if (config.window < COMMON) config.window = 0; /* pages stay */
    config.vocab = 40;
    engine_fixture_init(&a->f, &config, random);
    engine_pair_open(&a->pair, &a->f, NULL, &options);
    for (unsigned i = 0; i < CLAIMS; i++) {
        uint32_t n = COMMON + (uint32_t)crux_random_between(random, 1, 30);
        for (uint32_t t = 0; t < LONG_CONTEXT; t++)
            a->tokens[i][t] = i > 0 && t < COMMON
                                  ? a->tokens[0][t]
                                  : (uint32_t)crux_random_below(random, config.vocab);
        if (i + 1 == CLAIMS) {
            uint32_t before = a->claimed[0].request.fields.request_tokens;
            memcpy(a->tokens[i], a->tokens[0], before * sizeof a->tokens[i][0]);
            memcpy(a->tokens[i] + before, a->result[0].tokens,
                   a->result[0].count * sizeof a->tokens[i][0]);
            n = before + a->result[0].count + 3;
        }
        a->claimed[i] = (struct crux_engine_claimed){
            .request = {.fields = {.request_tokens = n, .limit = 25}, .tokens = a->tokens[i]}};
        a->claimed[i].request.fields.param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
        assert_int_equal(crux_engine_generate(a->pair.engine, a->f.model.tree.root,
                                              &a->claimed[i].request, NULL, &a->result[i]),
                         CRUX_OK);
        a->claimed[i].tokens = a->result[i].tokens;
        a->claimed[i].claim = a->result[i].claim;
    }
}

/* Returns: rows computed.  In: at, the claim that is false; CLAIMS: none. */
static uint64_t verify_alike(struct alike *a, unsigned at, enum crux_engine_verdict verdict,
                             uint32_t index) {
    struct crux_engine_figures before, after;
    crux_engine_figures(a->pair.engine, &before);
    assert_int_equal(crux_engine_verify(a->pair.engine, a->f.model.tree.root, a->claimed, CLAIMS),
                     CRUX_OK);
    crux_engine_figures(a->pair.engine, &after);
    assert_int_equal(after.cache_bytes, 0);
    for (unsigned i = 0; i < CLAIMS; i++) {
        assert_int_equal(a->claimed[i].verdict, i == at ? verdict : CRUX_ENGINE_CLAIM_TRUE);
        if (i == at) assert_int_equal(a->claimed[i].index, index);
    }
    return after.rows - before.rows;
}

static void test_claims_alike(void **state) {
    struct crux_random random = {.state = 20260505};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct alike a;
        open_alike(&a, &random, rows_ways[i % ROWS_WAYS]);
        uint64_t all = 0;
        for (unsigned c = 0; c < CLAIMS; c++)
            all += a.claimed[c].request.fields.request_tokens + a.result[c].count - 1;
        uint64_t rows = verify_alike(&a, CLAIMS, CRUX_ENGINE_CLAIM_TRUE, 0);
        assert_true(rows <= all - (CLAIMS - 1) * COMMON);
        for (unsigned at = 0; at < CLAIMS; at++) {
            uint32_t index = (uint32_t)crux_random_below(&random, a.result[at].count);
            uint32_t *token = &a.result[at].tokens[index];
            *token ^= 1;
            (void)verify_alike(&a, at, CRUX_ENGINE_CLAIM_TOKEN, index);
            *token ^= 1;
            a.claimed[at].claim.trace_root[0] ^= 1;
            (void)verify_alike(&a, at, CRUX_ENGINE_CLAIM_TRACE, 0);
            a.claimed[at].claim.trace_root[0] ^= 1;
        }
        for (unsigned c = 0; c < CLAIMS; c++) crux_engine_result_free(&a.result[c]);
        engine_pair_close(&a.pair);
        engine_fixture_free(&a.f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_true_claims),
                                       cmocka_unit_test(test_false_claims),
                                       cmocka_unit_test(test_claims_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
