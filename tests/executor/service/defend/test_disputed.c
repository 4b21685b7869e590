/* From receipt to finality with liars in between: the store says what is contested, the defence answers, and both are
 * stopped in the middle and begun again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/executor/service/defend/defend_world.h"
#include "tests/executor/service/settle/settle_world.h"
#include "tests/support/game_table.h"

enum {
    START = 5000 /* of the system's clock */,
    LATE_SECONDS = 300 + 100 + 1,
    WINDOW_SECONDS = 1000
};

struct both {
    struct defend_world world;
    struct settle_world settle;
    struct defend_executor executor;
    unsigned looks, restarts;
};

static void open_both(struct both *both) {
    settle_world_open(&both->settle);
    defend_executor_open(&both->executor, &both->world, both->settle.chain_path,
                         &both->settle.executor.account, UINT64_MAX);
}

static void close_both(struct both *both) {
    defend_executor_close(&both->executor);
    settle_world_close(&both->settle);
}

/* The decoder in place of the settlement's own model, which nobody can run. */
static void use_model(struct both *both) {
    const struct crux_model_tree *tree = &both->world.f.model.tree;
    memcpy(both->settle.model.header, tree->header, sizeof both->settle.model.header);
    memcpy(both->settle.model.manifest_hash, tree->manifest_hash, 32);
    crux_merkle_tree_root(both->settle.model.layers_root, &tree->layers);
    memcpy(both->settle.model_root, tree->root, 32);
}

static void promise(struct both *both, const struct defend_claimed *claimed) {
    const struct crux_run *tokens = crux_archive_tokens(claimed->archive);
    struct crux_store_run run = {.claim = claimed->claim,
                                 .request_tokens = claimed->tokens,
                                 .output_tokens = tokens->tokens,
                                 .model = "m",
                                 .owner = "",
                                 .key = "",
                                 .created_at = START};
    bool again;
    memcpy(run.request, claimed->request_bytes, sizeof run.request);
    run.receipt.mode = CRUX_MODE_BATCHED;
    assert_int_equal(crux_settle_promise(both->settle.settle, &run, &again), CRUX_OK);
    assert_false(again);
}

/* Out: claimed->id, where it stands now. */
static void find_place(struct both *both, struct defend_claimed *claimed) {
    struct crux_store_run *run;
    assert_int_equal(crux_store_find(both->settle.store, &run, CRUX_STORE_BY_CLAIM, claimed->hash),
                     CRUX_OK);
    assert_int_equal(run->state, CRUX_STORE_POSTED);
    assert_true(run->shown);
    claimed->id = (struct crux_claim_id){.batch = run->chain_batch, .member = run->member};
    crux_store_run_free(run);
}

static void tick(void *ctx, const struct defend_state *state) {
    struct both *both = ctx;
    (void)state;
    assert_int_equal(crux_settle_tick(both->settle.settle, START + 20), CRUX_OK);
    assert_int_equal(crux_defend_tick(both->executor.defend, both->settle.store), CRUX_OK);
    if (++both->looks % 3 != 0 || both->restarts == 3) return;
    close_both(both);
    open_both(both);
    both->restarts++;
}

static void post(struct both *both) {
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) promise(both, &both->world.claimed[i]);
    settle_world_tick(&both->settle, START + 20);
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) find_place(both, &both->world.claimed[i]);
    for (unsigned i = 1; i < DEFEND_ACCOUNTS; i++) {
        struct crux_account account = table_account(i);
        assert_int_equal(
            both->settle.chain.ops->deposit(&both->settle.chain, &account, DEFEND_MONEY), CRUX_OK);
    }
}

static void check_final(struct both *both) {
    struct crux_defend_figures figures;
    assert_int_equal(both->settle.chain.ops->advance(&both->settle.chain, WINDOW_SECONDS + 1),
                     CRUX_OK);
    settle_world_tick(&both->settle, START + 30);
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) {
        struct crux_store_run *run;
        assert_int_equal(crux_store_find(both->settle.store, &run, CRUX_STORE_BY_CLAIM,
                                         both->world.claimed[i].hash),
                         CRUX_OK);
        assert_int_equal(run->state, CRUX_STORE_FINAL);
        crux_store_run_free(run);
    }
    assert_int_equal(crux_defend_tick(both->executor.defend, both->settle.store), CRUX_OK);
    do {
        defend_pause(DEFEND_LOOK_NANOSECONDS);
        crux_defend_figures(both->executor.defend, &figures);
    } while (figures.cases > 0);
    assert_int_equal(figures.missed, 0);
}

static void test_promised_and_kept(void **state) {
    struct both *both = calloc(1, sizeof *both);
    (void)state;
    assert_non_null(both);
    defend_world_open(&both->world, 11);
    settle_world_make(&both->settle);
    use_model(both);
    open_both(both);
    post(both);
    defend_play(&both->world, &both->settle.chain, LATE_SECONDS, tick, both);
    assert_int_equal(both->restarts, 3);
    check_final(both);
    close_both(both);
    settle_world_remove(&both->settle);
    defend_world_close(&both->world);
    free(both);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_promised_and_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
