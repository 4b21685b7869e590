/* What a lying executor gets wrong, and the run that comes of it. */
#ifndef CRUX_CLI_SIMULATE_FAULT_H
#define CRUX_CLI_SIMULATE_FAULT_H

#include "cli/simulate_lie.h"
#include "cli/simulate_model.h"
#include "cli/simulate_play.h"

enum crux_cli_fault_kind {
    CRUX_CLI_FAULT_NONE,
    CRUX_CLI_FAULT_OP,       /* an element of an op, of any kind or of a named one */
    CRUX_CLI_FAULT_SAMPLING, /* an element of the head: how the token was chosen */
    CRUX_CLI_FAULT_TOKEN,    /* the output is not what was chosen */
    CRUX_CLI_FAULT_OUTPUT,   /* an output root of nothing */
    CRUX_CLI_FAULT_COUNT,    /* another number of request tokens in the claim */
    CRUX_CLI_FAULT_EARLY,    /* ends a token too early */
    CRUX_CLI_FAULT_LATE,     /* goes on a token too long */
    CRUX_CLI_FAULT_LEAF,     /* a hash of nothing in the trace */
    CRUX_CLI_FAULT_NULL,     /* the same, for a step that is skipped */
    CRUX_CLI_FAULT_CLOSE,    /* the same, for the leaf that closes the trace */
    CRUX_CLI_FAULT_RANGE,    /* a value outside of its declared range, in a page of a record */
    CRUX_CLI_FAULT_PADDING,  /* bytes that nobody reads, in a page of a record */
    CRUX_CLI_FAULT_WEIGHTS,  /* computed with other weights */
    CRUX_CLI_FAULT_STALE,    /* the trace of another request */
    CRUX_CLI_FAULTS
};

/* Returns: "none", "op", "sampling" ..; of a kind. */
const char *crux_cli_fault_name(enum crux_cli_fault_kind kind);

struct crux_cli_fault {
    enum crux_cli_fault_kind kind;
    const char *op; /* OP: "random", an op such as contract, or a label */
    /* drawn */
    struct crux_cli_lie lie; /* OP, SAMPLING */
    uint32_t pos, layer;     /* LEAF, PADDING */
    uint64_t at;             /* TOKEN, LEAF: which; PADDING: page; WEIGHTS: byte of the tensor */
    uint32_t tensor;         /* WEIGHTS */
    uint8_t request_hash[32];
    bool hit;      /* it changed something */
    int64_t value; /* RANGE, of this element of the store, which has this dtype */
    uint64_t element;
    unsigned dtype;
    struct crux_step step; /* OP, SAMPLING: the step with the lie in it, until the run is done */
    double step_seconds;   /* OP, SAMPLING: that such a step took by the law */
    double run_seconds;    /* of the liar's run */
    struct crux_model_memory
        other; /* WEIGHTS: what the liar computes with, as long as it answers */
    uint8_t *other_bytes;
    uint32_t *other_tokens; /* STALE: of the other request, the same */
};

/* Draws the fault's place in the honest run and computes the liar's.
 * Out: liar; NULL if the fault changed nothing that is claimed (another draw may): then CRUX_OK all the same.
 * In: seed, as for crux_cli_lie_find.
 * Returns: CRUX_E_UNSUPPORTED if there is no such place; the archive's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_fault_run(struct crux_archive **liar, struct crux_cli_fault *fault,
                                    const struct crux_cli_simulate_model *model,
                                    struct crux_archive *honest, uint64_t seed,
                                    struct crux_cli_random *random);

/* Where a sham challenger would have to go to dispute the same thing in the honest run. */
struct crux_cli_aim crux_cli_fault_aim(const struct crux_cli_fault *fault,
                                       const struct crux_program *program,
                                       const struct crux_claim *claim);

/* In: a liar's archive that is no longer asked. */
void crux_cli_fault_free(struct crux_cli_fault *fault);

/* A few words on where the fault is. */
void crux_cli_fault_say(char *text, size_t len, const struct crux_cli_fault *fault,
                        const struct crux_program *program);

#endif
