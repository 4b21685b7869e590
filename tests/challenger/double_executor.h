/* An executor for tests of those who watch executors: it runs requests, honestly or with a lie, settles, serves what it
 * is told to serve over HTTP on 127.0.0.1, and defends itself by the solver. No part of the product. */
#ifndef CRUX_TESTS_CHALLENGER_DOUBLE_EXECUTOR_H
#define CRUX_TESTS_CHALLENGER_DOUBLE_EXECUTOR_H

#include <pthread.h>
#include <stdbool.h>

#include "chain-adapter/chain.h"
#include "chain-adapter/io/http_server.h"
#include "executor/engine/engine.h"

enum double_lie {
    DOUBLE_HONEST,
    DOUBLE_TOKEN,  /* another token in the output */
    DOUBLE_OUTPUT, /* an output root of nothing */
    DOUBLE_LAYER,  /* an element of a tensor in layer 1 */
    DOUBLE_STALE,  /* the trace of another request */
    DOUBLE_MODEL,  /* computed with another model's weights */
    DOUBLE_LEAF,   /* a trace leaf of nothing */
    DOUBLE_COUNT,  /* one more request token than there are */
    DOUBLE_EARLY,  /* a token less than the request gives */
    DOUBLE_LIES
};
extern const char *const double_lie_names[DOUBLE_LIES];

enum { DOUBLE_CLAIMS_MAX = 256, DOUBLE_TOKENS_MAX = 64 };

/* What is wrong with the records and leaves that it serves. */
enum double_serving {
    DOUBLE_SERVES_TRULY,
    DOUBLE_SERVES_OTHERS, /* a bit of a record is another */
    DOUBLE_SERVES_SHORT,  /* a byte is missing */
    DOUBLE_SERVES_LONG,   /* a byte is added */
    DOUBLE_SERVES_LEAVES  /* a bit of a leaf is another */
};

struct double_claim {
    enum double_lie lie;
    struct crux_archive *archive;
    struct crux_archive_provider provider;
    uint8_t hash[32];
    uint32_t tokens[DOUBLE_TOKENS_MAX], other_tokens[DOUBLE_TOKENS_MAX];
    uint8_t request[CRUX_REQUEST_BYTES]; /* of the claim */
    struct crux_claim_id id;             /* once it is on the chain */
    bool is_settled;
    uint32_t lied_op; /* of DOUBLE_LAYER */
    struct crux_lie planted;
};

struct double_batch {
    uint8_t root[32];
    uint32_t first, count; /* claims */
};

struct double_executor {
    struct crux_engine_loaded loaded,
        other; /* other: with false weights; opened if a lie needs it */
    struct crux_committed_model committed;
    struct crux_account account;
    struct double_claim claim[DOUBLE_CLAIMS_MAX];
    uint32_t count;
    struct double_batch batch[DOUBLE_CLAIMS_MAX];
    uint32_t batch_count;
    char other_path[300];
    /* what it serves; may be changed at any time */
    volatile bool serves_batches, serves_claims, serves_traces;
    volatile bool is_busy;               /* whoever asks for traces is to come again in a second */
    volatile unsigned slow_milliseconds; /* before it answers about traces */
    volatile size_t answer_most;         /* bytes of records in an answer; 0: any */
    volatile unsigned too_large;         /* refused for that */
    volatile bool garbles;               /* serves the contents of another claim */
    volatile bool hides_output;          /* serves claims without their output */
    volatile enum double_serving serving;
    const char *volatile wants; /* whole Authorization, or nothing is served; NULL: anybody */
    volatile unsigned asked;    /* requests so far, */
    volatile unsigned traces;   /* and those for traces */
    /* HTTP, on a thread of its own; archives are used under the lock */
    pthread_mutex_t lock;
    pthread_t thread;
    struct event_base *base;
    struct crux_http_server *server;
    bool is_listening;
    int wake[2];
    char url[64];
};

/* Any failure of these stops the process, unless said otherwise. */
void double_open(struct double_executor *d, const char *model, const char *other_model,
                 const char *account);
void double_close(struct double_executor *d);
/* Serves at d->url from now on. */
void double_listen(struct double_executor *d, unsigned port);

/* Registers the model; brings money, too. */
void double_register(struct double_executor *d, struct crux_chain *chain);
void double_join(struct double_executor *d, struct crux_chain *chain, uint64_t amount);
/* Runs a request.  In: seed, of its tokens.  Returns: the claim's number. */
uint32_t double_run(struct double_executor *d, uint64_t seed, enum double_lie lie);
/* Settles claims first .. first+count-1 as one batch, or posts one with everything. */
void double_settle(struct double_executor *d, struct crux_chain *chain, uint32_t first,
                   uint32_t count, const struct crux_account *requester);
void double_post(struct double_executor *d, struct crux_chain *chain, uint32_t number);
void double_show(struct double_executor *d, struct crux_chain *chain, uint32_t number);
/* Makes the moves that are due in its disputes and demands.  Returns: how many. */
unsigned double_defend(struct double_executor *d, struct crux_chain *chain);

#endif
