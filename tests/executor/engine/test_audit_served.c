/* Audits of what hostile executors serve and commit: each has its verdict, whatever the bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/executor/engine/audit_scene.h"

enum { CASES = CRUX_SANITIZED ? 2 : 5, ROWS = 7 };

static const struct audit_way way = {NULL, 2, ROWS};
static const uint32_t no_layers[1];

/* ---- what is served ---- */

enum harm {
    HARM_NONE,
    HARM_LEAF,       /* a leaf is another one */
    HARM_NO_LEAVES,  /* they are refused */
    HARM_NO_RECORDS, /* refused if this position is among them */
    HARM_ELEMENT,    /* a byte of an element is another one */
    HARM_LENGTH,     /* the length of a store is another one */
    HARM_SHORT,      /* the bytes end within this position */
    HARM_LONG,       /* the bytes go on after the last position that is asked for */
    HARM_EMPTY,      /* no bytes at all */
    HARM_RANDOM,     /* any bytes, as many as there should be */
    HARMS
};

struct hostile {
    struct served_archive *store;
    const struct crux_program *program;
    struct crux_random *random;
    enum harm harm;
    uint32_t pos, layer; /* of records */
    uint64_t leaf;
    uint8_t *bytes; /* as served */
};

static enum crux_status hostile_leaves(void *ctx, uint32_t claim, uint64_t first, uint32_t count,
                                       uint8_t (*leaves)[32]) {
    const struct hostile *h = ctx;
    if (h->harm == HARM_NO_LEAVES) return CRUX_E_IO;
    enum crux_status status = h->store->served.leaves(h->store, claim, first, count, leaves);
    if (h->harm == HARM_LEAF && h->leaf >= first && h->leaf - first < count)
        leaves[h->leaf - first][crux_random_below(h->random, 32)] ^= 1;
    return status;
}

/* Spoils the record that begins at `at`.  Returns: the length of all then. */
static size_t spoil(struct hostile *h, size_t at, size_t each, size_t len) {
    uint8_t *record = h->bytes + at;
    switch (h->harm) {
    case HARM_ELEMENT: record[each - 1 - crux_random_below(h->random, 4)] ^= 1; return len;
    case HARM_LENGTH: record[crux_random_below(h->random, 4)] ^= 1; return len;
    case HARM_SHORT: return at + crux_random_below(h->random, each);
    case HARM_LONG: return len + 1 + crux_random_below(h->random, 9);
    case HARM_EMPTY: return 0;
    case HARM_RANDOM:
        for (size_t i = 0; i < len; i++) h->bytes[i] = (uint8_t)crux_random_next(h->random);
        return len;
    case HARM_NONE:
    case HARM_LEAF:
    case HARM_NO_LEAVES:
    case HARM_NO_RECORDS:
    case HARMS: return len;
    }
    return len;
}

static enum crux_status hostile_records(void *ctx, uint32_t claim, uint32_t layer, uint32_t first,
                                        uint32_t count, const uint8_t **bytes, size_t *len) {
    struct hostile *h = ctx;
    size_t each = crux_served_bytes(h->program, layer), slack = 16;
    bool here = layer == h->layer && h->pos >= first && h->pos - first < count;
    if (here && h->harm == HARM_NO_RECORDS) return CRUX_E_IO;
    enum crux_status status =
        h->store->served.records(h->store, claim, layer, first, count, bytes, len);
    if (!here || status != CRUX_OK) return status;
    test_free(h->bytes);
    h->bytes = test_calloc(1, count * each + slack);
    memcpy(h->bytes, *bytes, *len);
    *len = spoil(h, (h->pos - first) * each, each, *len);
    /* a copy of just that length: a sanitizer sees what is read beyond it */
    uint8_t *exact = test_malloc(*len);
    memcpy(exact, h->bytes, *len);
    test_free(h->bytes);
    h->bytes = exact;
    *bytes = h->harm == HARM_EMPTY ? NULL : exact;
    return CRUX_OK;
}

static void judge(struct audit_scene *s, struct hostile *h, const uint32_t *layers,
                  uint32_t count) {
    struct crux_engine_served honest = s->store.served;
    s->store.served = (struct crux_engine_served){h, hostile_leaves, hostile_records};
    h->bytes = NULL;
    struct served_archive *store = h->store;
    *store = s->store;
    store->served = honest;
    store->served.ctx = store;
    audit_scene_judge(s, &way, layers, count);
    s->store.bytes = store->bytes;
    s->store.cap = store->cap;
    s->store.served = honest;
    test_free(h->bytes);
}

/* The first position of the call in which this one is asked for. */
static uint32_t chunk_of(const struct audit_scene *s, uint32_t layer, uint32_t pos) {
    uint32_t from = layer + 2 == s->layers ? s->f.request.fields.request_tokens - 1 : 0;
    return pos - (pos - from) % ROWS;
}

static void expect_harm(const struct audit_scene *s, const struct hostile *h) {
    switch (h->harm) {
    case HARM_NONE: audit_scene_expect(s, CRUX_ENGINE_AUDIT_TRUE, 0, 0); return;
    case HARM_LEAF: audit_scene_expect(s, CRUX_ENGINE_AUDIT_TRACE, 0, 0); return;
    case HARM_NO_LEAVES:
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_UNSERVED, 0, 0);
        assert_int_equal(s->audited.served, CRUX_E_IO);
        return;
    case HARM_NO_RECORDS:
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_UNSERVED, chunk_of(s, h->layer, h->pos), h->layer);
        assert_int_equal(s->audited.served, CRUX_E_IO);
        return;
    case HARM_ELEMENT: audit_scene_expect(s, CRUX_ENGINE_AUDIT_MISMATCH, h->pos, h->layer); return;
    case HARM_LENGTH:
    case HARM_SHORT: audit_scene_expect(s, CRUX_ENGINE_AUDIT_MALFORMED, h->pos, h->layer); return;
    case HARM_LONG:
    case HARM_EMPTY:
    case HARM_RANDOM:
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_MALFORMED, chunk_of(s, h->layer, h->pos), h->layer);
        return;
    case HARMS: fail();
    }
}

static void test_served(void **state) {
    struct crux_random random = {.state = 20270303};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct audit_scene s = {.layers = 0};
        struct served_archive store;
        audit_scene_init(&s, &random);
        audit_scene_run(&s, NULL);
        const struct crux_run *run = crux_archive_tokens(s.f.archive);
        for (uint32_t layer = 1; layer < s.layers; layer++) {
            uint32_t from = layer + 1 == s.layers ? run->n - 1 : 0;
            for (enum harm harm = HARM_NONE; harm < HARMS; harm++) {
                struct hostile h = {.store = &store,
                                    .program = &s.f.program,
                                    .random = &random,
                                    .harm = harm,
                                    .layer = layer - 1};
                h.pos = (uint32_t)crux_random_between(&random, from, run->positions - 1);
                h.leaf = crux_random_below(&random, crux_trace_leaves(run->positions, s.layers));
                judge(&s, &h, &layer, 1);
                expect_harm(&s, &h);
            }
        }
        audit_scene_free(&s);
    }
}

/* ---- what is committed ---- */

struct leaf_lie {
    uint64_t leaf;
};

static void change_leaf(void *ctx, uint64_t leaf, uint8_t hash[32]) {
    const struct leaf_lie *what = ctx;
    if (leaf == what->leaf) hash[7] ^= 0x10;
}

/* A leaf that is no record's: its layer sees it, and so does the one that reads the record. */
static void try_leaf(struct audit_scene *s, struct crux_random *random) {
    struct audit_place place = audit_place_any(&s->f, random);
    struct leaf_lie what = {crux_trace_leaf(place.pos, place.layer, s->layers)};
    struct crux_lie lie = {.ctx = &what, .trace_leaf = change_leaf};
    uint32_t next = place.layer + 1, head = s->layers - 1, n = s->f.request.fields.request_tokens;
    audit_scene_run(s, &lie);
    audit_scene_judge(s, &way, &place.layer, 1);
    if (place.layer == head) {
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_TOKEN, 0, 0);
        assert_int_equal(s->audited.index, place.pos - (n - 1));
        return;
    }
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_RECORD, place.pos, place.layer);
    audit_scene_judge(s, &way, &next, 1);
    if (next == head && place.pos + 1 < n)
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_TRUE, 0, 0); /* nothing reads it */
    else
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_MISMATCH, place.pos, place.layer);
}

static void try_close_and_null(struct audit_scene *s, struct crux_random *random) {
    const struct crux_run *run = crux_archive_tokens(s->f.archive);
    struct leaf_lie what = {crux_trace_leaves(run->positions, s->layers) - 1};
    struct crux_lie lie = {.ctx = &what, .trace_leaf = change_leaf};
    uint8_t none[32];
    audit_scene_run(s, &lie);
    audit_scene_judge(s, &way, no_layers, 0);
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_CLOSE, 0, 0);
    assert_int_equal(s->audited.leaf, what.leaf);
    if (run->n == 1) return;
    uint32_t pos = (uint32_t)crux_random_below(random, run->n - 1);
    what.leaf = crux_trace_leaf(pos, s->layers - 1, s->layers);
    audit_scene_run(s, &lie);
    audit_scene_judge(s, &way, no_layers, 0);
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_RECORD, pos, s->layers - 1);
    assert_int_equal(s->audited.leaf, what.leaf);
    crux_null_leaf(none);
    assert_memory_equal(s->audited.own, none, 32);
}

/* The least i32 in a residual row, or as a token. */
static void try_range(struct audit_scene *s, struct crux_random *random) {
    struct audit_lies lies = {.count = 1};
    struct crux_lie lie;
    struct audit_place *place = &lies.at[0];
    audit_lies_init(&lie, &lies);
    *place = audit_place_any(&s->f, random);
    place->store = s->f.program.layers[place->layer].stores - 1;
    place->outside = true;
    uint32_t next = place->layer + 1, n = s->f.request.fields.request_tokens,
             both[2] = {place->layer, next};
    audit_scene_run(s, &lie);
    audit_scene_judge(s, &way, no_layers, 0);
    if (next == s->layers) {
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_RANGE, place->pos, place->layer);
        return;
    }
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_TRUE, 0, 0);
    audit_scene_judge(s, &way, both, 2);
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_RECORD, place->pos, place->layer);
    audit_scene_judge(s, &way, &next, 1);
    if (next + 1 == s->layers && place->pos + 1 < n)
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_TRUE, 0, 0); /* nothing reads it */
    else
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_RANGE, place->pos, place->layer);
}

static void try_roots(struct audit_scene *s) {
    struct crux_claim *claim = &s->audited.claim;
    audit_scene_run(s, NULL);
    const struct {
        uint8_t *byte;
        enum crux_engine_audit_verdict verdict;
    } roots[] = {{&claim->trace_root[31], CRUX_ENGINE_AUDIT_TRACE},
                 {&claim->output_root[0], CRUX_ENGINE_AUDIT_OUTPUT},
                 {&claim->request_hash[5], CRUX_ENGINE_AUDIT_REQUEST},
                 {&claim->model_root[9], CRUX_ENGINE_AUDIT_REQUEST}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(roots); i++) {
        *roots[i].byte ^= 1;
        audit_scene_judge(s, &way, no_layers, 0);
        audit_scene_expect(s, roots[i].verdict, 0, 0);
        *roots[i].byte ^= 1;
    }
    s->audited.request.fields.request_tokens = 0;
    audit_scene_judge(s, &way, no_layers, 0);
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_REQUEST, 0, 0);
    s->audited.request = s->f.request;
    if (claim->chosen_tokens == 1) return;
    claim->chosen_tokens--;
    audit_scene_judge(s, &way, no_layers, 0);
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_END, 0, 0);
    assert_int_equal(s->audited.index, claim->chosen_tokens);
}

struct other_token {
    uint32_t index, vocab;
};

static void change_token(void *ctx, uint32_t *tokens, uint32_t count) {
    const struct other_token *what = ctx;
    if (what->index < count) tokens[what->index] = (tokens[what->index] + 1) % what->vocab;
}

/* Another output than what the head recorded. */
static void try_output(struct audit_scene *s, struct crux_random *random) {
    uint32_t chosen = crux_archive_claim(s->f.archive)->chosen_tokens;
    struct other_token what = {(uint32_t)crux_random_below(random, chosen), s->f.config.vocab};
    struct crux_lie lie = {.ctx = &what, .output = change_token};
    audit_scene_run(s, &lie);
    s->audited.request.fields.stop_count = 0;
    audit_scene_judge(s, &way, no_layers, 0);
    if (s->f.request.fields.stop_count > 0) {
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_REQUEST, 0, 0);
        return;
    }
    audit_scene_expect(s, CRUX_ENGINE_AUDIT_TOKEN, 0, 0);
    assert_int_equal(s->audited.index, what.index);
}

static void test_committed(void **state) {
    struct crux_random random = {.state = 20270404};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct audit_scene s = {.layers = 0};
        audit_scene_init(&s, &random);
        for (unsigned k = 0; k < 3; k++) try_leaf(&s, &random);
        try_close_and_null(&s, &random);
        for (unsigned k = 0; k < 6; k++) try_range(&s, &random);
        try_roots(&s);
        try_output(&s, &random);
        audit_scene_free(&s);
    }
}

/* ---- use ---- */

static void test_refusals(void **state) {
    static const uint32_t descending[] = {1, 0}, beyond[] = {9};
    struct crux_random random = {.state = 20270505};
    struct audit_scene s = {.layers = 0};
    struct engine_pair pair;
    struct crux_engine_source source = {
        .config = &s.f.config, .program = &s.f.program, .memory = &s.f.memory};
    struct crux_engine_result result;
    struct crux_engine_options silent = {.threads = 1, .no_commit = true}, one = {.threads = 1};
    const uint32_t first = 0;
    (void)state;
    audit_scene_init(&s, &random);
    audit_scene_run(&s, NULL);
    source.layer_count = 2;
    source.layers = descending;
    assert_int_equal(crux_engine_model_open(&pair.model, &source, NULL, NULL), CRUX_E_USAGE);
    source.layer_count = 1;
    source.layers = beyond;
    assert_int_equal(crux_engine_model_open(&pair.model, &source, NULL, NULL), CRUX_E_USAGE);
    source.layers = &first;
    assert_int_equal(crux_engine_model_open(&pair.model, &source, NULL, NULL), CRUX_OK);
    assert_int_equal(crux_engine_open(&pair.engine, pair.model, &one), CRUX_OK);
    /* a model that is not whole runs nothing */
    assert_int_equal(crux_engine_generate(pair.engine, NULL, &s.f.request, NULL, &result),
                     CRUX_E_USAGE);
    crux_engine_result_free(&result);
    s.audited.layers = descending;
    s.audited.layer_count = 1; /* layer 1, which is not open */
    assert_int_equal(
        crux_engine_audit(pair.engine, s.f.model.tree.root, &s.store.served, &s.audited, 1),
        CRUX_E_USAGE);
    s.audited.layers = NULL;
    s.audited.layer_count = 0;
    assert_int_equal(crux_engine_audit(pair.engine, NULL, &s.store.served, &s.audited, 0), CRUX_OK);
    crux_engine_close(pair.engine);
    assert_int_equal(crux_engine_open(&pair.engine, pair.model, &silent), CRUX_OK);
    assert_int_equal(
        crux_engine_audit(pair.engine, s.f.model.tree.root, &s.store.served, &s.audited, 1),
        CRUX_E_USAGE);
    engine_pair_close(&pair);
    audit_scene_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_served),
                                       cmocka_unit_test(test_committed),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
