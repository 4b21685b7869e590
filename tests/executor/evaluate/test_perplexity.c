/* Windows and sums, over models that a person can work out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "executor/evaluate/perplexity.h"

enum { VOCAB = 4, SEEN = 64 };

/* Gives the token that follows in the alphabet `odds` times the weight of each other one. */
struct toy {
    double odds;
    uint32_t step; /* the follower of t is t + step */
    uint32_t window[SEEN], count, at;
    uint32_t begun, asked; /* in all */
    char seen[SEEN * 4];   /* windows, as digits, with bars between */
    enum crux_status fail_begin, fail_next;
};

static enum crux_status toy_begin(void *ctx, const uint32_t *tokens, uint32_t count) {
    struct toy *toy = ctx;
    assert_true(count <= SEEN);
    memcpy(toy->window, tokens, count * sizeof *tokens);
    toy->count = count;
    toy->at = 0;
    toy->begun++;
    size_t len = strlen(toy->seen);
    assert_true(len + count + 2 < sizeof toy->seen);
    for (uint32_t i = 0; i < count; i++) toy->seen[len++] = (char)('0' + tokens[i]);
    toy->seen[len++] = '|';
    toy->seen[len] = 0;
    return toy->fail_begin;
}

static enum crux_status toy_next(void *ctx, double *logits, uint32_t rows) {
    struct toy *toy = ctx;
    assert_true(rows >= 1 && rows <= CRUX_EVALUATE_ROWS && toy->at + rows < toy->count);
    toy->asked += rows;
    for (uint32_t row = 0; row < rows; row++, toy->at++) {
        for (uint32_t v = 0; v < VOCAB; v++) {
            bool follows = v == (toy->window[toy->at] + toy->step) % VOCAB;
            logits[row * VOCAB + v] = follows ? log(toy->odds) : 0;
        }
    }
    return toy->fail_next;
}

static struct crux_logit_source source_of(struct toy *toy) {
    return (struct crux_logit_source){
        .ctx = toy, .vocab = VOCAB, .begin = toy_begin, .next = toy_next};
}

static void near(double got, double want) {
    if (!(fabs(got - want) <= 1e-12 * (1 + fabs(want)))) fail_msg("%.17g, want %.17g", got, want);
}

static const uint32_t counting[] = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1};
#define COUNT (sizeof counting / sizeof *counting)

static void each_window_but_its_first_token_is_scored(void **state) {
    struct toy toy = {.odds = 5, .step = 1};
    const struct crux_logit_source source = source_of(&toy);
    const struct crux_evaluate_ask ask = {
        .tokens = counting, .count = COUNT, .context = 4, .bos = CRUX_EVALUATE_NO_BOS};
    struct crux_evaluation e;
    (void)state;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_OK);
    assert_string_equal(toy.seen, "0123|0123|01|");
    assert_int_equal(e.windows, 3);
    assert_int_equal(e.tokens, 3 + 3 + 1);
    assert_int_equal(toy.asked, 7);
    /* Each token had 5 of 8. */
    near(e.nll, log(8.0 / 5));
    near(e.ppl, 8.0 / 5);
    assert_false(e.compared);
}

static void a_last_window_of_one_token_is_left_out(void **state) {
    struct toy toy = {.odds = 5, .step = 1};
    const struct crux_logit_source source = source_of(&toy);
    const struct crux_evaluate_ask ask = {
        .tokens = counting, .count = 9, .context = 4, .bos = CRUX_EVALUATE_NO_BOS};
    struct crux_evaluation e;
    (void)state;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_OK);
    assert_string_equal(toy.seen, "0123|0123|");
    assert_int_equal(e.tokens, 6);
}

static void with_bos_all_tokens_are_scored(void **state) {
    struct toy toy = {.odds = 5, .step = 1};
    const struct crux_logit_source source = source_of(&toy);
    const struct crux_evaluate_ask ask = {.tokens = counting, .count = 7, .context = 4, .bos = 3};
    struct crux_evaluation e;
    (void)state;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_OK);
    assert_string_equal(toy.seen, "3012|3301|32|");
    assert_int_equal(e.tokens, 7);
    /* Five follow (3 -> 0 too), "3 3" and "3 2" do not. */
    near(e.nll, (5 * log(8.0 / 5) + 2 * log(8)) / 7);
}

static void two_models_are_compared(void **state) {
    struct toy mine = {.odds = 5, .step = 1}, other = {.odds = 2, .step = 1};
    const struct crux_logit_source source = source_of(&mine), against = source_of(&other);
    const struct crux_evaluate_ask ask = {
        .tokens = counting, .count = COUNT, .context = 4, .bos = CRUX_EVALUATE_NO_BOS};
    struct crux_evaluation e;
    double kl = 0.4 * log(0.4 / (5.0 / 8)) + 0.6 * log(0.2 / (1.0 / 8));
    (void)state;
    assert_int_equal(crux_evaluate(&e, &ask, &source, &against), CRUX_OK);
    assert_true(e.compared);
    near(e.ppl, 8.0 / 5);
    near(e.ppl_against, 5.0 / 2);
    near(e.ratio, (8.0 / 5) / (5.0 / 2));
    near(e.kl, kl);
    near(e.kl_max, kl);
    near(e.argmax_agreement, 1);
    near(e.disagreement_lead, 0);
}

static void disagreement_is_told_with_its_size(void **state) {
    struct toy mine = {.odds = 5, .step = 1}, other = {.odds = 2, .step = 2};
    const struct crux_logit_source source = source_of(&mine), against = source_of(&other);
    const struct crux_evaluate_ask ask = {
        .tokens = counting, .count = COUNT, .context = 4, .bos = CRUX_EVALUATE_NO_BOS};
    struct crux_evaluation e;
    (void)state;
    assert_int_equal(crux_evaluate(&e, &ask, &source, &against), CRUX_OK);
    near(e.argmax_agreement, 0);
    near(e.disagreement_lead, log(2));
}

static void long_windows_come_in_pieces(void **state) {
    struct toy toy = {.odds = 5, .step = 1};
    const struct crux_logit_source source = source_of(&toy);
    uint32_t tokens[SEEN];
    const struct crux_evaluate_ask ask = {
        .tokens = tokens, .count = SEEN, .context = SEEN, .bos = CRUX_EVALUATE_NO_BOS};
    struct crux_evaluation e;
    (void)state;
    for (uint32_t i = 0; i < SEEN; i++) tokens[i] = i % VOCAB;
    assert_true(SEEN > CRUX_EVALUATE_ROWS + 1);
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_OK);
    assert_int_equal(toy.begun, 1);
    assert_int_equal(e.tokens, SEEN - 1);
    near(e.ppl, 8.0 / 5);
}

static void what_makes_no_sense_is_refused(void **state) {
    struct toy toy = {.odds = 5, .step = 1}, failing = toy;
    struct crux_logit_source source = source_of(&toy), against = source_of(&failing);
    const uint32_t outside[] = {0, 1, VOCAB};
    const struct crux_evaluate_ask good = {
        .tokens = counting, .count = COUNT, .context = 4, .bos = CRUX_EVALUATE_NO_BOS};
    struct crux_evaluate_ask ask = good;
    struct crux_evaluation e;
    (void)state;
    ask.count = 1;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_E_USAGE);
    ask.count = 0;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_E_USAGE);
    ask = good;
    ask.context = 1;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_E_USAGE);
    ask = good;
    ask.bos = VOCAB;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_E_INDEX_OUTSIDE);
    ask = good;
    ask.tokens = outside;
    ask.count = 3;
    assert_int_equal(crux_evaluate(&e, &ask, &source, NULL), CRUX_E_INDEX_OUTSIDE);
    assert_int_equal(toy.begun, 0);
    failing.fail_next = CRUX_E_IO;
    assert_int_equal(crux_evaluate(&e, &good, &source, &against), CRUX_E_IO);
    failing.fail_begin = CRUX_E_OUT_OF_MEMORY;
    assert_int_equal(crux_evaluate(&e, &good, &source, &against), CRUX_E_OUT_OF_MEMORY);
    against.vocab = VOCAB + 1;
    assert_int_equal(crux_evaluate(&e, &good, &source, &against), CRUX_E_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_window_but_its_first_token_is_scored),
        cmocka_unit_test(a_last_window_of_one_token_is_left_out),
        cmocka_unit_test(with_bos_all_tokens_are_scored),
        cmocka_unit_test(two_models_are_compared),
        cmocka_unit_test(disagreement_is_told_with_its_size),
        cmocka_unit_test(long_windows_come_in_pieces),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
