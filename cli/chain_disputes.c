/* crux chain disputes: who disputes what, and whose turn it is until when. */
#include "chain-adapter/io/json.h"
#include "cli/chain_disputes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/output.h"

enum { OPTION_CLAIM, OPTION_ACCOUNT, OPTION_STAGE, OPTION_OPEN, OPTION_COUNT };

const struct crux_cli_option crux_cli_chain_disputes_options[] = {
    [OPTION_CLAIM] = {.name = "claim",
                      .kind = CRUX_CLI_TEXT,
                      .value = "CLAIM",
                      .help = "only of this claim, BATCH/MEMBER"},
    [OPTION_ACCOUNT] = {.name = "account",
                        .kind = CRUX_CLI_TEXT,
                        .value = "ACCOUNT",
                        .help = "only those that this account has opened, or must answer"},
    [OPTION_STAGE] = {.name = "stage",
                      .kind = CRUX_CLI_TEXT,
                      .value = "STAGE",
                      .help = "only at this stage: queued, reveal, pick, expand, side, element, "
                              "prove, won, lost, refunded"},
    [OPTION_OPEN] = {.name = "open", .help = "only those that are not over"},
    [OPTION_COUNT] = {.name = NULL},
};

uint32_t crux_cli_chain_stage_named(const char *name) {
    for (uint32_t i = CRUX_STAGE_QUEUED; i <= CRUX_STAGE_REFUNDED; i++)
        if (strcmp(name, crux_cli_chain_stage(i)) == 0) return i;
    return 0;
}

/* ---- where they were opened ---- */

struct reading {
    struct crux_cli_chain_openings *openings;
    bool failed;
};

static bool note_opening(void *ctx, const struct crux_chain_event *event) {
    struct reading *reading = ctx;
    struct crux_cli_chain_openings *o = reading->openings;
    if (event->kind != CRUX_MOVE_OPEN) return true;
    if (o->count == o->room) {
        size_t room = o->room == 0 ? 64 : 2 * o->room;
        void *grown = realloc(o->opening, room * sizeof *o->opening);
        reading->failed = grown == NULL;
        if (reading->failed) return false;
        o->opening = grown;
        o->room = room;
    }
    o->opening[o->count++] = event->outcome;
    return true;
}

/* Reads on from where it was; from the beginning, where events have been taken back since. */
static enum crux_status follow(struct crux_cli_chain_openings *openings, struct crux_chain *chain) {
    struct reading reading = {.openings = openings};
    bool reorganised;
    enum crux_status status = chain->ops->events(chain, &openings->cursor, &reorganised, UINT64_MAX,
                                                 note_opening, &reading);
    if (status == CRUX_OK && reorganised) {
        openings->cursor = (struct crux_chain_cursor){0};
        openings->count = 0;
        status = chain->ops->events(chain, &openings->cursor, &reorganised, UINT64_MAX,
                                    note_opening, &reading);
    }
    if (status != CRUX_OK || !reading.failed) return status;
    crux_cli_chain_openings_free(openings); /* the cursor is behind an event that was not noted */
    return CRUX_E_OUT_OF_MEMORY;
}

void crux_cli_chain_openings_free(struct crux_cli_chain_openings *openings) {
    free(openings->opening);
    *openings = (struct crux_cli_chain_openings){.count = 0};
}

/* ---- what has become of them ---- */

struct listing {
    const struct crux_cli_chain_openings *openings;
    const struct crux_cli_chain_filter *filter;
    uint64_t next;
    json_t *list;
};

static bool is_of_claim(const struct crux_claim_id *wanted, const struct crux_claim_id *claim) {
    return wanted == NULL || (wanted->batch == claim->batch && wanted->member == claim->member);
}

static bool is_wanted(const struct crux_cli_chain_filter *filter,
                      const struct crux_game_dispute *dispute,
                      const struct crux_game_batch *batch) {
    const struct crux_account *account = filter->account;
    if (filter->stage != 0 && dispute->stage != filter->stage) return false;
    if (filter->open && dispute->stage >= CRUX_STAGE_WON) return false;
    return account == NULL || memcmp(account, &dispute->challenger, sizeof *account) == 0 ||
           memcmp(account, &batch->executor, sizeof *account) == 0;
}

static json_t *describe(const struct crux_game_dispute *dispute,
                        const struct crux_game_batch *batch, bool fallen, uint64_t now) {
    static const char *const turns[] = {"executor", "challenger", "nobody"};
    json_t *object = crux_cli_chain_json_dispute(dispute);
    uint64_t deadline = crux_game_deadline(dispute);
    bool over = fallen || dispute->stage >= CRUX_STAGE_WON, runs = !over && deadline != UINT64_MAX;
    json_t *more =
        json_pack("{s:I, s:I, s:o, s:s, s:b, s:b}", "batch", (json_int_t)dispute->key.batch,
                  "member", (json_int_t)dispute->key.member, "executor",
                  crux_json_of_bytes(batch->executor.b, sizeof batch->executor.b), "turn",
                  turns[runs ? crux_game_turn(dispute) : 2], "claim_fallen", (int)fallen, "late",
                  (int)(runs && now > deadline));
    if (object != NULL && more != NULL) (void)json_object_update(object, more);
    json_decref(more);
    return object;
}

static enum crux_status list_one(struct listing *l, const struct crux_game *game,
                                 const struct crux_game_outcome *opening, uint64_t now) {
    struct crux_game_dispute dispute;
    struct crux_game_batch batch;
    struct crux_game_claim claim;
    enum crux_status status =
        crux_game_get_dispute(game, &opening->claim, opening->dispute, &dispute);
    if (status == CRUX_OK) status = crux_game_get_batch(game, opening->claim.batch, &batch);
    if (status == CRUX_OK) status = crux_game_get_claim(game, &opening->claim, &claim);
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK; /* taken back since */
    if (status != CRUX_OK || !is_wanted(l->filter, &dispute, &batch)) return status;
    return json_array_append_new(l->list, describe(&dispute, &batch, claim.fallen != 0, now)) == 0
               ? CRUX_OK
               : CRUX_E_OUT_OF_MEMORY;
}

static enum crux_status list_them(void *ctx, const struct crux_game *game, uint64_t now) {
    struct listing *l = ctx;
    uint64_t looks = 0;
    for (; l->next < l->openings->count; l->next++) {
        const struct crux_game_outcome *opening = &l->openings->opening[l->next];
        if (!is_of_claim(l->filter->claim, &opening->claim)) continue;
        if (json_array_size(l->list) >= l->filter->most || looks++ == l->filter->looks)
            return CRUX_OK;
        enum crux_status status = list_one(l, game, opening, now);
        if (status != CRUX_OK) return status;
    }
    l->next = UINT64_MAX;
    return CRUX_OK;
}

enum crux_status crux_cli_chain_disputes(json_t **list, uint64_t *next,
                                         struct crux_cli_chain_openings *openings,
                                         struct crux_chain *chain,
                                         const struct crux_cli_chain_filter *filter) {
    struct listing l = {
        .openings = openings, .filter = filter, .next = filter->from, .list = json_array()};
    enum crux_status status = l.list == NULL ? CRUX_E_OUT_OF_MEMORY : follow(openings, chain);
    if (status == CRUX_OK) status = chain->ops->look(chain, list_them, &l);
    if (status != CRUX_OK) json_decref(l.list);
    *list = status == CRUX_OK ? l.list : NULL;
    if (next != NULL) *next = l.next;
    return status;
}

static json_int_t integer(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name) {
    return json_string_value(json_object_get(object, name));
}

static void say(const json_t *list) {
    const json_t *row;
    size_t i;
    (void)printf("%-12s %4s  %-8s  %-10s  %12s  %5s  %12s  %-40s  %s\n", "claim", "disp", "stage",
                 "turn", "deadline", "round", "bond", "challenger", "executor");
    json_array_foreach(list, i, row) {
        char claim[48], deadline[24] = "-";
        (void)snprintf(claim, sizeof claim, "%lld/%lld", (long long)integer(row, "batch"),
                       (long long)integer(row, "member"));
        if (json_is_integer(json_object_get(row, "deadline")))
            (void)snprintf(deadline, sizeof deadline, "%lld%s", (long long)integer(row, "deadline"),
                           json_is_true(json_object_get(row, "late")) ? "!" : "");
        (void)printf("%-12s %4lld  %-8s  %-10s  %12s  %5lld  %12lld  %-40s  %s\n", claim,
                     (long long)integer(row, "number"), text(row, "stage"), text(row, "turn"),
                     deadline, (long long)integer(row, "round"), (long long)integer(row, "bond"),
                     text(row, "challenger"), text(row, "executor"));
    }
}

enum crux_cli_exit crux_cli_run_chain_disputes(const struct crux_cli_call *call) {
    const struct crux_cli_value *option = call->option;
    struct crux_cli_chain_filter filter = {
        .open = option[OPTION_OPEN].given, .most = SIZE_MAX, .looks = UINT64_MAX};
    struct crux_cli_chain_openings openings = {.count = 0};
    struct crux_claim_id claim;
    struct crux_account account;
    struct crux_chain chain;
    json_t *list = NULL;
    if (option[OPTION_CLAIM].given) {
        if (!crux_cli_chain_claim(&claim, option[OPTION_CLAIM].text))
            return crux_cli_fail(call, CRUX_E_USAGE, "'%.100s' is no claim: BATCH/MEMBER",
                                 option[OPTION_CLAIM].text);
        filter.claim = &claim;
    }
    if (option[OPTION_STAGE].given) {
        filter.stage = crux_cli_chain_stage_named(option[OPTION_STAGE].text);
        if (filter.stage == 0)
            return crux_cli_fail(call, CRUX_E_USAGE, "there is no stage '%.100s'",
                                 option[OPTION_STAGE].text);
    }
    enum crux_cli_exit code = CRUX_CLI_OK;
    if (option[OPTION_ACCOUNT].given) {
        code = crux_cli_chain_account(&account, call, option[OPTION_ACCOUNT].text);
        filter.account = &account;
    }
    if (code == CRUX_CLI_OK) code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_cli_chain_disputes(&list, NULL, &openings, &chain, &filter);
    crux_cli_chain_openings_free(&openings);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:O}", "disputes", list));
    else if (status == CRUX_OK)
        say(list);
    json_decref(list);
    return crux_cli_chain_close(&chain, call, status, code);
}
