/* What is contested, as the store has it. */
#include <stdlib.h>
#include <string.h>

#include "executor/service/defend/defend.h"

struct numbers {
    uint64_t list[CRUX_DEFEND_CASES_MAX];
    uint32_t count, left_out;
};

enum { COUNTED_MAX = 1024 /* of those left out: to be told that there are many is enough */ };

static bool take_number(void *ctx, uint64_t number) {
    struct numbers *numbers = ctx;
    if (numbers->count < CRUX_DEFEND_CASES_MAX)
        numbers->list[numbers->count++] = number;
    else
        numbers->left_out++;
    return numbers->left_out < COUNTED_MAX;
}

/* A run without a place on the chain is contested by nobody. */
static bool take_case(struct crux_defend_case *contested, const struct crux_store_run *run) {
    if (run->state != CRUX_STORE_POSTED) return false;
    *contested = (struct crux_defend_case){
        .id = {.batch = run->chain_batch, .member = run->member},
        .run = {.tokens = run->request_tokens, .output = run->output_tokens, .claim = run->claim}};
    memcpy(contested->run.request, run->request, sizeof contested->run.request);
    return true;
}

static enum crux_status read_runs(struct crux_store *store, const struct numbers *numbers,
                                  struct crux_store_run **runs, struct crux_defend_case *cases,
                                  uint32_t *count) {
    for (uint32_t i = 0; i < numbers->count; i++) {
        enum crux_status status =
            crux_store_find(store, &runs[*count], CRUX_STORE_BY_NUMBER, &numbers->list[i]);
        if (status == CRUX_E_NOT_FOUND) continue;
        if (status != CRUX_OK) return status;
        if (take_case(&cases[*count], runs[*count]))
            ++*count;
        else
            crux_store_run_free(runs[*count]);
    }
    return CRUX_OK;
}

enum crux_status crux_defend_tick(struct crux_defend *defend, struct crux_store *store) {
    struct numbers *numbers = calloc(1, sizeof *numbers);
    struct crux_store_run **runs = calloc(CRUX_DEFEND_CASES_MAX, sizeof *runs);
    struct crux_defend_case *cases = calloc(CRUX_DEFEND_CASES_MAX, sizeof *cases);
    uint32_t count = 0;
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    if (numbers != NULL && runs != NULL && cases != NULL)
        status = crux_store_contested(store, take_number, numbers);
    if (status == CRUX_OK) status = read_runs(store, numbers, runs, cases, &count);
    if (status == CRUX_OK) status = crux_defend_set(defend, cases, count, numbers->left_out);
    for (uint32_t i = 0; runs != NULL && i < count; i++) crux_store_run_free(runs[i]);
    free(numbers);
    free(runs);
    free(cases);
    return status;
}
