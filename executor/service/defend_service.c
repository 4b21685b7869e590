/* Defence as a part of the service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/local/local.h"
#include "executor/service/defend.h"
#include "executor/service/log.h"
#include "executor/service/receipts.h"

enum { TICKS_A_SECOND = 4 /* of the service */ };

struct defence {
    struct crux_defend *defend;
    unsigned ticks;
    uint64_t false_promises, missed; /* as logged */
    enum crux_status status;         /* of the last tick */
};

/* On the archives' thread. */
static enum crux_status open_chain(void *ctx, struct crux_chain *chain) {
    static const struct crux_chain_local_verifier verifier = {.verify = crux_keys_verify};
    const struct service *service = ctx;
    return crux_chain_local_open(chain, strchr(service->config->chain, ':') + 1, &verifier);
}

static enum crux_status fail(enum crux_status status, char *message, size_t most) {
    (void)snprintf(message, most, "the defence of claims: %s", crux_status_text(status));
    return status;
}

enum crux_status defence_open(struct service *service, char *message, size_t most) {
    struct crux_archives_model models[CRUX_MODELS_MAX];
    const struct crux_archives_options options = {.bytes_max = service->config->archive_bytes};
    struct crux_defend_options defend = {.open = open_chain, .ctx = service};
    if (service->receipts == NULL) return CRUX_OK;
    service->defence = calloc(1, sizeof *service->defence);
    if (service->defence == NULL) return fail(CRUX_E_OUT_OF_MEMORY, message, most);
    for (unsigned i = 0; i < service->models.count; i++)
        models[i] = crux_archives_model_of(&service->models.model[i].loaded);
    defend.account = service->key->account;
    enum crux_status status =
        crux_archives_open(&service->archives, models, service->models.count, &options);
    if (status == CRUX_OK)
        status = crux_defend_open(&service->defence->defend, service->archives, &defend);
    return status == CRUX_OK ? status : fail(status, message, most);
}

/* Before the store is closed. */
void defence_close(struct service *service) {
    crux_archives_close(service->archives);
    service->archives = NULL;
    if (service->defence == NULL) return;
    crux_defend_close(service->defence->defend);
    free(service->defence);
    service->defence = NULL;
}

/* What a person should hear of. */
static void report(struct defence *defence) {
    struct crux_defend_figures figures;
    crux_defend_figures(defence->defend, &figures);
    if (figures.false_promises > defence->false_promises)
        crux_log(CRUX_LOG_ERROR, NULL,
                 "a run that is disputed came out otherwise than promised: look at this machine");
    if (figures.missed > defence->missed)
        crux_log(CRUX_LOG_ERROR, NULL, "a dispute was not answered in time");
    if (figures.status != CRUX_OK && defence->status == CRUX_OK)
        crux_log(CRUX_LOG_WARNING, NULL, "a dispute is not answered yet: %s", figures.trouble);
    defence->false_promises = figures.false_promises;
    defence->missed = figures.missed;
    defence->status = figures.status;
}

void defence_tick(struct service *service) {
    struct defence *defence = service->defence;
    if (defence == NULL || defence->ticks++ % TICKS_A_SECOND != 0) return;
    enum crux_status status = crux_defend_tick(defence->defend, service->receipts->store);
    if (status != CRUX_OK)
        crux_log(CRUX_LOG_ERROR, NULL, "disputes cannot be read: %s", crux_status_text(status));
    report(defence);
}

void defence_metrics(struct service *service, struct crux_metrics_text *out) {
    struct crux_defend_figures defend;
    struct crux_archives_figures archives;
    if (service->defence == NULL) return;
    crux_defend_figures(service->defence->defend, &defend);
    crux_archives_figures(service->archives, &archives);
    const struct {
        const char *name, *kind, *help;
        double value;
    } rows[] = {
        {"crux_defence_claims", "gauge", "Claims that are contested.", (double)defend.cases},
        {"crux_defence_due", "gauge", "Disputes that wait for a move of ours.", defend.due},
        {"crux_defence_deadline_seconds", "gauge",
         "The earliest of their deadlines, by the chain's clock; 0: none.",
         (double)defend.deadline},
        {"crux_defence_moves_total", "counter", "Moves in disputes.", (double)defend.moves},
        {"crux_defence_refused_total", "counter", "Of them, not made.", (double)defend.refused},
        {"crux_defence_late_total", "counter", "Made after half of the clock was gone.",
         (double)defend.late},
        {"crux_defence_missed_total", "counter", "Looks at disputes that it was too late for.",
         (double)defend.missed},
        {"crux_defence_false_promises_total", "counter",
         "Runs that came out otherwise than promised.", (double)defend.false_promises},
        {"crux_archives_waiting", "gauge", "Runs asked for.", archives.waiting},
        {"crux_archives_kept", "gauge", "Runs kept.", archives.kept},
        {"crux_archives_bytes", "gauge", "Of those.", (double)archives.bytes},
        {"crux_archives_made_total", "counter", "Runs made again.", (double)archives.made},
        {"crux_archives_seconds_total", "counter", "Time that took.", archives.seconds}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(rows); i++) {
        crux_metrics_family(out, rows[i].name, rows[i].kind, rows[i].help);
        crux_metrics_value(out, rows[i].name, NULL, rows[i].value);
    }
}
