/* Moves from hostile bytes. As one move: what decodes encodes to the same bytes. As a sequence of
 *   sender u8, seconds u8 (times 64), length u16, that many bytes
 * played on a table with a claim and a dispute: value is conserved, and what is refused changes nothing
 * (tests/support/game_table.c stops the process otherwise). */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/game_table.h"
#include "tests/support/toy_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOVES_MAX = 40 };

static struct table_model model;
static struct table_run run;
static struct table table;
static uint8_t *start;

static void set_up(void) {
    static const uint8_t zero[32];
    uint8_t hash[32];
    table_model_init(&model, TABLE_LONG);
    table_run_init(&run, &model, NULL, 0);
    table_init(&table, NULL);
    table.checks_refusals = true;
    struct crux_claim_id id = table_claim(&table, 0, &model, run.evidence.claim, 0, 1);
    crux_claim_hash(hash, run.evidence.claim);
    struct crux_move open = {.kind = CRUX_MOVE_OPEN,
                             .claim = id,
                             .hash = hash,
                             .leaf = zero,
                             .amount = 100,
                             .flag = CRUX_TARGET_TRACE};
    world_must(table_move(&table, 1, &open) == CRUX_OK, "open");
    start = table_save(&table);
}

static void check_codec(const uint8_t *data, size_t size) {
    struct crux_move move;
    struct crux_writer writer;
    static uint8_t again[1 << 16];
    if (size > sizeof again || crux_move_decode(&move, data, size) != CRUX_OK) return;
    crux_writer_init(&writer, again, sizeof again);
    world_must(crux_move_encode(&writer, &move) == CRUX_OK && writer.at == size &&
                   memcmp(again, data, size) == 0,
               "a move has one encoding");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_cursor cursor;
    if (start == NULL) set_up();
    check_codec(data, size);
    table_restore(&table, start);
    table.now = 1000;
    crux_cursor_init(&cursor, data, size);
    for (unsigned i = 0; i < MOVES_MAX && crux_cursor_left(&cursor) > 0; i++) {
        unsigned sender = crux_get_u8(&cursor) % TABLE_ACCOUNTS;
        table.now += 64u * crux_get_u8(&cursor);
        size_t len = crux_get_u16(&cursor);
        if (len > crux_cursor_left(&cursor)) len = crux_cursor_left(&cursor);
        const uint8_t *bytes = crux_get_bytes(&cursor, len);
        if (bytes == NULL) break;
        (void)(table_bytes(&table, sender, bytes, len) == CRUX_OK);
    }
    return 0;
}
