/* Runs computed again, on a thread of their own: to defend claims, and to show traces to whoever asks.
 *
 *   submit --> | asked for |--\
 *                              thread --> archive, made or kept --> use(provider)
 *   urgent --> | round    |--/   (first, and in the midst of a run that is made for somebody else)
 *
 * Determinism is the archive: what a run left behind is made again from its request and the tokens it chose, and kept while
 * there is room, the one used last the longest. Each is compared with the claim it was promised under before anybody sees
 * it. Whoever asks is a stranger: how much one may have waiting is limited, nobody is served twice while another waits, and
 * a run that takes more memory than there is for all of them is not made. */
#ifndef CRUX_EXECUTOR_SERVICE_DEFEND_ARCHIVES_H
#define CRUX_EXECUTOR_SERVICE_DEFEND_ARCHIVES_H

#include "executor/engine/engine.h"

struct crux_archives;

enum {
    CRUX_ARCHIVES_MODELS_MAX = 64,
    CRUX_ARCHIVES_KEPT_MAX = 256,
    CRUX_ARCHIVES_ASKER_BYTES = 16,
    /* unless the options say otherwise: */
    CRUX_ARCHIVES_QUEUE = 64,
    CRUX_ARCHIVES_OF_ONE = 8,
    CRUX_ARCHIVES_OPEN = 16
};

/* A model whose runs can be made again; all of it is the caller's and outlives the archives. The roots in the program's
 * descriptors are written once more, as they are, when the first run is made. */
struct crux_archives_model {
    struct crux_engine_model *engine_model;
    struct crux_program *program; /* bound */
    const struct crux_model_memory *memory;
    struct crux_model_span manifest;
    const uint8_t *root; /* 32 bytes */
};

/* Returns: that of a loaded model. */
struct crux_archives_model crux_archives_model_of(struct crux_engine_loaded *loaded);

struct crux_archives_options {
    unsigned threads; /* of a run; 0: one, to leave the others to answers */
    /* Of runs kept and of one in the making. For rounds alone a larger one is made, and more than one. While a run is made
     * the engine's keys and values come on top, which are less than what is kept of it; and always what is open. */
    uint64_t bytes_max;
    uint32_t queue_max;  /* that wait; 0: CRUX_ARCHIVES_QUEUE */
    uint32_t of_one_max; /* of those, of one asker; 0: CRUX_ARCHIVES_OF_ONE */
    uint32_t open_max;   /* runs used last, that keep a step's tensors; 0: CRUX_ARCHIVES_OPEN */
};

/* Out: archives, NULL on failure.  In: models, count of them, copied; options, copied.
 * Returns: CRUX_E_USAGE for no or too many models, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_archives_open(struct crux_archives **archives,
                                    const struct crux_archives_model *models, uint32_t count,
                                    const struct crux_archives_options *options);
/* What waits, or is in the making, gets CRUX_E_STOPPING. */
void crux_archives_close(struct crux_archives *archives);

/* A run as it was promised. */
struct crux_archives_run {
    uint8_t request[CRUX_REQUEST_BYTES];
    const uint32_t *tokens; /* the request's, claim.request_tokens of them */
    const uint32_t *output; /* those chosen, claim.chosen_tokens of them */
    struct crux_claim claim;
};

/* On the archives' thread.  In: provider, for the length of the call; NULL unless status is CRUX_OK, and else:
 * CRUX_E_MODEL_UNKNOWN (none of those opened), CRUX_E_CLAIM_MISMATCH (the run made again is another: the promise was
 * false, or this machine computes wrongly), CRUX_E_CACHE_TOO_SMALL (it would take more than bytes_max: nothing was computed), CRUX_E_STOPPING, those of
 * crux_archive_run_again. */
typedef void crux_archives_use(void *ctx, enum crux_status status,
                               const struct crux_provider *provider);

/* Has the run made, if it is not kept, and `use` called, once.
 * In: run, copied, tokens too; asker, who is counted as one: an address, a key.
 * Returns: CRUX_E_QUEUE_FULL, also of this asker's; CRUX_E_STOPPING, CRUX_E_OUT_OF_MEMORY; then `use` is not called. */
CRUX_MUST_CHECK
enum crux_status crux_archives_submit(struct crux_archives *archives,
                                      const struct crux_archives_run *run,
                                      const uint8_t asker[CRUX_ARCHIVES_ASKER_BYTES],
                                      crux_archives_use *use, void *ctx);

/* What goes before all that was submitted: `round` is called on the archives' thread as soon as that is free, or between
 * two steps of a run that it makes for an asker; once for all calls of crux_archives_urgent since it was called last. Both
 * ends of the thread are `round`'s too, if it has any. */
struct crux_archives_urgent {
    void *ctx;
    void (*round)(void *ctx);
    void (*leave)(void *ctx); /* called once, after the last round */
};
/* In: at most one, before the first call of crux_archives_urgent. */
void crux_archives_serve(struct crux_archives *archives, const struct crux_archives_urgent *urgent);
void crux_archives_urgent(struct crux_archives *archives);

/* For `round` alone.  Out: provider, until the next such call.  Returns: as for crux_archives_use. */
CRUX_MUST_CHECK
enum crux_status crux_archives_get(struct crux_archives *archives,
                                   const struct crux_archives_run *run,
                                   const struct crux_provider **provider);

struct crux_archives_figures {
    uint32_t waiting, kept;
    uint64_t bytes; /* of those kept, about */
    uint64_t made, reused, failed;
    uint64_t rested; /* steps that were closed for others */
    double seconds;  /* that making took */
};
void crux_archives_figures(struct crux_archives *archives, struct crux_archives_figures *figures);

#endif
