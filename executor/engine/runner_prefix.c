/* A sequence that begins like another: keys and values are shared, page by page, and leaves copied.
 *
 *   from   | page | page | page | page          its own request ends here or there
 *   new    | same | same | copy |
 *          |<--- positions -->|  P-1            the head has nothing to do before P-1: its leaves there are NULL,
 *                                               whatever they are in `from`
 *
 * Records depend on the tokens up to their position alone, so the leaves of all other layers are the same. */
#include <string.h>

#include "executor/engine/runner_parts.h"

static bool same_token(const struct crux_engine_sequence *from, uint32_t pos, uint32_t token) {
    return from->tokens[pos] == runner_token(from->engine->model, token);
}

static uint32_t done_for_good(const struct crux_engine_sequence *from) {
    return from->trying ? from->floor : from->positions;
}

/* Are there the pages that position `next` sees? */
static bool holds(const struct crux_engine_sequence *from, uint32_t next) {
    for (uint32_t page = runner_cache_first(from, next); page * CRUX_RUNNER_PAGE < next; page++) {
        if (from->pages[page] == NULL) return false;
    }
    return true;
}

uint32_t crux_engine_sequence_common(const struct crux_engine_sequence *from,
                                     const uint32_t *tokens, uint32_t count, uint32_t more_than) {
    uint32_t common = 0, most = done_for_good(from);
    if (count == 0 || more_than >= most) return 0;
    if (most > count - 1) most = count - 1;
    if (most <= more_than || !same_token(from, more_than, tokens[more_than])) return 0;
    while (common < most && same_token(from, common, tokens[common])) common++;
    return common > more_than && holds(from, common) ? common : 0;
}

static void copy_leaves(struct crux_engine_sequence *sequence,
                        const struct crux_engine_sequence *from, uint32_t positions) {
    const struct crux_engine *engine = sequence->engine;
    uint32_t layers = engine->model->program->header.layers;
    if (engine->options.no_commit) return;
    sequence->leaf_count = (uint64_t)positions * layers;
    memcpy(sequence->leaves, from->leaves, (size_t)sequence->leaf_count * 32);
    for (uint64_t head = layers - 1; head < sequence->leaf_count; head += layers)
        memcpy(sequence->leaves[head], engine->records.null_leaf, 32);
    runner_record_close(sequence);
}

enum crux_status crux_engine_sequence_open_behind(struct crux_engine_sequence **out,
                                                  const struct crux_engine_sequence *from,
                                                  const struct crux_engine_ask *ask,
                                                  uint32_t positions) {
    struct crux_engine_sequence *sequence;
    *out = NULL;
    if (positions > done_for_good(from) || positions >= ask->request_tokens ||
        !holds(from, positions))
        return CRUX_E_STEP_OUTSIDE;
    enum crux_status status = crux_engine_sequence_open(&sequence, from->engine, ask);
    if (status == CRUX_OK && positions > 0) status = runner_reserve_tokens(sequence, positions);
    if (status == CRUX_OK) status = runner_record_reserve(sequence, positions);
    if (status == CRUX_OK) status = runner_cache_share(sequence, from, positions);
    if (status != CRUX_OK) {
        crux_engine_sequence_close(sequence);
        return status;
    }
    if (positions > 0) memcpy(sequence->tokens, from->tokens, positions * sizeof *from->tokens);
    sequence->positions = positions;
    if (positions > 0) copy_leaves(sequence, from, positions);
    *out = sequence;
    return CRUX_OK;
}

void crux_engine_sequence_rest(struct crux_engine_sequence *sequence) {
    CRUX_ASSERT(!sequence->trying && !sequence->resting);
    sequence->resting = true;
    runner_cache_rest(sequence);
}
