#include "executor/engine/audit.h"

#include <stdlib.h>
#include <string.h>

#include "executor/engine/audit_parts.h"

static uint32_t layers_of(const struct audit *audit) {
    return audit->engine->model->program->header.layers;
}

const uint8_t *audit_leaf(const struct audit *audit, const struct audit_check *check, uint32_t pos,
                          uint32_t layer) {
    return check->leaves[crux_trace_leaf(pos, layer, layers_of(audit))];
}

bool audit_judge(struct audit_check *check, enum crux_engine_audit_verdict verdict, uint32_t pos,
                 uint32_t layer) {
    if (pos >= check->limit) return false;
    check->limit = pos;
    check->audited->verdict = verdict;
    check->audited->pos = pos;
    check->audited->layer = layer;
    return true;
}

/* ---- a layer of all claims that want it ---- */

static bool wants(const struct audit_check *check, uint32_t layer) {
    return check->next_layer < check->audited->layer_count &&
           check->audited->layers[check->next_layer] == layer;
}

/* Leaves the layer at work.  In: one that wants it. */
static void leave(struct audit_check *check) {
    crux_engine_sequence_close(check->sequence);
    check->sequence = NULL;
    check->next_layer++;
}

static uint32_t first_position(const struct audit *audit, const struct audit_check *check) {
    return audit->layer + 1 == layers_of(audit) ? check->n - 1 : 0;
}

/* Adds rows of one claim after the `rows` that there are.  Returns: rows now. */
static enum crux_status add(struct audit *audit, uint32_t number, uint32_t *rows) {
    struct audit_check *check = &audit->checks[number];
    uint32_t first = first_position(audit, check), room = audit->engine->options.rows - *rows;
    if (check->sequence == NULL) {
        if (first >= check->limit) return CRUX_OK;
        enum crux_status status = runner_layer_open(&check->sequence, audit->engine, &check->ask,
                                                    check->tokens, check->positions, first);
        if (status != CRUX_OK) return status;
        check->given = first;
    }
    uint32_t some = check->limit > check->given ? check->limit - check->given : 0;
    if (some > room) some = room;
    if (some > 0 && audit->layer > 0) some = audit_records(audit, check, *rows, some);
    for (uint32_t i = 0; i < some; i++, check->given++, ++*rows) {
        audit->places[*rows] = (struct audit_place){number, check->given};
        audit->rows[*rows].sequence = check->sequence;
    }
    return CRUX_OK;
}

static void compare(struct audit *audit, uint32_t rows) {
    for (uint32_t row = 0; row < rows; row++) {
        const struct audit_place *place = &audit->places[row];
        struct audit_check *check = &audit->checks[place->check];
        const uint8_t *committed = audit_leaf(audit, check, place->pos, audit->layer),
                      *own = runner_record_root(audit->engine, row, audit->layer);
        if (memcmp(committed, own, 32) == 0 ||
            !audit_judge(check, CRUX_ENGINE_AUDIT_RECORD, place->pos, audit->layer))
            continue;
        memcpy(check->audited->committed, committed, 32);
        memcpy(check->audited->own, own, 32);
    }
}

/* Claims are taken in order, and left as soon as they are judged, so that few hold a cache. */
static enum crux_status one_layer(struct audit *audit) {
    enum crux_status status = CRUX_OK;
    uint32_t first = 0;
    for (;;) {
        uint32_t rows = 0;
        for (uint32_t c = first; c < audit->count && rows < audit->engine->options.rows; c++) {
            if (wants(&audit->checks[c], audit->layer)) status = add(audit, c, &rows);
            if (status != CRUX_OK) return status;
        }
        if (rows > 0) status = runner_layer_step(audit->engine, audit->layer, audit->rows, rows);
        if (status != CRUX_OK) return status;
        compare(audit, rows);
        for (; first < audit->count; first++) {
            struct audit_check *check = &audit->checks[first];
            if (!wants(check, audit->layer)) continue;
            if (check->sequence != NULL && check->given < check->limit) break;
            if (check->sequence == NULL && first_position(audit, check) < check->limit) break;
            leave(check);
        }
        if (first == audit->count) return CRUX_OK;
    }
}

/* ---- all ---- */

static bool layers_hold(const struct audit *audit, const struct crux_engine_audited *audited) {
    for (uint32_t i = 0; i < audited->layer_count; i++) {
        if (audited->layers[i] >= layers_of(audit) ||
            (i > 0 && audited->layers[i] <= audited->layers[i - 1]) ||
            !audit->engine->model->layers[audited->layers[i]].open)
            return false;
    }
    return true;
}

static enum crux_status begin(struct audit *audit, struct crux_engine_audited *audited,
                              const uint8_t *model_root) {
    for (uint32_t i = 0; i < audit->count; i++) {
        struct audit_check *check = &audit->checks[i];
        if (!layers_hold(audit, &audited[i])) return CRUX_E_USAGE;
        check->audited = &audited[i];
        check->number = i;
        audited[i].verdict = CRUX_ENGINE_AUDIT_TRUE;
        audited[i].pos = audited[i].layer = audited[i].index = 0;
        audited[i].leaf = 0;
        audited[i].served = CRUX_OK;
        memset(audited[i].committed, 0, sizeof audited[i].committed);
        memset(audited[i].own, 0, sizeof audited[i].own);
    }
    for (uint32_t i = 0; i < audit->count; i++) {
        enum crux_status status = audit_claim(audit, &audit->checks[i], model_root);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

static enum crux_status allocate(struct audit *audit) {
    const struct crux_engine_model *model = audit->engine->model;
    size_t rows = audit->engine->options.rows, most = 0;
    for (uint32_t i = 0; i + 1 < layers_of(audit); i++) {
        if (model->layers[i].record_bytes > most) most = model->layers[i].record_bytes;
    }
    audit->checks = calloc(audit->count, sizeof *audit->checks);
    audit->records = calloc(rows, most);
    audit->differs = calloc(rows, sizeof *audit->differs);
    audit->rows = calloc(rows, sizeof *audit->rows);
    audit->places = calloc(rows, sizeof *audit->places);
    return audit->checks != NULL && audit->records != NULL && audit->differs != NULL &&
                   audit->rows != NULL && audit->places != NULL
               ? CRUX_OK
               : CRUX_E_OUT_OF_MEMORY;
}

static void number_leaf(const struct audit *audit, struct crux_engine_audited *audited) {
    if (audited->verdict == CRUX_ENGINE_AUDIT_RECORD || audited->verdict == CRUX_ENGINE_AUDIT_RANGE)
        audited->leaf = crux_trace_leaf(audited->pos, audited->layer, layers_of(audit));
}

static void release(struct audit *audit) {
    for (uint32_t i = 0; audit->checks != NULL && i < audit->count; i++) {
        crux_engine_sequence_close(audit->checks[i].sequence);
        free(audit->checks[i].tokens);
        free(audit->checks[i].leaves);
    }
    free(audit->checks);
    free(audit->records);
    free(audit->differs);
    free(audit->rows);
    free(audit->places);
}

enum crux_status crux_engine_audit(struct crux_engine *engine, const uint8_t *model_root,
                                   const struct crux_engine_served *served,
                                   struct crux_engine_audited *audited, uint32_t count) {
    struct audit audit = {.engine = engine, .served = served, .count = count};
    if (engine->options.no_commit) return CRUX_E_USAGE;
    if (count == 0) return CRUX_OK;
    enum crux_status status = allocate(&audit);
    if (status == CRUX_OK) status = begin(&audit, audited, model_root);
    for (; status == CRUX_OK && audit.layer < layers_of(&audit); audit.layer++)
        status = one_layer(&audit);
    for (uint32_t i = 0; status == CRUX_OK && i < count; i++) number_leaf(&audit, &audited[i]);
    release(&audit);
    return status;
}

const char *crux_engine_audit_name(enum crux_engine_audit_verdict verdict) {
    static const char *const names[CRUX_ENGINE_AUDIT_VERDICTS] = {
        [CRUX_ENGINE_AUDIT_TRUE] = "true",         [CRUX_ENGINE_AUDIT_REQUEST] = "request",
        [CRUX_ENGINE_AUDIT_END] = "end",           [CRUX_ENGINE_AUDIT_OUTPUT] = "output",
        [CRUX_ENGINE_AUDIT_TOKEN] = "token",       [CRUX_ENGINE_AUDIT_CLOSE] = "close",
        [CRUX_ENGINE_AUDIT_RECORD] = "record",     [CRUX_ENGINE_AUDIT_RANGE] = "range",
        [CRUX_ENGINE_AUDIT_UNSERVED] = "unserved", [CRUX_ENGINE_AUDIT_TRACE] = "trace",
        [CRUX_ENGINE_AUDIT_MISMATCH] = "mismatch", [CRUX_ENGINE_AUDIT_MALFORMED] = "malformed",
    };
    return names[verdict];
}
