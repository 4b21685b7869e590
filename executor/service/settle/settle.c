#include "executor/service/settle/settle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "executor/service/settle/inside.h"

enum crux_status settle_fail(struct crux_settle *settle, enum crux_status status,
                             const char *format, ...) {
    va_list values;
    va_start(values, format);
    (void)vsnprintf(settle->message, sizeof settle->message, format, values);
    va_end(values);
    return status;
}

enum crux_status settle_store_failed(struct crux_settle *settle, enum crux_status status) {
    const char *said = crux_store_message(settle->store);
    return settle_fail(settle, status, "%s", said[0] != 0 ? said : crux_status_text(status));
}

enum crux_status settle_marks_begin(struct crux_settle *settle) {
    if (settle->grouped) return CRUX_OK;
    enum crux_status status = crux_store_begin(settle->store);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    settle->grouped = true;
    return CRUX_OK;
}

enum crux_status settle_marks_end(struct crux_settle *settle, enum crux_status status) {
    if (!settle->grouped) return status;
    settle->grouped = false;
    enum crux_status committed = crux_store_commit(settle->store);
    if (status != CRUX_OK || committed == CRUX_OK) return status;
    return settle_store_failed(settle, committed);
}

/* ---- trouble ---- */

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Returns: seconds of the chain's clock to the first demand or call that still runs, as far as they have been seen. */
static uint64_t seconds_left(struct crux_settle *settle) {
    uint64_t since = settle->now > settle->seen_at ? settle->now - settle->seen_at : 0,
             at = settle->chain_time + least(since, CRUX_GAME_TIME_MAX), first = UINT64_MAX;
    struct crux_store_demand demand = {.deadline = at};
    struct crux_store_call call = {.answer_by = at};
    if (crux_store_demand_next(settle->store, &demand) == CRUX_OK) first = demand.deadline;
    if (crux_store_call_next(settle->store, &call, CRUX_STORE_CALL_OPEN) == CRUX_OK)
        first = least(first, call.answer_by);
    return first == UINT64_MAX ? first : first - at;
}

/* However long the trouble has lasted, the chain is asked again while most of each clock is left: of what is known to run,
 * of what may have begun meanwhile, and of receipts. */
static uint32_t wait_max(struct crux_settle *settle) {
    const struct crux_settle_options *o = &settle->options;
    uint64_t clock = least(seconds_left(settle), settle->parameters.demand_seconds);
    clock = least(clock, o->deadline_seconds - o->batch_seconds);
    uint64_t most = least(clock / CRUX_SETTLE_TRIES_A_CLOCK, CRUX_SETTLE_BACKOFF_SECONDS_MAX);
    return most == 0 ? 1 : (uint32_t)most;
}

void settle_trouble(struct crux_settle *settle, struct settle_trouble *trouble,
                    enum crux_status status) {
    const char *said = settle->chain->message;
    uint32_t wait = trouble->status == CRUX_OK ? 1 : 2 * trouble->wait_seconds;
    trouble->status = status;
    trouble->wait_seconds = (uint32_t)least(wait, wait_max(settle));
    trouble->retry_at = settle->now + trouble->wait_seconds;
    (void)snprintf(trouble->text, sizeof trouble->text, "%s",
                   said[0] != 0 ? said : crux_status_text(status));
}

void settle_recovered(struct settle_trouble *trouble) {
    memset(trouble, 0, sizeof *trouble);
}

bool settle_may_try(const struct crux_settle *settle, const struct settle_trouble *trouble) {
    return trouble->status == CRUX_OK || settle->now >= trouble->retry_at ||
           trouble->retry_at - settle->now > trouble->wait_seconds;
}

bool settle_is_chain_trouble(enum crux_status status) {
    return status == CRUX_E_IO || status == CRUX_E_OUT_OF_MEMORY || status == CRUX_E_INTERNAL ||
           status == CRUX_E_NON_CANONICAL || status == CRUX_E_BAD_MAGIC ||
           status == CRUX_E_BAD_VERSION || status == CRUX_E_CHECKSUM_MISMATCH ||
           status == CRUX_E_TIME_INVALID;
}

/* The first move of a tick is always made, so that every tick gets on. */
static bool has_time(const struct crux_settle *settle) {
    return settle->moves_left == settle->options.moves_a_tick ||
           (crux_seconds() - settle->tick_began) * 1e3 < settle->options.milliseconds_a_tick;
}

enum crux_status settle_move(struct crux_settle *settle, const struct crux_move *move,
                             struct crux_game_outcome *outcome) {
    struct crux_game_outcome unused;
    struct crux_writer writer;
    if (settle->moves_left == 0 || !has_time(settle)) {
        settle->moves_left = 0;
        settle->busy = true;
        return CRUX_E_QUEUE_FULL;
    }
    settle->moves_left--;
    crux_writer_init(&writer, settle->bytes, sizeof settle->bytes);
    settle->chain->message[0] = 0;
    enum crux_status status = crux_move_encode(&writer, move);
    if (status == CRUX_OK)
        status = settle->chain->ops->move(settle->chain, outcome == NULL ? &unused : outcome,
                                          &settle->key->account, settle->bytes, writer.at);
    if (status == CRUX_OK) {
        settle->moves++;
    } else if (settle_is_chain_trouble(status)) {
        settle_trouble(settle, &settle->chain_trouble, status);
    } else {
        settle->refused++;
        (void)snprintf(settle->refusal, sizeof settle->refusal, "%s: %s",
                       crux_move_name(move->kind), crux_status_text(status));
    }
    return status;
}

/* ---- opening ---- */

enum crux_status settle_see(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_settle *settle = ctx;
    struct crux_game_chain chain;
    struct crux_game_account account;
    enum crux_status status = crux_game_get_chain(game, &chain);
    if (status == CRUX_OK) status = crux_game_get_account(game, &settle->key->account, &account);
    if (status == CRUX_OK)
        status = crux_game_get_pledge(game, &settle->key->account, &settle->pledge);
    if (status != CRUX_OK) return status;
    memcpy(settle->chain_id, game->chain_id, 32);
    memcpy(settle->contract, game->contract, 32);
    settle->chain_time = now;
    settle->seen_at = settle->now;
    settle->parameters = chain.parameters;
    settle->balance = account.balance;
    settle->withdrawn = account.withdrawn;
    settle->payee = account.payee;
    return CRUX_OK;
}

enum crux_status settle_look_quietly(struct crux_settle *settle) {
    settle->chain->message[0] = 0;
    return settle->chain->ops->look(settle->chain, settle_see, settle);
}

enum crux_status settle_look(struct crux_settle *settle) {
    enum crux_status status = settle_look_quietly(settle);
    if (status != CRUX_OK) settle_trouble(settle, &settle->chain_trouble, status);
    return status;
}

static enum crux_status count(struct crux_settle *settle) {
    enum crux_status status =
        crux_store_owed(settle->store, settle_bond(settle), settle->chain_time, &settle->owed,
                        &settle->left, &settle->late);
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

static enum crux_status take_options(struct crux_settle *settle,
                                     const struct crux_settle_options *options) {
    struct crux_settle_options *o = &settle->options;
    if (options != NULL) *o = *options;
    if (o->batch_count == 0) o->batch_count = CRUX_SETTLE_BATCH_COUNT;
    if (o->batch_seconds == 0) o->batch_seconds = CRUX_SETTLE_BATCH_SECONDS;
    if (o->deadline_seconds == 0) o->deadline_seconds = CRUX_SETTLE_DEADLINE_SECONDS;
    if (o->retention_seconds == 0) o->retention_seconds = CRUX_SETTLE_RETENTION_SECONDS;
    if (o->leaves_bytes_max == 0) o->leaves_bytes_max = CRUX_SETTLE_LEAVES_BYTES;
    if (o->moves_a_tick == 0) o->moves_a_tick = CRUX_SETTLE_MOVES_A_TICK;
    if (o->milliseconds_a_tick == 0) o->milliseconds_a_tick = CRUX_SETTLE_MILLISECONDS_A_TICK;
    if (o->model_count > CRUX_SETTLE_MODELS_MAX)
        return settle_fail(settle, CRUX_E_USAGE, "more than %d models", CRUX_SETTLE_MODELS_MAX);
    if (o->batch_count > CRUX_GAME_BATCH_MAX)
        return settle_fail(settle, CRUX_E_USAGE, "a batch has at most 2^20 claims");
    if (o->deadline_seconds <= o->batch_seconds)
        return settle_fail(settle, CRUX_E_USAGE,
                           "a receipt's deadline (%u s) must be later than a batch may wait (%u s)",
                           o->deadline_seconds, o->batch_seconds);
    if (o->bond > CRUX_GAME_AMOUNT_MAX || o->pledge > CRUX_GAME_AMOUNT_MAX)
        return settle_fail(settle, CRUX_E_USAGE, "a bond or a pledge is at most 2^62");
    if (memcmp(&o->payee, &settle->key->account, sizeof o->payee) == 0)
        return settle_fail(settle, CRUX_E_USAGE, "an account cannot be its own payee");
    if (o->model_count > 0)
        memcpy(settle->models, o->models, o->model_count * sizeof *settle->models);
    o->models = settle->models;
    return CRUX_OK;
}

enum crux_status crux_settle_open(struct crux_settle **settle, struct crux_store *store,
                                  struct crux_chain *chain, const struct crux_key *key,
                                  const struct crux_settle_options *options,
                                  char message[CRUX_SETTLE_TROUBLE_BYTES]) {
    message[0] = 0;
    struct crux_settle *s = *settle = calloc(1, sizeof *s);
    if (s == NULL) return CRUX_E_OUT_OF_MEMORY;
    s->store = store;
    s->chain = chain;
    s->key = key;
    enum crux_status status = take_options(s, options);
    if (status == CRUX_OK) {
        status = settle_look_quietly(s);
        if (status != CRUX_OK) (void)settle_fail(s, status, "%s", chain->message);
    }
    if (status == CRUX_OK) {
        status = crux_store_bind(store, s->chain_id, s->contract, &key->account);
        if (status != CRUX_OK) (void)settle_store_failed(s, status);
    }
    if (status == CRUX_OK) status = count(s);
    if (status == CRUX_OK) return CRUX_OK;
    memcpy(message, s->message, CRUX_SETTLE_TROUBLE_BYTES);
    crux_settle_close(s);
    *settle = NULL;
    return status;
}

void crux_settle_close(struct crux_settle *settle) {
    free(settle);
}

const char *crux_settle_message(const struct crux_settle *settle) {
    return settle->message;
}

/* ---- the tick ---- */

/* spec/70-game.md#receipts: "So an executor keeps where a claim stands, and its path, until deadline + window_seconds +
 * demand_seconds, and no longer." */
static enum crux_status forget(struct crux_settle *settle) {
    const struct crux_settle_options *o = &settle->options;
    const struct crux_game_parameters *p = &settle->parameters;
    uint64_t callable = (uint64_t)p->window_seconds + p->demand_seconds;
    enum crux_status status =
        crux_store_trim(settle->store, o->leaves_bytes_max, SETTLE_FORGET_A_TICK);
    if (status == CRUX_OK && settle->now >= o->retention_seconds)
        status =
            crux_store_forget(settle->store, settle->now - o->retention_seconds,
                              settle->chain_time < callable ? 0 : settle->chain_time - callable,
                              SETTLE_FORGET_A_TICK);
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

/* What is demanded or called comes first: to miss it costs a bond or a pledge. Once more when batches have been posted: they
 * may be called already, and a demand on a batch that stood there before, without the store's knowing, is seen when its
 * posting turns out to be repeated. */
static enum crux_status do_what_is_due(struct crux_settle *settle) {
    static enum crux_status (*const steps[])(struct crux_settle * settle) = {
        settle_register, settle_follow, settle_answer, settle_form,
        settle_post,     settle_answer, settle_serve,  settle_finalise,
        settle_pay,      settle_payee,  settle_pledge, settle_withdraw};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(steps); i++) {
        enum crux_status status = steps[i](settle);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

enum crux_status crux_settle_tick(struct crux_settle *settle, uint64_t now) {
    enum crux_status status;
    settle->now = now;
    if (settle->seen_at == 0) settle->seen_at = now; /* it was seen when this was opened */
    settle->moves_left = settle->options.moves_a_tick;
    settle->tick_began = crux_seconds();
    settle->busy = false;
    settle->message[0] = 0;
    if (settle_may_try(settle, &settle->chain_trouble)) {
        status = settle_look(settle);
        if (status == CRUX_OK) {
            settle->chain_trouble.retry_at = 0;
            status = do_what_is_due(settle);
            /* the chain's trouble has just been noted, anew */
            bool is_chain_trouble = settle->chain_trouble.retry_at != 0;
            if (status == CRUX_OK)
                settle_recovered(&settle->chain_trouble);
            else if (!is_chain_trouble)
                return status;
            if (status == CRUX_OK) (void)settle_look_quietly(settle); /* for the figures */
        }
    }
    status = forget(settle);
    return status == CRUX_OK ? count(settle) : status;
}

bool crux_settle_is_busy(const struct crux_settle *settle) {
    return settle->busy;
}

enum crux_status crux_settle_drain(struct crux_settle *settle, uint64_t *left) {
    settle->draining = true;
    enum crux_status status = count(settle);
    *left = settle->left;
    return status;
}

/* ---- figures ---- */

static const struct settle_trouble *trouble_of(const struct crux_settle *settle) {
    return settle->chain_trouble.status != CRUX_OK ? &settle->chain_trouble : &settle->post_trouble;
}

const char *crux_settle_trouble(const struct crux_settle *settle) {
    const struct settle_trouble *trouble = trouble_of(settle);
    return trouble->status == CRUX_OK ? NULL : trouble->text;
}

enum crux_status crux_settle_pledged(struct crux_settle *settle,
                                     struct crux_settle_pledged *pledged) {
    static const struct crux_account nobody;
    enum crux_status status = crux_store_call_figures(settle->store, &pledged->calls);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    pledged->pledge = settle->pledge.amount;
    pledged->pledge_missing = settle_unpledged(settle);
    pledged->pledge_free_at = settle->pledge.leaving ? settle->pledge.leaving_at : 0;
    pledged->chain_time = settle->chain_time;
    pledged->penalty = settle->parameters.receipt_penalty;
    pledged->payee_differs =
        memcmp(&settle->payee, &nobody, sizeof nobody) != 0 && !settle_has_payee(settle);
    return CRUX_OK;
}

enum crux_status crux_settle_figures(struct crux_settle *settle,
                                     struct crux_settle_figures *figures) {
    const struct settle_trouble *trouble = trouble_of(settle);
    memset(figures, 0, sizeof *figures);
    enum crux_status status = crux_store_figures(settle->store, &figures->store);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    figures->moves = settle->moves;
    figures->refused = settle->refused;
    figures->late = settle->late;
    figures->balance = settle->balance;
    figures->withdrawn = settle->withdrawn;
    figures->bond = settle_bond(settle);
    figures->owed = settle->owed;
    figures->chain_time = settle->chain_time;
    figures->events = settle->events;
    figures->batches_posted = settle->batches_posted;
    figures->claims_shown = settle->claims_shown;
    figures->demands_met = settle->demands_met;
    figures->fees_paid = settle->fees_paid;
    figures->status = trouble->status;
    figures->retry_at = trouble->retry_at;
    memcpy(figures->trouble, trouble->status != CRUX_OK ? trouble->text : settle->refusal,
           sizeof figures->trouble);
    return CRUX_OK;
}

struct asking {
    struct crux_claim_id claim;
    enum crux_claim_state state;
};

static enum crux_status ask(void *ctx, const struct crux_game *game, uint64_t now) {
    struct asking *asking = ctx;
    return crux_game_claim_state(&asking->state, game, &asking->claim, now);
}

enum crux_status crux_settle_claim_state(struct crux_settle *settle, enum crux_claim_state *state,
                                         const struct crux_store_run *run) {
    struct asking asking = {.claim = {.batch = run->chain_batch, .member = run->member}};
    *state = CRUX_CLAIM_UNKNOWN;
    if (run->state == CRUX_STORE_WAITING || run->state == CRUX_STORE_FORMED ||
        run->state == CRUX_STORE_REFUSED)
        return CRUX_OK;
    enum crux_status status = settle->chain->ops->look(settle->chain, ask, &asking);
    if (status != CRUX_OK) return settle_fail(settle, status, "%s", settle->chain->message);
    *state = asking.state;
    return CRUX_OK;
}
