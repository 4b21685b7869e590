/* A whole run by the interpreter: every active step in order, every record kept in memory.
 *
 *   request, program, model  --crux_run_all-->  tokens chosen, records of each (pos, layer, store)
 *                                 `-- after each step: hook(step), to commit it or to look at it
 */
#ifndef CRUX_KERNELS_INTERPRETER_RUN_H
#define CRUX_KERNELS_INTERPRETER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/interpreter/interpreter.h"

/* A model's constants in memory. */
struct crux_model_bytes {
    uint8_t *bytes; /* elements of a plain tensor, or tiles in leaf order */
    size_t len;
};
struct crux_model_memory {
    struct crux_model_bytes *tensors; /* count */
    uint32_t count;
};
void crux_model_memory_free(struct crux_model_memory *model);
/* A crux_world's `model` function. In: ctx, a struct crux_model_memory. */
const uint8_t *crux_model_memory_get(void *ctx, uint32_t tensor, size_t *len);

/* What is asked, without what only a commitment needs. */
struct crux_run_request {
    const uint32_t *tokens; /* n */
    uint32_t n;             /* P */
    uint32_t limit;         /* of chosen tokens, >= 1 */
    uint32_t cancelled;     /* the run ends after this many chosen tokens; 0: it is not cancelled */
    uint32_t stop_count;
    uint32_t stop[CRUX_STOPS_MAX];
    int32_t params[CRUX_PARAMS];
    uint8_t seed[CRUX_HASH_BYTES];
    uint32_t sample;
};

struct crux_run_record {
    uint8_t *bytes; /* dense elements of one store of one step */
    uint64_t elements;
};

struct crux_run {
    const struct crux_program *program;
    uint32_t n;                      /* P */
    uint32_t *tokens;                /* chosen */
    uint32_t chosen;                 /* N */
    uint32_t positions;              /* done so far; P+N-1 in the end */
    uint32_t stores;                 /* of all layers together */
    uint32_t *first_store;           /* of a layer, among them; layers + 1 of them */
    struct crux_run_record *records; /* [positions][stores] */
    uint32_t position_cap;           /* allocated */
};

/* Each member may be NULL. */
struct crux_run_hook {
    void *ctx;
    /* Called after each active step, in order, with its record already kept. A failure ends the run. */
    enum crux_status (*step)(void *ctx, const struct crux_step *step);
    /* As in struct crux_world. To see a step again as it was, it must do the same each time. */
    void (*computed)(void *ctx, struct crux_step *step, uint32_t op);
    const struct crux_step *like; /* for crux_run_step, as in struct crux_world; may be NULL */
};

/* A run that somebody else computes, record by record.
 * Out: run, to be freed with crux_run_free, on failure too.  Returns: as crux_run_all. */
CRUX_MUST_CHECK
enum crux_status crux_run_begin(struct crux_run *run, const struct crux_program *program,
                                const struct crux_run_request *request);
/* Copies one store of one step; each once.  In: bytes, dense elements.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_run_keep(struct crux_run *run, uint32_t pos, uint32_t layer, uint32_t store,
                               const uint8_t *bytes, uint64_t elements);
/* The next chosen token.  Returns: does the run end there? */
bool crux_run_choose(struct crux_run *run, const struct crux_run_request *request, uint32_t token);

/* Out: run, to be freed with crux_run_free, on failure too.
 * In: program and model outlive run; hook, may be NULL.
 * Returns: CRUX_E_REQUEST_INVALID unless 1 <= P <= context and limit >= 1; the status of a step or of the hook. */
CRUX_MUST_CHECK
enum crux_status crux_run_all(struct crux_run *run, const struct crux_program *program,
                              const struct crux_model_memory *model,
                              const struct crux_run_request *request,
                              const struct crux_run_hook *hook);
void crux_run_free(struct crux_run *run);

/* Returns: the record of a store of an active step (pos < positions), NULL if the step is inactive. */
const struct crux_run_record *crux_run_record_at(const struct crux_run *run, uint32_t pos,
                                                 uint32_t layer, uint32_t store);
/* Returns: one element of it. The step must be active. */
int64_t crux_run_value(const struct crux_run *run, uint32_t pos, uint32_t layer, uint32_t store,
                       uint64_t flat);

/* One step again, from the records of the run.  Same contract as crux_step_run.  In: hook, may be NULL; only its
 * `computed` is called, and `like` looked at. */
CRUX_MUST_CHECK
enum crux_status crux_run_step(struct crux_step *step, const struct crux_run *run,
                               const struct crux_model_memory *model,
                               const struct crux_run_request *request,
                               const struct crux_run_hook *hook, uint32_t pos, uint32_t layer);

/* Does the run end after output[index]?  spec/40-adjudicator.md#done */
bool crux_run_is_done(const struct crux_program *program, const struct crux_run_request *request,
                      uint32_t index, uint32_t token);

#endif
