/* Configurations in bytes and back; those of version 1; and bytes that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "executor/engine/model_config.h"
#include "tests/executor/engine/engine_fixture.h"

enum { VERSION_2_BYTES = 4 + 4 + 1 + 4 + 8 + 4 + 4 + 1 /* of the fixed part */ };

/* A random configuration with its arrays. */
struct subject {
    struct crux_fused_decoder decoder;
    struct crux_decoder_plan plans[3];
    uint64_t turns[12];
    int32_t embed_s0, head_s0;
};

static size_t matrices_of(const struct crux_fused_decoder *d) {
    return d->experts != 0 ? CRUX_DECODER_MATRICES : CRUX_DECODER_ROUTER;
}

static void make(struct subject *s, struct crux_random *random) {
    memset(s, 0, sizeof *s);
    engine_fixture_random_config(&s->decoder, random, 32);
    s->decoder.eps_m = crux_random_between(random, 0, (INT64_C(1) << 53) - 1);
    for (uint32_t i = 0; i < s->decoder.blocks; i++) {
        for (size_t j = 0; j < matrices_of(&s->decoder); j++) {
            s->plans[i].tiles[j] = s->decoder.block_tiles;
            s->plans[i].s0[j] = (int32_t)crux_random_between(random, -31, 95);
        }
        for (size_t j = 0; j < CRUX_DECODER_NORMS; j++)
            s->plans[i].norm_bits[j] = (int32_t)crux_random_between(random, 0, 24);
    }
    for (uint32_t i = 0; i < s->decoder.head_width / 2; i++) s->turns[i] = crux_random_next(random);
    s->embed_s0 = (int32_t)crux_random_between(random, -31, 95);
    s->head_s0 = (int32_t)crux_random_between(random, -31, 95);
    if (crux_random_one_in(random, 2)) s->decoder.plans = s->plans;
    if (crux_random_one_in(random, 2)) s->decoder.rope_turns = s->turns;
    if (crux_random_one_in(random, 2)) s->decoder.embed_s0 = &s->embed_s0;
    if (crux_random_one_in(random, 2)) s->decoder.head_s0 = &s->head_s0;
}

/* Pointers apart: they point at equal things. */
static void expect_same(const struct crux_fused_decoder *a, const struct crux_fused_decoder *b) {
    assert_int_equal(a->plans != NULL, b->plans != NULL);
    assert_int_equal(a->rope_turns != NULL, b->rope_turns != NULL);
    assert_int_equal(a->embed_s0 != NULL, b->embed_s0 != NULL);
    assert_int_equal(a->head_s0 != NULL, b->head_s0 != NULL);
    if (a->embed_s0 != NULL) assert_int_equal(*a->embed_s0, *b->embed_s0);
    if (a->head_s0 != NULL) assert_int_equal(*a->head_s0, *b->head_s0);
    for (uint32_t i = 0; a->plans != NULL && i < a->blocks; i++) {
        assert_memory_equal(a->plans[i].s0, b->plans[i].s0, sizeof a->plans[i].s0);
        assert_memory_equal(a->plans[i].norm_bits, b->plans[i].norm_bits,
                            sizeof a->plans[i].norm_bits);
    }
    if (a->rope_turns != NULL)
        assert_memory_equal(a->rope_turns, b->rope_turns, a->head_width / 2 * sizeof(uint64_t));
    assert_int_equal(a->blocks, b->blocks);
    assert_int_equal(a->window, b->window);
    assert_int_equal(a->global_every, b->global_every);
    assert_int_equal(a->rope_local_base, b->rope_local_base);
    assert_int_equal(a->post_norms, b->post_norms);
    assert_int_equal(a->softcap, b->softcap);
    assert_int_equal(a->logit_cap, b->logit_cap);
    assert_true(a->score_divisor == b->score_divisor);
    assert_int_equal(a->experts, b->experts);
    assert_int_equal(a->experts_used, b->experts_used);
    assert_int_equal(a->experts_of_all, b->experts_of_all);
    assert_int_equal(a->r_bits, b->r_bits);
    assert_int_equal(a->activation, b->activation);
    assert_true(a->eps_m == b->eps_m);
}

static void bytes_say_it_all(void **state) {
    struct crux_random random = {5};
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        struct subject subject;
        struct crux_model_config config;
        uint8_t *bytes, *again;
        size_t len, again_len;
        make(&subject, &random);
        assert_int_equal(crux_model_config_encode(&bytes, &len, &subject.decoder), CRUX_OK);
        assert_int_equal(crux_model_config_decode(&config, bytes, len), CRUX_OK);
        expect_same(&subject.decoder, &config.decoder);
        assert_int_equal(crux_model_config_encode(&again, &again_len, &config.decoder), CRUX_OK);
        assert_int_equal(len, again_len);
        assert_memory_equal(bytes, again, len);
        crux_model_config_free(&config);
        for (size_t cut = 0; cut < len; cut += 1 + (size_t)crux_random_below(&random, 9)) {
            assert_int_not_equal(crux_model_config_decode(&config, bytes, cut), CRUX_OK);
            crux_model_config_free(&config);
        }
        free(bytes);
        free(again);
    }
}

/* What version 1 wrote: the same without the last of the fixed part, and four norms a plan. */
static void version_1_is_read(void **state) {
    struct crux_random random = {6};
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        struct subject subject;
        struct crux_model_config config;
        uint8_t *bytes, old[8192];
        size_t len, arrays, at = 0;
        make(&subject, &random);
        struct crux_fused_decoder *d = &subject.decoder;
        d->global_every = d->rope_local_base = d->experts = d->experts_used = 0;
        d->experts_of_all = false;
        d->post_norms = false;
        d->logit_cap = 0;
        d->score_divisor = 0;
        for (uint32_t b = 0; b < d->blocks; b++)
            subject.plans[b].s0[CRUX_DECODER_ROUTER] =
                subject.plans[b].norm_bits[CRUX_DECODER_NORM_1_POST] =
                    subject.plans[b].norm_bits[CRUX_DECODER_NORM_2_POST] = 0;
        assert_int_equal(crux_model_config_encode(&bytes, &len, d), CRUX_OK);
        size_t plan = CRUX_DECODER_ROUTER * 13 + CRUX_DECODER_NORMS * 4;
        arrays = (d->plans != NULL ? plan * d->blocks : 0) +
                 (d->rope_turns != NULL ? d->head_width / 2 * 8 : 0);
        const uint8_t *from = bytes + len - arrays;
        memcpy(old, bytes, len - arrays - VERSION_2_BYTES);
        crux_store_u32(old, 1);
        at = len - arrays - VERSION_2_BYTES;
        for (uint32_t b = 0; d->plans != NULL && b < d->blocks; b++, from += plan) {
            memcpy(old + at, from, plan - 8);
            at += plan - 8;
        }
        memcpy(old + at, from, (size_t)(bytes + len - from));
        at += (size_t)(bytes + len - from);
        assert_int_equal(crux_model_config_decode(&config, old, at), CRUX_OK);
        expect_same(d, &config.decoder);
        crux_model_config_free(&config);
        crux_store_u32(old, 3);
        assert_int_equal(crux_model_config_decode(&config, old, at), CRUX_E_BAD_VERSION);
        crux_model_config_free(&config);
        free(bytes);
    }
}

static void values_outside_their_limits_are_refused(void **state) {
    struct crux_random random = {7};
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        struct subject subject;
        struct crux_model_config config;
        uint8_t *bytes;
        size_t len;
        make(&subject, &random);
        struct crux_fused_decoder *d = &subject.decoder;
        if (i == 0) d->score_divisor = UINT32_MAX;
        if (i == 1) d->score_divisor = UINT64_C(1) << 62;
        if (i == 2) d->logit_cap = 1 << 30;
        if (i == 3) d->logit_cap = -1;
        if (i == 4) d->global_every = CRUX_LAYERS_MAX + 1;
        if (i == 5) d->r_bits = 25;
        if (i >= 6) d->experts = d->experts_used = 5;
        if (i == 6) d->experts_used = 6;
        if (i == 7) d->experts_used = 0;
        if (i == 8) d->experts = CRUX_EXPERTS_MAX + 1;
        if (i == 9) d->experts = 0;
        assert_int_equal(crux_model_config_encode(&bytes, &len, d), CRUX_OK);
        assert_int_equal(crux_model_config_decode(&config, bytes, len), CRUX_E_BAD_RANGE);
        crux_model_config_free(&config);
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_say_it_all),
        cmocka_unit_test(version_1_is_read),
        cmocka_unit_test(values_outside_their_limits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
