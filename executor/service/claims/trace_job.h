/* A question about a trace, as traces.c and traces_question.c share it. */
#ifndef CRUX_EXECUTOR_SERVICE_CLAIMS_TRACE_JOB_H
#define CRUX_EXECUTOR_SERVICE_CLAIMS_TRACE_JOB_H

#include "executor/service/claims/claims.h"
#include "executor/service/defend/archives.h"

enum {
    TRACE_NODES_MAX = 65536,
    TRACE_BYTES_MAX = 32 << 20, /* of an answer */
    TRACE_PROOF_LEAVES_MAX = 256
};

enum trace_what { TRACE_NODES, TRACE_PAGES, TRACE_RECORDS, TRACE_PROOF };

struct trace_job {
    struct trace_job *next; /* the mailbox's */
    struct trace_job *newer, *older;
    struct service *service;
    struct crux_http_exchange *exchange; /* NULL: gone */
    const struct crux_program *program;
    struct claims_asker asker;
    enum trace_what what;
    struct crux_tree_id tree;
    unsigned level;
    uint64_t from, count;
    uint64_t leaves[TRACE_PROOF_LEAVES_MAX];
    size_t leaf_count;
    enum crux_status status;
    uint8_t *bytes;
    size_t len;
};

/* Out: number, of a parameter of the question.  Returns: false if it was refused. */
bool trace_read_number(uint64_t *number, struct crux_http_exchange *exchange, const char *name,
                       uint64_t otherwise, uint64_t most);
/* Out: what is asked for.  In: job, with what kind of question it is.  Returns: false if it was refused. */
bool trace_read_question(struct trace_job *job, struct crux_http_exchange *exchange);
/* What can be told before anything is computed: that the answer is too long, or that there is no such step.
 * Returns: false if that was answered. */
bool trace_is_answerable(const struct trace_job *job, struct crux_http_exchange *exchange,
                         const struct crux_claim *claim);
/* Returns: bytes that its answer may take. */
size_t trace_room(const struct trace_job *job);
void trace_fail(struct crux_http_exchange *exchange, enum crux_status status);

#endif
