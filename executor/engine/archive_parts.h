/* Inside the archive: what archive.c and archive_fast.c share. */
#ifndef CRUX_EXECUTOR_ENGINE_ARCHIVE_PARTS_H
#define CRUX_EXECUTOR_ENGINE_ARCHIVE_PARTS_H

#include "executor/engine/archive.h"

/* A u32 list and its tree. */
struct archive_list {
    struct crux_tensor tensor;
    struct crux_merkle_tree tree;
    uint8_t *bytes;
    void *memory;
};

/* The record of one step. */
struct archive_record {
    struct crux_nested nested;
    void *memory; /* NULL: an inactive step */
};

/* The one step whose tensors are in memory. */
struct archive_step {
    bool open;
    struct crux_step step;
    struct crux_tensor *tensors;
    struct crux_nested nested;
    void *memory;
};

struct crux_archive {
    const struct crux_committed_model *model;
    struct crux_lie lie;
    struct crux_request request;
    uint8_t request_bytes[CRUX_REQUEST_BYTES];
    struct crux_run_request run_request;
    struct crux_run run;
    struct crux_claim claim;
    struct archive_list tokens, output;
    struct archive_record *records; /* of step pos * layers + layer; step_count */
    uint64_t step_count, step_cap;
    uint8_t (*trace_leaf)[32];
    struct crux_merkle_tree trace;
    void *trace_memory;
    struct archive_step open;
    struct crux_step lied; /* the step of a lie about one step, once the engine's run has had it */
};

/* Out: archive, with its request and no records yet; NULL on failure. */
CRUX_MUST_CHECK
enum crux_status archive_begin(struct crux_archive **archive,
                               const struct crux_committed_model *model,
                               const struct crux_archive_request *request,
                               const struct crux_lie *lie);
/* Commits the record of a step.  In: tensors, its stores, count of them, which need not outlive the call. */
CRUX_MUST_CHECK
enum crux_status archive_commit(struct crux_archive *archive, uint32_t pos, uint32_t layer,
                                const struct crux_tensor *tensors, uint32_t count);
/* A step by the law, as this archive's executor would have it.  Same contract as crux_run_step. */
CRUX_MUST_CHECK
enum crux_status archive_compute(const struct crux_archive *archive, struct crux_step *step,
                                 uint32_t pos, uint32_t layer);
/* In: every record committed, every token chosen.  Out: output, claim, trace. */
CRUX_MUST_CHECK
enum crux_status archive_close(struct crux_archive *archive, uint32_t cancelled);

#endif
