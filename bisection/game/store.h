/* Where the records lie: two functions that the caller gives. The caller makes a move atomic: on any error it discards
 * what was put (the game puts nothing before its last check, so only a failing put needs it). */
#ifndef CRUX_BISECTION_GAME_STORE_H
#define CRUX_BISECTION_GAME_STORE_H

#include "bisection/game/records.h"

struct crux_game_store {
    void *ctx;
    /* Out: record, crux_game_record_bytes(table) of them.  In: key, crux_game_key_bytes(table).
     * Returns: CRUX_E_NOT_FOUND, or the store's own error. */
    enum crux_status (*get)(void *ctx, enum crux_game_table table, const void *key, void *record);
    /* Puts the record under the key that it begins with, replacing an earlier one. */
    enum crux_status (*put)(void *ctx, enum crux_game_table table, const void *record);
};

#endif
