#include "tests/conformance/game_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/vector_file.h"

enum { RECORDS_MAX = 1 << 12 };

json_t *game_state_parameters(const struct crux_game_parameters *p) {
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

static void set(json_t *object, const char *key, uint64_t value) {
    crux_vector_set(object, key, json_integer((json_int_t)value));
}

static void set_unless_zero(json_t *object, const char *key, uint64_t value) {
    if (value != 0) set(object, key, value);
}

json_t *game_state_outcome(const struct crux_game_outcome *outcome) {
    json_t *did = json_object();
    set_unless_zero(did, "batch", outcome->claim.batch);
    set_unless_zero(did, "member", outcome->claim.member);
    set_unless_zero(did, "dispute", outcome->dispute);
    set_unless_zero(did, "end", outcome->end);
    set_unless_zero(did, "paid", outcome->paid);
    if (outcome->fell) crux_vector_set(did, "fell", json_true());
    if (outcome->repeated) crux_vector_set(did, "repeated", json_true());
    return did;
}

/* ---- records, by table and key ---- */

struct entry {
    enum crux_game_table table;
    const uint8_t *record;
};

struct entries {
    struct entry entry[RECORDS_MAX];
    size_t count;
};

static bool collect(void *ctx, enum crux_game_table table, const void *record) {
    struct entries *entries = ctx;
    if (entries->count == RECORDS_MAX) abort();
    entries->entry[entries->count++] = (struct entry){table, record};
    return true;
}

static int by_key(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->table != y->table) return x->table < y->table ? -1 : 1;
    return memcmp(x->record, y->record, crux_game_key_bytes(x->table));
}

static void hash_records(uint8_t hash[32], const struct entries *entries) {
    static const char tag[] = "crux-records-v1";
    struct crux_sha256_plain_ctx ctx;
    crux_sha256_plain_init(&ctx);
    crux_sha256_plain_update(&ctx, (const uint8_t *)tag, sizeof tag - 1);
    for (size_t i = 0; i < entries->count; i++) {
        size_t bytes = crux_game_record_bytes(entries->entry[i].table);
        uint8_t head[5] = {(uint8_t)entries->entry[i].table};
        crux_store_u32(head + 1, (uint32_t)bytes);
        crux_sha256_plain_update(&ctx, head, sizeof head);
        crux_sha256_plain_update(&ctx, entries->entry[i].record, bytes);
    }
    crux_sha256_plain_final(&ctx, hash);
}

/* ---- what any implementation can say ---- */

static json_t *describe_account(const struct crux_game_account *account) {
    json_t *row = json_object();
    crux_vector_set_hex(row, "account", account->key.b, sizeof account->key.b);
    set(row, "balance", account->balance);
    set(row, "withdrawn", account->withdrawn);
    if (crux_game_has_payee(account))
        crux_vector_set_hex(row, "payee", account->payee.b, sizeof account->payee.b);
    return row;
}

static json_t *describe_claim(const struct crux_game *game, const struct crux_game_claim *claim,
                              uint64_t now) {
    static const char *const states[] = {"unknown", "pending", "final", "fallen", "unchallenged"};
    enum crux_claim_state state;
    json_t *row = json_object();
    if (crux_game_claim_state(&state, game, &claim->key, now) != CRUX_OK) abort();
    set(row, "batch", claim->key.batch);
    set(row, "member", claim->key.member);
    crux_vector_set(row, "state", json_string(states[state]));
    set(row, "open", claim->open);
    set(row, "running", claim->running);
    return row;
}

/* As it stands, answers made in other disputes included. */
static json_t *describe_dispute(const struct crux_game *game,
                                const struct crux_game_dispute *record) {
    const struct crux_claim_id claim = {record->key.batch, record->key.member, 0};
    struct crux_game_dispute dispute;
    json_t *row = json_object();
    if (crux_game_get_dispute(game, &claim, record->key.number, &dispute) != CRUX_OK) abort();
    uint64_t deadline = crux_game_deadline(&dispute);
    set(row, "batch", claim.batch);
    set(row, "member", claim.member);
    set(row, "dispute", dispute.key.number);
    set(row, "stage", dispute.stage);
    set(row, "bond", dispute.bond);
    if (dispute.stage >= CRUX_STAGE_WON) return row;
    set(row, "round", dispute.round);
    crux_vector_set_hex(row, "node", dispute.node, 32);
    if (deadline != UINT64_MAX) set(row, "deadline", deadline);
    crux_vector_set(row, "left",
                    json_pack("[I, I]", (json_int_t)dispute.left[0], (json_int_t)dispute.left[1]));
    return row;
}

static json_t *describe_escrow(const struct crux_game_escrow *escrow) {
    json_t *row = json_object();
    crux_vector_set_hex(row, "requester", escrow->key.requester.b, 20);
    crux_vector_set_hex(row, "executor", escrow->key.executor.b, 20);
    crux_vector_set_hex(row, "request_hash", escrow->key.request_hash, 32);
    set(row, "amount", escrow->amount);
    set(row, "state", escrow->state);
    return row;
}

static json_t *describe_pledge(const struct crux_game_pledge *pledge) {
    json_t *row = json_object();
    crux_vector_set_hex(row, "account", pledge->key.b, 20);
    set(row, "amount", pledge->amount);
    set(row, "total", pledge->total);
    set(row, "open", pledge->open);
    if (pledge->leaving) set(row, "leaving_at", pledge->leaving_at);
    return row;
}

static json_t *describe_promise(const struct crux_game_promise *promise) {
    json_t *row = json_object();
    crux_vector_set_hex(row, "receipt", promise->key, 32);
    crux_vector_set_hex(row, "executor", promise->executor.b, 20);
    crux_vector_set_hex(row, "holder", promise->holder.b, 20);
    set(row, "state", promise->state);
    set(row, "answer_by", promise->answer_by);
    set(row, "penalty", promise->penalty);
    return row;
}

static json_t *describe_value(const struct crux_game_chain *chain) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "pledges",
                     (json_int_t)chain->pledges, "deposited", (json_int_t)chain->deposited,
                     "balances", (json_int_t)chain->balances, "bonds", (json_int_t)chain->bonds,
                     "stakes", (json_int_t)chain->stakes, "fees", (json_int_t)chain->fees, "burned",
                     (json_int_t)chain->burned, "withdrawn", (json_int_t)chain->withdrawn);
}

json_t *game_state(const struct crux_game *game, const void *memory, uint64_t now) {
    static struct entries entries;
    uint8_t hash[32];
    json_t *accounts = json_array(), *claims = json_array(), *disputes = json_array(),
           *escrows = json_array(), *pledges = json_array(), *promises = json_array(),
           *state = json_object();
    entries.count = 0;
    crux_game_memory_walk(memory, collect, &entries);
    qsort(entries.entry, entries.count, sizeof *entries.entry, by_key);
    for (size_t i = 0; i < entries.count; i++) {
        const void *record = entries.entry[i].record;
        enum crux_game_table table = entries.entry[i].table;
        if (table == CRUX_TABLE_CHAIN) crux_vector_set(state, "value", describe_value(record));
        if (table == CRUX_TABLE_ACCOUNT)
            (void)json_array_append_new(accounts, describe_account(record));
        if (table == CRUX_TABLE_CLAIM)
            (void)json_array_append_new(claims, describe_claim(game, record, now));
        if (table == CRUX_TABLE_DISPUTE)
            (void)json_array_append_new(disputes, describe_dispute(game, record));
        if (table == CRUX_TABLE_ESCROW)
            (void)json_array_append_new(escrows, describe_escrow(record));
        if (table == CRUX_TABLE_PLEDGE)
            (void)json_array_append_new(pledges, describe_pledge(record));
        if (table == CRUX_TABLE_PROMISE)
            (void)json_array_append_new(promises, describe_promise(record));
    }
    hash_records(hash, &entries);
    crux_vector_set(state, "accounts", accounts);
    crux_vector_set(state, "claims", claims);
    crux_vector_set(state, "disputes", disputes);
    crux_vector_set(state, "escrows", escrows);
    crux_vector_set(state, "pledges", pledges);
    crux_vector_set(state, "promises", promises);
    crux_vector_set_hex(state, "records", hash, 32);
    return state;
}
