/* Some layers of claims, judged by what the executor committed: with the weights of those layers alone, and none of the
 * others in memory. spec/70-game.md#sampled-audits
 *
 *   layer l-1    r r r r r r r   served by the executor, each record hashed and compared with its trace leaf
 *                | | | | | | |
 *   layer l      all positions at once, by the engine's kernels, its keys and values its own
 *                | | | | | | |
 *   leaves       = = = = # . .   each record's root against the trace leaf of (pos, l): the first that differs is false
 *
 * What is read for a layer:
 *   0            the tokens: the request's, then those that the head's records commit
 *   l            the residual rows in the records of layer l-1. Keys and values of earlier positions are computed again:
 *                up to the first record of l that differs they are the committed ones, and beyond it nothing is judged
 *   the last     the residual rows of the layer before from position P-1 on, tokens, and the request's parameters
 * Of layer l itself nothing but its trace leaves. So a lie in l is found here if and only if l is audited, and what
 * others made of it is no lie: they read what was committed.
 *
 * Always judged, whatever the layers: counts, output root, the run's end, every trace leaf against the trace root, CLOSE,
 * the steps without work, and the head's records against the tokens. So every token was committed by the head; whether
 * the head was right to choose it is what auditing the last layer says.
 *
 * All that is served is hostile. None of it is used before it is found under the claim's trace root. */
#ifndef CRUX_EXECUTOR_ENGINE_AUDIT_H
#define CRUX_EXECUTOR_ENGINE_AUDIT_H

#include "executor/engine/generate.h"

enum { CRUX_ENGINE_AUDIT_LEAVES_MAX = 65536 /* asked for at once */ };

/* What an executor serves of its claims. Both are called on the thread that called crux_engine_audit. A status other
 * than CRUX_OK says that this is not served; the other claims are audited all the same. */
struct crux_engine_served {
    void *ctx;
    /* Out: leaves, count trace leaves from `first` on, CLOSE being the last.  In: claim, by its number. */
    enum crux_status (*leaves)(void *ctx, uint32_t claim, uint64_t first, uint32_t count,
                               uint8_t (*leaves)[32]);
    /* Out: bytes, len: the records of a layer at `count` positions from `first` on, as executor/engine/served.h has
     * them, of any length and content; they stay until the next call. Asked for in order of layers, then positions. */
    enum crux_status (*records)(void *ctx, uint32_t claim, uint32_t layer, uint32_t first,
                                uint32_t count, const uint8_t **bytes, size_t *len);
};

/* What it came to, and what a challenger does next. */
enum crux_engine_audit_verdict {
    CRUX_ENGINE_AUDIT_TRUE, /* as far as these layers go */
    CRUX_ENGINE_AUDIT_REQUEST, /* it is not about this model and request, or has no or too many tokens */
    CRUX_ENGINE_AUDIT_END, /* the run ends before output token `index`, or goes on there: CRUX_TARGET_DONE */
    CRUX_ENGINE_AUDIT_OUTPUT, /* the output root is not that of these tokens: were they the claim's? */
    CRUX_ENGINE_AUDIT_TOKEN,  /* the head's record is not output token `index`: CRUX_TARGET_TOKEN */
    CRUX_ENGINE_AUDIT_CLOSE,  /* the last leaf is not CLOSE of this claim: CRUX_TARGET_LEAF */
    CRUX_ENGINE_AUDIT_RECORD, /* another record follows from what is committed: CRUX_TARGET_LEAF */
    CRUX_ENGINE_AUDIT_RANGE, /* a committed value is outside its declared range: CRUX_TARGET_LEAF */
    CRUX_ENGINE_AUDIT_UNSERVED,  /* leaves or records were not served */
    CRUX_ENGINE_AUDIT_TRACE,     /* served leaves do not lead to the trace root */
    CRUX_ENGINE_AUDIT_MISMATCH,  /* a served record is not that of its leaf */
    CRUX_ENGINE_AUDIT_MALFORMED, /* served records have other lengths than the layer's */
    CRUX_ENGINE_AUDIT_VERDICTS
};

struct crux_engine_audited {
    struct crux_engine_request request;
    struct crux_claim claim;
    const uint32_t *tokens; /* claim.chosen_tokens of them: the output as it was given */
    const uint32_t *layers; /* ascending; each open in the engine's model */
    uint32_t layer_count;   /* may be 0: then what is always judged is */
    /* out */
    enum crux_engine_audit_verdict verdict;
    /* Of RECORD, RANGE, MISMATCH, MALFORMED and UNSERVED: the first step, position by position, that cannot be judged
     * true, and, for what concerns records that are read, the step that recorded them. UNSERVED leaves: 0, 0. */
    uint32_t pos, layer;
    uint64_t leaf; /* of RECORD, RANGE, CLOSE: its number in the trace */
    uint32_t index;
    uint8_t committed[32],
        own[32]; /* of RECORD, CLOSE, MISMATCH: the leaf, and what it should be (was served) */
    enum crux_status served; /* of UNSERVED: what the callback said */
};

/* Out: the verdict on each. It does not depend on threads, backend, rows of a step, or the other claims; nor, for a
 * claim whose records are all served, on how they are asked for.
 * In: an engine that commits, of a model with these layers; model_root, 32 bytes, or NULL for zeros.
 * Returns: CRUX_E_USAGE for an engine that does not commit, or layers that are not ascending or not open;
 *          CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_engine_audit(struct crux_engine *engine, const uint8_t *model_root,
                                   const struct crux_engine_served *served,
                                   struct crux_engine_audited *audited, uint32_t count);

/* Returns: the verdict's name, in lower case: "true", "record", ... */
const char *crux_engine_audit_name(enum crux_engine_audit_verdict verdict);

#endif
