/* Many claims at once, each with layers of its own: the same verdicts by every backend, number of threads and rows, with
 * all layers in memory or some. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/executor/engine/audit_scene.h"

enum { CASES = CRUX_SANITIZED ? 1 : 3, CLAIMS = 6, ROWS_WAYS = 3 };

static const uint32_t rows_ways[ROWS_WAYS] = {1, 7, 64};

struct member {
    uint32_t tokens[FIXTURE_TOKENS_MAX], layers[AUDIT_LAYERS_MAX];
    struct audit_lies lies;
    bool found; /* the lie is in an audited layer */
};

struct crowd {
    struct engine_fixture f;
    struct served_archive store;
    struct member members[CLAIMS];
    struct crux_engine_audited audited[CLAIMS], first[CLAIMS];
    uint32_t all[AUDIT_LAYERS_MAX], all_count; /* layers that anybody audits */
    bool judged;
};

static uint32_t any_layers(uint32_t *layers, struct crux_random *random, uint32_t of) {
    uint32_t count = 0;
    for (uint32_t l = 0; l < of; l++) {
        if (crux_random_one_in(random, 2)) layers[count++] = l;
    }
    return count;
}

/* Every third is honest. */
static void join(struct crowd *c, struct crux_random *random, unsigned number, uint32_t context) {
    struct member *member = &c->members[number];
    struct crux_engine_audited *audited = &c->audited[number];
    uint32_t layers = c->f.program.header.layers;
    struct crux_lie lie;
    engine_fixture_ask(&c->f, random, (uint32_t)crux_random_between(random, 1, context - 4),
                       context, (int32_t)crux_random_between(random, 0, 2) << 15);
    memcpy(member->tokens, c->f.tokens, sizeof member->tokens);
    struct crux_archive_request request = {.fields = c->f.request.fields, .tokens = member->tokens};
    member->lies.count = number % 3 == 0 ? 0 : 1;
    member->lies.at[0] = audit_place_any(&c->f, random);
    audit_lies_init(&lie, &member->lies);
    assert_int_equal(crux_archive_run(&c->store.archive[number], &c->f.model, &request, &lie),
                     CRUX_OK);
    const struct crux_archive *archive = c->store.archive[number];
    *audited = (struct crux_engine_audited){.request = c->f.request,
                                            .claim = *crux_archive_claim(archive),
                                            .tokens = crux_archive_tokens(archive)->tokens,
                                            .layers = member->layers};
    audited->request.tokens = member->tokens;
    audited->layer_count = any_layers(member->layers, random, layers);
    member->found = false;
    for (uint32_t i = 0; member->lies.count > 0 && i < audited->layer_count; i++)
        member->found = member->found || member->layers[i] == member->lies.at[0].layer;
}

static void gather(struct crowd *c, const struct crux_fused_decoder *config,
                   struct crux_random *random) {
    memset(c, 0, sizeof *c);
    engine_fixture_init(&c->f, config, random);
    served_archive_init(&c->store);
    for (unsigned i = 0; i < CLAIMS; i++) join(c, random, i, config->context);
    for (uint32_t l = 0; l < c->f.program.header.layers; l++) {
        bool any = false;
        for (unsigned i = 0; i < CLAIMS; i++) {
            for (uint32_t k = 0; k < c->audited[i].layer_count; k++)
                any = any || c->audited[i].layers[k] == l;
        }
        if (any) c->all[c->all_count++] = l;
    }
}

static void disperse(struct crowd *c) {
    for (unsigned i = 0; i < CLAIMS; i++) crux_archive_free(c->store.archive[i]);
    served_archive_free(&c->store);
    engine_fixture_free(&c->f);
}

static void expect_truth(const struct crowd *c) {
    for (unsigned i = 0; i < CLAIMS; i++) {
        const struct crux_engine_audited *audited = &c->audited[i];
        const struct audit_place *place = &c->members[i].lies.at[0];
        assert_int_equal(audited->verdict,
                         c->members[i].found ? CRUX_ENGINE_AUDIT_RECORD : CRUX_ENGINE_AUDIT_TRUE);
        if (!c->members[i].found) continue;
        assert_int_equal(audited->pos, place->pos);
        assert_int_equal(audited->layer, place->layer);
    }
}

static void judge(struct crowd *c, const struct audit_way *way, bool whole) {
    struct crux_engine_source source = {.config = &c->f.config,
                                        .program = &c->f.program,
                                        .memory = &c->f.memory,
                                        .layers = whole ? NULL : c->all,
                                        .layer_count = c->all_count};
    struct crux_engine_options options = {.threads = way->threads, .rows = way->rows};
    struct engine_pair pair;
    assert_int_equal(crux_engine_model_open(&pair.model, &source, way->backend, NULL), CRUX_OK);
    assert_int_equal(crux_engine_open(&pair.engine, pair.model, &options), CRUX_OK);
    assert_int_equal(
        crux_engine_audit(pair.engine, c->f.model.tree.root, &c->store.served, c->audited, CLAIMS),
        CRUX_OK);
    engine_pair_close(&pair);
    expect_truth(c);
    if (!c->judged) memcpy(c->first, c->audited, sizeof c->first);
    c->judged = true;
    for (unsigned i = 0; i < CLAIMS; i++) {
        assert_memory_equal(c->first[i].committed, c->audited[i].committed, 32);
        assert_memory_equal(c->first[i].own, c->audited[i].own, 32);
        assert_int_equal(c->first[i].leaf, c->audited[i].leaf);
    }
}

static void judge_all_ways(struct crowd *c) {
    size_t count;
    const char *const *backends = engine_backends(&count);
    for (size_t b = 0; b < count; b++) {
        for (unsigned threads = 1; threads <= 3; threads++) {
            struct audit_way way = {backends[b], threads, rows_ways[(b + threads) % ROWS_WAYS]};
            for (unsigned whole = 0; whole < 2; whole++) {
                if (CRUX_SANITIZED && (b + threads + whole) % 2 != 0) continue;
                judge(c, &way, whole == 1);
            }
        }
    }
}

static void test_random_decoders(void **state) {
    struct crux_random random = {.state = 20270606};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct crux_fused_decoder config;
        struct crowd c;
        engine_fixture_random_config(&config, &random, AUDIT_CONTEXT);
        gather(&c, &config, &random);
        judge_all_ways(&c);
        disperse(&c);
    }
}

/* Windows over several pages of the cache, local and global blocks in one layer and each in its own. */
static void test_windows(void **state) {
    struct crux_random random = {.state = 20270707};
    struct crux_fused_decoder config;
    (void)state;
    engine_fixture_two_kinds(&config, 90);
    config.window = 65;
    config.width = config.ffn_width = 8;
    config.head_width = 2;
    config.vocab = 9;
    for (config.blocks_per_layer = CRUX_SANITIZED ? 3 : 1; config.blocks_per_layer <= 3;
         config.blocks_per_layer += 2) {
        struct crowd c;
        gather(&c, &config, &random);
        for (unsigned i = 0; i < ROWS_WAYS; i++) {
            struct audit_way way = {NULL, 1 + i, rows_ways[i]};
            judge(&c, &way, i == 1);
        }
        disperse(&c);
    }
}

static void test_experts(void **state) {
    struct crux_random random = {.state = 20270808};
    struct crux_fused_decoder config;
    struct crowd c;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    config.experts = 16;
    config.experts_used = 4;
    config.context = AUDIT_CONTEXT;
    config.head = CRUX_DECODER_SAMPLED;
    gather(&c, &config, &random);
    judge_all_ways(&c);
    disperse(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_decoders),
                                       cmocka_unit_test(test_windows),
                                       cmocka_unit_test(test_experts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
