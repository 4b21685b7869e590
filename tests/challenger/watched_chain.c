#include "tests/challenger/watched_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/small_file.h"
#include "tests/support/temporary_folder.h"

const struct crux_game_parameters watched_parameters = {
    .executor_bond = 10000,
    .reward = 4000,
    .challenger_bond = 1000,
    .defence_cost = 500,
    .demand_fee = 50,
    .window_seconds = 604800,
    .clock_seconds = 43200,
    .extension_seconds = 3600,
    .demand_seconds = 43200,
    .move_seconds = 240,
    .k = 16,
    .running_max = 4,
};

static void must(enum crux_status status, const char *what, const char *why) {
    if (status == CRUX_OK) return;
    (void)fprintf(stderr, "%s: %s (%s)\n", what, crux_status_name(status), why);
    abort();
}

static void on_log(void *ctx, enum crux_challenger_level level, const char *kind,
                   const char *text) {
    struct watched *w = ctx;
    if (w->prints) printf("  [%d] %s: %s\n", (int)level, kind, text);
    w->alerts += level == CRUX_CHALLENGER_ALERT;
    w->false_claims += strcmp(kind, "false_claim") == 0;
    w->withheld += strcmp(kind, "withheld") == 0;
    w->layers_withheld += strcmp(kind, "layers_withheld") == 0;
}

void watched_make(struct watched *w) {
    static const char *const names[WATCHED_EXECUTORS] = {"honest", "liar"};
    char message[CRUX_CHAIN_MESSAGE_BYTES];
    const struct crux_chain_local_new what = {
        .parameters = watched_parameters, .scripted = true, .time = 1000};
    memset(w, 0, sizeof *w);
    w->prints = getenv("CRUX_TEST_PRINTS") != NULL;
    temporary_folder_make(w->folder);
    (void)snprintf(w->path, sizeof w->path, "%s/chain", w->folder);
    (void)snprintf(w->journal, sizeof w->journal, "%s/journal", w->folder);
    (void)snprintf(w->model, sizeof w->model, "%s/a.crux", w->folder);
    (void)snprintf(w->other_model, sizeof w->other_model, "%s/b.crux", w->folder);
    small_file_make(w->model, w->folder, 1);
    small_file_make(w->other_model, w->folder, 2);
    must(crux_chain_local_create(message, w->path, &what), "chain", message);
    must(crux_chain_local_open(&w->chain, w->path, NULL), "chain", w->chain.message);
    must(crux_chain_local_open(&w->eyes, w->path, NULL), "chain", w->eyes.message);
    for (unsigned i = 0; i < WATCHED_EXECUTORS; i++) {
        double_open(&w->executor[i], w->model, w->other_model, names[i]);
        double_join(&w->executor[i], &w->eyes, WATCHED_MONEY);
        double_listen(&w->executor[i], 0);
        w->peers[i] =
            (struct crux_challenger_peer){w->executor[i].account, w->executor[i].url, NULL};
    }
    w->options = (struct crux_challenger_options){.folder = w->journal,
                                                  .mode = CRUX_CHALLENGER_CHALLENGE,
                                                  .peers = w->peers,
                                                  .peer_count = WATCHED_EXECUTORS,
                                                  .share = CRUX_CHALLENGER_ALL,
                                                  .risk_max = WATCHED_MONEY,
                                                  .attempts = 2,
                                                  .wait_seconds = 3600, /* on a busy machine */
                                                  .threads = 1,
                                                  .log = on_log,
                                                  .log_ctx = w};
    must(crux_chain_account_read(&w->options.account, "challenger"), "account", "");
    must(w->eyes.ops->deposit(&w->eyes, &w->options.account, WATCHED_MONEY), "deposit",
         w->eyes.message);
}

void watched_open(struct watched *w) {
    char message[CRUX_CHALLENGER_MESSAGE_BYTES];
    uint8_t root[32];
    must(crux_challenger_open(&w->challenger, &w->chain, &w->options, message), "open", message);
    must(crux_challenger_model(w->challenger, w->model, root, message), "model", message);
}

void watched_close(struct watched *w) {
    crux_challenger_close(w->challenger);
    w->challenger = NULL;
}

void watched_remove(struct watched *w) {
    watched_close(w);
    for (unsigned i = 0; i < WATCHED_EXECUTORS; i++) double_close(&w->executor[i]);
    w->chain.ops->close(&w->chain);
    w->eyes.ops->close(&w->eyes);
    temporary_folder_remove(w->journal);
    temporary_folder_remove(w->folder);
}

void watched_step(struct watched *w) {
    enum { STEPS_MAX = 10000 };
    bool more = true;
    for (unsigned i = 0; more && i < STEPS_MAX; i++)
        must(crux_challenger_step(w->challenger, &more), "step",
             crux_challenger_message(w->challenger));
    if (more) abort();
}

static enum crux_status look_time(void *ctx, const struct crux_game *game, uint64_t now) {
    (void)game;
    *(uint64_t *)ctx = now;
    return CRUX_OK;
}

uint64_t watched_time(struct watched *w) {
    uint64_t now;
    must(w->eyes.ops->look(&w->eyes, look_time, &now), "look", w->eyes.message);
    return now;
}

/* Does anybody wait for somebody? */
struct waits {
    bool any;
};

static enum crux_status look_waits(void *ctx, const struct crux_game *game, uint64_t now) {
    struct waits *waits = ctx;
    struct crux_game_chain chain;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    for (uint64_t b = 0; status == CRUX_OK && b < chain.batches; b++) {
        struct crux_game_batch batch;
        status = crux_game_get_batch(game, b, &batch);
        waits->any = waits->any || batch.open > 0;
    }
    return status;
}

void watched_play(struct watched *w, uint64_t until) {
    enum { ROUNDS_MAX = 2000, TICK_SECONDS = 12 };
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        unsigned moves = 0;
        struct waits waits = {false};
        watched_step(w);
        for (unsigned i = 0; i < WATCHED_EXECUTORS; i++)
            moves += double_defend(&w->executor[i], &w->eyes);
        must(w->eyes.ops->look(&w->eyes, look_waits, &waits), "look", w->eyes.message);
        if (moves == 0 && !waits.any) return;
        uint64_t pass = moves > 0 ? TICK_SECONDS : watched_parameters.clock_seconds / 4;
        if (until != 0 && watched_time(w) + pass > until) return;
        must(w->eyes.ops->advance(&w->eyes, pass), "advance", w->eyes.message);
    }
    abort();
}

struct claim_look {
    const struct crux_claim_id *id;
    struct watched_claim *out;
};

static enum crux_status look_claim(void *ctx, const struct crux_game *game, uint64_t now) {
    struct claim_look *look = ctx;
    look->out->now = now;
    enum crux_status status = crux_game_get_claim(game, look->id, &look->out->claim);
    if (status != CRUX_OK) return status;
    return crux_game_claim_state(&look->out->state, game, look->id, now);
}

struct watched_claim watched_claim(struct watched *w, const struct crux_claim_id *id) {
    struct watched_claim out;
    struct claim_look look = {id, &out};
    must(w->eyes.ops->look(&w->eyes, look_claim, &look), "look", w->eyes.message);
    return out;
}

struct purse {
    const struct crux_account *account;
    uint64_t balance;
    bool conserved;
};

static enum crux_status look_purse(void *ctx, const struct crux_game *game, uint64_t now) {
    struct purse *purse = ctx;
    struct crux_game_account account;
    uint64_t total, deposited;
    (void)now;
    enum crux_status status = crux_game_get_account(game, purse->account, &account);
    if (status == CRUX_OK) status = crux_game_total(game, &total, &deposited);
    purse->balance = account.balance;
    purse->conserved = status == CRUX_OK && total == deposited;
    return status;
}

uint64_t watched_balance(struct watched *w, const struct crux_account *account) {
    struct purse purse = {.account = account};
    must(w->eyes.ops->look(&w->eyes, look_purse, &purse), "look", w->eyes.message);
    return purse.balance;
}

bool watched_conserved(struct watched *w) {
    struct purse purse = {.account = &w->options.account};
    must(w->eyes.ops->look(&w->eyes, look_purse, &purse), "look", w->eyes.message);
    return purse.conserved;
}

struct crux_challenger_figures watched_figures(struct watched *w) {
    struct crux_challenger_figures figures;
    must(crux_challenger_figures(w->challenger, &figures), "figures",
         crux_challenger_message(w->challenger));
    return figures;
}
