/* Events of a chain that says anything: the challenger goes on or says what is wrong, and its journal opens again.
 *
 * The bytes are events, each: kind u8, batch u8, member u8, fell u8, sender u8, length u16, the move's bytes without
 * their kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "challenger/challenger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
    const uint8_t *data;
    size_t size;
};

static enum crux_status no_record(void *ctx, enum crux_game_table table, const void *key,
                                  void *record) {
    (void)ctx;
    (void)key;
    if (table != CRUX_TABLE_CHAIN) return CRUX_E_NOT_FOUND;
    struct crux_game_chain *chain = record;
    memset(chain, 0, sizeof *chain);
    chain->parameters.window_seconds = 1000;
    return CRUX_OK;
}

static enum crux_status look(struct crux_chain *chain,
                             enum crux_status (*visit)(void *ctx, const struct crux_game *game,
                                                       uint64_t now),
                             void *ctx) {
    const struct crux_game game = {.store = {.get = no_record}};
    (void)chain;
    return visit(ctx, &game, 5000);
}

static enum crux_status move(struct crux_chain *chain, struct crux_game_outcome *outcome,
                             const struct crux_account *sender, const uint8_t *bytes, size_t len) {
    (void)chain;
    (void)outcome;
    (void)sender;
    (void)bytes;
    (void)len;
    return CRUX_E_NOT_PERMITTED;
}

static enum crux_status events(struct crux_chain *chain, struct crux_chain_cursor *cursor,
                               bool *reorganised, uint64_t most,
                               bool (*visit)(void *ctx, const struct crux_chain_event *event),
                               void *ctx) {
    enum { HEAD = 7 };
    const struct source *source = chain->ctx;
    static uint8_t bytes[65536];
    const uint8_t *at = source->data;
    size_t left = source->size;
    *reorganised = false;
    for (uint64_t number = 1; left >= HEAD; number++) {
        size_t len = (size_t)at[5] | (size_t)at[6] << 8;
        if (len > left - HEAD) len = left - HEAD;
        bytes[0] = at[0];
        memcpy(bytes + 1, at + HEAD, len);
        struct crux_chain_event event = {
            .number = number, .time = 1000, .kind = at[0], .bytes = bytes, .len = len + 1};
        event.outcome.claim = (struct crux_claim_id){at[1], at[2], 0};
        event.outcome.fell = at[3] & 1;
        event.sender.b[0] = at[4];
        at += HEAD + len;
        left -= HEAD + len;
        if (number <= cursor->number) continue;
        if (most-- == 0) return CRUX_OK;
        bool goes_on = visit(ctx, &event);
        cursor->number = number;
        if (!goes_on) return CRUX_OK;
    }
    return CRUX_OK;
}

static const struct crux_chain_ops ops = {
    .name = "anything", .move = move, .look = look, .events = events};

static void watch(struct source *source, const char *folder) {
    enum { STEPS_MAX = 64 };
    struct crux_chain chain = {.ops = &ops, .ctx = source};
    const struct crux_challenger_options options = {.folder = folder,
                                                    .mode = CRUX_CHALLENGER_CHALLENGE,
                                                    .share = CRUX_CHALLENGER_ALL,
                                                    .risk_max = 1000,
                                                    .attempts = 1};
    struct crux_challenger *challenger;
    struct crux_challenger_figures figures;
    char message[CRUX_CHALLENGER_MESSAGE_BYTES];
    bool more = true;
    enum crux_status status = crux_challenger_open(&challenger, &chain, &options, message);
    CRUX_ASSERT(status == CRUX_OK);
    for (unsigned i = 0; status == CRUX_OK && more && i < STEPS_MAX; i++)
        status = crux_challenger_step(challenger, &more);
    CRUX_ASSERT(status != CRUX_E_INTERNAL);
    CRUX_ASSERT(crux_challenger_figures(challenger, &figures) == CRUX_OK);
    CRUX_ASSERT(figures.valid == 0 && figures.invalid == 0); /* no model is loaded */
    crux_challenger_close(challenger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct source source = {data, size};
    char folder[] = P_tmpdir "/crux-fuzz-XXXXXX", path[64];
    static const char *const files[] = {"challenger.db", "challenger.db-wal", "challenger.db-shm"};
    CRUX_ASSERT(mkdtemp(folder) != NULL);
    watch(&source, folder);
    watch(&source, folder);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return 0;
}
