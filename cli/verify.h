/* What the files of crux verify share: the receipt, and an answer to each question about it.
 *
 *   verify.c          by itself: hashes, signature; the command and its report
 *   verify_chain.c    is it there, and what has become of it?
 *   verify_promise.c  what the executor's promise has come to, and what can be done about it
 *   verify_model.c    the whole run again
 *   verify_layers.c   some layers of it, from the records that the executor serves
 *   verify_text.c     are its tokens those of a text? */
#ifndef CRUX_CLI_VERIFY_H
#define CRUX_CLI_VERIFY_H

#include <jansson.h>

#include "challenger/challenger.h"
#include "cli/command.h"
#include "executor/engine/engine.h"

enum {
    CRUX_CLI_VERIFY_MODEL,
    CRUX_CLI_VERIFY_LAYERS,
    CRUX_CLI_VERIFY_EXECUTOR,
    CRUX_CLI_VERIFY_CHAIN,
    CRUX_CLI_VERIFY_TEXT,
    CRUX_CLI_VERIFY_MESSAGES,
    CRUX_CLI_VERIFY_TEMPLATE,
    CRUX_CLI_VERIFY_THREADS,
    CRUX_CLI_VERIFY_BACKEND,
    CRUX_CLI_VERIFY_COUNT
};

/* What is not asked, or cannot be answered, stays unknown. */
enum crux_cli_verdict { CRUX_CLI_UNKNOWN, CRUX_CLI_YES, CRUX_CLI_NO };

enum { CRUX_CLI_VERIFY_WHY_BYTES = 320 };

/* spec/70-game.md#receipts */
struct crux_cli_promise {
    enum crux_cli_promise_state {
        CRUX_CLI_PROMISE_NOT_ASKED,
        CRUX_CLI_PROMISE_DUE,        /* until its deadline */
        CRUX_CLI_PROMISE_KEPT,       /* posted in time, or shown when it was called */
        CRUX_CLI_PROMISE_LATE,       /* posted, behind its deadline; a call would be kept */
        CRUX_CLI_PROMISE_OVERDUE,    /* no place is known; may be called until `until` */
        CRUX_CLI_PROMISE_EXPIRED,    /* may be called no more */
        CRUX_CLI_PROMISE_CALLED,     /* to be answered until `until` */
        CRUX_CLI_PROMISE_UNANSWERED, /* since `until`: may be said to have lapsed */
        CRUX_CLI_PROMISE_BROKEN
    } state;
    uint64_t until, pledge;
    bool is_covered; /* by that pledge */
};

/* Zeroed but for call. */
struct crux_cli_verification {
    const struct crux_cli_call *call;
    struct crux_challenger_receipt receipt;
    enum crux_cli_verdict consistent; /* hashes and lists fit each other */
    enum crux_cli_verdict signature, chain, included, tokens, recomputed, sampled;
    struct crux_cli_promise promise;
    const char *state;                   /* of the claim on the chain; NULL: not asked */
    const char *note;                    /* why `included` is not known; NULL: nothing to say */
    char why[CRUX_CLI_VERIFY_WHY_BYTES]; /* recomputed or sampled is NO; "" if neither is */
    /* of sampled */
    uint32_t *layers; /* ascending; malloced */
    uint32_t layer_count, program_layers;
    bool is_drawn;
    enum crux_engine_audit_verdict audit;
    uint32_t pos, layer; /* of what is false, if that is a record */
    uint64_t fetched_bytes;
};

static inline enum crux_cli_verdict crux_cli_verdict_of(bool holds) {
    return holds ? CRUX_CLI_YES : CRUX_CLI_NO;
}

/* Each fills its answers of v.  Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_verify_chain(struct crux_cli_verification *v);
enum crux_cli_exit crux_cli_verify_model(struct crux_cli_verification *v);
enum crux_cli_exit crux_cli_verify_text(struct crux_cli_verification *v,
                                        const struct crux_model_file *file);
/* In: loaded, not loaded yet; unloaded by the caller if is_loaded is left true. */
enum crux_cli_exit crux_cli_verify_layers(struct crux_cli_verification *v,
                                          struct crux_engine_loaded *loaded, bool *is_loaded);

/* Out: promise.  In: receipt, of this chain; batch, where its claim stands, NULL: not known. */
CRUX_MUST_CHECK
enum crux_status crux_cli_verify_promise(struct crux_cli_promise *promise,
                                         const struct crux_challenger_receipt *receipt,
                                         const struct crux_game_batch *batch,
                                         const struct crux_game *game, uint64_t now);
/* Returns: a new object, null if it was not asked. */
json_t *crux_cli_promise_json(const struct crux_cli_promise *promise);
void crux_cli_promise_say(const struct crux_cli_promise *promise);

/* Is it the receipt's model, and all of its weights its own?  In: file, as it is mapped. */
enum crux_cli_exit crux_cli_verify_weights(struct crux_cli_verification *v,
                                           const struct crux_model_file *file);
/* The request and the claim of the receipt, as the engine takes them.
 * Returns: false if no run can be of this request: then it is false by its bytes. */
CRUX_MUST_CHECK
bool crux_cli_verify_request(struct crux_engine_request *request,
                             const struct crux_challenger_receipt *receipt);

/* Layers to audit by what the option says: "3": so many, "0,7,29" or "7,": these.
 * Out: layers, malloced, ascending; NULL if only a count is said; count; message, on failure.
 * Returns: CRUX_E_USAGE, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_cli_layers_read(uint32_t **layers, uint32_t *count,
                                      char message[CRUX_CLI_MESSAGE_BYTES], const char *text);

#endif
