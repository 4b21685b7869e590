/* What a lying executor gets wrong, and the run that comes of it. */
#ifndef CRUX_CLI_SIMULATE_FAULT_H
#define CRUX_CLI_SIMULATE_FAULT_H

#include "cli/demo_lie.h"
#include "cli/demo_model.h"

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
    bool hit; /* it changed something */
    struct crux_model_memory
        other; /* WEIGHTS: what the liar computes with, as long as it answers */
    uint8_t *other_bytes;
    uint32_t *other_tokens; /* STALE: of the other request, the same */
};

/* Draws the fault's place in the honest run and computes the liar's.
 * Out: liar; NULL if the fault changed nothing that is claimed (another draw may): then CRUX_OK all the same.
 * Returns: CRUX_E_UNSUPPORTED if there is no such place; the archive's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_fault_run(struct crux_archive **liar, struct crux_cli_fault *fault,
                                    const struct crux_cli_demo_model *model,
                                    struct crux_archive *honest, struct crux_cli_random *random);

/* In: a liar's archive that is no longer asked. */
void crux_cli_fault_free(struct crux_cli_fault *fault);

/* A few words on where the fault is. */
void crux_cli_fault_say(char *text, size_t len, const struct crux_cli_fault *fault,
                        const struct crux_program *program);

#endif
