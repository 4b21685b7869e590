/* What the event loop sees of settlement: figures and trouble as they were after the ledger's last tick. The loop waits for
 * neither the disk nor the chain, so that a slow one delays no stream. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chain-adapter/io/seconds.h"
#include "executor/service/claims/receipts.h"

enum {
    /* To count runs takes longer the more are kept: one part in so many of the ledger's time, but not less often than every
     * so many seconds. */
    FIGURES_SHARE = 20,
    FIGURES_SECONDS = 15,
    /* After which a ledger that has not come round is trouble: it waits for a disk or a chain that does not answer. */
    SILENT_SECONDS = 60
};

bool receipts_seen_open(struct receipts_seen *seen) {
    seen->at = crux_seconds();
    return pthread_mutex_init(&seen->lock, NULL) == 0;
}

void receipts_seen_close(struct receipts_seen *seen) {
    crux_text_free(&seen->figures);
    (void)pthread_mutex_destroy(&seen->lock);
}

/* ---- the ledger's side ---- */

static void collect(struct receipts *receipts, struct crux_metrics_text *out) {
    struct crux_settle_figures figures;
    char labels[64];
    if (crux_settle_figures(receipts->settle, &figures) != CRUX_OK) return;
    crux_metrics_family(out, "crux_claims", "gauge", "Claims kept, by state.");
    for (unsigned state = 1; state < CRUX_STORE_STATES; state++) {
        (void)snprintf(labels, sizeof labels, "state=\"%s\"", crux_store_state_name(state));
        crux_metrics_value(out, "crux_claims", labels, (double)figures.store.runs[state]);
    }
    struct crux_defend_figures defence;
    struct crux_archives_figures archives;
    crux_defend_figures(receipts->defend, &defence);
    crux_archives_figures(receipts->archives, &archives);
    const struct crux_metrics_figure rows[] = {
        {"crux_contested", "gauge", "Claims that somebody contests.", defence.cases},
        {"crux_contested_left_out", "gauge",
         "Of them, beyond the most that are defended at once: they wait.", defence.left_out},
        {"crux_disputes_due", "gauge", "Disputes in which a move of ours is due.", defence.due},
        {"crux_dispute_seconds_left", "gauge", "To the earliest of them; 0: none.",
         defence.deadline == 0 ? 0 : (double)defence.deadline - (double)figures.chain_time},
        {"crux_defence_moves_total", "counter", "Moves in disputes.", (double)defence.moves},
        {"crux_defence_late_total", "counter", "Of those, after half of the clock.",
         (double)defence.late},
        {"crux_defence_missed_total", "counter", "Deadlines seen to have passed.",
         (double)defence.missed},
        {"crux_false_promises_total", "counter", "Runs that came out otherwise than promised.",
         (double)defence.false_promises},
        {"crux_archives_waiting", "gauge", "Questions about traces.", archives.waiting},
        {"crux_archives_bytes", "gauge", "Runs kept for them, about.", (double)archives.bytes},
        {"crux_archives_made_total", "counter", "Runs computed again.", (double)archives.made},
        {"crux_archives_reused_total", "counter", "Questions answered from those kept.",
         (double)archives.reused},
        {"crux_archives_seconds_total", "counter", "That computing again took.", archives.seconds},
        {"crux_chain_moves_total", "counter", "Moves made.", (double)figures.moves},
        {"crux_chain_refused_total", "counter", "Moves that the chain refused.",
         (double)figures.refused},
        {"crux_chain_trouble", "gauge", "1: the last try to settle failed.",
         figures.status != CRUX_OK},
        {"crux_chain_time_seconds", "gauge", "The chain's clock, as last seen.",
         (double)figures.chain_time},
        {"crux_chain_lag_seconds", "gauge", "How far that is behind this machine's clock.",
         (double)time(NULL) - (double)figures.chain_time},
        {"crux_chain_events_total", "counter", "Events of the chain, as last seen.",
         (double)figures.events},
        {"crux_receipts_late_total", "counter", "Receipts whose deadline passed first.",
         (double)figures.late},
        {"crux_balance", "gauge", "Free on the account.", (double)figures.balance},
        {"crux_bond", "gauge", "Of the next claim.", (double)figures.bond},
        {"crux_bonds_owed", "gauge", "Of what is promised and not posted.", (double)figures.owed},
        {"crux_withdrawn_total", "counter", "Taken out.", (double)figures.withdrawn},
        {"crux_batches_posted_total", "counter", "Batches of claims.",
         (double)figures.batches_posted},
        {"crux_claims_shown_total", "counter", "Claims shown.", (double)figures.claims_shown},
        {"crux_demands_met_total", "counter", "Requests published on demand.",
         (double)figures.demands_met},
        {"crux_fees_paid_total", "counter", "Earned from escrows.", (double)figures.fees_paid},
        {"crux_store_bytes", "gauge", "Of the store's file.", (double)figures.store.file_bytes}};
    crux_metrics_figures(out, rows, CRUX_ARRAY_LEN(rows));
    receipts_pledged_metrics(receipts, out);
}

static const char *trouble_of(const struct receipts *receipts) {
    return receipts->status != CRUX_OK ? crux_status_text(receipts->status)
                                       : crux_settle_trouble(receipts->settle);
}

void receipts_show(struct receipts *receipts) {
    struct receipts_seen *seen = &receipts->seen;
    struct crux_metrics_text figures = {.status = CRUX_OK};
    const char *trouble = trouble_of(receipts);
    double began = crux_seconds(), now = began;
    bool collects = began >= seen->collect_at;
    if (collects) {
        collect(receipts, &figures);
        now = crux_seconds();
        double rest = FIGURES_SHARE * (now - began);
        seen->collect_at = now + (rest < FIGURES_SECONDS ? rest : FIGURES_SECONDS);
    }
    (void)pthread_mutex_lock(&seen->lock);
    if (collects && figures.status == CRUX_OK) {
        const struct crux_text before = seen->figures;
        seen->figures = figures.text;
        figures.text = before;
    }
    (void)snprintf(seen->trouble, sizeof seen->trouble, "%s", trouble == NULL ? "" : trouble);
    seen->at = now;
    (void)pthread_mutex_unlock(&seen->lock);
    crux_text_free(&figures.text);
}

/* ---- the loop's side ---- */

void receipts_metrics(struct service *service, struct crux_metrics_text *out) {
    if (service->receipts == NULL) return;
    struct receipts_seen *seen = &service->receipts->seen;
    (void)pthread_mutex_lock(&seen->lock);
    double age = crux_seconds() - seen->at;
    if (out->status == CRUX_OK && seen->figures.len > 0)
        out->status = crux_text_add(&out->text, seen->figures.bytes, seen->figures.len);
    (void)pthread_mutex_unlock(&seen->lock);
    crux_metrics_family(out, "crux_ledger_age_seconds", "gauge",
                        "Since store and chain were last looked at.");
    crux_metrics_value(out, "crux_ledger_age_seconds", NULL, age);
}

bool receipts_trouble(struct service *service, char *trouble, size_t most) {
    trouble[0] = 0;
    if (service->receipts == NULL) return false;
    struct receipts_seen *seen = &service->receipts->seen;
    (void)pthread_mutex_lock(&seen->lock);
    double age = crux_seconds() - seen->at;
    (void)snprintf(trouble, most, "%s", seen->trouble);
    (void)pthread_mutex_unlock(&seen->lock);
    if (trouble[0] == 0 && age > SILENT_SECONDS)
        (void)snprintf(trouble, most, "store or chain have not answered for %.0f s", age);
    return trouble[0] != 0;
}
