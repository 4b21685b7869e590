/* A challenger before lying and honest executors: every lie falls, no true claim is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/challenger/watched_chain.h"

enum { HONEST = 0, LIAR = 1 };

static struct watched w;

static int make(void **state) {
    (void)state;
    watched_make(&w);
    return 0;
}

static int remove_it(void **state) {
    (void)state;
    watched_remove(&w);
    return 0;
}

/* A claim of each executor in one batch each, and the liar's lie.  Returns: the liar's claim. */
static const struct double_claim *plant(enum double_lie lie, uint64_t seed) {
    struct double_executor *honest = &w.executor[HONEST], *liar = &w.executor[LIAR];
    uint32_t first = honest->count;
    for (unsigned i = 0; i < 3; i++) (void)double_run(honest, seed + i, DOUBLE_HONEST);
    double_settle(honest, &w.eyes, first, 3, NULL);
    for (unsigned i = 0; i < 3; i++) double_show(honest, &w.eyes, first + i);
    uint32_t mine = liar->count;
    (void)double_run(liar, seed + 10, DOUBLE_HONEST);
    (void)double_run(liar, seed + 11, lie);
    double_settle(liar, &w.eyes, mine, 2, NULL);
    return &liar->claim[mine + 1];
}

/* Everything that was claimed truly stands, undisputed; what is false has fallen. */
static void expect_justice(unsigned lies) {
    unsigned fallen = 0;
    for (unsigned e = 0; e < WATCHED_EXECUTORS; e++) {
        for (uint32_t i = 0; i < w.executor[e].count; i++) {
            const struct double_claim *claim = &w.executor[e].claim[i];
            struct watched_claim seen = watched_claim(&w, &claim->id);
            if (claim->lie == DOUBLE_HONEST) {
                assert_false(seen.claim.fallen);
                assert_int_equal(seen.claim.disputes, 0);
            } else {
                if (!seen.claim.fallen) fail_msg("%s stands", double_lie_names[claim->lie]);
                fallen++;
            }
        }
    }
    assert_int_equal(fallen, lies);
    assert_true(watched_conserved(&w));
    uint64_t won = (uint64_t)lies * watched_parameters.reward;
    assert_int_equal(watched_balance(&w, &w.options.account), WATCHED_MONEY + won);
}

static void every_lie_falls(void **state) {
    (void)state;
    for (int lie = DOUBLE_HONEST + 1; lie < DOUBLE_LIES; lie++)
        (void)plant((enum double_lie)lie, (uint64_t)lie * 100);
    watched_open(&w);
    watched_play(&w, 0);
    expect_justice(DOUBLE_LIES - 1);
    struct crux_challenger_figures figures = watched_figures(&w);
    assert_int_equal(figures.invalid, DOUBLE_LIES - 1);
    assert_int_equal(figures.disputes_won, DOUBLE_LIES - 1);
    assert_int_equal(figures.disputes_lost, 0);
    assert_int_equal(figures.disputes_open, 0);
    assert_int_equal(figures.at_risk, 0);
    assert_int_equal(w.false_claims, DOUBLE_LIES - 1);
    assert_int_equal(figures.valid, 4 * (DOUBLE_LIES - 1));
    assert_true(figures.audited_share == 1.0);
    /* what is true becomes final */
    assert_int_equal(w.eyes.ops->advance(&w.eyes, watched_parameters.window_seconds), CRUX_OK);
    assert_int_equal(watched_claim(&w, &w.executor[HONEST].claim[0].id).state, CRUX_CLAIM_FINAL);
}

static void withheld_traces_are_narrowed(void **state) {
    (void)state;
    w.executor[LIAR].serves_traces = false;
    (void)plant(DOUBLE_LAYER, 1);
    (void)plant(DOUBLE_TOKEN, 2);
    (void)plant(DOUBLE_MODEL, 3);
    watched_open(&w);
    watched_play(&w, 0);
    expect_justice(3);
}

static void posted_claims_need_nobody(void **state) {
    struct double_executor *liar = &w.executor[LIAR];
    (void)state;
    liar->serves_batches = liar->serves_claims = liar->serves_traces = false;
    for (int lie = DOUBLE_HONEST; lie < DOUBLE_LIES; lie++) {
        if (lie == DOUBLE_COUNT || lie == DOUBLE_OUTPUT) continue; /* no chain takes such a post */
        double_post(liar, &w.eyes, double_run(liar, (uint64_t)lie, (enum double_lie)lie));
    }
    watched_open(&w);
    watched_play(&w, 0);
    expect_justice(DOUBLE_LIES - 3);
}

static void withheld_claims_are_demanded(void **state) {
    struct double_executor *liar = &w.executor[LIAR], *honest = &w.executor[HONEST];
    (void)state;
    liar->serves_claims = honest->serves_claims = false;
    (void)plant(DOUBLE_STALE, 5); /* whose request cannot be published */
    w.options.demand_max = 1000;
    watched_open(&w);
    watched_play(&w, 0);
    /* all five were demanded: the honest ones were published, and are true */
    struct crux_challenger_figures figures = watched_figures(&w);
    assert_int_equal(figures.valid, 4);
    assert_int_equal(figures.demand_fees, 4 * watched_parameters.demand_fee);
    const struct double_claim *claim = &liar->claim[1];
    assert_true(watched_claim(&w, &claim->id).claim.fallen);
    assert_int_equal(watched_balance(&w, &w.options.account),
                     WATCHED_MONEY - 4 * watched_parameters.demand_fee + watched_parameters.reward);
    assert_true(watched_conserved(&w));
}

static void withheld_batches_are_demanded(void **state) {
    struct double_executor *liar = &w.executor[LIAR];
    (void)state;
    liar->serves_claims = liar->serves_batches = false;
    (void)plant(DOUBLE_TOKEN, 6);
    w.options.demand_max = 1000;
    watched_open(&w);
    watched_play(&w, 0);
    assert_true(watched_claim(&w, &liar->claim[1].id).claim.fallen);
    assert_false(watched_claim(&w, &liar->claim[0].id).claim.fallen);
    assert_true(w.withheld > 0);
}

static void fees_have_a_limit(void **state) {
    (void)state;
    w.executor[HONEST].serves_claims = false;
    (void)plant(DOUBLE_TOKEN, 7);
    w.options.demand_max = 2 * watched_parameters.demand_fee;
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).demand_fees, 2 * watched_parameters.demand_fee);
    assert_int_equal(watched_figures(&w).withheld, 1);
}

static void garbled_documents_convince_nobody(void **state) {
    (void)state;
    w.executor[HONEST].garbles = true;
    (void)plant(DOUBLE_TOKEN, 8);
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).withheld, 3);
    expect_justice(1);
}

static void a_watcher_moves_nothing(void **state) {
    (void)state;
    const struct double_claim *lie = plant(DOUBLE_LAYER, 9);
    w.options.mode = CRUX_CHALLENGER_WATCH;
    w.options.demand_max = 1000;
    watched_open(&w);
    watched_step(&w);
    assert_int_equal(w.false_claims, 1);
    assert_int_equal(watched_claim(&w, &lie->id).claim.disputes, 0);
    assert_int_equal(watched_balance(&w, &w.options.account), WATCHED_MONEY);
    /* told to, it does */
    watched_close(&w);
    w.options.mode = CRUX_CHALLENGER_CHALLENGE;
    watched_open(&w);
    watched_play(&w, 0);
    expect_justice(1);
}

static void a_defender_defends_its_own(void **state) {
    struct crux_account stranger;
    (void)state;
    const struct double_claim *lie = plant(DOUBLE_LAYER, 10);
    w.options.mode = CRUX_CHALLENGER_DEFEND;
    w.options.peer_count = 1; /* the honest one: the liar is nobody's business */
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_claim(&w, &lie->id).claim.disputes, 0);
    watched_close(&w);
    w.options.peer_count = 2;
    watched_open(&w);
    watched_play(&w, 0);
    expect_justice(1);
    /* private claims are for their requester and those whom it has named */
    assert_int_equal(crux_chain_account_read(&stranger, "somebody"), CRUX_OK);
    uint32_t first = w.executor[LIAR].count;
    (void)double_run(&w.executor[LIAR], 777, DOUBLE_LAYER);
    double_settle(&w.executor[LIAR], &w.eyes, first, 1, &stranger);
    watched_step(&w);
    assert_int_equal(watched_figures(&w).disputes_open, 0);
    first = w.executor[LIAR].count;
    (void)double_run(&w.executor[LIAR], 778, DOUBLE_LAYER);
    double_settle(&w.executor[LIAR], &w.eyes, first, 1, &w.options.account);
    watched_play(&w, 0);
    assert_true(watched_claim(&w, &w.executor[LIAR].claim[first].id).claim.fallen);
}

static void private_claims_are_asked_for_with_a_key(void **state) {
    struct double_executor *liar = &w.executor[LIAR];
    (void)state;
    liar->wants = "Bearer sesame";
    (void)double_run(liar, 801, DOUBLE_LAYER);
    double_settle(liar, &w.eyes, 0, 1, &w.options.account);
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).withheld, 1);
    watched_close(&w);
    w.peers[LIAR].bearer = "sesame";
    watched_open(&w);
    watched_play(&w, 0);
    assert_true(watched_claim(&w, &liar->claim[0].id).claim.fallen);
}

static void bonds_at_risk_have_a_limit(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) (void)plant(DOUBLE_TOKEN, 20 + 100 * i);
    w.options.risk_max = 2 * watched_parameters.challenger_bond;
    watched_open(&w);
    watched_step(&w);
    assert_int_equal(watched_figures(&w).at_risk, w.options.risk_max);
    watched_play(&w, 0); /* one after the other */
    expect_justice(4);
}

static void samples_are_drawn_by_a_secret(void **state) {
    (void)state;
    for (unsigned i = 0; i < 60; i++) (void)double_run(&w.executor[HONEST], i, DOUBLE_HONEST);
    double_settle(&w.executor[HONEST], &w.eyes, 0, 60, NULL);
    w.options.share = 250000;
    watched_open(&w);
    watched_step(&w);
    struct crux_challenger_figures figures = watched_figures(&w);
    assert_int_equal(figures.valid + figures.unsampled, 60);
    assert_true(figures.valid > 0 && figures.valid < 40);
    assert_true(figures.audited_share < 0.7);
    /* the same draw again */
    watched_close(&w);
    watched_open(&w);
    watched_step(&w);
    assert_int_equal(watched_figures(&w).valid, figures.valid);
}

/* One layer a claim of three: each claim is either judged by what was drawn, or, not served, run again as a whole. */
static void drawn_layers_are_audited(void **state) {
    (void)state;
    w.options.layers = 1;
    for (unsigned i = 0; i < 12; i++) (void)plant(DOUBLE_LAYER, 1000 + 50 * i);
    watched_open(&w);
    watched_play(&w, 0);
    struct crux_challenger_figures figures = watched_figures(&w);
    assert_int_equal(figures.audited_layers, 60);
    /* some draws take the layer of the lie, or one that it has reached, and some do not; none accuses the honest */
    assert_true(figures.invalid > 0 && figures.invalid < 12);
    assert_int_equal(figures.disputes_won, figures.invalid);
    assert_int_equal(figures.disputes_lost, 0);
    for (uint32_t i = 0; i < w.executor[HONEST].count; i++)
        assert_int_equal(watched_claim(&w, &w.executor[HONEST].claim[i].id).claim.disputes, 0);
}

static void withheld_layers_are_run_as_a_whole(void **state) {
    (void)state;
    w.options.layers = 1;
    w.executor[HONEST].serves_traces = w.executor[LIAR].serves_traces = false;
    (void)plant(DOUBLE_LAYER, 2000);
    (void)plant(DOUBLE_TOKEN, 2100);
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).audited_layers, 0);
    expect_justice(2);
}

/* Who lets others wait for records that it does not serve is waited for once, not at each of its batches. */
static void who_makes_wait_is_not_asked_again(void **state) {
    struct double_executor *honest = &w.executor[HONEST];
    (void)state;
    w.options.layers = 2; /* of three: one of them reads records */
    honest->is_busy = true;
    for (unsigned i = 0; i < 4; i++)
        double_settle(honest, &w.eyes, double_run(honest, 2600 + i, DOUBLE_HONEST), 1, NULL);
    watched_open(&w);
    watched_play(&w, 0);
    struct crux_challenger_figures figures = watched_figures(&w);
    assert_int_equal(figures.valid, 4);
    assert_int_equal(figures.audited_layers, 0);
    assert_int_equal(honest->traces, 3); /* tries of one question */
}

/* Records that are too large for one answer come in several, and are the same. */
static void records_come_in_parts(void **state) {
    struct double_executor *honest = &w.executor[HONEST];
    (void)state;
    w.options.layers = 2; /* of three: one of them reads records */
    for (unsigned i = 0; i < 3; i++) (void)double_run(honest, 2500 + i, DOUBLE_HONEST);
    double_settle(honest, &w.eyes, 0, 3, NULL);
    watched_open(&w);
    honest->answer_most =
        4 * crux_served_bytes(&honest->loaded.file.program, 0); /* fewer than there are positions */
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).audited_layers, 3);
    assert_int_equal(watched_figures(&w).valid, 3);
    assert_true(honest->too_large > 0);
    /* not even one of them */
    honest->answer_most = 1;
    (void)double_run(honest, 2510, DOUBLE_HONEST);
    double_settle(honest, &w.eyes, 3, 1, NULL);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).audited_layers, 3);
    assert_int_equal(watched_figures(&w).valid, 4);
}

/* Each answer comes in time, and all of them together take far longer than one executor may be waited for: at an audit of
 * sixteen claims, and for the many questions of a dispute. */
static void who_answers_slowly_holds_nobody(void **state) {
    enum { CLAIMS = 16, SLOW = 200, WITHIN = 1000 / SLOW + 2 };
    struct double_executor *honest = &w.executor[HONEST], *liar = &w.executor[LIAR];
    (void)state;
    w.options.layers = 2; /* of three: one of them reads records */
    w.options.wait_seconds = 1;
    honest->slow_milliseconds = liar->slow_milliseconds = SLOW;
    for (unsigned i = 0; i < CLAIMS; i++) (void)double_run(honest, 2700 + i, DOUBLE_HONEST);
    double_settle(honest, &w.eyes, 0, CLAIMS, NULL);
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).valid, CLAIMS); /* run again as a whole */
    assert_true(honest->traces <= WITHIN);
    assert_true(watched_figures(&w).audited_layers < CLAIMS);
    watched_close(&w);
    w.options.layers = 0;
    (void)double_run(liar, 2800, DOUBLE_LAYER);
    double_settle(liar, &w.eyes, 0, 1, NULL);
    watched_open(&w);
    watched_play(&w, 0);
    expect_justice(1);
    assert_true(liar->traces <= WITHIN);
}

/* Whoever serves all, but each answer late, takes the time of others once only. */
static void who_serves_slowly_is_not_asked_again(void **state) {
    enum { CLAIMS = 4 };
    struct double_executor *honest = &w.executor[HONEST], *liar = &w.executor[LIAR];
    (void)state;
    w.options.layers = 2;            /* of three: one of them reads records */
    w.options.wait_seconds = 30;     /* all of it is in time */
    honest->slow_milliseconds = 900; /* of 8 answers at least */
    liar->slow_milliseconds = 950;   /* of some in a move */
    for (unsigned i = 0; i < 2 * CLAIMS; i++) (void)double_run(honest, 2900 + i, DOUBLE_HONEST);
    double_settle(honest, &w.eyes, 0, CLAIMS, NULL);
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).audited_layers, CLAIMS);
    unsigned asked = honest->traces;
    double_settle(honest, &w.eyes, CLAIMS, CLAIMS, NULL);
    watched_play(&w, 0);
    assert_int_equal(honest->traces, asked);
    assert_int_equal(watched_figures(&w).valid, 2 * CLAIMS); /* the others as a whole */
    assert_int_equal(watched_figures(&w).audited_layers, CLAIMS);
    assert_int_equal(w.layers_withheld, 0); /* nor said to withhold what it was not asked for */
    watched_close(&w);
    w.options.layers = 0; /* a dispute's traces */
    watched_open(&w);
    for (uint32_t i = 0; i < 2; i++) {
        asked = liar->traces;
        (void)double_run(liar, 2950 + i, DOUBLE_LAYER);
        double_settle(liar, &w.eyes, i, 1, NULL);
        watched_play(&w, 0);
        expect_justice(i + 1);
        if (i == 0) assert_true(liar->traces > asked + 1);
        if (i == 1) assert_int_equal(liar->traces, asked);
    }
}

/* What was chosen is found out, also by who has no more than single layers in memory. */
static void withheld_output_is_chosen_again(void **state) {
    (void)state;
    w.options.layers = 1;
    w.executor[HONEST].hides_output = w.executor[LIAR].hides_output = true;
    (void)plant(DOUBLE_LAYER, 2200);
    watched_open(&w);
    watched_play(&w, 0);
    assert_int_equal(watched_figures(&w).audited_layers, 0);
    expect_justice(1);
}

/* Served badly is not served. */
static void records_that_are_no_records_prove_nothing(void **state) {
    static const enum double_serving badly[] = {DOUBLE_SERVES_OTHERS, DOUBLE_SERVES_SHORT,
                                                DOUBLE_SERVES_LONG, DOUBLE_SERVES_LEAVES};
    (void)state;
    w.options.layers = 2; /* of three: one of them reads records */
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(badly); i++) {
        w.executor[HONEST].serving = w.executor[LIAR].serving = badly[i];
        (void)plant(DOUBLE_LAYER, 2300 + 100 * i);
        if (i == 0) watched_open(&w);
        watched_play(&w, 0);
        /* but for a lie that lies before what is served badly */
        assert_true(watched_figures(&w).audited_layers <= i + 1);
        expect_justice(i + 1);
    }
    assert_true(watched_figures(&w).fetched_bytes > 0);
}

static void other_chains_and_models_are_refused(void **state) {
    char message[CRUX_CHALLENGER_MESSAGE_BYTES];
    uint8_t root[32], chain_id[32] = {1};
    struct crux_challenger *second;
    (void)state;
    (void)plant(DOUBLE_TOKEN, 30);
    w.options.chain_id = chain_id;
    assert_int_equal(crux_challenger_open(&second, &w.chain, &w.options, message),
                     CRUX_E_CLAIM_MISMATCH);
    w.options.chain_id = NULL;
    assert_int_equal(crux_challenger_open(&w.challenger, &w.chain, &w.options, message), CRUX_OK);
    /* one process a journal */
    assert_int_equal(crux_challenger_open(&second, &w.eyes, &w.options, message), CRUX_E_IO);
    assert_non_null(strstr(message, "another process"));
    /* the wrong model: nothing is judged by it */
    assert_int_equal(crux_challenger_model(w.challenger, w.other_model, root, message), CRUX_OK);
    assert_int_equal(crux_challenger_model(w.challenger, w.other_model, root, message),
                     CRUX_E_DUPLICATE_NAME);
    watched_step(&w);
    assert_int_equal(watched_figures(&w).unknown_model, 5);
    /* the journal of another account */
    watched_close(&w);
    struct crux_account account = w.options.account;
    assert_int_equal(crux_chain_account_read(&w.options.account, "another"), CRUX_OK);
    assert_int_equal(crux_challenger_open(&second, &w.chain, &w.options, message),
                     CRUX_E_CLAIM_MISMATCH);
    w.options.account = account;
    watched_open(&w);
    watched_play(&w, 0);
    expect_justice(1);
}

static void own_claims_are_never_disputed(void **state) {
    (void)state;
    const struct double_claim *lie = plant(DOUBLE_TOKEN, 31);
    w.options.account = w.executor[LIAR].account;
    watched_open(&w);
    watched_step(&w);
    assert_int_equal(watched_claim(&w, &lie->id).claim.disputes, 0);
    assert_int_equal(watched_figures(&w).valid, 3);
}

static void reorganisations_are_followed(void **state) {
    struct double_executor *liar = &w.executor[LIAR];
    (void)state;
    (void)plant(DOUBLE_TOKEN, 40);
    watched_open(&w);
    watched_step(&w);
    assert_int_equal(watched_figures(&w).disputes_open, 1);
    /* the open, then the open and the show: made again, the open under its own nonce */
    for (uint64_t back = 1; back <= 2; back++) {
        assert_int_equal(w.eyes.ops->rewind(&w.eyes, back), CRUX_OK);
        watched_step(&w);
        assert_int_equal(watched_figures(&w).disputes_open, 1);
        assert_int_equal(watched_figures(&w).reorganisations > 0, 1);
        assert_int_equal(watched_figures(&w).at_risk, watched_parameters.challenger_bond);
    }
    /* the batch too: nothing is there to dispute, until it is settled again */
    assert_int_equal(w.eyes.ops->rewind(&w.eyes, 3), CRUX_OK);
    watched_step(&w);
    assert_int_equal(watched_figures(&w).disputes_open, 0);
    assert_int_equal(watched_balance(&w, &w.options.account), WATCHED_MONEY);
    liar->batch_count = 0;
    double_settle(liar, &w.eyes, 0, 2, NULL);
    watched_play(&w, 0);
    expect_justice(1);
}

int main(int argc, char **argv) {
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_lie_falls, make, remove_it),
        cmocka_unit_test_setup_teardown(withheld_traces_are_narrowed, make, remove_it),
        cmocka_unit_test_setup_teardown(posted_claims_need_nobody, make, remove_it),
        cmocka_unit_test_setup_teardown(withheld_claims_are_demanded, make, remove_it),
        cmocka_unit_test_setup_teardown(withheld_batches_are_demanded, make, remove_it),
        cmocka_unit_test_setup_teardown(fees_have_a_limit, make, remove_it),
        cmocka_unit_test_setup_teardown(garbled_documents_convince_nobody, make, remove_it),
        cmocka_unit_test_setup_teardown(a_watcher_moves_nothing, make, remove_it),
        cmocka_unit_test_setup_teardown(a_defender_defends_its_own, make, remove_it),
        cmocka_unit_test_setup_teardown(private_claims_are_asked_for_with_a_key, make, remove_it),
        cmocka_unit_test_setup_teardown(bonds_at_risk_have_a_limit, make, remove_it),
        cmocka_unit_test_setup_teardown(samples_are_drawn_by_a_secret, make, remove_it),
        cmocka_unit_test_setup_teardown(drawn_layers_are_audited, make, remove_it),
        cmocka_unit_test_setup_teardown(withheld_layers_are_run_as_a_whole, make, remove_it),
        cmocka_unit_test_setup_teardown(records_come_in_parts, make, remove_it),
        cmocka_unit_test_setup_teardown(who_answers_slowly_holds_nobody, make, remove_it),
        cmocka_unit_test_setup_teardown(who_serves_slowly_is_not_asked_again, make, remove_it),
        cmocka_unit_test_setup_teardown(who_makes_wait_is_not_asked_again, make, remove_it),
        cmocka_unit_test_setup_teardown(withheld_output_is_chosen_again, make, remove_it),
        cmocka_unit_test_setup_teardown(records_that_are_no_records_prove_nothing, make, remove_it),
        cmocka_unit_test_setup_teardown(other_chains_and_models_are_refused, make, remove_it),
        cmocka_unit_test_setup_teardown(own_claims_are_never_disputed, make, remove_it),
        cmocka_unit_test_setup_teardown(reorganisations_are_followed, make, remove_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
