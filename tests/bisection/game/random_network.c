#include <stdlib.h>
#include <string.h>

#include "tests/bisection/game/random_game.h"

struct message *free_message(void) {
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        struct message *message = &sim.message[i];
        if (!message->in_flight && !(message->is_done && message->tick + SNAPSHOTS > sim.tick))
            return message;
    }
    return NULL;
}

bool is_honest(unsigned sender) {
    return sender == HONEST_EXECUTOR || sender == HONEST_CHALLENGER;
}

/* Three in a row are lost at most: the chain's forced inclusion. */
static bool is_dropped(unsigned sender) {
    bool dropped = one_in(4) && sim.drops_in_a_row[sender] < 3;
    sim.drops_in_a_row[sender] = dropped ? sim.drops_in_a_row[sender] + 1 : 0;
    return dropped;
}

static void send_bytes(unsigned sender, const uint8_t *bytes, size_t len) {
    unsigned copies = one_in(8) ? 2 : 1;
    if (is_dropped(sender)) return;
    for (unsigned i = 0; i < copies; i++) {
        struct message *message = free_message();
        if (message == NULL || len > MESSAGE_BYTES) return;
        message->in_flight = true;
        message->is_done = false;
        message->due = sim.table.now + below(DELAY_SECONDS);
        message->sender = sender;
        message->len = len;
        memcpy(message->bytes, bytes, len);
    }
}

void send_move(unsigned sender, const struct crux_move *move) {
    static uint8_t bytes[MESSAGE_BYTES];
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    if (crux_move_encode(&writer, move) == CRUX_OK) send_bytes(sender, bytes, writer.at);
}

bool may_send(unsigned player, unsigned c, uint32_t dispute) {
    uint64_t *at = &sim.sent_at[player][c][dispute % 8];
    if (*at + DELAY_SECONDS / 2 > sim.table.now) return false;
    *at = sim.table.now;
    return true;
}

void deliver(void) {
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        struct message *message = &sim.message[i];
        if (!message->in_flight || message->due > sim.table.now) continue;
        message->in_flight = false;
        message->is_done = true;
        message->tick = sim.tick;
        (void)(table_bytes(&sim.table, message->sender, message->bytes, message->len) == CRUX_OK);
    }
}

void take_snapshot(void) {
    free(sim.snapshot[sim.tick % SNAPSHOTS]);
    sim.snapshot[sim.tick % SNAPSHOTS] = table_save(&sim.table);
    sim.snapshot_at[sim.tick % SNAPSHOTS] = sim.table.now;
}

void reorganise(void) {
    unsigned back = 1 + (unsigned)below(SNAPSHOTS - 1);
    if (sim.tick < SNAPSHOTS) return;
    unsigned slot = (sim.tick - back) % SNAPSHOTS;
    if (sim.table.now - sim.snapshot_at[slot] > SNAPSHOTS * TICK_SECONDS) return;
    table_restore(&sim.table, sim.snapshot[slot]);
    sim.reorgs++;
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        struct message *message = &sim.message[i];
        if (!message->is_done || message->tick + back <= sim.tick || one_in(3)) continue;
        message->is_done = false;
        message->in_flight = true;
        message->due = sim.table.now + below(DELAY_SECONDS);
    }
}
