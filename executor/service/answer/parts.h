/* What the files of an answer share.
 *
 *   answer.c         from the body to the batcher, and how it ends
 *   whole.c   one JSON object
 *   stream.c  server-sent events */
#ifndef CRUX_EXECUTOR_SERVICE_ANSWER_PARTS_H
#define CRUX_EXECUTOR_SERVICE_ANSWER_PARTS_H

#include "executor/service/answer/text.h"
#include "executor/service/openai/reply.h"
#include "executor/service/service_parts.h"

enum { ANSWER_ID_BYTES = 48 };

struct answer_choice {
    struct answer *answer;
    uint32_t index, prompt;
    uint64_t id; /* of the batcher */

    /* under the answer's lock */
    struct crux_answer_text text;
    enum crux_status status; /* of the text */
    uint32_t token_count;
    struct crux_openai_entry *entries;
    size_t entry_count, entry_cap;
    struct crux_batcher_result *result; /* NULL: it runs; else outcome */
    struct crux_batcher_result outcome;
    size_t sent;  /* bytes of the text */
    bool settled; /* the ledger is through with it: what it has left behind is the main thread's */

    /* the ledger's, from asked to settled */
    struct answer_choice *next;
    bool failed; /* nothing is promised, as error says */
    struct crux_openai_error error;
    json_t *document; /* what goes under "crux" */

    double last_seconds; /* the compute thread's: when its last token came, or it was asked */

    /* the main thread's */
    size_t entries_sent;
    bool asked;         /* for its receipt */
    const char *reason; /* why it ended, once it was asked for */
    const char *finish; /* the same, once it may be said; NULL: not yet */
    bool finished;      /* and that was said in the stream */
};

struct answer {
    struct service *service;
    struct crux_http_exchange *exchange; /* NULL: nobody waits for it */
    struct crux_openai_request request;
    char id[ANSWER_ID_BYTES], owner[CRUX_API_KEY_NAME_BYTES];
    time_t created;
    uint32_t model_index;
    const struct crux_served_model *model;
    struct crux_tokens prompts[CRUX_OPENAI_PROMPTS_MAX];
    size_t prompt_count;
    uint8_t seed[32];
    struct answer_choice *choices;
    uint32_t choice_count, submitted;
    bool begun; /* the stream */
    const char *retry_after;

    pthread_mutex_t lock;
    struct answer *link; /* the mailbox's, under its lock */
    bool in_mailbox;
};

/* Answers with an error, in the stream if that has begun; nobody waits from then on. */
void answer_fail(struct answer *answer, const struct crux_openai_error *error);
/* The exchange is gone by itself. */
void answer_lost(struct answer *answer);

/* Returns: how many of a choice's entries are about its text: not the stop token, nor what a stop string cut off. */
size_t answer_entries(const struct answer_choice *choice);

struct crux_openai_head answer_head(const struct answer *answer);
json_t *answer_usage(struct answer *answer);

void answer_whole(struct answer *answer);

void answer_stream_begin(struct answer *answer);
void answer_stream_news(struct answer *answer);
void answer_stream_fail(struct crux_http_exchange *exchange, const struct crux_openai_error *error);

/* May another request be accepted, as far as bonds go? */
CRUX_MUST_CHECK
bool receipts_may_accept(struct answer *answer, struct crux_openai_error *error);
/* Fills choice->document: with a receipt, if there is a chain, held then.  In: a choice whose run is over. */
CRUX_MUST_CHECK
bool receipts_promise(struct answer *answer, struct answer_choice *choice,
                      struct crux_openai_error *error);

#endif
