/* Inside the audit: what the files audit*.c share. */
#ifndef CRUX_EXECUTOR_ENGINE_AUDIT_PARTS_H
#define CRUX_EXECUTOR_ENGINE_AUDIT_PARTS_H

#include "executor/engine/audit.h"
#include "executor/engine/runner_parts.h"

/* One claim at work. */
struct audit_check {
    struct crux_engine_audited *audited;
    uint32_t number; /* of the claim */
    struct crux_engine_ask ask;
    uint32_t n, positions;
    uint32_t *tokens;      /* of all positions */
    uint8_t (*leaves)[32]; /* of all steps, and CLOSE; NULL until they lead to the trace root */
    uint32_t limit;        /* positions yet to be judged: those before the first that is not true */
    uint32_t next_layer;   /* of audited->layers: the first not done with */
    /* of the layer at work */
    struct crux_engine_sequence *sequence;
    uint32_t given; /* positions, to steps */
};

struct audit {
    struct crux_engine *engine;
    const struct crux_engine_served *served;
    struct audit_check *checks;
    uint32_t count;
    uint32_t layer; /* at work */
    uint8_t
        *records;  /* of the layer before: one for each row of a step, stores at runner_layer.at */
    bool *differs; /* one for each row: the record is not that of its leaf */
    struct runner_layer_row *rows;
    struct audit_place {
        uint32_t check, pos;
    } * places; /* of the rows */
};

/* The step (pos, the layer at work) cannot be judged true; kept if no earlier one is.
 * In: layer, of the record that is at fault.  Returns: whether it is kept. */
bool audit_judge(struct audit_check *check, enum crux_engine_audit_verdict verdict, uint32_t pos,
                 uint32_t layer);
/* Returns: the trace leaf of a step. */
const uint8_t *audit_leaf(const struct audit *audit, const struct audit_check *check, uint32_t pos,
                          uint32_t layer);

/* audit_claim.c: what is judged whatever the layers.  Out: check, limit 0 if there is nothing more to judge. */
CRUX_MUST_CHECK
enum crux_status audit_claim(struct audit *audit, struct audit_check *check,
                             const uint8_t *model_root);

/* audit_records.c: the records that the layer at work reads, at `count` positions from check->given on, into the places
 * of rows from `row` on.
 * Returns: how many are good; if not all, why not is judged. */
uint32_t audit_records(struct audit *audit, struct audit_check *check, uint32_t row,
                       uint32_t count);

#endif
