/* Single layers judged from what was committed: a lie is found in its own layer and in no other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/executor/engine/audit_scene.h"

enum { CASES = CRUX_SANITIZED ? 4 : 12, ROWS_WAYS = 3 };

static const uint32_t rows_ways[ROWS_WAYS] = {1, 7, 64};

/* The layers of a set of bits.  Returns: how many. */
static uint32_t chosen_layers(uint32_t layers[AUDIT_LAYERS_MAX], uint32_t bits) {
    uint32_t count = 0;
    for (uint32_t l = 0; l < AUDIT_LAYERS_MAX; l++) {
        if ((bits >> l & 1) != 0) layers[count++] = l;
    }
    return count;
}

/* All sets of layers, each in another way. */
static void for_all_sets(struct audit_scene *s, const struct audit_lies *lies) {
    size_t backends;
    const char *const *names = engine_backends(&backends);
    for (uint32_t bits = 0; bits < 1U << s->layers; bits++) {
        struct audit_way way = {names[bits % backends], 1 + bits % 3, rows_ways[bits % ROWS_WAYS]};
        uint32_t layers[AUDIT_LAYERS_MAX], count = chosen_layers(layers, bits);
        const struct audit_place *first = NULL;
        for (uint32_t i = 0; i < lies->count; i++) {
            const struct audit_place *at = &lies->at[i];
            if ((bits >> at->layer & 1) != 0 &&
                (first == NULL || at->pos < first->pos ||
                 (at->pos == first->pos && at->layer < first->layer)))
                first = at;
        }
        audit_scene_judge(s, &way, layers, count);
        if (first == NULL) {
            audit_scene_expect(s, CRUX_ENGINE_AUDIT_TRUE, 0, 0);
            continue;
        }
        audit_scene_expect(s, CRUX_ENGINE_AUDIT_RECORD, first->pos, first->layer);
        assert_int_equal(s->audited.leaf, crux_trace_leaf(first->pos, first->layer, s->layers));
        assert_memory_not_equal(s->audited.committed, s->audited.own, 32);
    }
}

static void test_honest(void **state) {
    struct crux_random random = {.state = 20270101};
    const struct audit_lies none = {.count = 0};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct audit_scene s = {.layers = 0};
        audit_scene_init(&s, &random);
        audit_scene_run(&s, NULL);
        for_all_sets(&s, &none);
        audit_scene_free(&s);
    }
}

/* Each layer in turn, then two at once: what one makes of the other's lie is true. */
static void test_lies(void **state) {
    struct crux_random random = {.state = 20270202};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct audit_scene s = {.layers = 0};
        struct audit_lies lies = {.count = 1};
        struct crux_lie how;
        audit_lies_init(&how, &lies);
        audit_scene_init(&s, &random);
        for (uint32_t l = 0; l < s.layers; l++) {
            do lies.at[0] = audit_place_any(&s.f, &random);
            while (lies.at[0].layer != l);
            audit_scene_run(&s, &how);
            for_all_sets(&s, &lies);
        }
        lies.at[1] = audit_place_any(&s.f, &random);
        lies.count =
            lies.at[1].pos == lies.at[0].pos && lies.at[1].layer == lies.at[0].layer ? 1 : 2;
        audit_scene_run(&s, &how);
        /* a lie of the head may end the run before the other one */
        if (crux_archive_tokens(s.store.archive[0])->positions ==
            crux_archive_tokens(s.f.archive)->positions)
            for_all_sets(&s, &lies);
        audit_scene_free(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_honest), cmocka_unit_test(test_lies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
