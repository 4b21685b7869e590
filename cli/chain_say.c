/* crux chain status, claims: what stands in a chain file. */
#include <stdio.h>

#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/output.h"

static void say_status(const struct crux_cli_chain_status *s) {
    const struct crux_game_chain *c = &s->chain;
    char hex[65];
    crux_cli_chain_hex(hex, s->info.chain_id, 32);
    (void)printf("chain      %s\n", hex);
    (void)printf("clock      %llu, %s\n", (unsigned long long)s->now,
                 s->info.scripted ? "scripted" : "real");
    crux_cli_chain_hex(hex, s->info.last, 32);
    (void)printf("events     %llu, last %s\n", (unsigned long long)s->info.events, hex);
    (void)printf("batches    %llu\n", (unsigned long long)c->batches);
    (void)printf("deposited  %llu = balances %llu + bonds %llu + stakes %llu + fees %llu + "
                 "pledges %llu + burned %llu + withdrawn %llu\n",
                 (unsigned long long)c->deposited, (unsigned long long)c->balances,
                 (unsigned long long)c->bonds, (unsigned long long)c->stakes,
                 (unsigned long long)c->fees, (unsigned long long)c->pledges,
                 (unsigned long long)c->burned, (unsigned long long)c->withdrawn);
    (void)printf("game       k %u, window %u s, clocks %u s, executor bond %llu, challenger bond "
                 "%llu\n",
                 c->parameters.k, c->parameters.window_seconds, c->parameters.clock_seconds,
                 (unsigned long long)c->parameters.executor_bond,
                 (unsigned long long)c->parameters.challenger_bond);
}

enum crux_cli_exit crux_cli_run_chain_status(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct crux_cli_chain_status s;
    enum crux_cli_exit code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_chain_local_info(&chain, &s.info);
    if (status == CRUX_OK) status = chain.ops->look(&chain, crux_cli_chain_read_status, &s);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, crux_cli_chain_json_status(&s));
    else if (status == CRUX_OK)
        say_status(&s);
    return crux_cli_chain_close(&chain, call, status, code);
}

static void say_batch(const struct crux_game_batch *batch) {
    char executor[41];
    crux_cli_chain_hex(executor, batch->executor.b, sizeof batch->executor.b);
    (void)printf("%6llu  %-8s %8u %8u %8u %8u  %12llu  %12llu  %s\n",
                 (unsigned long long)batch->key, crux_cli_chain_mode(batch->mode), batch->count,
                 batch->fallen, batch->open, batch->released, (unsigned long long)batch->bond,
                 (unsigned long long)batch->posted_at, executor);
}

static enum crux_status list_batches(void *ctx, const struct crux_game *game, uint64_t now) {
    json_t *list = ctx;
    struct crux_game_chain chain;
    struct crux_game_batch batch;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    for (uint64_t i = 0; status == CRUX_OK && i < chain.batches; i++) {
        status = crux_game_get_batch(game, i, &batch);
        if (status != CRUX_OK) break;
        if (list != NULL)
            (void)json_array_append_new(list, crux_cli_chain_json_batch(&batch));
        else
            say_batch(&batch);
    }
    return status;
}

enum crux_cli_exit crux_cli_run_chain_claims(const struct crux_cli_call *call) {
    struct crux_chain chain;
    enum crux_cli_exit code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    json_t *list = call->json ? json_array() : NULL;
    if (!call->json)
        (void)printf("%6s  %-8s %8s %8s %8s %8s  %12s  %12s  %s\n", "batch", "mode", "claims",
                     "fallen", "open", "released", "bond", "posted at", "executor");
    enum crux_status status = chain.ops->look(&chain, list_batches, list);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:O}", "batches", list));
    json_decref(list);
    return crux_cli_chain_close(&chain, call, status, code);
}
