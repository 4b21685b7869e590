/* Claims, disputes and their rows. */
#include <stdlib.h>
#include <string.h>

#include "challenger/journal.h"

void journal_claim_free(struct journal_claim *claim) {
    free(claim->request);
    free(claim->tokens);
    free(claim->output);
    claim->request = NULL;
    claim->tokens = claim->output = NULL;
}

static void bind_id(struct journal *journal, enum journal_statement which,
                    const struct crux_claim_id *id) {
    journal_bind_number(journal, which, 1, id->batch);
    journal_bind_number(journal, which, 2, id->member);
}

enum crux_status journal_claim_put(struct journal *journal, const struct journal_claim *claim) {
    const enum journal_statement put = JOURNAL_CLAIM_PUT;
    bind_id(journal, put, &claim->id);
    journal_bind_number(journal, put, 3, claim->event);
    journal_bind_number(journal, put, 4, claim->window_end);
    journal_bind_number(journal, put, 5, claim->state);
    journal_bind_number(journal, put, 6, claim->mode);
    journal_bind_number(journal, put, 7, claim->shown);
    journal_bind_bytes(journal, put, 8, claim->executor.b, sizeof claim->executor.b);
    journal_bind_bytes(journal, put, 9, claim->requester.b, sizeof claim->requester.b);
    journal_bind_bytes(journal, put, 10, claim->hash, 32);
    return journal_do(journal, put);
}

/* A column of `len` bytes.  Out: NULL if it is NULL. */
static enum crux_status take_blob(struct journal *journal, int column, void *out, size_t len) {
    void *bytes = NULL;
    enum crux_status status = CRUX_OK;
    if (sqlite3_column_type(journal->statement[JOURNAL_CLAIM_GET], column) != SQLITE_NULL) {
        bytes = malloc(len);
        status = bytes == NULL ? CRUX_E_OUT_OF_MEMORY
                               : journal_bytes(journal, JOURNAL_CLAIM_GET, column, bytes, len);
    }
    memcpy(out, &bytes, sizeof bytes);
    return status;
}

static enum crux_status take_contents(struct journal *journal, struct journal_claim *claim) {
    uint8_t bytes[CRUX_CLAIM_BYTES], hash[32];
    enum crux_status status = journal_bytes(journal, JOURNAL_CLAIM_GET, 12, bytes, sizeof bytes);
    if (status == CRUX_OK) status = crux_claim_decode(&claim->claim, bytes, sizeof bytes);
    if (status != CRUX_OK) return status;
    crux_claim_hash(hash, &claim->claim);
    if (memcmp(hash, claim->hash, 32) != 0) return CRUX_E_NON_CANONICAL;
    claim->has_claim = true;
    status = take_blob(journal, 13, &claim->request, CRUX_REQUEST_BYTES);
    if (status == CRUX_OK)
        status = take_blob(journal, 14, &claim->tokens, (size_t)claim->claim.request_tokens * 4);
    if (status == CRUX_OK)
        status = take_blob(journal, 15, &claim->output, (size_t)claim->claim.chosen_tokens * 4);
    return status;
}

enum crux_status journal_claim_get(struct journal *journal, const struct crux_claim_id *id,
                                   struct journal_claim *claim) {
    const enum journal_statement get = JOURNAL_CLAIM_GET;
    memset(claim, 0, sizeof *claim);
    bind_id(journal, get, id);
    enum crux_status status = journal_row(journal, get);
    if (status != CRUX_OK) return status;
    claim->id = (struct crux_claim_id){id->batch, id->member, 0};
    claim->event = journal_number(journal, get, 2);
    claim->window_end = journal_number(journal, get, 3);
    claim->fell = journal_number(journal, get, 4);
    claim->state = (uint32_t)journal_number(journal, get, 5);
    claim->mode = (uint32_t)journal_number(journal, get, 6);
    claim->tries = (uint32_t)journal_number(journal, get, 7);
    claim->shown = journal_number(journal, get, 8) != 0;
    status = journal_bytes(journal, get, 9, claim->executor.b, sizeof claim->executor.b);
    if (status == CRUX_OK)
        status = journal_bytes(journal, get, 10, claim->requester.b, sizeof claim->requester.b);
    if (status == CRUX_OK) status = journal_bytes(journal, get, 11, claim->hash, 32);
    if (status == CRUX_OK && sqlite3_column_type(journal->statement[get], 12) != SQLITE_NULL)
        status = take_contents(journal, claim);
    journal_reset(journal, get);
    if (status != CRUX_OK) journal_claim_free(claim);
    return status;
}

enum crux_status journal_claims(struct journal *journal, enum journal_claim_state state,
                                uint64_t now, struct crux_claim_id *ids, uint32_t most,
                                uint32_t *count) {
    enum crux_status status = CRUX_OK;
    *count = 0;
    journal_bind_number(journal, JOURNAL_CLAIM_NEXT, 1, state);
    journal_bind_number(journal, JOURNAL_CLAIM_NEXT, 2, now);
    journal_bind_number(journal, JOURNAL_CLAIM_NEXT, 3, most);
    while (*count < most && (status = journal_row(journal, JOURNAL_CLAIM_NEXT)) == CRUX_OK) {
        ids[*count] =
            (struct crux_claim_id){journal_number(journal, JOURNAL_CLAIM_NEXT, 0),
                                   (uint32_t)journal_number(journal, JOURNAL_CLAIM_NEXT, 1), 0};
        (*count)++;
    }
    journal_reset(journal, JOURNAL_CLAIM_NEXT);
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

enum crux_status journal_claim_state(struct journal *journal, const struct crux_claim_id *id,
                                     enum journal_claim_state state) {
    bind_id(journal, JOURNAL_CLAIM_STATE, id);
    journal_bind_number(journal, JOURNAL_CLAIM_STATE, 3, state);
    return journal_do(journal, JOURNAL_CLAIM_STATE);
}

enum crux_status journal_claim_data(struct journal *journal, const struct journal_claim *claim) {
    const enum journal_statement put = JOURNAL_CLAIM_DATA;
    const struct crux_claim *c = &claim->claim;
    uint8_t bytes[CRUX_CLAIM_BYTES];
    bind_id(journal, put, &claim->id);
    journal_bind_number(journal, put, 3, claim->state);
    if (claim->has_claim) {
        crux_claim_encode(bytes, c);
        journal_bind_bytes(journal, put, 4, bytes, sizeof bytes);
        journal_bind_number(journal, put, 5, crux_claim_positions(c));
        journal_bind_bytes(journal, put, 7, claim->tokens, (size_t)c->request_tokens * 4);
        journal_bind_bytes(journal, put, 8, claim->output, (size_t)c->chosen_tokens * 4);
    }
    journal_bind_bytes(journal, put, 6, claim->request, CRUX_REQUEST_BYTES);
    return journal_do(journal, put);
}

enum crux_status journal_claim_clear(struct journal *journal, const struct crux_claim_id *id) {
    bind_id(journal, JOURNAL_CLAIM_CLEAR, id);
    return journal_do(journal, JOURNAL_CLAIM_CLEAR);
}

enum crux_status journal_claim_tried(struct journal *journal, const struct crux_claim_id *id,
                                     uint64_t due) {
    bind_id(journal, JOURNAL_CLAIM_TRIED, id);
    journal_bind_number(journal, JOURNAL_CLAIM_TRIED, 3, due);
    return journal_do(journal, JOURNAL_CLAIM_TRIED);
}

/* ---- disputes ---- */

enum crux_status journal_dispute_plan(struct journal *journal, struct journal_dispute *dispute) {
    const enum journal_statement put = JOURNAL_DISPUTE_PUT;
    enum crux_status status = journal_begin(journal);
    if (status != CRUX_OK) return status;
    status = journal_do(journal, JOURNAL_NONCE_TAKE);
    if (status == CRUX_OK) status = journal_row(journal, JOURNAL_NONCE_GET);
    if (status == CRUX_OK) {
        dispute->nonce = (uint32_t)journal_number(journal, JOURNAL_NONCE_GET, 0);
        journal_reset(journal, JOURNAL_NONCE_GET);
        dispute->state = JOURNAL_DISPUTE_PLANNED;
        journal_bind_number(journal, put, 1, dispute->nonce);
        journal_bind_number(journal, put, 2, dispute->id.batch);
        journal_bind_number(journal, put, 3, dispute->id.member);
        journal_bind_bytes(journal, put, 4, dispute->hash, 32);
        journal_bind_number(journal, put, 5, dispute->state);
        journal_bind_number(journal, put, 6, dispute->bond);
        status = journal_do(journal, put);
    }
    return journal_end(journal, status);
}

static enum crux_status take_dispute(struct journal *journal, enum journal_statement which,
                                     struct journal_dispute *dispute) {
    *dispute = (struct journal_dispute){
        .nonce = (uint32_t)journal_number(journal, which, 0),
        .id = {journal_number(journal, which, 1), (uint32_t)journal_number(journal, which, 2), 0},
        .state = (uint32_t)journal_number(journal, which, 4),
        .bond = journal_number(journal, which, 5),
    };
    return journal_bytes(journal, which, 3, dispute->hash, 32);
}

enum crux_status journal_dispute_of(struct journal *journal, const struct crux_claim_id *id,
                                    const uint8_t hash[32], struct journal_dispute *dispute) {
    bind_id(journal, JOURNAL_DISPUTE_OF, id);
    journal_bind_bytes(journal, JOURNAL_DISPUTE_OF, 3, hash, 32);
    enum crux_status status = journal_row(journal, JOURNAL_DISPUTE_OF);
    if (status != CRUX_OK) return status;
    status = take_dispute(journal, JOURNAL_DISPUTE_OF, dispute);
    journal_reset(journal, JOURNAL_DISPUTE_OF);
    return status;
}

enum crux_status journal_dispute_state(struct journal *journal, uint32_t nonce,
                                       enum journal_dispute_state state, uint64_t bond) {
    journal_bind_number(journal, JOURNAL_DISPUTE_STATE, 1, nonce);
    journal_bind_number(journal, JOURNAL_DISPUTE_STATE, 2, state);
    journal_bind_number(journal, JOURNAL_DISPUTE_STATE, 3, bond);
    return journal_do(journal, JOURNAL_DISPUTE_STATE);
}

enum crux_status journal_disputes(struct journal *journal, struct journal_dispute *disputes,
                                  uint32_t most, uint32_t *count) {
    enum crux_status status = CRUX_OK;
    *count = 0;
    journal_bind_number(journal, JOURNAL_DISPUTES_OPEN, 1, JOURNAL_DISPUTE_OPEN);
    journal_bind_number(journal, JOURNAL_DISPUTES_OPEN, 2, most);
    while (*count < most && (status = journal_row(journal, JOURNAL_DISPUTES_OPEN)) == CRUX_OK) {
        status = take_dispute(journal, JOURNAL_DISPUTES_OPEN, &disputes[*count]);
        if (status != CRUX_OK) break;
        (*count)++;
    }
    journal_reset(journal, JOURNAL_DISPUTES_OPEN);
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}
