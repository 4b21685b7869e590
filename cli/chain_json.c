#include "cli/chain_json.h"

#include "chain-adapter/io/json.h"
#include "cli/output.h"

enum crux_status crux_cli_chain_read_status(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_cli_chain_status *status = ctx;
    status->now = now;
    return crux_game_get_chain(game, &status->chain);
}

static json_t *describe_parameters(const struct crux_game_parameters *p) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "executor_bond", (json_int_t)p->executor_bond, "reward", (json_int_t)p->reward,
                     "challenger_bond", (json_int_t)p->challenger_bond, "defence_cost",
                     (json_int_t)p->defence_cost, "demand_fee", (json_int_t)p->demand_fee,
                     "receipt_penalty", (json_int_t)p->receipt_penalty, "receipt_reward",
                     (json_int_t)p->receipt_reward, "window_seconds", (json_int_t)p->window_seconds,
                     "clock_seconds", (json_int_t)p->clock_seconds, "extension_seconds",
                     (json_int_t)p->extension_seconds, "demand_seconds",
                     (json_int_t)p->demand_seconds, "move_seconds", (json_int_t)p->move_seconds,
                     "k", (json_int_t)p->k, "running_max", (json_int_t)p->running_max,
                     "leave_seconds", (json_int_t)p->leave_seconds);
}

json_t *crux_cli_chain_json_status(const struct crux_cli_chain_status *s) {
    const struct crux_game_chain *c = &s->chain;
    json_t *value = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "deposited", (json_int_t)c->deposited,
        "pledges", (json_int_t)c->pledges, "balances", (json_int_t)c->balances, "bonds",
        (json_int_t)c->bonds, "stakes", (json_int_t)c->stakes, "fees", (json_int_t)c->fees,
        "burned", (json_int_t)c->burned, "withdrawn", (json_int_t)c->withdrawn);
    return json_pack("{s:o, s:o, s:b, s:I, s:I, s:I, s:o, s:o, s:o}", "chain_id",
                     crux_json_of_bytes(s->info.chain_id, 32), "contract",
                     crux_json_of_bytes(s->info.contract, 32), "scripted", (int)s->info.scripted,
                     "time", (json_int_t)s->now, "batches", (json_int_t)c->batches, "events",
                     (json_int_t)s->info.events, "last", crux_json_of_bytes(s->info.last, 32),
                     "value", value, "parameters", describe_parameters(&c->parameters));
}

const char *crux_cli_chain_mode(uint32_t mode) {
    static const char *const names[] = {"?", "full", "batched", "private"};
    return names[mode < CRUX_ARRAY_LEN(names) ? mode : 0];
}

json_t *crux_cli_chain_json_batch(const struct crux_game_batch *batch) {
    return json_pack(
        "{s:I, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "batch", (json_int_t)batch->key,
        "executor", crux_json_of_bytes(batch->executor.b, sizeof batch->executor.b), "mode",
        crux_cli_chain_mode(batch->mode), "claims", (json_int_t)batch->count, "posted_at",
        (json_int_t)batch->posted_at, "bond", (json_int_t)batch->bond, "fallen",
        (json_int_t)batch->fallen, "open", (json_int_t)batch->open, "released",
        (json_int_t)batch->released, "root", crux_json_of_bytes(batch->root, 32));
}

const char *crux_cli_chain_stage(uint32_t stage) {
    static const char *const names[] = {"?",       "queued", "reveal", "pick", "expand",  "side",
                                        "element", "prove",  "won",    "lost", "refunded"};
    return names[stage < CRUX_ARRAY_LEN(names) ? stage : 0];
}

const char *crux_cli_chain_state(enum crux_claim_state state) {
    switch (state) {
    case CRUX_CLAIM_UNKNOWN: return "not shown";
    case CRUX_CLAIM_PENDING: return "pending";
    case CRUX_CLAIM_FINAL: return "final";
    case CRUX_CLAIM_FALLEN: return "fallen";
    case CRUX_CLAIM_UNCHALLENGED: return "unchallenged";
    }
    return "?";
}

json_t *crux_cli_chain_json_dispute(const struct crux_game_dispute *dispute) {
    uint64_t deadline = crux_game_deadline(dispute);
    return json_pack("{s:I, s:o, s:s, s:I, s:I, s:o}", "number", (json_int_t)dispute->key.number,
                     "challenger",
                     crux_json_of_bytes(dispute->challenger.b, sizeof dispute->challenger.b),
                     "stage", crux_cli_chain_stage(dispute->stage), "bond",
                     (json_int_t)dispute->bond, "round", (json_int_t)dispute->round, "deadline",
                     deadline == UINT64_MAX ? json_null() : json_integer((json_int_t)deadline));
}

enum crux_status crux_cli_chain_json_claim(json_t **object, const struct crux_game *game,
                                           const struct crux_claim_id *id, uint64_t now) {
    enum { DISPUTES_MAX = 1024 }; /* listed: the last ones; a claim can have any number */
    struct crux_game_claim claim;
    enum crux_claim_state state;
    *object = NULL;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status == CRUX_E_NOT_FOUND) return CRUX_E_CLAIM_UNKNOWN;
    if (status == CRUX_OK) status = crux_game_claim_state(&state, game, id, now);
    if (status != CRUX_OK) return status;
    json_t *disputes = json_array();
    uint32_t first = claim.disputes > DISPUTES_MAX ? claim.disputes - DISPUTES_MAX : 0;
    for (uint32_t i = first; status == CRUX_OK && i < claim.disputes; i++) {
        struct crux_game_dispute dispute;
        status = crux_game_get_dispute(game, id, i, &dispute);
        if (status == CRUX_OK)
            (void)json_array_append_new(disputes, crux_cli_chain_json_dispute(&dispute));
    }
    if (status == CRUX_OK)
        *object = json_pack(
            "{s:I, s:I, s:s, s:o, s:i, s:I, s:O}", "batch", (json_int_t)claim.key.batch, "member",
            (json_int_t)claim.key.member, "state", crux_cli_chain_state(state), "hash",
            claim.shown ? crux_json_of_bytes(claim.hash, 32) : json_null(), "demand",
            (int)claim.demand, "dispute_count", (json_int_t)claim.disputes, "disputes", disputes);
    json_decref(disputes);
    return status;
}

json_t *crux_cli_chain_json_account(const struct crux_game_account *account,
                                    const struct crux_game_pledge *pledge) {
    return json_pack(
        "{s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:I}", "account",
        crux_json_of_bytes(account->key.b, sizeof account->key.b), "payee",
        crux_game_has_payee(account) ? crux_json_of_bytes(account->payee.b, sizeof account->payee.b)
                                     : json_null(),
        "balance", (json_int_t)account->balance, "withdrawn", (json_int_t)account->withdrawn,
        "pledge", (json_int_t)pledge->amount, "pledged", (json_int_t)pledge->total, "leaving_at",
        pledge->leaving ? json_integer((json_int_t)pledge->leaving_at) : json_null(), "called",
        (json_int_t)pledge->open);
}

const char *crux_cli_chain_kind(const struct crux_chain_event *event) {
    return event->kind == CRUX_CHAIN_EVENT_DEPOSIT ? "deposit" : crux_move_name(event->kind);
}

json_t *crux_cli_chain_json_event(const struct crux_chain_event *event) {
    const struct crux_game_outcome *outcome = &event->outcome;
    return json_pack("{s:I, s:I, s:s, s:o, s:I, s:I, s:I, s:i, s:b, s:I, s:o, s:o}", "number",
                     (json_int_t)event->number, "time", (json_int_t)event->time, "kind",
                     crux_cli_chain_kind(event), "sender",
                     crux_json_of_bytes(event->sender.b, sizeof event->sender.b), "batch",
                     (json_int_t)outcome->claim.batch, "member", (json_int_t)outcome->claim.member,
                     "dispute", (json_int_t)outcome->dispute, "end", (int)outcome->end, "fell",
                     (int)outcome->fell, "paid", (json_int_t)outcome->paid, "bytes",
                     crux_json_of_bytes(event->bytes, event->len), "hash",
                     crux_json_of_bytes(event->hash, sizeof event->hash));
}

json_t *crux_cli_chain_json_outcome(uint8_t kind, const struct crux_game_outcome *outcome) {
    return json_pack("{s:s, s:b, s:I, s:I, s:I, s:b, s:I}", "move", crux_move_name(kind),
                     "repeated", (int)outcome->repeated, "batch", (json_int_t)outcome->claim.batch,
                     "member", (json_int_t)outcome->claim.member, "dispute",
                     (json_int_t)outcome->dispute, "fell", (int)outcome->fell, "paid",
                     (json_int_t)outcome->paid);
}
