/* What the service promises with its answers: key, chain, store and settlement; of one thread at a time (ledger_hold). */
#ifndef CRUX_EXECUTOR_SERVICE_CLAIMS_RECEIPTS_H
#define CRUX_EXECUTOR_SERVICE_CLAIMS_RECEIPTS_H

#include <stdatomic.h>

#include "executor/service/claims/allowance.h"
#include "executor/service/defend/defend.h"
#include "executor/service/service_parts.h"
#include "executor/service/settle/settle.h"

/* What the loop sees of them, which does not hold the ledger. */
struct receipts_seen {
    pthread_mutex_t lock; /* of what follows; held to copy it, never while anything is waited for */
    struct crux_text figures;                /* lines of /metrics */
    char trouble[CRUX_SETTLE_TROUBLE_BYTES]; /* "": none */
    double at;                               /* crux_seconds, of the last tick */
    double collect_at; /* the same: figures are not collected before; the ledger's alone */
};

struct receipts {
    const struct crux_key *key;
    struct crux_chain chain; /* ops NULL: not open */
    struct crux_store *store;
    struct crux_settle *settle;
    struct crux_archives *archives;
    struct crux_defend *defend;
    struct crux_allowance allowance;    /* of whoever asks about claims and traces; the loop's */
    const char *path;                   /* of the chain */
    uint32_t cases;                     /* contested, as last said */
    uint64_t false_promises;            /* likewise */
    struct crux_settle_pledged pledged; /* likewise */
    bool grouping, grouped;             /* what is promised is written together; a group is open */
    unsigned ticks;
    enum crux_status status; /* of the store: other than CRUX_OK, nothing may be promised */
    _Atomic int
        seen_status; /* the same, and claims that bonds are left for, for whoever does not hold the rest */
    _Atomic uint64_t seen_room;
    struct receipts_seen seen;
    bool draining;
    uint64_t left; /* promised and not posted, as last seen while draining */
};

/* What is known from earlier processes is not logged again, but for what is still to be done. */
void receipts_know_pledged(struct receipts *receipts);
/* Logs what has changed about the pledge and the calls of receipts. */
void receipts_say_pledged(struct receipts *receipts);
void receipts_pledged_metrics(struct receipts *receipts, struct crux_metrics_text *out);

/* Returns: false without memory. */
CRUX_MUST_CHECK
bool receipts_seen_open(struct receipts_seen *seen);
void receipts_seen_close(struct receipts_seen *seen);
/* Shows the loop what has come of a tick.  In: receipts, of whoever holds the ledger. */
void receipts_show(struct receipts *receipts);

/* Returns: a run's receipt as JSON, with its place on the chain once it has one; NULL without memory. */
json_t *receipt_document(const struct crux_store_run *run);

#endif
