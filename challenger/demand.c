/* Demands: what is not served is asked for on the chain, for a fee that has a limit. */
#include <string.h>

#include "challenger/inside.h"

struct asked {
    const struct crux_account *account;
    struct crux_claim_id id;
    struct crux_game_claim claim;
    struct crux_game_batch batch;
    uint64_t now, balance;
};

static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct asked *asked = ctx;
    struct crux_game_account account;
    asked->now = now;
    enum crux_status status = crux_game_get_claim(game, &asked->id, &asked->claim);
    if (status == CRUX_OK) status = crux_game_get_batch(game, asked->id.batch, &asked->batch);
    if (status == CRUX_OK) status = crux_game_get_account(game, asked->account, &account);
    if (status == CRUX_OK) asked->balance = account.balance;
    return status;
}

static enum crux_status fees(struct crux_challenger *c, uint64_t *sum) {
    enum crux_status status = journal_row(&c->journal, JOURNAL_DEMAND_FEES);
    if (status != CRUX_OK) return status;
    *sum = journal_number(&c->journal, JOURNAL_DEMAND_FEES, 0);
    journal_reset(&c->journal, JOURNAL_DEMAND_FEES);
    return CRUX_OK;
}

static enum crux_status note(struct crux_challenger *c, const struct crux_claim_id *id,
                             uint64_t fee) {
    const enum journal_statement put = JOURNAL_DEMAND_PUT;
    journal_bind_number(&c->journal, put, 1, id->batch);
    journal_bind_number(&c->journal, put, 2, id->member);
    journal_bind_number(&c->journal, put, 3, fee);
    return journal_do(&c->journal, put);
}

/* In: kept, of the fee: 0 if it came back, or was never paid. */
static enum crux_status close_demand(struct crux_challenger *c, const struct crux_claim_id *id,
                                     bool kept) {
    const enum journal_statement put = JOURNAL_DEMAND_STATE;
    journal_bind_number(&c->journal, put, 1, id->batch);
    journal_bind_number(&c->journal, put, 2, id->member);
    journal_bind_number(&c->journal, put, 3, 2);
    journal_bind_number(&c->journal, put, 4, kept);
    return journal_do(&c->journal, put);
}

enum crux_status challenger_demand(struct crux_challenger *c, const struct crux_claim_id *id,
                                   bool *demanded) {
    struct asked asked = {.account = &c->options.account, .id = *id};
    const struct crux_move move = {.kind = CRUX_MOVE_DEMAND, .claim = *id};
    uint64_t paid;
    *demanded = false;
    enum crux_status status = c->chain->ops->look(c->chain, look, &asked);
    if (status == CRUX_OK) status = fees(c, &paid);
    if (status != CRUX_OK) return status;
    const struct crux_game_parameters *p = &asked.batch.parameters;
    *demanded = asked.claim.demand != CRUX_DEMAND_NONE || asked.claim.fallen;
    uint64_t end = asked.batch.posted_at + p->window_seconds;
    bool in_time = asked.now + p->demand_seconds + p->clock_seconds <= end;
    if (*demanded || c->options.mode == CRUX_CHALLENGER_WATCH || !in_time ||
        asked.balance < p->demand_fee || paid > c->options.demand_max ||
        p->demand_fee > c->options.demand_max - paid)
        return CRUX_OK;
    status = note(c, id,
                  p->demand_fee); /* before the move: a fee may be counted twice, never forgotten */
    if (status != CRUX_OK) return status;
    status = challenger_move(c, &move);
    *demanded = status == CRUX_OK;
    if (challenger_refused(status)) status = close_demand(c, id, false);
    return status;
}

/* A demand that is met belongs to the executor; one that is not is called, and the claim falls. */
static enum crux_status settle(struct crux_challenger *c, const struct crux_claim_id *id,
                               bool *more) {
    struct asked asked = {.account = &c->options.account, .id = *id};
    struct crux_move move = {
        .kind = CRUX_MOVE_TIMEOUT, .claim = *id, .dispute = CRUX_DISPUTE_DEMAND};
    enum crux_status status = c->chain->ops->look(c->chain, look, &asked);
    if (status == CRUX_E_NOT_FOUND) return close_demand(c, id, false); /* reorganised away */
    if (status != CRUX_OK) return status;
    if (asked.claim.fallen || asked.claim.demand == CRUX_DEMAND_NONE ||
        asked.claim.demand == CRUX_DEMAND_UNMET)
        return close_demand(c, id, false);
    if (asked.claim.demand == CRUX_DEMAND_MET) return close_demand(c, id, true);
    if (asked.now <= asked.claim.demand_deadline) return CRUX_OK;
    status = challenger_move(c, &move);
    *more = status == CRUX_OK;
    if (status == CRUX_OK)
        challenger_alert(c, CRUX_CHALLENGER_ALERT, "felled", id, &asked.batch.executor,
                         "its request was demanded and not published: it has fallen");
    return challenger_refused(status) ? CRUX_OK : status;
}

enum crux_status challenger_demands(struct crux_challenger *c, bool *more) {
    enum { AT_ONCE = 64 };
    struct crux_claim_id ids[AT_ONCE];
    uint32_t count = 0;
    enum crux_status status = CRUX_OK;
    *more = false;
    if (c->options.mode == CRUX_CHALLENGER_WATCH) return CRUX_OK;
    journal_bind_number(&c->journal, JOURNAL_DEMANDS_OPEN, 1, AT_ONCE);
    while (count < AT_ONCE &&
           (status = journal_row(&c->journal, JOURNAL_DEMANDS_OPEN)) == CRUX_OK) {
        ids[count++] = (struct crux_claim_id){
            journal_number(&c->journal, JOURNAL_DEMANDS_OPEN, 0),
            (uint32_t)journal_number(&c->journal, JOURNAL_DEMANDS_OPEN, 1), 0};
    }
    journal_reset(&c->journal, JOURNAL_DEMANDS_OPEN);
    if (status == CRUX_E_NOT_FOUND) status = CRUX_OK;
    for (uint32_t i = 0; status == CRUX_OK && i < count; i++) status = settle(c, &ids[i], more);
    return status;
}
