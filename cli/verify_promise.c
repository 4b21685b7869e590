/* What the promise of a receipt has come to, and what its holder can do about it.   spec/85-receipts.md#checking-one */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verify.h"

/* spec/70-game.md#receipts: "A receipt is covered by a pledge that is not leaving, if its deadline is less than
 * leave_seconds away; or by one that leaves, if the deadline is before it can be taken out." */
static bool is_covered(const struct crux_game_pledge *pledge, uint64_t deadline, uint64_t now,
                       uint32_t leave_seconds) {
    if (pledge->amount == 0) return false;
    return pledge->leaving ? deadline < pledge->leaving_at : deadline < now + leave_seconds;
}

static void of_call(struct crux_cli_promise *out, const struct crux_game_promise *called,
                    uint64_t now) {
    switch ((enum crux_promise_state)called->state) {
    case CRUX_PROMISE_KEPT: out->state = CRUX_CLI_PROMISE_KEPT; return;
    case CRUX_PROMISE_BROKEN: out->state = CRUX_CLI_PROMISE_BROKEN; return;
    case CRUX_PROMISE_OPEN: break;
    }
    out->state = now > called->answer_by ? CRUX_CLI_PROMISE_UNANSWERED : CRUX_CLI_PROMISE_CALLED;
    out->until = called->answer_by;
}

enum crux_status crux_cli_verify_promise(struct crux_cli_promise *out,
                                         const struct crux_challenger_receipt *receipt,
                                         const struct crux_game_batch *batch,
                                         const struct crux_game *game, uint64_t now) {
    const struct crux_receipt *fields = &receipt->fields;
    struct crux_account executor;
    struct crux_game_chain chain;
    struct crux_game_pledge pledge;
    struct crux_game_promise called;
    memcpy(executor.b, fields->executor, sizeof executor.b);
    enum crux_status status = crux_game_get_chain(game, &chain);
    if (status == CRUX_OK) status = crux_game_get_pledge(game, &executor, &pledge);
    if (status != CRUX_OK) return status;
    uint64_t callable = fields->deadline + chain.parameters.window_seconds;
    out->pledge = pledge.amount;
    out->is_covered = is_covered(&pledge, fields->deadline, now, chain.parameters.leave_seconds);
    status = crux_game_get_promise(game, receipt->id, &called);
    if (status == CRUX_OK) {
        of_call(out, &called, now);
        return CRUX_OK;
    }
    if (status != CRUX_E_NOT_FOUND) return status;
    out->until = now <= fields->deadline ? fields->deadline : callable;
    out->state = batch != NULL && batch->posted_at <= fields->deadline ? CRUX_CLI_PROMISE_KEPT
                 : batch != NULL                                       ? CRUX_CLI_PROMISE_LATE
                 : now <= fields->deadline                             ? CRUX_CLI_PROMISE_DUE
                 : now <= callable                                     ? CRUX_CLI_PROMISE_OVERDUE
                                                                       : CRUX_CLI_PROMISE_EXPIRED;
    return CRUX_OK;
}

static const char *const names[] = {"not asked", "due",    "kept",       "late",  "overdue",
                                    "expired",   "called", "unanswered", "broken"};

json_t *crux_cli_promise_json(const struct crux_cli_promise *promise) {
    bool is_timed = promise->until != 0 && promise->state != CRUX_CLI_PROMISE_KEPT &&
                    promise->state != CRUX_CLI_PROMISE_LATE;
    if (promise->state == CRUX_CLI_PROMISE_NOT_ASKED) return json_null();
    return json_pack("{s:s, s:o, s:I, s:b}", "state", names[promise->state], "until",
                     is_timed ? json_integer((json_int_t)promise->until) : json_null(), "pledge",
                     (json_int_t)promise->pledge, "covered", (int)promise->is_covered);
}

void crux_cli_promise_say(const struct crux_cli_promise *promise) {
    const char *name = names[promise->state];
    switch (promise->state) {
    case CRUX_CLI_PROMISE_NOT_ASKED:
    case CRUX_CLI_PROMISE_KEPT:
    case CRUX_CLI_PROMISE_BROKEN: (void)printf("%-12s %s", "promise", name); break;
    case CRUX_CLI_PROMISE_LATE:
        (void)printf("%-12s late: the claim was posted after the deadline", "promise");
        break;
    case CRUX_CLI_PROMISE_DUE:
        (void)printf("%-12s due until %" PRIu64 " of the chain's clock", "promise", promise->until);
        break;
    case CRUX_CLI_PROMISE_OVERDUE:
        (void)printf("%-12s overdue: ask the executor for the receipt again, with its place; call "
                     "it until %" PRIu64 ":\n%-12s crux chain call FILE ACCOUNT RECEIPT",
                     "promise", promise->until, "");
        break;
    case CRUX_CLI_PROMISE_EXPIRED:
        (void)printf("%-12s expired: it cannot be called any more", "promise");
        break;
    case CRUX_CLI_PROMISE_CALLED:
        (void)printf("%-12s called: its executor may answer until %" PRIu64, "promise",
                     promise->until);
        break;
    case CRUX_CLI_PROMISE_UNANSWERED:
        (void)printf("%-12s unanswered since %" PRIu64 ":\n%-12s crux chain lapse FILE ACCOUNT "
                     "RECEIPT",
                     "promise", promise->until, "");
        break;
    }
    if (promise->state == CRUX_CLI_PROMISE_DUE || promise->state == CRUX_CLI_PROMISE_OVERDUE)
        (void)printf("\n%-12s %" PRIu64 " pledged%s", "", promise->pledge,
                     promise->is_covered ? "" : ", which does not cover it");
    (void)printf("\n");
}
