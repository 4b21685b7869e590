/* A store in memory that the caller owns: for tests, simulation, and chains in one process. Records are found by a hash
 * table and never removed. Everything lies in one block without pointers, so a copy of the block is a copy of the state
 * (a reorganisation is going back to an earlier copy).
 *
 *   | head | slots: number of a record, or 0 | records, one after the other |                              */
#ifndef CRUX_BISECTION_GAME_MEMORY_H
#define CRUX_BISECTION_GAME_MEMORY_H

#include <stddef.h>

#include "bisection/game/store.h"

/* Out: store, over `memory` (aligned for uint64_t), which it makes empty; keeps it.
 * In: slots, a power of two: more than the records there will be; bytes, of memory, room for them included.
 * Returns: CRUX_E_USAGE, CRUX_E_OUT_OF_MEMORY if not even the slots fit. */
CRUX_MUST_CHECK
enum crux_status crux_game_memory_init(struct crux_game_store *store, void *memory, size_t bytes,
                                       uint32_t slots);

/* Draws the slots of an empty store by a key that nobody else knows: for records that others choose, who could pick keys
 * that all want one slot. Without it the key is 0.  In: memory, initialised, without records; key. */
void crux_game_memory_key(void *memory, const uint8_t key[16]);

/* A store over a copy of such memory. */
void crux_game_memory_open(struct crux_game_store *store, void *memory);

/* Returns: bytes in use, all at the beginning: what a copy needs. */
size_t crux_game_memory_used(const void *memory);

/* Calls `visit` for each record, oldest first; stops when it returns false. */
void crux_game_memory_walk(const void *memory,
                           bool (*visit)(void *ctx, enum crux_game_table table, const void *record),
                           void *ctx);

#endif
