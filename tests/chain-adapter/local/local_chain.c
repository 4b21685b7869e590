#include "tests/chain-adapter/local/local_chain.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/temporary_folder.h"
#include "tests/support/toy_world.h"

void local_chain_open(struct crux_chain *chain, const struct local_chain *made) {
    enum crux_status status = crux_chain_local_open(chain, made->path, NULL);
    world_must(status == CRUX_OK, chain->message);
}

void local_chain_make(struct local_chain *made, const struct crux_game_parameters *parameters,
                      const struct crux_chain_local_verifier *verifier) {
    uint8_t chain_id[32], contract[32];
    char message[CRUX_CHAIN_MESSAGE_BYTES];
    memset(chain_id, 1, 32);
    memset(contract, 2, 32);
    const struct crux_chain_local_new what = {.parameters = *parameters,
                                              .scripted = true,
                                              .time = 1000,
                                              .chain_id = chain_id,
                                              .contract = contract};
    temporary_folder_make(made->folder);
    (void)snprintf(made->path, sizeof made->path, "%s/chain", made->folder);
    world_must(crux_chain_local_create(message, made->path, &what) == CRUX_OK, message);
    enum crux_status status = crux_chain_local_open(&made->chain, made->path, verifier);
    world_must(status == CRUX_OK, made->chain.message);
}

void local_chain_remove(struct local_chain *made) {
    if (made->chain.ops != NULL) made->chain.ops->close(&made->chain);
    temporary_folder_remove(made->folder);
}

static enum crux_status sum(void *ctx, const struct crux_game *game, uint64_t now) {
    struct local_chain_totals *totals = ctx;
    totals->now = now;
    enum crux_status status = crux_game_get_chain(game, &totals->chain);
    if (status != CRUX_OK) return status;
    return crux_game_total(game, &totals->total, &totals->deposited);
}

struct local_chain_totals local_chain_totals(struct crux_chain *chain) {
    struct local_chain_totals totals;
    world_must(chain->ops->look(chain, sum, &totals) == CRUX_OK, chain->message);
    return totals;
}

static bool count(void *ctx, const struct crux_chain_event *event) {
    (void)event;
    (*(uint64_t *)ctx)++;
    return true;
}

uint64_t local_chain_events(struct crux_chain *chain, struct crux_chain_cursor *cursor) {
    uint64_t events = 0;
    bool reorganised;
    world_must(chain->ops->events(chain, cursor, &reorganised, UINT64_MAX, count, &events) ==
                   CRUX_OK,
               chain->message);
    world_must(!reorganised, "the cursor's event is there");
    return events;
}

size_t local_chain_settle(uint8_t bytes[128], uint64_t number, uint64_t bond) {
    uint8_t root[32] = {0};
    static const uint8_t nobody[20];
    struct crux_writer writer;
    crux_store_u64(root, number);
    const struct crux_move move = {
        .kind = CRUX_MOVE_SETTLE, .hash = root, .count = 1, .account = nobody, .amount = bond};
    crux_writer_init(&writer, bytes, 128);
    world_must(crux_move_encode(&writer, &move) == CRUX_OK, "encode");
    return writer.at;
}
