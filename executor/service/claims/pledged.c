/* What is said of the pledge, and of receipts that somebody calls: in the log and in figures. */
#include "executor/service/claims/receipts.h"
#include "executor/service/log.h"

static unsigned long long n(uint64_t number) {
    return number;
}

static void say_calls(const struct crux_settle_pledged *now,
                      const struct crux_store_call_figures *before) {
    const struct crux_store_call_figures *calls = &now->calls;
    if (calls->open > before->open)
        crux_log(
            CRUX_LOG_WARNING, NULL,
            "%llu receipts are called on the chain, the first to be answered by %llu, in %lld s",
            n(calls->open), n(calls->answer_by),
            (long long)calls->answer_by - (long long)now->chain_time);
    if (calls->strange > before->strange)
        crux_log(CRUX_LOG_ERROR, NULL,
                 "%llu of the called receipts are not in this store: nothing here can keep them, "
                 "and each costs %llu of the pledge",
                 n(calls->strange), n(now->penalty));
    if (calls->kept > before->kept)
        crux_log(CRUX_LOG_INFO, NULL, "%llu calls kept", n(calls->kept - before->kept));
    if (calls->missed > before->missed)
        crux_log(CRUX_LOG_ERROR, NULL, "%llu calls were not answered in time", n(calls->missed));
    if (calls->lapsed > before->lapsed)
        crux_log(CRUX_LOG_ERROR, NULL, "%llu promises are broken for good; %llu of the pledge left",
                 n(calls->lapsed), n(now->pledge));
}

void receipts_know_pledged(struct receipts *receipts) {
    struct crux_settle_pledged now;
    if (crux_settle_pledged(receipts->settle, &now) != CRUX_OK) return;
    receipts->pledged.calls.kept = now.calls.kept;
    receipts->pledged.calls.missed = now.calls.missed;
    receipts->pledged.calls.lapsed = now.calls.lapsed;
}

void receipts_say_pledged(struct receipts *receipts) {
    const struct crux_settle_pledged before = receipts->pledged;
    struct crux_settle_pledged *now = &receipts->pledged;
    if (crux_settle_pledged(receipts->settle, now) != CRUX_OK) { /* said of the store anyway */
        *now = before;
        return;
    }
    if (now->pledge > before.pledge)
        crux_log(CRUX_LOG_INFO, NULL, "%llu are pledged for receipts", n(now->pledge));
    if (now->pledge < before.pledge)
        crux_log(CRUX_LOG_WARNING, NULL, "the pledge went from %llu to %llu", n(before.pledge),
                 n(now->pledge));
    if (now->pledge_missing > before.pledge_missing)
        crux_log(CRUX_LOG_WARNING, NULL,
                 "%llu are still to be pledged: the balance does not hold them beside the bonds, "
                 "those of one more batch (--batch-count) or --withdraw-above among them",
                 n(now->pledge_missing));
    if (now->pledge_free_at != before.pledge_free_at && now->pledge_free_at != 0)
        crux_log(CRUX_LOG_INFO, NULL,
                 "the pledge leaves, and is free behind %llu of the chain's clock",
                 n(now->pledge_free_at));
    if (now->payee_differs && !before.payee_differs)
        crux_log(
            CRUX_LOG_WARNING, NULL,
            "the account's payee on the chain is not the one that is set: nothing is withdrawn "
            "until that payee names this one");
    say_calls(now, &before.calls);
}

void receipts_pledged_metrics(struct receipts *receipts, struct crux_metrics_text *out) {
    struct crux_settle_pledged now;
    if (crux_settle_pledged(receipts->settle, &now) != CRUX_OK) return;
    const struct crux_store_call_figures *calls = &now.calls;
    const struct {
        const char *name, *labels, *help;
        double value;
    } rows[] = {{"crux_pledge", NULL, "Pledged for receipts.", (double)now.pledge},
                {"crux_pledge_missing", NULL, "Still to be pledged: the balance does not hold it.",
                 (double)now.pledge_missing},
                {"crux_pledge_leaving", NULL, "1: it leaves.", now.pledge_free_at != 0},
                {"crux_call_seconds_left", NULL, "To the end of the first open call; 0: none.",
                 calls->answer_by == 0 ? 0 : (double)calls->answer_by - (double)now.chain_time},
                {"crux_calls_strange", NULL, "Open calls of receipts that are not kept here.",
                 (double)calls->strange},
                {"crux_calls", "state=\"open\"",
                 "Receipts that were called, as far as kept, by state.", (double)calls->open},
                {"crux_calls", "state=\"kept\"", NULL, (double)calls->kept},
                {"crux_calls", "state=\"missed\"", NULL, (double)calls->missed},
                {"crux_calls", "state=\"lapsed\"", NULL, (double)calls->lapsed}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(rows); i++) {
        if (rows[i].help != NULL) crux_metrics_family(out, rows[i].name, "gauge", rows[i].help);
        crux_metrics_value(out, rows[i].name, rows[i].labels, rows[i].value);
    }
}
