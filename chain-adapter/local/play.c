/* One transaction a move: begin, apply, append its event, commit; anything else rolls back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain-adapter/local/inside.h"

struct local *local_of(struct crux_chain *chain) {
    struct local *local = chain->ctx;
    local->chain = chain;
    return local;
}

/* spec/80-chains.md#the-local-chain: "A real clock is the system's, and stands still where that one runs backwards." */
static enum crux_status find_time(struct local *local, uint64_t *now) {
    struct crux_game_chain record;
    *now = local->time;
    if (local->scripted) return CRUX_OK;
    enum crux_status status = crux_game_get_chain(&local->game, &record);
    if (status != CRUX_OK) return status;
    struct timespec system;
    if (clock_gettime(CLOCK_REALTIME, &system) != 0 || system.tv_sec < 0) return CRUX_E_IO;
    *now = record.time > local->last_time ? record.time : local->last_time;
    if ((uint64_t)system.tv_sec > *now) *now = (uint64_t)system.tv_sec;
    return CRUX_OK;
}

/* The game's own refusals have no message of the chain's. */
static void explain(struct crux_chain *chain, enum crux_status status) {
    if (status != CRUX_OK && chain->message[0] == 0)
        (void)snprintf(chain->message, sizeof chain->message, "%s", crux_status_text(status));
}

static enum crux_status move(struct crux_chain *chain, struct crux_game_outcome *outcome,
                             const struct crux_account *sender, const uint8_t *bytes, size_t len) {
    struct local *local = local_of(chain);
    struct crux_chain_event event = {.sender = *sender, .bytes = bytes, .len = len};
    memset(outcome, 0, sizeof *outcome);
    enum crux_status status = local_begin(local, true);
    if (status == CRUX_OK) {
        status = find_time(local, &event.time);
        if (status == CRUX_OK)
            status = crux_game_move(&local->game, sender, event.time, bytes, len, outcome);
        if (status == CRUX_OK && !outcome->repeated) {
            event.kind = bytes[0];
            event.outcome = *outcome;
            status = local_append(local, &event);
        }
        status = local_end(local, status);
    }
    explain(chain, status);
    return status;
}

static enum crux_status deposit(struct crux_chain *chain, const struct crux_account *account,
                                uint64_t amount) {
    struct local *local = local_of(chain);
    uint8_t bytes[28];
    struct crux_chain_event event = {
        .sender = *account, .kind = CRUX_CHAIN_EVENT_DEPOSIT, .bytes = bytes, .len = sizeof bytes};
    memcpy(bytes, account->b, 20);
    crux_store_u64(bytes + 20, amount);
    enum crux_status status = local_begin(local, true);
    if (status == CRUX_OK) {
        status = find_time(local, &event.time);
        if (status == CRUX_OK) status = crux_game_deposit(&local->game, account, amount);
        if (status == CRUX_OK) status = local_append(local, &event);
        status = local_end(local, status);
    }
    explain(chain, status);
    return status;
}

static enum crux_status look(struct crux_chain *chain,
                             enum crux_status (*visit)(void *ctx, const struct crux_game *game,
                                                       uint64_t now),
                             void *ctx) {
    struct local *local = local_of(chain);
    uint64_t now;
    enum crux_status status = local_begin(local, false);
    if (status == CRUX_OK) {
        local->event = 0;
        status = find_time(local, &now);
        if (status == CRUX_OK) status = visit(ctx, &local->game, now);
        status = local_end(local, status);
    }
    explain(chain, status);
    return status;
}

static enum crux_status advance(struct crux_chain *chain, uint64_t seconds) {
    struct local *local = local_of(chain);
    enum crux_status status = local_begin(local, true);
    if (status == CRUX_OK) {
        if (!local->scripted) {
            status = CRUX_E_UNSUPPORTED;
            (void)snprintf(chain->message, sizeof chain->message,
                           "the clock of this chain is real: only time itself moves it");
        } else if (seconds >= CRUX_GAME_TIME_MAX - local->time) {
            status = CRUX_E_TIME_INVALID;
        } else {
            local_bind_number(local, LOCAL_SET_TIME, 1, local->time + seconds);
            status = local_do(local, LOCAL_SET_TIME);
        }
        status = local_end(local, status);
    }
    explain(chain, status);
    return status;
}

enum crux_status crux_chain_local_info(struct crux_chain *chain,
                                       struct crux_chain_local_info *info) {
    struct local *local = local_of(chain);
    memset(info, 0, sizeof *info);
    enum crux_status status = local_begin(local, false);
    if (status != CRUX_OK) return status;
    memcpy(info->chain_id, local->game.chain_id, 32);
    memcpy(info->contract, local->game.contract, 32);
    memcpy(info->genesis, local->genesis, 32);
    memcpy(info->last, local->last, 32);
    info->scripted = local->scripted;
    info->events = local->event - 1;
    return local_end(local, CRUX_OK);
}

static void close_local(struct crux_chain *chain) {
    struct local *local = local_of(chain);
    for (unsigned i = 0; i < LOCAL_STATEMENTS; i++) (void)sqlite3_finalize(local->statement[i]);
    (void)sqlite3_close_v2(local->db);
    free(local);
    chain->ops = NULL;
    chain->ctx = NULL;
}

const struct crux_chain_ops local_ops = {
    .name = "local",
    .move = move,
    .deposit = deposit,
    .look = look,
    .events = local_events,
    .advance = advance,
    .rewind = local_rewind,
    .close = close_local,
};
