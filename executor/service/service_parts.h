/* What the files of the service share. All of it is the main thread's but where said.
 *
 *   service.c   opens, runs, drains, closes
 *   api.c       routes; who may ask
 *   answer.c    one request for text: from its body to its last byte
 *   mailbox.c   news of the compute thread and of the ledger's for the main thread
 *   ledger.c    what waits for the disk: promises and settlement, on a thread of its own
 *   receipts.c  what is promised, kept and defended
 *   seen.c      what the main thread sees of that
 *   traces.c    runs computed again for whoever doubts
 *   figures.c   /metrics, /healthz */
#ifndef CRUX_EXECUTOR_SERVICE_SERVICE_PARTS_H
#define CRUX_EXECUTOR_SERVICE_SERVICE_PARTS_H

#include <pthread.h>

#include "chain-adapter/io/http_server.h"
#include "executor/service/api_keys.h"
#include "executor/service/batch/batcher.h"
#include "executor/service/config.h"
#include "executor/service/metrics.h"
#include "executor/service/models.h"

struct event;
struct crux_key;
struct event_base;
struct answer;
struct answer_choice;
struct receipts;
struct trace_job;

/* ---- mailbox: what the compute thread leaves for the main thread ---- */

struct mailbox {
    pthread_mutex_t lock;
    struct answer *first, *last; /* those with news, each once */
    struct trace_job *traces;    /* questions that are answered */
    int wake;                    /* an eventfd */
    struct event *event;
    struct crux_histogram to_first, between; /* seconds to the first token, and between tokens */
};

/* ---- ledger: what waits for the disk ---- */

struct ledger {
    pthread_mutex_t held; /* by whoever uses what receipts.c opens: store, chain, settlement */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;  /* by the monotonic clock */
    struct answer_choice *first, *last; /* whose receipts are asked for */
    bool closing;
    bool started;
    pthread_t thread;
};

struct service {
    const struct crux_service_config *config;
    struct event_base *base;
    struct crux_http_server *http;
    struct crux_models models;
    struct crux_batcher *batcher;
    struct crux_api_keys keys;
    struct mailbox mailbox;
    struct ledger ledger;
    const struct crux_key *key;     /* NULL: without a chain */
    struct receipts *receipts;      /* likewise */
    unsigned answers, traces;       /* that are not freed yet */
    struct trace_job *newest_trace; /* of these */
    unsigned choices;               /* of these answers */
    struct crux_metrics_requests requests;
    uint64_t prompt_tokens, completion_tokens;
    bool draining;
    int lock_fd; /* of the data folder, -1 without one */
};

/* Returns: CRUX_E_IO, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status mailbox_open(struct mailbox *mailbox, struct service *service);
void mailbox_close(struct mailbox *mailbox);
/* Any thread. The answer must not be freed before it was taken. */
void mailbox_put(struct mailbox *mailbox, struct answer *answer);
void mailbox_put_trace(struct mailbox *mailbox, struct trace_job *job);
/* Hands all news to answer_news and trace_news. */
void mailbox_take(struct service *service);

/* Starts the thread; without a chain there is none.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status ledger_open(struct service *service);
/* Ends the thread, once everything that was asked for is settled. */
void ledger_close(struct service *service);
/* Has a choice's receipt made and kept, many with one write to the disk; then there is news of its answer. Without a chain
 * that is done at once, without news.  In: a choice whose run is over. */
void ledger_promise(struct service *service, struct answer_choice *choice);
/* Around everything of receipts.c but receipts_may_accept, on any thread: the thread may be writing, or wait for the chain
 * for long. */
void ledger_hold(struct service *service);
void ledger_release(struct service *service);

/* ---- answers ---- */

/* Handlers of the two routes. */
void answer_chat(void *ctx, struct crux_http_exchange *exchange);
void answer_completion(void *ctx, struct crux_http_exchange *exchange);
/* Looks at what is new of it, asks for receipts of what is over, and says what may be said; may free it. */
void answer_news(struct answer *answer);
/* The mailbox's link. */
struct answer **answer_link(struct answer *answer);
/* Whether it lies in the mailbox; the mailbox's lock is held. */
bool *answer_in_mailbox(struct answer *answer);

/* ---- traces ---- */

void traces_shape(void *ctx, struct crux_http_exchange *exchange);
void traces_nodes(void *ctx, struct crux_http_exchange *exchange);
void traces_leaves(void *ctx, struct crux_http_exchange *exchange);
void traces_pages(void *ctx, struct crux_http_exchange *exchange);
void traces_records(void *ctx, struct crux_http_exchange *exchange);
void traces_proof(void *ctx, struct crux_http_exchange *exchange);
/* Sends what was asked for, and frees it. */
void trace_news(struct trace_job *job);
/* The mailbox's link. */
struct trace_job **trace_link(struct trace_job *job);

/* ---- api ---- */

extern const struct crux_http_route api_routes[];
extern const unsigned api_route_count;
void api_seen(void *ctx, const struct crux_http_seen *seen);
char *api_problem(void *ctx, const struct crux_http_problem_row *row);
void api_fail(struct crux_http_exchange *exchange, const struct crux_openai_error *error);
/* In: object, stolen; NULL: memory ran out. */
void api_answer(struct crux_http_exchange *exchange, int status, json_t *object);
/* Returns: the name of the key; "" if there are no keys; NULL if the exchange was refused. */
const char *api_owner(struct service *service, struct crux_http_exchange *exchange);

/* ---- figures ---- */

void figures_metrics(void *ctx, struct crux_http_exchange *exchange);
void figures_health(void *ctx, struct crux_http_exchange *exchange);

/* ---- receipts ---- */

/* Out: service->receipts, where the configuration names a chain; message, on failure. */
CRUX_MUST_CHECK
enum crux_status receipts_open(struct service *service, char *message, size_t most);
void receipts_close(struct service *service);
/* What is due, a few times a second. */
void receipts_tick(struct service *service);
/* Ends the thread that computes again; its last news are in the mailbox then. */
void receipts_stop(struct service *service);
/* What is promised between the two is on the disk, all of it, if the second returns true; else none of it is. */
void receipts_begin(struct service *service);
bool receipts_keep(struct service *service);
/* Before a planned end.  Returns: whether everything that is promised is posted, or there is no chain. */
bool receipts_drained(struct service *service);
/* As of the ledger's last tick, on the loop, which does not hold the ledger for it. */
void receipts_metrics(struct service *service, struct crux_metrics_text *out);
/* The same.  Out: trouble, what stands in the way of promising.  Returns: whether anything does. */
CRUX_MUST_CHECK
bool receipts_trouble(struct service *service, char *trouble, size_t most);

#endif
