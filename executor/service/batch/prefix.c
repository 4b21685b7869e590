#include "executor/service/batch/prefix.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    struct crux_engine_sequence *sequence;
    uint64_t group;
};

struct crux_prefixes {
    struct crux_engine *engine;
    uint64_t bytes_max;
    struct kept kept[CRUX_PREFIX_ENTRIES_MAX]; /* the one used last is last */
    uint32_t count;
};

enum crux_status crux_prefixes_open(struct crux_prefixes **out, struct crux_engine *engine,
                                    uint64_t bytes_max) {
    struct crux_prefixes *prefixes = calloc(1, sizeof *prefixes);
    *out = prefixes;
    if (prefixes == NULL) return CRUX_E_OUT_OF_MEMORY;
    prefixes->engine = engine;
    prefixes->bytes_max = bytes_max;
    return CRUX_OK;
}

static void take_out(struct crux_prefixes *prefixes, uint32_t number) {
    prefixes->count--;
    memmove(&prefixes->kept[number], &prefixes->kept[number + 1],
            (prefixes->count - number) * sizeof(struct kept));
}

static void drop(struct crux_prefixes *prefixes, uint32_t number) {
    struct crux_engine_sequence *sequence = prefixes->kept[number].sequence;
    take_out(prefixes, number);
    crux_engine_sequence_close(sequence);
}

bool crux_prefixes_drop(struct crux_prefixes *prefixes) {
    if (prefixes == NULL || prefixes->count == 0) return false;
    drop(prefixes, 0);
    return true;
}

void crux_prefixes_close(struct crux_prefixes *prefixes) {
    while (crux_prefixes_drop(prefixes)) continue;
    free(prefixes);
}

static void touch(struct crux_prefixes *prefixes, uint32_t number) {
    struct kept kept = prefixes->kept[number];
    take_out(prefixes, number);
    prefixes->kept[prefixes->count++] = kept;
}

static uint64_t bytes_of(const struct crux_prefixes *prefixes) {
    struct crux_engine_figures figures;
    crux_engine_figures(prefixes->engine, &figures);
    return figures.resting_bytes;
}

/* Does one of the group say all that these tokens do?  Returns: its number; count if none does. */
static uint32_t find_longer(const struct crux_prefixes *prefixes, uint64_t group,
                            const uint32_t *tokens, uint32_t positions) {
    uint32_t i = 0;
    while (i < prefixes->count &&
           (prefixes->kept[i].group != group ||
            crux_engine_sequence_common(prefixes->kept[i].sequence, tokens, positions + 1,
                                        positions - 1) != positions))
        i++;
    return i;
}

/* Those of the group that say nothing that these tokens do not. */
static void drop_shorter(struct crux_prefixes *prefixes, uint64_t group, const uint32_t *tokens,
                         uint32_t positions) {
    for (uint32_t i = prefixes->count; i-- > 0;) {
        const struct kept *kept = &prefixes->kept[i];
        uint32_t all = crux_engine_sequence_positions(kept->sequence);
        if (kept->group == group && all <= positions &&
            crux_engine_sequence_common(kept->sequence, tokens, positions + 1, all - 1) == all)
            drop(prefixes, i);
    }
}

void crux_prefixes_put(struct crux_prefixes *prefixes, struct crux_engine_sequence *sequence,
                       uint64_t group, const uint32_t *tokens) {
    uint32_t positions = crux_engine_sequence_positions(sequence), longer;
    if (positions < CRUX_PREFIX_POSITIONS_MIN) {
        crux_engine_sequence_close(sequence);
        return;
    }
    longer = find_longer(prefixes, group, tokens, positions);
    if (longer < prefixes->count) {
        touch(prefixes, longer);
        crux_engine_sequence_close(sequence);
        return;
    }
    drop_shorter(prefixes, group, tokens, positions);
    if (prefixes->count == CRUX_PREFIX_ENTRIES_MAX) drop(prefixes, 0);
    crux_engine_sequence_rest(sequence);
    prefixes->kept[prefixes->count++] = (struct kept){sequence, group};
    while (bytes_of(prefixes) > prefixes->bytes_max) drop(prefixes, 0);
}

uint32_t crux_prefixes_find(struct crux_prefixes *prefixes,
                            const struct crux_engine_sequence **from, uint64_t group,
                            const uint32_t *tokens, uint32_t count, uint32_t more_than) {
    uint32_t best = prefixes->count;
    for (uint32_t i = 0; i < prefixes->count; i++) {
        if (prefixes->kept[i].group != group) continue;
        uint32_t common =
            crux_engine_sequence_common(prefixes->kept[i].sequence, tokens, count, more_than);
        if (common == 0) continue;
        more_than = common;
        best = i;
    }
    if (best == prefixes->count) return more_than;
    *from = prefixes->kept[best].sequence;
    touch(prefixes, best);
    return more_than;
}

uint32_t crux_prefixes_count(const struct crux_prefixes *prefixes) {
    return prefixes == NULL ? 0 : prefixes->count;
}
